//! How does a company live beside a running server? Day by day, as its customers, shops and desk would, at a pace.

use super::counts::Counts;
use super::delivery::{Enough, Request};
use super::holder::{Holder, ask_of};
use super::teller::Teller;
use super::tempo::Tempo;
use crate::commands::caller::Caller;
use crate::error::ServerError;
use simulation::{Company, Lives};
use std::sync::atomic::{AtomicBool, Ordering};

/// A company, its customers' lives, and the day that comes next.
pub(crate) struct Life {
    /// The company.
    pub(crate) company: Company,
    /// As far as they have been lived.
    pub(crate) lives: Lives,
    /// Days since 1970.
    pub(crate) day: i64,
    /// Whether the server has to be told first what the company sells.
    pub(crate) is_new: bool,
}

/// The server, as the two programs of a company reach it.
#[derive(Debug, Clone)]
pub(crate) struct Keyed {
    /// The pages in somebody's browser: with a write key.
    pub(crate) browser: Caller,
    /// The company's own services: with a server key.
    pub(crate) office: Caller,
}

impl Keyed {
    /// A server at an address, with a key of each role.
    ///
    /// # Errors
    /// [`ServerError`] where the address is none.
    pub(crate) fn at(url: &str, write_key: String, server_key: String) -> Result<Self, ServerError> {
        let browser = Caller::elsewhere(url, write_key)?;
        Ok(Self { office: browser.with_key(server_key), browser })
    }

    /// Makes sure that both keys open what they are for.
    ///
    /// # Errors
    /// [`ServerError`] where one does not, or nobody answers.
    pub(crate) fn check(&self, is_enough: Enough<'_>) -> Result<(), ServerError> {
        for caller in [&self.browser, &self.office] {
            let body = || "{\"batch\":[]}".to_owned();
            let request = Request { caller, method: "POST", path: "/v1/batch", body: &body, is_first: true };
            if let Some(answer) = request.answered(is_enough)?
                && answer.status != 200
            {
                return Err(caller.refused(&answer));
            }
        }
        Ok(())
    }
}

/// Lives for some days beside a server, and obeys what it decides. What happens is counted while it does.
///
/// # Errors
/// [`ServerError`] where a key opens nothing, or what answers is no server of ours, or somebody else lets the company live. A
/// server that is away is waited for.
pub(crate) fn live(
    life: &mut Life,
    n_days: u32,
    server: &Keyed,
    tempo: Tempo<'_>,
    counts: &Counts,
    holder: &Holder,
    is_enough: Enough<'_>,
) -> Result<(), ServerError> {
    let is_over = AtomicBool::new(false);
    let is_enough = || is_enough() || holder.is_taken() || is_over.load(Ordering::SeqCst);
    std::thread::scope(|scope| {
        scope.spawn(|| holder.listen(&server.office, &is_enough));
        let _over = Over(&is_over);
        live_days(life, n_days, server, tempo, counts, holder, &is_enough)
    })
}

/// Says that it is over when it ends, however it does: whoever listens would go on for ever.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn live_days(
    life: &mut Life,
    n_days: u32,
    server: &Keyed,
    tempo: Tempo<'_>,
    counts: &Counts,
    holder: &Holder,
    is_enough: Enough<'_>,
) -> Result<(), ServerError> {
    let mut teller = Teller::new(&server.browser, &server.office, tempo, counts, is_enough);
    let mut is_told_otherwise = !life.is_new;
    if life.is_new {
        teller.tell_items(life.company.catalogue());
        teller.flush();
        life.is_new = false;
    }
    for _ in 0..n_days {
        if !teller.goes_on() {
            break;
        }
        // So that whoever goes on later goes on with the next day.
        if teller.begin_day(life.company.note_of(life.day, holder.name())) {
            holder.begins();
        } else if teller.goes_on() {
            return Err(holder.refused(&server.office));
        } else {
            break;
        }
        if std::mem::take(&mut is_told_otherwise) {
            // What was bought because of decisions is not known where the days are lived again.
            let is_told = |id: &str| ask_of(&server.office, id, is_enough).map(|item| item.map(|item| item.available));
            teller.tell_stock(life.company.stock_to_tell(life.day, is_told)?);
        }
        let is_whole = life.company.live_beside(&mut life.lives, life.day, &mut teller);
        life.day += 1;
        if is_whole {
            teller.end_day();
        }
    }
    teller.tell_items(holder.farewell());
    teller.end()?;
    if holder.is_taken() { Err(holder.refused(&server.office)) } else { Ok(()) }
}
