//! What does a thing cost on a day, and how is it told to the catalogue?

use crate::calendar::Today;
use crate::company::Company;
use crate::message::object;
use crate::things::{Thing, Things};
use primitives::{DAY_MS, Timestamp};
use serde_json::{Value, json};

/// What a thing costs on a day, in minor units.
pub(crate) fn on(thing: &Thing, today: &Today) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^53")]
    let price = thing.price_minor as f64 * today.price_factor(thing.department);
    i64::try_from(crate::dice::whole(price.round())).unwrap_or(thing.price_minor).max(1)
}

/// The middle of a department's prices, in minor units.
pub(crate) fn usual(things: &Things, department: usize) -> f64 {
    let of = things.all().iter().filter(|thing| thing.department == department);
    let mut prices: Vec<i64> = of.map(|thing| thing.price_minor).collect();
    prices.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^53")]
    prices.get(prices.len() / 2).map_or(1.0, |price| *price as f64)
}

/// A thing as an item of the catalogue.
pub(crate) fn item(company: &Company, no: usize, key: &str) -> Value {
    let thing = company.things().get(no);
    let day = thing.from_day.max(company.settings().first_day());
    let picture = format!(
        "data:image/svg+xml,{}",
        thing.picture().replace('#', "%23").replace('%', "%25").replace("%2523", "%23")
    );
    let traits = object([
        ("name", thing.name.as_str().into()),
        ("category", company.things().department(thing.department).into()),
        ("brand", thing.brand.as_str().into()),
        ("price", company.major(thing.price_minor)),
        ("cost", company.major(thing.cost_minor)),
        ("currency", company.settings().currency.code().into()),
        ("description", thing.text().into()),
        ("imageUrl", picture.into()),
    ]);
    json!({
        "type": "item",
        "messageId": format!("{key}-item-{no:05}"),
        "timestamp": Timestamp::from_millis(day * DAY_MS).to_string(),
        "itemId": thing.id,
        "traits": traits,
    })
}
