//! What is an order learned from? What was chosen, as if every place had been looked at.

use super::SearchSettings;
use super::cases::Case;
use crate::body::OrderModel;
use crate::{LearningError, SearchLog};
use models::Frame;
use models::boost::{Binned, BoostModel, BoostSettings, Lesson, Monotone, Rows, XeNdcg};
use models::examination::{Examination, ShownAt};
use primitives::Seed;

/// Which numbers the trees may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// All of them.
    Everything,
    /// Those that say nothing of the customer.
    Impersonal,
}

/// What was chosen of what searches showed, and how much it counts.
pub(super) struct Lessons<'a, 'd> {
    pub(super) log: &'d SearchLog,
    cases: Vec<&'a Case<'d>>,
    /// What each item is worth, item by item: what was chosen far down stands for those who did not look so far.
    pub(super) gains: Vec<Vec<f64>>,
    /// How many searches each stands for.
    pub(super) weights: Vec<f64>,
}

/// Learns which places are looked at, from what was shown and chosen there.
pub(super) fn examine(
    log: &SearchLog,
    cases: &[Case<'_>],
    settings: &SearchSettings,
) -> Result<Examination, LearningError> {
    let mut shown = Vec::new();
    for case in cases {
        for (at, offered) in case.search.items.iter().enumerate() {
            if let Some(place) = offered.place {
                let n_followed = f64::from(u8::from(case.grades[at] > 0));
                let thing = case.thing(at, log);
                shown.push(ShownAt { thing, place: place as usize, n_shown: 1.0, n_followed });
            }
        }
    }
    settings.examination.fit(&shown).map_err(LearningError::model("learn which places are looked at"))
}

/// What a grade is worth: `2^grade - 1`.
fn gain(grade: u8) -> f64 {
    f64::from(grade).exp2() - 1.0
}

impl<'a, 'd> Lessons<'a, 'd> {
    /// Of the searches that something was chosen from.
    pub(super) fn of(log: &'d SearchLog, cases: &'a [Case<'d>], seen: &Examination, settings: &SearchSettings) -> Self {
        let cases: Vec<&Case<'_>> = cases.iter().filter(|case| case.is_followed()).collect();
        let (mut gains, mut weights) = (Vec::new(), Vec::new());
        for case in &cases {
            let weighted: Vec<f64> = case
                .grades
                .iter()
                .zip(&case.search.items)
                .map(|(grade, offered)| {
                    let weight = offered.place.map_or(1.0, |place| seen.weight(place as usize, settings.weight_max));
                    gain(*grade) * weight
                })
                .collect();
            let plain: f64 = case.grades.iter().map(|grade| gain(*grade)).sum();
            weights.push(weighted.iter().sum::<f64>() / plain);
            gains.push(weighted);
        }
        Self { log, cases, gains, weights }
    }

    pub(super) fn len(&self) -> usize {
        self.cases.len()
    }

    pub(super) fn cases(&self) -> &[&'a Case<'d>] {
        &self.cases
    }

    /// Grows trees.
    pub(super) fn grow(&self, boost: &BoostSettings, looks: Looks, seed: Seed) -> Result<BoostModel, LearningError> {
        let table = self.table(looks);
        let fitted = |error| LearningError::model("learn the order")(error);
        let binned = Binned::new(table.frame().map_err(fitted)?, &[], boost.n_bins).map_err(fitted)?;
        let monotone: Vec<Monotone> = self.log.numbers.iter().map(|number| rising(number.is_personal)).collect();
        let lesson = Lesson { monotone: &monotone, ..Lesson::new(table.rows(&binned)) };
        Ok(boost.learn(&lesson, &XeNdcg, seed).map_err(fitted)?.into_one())
    }

    /// The same as a model that names what it looks at.
    pub(super) fn model(&self, boost: &BoostSettings, seed: Seed) -> Result<OrderModel, LearningError> {
        let names = self.log.numbers.iter().map(|number| number.name.clone()).collect();
        Ok(OrderModel::new(self.grow(boost, Looks::Everything, seed)?, names))
    }

    /// The numbers of an item, as trees look at them.
    pub(super) fn looked_at<'n>(&'n self, numbers: &'n [f32], looks: Looks) -> impl Iterator<Item = f64> + 'n {
        let is_seen = move |is_personal: bool| looks == Looks::Everything || !is_personal;
        let each = numbers.iter().zip(&self.log.numbers);
        each.map(move |(value, number)| if is_seen(number.is_personal) { f64::from(*value) } else { 0.0 })
    }

    fn table(&self, looks: Looks) -> Table {
        let mut table = Table { width: self.log.numbers.len(), ..Table::default() };
        let mean = self.weights.iter().sum::<f64>() / self.len().max(1) as f64;
        for ((case, gains), weight) in self.cases.iter().zip(&self.gains).zip(&self.weights) {
            for (numbers, gain) in case.search.rows().zip(gains) {
                table.data.extend(self.looked_at(numbers, looks));
                // The objective makes `2^label - 1` of it again.
                table.labels.push(gain.ln_1p() / std::f64::consts::LN_2);
                table.weights.push(weight / mean);
            }
            table.groups.push(gains.len());
        }
        table
    }
}

/// What speaks for an item whoever asks never speaks against it: the rest depends on what is sold.
fn rising(is_personal: bool) -> Monotone {
    if is_personal { Monotone::Free } else { Monotone::Rising }
}

/// Searches as rows of numbers.
#[derive(Default)]
struct Table {
    width: usize,
    data: Vec<f64>,
    labels: Vec<f64>,
    weights: Vec<f64>,
    groups: Vec<usize>,
}

impl Table {
    fn frame(&self) -> Result<Frame<'_>, models::ModelError> {
        Frame::new(&self.data, self.labels.len(), self.width)
    }

    fn rows<'a>(&'a self, binned: &'a Binned) -> Rows<'a> {
        Rows { binned, labels: &self.labels, weights: Some(&self.weights), groups: Some(&self.groups) }
    }
}
