//! Who is told that something came in? Open pages, by server-sent events, at most once a second.
//!
//! A tick says only how far events and decisions are; what came in is on the page that is fetched then. Each stream looks
//! by itself once a second, so nothing runs while nobody listens. Streams have a number that they do not exceed, and end
//! with the server, with their client, and with the right to see the console.

use crate::error::ServerError;
use axum::body::{Body, Bytes, HttpBody};
use engine::Engine;
use hyper::body::Frame;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval};

/// How many streams there may be at a time.
pub(crate) const N_STREAMS_MAX: usize = 64;

/// How often a stream looks, and after how many looks without anything new it says that it is there: what stands between
/// it and the client, and the client itself, may take silence for the end.
const EVERY: Duration = Duration::from_secs(1);
const N_SILENT_MAX: u32 = 15;

/// What a stream begins with: after how many milliseconds the client comes again when it breaks off.
const GREETING: &str = "retry: 2000\n: rapport\n\n";

/// How far events and decisions are, as a page and a tick say it.
pub(crate) fn mark(engine: &Engine) -> Result<String, ServerError> {
    let (events, n_decisions) = (&engine.ports().events, engine.pace().n_decisions());
    Ok(format!("{}-{n_decisions}-{}", events.head().0, events.n_rejected()?))
}

/// What a look finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// So far things are.
    At(String),
    /// Nobody can say at the moment.
    Unknown,
    /// The client may not know it any more.
    Over,
}

/// The streams.
pub(crate) struct Ticks {
    places: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

impl Ticks {
    /// Streams that end when the server is stopped.
    pub(crate) fn until(stopped: watch::Receiver<bool>) -> Self {
        Self { places: Arc::new(Semaphore::new(N_STREAMS_MAX)), stopped }
    }

    /// A stream for who knows how things were at `known`; `None` where there are as many streams as may be.
    pub(crate) fn stream<L, F>(&self, known: String, look: L) -> Option<Body>
    where
        L: FnMut() -> F + Send + 'static,
        F: Future<Output = Beat> + Send,
    {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let (sender, receiver) = channel(1);
        let mut stopped = self.stopped.clone();
        tokio::spawn(async move {
            // Whichever ends first ends the stream. Where nobody is left who could stop it, that does.
            tokio::select! {
                () = tell(&sender, known, look, place) => {}
                () = sender.closed() => {}
                _ = stopped.wait_for(|stop| *stop) => {}
            }
        });
        Some(Body::new(Stream(receiver)))
    }
}

async fn tell<L, F>(sender: &Sender<Bytes>, mut known: String, mut look: L, _place: OwnedSemaphorePermit)
where
    L: FnMut() -> F,
    F: Future<Output = Beat>,
{
    let mut beats = interval(EVERY);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said = Some(Bytes::from_static(GREETING.as_bytes()));
    let mut n_silent = 0;
    loop {
        if let Some(said) = said.take() {
            n_silent = 0;
            if sender.send(said).await.is_err() {
                return;
            }
        }
        beats.tick().await;
        match look().await {
            Beat::Over => return,
            Beat::At(mark) if mark != known => {
                said = Some(format!("event: tick\nid: {mark}\ndata:\n\n").into());
                known = mark;
            }
            Beat::At(_) | Beat::Unknown => {
                n_silent += 1;
                said = (n_silent >= N_SILENT_MAX).then_some(Bytes::from_static(b":\n\n"));
            }
        }
    }
}

/// What is told, as a body without an end of its own.
struct Stream(Receiver<Bytes>);

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|said| said.map(|said| Ok(Frame::data(said))))
    }
}
