//! Which customers get which offer, so that one budget earns most?

use super::auth::MayTell;
use super::extract::SmallBody;
use crate::allocations::AMOUNT_MAX;
use crate::app::App;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use decisions::CHANNELS;
use engine::{Allocated, Allocating, Without};
use primitives::{nearest, plain_words, visible};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long a request waits for it.
const WAIT: Duration = Duration::from_secs(20);

/// What is to be allocated.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AllocateBody {
    /// The names of the only offers that are meant; all without it.
    #[serde(default)]
    #[schema(example = json!(["stay"]))]
    pub offers: Vec<String>,
    /// For whom, as in lists; everybody without it.
    #[serde(default)]
    #[schema(example = "churn >= 0.5")]
    pub filter: String,
    /// How much may be spent, in the default currency.
    #[schema(example = 500.0)]
    pub budget: f64,
    /// Over which channel it will be offered; everywhere counts without it.
    #[serde(default)]
    pub channel: Option<String>,
    /// What is said of the place, such as {"value": 60}: a discount is of that.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub context: events::Fields,
    /// Whether each is logged as a decision: then it counts as a contact and is learned from.
    #[serde(default)]
    pub log: bool,
}

/// Who gets what.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AllocateReply {
    /// Who gets an offer.
    pub chosen: Vec<AllottedReply>,
    /// What all of it is expected to cost.
    pub spent: f64,
    /// What all of it is worth, net of that.
    pub worth: f64,
    /// What one more unit of the budget would be worth: 0 where some of it is left over because nothing else is worth its cost; null where
    /// all of it was given before, and only the log still says what.
    pub shadow_price: Option<f64>,
    /// What is left of the budget.
    pub left: f64,
    /// How many customers were meant.
    pub customers: u64,
    /// Why the others get none: with those who get an offer they are all.
    pub without: WithoutReply,
}

/// How many customers get no offer, by why.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WithoutReply {
    /// None may be given to them, or none that may is worth more than it costs.
    pub nothing: u64,
    /// The budget is spent on those who bring more for it.
    pub budget: u64,
    /// The budget that the offer has of its own is.
    pub own_budget: u64,
    /// They are held out and might have had one, or may not have it any more since it was chosen.
    pub held_out: u64,
}

/// That it is being allocated.
#[derive(Debug, Serialize, ToSchema)]
struct AllocatingReply {
    /// Always `allocating`.
    #[schema(example = "allocating")]
    state: &'static str,
    /// What to do, in a sentence.
    says: &'static str,
}

/// An offer for a customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AllottedReply {
    /// The customer.
    pub customer_id: String,
    /// Which offer.
    pub offer: String,
    /// What it is worth, net of what it costs.
    pub worth: f64,
    /// What it is expected to cost.
    pub cost: f64,
    /// The decision, where it was logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_id: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(allocate))
}

/// Spend a budget on the offers that are worth most
///
/// Each customer gets at most one, by the same rules and the same worth as when `offer` is asked about each. Whoever is held out gets
/// none, and neither this budget nor those that offers have of their own are exceeded. At most 100000 customers. With `log`, the same asked
/// again within six hours, however it is written, is the same campaign: what was found is answered again, and nothing is given twice.
#[utoipa::path(
    post, path = "/v1/offers/allocate", tag = "decisions", request_body = AllocateBody,
    responses(
        (status = 200, description = "Who gets what", body = AllocateReply),
        (status = 202, description = "It takes longer: ask the same again in a while to get what was found", body = AllocatingReply),
        (status = 400, description = "Something it says cannot be", body = crate::failure::ErrorBody),
        (status = 403, description = "A write key may not ask it", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn allocate(
    MayTell(_): MayTell,
    State(app): State<Arc<App>>,
    SmallBody(body): SmallBody,
) -> Result<Response, ApiError> {
    let body: AllocateBody = serde_json::from_slice(&body).map_err(|error| {
        let fault = plain_words(&error);
        ApiError::invalid(format!(
            "the body cannot be read: {fault}; send {{\"budget\": 500, \"filter\": \"churn >= 0.5\"}}"
        ))
    })?;
    let key = same(&body);
    let AllocateBody { offers, filter, budget, channel, context, log } = body;
    if !(0.0..=AMOUNT_MAX).contains(&budget) {
        return Err(ApiError::invalid(format!("budget is {budget}: give 0 to {AMOUNT_MAX}")));
    }
    if let Some(channel) = channel.as_deref().filter(|channel| !CHANNELS.contains(channel)) {
        let remedy = match nearest(channel, CHANNELS) {
            Some(name) => format!("did you mean \"{name}\"?"),
            None => format!("write one of {}", CHANNELS.join(", ")),
        };
        return Err(ApiError::invalid(format!("there is no channel \"{}\": {remedy}", visible(channel))));
    }
    let asked = Allocating { offers, filter, budget, channel, context, log, key };
    let found = app.run(move |app| app.allocations.ask(&app.engine, asked, WAIT)).await?;
    Ok(found.map_or_else(allocating, |found| Json(AllocateReply::from(found.as_ref())).into_response()))
}

/// What is asked, however it was written: with other spaces, in another order, with 30 or 30.0 it is the same campaign.
fn same(body: &AllocateBody) -> String {
    fn plain(value: Value) -> Value {
        match value {
            Value::Number(number) => number.as_f64().map_or(Value::Number(number), Value::from),
            Value::Array(all) => all.into_iter().map(plain).collect(),
            Value::Object(all) => all.into_iter().map(|(key, value)| (key, plain(value))).collect(),
            other => other,
        }
    }
    serde_json::to_value(body).map(plain).unwrap_or_default().to_string()
}

fn allocating() -> Response {
    let says = "The budget is being allocated: ask the same again in a while to get what was found.";
    let body = AllocatingReply { state: "allocating", says };
    (StatusCode::ACCEPTED, [(header::RETRY_AFTER, "5")], Json(body)).into_response()
}

impl From<&Allocated> for AllocateReply {
    fn from(found: &Allocated) -> Self {
        let Allocated { chosen, spent, worth, shadow_price, left, n_customers, without } = found;
        let Without { nothing, budget, own_budget, held_out } = *without;
        let chosen = chosen.iter().map(|one| AllottedReply {
            customer_id: one.customer.to_string(),
            offer: one.offer.clone(),
            worth: one.worth,
            cost: one.cost,
            decision_id: one.decision.clone(),
        });
        Self {
            chosen: chosen.collect(),
            spent: *spent,
            worth: *worth,
            shadow_price: *shadow_price,
            left: *left,
            customers: *n_customers,
            without: WithoutReply { nothing, budget, own_budget, held_out },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_is_the_same_however_it_is_written() {
        let of = |body: &str| same(&serde_json::from_str(body).unwrap());
        let first =
            of(r#"{"budget": 30, "filter": "churn >= 0.5", "context": {"value": 1, "place": "a"}, "log": true}"#);
        let again = of(r#"{"log":true,"context":{"place":"a","value":1.0},"filter":"churn >= 0.5","budget":30.0}"#);
        assert_eq!(first, again);
        for other in [
            r#"{"budget": 31, "filter": "churn >= 0.5", "context": {"value": 1, "place": "a"}, "log": true}"#,
            r#"{"budget": 30, "filter": "churn >= 0.6", "context": {"value": 1, "place": "a"}, "log": true}"#,
            r#"{"budget": 30, "filter": "churn >= 0.5", "context": {"value": 2, "place": "a"}, "log": true}"#,
        ] {
            assert_ne!(of(other), first, "{other}");
        }
    }
}
