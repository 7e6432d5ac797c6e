//! What can be switched, for whom, and who got what lately?

use super::visit::Visit;
use crate::app::App;
use crate::error::ServerError;
use axum::response::Response;
use console::format;
use console::view::{FlagCard, FlagGot, FlagRuleTold, FlagsPage, Frame};
use decisions::{Content, ContentShape, DecisionQuery, Flag, FlagAnswer, FlagReason, FlagRule, Kind, Record};
use engine::{DeclaredIn, EngineError, KnownTable, Stopwatch};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// So many of the newest answers are looked at, for at most so long.
const N_LOOKED_AT: u64 = 2_000;
const TIME_MAX: Duration = Duration::from_secs(10);
/// So many values are told of a flag.
const N_VALUES: usize = 8;

/// `/flags`.
pub(super) async fn show(visit: Visit) -> Response {
    visit.page(|app, frame| Ok(fill(app, frame)?.render())).await
}

/// By flag and what it was and why, how often.
type Got = BTreeMap<String, BTreeMap<(String, String), u64>>;

fn fill(app: &App, frame: Frame) -> Result<FlagsPage, ServerError> {
    let declared = app.engine.capabilities().flags.now();
    let (got, n_answers, is_all) = if declared.flags().next().is_some() { lately(app)? } else { (Got::new(), 0, true) };
    let may = frame.may_operate;
    let saved: BTreeSet<String> = app.engine.declared_on("flags").into_iter().filter_map(saved_name).collect();
    Ok(FlagsPage {
        frame,
        editor: may.then(|| "/new/flags".to_owned()),
        problem: app
            .engine
            .refused_features()
            .map(|why| format!("{}. What was declared before stays.", primitives::capital(why.trim_end_matches('.')))),
        flags: declared.flags().map(|flag| card(flag, got.get(&flag.name), saved.contains(&flag.name))).collect(),
        n_answers,
        is_all,
    })
}

/// What was answered lately, of how many answers, and whether these are all.
fn lately(app: &App) -> Result<(Got, u64, bool), ServerError> {
    let (mut got, mut n, mut is_all) = (Got::new(), 0, true);
    let watch = Stopwatch::start();
    let kinds = app.engine.capabilities().kinds.iter().map(Kind::about);
    for kind in kinds.filter(|about| about.shape == ContentShape::Flags) {
        let meant = DecisionQuery { kind: Some(kind.name.to_string()), ..DecisionQuery::default() };
        let found = app.engine.ports().decisions.newest(&meant, &mut |logged| {
            is_all = n < N_LOOKED_AT && watch.elapsed() < TIME_MAX;
            if !is_all {
                return false;
            }
            // What a newer program wrote is left out.
            if let Ok(record) = Record::open(&logged) {
                n += 1;
                if let Content::Flags(answers) = &record.decision.answer.content {
                    for (name, answer) in &answers.flags {
                        let of = got.entry(name.clone()).or_default();
                        *of.entry((answer.value.to_string(), why(answer))).or_default() += 1;
                    }
                }
            }
            true
        });
        found.map_err(EngineError::from)?;
    }
    Ok((got, n, is_all))
}

/// Why it was that, in a few words.
fn why(answer: &FlagAnswer) -> String {
    let rule = answer.rule.map_or_else(String::new, |rule| format!(" {rule}"));
    match answer.reason {
        FlagReason::Default => "no rule".to_owned(),
        FlagReason::Rule => format!("rule{rule}"),
        FlagReason::Share => format!("the share of rule{rule}"),
        FlagReason::Experiment => {
            format!("{}, drawn by rule{rule}", answer.variation.as_deref().unwrap_or("a variation"))
        }
        FlagReason::Needs => "another flag is not what it must be".to_owned(),
        FlagReason::Off => "switched off".to_owned(),
        FlagReason::Holdout => "held out".to_owned(),
    }
}

fn card(flag: &Flag, got: Option<&BTreeMap<(String, String), u64>>, is_saved: bool) -> FlagCard {
    let mut values: Vec<FlagGot> = got
        .into_iter()
        .flatten()
        .map(|((value, why), n)| FlagGot { value: value.clone(), why: why.clone(), n: *n })
        .collect();
    values.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| (&a.value, &a.why).cmp(&(&b.value, &b.why))));
    if values.len() > N_VALUES {
        let rest: u64 = values.drain(N_VALUES - 1..).map(|got| got.n).sum();
        values.push(FlagGot { value: "…".to_owned(), why: "others".to_owned(), n: rest });
    }
    FlagCard {
        name: flag.name.clone(),
        title: flag.title.clone(),
        of: flag.of.name(),
        default: flag.default.to_string(),
        on: flag.on,
        needs: flag.needs.iter().map(|need| format!("{} is {}", need.flag, need.is)).collect(),
        rules: flag.rules.iter().map(rule).collect(),
        is_saved,
        got: values,
    }
}

/// The name of what is changed here, and not in the settings.
pub(super) fn saved_name(known: KnownTable) -> Option<String> {
    (known.source == DeclaredIn::Saved).then(|| known.name().to_owned())
}

fn rule(rule: &FlagRule) -> FlagRuleTold {
    match rule {
        FlagRule::Experiment(name) => FlagRuleTold {
            who: format!("Who takes part in {name}"),
            when: String::new(),
            value: None,
            experiment: Some(name.clone()),
        },
        FlagRule::Value { when, share, value } => {
            let who = match (share, when.is_empty()) {
                (None, true) => "Everybody".to_owned(),
                (None, false) => "All of whom it holds that".to_owned(),
                (Some(share), true) => format!("{} of the customers", format::percent(*share)),
                (Some(share), false) => format!("{} of those of whom it holds that", format::percent(*share)),
            };
            FlagRuleTold { who, when: when.clone(), value: Some(value.to_string()), experiment: None }
        }
    }
}
