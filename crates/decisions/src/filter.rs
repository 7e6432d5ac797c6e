//! Who is meant? A condition on customers as people write it: `churn>0.5 and orders_365d>=2 and traits.city="Graz"`.
//!
//! It is read with the names that there are ([`Names`]), so that a mistake is told with its place, written by [`fmt::Display`]
//! so that reading it again gives the same, and asked of what is known of a customer ([`Facts`]).
//!
//! What is not known is neither true nor false: `churn > 0.5` says nothing of who has no such score, and neither does
//! `not churn > 0.5`. Only what is true holds.

mod forget;
mod holds;
mod lexer;
mod names;
mod parse;
mod print;

#[cfg(test)]
mod tests;

pub use forget::{ERASED, without_names};
pub(crate) use holds::text_of;
pub use holds::{Facts, Value};
pub use names::{Measure, Names};

use governance::Purpose;
use primitives::Timestamp;
use std::fmt;

/// The longest filter, in bytes.
pub const FILTER_BYTES_MAX: usize = 4_096;

/// How deep parentheses and `not` may be nested.
pub(crate) const DEPTH_MAX: usize = 32;

/// A condition on customers.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Filter {
    /// Everybody: what an empty text says.
    #[default]
    All,
    /// All of them hold.
    And(Vec<Filter>),
    /// One of them holds.
    Or(Vec<Filter>),
    /// It does not hold, and it is known that it does not.
    Not(Box<Filter>),
    /// One thing is asked.
    Test(Subject, Ask),
}

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A score or a feature, whichever has the name: a score where both do.
    Named(String),
    /// What a kind of decision answers: `score.churn`.
    Score(String),
    /// A feature: `feature.orders_365d`.
    Feature(String),
    /// A trait, or what stands within one: `traits.address.city`.
    Trait(Vec<String>),
    /// Whether the data may be used: `consent.marketing`.
    Consent(Purpose),
    /// A group or a segment.
    Segment,
    /// A saved list.
    List,
    /// When they were seen last.
    LastSeen,
    /// When they were seen first.
    FirstSeen,
    /// Whether a `userId` is known.
    Known,
    /// Any of their names.
    Id,
}

/// What is asked of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// It compares so.
    Is(Op, Literal),
    /// It is one of these.
    In(Vec<Literal>),
    /// A text has this in it, whatever the case; a list has it as an entry.
    Contains(String),
    /// It is known.
    Exists,
}

/// How two things are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `=`.
    Eq,
    /// `!=`.
    Ne,
    /// `<`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
}

impl Op {
    /// Each, as it is written.
    pub const ALL: [(Self, &'static str); 6] =
        [(Self::Eq, "="), (Self::Ne, "!="), (Self::Le, "<="), (Self::Lt, "<"), (Self::Ge, ">="), (Self::Gt, ">")];

    /// Whether two that compare so fulfil it.
    pub(crate) fn is(self, found: std::cmp::Ordering) -> bool {
        match self {
            Self::Eq => found.is_eq(),
            Self::Ne => found.is_ne(),
            Self::Lt => found.is_lt(),
            Self::Le => found.is_le(),
            Self::Gt => found.is_gt(),
            Self::Ge => found.is_ge(),
        }
    }
}

/// What it is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A finite number.
    Number(f64),
    /// A text.
    Text(String),
    /// `true` or `false`.
    YesNo(bool),
    /// A moment: `"2026-11-29"` or `"2026-11-29T08:30:00Z"`.
    Moment(Timestamp),
    /// So many hours before now: `now`, `now-12h`, `now-30d`.
    Ago {
        /// How many.
        hours: u32,
    },
}

/// A filter that cannot be read: where, what stands there, and what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the filter cannot be read at position {at}: found {found}, expected {expected}{}", self.hint())]
pub struct FilterError {
    /// The place of the character, counted from 1.
    pub at: usize,
    /// How many characters it is about.
    pub n_chars: usize,
    /// What stands there.
    pub found: String,
    /// What could.
    pub expected: String,
    /// The name that was probably meant.
    pub nearest: Option<String>,
}

impl FilterError {
    fn hint(&self) -> String {
        self.nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean {name}?"))
    }
}

impl Filter {
    /// Reads a filter, as long as [`FILTER_BYTES_MAX`] at the most.
    ///
    /// # Errors
    /// [`FilterError`].
    pub fn parse(text: &str, names: &Names) -> Result<Self, FilterError> {
        parse::parse(text, names)
    }

    /// Reads what a filter asks about alone, such as a column or what is sorted by: `churn`, `traits.city`, `last_seen`.
    ///
    /// # Errors
    /// [`FilterError`].
    pub fn parse_subject(text: &str, names: &Names) -> Result<Subject, FilterError> {
        parse::subject(text, names)
    }

    /// Whether it holds: nothing where too little is known to say.
    pub fn holds(&self, facts: &dyn Facts) -> Option<bool> {
        holds::holds(self, facts)
    }

    /// The same, asking first what costs least. What it says does not depend on the order.
    #[must_use]
    pub fn cheapest_first(self, cost: &dyn Fn(&Subject) -> u32) -> Self {
        let ordered = |parts: Vec<Self>| {
            let mut parts: Vec<Self> = parts.into_iter().map(|part| part.cheapest_first(cost)).collect();
            parts.sort_by_key(|part| part.cost(cost));
            parts
        };
        match self {
            Self::And(parts) => Self::And(ordered(parts)),
            Self::Or(parts) => Self::Or(ordered(parts)),
            Self::Not(part) => Self::Not(Box::new(part.cheapest_first(cost))),
            Self::All | Self::Test(..) => self,
        }
    }

    /// What the dearest of its questions costs.
    fn cost(&self, cost: &dyn Fn(&Subject) -> u32) -> u32 {
        self.subjects().into_iter().map(cost).max().unwrap_or(0)
    }

    /// Everything that it asks about, in the order of the text.
    #[must_use]
    pub fn subjects(&self) -> Vec<&Subject> {
        let mut subjects = Vec::new();
        self.visit(&mut |subject, _| subjects.push(subject));
        subjects
    }

    /// The saved lists that it asks about.
    #[must_use]
    pub fn lists(&self) -> Vec<&str> {
        let mut lists = Vec::new();
        self.visit(&mut |subject, ask| {
            let literals = match (subject, ask) {
                (Subject::List, Ask::Is(_, literal)) => std::slice::from_ref(literal),
                (Subject::List, Ask::In(literals)) => literals,
                _ => &[],
            };
            lists.extend(literals.iter().filter_map(|literal| match literal {
                Literal::Text(name) => Some(name.as_str()),
                _ => None,
            }));
        });
        lists
    }

    /// How many questions it asks: of what is one of several, one for each of these.
    #[must_use]
    pub fn n_conditions(&self) -> usize {
        let mut n = 0;
        self.visit(&mut |_, ask| {
            n += match ask {
                Ask::In(literals) => literals.len(),
                Ask::Is(..) | Ask::Contains(_) | Ask::Exists => 1,
            }
        });
        n
    }

    /// Looks at each question.
    fn visit<'f>(&'f self, look: &mut dyn FnMut(&'f Subject, &'f Ask)) {
        match self {
            Self::All => {}
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.visit(look)),
            Self::Not(part) => part.visit(look),
            Self::Test(subject, ask) => look(subject, ask),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::filter(self, f)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::subject(self, f)
    }
}
