//! Which of the actions that come with a question brings most there? Learned from what came of those that were chosen, by what was
//! said of them.

use crate::need::Need;
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout};
use crate::{Dataset, LearningError, policy};

/// How to get more to learn from.
const MORE: &str = "ask which of several actions suits a situation";
/// How to have rewards come.
const ANSWER: &str = "say what came of the action that was answered: a reward from -1 to 1";

/// Learns what actions bring that come with questions.
#[derive(Debug, Clone)]
pub struct Rank {
    about: TaskAbout,
}

impl Default for Rank {
    fn default() -> Self {
        let about = TaskAbout {
            name: "rank".into(),
            title: "Worth of actions that come with questions".to_owned(),
            question: "How much does each of the actions of a question bring in its situation?".to_owned(),
            rows: "choices among actions of questions".to_owned(),
            asks: String::new(),
            of_everybody: true,
        };
        Self { about }
    }
}

impl Task for Rank {
    fn about(&self) -> &TaskAbout {
        &self.about
    }

    fn continues(&self) -> bool {
        true
    }

    fn n_known(&self, dataset: &Dataset) -> (u64, u64) {
        dataset.occasions().n_known()
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        let log = data.dataset.occasions();
        vec![
            Need::new("choices among actions of questions", 200, log.rounds.len() as u64, MORE),
            Need::new("choices that a reward came of", 20, log.n_rewarded(), ANSWER),
        ]
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        policy::split(data.dataset.occasions(), data.now)
    }

    fn judge(&self, data: &Data<'_>, _: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        policy::judge(data, data.dataset.occasions(), reigning)
    }

    fn fit(&self, data: &Data<'_>, _: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        policy::fit(data, data.dataset.occasions(), settings)
    }
}
