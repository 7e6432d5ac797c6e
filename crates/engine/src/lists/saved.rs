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

/// Who is likelier than not to do what the settings call a risk, as a list.
fn of_risk(about: &KindAbout) -> List {
    let name = &about.name;
    let list = List {
        name: format!("likely_{name}"),
        filter: format!("score.{name} >= 0.5"),
        sort: format!("-score.{name}"),
        columns: format!("score.{name},why.{name}"),
        ..List::default()
    };
    list.with_title(format!("{}: who is likelier than not, and why", about.title))
}

impl Engine {
    /// Every list, with where it comes from: built in, from the settings, and saved, by name.
    pub(crate) fn all_lists(&self) -> Vec<(List, ListSource)> {
        let built_in = built_in_lists().into_iter().map(|list| (list, ListSource::BuiltIn));
        let segments = self.capabilities.segments.iter().map(|one| (of_segment(one), ListSource::Settings));
        let is_built_in = |about: &KindAbout| built_in_outcomes().iter().any(|one| about.tasks.contains(&one.name));
        let risks = self.capabilities.kinds.iter().map(Kind::about);
        let risks = risks.filter(|about| about.is_risk && !is_built_in(about)).map(of_risk);
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
