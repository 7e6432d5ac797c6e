//! What do lists know of a customer, and what is a model asked of them?

use super::rhythm::Rhythm;
use crate::{Ask, Knowledge};
use models::recommend::{HistoryItem, Query, Recommender};
use primitives::ItemKey;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of the customer, as far as lists look at it.
#[derive(Debug, Default)]
pub(super) struct Customer {
    /// What they bought.
    pub(super) history: Vec<HistoryItem>,
    /// When what they bought is wanted again.
    pub(super) rhythms: BTreeMap<ItemKey, Rhythm>,
    /// Each item that they bought.
    pub(super) bought: BTreeSet<ItemKey>,
    /// What they bought last, in one order.
    pub(super) last_order: Vec<ItemKey>,
    /// What they looked at in this visit, the newest last.
    pub(super) viewed: Vec<ItemKey>,
}

impl Customer {
    /// Whether nothing is known of them.
    pub(super) fn is_nobody(&self) -> bool {
        self.bought.is_empty() && self.viewed.is_empty()
    }

    pub(super) fn of(ask: &Ask<'_>, known: &Knowledge, model: Option<&Recommender>) -> Self {
        let as_of = ask.question.as_of;
        let item = |bought: &crate::Bought| HistoryItem {
            item: bought.item,
            age_days: as_of.days_since(bought.at),
            // The model counts a purchase once, whatever its quantity.
            quantity: 1.0,
        };
        let last = known.bought.iter().map(|bought| bought.at).max();
        let of_last = known.bought.iter().filter(|bought| Some(bought.at) == last);
        Self {
            history: known.bought.iter().map(item).collect(),
            rhythms: Rhythm::all(&known.bought, as_of, |item| model?.again(item)),
            bought: known.bought.iter().map(|bought| bought.item).collect(),
            last_order: of_last.map(|bought| bought.item).collect(),
            viewed: known.viewed.clone(),
        }
    }
}

/// What a model is asked of a customer who looks at this now.
pub(super) fn query<'a>(ask: &Ask<'_>, customer: &'a Customer, now: &'a [ItemKey]) -> Query<'a> {
    let hour_of_week = Some(u16::from(ask.question.as_of.hour_of_week()));
    Query { session: now, hour_of_week, ..Query::of(&customer.history) }
}
