//! What is learned from, and what must be true of it?

use crate::settings::settings;

pub(super) const OPERATION: &str = "fit the lifetime value";

/// When a customer bought: all that the number of purchases to come depends on.
///
/// *Units*: one unit of time, days or weeks, for all customers, and for every question to the model. A moment with a
/// purchase counts once: who buys twice on a day has bought once, where days are the unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Purchases {
    /// How often the customer bought again: purchases without the first.
    pub frequency: u32,
    /// The time from the first purchase to the last; 0 where there was only the first.
    pub recency: f64,
    /// The time from the first purchase to the moment that is asked about.
    pub age: f64,
}

settings! {
    /// Beta-geometric purchases and gamma-gamma amounts, both by maximum likelihood: [`super::BgNbd`] and [`super::GammaGamma`].
    ///
    /// ```text
    /// expected value = P(alive) * E[purchases within the horizon | alive] * E[amount of a purchase]
    /// ```
    /// What they assume: customers buy at random times at a rate of their own, until they leave for good after one of
    /// their purchases; what a customer pays for a purchase does not depend on how often he buys.
    /// *Shapes*: purchases and mean amounts of one length. *Units*: any unit of time, any currency.
    /// *Guarantees*: no chance is involved; equal to the bit for any order of the rows, on any number of threads.
    /// *Edge cases*: customers with equal numbers are computed once. *Cost*: one sort, then some 50 passes over the
    /// distinct customers with two logarithms each.
    ValueSettings {
        /// How many customers must have bought again.
        n_repeat_min: usize = 10 in 2..=1_000_000, larger: "refuses data that say little of how customers come back";
        /// How wide the normal prior is that holds the logarithm of every parameter, with time and amounts scaled. At the
        /// default it weighs nothing beside a few customers, and keeps finite what the data do not tell at all.
        prior_sd: f64 = 100.0 in 0.5..=1_000.0, larger: "believes the data more";
        /// How many steps the search for the most likely parameters may make.
        n_steps_max: usize = 500 in 10..=100_000, larger: "allows for data whose likelihood is nearly flat";
    }
}
