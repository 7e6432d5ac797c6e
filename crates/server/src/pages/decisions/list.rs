//! Which decisions are meant, how many were there each day, and why were they general?

use super::{api, rows};
use crate::app::App;
use crate::error::ServerError;
use crate::pages::{Asked, more_rows, n_rows, text};
use console::format;
use console::view::{DecisionDay, DecisionFilter, DecisionsPage, Frame, KindCount};
use decisions::{ContentShape, DecisionQuery, LoggedDecision, Record};
use primitives::{CustomerId, DAY_MS, Timestamp};
use std::collections::BTreeMap;

/// How many days are drawn.
const N_DAYS: i64 = 30;
/// Of how many decisions the days are counted.
const N_COUNTED_MAX: u64 = 200_000;
/// How many decisions are looked through for those that are meant.
const N_LOOKED_MAX: usize = 20_000;
/// Of how many answers that were not the full ones the reasons are read, and how many reasons are told.
const N_REASONS_READ: usize = 2_000;
const N_REASONS: usize = 8;

/// The page of a list that is narrowed as asked.
pub(super) fn fill(app: &App, frame: Frame, asked: &Asked, base_url: &str) -> Result<DecisionsPage, ServerError> {
    let n = n_rows(asked);
    let filter = filter(asked);
    let meant = meant(app, &filter)?;
    let (found, n_looked) = found(app, &filter, &meant, n)?;
    let (total, fallbacks) = app.engine.ports().decisions.counts()?;
    let (days, by_kind, n_counted) = counted(app, frame.now)?;
    let (reasons, reasons_of) = reasons(app, &filter, &meant)?;
    let rows = rows(app, &found);
    let examples = if total == 0 { api::examples(app, base_url, &api::Somebody::of(app)?) } else { Vec::new() };
    let narrowed = [
        ("kind", filter.kind.as_str()),
        ("basis", &filter.basis),
        ("reason", &filter.reason),
        ("customer", &filter.customer),
        ("day", &filter.day),
    ];
    Ok(DecisionsPage {
        total,
        fallbacks,
        kinds: app
            .engine
            .capabilities()
            .kinds
            .iter()
            .map(|kind| (kind.about().name.to_string(), kind.about().title.clone()))
            .collect(),
        days,
        counted_max: (n_counted >= N_COUNTED_MAX).then_some(N_COUNTED_MAX),
        by_kind,
        reasons,
        reasons_of,
        note: (n_looked >= N_LOOKED_MAX && rows.len() < n).then(|| {
            let n = format::count(N_LOOKED_MAX as u64);
            format!("The newest {n} decisions were looked through: name a day or a customer to look further back.")
        }),
        older: more_rows("/decisions", &narrowed, rows.len(), n),
        rows,
        try_line: examples.into_iter().nth(1).map_or_else(String::new, |(_, command)| command),
        filter,
        frame,
    })
}

fn filter(asked: &Asked) -> DecisionFilter {
    let text = |name: &str| text(asked, name, 200);
    let basis = text("basis");
    let is_known = DecisionFilter::BASES.iter().any(|(name, _)| *name == basis);
    let day = text("day");
    DecisionFilter {
        kind: text("kind"),
        basis: if is_known { basis } else { String::new() },
        reason: text("reason"),
        customer: text("customer"),
        day: if day_of(&day).is_some() { day } else { String::new() },
    }
}

/// `2026-11-22` as a day since 1970.
fn day_of(day: &str) -> Option<i64> {
    if day.len() != 10 {
        return None;
    }
    Timestamp::parse(&format!("{day}T00:00:00Z")).ok().map(Timestamp::day)
}

/// What the log can be asked for of it.
fn meant(app: &App, filter: &DecisionFilter) -> Result<DecisionQuery, ServerError> {
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let customer = match some(&filter.customer) {
        None => None,
        // Of a stranger there may be decisions under the very name, too.
        Some(name) => {
            let known = app.engine.look(|live| live.profiles.find_by_text(&name))?;
            Some(known.unwrap_or_else(|| CustomerId::from(name.as_str())))
        }
    };
    Ok(DecisionQuery {
        kind: some(&filter.kind),
        customer,
        is_fallback: match (filter.basis.as_str(), filter.reason.as_str()) {
            ("", "") => None,
            ("model", _) => Some(false),
            _ => Some(true),
        },
        day: day_of(&filter.day),
    })
}

/// The decisions meant, and how many were looked at.
fn found(
    app: &App,
    filter: &DecisionFilter,
    meant: &DecisionQuery,
    n: usize,
) -> Result<(Vec<LoggedDecision>, usize), ServerError> {
    let (mut found, mut n_looked) = (Vec::new(), 0);
    app.engine.ports().decisions.newest(meant, &mut |one| {
        n_looked += 1;
        if is_meant(app, filter, &one) {
            found.push(one);
        }
        found.len() < n && n_looked < N_LOOKED_MAX
    })?;
    Ok((found, n_looked))
}

/// What the log's columns do not tell.
fn is_meant(app: &App, filter: &DecisionFilter, one: &LoggedDecision) -> bool {
    let is_of_basis = filter.basis.is_empty() || filter.basis == basis_of(app, one, Record::open(one).ok().as_ref());
    let wanted = filter.reason.to_lowercase();
    let has_reason = || reason(one).is_some_and(|reason| reason.to_lowercase().contains(&wanted));
    is_of_basis && (wanted.is_empty() || has_reason())
}

/// On what an answer rests: a model about the customer, rules alone, what is popular, or an average.
pub(super) fn basis_of(app: &App, logged: &LoggedDecision, record: Option<&Record>) -> &'static str {
    match record.map(|record| record.decision.answer.model.is_some()) {
        Some(true) if !logged.is_fallback => "model",
        Some(false) if !logged.is_fallback => "rules",
        _ => basis(app, &logged.kind, logged.is_fallback),
    }
}

/// The same, as far as the log's columns tell: by what a kind rests on now.
fn basis(app: &App, kind: &str, is_fallback: bool) -> &'static str {
    let engine = &app.engine;
    let shape = engine.capabilities().kinds.get(kind).ok().map(|kind| kind.about().shape);
    match (is_fallback, shape) {
        (false, Some(ContentShape::Flags)) => "rules",
        // A policy has the name of its kind.
        (false, Some(ContentShape::Actions)) if engine.models().get(&kind.into()).is_none() => "rules",
        (false, _) => "model",
        (true, Some(ContentShape::Items)) => "popular",
        (true, _) => "average",
    }
}

/// What people call a kind; its name where it is not declared any more.
pub(super) fn title(app: &App, kind: &str) -> String {
    app.engine.capabilities().kinds.get(kind).map_or_else(|_| kind.to_owned(), |kind| kind.about().title.clone())
}

/// Why an answer is not the full one: the beginning of its sentence, which is the same for all of one reason.
fn reason(one: &LoggedDecision) -> Option<String> {
    let sentence = Record::open(one).ok()?.decision.answer.fallback?;
    Some(sentence.split_once(": ").map_or(sentence.trim_end_matches('.'), |(reason, _)| reason).to_owned())
}

/// The days that are drawn, what was decided in them by kind, and how many decisions that were.
fn counted(app: &App, now: Timestamp) -> Result<(Vec<DecisionDay>, Vec<KindCount>, u64), ServerError> {
    let first = now.day() - (N_DAYS - 1);
    let from = Timestamp::from_millis(first * DAY_MS);
    let mut days: Vec<DecisionDay> = (first..=now.day())
        .map(|day| DecisionDay {
            day: Timestamp::from_millis(day * DAY_MS),
            model: 0,
            rules: 0,
            popular: 0,
            average: 0,
        })
        .collect();
    let (mut by_kind, mut n_counted) = (BTreeMap::<String, (u64, u64)>::new(), 0);
    for one in app.engine.ports().decisions.by_day(from, N_COUNTED_MAX)? {
        n_counted += one.n;
        let count = by_kind.entry(one.kind.clone()).or_default();
        *(if one.is_fallback { &mut count.1 } else { &mut count.0 }) += one.n;
        let place = usize::try_from(one.day - first).ok();
        if let Some(day) = place.and_then(|place| days.get_mut(place)) {
            *match basis(app, &one.kind, one.is_fallback) {
                "model" => &mut day.model,
                "rules" => &mut day.rules,
                "popular" => &mut day.popular,
                _ => &mut day.average,
            } += one.n;
        }
    }
    let count =
        |(name, (full, fallback)): (String, (u64, u64))| KindCount { title: title(app, &name), name, full, fallback };
    Ok((days, by_kind.into_iter().map(count).collect(), n_counted))
}

/// Why answers were not the full ones, the most frequent first, and of how many answers that was read.
fn reasons(
    app: &App,
    filter: &DecisionFilter,
    meant: &DecisionQuery,
) -> Result<(Vec<(String, u64)>, u64), ServerError> {
    if meant.is_fallback == Some(false) {
        return Ok((Vec::new(), 0));
    }
    let meant = DecisionQuery { is_fallback: Some(true), ..meant.clone() };
    let filter = DecisionFilter { reason: String::new(), ..filter.clone() };
    let (mut counts, mut n_read, mut n_looked) = (BTreeMap::<String, u64>::new(), 0, 0);
    app.engine.ports().decisions.newest(&meant, &mut |one| {
        n_looked += 1;
        if is_meant(app, &filter, &one)
            && let Some(reason) = reason(&one)
        {
            *counts.entry(reason).or_default() += 1;
            n_read += 1;
        }
        n_looked < N_REASONS_READ
    })?;
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.truncate(N_REASONS);
    Ok((counts, n_read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_it_is_written_and_nothing_else() {
        assert_eq!(day_of("1970-01-02"), Some(1));
        for wrong in ["", "1970-01-2", "1970-01-32", "yesterday!", "1970-01-02T"] {
            assert_eq!(day_of(wrong), None, "{wrong}");
        }
    }
}
