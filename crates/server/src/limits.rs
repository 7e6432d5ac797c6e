//! How often may one key or one address ask, and how many events may it send?
//!
//! Rates are measured in a fixed number of cells, and a name leads to one of them by a hash that nobody can foresee. So a
//! million addresses take no more memory than ten. Two names that share a cell share its rate; rates are set so far above
//! what anybody needs that nobody notices.

use crate::failure::ApiError;
use crate::keys::Holder;
use crate::peer::{Peer, household};
use crate::settings::LimitSettings;
use governance::Role;
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::time::Duration;

/// Into how many cells names are spread: 128 KB a rate.
const N_CELLS: usize = 16_384;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// To take events in.
    Events,
    /// For a decision.
    Decision,
}

/// The rates in force.
pub struct Limits {
    events: Rates,
    decisions: Rates,
    sign_ins: Option<Rate<MonotonicClock>>,
    counts_server_keys: bool,
    names: RandomState,
}

struct Rates {
    by_address: Option<Rate<MonotonicClock>>,
    by_key: Option<Rate<MonotonicClock>>,
}

impl Limits {
    /// The rates that the settings ask for.
    #[must_use]
    pub fn new(settings: &LimitSettings) -> Self {
        let second = |n: u32, what| Rate::new(n, what, Duration::from_secs(1), MonotonicClock);
        let rates = |by_address: u32, by_key: u32, what| Rates {
            by_address: second(by_address, what),
            by_key: second(by_key, what),
        };
        Self {
            events: rates(settings.events_per_address, settings.events_per_key, "events"),
            decisions: rates(settings.decisions_per_address, settings.decisions_per_key, "questions"),
            sign_ins: Rate::new(settings.sign_ins_per_address, "requests", Duration::from_secs(60), MonotonicClock),
            counts_server_keys: settings.server_keys,
            names: RandomState::new(),
        }
    }

    /// Counts a request with the key it gives, before its body is read. A key that is not known,
    /// or that comes in the body only, counts for its address.
    ///
    /// # Errors
    /// [`ApiError`] with 429 and the time to wait.
    pub fn count(&self, asking: Asking, peer: &Peer, key: Option<&Holder>) -> Result<(), ApiError> {
        if !self.is_counted(peer, key) {
            return Ok(());
        }
        let rates = self.rates(asking);
        self.check(rates.by_address.as_ref(), household(peer.address), "this address")?;
        self.count_key(asking, peer, key)
    }

    /// Counts a request for a key that came in its body, after [`Limits::count`] has counted its address.
    ///
    /// # Errors
    /// As [`Limits::count`].
    pub fn count_key(&self, asking: Asking, peer: &Peer, key: Option<&Holder>) -> Result<(), ApiError> {
        match key.filter(|_| self.is_counted(peer, key)) {
            Some(key) => self.check(self.rates(asking).by_key.as_ref(), &key.id, "this key"),
            None => Ok(()),
        }
    }

    /// Counts what a request brings beyond the one event, or asks beyond the one question, that it was counted for before it was
    /// read.
    ///
    /// # Errors
    /// As [`Limits::count`]; then none of its events may be taken, and none of its questions answered.
    pub fn count_more(&self, asking: Asking, peer: &Peer, key: &Holder, n_more: usize) -> Result<(), ApiError> {
        if !self.is_counted(peer, Some(key)) {
            return Ok(());
        }
        let (rates, address) = (self.rates(asking), household(peer.address));
        self.check_many(rates.by_address.as_ref(), address, "this address", n_more)?;
        self.check_many(rates.by_key.as_ref(), &key.id, "this key", n_more)
    }

    fn is_counted(&self, peer: &Peer, key: Option<&Holder>) -> bool {
        let is_own = key.is_some_and(|key| key.role >= Role::Server);
        !peer.is_loopback() && (!is_own || self.counts_server_keys)
    }

    fn rates(&self, asking: Asking) -> &Rates {
        match asking {
            Asking::Events => &self.events,
            Asking::Decision => &self.decisions,
        }
    }

    /// Counts an attempt to sign in to the console, right or wrong.
    ///
    /// # Errors
    /// [`ApiError`] with 429 and the time to wait.
    pub fn count_sign_in(&self, peer: &Peer) -> Result<(), ApiError> {
        if peer.is_loopback() {
            return Ok(());
        }
        self.check(self.sign_ins.as_ref(), household(peer.address), "this address")
    }

    fn check(
        &self,
        rate: Option<&Rate<MonotonicClock>>,
        name: impl std::hash::Hash,
        who: &str,
    ) -> Result<(), ApiError> {
        self.check_many(rate, name, who, 1)
    }

    fn check_many(
        &self,
        rate: Option<&Rate<MonotonicClock>>,
        name: impl std::hash::Hash,
        who: &str,
        n: usize,
    ) -> Result<(), ApiError> {
        let Some(rate) = rate else { return Ok(()) };
        rate.take(self.names.hash_one(name), n).map_err(|wait| {
            metrics::counter!("cx_requests_limited_total").increment(1);
            ApiError::too_often(who, (rate.n_max, rate.what), rate.per, wait)
        })
    }
}

/// A rate for each of many names.
struct Rate<C: Clock> {
    n_max: u32,
    what: &'static str,
    per: Duration,
    limiter: RateLimiter<u64, Cells, C, NoOpMiddleware<C::Instant>>,
}

impl<C: Clock> Rate<C> {
    /// So many at once and so many in a time; `None` for nought, which sets no limit.
    fn new(n_max: u32, what: &'static str, per: Duration, clock: C) -> Option<Self> {
        let n = NonZeroU32::new(n_max)?;
        let quota = Quota::with_period(per / n_max)?.allow_burst(n);
        Some(Self { n_max, what, per, limiter: RateLimiter::new(quota, Cells::default(), clock) })
    }

    /// Takes so many, or says how long to wait for them. More than a whole time's worth, the one that was taken before them
    /// included, counts as that: it is let through after a time of silence, and not refused for ever.
    fn take(&self, name: u64, n: usize) -> Result<(), Duration> {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        let Some(n) = NonZeroU32::new(if n > 1 { n.min(self.n_max - 1) } else { n }) else { return Ok(()) };
        match self.limiter.check_key_n(&name, n) {
            Ok(taken) => taken.map_err(|not_until| not_until.wait_time_from(self.limiter.clock().now())),
            // No more is asked for than there may be.
            Err(_) => Ok(()),
        }
    }
}

/// The state of every name, in a memory that does not grow.
struct Cells(Box<[InMemoryState]>);

impl Default for Cells {
    fn default() -> Self {
        Self((0..N_CELLS).map(|_| InMemoryState::default()).collect())
    }
}

impl StateStore for Cells {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, name: &u64, f: F) -> Result<T, E>
    where
        F: Fn(Option<governor::nanos::Nanos>) -> Result<(T, governor::nanos::Nanos), E>,
    {
        let place = usize::try_from(name % N_CELLS as u64).unwrap_or(0);
        self.0[place].measure_and_replace(&NotKeyed::NonKey, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    #[test]
    fn who_asks_too_often_waits_and_nobody_else() {
        let clock = FakeRelativeClock::default();
        let rate = Rate::new(3, "requests", Duration::from_secs(60), clock.clone()).unwrap();
        for _ in 0..3 {
            assert_eq!(rate.take(1, 1), Ok(()));
        }
        assert_eq!(rate.take(1, 1), Err(Duration::from_secs(20)));
        assert_eq!(rate.take(2, 1), Ok(()), "another name has a rate of its own");
        clock.advance(Duration::from_secs(20));
        assert_eq!(rate.take(1, 1), Ok(()));
        assert!(rate.take(1, 1).is_err(), "one came back, not three");
        assert!(Rate::new(0, "requests", Duration::from_secs(1), clock).is_none(), "nought sets no limit");
    }

    #[test]
    fn a_million_addresses_take_no_more_memory_than_one() {
        let rate = Rate::new(1_000, "requests", Duration::from_secs(1), FakeRelativeClock::default()).unwrap();
        let refused = (0..1_000_000_u64).filter(|name| rate.take(name.wrapping_mul(0x9E37_79B9_7F4A_7C15), 1).is_err());
        assert_eq!(refused.count(), 0, "61 names share a cell, and its rate suffices for them");
        assert_eq!(rate.limiter.into_state_store().0.len(), N_CELLS);
    }

    fn limits(change: impl FnOnce(&mut LimitSettings)) -> Limits {
        let mut settings = LimitSettings {
            events_per_address: 3,
            events_per_key: 5,
            decisions_per_address: 1,
            sign_ins_per_address: 2,
            ..LimitSettings::default()
        };
        change(&mut settings);
        Limits::new(&settings)
    }

    fn at(address: &str) -> Peer {
        Peer { address: address.parse().unwrap(), is_secure: false }
    }

    #[test]
    fn a_rate_holds_for_an_address_and_for_a_key() {
        let limits = limits(|_| {});
        let [write, server] = [Role::Write, Role::Server].map(|role| Holder::for_tests(role, false));
        let write = Some(&write);
        let n_taken =
            |address: &str, key| (0..9).take_while(|_| limits.count(Asking::Events, &at(address), key).is_ok()).count();
        assert_eq!(n_taken("203.0.113.7", write), 3, "three for the address");
        assert_eq!(n_taken("203.0.113.8", write), 2, "five for the key");
        assert_eq!(n_taken("203.0.113.9", None), 3, "who gives no key has an address");
        assert_eq!(n_taken("127.0.0.1", write), 9, "this machine has no limit");
        assert_eq!(n_taken("203.0.113.7", Some(&server)), 9, "nor have the company's own services");
        let refused = limits.count(Asking::Events, &at("203.0.113.7"), write).unwrap_err();
        assert!(
            refused.message().contains("this address") && refused.message().contains("3 events a second"),
            "{}",
            refused.message()
        );
        assert!((0..2).all(|_| limits.count_sign_in(&at("203.0.113.7")).is_ok()));
        assert!(limits.count_sign_in(&at("203.0.113.7")).is_err());
    }

    #[test]
    fn a_request_counts_as_many_as_it_brings() {
        let clock = FakeRelativeClock::default();
        let rate = Rate::new(10, "requests", Duration::from_secs(10), clock.clone()).unwrap();
        assert_eq!((rate.take(1, 1), rate.take(1, 5)), (Ok(()), Ok(())));
        assert_eq!((rate.take(1, 1), rate.take(1, 5)), (Ok(()), Err(Duration::from_secs(2))), "seven of ten are gone");
        clock.advance(Duration::from_secs(10));
        assert_eq!((rate.take(1, 1), rate.take(1, 2_499)), (Ok(()), Ok(())), "more than ever fits takes all there is");
        assert_eq!(rate.take(1, 1), Err(Duration::from_secs(1)));
        let limits = limits(|settings| (settings.events_per_address, settings.events_per_key) = (100, 150));
        let [write, server] = [Role::Write, Role::Server].map(|role| Holder::for_tests(role, false));
        let counted = |address: &str, key| limits.count_more(Asking::Events, &at(address), key, 60).is_ok();
        assert!(counted("203.0.113.7", &write) && !counted("203.0.113.7", &write), "the address has sent 60 of 100");
        assert!(counted("203.0.113.8", &write) && !counted("203.0.113.9", &write), "the key has sent 120 of 150");
        assert!((0..9).all(|_| counted("203.0.113.7", &server)));
    }

    #[test]
    fn every_customer_of_a_question_is_counted() {
        let limits = limits(|settings| {
            (settings.decisions_per_address, settings.decisions_per_key, settings.server_keys) = (0, 200, true);
        });
        let key = Holder::for_tests(Role::Server, false);
        let asked = |n_more| limits.count_more(Asking::Decision, &at("203.0.113.7"), &key, n_more).is_ok();
        assert!(asked(199) && !asked(2), "199 of 200 were asked");
        assert!(asked(1) && !asked(1));
    }

    #[test]
    fn own_services_are_limited_only_where_the_settings_say_so() {
        let limits = limits(|settings| settings.server_keys = true);
        let key = Holder::for_tests(Role::Server, false);
        let key = Some(&key);
        assert!(limits.count(Asking::Decision, &at("203.0.113.7"), key).is_ok());
        assert!(limits.count(Asking::Decision, &at("203.0.113.7"), key).is_err());
    }
}
