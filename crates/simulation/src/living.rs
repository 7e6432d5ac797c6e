//! How does a day of the company go?

use crate::calendar::Today;
use crate::company::{Company, Lives};
use crate::crimes;
use crate::day;
use crate::dice::Dice;
use crate::host::{Host, Listener};
use crate::life::Life;
use crate::message::Message;
use crate::passers::pass_by;
use crate::people::Person;
use rayon::prelude::*;

/// People are lived through in runs of so many, on as many threads as there are; what comes out is the same for any number.
const N_AT_ONCE: usize = 512;

impl Company {
    /// Lets everybody live through a day in which nobody decides anything, and answers what the company tells about it, in
    /// order of time.
    pub fn live(&mut self, lives: &mut Lives, day: i64) -> Vec<Message> {
        let today = self.calendar().today(day);
        self.open_shop(day);
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
        self.close_shop();
        let mut told: Vec<Message> = heard.into_iter().flat_map(|listener| listener.heard).collect();
        told.extend(crimes::commit(self, &today));
        told.extend(pass_by(self, &today));
        // Stable: people of one moment stay in the order of their numbers.
        told.sort_by_key(|message| message.at);
        told
    }

    /// Lets everybody live through a day beside a host who decides: one after the other, by the hour at which they mostly
    /// come, so that the host hears of the day and is asked about it nearly in order of time.
    pub fn live_beside(&mut self, lives: &mut Lives, day: i64, host: &mut dyn Host) {
        let today = self.calendar().today(day);
        self.open_shop(day);
        let company = &*self;
        let mut strangers = crimes::commit(company, &today);
        strangers.extend(pass_by(company, &today));
        strangers.sort_by_key(|message| message.at);
        let mut strangers = strangers.into_iter().peekable();
        let mut people: Vec<(&Person, &mut Life)> = company.people().iter().zip(&mut lives.0).collect();
        // Stable: people of one hour stay in the order of their numbers.
        people.sort_by_key(|(person, _)| person.usual_moment(day));
        for (person, life) in people {
            let moment = person.usual_moment(day);
            while let Some(message) = strangers.next_if(|message| message.at <= moment) {
                host.hear(message);
            }
            company.live_one(&today, person, life, "day", host);
        }
        strangers.for_each(|message| host.hear(message));
        self.close_shop();
    }

    /// Lets one person live through a day. `coin` is the name of the chance that falls: another name is another future.
    pub(crate) fn live_one(&self, today: &Today, person: &Person, life: &mut Life, coin: &str, host: &mut dyn Host) {
        let n = u64::from(person.no) << 24 | (today.day.unsigned_abs() & 0xff_ffff);
        day::live(self, today, person, life, Dice::new(self.settings().seed, coin, n), host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Question, Reply};
    use crate::settings::Settings;
    use primitives::{DAY_MS, HOUR_MS, Seed, Timestamp};

    /// Hears, decides nothing, and keeps when it was asked.
    #[derive(Default)]
    struct Asked {
        listener: Listener,
        asked_at: Vec<Timestamp>,
    }

    impl Host for Asked {
        fn hear(&mut self, message: Message) {
            self.listener.hear(message);
        }

        fn decide(&mut self, question: &Question<'_>) -> Option<Reply> {
            self.asked_at.push(question.at);
            None
        }
    }

    /// Beside a host who decides nothing the same life is lived, and it is told and asked nearly in order of time.
    #[test]
    fn beside_somebody_silent_the_same_happens() {
        let settings = Settings::new(Seed::new(7), 900, 30).unwrap();
        let (mut alone, mut beside) = (Company::new(settings), Company::new(settings));
        let (mut lives, mut other_lives) = (alone.lives(), beside.lives());
        for day in settings.first_day()..settings.first_day() + 12 {
            let told = alone.live(&mut lives, day);
            let mut host = Asked::default();
            beside.live_beside(&mut other_lives, day, &mut host);
            assert_eq!(lives.0, other_lives.0);
            let (from, until) = (day * DAY_MS, (day + 1) * DAY_MS);
            assert!(host.asked_at.iter().all(|at| (from..until).contains(&at.as_millis())));
            // Nobody comes half a day away from when they mostly do.
            let latest = host.asked_at.iter().scan(Timestamp::default(), |latest, at| {
                *latest = (*latest).max(*at);
                Some(latest.as_millis() - at.as_millis())
            });
            assert!(!host.asked_at.is_empty() && latest.max() < Some(9 * HOUR_MS));
            let mut heard = host.listener.heard;
            let id = |message: &Message| message.payload["messageId"].to_string();
            let mut told = told;
            told.sort_by_key(id);
            heard.sort_by_key(id);
            assert_eq!(told, heard);
        }
    }
}
