//! Which features are there now? Those that the settings declare come into force when their past is counted.

use crate::Engine;
use crate::error::EngineError;
use events::{Event, Filter, Inspected, InspectedStatus, Pointer, Take};
use features::{Catalogue, Declared, Definition};
use primitives::{ErrorKind, nearest};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

/// Among how many events and customers names are looked for, and among how many events of one name its values.
const N_NEWEST: usize = 500;
const N_CUSTOMERS: usize = 1_000;
const N_OF_ONE: usize = 50;

/// The features that are wanted, and those that can be read.
#[derive(Debug)]
pub(super) struct Features {
    wanted: Arc<Catalogue>,
    in_force: Arc<Catalogue>,
    /// Wanted, while what happened before they were declared is being counted.
    waiting: Vec<Arc<Definition>>,
    /// Whether anything that has to be kept of customers is still to be counted: for a feature, or for an outcome.
    is_uncounted: bool,
    declared: Vec<Declared>,
    /// Why what the settings declare now is not wanted.
    refused: Option<String>,
}

/// Events that a declaration means.
struct Meant {
    /// Which declaration.
    who: String,
    when: Filter,
    of: Option<Take>,
}

impl Default for Features {
    fn default() -> Self {
        let built_in = Arc::new(Catalogue::built_in());
        Self {
            wanted: Arc::clone(&built_in),
            in_force: built_in,
            waiting: Vec::new(),
            is_uncounted: false,
            declared: Vec::new(),
            refused: None,
        }
    }
}

impl Engine {
    /// The features that can be read of every customer.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.features.read().unwrap_or_else(PoisonError::into_inner).in_force)
    }

    /// The features that are declared and cannot be read yet, since their past is being counted.
    pub fn waiting_features(&self) -> Vec<Arc<Definition>> {
        self.features.read().unwrap_or_else(PoisonError::into_inner).waiting.clone()
    }

    /// Whether the past of such features, or of what outcomes are asked of, is still to be counted:
    /// [`Engine::follow_corrections`] does.
    pub fn has_uncounted(&self) -> bool {
        self.features.read().unwrap_or_else(PoisonError::into_inner).is_uncounted
    }

    /// Takes what the settings declare in the place of what they declared before. What needs nothing else to be kept of
    /// customers can be read at once, and what is declared no longer cannot.
    ///
    /// # Errors
    /// [`EngineError`] where two features have one name, or there are too many; then nothing changes.
    pub fn declare(&self, declared: &[Declared]) -> Result<(), EngineError> {
        let catalogue = Catalogue::new(declared);
        let wanted = catalogue.map_err(|error| EngineError::new(ErrorKind::Invalid, error.to_string()))?;
        let probes = self.capabilities.outcomes.iter().flat_map(|outcome| outcome.among.probes());
        let wanted = Arc::new(wanted.keeping(probes.filter_map(|probe| probe.cell().cloned())));
        {
            let mut features = self.features.write().unwrap_or_else(PoisonError::into_inner);
            features.wanted = Arc::clone(&wanted);
            features.declared = declared.to_vec();
        }
        self.live.change(|live| {
            // Nothing has happened yet, so nothing is left to be counted.
            if live.profiles.offset().0 == 0 {
                live.keep(wanted.cells().clone());
            }
        });
        if self.settle_features() {
            self.let_champions_look();
        }
        Ok(())
    }

    /// Remembers why what the settings declare now cannot be used, for the console; or that it can.
    pub fn note_refused(&self, why: Option<String>) {
        self.features.write().unwrap_or_else(PoisonError::into_inner).refused = why;
    }

    /// Why what the settings declare now cannot be used; what they declared before stays in force.
    pub fn refused_features(&self) -> Option<String> {
        self.features.read().unwrap_or_else(PoisonError::into_inner).refused.clone()
    }

    /// What of the declarations may be a slip: an event of which none came in lately, a value that none of them has. Each
    /// in a sentence, with the nearest that is known; nothing where nothing came in at all.
    ///
    /// # Errors
    /// [`EngineError`] where the newest events cannot be read.
    pub fn doubtful_features(&self) -> Result<Vec<String>, EngineError> {
        let declared = self.features.read().unwrap_or_else(PoisonError::into_inner).declared.clone();
        self.doubts(declared.into_iter().map(|feature| Meant {
            who: format!("Feature \"{}\"", feature.name),
            when: feature.when,
            of: feature.of,
        }))
    }

    /// The same of what outcomes ask for and about.
    ///
    /// # Errors
    /// As [`Engine::doubtful_features`].
    pub fn doubtful_outcomes(&self) -> Result<Vec<String>, EngineError> {
        self.doubts(self.capabilities.outcomes.iter().flat_map(|outcome| {
            let who = format!("Outcome \"{}\"", outcome.name);
            outcome.watches().into_iter().map(move |watch| Meant {
                who: who.clone(),
                when: watch.filter,
                of: watch.take,
            })
        }))
    }

    fn doubts(&self, declared: impl Iterator<Item = Meant>) -> Result<Vec<String>, EngineError> {
        let declared: Vec<Meant> = declared.collect();
        if declared.is_empty() {
            return Ok(Vec::new());
        }
        let newest = |title: Option<&str>, n| self.ports.events.recent(InspectedStatus::Accepted, title, n);
        let mut heard: BTreeSet<String> = newest(None, N_NEWEST)?.iter().filter_map(title_of).collect();
        heard.extend(self.look(|live| {
            let moments =
                live.profiles.resident().take(N_CUSTOMERS).flat_map(|customer| customer.profile.moments.as_slice());
            moments.map(|moment| moment.title.clone()).collect::<Vec<_>>()
        }));
        let mut doubts = Vec::new();
        for Meant { who, when, of } in declared {
            let wanted = &when.event;
            let of_it = newest(Some(wanted), N_OF_ONE)?;
            let events: Vec<&Event> = of_it.iter().filter_map(event_of).collect();
            if events.is_empty() {
                if !heard.is_empty() && !heard.contains(&**wanted) {
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
        Ok(doubts)
    }

    pub(super) fn wanted(&self) -> Arc<Catalogue> {
        Arc::clone(&self.features.read().unwrap_or_else(PoisonError::into_inner).wanted)
    }

    /// Puts in force what can be read of the live state as it is now. No model answers from a feature that was lost by that.
    /// Whether others may answer that lacked one is left to [`Engine::let_champions_look`], which can wait: answers whether it
    /// has to be asked.
    #[must_use]
    pub(super) fn settle_features(&self) -> bool {
        // Of two at a time the one that looked before the live state was replaced could end last.
        let settling = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self.live.look(|live| live.cells.clone());
        let mut features = self.features.write().unwrap_or_else(PoisonError::into_inner);
        let (readable, waiting) = features.wanted.readable(&kept);
        let (before, now) = (features.in_force.all().ids(), readable.all().ids());
        let has_lost = before.iter().any(|id| !now.contains(id));
        features.in_force = Arc::new(readable);
        features.waiting = waiting;
        features.is_uncounted = !kept.covers(features.wanted.cells());
        self.registry.look_at(Arc::clone(&features.in_force));
        drop((features, settling));
        if has_lost {
            self.let_champions_look();
        }
        !has_lost && before != now
    }

    /// Reads the champions again, for other features: what lacked one may have it now, and what had it may lack it.
    pub(super) fn let_champions_look(&self) {
        if let Err(error) = self.reload_champions() {
            tracing::error!(error = error.story(), "the champions could not be read again");
        }
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
