//! What is true of a simulated company, beside what Rapport estimated of it?
//!
//! The company is lived through again from its label; from the end of its history on, the lives of a sample of its customers
//! are played on many times. What came on average is the truth. Beside it stands what the models in force answer from what was
//! known at that end: no decision is logged, and nothing is changed. A capability adds its rows in one file below `rows`.

mod arithmetic;
mod cases;
mod knowable;
mod lived;
mod row;
mod rows;
mod then;

pub(crate) use row::{Row, Verdict, shown};

use crate::error::ServerError;
use crate::serve::Opened;
use crate::simulated;
use cases::Cases;
use engine::EngineError;
use lived::Lived;
use primitives::{DAY_MS, ErrorKind, Timestamp};
use serde::Serialize;
use simulation::Label;

/// How closely the truth is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    /// The seed that the company is said to have.
    pub(crate) seed: Option<u64>,
    /// How many active customers are looked at.
    pub(crate) n_sample: usize,
    /// How often the life of each is played on.
    pub(crate) n_futures: u32,
}

/// What was found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// From what the company was made.
    #[serde(flatten)]
    pub(crate) company: Label,
    /// The last moment of which something was known.
    pub(crate) as_of: Timestamp,
    /// How many of the company's customers were active then.
    pub(crate) n_active: usize,
    /// How many of them were looked at.
    pub(crate) n_sample: usize,
    /// How often the life of each was played on.
    pub(crate) n_futures: u32,
    /// What must be known to read the rows, a sentence each.
    pub(crate) notes: Vec<String>,
    /// Row by row.
    pub(crate) rows: Vec<Row>,
}

/// Everything that a row is made of.
struct World<'a> {
    opened: &'a Opened,
    as_of: Timestamp,
    lived: &'a Lived,
    cases: &'a Cases,
    known: &'a then::Known,
}

/// Compares what is true with what is estimated; `tell` is told what is being done.
///
/// # Errors
/// [`ServerError`] where the directory is of no simulated company, or of another one than was asked for, and where it cannot be
/// read.
pub(crate) fn compare(opened: &Opened, ask: &Ask, tell: &dyn Fn(&str)) -> Result<Report, ServerError> {
    let label = company(opened, ask.seed)?;
    let settings = label.settings().map_err(|error| {
        let message = format!("the catalogue is said to be of a company that cannot be made again: {error}");
        ServerError::new(ErrorKind::Corrupt, message)
    })?;
    let until_day = undecided(opened, &settings)?;
    // Of what happens on the day after, the first moment included, nothing is known.
    let as_of = Timestamp::from_millis(until_day * DAY_MS - 1);
    tell("Reading the history");
    let known = then::customers(&opened.engine, as_of)?;
    if known.customers.is_empty() {
        let message = format!(
            "{} knows nothing of its simulated company up to {as_of}: a truth can be told only of a history that was \
             imported, on whose days Rapport did not decide",
            opened.data.display()
        );
        return Err(ServerError::new(ErrorKind::NotFound, message));
    }
    alone(opened, &known.companies)?;
    tell("Living through the company's days");
    let lived = Lived::new(settings, until_day);
    tell("Playing lives on");
    let cases = Cases::of(opened, &lived, &known, as_of, ask);
    tell("Comparing");
    let rows = rows::all(&World { opened, as_of, lived: &lived, cases: &cases, known: &known })?;
    let (n_active, n_sample) = (cases.n_active, cases.all.len());
    let notes = notes(&label, &settings, &lived, &known, until_day);
    Ok(Report { company: label, as_of, n_active, n_sample, n_futures: ask.n_futures, notes, rows })
}

/// The day before which Rapport decided nothing: what people did from then on depends on what was decided, and the company is
/// lived through again as it goes without.
fn undecided(opened: &Opened, settings: &simulation::Settings) -> Result<i64, ServerError> {
    let from = Timestamp::from_millis(settings.first_day() * DAY_MS);
    let counted = opened.engine.ports().decisions.by_day(from, u64::MAX).map_err(EngineError::from)?;
    let first = counted.iter().map(|count| count.day).min();
    Ok(first.map_or(settings.end_day, |first| first.min(settings.end_day)))
}

/// What is special about this directory.
fn notes(
    label: &Label,
    settings: &simulation::Settings,
    lived: &Lived,
    known: &then::Known,
    until_day: i64,
) -> Vec<String> {
    let mut notes = Vec::new();
    if until_day < settings.end_day {
        let from = Timestamp::from_millis(until_day * DAY_MS);
        notes.push(format!(
            "From {} on Rapport decided beside the company, so that it is looked at as of the moment before",
            from.date()
        ));
    }
    if known.n_events < lived.n_told {
        notes.push(format!(
            "Only {} of the {} events that the company of {} days told by then are here: import its whole history, or what is \
             not known counts as estimated wrong",
            console::format::count(known.n_events),
            console::format::count(lived.n_told),
            label.days
        ));
    }
    notes
}

/// Whether only one company is in the directory: the people of two have the same names.
fn alone(opened: &Opened, companies: &[Label]) -> Result<(), ServerError> {
    let [one, other, ..] = companies else { return Ok(()) };
    let (one, other) = (simulated::name(one), simulated::name(other));
    let message = format!(
        "{} holds more than one simulated company ({one}; {other}), whose people go by the same names: import each into a \
         data directory of its own",
        opened.data.display()
    );
    Err(ServerError::new(ErrorKind::Invalid, message))
}

/// Of which company the directory is.
fn company(opened: &Opened, seed: Option<u64>) -> Result<Label, ServerError> {
    let Some(label) = simulated::label(&opened.engine) else {
        let message = format!(
            "{} holds no simulated company, and nobody knows the truth of a real one: `rapport simulate --history DIR` makes one, \
             and `import DIR` takes it in, into a data directory of its own (`--data`)",
            opened.data.display()
        );
        return Err(ServerError::new(ErrorKind::NotFound, message));
    };
    match seed.filter(|seed| *seed != label.seed) {
        None => Ok(label),
        Some(seed) => {
            let (data, found) = (opened.data.display(), label.seed);
            let message =
                format!("{data} holds the company of seed {found}, not {seed}: leave --seed out, or name its own");
            Err(ServerError::new(ErrorKind::Invalid, message))
        }
    }
}
