//! How does the company live on while it is looked at? Over HTTP, as a company beside a server would.

use crate::args::Speed;
use crate::clock::SystemClock;
use crate::commands::progress::is_cancelled;
use crate::commands::simulate::beside::{Keyed, Life, live};
use crate::commands::simulate::counts::Counts;
use crate::commands::simulate::pace::Pace;
use crate::error::ServerError;
use primitives::{Clock, DAY_MS};
use simulation::{Company, Label};
use std::net::SocketAddr;

/// A day of the company goes by in an hour: something happens every second or so.
const SPEED: f64 = 24.0;
/// Each beginning has a number of its own, which is the minute of it.
const MINUTE_MS: i64 = 60_000;

/// Lives on from today, on a thread of its own, until the program ends. What went on while nobody ran it is passed over.
pub(super) fn begin(label: Label, address: SocketAddr, [write, server]: [String; 2]) -> Result<(), ServerError> {
    let living = move || {
        if let Err(error) = live_on(&label, address, write, server) {
            tracing::warn!(error = error.story(), "the simulated company does not live on");
        }
    };
    let spawned = std::thread::Builder::new().name("company".to_owned()).spawn(living);
    spawned.map(drop).map_err(ServerError::io("cannot start a thread for the company to live on"))
}

fn live_on(label: &Label, address: SocketAddr, write: String, server: String) -> Result<(), ServerError> {
    let settings =
        label.settings().map_err(|error| ServerError::new(primitives::ErrorKind::Internal, error.to_string()))?;
    let mut company = Company::new(settings);
    let mut lives = company.live_history(&mut |_| {});
    let now = SystemClock.now();
    let minutes = (now.as_millis() - settings.end_day * DAY_MS) / MINUTE_MS;
    company.begin_again(&mut lives, u32::try_from(minutes).unwrap_or(0).saturating_add(1));
    let mut life = Life { company, lives, day: now.day(), is_new: false };
    let server = Keyed::at(&format!("http://{address}"), write, server)?;
    live(&mut life, u32::MAX, &server, Pace::new(Speed::Times(SPEED)), &Counts::default(), &is_cancelled)
}
