//! How does the simulated company come to the day on which it is looked at?
//!
//! It lived for months without Rapport. Then its past was imported and learned from, and for two weeks it
//! has asked for what to show, shown it, and told what came of it. All of that happens again here, each at its moment: the
//! engine is opened with a clock that shows the company's. What is done now, the import and the last training, has our time.

use super::beside::Beside;
use super::help;
use super::hour::Hour;
use super::learn::{learn, show_evaluations};
use super::life::looked_on;
use super::lived::Lived;
use super::mark::Mark;
use super::part::Part;
use super::{good_customer, say};
use crate::api::imports::ImportBegins;
use crate::args::DemoArgs;
use crate::clock::SystemClock;
use crate::commands::import;
use crate::commands::import::here::Here;
use crate::commands::progress::{Counting, is_cancelled};
use crate::demo::DemoData;
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use ::import::{ImportError, import_payloads};
use console::format::{count, counted, date_time, decimal};
use decisions::{ContentShape, List};
use engine::Stopwatch;
use learning::TaskName;
use primitives::{Clock, DAY_MS, ErrorKind, Seed, Timestamp};
use simulation::{Company, Label, Lives};
use std::cell::RefCell;
use std::sync::Arc;
use storage::SealPolicy;

/// What the company asks and declares, as its settings file says it.
pub(super) const SETTINGS: &str = include_str!("rapport.toml");

/// For so many days the company has asked Rapport.
const N_DAYS_BESIDE: u32 = 14;

/// Lists that somebody at the company has saved.
const LISTS: [(&str, &str, &str, &str); 3] = [
    (
        "win_back",
        "Worth a letter: many orders, none lately",
        "orders_365d>=3 and recency_days>30 and consent.marketing",
        "-revenue_365d",
    ),
    (
        "cancelling",
        "Members likelier to cancel than most, the most valuable first",
        "subscriptions_active>=1 and cancels>0.04",
        "-revenue_365d",
    ),
    ("call_back", "Waiting for the desk, and worth keeping", "revenue_365d>100 and tickets_open>0", "-revenue_365d"),
];

/// Lives through the company's past in an empty data directory; `None` where the user asked to stop.
pub(super) fn fill(part: &Part, ask: &DemoArgs, settings: Settings) -> Result<Option<Mark>, ServerError> {
    let seed = Seed::new(settings.models.seed);
    let company = ask.settings()?.ending(SystemClock.now());
    let began_on = company.end_day - i64::from(N_DAYS_BESIDE.min(company.n_days / 4));
    let hour = Arc::new(Hour::now());
    let opened = Arc::new(Opened::draft_at(part.path(), settings, hour.clone())?);
    let mut company = Company::new(company);
    let mut lives = company.lives();
    let every_task: Vec<TaskName> = opened.engine.capabilities().tasks.names().cloned().collect();
    let first = learned_first(&opened, &every_task);
    if !import_past(&opened, &mut company, &mut lives, began_on)? {
        return Ok(None);
    }
    hour.set(midnight(began_on));
    if !learn(&opened, first, seed)? {
        return Ok(None);
    }
    save_lists(&opened)?;
    opened.engine.change_documents(&help::documents()?, &[])?;
    // Nothing with a budget is offered before it is known what was spent of it.
    opened.engine.count_spent()?;
    let mut beside = Beside::new(&opened.engine, &hour);
    let Some(until) = live_beside(&mut beside, &hour, &mut company, &mut lives, began_on)? else { return Ok(None) };
    hour.let_go();
    if !learn(&opened, every_task, seed)? {
        return Ok(None);
    }
    beside.look_again()?;
    show_evaluations(&opened)?;
    say("Writing it down");
    opened.engine.checkpoint(opened.settings.profiles.n_resident_max)?;
    opened.storage.seal(opened.engine.checkpointed(), &SealPolicy::default())?;
    Lived::first(until).write(part.path())?;
    let data = DemoData::Company(Label::of(company.settings()));
    let (description, customer) = (data.describe(0), good_customer(&opened));
    Ok(Some(Mark { data, days_shifted: 0, description, customer }))
}

/// What is learned before those days, since it is asked for on them. Probabilities take longer and are learned at their end; then
/// everything is, so that every model knows what is known now. Of messages nobody asks on them.
fn learned_first(opened: &Opened, every_task: &[TaskName]) -> Vec<TaskName> {
    let kinds = opened.engine.capabilities().kinds.iter().map(|kind| kind.about());
    let is_late = |shape| matches!(shape, ContentShape::Score | ContentShape::Labels);
    let early: Vec<&TaskName> = kinds.filter(|about| !is_late(about.shape)).flat_map(|about| &about.tasks).collect();
    every_task.iter().filter(|task| early.contains(task)).cloned().collect()
}

fn midnight(day: i64) -> Timestamp {
    Timestamp::from_millis(day * DAY_MS)
}

/// The months before: what the company wrote down is taken in as one import.
fn import_past(opened: &Opened, company: &mut Company, lives: &mut Lives, began_on: i64) -> Result<bool, ServerError> {
    let settings = *company.settings();
    let name = format!("history of a simulated company (seed {})", settings.seed.value());
    let begins = ImportBegins { file: name.clone(), mapping: None, mapping_sha256: None };
    // A file may be read again; this one never is, since nothing in it comes in the place of something known.
    let lived = RefCell::new((company, lives));
    let imported = import::run_one(&Here::new(opened), &begins, false, |_, sink, progress, rejects| {
        let (company, lives) = &mut *lived.borrow_mut();
        let items = company.catalogue().into_iter();
        let days = (settings.first_day()..began_on).flat_map(|day| company.live(lives, day));
        import_payloads(&name, items.chain(days.map(|message| message.payload())), sink, progress, rejects)
    });
    match imported {
        Err(ServerError::Import(ImportError::Cancelled { .. })) => Ok(false),
        imported => {
            say(&import::in_words(&imported?));
            Ok(!is_cancelled())
        }
    }
}

/// The days since: what is shown is asked for, at its moment. Of today, and of yesterday where the night was quiet, the last is left
/// for whoever looks on. Answers up to where it lived; nothing where the user asked to stop.
fn live_beside(
    beside: &mut Beside<'_>,
    hour: &Hour,
    company: &mut Company,
    lives: &mut Lives,
    began_on: i64,
) -> Result<Option<Timestamp>, ServerError> {
    let (watch, now) = (Stopwatch::start(), SystemClock.now());
    let today = company.settings().end_day;
    let last_days = began_on.max(today - 1)..=today;
    let mut until = midnight(*last_days.start());
    let n_days = today.abs_diff(began_on);
    let bar = Counting::things("Living beside it", n_days, "days");
    for (nth, day) in (1..).zip(began_on..=today) {
        if is_cancelled() {
            bar.finish();
            return Ok(None);
        }
        if day == *last_days.start() {
            until = looked_on(company, lives, last_days.clone(), now);
            beside.breaks_off_after(until);
        }
        if midnight(day) > until && day > *last_days.start() {
            break;
        }
        hour.set(midnight(day));
        company.live_beside(lives, day, beside);
        beside.settle()?;
        bar.advance(nth);
    }
    bar.finish();
    say(&format!(
        "{} up to {}, in which it asked Rapport: {} events, {} decisions, in {} s",
        counted(n_days, "day", "days"),
        date_time(until),
        count(beside.n_events),
        count(beside.n_decisions),
        decimal(watch.elapsed().as_secs_f64(), 1)
    ));
    Ok((!is_cancelled()).then_some(until))
}

fn save_lists(opened: &Opened) -> Result<(), ServerError> {
    for (name, title, filter, sort) in LISTS {
        let [name, title, filter, sort] = [name, title, filter, sort].map(str::to_owned);
        let list = List { name, title, filter, sort, ..List::default() };
        match opened.engine.save_list(&list, false) {
            // Settings of one's own may declare nothing of what it asks.
            Err(error) if error.kind() == ErrorKind::Invalid => {
                say(&format!("The list {} is not saved: {error}", list.name));
            }
            saved => {
                saved?;
            }
        }
    }
    Ok(())
}
