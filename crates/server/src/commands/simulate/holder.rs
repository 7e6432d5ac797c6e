//! Who lets the company live beside the server? One at a time: two would live the same days against each other. The catalogue
//! says who it is. Nobody can say there that they were killed: so whoever comes later calls, and takes over where no answer
//! comes.

use super::delivery::{Enough, Request, has_taken, wait};
use crate::clock::SystemClock;
use crate::commands::caller::Caller;
use crate::error::ServerError;
use crate::simulated::path_of;
use engine::Stopwatch;
use primitives::{Clock, ErrorKind};
use serde::Deserialize;
use serde::de::DeserializeOwned;
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
    /// Whether the company told of it; else somebody has looked at what goes by its name.
    #[serde(default)]
    pub(super) vouched: bool,
}

/// Asks the server for what stands at a path; `None` where nothing does, or it is enough.
///
/// # Errors
/// [`ServerError`] where it cannot be asked.
pub(super) fn asked<T: DeserializeOwned>(
    office: &Caller,
    path: &str,
    is_enough: Enough<'_>,
) -> Result<Option<T>, ServerError> {
    let request = Request { caller: office, method: "GET", path, body: &String::new, is_first: true };
    let Some(answer) = request.answered(is_enough)? else { return Ok(None) };
    match answer.status {
        404 => Ok(None),
        200 => office.read(&answer).map(Some),
        _ => Err(office.refused(&answer)),
    }
}

/// Asks the server of a thing; `None` where it has not heard of it, or it is enough.
///
/// # Errors
/// [`ServerError`] where it cannot be asked.
pub(super) fn ask_of(office: &Caller, id: &str, is_enough: Enough<'_>) -> Result<Option<Item>, ServerError> {
    asked(office, &path_of(id), is_enough)
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
    /// Who had it before and did not answer.
    silent: OnceLock<String>,
}

impl Holder {
    /// This process, as the command that it is.
    pub(crate) fn this(command: &str) -> Self {
        let name = format!("`rapport {command}` (process {}, since {})", std::process::id(), SystemClock.now());
        Self { name, holds: AtomicBool::new(false), taken_by: OnceLock::new(), silent: OnceLock::new() }
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
        let mut heard_at_first = None;
        while heard_at_first.is_none() && !is_enough() {
            heard_at_first = heard(office);
            let _ = heard_at_first.is_some() || wait(LOOK_EVERY, is_enough);
        }
        self.tell(office, CALLED, &self.name, is_enough)?;
        // A look that fails is none: who cannot be heard now has not been silent.
        let mut silent_since: Option<Stopwatch> = None;
        while silent_since.as_ref().is_none_or(|since| since.elapsed() < ANSWER_TIME_MAX) && wait(LOOK_EVERY, is_enough)
        {
            let now = heard(office);
            if now.is_none() {
                silent_since = None;
                continue;
            }
            // Whoever's call it was that they answered: they are there.
            if now != heard_at_first {
                return Err(held(office, by));
            }
            silent_since.get_or_insert_with(Stopwatch::start);
        }
        self.silent.get_or_init(|| by.to_owned());
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

    /// Whether whom the catalogue names is somebody else.
    fn is_another(&self, by: &str) -> bool {
        ![NOBODY, &self.name].contains(&by)
    }

    /// Answers whoever calls, and notices where somebody took the company, until it is over.
    pub(super) fn listen(&self, office: &Caller, is_over: Enough<'_>) {
        while wait(LISTEN_EVERY, is_over) {
            // As it was before the look: who lived it last stands there until the company is theirs.
            let holds = self.holds.load(Ordering::SeqCst);
            let Some(now) = traits(office) else { continue };
            let said = |name| now.get(name).and_then(Value::as_str);
            let other = said(LIVED_BY).filter(|by| self.is_another(by));
            if let Some(other) = other.filter(|_| holds) {
                self.taken_by.get_or_init(|| other.to_owned());
                return;
            }
            let call = said(CALLED).filter(|call| Some(*call) != said(ANSWERED) && *call != self.name);
            // What cannot be told now is told at the next look.
            let _ = call.map(|call| self.tell(office, ANSWERED, call, is_over));
        }
    }

    /// Why they cannot go on.
    pub(super) fn refused(&self, office: &Caller) -> ServerError {
        let now = traits(office).unwrap_or_default();
        let by = self.taken_by.get().map(String::as_str).or_else(|| now.get(LIVED_BY).and_then(Value::as_str));
        // Whoever did not answer is blamed for nothing.
        let is_somebody = |by: &&str| self.is_another(by) && self.silent.get().is_none_or(|one| one != by);
        match by.filter(is_somebody) {
            Some(by) => held(office, by),
            None => {
                let message = format!(
                    "{} did not take the note that a day begins, though nobody lets the company live there: the day was begun \
                     before under the same messageId, or the note was refused; begin once more",
                    office.url()
                );
                ServerError::new(ErrorKind::Invalid, message)
            }
        }
    }

    fn tell(&self, office: &Caller, name: &str, value: &str, is_enough: Enough<'_>) -> Result<(), ServerError> {
        let body = || json!({"sentAt": SystemClock.now().to_string(), "batch": [note(name, value)]}).to_string();
        let request = Request { caller: office, method: "POST", path: "/v1/batch", body: &body, is_first: false };
        match request.answered(is_enough)? {
            Some(answer) if answer.status != 200 || !has_taken(&answer) => Err(office.refused(&answer)),
            _ => Ok(()),
        }
    }
}

/// Which call was answered last, as the catalogue says; `None` where it cannot be asked now.
fn heard(office: &Caller) -> Option<Option<Value>> {
    traits(office).map(|mut traits| traits.remove(ANSWERED))
}

fn held(office: &Caller, by: &str) -> ServerError {
    let message = format!(
        "{by} lets the company beside {} live already: end that one or wait for its end, since two would live the same days",
        office.url()
    );
    ServerError::new(ErrorKind::Conflict, message)
}

/// Something that is noted with the first of the company's things.
fn note(name: &str, value: &str) -> Value {
    let now = SystemClock.now();
    json!({
        "type": "item", "itemId": FIRST_ITEM, "timestamp": now.to_string(), "traits": {name: value},
        "messageId": format!("{name}-{}-{}", std::process::id(), now.as_millis()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::simulate::scripted::Scripted;

    const TAKEN: (u16, &str, &str) = (200, "", r#"{"accepted":1,"duplicates":0}"#);
    const AWAY: (u16, &str, &str) = (503, "", "{}");

    fn answered(by: &str) -> String {
        json!({"traits": {ANSWERED: by, LIVED_BY: "them"}}).to_string()
    }

    #[test]
    fn who_could_not_be_heard_for_a_while_has_not_been_silent() {
        let (before, now) = (answered("an earlier call"), answered("ours"));
        let (before, now) = ((200, "", before.as_str()), (200, "", now.as_str()));
        let script = [AWAY, before, TAKEN, before, AWAY, AWAY, before, now];
        let (server, holder) = (Scripted::answering(&script), Holder::this("simulate"));
        let refused = holder.call(&server.caller(), "them", &|| false).unwrap_err().to_string();
        assert!(refused.contains("them lets the company beside"), "{refused}");
        assert_eq!(server.heard().len(), script.len());
        assert!(server.heard()[2].1.contains(CALLED));
    }

    #[test]
    fn whoever_did_not_answer_is_not_blamed_where_a_day_s_note_is_not_taken() {
        let item = |by: &str| json!({"traits": {LIVED_BY: by}}).to_string();
        let (them, others) = (item("them"), item("others"));
        let (them, others) = ((200, "", them.as_str()), (200, "", others.as_str()));
        let script = [&[them, TAKEN][..], &[them; 30]].concat();
        let server = Scripted::answering(&script);
        let (office, holder) = (server.caller(), Holder::this("demo"));
        holder.call(&office, "them", &|| false).unwrap();
        let refused = holder.refused(&office).to_string();
        assert!(refused.contains("messageId") && !refused.contains("them lets"), "{refused}");
        // Where somebody else came in between, it is they.
        let other = Scripted::answering(&[others]);
        assert!(holder.refused(&other.caller()).to_string().starts_with("others lets the company beside"));
    }

    #[test]
    fn a_call_that_is_not_taken_is_none() {
        let before = answered("an earlier call");
        for refused in [(200, "", r#"{"accepted":0,"duplicates":0,"conflicts":1}"#), (400, "", "{}")] {
            let server = Scripted::answering(&[(200, "", &before), refused]);
            assert!(Holder::this("simulate").call(&server.caller(), "them", &|| false).is_err());
        }
    }
}
