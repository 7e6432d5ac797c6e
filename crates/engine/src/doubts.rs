//! What of the declarations may be a slip? An event of which none came in lately, a value that none of them has.

use crate::Engine;
use crate::error::EngineError;
use events::{Event, Filter, Inspected, InspectedStatus, Pointer, Take};
use primitives::nearest;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

/// Among how many events and customers names are looked for, and among how many events of one name its values.
const N_NEWEST: usize = 500;
const N_CUSTOMERS: usize = 1_000;
const N_OF_ONE: usize = 50;

/// Events that a declaration means.
struct Meant {
    /// Which declaration.
    who: String,
    when: Filter,
    of: Option<Take>,
}

impl Engine {
    /// What of the declared features may be a slip: an event of which none came in lately, a value that none of them has.
    /// Each in a sentence, with the nearest that is known; as it was when [`Engine::look_for_doubts`] looked last.
    pub fn doubtful_features(&self) -> Vec<String> {
        self.features.read().unwrap_or_else(PoisonError::into_inner).doubts.clone()
    }

    /// Looks for what of the declarations may be a slip, of features and of what outcomes ask for and about; nothing where
    /// nothing came in at all. It reads some of the past for each event that is named, so nobody should wait for it; it
    /// asks between them whether to stop, and then answers nothing and leaves what it found before.
    ///
    /// # Errors
    /// [`EngineError`] where the newest events cannot be read.
    pub fn look_for_doubts(&self, is_stopped: &dyn Fn() -> bool) -> Result<Option<Vec<String>>, EngineError> {
        let declared = self.features.read().unwrap_or_else(PoisonError::into_inner).declared.clone();
        let of_features = self.doubts(
            declared.iter().map(|feature| Meant {
                who: format!("Feature \"{}\"", feature.name),
                when: feature.when.clone(),
                of: feature.of.clone(),
            }),
            is_stopped,
        )?;
        let Some(of_features) = of_features else { return Ok(None) };
        {
            let mut features = self.features.write().unwrap_or_else(PoisonError::into_inner);
            // What was declared meanwhile is looked at by whoever declared it.
            if features.declared == declared {
                features.doubts.clone_from(&of_features);
            }
        }
        let of_outcomes = self.doubts(
            self.capabilities.outcomes.iter().flat_map(|outcome| {
                let who = format!("Outcome \"{}\"", outcome.name);
                outcome.declared().map(move |watch| Meant { who: who.clone(), when: watch.filter, of: watch.take })
            }),
            is_stopped,
        )?;
        Ok(of_outcomes.map(|of_outcomes| [of_features, of_outcomes].concat()))
    }

    /// `None` where it was stopped.
    fn doubts(
        &self,
        declared: impl Iterator<Item = Meant>,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<String>>, EngineError> {
        let declared: Vec<Meant> = declared.collect();
        if declared.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let newest = |title: Option<&str>, n| self.ports.events.recent(InspectedStatus::Accepted, title, n);
        let mut heard: BTreeSet<String> = newest(None, N_NEWEST)?.iter().filter_map(title_of).collect();
        heard.extend(self.look(|live| {
            let moments =
                live.profiles.resident().take(N_CUSTOMERS).flat_map(|customer| customer.profile.moments.as_slice());
            moments.map(|moment| moment.title.to_string()).collect::<Vec<_>>()
        }));
        let mut doubts = Vec::new();
        let mut found: BTreeMap<String, Vec<Inspected>> = BTreeMap::new();
        for Meant { who, when, of } in declared {
            if is_stopped() {
                return Ok(None);
            }
            let wanted = &*when.event;
            if !found.contains_key(wanted) {
                found.insert(wanted.to_owned(), newest(Some(wanted), N_OF_ONE)?);
            }
            let of_it = found.get(wanted).map_or(&[][..], Vec::as_slice);
            let events: Vec<&Event> = of_it.iter().filter_map(event_of).collect();
            if events.is_empty() {
                if !heard.is_empty() && !heard.contains(wanted) {
                    let meant = nearest(wanted, heard.iter().map(String::as_str));
                    doubts.push(doubt(&who, &format!("no event \"{wanted}\" is among the newest"), meant));
                }
                continue;
            }
            let places = when.equal.iter().map(|(pointer, _)| pointer).chain(of.iter().map(|of| &of.pointer));
            for pointer in places.filter(|pointer| !events.iter().any(|event| pointer.of(event).is_some())) {
                let known: BTreeSet<String> = events.iter().flat_map(|event| Pointer::all(event)).collect();
                let path = pointer.to_string();
                let said = format!("none of the newest events \"{wanted}\" has \"{path}\"");
                doubts.push(doubt(&who, &said, nearest(&path, known.iter().map(String::as_str))));
            }
        }
        Ok(Some(doubts))
    }
}

fn event_of(inspected: &Inspected) -> Option<&Event> {
    match inspected {
        Inspected::Accepted(recorded) => Some(&recorded.event),
        Inspected::Rejected(_) => None,
    }
}

fn title_of(inspected: &Inspected) -> Option<String> {
    event_of(inspected).map(|event| event.title().to_owned())
}

fn doubt(who: &str, said: &str, meant: Option<&str>) -> String {
    let meant = meant.map(|meant| format!(" Did you mean \"{meant}\"?"));
    format!("{who}: {said}.{}", meant.unwrap_or_default())
}
