//! What does a plain network say of a row of features?

use super::activation::Activation;
use super::adam::Adam;
use super::batches::Batches;
use super::loss::{logistic, squared};
use super::matrix::Matrix;
use super::network::{Layer, Network};
use crate::settings::settings;
use crate::{Frame, ModelError, bytes, labels};
use primitives::Seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

const OPERATION: &str = "fit the network";
const MODEL: &str = "network";
const VERSION: u8 = 1;

/// Every so many-th row is not learned from but says when to stop; with fewer rows than [`N_HELD_OUT_MIN`] held out, none is.
const HELD_OUT_EVERY: usize = 7;
const N_HELD_OUT_MIN: usize = 10;

settings! {
    /// A multilayer perceptron: dense layers with GELU on standardised features.
    ///
    /// ```text
    /// x[j]  = (feature[j] - mean[j]) / sd[j]; 0 where it is not known, with a column of its own that says so
    /// h     = GELU(x · W1 + b1), …          score = h · W + b: log-odds, or (number - mean) / sd
    /// ```
    /// *Guarantees*: the same data and seed give the same bits, in any order of rows, on any number of threads; a weight of 2 is two
    /// rows; a constant column is not there. *Cost*: `n_epochs` times the rows times the weights.
    /// *Source*: Rumelhart et al. 1986, doi:10.1038/323533a0; stopped early as in Prechelt 1998, doi:10.1007/3-540-49430-8_3.
    MlpSettings {
        /// Numbers in each hidden layer.
        n_hidden: usize = 32 in 1..=1_024, larger: "bends finer and learns slower";
        /// Hidden layers.
        n_layers: usize = 2 in 0..=6, larger: "combines more features with each other; 0 is a line";
        /// The share of hidden numbers that is dropped while learning.
        dropout: f64 = 0.0 in 0.0..=0.9, larger: "relies less on single features";
        /// How far a step goes.
        learning_rate: f64 = 0.01 in 0.000_001..=1.0, larger: "learns faster and less exactly";
        /// How much of each weight goes with each unit of step.
        weight_decay: f64 = 0.001 in 0.0..=10.0, larger: "keeps to smaller weights";
        /// Rows in a step.
        batch_size: usize = 64 in 1..=65_536, larger: "takes fewer and steadier steps";
        /// Times around all rows, at most.
        n_epochs: usize = 60 in 1..=10_000, larger: "learns longer";
        /// Times around without a better loss on the rows held out, after which it ends.
        patience: usize = 10 in 1..=10_000, larger: "waits longer for a better one";
    }
}

/// A fitted perceptron.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mlp {
    n_features: usize,
    columns: Vec<Column>,
    network: Network,
    /// The score is `shift + scale · output`.
    shift: f64,
    scale: f64,
}

/// What is done to a feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Column {
    feature: usize,
    mean: f64,
    sd: f64,
    /// Whether it was missing in some rows, so that a column says so.
    has_gaps: bool,
}

/// What is wanted of the output.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    Yes,
    Number,
}

impl MlpSettings {
    /// Learns how likely a label of 1 is. `weights` are 1 where there are none.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for a label that is neither 0 nor 1
    /// or a negative weight; [`ModelError::TooFewRows`]; [`ModelError::OneClass`]; [`ModelError::Fit`] where the steps were too large.
    pub fn fit(
        &self,
        frame: Frame<'_>,
        labels: &[f64],
        weights: Option<&[f64]>,
        seed: Seed,
    ) -> Result<Mlp, ModelError> {
        self.validate()?;
        let rows = labels::check_both(OPERATION, frame.n_rows(), labels, weights)?;
        self.learn(&Rows::of(frame, labels, &rows.weight), frame.n_features(), Wanted::Yes, seed)
    }

    /// Learns a number; otherwise as [`Self::fit`]. Where all numbers are equal, that is the answer.
    ///
    /// # Errors
    /// As [`Self::fit`], and [`ModelError::Value`] for a number beyond 1e12 either way.
    pub fn fit_number(
        &self,
        frame: Frame<'_>,
        numbers: &[f64],
        weights: Option<&[f64]>,
        seed: Seed,
    ) -> Result<Mlp, ModelError> {
        self.validate()?;
        let weights = labels::check_numbers(OPERATION, frame.n_rows(), numbers, weights)?;
        self.learn(&Rows::of(frame, numbers, &weights), frame.n_features(), Wanted::Number, seed)
    }

    fn learn(&self, rows: &Rows<'_>, n_features: usize, wanted: Wanted, seed: Seed) -> Result<Mlp, ModelError> {
        let columns: Vec<Column> = (0..n_features).filter_map(|feature| rows.column(feature)).collect();
        let (shift, scale) = match wanted {
            Wanted::Yes => (0.0, 1.0),
            Wanted::Number => rows.mean_and_sd(|row| Some(row.label)).unwrap_or((0.0, 0.0)),
        };
        let n_inputs = columns.iter().map(|column| 1 + usize::from(column.has_gaps)).sum();
        let network = self.network(n_inputs, seed);
        let mut model = Mlp { n_features, columns, network, shift, scale };
        let (held_out, learned) = rows.parted();
        let (learned, held_out) = (model.table(&learned), model.table(&held_out));
        let mut adam = Adam::new(single(self.learning_rate)).with_decay(single(self.weight_decay));
        let mut batches = Batches::new(learned.weights.len(), self.batch_size, seed);
        let mut chance = seed.stream("dropout", 0);
        let (mut best, mut n_since) = ((f64::INFINITY, model.network.clone()), 0);
        for _ in 0..self.n_epochs {
            for batch in batches.epoch() {
                let part = learned.select(batch);
                let pass = model.network.forward(part.inputs.clone(), &mut chance);
                let (_, slope) = part.loss(wanted, pass.output());
                let gradients = model.network.backward(&pass, slope).parameters;
                adam.step(model.network.parameters(), &gradients);
            }
            // Where none is held out, the last one is the best one.
            let loss = if held_out.weights.is_empty() {
                0.0
            } else {
                held_out.loss(wanted, &model.network.answer(&held_out.inputs)).0
            };
            n_since += 1;
            if loss < best.0 || held_out.weights.is_empty() {
                (best, n_since) = ((loss, model.network.clone()), 0);
            }
            if n_since >= self.patience {
                break;
            }
        }
        model.network = best.1;
        if best.0.is_finite() && model.network.n_outputs_if_sound(n_inputs) == Some(1) {
            return Ok(model);
        }
        let reason = format!("the loss grew beyond all numbers: choose a learning_rate below {}", self.learning_rate);
        Err(ModelError::Fit { operation: OPERATION, reason })
    }

    fn network(&self, n_inputs: usize, seed: Seed) -> Network {
        let (mut chance, mut layers, mut n) = (seed.stream("layers", 0), Vec::new(), n_inputs);
        for _ in 0..self.n_layers {
            layers.push(Layer::dense(n, self.n_hidden, Activation::Gelu, &mut chance));
            n = self.n_hidden;
            if self.dropout > 0.0 {
                layers.push(Layer::Dropout(single(self.dropout)));
            }
        }
        layers.push(Layer::dense(n, 1, Activation::Identity, &mut chance));
        Network::new(layers)
    }
}

impl Mlp {
    /// The log-odds of a yes, or the number. A feature that is not known is NaN; those beyond the row's end are not known.
    #[must_use]
    pub fn score(&self, row: &[f64]) -> f64 {
        let inputs = self.inputs(row);
        let output = self.network.answer(&Matrix::from_rows(1, &inputs));
        self.shift + self.scale * f64::from(output.values().first().copied().unwrap_or(0.0))
    }

    /// The same for every row of a table.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the rows are of another length than those that were learned from.
    pub fn score_all(&self, frame: Frame<'_>) -> Result<Vec<f64>, ModelError> {
        labels::check_length("ask the network", "a row", self.n_features, frame.n_features())?;
        Ok((0..frame.n_rows()).into_par_iter().map(|row| self.score(frame.row(row))).collect())
    }

    /// It as bytes: a version byte, then postcard.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(MODEL, VERSION, self)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the bytes are of another version or do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let read: Self = bytes::decode(MODEL, VERSION, bytes)?;
        let n_inputs = read.columns.iter().map(|column| 1 + usize::from(column.has_gaps)).sum();
        let sound_column = |column: &Column| {
            column.feature < read.n_features && column.mean.is_finite() && column.sd.is_finite() && column.sd > 0.0
        };
        let fits = read.network.n_outputs_if_sound(n_inputs) == Some(1)
            && read.columns.iter().all(sound_column)
            && read.shift.is_finite()
            && read.scale.is_finite();
        let corrupt = || ModelError::Corrupt { model: MODEL, reason: "its layers do not fit together".to_owned() };
        if fits { Ok(read) } else { Err(corrupt()) }
    }

    fn inputs(&self, row: &[f64]) -> Vec<f32> {
        let mut inputs = Vec::with_capacity(2 * self.columns.len());
        for column in &self.columns {
            let value = row.get(column.feature).copied().unwrap_or(f64::NAN);
            let known = !value.is_nan();
            inputs.push(if known { single((value - column.mean) / column.sd) } else { 0.0 });
            if column.has_gaps {
                inputs.push(f32::from(!known));
            }
        }
        inputs
    }

    /// Rows as they are learned from.
    fn table(&self, rows: &[&Row<'_>]) -> Table {
        let scale = if self.scale > 0.0 { self.scale } else { 1.0 };
        let inputs: Vec<f32> = rows.iter().flat_map(|row| self.inputs(row.features)).collect();
        let targets: Vec<f32> = rows.iter().map(|row| single((row.label - self.shift) / scale)).collect();
        Table {
            inputs: if rows.is_empty() { Matrix::zeros(0, 0) } else { Matrix::from_rows(rows.len(), &inputs) },
            targets: Matrix::from_rows(rows.len(), &targets),
            weights: rows.iter().map(|row| single(row.weight)).collect(),
        }
    }
}

struct Table {
    inputs: Matrix,
    targets: Matrix,
    weights: Vec<f32>,
}

impl Table {
    fn select(&self, rows: &[usize]) -> Self {
        let pick = |matrix: &Matrix| matrix.select(rows.iter().copied());
        let weights = rows.iter().map(|row| self.weights[*row]).collect();
        Self { inputs: pick(&self.inputs), targets: pick(&self.targets), weights }
    }

    fn loss(&self, wanted: Wanted, output: &Matrix) -> (f64, Matrix) {
        let loss = match wanted {
            Wanted::Yes => logistic,
            Wanted::Number => squared,
        };
        loss(output, &self.targets, Some(&self.weights))
    }
}

/// What is learned from: in an order of its own, equal rows as one, so that neither the order nor the form of what was given shows.
struct Rows<'a>(Vec<Row<'a>>);

struct Row<'a> {
    features: &'a [f64],
    label: f64,
    weight: f64,
}

impl<'a> Rows<'a> {
    fn of(frame: Frame<'a>, labels: &[f64], weights: &[f64]) -> Self {
        let row = |at: usize| Row { features: frame.row(at), label: labels[at], weight: weights[at] };
        let mut rows: Vec<Row<'_>> = (0..frame.n_rows()).map(row).filter(|row| row.weight > 0.0).collect();
        let order = |a: &Row<'_>, b: &Row<'_>| {
            let features = a.features.iter().zip(b.features).map(|(a, b)| a.total_cmp(b));
            features.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then).then(a.label.total_cmp(&b.label))
        };
        rows.sort_by(|a, b| order(a, b).then(a.weight.total_cmp(&b.weight)));
        rows.dedup_by(|again, first| {
            let same = order(again, first).is_eq();
            first.weight += if same { again.weight } else { 0.0 };
            same
        });
        Self(rows)
    }

    /// The rows that say when to stop, and those that are learned from.
    fn parted(&self) -> (Vec<&Row<'a>>, Vec<&Row<'a>>) {
        let is_held_out = |at: usize| at % HELD_OUT_EVERY == HELD_OUT_EVERY - 1;
        if self.0.len() < N_HELD_OUT_MIN * HELD_OUT_EVERY {
            return (Vec::new(), self.0.iter().collect());
        }
        let of = |held_out: bool| {
            let rows = self.0.iter().enumerate().filter(move |(at, _)| is_held_out(*at) == held_out);
            rows.map(|(_, row)| row).collect()
        };
        (of(true), of(false))
    }

    /// A feature, standardised; `None` where it is always the same or never known.
    fn column(&self, feature: usize) -> Option<Column> {
        let known = |row: &Row<'_>| Some(row.features[feature]).filter(|value| !value.is_nan());
        let has_gaps = self.0.iter().any(|row| known(row).is_none());
        let (mean, sd) = self.mean_and_sd(known)?;
        match (sd > 0.0, has_gaps) {
            (true, _) => Some(Column { feature, mean, sd, has_gaps }),
            // Always the same where it is known: only whether it is says something.
            (false, true) => Some(Column { feature, mean, sd: 1.0, has_gaps }),
            (false, false) => None,
        }
    }

    /// Weighted mean and standard deviation; `None` without a value.
    fn mean_and_sd(&self, value: impl Fn(&Row<'_>) -> Option<f64>) -> Option<(f64, f64)> {
        let found = || self.0.iter().filter_map(|row| Some((value(row)?, row.weight)));
        let weight: f64 = found().map(|(_, weight)| weight).sum();
        if weight <= 0.0 {
            return None;
        }
        let mean = found().map(|(value, weight)| weight * value).sum::<f64>() / weight;
        let variance = found().map(|(value, weight)| weight * (value - mean).powi(2)).sum::<f64>() / weight;
        // What rounding leaves of a constant is no spread.
        let sd = variance.sqrt();
        Some((mean, if sd > 1e-9 * mean.abs() { sd } else { 0.0 }))
    }
}

fn single(value: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
    let single = value as f32;
    single
}
