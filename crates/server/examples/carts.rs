//! What does a company earn of its carts while `act` learns what to offer? Beside the oracle, which knows everybody, and the best single
//! offer for all, week by week, and after a swap of what people like.
//!
//! ```sh
//! cargo run --release -p server --example carts -- --customers 2000 --weeks 8 --swap 5
//! ```

#![expect(clippy::print_stdout, reason = "a measurement prints what it found")]

#[path = "carts/shop.rs"]
mod shop;

use anyhow::Result;
use clap::Parser;
use engine::Learned;
use primitives::{DAY_MS, Seed, Timestamp};
use server::settings::Settings;
use shop::{Cart, Shop, declared};
use simulation::{Company, Offer, Settings as Made};

const N_OFFERS: usize = Offer::ALL.len();

/// The company.
#[derive(Debug, Parser)]
struct Args {
    /// Its customers
    #[arg(long, default_value_t = 2_000)]
    customers: u32,
    /// Days of history before it asks
    #[arg(long, default_value_t = 60)]
    days: u32,
    /// Weeks in which it asks
    #[arg(long, default_value_t = 8)]
    weeks: i64,
    /// From the beginning of this week on a sample does what a tenth off did, and a tenth off what a sample did; 0 for never
    #[arg(long, default_value_t = 0)]
    swap: i64,
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// What counts as success: `value` or `converted`
    #[arg(long, default_value = "value")]
    reward: String,
    /// `squarecb`, `linucb`, `thompson`, `greedy`
    #[arg(long, default_value = "squarecb")]
    explore: String,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let mut company = Company::new(Made::new(Seed::new(args.seed), args.customers, args.days)?);
    let mut settings = Settings { actions: declared(&Offer::ALL)?, ..Settings::default() };
    settings.act.reward.clone_from(&args.reward);
    settings.act.explore.clone_from(&args.explore);
    let end = company.settings().end_day;
    let mut shop = Shop::open(settings, Timestamp::from_millis((end - i64::from(args.days)) * DAY_MS))?;
    let mut lives = shop.take_in(&mut company);
    println!("week   carts  none  ship   10 %  sample   earned  single  oracle    regret   beside the single");
    let (mut last, mut lost, mut behind) = (Learned::default(), 0.0, 0.0);
    for week in 1..=args.weeks {
        if week == args.swap {
            shop.means.swap(2, 3);
        }
        for day in 0..7 {
            shop.live(&mut company, &mut lives, end + 7 * (week - 1) + day, &mut last)?;
        }
        let from = end + 7 * (week - 1);
        let carts: Vec<&Cart> = shop.carts.iter().filter(|cart| cart.day >= from).collect();
        let n = f64::from(u32::try_from(carts.len())?);
        let sum = |of: &dyn Fn(&Cart) -> f64| carts.iter().map(|cart| of(cart)).sum::<f64>();
        let earned = sum(&|cart| cart.worth[cart.chosen]);
        let oracle = sum(&|cart| cart.worth.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        let single = (0..N_OFFERS).map(|at| sum(&|cart| cart.worth[at])).fold(f64::NEG_INFINITY, f64::max);
        let share = |at: usize| 100.0 * sum(&|cart| if cart.chosen == at { 1.0 } else { 0.0 }) / n;
        lost += oracle - earned;
        behind += single - earned;
        println!(
            "{week:>4} {n:>7} {:>5.0} {:>5.0} {:>6.0} {:>7.0} {:>8.3} {:>7.3} {:>7.3} {lost:>9.0} {behind:>9.0}",
            share(0),
            share(1),
            share(2),
            share(3),
            earned / n,
            single / n,
            oracle / n
        );
    }
    Ok(())
}
