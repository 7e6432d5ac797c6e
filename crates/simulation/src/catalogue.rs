//! How is what the company sells told to a catalogue?

use crate::company::Company;
use crate::object::object;
use primitives::{DAY_MS, Timestamp};
use serde_json::{Value, json};

impl Company {
    /// The catalogue, as the company's own service tells it on its first day and whenever something new is there.
    #[must_use]
    pub fn catalogue(&self) -> Vec<Value> {
        (0..self.things().all().len()).map(|no| item(self, no, self.key())).collect()
    }
}

/// A thing as an item of the catalogue.
fn item(company: &Company, no: usize, key: &str) -> Value {
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
        ("currency", company.currency()),
        ("description", thing.text().into()),
        ("imageUrl", picture.into()),
    ]);
    json!({
        "type": "item",
        "messageId": format!("{key}-item-{no:05}"),
        "timestamp": Timestamp::from_millis(day * DAY_MS).to_string(),
        "itemId": thing.id,
        "traits": traits.value(),
    })
}
