//! What does a price do? It keeps away the more, the dearer a thing is among its like and the less there is to spend; one below
//! the listed price pleases beyond the money, and one above it hurts more than that.

use super::Mind;
use crate::dice::logistic;
use crate::prices;

/// What a part above the listed price costs in the wish to buy, for somebody of ordinary sensitivity.
const HURT: f64 = 4.0;
/// Of what goes with something, so much is noticed.
const TAKEN_ALONG: f64 = 0.35;
/// What a part below it adds.
const PLEASURE: f64 = 2.5;

impl Mind<'_> {
    /// The chance that they put a thing they look at into the cart, where it is to be had for `factor` of today's listed price.
    #[must_use]
    pub fn takes(&self, thing_no: usize, factor: f64) -> f64 {
        self.takes_needing(thing_no, self.need_of(thing_no), factor)
    }

    /// The same for something that goes with what is in the cart.
    pub(crate) fn takes_along(&self, thing_no: usize, factor: f64) -> f64 {
        TAKEN_ALONG * self.takes_needing(thing_no, self.need_of(thing_no).max(0.5), factor)
    }

    fn takes_needing(&self, thing_no: usize, need: f64, factor: f64) -> f64 {
        let (thing, taste) = (self.company.things().get(thing_no), &self.person.taste);
        let usual = self.company.usual_price(thing.department);
        #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^53")]
        let dear = (prices::on(thing, self.today) as f64 * factor / usual).ln();
        let burden = (usual / 2_500.0).ln_1p() / self.person.income(self.today.day);
        let wants = 2.4 * need.min(1.5) + 0.9 * taste.fit(thing) + 0.35 * self.today.demand[thing.department].ln();
        let keeps = 2.6 + taste.price_sensitivity * dear + 0.8 * burden;
        let lowered = 1.0 - self.today.price_factor(thing.department) + (1.0 - factor).max(0.0);
        let raised = (factor - 1.0).max(0.0);
        let feels = PLEASURE * taste.bargain * lowered - HURT * taste.price_sensitivity * raised;
        logistic(wants - keeps + feels + 0.5 * self.life.mood)
    }

    /// Their elasticity: by how many percent they buy a thing more often where it costs one percent more than listed, as an
    /// arc from the listed price to `factor` of it. Below 0, and steeper upwards than downwards.
    #[must_use]
    pub fn elasticity(&self, thing_no: usize, factor: f64) -> f64 {
        (self.takes(thing_no, factor) / self.takes(thing_no, 1.0)).ln() / factor.ln()
    }
}
