//! What is asked of the customers: whom, in which order, and what is told of each?

use crate::Engine;
use crate::error::EngineError;
use decisions::filter::{Measure, Names, Subject};
use decisions::{Filter, FilterError, Kind};
use primitives::{ErrorKind, nearest};
use std::fmt;

/// How many columns may be asked for.
const N_COLUMNS_MAX: usize = 50;
/// How many kinds lists can compare: what is still to be computed is noted in a bit each.
const N_KINDS_MAX: usize = 128;
/// What is sorted by where nobody says.
const NEWEST_FIRST: Sort = Sort { by: Subject::LastSeen, is_descending: true };

/// What a column before which this stands tells: the reasons of a score.
const WHY: &str = "why.";

/// What is asked of the customers.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Whom.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// What is told of each.
    pub columns: Vec<Column>,
    /// The numbers that are added up over all of them.
    pub summed: Vec<Subject>,
}

/// In which order. Of whom it is not known, they come last; of equals, by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: Subject,
    /// Whether the largest comes first.
    pub is_descending: bool,
}

/// Something that is told of a customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// What a filter can ask about.
    Of(Subject),
    /// Why a score is what it is: the name of its kind.
    Why(String),
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.is_descending { "-" } else { "" }, self.by)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(subject) => subject.fmt(f),
            Self::Why(kind) => write!(f, "{WHY}{kind}"),
        }
    }
}

impl Engine {
    /// The kinds whose answers lists can compare and show.
    pub(super) fn scored_kinds(&self) -> impl Iterator<Item = (&dyn Kind, Measure)> {
        let scored = self.capabilities.kinds.iter().filter_map(|kind| Some((kind, kind.about().shape.measure()?)));
        scored.take(N_KINDS_MAX)
    }

    /// The names that a filter may use now.
    pub fn filter_names(&self) -> Names {
        let scores = self.scored_kinds().map(|(kind, measure)| (kind.about().name.to_string(), measure)).collect();
        let features = self.catalogue().definitions().iter().map(|one| one.id.name.to_string()).collect();
        let segments = self.capabilities.kinds.iter().flat_map(Kind::groups).collect();
        let lists = self.all_lists().into_iter().map(|(list, _)| list.name).collect();
        Names { scores, features, segments, lists }
    }

    /// Reads what is asked: a filter, what is sorted by (`-churn`), and columns, with commas between them. Without columns every
    /// score is told; added up are the numbers among the columns, and without columns those that are filtered and sorted by.
    ///
    /// # Errors
    /// [`EngineError`] that says where what was written cannot be read.
    pub fn selection(&self, filter: &str, sort: &str, columns: &str) -> Result<Selection, EngineError> {
        let names = self.filter_names();
        let filter = Filter::parse(filter, &names)?;
        let sort = sort_by(sort.trim(), &names)?;
        let summed = if columns.trim().is_empty() {
            let asked = filter.subjects().into_iter().chain(std::iter::once(&sort.by)).cloned();
            numbers(asked.map(|subject| told(subject, &names)), &names)
        } else {
            let told = columns_of(columns, &names)?.into_iter().filter_map(|column| match column {
                Column::Of(subject) => Some(subject),
                Column::Why(_) => None,
            });
            numbers(told, &names)
        };
        Ok(Selection { columns: columns_of(columns, &names)?, filter, sort, summed })
    }
}

fn sort_by(text: &str, names: &Names) -> Result<Sort, EngineError> {
    if text.is_empty() {
        return Ok(NEWEST_FIRST);
    }
    let (is_descending, name) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let by = Filter::parse_subject(name, names).map_err(|error| wrong("sort", usize::from(is_descending), error))?;
    match by {
        Subject::List | Subject::Segment => {
            let message =
                format!("sort is by {by}, of which a customer may have several: sort by a score, a feature or a trait");
            Err(EngineError::new(ErrorKind::Invalid, message))
        }
        by => Ok(Sort { by, is_descending }),
    }
}

fn columns_of(text: &str, names: &Names) -> Result<Vec<Column>, EngineError> {
    if text.trim().is_empty() {
        return Ok(names.scores.keys().map(|name| Column::Of(Subject::Score(name.clone()))).collect());
    }
    let (mut columns, mut n_before): (Vec<Column>, usize) = (Vec::new(), 0);
    for name in split(text) {
        let column = column(name, n_before, names)?;
        n_before += name.chars().count() + 1;
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    if columns.len() > N_COLUMNS_MAX {
        let message = format!("columns names {} columns: name {N_COLUMNS_MAX} at the most", columns.len());
        return Err(EngineError::new(ErrorKind::Invalid, message));
    }
    Ok(columns)
}

/// Scores and features stand apart where they are told.
fn told(subject: Subject, names: &Names) -> Subject {
    match subject {
        Subject::Named(name) if names.scores.contains_key(&name) => Subject::Score(name),
        Subject::Named(name) => Subject::Feature(name),
        subject => subject,
    }
}

/// The numbers among what is told, each once.
fn numbers(subjects: impl Iterator<Item = Subject>, names: &Names) -> Vec<Subject> {
    let mut numbers: Vec<Subject> = Vec::new();
    for subject in subjects {
        if names.measure(&subject) == Some(Measure::Number) && !numbers.contains(&subject) {
            numbers.push(subject);
        }
    }
    numbers
}

/// The parts between the commas that stand in no quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |c| {
        let is_border = c == ',' && !is_quoted;
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_border
    })
    .collect()
}

/// A column, before which so many characters stand.
fn column(name: &str, n_before: usize, names: &Names) -> Result<Column, EngineError> {
    let Some(kind) = name.trim().strip_prefix(WHY) else {
        let subject = Filter::parse_subject(name, names).map_err(|error| wrong("columns", n_before, error))?;
        return Ok(Column::Of(told(subject, names)));
    };
    if names.scores.contains_key(kind) {
        return Ok(Column::Why(kind.to_owned()));
    }
    let shown: String = kind.chars().take(40).collect();
    let hint = nearest(kind, names.scores.keys().map(String::as_str));
    let hint = hint.map_or_else(String::new, |near| format!("; did you mean {WHY}{near}?"));
    let message = format!("columns names {WHY}{shown}, and there is no such score: `rapport kinds` lists them{hint}");
    Err(EngineError::new(ErrorKind::Invalid, message))
}

fn wrong(what: &str, n_before: usize, error: FilterError) -> EngineError {
    let said = FilterError { at: error.at + n_before, ..error }.to_string();
    let said = said.strip_prefix("the filter cannot be read").unwrap_or(&said);
    EngineError::new(ErrorKind::Invalid, format!("{what} cannot be read{said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Names {
            scores: [("churn", Measure::Number), ("value", Measure::Number), ("next", Measure::Text)]
                .map(|(name, measure)| (name.to_owned(), measure))
                .into(),
            features: of(&["orders_all", "value"]),
            segments: of(&["vip"]),
            lists: of(&["leaving"]),
        }
    }

    fn columns(text: &str) -> Result<Vec<String>, String> {
        let columns = columns_of(text, &names()).map_err(|error| error.to_string())?;
        Ok(columns.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn an_order_is_read_as_it_is_written_and_of_what_there_are_several_there_is_none() {
        for text in ["-churn", "churn", "traits.city", "-traits.\"a, b\"", "last_seen"] {
            assert_eq!(sort_by(text, &names()).unwrap().to_string(), text);
        }
        assert_eq!(sort_by("", &names()).unwrap().to_string(), "-last_seen");
        for (text, said) in [
            ("list", "of which a customer may have several"),
            ("-segment", "sort is by segment"),
            ("chrun", "sort cannot be read at position 1: found \"chrun\""),
            ("--churn", "sort cannot be read at position 2: found \"-\""),
        ] {
            let error = sort_by(text, &names()).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn columns_stand_between_the_commas_that_stand_in_no_quotes() {
        let cells = |cells: &[&str]| Ok(cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
        assert_eq!(columns(""), cells(&["score.churn", "score.next", "score.value"]));
        assert_eq!(
            columns("value, orders_all ,feature.value,why.churn,value,score.value"),
            cells(&["score.value", "feature.orders_all", "feature.value", "why.churn"]),
            "each once, a score before a feature of its name"
        );
        assert_eq!(
            columns(r#"traits."a,b",traits."c\",d",traits."e\\",churn"#),
            cells(&[r#"traits."a,b""#, r#"traits."c\",d""#, r#"traits."e\\""#, "score.churn"])
        );
        for (text, said) in [
            ("churn,", "columns cannot be read at position 7: found the end, expected a name"),
            ("churn,chrun", "did you mean churn?"),
            (
                "why.chrun",
                "columns names why.chrun, and there is no such score: `rapport kinds` lists them; did you mean why.churn?",
            ),
            ("why.orders_all", "there is no such score"),
        ] {
            let error = columns(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        let many = |n: usize| (0..n).map(|n| format!("traits.a{n}")).collect::<Vec<_>>().join(",");
        assert_eq!(columns(&many(50)).map(|columns| columns.len()), Ok(50));
        assert!(columns(&many(51)).unwrap_err().contains("columns names 51 columns: name 50 at the most"));
        assert_eq!(columns(&format!("{},traits.a0", many(50))).map(|columns| columns.len()), Ok(50));
    }

    #[test]
    fn what_is_added_up_are_the_numbers_each_once() {
        let subjects = ["value", "orders_all", "next", "traits.city", "score.value", "last_seen", "feature.value"];
        let subjects = subjects.map(|text| told(Filter::parse_subject(text, &names()).unwrap(), &names()));
        let summed: Vec<String> = numbers(subjects.into_iter(), &names()).iter().map(ToString::to_string).collect();
        assert_eq!(summed, ["score.value", "feature.orders_all", "feature.value"]);
    }
}
