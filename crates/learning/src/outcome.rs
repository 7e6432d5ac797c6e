//! What is to be foretold? A declaration: among whom, what happens or does not, within how many days.
//!
//! ```text
//! asked(as_of)  = everyone; or who did something in (as_of - within_days, as_of], once or often enough; or never before; or
//!                 began it and has not ended it since; as far as was known at as_of, and only of who did anything by then
//! label(as_of)  = what `label` says of (as_of, as_of + window_days]: 1 where it comes true and else 0, how often, how much, or
//!                 which value came first
//! ```

mod come;
pub(crate) mod declared;
mod own;
mod told;

pub(crate) use declared::is_step;
pub use own::catalogue;
pub(crate) use told::Told;

use crate::{Dataset, TaskName, vouched};
use events::{Filter, Take};
use features::{CellSpec, Cells, FeatureState, Match, Probe, Trace, Watch};
use governance::Headcount;
use primitives::{DAY_MS, Timestamp};

/// The largest amount that is learned from; larger ones count as this.
const AMOUNT_MAX: f64 = 1e12;

/// How many bytes a value has at most that is told from others.
const VALUE_BYTES_MAX: usize = 100;

// Of a longer one so much is kept, up to a letter of four bytes, that it is seen to be longer.
const _: () = assert!(VALUE_BYTES_MAX + 4 <= Match::TEXT_BYTES_MAX);

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

impl Among {
    /// Who did something at least once within so many days.
    #[must_use]
    pub fn lately(what: What, within_days: i64) -> Self {
        Self::Did { what, within_days, at_least: 1 }
    }

    /// By what it is told, live as in training, whether it is asked of somebody who did anything; in the order of
    /// [`Among::holds`]. Nothing where it is asked of everyone or of buyers: that is known of everybody.
    #[must_use]
    pub fn probes(&self) -> Vec<Probe> {
        let filter = |what: &What| match what {
            What::Purchase => None,
            What::Event(filter) => Some(filter.clone()),
        };
        let last = |what: &What| Probe::last(filter(what));
        match self {
            Self::Everyone | Self::Did { what: What::Purchase, at_least: 1, .. } => Vec::new(),
            Self::Did { what, at_least: 1, .. } | Self::Never(what) => vec![last(what)],
            Self::Did { what, within_days, .. } => vec![Probe::times(filter(what), *within_days)],
            Self::Open { began, ended } => vec![last(began), last(ended)],
        }
    }

    /// What must be kept of each customer for that.
    pub fn cells(&self) -> impl Iterator<Item = CellSpec> {
        self.probes().into_iter().filter_map(|probe| probe.cell().cloned())
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
    /// How often it happens.
    Count(What),
    /// What a value of it comes to in sum.
    Sum(What, Take),
    /// Which value it has the first time it happens.
    Which(What, Take),
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
    fn watch(&self, take: Option<&Take>) -> Option<Watch> {
        match self {
            Self::Purchase => None,
            Self::Event(filter) => Some(Watch { filter: filter.clone(), take: take.cloned(), is_message: false }),
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
            Self::Did(what) | Self::DidNot(what) | Self::Count(what) | Self::Sum(what, _) | Self::Which(what, _) => {
                what
            }
        }
    }

    /// The value that is read of it.
    #[must_use]
    pub fn take(&self) -> Option<&Take> {
        match self {
            Self::Sum(_, take) | Self::Which(_, take) => Some(take),
            Self::Did(_) | Self::DidNot(_) | Self::Count(_) => None,
        }
    }

    fn watch(&self) -> Option<Watch> {
        self.what().watch(self.take())
    }
}

impl Outcome {
    /// The events that must be watched for.
    #[must_use]
    pub fn watches(&self) -> Vec<Watch> {
        self.declared().chain(self.currency_watch()).collect()
    }

    /// The events, and values of them, that its declaration names.
    pub fn declared(&self) -> impl Iterator<Item = Watch> {
        self.among.events().filter_map(|what| what.watch(None)).chain(self.label.watch())
    }

    /// Whether it answers with a probability, and so has a score that rules can look at.
    #[must_use]
    pub fn is_yes_or_no(&self) -> bool {
        matches!(self.label, Label::Did(_) | Label::DidNot(_))
    }

    /// Whether it is about purchases alone, so that the days of orders say when something can be concluded.
    #[must_use]
    pub fn is_about_purchases(&self) -> bool {
        *self.label.what() == What::Purchase
    }

    /// When the event of the label happened for the first time, as far as is known now; `None` where never, or where it is a
    /// purchase.
    pub(crate) fn first_told(&self, dataset: &Dataset, now: Timestamp) -> Option<Timestamp> {
        let place = dataset.place_of(&self.label.watch()?)?;
        let known = |trace: &Trace| {
            trace.matches(place).filter(|found| found.received_at <= now).map(|found| found.occurred_at).min()
        };
        dataset.traces().filter_map(|(_, trace)| known(trace)).min()
    }

    /// The outcome on a dataset, its events found there, as far as they are known now.
    pub(crate) fn on<'a>(&'a self, dataset: &'a Dataset, now: Timestamp) -> OnDataset<'a> {
        let label = self.label.watch().and_then(|watch| dataset.place_of(&watch));
        let number_max = self.number_max(dataset, label, now);
        OnDataset { outcome: self, probes: self.among.probes(), cells: dataset.cells(), label, now, number_max }
    }

    /// What a number counts for at most in a sum that only the write key told of.
    fn number_max(&self, dataset: &Dataset, label: Option<usize>, now: Timestamp) -> f64 {
        match (&self.label, label) {
            (Label::Sum(..), Some(place)) => Self::most_unvouched(dataset, place, now),
            _ => f64::INFINITY,
        }
    }

    /// What a number that is watched for counts for at most where nobody vouches for it.
    pub(crate) fn most_unvouched(dataset: &Dataset, place: usize, now: Timestamp) -> f64 {
        let (mut vouched, mut others) = (Vec::new(), Vec::new());
        for found in dataset.traces().flat_map(|(_, trace)| trace.matches(place)) {
            if let Some(number) = found.number.and_then(usable).filter(|n| *n > 0.0 && found.received_at <= now) {
                if found.origin.is_trusted() { &mut vouched } else { &mut others }.push(number);
            }
        }
        vouched::most(vouched, others)
    }

    /// Whether it can be told from a dataset of whom it is asked.
    pub(crate) fn can_be_asked_of(&self, dataset: &Dataset) -> bool {
        dataset.cells().covers(&Cells::new(self.among.cells()))
    }
}

/// An outcome with the places of its events among what a dataset has watched for.
pub(crate) struct OnDataset<'a> {
    outcome: &'a Outcome,
    /// By what it is told whether it is asked.
    probes: Vec<Probe>,
    cells: &'a Cells,
    label: Option<usize>,
    /// What was received later is not known, though it happened before.
    now: Timestamp,
    /// What a number counts for at most in a sum that nobody vouches for.
    number_max: f64,
}

/// A number that can be added up: finite and not below 0.
pub(crate) fn usable(number: f64) -> Option<f64> {
    (number >= 0.0 && number.is_finite()).then_some(number)
}

/// A value that can be told from others: a text that is not blank and not long.
pub(crate) fn nameable(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty() && text.len() <= VALUE_BYTES_MAX)
}

impl OnDataset<'_> {
    /// Whether the question makes sense for a customer of whom this was known at a moment.
    pub(crate) fn is_asked(&self, state: &FeatureState, as_of: Timestamp) -> bool {
        match &self.outcome.among {
            Among::Did { what: What::Purchase, within_days, at_least: 1 } => {
                state.last_order_at().is_some_and(|last| as_of.millis_since(last) < within_days * DAY_MS)
            }
            among => {
                let found = self.probes.iter().map(|probe| probe.read(self.cells, state, as_of));
                state.n_seen() > 0 && found.collect::<Option<Vec<_>>>().is_some_and(|found| among.holds(&found))
            }
        }
    }

    /// The end of the window of a question.
    fn until(&self, as_of: Timestamp) -> Timestamp {
        as_of.plus_days(self.outcome.window_days)
    }

    /// What the label is about, after a moment, up to and including another.
    fn between<'t>(&self, trace: &'t Trace, after: Timestamp, until: Timestamp) -> impl Iterator<Item = Match<'t>> {
        let found = self.label.into_iter().flat_map(|place| trace.matches(place));
        let now = self.now;
        found.filter(move |found| found.occurred_at > after && found.occurred_at <= until && found.received_at <= now)
    }

    /// The purchases after a moment, up to and including another.
    fn purchases(&self, trace: &Trace, after: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
        let known = trace.orders_known(self.now).map(|(_, order)| order.at);
        known.filter(move |at| *at > after && *at <= until)
    }

    /// Whether it came true of a customer after a moment: that it happened, of any label but one that says it does not.
    pub(crate) fn came_true(&self, trace: &Trace, as_of: Timestamp) -> bool {
        let happened = match self.outcome.label.what() {
            What::Purchase => self.purchases(trace, as_of, self.until(as_of)).next().is_some(),
            What::Event(_) => self.between(trace, as_of, self.until(as_of)).next().is_some(),
        };
        happened != matches!(self.outcome.label, Label::DidNot(_))
    }

    /// How often it happened after a moment, or how much that came to.
    pub(crate) fn amount(&self, trace: &Trace, as_of: Timestamp) -> f64 {
        if *self.outcome.label.what() == What::Purchase {
            return sum(self.purchases(trace, as_of, self.until(as_of)).map(|_| 1.0));
        }
        self.sum_of(self.between(trace, as_of, self.until(as_of)))
    }

    /// The same of as long a time before the moment, as far as was known by then.
    pub(crate) fn amount_before(&self, trace: &Trace, as_of: Timestamp) -> f64 {
        let since = as_of.plus_days(-self.outcome.window_days);
        if *self.outcome.label.what() == What::Purchase {
            let known = trace.orders_known(as_of).map(|(_, order)| order.at);
            return sum(known.filter(|at| *at > since && *at <= as_of).map(|_| 1.0));
        }
        self.sum_of(self.between(trace, since, as_of).filter(|found| found.received_at <= as_of))
    }

    fn sum_of<'t>(&self, found: impl Iterator<Item = Match<'t>>) -> f64 {
        match self.outcome.label {
            Label::Sum(..) => sum(found.filter_map(|found| self.counted(&found))),
            _ => sum(found.map(|_| 1.0)),
        }
    }

    /// What a number counts for in a sum.
    fn counted(&self, found: &Match<'_>) -> Option<f64> {
        let number = found.number.and_then(usable)?;
        Some(if found.origin.is_trusted() { number } else { number.min(self.number_max) })
    }

    /// Whose numbers count for less than was told, in words; `None` where nobody's do.
    pub(crate) fn trimmed(&self, dataset: &Dataset) -> Option<String> {
        let is_trimmed = |found: Match<'_>| {
            let number = found.number.and_then(usable).filter(|_| found.received_at <= self.now);
            number.is_some_and(|number| self.counted(&found).is_some_and(|counted| counted < number))
        };
        let whose =
            dataset.traces().filter(|(_, trace)| trace.matches(self.label.unwrap_or(usize::MAX)).any(is_trimmed));
        let headcount = Headcount::of(u32::try_from(whose.count()).unwrap_or(u32::MAX));
        (!headcount.is_nobody()).then(|| {
            format!(
                "values of {headcount} that only the write key told of are above {:.2}, which is far above what is usual: each \
                 counted as that, so that nobody can bend the model with invented ones. Where they are real, send the events \
                 with a server key, or import them",
                self.number_max
            )
        })
    }

    /// The value of the first time it happened after a moment, of the times that have one.
    pub(crate) fn first_value<'t>(&self, trace: &'t Trace, as_of: Timestamp) -> Option<&'t str> {
        let found = self.between(trace, as_of, self.until(as_of)).filter(|found| found.text.is_some());
        // Of several at one moment one that does not depend on which arrived first.
        found.min_by_key(|found| (found.occurred_at, found.key)).and_then(|found| found.text)
    }

    /// The value of the last time it happened before a moment, as far as was known by then.
    pub(crate) fn last_value<'t>(&self, trace: &'t Trace, as_of: Timestamp) -> Option<&'t str> {
        let found = self.between(trace, Timestamp::MIN, as_of).filter(|found| found.received_at <= as_of);
        let found = found.filter(|found| found.text.is_some());
        found.max_by_key(|found| (found.occurred_at, found.key)).and_then(|found| found.text)
    }
}

fn sum(amounts: impl Iterator<Item = f64>) -> f64 {
    amounts.sum::<f64>().min(AMOUNT_MAX)
}
