//! Which experiment drafts the lists of a kind from two ways to make them?

use crate::Engine;
use crate::of_nobody::is_nobody;
use decisions::{ContentShape, Experiment, Interleave, Kind, Question, State};
use events::Mistake;
use serde_json::Value;

impl Engine {
    /// The experiment that drafts the lists of a kind for this customer, where one runs.
    pub(crate) fn drafting(&self, kind: &dyn Kind, question: &Question) -> Option<Interleave> {
        let about = kind.about();
        if about.shape != ContentShape::Items || is_nobody(&question.customer) {
            return None;
        }
        let flags = self.capabilities.flags.now();
        let runs =
            |one: &&Experiment| one.state == State::Running && one.interleave.as_deref() == Some(about.name.as_str());
        let mut met = flags.experiments().filter(runs).filter(|one| {
            one.share >= 1.0 || decisions::share_of(&format!("interleave {}", one.name), &question.customer) < one.share
        });
        let by = met.next().and_then(Experiment::drafts)?;
        // What the settings declare is in force whatever it says: then the list is the usual one.
        by.sides.iter().all(|side| about.check_side(side).is_ok()).then_some(by)
    }

    /// Whether an experiment that drafts lists can ask for them.
    pub(crate) fn can_draft(&self, experiment: &Experiment) -> Result<(), Mistake> {
        let (Some(name), Some(how)) = (&experiment.interleave, experiment.drafts()) else { return Ok(()) };
        let wrong = |key: &str, found: Value, remedy: String| Mistake {
            key: key.to_owned(),
            found: found.to_string(),
            ..Mistake::of_name("experiment", &experiment.name, remedy)
        };
        let kinds =
            || self.capabilities.kinds.iter().map(Kind::about).filter(|about| about.shape == ContentShape::Items);
        let Some(about) = kinds().find(|about| about.name.as_str() == name) else {
            let known: Vec<&str> = kinds().map(|about| about.name.as_str()).collect();
            let remedy =
                format!("no kind of decision of this name answers with a list: write one of {}", known.join(", "));
            return Err(wrong("interleave", Value::from(name.as_str()), remedy));
        };
        for (side, one) in how.sides.iter().zip(&experiment.variations) {
            let checked = about.check_side(side);
            checked.map_err(|why| wrong("variations", one.value.clone(), why.to_string()))?;
        }
        Ok(())
    }
}
