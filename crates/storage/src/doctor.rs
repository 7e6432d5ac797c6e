//! Is everything in the data directory as it should be?

use crate::schema::{meta, signed, unsigned};
use crate::{Storage, StorageError, privacy};
use std::fmt;

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
    /// What was looked at: `privacy`, `database`, `log`, `history`, `profiles`, `models`.
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

/// What the log says about itself.
struct LogState {
    sealed_upto: u64,
    state_offset: u64,
    first: Option<u64>,
    last: u64,
    n: u64,
}

impl Storage {
    /// Looks at everything that is stored. Reads all files; changes nothing.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        let mut findings = vec![self.check_privacy(), self.check_database()];
        match self.log_state() {
            Ok(state) => {
                findings.push(check_log(&state));
                findings.push(self.check_history(state.sealed_upto));
                findings.push(check_profiles(&state));
            }
            Err(error) => findings.push(fault("log", sentence(&error))),
        }
        findings.push(self.check_models());
        findings
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
        Finding { area: "privacy", severity: Severity::Warning, message }
    }

    fn check_database(&self) -> Finding {
        let said = self.readers.with(|connection| {
            let mut statement = connection.prepare("PRAGMA quick_check(5)")?;
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
        self.readers
            .snapshot(|connection| {
                let sealed_upto = meta(connection, "sealed_upto")?;
                let state_offset = meta(connection, "state_offset")?;
                let sql = "SELECT min(offset), max(offset), count(*) FROM events WHERE offset > ?1";
                connection.query_row(sql, [signed(sealed_upto)], |row| {
                    let first: Option<i64> = row.get(0)?;
                    let last: Option<i64> = row.get(1)?;
                    Ok(LogState {
                        sealed_upto,
                        state_offset,
                        first: first.map(unsigned),
                        last: last.map_or(sealed_upto, unsigned),
                        n: unsigned(row.get(2)?),
                    })
                })
            })
            .map_err(|source| StorageError::Database { attempt: "reading the log", source })
    }

    fn check_history(&self, sealed_upto: u64) -> Finding {
        let rounds = match self.parts.rounds(sealed_upto) {
            Ok(rounds) => rounds,
            Err(error) => return fault("history", sentence(&error)),
        };
        let mut n_files = 0;
        for round in &rounds {
            let n_expected = round.last - round.first + 1;
            match round.n_rows() {
                Ok(n) if n == n_expected => n_files += round.parts.len(),
                Ok(n) => {
                    let (first, last) = (round.first, round.last);
                    let message = format!(
                        "the files of offsets {first} to {last} hold {n} events, not {n_expected}: restore them from a backup"
                    );
                    return fault("history", message);
                }
                Err(error) => return fault("history", sentence(&error)),
            }
        }
        good("history", format!("offsets 1 to {sealed_upto} are complete in {n_files} files"))
    }

    fn check_models(&self) -> Finding {
        let store = self.model_store();
        let names = match store.list() {
            Ok(names) => names,
            Err(error) => return fault("models", sentence(&error)),
        };
        match names.iter().find_map(|name| store.get(name).err()) {
            Some(error) => fault("models", sentence(&error)),
            None => good("models", format!("{} files have the content they are named by", names.len())),
        }
    }
}

fn check_log(state: &LogState) -> Finding {
    let expected_first = state.sealed_upto + 1;
    match state.first {
        None => good("log", format!("it is empty after offset {}", state.sealed_upto)),
        Some(first) if first == expected_first && state.n == state.last - first + 1 => {
            good("log", format!("offsets {first} to {} are there without gaps", state.last))
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
        return Finding { area: "profiles", severity: Severity::Warning, message };
    }
    good("profiles", format!("they have seen offset {stored} of {head}"))
}

fn good(area: &'static str, message: impl Into<String>) -> Finding {
    Finding { area, severity: Severity::Good, message: message.into() }
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
