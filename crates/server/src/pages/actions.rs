//! What can be done for customers, what came of it, and what would other levers change?

mod levers;
mod one;

pub(super) use levers::{Moved, lines as lever_lines, moved, number, parts};
pub(super) use one::{people_told, show as show_one};

use super::Asked;
use super::action_words::{rule_in_words, stage};
use super::visit::Visit;
use crate::app::App;
use crate::declarations::FOLLOWED;
use crate::error::ServerError;
use axum::extract::Query;
use axum::response::Response;
use console::format;
use console::view::{ActionLine, ActionState, ActionsPage, CameTold, Frame, FunnelStep, LatelyTold};
use decisions::{Action, ContentShape, Kind, KindAbout, Terms};
use engine::{CameOfAction, Lately, Patience, Sensitivity};
use primitives::{Currency, ErrorKind, Timestamp};
use std::time::Duration;

/// For how long each part of a page is read at most, of which there are two.
const PART_MAX: Duration = Duration::from_secs(5);

/// `/actions?kind=&w.NAME=&v.NAME=`.
pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    visit.page(move |app, frame| Ok(fill(app, frame, &asked)?.render())).await
}

/// The kinds that choose among actions that were declared: of those that come with a question nothing is known here.
pub(super) fn kinds(app: &App) -> impl Iterator<Item = &KindAbout> {
    let kinds = app.engine.capabilities().kinds.iter().filter(|kind| !kind.is_of_occasions());
    kinds.map(Kind::about).filter(|about| about.shape == ContentShape::Actions)
}

/// Their names and titles, for what leads from one to another.
pub(super) fn tabs(app: &App) -> Vec<(String, String)> {
    kinds(app).map(|about| (about.name.to_string(), about.title.clone())).collect()
}

/// The kind that is asked for: the first one where none is, or none of that name.
pub(super) fn kind_asked<'a>(app: &'a App, asked: &Asked) -> Result<&'a KindAbout, ServerError> {
    let meant = asked.get("kind").map_or("", String::as_str);
    let found = kinds(app).find(|about| about.name.as_str() == meant).or_else(|| kinds(app).next());
    found.ok_or_else(|| ServerError::new(ErrorKind::NotFound, "nothing is decided here that chooses among actions"))
}

/// What it can choose from by now.
pub(super) fn declared(app: &App, kind: &KindAbout) -> Result<Vec<Action>, ServerError> {
    let in_force = app.engine.capabilities().kinds.in_force(kind.name.as_str())?;
    Ok(in_force.kind().actions().into_iter().cloned().collect())
}

fn fill(app: &App, frame: Frame, asked: &Asked) -> Result<ActionsPage, ServerError> {
    let kind = kind_asked(app, asked)?;
    let actions = declared(app, kind)?;
    let in_force = app.engine.capabilities().kinds.in_force(kind.name.as_str())?;
    let (table, spent) = (in_force.kind().table().unwrap_or("actions"), app.engine.spent_lately(in_force.kind()));
    let currency = app.engine.capabilities().measures.currency;
    let lately = match actions.is_empty() {
        true => Lately::default(),
        false => app.engine.acted_lately(kind.name.as_str(), &Patience::of(PART_MAX))?,
    };
    let Moved { levers, refused } = moved(&actions, asked);
    let weighed = match lately.n {
        0 => Sensitivity::default(),
        _ => app.engine.weighed_again(kind.name.as_str(), &levers, &Patience::of(PART_MAX))?,
    };
    let is_moved = !levers.is_none();
    Ok(ActionsPage {
        kind: kind.name.to_string(),
        kinds: tabs(app),
        table,
        is_followed: FOLLOWED.contains(&table),
        // Offers are declared by the settings and over `/v1`.
        editor: (frame.may_operate && table == "actions").then(|| "/new/actions".to_owned()),
        currency,
        actions: actions
            .iter()
            .map(|action| ActionLine {
                terms: terms(&action.terms, spent.get(&action.name), currency),
                ..line(action, &actions, &lately, frame.now)
            })
            .collect(),
        funnel: funnel(&lately),
        explored: (weighed.n > 0).then_some((weighed.n_explored, weighed.n, weighed.share_explored)),
        sensitivity: levers::sensitivity(&weighed),
        n_weighed: weighed.n,
        is_all_weighed: weighed.is_all,
        levers: levers::lines(&actions, &levers, &weighed),
        changed: (is_moved && weighed.n > 0).then_some(weighed.n_changed),
        written: is_moved.then(|| levers::written(table, &levers)),
        refused,
        lately: lately_told(&lately),
        frame,
    })
}

/// An action, and what came of it lately.
fn line(action: &Action, all: &[Action], lately: &Lately, now: Timestamp) -> ActionLine {
    let channels: Vec<&str> = action.channels.iter().map(String::as_str).collect();
    let is_in_group = all.iter().any(|other| other.group == action.group && other.name != action.name);
    let marks = [
        (action.mandatory, "comes first"),
        (action.nothing, "does nothing"),
        (action.service, "serves"),
        (action.upsell, "sells more"),
    ];
    ActionLine {
        name: action.name.clone(),
        title: action.title.clone(),
        group: is_in_group.then(|| action.group.clone()),
        marks: marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect(),
        channels: if channels.is_empty() { "everywhere".to_owned() } else { channels.join(", ") },
        value: action.value,
        cost: action.cost,
        when: when(action),
        terms: Vec::new(),
        state: state(action, now),
        came: lately.actions.get(&action.name).map(came).unwrap_or_default(),
    }
}

/// An amount as it was declared: no digit more than anybody wrote.
fn money(amount: f64, currency: Option<Currency>) -> String {
    match currency {
        Some(currency) => format!("{} {currency}", format::number(amount)),
        None => format::number(amount),
    }
}

/// What it costs who accepts it, and what was spent of its budget.
fn terms(terms: &Terms, spent: Option<&f64>, currency: Option<Currency>) -> Vec<String> {
    let money = |amount| money(amount, currency);
    let when = "when it is accepted";
    let discount = (terms.discount > 0.0).then(|| format!("{} off {when}", format::percent(terms.discount)));
    let costs = (terms.costs > 0.0).then(|| format!("Costs {} {when}", money(terms.costs)));
    let keeps = terms.keeps.then(|| "To keep who would leave".to_owned());
    let budget = terms.budget.map(|budget| {
        let days = format::counted(u64::try_from(budget.days).unwrap_or_default(), "day", "days");
        match spent {
            Some(spent) => format!("{} of {} spent in {days}", format::number(*spent), money(budget.amount)),
            None => format!("{} in {days}; what is spent is being counted", money(budget.amount)),
        }
    });
    [discount, costs, keeps, budget].into_iter().flatten().collect()
}

/// From when to when it can be done.
fn when(action: &Action) -> Option<String> {
    let from = action.from.map(|from| format!("from {}", format::date_time(from)));
    let until = action.until.map(|until| format!("until {}", format::date_time(until)));
    let said: Vec<String> = from.into_iter().chain(until).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

fn state(action: &Action, now: Timestamp) -> ActionState {
    if action.until.is_some_and(|until| until <= now) {
        ActionState::Over
    } else if action.weight <= 0.0 {
        ActionState::SetAside
    } else if action.from.is_some_and(|from| from > now) {
        ActionState::NotYet
    } else {
        ActionState::InForce
    }
}

fn came(came: &CameOfAction) -> CameTold {
    CameTold {
        chosen: came.n_chosen,
        shown: came.n_shown,
        clicked: came.n_clicked,
        dismissed: came.n_dismissed,
        converted: came.n_converted,
        worth: came.worth,
    }
}

/// Which decisions the numbers are of, and which are not among them.
pub(super) fn lately_told(lately: &Lately) -> LatelyTold {
    let said =
        |n: u64, one: &str, many: &str, why: &str| (n > 0).then(|| format!("{} {why}", format::counted(n, one, many)));
    let (choice, choices) = ("choice is", "choices are");
    let but = [
        said(
            lately.n_held_out,
            choice,
            choices,
            "not counted: the customer is held out, for whom only what is mandatory is done.",
        ),
        said(
            lately.n_forgotten,
            choice,
            choices,
            "not counted: the customer refuses by now, and why it was chosen is forgotten.",
        ),
        said(lately.n_unread, choice, choices, "not counted: it cannot be read here."),
        said(
            lately.n_unknown,
            "action was chosen",
            "actions were chosen",
            "for customers who do not permit analytics: what came of it is not counted.",
        ),
    ];
    LatelyTold { n: lately.n, since: lately.since, is_all: lately.is_all, but: but.into_iter().flatten().collect() }
}

/// How many came through each stage, and what came of those that were chosen.
fn funnel(lately: &Lately) -> [Vec<FunnelStep>; 2] {
    let through = lately.funnel();
    let all = through.first().map_or(0, |first| first.n_before);
    let step = |title: &str, n: u64, of: u64, lost: Option<String>| FunnelStep { title: title.to_owned(), n, of, lost };
    let lost = |most: &Option<(String, u64)>| {
        most.as_ref().map(|(rule, n)| format!("Most left out: {} ({})", rule_in_words(rule), format::count(*n)))
    };
    let first = std::iter::once(step("Declared", all, all, None));
    let stages = through.iter().map(|one| step(stage(one.stage), one.n, all, lost(&one.most)));
    let chosen = lately.total(|came| came.n_chosen);
    let of_chosen = [
        ("Chosen", chosen),
        ("Met the customer", lately.total(|came| came.n_shown)),
        ("Clicked", lately.total(|came| came.n_clicked)),
        ("Succeeded", lately.total(|came| came.n_converted)),
    ];
    [first.chain(stages).collect(), of_chosen.map(|(title, n)| step(title, n, chosen, None)).into()]
}
