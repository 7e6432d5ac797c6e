//! Is everything well? `rapport doctor`.

use super::progress::spinner;
use super::report;
use crate::args::Options;
use crate::error::ServerError;
use crate::keys::Keys;
use crate::local;
use crate::settings::Settings;
use console::format::counted;
use primitives::ErrorKind;
use serde::Serialize;
use std::net::TcpListener;
use storage::{Access, DataDir, Depth, Finding, Severity, Storage, StorageSettings};

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Looked {
    area: &'static str,
    status: &'static str,
    message: String,
}

/// Looks at the settings, the keys, the address and everything in the data directory.
pub(super) fn run(options: &Options, settings: Settings, is_quick: bool) -> Result<(), ServerError> {
    // Those that cannot be used end every command before it begins.
    let usable = Looked { area: "settings", status: "good", message: "the settings can be used".to_owned() };
    let mut found = vec![usable, keys(options, &settings), address(options, &settings)];
    match DataDir::open(&options.data, Access::ReadOnly)
        .and_then(|data| Storage::open(data, StorageSettings::default()))
    {
        Ok(storage) => found.extend(check(&storage, is_quick)),
        Err(error) => {
            let message = ServerError::from(error).story();
            found.push(Looked { area: "data", status: "fault", message });
        }
    }
    report(options, &found, || {
        found
            .iter()
            .map(|one| format!("{:<8} {:<9} {}", one.status, one.area, one.message))
            .collect::<Vec<_>>()
            .join("\n")
    })?;
    match found.iter().filter(|one| one.status == "fault").count() {
        0 => Ok(()),
        n => {
            let faults = counted(n as u64, "fault", "faults");
            Err(ServerError::new(ErrorKind::Corrupt, format!("{faults} found: each says above what to do")))
        }
    }
}

fn check(storage: &Storage, is_quick: bool) -> Vec<Looked> {
    let depth = if is_quick { Depth::Quick } else { Depth::Full };
    let spinner = spinner("Reading everything");
    let findings = storage.check(depth, &mut |area, n| spinner.set_prefix(format!("Reading the {area}: {n}")));
    spinner.finish_and_clear();
    let looked = |finding: Finding| {
        let status = match finding.severity {
            Severity::Good => "good",
            Severity::Warning => "warning",
            Severity::Fault => "fault",
        };
        Looked { area: finding.area, status, message: finding.message }
    };
    findings.into_iter().map(looked).collect()
}

fn keys(options: &Options, settings: &Settings) -> Looked {
    let (status, message) = match Keys::load(&options.data, &settings.keys) {
        Ok(keys) if keys.are_complete() => ("good", "write, server and admin keys exist".to_owned()),
        Ok(_) => {
            ("warning", "some keys do not exist yet: the next `rapport serve` creates them and shows them".to_owned())
        }
        Err(error) => ("fault", error.story()),
    };
    Looked { area: "keys", status, message }
}

fn address(options: &Options, settings: &Settings) -> Looked {
    let listen = settings.server.listen;
    if let (Some(server), Some(holder)) = (local::find(&options.data), DataDir::holder(&options.data)) {
        let message = format!("{holder} is at work on this data directory; it serves {}", server.url);
        return Looked { area: "address", status: "good", message };
    }
    let (status, message) = match (TcpListener::bind(listen), DataDir::holder(&options.data)) {
        (Ok(_), None) => ("good", format!("{listen} is free to listen on")),
        (Ok(_), Some(holder)) => {
            ("good", format!("{holder} is at work on this data directory; it does not listen on {listen}"))
        }
        (Err(_), Some(holder)) => (
            "good",
            format!("{holder} is at work on this data directory; {listen} is taken, as it is where that serves"),
        ),
        (Err(error), None) => {
            let message = format!(
                "{listen} cannot be listened on now ({error}): another program has it; stop it, or set server.listen"
            );
            ("warning", message)
        }
    };
    Looked { area: "address", status, message }
}
