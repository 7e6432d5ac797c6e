//! Whom do actions and offers change, and by how much? Learned from what came of them beside what came of doing nothing.

use crate::need::Need;
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout};
use crate::{LearningError, effects};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Learns what actions and offers change.
#[derive(Debug, Clone)]
pub struct Uplift {
    about: TaskAbout,
    is_wanted: Arc<AtomicBool>,
}

impl Uplift {
    /// Learned as long as `is_wanted` says so: where nothing can be done, nothing is learned of it.
    #[must_use]
    pub fn wanted(is_wanted: Arc<AtomicBool>) -> Self {
        Self { is_wanted, ..Self::default() }
    }
}

impl Default for Uplift {
    fn default() -> Self {
        let about = TaskAbout {
            name: "uplift".into(),
            title: "What actions and offers change".to_owned(),
            question: "How much likelier does this customer succeed with it than without?".to_owned(),
            rows: "choices of an action, or of nothing in its place".to_owned(),
            asks: String::new(),
            of_everybody: true,
        };
        Self { about, is_wanted: Arc::new(AtomicBool::new(true)) }
    }
}

impl Task for Uplift {
    fn about(&self) -> &TaskAbout {
        &self.about
    }

    fn is_idle(&self) -> bool {
        !self.is_wanted.load(Ordering::Acquire)
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        effects::needs(data)
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        effects::split(data)
    }

    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        effects::judge(data, split, reigning)
    }

    fn fit(&self, data: &Data<'_>, _: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        effects::fit(data, settings)
    }
}
