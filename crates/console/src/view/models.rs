//! What has been learned, how good is it, and what is still missing to learn more?

use super::{Advantage, Frame, Section, filters, page};
use crate::chart::{self, CalibrationPoint, Html, Tone};
use crate::{Icon, format};
use primitives::Timestamp;

/// Models, `/models`. `POST /models/{task}/train` trains; `POST /models/{task}/champion` with `version` rolls back.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "models.html")]
pub struct ModelsPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The tasks, in the order they are shown.
    pub tasks: Vec<Task>,
}
page!(ModelsPage, Some(Section::Models));

/// One thing to be learned.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its name in addresses: `recommend`.
    pub key: String,
    /// Its name for people: `Recommendations`.
    pub title: String,
    /// The question it answers.
    pub question: String,
    /// How far the training is that runs right now.
    pub training: Option<String>,
    /// For what it waits that may never come in such a company.
    pub waits: Option<String>,
    /// Whether the model that is to answer cannot.
    pub is_faulty: bool,
    /// Why the model cannot be used, or what went wrong in the last training.
    pub problem: Option<String>,
    /// The model that answers.
    pub champion: Option<Champion>,
    /// What training needs, and what there is of it.
    pub needs: Vec<Need>,
    /// The newest versions, newest first, and the model that answers.
    pub versions: Vec<Version>,
    /// How many older ones there are.
    pub n_older: u64,
}

/// The model that answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Champion {
    /// Its version.
    pub version: String,
    /// How it works: `Gradient boosting, 120 trees, isotonic calibration`.
    pub method: String,
    /// When it was trained.
    pub trained_at: Timestamp,
    /// The first moment of the data.
    pub data_from: Timestamp,
    /// The last moment of the data.
    pub data_to: Timestamp,
    /// Days on which nothing was to be learned, in words.
    pub gaps: Vec<String>,
    /// Why it answers, in a sentence.
    pub verdict: String,
    /// That customers who were learned from have refused since, and by when it is trained again.
    pub refused: Option<String>,
    /// How much it was fitted on.
    pub n_train: u64,
    /// What that is: `purchases`.
    pub rows: String,
    /// Customers it was evaluated on, later in time.
    pub n_test: u64,
    /// The evaluation, the main metric first.
    pub metrics: Vec<Metric>,
    /// What a person should look at before believing the numbers.
    pub warnings: Vec<String>,
    /// Predicted against observed; empty where the model gives no probability.
    pub calibration: Vec<CalibrationPoint>,
    /// What it looks at most: (feature in words, share of the whole), largest first.
    pub importances: Vec<(String, f64)>,
}

/// One metric of a model and of what it is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name: `NDCG@10`.
    pub name: String,
    /// What it means, in words.
    pub meaning: String,
    /// Where it should lie: `higher is better`.
    pub better: String,
    /// The model's value.
    pub value: f64,
    /// The baselines' values, by name; none where a baseline has no such metric.
    pub baselines: Vec<(String, Option<f64>)>,
    /// The best of them, and by how much the model is better; none where it is not known how sure that is.
    pub advantage: Option<(String, Advantage)>,
}

/// Something that training needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// What: `Customers with two orders or more`.
    pub what: String,
    /// How much there is; of customers 1 stands for any number that is not told.
    pub have: u64,
    /// The same as it is shown: `1,204`, or `fewer than 5`.
    pub told: String,
    /// How much is needed.
    pub need: u64,
    /// How to get it, in a sentence.
    pub how: String,
}

/// One trained version.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The version.
    pub version: String,
    /// When it was trained.
    pub trained_at: Timestamp,
    /// The main metric's name.
    pub metric: String,
    /// The main metric's value.
    pub value: f64,
    /// Whether it answers.
    pub champion: bool,
    /// How it compared with the model of its time, in a sentence.
    pub verdict: String,
    /// How many customers who were learned from have refused or were erased since, in words.
    pub gone: Option<String>,
}

impl Metric {
    pub(super) fn bar(&self, value: &f64, own: bool) -> Html {
        let values = self.baselines.iter().filter_map(|(_, value)| *value).chain([self.value]);
        let top = values.filter(|value| value.is_finite()).fold(f64::MIN_POSITIVE, f64::max);
        chart::meter(value / top, if own { Tone::Accent } else { Tone::Quiet }, "")
    }
}

impl Need {
    pub(super) fn is_met(&self) -> bool {
        self.have >= self.need
    }

    pub(super) fn bar(&self) -> Html {
        let share = format::float(self.have) / format::float(self.need.max(1));
        chart::meter(share, if self.is_met() { Tone::Good } else { Tone::Warn }, "")
    }
}

impl Champion {
    fn curve(&self) -> Html {
        chart::calibration(&self.calibration, "Calibration: predicted against observed share, in percent")
    }

    fn importance_bar(&self, share: &f64) -> Html {
        let top = self.importances.iter().map(|(_, share)| *share).fold(f64::MIN_POSITIVE, f64::max);
        chart::meter(share / top, Tone::Accent, "")
    }
}

impl Task {
    pub(super) fn is_ready(&self) -> bool {
        self.needs.iter().all(Need::is_met)
    }
}
