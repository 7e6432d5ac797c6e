//! What stands on the pages of lists?

use crate::app::App;
use crate::error::ServerError;
use crate::pages::Asked;
use crate::pages::answer::rounded;
use crate::pages::customers::label;
use console::chart;
use console::format::{self, url_part};
use console::view::{
    ChangeRow, ChoiceGroup, ColumnChoice, Frame, ListCell, ListColumn, ListHead, ListLine, ListPage, ListRow,
    ListsPage, Mistake, Told,
};
use decisions::filter::{Measure, Names, Subject};
use decisions::{ContentShape, Kind, List, ListState};
use engine::{Cell, Column, CustomerLine, EngineError, Found, KnownList, ListSource, Page, PaidIn, Selection, written};
use primitives::{Currency, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many customers stand on a page, and how long they are looked for.
const N_ROWS: usize = 50;
const TIME_MAX: Duration = Duration::from_secs(3);
/// How many changes stand on a list's page.
const N_CHANGES: u64 = 20;
/// How many counts a chart has room for.
const N_COUNTS: usize = 120;
/// How many reasons a line tells.
const N_REASONS: usize = 2;
/// What stands before the name of a column that was ticked.
pub(super) const CHOSEN: &str = "c.";

pub(super) fn all(app: &App, frame: Frame) -> Result<ListsPage, ServerError> {
    let row = |known: KnownList| {
        let counts = app.engine.list_counts(&known.list.name)?;
        let counts = counts.iter().rev().take(N_COUNTS).rev().map(|(_, n)| n.told().map_or(0.0, f64::from));
        Ok(ListRow {
            source: source_word(known.source),
            count: known.count(),
            failure: known.state.failure.as_deref().map(primitives::capital),
            unanswered: known.unanswered,
            counts: counts.collect(),
            webhook: told(&known.list, &known.state),
            name: known.list.name,
            title: known.list.title,
            filter: known.list.filter,
        })
    };
    let mut lists = app.engine.lists()?;
    // What is known comes first, and of the rest what the company declared itself.
    lists.sort_by_key(|known| (!known.unanswered.is_empty()).then_some(known.source == ListSource::BuiltIn));
    let lists = lists.into_iter().map(row).collect::<Result<_, ServerError>>()?;
    let example =
        if app.engine.has_purchases() { "churn > 0.5 and orders_365d >= 2" } else { "subscriptions_active >= 1" };
    Ok(ListsPage { frame, lists, example: format!("{example} and traits.city = \"Graz\"") })
}

/// Customers by a filter that somebody tries.
pub(super) fn tried(app: &App, frame: Frame, asked: &Asked) -> Result<ListPage, ServerError> {
    let part = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let chosen = asked.keys().filter_map(|name| name.strip_prefix(CHOSEN)).map(str::to_owned);
    let other = part("columns");
    let columns: Vec<String> = chosen.chain((!other.trim().is_empty()).then_some(other)).collect();
    let asked = Tried {
        filter: part("filter"),
        sort: part("sort"),
        columns: columns.join(","),
        cursor: part("cursor"),
        list: None,
    };
    asked.page(app, frame)
}

/// A list's own page.
pub(super) fn one(
    app: &App,
    frame: Frame,
    name: &str,
    asked: &Asked,
    secret: Option<String>,
) -> Result<ListPage, ServerError> {
    let KnownList { list, source, state, .. } = app.engine.list(name)?;
    let now = frame.now;
    let counts = app.engine.list_counts(name)?;
    let column = |(at, n): &(Timestamp, governance::Headcount)| chart::Column {
        title: format!("{}: {n}", when(*at, now)),
        value: n.told().map_or(0.0, f64::from),
    };
    let after = state.newest.saturating_sub(N_CHANGES);
    let changes = app.engine.ports().lists.changes(name, after, 20).map_err(EngineError::from)?;
    let changes = changes.into_iter().rev().map(|change| ChangeRow {
        at: change.at,
        id: change.customer.to_string(),
        has_entered: change.has_entered,
    });
    let head = ListHead {
        name: list.name.clone(),
        title: list.title.clone(),
        source: source_word(source),
        looked_at: state.looked_at,
        counts: counts.iter().rev().take(N_COUNTS).rev().map(column).collect(),
        changes: changes.collect(),
        webhook: told(&list, &state),
        secret,
    };
    let cursor = asked.get("cursor").cloned().unwrap_or_default();
    let List { filter, sort, columns, .. } = list;
    Tried { filter, sort, columns, cursor, list: Some(head) }.page(app, frame)
}

/// The hour of a count of the last two weeks, the day of an older one.
fn when(at: Timestamp, now: Timestamp) -> String {
    if now.days_since(at) < 14.0 { format::date_time(at) } else { format::date(at) }
}

fn source_word(source: ListSource) -> Option<&'static str> {
    match source {
        ListSource::BuiltIn => Some("Built in"),
        ListSource::Settings => Some("Settings"),
        ListSource::Saved => None,
    }
}

fn told(list: &List, state: &ListState) -> Option<Told> {
    let webhook = list.webhook.as_ref()?;
    let delivery = &state.delivery;
    Some(Told {
        url: webhook.url.clone(),
        waiting: state.newest.saturating_sub(delivery.upto.max(webhook.after)),
        lost: delivery.n_lost,
        failure: delivery.failure.as_ref().map(|why| (primitives::capital(why), delivery.next_at)),
    })
}

/// What is asked for, as it is written.
struct Tried {
    filter: String,
    sort: String,
    columns: String,
    cursor: String,
    list: Option<ListHead>,
}

impl Tried {
    fn page(self, app: &App, frame: Frame) -> Result<ListPage, ServerError> {
        let names = app.engine.filter_names();
        let (selection, mistake) = match app.engine.selection(&self.filter, &self.sort, &self.columns) {
            Ok(selection) => (selection, None),
            Err(EngineError::Filter(error)) => {
                let message = error.to_string();
                let message = message.split_once(": ").map_or(message.as_str(), |(_, what)| what);
                let mistake = Mistake::of(&self.filter, error.at, error.n_chars, primitives::capital(message));
                (app.engine.selection("", "", "")?, Some(mistake))
            }
            Err(error) => {
                let message = primitives::capital(&error.to_string());
                let mistake =
                    Mistake { before: self.columns.clone(), there: self.sort.clone(), after: String::new(), message };
                (app.engine.selection("", "", "")?, Some(mistake))
            }
        };
        let (found, lines) = match mistake {
            Some(_) => (None, Vec::new()),
            None => {
                let cursor = Some(self.cursor.as_str()).filter(|cursor| !cursor.is_empty());
                let summed = Selection { summed: numbers(&selection, &names), ..selection.clone() };
                let found = app.engine.select(&summed, Page { n_max: N_ROWS, cursor }, TIME_MAX)?;
                let lines = app.engine.lines(&found.ids, &selection.columns)?;
                (Some(found), lines)
            }
        };
        let (sort, columns) = written(&selection.sort, &selection.columns);
        let query = |sort: &str| {
            let part = |name: &str, value: &str| format!("{name}={}", url_part(value));
            [part("filter", &self.filter), part("sort", sort), part("columns", &columns)].join("&")
        };
        let next = found.as_ref().and_then(|found| found.cursor.as_ref());
        let here = |cursor: &String| match &self.list {
            Some(list) => format!("/lists/{}?cursor={}", url_part(&list.name), url_part(cursor)),
            None => format!("/lists?{}&cursor={}", query(&sort), url_part(cursor)),
        };
        let (choices, others) = choices(app, &names, &selection.columns);
        let forms: Vec<Form> = selection.columns.iter().map(|column| Form::of(app, column)).collect();
        let head = |(column, form): (&Column, &Form)| ListColumn {
            sort: order_of(column, &selection).map(|sort| format!("/lists?{}", query(&sort))),
            sum: found.as_ref().and_then(|found| sum(column, *form, found)),
            ..head(app, column, &selection, &names)
        };
        Ok(ListPage {
            columns: selection.columns.iter().zip(&forms).map(head).collect(),
            rows: lines.into_iter().map(|line| row(line, &forms)).collect(),
            count: found.as_ref().map_or(0, |found| found.n),
            unanswered: app.engine.unanswered(&selection.filter),
            note: found.as_ref().filter(|found| !found.is_complete).map(note),
            next: next.map(here),
            export: query(&sort),
            choices,
            others,
            mistake,
            sort,
            written: columns,
            list: self.list,
            filter: self.filter,
            frame,
        })
    }
}

/// Of numbers on the page it is told what they come to.
fn numbers(selection: &Selection, names: &Names) -> Vec<Subject> {
    let subjects = selection.columns.iter().filter_map(|column| match column {
        Column::Of(subject) => Some(subject),
        Column::Why(_) => None,
    });
    subjects.filter(|subject| names.measure(subject) == Some(Measure::Number)).cloned().collect()
}

fn note(found: &Found) -> String {
    format!(
        "{} customers were looked at before the time was up, or everything was made anew meanwhile: there may be more. What \
         was computed is kept, so the next look goes further.",
        format::count(found.n_looked_at)
    )
}

/// The order of a column that a click on its head asks for: the largest first, and the smallest where it is that already.
fn order_of(column: &Column, selection: &Selection) -> Option<String> {
    let Column::Of(subject) = column else { return None };
    if matches!(subject, Subject::Segment | Subject::List) {
        return None;
    }
    let is_largest_first = is_sorted_by(subject, selection) && selection.sort.is_descending;
    Some(if is_largest_first { subject.to_string() } else { format!("-{subject}") })
}

fn is_sorted_by(subject: &Subject, selection: &Selection) -> bool {
    match (subject, &selection.sort.by) {
        (Subject::Score(name) | Subject::Feature(name), Subject::Named(by)) => name == by,
        (subject, by) => subject == by,
    }
}

fn head(app: &App, column: &Column, selection: &Selection, names: &Names) -> ListColumn {
    let kind = |name: &str| app.engine.capabilities().kinds.get(name).ok().map(|kind| kind.about().clone());
    let (title, meaning, sorted) = match column {
        Column::Why(name) => {
            (format!("Why: {}", kind(name).map_or(name.clone(), |about| about.title)), String::new(), false)
        }
        Column::Of(subject) => {
            let (title, meaning) = match subject {
                Subject::Score(name) => match kind(name) {
                    Some(about) => (about.title, about.question),
                    None => (name.clone(), String::new()),
                },
                Subject::Feature(name) => {
                    let meaning = app.engine.catalogue().get(name).map(|one| one.meaning.clone());
                    (name.clone(), meaning.unwrap_or_default())
                }
                Subject::Segment => ("Segments".to_owned(), String::new()),
                Subject::LastSeen => ("Last seen".to_owned(), String::new()),
                Subject::FirstSeen => ("First seen".to_owned(), String::new()),
                Subject::Known => ("Known".to_owned(), String::new()),
                other => (other.to_string(), String::new()),
            };
            (title, meaning, is_sorted_by(subject, selection))
        }
    };
    let is_number = matches!(column, Column::Of(subject) if names.measure(subject) == Some(Measure::Number));
    ListColumn {
        title,
        meaning,
        sort: None,
        sorted: sorted.then_some(selection.sort.is_descending),
        is_number,
        sum: None,
    }
}

/// What a column's numbers come to.
fn sum(column: &Column, form: Form, found: &Found) -> Option<String> {
    let Column::Of(subject) = column else { return None };
    let (_, sum) = found.sums.iter().find(|(of, _)| of == subject)?;
    let written = |total: f64| match form {
        Form::Amount(currency) => format::amount(total, Some(currency)),
        Form::Paid => match sum.paid_in {
            PaidIn::One(currency) => format::amount(total, Some(currency)),
            PaidIn::Unknown => format::amount(total, None),
            PaidIn::Several => "several currencies".to_owned(),
        },
        _ => format::number(total),
    };
    Some(sum.total.map_or_else(|| "too few".to_owned(), written))
}

/// How the cells of a column are written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    /// As they are.
    Plain,
    /// Probabilities.
    Share,
    /// Money that a model foretells, in the currency that it learned in.
    Amount(Currency),
    /// Anything else that a model foretells: nobody reads a millionth of it.
    Hundredths,
    /// Money in the currency in which the customer pays.
    Paid,
    /// In a unit.
    In(&'static str),
    /// Reasons.
    Why,
}

impl Form {
    fn of(app: &App, column: &Column) -> Self {
        match column {
            Column::Why(_) => Self::Why,
            Column::Of(Subject::Score(name)) => match app.engine.capabilities().kinds.get(name).map(Kind::about) {
                Ok(about) if about.shape == ContentShape::Score => Self::Share,
                Ok(about) => app.engine.models().currency(&about.tasks).map_or(Self::Hundredths, Self::Amount),
                Err(_) => Self::Plain,
            },
            Column::Of(Subject::Feature(name)) => match app.engine.catalogue().get(name).map(|one| one.unit) {
                Some("currency") => Self::Paid,
                Some(unit) => Self::In(unit),
                None => Self::Plain,
            },
            Column::Of(_) => Self::Plain,
        }
    }
}

fn row(line: CustomerLine, forms: &[Form]) -> ListLine {
    let currency = line.currency;
    let cell = |(form, cell): (&Form, Option<Cell>)| match (cell, *form) {
        (None, _) => ListCell::Nothing,
        (Some(Cell::Number(share)), Form::Share) => ListCell::Share(share),
        (Some(Cell::Number(value)), Form::Amount(currency)) => ListCell::Amount(format::amount(value, Some(currency))),
        (Some(Cell::Number(value)), Form::Hundredths) => ListCell::Number((value * 100.0).round() / 100.0),
        (Some(Cell::Number(value)), Form::Paid) => ListCell::Amount(format::amount(value, currency)),
        (Some(Cell::Number(value)), Form::In(unit)) => ListCell::Number(rounded(unit, value)),
        (Some(Cell::Number(number)), _) => ListCell::Number(number),
        (Some(Cell::Text(text)), _) => ListCell::Text(text),
        (Some(Cell::Texts(texts)), Form::Why) => ListCell::Texts(texts.into_iter().take(N_REASONS).collect()),
        (Some(Cell::Texts(names)), _) => ListCell::Text(names.join(", ")),
        (Some(Cell::Moment(at)), _) => ListCell::At(at),
        (Some(Cell::YesNo(yes)), _) => ListCell::YesNo(yes),
        (Some(Cell::Json(json)), _) => ListCell::Text(json.to_string()),
    };
    ListLine {
        id: line.profile.id.to_string(),
        label: label(&line.profile),
        known: line.profile.is_known(),
        last_seen: line.profile.last_seen,
        cells: forms.iter().zip(line.cells).map(cell).collect(),
    }
}

/// What can be ticked, and the columns that cannot.
fn choices(app: &App, names: &Names, columns: &[Column]) -> (Vec<ChoiceGroup>, String) {
    let mut left: Vec<String> = columns.iter().map(ToString::to_string).collect();
    let mut choice = |column: Column, meaning: &str| {
        let name = column.to_string();
        let before = left.len();
        left.retain(|chosen| *chosen != name);
        ColumnChoice { is_chosen: left.len() < before, name, meaning: meaning.to_owned() }
    };
    let mut groups = Vec::new();
    let mut scores = Vec::new();
    for kind in app.engine.capabilities().kinds.iter().map(|kind| kind.about()) {
        if names.scores.contains_key(kind.name.as_str()) {
            scores.push(choice(Column::Of(Subject::Score(kind.name.to_string())), &kind.question));
            scores.push(choice(Column::Why(kind.name.to_string()), "Why it is what it is"));
        }
    }
    groups.push(ChoiceGroup { title: "Scores".to_owned(), choices: scores });
    let profile = [
        (Subject::Segment, "Their groups and segments"),
        (Subject::LastSeen, "When they were seen last"),
        (Subject::FirstSeen, "When they were seen first"),
        (Subject::Known, "Whether a userId is known"),
    ];
    let consents = governance::Purpose::ALL.map(|purpose| (Subject::Consent(purpose), purpose.meaning()));
    let profile = profile.into_iter().chain(consents);
    let profile = profile.map(|(subject, meaning)| choice(Column::Of(subject), meaning)).collect();
    groups.push(ChoiceGroup { title: "Profile and consent".to_owned(), choices: profile });
    let mut by_group: BTreeMap<&str, Vec<ColumnChoice>> = BTreeMap::new();
    let catalogue = app.engine.catalogue();
    for one in catalogue.definitions() {
        let column = choice(Column::Of(Subject::Feature(one.id.name.to_string())), &one.meaning);
        by_group.entry(one.group).or_default().push(column);
    }
    groups.extend(by_group.into_iter().map(|(title, choices)| ChoiceGroup { title: title.to_owned(), choices }));
    (groups, left.join(", "))
}
