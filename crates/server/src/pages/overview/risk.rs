//! Who is about to leave, and what is at stake?

use super::super::customers::{a_month, in_a_month, label};
use super::super::model_line::model;
use super::super::waits::waits;
use super::figures::{figure, major, told, who};
use crate::app::App;
use crate::error::ServerError;
use console::format;
use console::view::{AtRisk, AtRiskRow, Figure, Measured, ModelState};
use decisions::filter::Subject;
use decisions::{ContentShape, Kind, KindAbout};
use engine::{Cell, Column, CustomerLine, ListSource, Page, PaidIn};
use features::SUBSCRIPTION_AMOUNT;
use governance::Headcount;
use learning::reasons::without_number;
use primitives::Currency;
use std::time::Duration;

/// How many customers are told.
const N_ROWS: usize = 10;

/// Whom a letter is wasted on: who came the other day has no habit to give up yet, and who pays with stolen cards spends much
/// and is gone. Of customers without orders it is known since when they are known.
const NOT_OURS_TO_LOSE: [&str; 2] =
    ["tenure_days < 30 or chargebacks_all > 0", "known_days < 30 or chargebacks_all > 0"];

/// What is asked of whom.
struct Question<'a> {
    risk: &'a KindAbout,
    /// How likely they are, in words: `likelier than not`.
    likely: &'static str,
    filter: String,
    href: String,
    /// What one of them is worth: a score or a feature.
    stake: Column,
    /// In which currency a model foretells that of a year; none where it is what is paid in a month.
    learned_in: Option<Currency>,
}

/// Who is about to leave, what is at stake, and whether everybody was looked at.
pub(super) fn fill(app: &App, time_max: Duration) -> Result<(AtRisk, Figure, bool), ServerError> {
    let Some(question) = question(app)? else { return nobody(app) };
    let Question { risk, likely, filter, href, stake, learned_in } = question;
    let (name, stake) = (&risk.name, stake.to_string());
    let columns = format!("score.{name},{stake},why.{name}");
    let selection = app.engine.selection(&filter, &format!("-{stake}"), &columns)?;
    let found = app.engine.select(&selection, Page { n_max: N_ROWS, cursor: None }, time_max)?;
    let lines = app.engine.lines(&found.ids, &selection.columns)?;
    let n = Headcount::of(u32::try_from(found.n).unwrap_or(u32::MAX));
    let sum = found.sums.iter().find(|(subject, _)| subject.to_string() == stake).map(|(_, sum)| sum);
    let of = sum.map_or(n, |sum| sum.of);
    let paid_in = sum.and_then(|sum| match sum.paid_in {
        PaidIn::One(currency) => Some(currency),
        PaidIn::Unknown | PaidIn::Several => None,
    });
    let total = sum.and_then(|sum| sum.total).map(|total| if learned_in.is_some() { total } else { in_a_month(total) });
    let total = total.zip(learned_in.or(paid_in));
    let first = match learned_in {
        Some(_) => "those first who are expected to spend most",
        None => "those first whose subscriptions cost most",
    };
    let figure = Figure {
        now: Some(total.map_or_else(|| told(n), |(total, currency)| Measured::Money(major(total, currency)))),
        // Whose money it is: of those who refuse that they are counted there is none in it.
        note: match total {
            _ if n.is_nobody() => String::new(),
            Some(_) => who(of, "who permit analytics"),
            None => who(n, "customers"),
        },
        is_more_better: false,
        ..figure(
            "Revenue at risk",
            &format!(
                "What those are expected to spend in a year who are {likely} to leave, without who came within the last month, had \
                 a chargeback or refuses analytics."
            ),
            &href,
        )
    };
    let figure = match (learned_in, n.is_nobody()) {
        (_, true) => {
            Figure { title: "At risk".to_owned(), now: Some(Measured::Count(0)), note: risk.title.clone(), ..figure }
        }
        (Some(_), _) => figure,
        (None, _) => Figure {
            title: "At risk".to_owned(),
            meaning: format!(
                "{} They are {likely} to; what their subscriptions cost a month, without who came within the last month, had a \
                 chargeback or refuses analytics.",
                risk.question
            ),
            ..figure
        },
    };
    let why_not = vec![format!("Nobody is {likely} to leave.")];
    let card = AtRisk {
        about: format!(
            "{} Customers of a month or longer, without a chargeback, who are {likely} to; {first}.",
            risk.question
        ),
        href,
        n: found.n,
        rows: lines.into_iter().map(|line| row(line, learned_in)).collect(),
        why_not,
        ..empty()
    };
    let is_complete = found.is_complete;
    Ok((card, figure, is_complete))
}

/// The first risk that a model answers, and what is at stake.
fn question(app: &App) -> Result<Option<Question<'_>>, ServerError> {
    let models = app.engine.models();
    let mut kinds = app.engine.capabilities().kinds.iter().map(Kind::about);
    let is_answered = |about: &KindAbout| about.shape == ContentShape::Score && models.answer(&about.tasks);
    let Some(risk) = kinds.find(|about| about.is_risk && is_answered(about)) else { return Ok(None) };
    let built_in = app.engine.lists()?.into_iter().filter(|known| known.source == ListSource::BuiltIn);
    // A list that is there from the start asks about what is built in alone.
    let own = built_in.map(|known| known.list).find(|list| {
        let names = app
            .engine
            .selection(&list.filter, "", "")
            .map(|selection| selection.filter.subjects().into_iter().cloned().collect::<Vec<_>>());
        names.is_ok_and(|names| {
            names
                .iter()
                .any(|name| matches!(name, Subject::Named(name) | Subject::Score(name) if name == risk.name.as_str()))
        })
    });
    let line = app.engine.risk_line(risk);
    let (risky, likely) = match own {
        Some(list) => (list.filter, "likelier than not"),
        None => (format!("score.{} >= {}", risk.name, line.at_least), line.words()),
    };
    let worth = worth_kind(app);
    let [of_orders, of_events] = NOT_OURS_TO_LOSE;
    let filter = format!("({risky}) and not ({})", if worth.is_some() { of_orders } else { of_events });
    let stake = match worth {
        Some((worth, _)) => Column::Of(Subject::Score(worth.name.to_string())),
        // Of whom no model foretells what they are worth, what they pay is at stake.
        None => Column::Of(Subject::Feature(SUBSCRIPTION_AMOUNT.to_owned())),
    };
    let (sort, columns) = (format!("-{stake}"), format!("{},{stake},why.{}", risk.name, risk.name));
    let href = format::address("/lists", &[("filter", &filter), ("sort", &sort), ("columns", &columns)]);
    Ok(Some(Question { risk, likely, filter, href, stake, learned_in: worth.map(|(_, currency)| currency) }))
}

/// The question that is answered with money, by a model that is in force, and in which currency.
fn worth_kind(app: &App) -> Option<(&KindAbout, Currency)> {
    let models = app.engine.models();
    let mut kinds = app.engine.capabilities().kinds.iter().map(Kind::about);
    kinds.find_map(|about| match about.shape {
        ContentShape::Amount => Some((about, models.currency(&about.tasks)?)),
        _ => None,
    })
}

fn row(line: CustomerLine, learned_in: Option<Currency>) -> AtRiskRow {
    let number = |place: usize| match line.cells.get(place) {
        Some(Some(Cell::Number(number))) => Some(*number),
        _ => None,
    };
    let why = match line.cells.get(2) {
        Some(Some(Cell::Texts(reasons))) => reasons.first().map_or("", |reason| without_number(reason)).to_owned(),
        _ => String::new(),
    };
    let stake = number(1).map(|amount| match learned_in {
        Some(currency) => format::amount(amount, Some(currency)),
        None => a_month(amount, line.currency),
    });
    let id = line.profile.id.to_string();
    AtRiskRow {
        label: label(&line.profile).unwrap_or_else(|| format::short_id(&id)),
        id,
        risk: number(0).unwrap_or(f64::NAN),
        stake: stake.unwrap_or_else(|| format::NONE.to_owned()),
        why,
    }
}

/// No model answers who is about to leave.
fn nobody(app: &App) -> Result<(AtRisk, Figure, bool), ServerError> {
    let kinds = app.engine.capabilities().kinds.iter().map(Kind::about).filter(|about| about.is_risk);
    let (waiting, others): (Vec<_>, Vec<_>) = kinds.partition(|about| waits(app, about));
    let task = others.first().and_then(|about| about.tasks.first());
    let why = match task.map(|task| model(app, task)).transpose()?.map(|line| line.state) {
        Some(ModelState::Missing(why) | ModelState::Training(why)) => why,
        _ => String::new(),
    };
    let mut why_not = vec![format!("No model tells yet who is about to leave. {why}").trim().to_owned()];
    // Where something is sold, the model comes with the purchases.
    if others.is_empty() && !waiting.is_empty() {
        why_not.push(
            "What is built in learns from purchases, and none has come in: declare your own question, with good = \"low\", \
             in the settings."
                .to_owned(),
        );
    }
    let card = AtRisk { why_not, ..empty() };
    let figure = Figure {
        note: "No model yet".to_owned(),
        is_more_better: false,
        ..figure("Revenue at risk", "What those are expected to spend who are likelier than not to leave.", "/models")
    };
    Ok((card, figure, true))
}

fn empty() -> AtRisk {
    AtRisk {
        title: "At risk and valuable".to_owned(),
        about: "Who is about to leave, and what is at stake.".to_owned(),
        href: String::new(),
        n: 0,
        rows: Vec::new(),
        why_not: Vec::new(),
    }
}
