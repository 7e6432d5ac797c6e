//! How is the product shown? `rapport demo`: a simulated company, or real purchases.

mod beside;
mod company;
mod help;
mod hour;
mod learn;
mod life;
mod lived;
mod mark;
mod part;
mod purchases;
mod visits;

use self::mark::Mark;
use self::part::Part;
use super::serve::try_lines;
use super::{load_settings, report, say, settings_file};
use crate::args::{DemoArgs, Options};
use crate::declarations::SettingsFile;
use crate::demo::DemoData;
use crate::error::ServerError;
use crate::keys::{Keys, demonstration_key, is_of_a_demonstration};
use crate::serve::{Opened, Running, StartOptions, check_listen};
use crate::settings::{KeySettings, Settings};
use crate::simulated::notice_of;
use console::view::Notice;
use governance::{Purpose, Role};
use primitives::ErrorKind;
use storage::{Access, DataDir};

/// Makes what is to be shown, and serves it. What is done already is not done again.
pub(super) fn run(options: &Options, ask: &DemoArgs) -> Result<(), ServerError> {
    super::progress::stop_cleanly_on_signal();
    if ask.generated {
        let message = "--generated is gone: without it `rapport demo` shows a simulated company, and with --real purchases \
                       that were made";
        return Err(ServerError::new(ErrorKind::Invalid, message));
    }
    let Some(mark) = prepare(options, ask)? else {
        say("Stopped. The next start begins anew.");
        return Ok(());
    };
    say(&mark.description);
    // Read anew: the demonstration may have brought its own, and every command knows them from now on.
    let file = SettingsFile::read(super::followed_file(options));
    let mut settings = load_settings(options, ask.listen.listen)?;
    preset_keys(&mut settings.keys);
    if ask.no_serve {
        return report(options, &mark, || "Everything is ready: `rapport demo` serves it.".to_owned());
    }
    serve(Opened::open(&options.data, Access::Exclusive, settings)?, mark, file, !ask.no_live)
}

/// Finds the demonstration that the data directory holds, or makes it; `None` where the user asked to stop.
fn prepare(options: &Options, ask: &DemoArgs) -> Result<Option<Mark>, ServerError> {
    let data = &options.data;
    // Held until the demonstration is whole: two programs that make one in the same place would take it from each other.
    let _held = DataDir::open(data, Access::Exclusive)?;
    part::finish(data)?;
    if let Some(mark) = Mark::read(data)? {
        mark.check(ask, data)?;
        return Ok(Some(mark));
    }
    let part = Part::begin(data)?;
    let (own, fill): (_, Fill) = match ask.real {
        true => (purchases::SETTINGS, purchases::fill),
        false => (company::SETTINGS, company::fill),
    };
    let settings = match settings_file(options) {
        Some(_) => load_settings(options, ask.listen.listen)?,
        None => crate::settings::load(Some(&part.declare(own)?), crate::settings::environment()?)?,
    };
    if !ask.no_serve {
        // What is wrong is said before anything is made: that takes a minute.
        ask.settings()?;
        check_listen(ask.listen.listen.unwrap_or(settings.server.listen))?;
    }
    match fill(&part, ask, settings)? {
        Some(mark) => {
            part.sync()?;
            mark.write(part.path())?;
            part::finish(data)?;
            Ok(Some(mark))
        }
        None => Ok(None),
    }
}

/// Makes a demonstration in an empty directory; `None` where the user asked to stop.
type Fill = fn(&Part, &DemoArgs, Settings) -> Result<Option<Mark>, ServerError>;

fn serve(opened: Opened, mark: Mark, file: SettingsFile, is_alive: bool) -> Result<(), ServerError> {
    let data = opened.data.clone();
    let keys = Keys::load(&opened.data, &opened.settings.keys)?;
    let (write, server) = (opened.settings.keys.write.clone(), opened.settings.keys.server.clone());
    let item = last_bought(&opened, &mark.customer).unwrap_or_else(|| "1".to_owned());
    let capabilities = opened.settings.capabilities();
    let running = Running::start(
        opened,
        keys,
        StartOptions { notice: Some(notice(&mark, is_alive)), is_console_open: true, settings_file: Some(file) },
    )?;
    let address = running.address();
    say(&format!("\nOpen http://{address} in a browser, or try:\n"));
    let kinds = &capabilities.kinds;
    let shown = [(&write, "WRITE_KEY"), (&server, "SERVER_KEY")];
    let shown = shown.map(|(key, stand_in)| if is_of_a_demonstration(key) { key.as_str() } else { stand_in });
    let lines = try_lines(address, shown, &mark.customer, &item, kinds);
    lines.iter().for_each(|line| say(&format!("  {line}")));
    say(&format!("\nThe customer above: http://{address}/customers/{}   Ctrl-C stops.", mark.customer));
    if let (DemoData::Company(_), true) = (mark.data, is_alive) {
        life::begin(address, [write, server], &data)?;
    }
    running.stop_on_signal()
}

/// What every page says of the data.
fn notice(mark: &Mark, is_alive: bool) -> Notice {
    match &mark.data {
        DemoData::Company(label) => notice_of(label, is_alive),
        DemoData::Purchases { .. } => Notice::Shifted {
            source: "Ta-Feng grocery, Taipei".to_owned(),
            years: "2000–2001".to_owned(),
            days: mark.days_shifted.unsigned_abs(),
        },
    }
}

/// The demonstration's data is public, and it listens on loopback only: its keys may be known.
fn preset_keys(keys: &mut KeySettings) {
    let roles = [Role::Write, Role::Server, Role::Admin];
    for (key, role) in [&mut keys.write, &mut keys.server, &mut keys.admin].into_iter().zip(roles) {
        if key.is_empty() {
            *key = demonstration_key(role);
        }
    }
}

/// What a customer bought last: an example that is tried must not bring an item into the catalogue that nobody sells.
fn last_bought(opened: &Opened, customer: &str) -> Option<String> {
    let known = opened.engine.customer(customer).ok()?.customer;
    let newest = known.state.lines().iter().max_by_key(|line| (line.at, line.key))?.item;
    opened.engine.look(|live| live.items.get(newest).map(|item| item.id.to_string()))
}

/// A customer with a long history who was here lately, and has refused nothing: the one to look at first.
fn good_customer(opened: &Opened) -> String {
    let policy = opened.engine.policy();
    opened.engine.look(|live| {
        let best = live.profiles.resident().max_by_key(|customer| {
            let profile = &customer.profile;
            let mut purposes = [Purpose::Personalization, Purpose::Analytics].into_iter();
            let may_be_told = purposes.all(|purpose| policy.answer(&profile.consents, purpose).granted);
            (may_be_told, profile.is_known(), customer.state.n_orders().min(20), profile.last_seen, profile.id.clone())
        });
        best.map_or_else(|| "1".to_owned(), |customer| customer.profile.id.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{Batch, Envelope, Origin, parse_event};
    use serde_json::json;

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
