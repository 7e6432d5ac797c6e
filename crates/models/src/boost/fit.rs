//! What is asked of the booster: a yes or no, a number, or any objective?

use super::binned::Binned;
use super::lesson::{Lesson, OPERATION, Rows};
use super::objective::{Logistic, Objective, Squared};
use super::settings::BoostSettings;
use super::{BoostModel, Learned, train};
use crate::{Frame, ModelError, labels};
use primitives::Seed;

impl BoostSettings {
    /// Grows trees for a yes or no: [`Self::learn`] with [`Logistic`], for labels 0 and 1. `weights` are 1 where there
    /// are none.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for a label that is not
    /// 0 or 1 or a negative weight; [`ModelError::TooFewRows`]; [`ModelError::OneClass`].
    pub fn fit(
        &self,
        frame: Frame<'_>,
        labels: &[f64],
        weights: Option<&[f64]>,
        seed: Seed,
    ) -> Result<BoostModel, ModelError> {
        self.validate()?;
        let rows = labels::check_both(OPERATION, frame.n_rows(), labels, weights)?;
        self.one(frame, labels, &rows.weight, &Logistic, seed)
    }

    /// Grows trees for a number: [`Self::learn`] with [`Squared`]. Where all numbers are equal there are no trees.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for a number beyond
    /// 1e12 either way, or a negative weight; [`ModelError::TooFewRows`].
    ///
    /// ```
    /// use models::{Frame, boost::BoostSettings};
    /// let data: Vec<f64> = (0..40).map(f64::from).collect();
    /// let numbers: Vec<f64> = data.iter().map(|x| if *x < 20.0 { 3.0 } else { 8.0 }).collect();
    /// let model = BoostSettings::default().fit_number(Frame::new(&data, 40, 1)?, &numbers, None, primitives::Seed::new(1))?;
    /// assert!((model.score(&[5.0]) - 3.0).abs() < 0.1 && (model.score(&[35.0]) - 8.0).abs() < 0.1);
    /// # Ok::<(), models::ModelError>(())
    /// ```
    pub fn fit_number(
        &self,
        frame: Frame<'_>,
        numbers: &[f64],
        weights: Option<&[f64]>,
        seed: Seed,
    ) -> Result<BoostModel, ModelError> {
        self.validate()?;
        let weights = labels::check_numbers(OPERATION, frame.n_rows(), numbers, weights)?;
        self.one(frame, numbers, &weights, &Squared, seed)
    }

    /// Grows trees for any objective, from rows that are in bins already.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for a weight that is
    /// negative; [`ModelError::TooFewRows`]; [`ModelError::Fit`] for validation rows in other bins or a demand on a
    /// column of categories; and whatever [`Objective::prepare`] says of the labels.
    ///
    /// ```
    /// use models::{Frame, boost::{Binned, BoostSettings, Lesson, Rows, XeNdcg}};
    /// // Two queries of three rows each; the larger the feature, the better.
    /// let (data, grades) = ([1.0, 2.0, 3.0, 30.0, 10.0, 20.0], [0.0, 1.0, 2.0, 2.0, 0.0, 1.0]);
    /// let binned = Binned::new(Frame::new(&data, 6, 1)?, &[], 255)?;
    /// let rows = Rows { groups: Some(&[3, 3]), ..Rows::new(&binned, &grades) };
    /// let settings = BoostSettings { min_leaf_weight: 0.01, l2: 0.1, ..BoostSettings::default() };
    /// let model = settings.learn(&Lesson::new(rows), &XeNdcg, primitives::Seed::new(1))?.into_one();
    /// assert!(model.score(&[1.0]) < model.score(&[3.0]));
    /// # Ok::<(), models::ModelError>(())
    /// ```
    pub fn learn(&self, lesson: &Lesson<'_>, objective: &dyn Objective, seed: Seed) -> Result<Learned, ModelError> {
        self.validate()?;
        train::train(self, lesson, objective, seed)
    }

    /// Cuts the rows that count into bins, and learns from them.
    fn one(
        &self,
        frame: Frame<'_>,
        labels: &[f64],
        weights: &[f64],
        objective: &dyn Objective,
        seed: Seed,
    ) -> Result<BoostModel, ModelError> {
        let learn = |frame: Frame<'_>, labels: &[f64], weights: &[f64]| {
            let binned = Binned::new(frame, &[], self.n_bins)?;
            let rows = Rows { weights: Some(weights), ..Rows::new(&binned, labels) };
            Ok(train::train(self, &Lesson::new(rows), objective, seed)?.into_one())
        };
        if weights.iter().all(|weight| *weight > 0.0) {
            return learn(frame, labels, weights);
        }
        let kept: Vec<usize> = (0..frame.n_rows()).filter(|row| weights[*row] > 0.0).collect();
        let of_kept = |values: &[f64]| kept.iter().map(|row| values[*row]).collect::<Vec<f64>>();
        let data: Vec<f64> = kept.iter().flat_map(|row| frame.row(*row)).copied().collect();
        learn(Frame::new(&data, kept.len(), frame.n_features())?, &of_kept(labels), &of_kept(weights))
    }
}
