//! What does an offer do to somebody with a full cart? It wins some who would have gone, is given away to most, and cheapens
//! the shop in the eyes of a few.

use super::{Mind, ramp};
use crate::actions::Offer;

/// Parcels of this value are sent for nothing.
pub(crate) const FREE_FROM_MINOR: i64 = 4_900;
/// What a parcel costs the customer below it.
pub(crate) const SHIPPING_MINOR: i64 = 490;
/// What a sample costs the company.
const SAMPLE_MINOR: i64 = 150;

impl Offer {
    /// What it costs the company where a cart of this value is ordered with it, in minor units.
    #[must_use]
    pub fn costs(self, value_minor: i64) -> i64 {
        match self {
            Self::None => 0,
            Self::FreeShipping if value_minor < FREE_FROM_MINOR => SHIPPING_MINOR,
            Self::FreeShipping => 0,
            Self::Tenth => value_minor / 10,
            Self::Sample => SAMPLE_MINOR,
        }
    }
}

impl Mind<'_> {
    /// The chance that they order a cart of this value instead of leaving it.
    #[must_use]
    pub fn checks_out(&self, value_minor: i64, offer: Offer) -> f64 {
        let taste = &self.person.taste;
        let leaves = 0.3 + 0.1 * taste.price_sensitivity.min(2.0);
        let open = 0.5 + 0.5 * ramp(self.life.mood, -0.6, 0.2);
        let won = match offer {
            Offer::None => 0.0,
            // The nearer they are to free shipping, the less it is worth.
            Offer::FreeShipping if value_minor < FREE_FROM_MINOR => {
                #[expect(clippy::cast_precision_loss, reason = "carts are far below 2^53")]
                let short = 1.0 - value_minor as f64 / FREE_FROM_MINOR as f64;
                0.15 + 0.5 * short * taste.price_sensitivity.min(2.0)
            }
            Offer::FreeShipping => 0.0,
            Offer::Tenth if self.is_above_bargains() => -0.25,
            Offer::Tenth => (0.35 * taste.bargain).min(0.8),
            Offer::Sample => 0.45 * taste.curiosity,
        };
        1.0 - leaves * (1.0 - open * won.min(0.9))
    }

    /// What is earned of a cart on average, in minor units: its value without what its things cost the company and what the
    /// offer does, as often as it is ordered.
    #[must_use]
    pub fn earns(&self, value_minor: i64, cost_minor: i64, offer: Offer) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "carts are far below 2^53")]
        let left = (value_minor - cost_minor - offer.costs(value_minor)) as f64;
        self.checks_out(value_minor, offer) * left
    }

    /// Some think less of a shop that gives things away.
    fn is_above_bargains(&self) -> bool {
        self.person.taste.bargain < 0.6 && self.person.income(self.today.day) > 1.2
    }
}
