//! What is the same of every question that an outcome asks, whatever is answered? Of whom and when it is asked, what is
//! missing, and how trees are grown and calibrated on customers they have not seen.

mod grown;
mod rows;

pub(super) use grown::{Folds, importances, leaks, score_all};
#[cfg(test)]
pub(super) use rows::fold_of;
pub(crate) use rows::{Rows, count};
pub(super) use rows::{first_values, place_of};

use crate::Calendar;
use crate::need::{Need, WAIT};
use crate::outcome::{Among, Outcome, What};
use crate::split::{Split, WARM_UP_DAYS, outcome_as_ofs};
use crate::task::{Data, TaskAbout};
use features::{FeatureId, Inputs};
use primitives::Timestamp;

/// Groups of equal size for the calibration curve.
pub(super) const N_CURVE_BINS: usize = 10;

/// Of so many customers it must have come true in the test, and of so many not: with fewer the numbers are chance.
pub(crate) const N_EACH_MIN: u64 = 20;

/// How to get more of what an outcome counts.
pub(super) const MORE: &str = "import older events, wait while they come in, or check what the outcome counts";

/// A question that an outcome asks.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) outcome: Outcome,
    pub(super) about: TaskAbout,
}

impl Asked {
    pub(super) fn new(outcome: Outcome) -> Self {
        let about = TaskAbout {
            name: outcome.name.clone(),
            title: outcome.title.clone(),
            question: outcome.question.clone(),
            rows: "weekly moments of customers".to_owned(),
            asks: outcome.asks(),
            of_everybody: !matches!(outcome.among, Among::Did { what: What::Purchase, .. }),
        };
        Self { outcome, about }
    }

    /// The task's name.
    pub(super) fn name(&self) -> &str {
        self.about.name.as_str()
    }

    /// On which days something can be concluded: those on which purchases came in as usual, or any event.
    fn calendar(&self, data: &Data<'_>) -> Option<Calendar> {
        if self.outcome.is_about_purchases() {
            data.dataset.calendar(data.now)
        } else {
            data.dataset.any_calendar(data.now)
        }
    }

    /// Of moments those since the event that is to happen was told of for the first time: before, it did not fail to happen.
    fn since_it_is_told(&self, data: &Data<'_>, mut as_ofs: Vec<Timestamp>) -> Vec<Timestamp> {
        if !self.outcome.is_about_purchases() {
            let first = self.outcome.first_told(data.dataset, data.now);
            as_ofs.retain(|as_of| first.is_some_and(|first| *as_of >= first));
        }
        as_ofs
    }

    /// The features that are looked at: all that is computed for nobody else.
    pub(super) fn inputs(&self, data: &Data<'_>) -> (Vec<FeatureId>, Inputs) {
        let inputs = data.catalogue.inputs_of(self.name());
        (inputs.ids(), inputs)
    }

    /// The latest window to be judged on, and what comes before it.
    pub(super) fn split(&self, data: &Data<'_>) -> Option<Split> {
        let mut split = Split::outcome(&self.calendar(data)?, self.outcome.window_days)?;
        split.train_as_ofs = self.since_it_is_told(data, split.train_as_ofs);
        (!split.train_as_ofs.is_empty()).then_some(split)
    }

    /// The moments that the model in force is fitted on: those up to the end of the test's window.
    pub(super) fn as_ofs(&self, data: &Data<'_>, split: &Split) -> Vec<Timestamp> {
        let as_ofs = outcome_as_ofs(split.train_from, split.test_until, split.window_days, &split.gaps);
        self.since_it_is_told(data, as_ofs)
    }

    /// What every such question needs: time, and events of the names that are meant.
    pub(super) fn needs(&self, data: &Data<'_>, split: Option<&Split>) -> Vec<Need> {
        let n_days = self.calendar(data).as_ref().map_or(0, Calendar::n_days);
        let window = self.outcome.window_days;
        let mut needs = vec![
            Need::new(
                if self.outcome.is_about_purchases() { "days of purchases" } else { "days of history" },
                u64::try_from(2 * window + WARM_UP_DAYS).unwrap_or(0),
                u64::try_from(n_days).unwrap_or(0),
                WAIT,
            ),
            Need::new(
                format!("windows of {window} days without a gap, one to learn from and one to be judged on"),
                2,
                if split.is_some() { 2 } else { u64::from(n_days >= window) },
                WAIT,
            ),
        ];
        if !self.outcome.can_be_asked_of(data.dataset) {
            let how = "the history was read without looking for it: train again when all is counted that the settings declare";
            needs.push(Need::new("what tells of whom it is asked", 1, 0, how));
        }
        for watch in self.outcome.watches() {
            if let Some(how) = data.dataset.missing(&watch, data.now) {
                let what = format!("events \"{}\" as the outcome means them", watch.filter.event);
                // Of one event several things may be looked at.
                if needs.iter().all(|need| need.what != what) {
                    needs.push(Need::new(what, 1, 0, how));
                }
            }
        }
        needs
    }

    /// What is missing of a value that is read: events of the name came in, and none has it.
    pub(super) fn value_needs(&self, data: &Data<'_>, kind: &str) -> Option<Need> {
        let told = self.outcome.told(data.dataset, data.now);
        let path = self.outcome.label.take()?.pointer.to_string();
        if told.n_events == 0 || told.n_usable > 0 {
            return None;
        }
        let how = if told.n_unusable > 0 {
            format!("they have something else there, so name a place that holds {kind}")
        } else {
            match primitives::nearest(&path, data.dataset.places()) {
                Some(meant) => format!("none has anything there: did you mean \"{meant}\"?"),
                None => "none has anything there: check the place on the page of events".to_owned(),
            }
        };
        let event = match self.outcome.label.what() {
            What::Event(filter) => filter.event.to_string(),
            What::Purchase => "order".to_owned(),
        };
        Some(Need::new(format!("events \"{event}\" with {kind} at \"{path}\""), 1, 0, how))
    }
}
