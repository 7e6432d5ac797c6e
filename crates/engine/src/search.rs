//! Which customer is meant, and who was here last?

use crate::Engine;
use crate::Stopwatch;
use crate::error::EngineError;
use features::FeatureState;
use primitives::{CustomerId, Timestamp};
use profiles::{Customer, Identifier, Profile};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The traits that tell who somebody is.
const TRAITS: [&str; 10] =
    ["name", "firstName", "first_name", "lastName", "last_name", "email", "username", "phone", "company", "title"];

/// How many customers are looked at while events and decisions wait.
const N_SLICE: usize = 1_024;
/// Up to how many customers in memory are always looked at anew, and how long the answer holds with more.
const N_AT_ONCE: usize = 10_000;
const KEPT: Duration = Duration::from_secs(60);
/// Among how many of those seen last the known ones are told, and how long they are looked for.
const N_LAST: usize = 20;
const LAST_MAX: Duration = Duration::from_millis(200);

/// What a search found.
#[derive(Debug, Clone)]
pub struct Search {
    /// The customers: the one of exactly that name first, then those seen last.
    pub customers: Vec<Customer<FeatureState>>,
    /// How many match, shown or not.
    pub n_found: u64,
    /// How many customers were looked at: those in memory.
    pub n_searched: u64,
    /// Whether the time sufficed for all of them.
    pub is_complete: bool,
}

/// What was found lately, and when.
pub(super) type FoundLately = Mutex<Option<(Timestamp, Vec<CustomerId>)>>;

impl Engine {
    /// The customers whose names begin with `query` or whose traits contain it, whatever the case; for an empty query all
    /// of them. Looks at the customers in memory for at most `time_max`, and for one of exactly that name everywhere.
    ///
    /// # Errors
    /// [`EngineError`] where the store cannot be read.
    pub fn search(&self, query: &str, n_max: usize, time_max: Duration) -> Result<Search, EngineError> {
        let wanted = query.to_lowercase();
        let watch = Stopwatch::start();
        let exact = if query.is_empty() { None } else { self.look(|live| live.customer(query))? };
        let exact_id = exact.as_ref().map(|customer| customer.profile.id.clone());
        let mut newest: BinaryHeap<Reverse<(Timestamp, CustomerId)>> = BinaryHeap::with_capacity(n_max + 1);
        let (mut n_found, mut n_searched) = (0, 0);
        let visit = &mut |customer: &Customer<FeatureState>| {
            n_searched += 1;
            let profile = &customer.profile;
            if exact_id.as_ref() == Some(&profile.id) || !matches(profile, &wanted) {
                return;
            }
            n_found += 1;
            let is_newer =
                |Reverse((at, id)): &Reverse<(Timestamp, CustomerId)>| (profile.last_seen, &profile.id) > (*at, id);
            if newest.len() < n_max || newest.peek().is_some_and(is_newer) {
                newest.push(Reverse((profile.last_seen, profile.id.clone())));
            }
            if newest.len() > n_max {
                newest.pop();
            }
        };
        let is_complete = self.visit_resident(visit, &mut || watch.elapsed() > time_max);
        n_found += u64::from(exact.is_some());
        let mut customers: Vec<_> = exact.into_iter().collect();
        let newest = newest.into_sorted_vec();
        self.look(|live| {
            for Reverse((_, id)) in newest {
                customers.extend(live.profiles.customer(&id)?.map(Cow::into_owned));
            }
            Ok::<_, EngineError>(())
        })?;
        customers.truncate(n_max);
        Ok(Search { customers, n_found, n_searched, is_complete })
    }

    /// The known customers among those who were seen last, the last first. With many customers they are looked for anew once a
    /// minute.
    ///
    /// # Errors
    /// As [`Engine::search`].
    pub fn known_lately(&self) -> Result<Vec<CustomerId>, EngineError> {
        let now = self.clock.now();
        let is_quick = self.look(|live| live.profiles.n_resident() <= N_AT_ONCE);
        let kept =
            if is_quick { None } else { self.found_lately.lock().unwrap_or_else(PoisonError::into_inner).clone() };
        if let Some(known) = kept.and_then(|kept| still_true(kept, now)) {
            return Ok(known);
        }
        let last = self.search("", N_LAST, LAST_MAX)?.customers.into_iter().map(|customer| customer.profile);
        let known: Vec<_> = last.filter(Profile::is_known).map(|profile| profile.id).collect();
        *self.found_lately.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, known.clone()));
        Ok(known)
    }

    /// Looks at the customers in memory, a slice at a time, so that events and decisions go on between them; answers whether
    /// at all of them. Between two slices it asks whether to stop.
    pub fn visit_resident(
        &self,
        visit: &mut dyn FnMut(&Customer<FeatureState>),
        is_stopped: &mut dyn FnMut() -> bool,
    ) -> bool {
        let places = self.look(|live| live.profiles.resident_places());
        for first in places.clone().step_by(N_SLICE) {
            if is_stopped() {
                return false;
            }
            let slice = first..places.end.min(first + N_SLICE as u64);
            self.look(|live| live.profiles.resident_at(slice).for_each(&mut *visit));
        }
        true
    }
}

fn still_true<T>((at, found): (Timestamp, T), now: Timestamp) -> Option<T> {
    (now >= at && now < at + KEPT).then_some(found)
}

/// Whether one of the names begins with the text, or one of the telling traits contains it. `wanted` is in lower case.
fn matches(profile: &Profile, wanted: &str) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let begins = |text: &str| begins_with(text, wanted);
    let is_named = |identifier: &Identifier| match identifier {
        Identifier::User(id) => begins(id.as_str()),
        Identifier::Anonymous(id) => begins(id.as_str()),
    };
    begins(profile.id.as_str())
        || profile.links.keys().any(is_named)
        || TRAITS
            .iter()
            .any(|name| profile.traits.get(*name).is_some_and(|said| said.json.to_lowercase().contains(wanted)))
        || has_full_name(profile, wanted)
}

pub(super) fn begins_with(text: &str, wanted: &str) -> bool {
    if text.is_ascii() && wanted.is_ascii() {
        let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
        return text.len() >= wanted.len() && text[..wanted.len()].eq_ignore_ascii_case(wanted);
    }
    text.to_lowercase().starts_with(wanted)
}

/// Whether first and last name, told in two traits, contain the text as it is written in one.
fn has_full_name(profile: &Profile, wanted: &str) -> bool {
    let text = |names: [&str; 2]| {
        let said = names.iter().find_map(|name| profile.traits.get(*name))?;
        Some(said.json.trim_matches('"').to_lowercase())
    };
    let (first, last) = (text(["firstName", "first_name"]), text(["lastName", "last_name"]));
    first.zip(last).is_some_and(|(first, last)| format!("{first} {last}").contains(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_for_a_minute() {
        let at = Timestamp::from_millis(1_000_000);
        let holds = |later_ms: i64| {
            let now = Timestamp::from_millis(at.as_millis() + later_ms);
            still_true((at, ()), now).is_some()
        };
        assert_eq!([0, 59_999, 60_000, -1].map(holds), [true, true, false, false]);
    }
}
