//! How do purchases become a model of value?

use super::bg_nbd::BgNbd;
use super::gamma_gamma::GammaGamma;
use super::model::{Learned, ValueModel};
use super::settings::{OPERATION, Purchases, ValueSettings};
use crate::{ModelError, labels};

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
