//! What is to be foretold? A declaration: among whom, what happens or does not, within how many days.
//!
//! ```text
//! asked(as_of)  = everyone; or who did something in (as_of - within_days, as_of], once or often enough; or never before; or
//!                 began it and has not ended it since; as far as was known at as_of
//! label(as_of)  = 1 where `label` comes true in (as_of, as_of + window_days], else 0
//! ```

pub(crate) mod declared;

use crate::{Dataset, TaskName};
use events::Filter;
use features::{FeatureState, Probe, Trace, Watch};
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
    /// Whether it is to be kept from coming true, so that a high probability is a risk.
    pub is_risk: bool,
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
        /// How often at least.
        at_least: u32,
    },
    /// Who never did something.
    Never(What),
    /// Who began something and has not ended it since.
    Open {
        /// By what it begins.
        began: What,
        /// By what it ends.
        ended: What,
    },
}

/// Something to be known of a customer before it can be told whether they are asked about.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    what: &'a What,
    /// How often within so many days; `None` for how many days ago it last was.
    within_days: Option<i64>,
}

impl Among {
    /// Who did something at least once within so many days.
    #[must_use]
    pub fn lately(what: What, within_days: i64) -> Self {
        Self::Did { what, within_days, at_least: 1 }
    }

    /// What must be known of a customer. Nothing where it is asked of everyone or of buyers: that is known of everybody.
    fn asks(&self) -> Vec<Asked<'_>> {
        let last = |what| Asked { what, within_days: None };
        match self {
            Self::Everyone | Self::Did { what: What::Purchase, at_least: 1, .. } => Vec::new(),
            Self::Did { what, at_least: 1, .. } | Self::Never(what) => vec![last(what)],
            Self::Did { what, within_days, .. } => vec![Asked { what, within_days: Some(*within_days) }],
            Self::Open { began, ended } => vec![last(began), last(ended)],
        }
    }

    /// By what it is told live, of somebody of whom it is known, whether it is asked of them; in the order of
    /// [`Among::holds`].
    #[must_use]
    pub fn probes(&self) -> Vec<Probe> {
        let filter = |what: &What| match what {
            What::Purchase => None,
            What::Event(filter) => Some(filter.clone()),
        };
        let probe = |asked: Asked<'_>| match asked.within_days {
            None => Probe::last(filter(asked.what)),
            Some(days) => Probe::times(filter(asked.what), days),
        };
        self.asks().into_iter().map(probe).collect()
    }

    /// Whether it is asked of somebody, from what [`Among::probes`] found.
    #[must_use]
    pub fn holds(&self, found: &[f64]) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "days are few")]
        let fewer = |days: f64, most: i64| days < most as f64;
        match (self, found) {
            (Self::Did { within_days, at_least: 1, .. }, [days]) => fewer(*days, *within_days),
            (Self::Did { at_least, .. }, [times]) => *times >= f64::from(*at_least),
            (Self::Never(_), [days]) => days.is_nan(),
            // What ended at the same moment is over.
            (Self::Open { .. }, [began, ended]) => began.is_finite() && (ended.is_nan() || ended > began),
            _ => true,
        }
    }

    fn events(&self) -> impl Iterator<Item = &What> {
        let (one, other) = match self {
            Self::Everyone => (None, None),
            Self::Did { what, .. } | Self::Never(what) => (Some(what), None),
            Self::Open { began, ended } => (Some(began), Some(ended)),
        };
        one.into_iter().chain(other)
    }
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
    /// Whether it is a risk where nothing else is said: mostly one asks of what does not happen in order to prevent it.
    pub(crate) fn is_a_risk(&self) -> bool {
        matches!(self, Self::DidNot(_))
    }

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
        self.among.events().chain([self.label.what()]).filter_map(What::watch).collect()
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
        let among = self.among.asks().into_iter().map(|asked| (asked, place(asked.what))).collect();
        OnDataset { outcome: self, among, label: place(self.label.what()) }
    }
}

/// An outcome with the places of its events among what a dataset has watched for.
pub(crate) struct OnDataset<'a> {
    outcome: &'a Outcome,
    /// What must be known to tell whether it is asked, with the place of its events.
    among: Vec<(Asked<'a>, Option<usize>)>,
    label: Option<usize>,
}

impl OnDataset<'_> {
    /// Whether the question makes sense for a customer of whom this was known at a moment.
    pub(crate) fn is_asked(&self, trace: &Trace, state: &FeatureState, as_of: Timestamp) -> bool {
        match &self.outcome.among {
            Among::Everyone => state.n_seen() > 0,
            Among::Did { what: What::Purchase, within_days, at_least: 1 } => {
                state.last_order_at().is_some_and(|last| as_of.millis_since(last) < within_days * DAY_MS)
            }
            among => {
                let found = self.among.iter().map(|(asked, place)| known(*asked, *place, trace, as_of));
                state.n_seen() > 0 && among.holds(&found.collect::<Vec<_>>())
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

/// What was known at a moment: how many days ago it last was, NaN where never, or how often it was.
fn known(asked: Asked<'_>, place: Option<usize>, trace: &Trace, as_of: Timestamp) -> f64 {
    let told = |at: Timestamp| at <= as_of;
    let times: Vec<Timestamp> = match asked.what {
        What::Purchase => trace.orders_known(as_of).map(|(_, order)| order.at).filter(|at| told(*at)).collect(),
        What::Event(_) => {
            let found = place.into_iter().flat_map(|place| trace.matches(place));
            let known = found.filter(|found| found.received_at <= as_of && told(found.occurred_at));
            known.map(|found| found.occurred_at).collect()
        }
    };
    match asked.within_days {
        None => times.into_iter().max().map_or(f64::NAN, |last| as_of.days_since(last)),
        Some(days) => {
            let lately = times.into_iter().filter(|at| as_of.millis_since(*at) < days * DAY_MS);
            #[expect(clippy::cast_precision_loss, reason = "counts of a customer's events are far below 2^53")]
            let n = lately.count() as f64;
            n
        }
    }
}
