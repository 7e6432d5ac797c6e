//! What can the writer be asked to do, and what does each request change?

mod audit;
mod days;
mod documents;
mod erase;
mod ids;
mod imports;
mod lists;
mod playbook;
mod state;

pub(crate) use audit::NewAudit;
pub(crate) use days::DayCommand;
pub(crate) use documents::DocumentCommand;
pub(crate) use erase::{EraseCommand, keep_head};
pub(crate) use ids::N_SLICES;
pub(crate) use imports::{Correction, Followed, ImportCommand};
pub(crate) use lists::{ListCommand, Told};
pub(crate) use playbook::PlaybookCommand;
pub(crate) use state::{StateCommand, StateTable};

use crate::counters::Counters;
use crate::numbers::signed;
use crate::seen_ids::{Found, IdHash, Seen, SeenIds};
use decisions::{Declaration, Exposed, LoggedDecision};
use events::{ImportRefusal, Offset, Receipt};
use primitives::DecisionId;
use rusqlite::{Connection, params};

/// An event, ready to be stored: made on the caller's thread, so that the writer only writes.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub(crate) title: String,
    pub(crate) id_hash: IdHash,
    pub(crate) received_at: i64,
    /// What is remembered of it.
    pub(crate) seen: Seen,
    pub(crate) record: Vec<u8>,
}

impl NewEvent {
    /// About how many bytes it is.
    pub(crate) fn bytes(&self) -> usize {
        self.record.len() + self.title.len() + 64
    }
}

/// A rejected event, ready to be stored.
#[derive(Debug)]
pub(crate) struct NewRejection {
    pub(crate) title: String,
    pub(crate) record: Vec<u8>,
}

/// A request to the writer. It may be applied again after a failed transaction.
#[derive(Debug)]
pub(crate) enum Command {
    /// Nothing but an answer: whether the writer works.
    Check,
    Append {
        events: Vec<NewEvent>,
    },
    KeepRejected {
        rejected: Vec<NewRejection>,
        n_max: u64,
    },
    State(StateCommand),
    AppendDecisions(Vec<LoggedDecision>, Vec<Exposed>),
    /// Keeps what decisions are declared as.
    KeepDeclaration(Declaration),
    Imports(ImportCommand),
    Lists(ListCommand),
    Playbook(PlaybookCommand),
    Documents(DocumentCommand),
    /// Replaces records by what is left of them.
    ForgetInputs(Vec<(DecisionId, Vec<u8>)>),
    /// Removes some decisions from before a moment.
    PruneDecisions {
        before: i64,
        n_max: u64,
    },
    /// Notes what a day's file of decisions says.
    DecisionDay(DayCommand),
    /// Says which files a round of sealing is about to name.
    IntendSeal {
        first: u64,
        last: u64,
        files: String,
    },
    /// Adds an entry to the audit list.
    Audit(NewAudit),
    /// Forgets what the audit list has too much of, or what is older than a moment.
    PruneAudit {
        n_max: u64,
        before: i64,
    },
    /// Moves the log's border: the files of the round that was intended count from now on.
    MarkSealed {
        upto: u64,
    },
    /// The files of the round that was intended are gone again.
    ForgetSeal,
    /// Moves the border past rounds that only the history has, remembers the ids of their messages for ever, each with what
    /// its message says, and does again what their corrections say.
    TakeIn {
        ids: Vec<(IdHash, Seen)>,
        followed: Option<(Offset, Followed)>,
        upto: u64,
    },
    /// Has the table of message ids know all up to an offset, a part at a time.
    FlushIds {
        upto: u64,
        n_max: usize,
    },
    /// Removes some rows that are in the history already.
    DropSealed {
        n_max: u64,
    },
    /// Forgets message ids of live events in one of [`N_SLICES`] slices of the ids, seen before a moment.
    ForgetIds {
        slice: u16,
        before: i64,
    },
    /// Bounds the database's size in pages; 0 lifts the bound.
    LimitPages(u64),
    /// Removes what was a customer's.
    Erase(EraseCommand),
    /// Overwrites what was removed from the database. It shares no transaction.
    Overwrite,
    /// Begins the write-ahead log anew, unless it is being read. It shares no transaction.
    TruncateWal,
}

/// What a request led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Done {
    Receipts(Vec<Receipt>),
    /// How many rows changed; 0 where there was nothing to do.
    Rows(u64),
    /// Nothing: the import is not what it has to be.
    Refused(ImportRefusal),
}

impl Command {
    /// About how many bytes it carries, for the queue's bound.
    pub(crate) fn bytes(&self) -> u64 {
        let content = match self {
            Self::Append { events } => events.iter().map(NewEvent::bytes).sum(),
            Self::Imports(command) => command.bytes(),
            Self::KeepRejected { rejected, .. } => rejected.iter().map(|one| one.record.len() + one.title.len()).sum(),
            Self::State(command) => command.bytes(),
            Self::Lists(command) => command.bytes(),
            Self::Playbook(command) => command.bytes(),
            Self::Documents(command) => command.bytes(),
            Self::AppendDecisions(decisions, exposed) => {
                decisions.iter().map(|decision| decision.record.len() + 256).sum::<usize>() + 128 * exposed.len()
            }
            Self::KeepDeclaration(declaration) => declaration.words.len() + 64,
            Self::ForgetInputs(records) => records.iter().map(|(_, record)| record.len() + 64).sum(),
            Self::TakeIn { ids, followed, .. } => {
                ids.len() * size_of::<(IdHash, Seen)>() + followed.as_ref().map_or(0, |(_, followed)| followed.bytes())
            }
            Self::Audit(entry) => entry.record.len() + 64,
            Self::Erase(command) => command.bytes(),
            _ => 0,
        };
        content as u64 + 64
    }
}

/// Applies a request within the open transaction.
pub(crate) fn apply(
    connection: &Connection,
    counters: &mut Counters,
    seen: &mut SeenIds,
    command: &Command,
) -> rusqlite::Result<Done> {
    match command {
        Command::Check => Ok(Done::Rows(0)),
        Command::Append { events } => append(connection, counters, seen, events).map(Done::Receipts),
        Command::KeepRejected { rejected, n_max } => keep_rejected(connection, counters, rejected, *n_max),
        Command::State(command) => command.apply(connection, counters),
        Command::Lists(command) => command.apply(connection),
        Command::Playbook(command) => command.apply(connection),
        Command::Documents(command) => command.apply(connection),
        Command::Imports(command) => imports::apply(connection, counters, seen, command),
        Command::AppendDecisions(decisions, exposed) => append_decisions(connection, counters, decisions, exposed),
        Command::KeepDeclaration(declaration) => {
            // The digest is of the words: others under it are damaged.
            let sql = "INSERT INTO declarations(digest, words) VALUES(?1, ?2)
                       ON CONFLICT(digest) DO UPDATE SET words = excluded.words WHERE words <> excluded.words";
            rows(connection.prepare_cached(sql)?.execute([&declaration.digest, &declaration.words]))
        }
        Command::ForgetInputs(records) => forget_inputs(connection, records),
        Command::PruneDecisions { before, n_max } => {
            let sql = "DELETE FROM decisions WHERE seq IN (SELECT seq FROM decisions WHERE decided_at < ?1 LIMIT ?2)";
            rows(connection.prepare_cached(sql)?.execute([*before, signed(*n_max)]))
        }
        Command::DecisionDay(command) => command.apply(connection),
        Command::IntendSeal { first, last, files } => {
            let sql = "INSERT INTO seal_intents(first, last, files) VALUES(?1, ?2, ?3)";
            rows(connection.prepare_cached(sql)?.execute(params![signed(*first), signed(*last), files]))
        }
        Command::Audit(entry) => rows(audit::add(connection, entry)),
        Command::PruneAudit { n_max, before } => rows(audit::prune(connection, *n_max, *before)),
        Command::MarkSealed { upto } => {
            counters.sealed_upto = counters.sealed_upto.max(*upto);
            rows(connection.execute("DELETE FROM seal_intents", []))
        }
        Command::ForgetSeal => rows(connection.execute("DELETE FROM seal_intents", [])),
        Command::TakeIn { ids, followed, upto } => take_in(connection, counters, ids, followed.as_ref(), *upto),
        Command::FlushIds { upto, n_max } => {
            seen.flush(connection, counters, *upto, *n_max).map(|is_more| Done::Rows(u64::from(is_more)))
        }
        Command::DropSealed { n_max } => {
            // The ids that the table does not know yet are read from these rows after a crash.
            let upto = counters.sealed_upto.min(counters.ids_upto);
            let sql = "DELETE FROM events WHERE offset <= (SELECT min(offset) FROM events) + ?1 AND offset <= ?2";
            rows(connection.prepare_cached(sql)?.execute(params![signed(n_max.saturating_sub(1)), signed(upto)]))
        }
        Command::Erase(command) => command.apply(connection, counters),
        // The writer does it outside of a transaction.
        Command::Overwrite | Command::TruncateWal => Ok(Done::Rows(0)),
        Command::ForgetIds { slice, before } => rows(ids::forget(connection, *slice, *before)),
        Command::LimitPages(n) => {
            // SQLite never bounds below the present size.
            let limit = if *n == 0 { signed(u64::from(u32::MAX) - 1) } else { signed(*n) };
            connection.query_row(&format!("PRAGMA max_page_count = {limit}"), [], |_| Ok(Done::Rows(0)))
        }
    }
}

fn rows(changed: rusqlite::Result<usize>) -> rusqlite::Result<Done> {
    changed.map(|n| Done::Rows(n as u64))
}

pub(crate) fn append(
    connection: &Connection,
    counters: &mut Counters,
    seen: &mut SeenIds,
    events: &[NewEvent],
) -> rusqlite::Result<Vec<Receipt>> {
    let sql = "INSERT INTO events(offset, title, received_at, id_hash, kept_since, content, record) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let mut insert = connection.prepare_cached(sql)?;
    let mut receipts = Vec::with_capacity(events.len());
    for event in events {
        let place = signed(counters.head + 1);
        match seen.add(connection, event.id_hash, Seen { place, ..event.seen })? {
            Found::New => {}
            Found::Same => {
                receipts.push(Receipt::Duplicate);
                continue;
            }
            Found::Other => {
                receipts.push(Receipt::Conflict);
                continue;
            }
        }
        counters.head += 1;
        insert.execute(params![
            place,
            event.title,
            event.received_at,
            event.id_hash.as_slice(),
            event.seen.at,
            event.seen.content,
            event.record
        ])?;
        receipts.push(Receipt::Appended(Offset(counters.head)));
    }
    Ok(receipts)
}

fn keep_rejected(
    connection: &Connection,
    counters: &mut Counters,
    rejected: &[NewRejection],
    n_max: u64,
) -> rusqlite::Result<Done> {
    let sql = "INSERT INTO rejections(seq, after_offset, title, record) VALUES(?1, ?2, ?3, ?4)";
    let mut insert = connection.prepare_cached(sql)?;
    for one in rejected {
        counters.n_rejected += 1;
        insert.execute(params![signed(counters.n_rejected), signed(counters.head), one.title, one.record])?;
    }
    rows(
        connection
            .prepare_cached("DELETE FROM rejections WHERE seq <= ?1")?
            .execute([signed(counters.n_rejected.saturating_sub(n_max))]),
    )
}

/// The ids go straight into their table: nobody could read them again from rows of the log.
fn take_in(
    connection: &Connection,
    counters: &mut Counters,
    ids: &[(IdHash, Seen)],
    followed: Option<&(Offset, Followed)>,
    upto: u64,
) -> rusqlite::Result<Done> {
    if let Some((last, followed)) = followed {
        // First: what has come in the place of something that was withdrawn has the same id.
        imports::follow(connection, followed, last.0)?;
    }
    ids.iter().try_for_each(|(id, seen)| remember(connection, id, seen))?;
    counters.sealed_upto = counters.sealed_upto.max(upto);
    counters.ids_upto = counters.ids_upto.max(upto);
    counters.head = counters.head.max(upto);
    Ok(Done::Rows(ids.len() as u64))
}

/// Keeps an id for ever.
pub(crate) fn remember(connection: &Connection, id: &IdHash, seen: &Seen) -> rusqlite::Result<()> {
    let sql = "INSERT INTO message_ids(id, seen_at, content, place) VALUES(?1, NULL, ?2, ?3)
               ON CONFLICT(id) DO UPDATE SET seen_at = NULL, content = ?2, place = ?3";
    connection.prepare_cached(sql)?.execute(params![id.as_slice(), seen.content, seen.place]).map(|_| ())
}

fn forget_inputs(connection: &Connection, records: &[(DecisionId, Vec<u8>)]) -> rusqlite::Result<Done> {
    let sql = "UPDATE decisions SET record = ?2, is_forgotten = 1 WHERE id = ?1";
    let mut update = connection.prepare_cached(sql)?;
    for (id, record) in records {
        update.execute(params![id.as_str(), record])?;
    }
    Ok(Done::Rows(records.len() as u64))
}

fn append_decisions(
    connection: &Connection,
    counters: &mut Counters,
    decisions: &[LoggedDecision],
    exposed: &[Exposed],
) -> rusqlite::Result<Done> {
    let mut n = 0;
    for decision in decisions {
        n += append_decision(connection, counters, decision)?;
    }
    let mut meet = connection.prepare_cached(
        "INSERT INTO exposures(experiment, customer, arm, first_at) VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?;
    for Exposed { experiment, customer, arm, first_at } in exposed {
        meet.execute(params![experiment, customer.as_str(), arm, first_at.as_millis()])?;
    }
    Ok(Done::Rows(n))
}

fn append_decision(
    connection: &Connection,
    counters: &mut Counters,
    decision: &LoggedDecision,
) -> rusqlite::Result<u64> {
    let sql =
        "INSERT INTO decisions(id, decided_at, kind, customer, is_fallback, record) VALUES(?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT(id) DO NOTHING";
    let n = connection.prepare_cached(sql)?.execute(params![
        decision.id.as_str(),
        decision.decided_at.as_millis(),
        decision.kind,
        decision.customer.as_ref().map(primitives::CustomerId::as_str),
        decision.is_fallback,
        decision.record,
    ])?;
    if n > 0 {
        counters.n_decisions += 1;
        counters.n_fallbacks += u64::from(decision.is_fallback);
    }
    Ok(n as u64)
}
