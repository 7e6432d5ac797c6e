//! How does a day go beside somebody who decides? Moment by moment, in order of time.
//!
//! One person's day has many hours, and what is decided at one of them changes those that follow. So a day is rehearsed up
//! to the first question that nobody has answered yet: what was told before it stays as it is. When the question's moment has
//! come it is asked, and the day is rehearsed anew with the answer. The coins of a day fall the same way each time, so it goes
//! as before up to there.

use crate::calendar::Today;
use crate::company::{Company, Lives};
use crate::day::{commit, pass_by};
use crate::host::{Host, Question, Reply};
use crate::life::Life;
use crate::message::Message;
use primitives::Timestamp;
use std::collections::BTreeMap;

impl Company {
    /// Lets everybody live through a day beside a host who decides: what happens is told and asked in order of time, each
    /// when [`Host::wait_until`] says that its moment has come. Answers whether the day was lived to its end.
    pub fn live_beside(&mut self, lives: &mut Lives, day: i64, host: &mut dyn Host) -> bool {
        let today = self.calendar().today(day);
        let mut ahead = Ahead::default();
        ahead.tell(STRANGERS, self.morning(day).into_iter());
        let strangers = commit(self, &today).into_iter().chain(pass_by(self, &today));
        ahead.tell(STRANGERS, strangers);
        for no in 0..self.people().len() {
            let no = u32::try_from(no).unwrap_or(STRANGERS);
            self.go_on(&today, lives, no, UnderWay::default(), &mut ahead, host);
        }
        while let Some(((at, no, _), what)) = ahead.by_moment.pop_first() {
            if !host.wait_until(at) {
                return false;
            }
            match what {
                What::Tell(message) => host.hear(message),
                What::Ask => {
                    let Some(mut so_far) = ahead.under_way.remove(&no) else { continue };
                    let reply = so_far.asked.take().and_then(|asked| host.decide(&asked));
                    so_far.replies.push(reply);
                    self.go_on(&today, lives, no, so_far, &mut ahead, host);
                }
            }
        }
        self.close_shop(lives);
        true
    }

    /// Rehearses a person's day as far as it is answered, and adds what comes of it to what is ahead.
    fn go_on(&self, today: &Today, lives: &mut Lives, no: u32, so_far: UnderWay, ahead: &mut Ahead, host: &dyn Host) {
        let (person, morning) = (&self.people()[no as usize], &mut lives.0[no as usize]);
        let mut life: Life = morning.clone();
        let mut rehearsal = Rehearsal { host, replies: &so_far.replies, n_asked: 0, heard: Vec::new(), asked: None };
        self.live_one(today, person, &mut life, "day", &mut rehearsal);
        let Rehearsal { heard, asked, .. } = rehearsal;
        let n_told = heard.len();
        ahead.tell(no, heard.into_iter().skip(so_far.n_told));
        match asked {
            None => *morning = life,
            Some(asked) => {
                ahead.add(asked.at, no, What::Ask);
                ahead.under_way.insert(no, UnderWay { n_told, asked: Some(asked), ..so_far });
            }
        }
    }
}

/// Whose number nobody has: who is no customer.
const STRANGERS: u32 = u32::MAX;

/// What is still to come today: of one moment first what has the lower number, then what was added first.
#[derive(Default)]
struct Ahead {
    by_moment: BTreeMap<(Timestamp, u32, u32), What>,
    n_added: u32,
    /// Days that wait for an answer, by person.
    under_way: BTreeMap<u32, UnderWay>,
}

enum What {
    Tell(Message),
    Ask,
}

impl Ahead {
    fn tell(&mut self, no: u32, messages: impl Iterator<Item = Message>) {
        for message in messages {
            self.add(message.at, no, What::Tell(message));
        }
    }

    fn add(&mut self, at: Timestamp, no: u32, what: What) {
        self.by_moment.insert((at, no, self.n_added), what);
        self.n_added += 1;
    }
}

/// A day that waits for an answer.
#[derive(Default)]
struct UnderWay {
    replies: Vec<Option<Reply>>,
    n_told: usize,
    asked: Option<Question>,
}

/// Answers with what was decided before, and listens up to the first question beyond.
struct Rehearsal<'a> {
    host: &'a dyn Host,
    replies: &'a [Option<Reply>],
    n_asked: usize,
    heard: Vec<Message>,
    asked: Option<Question>,
}

impl Host for Rehearsal<'_> {
    fn hear(&mut self, message: Message) {
        if self.asked.is_none() {
            self.heard.push(message);
        }
    }

    fn decides(&self, decision: &str) -> bool {
        self.asked.is_none() && self.host.decides(decision)
    }

    fn decide(&mut self, question: &Question) -> Option<Reply> {
        let Some(reply) = self.replies.get(self.n_asked) else {
            self.asked = Some(question.clone());
            return None;
        };
        self.n_asked += 1;
        reply.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use primitives::{DAY_MS, Seed};
    use serde_json::Value;

    /// Keeps what it hears and when it was asked; shows the same things to everybody, or nothing; ends at a moment.
    struct Shop {
        heard: Vec<Message>,
        asked_at: Vec<Timestamp>,
        last: Timestamp,
        shows: Vec<String>,
        until: Timestamp,
    }

    impl Shop {
        fn showing(shows: &[&str]) -> Self {
            let shows = shows.iter().map(|item| (*item).to_owned()).collect();
            let never = Timestamp::MAX;
            Self { heard: Vec::new(), asked_at: Vec::new(), last: Timestamp::MIN, shows, until: never }
        }

        fn heard_of(&self, event: &str) -> Vec<&Message> {
            self.heard.iter().filter(|message| message.payload()["event"] == event).collect()
        }
    }

    impl Host for Shop {
        fn hear(&mut self, message: Message) {
            assert_eq!(message.at, self.last, "it is told when its moment has come");
            self.heard.push(message);
        }

        fn decide(&mut self, question: &Question) -> Option<Reply> {
            assert_eq!(question.at, self.last, "it is asked when its moment has come");
            self.asked_at.push(question.at);
            let decision_id = format!("d{}", self.asked_at.len());
            (!self.shows.is_empty()).then(|| Reply { decision_id, items: self.shows.clone(), ..Reply::default() })
        }

        fn wait_until(&mut self, at: Timestamp) -> bool {
            assert!(self.last <= at, "time goes on");
            self.last = at;
            at < self.until
        }
    }

    fn founded() -> (Company, Lives, i64) {
        let settings = Settings::new(Seed::new(7), 900, 30).unwrap();
        let company = Company::new(settings);
        let lives = company.lives();
        (company, lives, settings.first_day())
    }

    fn id(message: &Message) -> Value {
        message.payload()["messageId"].clone()
    }

    #[test]
    fn beside_somebody_silent_the_same_happens() {
        let ((mut alone, mut lives, first), (mut beside, mut other_lives, _)) = (founded(), founded());
        for day in first..first + 12 {
            let mut told = alone.live(&mut lives, day);
            let mut shop = Shop::showing(&[]);
            assert!(beside.live_beside(&mut other_lives, day, &mut shop));
            assert!(lives.0 == other_lives.0, "day {day}");
            assert!(!shop.asked_at.is_empty());
            told.sort_by_key(|message| id(message).to_string());
            shop.heard.sort_by_key(|message| id(message).to_string());
            assert_eq!(told, shop.heard);
        }
    }

    #[test]
    fn what_is_decided_is_shown_followed_and_changes_nothing_before_it() {
        let ((mut silent, mut lives, first), (mut shown, mut other_lives, _)) = (founded(), founded());
        let (mut none, mut some) = (Shop::showing(&[]), Shop::showing(&["LK-0003", "LK-0000"]));
        silent.live_beside(&mut lives, first, &mut none);
        shown.live_beside(&mut other_lives, first, &mut some);
        assert_eq!(none.asked_at, some.asked_at, "one day's questions come up before anything was decided");
        let (n_shown, n_clicked) = (some.heard_of("Decision Shown").len(), some.heard_of("Decision Clicked").len());
        assert_eq!(n_shown, 2 * some.asked_at.len());
        assert!(0 < n_clicked && n_clicked < n_shown / 2, "{n_clicked} of {n_shown}");
        assert_eq!(none.heard_of("Decision Shown").len(), 0);
        // Each once, although days were rehearsed several times.
        let ids: std::collections::BTreeSet<String> = some.heard.iter().map(|one| id(one).to_string()).collect();
        assert_eq!(ids.len(), some.heard.len());
        // What a click led to names the decision by which its person was shown it.
        for clicked in some.heard_of("Decision Clicked") {
            let clicked = clicked.payload();
            let shown = some.heard_of("Decision Shown").into_iter().map(Message::payload);
            let mut of = shown.filter(|shown| shown["anonymousId"] == clicked["anonymousId"]);
            assert!(of.any(|shown| shown["properties"]["decision_id"] == clicked["properties"]["decision_id"]));
        }
    }

    /// What was told on a day can be told again only on that day: not by a life that went another way before.
    #[test]
    fn no_two_days_tell_under_the_same_names() {
        let ((mut silent, mut lives, first), (mut shown, mut other_lives, _)) = (founded(), founded());
        let names = |shop: &Shop| -> std::collections::BTreeSet<String> {
            let named = |message: &Message| {
                let told = message.payload();
                let began = match told["event"].as_str() {
                    Some("Order Completed") => &told["properties"]["order_id"],
                    Some("Ticket Created") => &told["properties"]["ticket_id"],
                    Some("Subscription Started") => &told["properties"]["subscription_id"],
                    _ => &Value::Null,
                };
                [told["messageId"].to_string(), began.to_string()]
            };
            shop.heard.iter().flat_map(named).filter(|name| name != "null").collect()
        };
        let mut told_before = std::collections::BTreeSet::new();
        for day in first..first + 15 {
            let (mut none, mut some) = (Shop::showing(&[]), Shop::showing(&["LK-0003", "LK-0000"]));
            silent.live_beside(&mut lives, day, &mut none);
            shown.live_beside(&mut other_lives, day, &mut some);
            let today = names(&none);
            assert!(today.is_disjoint(&told_before), "day {day}");
            told_before.extend(names(&some));
        }
        assert!(lives.0 != other_lives.0, "they went another way");
    }

    #[test]
    fn a_day_ends_when_it_is_enough() {
        let (mut company, mut lives, first) = founded();
        let noon = Timestamp::from_millis(first * DAY_MS + DAY_MS / 2);
        let mut shop = Shop { until: noon, ..Shop::showing(&["LK-0003"]) };
        assert!(!company.live_beside(&mut lives, first, &mut shop));
        assert!(shop.heard.iter().all(|message| message.at < noon) && !shop.heard.is_empty());
    }
}
