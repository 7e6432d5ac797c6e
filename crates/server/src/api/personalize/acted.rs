//! What is to be done for a user, what came of it, and what can be done at all? As Amazon's clients ask for actions and tell of them.

use super::told::{few, json_in, moment, take};
use super::{Asker, Fault, Teller, named, read};
use crate::api::answered::message_id;
use crate::api::auth::MayDeclare;
use crate::api::extract::SmallBody;
use crate::app::App;
use crate::error::ServerError;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use decisions::{Action, Content, ContentShape, Kind};
use engine::{Asked, By, DeclaredIn, Declaring};
use events::Fields;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many actions are answered where nobody says, and at most; more may be asked for.
const N_DEFAULT: u64 = 5;
const N_MOST: u64 = 20;
const N_MAX: u64 = 100;
/// What an action is worth of which nobody says it: as with Amazon.
const WORTH: f64 = 1.0;
/// The list on which they are saved.
const ACTIONS: &str = "actions";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wanted {
    campaign_arn: Option<String>,
    user_id: Option<String>,
    num_results: Option<u64>,
    filter_arn: Option<String>,
    filter_values: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Interactions {
    tracking_id: String,
    action_interactions: Vec<Interaction>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Interaction {
    action_id: String,
    user_id: Option<String>,
    session_id: String,
    timestamp: Value,
    event_type: String,
    event_id: Option<String>,
    recommendation_id: Option<String>,
    #[serde(default)]
    impression: Vec<String>,
    /// JSON in a text.
    properties: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Put {
    actions: Vec<ActionPut>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActionPut {
    action_id: String,
    properties: Option<String>,
}

/// What to do for a user: a decision like any other, whose name is the id of the recommendation.
pub(super) async fn recommendations(
    asker: Asker,
    State(app): State<Arc<App>>,
    SmallBody(body): SmallBody,
) -> Result<Json<Value>, Fault> {
    drop((asker.holder, asker.peer));
    let wanted: Wanted = read(&body)?;
    let (Some(_), Some(user)) = (&wanted.campaign_arn, &wanted.user_id) else {
        return Err(Fault::invalid("give campaignArn, which may be any name, and userId"));
    };
    let n = wanted.num_results.unwrap_or(N_DEFAULT);
    if !(1..=N_MAX).contains(&n) {
        return Err(Fault::invalid(format!("numResults is {n}: ask for 1 to {N_MAX}")));
    }
    if wanted.filter_arn.is_some() || !wanted.filter_values.is_empty() {
        let message = "filters of actions are not known here: say who may have an action with `eligible` and `suitable` \
                       where it is declared";
        return Err(Fault::missing(message));
    }
    let names = vec![named(user)];
    let answer = app.run(move |app| {
        let kind = chooser(app).ok_or_else(no_actions)?.about().name.clone();
        let parameters = BTreeMap::from([("n".to_owned(), Value::from(n.min(N_MOST)))]);
        let record = app.engine.decide(Asked { kind: kind.clone(), names, parameters, context: Fields::new() })?;
        let in_force = app.engine.capabilities().kinds.in_force(kind.as_str())?;
        let idle = in_force.kind().actions().into_iter().filter(|action| action.nothing);
        let idle: BTreeSet<String> = idle.map(|action| action.name.clone()).collect();
        Ok::<_, ServerError>((record.decision.id.to_string(), record.decision.answer.content, idle))
    });
    let (id, content, idle) = answer.await?;
    let Content::Actions(actions) = content else { return Err(ApiError::from(no_actions()).into()) };
    let one = |action: &decisions::ChosenAction| {
        // What Amazon calls a score is how likely it is taken. Whoever orders by it must not find nothing before all else.
        let likely = action.factors.map_or(1.0, |factors| factors.propensity.clamp(0.0, 1.0));
        let score = if idle.contains(&action.id) { 0.0 } else { likely };
        json!({ "actionId": action.id, "score": score })
    };
    let listed: Vec<Value> = actions.chosen.iter().map(one).collect();
    Ok(Json(json!({ "actionList": listed, "recommendationId": id })))
}

/// The first kind that chooses among actions that were declared.
fn chooser(app: &App) -> Option<&dyn Kind> {
    let is_one = |kind: &&dyn Kind| kind.about().shape == ContentShape::Actions && !kind.is_of_occasions();
    app.engine.capabilities().kinds.iter().find(is_one)
}

fn no_actions() -> ServerError {
    let message = "no kind of decision chooses among actions: write [[actions]] in the settings".to_owned();
    ServerError::Other { kind: primitives::ErrorKind::NotFound, message }
}

/// What became of what was recommended: told of the decision that it names, or as an event of its own where it names none.
pub(super) async fn interactions(
    teller: Teller,
    State(app): State<Arc<App>>,
    SmallBody(body): SmallBody,
) -> Result<StatusCode, Fault> {
    let sent: Interactions = read(&body)?;
    let told = few(&sent.action_interactions)?.iter().map(|told| event_of(&sent.tracking_id, told));
    take(app, teller, told.collect::<Result<Vec<_>, _>>()?).await
}

fn event_of(tracker: &str, told: &Interaction) -> Result<Value, Fault> {
    let (step, alone) = match told.event_type.trim().to_ascii_lowercase().replace(['_', ' '], "").as_str() {
        "taken" => ("Decision Converted", "Action Taken"),
        "nottaken" => ("Decision Dismissed", "Action Not Taken"),
        "viewed" => ("Decision Shown", "Action Viewed"),
        _ => {
            let message = format!("eventType is {:?}: write Viewed, Taken or Not Taken", told.event_type);
            return Err(Fault::invalid(message));
        }
    };
    let mut properties = json_in(told.properties.as_deref())?;
    properties.insert("action".to_owned(), told.action_id.as_str().into());
    if !told.impression.is_empty() {
        properties.insert("impression".to_owned(), told.impression.clone().into());
    }
    let decision = told.recommendation_id.as_deref().filter(|decision| !decision.is_empty());
    properties.extend(decision.map(|decision| ("decision_id".to_owned(), decision.into())));
    let name = if decision.is_some() { step } else { alone };
    let mut event = Map::from_iter([
        ("type".to_owned(), Value::from("track")),
        ("event".to_owned(), name.into()),
        ("anonymousId".to_owned(), told.session_id.as_str().into()),
        ("timestamp".to_owned(), moment(told.timestamp.clone())),
        ("properties".to_owned(), properties.into()),
    ]);
    event.extend(told.user_id.as_deref().map(|user| ("userId".to_owned(), user.into())));
    let same = |id: &str| format!("{tracker}\n{}\n{id}\n{name}", told.session_id);
    let id = told.event_id.as_deref().map(|id| message_id("personalize-action", &same(id)));
    event.extend(id.map(|id| ("messageId".to_owned(), id.into())));
    Ok(event.into())
}

/// What can be done, as Amazon's schema describes it.
pub(super) async fn actions(
    Declarer(by): Declarer,
    State(app): State<Arc<App>>,
    SmallBody(body): SmallBody,
) -> Result<StatusCode, Fault> {
    let sent: Put = read(&body)?;
    let tables = few(&sent.actions)?.iter().map(table_of).collect::<Result<Vec<_>, _>>()?;
    app.run(move |app| tables.iter().try_for_each(|table| declare(app, table, &by))).await?;
    Ok(StatusCode::OK)
}

/// Whoever may declare.
pub(super) struct Declarer(By);

impl FromRequestParts<Arc<App>> for Declarer {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Fault> {
        let MayDeclare(by) = MayDeclare::from_request_parts(parts, app).await?;
        Ok(Self(by))
    }
}

/// The table of an action, as it is declared here. What Amazon's schema has a place for and a declaration does not is a feature of it.
fn table_of(put: &ActionPut) -> Result<Map<String, Value>, Fault> {
    let mut table = Map::from_iter([("name".to_owned(), Value::from(put.action_id.as_str()))]);
    let mut features = Map::new();
    for (name, value) in json_in(put.properties.as_deref())? {
        match name.to_ascii_lowercase().replace('_', "").as_str() {
            "value" => {
                let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
                table.insert("value".to_owned(), number.map_or(value, Value::from));
            }
            "actionexpirationtimestamp" => drop(table.insert("until".to_owned(), moment(value))),
            _ => drop(features.insert(name.to_ascii_lowercase(), value)),
        }
    }
    table.entry("value").or_insert_with(|| WORTH.into());
    table.insert("features".to_owned(), features.into());
    Action::from_table(&table).map_err(|mistake| Fault::invalid(mistake.to_string()))?;
    Ok(table)
}

/// Saves an action as `/v1/actions` does. What was saved is changed, and what the settings declare is changed there and nowhere else.
fn declare(app: &App, table: &Map<String, Value>, by: &By) -> Result<(), ServerError> {
    let name = table.get("name").and_then(Value::as_str).unwrap_or_default();
    let wanted = match app.engine.declared_as(ACTIONS, name).map(|known| known.source) {
        Ok(DeclaredIn::Settings) => return Ok(()),
        Ok(DeclaredIn::Saved) => Declaring::Changed { name, table, seen: None },
        Err(_) => Declaring::New(table),
    };
    app.declare(ACTIONS, wanted, by)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_of_amazons_schema_is_one_of_ours() {
        let put = |id: &str, properties: Value| {
            let table = table_of(&ActionPut { action_id: id.to_owned(), properties: Some(properties.to_string()) })?;
            Action::from_table(&table).map_err(|mistake| Fault::invalid(mistake.to_string()))
        };
        let read = put(
            "join",
            json!({"VALUE": "7", "actionExpirationTimestamp": 1_893_456_000, "CATEGORY": "a|b", "repeatFrequency": 7}),
        );
        let action = read.ok().unwrap();
        assert_eq!((action.name.as_str(), action.value), ("join", 7.0));
        assert_eq!(action.until.unwrap().to_string(), "2030-01-01T00:00:00.000Z");
        assert_eq!(Value::from(action.features), json!({"category": "a|b", "repeatfrequency": 7}));
        assert!((put("plain", json!({})).ok().unwrap().value - 1.0).abs() < 1e-12);
        for (id, properties) in
            [("Not a name", json!({})), ("a", json!({"value": "much"})), ("a", json!({"value": -1}))]
        {
            assert!(put(id, properties.clone()).is_err(), "{id} {properties}");
        }
    }
}
