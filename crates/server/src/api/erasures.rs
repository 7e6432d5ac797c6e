//! How is a customer erased, and how far is that?

use super::extract::{Path, Query};
use super::imports::may;
use crate::app::{App, ERASED_WITHIN};
use crate::error::ServerError;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use engine::{By, Erasing, Foreseen};
use governance::Action;
use governance::Deed;
use primitives::{ErrorKind, Timestamp};
use profiles::{Erasure, ErasureId, Identifier, Removed};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What is known of an erasure. It says nothing of the customer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErasureReply {
    /// The receipt: keep it, it is the proof.
    #[schema(example = "3f0c9a54be71d2c86a90f14be3d7755a")]
    pub receipt: String,
    /// Whether nothing of the customer is left in the data directory. Backups made before are yours to remove.
    pub is_done: bool,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub asked_at: Timestamp,
    /// When nothing was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
    /// Since when events with the names are taken again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub allowed_at: Option<Timestamp>,
    /// How much is removed.
    pub removed: RemovedReply,
    /// Why the last try failed; it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// How much is removed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemovedReply {
    /// Events.
    pub events: u64,
    /// Decisions.
    pub decisions: u64,
    /// Rejected events that the inspector had kept.
    pub rejections: u64,
    /// Entries of the audit list that name the receipt now and not the customer.
    pub audit_entries: u64,
    /// Lines of files of rejected rows.
    pub lines: u64,
    /// Saved lists whose filters or titles named the customer, and say `(erased)` now.
    #[serde(default)]
    pub lists: u64,
}

/// What would go with a customer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForeseenReply {
    /// The `userId`s that would be refused from then on.
    pub user_ids: Vec<String>,
    /// And the `anonymousId`s.
    pub anonymous_ids: Vec<String>,
    /// How much would be removed.
    pub removed: RemovedReply,
    /// By which name to erase them.
    #[schema(example = "user:42")]
    pub erase: String,
}

impl ForeseenReply {
    /// Every name: `userId 42`.
    pub(crate) fn names(&self) -> Vec<String> {
        let users = self.user_ids.iter().map(|id| format!("userId {id}"));
        users.chain(self.anonymous_ids.iter().map(|id| format!("anonymousId {id}"))).collect()
    }

    /// What was foreseen of a name.
    pub(crate) fn of(asked: String, foreseen: Foreseen) -> Self {
        let Foreseen { user, names, removed, .. } = foreseen;
        let (mut user_ids, mut anonymous_ids) = (Vec::new(), Vec::new());
        for name in names {
            match name {
                Identifier::User(id) => user_ids.push(id.to_string()),
                Identifier::Anonymous(id) => anonymous_ids.push(id.to_string()),
            }
        }
        let erase = user.map_or(asked, |user| user.to_meant());
        Self { user_ids, anonymous_ids, removed: removed.into(), erase }
    }
}

/// What `DELETE` answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
enum EraseReply {
    /// What was done.
    Erased(ErasureReply),
    /// What would be, with `dryRun`.
    Foreseen(ForeseenReply),
}

/// How it is erased.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HowToErase {
    #[serde(default)]
    dry_run: bool,
}

impl From<RemovedReply> for Removed {
    fn from(removed: RemovedReply) -> Self {
        let RemovedReply { events, decisions, rejections, audit_entries, lines, lists } = removed;
        Self { events, decisions, rejections, audit_entries, lines, lists }
    }
}

impl From<Removed> for RemovedReply {
    fn from(removed: Removed) -> Self {
        let Removed { events, decisions, rejections, audit_entries, lines, lists } = removed;
        Self { events, decisions, rejections, audit_entries, lines, lists }
    }
}

impl From<Erasing> for ErasureReply {
    fn from(erasing: Erasing) -> Self {
        match erasing {
            Erasing::Done(erasure) => Self::from(erasure),
            Erasing::UnderWay { erasure, failed } => Self { why: failed, ..Self::from(erasure) },
        }
    }
}

impl From<Erasure> for ErasureReply {
    fn from(erasure: Erasure) -> Self {
        Self {
            receipt: erasure.id.to_string(),
            is_done: erasure.ended_at.is_some(),
            asked_at: erasure.asked_at,
            ended_at: erasure.ended_at,
            allowed_at: erasure.allowed_at,
            removed: erasure.removed.into(),
            why: None,
        }
    }
}

/// Whoever may erase customers, and a command on this machine.
struct MayErase(By);

/// Whoever may let erased names in again, and a command on this machine.
struct MayAllow(By);

impl FromRequestParts<Arc<App>> for MayErase {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        may(parts, app, Action::Erase).map(Self)
    }
}

impl FromRequestParts<Arc<App>> for MayAllow {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        may(parts, app, Action::Administer).map(Self)
    }
}

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(erase)).routes(routes!(allow)).routes(routes!(erasure))
}

/// Erase a customer for good
///
/// Afterwards nothing that only this customer's events carried is in any file of the data directory, and every event that
/// names them is refused. Asked again, it answers with the same receipt. With `dryRun=true` nothing is changed, and it answers
/// which names and how much would go.
#[utoipa::path(
    delete, path = "/v1/customers/{id}", tag = "customers",
    params(
        ("id" = String, Path, description = "A customerId, userId or anonymousId; user:… or anonymous:… says which"),
        ("dryRun" = Option<bool>, Query, description = "Only say what would go"),
    ),
    responses(
        (status = 200, description = "Nothing of the customer is left, or what would go", body = EraseReply),
        (status = 202, description = "It is durable and goes on: GET /v1/erasures/{receipt} says how far it is", body = ErasureReply),
        (status = 401, description = "No key or an unknown one", body = crate::failure::ErrorBody),
        (status = 403, description = "The key may not do this", body = crate::failure::ErrorBody),
        (status = 404, description = "Nothing names whom that name means, and nobody was erased who went by it", body = crate::failure::ErrorBody),
        (status = 409, description = "It is a device of somebody with a userId: name them by user:…; or all their names are devices that very many people share", body = crate::failure::ErrorBody),
        (status = 503, description = "The disk has too little room for it, or events go on to change who that is: try again", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn erase(
    MayErase(by): MayErase,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(HowToErase { dry_run }): Query<HowToErase>,
) -> Result<(StatusCode, Json<EraseReply>), ApiError> {
    if dry_run {
        let asked = id.clone();
        let foreseen = app.run(move |app| Ok(app.engine.foresee_erasure(&id)?)).await?;
        if let Some(customer) = foreseen.customer.as_ref().filter(|_| by.is_person()) {
            app.audit.note(Deed::CustomerOpened, &by, customer.as_str());
        }
        return Ok((StatusCode::OK, Json(EraseReply::Foreseen(ForeseenReply::of(asked, foreseen)))));
    }
    let erasing = app.run(move |app| Ok(app.eraser.erase(&id, &by, ERASED_WITHIN)?)).await?;
    let status = if matches!(erasing, Erasing::Done(_)) { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(EraseReply::Erased(erasing.into()))))
}

/// Take events with the names of an erased customer again
#[utoipa::path(
    post, path = "/v1/customers/{id}/allow", tag = "customers",
    params(("id" = String, Path, description = "A name by which the customer went who was erased")),
    responses(
        (status = 200, description = "Events with all their names are taken again; what was erased stays so", body = ErasureReply),
        (status = 401, description = "No key or an unknown one", body = crate::failure::ErrorBody),
        (status = 403, description = "The key may not do this", body = crate::failure::ErrorBody),
        (status = 404, description = "Nobody was erased who went by that name", body = crate::failure::ErrorBody),
        (status = 409, description = "The erasure is still under way", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn allow(
    MayAllow(by): MayAllow,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<ErasureReply>, ApiError> {
    let allowed = app.run(move |app| Ok(app.eraser.allow(&id, &by)?)).await?;
    Ok(Json(allowed.into()))
}

/// How far an erasure is
#[utoipa::path(
    get, path = "/v1/erasures/{receipt}", tag = "customers",
    params(("receipt" = String, Path, description = "The receipt of an erasure")),
    responses(
        (status = 200, description = "What is known of the erasure", body = ErasureReply),
        (status = 401, description = "No key or an unknown one", body = crate::failure::ErrorBody),
        (status = 404, description = "There is no such erasure", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn erasure(
    MayErase(_): MayErase,
    State(app): State<Arc<App>>,
    Path(receipt): Path<String>,
) -> Result<Json<ErasureReply>, ApiError> {
    let missing = || ServerError::new(ErrorKind::NotFound, "there is no such erasure: take a receipt from an answer");
    let id = ErasureId::parse(&receipt).ok_or_else(missing)?;
    let erasing = app.run(move |app| Ok(app.eraser.erasing(&id)?)).await?;
    Ok(Json(erasing.into()))
}
