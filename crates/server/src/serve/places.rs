//! How many connections may there be, in all and from one address?

use crate::peer::{Network, household};
use crate::settings::ServerSettings;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many files are left for the data: the database and its readers, the history, the models.
const N_FILES_OWN: u64 = 256;

/// Why there is no place for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// As many are open as may be.
    Full,
    /// As many are open from its address as may be.
    FullForAddress,
}

/// The places for connections.
pub(super) struct Places {
    free: Arc<Semaphore>,
    n_max: usize,
    by_address: Mutex<BTreeMap<IpAddr, usize>>,
    n_per_address_max: usize,
    trusted_proxies: Vec<Network>,
}

/// A connection's place; it is free again when this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    /// The address that it counts for, where addresses are counted.
    address: Option<IpAddr>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// As many as the settings say, and no more than the operating system lets this program open.
    pub(super) fn new(settings: &ServerSettings) -> Self {
        let wanted = settings.n_connections_max;
        let n_max = match n_files_max(wanted as u64 + N_FILES_OWN) {
            Some(n_files) => {
                let room = n_files.saturating_sub(N_FILES_OWN.min(n_files / 2)).max(1);
                wanted.min(usize::try_from(room).unwrap_or(usize::MAX))
            }
            None => wanted,
        };
        if n_max < wanted {
            tracing::warn!(
                n_max,
                wanted,
                "this program may open too few files for server.n_connections_max, so it takes fewer connections: raise \
                 the limit (ulimit -n, or LimitNOFILE of the systemd unit)"
            );
        }
        Self {
            free: Arc::new(Semaphore::new(n_max)),
            n_max,
            by_address: Mutex::default(),
            n_per_address_max: settings.n_connections_per_address_max,
            trusted_proxies: settings.trusted_proxies.clone(),
        }
    }

    /// How many connections there may be.
    pub(super) fn n_max(&self) -> usize {
        self.n_max
    }

    /// How many connections there are.
    pub(super) fn n_taken(&self) -> usize {
        self.n_max - self.free.available_permits()
    }

    /// A place for a connection from an address.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Result<Place, Refusal> {
        let permit = self.free.clone().try_acquire_owned().map_err(|_| Refusal::Full)?;
        let address = household(address);
        let is_counted = self.n_per_address_max > 0
            && !address.is_loopback()
            && !self.trusted_proxies.iter().any(|proxies| proxies.holds(address));
        if is_counted {
            let mut counts = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            let n_taken = counts.entry(address).or_default();
            if *n_taken >= self.n_per_address_max {
                return Err(Refusal::FullForAddress);
            }
            *n_taken += 1;
        }
        Ok(Place { places: self.clone(), address: is_counted.then_some(address), _permit: permit })
    }

    /// Waits until every place is free, or the time is up. Answers how many are still taken.
    pub(super) async fn until_free(&self, time_max: Duration) -> usize {
        let all = self.free.acquire_many(u32::try_from(self.n_max).unwrap_or(u32::MAX));
        match tokio::time::timeout(time_max, all).await {
            Ok(_) => 0,
            Err(_) => self.n_taken(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut counts = self.places.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = counts.entry(address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// How many files this program may open, after asking the operating system for as many as are wanted; `None` where it does
/// not say.
fn n_files_max(wanted: u64) -> Option<u64> {
    rlimit::increase_nofile_limit(wanted).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(n_max: usize, n_per_address_max: usize) -> Arc<Places> {
        let settings = ServerSettings {
            n_connections_max: n_max,
            n_connections_per_address_max: n_per_address_max,
            trusted_proxies: vec!["10.0.0.1".parse().unwrap()],
            ..ServerSettings::default()
        };
        Arc::new(Places::new(&settings))
    }

    #[test]
    fn places_are_bounded_in_all_and_for_each_address_and_come_back() {
        let places = places(8, 2);
        let take = |address: &str| places.take(address.parse().unwrap());
        let held = [take("203.0.113.7").unwrap(), take("203.0.113.7").unwrap()];
        assert_eq!(take("203.0.113.7").err(), Some(Refusal::FullForAddress));
        let others: Vec<_> = ["127.0.0.1"; 3].into_iter().chain(["10.0.0.1"; 3]).map(|a| take(a).unwrap()).collect();
        assert_eq!((take("127.0.0.1").err(), places.n_taken()), (Some(Refusal::Full), 8));
        drop(held);
        assert!(take("203.0.113.7").is_ok());
        drop(others);
        assert_eq!((places.n_taken(), places.by_address.lock().unwrap().len()), (0, 0));
    }

    #[test]
    fn files_for_the_data_are_left() {
        let n_files = n_files_max(0).unwrap();
        let places = places(usize::try_from(n_files).unwrap(), 0);
        assert!(
            places.n_max() as u64 <= n_files - N_FILES_OWN.min(n_files / 2) || n_files_max(u64::MAX).unwrap() > n_files
        );
    }
}
