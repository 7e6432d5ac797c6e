//! What does an outcome bring along to be foretold from? How often, how much and how lately the very thing that is asked about
//! happened before: nothing tells more of what will happen, and no built-in feature knows of an event of the company's own.

use super::{Among, Label, Outcome, What};
use events::{Filter, Take};
use features::{Catalogue, Declared, FeatureError, Measure};
use primitives::stable_hash;

/// The heading of what outcomes bring along.
const GROUP: &str = "Of your outcomes";

/// What is measured of the event that an outcome is about, as its feature is called.
const DAYS_SINCE: &str = "days_since";

/// How many windows the longer one counts, and how many days at the most.
const N_WINDOWS: i64 = 4;
const DAYS_MAX: i64 = 365;

/// How long the outcome's part of a name and a meaning may be: together with what is measured, no longer than declarations.
const NAME_BYTES_MAX: usize = 40;
const MEANING_BYTES_MAX: usize = 200;

/// The features that are computed: the built-in ones, those that are declared, those that outcomes bring along, and beside
/// them what tells of whom outcomes are asked.
///
/// # Errors
/// As [`Catalogue::new`].
pub fn catalogue(declared: &[Declared], outcomes: &[Outcome]) -> Result<Catalogue, FeatureError> {
    let own =
        outcomes.iter().flat_map(|outcome| outcome.features().into_iter().map(|own| (outcome.name.as_str(), own)));
    let asked = outcomes.iter().flat_map(|outcome| outcome.among.cells());
    Ok(Catalogue::new(declared)?.and(GROUP, own).keeping(asked))
}

impl Outcome {
    /// What is counted of each customer for this outcome: of the event that it is about, in as long a time before as is asked
    /// ahead and in four times that, and since the last one; and since what it is asked of happened. Purchases have features
    /// enough.
    #[must_use]
    pub fn features(&self) -> Vec<Declared> {
        let (window, longer) = (self.window_days, (N_WINDOWS * self.window_days).min(DAYS_MAX));
        let mut own = Vec::new();
        if let What::Event(filter) = self.label.what() {
            own.push(self.feature("times", filter, Measure::Count, None, Some(window)));
            own.push(self.feature("times", filter, Measure::Count, None, Some(longer)));
            own.push(self.feature(DAYS_SINCE, filter, Measure::DaysSince, None, None));
            if let Label::Sum(_, take) = &self.label {
                own.push(self.feature("sum", filter, Measure::Sum, Some(take), Some(window)));
                own.push(self.feature("sum", filter, Measure::Sum, Some(take), Some(longer)));
            }
        }
        let began = match &self.among {
            Among::Did { what: What::Event(filter), .. } | Among::Open { began: What::Event(filter), .. } => {
                Some(filter)
            }
            _ => None,
        };
        if let Some(filter) = began.filter(|began| !matches!(self.label.what(), What::Event(asked) if asked == *began))
        {
            own.push(self.feature("asked_days", filter, Measure::DaysSince, None, None));
        }
        // Where a year is asked ahead, the two windows are one.
        own.dedup_by(|one, other| one.name == other.name);
        own
    }

    /// The feature that tells how long ago the event was that this is about; `None` where that is a purchase.
    pub(crate) fn days_since(&self) -> Option<String> {
        matches!(self.label.what(), What::Event(_)).then(|| format!("{}_{DAYS_SINCE}", self.stem()))
    }

    /// How the names of its features begin: no two outcomes have one.
    fn stem(&self) -> String {
        let name = self.name.as_str();
        if name.len() <= NAME_BYTES_MAX && !name.contains('-') {
            return name.to_owned();
        }
        let (plain, n_bytes) = (name.replace('-', "_"), name.len().min(NAME_BYTES_MAX - 9));
        format!("{}_{:08x}", &plain[..n_bytes], stable_hash(name) >> 32)
    }

    fn feature(
        &self,
        what: &str,
        when: &Filter,
        measure: Measure,
        of: Option<&Take>,
        within_days: Option<i64>,
    ) -> Declared {
        let days = within_days.map(|days| format!("_{days}d")).unwrap_or_default();
        let about = when;
        let mut meaning = match (measure, within_days) {
            (Measure::Count, Some(days)) => format!("Times {about} in the last {days} days"),
            (Measure::Sum, Some(days)) => {
                let of = of.map(|take| take.pointer.to_string()).unwrap_or_default();
                let of = of.rsplit('.').next().unwrap_or_default().replace('_', " ");
                format!("What the {of} of {about} came to in the last {days} days")
            }
            _ => format!("Days since the last {about}"),
        };
        meaning.truncate(meaning.floor_char_boundary(MEANING_BYTES_MAX));
        Declared {
            name: format!("{}_{what}{days}", self.stem()),
            meaning,
            when: when.clone(),
            measure,
            of: of.cloned(),
            within_days,
        }
    }
}
