//! How does a day of the company go?

use crate::calendar::Today;
use crate::company::{Company, Lives};
use crate::day;
use crate::dice::Dice;
use crate::host::{Host, Listener};
use crate::life::Life;
use crate::message::Message;
use crate::people::Person;
use rayon::prelude::*;

/// People are lived through in runs of so many, on as many threads as there are; what comes out is the same for any number.
const N_AT_ONCE: usize = 512;

impl Company {
    /// Lets everybody live through a day in which nobody decides anything, and answers what the company tells about it, in
    /// order of time.
    pub fn live(&mut self, lives: &mut Lives, day: i64) -> Vec<Message> {
        let today = self.calendar().today(day);
        let mut told = self.morning(day);
        let company = &*self;
        let runs = lives.0.par_chunks_mut(N_AT_ONCE).zip(company.people().par_chunks(N_AT_ONCE));
        let heard: Vec<Listener> = runs
            .map(|(lives, people)| {
                let mut listener = Listener::default();
                for (person, life) in people.iter().zip(lives) {
                    company.live_one(&today, person, life, "day", &mut listener);
                }
                listener
            })
            .collect();
        self.close_shop(lives);
        told.extend(heard.into_iter().flat_map(|listener| listener.heard));
        told.extend(day::commit(self, &today));
        told.extend(day::pass_by(self, &today));
        // Stable: people of one moment stay in the order of their numbers.
        told.sort_by_key(|message| message.at);
        told
    }

    /// Lets one person live through a day. `coin` is the name of the chance that falls: another name is another future.
    pub(crate) fn live_one(&self, today: &Today, person: &Person, life: &mut Life, coin: &str, host: &mut dyn Host) {
        let dice = Dice::of_day(self.settings().seed, coin, person.no, today.day);
        day::live(self, today, person, life, dice, host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use primitives::Seed;
    use std::collections::BTreeSet;

    /// The names of messages, and of the orders and tickets that began on a day.
    fn names(told: &[Message]) -> BTreeSet<String> {
        let texts = told.iter().flat_map(|message| {
            let payload = message.payload();
            let begun = match payload["event"].as_str() {
                Some("Order Completed") => payload["properties"]["order_id"].clone(),
                Some("Ticket Created") => payload["properties"]["ticket_id"].clone(),
                _ => serde_json::Value::Null,
            };
            [payload["messageId"].clone(), begun]
        });
        texts.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn whoever_begins_again_repeats_no_name() {
        let settings = Settings::new(Seed::new(7), 400, 40).unwrap();
        let mut company = Company::new(settings);
        let past = company.live_until(settings.end_day, &mut |_| {});
        let day = settings.end_day;
        let told = |nth: u64| {
            let (mut company, mut lives) = (Company::new(settings), past.clone());
            company.begin_again(&mut lives, nth);
            names(&company.live(&mut lives, day))
        };
        let (first, second) = (told(1), told(2));
        assert!(first.len() > 50 && second.len() > 50);
        // What crooks have planned stays one order, however often it is told.
        let common: Vec<_> = first.intersection(&second).filter(|name| name.starts_with("lk")).collect();
        assert!(common.is_empty(), "{common:?}");
    }
}
