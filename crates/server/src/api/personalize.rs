//! How do programs speak to us that speak Amazon Personalize's runtime and events? Unmodified: `docs/personalize.md` says what
//! becomes of each call.

mod acted;
mod told;

use super::answered::{Ranked, Wish, items_for, offered};
use super::auth::counted;
use super::extract::SmallBody;
use crate::app::App;
use crate::failure::ApiError;
use crate::keys::Holder;
use crate::limits::Asking;
use crate::peer::Peer;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use features::Item;
use governance::Action;
use primitives::{ItemId, ItemKey, UserId, plain_words};
use profiles::Identifier;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many are answered where nobody says, and how many may be asked for.
const N_DEFAULT: usize = 25;
const N_MAX: usize = 500;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/recommendations", post(recommendations))
        .route("/personalize-ranking", post(ranking))
        .route("/action-recommendations", post(acted::recommendations))
        .route("/events", post(told::events))
        .route("/items", post(told::items))
        .route("/users", post(told::users))
        .route("/actions", post(acted::actions))
        .route("/action-interactions", post(acted::interactions))
}

/// Why a call failed, as Amazon's services say it.
pub(super) struct Fault {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl Fault {
    fn invalid(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind: "InvalidInputException", message: message.into() }
    }

    fn missing(message: impl Into<String>) -> Self {
        Self { kind: "ResourceNotFoundException", ..Self::invalid(message) }
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        let message = error.message().to_owned();
        match error.status() {
            StatusCode::UNAUTHORIZED => Self {
                status: StatusCode::FORBIDDEN,
                kind: "UnrecognizedClientException",
                message: format!(
                    "{message}; the access key id is a key of this server, and the secret may be anything"
                ),
            },
            StatusCode::FORBIDDEN => Self { status: StatusCode::FORBIDDEN, kind: "AccessDeniedException", message },
            StatusCode::NOT_FOUND => Self::missing(message),
            StatusCode::TOO_MANY_REQUESTS => {
                Self { status: StatusCode::TOO_MANY_REQUESTS, kind: "ThrottlingException", message }
            }
            status if status.is_server_error() => Self { status, kind: "InternalServerException", message },
            _ => Self::invalid(message),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let kind = (HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(self.kind));
        let body = json!({ "__type": self.kind, "message": self.message });
        (self.status, [kind], Json(body)).into_response()
    }
}

macro_rules! caller {
    ($(#[doc = $doc:literal])+ $name:ident, $action:expr, $asking:expr) => {
        $(#[doc = $doc])+
        pub(super) struct $name {
            holder: Holder,
            peer: Peer,
        }

        impl FromRequestParts<Arc<App>> for $name {
            type Rejection = Fault;
            async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Fault> {
                let (holder, peer) = counted(parts, app, $action, $asking).await?;
                Ok(Self { holder, peer })
            }
        }
    };
}

caller!(
    /// Whoever may ask what to show.
    Asker,
    Action::Decide,
    Asking::Decision
);
caller!(
    /// Whoever may tell what happened.
    Teller,
    Action::Ingest,
    Asking::Events
);

/// A question for recommendations. What only Amazon's training knows (`context`, `promotions`) is read over.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wanted {
    campaign_arn: Option<String>,
    recommender_arn: Option<String>,
    item_id: Option<String>,
    user_id: Option<String>,
    num_results: Option<usize>,
    filter_arn: Option<String>,
    filter_values: BTreeMap<String, String>,
    metadata_columns: BTreeMap<String, Vec<String>>,
}

async fn recommendations(
    asker: Asker,
    State(app): State<Arc<App>>,
    SmallBody(body): SmallBody,
) -> Result<Json<Value>, Fault> {
    drop((asker.holder, asker.peer));
    let wanted: Wanted = read(&body)?;
    if wanted.campaign_arn.is_none() && wanted.recommender_arn.is_none() {
        return Err(Fault::invalid("give campaignArn or recommenderArn: any name, since one recommender answers all"));
    }
    let n = wanted.num_results.unwrap_or(N_DEFAULT);
    if n > N_MAX {
        return Err(Fault::invalid(format!("numResults is {n}: ask for at most {N_MAX}")));
    }
    let filter = filter(wanted.filter_arn.as_deref(), &wanted.filter_values)?;
    let columns: Vec<String> =
        wanted.metadata_columns.into_iter().find(|(of, _)| of == "ITEMS").map_or_else(Vec::new, |(_, all)| all);
    let answer = match (wanted.user_id, wanted.item_id) {
        (Some(user), item) => app.run(move |app| {
            let (id, ranked) = items_for(app, vec![named(&user)], Wish { n, offset: 0, filter, item })?;
            Ok((id, listed(app, ranked, &columns)))
        }),
        (None, Some(item)) => {
            let (id, listed) =
                app.run(move |app| Ok((String::new(), listed(app, near(app, &item, n), &columns)))).await?;
            return Ok(Json(json!({ "itemList": listed, "recommendationId": id })));
        }
        (None, None) => return Err(Fault::invalid("give userId, or itemId for what goes with an item")),
    };
    let (id, listed) = answer.await?;
    Ok(Json(json!({ "itemList": listed, "recommendationId": id })))
}

fn named(user: &str) -> Identifier {
    Identifier::User(UserId::from(user))
}

/// What goes with an item, of what can be had.
fn near(app: &App, item: &str, n: usize) -> Vec<Ranked> {
    let similar = app.engine.bought_with(ItemKey::from(&ItemId::from(item)), N_MAX).unwrap_or_default();
    offered(app, &similar, |_| true, 0..n)
}

/// Which items are wanted: `filterValues` as `"\"Tea\",\"Coffee\""`, by the names of traits. The filter itself is Amazon's, and is
/// not known here.
fn filter(arn: Option<&str>, values: &BTreeMap<String, String>) -> Result<Map<String, Value>, Fault> {
    if let (Some(arn), true) = (arn, values.is_empty()) {
        let message = format!(
            "the filter {arn:?} is not known: give filterValues by the names of traits, such as {{\"category\": \
             \"\\\"Tea\\\"\"}}; what cannot be had is never answered"
        );
        return Err(Fault::missing(message));
    }
    let one = |(name, text): (&String, &String)| {
        let listed: Option<Vec<Value>> = serde_json::from_str(&format!("[{text}]")).ok();
        let is_value = |one: &Value| one.is_string() || one.is_number() || one.is_boolean();
        let mut listed = listed.filter(|listed| listed.iter().all(is_value)).ok_or_else(|| {
            Fault::invalid(format!(
                "filterValues.{name} is {text:?}: write texts in quotes, such as \"\\\"Tea\\\",\\\"Coffee\\\"\""
            ))
        })?;
        // All values are texts there: yes and no, and numbers, are meant by what they say.
        let said = listed.iter().filter_map(|one| serde_json::from_str(&one.as_str()?.to_ascii_lowercase()).ok());
        let meant: Vec<Value> = said.filter(|said: &Value| said.is_boolean() || said.is_number()).collect();
        listed.extend(meant);
        Ok((name.to_ascii_lowercase(), listed.into()))
    };
    values.iter().map(one).collect()
}

/// Items as they are answered, with what was asked of each.
fn listed(app: &App, ranked: Vec<Ranked>, columns: &[String]) -> Vec<Value> {
    app.engine.look(|live| {
        let one = |Ranked { id, score }: Ranked| {
            let mut told = json!({ "itemId": id, "score": score });
            if let Some(item) =
                live.items.get(ItemKey::from(&ItemId::from(id.as_str()))).filter(|_| !columns.is_empty())
            {
                let metadata =
                    columns.iter().filter_map(|column| Some((column.clone(), column_of(item, column)?.into())));
                told["metadata"] = Value::Object(metadata.collect());
            }
            told
        };
        ranked.into_iter().map(one).collect()
    })
}

/// Metadata are texts.
fn column_of(item: &Item, column: &str) -> Option<String> {
    let column = column.to_ascii_lowercase();
    match column.as_str() {
        "name" => Some(item.title().to_owned()),
        "category" => item.category.as_ref().map(|category| category.value.clone()),
        "price" => item.price.as_ref().map(|price| price.value.to_major().to_string()),
        _ => match item.said(&column)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        },
    }
}

/// Items to be put in order for a user.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ToRank {
    campaign_arn: Option<String>,
    input_list: Vec<String>,
    user_id: Option<String>,
    metadata_columns: BTreeMap<String, Vec<String>>,
}

/// What is wanted first, and of what nothing is known the rest in the order in which it was given.
async fn ranking(asker: Asker, State(app): State<Arc<App>>, SmallBody(body): SmallBody) -> Result<Json<Value>, Fault> {
    drop((asker.holder, asker.peer));
    let ToRank { campaign_arn, input_list, user_id, metadata_columns } = read(&body)?;
    let (Some(_), Some(user)) = (campaign_arn, user_id) else {
        return Err(Fault::invalid("give campaignArn, which may be any name, and userId"));
    };
    if input_list.is_empty() || input_list.len() > N_MAX {
        return Err(Fault::invalid(format!("inputList holds {} items: give 1 to {N_MAX}", input_list.len())));
    }
    let columns = metadata_columns.into_iter().find(|(of, _)| of == "ITEMS").map_or_else(Vec::new, |(_, all)| all);
    let answer = app.run(move |app| {
        let filter = Map::from_iter([("id".to_owned(), input_list.clone().into())]);
        let wish = Wish { n: input_list.len(), filter, ..Wish::default() };
        let (id, mut ranked) = items_for(app, vec![named(&user)], wish)?;
        for item in input_list {
            if ranked.iter().all(|known| known.id != item) {
                ranked.push(Ranked { id: item, score: 0.0 });
            }
        }
        Ok((id, listed(app, ranked, &columns)))
    });
    let (id, listed) = answer.await?;
    Ok(Json(json!({ "personalizedRanking": listed, "recommendationId": id })))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body)
        .map_err(|error| Fault::invalid(format!("the body cannot be read: {}", plain_words(&error))))
}
