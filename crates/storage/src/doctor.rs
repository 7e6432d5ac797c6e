//! Is everything in the data directory as it should be?

use crate::decision_files::Standing;
use crate::event_log::rows_after;
use crate::numbers::{signed, unsigned};
use crate::schema::meta;
use crate::set_aside::read_all;
use crate::{Storage, StorageError, privacy};
use decisions::documents::{Document, DocumentStore, SavedDocument};
use decisions::{DecisionLog, Playbook, PlaybookStore, Run, SavedTable};
use events::{Event, Offset};
use features::{Activity, FeatureState, Items};
use governance::ConsentPolicy;
use learning::ModelStore;
use primitives::Timestamp;
use profiles::{Collection, Customer, ProfileStore};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many rows of the log are read at a time.
const N_PAGE: usize = 4_096;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Good,
    /// Worth knowing; nothing is lost.
    Warning,
    /// Something is damaged or missing.
    Fault,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `privacy`, `database`, `log`, `history`, `profiles`, `set aside`, `decisions`,
    /// `decision files`, `models`.
    pub area: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found, and what to do where something must be done.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.area, self.message)
    }
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What is there, and whether it is complete.
    Quick,
    /// Everything is read.
    Full,
}

/// Is told the area that is being read, and how many of its things were.
pub type Progress<'a> = &'a mut dyn FnMut(&'static str, u64);

/// How many damaged things of one kind are named.
const N_NAMED_MAX: usize = 20;

/// What the log says about itself.
struct LogState {
    sealed_upto: u64,
    state_offset: u64,
    first: Option<u64>,
    last: u64,
    n: u64,
    /// How many offsets from the border to the last have no row, since their events were erased.
    n_erased: u64,
}

impl Storage {
    /// Looks at everything that is stored, and changes nothing.
    #[must_use]
    pub fn check(&self, depth: Depth, progress: Progress<'_>) -> Vec<Finding> {
        let mut findings = vec![self.check_privacy(), self.check_database(depth)];
        match self.log_state() {
            Ok(state) => {
                findings.push(check_log(&state));
                findings.push(self.check_history(state.sealed_upto));
                findings.push(check_profiles(&state));
                findings.extend(self.check_set_aside());
                if depth == Depth::Full {
                    findings.extend(self.read_log(&state, progress));
                    let known = findings.clone();
                    // A file that is damaged lacks in the history, too: it is one fault.
                    let read = self.read_history(state.sealed_upto, progress);
                    findings.extend(read.into_iter().filter(|finding| !known.contains(finding)));
                    findings.extend(self.read_profiles(progress));
                    findings.extend(self.read_decisions(progress));
                }
            }
            Err(error) => findings.push(fault("log", sentence(&error))),
        }
        findings.push(self.check_decision_files(depth));
        findings.extend(self.check_models());
        findings.extend(self.check_declared());
        findings.extend(self.check_documents());
        findings
    }

    /// The files are derived: whatever is wrong with them, nothing is lost.
    fn check_decision_files(&self, depth: Depth) -> Finding {
        const AREA: &str = "decision files";
        let looked = self.decision_files_standing().and_then(|standing| {
            let damaged = if depth == Depth::Full { self.damaged_decision_files()? } else { Vec::new() };
            Ok((standing, damaged))
        });
        let (standing, damaged) = match looked {
            Ok(looked) => looked,
            Err(error) => return warning(AREA, sentence(&error)),
        };
        if let Some(first) = damaged.first() {
            let n = damaged.len();
            let message = format!(
                "{n} damaged, the first of them {}: remove what is damaged, and the running server writes it anew from the \
                 log of decisions",
                first.display()
            );
            return warning(AREA, message);
        }
        let Standing { n_files, n_behind, n_strange } = standing;
        match n_behind + n_strange {
            0 => good(AREA, format!("{n_files} days lie as files, derived from the log of decisions")),
            n => good(
                AREA,
                format!(
                    "{n_files} days lie as files, derived from the log of decisions; {n} are older than the log: the running \
                     server writes or removes them"
                ),
            ),
        }
    }

    fn check_privacy(&self) -> Finding {
        let open = privacy::open_to_others(self.directory.path());
        let Some(first) = open.first() else {
            return good("privacy", "only the user who runs the program can read it");
        };
        let message = format!(
            "{} and {} more can be read or changed by other users: run `chmod -R go-rwx {}` as the owner",
            first.display(),
            open.len() - 1,
            self.directory.path().display()
        );
        warning("privacy", message)
    }

    fn check_database(&self, depth: Depth) -> Finding {
        let check = match depth {
            Depth::Quick => "PRAGMA quick_check(5)",
            Depth::Full => "PRAGMA integrity_check(5)",
        };
        let said = self.readers.with(|connection| {
            let mut statement = connection.prepare(check)?;
            statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
        });
        match said {
            Ok(said) if said == ["ok"] => good("database", "its pages are in order"),
            Ok(said) => fault(
                "database",
                format!("it is damaged ({}): restore the data directory from a backup", said.join("; ")),
            ),
            Err(error) => fault("database", format!("it cannot be checked ({error}): {}", error.action)),
        }
    }

    fn log_state(&self) -> Result<LogState, StorageError> {
        let mut state = self.rows_of_log()?;
        let n_in_log = self.n_erased_in_log(Offset(state.sealed_upto))?;
        state.n_erased = self.erased_offsets()?.n_within(state.sealed_upto + 1, state.last).saturating_sub(n_in_log);
        Ok(state)
    }

    fn rows_of_log(&self) -> Result<LogState, StorageError> {
        self.readers
            .snapshot(|connection| {
                let sealed_upto = meta(connection, "sealed_upto")?;
                let state_offset = meta(connection, "state_offset")?;
                let erased_head = meta(connection, "erased_head")?;
                let sql = "SELECT min(offset), max(offset), count(*) FROM events WHERE offset > ?1";
                connection.query_row(sql, [signed(sealed_upto)], |row| {
                    let first: Option<i64> = row.get(0)?;
                    let last: Option<i64> = row.get(1)?;
                    Ok(LogState {
                        sealed_upto,
                        state_offset,
                        first: first.map(unsigned),
                        last: last.map_or(sealed_upto, unsigned).max(erased_head),
                        n: unsigned(row.get(2)?),
                        n_erased: 0,
                    })
                })
            })
            .map_err(|source| StorageError::Database { attempt: "reading the log", source })
    }

    fn check_history(&self, sealed_upto: u64) -> Finding {
        match self.is_history_complete(sealed_upto) {
            Ok(0) if sealed_upto == 0 => good("history", "nothing is sealed yet: all events are in the log".to_owned()),
            Ok(n_files) => good("history", format!("offsets 1 to {sealed_upto} are complete in {n_files} files")),
            Err(error) => fault("history", sentence(&error)),
        }
    }

    /// Whether there are files for every offset up to the border that was not set aside, and none beyond it; answers the
    /// number of files.
    fn is_history_complete(&self, sealed_upto: u64) -> Result<usize, StorageError> {
        if let Some(part) = self.beyond()?.first() {
            return Err(StorageError::Beyond { path: part.path.clone(), sealed_upto });
        }
        let missing = self.missing()?;
        let rounds = self.parts.rounds(0, sealed_upto, &missing)?;
        Ok(rounds.iter().map(|round| round.parts.len()).sum())
    }

    fn check_set_aside(&self) -> Vec<Finding> {
        match self.set_aside() {
            Ok(records) => records
                .iter()
                .map(|one| {
                    let message =
                        format!("{} with {} event(s), on {}: {}", one.what, one.n_events(), one.set_aside_at, one.why);
                    warning("set aside", message)
                })
                .collect(),
            Err(error) => vec![fault("set aside", sentence(&error))],
        }
    }

    fn read_log(&self, state: &LogState, progress: Progress<'_>) -> Vec<Finding> {
        let mut damaged = Damaged::new("log");
        let mut place = state.sealed_upto;
        loop {
            let page = self.missing().and_then(|missing| {
                let rows = self.readers.with(|connection| rows_after(connection, place, N_PAGE));
                let rows = rows.map_err(|source| StorageError::Database { attempt: "reading the log", source })?;
                Ok((missing, rows))
            });
            let (missing, rows) = match page {
                Ok((_, rows)) if rows.is_empty() => return damaged.findings("events of the log", "opened"),
                Ok(page) => page,
                Err(error) => return vec![fault("log", sentence(&error))],
            };
            for (offset, record) in rows {
                place = offset;
                match Event::from_record(&record) {
                    Err(error) if !missing.contains(offset) => damaged.add(format!(
                        "the event at offset {offset} cannot be read ({error}): restore a backup, or stop the server and run \
                         `rapport set-aside {offset}` to go on without it"
                    )),
                    _ => damaged.n_good += 1,
                }
            }
            progress("log", damaged.n_good);
        }
    }

    fn read_history(&self, sealed_upto: u64, progress: Progress<'_>) -> Vec<Finding> {
        let mut damaged = Damaged::new("history");
        let found = self.missing().and_then(|missing| Ok((self.parts.list()?, missing)));
        let (parts, missing) = match found {
            Ok(found) => found,
            Err(error) => return vec![fault("history", sentence(&error))],
        };
        let mut n_in_round: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        for part in parts.iter().filter(|part| part.last <= sealed_upto) {
            let n = read_all(part).unwrap_or_else(|error| {
                damaged.add(sentence(&error));
                0
            });
            damaged.n_good += n;
            *n_in_round.entry((part.first, part.last)).or_default() += n;
            progress("history", damaged.n_good);
        }
        let is_whole = damaged.n == 0;
        for ((first, last), n) in n_in_round.into_iter().filter(|_| is_whole) {
            if n != last - first + 1 - missing.n_within(first, last) {
                let path = self.directory.history();
                damaged.add(sentence(&StorageError::Gap { path, first, last }));
            }
        }
        damaged.findings("events of the history", "opened")
    }

    fn read_profiles(&self, progress: Progress<'_>) -> Vec<Finding> {
        let rebuild =
            |error: &dyn std::error::Error| format!("{}: stop the server and run `rapport rebuild`", sentence(error));
        match profiles::is_of_another_layout(self) {
            Ok(false) => {}
            Ok(true) => {
                let message = "they are of another version's layout: the next start makes them anew from the events";
                return vec![warning("profiles", message)];
            }
            Err(error) => return vec![fault("profiles", rebuild(&error))],
        }
        let mut damaged = Damaged::new("profiles");
        let scanned = self.scan(Collection::Customer, "", &mut |key, bytes| {
            match Customer::<FeatureState>::from_stored(key, bytes) {
                Ok(_) => damaged.n_good += 1,
                Err(error) => damaged.add(rebuild(&error)),
            }
            if damaged.n_good.is_multiple_of(1_024) {
                progress("profiles", damaged.n_good);
            }
            true
        });
        let names = self.scan(Collection::Identifier, "", &mut |_, _| true);
        let others = [
            scanned.and(names).err().map(|error| rebuild(&error)),
            Items::open(self, &ConsentPolicy::default()).err().map(|error| rebuild(&error)),
            Activity::open(self).err().map(|error| rebuild(&error)),
        ];
        others.into_iter().flatten().for_each(|message| damaged.add(message));
        damaged.findings("customers", "opened")
    }

    fn read_decisions(&self, progress: Progress<'_>) -> Vec<Finding> {
        let mut damaged = Damaged::new("decisions");
        // Few declarations are named by many records.
        let mut declared: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut undeclared = |record: &decisions::Record| {
            let digest = record.declaration()?;
            declared.entry(digest.to_owned()).or_insert_with(|| self.undeclared(digest)).clone()
        };
        let read = self.since(Timestamp::from_millis(i64::MIN), &mut |logged| {
            match decisions::Record::open(&logged) {
                Ok(record) => match undeclared(&record) {
                    None => damaged.n_good += 1,
                    Some(why) => damaged.add(format!("the decision {} cannot be replayed: {why}", logged.id)),
                },
                Err(error) => damaged.add(format!(
                    "the decision {} cannot be read ({}): it cannot be replayed; restore a backup if you need it",
                    logged.id,
                    sentence(&error)
                )),
            }
            if damaged.n_good.is_multiple_of(1_024) {
                progress("decisions", damaged.n_good);
            }
            true
        });
        if let Err(error) = read {
            damaged.add(sentence(&error));
        }
        damaged.findings("decisions", "opened")
    }

    /// Why what decisions were declared as cannot be read; `None` where it can.
    fn undeclared(&self, digest: &str) -> Option<String> {
        let missing = || format!("what it was declared as ({digest}) is not there: restore a backup if you need it");
        match self.declaration(digest) {
            Ok(None) => Some(missing()),
            Ok(Some(kept)) => kept.kind().err().map(|error| sentence(&error)),
            Err(error) => Some(sentence(&error)),
        }
    }

    fn check_models(&self) -> Vec<Finding> {
        let store = self.model_store();
        let names = match store.list() {
            Ok(names) => names,
            Err(error) => return vec![fault("models", sentence(&error))],
        };
        let (mut damaged, mut whole) = (Damaged::new("models"), BTreeSet::new());
        for name in names {
            match store.get(&name) {
                Ok(_) => {
                    damaged.n_good += 1;
                    whole.insert(name);
                }
                Err(error) => damaged.add(sentence(&error)),
            }
        }
        let mut found = damaged.findings("model files", "have the content they are named by");
        found.extend(self.check_champions(&whole));
        found
    }

    /// Whether what people declared can be read, and is what it is kept as.
    fn check_declared(&self) -> Vec<Finding> {
        let (saved, runs) = match self.saved().and_then(|saved| Ok((saved, self.runs()?))) {
            Ok(found) => found,
            Err(error) => return vec![fault("declarations", sentence(&error))],
        };
        let mut damaged = Damaged::new("declarations");
        for SavedTable { list, name, record } in &saved {
            match declared(list, record) {
                Ok(found) if found == *name => damaged.n_good += 1,
                Ok(found) => damaged.add(format!("{list} {name}: what is kept is called \"{found}\": save it again")),
                Err(why) => damaged.add(format!("{list} {name} is out of force, since {why}: save it again")),
            }
        }
        for Run { experiment, record, .. } in &runs {
            match declared("experiments", record) {
                Ok(_) => damaged.n_good += 1,
                Err(why) => damaged.add(format!("how the experiment {experiment} began cannot be read, since {why}")),
            }
        }
        damaged.findings("declarations", "can be read")
    }

    /// Whether what is written down for customers can be read.
    fn check_documents(&self) -> Vec<Finding> {
        let documents = match self.documents() {
            Ok(found) => found,
            Err(error) => return vec![fault("knowledge", sentence(&error))],
        };
        let mut damaged = Damaged::new("knowledge");
        for SavedDocument { id, record, .. } in &documents {
            match serde_json::from_str::<Document>(record) {
                Ok(document) if document.id == *id => damaged.n_good += 1,
                Ok(document) => damaged.add(format!("{id}: what is kept is called \"{}\": save it again", document.id)),
                Err(error) => {
                    damaged.add(format!("{id} is not searched, since it is damaged ({error}): save it again"))
                }
            }
        }
        damaged.findings("documents", "can be read")
    }

    /// Whether it can be read which models answer, and whether those are among the files that are `whole`.
    fn check_champions(&self, whole: &BTreeSet<String>) -> Vec<Finding> {
        let store = &self.models;
        let crowned = match store.crowned() {
            Ok(crowned) => crowned,
            Err(error) => return vec![fault("champions", sentence(&error))],
        };
        let mut damaged = Damaged::new("champions");
        for model in &crowned {
            let looked = store.champions(model).and_then(|champions| {
                // What was not read as a whole before says now what is wrong with it.
                let mut others = champions.iter().filter(|champion| !whole.contains(*champion));
                others.try_for_each(|champion| store.get(champion).map(drop))
            });
            match looked {
                Ok(()) => damaged.n_good += 1,
                Err(error) => damaged.add(format!("{model}: {}", sentence(&error))),
            }
        }
        damaged.findings("models", "name a champion that is there")
    }
}

/// What a kept table declares, by name; or why it declares nothing.
fn declared(list: &str, record: &str) -> Result<String, String> {
    let table: Map<String, Value> = serde_json::from_str(record).map_err(|error| format!("it is damaged ({error})"))?;
    Playbook::default().put(list, &table).map_err(|error| error.to_string())
}

/// What was found while things of one kind were read.
struct Damaged {
    area: &'static str,
    n_good: u64,
    n: usize,
    named: Vec<Finding>,
}

impl Damaged {
    fn new(area: &'static str) -> Self {
        Self { area, n_good: 0, n: 0, named: Vec::new() }
    }

    fn add(&mut self, message: String) {
        self.n += 1;
        if self.named.len() < N_NAMED_MAX {
            self.named.push(fault(self.area, message));
        }
    }

    fn findings(mut self, things: &str, are_well: &str) -> Vec<Finding> {
        let (n_good, n) = (self.n_good, self.n);
        let all = match n {
            0 => good(self.area, format!("{n_good} {things} {are_well}")),
            _ => fault(self.area, format!("{n} damaged, {n_good} {things} {are_well}")),
        };
        self.named.push(all);
        self.named
    }
}

fn check_log(state: &LogState) -> Finding {
    let expected_first = state.sealed_upto + 1;
    match state.first {
        None => good("log", format!("it is empty after offset {}", state.sealed_upto)),
        Some(_) if state.n + state.n_erased == state.last - state.sealed_upto => {
            let erased = match state.n_erased {
                0 => String::new(),
                n => format!(", but for {n} whose events were erased"),
            };
            good("log", format!("offsets {expected_first} to {} are there without gaps{erased}", state.last))
        }
        Some(first) => fault(
            "log",
            format!(
                "{} events are there from offset {first} to {}, where {expected_first} to {} should be: restore the data \
                 directory from a backup",
                state.n, state.last, state.last
            ),
        ),
    }
}

fn check_profiles(state: &LogState) -> Finding {
    let (stored, head) = (state.state_offset, state.last);
    if stored > head {
        return fault(
            "profiles",
            format!("they have seen offset {stored}, the log ends at {head}: run `rapport rebuild`"),
        );
    }
    if stored < state.sealed_upto {
        let message = format!("they have seen offset {stored}; the next start reads {} events again", head - stored);
        return warning("profiles", message);
    }
    good("profiles", format!("they have seen offset {stored} of {head}"))
}

fn good(area: &'static str, message: impl Into<String>) -> Finding {
    Finding { area, severity: Severity::Good, message: message.into() }
}

fn warning(area: &'static str, message: impl Into<String>) -> Finding {
    Finding { area, severity: Severity::Warning, message: message.into() }
}

fn fault(area: &'static str, message: impl Into<String>) -> Finding {
    Finding { area, severity: Severity::Fault, message: message.into() }
}

/// An error with its sources, for one line.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text} ({inner})");
        source = inner.source();
    }
    text
}
