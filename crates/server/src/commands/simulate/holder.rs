//! Who lets the company live beside the server? One at a time: two would live the same days against each other. The catalogue
//! says who it is. Nobody can say there that they were killed: so whoever comes later calls, and takes over where no answer
//! comes.

use super::delivery::{Enough, Request, wait};
use crate::clock::SystemClock;
use crate::commands::caller::Caller;
use crate::error::ServerError;
use engine::Stopwatch;
use primitives::{Clock, ErrorKind};
use serde::Deserialize;
use serde_json::{Value, json};
use simulation::{FIRST_ITEM, LIVED_BY};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What the catalogue says where nobody lets it live.
pub(super) const NOBODY: &str = "nobody";
/// Who called last, and whose call was answered last.
const CALLED: &str = "simulatedCall";
const ANSWERED: &str = "simulatedAnswer";
/// How often whoever lets it live looks whether somebody called.
const LISTEN_EVERY: Duration = Duration::from_millis(700);
/// How long, and how often, whoever called looks for the answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(4);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What the catalogue says of an item.
pub(super) type Traits = BTreeMap<String, Value>;

/// An item of it.
#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) traits: Traits,
    /// Whether there is one.
    #[serde(default)]
    pub(super) available: bool,
}

/// Where a thing stands.
fn path_of(id: &str) -> String {
    format!("/v1/items/{id}")
}

/// Asks the server of a thing; `None` where it has not heard of it, or it is enough.
///
/// # Errors
/// [`ServerError`] where it cannot be asked.
pub(super) fn ask_of(office: &Caller, id: &str, is_enough: Enough<'_>) -> Result<Option<Item>, ServerError> {
    let path = path_of(id);
    let request = Request { caller: office, method: "GET", path: &path, body: &String::new, is_first: true };
    let Some(answer) = request.answered(is_enough)? else { return Ok(None) };
    match answer.status {
        404 => Ok(None),
        200 => office.read(&answer).map(Some),
        _ => Err(office.refused(&answer)),
    }
}

/// What the catalogue says of the first of the company's things; `None` where it says nothing, or not now.
fn traits(office: &Caller) -> Option<Traits> {
    let answer = office.ask("GET", &path_of(FIRST_ITEM), "").ok().filter(|answer| answer.status == 200)?;
    office.read::<Item>(&answer).ok().map(|item| item.traits)
}

/// One who lets it live, or wants to.
#[derive(Debug)]
pub(crate) struct Holder {
    name: String,
    /// Whether the company is theirs now.
    holds: AtomicBool,
    /// Who took it from them.
    taken_by: OnceLock<String>,
}

impl Holder {
    /// This process, as the command that it is.
    pub(crate) fn this(command: &str) -> Self {
        let name = format!("`rapport {command}` (process {}, since {})", std::process::id(), SystemClock.now());
        Self { name, holds: AtomicBool::new(false), taken_by: OnceLock::new() }
    }

    /// As the catalogue calls them.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Calls whoever lets the company live, as the catalogue says.
    ///
    /// # Errors
    /// [`ServerError`] where they answer: the company is theirs. Also where the server cannot be told.
    pub(super) fn call(&self, office: &Caller, by: &str, is_enough: Enough<'_>) -> Result<(), ServerError> {
        let answered = |traits: &Traits| traits.get(ANSWERED).cloned();
        let before = traits(office).as_ref().map(answered);
        self.tell(office, CALLED, &self.name, is_enough)?;
        let watch = Stopwatch::start();
        while watch.elapsed() < ANSWER_TIME_MAX && wait(LOOK_EVERY, is_enough) {
            // Whoever's call it was that they answered: they are there.
            let now = traits(office).as_ref().map(answered);
            if now.is_some() && before.is_some() && now != before {
                return Err(self.held(office, by));
            }
        }
        Ok(())
    }

    /// The company is theirs from now on.
    pub(super) fn begins(&self) {
        self.holds.store(true, Ordering::SeqCst);
    }

    /// What the catalogue is told where they leave it; `None` where it was not theirs.
    pub(super) fn farewell(&self) -> Option<Value> {
        let is_theirs = self.holds.load(Ordering::SeqCst) && self.taken_by.get().is_none();
        is_theirs.then(|| note(LIVED_BY, NOBODY))
    }

    /// Whether somebody else has the company now.
    pub(super) fn is_taken(&self) -> bool {
        self.taken_by.get().is_some()
    }

    /// Answers whoever calls, and notices where somebody took the company, until it is over.
    pub(super) fn listen(&self, office: &Caller, is_over: Enough<'_>) {
        while wait(LISTEN_EVERY, is_over) {
            let Some(now) = traits(office) else { continue };
            let said = |name| now.get(name).and_then(Value::as_str);
            let other = said(LIVED_BY).filter(|by| ![NOBODY, &self.name].contains(by));
            if let Some(other) = other.filter(|_| self.holds.load(Ordering::SeqCst)) {
                self.taken_by.get_or_init(|| other.to_owned());
                return;
            }
            let call = said(CALLED).filter(|call| Some(*call) != said(ANSWERED) && *call != self.name);
            // Who cannot be told hears nothing, and calls again.
            let _ = call.map(|call| self.tell(office, ANSWERED, call, is_over));
        }
    }

    /// Why they cannot go on.
    pub(super) fn refused(&self, office: &Caller) -> ServerError {
        let now = traits(office).unwrap_or_default();
        let by = self.taken_by.get().map(String::as_str).or_else(|| now.get(LIVED_BY).and_then(Value::as_str));
        self.held(office, by.unwrap_or(NOBODY))
    }

    fn held(&self, office: &Caller, by: &str) -> ServerError {
        let message = format!(
            "{by} lets the company beside {} live already: end that one or wait for its end, since two would live the same days",
            office.url()
        );
        ServerError::new(ErrorKind::Conflict, message)
    }

    fn tell(&self, office: &Caller, name: &str, value: &str, is_enough: Enough<'_>) -> Result<(), ServerError> {
        let body = || json!({"sentAt": SystemClock.now().to_string(), "batch": [note(name, value)]}).to_string();
        let request = Request { caller: office, method: "POST", path: "/v1/batch", body: &body, is_first: false };
        match request.answered(is_enough)? {
            Some(answer) if answer.status != 200 => Err(office.refused(&answer)),
            _ => Ok(()),
        }
    }
}

/// Something that is noted with the first of the company's things.
fn note(name: &str, value: &str) -> Value {
    let now = SystemClock.now();
    json!({
        "type": "item", "itemId": FIRST_ITEM, "timestamp": now.to_string(), "traits": {name: value},
        "messageId": format!("{name}-{}-{}", std::process::id(), now.as_millis()),
    })
}
