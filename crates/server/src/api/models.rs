//! Which models are there, and how are they trained and rolled back?

use super::auth::{MayOperate, MayRead};
use super::events::limit;
use super::extract::{Path, Query, SmallBody};
use crate::app::App;
use crate::error::ServerError;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use governance::Deed;
use learning::{Evaluation, TaskName, Version};
use primitives::{ModelVersion, plain_words};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(models))
        .routes(routes!(train))
        .routes(routes!(champion))
        .routes(routes!(rollback))
}

/// Every model with its newest versions.
#[derive(Debug, Serialize, ToSchema)]
struct ModelsReply {
    models: Vec<ModelVersions>,
}

/// One model's versions, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ModelVersions {
    #[schema(example = "churn")]
    name: String,
    /// What training is doing, where it is under way or has failed.
    training: Option<String>,
    /// Why the champion cannot be used, where it cannot.
    fault: Option<String>,
    /// How many customers whom the champion learned from have refused since.
    refused_since: u64,
    /// How many whom it learned from were erased since.
    erased_since: u64,
    /// By when the model is trained again without them, where there are any.
    retrained_by: Option<String>,
    /// How many versions there are.
    n_versions: usize,
    /// The newest of them, and the champion.
    versions: Vec<VersionReply>,
}

/// How much is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// How many versions of each model, 1 to 1000; the champion is told besides.
    #[param(value_type = Option<usize>, default = 50, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

/// One version of a model.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VersionReply {
    version: String,
    /// Whether it answers decisions.
    champion: bool,
    trained_at: String,
    data_from: String,
    data_until: String,
    n_customers: u64,
    n_rows: u64,
    /// How it compared with the simple answers and with the model of its time.
    verdict: String,
    /// How good it was on customers' later behaviour, with its baselines.
    #[schema(value_type = BTreeMap<String, Value>)]
    evaluation: Evaluation,
}

impl From<Version> for VersionReply {
    fn from(version: Version) -> Self {
        Self {
            version: version.version.to_string(),
            champion: version.is_champion,
            trained_at: version.header.trained_at.to_string(),
            data_from: version.header.data_from.to_string(),
            data_until: version.header.data_until.to_string(),
            n_customers: version.header.n_customers,
            n_rows: version.header.n_rows,
            verdict: version.header.verdict().reason,
            evaluation: version.header.evaluation,
        }
    }
}

/// Every model with its versions and how good they were
#[utoipa::path(
    get, path = "/v1/models", tag = "models", params(Wanted),
    responses(
        (status = 200, description = "Models", body = ModelsReply),
        (status = 400, description = "The limit cannot be read", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn models(
    _: MayRead,
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<ModelsReply>, ApiError> {
    let limit = limit(wanted.limit.as_deref())?;
    let models = app.run(move |app| {
        let faults = app.engine.champion_status();
        let tasks = app.engine.capabilities().tasks.names();
        tasks
            .map(|task| {
                let still = app.engine.still_learned_from(task)?;
                let versions = app.engine.registry().versions(task)?;
                Ok(ModelVersions {
                    name: task.to_string(),
                    training: app.trainer.status(task),
                    fault: faults.iter().find(|status| status.task == *task).and_then(|status| status.fault.clone()),
                    refused_since: still.map_or(0, |still| still.n_refused),
                    erased_since: still.map_or(0, |still| still.n_erased),
                    retrained_by: still.map(|still| still.retrained_by.to_string()),
                    n_versions: versions.len(),
                    versions: learning::newest_versions(&versions, limit).cloned().map(VersionReply::from).collect(),
                })
            })
            .collect::<Result<Vec<_>, ServerError>>()
    });
    Ok(Json(ModelsReply { models: models.await? }))
}

/// That something was begun or done.
#[derive(Debug, Serialize, ToSchema)]
struct DoneReply {
    success: bool,
    /// What was done.
    message: String,
}

fn done(message: String) -> Json<DoneReply> {
    Json(DoneReply { success: true, message })
}

/// Begin to train a model
#[utoipa::path(
    post, path = "/v1/models/{name}/train", tag = "models",
    params(("name" = String, Path, description = "A task, as `rapport kinds` lists them")),
    responses(
        (status = 202, description = "Begun; GET /v1/models says how it goes", body = DoneReply),
        (status = 404, description = "No such model", body = crate::failure::ErrorBody),
        (status = 409, description = "Training is under way", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn train(
    MayOperate(by): MayOperate,
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<DoneReply>), ApiError> {
    let task = task(&app, &name)?;
    let begun = task.clone();
    app.run(move |app| Ok(app.trainer.begin(&app.engine, vec![begun], by)?)).await?;
    Ok((StatusCode::ACCEPTED, done(format!("training {task} has begun: GET /v1/models says how it goes"))))
}

/// Which version is to answer.
#[derive(Debug, Deserialize, ToSchema)]
struct ChampionBody {
    version: String,
}

/// Make a version the champion
#[utoipa::path(
    post, path = "/v1/models/{name}/champion", tag = "models", request_body = ChampionBody,
    params(("name" = String, Path, description = "A task, as `rapport kinds` lists them")),
    responses(
        (status = 200, description = "It answers from now on", body = DoneReply),
        (status = 400, description = "The body cannot be read", body = crate::failure::ErrorBody),
        (status = 404, description = "No such model or version", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn champion(
    MayOperate(by): MayOperate,
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    SmallBody(body): SmallBody,
) -> Result<Json<DoneReply>, ApiError> {
    let task = task(&app, &name)?;
    let body: ChampionBody = serde_json::from_slice(&body).map_err(|error| {
        let fault = plain_words(&error);
        ApiError::invalid(format!("the body cannot be read: {fault}; send {{\"version\":\"…\"}}"))
    })?;
    let message = app.run(move |app| {
        app.engine.crown(|registry| registry.promote(&task, &ModelVersion::from(body.version.as_str())))?;
        app.audit.note(Deed::Promotion, &by, format!("{task} {}", body.version));
        Ok(format!("version {} of {task} answers from now on", body.version))
    });
    Ok(done(message.await?))
}

/// Go back to the champion before this one
#[utoipa::path(
    post, path = "/v1/models/{name}/rollback", tag = "models",
    params(("name" = String, Path, description = "A task, as `rapport kinds` lists them")),
    responses(
        (status = 200, description = "The former champion answers from now on", body = DoneReply),
        (status = 404, description = "No such model", body = crate::failure::ErrorBody),
        (status = 409, description = "No former champion", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn rollback(
    MayOperate(by): MayOperate,
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<DoneReply>, ApiError> {
    let task = task(&app, &name)?;
    let message = app.run(move |app| {
        let version = app.engine.crown(|registry| registry.roll_back(&task))?;
        app.audit.note(Deed::Rollback, &by, format!("{task} {version}"));
        Ok(format!("version {version} of {task} answers again"))
    });
    Ok(done(message.await?))
}

fn task(app: &App, name: &str) -> Result<TaskName, ApiError> {
    let task = app.engine.capabilities().tasks.get(name).map_err(ServerError::from)?;
    Ok(task.about().name.clone())
}
