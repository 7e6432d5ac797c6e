//! How does everything get out again? `rapport export`.
//!
//! One file for events, one for customers, one for decisions: NDJSON, whose events `rapport import` takes in again whole, or
//! Parquet with the columns people ask for and the whole document beside them. Rows pass through one at a time. Events that
//! were withdrawn are counted and not written, and neither is what withdrew them: without them it says nothing. Of a decision
//! that cannot be read there is what the log says of it, and why there is no more.

mod files;

use self::files::{Column, File, Kind};
use super::progress::spinner;
use super::report;
use crate::api::wire::{self, CustomerReply, DecisionRecordReply};
use crate::args::{ExportFormat, Exported, Options};
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use decisions::{LoggedDecision, Record};
use engine::Engine;
use events::{Call, Place, Recorded};
use primitives::{ErrorKind, Timestamp};
use profiles::Collection;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use storage::Access;

/// How many customers in memory are gone through at a time.
const N_SLICE: usize = 4_096;
/// The field of a decision that says why there is no more of it.
const UNREADABLE: &str = "unreadable";

impl Exported {
    fn columns(self) -> &'static [Column] {
        match self {
            Self::Events => &[
                Column("offset", Kind::Number),
                Column("messageId", Kind::Text),
                Column("type", Kind::Text),
                Column("event", Kind::Text),
                Column("userId", Kind::Text),
                Column("anonymousId", Kind::Text),
                Column("timestamp", Kind::Time),
                Column("receivedAt", Kind::Time),
            ],
            Self::Customers => &[
                Column("customerId", Kind::Text),
                Column("eventCount", Kind::Number),
                Column("firstSeen", Kind::Time),
                Column("lastSeen", Kind::Time),
            ],
            Self::Decisions => &[
                Column("decisionId", Kind::Text),
                Column("decidedAt", Kind::Time),
                Column("decision", Kind::Text),
                Column("customerId", Kind::Text),
                Column("isFallback", Kind::Truth),
            ],
        }
    }

    /// Hands each document to `row` until it fails.
    fn visit(
        self,
        engine: &Engine,
        row: &mut dyn FnMut(Map<String, Value>) -> Result<(), ServerError>,
    ) -> Result<(), ServerError> {
        match self {
            Self::Events => events(engine, row),
            Self::Customers => customers(engine, row),
            Self::Decisions => decisions(engine, row),
        }
    }
}

/// Writes the files; each has its name only when it is complete.
pub(super) fn run(
    options: &Options,
    settings: Settings,
    to: &Path,
    format: ExportFormat,
    what: &[Exported],
) -> Result<(), ServerError> {
    let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
    let mut what = if what.is_empty() { Exported::ALL.to_vec() } else { what.to_vec() };
    what.sort_unstable();
    what.dedup();
    let left_out = what.contains(&Exported::Events).then(|| LeftOut::of(&opened)).transpose()?;
    let mut counts = BTreeMap::new();
    let mut unreadable = None;
    for exported in what {
        let path = to.join(format!("{}.{}", exported.name(), format.extension()));
        let spinner = spinner(&format!("Exporting {}", exported.name()));
        let mut file = File::create(&path, format, exported.columns())?;
        let mut n_rows = 0_u64;
        let mut n_unreadable = 0_u64;
        exported.visit(&opened.engine, &mut |document| {
            n_rows += 1;
            n_unreadable += u64::from(exported == Exported::Decisions && document.contains_key(UNREADABLE));
            if n_rows.is_multiple_of(4_096) {
                spinner.set_prefix(format!("Exporting {}: {n_rows}", exported.name()));
            }
            file.write(&document)
        })?;
        file.finish()?;
        spinner.finish_and_clear();
        counts.insert(exported.name(), n_rows);
        if exported == Exported::Decisions {
            unreadable = Some(n_unreadable);
        }
    }
    let document = Report { rows: &counts, left_out, unreadable };
    report(options, &document, || {
        let said: Vec<String> = counts.iter().map(|(name, n)| format!("{n} {name}")).collect();
        let left_out = left_out.map(LeftOut::in_words).unwrap_or_default();
        let unreadable = match unreadable {
            None | Some(0) => String::new(),
            Some(n) => format!(
                "\nOf {} there is only what the log says beside the record, which cannot be read: `{UNREADABLE}` says why.",
                console::format::counted(n, "decision", "decisions")
            ),
        };
        format!(
            "Exported {} into {}: personal data, readable only for you.{left_out}{unreadable}",
            said.join(", "),
            to.display()
        )
    })
}

/// How many rows there are in each file, and how many events are in none.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    rows: &'a BTreeMap<&'static str, u64>,
    #[serde(flatten)]
    left_out: Option<LeftOut>,
    /// How many decisions are exported without what their records say.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<u64>,
}

/// Events that are not exported.
#[derive(Debug, Clone, Copy, Serialize)]
struct LeftOut {
    withdrawn: u64,
    set_aside: u64,
}

impl LeftOut {
    fn of(opened: &Opened) -> Result<Self, ServerError> {
        Ok(Self { withdrawn: opened.storage.n_withdrawn()?, set_aside: opened.storage.n_set_aside()? })
    }

    fn in_words(self) -> String {
        match (self.withdrawn, self.set_aside) {
            (0, 0) => String::new(),
            (withdrawn, set_aside) => {
                format!("\nLeft out: {withdrawn} events that were withdrawn, {set_aside} that were set aside.")
            }
        }
    }
}

type Row<'a> = &'a mut dyn FnMut(Map<String, Value>) -> Result<(), ServerError>;

fn events(engine: &Engine, row: Row<'_>) -> Result<(), ServerError> {
    let mut done = Ok(());
    let history = &engine.ports().history;
    for partition in history.partitions() {
        history.replay(Place::before(partition), &mut |recorded| {
            if !matches!(recorded.event.call, Call::Correction { .. } | Call::Separate { .. }) {
                done = event(&recorded).and_then(&mut *row);
            }
            done.is_ok()
        })?;
    }
    done
}

/// The event as a client would send it, with its place and when it was received.
fn event(recorded: &Recorded) -> Result<Map<String, Value>, ServerError> {
    let mut document = object(&recorded.event)?;
    if let Some(occurred_at) = document.remove("occurredAt") {
        document.insert("timestamp".to_owned(), occurred_at);
    }
    document.insert("offset".to_owned(), recorded.offset.0.into());
    Ok(document)
}

fn customers(engine: &Engine, row: Row<'_>) -> Result<(), ServerError> {
    let mut done = Ok(());
    engine.ports().profiles.scan(Collection::Customer, "", &mut |key, _| {
        done = customer(engine, key, row);
        done.is_ok()
    })?;
    done?;
    // Those who came after the last checkpoint are in memory only.
    let mut last = String::new();
    loop {
        let ids = engine.look(|live| {
            next_after(live.profiles.resident().map(|customer| customer.profile.id.as_str()), &last, N_SLICE)
        });
        for id in &ids {
            if engine.ports().profiles.get(Collection::Customer, id)?.is_none() {
                customer(engine, id, row)?;
            }
        }
        match ids.into_iter().next_back() {
            Some(id) => last = id,
            None => return Ok(()),
        }
    }
}

/// The next few of ids that come in no order: the smallest ones after the last.
fn next_after<'a>(ids: impl Iterator<Item = &'a str>, last: &str, n_max: usize) -> Vec<String> {
    let mut next = BTreeSet::new();
    for id in ids.filter(|id| *id > last) {
        if next.len() < n_max || next.last().is_some_and(|largest| id < *largest) {
            next.insert(id);
        }
        if next.len() > n_max {
            next.pop_last();
        }
    }
    next.into_iter().map(str::to_owned).collect()
}

fn customer(engine: &Engine, id: &str, row: Row<'_>) -> Result<(), ServerError> {
    match engine.customer(id) {
        // A name of somebody else now: merged since the last checkpoint.
        Ok(view) if view.customer.profile.id.as_str() != id => Ok(()),
        Ok(view) => row(object(&CustomerReply::from(&view))?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn decisions(engine: &Engine, row: Row<'_>) -> Result<(), ServerError> {
    let mut done = Ok(());
    engine.ports().decisions.since(Timestamp::from_millis(i64::MIN), &mut |logged| {
        done = decision(engine, &logged)
            .or_else(|error| {
                let known = [("decidedAt", logged.decided_at.to_string()), (UNREADABLE, error.story())];
                Ok(known.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect())
            })
            .and_then(|mut document: Map<String, Value>| {
                add_columns(&mut document, &logged);
                row(document)
            });
        done.is_ok()
    })?;
    done
}

fn decision(engine: &Engine, logged: &LoggedDecision) -> Result<Map<String, Value>, ServerError> {
    let record = Record::open(logged)?.rewrite(wire::decision);
    object(&DecisionRecordReply::new(&record, engine.features_of(&record)))
}

/// What the log says of a decision beside its record.
fn add_columns(document: &mut Map<String, Value>, logged: &LoggedDecision) {
    document.insert("decisionId".to_owned(), logged.id.to_string().into());
    document.insert("decision".to_owned(), logged.kind.clone().into());
    document.insert("customerId".to_owned(), logged.customer.as_ref().map(ToString::to_string).into());
    document.insert("isFallback".to_owned(), logged.is_fallback.into());
}

fn object(value: &impl Serialize) -> Result<Map<String, Value>, ServerError> {
    match serde_json::to_value(value) {
        Ok(Value::Object(document)) => Ok(document),
        _ => Err(ServerError::new(ErrorKind::Internal, "a row is not a JSON object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_of_ids_are_each_id_once_and_in_order() {
        let ids: Vec<String> = (0..50).map(|n| format!("id-{}", n * 37 % 50)).collect();
        for n_max in [1, 7, 50, 60] {
            let (mut seen, mut last) = (Vec::new(), String::new());
            loop {
                let slice = next_after(ids.iter().map(String::as_str), &last, n_max);
                assert!(slice.len() <= n_max);
                let Some(largest) = slice.last() else { break };
                last.clone_from(largest);
                seen.extend(slice);
            }
            let mut sorted = ids.clone();
            sorted.sort();
            assert_eq!(seen, sorted, "{n_max}");
        }
    }
}
