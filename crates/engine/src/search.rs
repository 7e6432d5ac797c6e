//! Which customer is meant, and who was here last?

use crate::Engine;
use crate::Stopwatch;
use crate::error::EngineError;
use features::{FeatureState, Item};
use primitives::{CustomerId, ItemId, ItemKey, Timestamp};
use profiles::{Customer, Identifier, Profile};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The traits that tell who somebody is.
const TRAITS: [&str; 10] =
    ["name", "firstName", "first_name", "lastName", "last_name", "email", "username", "phone", "company", "title"];

/// Within how many days somebody was here lately.
const N_DAYS: i64 = 30;
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

/// Who was here lately, as it was up to a minute ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lately {
    /// How many of the customers in memory were seen within 30 days.
    pub n_seen: u64,
    /// Whether all customers are in memory.
    pub is_complete: bool,
    /// The known customers among those who were seen last, the last first.
    pub known: Vec<CustomerId>,
}

/// What was found lately, and when.
pub(super) type FoundLately = Mutex<Option<(Timestamp, Lately)>>;

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

    /// The items whose id is the text or begins with it, or whose name contains it, whatever the case: the best of them, those
    /// that the text says most of first. Looks for at most `time_max`.
    pub fn search_items(&self, query: &str, n_max: usize, time_max: Duration) -> Vec<Item> {
        let wanted = query.to_lowercase();
        let watch = Stopwatch::start();
        let mut best: BTreeMap<(Nearness, String, ItemKey), Item> = BTreeMap::new();
        let exact = self.look(|live| live.items.get(ItemKey::from(&ItemId::from(query.to_owned()))).cloned());
        let mut last = None;
        loop {
            let slice = self.look(|live| {
                let (mut end, mut found) = (None, Vec::new());
                for (key, item) in live.items.after(last, N_SLICE) {
                    end = Some(*key);
                    found.extend(
                        nearness(item, &wanted).map(|near| ((near, item.title().to_owned(), *key), item.clone())),
                    );
                }
                (end, found)
            });
            last = slice.0;
            best.extend(slice.1);
            while best.len() > n_max {
                best.pop_last();
            }
            if last.is_none() || watch.elapsed() > time_max {
                break;
            }
        }
        let id = exact.as_ref().map(|item| item.id.clone());
        let others = best.into_values().filter(|item| Some(&item.id) != id.as_ref());
        exact.into_iter().chain(others).take(n_max).collect()
    }

    /// How many of the customers in memory were seen since a moment, and whether all customers are in memory.
    pub fn n_seen_since(&self, from: Timestamp) -> (u64, bool) {
        let (mut n_seen, mut n_resident) = (0, 0);
        let visit = &mut |customer: &Customer<FeatureState>| {
            n_resident += 1;
            n_seen += u64::from(customer.profile.last_seen >= from);
        };
        self.visit_resident(visit, &mut || false);
        (n_seen, n_resident >= self.look(|live| live.profiles.totals().n_customers))
    }

    /// Who was here within 30 days. With many customers it is looked anew once a minute.
    ///
    /// # Errors
    /// As [`Engine::search`].
    pub fn lately(&self) -> Result<Lately, EngineError> {
        let now = self.clock.now();
        let is_quick = self.look(|live| live.profiles.n_resident() <= N_AT_ONCE);
        let kept =
            if is_quick { None } else { self.found_lately.lock().unwrap_or_else(PoisonError::into_inner).clone() };
        if let Some(lately) = kept.and_then(|kept| still_true(kept, now)) {
            return Ok(lately);
        }
        let (n_seen, is_complete) = self.n_seen_since(now.plus_days(-N_DAYS));
        let last = self.search("", N_LAST, LAST_MAX)?.customers.into_iter().map(|customer| customer.profile);
        let known = last.filter(Profile::is_known).map(|profile| profile.id).collect();
        let lately = Lately { n_seen, is_complete, known };
        *self.found_lately.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, lately.clone()));
        Ok(lately)
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

fn still_true((at, lately): (Timestamp, Lately), now: Timestamp) -> Option<Lately> {
    (now >= at && now < at + KEPT).then_some(lately)
}

/// How much of an item's names a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// The whole name.
    Name,
    /// The beginning of the name.
    Beginning,
    /// The beginning of a word of it, or of the id.
    Word,
    /// A part of the name.
    Part,
}

/// How near a text is to an item; `None` where it says nothing of it. `wanted` is in lower case.
fn nearness(item: &Item, wanted: &str) -> Option<Nearness> {
    let name = item.name.as_ref().map(|name| name.value.to_lowercase()).unwrap_or_default();
    let mut words = name.split(|letter: char| !letter.is_alphanumeric());
    if name == wanted {
        Some(Nearness::Name)
    } else if name.starts_with(wanted) {
        Some(Nearness::Beginning)
    } else if words.any(|word| word.starts_with(wanted)) || begins_with(item.id.as_str(), wanted) {
        Some(Nearness::Word)
    } else {
        name.contains(wanted).then_some(Nearness::Part)
    }
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

fn begins_with(text: &str, wanted: &str) -> bool {
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
        let lately = Lately { n_seen: 3, is_complete: true, known: Vec::new() };
        let at = Timestamp::from_millis(1_000_000);
        let holds = |later_ms: i64| {
            let now = Timestamp::from_millis(at.as_millis() + later_ms);
            still_true((at, lately.clone()), now).is_some()
        };
        assert_eq!([0, 59_999, 60_000, -1].map(holds), [true, true, false, false]);
    }
}
