//! What would be shown to this customer at this place, and why? A page on which one asks and changes what is asked.

use super::{Frame, ItemRow, Section, filters, page};
use crate::Icon;
use crate::chart::{Html, shares};
use crate::format::{address, decimal};

/// The page `/try?what=&customer=&placement=…`. What is asked here is not logged and shown to nobody.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "try.html")]
pub struct TryPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Whether a search can be tried, too.
    pub has_search: bool,
    /// What else can be tried: its name in the address, and what it is called.
    pub others: Vec<(String, String)>,
    /// What is asked.
    pub asked: TryForm,
    /// The places that can be asked for: name, words, what stands there.
    pub placements: Vec<(String, String, String)>,
    /// The categories of the catalogue, with how many items each has.
    pub categories: Vec<(String, u64)>,
    /// Customers to try it with: their id and what they are called.
    pub examples: Vec<(String, String)>,
    /// Why it cannot be answered.
    pub refused: Option<String>,
    /// What was answered; none before anybody was named.
    pub answer: Option<TryAnswer>,
    /// What the model in force is made of; empty where there is none.
    pub members: Vec<MemberLine>,
    /// How good the model in force is on what it had not seen.
    pub protocols: Vec<ProtocolLine>,
    /// What is known of the lists as a whole: a number, its name, what it means.
    pub figures: Vec<(String, String, String)>,
}
page!(TryPage, Some(Section::Try));

/// What is asked, as it stands in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TryForm {
    /// Whether it is searched.
    pub is_search: bool,
    /// For whom: a customer's name.
    pub customer: String,
    /// Where it will stand, by the name of a place.
    pub placement: String,
    /// What they look at.
    pub item: String,
    /// What lies in the cart, parted by commas.
    pub cart: String,
    /// What is searched for.
    pub query: String,
    /// What must not stand there, parted by commas.
    pub exclude: String,
    /// Only of this category; empty for all.
    pub category: String,
    /// Up to this price; empty for any.
    pub price_max: String,
    /// Whether only what they never had may stand there.
    pub is_new_only: bool,
    /// How much the items shall differ, 0 to 100.
    pub diversity: u64,
    /// How many.
    pub n: u64,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct TryAnswer {
    /// Whom it is for: their id and what they are called.
    pub customer: Option<(String, String)>,
    /// Why it is nothing personal, where it is not.
    pub fallback: Option<String>,
    /// What stands there, first to last.
    pub cards: Vec<TryCard>,
    /// What was left out: by which rule, and how many.
    pub left_out: Vec<(String, u64)>,
    /// What the words of a search were understood as: the words, and as what.
    pub understood: Vec<(String, String)>,
    /// How many of what was found have which value.
    pub facets: Vec<TryFacet>,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
    /// The same question as a command.
    pub command: String,
}

/// A trait of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TryFacet {
    /// Its name.
    pub name: String,
    /// Its values, each with how many have it.
    pub values: Vec<(String, u64)>,
    /// How many other values there are.
    pub n_more: u64,
}

impl TryAnswer {
    fn n_items(&self) -> u64 {
        self.cards.len() as u64
    }
}

/// An item at its place.
#[derive(Debug, Clone, PartialEq)]
pub struct TryCard {
    /// The item.
    pub item: ItemRow,
    /// Why, in words.
    pub reason: String,
    /// Its score; only the order means something.
    pub score: f64,
    /// What each member says of it, in the order of the page's members.
    pub parts: Vec<f64>,
    /// Whether the customer had it before.
    pub is_had: bool,
    /// The probability with which it came to stand here, where it was drawn.
    pub drawn: Option<f64>,
}

/// One model of several that make the list together.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberLine {
    /// What it is called.
    pub title: String,
    /// What it goes by, in a sentence.
    pub about: String,
    /// What the list would lose without it, in the number that decides; none where it was not measured.
    pub adds: Option<f64>,
}

/// How good the lists are in one way of asking.
#[derive(Debug, Clone, PartialEq)]
pub struct ProtocolLine {
    /// What is asked: `The last order of every customer`.
    pub title: String,
    /// How many customers.
    pub n: u64,
    /// Its numbers.
    pub rows: Vec<ProtocolNumber>,
}

/// One number of the model, beside the strongest simple answer's.
#[derive(Debug, Clone, PartialEq)]
pub struct ProtocolNumber {
    /// What it is called.
    pub name: String,
    /// The model's.
    pub ours: f64,
    /// The strongest simple answer, and its number.
    pub simple: Option<(String, f64)>,
}

/// How many colours the parts of a score have; further parts have the last one.
const N_COLOURS: usize = 8;

impl TryPage {
    /// The address of the other form: recommendations or search, for the same customer.
    fn other(&self, is_search: bool) -> String {
        address("/try", &[("what", if is_search { "search" } else { "" }), ("customer", &self.asked.customer)])
    }

    /// The address of something else that can be tried, for the same customer.
    fn elsewhere(&self, what: &str) -> String {
        address("/try", &[("what", what), ("customer", &self.asked.customer)])
    }

    /// The address for one of the examples.
    fn example(&self, id: &str) -> String {
        address("/try", &[("what", if self.asked.is_search { "search" } else { "" }), ("customer", id)])
    }

    /// What stands at the place that is asked for.
    fn place(&self) -> &str {
        let asked = self.placements.iter().find(|(name, ..)| *name == self.asked.placement);
        asked.or(self.placements.first()).map_or("", |(.., about)| about)
    }

    /// Which parts a score has.
    fn bar(&self, card: &TryCard) -> Html {
        let said: Vec<String> = self
            .members
            .iter()
            .zip(&card.parts)
            .filter(|(_, part)| **part > 0.0)
            .map(|(member, part)| format!("{} {}", member.title, decimal(*part, 3)))
            .collect();
        let classes: Vec<String> = (0..card.parts.len()).map(|i| format!("part-{}", i.min(N_COLOURS - 1))).collect();
        shares(&card.parts, &classes, &said.join(", "))
    }

    /// The colour of a member.
    fn colour(&self, index: &usize) -> usize {
        (*index).min(N_COLOURS - 1)
    }

    /// Whether more than the usual is asked, so that it stands open.
    fn is_narrowed(&self) -> bool {
        let TryForm { item, cart, exclude, category, price_max, is_new_only, diversity, .. } = &self.asked;
        [item, cart, exclude, category, price_max].iter().any(|text| !text.is_empty()) || *is_new_only || *diversity > 0
    }
}
