//! How lately, how often and for how much did customers buy, compared with all others? Fifths of each, and groups with names.

use crate::{ModelError, bytes};
use serde::{Deserialize, Serialize};

const OPERATION: &str = "fit recency, frequency and money";
const NAME: &str = "groups by recency, frequency and money";
const VERSION: u8 = 1;

/// Into how many parts the customers are divided by each number.
const N_PARTS: usize = 5;

/// With fewer customers a fifth is no group.
const N_CUSTOMERS_MIN: usize = 25;

/// How lately, how often and for how much one customer bought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rfm {
    /// Days since the last purchase.
    pub recency: f64,
    /// How many purchases, within some window.
    pub frequency: f64,
    /// How much money, within the same window.
    pub money: f64,
}

/// The borders between fifths of the customers, by each of the three numbers.
///
/// ```text
/// score(x)    = 1 + how many of the four borders lie below x     (recency: 5 for the latest)
/// borders     = the 20, 40, 60 and 80 % quantiles of the customers
/// ```
/// *Shapes*: one row a customer. *Guarantees*: equal for any order of the rows; a larger number has no smaller score. *Edge
/// cases*: customers with equal numbers have equal scores, so that parts can differ in size. *Cost*: three sorts. *Source*:
/// the method of Bult and Wansbeek 1995, doi:10.1287/mksc.14.4.378, section 2, with fifths.
///
/// ```
/// use models::rfm::{Group, Rfm, RfmModel};
/// let customers: Vec<Rfm> = (0..50).map(|n| f64::from(n)).map(|n| Rfm { recency: n, frequency: 50.0 - n, money: 500.0 - 9.0 * n }).collect();
/// let model = RfmModel::fit(&customers)?;
/// assert_eq!(model.group(&customers[0]), Group::Champions);
/// assert_eq!(model.group(&customers[49]), Group::Lost);
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RfmModel {
    recency: [f64; N_PARTS - 1],
    frequency: [f64; N_PARTS - 1],
    money: [f64; N_PARTS - 1],
}

/// A group of customers, by how lately they bought, and how often and for how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Lately, often and for much.
    Champions,
    /// Often and for much, and not so lately.
    Loyal,
    /// Lately, and now and then.
    Promising,
    /// Lately, and hardly before.
    New,
    /// Now and then, and not so lately.
    NeedAttention,
    /// Hardly, and not so lately.
    AboutToSleep,
    /// More often and for more than nearly all others, and longest ago.
    CannotLose,
    /// Often and for much, long ago.
    AtRisk,
    /// Now and then, long ago.
    Hibernating,
    /// Hardly, long ago.
    Lost,
}

impl RfmModel {
    /// Finds the borders.
    ///
    /// # Errors
    /// [`ModelError::TooFewRows`] below 25 customers; [`ModelError::Value`] names a row whose number is not finite.
    pub fn fit(customers: &[Rfm]) -> Result<Self, ModelError> {
        if customers.len() < N_CUSTOMERS_MIN {
            let (n_rows, n_rows_min) = (customers.len(), N_CUSTOMERS_MIN);
            return Err(ModelError::TooFewRows { operation: OPERATION, n_rows, n_rows_min });
        }
        let borders = |what: &'static str, number: fn(&Rfm) -> f64| -> Result<[f64; N_PARTS - 1], ModelError> {
            let mut sorted: Vec<f64> = customers.iter().map(number).collect();
            if let Some((row, &value)) = sorted.iter().enumerate().find(|(_, number)| !number.is_finite()) {
                return Err(ModelError::Value { operation: OPERATION, what, row, value, allowed: "finite" });
            }
            sorted.sort_by(f64::total_cmp);
            Ok(std::array::from_fn(|part| sorted[(part + 1) * sorted.len() / N_PARTS]))
        };
        Ok(Self {
            recency: borders("the recency of row", |customer| customer.recency)?,
            frequency: borders("the frequency of row", |customer| customer.frequency)?,
            money: borders("the money of row", |customer| customer.money)?,
        })
    }

    /// Recency, frequency and money from 1 to 5; 5 is the latest, the most and the dearest.
    #[must_use]
    pub fn scores(&self, customer: &Rfm) -> [u8; 3] {
        let part = |borders: &[f64; N_PARTS - 1], number: f64| {
            u8::try_from(borders.iter().filter(|border| **border < number).count()).unwrap_or(u8::MAX)
        };
        [
            5 - part(&self.recency, customer.recency),
            1 + part(&self.frequency, customer.frequency),
            1 + part(&self.money, customer.money),
        ]
    }

    /// The group of a customer.
    #[must_use]
    pub fn group(&self, customer: &Rfm) -> Group {
        let [recency, frequency, money] = self.scores(customer);
        Group::of(recency, (frequency + money).div_ceil(2))
    }

    /// The model as bytes.
    ///
    /// # Errors
    /// [`ModelError`] where it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(NAME, VERSION, self)
    }

    /// Reads what [`RfmModel::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ModelError`] where the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let model: Self = bytes::decode(NAME, VERSION, bytes)?;
        let is_usable = |borders: &[f64]| borders.iter().all(|border| border.is_finite()) && borders.is_sorted();
        if [&model.recency, &model.frequency, &model.money].into_iter().all(|borders| is_usable(borders)) {
            return Ok(model);
        }
        Err(ModelError::Corrupt { model: NAME, reason: "its borders are no numbers in order".to_owned() })
    }
}

impl Group {
    /// Every group, the dearest first.
    pub const ALL: [Self; 10] = [
        Self::Champions,
        Self::Loyal,
        Self::Promising,
        Self::New,
        Self::NeedAttention,
        Self::AboutToSleep,
        Self::CannotLose,
        Self::AtRisk,
        Self::Hibernating,
        Self::Lost,
    ];

    /// By how lately, and how much by the mean of frequency and money; both from 1 to 5.
    #[must_use]
    pub fn of(recency: u8, worth: u8) -> Self {
        match (recency, worth) {
            (4.., 4..) => Self::Champions,
            (4.., 2..) => Self::Promising,
            (4.., _) => Self::New,
            (3, 4..) => Self::Loyal,
            (3, 2..) => Self::NeedAttention,
            (3, _) => Self::AboutToSleep,
            (..=1, 5..) => Self::CannotLose,
            (_, 4..) => Self::AtRisk,
            (_, 2..) => Self::Hibernating,
            _ => Self::Lost,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Champions => "Champions",
            Self::Loyal => "Loyal",
            Self::Promising => "Promising",
            Self::New => "New",
            Self::NeedAttention => "Need attention",
            Self::AboutToSleep => "About to sleep",
            Self::CannotLose => "Cannot lose",
            Self::AtRisk => "At risk",
            Self::Hibernating => "Hibernating",
            Self::Lost => "Lost",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn rfm(recency: f64, frequency: f64, money: f64) -> Rfm {
        Rfm { recency, frequency, money }
    }

    #[test]
    fn every_pair_of_scores_has_a_group_and_every_group_a_pair() {
        let found: BTreeSet<Group> = (1..=5).flat_map(|r| (1..=5).map(move |worth| Group::of(r, worth))).collect();
        assert_eq!(found, Group::ALL.into());
        assert_eq!(found.iter().map(|group| group.name()).collect::<BTreeSet<_>>().len(), 10);
        for (recency, worth, group) in [
            (5, 5, Group::Champions),
            (4, 4, Group::Champions),
            (4, 3, Group::Promising),
            (5, 1, Group::New),
            (3, 4, Group::Loyal),
            (3, 3, Group::NeedAttention),
            (3, 1, Group::AboutToSleep),
            (1, 5, Group::CannotLose),
            (2, 5, Group::AtRisk),
            (1, 4, Group::AtRisk),
            (2, 2, Group::Hibernating),
            (1, 1, Group::Lost),
        ] {
            assert_eq!(Group::of(recency, worth), group, "{recency} {worth}");
        }
    }

    #[test]
    fn fifths_can_be_counted_by_hand() {
        let customers: Vec<Rfm> = (0..25).map(f64::from).map(|n| rfm(n, n, 100.0 - n)).collect();
        let model = RfmModel::fit(&customers).unwrap();
        assert_eq!(model.scores(&rfm(0.0, 0.0, 100.0)), [5, 1, 5]);
        assert_eq!(model.scores(&rfm(5.0, 5.0, 80.0)), [5, 1, 1]);
        assert_eq!(model.scores(&rfm(6.0, 6.0, 81.1)), [4, 2, 2]);
        assert_eq!(model.scores(&rfm(999.0, 999.0, 0.0)), [1, 5, 1]);
    }

    #[test]
    fn what_cannot_be_divided_is_refused() {
        assert!(matches!(RfmModel::fit(&[]), Err(ModelError::TooFewRows { n_rows_min: 25, .. })));
        let mut customers = vec![rfm(1.0, 1.0, 1.0); 25];
        assert_eq!(RfmModel::fit(&customers).unwrap().scores(&customers[0]), [5, 1, 1], "all alike");
        customers[3].money = f64::NAN;
        let error = RfmModel::fit(&customers).unwrap_err().to_string();
        let damaged = RfmModel { recency: [f64::NAN; 4], frequency: [1.0; 4], money: [1.0; 4] };
        assert!(RfmModel::from_bytes(&damaged.to_bytes().unwrap()).unwrap_err().to_string().contains("in order"));
        let turned = RfmModel { recency: [4.0, 3.0, 2.0, 1.0], ..RfmModel::fit(&[rfm(1.0, 1.0, 1.0); 25]).unwrap() };
        assert!(RfmModel::from_bytes(&turned.to_bytes().unwrap()).is_err());
        assert!(error.contains("the money of row") && error.contains('3'), "{error}");
    }

    proptest! {
        #[test]
        fn more_is_never_less(rows in proptest::collection::vec((0.0..400.0, 1.0..50.0, 0.0..900.0), 25..80), at in 0_usize..25) {
            let customers: Vec<Rfm> = rows.iter().map(|(r, f, m)| rfm(*r, *f, *m)).collect();
            let model = RfmModel::fit(&customers).unwrap();
            let one = customers[at];
            let [recency, frequency, money] = model.scores(&one);
            let better = model.scores(&rfm(one.recency / 2.0, one.frequency + 1.0, one.money + 1.0));
            prop_assert!(better[0] >= recency && better[1] >= frequency && better[2] >= money);
            prop_assert!([recency, frequency, money].iter().all(|score| (1..=5).contains(score)));
            let mut turned = customers.clone();
            turned.reverse();
            prop_assert_eq!(RfmModel::fit(&turned).unwrap(), model.clone());
            prop_assert_eq!(RfmModel::from_bytes(&model.to_bytes().unwrap()).unwrap(), model);
        }
    }
}
