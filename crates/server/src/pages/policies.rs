//! How is it learned what actions are worth, and what would another way of choosing have earned?

use super::actions::{Moved, declared, kind_asked, kinds, lately_told, moved, tabs};
use super::actions::{lever_lines, number, parts};
use super::visit::Visit;
use super::words::unmarked;
use super::{Asked, text};
use crate::app::App;
use crate::error::ServerError;
use axum::extract::Query;
use axum::response::Response;
use console::format;
use console::view::{CurvePoint, Frame, OtherEarned, OtherTold, PoliciesPage};
use decisions::{Action, Arbitration, Explore, KindAbout, Levers};
use engine::{CHANCES, Lately, OtherPolicy, Patience, Sensitivity, WEIGHTS};
use learning::Version;
use measurement::policy::{PolicyReport, PolicyVerdict};
use primitives::{DAY_MS, Timestamp, capital};
use std::collections::BTreeMap;
use std::time::Duration;

/// For how long each part of the page is read at most: a page takes ten seconds.
const LATELY_MAX: Duration = Duration::from_secs(3);
const WEIGHED_MAX: Duration = Duration::from_secs(2);
const OTHER_MAX: Duration = Duration::from_secs(5);
/// How many versions are drawn.
const N_VERSIONS: usize = 40;
/// How many days are drawn.
const N_DAYS: i64 = 30;
/// The largest gamma that can be set.
const GAMMA_MAX: f64 = 1e6;
/// `/policies?kind=&explore=&gamma=&floor=&w.NAME=&v.NAME=`.
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    visit.page(move |app, frame| Ok(fill(app, frame, &asked)?.render())).await
}

fn fill(app: &App, frame: Frame, asked: &Asked) -> Result<PoliciesPage, ServerError> {
    let kind = kind_asked(app, asked)?;
    let name = kind.name.as_str();
    let actions = declared(app, kind)?;
    let in_force = app.engine.capabilities().kinds.in_force(name)?;
    let how = in_force.kind().arbitration().cloned().unwrap_or_default();
    let has_actions = !actions.is_empty();
    let lately = match has_actions {
        true => app.engine.acted_lately(name, &Patience::of(LATELY_MAX))?,
        false => Lately::default(),
    };
    let weighed = match lately.n {
        0 => Sensitivity::default(),
        _ => app.engine.weighed_again(name, &Levers::default(), &Patience::of(WEIGHED_MAX))?,
    };
    let versions = versions(app, kind)?;
    let other = other(app, kind, (&actions, &how), asked)?;
    // The same choices as beside it, whoever asks for another policy; where none was drawn there is nothing to draw.
    let is_drawn = weighed.chances.iter().any(|n| *n > 0);
    Ok(PoliciesPage {
        kind: name.to_owned(),
        kinds: tabs(app),
        has_actions,
        currency: app.engine.capabilities().measures.currency,
        facts: facts(&versions, &how, frame.now),
        curve: versions.iter().rev().filter_map(point).collect(),
        days: days(&lately, frame.now),
        explored: (weighed.n > 0).then_some((weighed.n_explored, weighed.n, weighed.share_explored)),
        chances: if is_drawn { parts(&CHANCES, &weighed.chances, format::percent) } else { Vec::new() },
        other,
        ways: Explore::NAMES.into_iter().filter_map(|name| Some((name, capital(way(Explore::of(name)?))))).collect(),
        lately: lately_told(&lately),
        frame,
    })
}

/// The newest versions of what is learned for a kind, newest first; nothing where nothing is. What has no task of its own is learned with
/// the others.
fn versions(app: &App, kind: &KindAbout) -> Result<Vec<Version>, ServerError> {
    let tasks = &app.engine.capabilities().tasks;
    let mut learned = std::iter::once(kind).chain(kinds(app)).filter_map(|kind| tasks.get(kind.name.as_str()).ok());
    let Some(task) = learned.next() else { return Ok(Vec::new()) };
    let versions = app.engine.registry().versions(&task.about().name)?;
    Ok(learning::newest_versions(&versions, N_VERSIONS).cloned().collect())
}

fn facts(versions: &[Version], how: &Arbitration, now: Timestamp) -> Vec<(String, String)> {
    let Some(champion) = versions.iter().find(|version| version.is_champion) else { return Vec::new() };
    let header = &champion.header;
    let fact = |what: &str, value: String| (what.to_owned(), value);
    vec![
        fact("Version", champion.version.to_string()),
        fact("Learned", format::ago(header.trained_at, now)),
        fact("From", format!("{} {}", format::count(header.n_rows), header.rows)),
        fact("It tries", way(how.explore).to_owned()),
        fact("Gamma", format::number(how.gamma)),
        fact("Spread evenly", format::percent(how.floor)),
    ]
}

/// A version as a point of the curve; `None` where it was not judged.
fn point(version: &Version) -> Option<CurvePoint> {
    let header = &version.header;
    let deciding = header.evaluation.deciding()?;
    let logged = deciding.baselines.iter().find(|(name, _)| *name == "logged").map_or(f64::NAN, |(_, value)| *value);
    Some(CurvePoint {
        version: version.version.to_string(),
        at: header.trained_at,
        n: header.n_rows,
        value: deciding.model,
        logged,
        is_champion: version.is_champion,
    })
}

/// What came of the choices of each day.
fn days(lately: &Lately, now: Timestamp) -> Vec<(Timestamp, u64, u64)> {
    let mut days: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for (day, (chosen, converted)) in lately.actions.values().flat_map(|came| &came.days) {
        let of = days.entry(*day).or_default();
        *of = (of.0 + chosen, of.1 + converted);
    }
    let Some(first) = days.keys().next().copied() else { return Vec::new() };
    let today = now.day();
    let day = |day: i64| {
        let (chosen, converted) = days.get(&day).copied().unwrap_or_default();
        (Timestamp::from_millis(day.saturating_mul(DAY_MS)), chosen, converted)
    };
    (first.max(today - N_DAYS + 1)..=today).map(day).collect()
}

/// How choices are tried, as the end of *it tries*.
fn way(explore: Explore) -> &'static str {
    match explore {
        Explore::SquareCb => "the worse, the less (SquareCB)",
        Explore::LinUcb => "what could be best (LinUCB)",
        Explore::Thompson => "as often as it could be best (Thompson)",
        Explore::Greedy => "only by what is spread evenly",
        Explore::Epsilon => "a twentieth evenly, whatever is believed (epsilon)",
        Explore::Bag => "as often as models of resamples take it for the best (bag)",
        Explore::Cover => "as often as models that differ on purpose take it for the best (cover)",
    }
}

/// The other policy as it is asked for, and what it would have earned, where somebody asks.
fn other(
    app: &App,
    kind: &KindAbout,
    (actions, how): (&[Action], &Arbitration),
    asked: &Asked,
) -> Result<OtherTold, ServerError> {
    let Moved { levers, mut refused } = moved(actions, asked);
    let declared = (how.explore.name().to_owned(), how.gamma, how.floor);
    let mut read = |name: &str, words: &str, max: f64| -> Option<f64> {
        let written = asked.get(name)?;
        let found = number(written, max);
        if found.is_none() {
            let shown: String = written.chars().take(40).collect();
            refused = Some(format!("{words}: “{shown}” is no number from 0 to {max}."));
        }
        found
    };
    let (gamma, floor) = (read("gamma", "Gamma", GAMMA_MAX), read("floor", "Floor", 1.0));
    let explore = Explore::of(&text(asked, "explore", 20));
    let is_asked = ["explore", "gamma", "floor"].iter().any(|name| asked.contains_key(*name)) || !levers.is_none();
    let levers = Levers { explore, gamma, floor, ..levers };
    let policy = (is_asked && refused.is_none() && !actions.is_empty())
        .then(|| app.engine.other_policy(kind.name.as_str(), &levers, &Patience::of(OTHER_MAX)))
        .transpose()?;
    Ok(OtherTold {
        explore: explore.map_or_else(|| declared.0.clone(), |explore| explore.name().to_owned()),
        gamma: gamma.unwrap_or(how.gamma),
        floor: floor.unwrap_or(how.floor),
        declared,
        levers: lever_lines(actions, &levers, &Sensitivity::default()),
        refused,
        earned: policy.as_ref().map(|policy| earned(policy, actions)),
    })
}

fn earned(policy: &OtherPolicy, actions: &[Action]) -> OtherEarned {
    let n = |n: usize| n as u64;
    let but = [
        (policy.n_young, "too young: what comes of them may still come."),
        (policy.n_unread, "left out: they cannot be weighed again."),
        (policy.n_unshown, "left out: nobody told that they were shown, as is told of others over the same channel."),
    ];
    let but = but.into_iter().filter(|(n, _)| *n > 0);
    let but = but.map(|(count, why)| format!("{} {why}", format::counted(n(count), "choice is", "choices are")));
    let older = (!policy.is_all)
        .then(|| "Older choices are not looked at, so that the page does not take too long.".to_owned());
    let title = |name: &String| {
        actions.iter().find(|action| action.name == *name).map_or_else(|| name.clone(), |action| action.title.clone())
    };
    let mut shares: Vec<(String, f64, f64)> =
        policy.shares.iter().map(|(name, (was, would))| (title(name), *was, *would)).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let told = OtherEarned {
        n: n(policy.n),
        since: policy.since,
        but: but.chain(older).collect(),
        weights: if policy.n == 0 { Vec::new() } else { parts(&WEIGHTS, &policy.weights, format::number) },
        shares,
        ..OtherEarned::default()
    };
    match &policy.report {
        Ok(report) => OtherEarned {
            verdict: match report.verdict {
                PolicyVerdict::Better => ("Would have earned more", "good"),
                PolicyVerdict::Worse => ("Would have earned less", "bad"),
                PolicyVerdict::Unclear => ("May be either", ""),
                PolicyVerdict::Refused => ("Cannot be told", "warn"),
            },
            says: unmarked(&report.says),
            doubts: report.doubts.iter().map(|doubt| format!("{}.", capital(&unmarked(doubt)))).collect(),
            logged: Some(report.value_logged),
            estimates: estimates(report),
            effective: Some((report.ess, report.ess_needed)),
            ..told
        },
        Err(why) => OtherEarned { verdict: ("Cannot be told", "warn"), says: format!("{}.", capital(why)), ..told },
    }
}

/// What each estimator says, the one that decides first; nothing where no number is to be trusted.
fn estimates(report: &PolicyReport) -> Vec<(String, f64, Option<f64>)> {
    if report.verdict == PolicyVerdict::Refused {
        return Vec::new();
    }
    let all = [
        ("dr", "Foretold, corrected by chance (DR)", report.dr),
        ("ips", "Weighted by chance (IPS)", report.ips),
        ("snips", "The same, divided by the weights (SNIPS)", report.snips),
        ("clipped", "With weights of 10 at most", report.clipped),
        ("switch_dr", "Corrected where weights are 10 at most", report.switch_dr),
        ("mrdr", "Corrected so that it varies least (MRDR)", report.mrdr),
        ("dm", "Only foretold (DM)", report.dm),
    ];
    let told = all.into_iter().filter_map(|(name, words, value)| Some((words, value?, report.se.get(name).copied())));
    told.map(|(words, value, se)| (words.to_owned(), value, se)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_way_to_try_that_settings_know_has_words_of_its_own() {
        let ways: BTreeSet<&str> = Explore::ALL.into_iter().map(way).collect();
        assert_eq!(ways.len(), Explore::ALL.len(), "{ways:?}");
    }
}
