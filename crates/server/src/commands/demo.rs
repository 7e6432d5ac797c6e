//! How is the product shown on real purchases? `rapport demo`.

use super::import::here::Here;
use super::progress::{Bars, is_cancelled, stop_cleanly_on_signal};
use super::serve::try_lines;
use super::train::{in_words as trained_in_words, read_history, train_all};
use super::{SETTINGS_FILE, import, report, say, settings_file};
use crate::api::imports::ImportBegins;
use crate::args::Options;
use crate::declarations::SettingsFile;
use crate::demo::DemoData;
use crate::error::ServerError;
use crate::keys::Keys;
use crate::serve::{Opened, Running, StartOptions};
use crate::settings::{KeySettings, Settings};
use ::import::ImportError;
use console::view::Notice;
use events::{Offset, Places};
use learning::{Outcome, TaskName};
use primitives::{ErrorKind, Seed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use storage::Access;

/// Kept in the data directory once everything is in: which data it is, and how it was moved in time.
const MARK: &str = "demo.json";

/// The file's name that the import of a demonstration has.
const IMPORT: &str = "demo";

/// The seed of the generated shop.
const SEED: u64 = 7;

/// The outcomes of the demonstration, as its settings file declares them.
const OUTCOMES: &str = r#"# Written by `rapport demo`: two questions of its own, each a model to train, a decision to ask for, and a score on every
# customer's page. `rapport config example` shows every other setting.
[[outcomes]]
name = "returns_soon"
title = "Back within a week"
question = "Will the customer buy again within 7 days?"
among = { event = "Order Completed", within_days = 60 }
label = { did = { event = "Order Completed" } }
within_days = 7

[[outcomes]]
name = "lapses"
title = "Lapse"
question = "Will there be no purchase in the next 45 days?"
among = { event = "Order Completed", within_days = 90 }
label = { did_not = { event = "Order Completed" } }
within_days = 45
"#;

#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    data: DemoData,
    weeks_shifted: i64,
    /// What it is, in words.
    description: String,
    /// A customer worth looking at.
    customer: String,
}

/// Gets the data, imports it, learns from it, and serves it. What is done already is not done again.
pub(super) fn run(
    options: &Options,
    mut settings: Settings,
    mut file: SettingsFile,
    generated: bool,
    no_serve: bool,
) -> Result<(), ServerError> {
    stop_cleanly_on_signal();
    preset_keys(&mut settings.keys);
    let declares = settings_file(options).is_none();
    if declares {
        settings.outcomes = own_outcomes()?;
    }
    let seed = Seed::new(settings.models.seed);
    let opened = Opened::open(&options.data, Access::Exclusive, settings)?;
    let mark = match read_mark(&opened.data)? {
        Some(mark) => mark,
        None => match fill(&opened, generated)? {
            Some(mark) => mark,
            None => return stopped(),
        },
    };
    say(&mark.description);
    if declares {
        // From now on every command knows them, and whoever looks finds how they are declared.
        let declared = opened.data.join(SETTINGS_FILE);
        write_file(&declared, OUTCOMES.as_bytes())?;
        file = SettingsFile::read(declared);
    }
    let opened = Arc::new(opened);
    if !train_missing(&opened, seed)? {
        return stopped();
    }
    let Ok(opened) = Arc::try_unwrap(opened) else { return stopped() };
    if no_serve {
        return report(options, &mark, || "Everything is ready: `rapport demo` serves it.".to_owned());
    }
    let keys = Keys::load(&opened.data, &opened.settings.keys)?;
    let (write, server) = (opened.settings.keys.write.clone(), opened.settings.keys.server.clone());
    let item = last_bought(&opened, &mark.customer).unwrap_or_else(|| "1".to_owned());
    let notice = notice(&mark);
    let capabilities = opened.settings.capabilities();
    let running = Running::start(
        opened,
        keys,
        StartOptions { notice: Some(notice), is_console_open: true, settings_file: Some(file) },
    )?;
    let address = running.address();
    say(&format!("\nOpen http://{address} in a browser, or try:\n"));
    let kinds = &capabilities.kinds;
    let lines = try_lines(address, [&write, &server], &mark.customer, &item, kinds);
    lines.iter().for_each(|line| say(&format!("  {line}")));
    say(&format!("\nThe customer above: http://{address}/customers/{}   Ctrl-C stops.", mark.customer));
    running.stop_on_signal()
}

/// What the demonstration foretells besides what is built in.
fn own_outcomes() -> Result<Vec<Outcome>, ServerError> {
    let failed = |error: toml::de::Error| ServerError::new(ErrorKind::Internal, error.message().to_owned());
    Ok(toml::from_str::<Settings>(OUTCOMES).map_err(failed)?.outcomes)
}

/// What every page says of the data.
fn notice(mark: &Mark) -> Notice {
    match &mark.data {
        DemoData::Generated { seed, .. } => Notice::Generated { seed: seed.value() },
        DemoData::Purchases { .. } => Notice::Shifted {
            source: "Ta-Feng grocery, Taipei".to_owned(),
            years: "2000–2001".to_owned(),
            weeks: mark.weeks_shifted.unsigned_abs(),
        },
    }
}

/// The demonstration's data is public, and it listens on loopback only: its keys may be known.
fn preset_keys(keys: &mut KeySettings) {
    for (key, name) in [(&mut keys.write, "write"), (&mut keys.server, "server"), (&mut keys.admin, "admin")] {
        if key.is_empty() {
            *key = format!("demo-{name}-key");
        }
    }
}

/// How many events came otherwise than with the import of a demonstration, which may have been broken off.
fn n_events_of_others(opened: &Opened) -> Result<u64, ServerError> {
    let imports = &opened.engine.ports().imports;
    let last = opened.engine.look(|live| live.profiles.offset());
    let (mut n_ours, mut known) = (0, BTreeMap::new());
    for (places, import) in imports.imported_at(Places(Offset(1), last))? {
        let is_ours = match known.get(&import) {
            Some(is_ours) => *is_ours,
            None => imports.import(import)?.is_some_and(|import| import.new.file == IMPORT),
        };
        known.insert(import, is_ours);
        n_ours += if is_ours { places.offsets().count() as u64 } else { 0 };
    }
    Ok(last.0.saturating_sub(n_ours))
}

/// Fetches and imports the data; `None` where the user asked to stop.
fn fill(opened: &Opened, generated: bool) -> Result<Option<Mark>, ServerError> {
    let n_others = n_events_of_others(opened)?;
    if n_others > 0 {
        let message = format!(
            "{} holds {n_others} events that are not a demonstration's: choose another directory with --data, or run \
             `rapport serve`",
            opened.data.display()
        );
        return Err(ServerError::new(ErrorKind::Conflict, message));
    }
    let seed = Seed::new(SEED);
    let data = if generated {
        DemoData::Generated { seed, reason: "that was asked for with --generated".to_owned() }
    } else {
        let bars = Bars::new("Fetching real purchases");
        let data = DemoData::plan(&opened.data, seed, &bars);
        bars.finish();
        data
    };
    if is_cancelled() {
        return Ok(None);
    }
    let begins = ImportBegins { file: IMPORT.to_owned(), mapping: None, mapping_sha256: None };
    let imported = import::run_one(&Here::new(opened), &begins, false, |options, sink, progress, rejects| {
        data.feed(options, sink, progress, rejects)
    });
    let imported = match imported {
        Err(ServerError::Import(ImportError::Cancelled { .. })) => return Ok(None),
        imported => imported?,
    };
    say(&import::in_words(&imported));
    let mark = Mark {
        description: data.describe(Some(&imported.report)),
        weeks_shifted: imported.report.weeks_shifted,
        data,
        customer: good_customer(opened),
    };
    write_mark(&opened.data, &mark)?;
    Ok(Some(mark))
}

/// Trains what has no champion yet. Answers `false` where the user asked to stop: a training leaves nothing half done.
fn train_missing(opened: &Arc<Opened>, seed: Seed) -> Result<bool, ServerError> {
    let missing: Vec<TaskName> = opened
        .engine
        .champion_status()
        .into_iter()
        .filter(|status| status.version.is_none())
        .map(|status| status.task)
        .collect();
    if missing.is_empty() {
        return Ok(!is_cancelled());
    }
    let (send, receive) = channel();
    let trainer = opened.clone();
    let spawned = std::thread::Builder::new().name("training".to_owned()).spawn(move || {
        let trained = read_history(&trainer).map(|material| train_all(&trainer, &material, &missing, seed));
        drop(trainer);
        // Nobody listens any more after a Ctrl-C.
        let _ = send.send(trained);
    });
    spawned.map_err(ServerError::io("cannot start a thread to train on"))?;
    loop {
        match receive.recv_timeout(Duration::from_millis(100)) {
            Ok(trained) => {
                for one in trained? {
                    say(&trained_in_words(&one));
                }
                show_evaluations(opened)?;
                return Ok(!is_cancelled());
            }
            Err(RecvTimeoutError::Timeout) if is_cancelled() => return Ok(false),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(ServerError::new(
                    ErrorKind::Internal,
                    "training stopped without an answer: the lines above say why",
                ));
            }
        }
    }
}

fn show_evaluations(opened: &Opened) -> Result<(), ServerError> {
    for task in opened.engine.capabilities().tasks.names() {
        if let Some(champion) = opened.engine.registry().champion(task)? {
            say(&format!("\n{}", super::evaluate::in_words(task, &champion.header.evaluation)));
        }
    }
    Ok(())
}

/// What a customer bought last: an example that is tried must not bring an item into the catalogue that nobody sells.
fn last_bought(opened: &Opened, customer: &str) -> Option<String> {
    let known = opened.engine.customer(customer).ok()?.customer;
    let newest = known.state.lines().iter().max_by_key(|line| (line.at, line.key))?.item;
    opened.engine.look(|live| live.items.get(newest).map(|item| item.id.to_string()))
}

/// A customer with a long history who was here lately: the one to look at first.
fn good_customer(opened: &Opened) -> String {
    opened.engine.look(|live| {
        let best = live.profiles.resident().max_by_key(|customer| {
            let profile = &customer.profile;
            (profile.is_known(), customer.state.n_orders().min(20), profile.last_seen, profile.id.clone())
        });
        best.map_or_else(|| "1".to_owned(), |customer| customer.profile.id.to_string())
    })
}

fn stopped() -> Result<(), ServerError> {
    say("Stopped. What is done is kept: the next start goes on from here.");
    Ok(())
}

fn read_mark(data: &Path) -> Result<Option<Mark>, ServerError> {
    let path = data.join(MARK);
    match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ServerError::io(format!("cannot read {}", path.display()))(error)),
        // A mark that cannot be read is as good as none: the import finds everything there already.
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
    }
}

fn write_mark(data: &Path, mark: &Mark) -> Result<(), ServerError> {
    let path = data.join(MARK);
    let bytes = serde_json::to_vec_pretty(mark)
        .map_err(|error| ServerError::new(ErrorKind::Internal, format!("{MARK} cannot be written: {error}")))?;
    write_file(&path, &bytes)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ServerError> {
    let written = storage::create_file(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(ServerError::io(format!("cannot write {}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{Batch, Envelope, NewImport, Origin, parse_event};
    use serde_json::json;

    #[test]
    fn the_outcomes_of_the_demonstration_can_be_declared() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join(SETTINGS_FILE);
        write_file(&file, OUTCOMES.as_bytes()).unwrap();
        let declared = crate::settings::load(Some(&file), []).unwrap().outcomes;
        assert_eq!(declared, own_outcomes().unwrap());
        let names: Vec<_> = declared.iter().map(|outcome| outcome.name.as_str()).collect();
        assert_eq!(names, ["returns_soon", "lapses"]);
    }

    #[test]
    fn only_where_all_came_with_a_demonstration_another_goes_on() {
        let data = tempfile::tempdir().unwrap();
        let opened = Opened::open(data.path(), Access::Exclusive, Settings::default()).unwrap();
        // What was fetched says nothing of what came in.
        std::fs::create_dir_all(data.path().join("downloads")).unwrap();
        let engine = &opened.engine;
        let seen = |user: &str| {
            let at = engine.clock().now();
            let said = json!({"type": "track", "event": "Seen", "userId": user, "messageId": user,
                "timestamp": at.to_string()});
            parse_event(said, None, &Envelope::new(at, Origin::Import)).unwrap()
        };
        let import = |file: &str, users: &[&str]| {
            let new = NewImport { file: file.to_owned(), mapping: None, mapping_sha256: None };
            let import = engine.begin_import(&new).unwrap();
            engine.ingest_imported(import, users.iter().map(|user| seen(user)).collect()).unwrap();
        };
        assert_eq!(n_events_of_others(&opened).unwrap(), 0);
        import(IMPORT, &["a", "b"]);
        import(IMPORT, &["c"]);
        assert_eq!(n_events_of_others(&opened).unwrap(), 0, "it was broken off twice");
        import("orders.csv", &["d", "e"]);
        assert_eq!(n_events_of_others(&opened).unwrap(), 2);
        engine.ingest(Batch { accepted: vec![seen("f")], ..Batch::default() }).unwrap();
        import(IMPORT, &["g"]);
        assert_eq!(n_events_of_others(&opened).unwrap(), 3);
        for generated in [true, false] {
            let refused = fill(&opened, generated).unwrap_err().to_string();
            assert!(refused.contains("holds 3 events that are not a demonstration's"), "{refused}");
        }
        assert_eq!(engine.look(|live| live.profiles.totals().n_events), 7, "nothing was added");
    }

    #[test]
    fn the_line_to_try_names_an_item_that_is_sold() {
        let data = tempfile::tempdir().unwrap();
        let opened = Opened::open(data.path(), Access::Exclusive, Settings::default()).unwrap();
        assert_eq!(last_bought(&opened, "ann"), None);
        let now = opened.engine.clock().now();
        let order = |days_ago: i64, item: &str| {
            let properties = json!({"revenue": 5, "currency": "EUR", "products": [{"product_id": item, "price": 5}]});
            let at = now.plus_days(-days_ago).to_string();
            let said = json!({"type": "track", "event": "Order Completed", "userId": "ann", "timestamp": at,
                "properties": properties});
            parse_event(said, None, &Envelope::new(now, Origin::Import)).unwrap()
        };
        let accepted = vec![order(9, "tea"), order(1, "rice"), order(5, "milk")];
        opened.engine.ingest(Batch { accepted, ..Batch::default() }).unwrap();
        let item = last_bought(&opened, &good_customer(&opened)).unwrap();
        assert_eq!(item, "rice");
        let kinds = &opened.engine.capabilities().kinds;
        let lines = try_lines(([127, 0, 0, 1], 7070).into(), ["w", "s"], "ann", &item, kinds);
        assert!(lines[0].ends_with(r#""properties":{"product_id":"rice"}}'"#), "{}", lines[0]);
        assert!(lines[1].ends_with(r#"'{"decision":"recommend","userId":"ann","n":10}'"#), "{}", lines[1]);
    }
}
