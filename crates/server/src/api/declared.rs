//! How do services change what is declared while the server runs: actions, offers, experiments, flags?
//!
//! Each list has the same paths; a new one is one line of [`lists!`](self).

use super::auth::{MayDeclare, MayRead};
use super::extract::{Path, SmallBody};
use crate::app::App;
use crate::error::ServerError;
use crate::failure::{ApiError, ErrorBody};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use decisions::Playbook;
use engine::{DeclaredIn, Declaring, KnownTable};
use primitives::{Timestamp, plain_words};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// For so long customers are counted at the most.
const COUNTED_FOR: Duration = Duration::from_secs(2);

/// What is on a list: the keys of its table, and what we know of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeclaredReply {
    /// The keys that the table has in the settings.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    table: Map<String, Value>,
    /// `settings` where the settings declare it, and it is changed there; `saved` where it is changed here.
    #[schema(example = "saved")]
    source: &'static str,
    /// When it began, where it is an experiment that has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    began: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    ended: Option<Timestamp>,
    /// Whether something was saved under this name, too, which is not in force as long as the settings declare it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    hides: bool,
}

/// Everything that is on a list, under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeclaredListReply {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    all: BTreeMap<&'static str, Vec<DeclaredReply>>,
}

/// Everything that is declared.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeclarationsReply {
    /// What is on each list, under its name.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    all: BTreeMap<&'static str, Vec<DeclaredReply>>,
    /// What is not in force as it was written, and why: a sentence each.
    told: Vec<String>,
}

/// How many customers may have an action or offer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EligibleReply {
    /// How many, of those whose data may be used for it; null where there was no time to look at all.
    n: Option<u64>,
    /// How many customers were looked at.
    of: u64,
    /// How many were found by then, where there was no time to look at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<u64>,
}

impl From<KnownTable> for DeclaredReply {
    fn from(known: KnownTable) -> Self {
        let (began, ended) = known.ran.map_or((None, None), |(began, ended)| (Some(began), ended));
        let source = match known.source {
            DeclaredIn::Settings => "settings",
            DeclaredIn::Saved => "saved",
        };
        Self { table: known.table, source, began, ended, hides: known.hides }
    }
}

/// One of a list, with what tells it from what it will be.
fn told(known: KnownTable) -> Response {
    let tag = format!("\"{}\"", known.digest());
    ([(header::ETAG, tag)], Json(DeclaredReply::from(known))).into_response()
}

fn table(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        let fault = plain_words(&error);
        ApiError::invalid(format!(
            "the body cannot be read: {fault}; send the keys of the table as JSON: {{\"name\":\"…\"}}"
        ))
    })
}

/// Which state somebody means to change, where they say so.
fn seen(headers: &HeaderMap) -> Option<String> {
    let said = headers.get(header::IF_MATCH)?.to_str().unwrap_or_default().trim();
    let plain = said.trim_start_matches("W/").trim_matches('"');
    (plain != "*").then(|| plain.to_owned())
}

async fn all(app: Arc<App>, list: &'static str) -> Result<Json<DeclaredListReply>, ApiError> {
    let all = app.run(move |app| Ok(app.engine.declared_on(list))).await?;
    Ok(Json(DeclaredListReply { all: [(list, all.into_iter().map(DeclaredReply::from).collect())].into() }))
}

async fn one(app: Arc<App>, list: &'static str, name: String) -> Result<Response, ApiError> {
    Ok(told(app.run(move |app| Ok(app.engine.declared_as(list, &name)?)).await?))
}

async fn create(
    app: Arc<App>,
    MayDeclare(by): MayDeclare,
    list: &'static str,
    body: Vec<u8>,
) -> Result<Response, ApiError> {
    let table = table(&body)?;
    let saved = app.run(move |app| Ok(app.declare(list, Declaring::New(&table), &by)?)).await?;
    Ok((StatusCode::OK, told(saved.ok_or_else(ApiError::internal)?)).into_response())
}

async fn change(
    app: Arc<App>,
    MayDeclare(by): MayDeclare,
    (list, name): (&'static str, String),
    headers: HeaderMap,
    body: Vec<u8>,
) -> Result<Response, ApiError> {
    let (table, seen) = (table(&body)?, seen(&headers));
    let saved = app
        .run(move |app| {
            let wanted = Declaring::Changed { name: &name, table: &table, seen: seen.as_deref() };
            Ok(app.declare(list, wanted, &by)?)
        })
        .await?;
    Ok(told(saved.ok_or_else(ApiError::internal)?))
}

async fn remove(
    app: Arc<App>,
    MayDeclare(by): MayDeclare,
    list: &'static str,
    name: String,
) -> Result<Json<Value>, ApiError> {
    app.run(move |app| Ok(app.declare(list, Declaring::Gone(&name), &by)?)).await?;
    Ok(Json(serde_json::json!({ "success": true })))
}

/// Everything that is declared
///
/// Actions, offers, experiments and flags as they are in force, and what is not in force as it was written.
#[utoipa::path(
    get, path = "/v1/declarations", tag = "declarations",
    responses((status = 200, description = "Everything, list by list", body = DeclarationsReply)),
    security(("bearer" = []), ("basic" = [])),
)]
async fn everything(_: MayRead, State(app): State<Arc<App>>) -> Result<Json<DeclarationsReply>, ApiError> {
    app.run(|app| {
        let of = |list| app.engine.declared_on(list).into_iter().map(DeclaredReply::from).collect();
        let all = Playbook::LISTS.iter().map(|(list, _)| (*list, of(list))).collect();
        Ok(DeclarationsReply { all, told: app.engine.told_of_declared() })
    })
    .await
    .map(Json)
}

async fn eligible(app: Arc<App>, list: &'static str, name: String) -> Result<Json<EligibleReply>, ApiError> {
    let found = app
        .run(move |app| {
            let known = app.engine.declared_as(list, &name)?;
            let condition = known.table.get("eligible").and_then(Value::as_str).unwrap_or_default();
            Ok::<_, ServerError>(app.engine.eligible(condition, COUNTED_FOR)?)
        })
        .await?;
    let n = found.is_complete.then_some(found.n);
    Ok(Json(EligibleReply { n, of: found.of, at_least: n.is_none().then_some(found.n) }))
}

macro_rules! lists {
    ($( $list:ident $(($listed:ident))? $([$counted:ident $of:literal])?, $all:literal, $one:literal, $body:literal; )+) => {
        /// The paths of every list.
        pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
            let router = OpenApiRouter::new().routes(routes!(everything));
            $( let router = router.merge($list::routes()); )+
            router
        }

        $( mod $list {
            use super::*;

            const LIST: &str = stringify!($list);

            pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
                let router = OpenApiRouter::new().routes(routes!(create)).routes(routes!(one, change, remove));
                $( let router = router.routes(routes!($listed)); )?
                $( let router = router.routes(routes!($counted)); )?
                router
            }

            $( #[utoipa::path(
                get, path = $all, tag = "declarations", operation_id = concat!("all_", stringify!($list)),
                summary = concat!("Which ", stringify!($list), " are declared"),
                description = "Those of the settings, and those that were saved, as they are in force.",
                responses((status = 200, description = "All of them, under the name of the list", body = DeclaredListReply)),
                security(("bearer" = []), ("basic" = [])),
            )]
            async fn $listed(_: MayRead, State(app): State<Arc<App>>) -> Result<Json<DeclaredListReply>, ApiError> {
                super::all(app, LIST).await
            } )?

            $( #[utoipa::path(
                get, path = $of, tag = "decisions", operation_id = concat!("eligible_", stringify!($list)),
                summary = concat!("How many customers may have one of the ", stringify!($list)),
                description = "They are counted as things stand, for two seconds at the most. `GET /v1/customers` counts whom any \
                               condition is for.",
                params(("name" = String, Path, description = "Its name")),
                responses(
                    (status = 200, description = "How many", body = EligibleReply),
                    (status = 404, description = "There is none of that name", body = ErrorBody),
                ),
                security(("bearer" = []), ("basic" = [])),
            )]
            async fn $counted(_: MayRead, State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Json<EligibleReply>, ApiError> {
                super::eligible(app, LIST, name).await
            } )?

            #[utoipa::path(
                post, path = $all, tag = "declarations", operation_id = concat!("create_", stringify!($list)),
                summary = concat!("Declare one of the ", stringify!($list)),
                description = "The body holds the keys that its table has in the settings, and is checked with everything that is \
                               declared. It is durable and in force before the answer; what is refused changes nothing.",
                request_body(content = Object, example = json!($body)),
                responses(
                    (status = 200, description = "It is in force", body = DeclaredReply),
                    (status = 400, description = "Something it says cannot be: the message names the key", body = ErrorBody),
                    (status = 409, description = "There is one of that name", body = ErrorBody),
                ),
                security(("bearer" = []), ("basic" = [])),
            )]
            async fn create(by: MayDeclare, State(app): State<Arc<App>>, SmallBody(body): SmallBody) -> Result<Response, ApiError> {
                super::create(app, by, LIST, body).await
            }

            #[utoipa::path(
                get, path = $one, tag = "declarations", operation_id = concat!("one_of_", stringify!($list)),
                summary = concat!("One of the ", stringify!($list)),
                description = "Its ETag can be sent with If-Match to change it only as it is now.",
                params(("name" = String, Path, description = "Its name")),
                responses(
                    (status = 200, description = "As it is in force", body = DeclaredReply),
                    (status = 404, description = "There is none of that name", body = ErrorBody),
                ),
                security(("bearer" = []), ("basic" = [])),
            )]
            async fn one(_: MayRead, State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Response, ApiError> {
                super::one(app, LIST, name).await
            }

            #[utoipa::path(
                put, path = $one, tag = "declarations", operation_id = concat!("change_", stringify!($list)),
                summary = concat!("Change one of the ", stringify!($list)),
                description = "What is left out stays as it is, and null takes a key away. Of two changes at a time both count, and the \
                               later wins where they say the same key; with If-Match the later is refused.",
                params(
                    ("name" = String, Path, description = "Its name"),
                    ("If-Match" = Option<String>, Header, description = "The ETag of what is to be changed"),
                ),
                request_body(content = Object),
                responses(
                    (status = 200, description = "It is in force", body = DeclaredReply),
                    (status = 400, description = "Something it says cannot be: the message names the key", body = ErrorBody),
                    (status = 404, description = "There is none of that name", body = ErrorBody),
                    (status = 409, description = "The settings declare it, it was changed meanwhile, or it has begun", body = ErrorBody),
                ),
                security(("bearer" = []), ("basic" = [])),
            )]
            async fn change(
                by: MayDeclare,
                State(app): State<Arc<App>>,
                Path(name): Path<String>,
                headers: HeaderMap,
                SmallBody(body): SmallBody,
            ) -> Result<Response, ApiError> {
                super::change(app, by, (LIST, name), headers, body).await
            }

            #[utoipa::path(
                delete, path = $one, tag = "declarations", operation_id = concat!("remove_", stringify!($list)),
                summary = concat!("Take one of the ", stringify!($list), " away"),
                description = "What others ask about, and an experiment that runs, stays.",
                params(("name" = String, Path, description = "Its name")),
                responses(
                    (status = 200, description = "It is gone", body = Value),
                    (status = 400, description = "Another asks about it: the message names it", body = ErrorBody),
                    (status = 404, description = "There is none of that name", body = ErrorBody),
                    (status = 409, description = "The settings declare it, or it runs", body = ErrorBody),
                ),
                security(("bearer" = []), ("basic" = [])),
            )]
            async fn remove(by: MayDeclare, State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Json<Value>, ApiError> {
                super::remove(app, by, LIST, name).await
            }
        } )+
    };
}

lists! {
    actions (all) [eligible "/v1/actions/{name}/eligible"], "/v1/actions", "/v1/actions/{name}",
        "{\"name\":\"grinder\",\"value\":12.5}";
    offers (all) [eligible "/v1/offers/{name}/eligible"], "/v1/offers", "/v1/offers/{name}",
        "{\"name\":\"tenth\",\"value\":24,\"discount\":0.1,\"budget\":{\"amount\":500,\"days\":7}}";
    // What experiments found is told under the path of their list.
    experiments, "/v1/experiments", "/v1/experiments/{name}",
        "{\"name\":\"copy\",\"variations\":[{\"name\":\"control\",\"value\":\"A\"},{\"name\":\"bold\",\"value\":\"B\"}]}";
    flags (all), "/v1/flags", "/v1/flags/{name}", "{\"name\":\"checkout\",\"default\":\"old\"}";
}
