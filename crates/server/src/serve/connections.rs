//! How are connections taken, limited, answered and let go?
//!
//! One connection is a task of its own with the router, which is shared, and buffers of a few kilobytes. From the end of
//! one request to the whole head of the next a client has `server.idle_seconds`, for a body half a minute, for reading its
//! answer half a minute without any progress. Beyond the limit a connection is refused with a sentence, and the log says so.

use super::places::{Place, Places, Refusal};
use super::socket::Socket;
use crate::bodies::Budget;
use axum::Router;
use axum::extract::ConnectInfo;
use engine::Stopwatch;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower_service::Service;

/// The longest head, and the most that is read or kept of a connection at a time.
const BUFFER_BYTES_MAX: usize = 16 * 1024;

/// How long nothing is accepted after the operating system would not let us.
const PAUSE: Duration = Duration::from_millis(200);

/// How often a repeated refusal is written to the log.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// From the opening of a connection, or the end of its last request, to the whole head of the next one.
    pub(super) idle: Duration,
    /// For the requests under way when the server stops.
    pub(super) grace: Duration,
}

/// Serves until it is told to stop; then lets the requests under way end.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    places: Arc<Places>,
    mut stopped: watch::Receiver<bool>,
    patience: Patience,
    budget: Budget,
) {
    // Else the router, with all it describes, would be made anew for each connection.
    let router = router.with_state(());
    let mut refused = Told::default();
    let mut failed = Told::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = until_stopped(&mut stopped) => break,
        };
        match accepted {
            Ok((stream, peer)) => match places.take(peer.ip()) {
                Ok(place) => {
                    let service = (router.clone(), budget.clone());
                    tokio::spawn(connection(stream, peer, service, place, stopped.clone(), patience.idle));
                }
                Err(refusal) => {
                    refuse(stream);
                    tell_refusal(&mut refused, refusal, &places);
                }
            },
            Err(error) if is_of_the_client(error.kind()) => {}
            Err(error) => {
                if let Some(n) = failed.happened() {
                    tracing::error!(%error, n, "connections could not be accepted: raise the limit of open files (ulimit -n)");
                }
                pause().await;
            }
        }
    }
    drop(listener);
    let n_open = places.until_free(patience.grace).await;
    if n_open > 0 {
        tracing::warn!(n_open, "stopped before all connections were closed");
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    (router, budget): (Router, Budget),
    place: Place,
    mut stopped: watch::Receiver<bool>,
    idle: Duration,
) {
    // Answers are small and wait for nothing that would fill their packets.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = budget.meter(request);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(Socket::new(stream)), service);
    let mut connection = pin!(connection);
    let n_open = metrics::gauge!("cx_connections");
    n_open.increment(1);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = until_stopped(&mut stopped) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
    n_open.decrement(1);
    drop(place);
}

/// Says no in a sentence, without waiting for anything.
fn refuse(stream: TcpStream) {
    const BODY: &str = "{\"success\":false,\"code\":\"unavailable\",\"message\":\"too many connections are open: try again in a second\"}";
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {}\r\nRetry-After: 1\r\n\
         Connection: close\r\n\r\n{BODY}",
        BODY.len()
    );
    // A new socket has room for it; who is gone already does not need it.
    let _ = stream.into_std().and_then(|mut stream| stream.write_all(answer.as_bytes()));
}

fn tell_refusal(refused: &mut Told, refusal: Refusal, places: &Places) {
    let reason = match refusal {
        Refusal::Full => "full",
        Refusal::FullForAddress => "address",
    };
    metrics::counter!("cx_connections_refused_total", "reason" => reason).increment(1);
    let Some(n) = refused.happened() else { return };
    let (n_open, n_max) = (places.n_taken(), places.n_max());
    match refusal {
        Refusal::Full => tracing::warn!(n, n_open, n_max, "connections were refused: as many are open as may be"),
        Refusal::FullForAddress => tracing::warn!(
            n,
            n_open,
            "connections were refused: one address has server.n_connections_per_address_max of them"
        ),
    }
}

fn is_of_the_client(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}

async fn until_stopped(stopped: &mut watch::Receiver<bool>) {
    // Where nobody is left who could say it, that says it.
    let _ = stopped.wait_for(|stop| *stop).await;
}

#[expect(clippy::disallowed_methods, reason = "the operating system says by nothing when it has room again")]
async fn pause() {
    tokio::time::sleep(PAUSE).await;
}

/// What happens often is told now and then, with its number.
#[derive(Default)]
struct Told {
    n: u64,
    last: Option<Stopwatch>,
}

impl Told {
    /// How often it has happened since it was told last, where it is time to tell.
    fn happened(&mut self) -> Option<u64> {
        self.n += 1;
        if self.last.is_some_and(|last| last.elapsed() < TELL_EVERY) {
            return None;
        }
        self.last = Some(Stopwatch::start());
        Some(std::mem::take(&mut self.n))
    }
}
