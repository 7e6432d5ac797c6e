//! What does an outcome bring along to be foretold from? How often, how much and how lately the very thing that is asked about
//! happened before: nothing tells more of what will happen, and no built-in feature knows of an event of the company's own.

use super::{Among, Label, Outcome, What};
use events::{Filter, Take};
use features::{Catalogue, Declared, FeatureError, Measure};

/// The heading of what outcomes bring along.
const GROUP: &str = "Of your outcomes";

/// How many windows the longer one counts, and how many days at the most.
const N_WINDOWS: i64 = 4;
const DAYS_MAX: i64 = 365;

/// How long a name and a meaning may be; declarations have the same bounds.
const NAME_BYTES_MAX: usize = 64;
const MEANING_BYTES_MAX: usize = 200;

/// The features that are computed: the built-in ones, those that are declared, those that outcomes bring along, and beside
/// them what tells of whom outcomes are asked.
///
/// # Errors
/// As [`Catalogue::new`].
pub fn catalogue(declared: &[Declared], outcomes: &[Outcome]) -> Result<Catalogue, FeatureError> {
    let own = outcomes.iter().flat_map(Outcome::features);
    let probes = outcomes.iter().flat_map(|outcome| outcome.among.probes());
    Ok(Catalogue::new(declared)?.and(GROUP, own).keeping(probes.filter_map(|probe| probe.cell().cloned())))
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
            own.push(self.feature("days_since", filter, Measure::DaysSince, None, None));
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
            own.push(self.feature("asked_days_since", filter, Measure::DaysSince, None, None));
        }
        // Where a year is asked ahead, the two windows are one.
        own.dedup_by(|one, other| one.name == other.name);
        own
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
        let end = format!("_{what}{days}");
        let mut name = self.name.as_str().replace('-', "_");
        name.truncate(NAME_BYTES_MAX - end.len());
        let about = named(when);
        let mut meaning = match (measure, within_days) {
            (Measure::Count, Some(days)) => format!("Times {about} in the last {days} days"),
            (Measure::Sum, Some(days)) => {
                let of = of.map(|take| take.pointer.to_string()).unwrap_or_default();
                format!("Sum of {of} of {about} in the last {days} days")
            }
            _ => format!("Days since the last {about}"),
        };
        meaning.truncate(meaning.floor_char_boundary(MEANING_BYTES_MAX));
        Declared { name: name + &end, meaning, when: when.clone(), measure, of: of.cloned(), within_days }
    }
}

/// `"Plan Changed" with kind = "upgrade"`.
fn named(filter: &Filter) -> String {
    let equal = filter.equal.iter().map(|(pointer, value)| format!("{pointer} = {value}")).collect::<Vec<_>>();
    let with = if equal.is_empty() { String::new() } else { format!(" with {}", equal.join(" and ")) };
    format!("\"{}\"{with}", filter.event)
}
