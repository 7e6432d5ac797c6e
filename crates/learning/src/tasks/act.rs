//! Which of the actions is worth most for this customer? Learned from what came of those that were chosen.

use crate::need::Need;
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout};
use crate::{Dataset, LearningError, policy};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Learns what actions are worth, and to whom.
#[derive(Debug, Clone)]
pub struct Act {
    about: TaskAbout,
    is_wanted: Arc<AtomicBool>,
}

impl Act {
    /// Learned as long as `is_wanted` says so: where nothing can be done, nothing is learned of it.
    #[must_use]
    pub fn wanted(is_wanted: Arc<AtomicBool>) -> Self {
        Self { is_wanted, ..Self::default() }
    }
}

impl Default for Act {
    fn default() -> Self {
        let about = TaskAbout {
            name: "act".into(),
            title: "Worth of actions".to_owned(),
            question: "How likely does each action succeed with this customer?".to_owned(),
            rows: "choices among actions".to_owned(),
            asks: String::new(),
            of_everybody: true,
        };
        Self { about, is_wanted: Arc::new(AtomicBool::new(true)) }
    }
}

impl Task for Act {
    fn about(&self) -> &TaskAbout {
        &self.about
    }

    fn continues(&self) -> bool {
        true
    }

    fn n_known(&self, dataset: &Dataset) -> (u64, u64) {
        dataset.rounds().n_known()
    }

    fn is_idle(&self) -> bool {
        !self.is_wanted.load(Ordering::Acquire)
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        policy::needs(data)
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        policy::split(data.dataset.rounds(), data.now)
    }

    fn judge(&self, data: &Data<'_>, _: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        policy::judge(data, data.dataset.rounds(), reigning)
    }

    fn fit(&self, data: &Data<'_>, _: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        policy::fit(data, data.dataset.rounds(), settings)
    }
}
