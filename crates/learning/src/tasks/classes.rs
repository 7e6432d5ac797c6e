//! How is a question of which learned and judged? One forest for each of the most frequent values, one for all others together
//! and one for nothing at all, each calibrated on customers it has not seen, and all brought to 1 in sum.

mod vocabulary;

use super::asked::{Asked, Folds, MORE, N_CURVE_BINS, N_EACH_MIN, Rows, first_values, importances, leaks};
use super::binary::BinarySettings;
use crate::body::{Body, ClassesModel, Part};
use crate::contest::{Contest, Paired};
use crate::evaluation::{Evaluation, Numbers, curve, mean, paired_gain};
use crate::need::Need;
use crate::outcome::{OnDataset, Outcome};
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout, as_json, from_json};
use crate::{LearningError, Loaded};
use features::{FeatureId, Inputs, Trace, Watch};
use models::ModelError;
use models::boost::BoostSettings;
use models::metrics::auc;
use primitives::{Seed, Timestamp};
use rayon::prelude::*;
use std::collections::BTreeMap;
use vocabulary::{N_ROWS_MIN, Vocabulary, place};

/// So many rows at everybody's shares stand beside those of customers whose last value was the same.
const PRIOR_ROWS: f64 = 10.0;

/// Learns which value comes first.
#[derive(Debug, Clone)]
pub struct Classes {
    asked: Asked,
}

/// Few leaves: of most classes there are few rows, and each class costs as much as a question of its own.
fn settings() -> BinarySettings {
    let of_yes_or_no = BinarySettings::default();
    let boost = BoostSettings { max_leaves: 4, min_leaf_weight: 3.0, ..of_yes_or_no.boost };
    BinarySettings { boost, ..of_yes_or_no }
}

impl Classes {
    /// The task of foretelling which value of an outcome comes first.
    #[must_use]
    pub fn new(outcome: Outcome) -> Self {
        Self { asked: Asked::new(outcome) }
    }

    /// Rows whose label is the place of what came among the classes, all other values and nothing.
    fn rows(&self, data: &Data<'_>, inputs: &Inputs, as_ofs: &[Timestamp], names: &[String]) -> Rows {
        let label = |asked: &OnDataset<'_>, trace: &Trace, as_of| number(place(names, asked.first_value(trace, as_of)));
        Rows::of(data, &self.asked.outcome, inputs, as_ofs, label)
    }

    /// The place of what came last before, row by row.
    fn before(&self, data: &Data<'_>, as_ofs: &[Timestamp], names: &[String]) -> Vec<usize> {
        let label = |asked: &OnDataset<'_>, trace: &Trace, as_of| number(place(names, asked.last_value(trace, as_of)));
        places(&Rows::of(data, &self.asked.outcome, &Inputs::default(), as_ofs, label))
    }

    fn vocabulary(&self, data: &Data<'_>, as_ofs: &[Timestamp]) -> Vocabulary {
        Vocabulary::of(first_values(data, &self.asked.outcome, as_ofs))
    }

    fn grow(
        &self,
        rows: &Rows,
        vocabulary: &Vocabulary,
        features: &[FeatureId],
        settings: &BinarySettings,
        seed: Seed,
    ) -> Result<ClassesModel, LearningError> {
        let n_parts = vocabulary.n_parts();
        let n_each = count(&places(rows), n_parts);
        let folds = Folds::of(rows, self.asked.name(), settings.calibration_days);
        let part = |part: usize| {
            let (n, of) = (n_each[part], rows.len());
            // One more than there were, so that nothing is impossible.
            let share = (float(n) + 1.0) / (float(of) + float(n_parts));
            if n < N_ROWS_MIN || of - n < N_ROWS_MIN {
                return Ok(Part { share, trees: None });
            }
            match settings.grow(rows, &folds, features, seed, |label| is(label, part)) {
                Ok(trees) => Ok(Part { share, trees: Some(trees) }),
                // However many rows, they may be of so few customers that those of one fold have all of them.
                Err(LearningError::Model { source: ModelError::OneClass { .. }, .. }) => {
                    Ok(Part { share, trees: None })
                }
                Err(error) => Err(error),
            }
        };
        let parts = (0..n_parts).map(part).collect::<Result<Vec<Part>, LearningError>>()?;
        Ok(ClassesModel::new(vocabulary.names.clone(), parts))
    }

    /// What the shares of all, and of those whose last value was the same, say of each row of the test.
    fn simple(
        &self,
        data: &Data<'_>,
        split: &Split,
        train: &Rows,
        names: &[String],
        shares: &[f64],
    ) -> [(&'static str, Vec<Vec<f64>>); 2] {
        let n_parts = shares.len();
        let mut after = vec![vec![0.0; n_parts]; n_parts];
        for (last, came) in self.before(data, &split.train_as_ofs, names).into_iter().zip(places(train)) {
            after[last][came] += 1.0;
        }
        for counts in &mut after {
            let n: f64 = counts.iter().sum();
            counts.iter_mut().zip(shares).for_each(|(n_came, share)| {
                *n_came = (*n_came + PRIOR_ROWS * share) / (n + PRIOR_ROWS);
            });
        }
        let last = self.before(data, &[split.test_from], names);
        let recency = last.iter().map(|last| after[*last].clone()).collect();
        [("popularity", vec![shares.to_vec(); last.len()]), ("recency", recency)]
    }

    /// Challenger and champion told apart the classes that both know: what only one of them knows is among the others.
    fn contested(
        &self,
        data: &Data<'_>,
        split: &Split,
        ours: (&[String], &[Vec<f64>]),
        champion: &ClassesModel,
        inputs: &Inputs,
    ) -> Result<(u64, Paired), LearningError> {
        let rows = self.rows(data, inputs, &[split.test_from], champion.names());
        let theirs = (champion.names(), foretold(champion, &rows)?);
        let common: Vec<String> = ours.0.iter().filter(|name| champion.names().contains(name)).cloned().collect();
        let came = places(&self.rows(data, &Inputs::default(), &[split.test_from], &common));
        let (ours, theirs) = (collapsed(ours.0, ours.1, &common), collapsed(theirs.0, &theirs.1, &common));
        let (of_ours, of_theirs) = (losses(&ours, &came), losses(&theirs, &came));
        let saved: Vec<f64> = of_theirs.iter().zip(&of_ours).map(|(theirs, ours)| theirs - ours).collect();
        let gain = paired_gain(&saved, data.seed, &format!("{} against the champion", self.asked.name()));
        let score = Paired { challenger: mean(of_ours), champion: mean(of_theirs), gain };
        Ok((came.len() as u64, score))
    }
}

/// What must be told apart: two classes, or one and all other values.
fn of_classes(vocabulary: &Vocabulary) -> Need {
    let n_told = vocabulary.names.len() + usize::from(vocabulary.n_other >= N_ROWS_MIN);
    let what = format!("different values that came {N_ROWS_MIN} times or more in the windows to learn from");
    Need::new(what, 2, n_told.min(2) as u64, MORE)
}

fn float(n: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
    let n = n as f64;
    n
}

/// A place as a label, and back.
fn number(place: usize) -> f64 {
    float(place)
}

fn places(rows: &Rows) -> Vec<usize> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place among few parts")]
    let place = |label: &f64| *label as usize;
    rows.labels.iter().map(place).collect()
}

/// 1 where a label is that part.
fn is(label: f64, part: usize) -> f64 {
    f64::from(u8::from((label - float(part)).abs() < 0.5))
}

fn count(places: &[usize], n_parts: usize) -> Vec<usize> {
    let mut n_each = vec![0; n_parts];
    places.iter().for_each(|place| n_each[*place] += 1);
    n_each
}

fn foretold(model: &ClassesModel, rows: &Rows) -> Result<Vec<Vec<f64>>, LearningError> {
    (0..rows.len()).into_par_iter().with_min_len(64).map(|row| model.probabilities(rows.row(row))).collect()
}

/// What of a customer's answer was said of the part that came, as a loss. No part is impossible.
fn losses(foretold: &[Vec<f64>], came: &[usize]) -> Vec<f64> {
    foretold.iter().zip(came).map(|(said, came)| -said[*came].max(f64::MIN_POSITIVE).ln()).collect()
}

/// Probabilities over the common classes, with those of all others together.
fn collapsed(names: &[String], foretold: &[Vec<f64>], common: &[String]) -> Vec<Vec<f64>> {
    let one = |said: &Vec<f64>| {
        let mut parts = vec![0.0; common.len() + 2];
        for (part, p) in said.iter().enumerate() {
            let at = match names.get(part) {
                Some(name) => common.iter().position(|known| known == name).unwrap_or(common.len()),
                None => common.len() + part - names.len(),
            };
            parts[at] += p;
        }
        parts
    };
    foretold.iter().map(one).collect()
}

/// The place of the likeliest value, nothing left aside.
fn likeliest(said: &[f64]) -> usize {
    let values = &said[..said.len().saturating_sub(1)];
    (0..values.len()).max_by(|a, b| values[*a].total_cmp(&values[*b]).then(b.cmp(a))).unwrap_or(0)
}

/// What can be said of foretold parts; a number that cannot be computed is left out.
fn summary(foretold: &[Vec<f64>], came: &[usize]) -> Numbers {
    let n_values = foretold.first().map_or(0, |said| said.len().saturating_sub(1));
    let hits = foretold.iter().zip(came).filter(|(_, came)| **came < n_values);
    let hits: Vec<f64> = hits.map(|(said, came)| f64::from(u8::from(likeliest(said) == *came))).collect();
    let one_against_rest = |part: usize| {
        let labels: Vec<f64> = came.iter().map(|came| f64::from(u8::from(*came == part))).collect();
        let said: Vec<f64> = foretold.iter().map(|said| said[part]).collect();
        auc(&said, &labels, None).ok()
    };
    let aucs: Vec<f64> = (0..n_values).into_par_iter().filter_map(one_against_rest).collect();
    let mut numbers = Numbers::from([("log_loss".to_owned(), mean(losses(foretold, came)))]);
    for (name, values) in [("accuracy", hits), ("auc", aucs)] {
        if !values.is_empty() {
            numbers.insert(name.to_owned(), mean(values));
        }
    }
    numbers
}

impl Task for Classes {
    fn about(&self) -> &TaskAbout {
        &self.asked.about
    }

    fn watches(&self) -> Vec<Watch> {
        self.asked.outcome.watches()
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        let (split, window) = (self.split(data), self.asked.outcome.window_days);
        let mut needs = self.asked.needs(data, split.as_ref());
        needs.extend(self.asked.value_needs(data, "a text, a number, true or false"));
        let values = |as_ofs: &[Timestamp]| first_values(data, &self.asked.outcome, as_ofs);
        let n = split.as_ref().map_or(0, |split| values(&[split.test_from]).len());
        let learned = split.as_ref().map(|split| Vocabulary::of(values(&split.train_as_ofs))).unwrap_or_default();
        needs.push(Need::of_customers(
            format!("customers of whom one came in the last {window} days"),
            N_EACH_MIN,
            n as u64,
            MORE,
        ));
        needs.push(of_classes(&learned));
        needs
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        self.asked.split(data)
    }

    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        let settings = settings();
        let (features, inputs) = self.asked.inputs(data);
        let vocabulary = self.vocabulary(data, &split.train_as_ofs);
        let names = &vocabulary.names;
        let train = self.rows(data, &inputs, &split.train_as_ofs, names);
        let test = self.rows(data, &inputs, &[split.test_from], names);
        let model = self.grow(&train, &vocabulary, &features, &settings, data.seed)?;
        let (ours, came) = (foretold(&model, &test)?, places(&test));
        let (mut baselines, mut gains) = (BTreeMap::new(), BTreeMap::new());
        let of_ours = losses(&ours, &came);
        for (baseline, said) in self.simple(data, split, &train, names, &model.shares()) {
            baselines.insert(baseline.to_owned(), summary(&said, &came));
            let saved: Vec<f64> =
                losses(&said, &came).iter().zip(&of_ours).map(|(theirs, ours)| theirs - ours).collect();
            let label = format!("evaluate {} against {baseline}", self.asked.name());
            gains.insert(baseline.to_owned(), paired_gain(&saved, data.seed, &label));
        }
        let is_it = |(said, came): (&Vec<f64>, &usize)| f64::from(u8::from(likeliest(said) == *came));
        let top: Vec<f64> = ours.iter().map(|said| said[likeliest(said)]).collect();
        let hit: Vec<f64> = ours.iter().zip(&came).map(is_it).collect();
        let each: Vec<Vec<f64>> =
            (0..names.len()).map(|part| test.labels.iter().map(|label| is(*label, part)).collect()).collect();
        let mut warnings = leaks(&test, &each, &features, data);
        warnings.extend(vocabulary.doubt());
        let evaluation = Evaluation {
            split: split.clone(),
            n_train: train.len() as u64,
            n_test: test.len() as u64,
            counts: BTreeMap::from([("n_classes".to_owned(), names.len() as u64)]),
            base_rate: None,
            decides: "log_loss".to_owned(),
            bounds: Numbers::new(),
            metrics: summary(&ours, &came),
            baselines,
            baseline_titles: BTreeMap::from([("recency".to_owned(), "what came last".to_owned())]),
            gains,
            to_beat: None,
            protocols: BTreeMap::new(),
            calibration: curve(&top, &hit, N_CURVE_BINS),
            warnings,
        };
        let judge = |loaded: &Loaded| {
            let Body::Classes(champion) = &loaded.body else {
                return Err(LearningError::File { reason: "a model of classes was expected".to_owned() });
            };
            let inputs = data.catalogue.inputs(&loaded.header.features)?;
            let (n, score) = self.contested(data, split, (names, &ours), champion, &inputs)?;
            Ok((n, score, None))
        };
        let contest = Contest::of(reigning, judge, "log_loss", split)?;
        Ok(Judged { settings: as_json(&settings)?, evaluation, contest })
    }

    fn fit(&self, data: &Data<'_>, split: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        let settings: BinarySettings = from_json(settings)?;
        let (features, inputs) = self.asked.inputs(data);
        let as_ofs = self.asked.as_ofs(data, split);
        let vocabulary = self.vocabulary(data, &as_ofs);
        // It is learned from other moments than what was judged, where there may be no classes any more.
        let classes = of_classes(&vocabulary);
        if !classes.met {
            return Err(LearningError::NotReady { task: self.asked.about.name.clone(), missing: vec![classes] });
        }
        let rows = self.rows(data, &inputs, &as_ofs, &vocabulary.names);
        let model = self.grow(&rows, &vocabulary, &features, &settings, data.seed)?;
        Ok(Fitted {
            n_rows: rows.len() as u64,
            n_customers: rows.n_customers() as u64,
            newest_row: None,
            importances: importances(&model.forests(), &rows, &features),
            method: format!(
                "Gradient boosting, {} trees for each of {} values, isotonic calibration on customers held out",
                settings.boost.n_trees,
                vocabulary.names.len()
            ),
            body: Body::Classes(model),
            features,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::CustomerId;

    #[test]
    fn numbers_of_choices_can_be_checked_by_hand() {
        let said = vec![vec![0.5, 0.2, 0.1, 0.2], vec![0.1, 0.6, 0.1, 0.2], vec![0.2, 0.2, 0.1, 0.5]];
        let numbers = summary(&said, &[0, 0, 3]);
        let loss = -(0.5_f64.ln() + 0.1_f64.ln() + 0.5_f64.ln()) / 3.0;
        assert!((numbers["log_loss"] - loss).abs() < 1e-12, "{numbers:?}");
        assert!((numbers["accuracy"] - 0.5).abs() < 1e-12, "of whom nothing came it is not asked: {numbers:?}");
        // Of the first class: 0.5 and 0.1 came, 0.2 did not; of the others nothing came, and nothing is said.
        assert!((numbers["auc"] - 0.5).abs() < 1e-12, "{numbers:?}");
        assert_eq!([likeliest(&[0.4, 0.4, 0.1, 0.9]), likeliest(&[0.1, 0.2, 0.3, 0.4])], [0, 2], "nothing is no value");
    }

    #[test]
    fn classes_that_only_one_model_knows_are_among_the_others() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let said = collapsed(&names(&["a", "b", "c"]), &[vec![0.1, 0.2, 0.3, 0.1, 0.3]], &names(&["c", "a"]));
        let expected = [0.3, 0.1, 0.3, 0.3];
        assert!(said[0].iter().zip(expected).all(|(said, expected)| (said - expected).abs() < 1e-12), "{said:?}");
    }

    #[test]
    fn a_class_of_which_one_fold_of_customers_has_all_gets_its_share() {
        let table = serde_json::json!({
            "name": "plans", "question": "Which plan?", "among": "everyone", "within_days": 7,
            "label": { "which": { "event": "Plan Changed", "of": "properties.to" } },
        });
        let classes = Classes::new(Outcome::from_table(table.as_object().unwrap()).unwrap());
        let vocabulary = Vocabulary { names: vec!["a".to_owned(), "b".to_owned()], ..Vocabulary::default() };
        let fold_of = |customer: &CustomerId| crate::tasks::asked::fold_of("plans", customer);
        let customers = || (0..10_500).map(|n| CustomerId::from(format!("c{n}").as_str()));
        let of_others: Vec<CustomerId> = customers().filter(|id| fold_of(id) == 2).take(3).collect();
        // Two weeks of everybody, more than 20,000 rows: few came to other values, and often.
        let week = |week: i64| Timestamp::MIN.plus_days(7 * week);
        let everybody = customers().enumerate().flat_map(|(n, id)| [0, 1].map(|at| (id.clone(), week(at), n % 3)));
        let everybody =
            everybody.map(|(id, at, place)| (id, at, number(place), number(if place == 2 { 3 } else { place })));
        let others = (0..8).flat_map(|at| of_others.iter().map(move |id| (id.clone(), week(at % 2), 9.0, number(2))));
        let rows = Rows::made(everybody.chain(others));
        let features = [FeatureId { name: "n_orders".into(), version: 1 }];
        let quick = BinarySettings { boost: BoostSettings { n_trees: 3, ..settings().boost }, ..settings() };
        let model = classes.grow(&rows, &vocabulary, &features, &quick, Seed::new(1)).unwrap();
        assert_eq!(model.forests().len(), 3, "a, b and nothing");
        let said = model.probabilities(&[9.0]).unwrap();
        assert!(said[2] > 0.0 && said[2] < 0.05, "{said:?}");
    }
}
