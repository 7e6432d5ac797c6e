//! Who keeps trying keys that do not open the console? They wait, longer each time, and hold up nobody.

use crate::peer::household;
use primitives::Timestamp;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many wrong keys are free.
const N_FREE: u32 = 5;
/// The longest wait, in seconds.
const WAIT_SECONDS_MAX: u64 = 300;
/// After how long without an attempt an address is forgotten, in milliseconds.
const FORGET_AFTER_MS: i64 = 3_600_000;
/// How many addresses are remembered; the one that tried longest ago is forgotten first.
const N_ADDRESSES_MAX: usize = 10_000;

/// Wrong keys, by address.
#[derive(Debug, Default)]
pub struct Attempts(Mutex<BTreeMap<IpAddr, Attempt>>);

#[derive(Debug, Clone, Copy)]
struct Attempt {
    n_wrong: u32,
    last: Timestamp,
}

impl Attempt {
    /// How long after the last one the next is looked at.
    fn wait(self) -> Duration {
        match self.n_wrong.checked_sub(N_FREE) {
            None => Duration::ZERO,
            Some(n) => Duration::from_secs(1_u64.checked_shl(n).unwrap_or(u64::MAX).min(WAIT_SECONDS_MAX)),
        }
    }
}

impl Attempts {
    /// Begins an attempt. It counts as wrong until [`Attempts::was_right`], so that many at once gain nothing. Answers how
    /// many wrong ones there were, this one included.
    ///
    /// # Errors
    /// How long to wait before the next one is looked at.
    pub fn begin(&self, address: IpAddr, now: Timestamp) -> Result<u32, Duration> {
        let address = household(address);
        let mut attempts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.retain(|_, attempt| now.millis_since(attempt.last) < FORGET_AFTER_MS);
        let mut attempt = attempts.get(&address).copied().unwrap_or(Attempt { n_wrong: 0, last: now });
        let passed = Duration::from_millis(u64::try_from(now.millis_since(attempt.last)).unwrap_or(0));
        if passed < attempt.wait() {
            return Err(attempt.wait() - passed);
        }
        attempt = Attempt { n_wrong: attempt.n_wrong.saturating_add(1), last: now };
        if attempts.len() >= N_ADDRESSES_MAX && !attempts.contains_key(&address) {
            let oldest = attempts.iter().min_by_key(|(_, attempt)| attempt.last).map(|(address, _)| *address);
            oldest.and_then(|oldest| attempts.remove(&oldest));
        }
        attempts.insert(address, attempt);
        Ok(attempt.n_wrong)
    }

    /// The key was right: the address begins anew.
    pub fn was_right(&self, address: IpAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&household(address));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    #[test]
    fn after_five_wrong_keys_each_next_one_waits_longer() {
        let attempts = Attempts::default();
        let mut now = Timestamp::from_millis(0);
        for n in 1..=5 {
            assert_eq!(attempts.begin(address(1), now), Ok(n));
        }
        for (n, seconds) in
            [(6, 1), (7, 2), (8, 4), (9, 8), (10, 16), (11, 32), (12, 64), (13, 128), (14, 256), (15, 300)]
        {
            let wait = Duration::from_secs(seconds);
            assert_eq!(attempts.begin(address(1), now), Err(wait));
            now = now + (wait - Duration::from_millis(1));
            assert_eq!(attempts.begin(address(1), now), Err(Duration::from_millis(1)));
            now = now + Duration::from_millis(1);
            assert_eq!(attempts.begin(address(1), now), Ok(n));
        }
        assert_eq!(attempts.begin(address(2), now), Ok(1), "others do not wait");
        attempts.was_right(address(1));
        assert_eq!(attempts.begin(address(1), now), Ok(1));
        assert_eq!(attempts.begin(address(2), now + Duration::from_secs(3_600)), Ok(1), "it was forgotten");
    }

    #[test]
    fn a_whole_network_of_the_sixth_version_counts_as_one() {
        let attempts = Attempts::default();
        for n in 1..=5 {
            let address = format!("2001:db8:1:2::{n}").parse().unwrap();
            assert_eq!(attempts.begin(address, Timestamp::from_millis(0)), Ok(n));
        }
        assert!(attempts.begin("2001:db8:1:2:9::".parse().unwrap(), Timestamp::from_millis(0)).is_err());
        assert!(attempts.begin("2001:db8:1:3::".parse().unwrap(), Timestamp::from_millis(0)).is_ok());
    }

    #[test]
    fn many_addresses_take_no_more_room_than_some() {
        let attempts = Attempts::default();
        for n in 0..12_000 {
            attempts.begin(address(n), Timestamp::from_millis(i64::from(n))).unwrap();
        }
        assert_eq!(attempts.0.lock().unwrap().len(), N_ADDRESSES_MAX);
    }
}
