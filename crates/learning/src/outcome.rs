//! What is to be foretold? A declaration: among whom, what happens or does not, within how many days.
//!
//! ```text
//! asked(as_of)  = who did `among.what` in (as_of - within_days, as_of], as far as was known at as_of; or everyone
//! label(as_of)  = 1 where `label` comes true in (as_of, as_of + window_days], else 0
//! ```

pub(crate) mod declared;

pub use declared::OutcomeError;

use crate::{Dataset, TaskName};
use events::Filter;
use features::{FeatureState, Since, Trace, Watch};
use primitives::{DAY_MS, Timestamp};

/// What is to be foretold, of whom, within how long: built in, or one of the settings' `[[outcomes]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Its name.
    pub name: TaskName,
    /// What it is called on a page.
    pub title: String,
    /// What it asks.
    pub question: String,
    /// Of whom it is asked.
    pub among: Among,
    /// What is to come true.
    pub label: Label,
    /// Within how many days after the question.
    pub window_days: i64,
}

/// Of whom something is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Among {
    /// Everybody of whom anything was known.
    Everyone,
    /// Who did something lately.
    Did {
        /// What.
        what: What,
        /// Within how many days before the question.
        within_days: i64,
    },
}

/// What is to come true.
#[derive(Debug, Clone, PartialEq)]
pub enum Label {
    /// It happens.
    Did(What),
    /// It does not happen.
    DidNot(What),
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A purchase, in every vocabulary that is understood; a refund takes none away.
    Purchase,
    /// Another event.
    Event(Filter),
}

impl What {
    /// How it is watched for; `None` for purchases, which are always seen.
    fn watch(&self) -> Option<Watch> {
        match self {
            Self::Purchase => None,
            Self::Event(filter) => Some(Watch { filter: filter.clone(), take: None }),
        }
    }
}

impl Label {
    /// What it is about.
    #[must_use]
    pub fn what(&self) -> &What {
        match self {
            Self::Did(what) | Self::DidNot(what) => what,
        }
    }
}

impl Outcome {
    /// The events that must be watched for.
    #[must_use]
    pub fn watches(&self) -> Vec<Watch> {
        let among = match &self.among {
            Among::Everyone => None,
            Among::Did { what, .. } => what.watch(),
        };
        among.into_iter().chain(self.label.what().watch()).collect()
    }

    /// Whom it is asked of, where that is who did another event than a purchase: since when they last did, which has to be
    /// kept of each customer, and less than how many days ago that must be.
    #[must_use]
    pub fn asked_of(&self) -> Option<(Since, i64)> {
        match &self.among {
            Among::Did { what: What::Event(filter), within_days } => Some((Since::new(filter.clone()), *within_days)),
            Among::Did { what: What::Purchase, .. } | Among::Everyone => None,
        }
    }

    /// Whether it is about purchases alone, so that the days of orders say when something can be concluded.
    #[must_use]
    pub fn is_about_purchases(&self) -> bool {
        *self.label.what() == What::Purchase
    }

    /// When the event of the label was told of for the first time; `None` where never, or where it is a purchase.
    pub(crate) fn first_told(&self, dataset: &Dataset) -> Option<Timestamp> {
        let place = dataset.place_of(&self.label.what().watch()?)?;
        let first = dataset.traces().filter_map(|(_, trace)| trace.matches(place).map(|found| found.occurred_at).min());
        first.min()
    }

    /// The outcome on a dataset, its events found there.
    pub(crate) fn on<'a>(&'a self, dataset: &Dataset) -> OnDataset<'a> {
        let place = |what: &What| what.watch().and_then(|watch| dataset.place_of(&watch));
        let among = match &self.among {
            Among::Everyone => None,
            Among::Did { what, .. } => place(what),
        };
        OnDataset { outcome: self, among, label: place(self.label.what()) }
    }
}

/// An outcome with the places of its events among what a dataset has watched for.
pub(crate) struct OnDataset<'a> {
    outcome: &'a Outcome,
    among: Option<usize>,
    label: Option<usize>,
}

impl OnDataset<'_> {
    /// Whether the question makes sense for a customer of whom this was known at a moment.
    pub(crate) fn is_asked(&self, trace: &Trace, state: &FeatureState, as_of: Timestamp) -> bool {
        match &self.outcome.among {
            Among::Everyone => state.n_seen() > 0,
            Among::Did { what: What::Purchase, within_days } => {
                state.last_order_at().is_some_and(|last| as_of.millis_since(last) < within_days * DAY_MS)
            }
            Among::Did { what: What::Event(_), within_days } => {
                let place = self.among;
                let known = place.into_iter().flat_map(|place| trace.matches(place));
                known
                    .filter(|found| found.received_at <= as_of && found.occurred_at <= as_of)
                    .any(|found| as_of.millis_since(found.occurred_at) < within_days * DAY_MS)
            }
        }
    }

    /// Whether it came true of a customer after a moment.
    pub(crate) fn came_true(&self, trace: &Trace, as_of: Timestamp) -> bool {
        let until = as_of.plus_days(self.outcome.window_days);
        let happened = match self.outcome.label.what() {
            What::Purchase => trace.orders_between(as_of, until).next().is_some(),
            What::Event(_) => {
                let place = self.label;
                place
                    .into_iter()
                    .flat_map(|place| trace.matches(place))
                    .any(|found| found.occurred_at > as_of && found.occurred_at <= until)
            }
        };
        match self.outcome.label {
            Label::Did(_) => happened,
            Label::DidNot(_) => !happened,
        }
    }
}
