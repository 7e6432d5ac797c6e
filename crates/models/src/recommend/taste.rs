//! What does a member hear of what a customer had: which items, with which weight, and which of them is a reason?

use super::query::Own;

/// An item that the model knows, of the history or of the session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Liked {
    /// Its place.
    pub(super) place: u32,
    /// Its place in [`Own::items`]; of an item of the session that was never bought, behind them, its place in the session.
    pub(super) source: u32,
    /// Its weight, above 0 and at most 1.
    pub(super) weight: f64,
}

/// Each known item once, with the weight of its youngest purchase.
///
/// ```text
/// weight = 2^(-(age - youngest) / half_life_days)        age of the item's youngest purchase
///        = 1 for what they look at now                   youngest = the age of the last purchase; 0 where they look at something
/// ```
/// A customer who was away for years has still bought what they bought: only ages beside each other matter.
pub(super) fn liked(own: &Own, half_life_days: f64) -> Vec<Liked> {
    let youngest = if own.session.is_empty() { own.youngest() } else { 0.0 };
    let count = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let mut found: Vec<Liked> = Vec::with_capacity(own.items.len() + own.session.len());
    for (at, item) in own.items.iter().enumerate() {
        let age = own.ages_of(item).first().copied().unwrap_or(youngest);
        let weight = ((youngest - age) / half_life_days).exp2();
        // A weight that is too small to be a number says nothing.
        if let Some(place) = item.place.filter(|_| weight > 0.0) {
            found.push(Liked { place, source: count(at), weight });
        }
    }
    for (at, place) in own.session.iter().enumerate() {
        match found.iter_mut().find(|liked| liked.place == *place) {
            Some(liked) => liked.weight = 1.0,
            None => found.push(Liked { place: *place, source: count(own.items.len() + at), weight: 1.0 }),
        }
    }
    found
}

/// The items of the last `n_last` occasions, and before them what they look at now: each known item once, with its latest weight.
///
/// ```text
/// weight = decay^(occasions after it)        each item that they look at now is an occasion of its own, the newest last
/// ```
pub(super) fn trail(own: &Own, n_last: usize, decay: f64) -> Vec<Liked> {
    let weight = |back: usize| decay.powi(i32::try_from(back).unwrap_or(i32::MAX));
    let count = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let mut found: Vec<Liked> = Vec::new();
    for (back, (at, place)) in own.session.iter().enumerate().rev().enumerate() {
        if !found.iter().any(|liked| liked.place == *place) {
            let bought = own.items.iter().position(|item| item.place == Some(*place));
            let source = count(bought.unwrap_or(own.items.len() + at));
            found.push(Liked { place: *place, source, weight: weight(back) });
        }
    }
    let n_now = found.len();
    for (at, item) in own.items.iter().enumerate() {
        let Some((place, age)) = item.place.zip(own.ages_of(item).first()) else { continue };
        let back = own.occasions.partition_point(|other| other < age);
        if back < n_last && !found[..n_now].iter().any(|liked| liked.place == place) {
            found.push(Liked { place, source: count(at), weight: weight(own.session.len() + back) });
        }
    }
    // A weight of 0 says nothing.
    found.retain(|liked| liked.weight > 0.0);
    found
}
