//! What did the records of versions 1 and 2 say? They held every feature of the one catalogue that there was.

use super::{Disclosed, Inputs, Read, UNDECLARED_VERSION};
use crate::digest::digest;
use crate::{Bought, Decision, KindName, Question, Testimony};
use governance::ConsentAnswer;
use learning::TaskName;
use primitives::{CustomerId, ModelVersion, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The features of the catalogue that there was, in its order, and what it was recognised by.
const SCHEMA: &str = "0f0424e29d3efc1f";
const FEATURES: [&str; 50] = [
    "recency_days",
    "tenure_days",
    "known_days",
    "last_seen_days",
    "gap_mean_days",
    "gap_sd_days",
    "gap_max_days",
    "lateness_ratio",
    "recency_tenure_ratio",
    "orders_1d",
    "revenue_1d",
    "units_1d",
    "events_1d",
    "orders_7d",
    "revenue_7d",
    "units_7d",
    "events_7d",
    "orders_30d",
    "revenue_30d",
    "units_30d",
    "events_30d",
    "orders_90d",
    "revenue_90d",
    "units_90d",
    "events_90d",
    "orders_365d",
    "revenue_365d",
    "units_365d",
    "events_365d",
    "orders_all",
    "refunds_all",
    "lines_mean",
    "order_value_mean",
    "order_value_last",
    "orders_trend_30d",
    "revenue_trend_30d",
    "gap_last_ratio",
    "orders_per_30d",
    "n_categories",
    "n_items",
    "category_top_share",
    "item_top_share",
    "category_entropy",
    "repeat_share",
    "views_7d",
    "carts_7d",
    "weekend_share",
    "weekday_top_share",
    "evening_share",
    "night_share",
];

#[derive(Deserialize)]
pub(super) struct Record {
    question: OldQuestion,
    known: OldKnown,
    testimony: Testimony,
    decision: Decision,
    #[serde(default)]
    response: String,
    #[serde(default)]
    sent: String,
}

#[derive(Deserialize)]
struct OldQuestion {
    kind: KindName,
    customer: CustomerId,
    as_of: Timestamp,
    n: i64,
    context: events::Fields,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum OldKnown {
    Known {
        consent: ConsentAnswer,
        #[serde(default)]
        schema: String,
        features: Vec<Option<f64>>,
        bought: Vec<Bought>,
    },
    Forgotten(ConsentAnswer),
    Withheld(ConsentAnswer),
    Unknown(ConsentAnswer),
}

impl Record {
    /// The record as version 3 would have written it.
    pub(super) fn into_record(self) -> super::Record {
        let Self { question, known, testimony, decision, response, sent } = self;
        let is_shown = question.kind.as_str() == "recommend";
        let model = decision.answer.model.as_ref();
        let known = match known {
            OldKnown::Known { consent, schema, features, bought } => {
                let asked = model.filter(|_| !is_shown).map(|model| (model.name.as_str().into(), &model.version));
                Disclosed::Known { consent, read: read(asked, &schema, features, bought) }
            }
            OldKnown::Forgotten(consent) => Disclosed::Forgotten(consent),
            OldKnown::Withheld(consent) => Disclosed::Withheld(consent),
            OldKnown::Unknown(consent) => Disclosed::Unknown(consent),
        };
        let parameters = if is_shown { BTreeMap::from([("n".to_owned(), question.n.into())]) } else { BTreeMap::new() };
        super::Record {
            v: UNDECLARED_VERSION,
            question: Question {
                kind: question.kind,
                customer: question.customer,
                as_of: question.as_of,
                parameters,
                context: question.context,
                arm: None,
            },
            known,
            testimony,
            declaration: None,
            unusable: BTreeMap::new(),
            sent: if sent.is_empty() && !response.is_empty() { digest(&response) } else { sent },
            effects: None,
            decision,
            would: None,
            drafted: None,
            exposures: Vec::new(),
            response,
        }
    }
}

/// What was known, as the model that was asked looked at it: its features were the catalogue's, in that order.
fn read(
    asked: Option<(TaskName, &ModelVersion)>,
    schema: &str,
    features: Vec<Option<f64>>,
    bought: Vec<Bought>,
) -> Read {
    // The first programs did not say which catalogue it was: there was one.
    let is_known = (schema == SCHEMA || schema.is_empty()) && features.len() == FEATURES.len();
    let name = |place: usize| match FEATURES.get(place).filter(|_| is_known) {
        Some(name) => (*name).to_owned(),
        None => format!("feature_{place}"),
    };
    let named = features.iter().enumerate().map(|(place, value)| (name(place), *value)).collect();
    let inputs = asked.map(|(task, version)| (task, Inputs { version: version.clone(), values: features }));
    Read { inputs: inputs.into_iter().collect(), features: named, bought, ..Read::default() }
}
