//! How often does the interval of `rapport lift` hold what is true? Small companies, of whose customers a part is held out of `act`, which
//! offers a sample to everybody else. What is true is played on: the same customers with other coins, with the sample and without.
//!
//! ```sh
//! cargo run --release -p server --example lifted -- --companies 20
//! ```

#![expect(clippy::print_stdout, reason = "a measurement prints what it found")]

#[path = "carts/shop.rs"]
#[expect(dead_code, reason = "the other measurement looks at each cart")]
mod shop;

use anyhow::Result;
use clap::Parser;
use engine::Learned;
use primitives::{DAY_MS, Seed, Timestamp};
use rayon::prelude::*;
use server::settings::Settings;
use shop::{Shop, declared};
use simulation::{Company, DayAhead, Host, Lives, Message, Offer, Question, Reply, Settings as Made, decision};

/// The companies.
#[derive(Debug, Parser)]
struct Args {
    /// How many, each of the seed after the one before
    #[arg(long, default_value_t = 20)]
    companies: u64,
    /// The customers of each
    #[arg(long, default_value_t = 400)]
    customers: u32,
    /// Days that it asks
    #[arg(long, default_value_t = 28)]
    days: u32,
    /// The share that is held out
    #[arg(long, default_value_t = 0.4)]
    share: f64,
    /// On how many futures the truth is told
    #[arg(long, default_value_t = 8)]
    futures: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let (mut n_told, mut n_held) = (0, 0);
    println!("seed  held out  treated    true     lift     low    high");
    for seed in args.seed..args.seed + args.companies {
        let mut company = Company::new(Made::new(Seed::new(seed), args.customers, 40)?);
        let mut settings = Settings { actions: declared(&[Offer::Sample])?, ..Settings::default() };
        settings.holdout.kinds = [("act".to_owned(), args.share)].into();
        let end = company.settings().end_day;
        let mut shop = Shop::open(settings, Timestamp::from_millis((end - 40) * DAY_MS))?;
        let mut lives = shop.take_in(&mut company);
        let truth = truth(&company, &lives, &args);
        for day in end..end + i64::from(args.days) {
            shop.live(&mut company, &mut lives, day, &mut Learned::default())?;
        }
        let measured = shop.engine.measured(None)?;
        let Some(lift) = measured.kinds.get("act").map(|worth| &worth.lift) else { continue };
        let (Some(value), Some(within)) = (lift.lift, lift.interval) else {
            println!("{seed:>4}  cannot be told: {}", lift.says);
            continue;
        };
        n_told += 1;
        n_held += u32::from((within.low..=within.high).contains(&truth));
        let percent = |share: f64| 100.0 * share;
        println!(
            "{seed:>4} {:>9} {:>8} {:>7.1} {:>8.1} {:>7.1} {:>7.1}",
            lift.n_control,
            lift.n_treated,
            percent(truth),
            percent(value),
            percent(within.low),
            percent(within.high)
        );
    }
    println!("the truth lies within {n_held} of {n_told} intervals");
    Ok(())
}

/// What those spend who fill a cart, from the first on, with the sample beside without, less 1.
fn truth(company: &Company, lives: &Lives, args: &Args) -> f64 {
    let ahead = company.days_ahead(lives, company.settings().end_day, args.days);
    spent(company, lives, &ahead, args, Some(Offer::Sample)) / spent(company, lives, &ahead, args, None) - 1.0
}

fn spent(company: &Company, lives: &Lives, ahead: &[DayAhead], args: &Args, offer: Option<Offer>) -> f64 {
    let of_person = |person: u32| -> f64 {
        let of_future = |number: u32| {
            let mut spender = Spender { offer, has_asked: false, spent: 0.0 };
            company.future_beside(lives, person, ahead, number, &mut spender);
            spender.spent
        };
        (0..args.futures).map(of_future).sum()
    };
    (0..args.customers).into_par_iter().map(of_person).sum()
}

/// Adds up what somebody orders from their first full cart on, and offers them the same each time.
struct Spender {
    offer: Option<Offer>,
    has_asked: bool,
    spent: f64,
}

impl Host for Spender {
    fn hear(&mut self, message: Message) {
        if self.has_asked && message.json.contains("\"event\":\"Order Completed\"") {
            self.spent += message.payload()["properties"]["revenue"].as_f64().unwrap_or(0.0);
        }
    }

    fn decides(&self, decision: &str) -> bool {
        decision == decision::OFFER
    }

    fn decide(&mut self, _: &Question) -> Option<Reply> {
        self.has_asked = true;
        let items = vec![self.offer?.name().to_owned()];
        Some(Reply { decision_id: "future".to_owned(), items, ..Reply::default() })
    }
}
