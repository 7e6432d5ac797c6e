//! What did a search show, so that the next order can be learned from it?

use crate::Record;
use crate::search::{FEATURES, Found, FoundItem};
use learning::{Offered, SearchLog, SearchNumber, Searched};
use primitives::{ItemKey, stable_hash};
use std::collections::HashMap;

/// So many of the items that were found and not shown are kept, from all over the list: they tell what an order must keep down.
const N_OTHERS: usize = 10;

/// A log of searches in which nothing was searched yet.
#[must_use]
pub fn no_searches() -> SearchLog {
    let number = |(place, (name, weight)): (usize, (&str, f64))| SearchNumber {
        name: name.to_owned(),
        weight,
        is_personal: place >= Found::N_IMPERSONAL,
    };
    SearchLog { numbers: FEATURES.into_iter().enumerate().map(number).collect(), searches: Vec::new() }
}

impl Record {
    /// What a search showed to a customer; `None` where it was no search, nobody was named, nothing was shown, or it is forgotten; nor
    /// where the newest were asked for, whatever else speaks for them.
    #[must_use]
    pub fn searched(&self) -> Option<Searched> {
        let found = self.testimony.what_was_found()?;
        let mut shown = self.decision.answer.content.shown().peekable();
        if self.question.is_of_nobody() || shown.peek().is_none() || found.told.newest_first {
            return None;
        }
        let said = &self.question.parameters;
        let from = said.get("from").and_then(serde_json::Value::as_u64).and_then(|from| u32::try_from(from).ok());
        let from = from.unwrap_or(0);
        let places: HashMap<ItemKey, u32> = shown.zip(from..).collect();
        let (on_page, others): (Vec<&FoundItem>, Vec<&FoundItem>) =
            found.items.iter().partition(|found| places.contains_key(&found.item));
        // What stood on the pages before was shown, and no record says in this place what it was.
        let n_others = if from == 0 { N_OTHERS } else { 0 };
        let step = others.len().div_ceil(n_others.max(1)).max(1);
        let others = others.into_iter().step_by(step).take(n_others);
        let kept: Vec<&FoundItem> = on_page.into_iter().chain(others).collect();
        let words = ["query", "filter"].map(|name| said.get(name).map(ToString::to_string).unwrap_or_default());
        Some(Searched {
            customer: self.question.customer.clone(),
            at: self.question.as_of,
            words: stable_hash(&words.join("\n").to_lowercase()),
            items: kept.iter().map(|one| Offered { item: one.item, place: places.get(&one.item).copied() }).collect(),
            numbers: kept.iter().flat_map(|one| one.features).collect(),
        })
    }
}
