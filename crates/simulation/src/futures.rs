//! What would have come? The same lives, played on with other coins.
//!
//! Nobody has to guess what a model should have foretold: a life is played on many times, and the mean over the futures is the
//! truth, up to an error that shrinks with their number. The oracle knows the person, not the coin.

use crate::calendar::Today;
use crate::company::{Company, Lives};
use crate::host::{Host, Listener, Question, Reply};
use crate::message::Message;

impl Company {
    /// Lives through the days before this one, from the first on, on which nobody decides anything; `hear` hears what the
    /// company told on each.
    pub fn live_until(&mut self, until_day: i64, hear: &mut dyn FnMut(&[Message])) -> Lives {
        let mut lives = self.lives();
        for day in self.settings().first_day()..until_day {
            hear(&self.live(&mut lives, day));
        }
        lives
    }

    /// The days from one on, up to which it was lived, with the company as it opens on each: shelves are emptied and filled and the desk has its
    /// queue as in the life that it really goes on to live.
    #[must_use]
    pub fn days_ahead(&self, lives: &Lives, from: i64, n_days: u32) -> Vec<DayAhead> {
        let (mut company, mut lives) = (self.clone(), lives.clone());
        let ahead = (from..from + i64::from(n_days)).map(|day| {
            let mut open = company.clone();
            open.open_shop(day);
            company.live(&mut lives, day);
            DayAhead { today: company.calendar().today(day), company: open }
        });
        ahead.collect()
    }

    /// What these days of one person's would tell, in the future of this number. One life changes neither what lies on the
    /// shelves nor what the desk has to do.
    #[must_use]
    pub fn future(&self, lives: &Lives, person: u32, ahead: &[DayAhead], number: u32) -> Vec<Message> {
        let mut listener = Listener::default();
        self.future_beside(lives, person, ahead, number, &mut listener);
        listener.heard
    }

    /// The same future beside a host, who hears it and may decide: what is decided changes what comes.
    pub fn future_beside(&self, lives: &Lives, person: u32, ahead: &[DayAhead], number: u32, host: &mut dyn Host) {
        let (mut life, person) = (lives.0[person as usize].clone(), &self.people()[person as usize]);
        let coin = format!("future {number}");
        for DayAhead { today, company } in ahead {
            company.live_one(today, person, &mut life, &coin, host);
        }
    }

    /// What would be asked of these days in the same future about one thing, such as what to offer to a full cart, with what each
    /// choice would earn. Nothing is answered: they do what they would have done anyway.
    #[must_use]
    pub fn asked(
        &self,
        lives: &Lives,
        person: u32,
        ahead: &[DayAhead],
        number: u32,
        decision: &'static str,
    ) -> Vec<Question> {
        let mut curious = Curious { decision, asked: Vec::new() };
        self.future_beside(lives, person, ahead, number, &mut curious);
        curious.asked
    }
}

/// Notes what is asked of one decision, and answers nothing.
struct Curious {
    decision: &'static str,
    asked: Vec<Question>,
}

impl Host for Curious {
    fn hear(&mut self, _: Message) {}

    fn decides(&self, decision: &str) -> bool {
        decision == self.decision
    }

    fn decide(&mut self, question: &Question) -> Option<Reply> {
        self.asked.push(question.clone());
        None
    }
}

/// A day that is still to come, and the company as it opens on it.
#[derive(Debug)]
pub struct DayAhead {
    today: Today,
    company: Company,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use primitives::Seed;

    const N_DAYS: u32 = 28;

    fn n_orders(messages: &[Message]) -> u32 {
        let is_order = |message: &&Message| message.json.contains("\"event\":\"Order Completed\"");
        u32::try_from(messages.iter().filter(is_order).count()).unwrap()
    }

    /// What is foreseen for many comes true on average.
    #[test]
    fn what_is_foreseen_comes_true() {
        const N_FUTURES: u32 = 24;
        let settings = Settings::new(Seed::new(11), 600, 90).unwrap();
        let mut company = Company::new(settings);
        let mut lives = company.live_until(settings.end_day, &mut |_| {});
        let days = company.days_ahead(&lives, settings.end_day, N_DAYS);
        let orders_of = |person: u32| -> Vec<u32> {
            let future = |number| company.future(&lives, person, &days, number);
            (0..N_FUTURES).map(|number| n_orders(&future(number))).collect()
        };
        let foreseen: Vec<Vec<u32>> = (0..600).map(orders_of).collect();
        let before: Vec<u32> = lives.0.iter().map(|life| life.n_orders).collect();
        for day in settings.end_day..settings.end_day + i64::from(N_DAYS) {
            company.live(&mut lives, day);
        }
        let came: Vec<u32> = lives.0.iter().zip(before).map(|(life, before)| life.n_orders - before).collect();
        let expected = f64::from(foreseen.iter().flatten().sum::<u32>()) / f64::from(N_FUTURES);
        let real = f64::from(came.iter().sum::<u32>());
        assert!((expected - real).abs() < 0.08 * real, "{expected} foreseen, {real} came");
        let share_without = |orders: &Vec<u32>| {
            f64::from(u32::try_from(orders.iter().filter(|n| **n == 0).count()).unwrap()) / f64::from(N_FUTURES)
        };
        let without: Vec<f64> = foreseen.iter().map(share_without).collect();
        let none: f64 = without.iter().sum();
        let n_none = f64::from(u32::try_from(came.iter().filter(|n| **n == 0).count()).unwrap());
        assert!((none - n_none).abs() < 30.0, "{none} foreseen without, {n_none} came without");
        // And who was foreseen to buy did so more often than who was not.
        let share = |is_likely: bool| {
            let of = came.iter().zip(&without).filter(|(_, without)| (**without < 0.5) == is_likely);
            let of: Vec<&u32> = of.map(|(n, _)| n).collect();
            of.iter().filter(|n| ***n > 0).count() * 100 / of.len().max(1)
        };
        assert!(share(true) > share(false) + 40, "{} {}", share(true), share(false));
    }

    /// Over many companies the error of what is foreseen is no larger than the coins make it.
    #[test]
    fn what_is_foreseen_is_off_by_chance_only() {
        const N_FUTURES: u32 = 8;
        let (mut expected, mut variance, mut came) = (0.0, 0.0, 0.0);
        for seed in 21..27 {
            let settings = Settings::new(Seed::new(seed), 120, 50).unwrap();
            let mut company = Company::new(settings);
            let mut lives = company.live_until(settings.end_day, &mut |_| {});
            let ahead = company.days_ahead(&lives, settings.end_day, N_DAYS);
            for person in 0..120 {
                let orders: Vec<f64> = (0..N_FUTURES)
                    .map(|number| f64::from(n_orders(&company.future(&lives, person, &ahead, number))))
                    .collect();
                let mean = orders.iter().sum::<f64>() / f64::from(N_FUTURES);
                expected += mean;
                variance += orders.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / f64::from(N_FUTURES - 1);
            }
            let before: u32 = lives.0.iter().map(|life| life.n_orders).sum();
            for day in settings.end_day..settings.end_day + i64::from(N_DAYS) {
                company.live(&mut lives, day);
            }
            came += f64::from(lives.0.iter().map(|life| life.n_orders).sum::<u32>() - before);
        }
        let error = (variance * (1.0 + 1.0 / f64::from(N_FUTURES))).sqrt();
        assert!(came > 500.0 && error < 0.06 * came, "{came} {error}");
        assert!((expected - came).abs() < 3.3 * error, "{expected} foreseen, {came} came, give or take {error}");
    }

    /// As often as a cart would be ordered without an offer, so often it is, whoever is curious beside it.
    #[test]
    fn carts_are_worth_what_is_ordered_of_them() {
        let settings = Settings::new(Seed::new(5), 300, 60).unwrap();
        let mut company = Company::new(settings);
        let lives = company.live_until(settings.end_day, &mut |_| {});
        let ahead = company.days_ahead(&lives, settings.end_day, 20);
        let (mut n_carts, mut n_best_is_none, mut n_ordered) = (0, 0, 0);
        for person in 0..300 {
            let carts = company.asked(&lives, person, &ahead, 0, crate::host::decision::OFFER);
            let told = company.future(&lives, person, &ahead, 0);
            let begun = told.iter().filter(|message| message.json.contains("\"event\":\"Checkout Started\"")).count();
            assert!(begun <= carts.len(), "{begun} of {}", carts.len());
            n_ordered += begun;
            n_carts += carts.len();
            for cart in &carts {
                assert_eq!((cart.choices.len(), cart.worth.len()), (4, 4));
                assert!(cart.about["value"].as_f64().unwrap() > cart.worth[0], "less is earned than is in it");
                n_best_is_none += usize::from(cart.worth.iter().all(|worth| *worth <= cart.worth[0]));
            }
        }
        assert!(n_carts > 100 && n_ordered * 10 > n_carts * 4 && n_ordered < n_carts, "{n_ordered} of {n_carts}");
        assert!(
            0 < n_best_is_none && n_best_is_none < n_carts,
            "{n_best_is_none} of {n_carts}: no offer is best for all"
        );
    }

    /// What has run out is there again when the shelves are filled, in every future as in life.
    #[test]
    fn shelves_are_filled_in_futures_too() {
        let settings = Settings::new(Seed::new(5), 60, 40).unwrap();
        assert_eq!(settings.end_day.rem_euclid(5), 4, "shelves are filled on the day after the first");
        let mut company = Company::new(settings);
        let lives = company.live_until(settings.end_day, &mut |_| {});
        let n_added = |company: &Company| {
            let ahead = company.days_ahead(&lives, settings.end_day, 8);
            let futures = (0..60).flat_map(|person| (0..4).map(move |number| (person, number)));
            let told: Vec<Message> =
                futures.flat_map(|(person, number)| company.future(&lives, person, &ahead, number)).collect();
            let added = told.iter().filter(|message| message.json.contains("\"event\":\"Product Added\""));
            let (first, later): (Vec<_>, Vec<_>) = added.partition(|message| message.at.day() == settings.end_day);
            (first.len(), later.len())
        };
        let (first, later) = n_added(&company);
        assert!(first > 10 && later > 100, "{first} {later}");
        for no in 0..company.things().all().len() {
            company.shelves_mut().take(no, u32::MAX);
        }
        let (first, later_again) = n_added(&company);
        assert!(first == 0 && later_again * 10 > later * 8, "{first} {later_again} {later}");
    }

    #[test]
    fn a_future_is_always_the_same_and_no_two_are() {
        let settings = Settings::new(Seed::new(5), 30, 40).unwrap();
        let mut company = Company::new(settings);
        let mut n_told = 0;
        let lives = company.live_until(settings.end_day, &mut |messages| n_told += messages.len());
        assert!(n_told > 300, "{n_told}");
        let days = company.days_ahead(&lives, settings.end_day, N_DAYS);
        let of = |number| {
            let future = |person| company.future(&lives, person, &days, number);
            (0..30).flat_map(future).collect::<Vec<Message>>()
        };
        assert_eq!(of(0), of(0));
        assert!(of(0) != of(1));
        let (from, until) = (settings.end_day, settings.end_day + i64::from(N_DAYS));
        assert!(of(0).iter().all(|message| (from..until).contains(&message.at.day())));
    }
}
