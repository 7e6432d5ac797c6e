//! Which features are there, and what does each mean? A value: made once, and passed on to who reads features.

mod built_in;
mod declared;
mod define;
mod groups;

pub use groups::{SUBSCRIPTION_AMOUNT, SUBSCRIPTIONS_ACTIVE};

use crate::snapshot::Snapshot;
use crate::{CellSpec, Cells, Declared, FeatureError, FeatureId, FeatureState};
use events::Mistake;
use primitives::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// How many features the settings may declare.
const N_DECLARED_MAX: usize = 100;

/// A feature: its name, its meaning and how it is computed.
pub struct Definition {
    /// What a model names as its input.
    pub id: FeatureId,
    /// The name alone, which ends in the unit where it has one.
    pub name: String,
    /// What it says of a customer, in words.
    pub meaning: String,
    /// The unit of the value: `days`, `orders`, `currency`, `share`, …
    pub unit: &'static str,
    /// The heading it stands under.
    pub group: &'static str,
    /// Where its value is less exact, or looks less far back, than its meaning says; in words.
    pub limit: Option<String>,
    /// What must be kept of a customer for it; `None` where that is always kept.
    pub(crate) cell: Option<u64>,
    /// How the settings declare it; `None` for a built-in one.
    pub(crate) declared: Option<Declared>,
    /// The task for which alone it is computed; `None` where every model may look at it.
    pub(crate) owner: Option<Arc<str>>,
    pub(crate) compute: Compute,
}

pub(crate) type Compute = Box<dyn Fn(&Snapshot<'_>) -> f64 + Send + Sync>;

impl std::fmt::Debug for Definition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): {}", self.name, self.unit, self.meaning)
    }
}

/// Every feature that is computed, in the order in which they are shown.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    definitions: Vec<Arc<Definition>>,
    place_of: HashMap<Arc<str>, usize>,
    cells: Arc<Cells>,
}

/// The features that a reader wants, in its order; resolved once. They stay readable when the catalogue they came from is
/// replaced by another one.
#[derive(Debug, Clone, Default)]
pub struct Inputs(Vec<Arc<Definition>>);

/// Equal where the same features are computed, and said in the same words.
impl PartialEq for Catalogue {
    fn eq(&self, other: &Self) -> bool {
        let said = |catalogue: &Self| -> Vec<(FeatureId, String)> {
            catalogue.definitions.iter().map(|definition| (definition.id.clone(), definition.meaning.clone())).collect()
        };
        said(self) == said(other)
    }
}

impl Catalogue {
    /// The features that every Rapport computes.
    #[must_use]
    pub fn built_in() -> Self {
        Self::of(built_in::definitions().into_iter().map(Arc::new).collect(), Arc::default())
    }

    /// The built-in features and those that the settings declare, in their order.
    ///
    /// # Errors
    /// [`FeatureError::Declaration`] where two have one name, [`FeatureError::TooMany`].
    pub fn new(declared: &[Declared]) -> Result<Self, FeatureError> {
        if declared.len() > N_DECLARED_MAX {
            return Err(FeatureError::TooMany { found: declared.len(), most: N_DECLARED_MAX });
        }
        let mut definitions = built_in::definitions();
        for feature in declared {
            if definitions.iter().any(|known| known.name == feature.name) {
                let remedy = "another feature has that name already: choose another one";
                return Err(Mistake::of_name("feature", &feature.name, remedy).into());
            }
            definitions.push(feature.definition());
        }
        let cells = Cells::new(declared.iter().map(Declared::cell));
        Ok(Self::of(definitions.into_iter().map(Arc::new).collect(), Arc::new(cells)))
    }

    /// The same with more features under a heading of their own, each for the models of one task alone. One whose name is
    /// taken is left out: what is declared on purpose goes before what comes along.
    #[must_use]
    pub fn and<'a>(self, group: &'static str, more: impl IntoIterator<Item = (&'a str, Declared)>) -> Self {
        let more = more.into_iter().map(|(owner, declared)| {
            let definition = declared.definition();
            Definition { group, owner: Some(owner.into()), ..definition }
        });
        self.with(more)
    }

    /// The features of a model that was trained when these were declared: however many there were, and under whatever
    /// heading.
    #[must_use]
    pub fn of_model(declared: &[Declared]) -> Self {
        Self::built_in().with(declared.iter().map(Declared::definition))
    }

    fn with(self, more: impl IntoIterator<Item = Definition>) -> Self {
        let (mut definitions, mut cells) = (self.definitions, Vec::new());
        for definition in more {
            if definitions.iter().all(|known| known.name != definition.name) {
                cells.extend(definition.declared.as_ref().map(Declared::cell));
                definitions.push(Arc::new(definition));
            }
        }
        let cells = Cells::new(self.cells.specs().cloned().chain(cells));
        Self::of(definitions, Arc::new(cells))
    }

    /// The same features; and what a fold has to look for besides.
    #[must_use]
    pub fn keeping(self, others: impl IntoIterator<Item = CellSpec>) -> Self {
        let cells = Cells::new(self.cells.specs().cloned().chain(others));
        Self { cells: Arc::new(cells), ..self }
    }

    fn of(definitions: Vec<Arc<Definition>>, cells: Arc<Cells>) -> Self {
        let places = definitions.iter().enumerate();
        let place_of = places.map(|(place, definition)| (Arc::clone(&definition.id.name), place)).collect();
        Self { definitions, place_of, cells }
    }

    /// Every feature, in the order in which they are shown.
    #[must_use]
    pub fn definitions(&self) -> &[Arc<Definition>] {
        &self.definitions
    }

    /// Those of the features that can be read where only this is kept of customers; and those that cannot yet.
    #[must_use]
    pub fn readable(&self, kept: &Arc<Cells>) -> (Self, Vec<Arc<Definition>>) {
        let is_readable = |definition: &Arc<Definition>| definition.cell.is_none_or(|key| kept.has(key));
        let (readable, waiting) = self.definitions.iter().cloned().partition(is_readable);
        (Self::of(readable, Arc::clone(kept)), waiting)
    }

    /// What a fold has to look for: what the declared features are read from, and what else is kept.
    #[must_use]
    pub fn cells(&self) -> &Arc<Cells> {
        &self.cells
    }

    /// The feature of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Definition>> {
        self.place_of.get(name).and_then(|place| self.definitions.get(*place))
    }

    /// Every feature as the input of a model, in the order of [`Catalogue::definitions`].
    #[must_use]
    pub fn all(&self) -> Inputs {
        Inputs(self.definitions.clone())
    }

    /// What the models of a task look at: what is nobody's alone, and what is computed for them.
    #[must_use]
    pub fn inputs_of(&self, task: &str) -> Inputs {
        let is_theirs = |one: &&Arc<Definition>| one.owner.as_deref().is_none_or(|owner| owner == task);
        Inputs(self.definitions.iter().filter(is_theirs).cloned().collect())
    }

    /// Resolves the inputs of a model, once, when it is put in force. Which other features there are does not matter.
    ///
    /// # Errors
    /// [`FeatureError::Missing`] where a feature is not computed, or only in another version.
    pub fn inputs(&self, wanted: &[FeatureId]) -> Result<Inputs, FeatureError> {
        let (mut found, mut missing) = (Vec::with_capacity(wanted.len()), Vec::new());
        for id in wanted {
            match self.get(&id.name) {
                Some(definition) if definition.id == *id => found.push(Arc::clone(definition)),
                other => missing.push((id.clone(), other.map(|definition| definition.id.version))),
            }
        }
        if missing.is_empty() { Ok(Inputs(found)) } else { Err(FeatureError::Missing { missing }) }
    }

    /// How those of a model's inputs are declared that are not built in: what a model keeps, so that it can say later what it
    /// looked at, whatever the settings declare then.
    #[must_use]
    pub fn declared(&self, wanted: &[FeatureId]) -> Vec<Declared> {
        let known = wanted.iter().filter_map(|id| self.get(&id.name).filter(|definition| definition.id == *id));
        known.filter_map(|definition| definition.declared.clone()).collect()
    }

    /// Computes the features wanted, and nothing else, into the caller's buffer: one value each, in the order of the inputs;
    /// NaN where it is not known. Nothing that was applied to the state may have been received after `as_of`.
    pub fn read(&self, state: &FeatureState, as_of: Timestamp, inputs: &Inputs, out: &mut Vec<f64>) {
        inputs.read(state, as_of, out);
    }
}

impl PartialEq for Inputs {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().map(|definition| &definition.id).eq(other.0.iter().map(|definition| &definition.id))
    }
}

impl Inputs {
    /// The features, in the order of the values.
    #[must_use]
    pub fn definitions(&self) -> &[Arc<Definition>] {
        &self.0
    }

    /// What a model names them by.
    #[must_use]
    pub fn ids(&self) -> Vec<FeatureId> {
        self.0.iter().map(|definition| definition.id.clone()).collect()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As [`Catalogue::read`].
    pub fn read(&self, state: &FeatureState, as_of: Timestamp, out: &mut Vec<f64>) {
        out.clear();
        let snapshot = Snapshot::of(state, as_of);
        out.extend(self.0.iter().map(|definition| (definition.compute)(&snapshot)));
    }
}
