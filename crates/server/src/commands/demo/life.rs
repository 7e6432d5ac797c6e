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
use std::net::SocketAddr;
use std::path::Path;

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
    let tempo = Tempo::Clock { told_until: lived.until(), note: &note };
    live(&mut life, u32::MAX, &server, tempo, &Counts::default(), &holder, &is_cancelled)
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
