//! Which lists of customers are there, who is on one, and who is meant by a filter that somebody tries?

use super::{Frame, Section, filters, page};
use crate::Icon;
use crate::chart::{self, Column, Html};
use primitives::Timestamp;

/// Every list, `/lists`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "lists.html")]
pub struct ListsPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The lists.
    pub lists: Vec<ListRow>,
    /// A filter as one may be written.
    pub example: String,
}
page!(ListsPage, Some(Section::Lists));

/// One list among others.
#[derive(Debug, Clone, PartialEq)]
pub struct ListRow {
    /// The name in its address.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Where it comes from, in a word; nothing where somebody saved it.
    pub source: Option<&'static str>,
    /// For whom it holds, as it is written.
    pub filter: String,
    /// How many are on it; none where it was not looked at yet.
    pub count: Option<u64>,
    /// Why it cannot be looked at any more.
    pub failure: Option<String>,
    /// Why scores that it asks about are known of nobody, a sentence for each model that does not answer.
    pub unanswered: Vec<String>,
    /// How many there were, from old to new.
    pub counts: Vec<f64>,
    /// How it is with its webhook.
    pub webhook: Option<Told>,
}

/// How it is with a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its address.
    pub url: String,
    /// How many changes wait.
    pub waiting: u64,
    /// How many were given up.
    pub lost: u64,
    /// Why the next one was not taken, and when it is tried again.
    pub failure: Option<(String, Option<Timestamp>)>,
}

/// One list, `/lists/{name}`, or customers by a filter, `/lists?filter=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "list.html")]
pub struct ListPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The list, where it is one.
    pub list: Option<ListHead>,
    /// What is filtered by, as it was written.
    pub filter: String,
    /// Where it cannot be read.
    pub mistake: Option<Mistake>,
    /// What is sorted by, as it is written.
    pub sort: String,
    /// The columns, as they are written.
    pub written: String,
    /// What can be a column.
    pub choices: Vec<ChoiceGroup>,
    /// Columns that are no choices, as they are written.
    pub others: String,
    /// The columns.
    pub columns: Vec<ListColumn>,
    /// The customers.
    pub rows: Vec<ListLine>,
    /// How many there are in all.
    pub count: u64,
    /// What the count leaves out, where it does.
    pub note: Option<String>,
    /// Why scores that it asks about are known of nobody, a sentence for each model that does not answer.
    pub unanswered: Vec<String>,
    /// The address of the next page.
    pub next: Option<String>,
    /// The query of the same customers as a file.
    pub export: String,
}
page!(ListPage, Some(Section::Lists));

/// What a list's own page says besides who is on it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListHead {
    /// The name in its address.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Where it comes from, in a word; nothing where somebody saved it, who may change it.
    pub source: Option<&'static str>,
    /// When it was looked at last.
    pub looked_at: Option<Timestamp>,
    /// How many there were, by day or hour.
    pub counts: Vec<Column>,
    /// Who came and went, the newest first.
    pub changes: Vec<ChangeRow>,
    /// How it is with its webhook.
    pub webhook: Option<Told>,
    /// The secret of a webhook that was just made.
    pub secret: Option<String>,
}

/// Somebody came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// When it was found.
    pub at: Timestamp,
    /// Who.
    pub id: String,
    /// Whether they came.
    pub has_entered: bool,
}

/// Where a filter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The text before the place.
    pub before: String,
    /// What stands there.
    pub there: String,
    /// The text after it.
    pub after: String,
    /// What is wrong.
    pub message: String,
}

/// Columns that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct ChoiceGroup {
    /// What they have in common.
    pub title: String,
    /// The columns.
    pub choices: Vec<ColumnChoice>,
}

/// A column that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnChoice {
    /// As it is written.
    pub name: String,
    /// What it is, in words.
    pub meaning: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// A column's head.
#[derive(Debug, Clone, PartialEq)]
pub struct ListColumn {
    /// Its heading.
    pub title: String,
    /// What it means, where that says more.
    pub meaning: String,
    /// The address of the same list in the order of it; none where it has no order.
    pub sort: Option<String>,
    /// Whether it is sorted by, and the largest first.
    pub sorted: Option<bool>,
    /// Whether its values are numbers.
    pub is_number: bool,
    /// What they come to.
    pub sum: Option<String>,
}

/// One customer on a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListLine {
    /// The identifier in the addresses.
    pub id: String,
    /// A name or an e-mail, where a trait has one.
    pub label: Option<String>,
    /// Whether a `userId` is known.
    pub known: bool,
    /// The last event.
    pub last_seen: Timestamp,
    /// What is told in each column.
    pub cells: Vec<ListCell>,
}

/// What is told of a customer in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum ListCell {
    /// Nothing is known.
    Nothing,
    /// A number as it is.
    Number(f64),
    /// A probability.
    Share(f64),
    /// An amount, as it is written.
    Amount(String),
    /// A text.
    Text(String),
    /// Several texts, the weightiest first.
    Texts(Vec<String>),
    /// A moment.
    At(Timestamp),
    /// Yes or no.
    YesNo(bool),
}

impl ListRow {
    fn chart(&self) -> Option<Html> {
        (self.counts.len() > 1).then(|| chart::sparkline(&self.counts, "How many were on it, over time"))
    }
}

impl ListHead {
    fn chart(&self) -> Option<Html> {
        (self.counts.len() > 1).then(|| chart::columns(&self.counts, "How many were on it, over time"))
    }
}

impl ListPage {
    /// Whether any column has a sum.
    fn has_sums(&self) -> bool {
        self.columns.iter().any(|column| column.sum.is_some())
    }

    fn heading(&self) -> &str {
        self.list.as_ref().map_or("Find customers", |list| &list.title)
    }
}

impl ColumnChoice {
    /// The name without what says that it is a score or a feature.
    fn label(&self) -> &str {
        let name = &self.name;
        name.strip_prefix("score.").or_else(|| name.strip_prefix("feature.")).unwrap_or(name)
    }
}

impl ListColumn {
    /// For `aria-sort`.
    fn order(&self) -> Option<&'static str> {
        self.sorted.map(|is_descending| if is_descending { "descending" } else { "ascending" })
    }

    fn arrow(&self) -> &'static str {
        self.sorted.map_or("", |is_descending| if is_descending { " ↓" } else { " ↑" })
    }
}

impl Mistake {
    /// A filter with the place at which it cannot be read: so many characters from one on, counted from 1.
    #[must_use]
    pub fn of(text: &str, at: usize, n_chars: usize, message: String) -> Self {
        let part = |from: usize, n: usize| text.chars().skip(from).take(n).collect::<String>();
        let from = at.saturating_sub(1);
        let there = part(from, n_chars);
        // At the end nothing stands, and a place has to be seen.
        let there = if there.trim().is_empty() { "…".to_owned() } else { there };
        Self { before: part(0, from), there, after: part(from + n_chars, usize::MAX), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_shown_at_its_place() {
        let parts = |at, n| {
            let Mistake { before, there, after, .. } = Mistake::of("größe > x", at, n, String::new());
            [before, there, after]
        };
        assert_eq!(parts(1, 5), ["", "größe", " > x"]);
        assert_eq!(parts(9, 1), ["größe > ", "x", ""]);
        assert_eq!(parts(10, 1), ["größe > x", "…", ""]);
        assert_eq!(parts(0, 1), ["", "g", "röße > x"]);
    }
}
