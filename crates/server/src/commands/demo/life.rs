//! How does the company live on while it is looked at? Over HTTP, as a company beside a server would, and hour for hour as we do:
//! so its today is like its yesterday.

use super::lived::Lived;
use crate::clock::SystemClock;
use crate::commands::progress::is_cancelled;
use crate::commands::say;
use crate::commands::simulate::beside::{Keyed, Life, live};
use crate::commands::simulate::counts::Counts;
use crate::commands::simulate::holder::Holder;
use crate::commands::simulate::known::Known;
use crate::commands::simulate::tempo::Tempo;
use crate::error::ServerError;
use console::format::{count, counted, date_time};
use primitives::{Clock, DAY_MS, HOUR_MS, Timestamp};
use simulation::{Company, Lives};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::Path;

/// So much of what has happened is told piece by piece.
const N_LOOKED_ON: usize = 240;

/// Lives on from where it stopped, on a thread of its own, until the program ends.
pub(super) fn begin(address: SocketAddr, [write, server]: [String; 2], data: &Path) -> Result<(), ServerError> {
    let data = data.to_owned();
    let living = move || {
        if let Err(error) = live_on(address, write, server, &data) {
            tracing::warn!(error = error.story(), "the simulated company does not live on");
        }
    };
    let spawned = std::thread::Builder::new().name("company".to_owned()).spawn(living);
    spawned.map(drop).map_err(ServerError::io("cannot start a thread for the company to live on"))
}

fn live_on(address: SocketAddr, write: String, server: String, data: &Path) -> Result<(), ServerError> {
    let server = Keyed::at(&format!("http://{address}"), write, server)?;
    let Some(known) = Known::ask(&server, &is_cancelled)? else { return Ok(()) };
    let (before, now) = (Lived::read(data), SystemClock.now());
    let holder = Holder::this("demo");
    known.is_free_for(&holder, &server, &is_cancelled)?;
    let lived = Lived::go_on(before, known.end_day(), now);
    lived.write(data)?;
    let mut life = known.live_from(lived.until().day(), lived.nth);
    say(&in_words(n_in_an_hour(&life, now), before.map(Lived::until), lived.until(), now));
    let note = |until: Timestamp| {
        if let Err(error) = (Lived { until_ms: until.as_millis(), ..lived }).write(data) {
            tracing::warn!(error = error.story(), "where the simulated company is cannot be kept");
        }
    };
    let days = life.day..=now.day();
    let from = looked_on(&life.company, &life.lives, days, now).max(lived.until());
    let tempo = Tempo::Clock { told_until: lived.until(), gently: (from, now), turn: None, note: &note };
    live(&mut life, u32::MAX, &server, tempo, &Counts::default(), &holder, &is_cancelled)
}

/// The moment after which lies what is told for whoever looks on, of all that happens on some days up to now: at any hour of the
/// day there is something to see, and it did happen. It is little beside a day.
pub(super) fn looked_on(company: &Company, lives: &Lives, days: RangeInclusive<i64>, now: Timestamp) -> Timestamp {
    let (mut company, mut lives) = (company.clone(), lives.clone());
    let first = Timestamp::from_millis(*days.start() * DAY_MS);
    let told = days.flat_map(|day| company.live(&mut lives, day));
    let mut moments: Vec<Timestamp> = told.map(|message| message.at).filter(|at| *at <= now).collect();
    moments.sort_unstable();
    let n = N_LOOKED_ON.min(moments.len() / 4);
    moments.len().checked_sub(n + 1).map_or(first, |nth| moments[nth])
}

/// How much happens within an hour from the hour it is, on the day with which it goes on.
fn n_in_an_hour(life: &Life, now: Timestamp) -> u64 {
    let (mut company, mut lives) = (life.company.clone(), life.lives.clone());
    let is_soon = |at: Timestamp| at.millis_since(now).rem_euclid(DAY_MS) < HOUR_MS;
    company.live(&mut lives, life.day).iter().filter(|message| is_soon(message.at)).count() as u64
}

/// How it goes on, and how much there is to see.
fn in_words(n: u64, before: Option<Timestamp>, from: Timestamp, now: Timestamp) -> String {
    let rate = match n {
        0..90 => format!("at this hour about {} in an hour", counted(n, "event", "events")),
        _ => format!("at this hour about {} events a minute", count((n + 30) / 60)),
    };
    let goes_on = match before {
        Some(before) if before < from => {
            format!("It stood still since {}, too long to catch up, and goes on as of now.", date_time(before))
        }
        Some(_) if now.millis_since(from) > HOUR_MS => {
            format!("What happened since {}, while nobody listened, is told first.", date_time(from))
        }
        _ => String::new(),
    };
    let text = format!("The company lives on while you look, hour for hour as you do: {rate}. {goes_on}");
    format!("{} --no-live holds it.", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;
    use simulation::Settings;

    #[test]
    fn what_is_looked_on_is_the_last_of_what_happened() {
        let mut company = Company::new(Settings::new(Seed::new(7), 60, 20).unwrap());
        let end_day = company.settings().end_day;
        let lives = company.live_until(end_day - 2, &mut |_| {});
        let now = Timestamp::from_millis((end_day - 1) * DAY_MS + 15 * HOUR_MS);
        let days = end_day - 2..=end_day - 1;
        let moment = looked_on(&company, &lives, days.clone(), now);
        let (mut company, mut lives) = (company.clone(), lives.clone());
        let told: Vec<Timestamp> = days
            .flat_map(|day| company.live(&mut lives, day))
            .map(|message| message.at)
            .filter(|at| *at <= now)
            .collect();
        let n_after = told.iter().filter(|at| **at > moment).count();
        assert!(
            told.len() > 40 && n_after <= told.len() / 4 && n_after + 12 > told.len() / 4,
            "{n_after} of {}",
            told.len()
        );
    }

    #[test]
    fn it_says_how_much_happens_and_where_it_goes_on() {
        let now = Timestamp::parse("2026-11-29T13:30:00Z").unwrap();
        let before = |ms: i64| Timestamp::from_millis(now.as_millis() - ms);
        let said = in_words(1, Some(before(HOUR_MS)), before(HOUR_MS), now);
        assert_eq!(
            said,
            "The company lives on while you look, hour for hour as you do: at this hour about 1 event in an hour. --no-live \
             holds it."
        );
        for (n, rate) in [(89, "89 events in an hour"), (90, "2 events a minute"), (570, "10 events a minute")] {
            assert!(in_words(n, None, now, now).contains(rate), "{n}");
        }
        let said = in_words(0, Some(before(HOUR_MS + 1)), before(HOUR_MS + 1), now);
        assert!(said.contains("What happened since 29 Nov") && said.contains("is told first. --no-live"), "{said}");
        let said = in_words(0, Some(before(40 * DAY_MS)), now, now);
        assert!(said.contains("It stood still since 20 Oct") && said.contains("goes on as of now."), "{said}");
    }
}
