//! What is learned from, and what must be true of it?

use super::bg_nbd::BgNbd;
use super::gamma_gamma::GammaGamma;
use super::model::{Learned, ValueModel};
use crate::settings::settings;
use crate::{ModelError, labels};

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
    /// Beta-geometric purchases and gamma-gamma amounts, both by maximum likelihood: [`BgNbd`] and [`GammaGamma`].
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

impl ValueSettings {
    /// Learns how customers come back, leave and pay. `mean_spend` is the mean amount of the purchases after the first;
    /// it is not looked at where there were none.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] names the row whose
    /// numbers are not finite, negative or contradict each other; [`ModelError::TooFewRows`] where there are no rows;
    /// [`ModelError::NothingToLearn`] where too few customers bought again; [`ModelError::Fit`].
    pub fn fit(&self, purchases: &[Purchases], mean_spend: &[f64]) -> Result<ValueModel, ModelError> {
        self.validate()?;
        labels::check_length(OPERATION, "mean_spend", purchases.len(), mean_spend.len())?;
        if purchases.is_empty() {
            return Err(ModelError::TooFewRows { operation: OPERATION, n_rows: 0, n_rows_min: self.n_repeat_min });
        }
        let mut paid = Vec::new();
        for (row, (customer, &spend)) in purchases.iter().zip(mean_spend).enumerate() {
            check(row, customer, spend)?;
            if customer.frequency > 0 {
                paid.push((customer.frequency, spend));
            }
        }
        if paid.len() < self.n_repeat_min {
            let reason = format!(
                "{} of {} customers bought again, and at least {} are needed; give a longer history",
                paid.len(),
                purchases.len(),
                self.n_repeat_min
            );
            return Err(ModelError::NothingToLearn { operation: OPERATION, reason });
        }
        let learned = Learned { purchases: BgNbd::fit(purchases, self)?, amounts: GammaGamma::fit(paid, self)? };
        ValueModel::try_from(learned).map_err(|error| ModelError::Fit {
            operation: OPERATION,
            reason: format!("the most likely parameters are of no use ({error})"),
        })
    }
}

fn check(row: usize, customer: &Purchases, spend: f64) -> Result<(), ModelError> {
    let refuse = |what, value, allowed| Err(ModelError::Value { operation: OPERATION, what, row, value, allowed });
    let Purchases { frequency, recency, age } = *customer;
    if !(age.is_finite() && age >= 0.0) {
        return refuse("the age of row", age, "finite and not negative");
    }
    if !(recency >= 0.0 && recency <= age) {
        return refuse("the recency of row", recency, "not negative and not above the age");
    }
    if frequency == 0 && recency > 0.0 {
        return refuse("the recency of row", recency, "0 where the frequency is 0");
    }
    if frequency > 0 && recency <= 0.0 {
        return refuse("the recency of row", recency, "above 0 where the frequency is above 0");
    }
    if frequency > 0 && !(spend.is_finite() && spend > 0.0) {
        return refuse("the mean spend of row", spend, "finite and above 0 where the frequency is above 0");
    }
    Ok(())
}
