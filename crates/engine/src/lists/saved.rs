//! Which lists are there? Those that are built in, the segments of the settings, and those that people saved.

use super::asked::Readings;
use super::selection::{Column, Selection, Sort};
use crate::Engine;
use crate::error::EngineError;
use decisions::filter::{Ask, Literal, Op, Subject};
use decisions::{Filter, Kind, KindAbout, List, ListState, Segment, built_in_lists};
use governance::Purpose;
use learning::built_in_outcomes;
use primitives::{ErrorKind, nearest};
use profiles::Identifier;
use std::collections::BTreeSet;
use std::sync::PoisonError;

/// More lists than anybody looks at: each is looked at again and again.
const N_SAVED_MAX: usize = 500;

/// What fewer do is rare.
const RARE: f64 = 0.2;

/// Where a list comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListSource {
    /// It is there from the start.
    BuiltIn,
    /// It is a segment of the settings.
    Settings,
    /// Somebody saved it.
    Saved,
}

/// A list with where it comes from and how it is with it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownList {
    /// What it says.
    pub list: List,
    /// Where it comes from.
    pub source: ListSource,
    /// How many are on it, and when it was looked at.
    pub state: ListState,
    /// Why scores that it asks about are known of nobody: a sentence for each model that is missing.
    pub unanswered: Vec<String>,
}

impl KnownList {
    /// How many are on it; not known before it was looked at, and where nobody can be on it for want of a score.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        let is_told = self.state.n > 0 || self.unanswered.is_empty();
        self.state.looked_at.filter(|_| is_told).map(|_| self.state.n)
    }
}

/// A segment as a list: its rule, of those whose data may be used for it.
pub(crate) fn of_segment(segment: &Segment) -> List {
    let permitted = Filter::Test(Subject::Consent(Purpose::Personalization), Ask::Is(Op::Eq, Literal::YesNo(true)));
    let rule = segment.rule.iter().map(decisions::Condition::filter);
    let filter = Filter::And(std::iter::once(permitted).chain(rule).collect());
    List { name: segment.name.clone(), title: segment.title.clone(), filter: filter.to_string(), ..List::default() }
}

/// From which probability on somebody is among those who are likely to do what is a risk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskLine {
    /// The probability.
    pub at_least: f64,
    /// Whether it happens so rarely that hardly anybody is likelier than not to do it: they are those who are at least twice as
    /// likely as the average then.
    pub is_rare: bool,
}

impl RiskLine {
    /// Where so many of all did it, as far as that is known.
    fn of(base_rate: Option<f64>) -> Self {
        match base_rate.filter(|rate| *rate > 0.0 && *rate < RARE) {
            // In thousandths, so that the filter is read easily and seldom another one.
            Some(rate) => Self { at_least: (rate * 2_000.0).ceil() / 1_000.0, is_rare: true },
            None => Self { at_least: 0.5, is_rare: false },
        }
    }

    /// How likely they are, in words: `likelier than not`.
    #[must_use]
    pub fn words(self) -> &'static str {
        if self.is_rare { "at least twice as likely as the average" } else { "likelier than not" }
    }
}

/// Who is likely to do what the settings call a risk, as a list.
fn of_risk(about: &KindAbout, line: RiskLine) -> List {
    let name = &about.name;
    let list = List {
        name: format!("likely_{name}"),
        filter: format!("score.{name} >= {}", line.at_least),
        sort: format!("-score.{name}"),
        columns: format!("score.{name},why.{name}"),
        ..List::default()
    };
    list.with_title(format!("{}: who is {}, and why", about.title, line.words()))
}

impl Engine {
    /// Every list, with where it comes from: built in, from the settings, and saved, by name.
    pub(crate) fn all_lists(&self) -> Vec<(List, ListSource)> {
        let built_in = built_in_lists().into_iter().map(|list| (list, ListSource::BuiltIn));
        let segments = self.capabilities.segments.iter().map(|one| (of_segment(one), ListSource::Settings));
        let is_built_in = |about: &KindAbout| built_in_outcomes().iter().any(|one| about.tasks.contains(&one.name));
        let risks = self.capabilities.kinds.iter().map(Kind::about);
        let risks = risks.filter(|about| about.is_risk && !is_built_in(about));
        let risks = risks.map(|about| of_risk(about, self.risk_line(about)));
        let saved = self.saved.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut all: Vec<(List, ListSource)> = built_in.chain(segments).collect();
        for list in risks {
            if all.iter().all(|(known, _)| known.name != list.name) {
                all.push((list, ListSource::Settings));
            }
        }
        // What the settings declare since goes before what was saved under the name.
        let is_new = |list: &List| all.iter().all(|(known, _)| known.name != list.name);
        let saved: Vec<_> = saved.into_iter().filter(is_new).map(|list| (list, ListSource::Saved)).collect();
        all.extend(saved);
        all
    }

    /// From which probability on somebody is among those who are likely to do what a kind calls a risk: it depends on how many
    /// did it when its model in force was judged.
    pub fn risk_line(&self, about: &KindAbout) -> RiskLine {
        let models = self.models();
        let loaded = about.tasks.iter().find_map(|task| models.get(task));
        RiskLine::of(loaded.and_then(|loaded| loaded.header.evaluation.base_rate))
    }

    /// Reads what was saved.
    pub(crate) fn read_saved_lists(&self) -> Result<(), EngineError> {
        let saved = self.ports.lists.lists()?;
        *self.saved.write().unwrap_or_else(PoisonError::into_inner) = saved;
        Ok(())
    }

    /// Every list, and how it is with it.
    ///
    /// # Errors
    /// [`EngineError`] where the store cannot be read.
    pub fn lists(&self) -> Result<Vec<KnownList>, EngineError> {
        let all = self.all_lists();
        let readings = self.readings_of(&all);
        all.into_iter().map(|list| self.known(&readings, list)).collect()
    }

    /// A list, and how it is with it.
    fn known(&self, readings: &Readings, (list, source): (List, ListSource)) -> Result<KnownList, EngineError> {
        let unanswered = readings.get(&list.name).map(|filter| self.unanswered_by(readings, filter));
        let state = self.ports.lists.state(&list.name)?;
        Ok(KnownList { list, source, state, unanswered: unanswered.unwrap_or_default() })
    }

    /// The list of a name.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound` with the nearest name.
    pub fn list(&self, name: &str) -> Result<KnownList, EngineError> {
        let all = self.all_lists();
        let Some(list) = all.iter().find(|(list, _)| list.name == name).cloned() else {
            let shown: String = name.chars().take(64).collect();
            let near = nearest(name, all.iter().map(|(list, _)| list.name.as_str()));
            let near = near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
            let message =
                format!("there is no list \"{}\": GET /v1/lists names them{near}", primitives::visible(&shown));
            return Err(EngineError::new(ErrorKind::NotFound, message));
        };
        self.known(&self.readings_of(&all), list)
    }

    /// Saves a list; in the place of one of its name only where it `replaces` one. It is looked at soon.
    ///
    /// # Errors
    /// [`EngineError`] where something it says cannot be, or it cannot be stored.
    pub fn save_list(&self, list: &List, replaces: bool) -> Result<KnownList, EngineError> {
        let _one_at_a_time = self.saving_lists.lock().unwrap_or_else(PoisonError::into_inner);
        list.check().map_err(|why| EngineError::new(ErrorKind::Invalid, why))?;
        let all = self.all_lists();
        let source = all.iter().find(|(known, _)| known.name == list.name).map(|(_, source)| *source);
        let conflict = |message: String| Err(EngineError::new(ErrorKind::Conflict, message));
        match (source, replaces) {
            (Some(ListSource::BuiltIn | ListSource::Settings), _) => {
                return conflict(format!(
                    "the list \"{}\" is not one that was saved: save yours under another name",
                    list.name
                ));
            }
            (Some(ListSource::Saved), false) => {
                return conflict(format!("there is a list \"{}\" already: choose another name, or PUT it", list.name));
            }
            (None, true) => return self.list(&list.name),
            (None, false) if all.len() >= N_SAVED_MAX => {
                return conflict(format!("there are {N_SAVED_MAX} lists already: remove one that nobody looks at"));
            }
            _ => {}
        }
        let selection = self.selection(&list.filter, &list.sort, &list.columns)?;
        self.refuse_erased(&list.filter)?;
        self.readings().refuse(&list.name, selection.filter)?;
        self.ports.lists.save(list)?;
        self.read_saved_lists()?;
        self.wake_lists();
        self.list(&list.name)
    }

    /// Nobody writes the name of somebody who was erased down again, nor the filter that was read before they were.
    fn refuse_erased(&self, filter: &str) -> Result<(), EngineError> {
        let is_erased = |text: &str, is_id: bool| {
            let mut meant = Identifier::meant_by(text).into_iter().filter(|_| is_id || text.contains('@'));
            meant.any(|name| self.ports.erasures.erasure_of(&name).is_some())
        };
        match decisions::filter::without_names(filter, &is_erased) {
            None => Ok(()),
            Some(_) => {
                let message = "the filter names somebody who was erased: leave the name out";
                Err(EngineError::new(ErrorKind::Conflict, message))
            }
        }
    }

    /// Whether what a list says is told to others: it has a webhook, or one has that asks about it, over any steps.
    pub fn tells_others(&self, name: &str) -> bool {
        let names = self.filter_names();
        let all = self.all_lists();
        let asks = |list: &List, name: &str| {
            Filter::parse(&list.filter, &names).is_ok_and(|filter| filter.lists().contains(&name))
        };
        let (mut found, mut to_visit) = (BTreeSet::from([name]), vec![name]);
        while let Some(name) = to_visit.pop() {
            if all.iter().any(|(list, _)| list.name == name && list.webhook.is_some()) {
                return true;
            }
            let asking = all.iter().map(|(list, _)| list).filter(|list| asks(list, name));
            to_visit.extend(asking.map(|list| list.name.as_str()).filter(|name| found.insert(name)));
        }
        false
    }

    /// Removes a saved list, with all that is kept of it.
    ///
    /// # Errors
    /// [`EngineError`] where there is none, another list asks about it, or it was not saved.
    pub fn remove_list(&self, name: &str) -> Result<(), EngineError> {
        let _one_at_a_time = self.saving_lists.lock().unwrap_or_else(PoisonError::into_inner);
        if self.list(name)?.source != ListSource::Saved {
            let message = format!("the list \"{name}\" was not saved: it goes with what declares it");
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        let names = self.filter_names();
        let asks = |list: &List| Filter::parse(&list.filter, &names).is_ok_and(|filter| filter.lists().contains(&name));
        if let Some((other, _)) = self.all_lists().iter().find(|(list, _)| list.name != name && asks(list)) {
            let message = format!("the list \"{}\" asks about \"{name}\": change or remove it first", other.name);
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        {
            // Who is being found for it now must not come after it is gone.
            let _changing = self.changing_lists.lock().unwrap_or_else(PoisonError::into_inner);
            self.saved.write().unwrap_or_else(PoisonError::into_inner).retain(|list| list.name != name);
        }
        let removed = self.ports.lists.remove(name);
        self.read_saved_lists()?;
        // Where it is there no longer, what could not be cleared of it is cleared later.
        let is_there = self.saved.read().unwrap_or_else(PoisonError::into_inner).iter().any(|list| list.name == name);
        if is_there { Ok(removed?) } else { Ok(()) }
    }

    /// Has the saved lists changed where they are kept, and reads them then. Nobody saves one meanwhile.
    pub(crate) fn change_saved_lists<E>(&self, change: impl FnOnce() -> Result<(), E>) -> Result<(), EngineError>
    where
        EngineError: From<E>,
    {
        let _one_at_a_time = self.saving_lists.lock().unwrap_or_else(PoisonError::into_inner);
        change()?;
        self.read_saved_lists()?;
        self.wake_lists();
        Ok(())
    }

    /// What a list selects.
    ///
    /// # Errors
    /// [`EngineError`] where its filter cannot be read any more.
    pub fn selection_of(&self, list: &List) -> Result<Selection, EngineError> {
        self.selection(&list.filter, &list.sort, &list.columns)
    }
}

/// A list's order and columns as they are written.
#[must_use]
pub fn written(sort: &Sort, columns: &[Column]) -> (String, String) {
    let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
    (sort.to_string(), columns.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_rare_those_are_likely_who_are_twice_as_likely_as_the_average() {
        for (base_rate, at_least, is_rare) in [
            (None, 0.5, false),
            (Some(0.0), 0.5, false),
            (Some(0.000_1), 0.001, true),
            (Some(0.014_9), 0.03, true),
            (Some(0.199), 0.398, true),
            (Some(0.2), 0.5, false),
            (Some(0.9), 0.5, false),
        ] {
            assert_eq!(RiskLine::of(base_rate), RiskLine { at_least, is_rare }, "{base_rate:?}");
        }
    }
}
