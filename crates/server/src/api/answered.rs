//! Which items does a decision answer with, where another company's interface asks? And which event is meant by what it calls
//! an interaction?

use crate::app::App;
use crate::error::ServerError;
use decisions::{Content, ContentShape, Kind, N_ITEMS_MAX};
use engine::Asked;
use events::Fields;
use features::Item;
use primitives::{ErrorKind, ItemKey, stable_hash};
use profiles::Identifier;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::ops::Range;

/// What is understood by the type of an interaction: which event, and under which key it names the item.
const MEANINGS: [(&[&str], &str, &str); 5] = [
    (&["read", "view", "viewed", "click", "clicked", "visit"], "Content Clicked", "content_id"),
    // What was shown to somebody is nothing that they did.
    (&["impression", "shown"], SHOWN_EVENT, "content_id"),
    (&["buy", "bought", "purchase", "purchased", "order", "ordered"], "Order Completed", "products"),
    (
        &["cart", "addtocart", "add_to_cart", "basket", "wishlist", "bookmark", "save", "saved"],
        "Product Added",
        "product_id",
    ),
    // Everything else says that they had it or liked it: a star, a like, a film that was watched.
    (&[], "Content Consumed", "content_id"),
];

/// The event of what was shown, whether or not it was looked at.
pub(super) const SHOWN_EVENT: &str = "Content Shown";

/// The event of an interaction with an item, and its properties.
pub(super) fn meant(kind: &str, item: &str) -> (&'static str, Map<String, Value>) {
    let kind = kind.trim().to_ascii_lowercase();
    let is_meant = |(names, ..): &&(&[&str], _, _)| names.is_empty() || names.contains(&kind.as_str());
    let (_, name, key) = MEANINGS.iter().find(is_meant).unwrap_or(&MEANINGS[0]);
    let value = if *key == "products" { json!([{ "product_id": item }]) } else { item.into() };
    (name, Map::from_iter([((*key).to_owned(), value)]))
}

/// An item of an answer.
#[derive(Debug)]
pub(super) struct Ranked {
    pub(super) id: String,
    pub(super) score: f64,
}

/// What is asked for.
#[derive(Debug, Default)]
pub(super) struct Wish {
    pub(super) n: usize,
    pub(super) offset: usize,
    /// Only items of which this holds, as `POST /v1/decide` takes it.
    pub(super) filter: Map<String, Value>,
    /// The item in view.
    pub(super) item: Option<String>,
}

/// Asks the first kind of decision whose answer is a list of items that a model ranks. It is logged like any other; with its
/// id, and its items best first.
pub(super) fn items_for(app: &App, names: Vec<Identifier>, wish: Wish) -> Result<(String, Vec<Ranked>), ServerError> {
    let is_ranked = |kind: &&dyn Kind| kind.about().shape == ContentShape::Items && !kind.about().tasks.is_empty();
    let missing = || ServerError::new(ErrorKind::NotFound, "no kind of decision answers with items");
    let kind = app.engine.capabilities().kinds.iter().find(is_ranked).ok_or_else(missing)?.about();
    let most = usize::try_from(N_ITEMS_MAX).unwrap_or(usize::MAX);
    let mut parameters =
        BTreeMap::from([("n".to_owned(), Value::from(wish.n.saturating_add(wish.offset).clamp(1, most)))]);
    if !wish.filter.is_empty() {
        parameters.insert("filter".to_owned(), Value::Object(wish.filter));
    }
    if let Some(item) = wish.item {
        parameters.extend([("placement".to_owned(), "product".into()), ("item".to_owned(), item.into())]);
    }
    let asked = Asked { kind: kind.name.clone(), names, parameters, context: Fields::new() };
    let record = app.engine.decide(asked)?;
    let id = record.decision.id.to_string();
    let Content::Items(items) = record.decision.answer.content else { return Ok((id, Vec::new())) };
    let ranked = items.into_iter().map(|item| Ranked { id: item.id.to_string(), score: item.score });
    Ok((id, ranked.skip(wish.offset).take(wish.n).collect()))
}

/// Which of these items can be had and are wanted, in their order: those at these places.
pub(super) fn offered(
    app: &App,
    scored: &[(ItemKey, f64)],
    is_wanted: impl Fn(&Item) -> bool,
    places: Range<usize>,
) -> Vec<Ranked> {
    app.engine.look(|live| {
        let offered = scored.iter().filter(|(key, _)| live.items.offers(*key));
        let known = offered.filter_map(|(key, score)| Some((live.items.get(*key)?, *score)));
        let ranked = known.filter(|(item, _)| is_wanted(item));
        let ranked = ranked.map(|(item, score)| Ranked { id: item.id.to_string(), score });
        ranked.skip(places.start).take(places.len()).collect()
    })
}

/// The message id of what another company's interface names in its own way: the same for the `same`, and for nothing else.
pub(super) fn message_id(interface: &str, same: &str) -> String {
    format!("{interface}-{:016x}{:016x}", stable_hash(same), stable_hash(&format!("{same}\n")))
}

/// In which categories an item is: in those that `categories` lists, else in the one that is known.
pub(super) fn categories(item: &Item) -> Vec<String> {
    let all = item.said("categories").and_then(|said| serde_json::from_value(said).ok());
    all.unwrap_or_else(|| item.category.iter().map(|category| category.value.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interaction_is_a_view_a_purchase_a_cart_or_else_something_that_they_had() {
        for (kind, name, properties) in [
            ("read", "Content Clicked", json!({"content_id": "i"})),
            ("View", "Content Clicked", json!({"content_id": "i"})),
            ("Impression", "Content Shown", json!({"content_id": "i"})),
            ("Purchase", "Order Completed", json!({"products": [{"product_id": "i"}]})),
            ("AddToCart", "Product Added", json!({"product_id": "i"})),
            (" star ", "Content Consumed", json!({"content_id": "i"})),
            ("", "Content Consumed", json!({"content_id": "i"})),
        ] {
            let found = meant(kind, "i");
            assert_eq!((found.0, Value::Object(found.1)), (name, properties), "{kind}");
        }
    }
}
