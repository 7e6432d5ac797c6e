//! How is what the company sells told to a catalogue?

use crate::company::Company;
use crate::label::Label;
use crate::object::object;
use primitives::{DAY_MS, Timestamp};
use serde_json::{Value, json};

impl Company {
    /// The catalogue, as the company's own service tells it on its first day and whenever something new is there.
    #[must_use]
    pub fn catalogue(&self) -> Vec<Value> {
        let label = serde_json::to_value(Label::of(self.settings())).unwrap_or_default();
        (0..self.things().all().len()).map(|no| item(self, no, &label)).collect()
    }

    /// What the company notes when a day of its life begins beside a server: with the first of its things, so that whoever
    /// asks for that one knows how far it has lived.
    #[must_use]
    pub fn note_of(&self, day: i64) -> Value {
        json!({
            "type": "item",
            "messageId": format!("{}-day-{day}", self.key()),
            "itemId": FIRST_ITEM,
            "traits": {LIVED: crate::calendar::civil(day).to_string()},
        })
    }
}

/// The thing that every company sells.
pub const FIRST_ITEM: &str = "LK-0000";
/// The trait of it that says which day of its life a company began last.
pub const LIVED: &str = "simulatedDay";

/// A thing as an item of the catalogue.
fn item(company: &Company, no: usize, label: &Value) -> Value {
    let thing = company.things().get(no);
    let day = thing.from_day.max(company.settings().first_day());
    let picture = format!(
        "data:image/svg+xml,{}",
        thing.picture().replace('#', "%23").replace('%', "%25").replace("%2523", "%23")
    );
    let mut traits = object([
        ("name", thing.name.as_str().into()),
        ("category", company.things().department(thing.department).into()),
        ("brand", thing.brand.as_str().into()),
        ("price", company.major(thing.price_minor)),
        ("cost", company.major(thing.cost_minor)),
        ("currency", company.currency()),
        ("description", thing.text().into()),
        ("imageUrl", picture.into()),
    ])
    .value();
    traits["simulated"] = label.clone();
    json!({
        "type": "item",
        "messageId": format!("{}-item-{no:05}", company.key()),
        "timestamp": Timestamp::from_millis(day * DAY_MS).to_string(),
        "itemId": thing.id,
        "traits": traits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use primitives::Seed;

    #[test]
    fn every_item_says_of_which_company_it_is() {
        let settings = Settings::new(Seed::new(7), 20, 30).unwrap();
        let items = Company::new(settings).catalogue();
        assert!(items.len() > 200);
        let label = json!({"seed": 7, "customers": 20, "days": 30, "end": "2026-11-22"});
        assert!(items.iter().all(|item| item["traits"]["simulated"] == label), "{}", items[0]);
    }
}
