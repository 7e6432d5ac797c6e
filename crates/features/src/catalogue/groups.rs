//! Which features are read from the channels beside purchases? A file for each.

mod decisions;
mod email;
mod payments;
mod search;
mod sessions;
mod stores;
mod subscriptions;
mod support;
mod usage;

pub use subscriptions::{SUBSCRIPTION_AMOUNT, SUBSCRIPTIONS_ACTIVE};

use super::Definition;
use super::define::{days, define, ratio, whole};
use crate::cell::{Numbers, number};
use crate::channels::{All, Matter, PagesLeft, Quantity, Topic};
use crate::snapshot::Snapshot;

const IN_BUCKETS: &str = "to half the day at its beginning";
const IN_HOURS: &str = "to half the hour at its beginning";

/// All of them, channel by channel.
pub(super) fn definitions() -> Vec<Definition> {
    [
        sessions::definitions(),
        search::definitions(),
        email::definitions(),
        support::definitions(),
        payments::definitions(),
        subscriptions::definitions(),
        usage::definitions(),
        stores::definitions(),
        decisions::definitions(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How often something was told in the last days.
fn n_of(snapshot: &Snapshot<'_>, topic: Topic, within_days: i64) -> f64 {
    let mut n = 0;
    if let Some(all) = all(snapshot, topic.matter()) {
        all.counts.between(snapshot.as_of, 0, within_days, |of, count| n += if of == topic { count.0 } else { 0 });
    }
    whole(n)
}

/// How often something was ever told.
fn n_ever(snapshot: &Snapshot<'_>, topic: Topic) -> f64 {
    let mut n = 0;
    if let Some(all) = all(snapshot, topic.matter()) {
        all.counts.ever(|of, count| n += if of == topic { count.0 } else { 0 });
    }
    whole(n)
}

/// One of another, where there was any of that. What was told of one and not of the other makes it no more than all.
fn share_of(snapshot: &Snapshot<'_>, topic: Topic, of: Topic, within_days: i64) -> f64 {
    let share = ratio(n_of(snapshot, topic, within_days), n_of(snapshot, of, within_days));
    // `min` would make a number of what is not known.
    if share > 1.0 { 1.0 } else { share }
}

/// What was summed in the last days.
fn sum_of(snapshot: &Snapshot<'_>, quantity: Quantity, within_days: i64) -> Numbers {
    let mut sum = Numbers::NONE;
    if let Some(all) = all(snapshot, quantity.matter()) {
        all.numbers.between(snapshot.as_of, 0, within_days, |of, numbers| {
            if of == quantity {
                crate::cell::Tally::add(&mut sum, numbers);
            }
        });
    }
    sum
}

/// The mean of what was summed in the last days.
fn mean_of(snapshot: &Snapshot<'_>, quantity: Quantity, within_days: i64) -> f64 {
    mean_of_numbers(sum_of(snapshot, quantity, within_days))
}

fn mean_of_numbers(numbers: Numbers) -> f64 {
    ratio(number(numbers.sum), whole(numbers.n))
}

/// What the pages come to that were left in the last days.
fn pages_of(snapshot: &Snapshot<'_>, within_days: i64) -> PagesLeft {
    let mut sum = PagesLeft::default();
    if let Some(all) = all(snapshot, Matter::Conduct) {
        all.pages.between(snapshot.as_of, 0, within_days, |(), left| crate::cell::Tally::add(&mut sum, left));
    }
    sum
}

/// What counts of a matter.
fn all<'a>(snapshot: &Snapshot<'a>, matter: Matter) -> Option<&'a All> {
    snapshot.state.channels.of(matter)
}

/// How often something was told in the last days, as a feature.
fn times(
    group: &'static str,
    unit: &'static str,
    name: &'static str,
    what: &str,
    topic: Topic,
    within_days: i64,
) -> Definition {
    let meaning = format!("{what} in the last {within_days} days");
    limited(define(group, unit, name, meaning, move |s| n_of(s, topic, within_days)), within_days)
}

/// How long ago something was last told, as a feature.
fn since(
    group: &'static str,
    name: &'static str,
    meaning: &'static str,
    is_meant: impl Fn(Topic) -> bool + Send + Sync + 'static,
) -> Definition {
    define(group, "days", name, meaning, move |s| days(s, s.state.channels.last_of(&is_meant)))
}

/// The same, which counts over so many days, in buckets.
fn limited(definition: Definition, within_days: i64) -> Definition {
    let limit = if within_days <= 7 { IN_HOURS } else { IN_BUCKETS };
    Definition { limit: Some(limit.to_owned()), ..definition }
}
