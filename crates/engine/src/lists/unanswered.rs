//! Which scores does a filter ask about that no model answers, and why?

use super::asked::Readings;
use crate::Engine;
use decisions::Filter;
use decisions::filter::Subject;
use learning::TaskName;

impl Engine {
    /// Why scores that a filter asks about, or a list in it, are known of nobody: a sentence for each model that is missing.
    pub fn unanswered(&self, filter: &Filter) -> Vec<String> {
        self.unanswered_by(&self.readings(), filter)
    }

    /// The same, where every list has been read.
    pub(super) fn unanswered_by(&self, readings: &Readings, filter: &Filter) -> Vec<String> {
        // One that asks in a circle is told as what it is elsewhere.
        let of_lists = readings.filters(readings.asked_by(None, filter).unwrap_or_default());
        let models = self.models();
        let mut said = Vec::new();
        for subject in std::iter::once(filter).chain(of_lists.values()).flat_map(Filter::subjects) {
            let (Subject::Named(name) | Subject::Score(name)) = subject else { continue };
            let Some((kind, _)) = self.scored_kinds().find(|(kind, _)| kind.about().name.as_str() == name) else {
                continue;
            };
            for task in kind.about().tasks.iter().filter(|task| models.get(task).is_none()) {
                let why = match models.why_unusable(task) {
                    Some(why) => format!("{why}."),
                    None => self.untrained(task),
                };
                if !said.contains(&why) {
                    said.push(why);
                }
            }
        }
        said
    }

    /// What is built in learns from purchases, of which a company may have none, and never will.
    fn untrained(&self, task: &TaskName) -> String {
        let sells = || self.look(|live| live.activity.sells().0);
        let advice = if self.learns_from_purchases(task) && !sells() {
            " It learns from orders, and none has come in: without any, declare an outcome of other events."
        } else {
            ""
        };
        format!("No {task} model has been trained yet.{advice}")
    }
}
