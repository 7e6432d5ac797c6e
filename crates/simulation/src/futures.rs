//! What would have come? The same lives, played on with other coins.
//!
//! Nobody has to guess what a model should have foretold: a life is played on many times, and the mean over the futures is the
//! truth, up to an error that shrinks with their number. The oracle knows the person, not the coin.

use crate::calendar::Today;
use crate::company::{Company, Lives};
use crate::host::Listener;
use crate::message::Message;

impl Company {
    /// Lives through the whole history; `hear` hears what the company told on each day.
    pub fn live_history(&mut self, hear: &mut dyn FnMut(&[Message])) -> Lives {
        let mut lives = self.lives();
        for day in self.settings().first_day()..self.settings().end_day {
            hear(&self.live(&mut lives, day));
        }
        lives
    }

    /// The days after the history.
    #[must_use]
    pub fn days_ahead(&self, n_days: u32) -> Vec<Today> {
        let end = self.settings().end_day;
        (end..end + i64::from(n_days)).map(|day| self.calendar().today(day)).collect()
    }

    /// What these days of one person's would tell, in the future of this number. The shelves are as full, and the desk has as
    /// much to do, as on the last morning that was lived: one life changes neither.
    #[must_use]
    pub fn future(&self, lives: &Lives, person: u32, days: &[Today], number: u32) -> Vec<Message> {
        let (mut life, person) = (lives.0[person as usize].clone(), &self.people()[person as usize]);
        let coin = format!("future {number}");
        let mut listener = Listener::default();
        for today in days {
            self.live_one(today, person, &mut life, &coin, &mut listener);
        }
        listener.heard
    }
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
        let mut lives = company.live_history(&mut |_| {});
        let days = company.days_ahead(N_DAYS);
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

    #[test]
    fn a_future_is_always_the_same_and_no_two_are() {
        let settings = Settings::new(Seed::new(5), 30, 40).unwrap();
        let mut company = Company::new(settings);
        let mut n_told = 0;
        let lives = company.live_history(&mut |messages| n_told += messages.len());
        assert!(n_told > 300, "{n_told}");
        let days = company.days_ahead(N_DAYS);
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
