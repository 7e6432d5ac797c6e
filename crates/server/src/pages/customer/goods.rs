//! What did a customer buy, and which facts stand at the head of their page?

use super::super::answer::spent;
use super::super::catalogue::picture;
use super::super::customers::a_month;
use super::super::events::row::name_of;
use crate::app::App;
use console::format;
use console::view::Goods;
use engine::Live;
use features::{Definition, FeatureState, SUBSCRIPTION_AMOUNT, SUBSCRIPTIONS_ACTIVE};
use primitives::{ItemKey, Timestamp};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many items are shown.
const N_ITEMS: usize = 8;
/// How many facts of other channels stand at the head.
const N_FACTS: usize = 3;

/// What was bought lately, the most frequent first.
pub(super) fn goods(app: &App, state: &FeatureState) -> Vec<Goods> {
    struct Times {
        n: u64,
        milli: i64,
        last_at: Timestamp,
    }
    let mut bought: BTreeMap<ItemKey, Times> = BTreeMap::new();
    for line in state.lines() {
        let times = bought.entry(line.item).or_insert(Times { n: 0, milli: 0, last_at: line.at });
        times.n += 1;
        times.milli = times.milli.saturating_add(line.milli_units);
        times.last_at = times.last_at.max(line.at);
    }
    let mut bought: Vec<_> = bought.into_iter().collect();
    bought.sort_by_key(|(item, times)| (Reverse(times.n), Reverse(times.last_at), *item));
    app.engine.look(|live| {
        let each = bought.iter().filter_map(|(item, times)| good(live, *item, times.n, times.milli, times.last_at));
        each.take(N_ITEMS).collect()
    })
}

fn good(live: &Live, item: ItemKey, n: u64, milli: i64, last_at: Timestamp) -> Option<Goods> {
    let known = live.items.get(item)?;
    #[expect(clippy::cast_precision_loss, reason = "pieces, shown with a few digits")]
    let pieces = milli as f64 / 1_000.0;
    Some(Goods {
        id: known.id.to_string(),
        title: name_of(live, &known.id),
        category: known.category.as_ref().map(|category| category.value.clone()),
        picture: picture(known),
        n_orders: n,
        pieces,
        last_at,
    })
}

/// The facts that a customer has: orders where they ordered, else what other channels tell.
pub(super) fn facts(state: &FeatureState, features: &[(Arc<Definition>, f64)]) -> Vec<(String, String)> {
    let value = |name: &str| {
        let found = features.iter().find(|(of, _)| of.name == name)?;
        Some(found.1).filter(|value| *value > 0.0)
    };
    let mut facts = Vec::new();
    if state.n_orders() > 0 {
        facts.push(("Orders".to_owned(), format::count(state.n_orders())));
        facts.extend(spent(state).map(|money| ("Revenue".to_owned(), format::money_short(money))));
    }
    let monthly = value(SUBSCRIPTION_AMOUNT).map(|amount| a_month(amount, state.currency()));
    let counted = |name: &str, title: &str| value(name).map(|value| (title.to_owned(), format::number(value)));
    let others = [
        monthly.map(|amount| ("Subscribed".to_owned(), amount)),
        counted(SUBSCRIPTIONS_ACTIVE, "Subscriptions"),
        counted("tickets_open", "Open tickets"),
        counted("tickets_opened_90d", "Tickets in 90 days"),
        counted("measurements_30d", "Measurements in 30 days"),
        counted("store_visits_90d", "Visits to shops in 90 days"),
        counted("emails_delivered_30d", "E-mails in 30 days"),
    ];
    let n = if facts.is_empty() { N_FACTS } else { 1 };
    facts.extend(others.into_iter().flatten().take(n));
    facts
}
