//! What does a thing cost on a day, and what is usual?

use crate::calendar::Today;
use crate::things::{Thing, Things};

/// What a thing costs on a day, in minor units.
pub(crate) fn on(thing: &Thing, today: &Today) -> i64 {
    part_of(thing.price_minor, today.price_factor(thing.department))
}

/// A part of a price, in minor units: nothing is for nothing.
pub(crate) fn part_of(minor: i64, factor: f64) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^53")]
    let price = minor as f64 * factor;
    i64::try_from(crate::dice::whole(price.round())).unwrap_or(minor).max(1)
}

/// The middle of a department's prices, in minor units.
pub(crate) fn usual(things: &Things, department: usize) -> f64 {
    let of = things.all().iter().filter(|thing| thing.department == department);
    let mut prices: Vec<i64> = of.map(|thing| thing.price_minor).collect();
    prices.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^53")]
    prices.get(prices.len() / 2).map_or(1.0, |price| *price as f64)
}
