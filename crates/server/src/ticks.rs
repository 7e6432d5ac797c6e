//! Who is told that something came in? Open pages, by server-sent events, at most once a second; and clients of flags, that others are
//! declared.
//!
//! A tick says only how far events and decisions are; what came in is on the page that is fetched then. Each stream looks
//! by itself once a second, so nothing runs while nobody listens. Streams have a number that they do not exceed, of each
//! holder of a key, or of each address where everybody has the key, and in all, and end with the server, with their client, and with the right to see the console.

use crate::error::ServerError;
use crate::peer::household;
use axum::body::{Body, Bytes, HttpBody};
use engine::Engine;
use governance::Actor;
use hyper::body::Frame;
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// How many streams there may be at a time.
pub(crate) const N_STREAMS_MAX: usize = 64;

/// How many of them one holder may have: as many pages as somebody looks at, and nobody takes the places of all others.
pub(crate) const N_STREAMS_OF_ONE_MAX: usize = 8;

/// How many clients may listen for other flags at a time. All of them may have one key, which is public: they take no page's place, and
/// whoever is refused asks again by and by.
const N_LISTENERS_MAX: usize = 512;

/// How many of them may come from one address: those of an office, and nobody takes the places of all others.
pub(crate) const N_LISTENERS_OF_ONE_MAX: usize = 32;

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

/// Whom a stream counts for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Listener {
    /// The holder of a key. A session has its key's: both are the same holder.
    Holder(Actor),
    /// An address.
    Address(IpAddr),
    /// This machine: whoever comes through a proxy on it that says nothing of them, too.
    Here,
}

impl Listener {
    /// Whoever listens from an address.
    pub(crate) fn at(address: IpAddr) -> Self {
        if address.is_loopback() { Self::Here } else { Self::Address(household(address)) }
    }
}

/// The streams.
pub(crate) struct Ticks {
    places: Arc<Places>,
    stopped: watch::Receiver<bool>,
    /// What a tick is called.
    event: &'static str,
}

impl Ticks {
    /// Streams that end when the server is stopped.
    pub(crate) fn until(stopped: watch::Receiver<bool>) -> Self {
        Self { places: Arc::default(), stopped, event: "tick" }
    }

    /// Streams that tell clients to load their features again, until the server is stopped.
    pub(crate) fn of_features(stopped: watch::Receiver<bool>) -> Self {
        let places = Places { n_max: N_LISTENERS_MAX, n_of_one_max: N_LISTENERS_OF_ONE_MAX, ..Places::default() };
        Self { places: Arc::new(places), stopped, event: "features-updated" }
    }

    /// A stream of `listener`, who knows how things were at `known`.
    ///
    /// # Errors
    /// How many streams there may be, where there are as many: of the listener, or in all.
    pub(crate) fn stream<L, F>(&self, listener: Listener, known: String, look: L) -> Result<Body, usize>
    where
        L: FnMut() -> F + Send + 'static,
        F: Future<Output = Beat> + Send,
    {
        let place = Place::take(&self.places, listener)?;
        let (sender, receiver) = channel(1);
        let (mut stopped, event) = (self.stopped.clone(), self.event);
        tokio::spawn(async move {
            // Whichever ends first ends the stream. Where nobody is left who could stop it, that does.
            tokio::select! {
                () = tell(&sender, event, (known, look), place) => {}
                () = sender.closed() => {}
                _ = stopped.wait_for(|stop| *stop) => {}
            }
        });
        Ok(Body::new(Stream(receiver)))
    }
}

/// How many streams each listener has.
#[derive(Debug)]
struct Places {
    taken: Mutex<HashMap<Listener, usize>>,
    n_max: usize,
    n_of_one_max: usize,
}

impl Default for Places {
    fn default() -> Self {
        Self { taken: Mutex::default(), n_max: N_STREAMS_MAX, n_of_one_max: N_STREAMS_OF_ONE_MAX }
    }
}

/// A place that is given back when the stream ends.
struct Place {
    places: Arc<Places>,
    of: Listener,
}

impl Place {
    /// A place, or how many there are where all are taken.
    fn take(places: &Arc<Places>, of: Listener) -> Result<Self, usize> {
        let mut taken = places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if of != Listener::Here && taken.get(&of).is_some_and(|n| *n >= places.n_of_one_max) {
            return Err(places.n_of_one_max);
        }
        if taken.values().sum::<usize>() >= places.n_max {
            return Err(places.n_max);
        }
        *taken.entry(of.clone()).or_default() += 1;
        Ok(Self { places: places.clone(), of })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = taken.get_mut(&self.of) {
            *n -= 1;
            if *n == 0 {
                taken.remove(&self.of);
            }
        }
    }
}

async fn tell<L, F>(sender: &Sender<Bytes>, event: &str, (mut known, mut look): (String, L), _place: Place)
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
                said = Some(format!("event: {event}\nid: {mark}\ndata:\n\n").into());
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn somebody(n: usize) -> Listener {
        Listener::Holder(Actor::Key { id: n.to_string(), name: "Mei".to_owned(), role: governance::Role::Viewer })
    }

    proptest! {
        #[test]
        fn nobody_has_more_places_than_one_may_and_all_are_given_back(
            asked in proptest::collection::vec((0..20_u8, 0..4_u8), 0..300)
        ) {
            let places = Arc::<Places>::default();
            let mut held: Vec<Place> = Vec::new();
            for (who, what) in asked {
                let of = somebody(who.into());
                if what == 0 && held.len() > 40 {
                    held.retain(|place| place.of != of);
                    continue;
                }
                let n_own = held.iter().filter(|place| place.of == of).count();
                match Place::take(&places, of) {
                    Ok(place) => {
                        prop_assert!(n_own < N_STREAMS_OF_ONE_MAX && held.len() < N_STREAMS_MAX);
                        held.push(place);
                    }
                    Err(n_max) if n_max == N_STREAMS_OF_ONE_MAX => prop_assert_eq!(n_own, N_STREAMS_OF_ONE_MAX),
                    Err(n_max) => prop_assert!(n_max == N_STREAMS_MAX && held.len() == N_STREAMS_MAX),
                }
            }
            held.clear();
            prop_assert!(places.taken.lock().unwrap().is_empty(), "who has left is counted no more");
        }
    }

    #[test]
    fn no_address_takes_the_places_of_all_others_who_listen_for_flags() {
        let (_stop, stopped) = watch::channel(false);
        let places = Ticks::of_features(stopped).places;
        let take = |address: &str| Place::take(&places, Listener::at(address.parse().unwrap()));
        // Of IPv6 everybody has a network of addresses.
        for (one, same, other) in
            [("203.0.113.7", "203.0.113.7", "203.0.113.8"), ("2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1")]
        {
            let held: Vec<_> = (0..N_LISTENERS_OF_ONE_MAX).map(|n| take(if n == 0 { same } else { one })).collect();
            assert!(held.iter().all(Result::is_ok));
            assert_eq!(take(one).err(), Some(N_LISTENERS_OF_ONE_MAX));
            assert!(take(other).is_ok());
            drop(held);
            assert!(take(one).is_ok());
        }
        let here: Vec<_> = (0..N_LISTENERS_MAX).map(|_| take("127.0.0.1")).collect();
        assert!(here.iter().all(Result::is_ok), "behind a proxy that says nothing all share the places");
        assert_eq!(take("::1").err(), Some(N_LISTENERS_MAX));
    }

    #[test]
    fn one_more_than_all_places_is_refused_whoever_asks() {
        let places = Arc::<Places>::default();
        let take = |n: usize| Place::take(&places, somebody(n / N_STREAMS_OF_ONE_MAX));
        let held: Vec<_> = (0..N_STREAMS_MAX).map(|n| take(n).unwrap_or_else(|n_max| panic!("{n}: {n_max}"))).collect();
        assert_eq!(take(N_STREAMS_MAX).err(), Some(N_STREAMS_MAX));
        assert_eq!(take(0).err(), Some(N_STREAMS_OF_ONE_MAX));
        drop(held);
        assert!(take(N_STREAMS_MAX).is_ok());
    }
}
