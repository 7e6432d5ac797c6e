//! What can be bought, and what is known of each thing? The catalogue, and one item of it.

use super::{Frame, Section, filters, page};
use crate::Icon;
use crate::chart::{Column, Html, Tone, columns, meter};
use crate::format::{self, address};
use primitives::{Money, Timestamp};

/// The catalogue, `/catalogue?q=&category=&show=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "items.html")]
pub struct CataloguePage {
    /// What stands around the page.
    pub frame: Frame,
    /// What was searched for.
    pub query: String,
    /// Only of this category; empty for all.
    pub category: String,
    /// Which items are shown, by the name of a tab.
    pub show: String,
    /// The tabs: name, words, how many.
    pub tabs: Vec<(String, String, u64)>,
    /// The categories with how many items each has.
    pub categories: Vec<(String, u64)>,
    /// Items in all.
    pub total: u64,
    /// How many only events name.
    pub named_only: u64,
    /// How many match.
    pub found: u64,
    /// The items, best sold first.
    pub rows: Vec<ItemRow>,
    /// From when on it is known what was shown; none while past answers are being read.
    pub shown_since: Option<Timestamp>,
    /// The address of the next page.
    pub older: Option<String>,
    /// What is looked for and mostly not found, the most frequent first.
    pub in_vain: Vec<SearchedInVain>,
    /// A command that describes an item.
    pub describe: String,
}
page!(CataloguePage, Some(Section::Catalogue));

/// Words for which searches mostly found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchedInVain {
    /// The words.
    pub words: String,
    /// By about how many customers they were looked for lately.
    pub n: u64,
    /// By about how many of them in vain.
    pub n_nothing: u64,
    /// When last.
    pub last_at: Timestamp,
    /// What they looked for next, and found.
    pub next: Vec<String>,
}

/// One item of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its picture: a `data:` address of an image, or an address with `https:` where one lies.
    pub picture: Option<String>,
    /// Its category.
    pub category: Option<String>,
    /// Its brand.
    pub brand: Option<String>,
    /// The price of one piece.
    pub price: Option<Money>,
    /// Whether it can be had.
    pub is_available: bool,
    /// How many there are, where the company tells.
    pub stock: Option<u64>,
    /// In how many answers of the last 30 days it was shown; not filled but in the catalogue's list.
    pub n_shown: u64,
    /// Whether the catalogue describes it.
    pub is_described: bool,
    /// How many customers bought it in the last 30 days, in words.
    pub buyers_lately: String,
    /// How many ever did, as far as is remembered.
    pub buyers: String,
}

/// An item, `/catalogue/{id}`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "item.html")]
pub struct ItemPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The item.
    pub item: ItemRow,
    /// Whether it may be recommended; where not, why.
    pub why_not: Option<String>,
    /// What was said of it, by whom and when.
    pub facts: Vec<ItemFact>,
    /// Its other traits.
    pub traits: Vec<(String, String)>,
    /// When the catalogue last described it.
    pub described_at: Option<Timestamp>,
    /// What is missing, and what it would be good for.
    pub missing: Vec<(String, String)>,
    /// A command that tells what is missing.
    pub describe: String,
    /// What its buyers bought, too, by the model in force; none where there is no such model.
    pub bought_with: Option<Vec<Companion>>,
    /// How many bought it in each of the last weeks, from old to new.
    pub weeks: Vec<ItemWeek>,
    /// By which kinds of answers it was shown in the last 30 days, the most frequent first.
    pub shown: Vec<ShownLine>,
    /// From when on it is known what was shown; none while past answers are being read.
    pub shown_since: Option<Timestamp>,
}
page!(ItemPage, Some(Section::Catalogue));

/// What was said of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFact {
    /// Of what.
    pub what: String,
    /// What.
    pub value: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// An item that buyers of another bought, too.
#[derive(Debug, Clone, PartialEq)]
pub struct Companion {
    /// The item.
    pub item: ItemRow,
    /// How near it is, from 0 to 1.
    pub similarity: f64,
}

/// A week in which an item was bought.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemWeek {
    /// Its first day.
    pub monday: Timestamp,
    /// How many bought it, in words.
    pub buyers: String,
    /// How tall it is drawn.
    pub height: f64,
}

/// How often a kind of answers showed an item.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownLine {
    /// What the kind is called.
    pub title: String,
    /// Its name.
    pub kind: String,
    /// In how many answers.
    pub n: u64,
    /// In how many that were made for their customer.
    pub n_personal: u64,
    /// In which place in the mean.
    pub mean_place: f64,
}

impl ShownLine {
    fn personal(&self) -> String {
        format::percent_of(self.n_personal, self.n)
    }

    fn place(&self) -> String {
        format::decimal(self.mean_place, 1)
    }
}

impl ItemRow {
    pub(super) fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

impl ItemPage {
    fn is_sold(&self) -> bool {
        self.weeks.iter().any(|week| week.height > 0.0)
    }

    /// How many bought it, week by week.
    fn sales(&self) -> Html {
        let column = |week: &ItemWeek| Column {
            title: format!("Week of {}: {}", format::day_month(week.monday), week.buyers),
            value: week.height,
        };
        let label = format!("How many bought it in each of the last {} weeks", self.weeks.len());
        columns(&self.weeks.iter().map(column).collect::<Vec<_>>(), &label)
    }

    /// How many bought it in the best week, in words.
    fn best_week(&self) -> &str {
        let best = self.weeks.iter().max_by(|a, b| a.height.total_cmp(&b.height));
        best.map_or("", |week| &week.buyers)
    }

    fn week_ticks(&self) -> Vec<String> {
        format::ticks(&self.weeks.iter().map(|week| week.monday).collect::<Vec<_>>())
    }

    fn n_shown(&self) -> u64 {
        self.shown.iter().map(|line| line.n).sum()
    }

    /// How near one is beside the nearest.
    fn bar(&self, companion: &Companion) -> Html {
        let nearest = self.bought_with.iter().flatten().map(|one| one.similarity).fold(0.0, f64::max);
        let share = if nearest > 0.0 { companion.similarity / nearest } else { 0.0 };
        meter(share, Tone::Accent, &format!("{} of the nearest", format::percent(share)))
    }
}

impl CataloguePage {
    /// The address of a tab, with what is searched for.
    fn tab(&self, show: &str) -> String {
        let show = if show == "all" { "" } else { show };
        address("/catalogue", &[("show", show), ("q", &self.query), ("category", &self.category)])
    }

    fn is_narrowed(&self) -> bool {
        !self.query.is_empty() || !self.category.is_empty() || self.show != "all"
    }
}
