//! What does the fitted model answer?

use super::coming::Coming;
use super::worth::Worth;
use super::{BgNbd, GammaGamma, Purchases};
use crate::{ModelError, bytes};
use primitives::Probability;
use serde::{Deserialize, Serialize};

const NAME: &str = "lifetime value model";
const VERSION: u8 = 1;
/// The highest level of an interval: certainty would have no bound.
const LEVEL_MAX: f64 = 1.0 - 1e-9;

/// An expectation with an interval.
///
/// The interval is the predictive one of a single customer: from the quantile `(1 - level) / 2` to `(1 + level) / 2` of
/// what may come, for parameters as they were estimated. Where the mean lies outside, because a few likely large amounts
/// pull it out, the interval is widened to hold it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// What is expected.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Forecast {
    fn new(mean: f64, level: Probability, quantile: impl Fn(f64) -> f64) -> Self {
        let beyond = (1.0 - level.get().min(LEVEL_MAX)) / 2.0;
        Self { mean, low: quantile(beyond).min(mean), high: quantile(1.0 - beyond).max(mean) }
    }

    fn times(self, factor: f64) -> Self {
        Self { mean: self.mean * factor, low: self.low * factor, high: self.high * factor }
    }
}

/// How far ahead is looked. A plain number is a horizon without discount.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horizon {
    /// The time, in the unit of the data. What is not above 0 is 0.
    pub length: f64,
    /// The continuous rate of discount for a unit of time: an amount after `s` counts `exp(-discount * s)`. 0 where later
    /// is as good as now; 12 % a year are `1.12_f64.ln() / 365.0` for a day. What is not above 0 is 0.
    pub discount: f64,
}

impl From<f64> for Horizon {
    fn from(length: f64) -> Self {
        Self { length, discount: 0.0 }
    }
}

/// A value in its parts: `value.mean = purchases.mean * spend_per_purchase.mean`, and `purchases` holds `p_alive`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// How likely the customer is still there.
    pub p_alive: Probability,
    /// How many purchases come.
    pub purchases: Forecast,
    /// What the next purchase brings.
    pub spend_per_purchase: Forecast,
    /// What all of them bring.
    pub value: Forecast,
}

/// A fitted lifetime value. See [`super::ValueSettings`] for the formula.
///
/// ```
/// use models::value::{Purchases, ValueSettings};
/// use primitives::Probability;
/// // 60 customers seen for 50 weeks: a third bought once, a third fell silent early, a third keeps coming.
/// let customer = |n: u32| match n % 3 {
///     0 => Purchases { frequency: 0, recency: 0.0, age: 50.0 },
///     1 => Purchases { frequency: 2, recency: 10.0 + f64::from(n % 7), age: 50.0 },
///     _ => Purchases { frequency: 6, recency: 45.0 - f64::from(n % 9), age: 50.0 },
/// };
/// let purchases: Vec<Purchases> = (0..60).map(customer).collect();
/// let spend: Vec<f64> = (0..60).map(|n| 20.0 + f64::from(n % 11)).collect();
/// let model = ValueSettings::default().fit(&purchases, &spend)?;
/// let (silent, coming) = (Purchases { frequency: 6, recency: 20.0, age: 50.0 }, Purchases { frequency: 6, recency: 48.0, age: 50.0 });
/// assert!(model.p_alive(&silent).get() < model.p_alive(&coming).get());
/// let level = Probability::new(0.8).unwrap();
/// let value = model.expected(&coming, 25.0, 26.0, level);
/// assert!(value.low < value.mean && value.mean < value.high);
/// let parts = model.explain(&coming, 25.0, 26.0, level);
/// assert!((parts.purchases.mean * parts.spend_per_purchase.mean - value.mean).abs() < 1e-9);
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Learned", into = "Learned")]
pub struct ValueModel(Learned);

/// The whole of what is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Learned {
    pub(super) purchases: BgNbd,
    pub(super) amounts: GammaGamma,
}

impl ValueModel {
    /// How likely the customer is still there.
    ///
    /// *Edge cases*: 1 for whoever never bought again: see [`BgNbd`]. In all questions a negative or unknown time counts
    /// as 0 and a recency above the age as the age.
    #[must_use]
    pub fn p_alive(&self, purchases: &Purchases) -> Probability {
        Probability::new(self.0.purchases.standing(purchases).alive).unwrap_or(Probability::ONE)
    }

    /// How many purchases come within the horizon; with a discount, each counts less the later it comes.
    ///
    /// *Guarantees*: mean and bounds do not fall with the horizon. *Cost*: some 100 powers for the mean, some 20 beta
    /// functions for the interval; with a discount 60 times the mean. With a discount the interval is that without, scaled
    /// like the mean.
    #[must_use]
    pub fn purchases(&self, purchases: &Purchases, horizon: impl Into<Horizon>, level: Probability) -> Forecast {
        let horizon = horizon.into();
        let coming = self.coming(purchases, horizon);
        let forecast = Forecast::new(coming.mean(), level, |probability| coming.quantile(probability));
        forecast.times(discount_factor(&coming, horizon, forecast.mean))
    }

    /// What the customer's next purchase brings, if it comes.
    ///
    /// *Edge cases*: where `mean_spend` is not a number above 0, the customer pays like all others.
    #[must_use]
    pub fn spend_per_purchase(&self, purchases: &Purchases, mean_spend: f64, level: Probability) -> Forecast {
        let amounts = &self.0.amounts;
        let posterior = amounts.posterior(purchases.frequency, mean_spend);
        let worth = Worth::of_one(amounts.p.value, posterior);
        Forecast::new(self.mean_amount(posterior), level, |probability| worth.quantile(probability))
    }

    /// What all purchases within the horizon bring together.
    ///
    /// *Shapes*: `mean_spend` as in fitting. *Guarantees*: without a discount the interval is that of the exact predictive
    /// distribution, apart from taking unlikely numbers of purchases together; with one it is scaled like the mean.
    /// *Cost*: beside [`Self::purchases`], some 20 times as many beta functions as there are likely numbers of purchases.
    #[must_use]
    pub fn expected(
        &self,
        purchases: &Purchases,
        mean_spend: f64,
        horizon: impl Into<Horizon>,
        level: Probability,
    ) -> Forecast {
        let horizon = horizon.into();
        let coming = self.coming(purchases, horizon);
        let n_expected = coming.mean();
        let amounts = &self.0.amounts;
        let posterior = amounts.posterior(purchases.frequency, mean_spend);
        let worth = Worth::of(&coming, amounts.p.value, posterior);
        let mean = n_expected * self.mean_amount(posterior);
        let forecast = Forecast::new(mean, level, |probability| worth.quantile(probability));
        forecast.times(discount_factor(&coming, horizon, n_expected))
    }

    /// The mean of [`Self::expected`] alone, which is far quicker: for many customers at once.
    #[must_use]
    pub fn mean(&self, purchases: &Purchases, mean_spend: f64, horizon: impl Into<Horizon>) -> f64 {
        let horizon = horizon.into();
        let posterior = self.0.amounts.posterior(purchases.frequency, mean_spend);
        let coming = self.coming(purchases, horizon);
        let n_expected = if horizon.discount > 0.0 { coming.discounted_mean(horizon.discount) } else { coming.mean() };
        n_expected * self.mean_amount(posterior)
    }

    /// [`Self::expected`] for a customer of whom nothing is known, at the first purchase: the mean of the population.
    #[must_use]
    pub fn population(&self, horizon: impl Into<Horizon>, level: Probability) -> Forecast {
        self.expected(&Purchases { frequency: 0, recency: 0.0, age: 0.0 }, f64::NAN, horizon, level)
    }

    /// [`Self::expected`] with the parts it is made of.
    #[must_use]
    pub fn explain(
        &self,
        purchases: &Purchases,
        mean_spend: f64,
        horizon: impl Into<Horizon>,
        level: Probability,
    ) -> Parts {
        let horizon = horizon.into();
        Parts {
            p_alive: self.p_alive(purchases),
            purchases: self.purchases(purchases, horizon, level),
            spend_per_purchase: self.spend_per_purchase(purchases, mean_spend, level),
            value: self.expected(purchases, mean_spend, horizon, level),
        }
    }

    /// How customers come back and leave: the parameters.
    #[must_use]
    pub fn bg_nbd(&self) -> &BgNbd {
        &self.0.purchases
    }

    /// How amounts differ: the parameters.
    #[must_use]
    pub fn gamma_gamma(&self) -> &GammaGamma {
        &self.0.amounts
    }

    /// The model as bytes: a version byte, then postcard.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(NAME, VERSION, &self.0)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the bytes are of another version or are not parameters.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        bytes::decode::<Learned>(NAME, VERSION, bytes)?.try_into()
    }

    fn coming(&self, purchases: &Purchases, horizon: Horizon) -> Coming {
        Coming::within(self.0.purchases.standing(purchases), horizon.length)
    }

    fn mean_amount(&self, (shape, rate): (f64, f64)) -> f64 {
        self.0.amounts.p.value * rate / (shape - 1.0)
    }
}

/// What part of the purchases is left when each counts less the later it comes.
fn discount_factor(coming: &Coming, horizon: Horizon, n_expected: f64) -> f64 {
    if horizon.discount > 0.0 && n_expected > 0.0 {
        (coming.discounted_mean(horizon.discount) / n_expected).clamp(0.0, 1.0)
    } else {
        1.0
    }
}

impl TryFrom<Learned> for ValueModel {
    type Error = ModelError;

    fn try_from(learned: Learned) -> Result<Self, ModelError> {
        if learned.purchases.is_usable() && learned.amounts.is_usable() {
            return Ok(Self(learned));
        }
        let reason = "its parameters are not all finite and above 0".to_owned();
        Err(ModelError::Corrupt { model: NAME, reason })
    }
}

impl From<ValueModel> for Learned {
    fn from(model: ValueModel) -> Self {
        model.0
    }
}
