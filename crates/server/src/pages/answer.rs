//! How do answers, scores and features look on a page?

use crate::app::App;
use console::format;
use console::view::{Answer, ConsentBasis, Contribution, Feature, FeatureGroup, Item, ModelRef, Score};
use decisions::{Outcome, RankedItem, Record, ScoreReason, Testimony, World};
use engine::Live;
use features::{Definition, FeatureState};
use learning::{Evaluation, ModelKind};
use primitives::{Currency, ItemId, ItemKey, ModelVersion, Money};

/// What a decision of a kind asks.
pub(super) fn question(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Recommend => "What will this customer want next?",
        ModelKind::Churn => "Will there be no purchase in the next 30 days?",
    }
}

/// What a model is called.
pub(super) fn title(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Recommend => "Recommendations",
        ModelKind::Churn => "Churn",
    }
}

/// An answer that was given.
pub(super) fn answer(app: &App, record: &Record, latency_ms: Option<f64>) -> Answer {
    let answer = &record.decision.answer;
    Answer {
        id: record.decision.id.to_string(),
        kind: record.question.kind.name().to_owned(),
        items: app.engine.look(|live| items(live, answer, Some(&record.testimony))),
        score: score(app, answer),
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
        held_out: false,
        latency_ms,
    }
}

/// The items of an answer under the names they had when it was given; those of today where it is given now.
pub(super) fn items(live: &Live, answer: &decisions::Answer, then: Option<&Testimony>) -> Vec<Item> {
    let Outcome::Items(items) = &answer.outcome else { return Vec::new() };
    items.iter().map(|ranked| item(live, ranked, then)).collect()
}

fn item(live: &Live, ranked: &RankedItem, then: Option<&Testimony>) -> Item {
    let known = live.items.get(ItemKey::from(&ranked.id));
    let title_today = || known.and_then(|item| item.name.as_ref()).map(|name| name.value.clone());
    let title_then = then.map(|then| title_then(then, &ranked.id));
    Item {
        id: ranked.id.to_string(),
        title: title_then.map_or_else(title_today, |title| Some(title).filter(|title| title != ranked.id.as_str())),
        category: known.and_then(|item| item.category.as_ref()).map(|category| category.value.clone()),
        score: ranked.score,
        reason: ranked.reason.clone(),
    }
}

/// What an item was called when a decision was made: its id, where it had no name.
fn title_then(then: &Testimony, id: &ItemId) -> String {
    then.facts(ItemKey::from(id)).map_or_else(|| id.to_string(), |facts| facts.title)
}

/// The score of an answer, with the share of all customers to compare it with.
pub(super) fn score(app: &App, answer: &decisions::Answer) -> Option<Score> {
    let Outcome::Score { score: Some(score), reasons } = &answer.outcome else { return None };
    let version = answer.model.as_ref().map(|model| &model.version);
    Some(Score {
        title: title(ModelKind::Churn).to_owned(),
        question: question(ModelKind::Churn).to_owned(),
        probability: score.get(),
        base_rate: version.and_then(|version| base_rate(app, version)),
        is_average: answer.fallback.is_some(),
        contributions: reasons.iter().map(contribution).collect(),
    })
}

fn contribution(reason: &ScoreReason) -> Contribution {
    Contribution {
        feature: reason.feature.clone(),
        // The number at its end stands in a column of its own.
        text: match reason.text.rsplit_once(" (") {
            Some((text, end)) if end.strip_suffix(')').is_some_and(|n| n.parse::<f64>().is_ok()) => text.to_owned(),
            _ => reason.text.clone(),
        },
        contribution: reason.contribution,
    }
}

/// The share of all customers who stayed away when a version was judged.
fn base_rate(app: &App, version: &ModelVersion) -> Option<f64> {
    let versions = app.engine.registry().versions(ModelKind::Churn).ok()?;
    let found = versions.into_iter().find(|known| known.version == *version)?;
    match found.header.evaluation {
        Evaluation::Churn(evaluation) => Some(evaluation.base_rate),
        Evaluation::Recommend(_) => None,
    }
}

/// Features under their headings; those that are not known have no value.
pub(super) fn feature_groups<'a>(
    features: impl Iterator<Item = (&'a Definition, Option<f64>)>,
    currency: Option<Currency>,
) -> Vec<FeatureGroup> {
    let mut groups: Vec<FeatureGroup> = Vec::new();
    for (definition, value) in features {
        let unit = match definition.unit {
            "currency" => currency.as_ref().map_or("", Currency::code),
            unit => unit,
        };
        let feature = Feature {
            name: definition.name.clone(),
            meaning: definition.meaning.clone(),
            value: value.filter(|value| !value.is_nan()).map(|value| rounded(definition.unit, value)),
            unit: unit.to_owned(),
        };
        match groups.iter_mut().find(|group| group.title == definition.group) {
            Some(group) => group.features.push(feature),
            None => groups.push(FeatureGroup { title: definition.group.to_owned(), features: vec![feature] }),
        }
    }
    groups
}

/// Days to the thousandth, which is a minute and a half: nobody reads further.
fn rounded(unit: &str, value: f64) -> f64 {
    if unit == "days" { (value * 1_000.0).round() / 1_000.0 } else { value }
}

/// What a customer spent, less refunds, and whether older orders are no longer remembered one by one.
pub(super) fn spent(state: &FeatureState) -> Option<(Money, bool)> {
    let currency = currency(state)?;
    let orders = state.orders().iter().filter(|order| order.currency == Some(currency));
    let minor = orders.fold(0_i64, |sum, order| sum.saturating_add(order.minor));
    let n_kept = state.orders().iter().filter(|order| !order.is_refund).count() as u64;
    Some((Money { minor, currency }, n_kept < state.n_orders()))
}

/// The currency of a customer's newest order.
pub(super) fn currency(state: &FeatureState) -> Option<Currency> {
    state.orders().iter().rev().find_map(|order| order.currency)
}

/// An answer in a few words.
pub(super) fn in_short(record: &Record) -> String {
    let answer = &record.decision.answer;
    match &answer.outcome {
        Outcome::Items(items) => match items.first() {
            None => "no item".to_owned(),
            Some(first) => {
                let n = format::counted(items.len() as u64, "item", "items");
                format!("{n}, first {}", title_then(&record.testimony, &first.id))
            }
        },
        Outcome::Score { score: None, .. } => "no score".to_owned(),
        Outcome::Score { score: Some(score), .. } if answer.fallback.is_some() => {
            format!("{}, the average", format::percent(score.get()))
        }
        Outcome::Score { score: Some(score), .. } => {
            let band = console::view::Band::of(score.get()).word().to_lowercase();
            format!("{}, {band} risk", format::percent(score.get()))
        }
    }
}
