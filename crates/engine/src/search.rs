//! Which customer is meant, and who was here last?

use crate::Stopwatch;
use crate::error::EngineError;
use crate::{Engine, Live};
use features::FeatureState;
use primitives::{CustomerId, Timestamp};
use profiles::{Customer, Identifier, Profile};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// The traits that tell who somebody is.
const TRAITS: [&str; 10] =
    ["name", "firstName", "first_name", "lastName", "last_name", "email", "username", "phone", "company", "title"];

/// After how many customers the clock is looked at.
const N_BETWEEN: u64 = 1_024;

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

impl Engine {
    /// The customers whose names begin with `query` or whose traits contain it, whatever the case; for an empty query all
    /// of them. Looks at the customers in memory for at most `time_max`, and for one of exactly that name everywhere.
    ///
    /// # Errors
    /// [`EngineError`] where the store cannot be read.
    pub fn search(&self, query: &str, n_max: usize, time_max: Duration) -> Result<Search, EngineError> {
        self.look(|live| live.search(query, n_max, time_max))
    }

    /// How many of the customers in memory were seen since a moment, and whether all customers are in memory.
    pub fn n_seen_since(&self, from: Timestamp) -> (u64, bool) {
        self.look(|live| {
            let (mut n_seen, mut n_resident) = (0, 0);
            for customer in live.profiles.resident() {
                n_resident += 1;
                n_seen += u64::from(customer.profile.last_seen >= from);
            }
            (n_seen, n_resident >= live.profiles.totals().n_customers)
        })
    }
}

impl Live {
    fn search(&self, query: &str, n_max: usize, time_max: Duration) -> Result<Search, EngineError> {
        let wanted = query.to_lowercase();
        let watch = Stopwatch::start();
        let exact = if query.is_empty() { None } else { self.customer(query)? };
        let exact_id = exact.as_ref().map(|customer| &customer.profile.id);
        let mut newest: BinaryHeap<Reverse<(Timestamp, &CustomerId)>> = BinaryHeap::with_capacity(n_max + 1);
        let (mut n_found, mut n_searched, mut is_complete) = (0, 0, true);
        for customer in self.profiles.resident() {
            if n_searched % N_BETWEEN == 0 && watch.elapsed() > time_max {
                is_complete = false;
                break;
            }
            n_searched += 1;
            let profile = &customer.profile;
            if exact_id == Some(&profile.id) || !matches(profile, &wanted) {
                continue;
            }
            n_found += 1;
            newest.push(Reverse((profile.last_seen, &profile.id)));
            if newest.len() > n_max {
                newest.pop();
            }
        }
        n_found += u64::from(exact.is_some());
        let mut customers: Vec<_> = exact.into_iter().collect();
        for Reverse((_, id)) in newest.into_sorted_vec() {
            customers.extend(self.profiles.customer(id)?.map(Cow::into_owned));
        }
        customers.truncate(n_max);
        Ok(Search { customers, n_found, n_searched, is_complete })
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
