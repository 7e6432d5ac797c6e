//! How does the company live on while it is looked at? Over HTTP, as a company beside a server would.

use crate::args::Speed;
use crate::commands::progress::is_cancelled;
use crate::commands::simulate::beside::{Keyed, live};
use crate::commands::simulate::counts::Counts;
use crate::commands::simulate::holder::Holder;
use crate::commands::simulate::known::Known;
use crate::commands::simulate::pace::Pace;
use crate::error::ServerError;
use std::net::SocketAddr;

/// A day of the company goes by in an hour: something happens every second or so.
const SPEED: f64 = 24.0;

/// Lives on with the day that comes next, on a thread of its own, until the program ends.
pub(super) fn begin(address: SocketAddr, [write, server]: [String; 2]) -> Result<(), ServerError> {
    let living = move || {
        if let Err(error) = live_on(address, write, server) {
            tracing::warn!(error = error.story(), "the simulated company does not live on");
        }
    };
    let spawned = std::thread::Builder::new().name("company".to_owned()).spawn(living);
    spawned.map(drop).map_err(ServerError::io("cannot start a thread for the company to live on"))
}

fn live_on(address: SocketAddr, write: String, server: String) -> Result<(), ServerError> {
    let server = Keyed::at(&format!("http://{address}"), write, server)?;
    let Some(known) = Known::ask(&server, &is_cancelled)? else { return Ok(()) };
    let holder = Holder::this("demo");
    known.is_free_for(&holder, &server, &is_cancelled)?;
    live(
        &mut known.live_on(),
        u32::MAX,
        &server,
        Pace::new(Speed::Times(SPEED)),
        &Counts::default(),
        &holder,
        &is_cancelled,
    )
}
