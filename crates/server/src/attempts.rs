//! Who keeps trying keys? They wait, longer each time, and hold up nobody.
//!
//! Behind one address there may be many. Whoever gives a key that this program has made did not guess it: 256 random bits
//! cannot be guessed, so it is never made to wait. A preset key is what people have thought of: while its address waits it is
//! not let in, unless it has come from there before.

use crate::keys::Holder;
use crate::peer::household;
use primitives::Timestamp;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
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

/// How many preset keys are remembered with an address that they came from; beyond that some are forgotten.
const N_FAMILIAR_MAX: usize = 4_096;

/// Why a key is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is wrong, and it is that many times that its address was.
    Wrong(u32),
    /// Its address has to wait, whether it is right or wrong.
    Wait(Duration),
}

/// Wrong keys, by address.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    wrong: Mutex<BTreeMap<IpAddr, Attempt>>,
    familiar: Familiar,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    n_wrong: u32,
    last: Timestamp,
}

impl Attempt {
    /// How long it takes from now until the next one is looked at.
    fn rest(self, now: Timestamp) -> Duration {
        let passed = Duration::from_millis(u64::try_from(now.millis_since(self.last)).unwrap_or(0));
        let wait = match self.n_wrong.checked_sub(N_FREE) {
            None => Duration::ZERO,
            Some(n) => Duration::from_secs(1_u64.checked_shl(n).unwrap_or(u64::MAX).min(WAIT_SECONDS_MAX)),
        };
        wait.saturating_sub(passed)
    }

    fn is_over(self, now: Timestamp) -> bool {
        now.millis_since(self.last) >= FORGET_AFTER_MS
    }
}

impl Attempts {
    /// Judges a key from an address: whose it is, where it is right.
    ///
    /// # Errors
    /// Why it is not let in.
    pub(crate) fn judge(&self, right: Option<Holder>, address: IpAddr, now: Timestamp) -> Result<Holder, Refused> {
        let address = household(address);
        let Some(holder) = right else {
            return Err(self.count(address, now).map_or_else(Refused::Wait, Refused::Wrong));
        };
        if !holder.is_preset() || self.familiar.knows(address, &holder.id) {
            return Ok(holder);
        }
        let wait = self.lock().get(&address).map_or(Duration::ZERO, |attempt| attempt.rest(now));
        if !wait.is_zero() {
            return Err(Refused::Wait(wait));
        }
        self.familiar.remember(address, &holder.id);
        Ok(holder)
    }

    /// The address begins anew: there is nobody behind it but who has just come in.
    pub(crate) fn forget(&self, address: IpAddr) {
        self.lock().remove(&household(address));
    }

    /// Counts a wrong key, and answers how many there were, or how long to wait before the next one is looked at.
    fn count(&self, address: IpAddr, now: Timestamp) -> Result<u32, Duration> {
        let mut attempts = self.lock();
        let known = attempts.get(&address).filter(|attempt| !attempt.is_over(now)).copied();
        let mut attempt = known.unwrap_or(Attempt { n_wrong: 0, last: now });
        let wait = attempt.rest(now);
        if !wait.is_zero() {
            return Err(wait);
        }
        attempt = Attempt { n_wrong: attempt.n_wrong.saturating_add(1), last: now };
        if attempts.len() >= N_ADDRESSES_MAX && !attempts.contains_key(&address) {
            attempts.retain(|_, attempt| !attempt.is_over(now));
            let oldest = attempts.iter().min_by_key(|(_, attempt)| attempt.last).map(|(address, _)| *address);
            oldest.filter(|_| attempts.len() >= N_ADDRESSES_MAX).and_then(|oldest| attempts.remove(&oldest));
        }
        attempts.insert(address, attempt);
        Ok(attempt.n_wrong)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<IpAddr, Attempt>> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which preset keys have come from which addresses, as hashes in a memory that does not grow and that nobody waits for.
#[derive(Debug)]
struct Familiar {
    cells: Box<[AtomicU64]>,
    hashes: RandomState,
}

impl Default for Familiar {
    fn default() -> Self {
        Self { cells: (0..N_FAMILIAR_MAX).map(|_| AtomicU64::new(0)).collect(), hashes: RandomState::new() }
    }
}

impl Familiar {
    fn knows(&self, address: IpAddr, key_id: &str) -> bool {
        let (cell, hash) = self.cell(address, key_id);
        cell.load(Ordering::Relaxed) == hash
    }

    fn remember(&self, address: IpAddr, key_id: &str) {
        let (cell, hash) = self.cell(address, key_id);
        cell.store(hash, Ordering::Relaxed);
    }

    fn cell(&self, address: IpAddr, key_id: &str) -> (&AtomicU64, u64) {
        let hash = self.hashes.hash_one((address, key_id)) | 1;
        let place = usize::try_from((hash >> 1) % N_FAMILIAR_MAX as u64).unwrap_or(0);
        (&self.cells[place], hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governance::Role;

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    #[test]
    fn after_five_wrong_keys_each_next_one_waits_longer() {
        let attempts = Attempts::default();
        let mut now = Timestamp::from_millis(0);
        for n in 1..=5 {
            assert_eq!(attempts.count(address(1), now), Ok(n));
        }
        for (n, seconds) in
            [(6, 1), (7, 2), (8, 4), (9, 8), (10, 16), (11, 32), (12, 64), (13, 128), (14, 256), (15, 300)]
        {
            let wait = Duration::from_secs(seconds);
            assert_eq!(attempts.count(address(1), now), Err(wait));
            now = now + (wait - Duration::from_millis(1));
            assert_eq!(attempts.count(address(1), now), Err(Duration::from_millis(1)));
            now = now + Duration::from_millis(1);
            assert_eq!(attempts.count(address(1), now), Ok(n));
        }
        assert_eq!(attempts.count(address(2), now), Ok(1), "others do not wait");
        attempts.forget(address(1));
        assert_eq!(attempts.count(address(1), now), Ok(1));
        assert_eq!(attempts.count(address(2), now + Duration::from_secs(3_600)), Ok(1), "it was forgotten");
    }

    #[test]
    fn who_cannot_have_guessed_never_waits() {
        let (attempts, now) = (Attempts::default(), Timestamp::from_millis(0));
        let judge = |role, is_preset, n| attempts.judge(Some(Holder::for_tests(role, is_preset)), address(n), now);
        assert!(judge(Role::Server, true, 1).is_ok());
        for n in 1..=5 {
            assert_eq!(attempts.judge(None, address(1), now).err(), Some(Refused::Wrong(n)));
        }
        let wait = Some(Refused::Wait(Duration::from_secs(1)));
        assert_eq!(attempts.judge(None, address(1), now).err(), wait);
        assert!(judge(Role::Admin, false, 1).is_ok(), "256 random bits");
        assert!(judge(Role::Server, true, 1).is_ok(), "it has come from there before");
        assert_eq!(judge(Role::Admin, true, 1).err(), wait, "this one has not");
        assert!(judge(Role::Admin, true, 2).is_ok(), "nor is it held up elsewhere");
    }

    #[test]
    fn a_whole_network_of_the_sixth_version_counts_as_one() {
        let attempts = Attempts::default();
        let judge = |address: &str| attempts.judge(None, address.parse().unwrap(), Timestamp::from_millis(0)).err();
        for n in 1..=5 {
            assert_eq!(judge(&format!("2001:db8:1:2::{n}")), Some(Refused::Wrong(n)));
        }
        assert!(matches!(judge("2001:db8:1:2:9::"), Some(Refused::Wait(_))));
        assert_eq!(judge("2001:db8:1:3::"), Some(Refused::Wrong(1)));
    }

    #[test]
    fn many_addresses_take_no_more_room_than_some() {
        let attempts = Attempts::default();
        for n in 0..12_000 {
            attempts.count(address(n), Timestamp::from_millis(i64::from(n))).unwrap();
        }
        assert_eq!(attempts.lock().len(), N_ADDRESSES_MAX);
    }
}
