//! How does an import reach a server over HTTP? In parts, each of which may be sent again.

use super::target::{N_LISTED, Ready, Target};
use crate::api::imports::{
    ImportBegins, ImportBegun, ImportCorrected, ImportEnds, ImportReply, ImportStateReply, ImportTaken, ImportsReply,
};
use crate::api::intents::ExamplesBody;
use crate::commands::caller::Caller;
use crate::commands::progress::Counting;
use crate::error::ServerError;
use crate::labelled::{Example, ExamplesReply};
use crate::local::Whereabouts;
use crate::simulated::{self, Incoming, Resident};
use primitives::ErrorKind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use simulation::FIRST_ITEM;
use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

/// How many events, and how many bytes of them, go in one request.
const N_BATCH: usize = 2_000;
const BATCH_BYTES: usize = 400 * 1024;
/// How often a server that works is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often a request is sent again where the server cannot be reached or has too much to do.
const N_TRIES: u32 = 30;
/// How long a try waits for the one before, at the longest.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// A server that takes imports.
pub(crate) struct Server {
    caller: Caller,
    data: Option<PathBuf>,
    /// Who was never there is not waited for.
    has_answered: Cell<bool>,
}

impl Server {
    /// A server at an address, with one of its keys.
    pub(crate) fn elsewhere(url: &str, key: String) -> Result<Self, ServerError> {
        Ok(Self::new(Caller::elsewhere(url, key)?, None))
    }

    /// The server that holds a data directory of this machine.
    pub(crate) fn on_this_machine(found: Whereabouts, data: PathBuf) -> Self {
        Self::new(Caller::new(&found.url, found.key), Some(data))
    }

    fn new(caller: Caller, data: Option<PathBuf>) -> Self {
        Self { caller, data, has_answered: Cell::new(false) }
    }

    /// The newest imports before one.
    pub(super) fn imports(&self, before: Option<u64>) -> Result<Vec<ImportReply>, ServerError> {
        let before = before.map(|id| format!("&before={id}")).unwrap_or_default();
        let path = format!("/v1/imports?limit={N_LISTED}{before}");
        Ok(self.call::<ImportsReply>("GET", &path, String::new())?.imports)
    }

    /// Waits until an import is as it is to be, and shows how far that is.
    fn until(&self, import: u64, is_done: impl Fn(&ImportStateReply) -> bool) -> Result<ImportStateReply, ServerError> {
        let mut bar: Option<Counting> = None;
        loop {
            let state: ImportStateReply = self.call("GET", &format!("/v1/imports/{import}"), String::new())?;
            if let Some(why) = &state.why {
                return Err(ServerError::new(ErrorKind::Unavailable, format!("import {import} stands: {why}")));
            }
            if is_done(&state) {
                bar.iter().for_each(Counting::finish);
                return Ok(state);
            }
            if crate::commands::progress::is_cancelled() {
                let message =
                    format!("not waited for; the server goes on: `rapport imports undo {import}` waits again");
                return Err(ServerError::new(ErrorKind::Unavailable, message));
            }
            if state.events_to_read > 0 {
                let bar = bar.get_or_insert_with(|| Counting::events("Making profiles anew", state.events_to_read));
                bar.advance(state.events_read);
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
    }

    fn send(&self, import: u64, how: &str, batch: Vec<Ready>) -> Result<ImportTaken, ServerError> {
        let events: Vec<String> = batch.into_iter().filter_map(|ready| ready.json).collect();
        let body = format!("{{\"batch\":[{}]}}", events.join(","));
        self.call("POST", &format!("/v1/imports/{import}/{how}"), body)
    }

    pub(crate) fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ServerError> {
        let body = serde_json::to_string(body)
            .map_err(|error| ServerError::new(ErrorKind::Internal, format!("a request is not JSON: {error}")))?;
        self.call("POST", path, body)
    }

    /// Sends a request until it is answered: each may arrive twice, and counts once.
    pub(crate) fn call<T: DeserializeOwned>(&self, method: &str, path: &str, body: String) -> Result<T, ServerError> {
        let mut last = String::new();
        for n in 0..N_TRIES {
            if n > 0 {
                std::thread::park_timeout((Duration::from_millis(250) * n).min(PAUSE_MAX));
            }
            if n > 0 && super::super::progress::is_cancelled() {
                break;
            }
            let answered = self.caller.ask(method, path, &body);
            self.has_answered.set(self.has_answered.get() || answered.is_ok());
            match answered {
                Ok(answer) if matches!(answer.status, 200 | 202) => return self.caller.read(&answer),
                Ok(answer) if answer.is_not_now() => last = answer.sentence(),
                Ok(answer) => return Err(self.caller.refused(&answer)),
                Err(error) if n >= 3 && !self.has_answered.get() => return Err(self.unreachable(&error)),
                Err(error) => last = error,
            }
        }
        Err(self.unreachable(&last))
    }

    fn unreachable(&self, why: &str) -> ServerError {
        let message = format!(
            "the server at {} does not answer ({why}): check that it runs, and import again; nothing is taken twice",
            self.caller.url()
        );
        ServerError::new(ErrorKind::Unavailable, message)
    }
}

impl Target for Server {
    fn currency(&self) -> Option<primitives::Currency> {
        None
    }

    fn wants_json(&self) -> bool {
        true
    }

    fn is_full(&self, n_events: usize, n_bytes: usize) -> bool {
        n_events >= N_BATCH || n_bytes >= BATCH_BYTES
    }

    fn begin(&self, begins: &ImportBegins) -> Result<u64, ServerError> {
        Ok(self.post::<ImportBegun>("/v1/imports", begins)?.id)
    }

    fn take(&self, import: u64, batch: Vec<Ready>) -> Result<ImportTaken, ServerError> {
        self.send(import, "events", batch)
    }

    fn replace(&self, import: u64, batch: Vec<Ready>) -> Result<ImportTaken, ServerError> {
        self.send(import, "replace", batch)
    }

    fn end(&self, import: u64, ends: ImportEnds) -> Result<(), ServerError> {
        self.post::<ImportBegun>(&format!("/v1/imports/{import}/end"), &ends)?;
        if ends.replaced > 0 {
            self.until(import, |state| state.is_followed)?;
        }
        Ok(())
    }

    fn teach(&self, examples: &[Example]) -> Result<ExamplesReply, ServerError> {
        self.post("/v1/intents/examples", &ExamplesBody { examples: examples.to_vec() })
    }

    fn settle(&self) -> Result<(), ServerError> {
        Ok(())
    }

    fn undo(&self, import: u64) -> Result<ImportCorrected, ServerError> {
        loop {
            self.call::<ImportStateReply>("POST", &format!("/v1/imports/{import}/undo"), String::new())?;
            // A server that was started anew meanwhile has to be asked again.
            let state = self.until(import, |state| ["done", "not_asked"].contains(&state.undo.as_str()))?;
            if state.undo == "done" {
                return Ok(state.corrected);
            }
        }
    }

    fn resident(&self) -> Result<Resident, ServerError> {
        let known = match self.call::<Value>("GET", &simulated::path_of(FIRST_ITEM), String::new()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Value::Null,
            answered => answered?,
        };
        let incoming: Incoming = self.call("GET", Incoming::PATH, String::new())?;
        Ok(Resident::of(Some(&known["traits"]["simulated"]), incoming.has_told()))
    }

    fn data(&self) -> Option<PathBuf> {
        self.data.clone()
    }
}
