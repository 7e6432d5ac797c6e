//! How do answers, scores and features look on a page?

mod labels;
mod quoted;

use super::action_words::rule_in_words;
use super::catalogue::picture;
use crate::app::App;
use console::format;
use console::view::{self, Answer, ConsentBasis, Contribution, Feature, FeatureGroup, Item, ModelRef, Sought};
use decisions::search::{Meaning, Wanted};
use decisions::{
    Actions, Arm, ChosenAction, Content, Factors, FlagAnswer, FlagAnswers, FlagReason, Kind, KindName, Likely,
    RankedItem, Reason, Record, Testimony, World,
};
use engine::Live;
use features::{Catalogue, Definition, FeatureState};
use learning::reasons::without_number;
use primitives::{Currency, ItemId, ItemKey, Money, capital};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many are shown after the likeliest.
const N_NEXT_LIKELY: usize = 4;

/// So much of what was looked for stands in a list.
const N_LETTERS_LISTED: usize = 60;

/// An answer that was given.
pub(super) fn answer(app: &App, record: &Record, latency_ms: Option<f64>) -> Answer {
    let answer = &record.decision.answer;
    let kind = &record.question.kind;
    Answer {
        id: record.decision.id.to_string(),
        title: kind_of(app, kind, app.engine.kind_then(record).as_deref())
            .map_or_else(|| kind.to_string(), |kind| kind.about().title.clone()),
        sought: sought(app, record),
        content: content(app, kind, answer, Some(record)),
        consent: ConsentBasis {
            purpose: answer.consent.purpose.name().to_owned(),
            granted: answer.consent.granted,
            stated: matches!(answer.consent.basis, governance::ConsentBasis::Stated { .. }),
        },
        model: answer
            .model
            .as_ref()
            .map(|model| ModelRef { name: model.name.clone(), version: model.version.to_string() }),
        fallback: answer.fallback.clone(),
        held_out: record.question.arm == Some(Arm::Holdout),
        latency_ms,
    }
}

/// The words that something was looked for with, which are forgotten with what was known of a customer who refuses.
fn words(app: &App, record: &Record) -> Option<String> {
    let wanted = kind_of(app, &record.question.kind, None)?.wanted(&record.question.parameters)?;
    let (Wanted::Items { query, .. } | Wanted::Completions { query, .. }) = wanted else { return None };
    Some(query.trim().to_owned()).filter(|query| !query.is_empty())
}

/// What was looked for, and what it was understood as.
fn sought(app: &App, record: &Record) -> Option<Sought> {
    let words = words(app, record)?;
    let Content::Search { told, .. } = &record.decision.answer.content else {
        return Some(Sought { words, ..Sought::default() });
    };
    let understood = told.understood.iter().map(understood).collect();
    Some(Sought { words, corrected: told.corrected.clone(), understood, loosened: told.loosened.clone() })
}

/// The words, and as what they were understood.
pub(super) fn understood(meaning: &Meaning) -> (String, String) {
    let limit = |word: &str, limit: Option<f64>| limit.map(|limit| format!(" {word} {}", format::number(limit)));
    let value = meaning.value.as_ref().map(|value| format!(" {value}"));
    let not = meaning.not.then(|| " not".to_owned());
    let said = [not, value, limit("from", meaning.gte), limit("up to", meaning.lte)];
    (meaning.text.clone(), [meaning.of.clone()].into_iter().chain(said.into_iter().flatten()).collect())
}

/// The kind as it was declared when it answered, or as it is today; `None` for one that only another program knows.
fn kind_of<'a>(app: &'a App, name: &KindName, then: Option<&'a dyn Kind>) -> Option<&'a dyn Kind> {
    then.or_else(|| app.engine.capabilities().kinds.get(name.as_str()).ok())
}

/// What one of several that a kind answers with is called today.
fn title_of(app: &App, kind: &KindName, name: &str) -> String {
    let in_force = app.engine.capabilities().kinds.in_force(kind.as_str()).ok();
    in_force.as_ref().map_or(name, |in_force| in_force.kind().title_of(name)).to_owned()
}

/// What an answer says. Items have the names they had when it was given, and so has what was asked; those of today where it
/// is given now.
pub(super) fn content(
    app: &App,
    kind: &KindName,
    answer: &decisions::Answer,
    record: Option<&Record>,
) -> view::Content {
    let then = record.map(|record| &record.testimony);
    let as_declared = record.and_then(|record| app.engine.kind_then(record));
    let name = kind;
    let kind = kind_of(app, name, as_declared.as_deref());
    let about = kind.map(Kind::about);
    let title = || about.map_or_else(|| name.to_string(), |about| about.title.clone());
    let question = || about.map_or_else(String::new, |about| about.question.clone());
    let is_average = answer.fallback.is_some();
    match &answer.content {
        Content::Items(items) | Content::Search { items, .. } => view::Content::Items(view::Items {
            items: app.engine.look(|live| items.iter().map(|ranked| item(live, ranked, then)).collect()),
        }),
        Content::Completions(completions) => {
            let texts = completions.iter().map(|one| (one.text.clone(), one.of.clone()));
            view::Content::Completions(view::Completions { completions: texts.collect() })
        }
        Content::Actions(actions) => view::Content::Actions(acted(app, name, actions)),
        Content::Labels(labels) => view::Content::Labels(labels::shown(labels)),
        Content::Reply(reply) => view::Content::Quoted(quoted::shown(reply)),
        Content::Flags(answers) => flags(app, name, answers),
        Content::Score { score: Some(score), reasons } => view::Content::Score(view::Score {
            title: title(),
            question: question(),
            is_risk: about.is_some_and(|about| about.is_risk),
            probability: score.get(),
            base_rate: answer.model.as_ref().and_then(|model| base_rate(app, model)),
            is_average,
            contributions: reasons.iter().map(contribution).collect(),
        }),
        Content::Amount { amount: Some(amount), reasons } => view::Content::Amount(view::Amount {
            title: title(),
            question: question(),
            value: amount.value,
            low: amount.low,
            high: amount.high,
            currency: amount.currency,
            is_average,
            reasons: in_words(reasons),
        }),
        Content::Choice { label, others, probabilities, reasons } if label.is_some() || !others.is_empty() => {
            view::Content::Choice(view::Choice {
                title: title(),
                question: question(),
                label: label.clone(),
                probability: probabilities.first().map(|likeliest| likeliest.probability.get()),
                others: others
                    .iter()
                    .map(|title| title_of(app, name, title))
                    .chain(next_likely(probabilities))
                    .collect(),
                is_average,
                reasons: in_words(reasons),
            })
        }
        Content::Score { score: None, .. } | Content::Amount { amount: None, .. } | Content::Choice { .. } => {
            view::Content::Nothing
        }
    }
}

/// What is done, and what is not, as pages show it.
pub(super) fn acted(app: &App, kind: &KindName, actions: &Actions) -> view::Actions {
    let one = |action: &ChosenAction| view::Action {
        title: title_of(app, kind, &action.id),
        made_of: action.factors.as_ref().map(made_of).unwrap_or_default(),
        reason: action.reason.clone(),
        propensity: action.propensity.get(),
        priority: action.priority,
    };
    let left_out = actions.left_out.iter().map(|(rule, names)| {
        let names: Vec<String> = names.iter().map(|one| title_of(app, kind, one)).collect();
        (capital(&rule_in_words(rule)), names.join(", "))
    });
    view::Actions { actions: actions.chosen.iter().map(one).collect(), left_out: left_out.collect() }
}

/// What the worth of an action is made of; what changes nothing is left out.
fn made_of(factors: &Factors) -> Vec<(&'static str, String)> {
    let Factors { propensity, value, incremental, cost, accepted, context, weight, fatigue, shadow_price } = *factors;
    let times = |factor: f64| (factor.to_bits() != 1.0_f64.to_bits()).then(|| format!("× {}", format::number(factor)));
    let all = [
        ("accepted", Some(format::percent(propensity))),
        ("earns", Some(format::number(value))),
        ("would not come without it", times(incremental)),
        ("costs", (cost > 0.0).then(|| format::number(cost))),
        ("costs when accepted", (accepted > 0.0).then(|| format::number(accepted))),
        ("place", times(context)),
        ("weight", times(weight)),
        ("contacted lately", times(fatigue)),
        ("price of the budget", (shadow_price > 0.0).then(|| format::number(shadow_price))),
    ];
    all.into_iter().filter_map(|(words, number)| Some((words, number?))).collect()
}

/// Those after the likeliest, each with how likely it is.
fn next_likely(probabilities: &[Likely]) -> impl Iterator<Item = String> {
    let next = probabilities.iter().skip(1).take(N_NEXT_LIKELY);
    next.map(|one| format!("{} {}", one.label, format::percent(one.probability.get())))
}

fn in_words(reasons: &[Reason]) -> Vec<String> {
    reasons.iter().map(|reason| reason.text.clone()).collect()
}

fn item(live: &Live, ranked: &RankedItem, then: Option<&Testimony>) -> Item {
    let known = live.items.get(ItemKey::from(&ranked.id));
    let title_today = || known.and_then(|item| item.name.as_ref()).map(|name| name.value.clone());
    let title_then = then.map(|then| title_then(then, &ranked.id));
    Item {
        id: ranked.id.to_string(),
        title: title_then.map_or_else(title_today, |title| Some(title).filter(|title| title != ranked.id.as_str())),
        picture: known.and_then(picture),
        category: known.and_then(|item| item.category.as_ref()).map(|category| category.value.clone()),
        score: ranked.score,
        reason: ranked.reason.clone(),
    }
}

/// What an item was called when a decision was made: its id, where it had no name.
fn title_then(then: &Testimony, id: &ItemId) -> String {
    then.facts(ItemKey::from(id)).map_or_else(|| id.to_string(), |facts| facts.title)
}

/// The share of all customers, to compare a score with. The model in force is in memory; another is looked for among all that
/// there ever were.
fn base_rate(app: &App, model: &decisions::ModelRef) -> Option<f64> {
    let task = model.name.as_str().into();
    let in_force = app.engine.models();
    if let Some(loaded) = in_force.get(&task).filter(|loaded| loaded.version == model.version) {
        return loaded.header.evaluation.base_rate;
    }
    app.engine.registry().header_of(&task, &model.version).ok()?.evaluation.base_rate
}

fn contribution(reason: &Reason) -> Contribution {
    Contribution {
        feature: reason.feature.clone(),
        // The number at its end stands in a column of its own.
        text: without_number(&reason.text).to_owned(),
        contribution: reason.contribution.unwrap_or_default(),
    }
}

/// Features under their headings, in the order of the catalogue; those that are not known have no value. What the catalogue
/// does not know stands last.
pub(super) fn feature_groups(
    catalogue: &Catalogue,
    mut values: BTreeMap<String, Option<f64>>,
    currency: Option<Currency>,
) -> Vec<FeatureGroup> {
    let mut groups: Vec<FeatureGroup> = Vec::new();
    let mut put = |title: &str, feature: Feature| match groups.iter_mut().find(|group| group.title == title) {
        Some(group) => group.features.push(feature),
        None => groups.push(FeatureGroup { title: title.to_owned(), features: vec![feature] }),
    };
    for definition in catalogue.definitions() {
        let Some(value) = values.remove(&definition.name) else { continue };
        let unit = match definition.unit {
            "currency" => currency.as_ref().map_or("", Currency::code),
            unit => unit,
        };
        let value = value.filter(|value| !value.is_nan()).map(|value| rounded(definition.unit, value));
        let (name, meaning) = (definition.name.clone(), definition.meaning.clone());
        put(definition.group, Feature { name, meaning, value, unit: unit.to_owned() });
    }
    for (name, value) in values {
        put("No longer computed", Feature { meaning: name.clone(), name, value, unit: String::new() });
    }
    groups
}

/// Features by name.
pub(super) fn by_name(features: &[(Arc<Definition>, f64)]) -> BTreeMap<String, Option<f64>> {
    features.iter().map(|(definition, value)| (definition.name.clone(), Some(*value))).collect()
}

/// Days to the thousandth, which is a minute and a half: nobody reads further.
pub(super) fn rounded(unit: &str, value: f64) -> f64 {
    if unit == "days" { (value * 1_000.0).round() / 1_000.0 } else { value }
}

/// What a customer ever spent in the currency of the newest order, less refunds.
pub(super) fn spent(state: &FeatureState) -> Option<Money> {
    let currency = state.currency()?;
    Some(Money { minor: state.spent(currency), currency })
}

/// What flags are, each with why.
fn flags(app: &App, kind: &KindName, answers: &FlagAnswers) -> view::Content {
    let one = |(flag, answer): (&String, &FlagAnswer)| view::Flag {
        title: title_of(app, kind, flag),
        value: answer.value.to_string(),
        reason: flag_reason(answer),
    };
    view::Content::Flags(view::Flags { flags: answers.flags.iter().map(one).collect() })
}

/// Why a flag is what it is, in words.
fn flag_reason(answer: &FlagAnswer) -> String {
    let rule = answer.rule.map_or_else(String::new, |rule| format!(" {rule}"));
    match answer.reason {
        FlagReason::Default => "Its default: no rule says otherwise".to_owned(),
        FlagReason::Rule => format!("Rule{rule} is for them"),
        FlagReason::Share => format!("They are of the share of rule{rule}"),
        FlagReason::Experiment => {
            format!("Variation {} was drawn by rule{rule}", answer.variation.as_deref().unwrap_or_default())
        }
        FlagReason::Needs => "Its default: another flag is not what it must be first".to_owned(),
        FlagReason::Off => "Its default: it is switched off".to_owned(),
        FlagReason::Holdout => "Its default: the customer is held out".to_owned(),
    }
}

/// An answer in a few words, after those that something was looked for with.
pub(super) fn in_short(app: &App, record: &Record) -> String {
    let said = said_in_short(app, record);
    words(app, record).map_or_else(|| said.clone(), |words| format!("“{}”: {said}", beginning(&words)))
}

/// As much of somebody's words as a list has room for.
fn beginning(words: &str) -> String {
    let mut letters = words.chars();
    let begun: String = letters.by_ref().take(N_LETTERS_LISTED).collect();
    if letters.next().is_some() { begun + "…" } else { begun }
}

/// What an action or an item of an answer is called.
pub(super) fn named(app: &App, record: &Record, id: &str) -> String {
    match &record.decision.answer.content {
        Content::Actions(_) => title_of(app, &record.question.kind, id),
        _ => title_then(&record.testimony, &ItemId::from(id)),
    }
}

/// What whoever is held out would have been answered, in words.
pub(super) fn would(app: &App, record: &Record) -> Option<String> {
    let content = record.would()?.clone();
    if let Content::Actions(actions) = &content {
        let titles: Vec<String> =
            actions.chosen.iter().map(|one| title_of(app, &record.question.kind, &one.id)).collect();
        return Some(if titles.is_empty() { "nothing to do".to_owned() } else { titles.join(", ") });
    }
    let mut record = record.clone();
    (record.decision.answer.content, record.decision.answer.fallback) = (content, None);
    Some(in_short(app, &record))
}

fn said_in_short(app: &App, record: &Record) -> String {
    let answer = &record.decision.answer;
    match &answer.content {
        Content::Completions(completions) => format::counted(completions.len() as u64, "completion", "completions"),
        Content::Actions(actions) => match actions.chosen.first() {
            None => "nothing to do".to_owned(),
            Some(first) => title_of(app, &record.question.kind, &first.id),
        },
        Content::Flags(flags) => {
            let others = flags.flags.values().filter(|flag| flag.rule.is_some()).count() as u64;
            let n = format::counted(flags.flags.len() as u64, "flag", "flags");
            format!("{n}, {others} by a rule")
        }
        Content::Items(items) | Content::Search { items, .. } => match items.first() {
            None => "no item".to_owned(),
            Some(first) => {
                let n = format::counted(items.len() as u64, "item", "items");
                format!("{n}, first {}", title_then(&record.testimony, &first.id))
            }
        },
        Content::Score { score: None, .. } => "no score".to_owned(),
        Content::Score { score: Some(score), .. } if answer.fallback.is_some() => {
            format!("{}, the average", format::percent(score.get()))
        }
        Content::Score { score: Some(score), .. } => {
            let then = app.engine.kind_then(record);
            let is_risk = kind_of(app, &record.question.kind, then.as_deref()).is_some_and(|kind| kind.about().is_risk);
            let band = view::Band::of(score.get()).words(is_risk).to_lowercase();
            format!("{}, {band}", format::percent(score.get()))
        }
        Content::Amount { amount: None, .. } => "no amount".to_owned(),
        Content::Amount { amount: Some(amount), .. } => {
            let average = if answer.fallback.is_some() { ", the average" } else { "" };
            format!("{}{average}", format::amount(amount.value, amount.currency))
        }
        Content::Choice { label, .. } => label.clone().unwrap_or_else(|| "none".to_owned()),
        Content::Labels(labels) => labels::in_short(labels),
        Content::Reply(reply) => quoted::in_short(reply),
    }
}
