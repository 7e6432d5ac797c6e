//! How is what the company sells told to a catalogue?

use crate::company::Company;
use crate::label::Label;
use crate::message::{Message, Sender};
use crate::object::object;
use primitives::{DAY_MS, Timestamp};
use serde_json::{Value, json};

impl Company {
    /// The catalogue, as the company's own service tells it on its first day; what is new comes with the days.
    #[must_use]
    pub fn catalogue(&self) -> Vec<Value> {
        let label = self.label();
        let first_day = self.settings().first_day();
        let sold = (0..self.things().all().len()).filter(|no| self.things().get(*no).from_day <= first_day);
        sold.map(|no| item(self, no, &label)).collect()
    }

    /// Opens the shop, and answers what the catalogue is told in the morning: what is new, what has run out, and what is there
    /// again.
    pub(crate) fn morning(&mut self, day: i64) -> Vec<Message> {
        let at = Timestamp::from_millis(day * DAY_MS);
        let told = |payload: Value| Message { at, sender: Sender::BackOffice, json: payload.to_string() };
        let changed = self.open_shop(day);
        let label = self.label();
        let all = self.things().all().iter().enumerate();
        let is_new = |from_day: i64| from_day == day && day > self.settings().first_day();
        let new = all.filter(|(_, thing)| is_new(thing.from_day)).map(|(no, _)| told(item(self, no, &label)));
        let stock = changed.into_iter().map(|(no, is_there)| {
            told(json!({
                "type": "item",
                "messageId": format!("{}-stock-{day}-{no:05}", self.key()),
                "timestamp": at.to_string(),
                "itemId": self.things().get(no).id,
                "traits": {"available": is_there},
            }))
        });
        new.chain(stock).collect()
    }

    /// What the catalogue is to be told when a day's shop has opened, where it was told otherwise, as after days that are lived
    /// again: `is_told` says what it knows of a thing, whether there is one; nothing of what it has not heard of. What comes new
    /// on that day is told by the day.
    ///
    /// # Errors
    /// That of `is_told`.
    pub fn stock_to_tell<E>(
        &self,
        day: i64,
        mut is_told: impl FnMut(&str) -> Result<Option<bool>, E>,
    ) -> Result<Vec<Value>, E> {
        let (shelves, label) = (self.shelves().opened(day), self.label());
        let mut to_tell = Vec::new();
        for (no, thing) in self.things().all().iter().enumerate().filter(|(_, thing)| thing.from_day < day) {
            let (is_there, told) = (shelves.has(no), is_told(&thing.id)?);
            if told.is_none() {
                to_tell.push(item(self, no, &label));
            }
            if is_there != told.unwrap_or(true) {
                to_tell.push(json!({
                    "type": "item",
                    "messageId": format!("{}-shelf-{day}-{no:05}", self.key()),
                    "itemId": thing.id,
                    "traits": {"available": is_there},
                }));
            }
        }
        Ok(to_tell)
    }

    fn label(&self) -> Value {
        serde_json::to_value(Label::of(self.settings())).unwrap_or_default()
    }

    /// What the company notes when a day of its life begins beside a server: with the first of its things, so that whoever
    /// asks for that one knows how far it has lived, and who lives it. Each day's note has one name: of two who note the same day,
    /// the second is refused.
    #[must_use]
    pub fn note_of(&self, day: i64, by: &str) -> Value {
        json!({
            "type": "item",
            "messageId": format!("{}-day-{day}", self.key()),
            "itemId": FIRST_ITEM,
            "traits": {LIVED: crate::calendar::civil(day).to_string(), LIVED_BY: by},
        })
    }
}

/// The thing that every company sells.
pub const FIRST_ITEM: &str = "LK-0000";
/// The trait of it that says which day of its life a company began last.
pub const LIVED: &str = "simulatedDay";
/// The trait of it that says who lets it live now.
pub const LIVED_BY: &str = "simulatedBy";

/// A thing as an item of the catalogue.
fn item(company: &Company, no: usize, label: &Value) -> Value {
    let thing = company.things().get(no);
    let day = thing.from_day.max(company.settings().first_day());
    let picture = format!("data:image/svg+xml,{}", thing.picture().replace('%', "%25").replace('#', "%23"));
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

    #[test]
    fn the_first_thing_is_sold_from_the_first_day_on_in_every_company() {
        for seed in 0..120 {
            let company = Company::new(Settings::new(Seed::new(seed), 20, 10).unwrap());
            assert_eq!(company.catalogue()[0]["itemId"], FIRST_ITEM, "{seed}");
        }
    }

    #[test]
    fn everything_is_told_once_on_its_day_and_nothing_of_later() {
        let mut n_on_first_day = 0;
        for seed in 7..12 {
            let settings = Settings::new(Seed::new(seed), 20, 30).unwrap();
            let (mut company, first_day) = (Company::new(settings), settings.first_day());
            let told = |item: &Value| item["traits"]["name"].is_string().then(|| item["itemId"].to_string());
            let mut days: Vec<(i64, String)> =
                company.catalogue().iter().filter_map(told).map(|id| (first_day, id)).collect();
            let n_before = days.len();
            for day in first_day..settings.end_day {
                for message in company.morning(day) {
                    let item = message.payload();
                    assert_eq!((message.at.day(), message.sender), (day, Sender::BackOffice));
                    assert_eq!(item["timestamp"], message.at.to_string());
                    days.extend(told(&item).map(|id| (day, id)));
                }
            }
            let by_the_end = company.things().all().iter().filter(|thing| thing.from_day < settings.end_day);
            let mut expected: Vec<(i64, String)> =
                by_the_end.map(|thing| (thing.from_day.max(first_day), format!("\"{}\"", thing.id))).collect();
            days.sort();
            expected.sort();
            assert_eq!(days, expected);
            assert!(n_before + 10 < days.len() && days.len() < company.things().all().len());
            n_on_first_day += company.things().all().iter().filter(|thing| thing.from_day == first_day).count();
        }
        assert!(n_on_first_day > 0, "of what is new on the first day it is the catalogue that tells");
    }

    #[test]
    fn the_note_of_a_day_has_one_name_whoever_writes_it() {
        let company = Company::new(Settings::new(Seed::new(7), 1, 3).unwrap());
        let day = company.settings().end_day;
        let [one, other, next] =
            [(day, "one"), (day, "other"), (day + 1, "one")].map(|(day, by)| company.note_of(day, by));
        assert_eq!((&one["type"], &one["itemId"]), (&json!("item"), &json!(FIRST_ITEM)));
        assert_eq!(one["traits"], json!({LIVED: "2026-11-22", LIVED_BY: "one"}));
        assert!(one["messageId"] == other["messageId"] && one["traits"] != other["traits"]);
        assert!(one["messageId"] != next["messageId"] && next["traits"][LIVED] == "2026-11-23");
        assert!(company.catalogue().iter().all(|item| item["messageId"] != one["messageId"]));
    }

    #[test]
    fn whoever_was_told_otherwise_is_told_how_it_is() {
        let mut company = Company::new(Settings::new(Seed::new(7), 20, 30).unwrap());
        let day = company.settings().end_day;
        let day = day - day.rem_euclid(5) + 1;
        let ids: Vec<String> = company.things().all().iter().take(4).map(|thing| thing.id.clone()).collect();
        let shelf = company.things().get(1).shelf;
        company.shelves_mut().take(1, shelf);
        let shelf = company.things().get(3).shelf;
        company.shelves_mut().take(3, shelf);
        let told = |id: &str| -> Result<Option<bool>, String> {
            Ok(match ids.iter().position(|one| one == id) {
                Some(0 | 3) => Some(false),
                Some(2) => None,
                _ => Some(true),
            })
        };
        let to_tell = company.stock_to_tell(day, told).unwrap();
        let of = |item: &Value| (item["itemId"].as_str().unwrap().to_owned(), item["traits"]["available"].clone());
        let expected = [(&ids[0], json!(true)), (&ids[1], json!(false)), (&ids[2], Value::Null)];
        assert_eq!(to_tell.iter().map(of).collect::<Vec<_>>(), expected.map(|(id, is_there)| (id.clone(), is_there)));
        assert!(to_tell[2]["traits"]["name"].is_string(), "what nobody has heard of is told whole");
        // The day on which shelves are filled.
        let to_tell = company.stock_to_tell(day + 4, |_| Ok::<_, String>(Some(true))).unwrap();
        assert!(to_tell.is_empty(), "{to_tell:?}");
        assert_eq!(company.stock_to_tell(day, |_| Err("away")), Err("away"));
    }

    #[test]
    fn what_runs_out_is_told_the_next_morning_and_again_when_it_is_there() {
        let mut company = Company::new(Settings::new(Seed::new(7), 300, 30).unwrap());
        let (mut lives, first) = (company.lives(), company.settings().first_day());
        let told = |message: &Message| {
            let item = message.payload();
            (item["type"] == "item").then(|| item["traits"]["available"].as_bool()).flatten()
        };
        let days: Vec<Vec<bool>> =
            (first..first + 30).map(|day| company.live(&mut lives, day).iter().filter_map(told).collect()).collect();
        assert!(days[0].is_empty());
        let (there, gone): (Vec<bool>, Vec<bool>) = days.concat().into_iter().partition(|is_there| *is_there);
        assert!(!gone.is_empty() && there.len() <= gone.len() && there.len() + 20 > gone.len(), "{there:?} {gone:?}");
    }
}
