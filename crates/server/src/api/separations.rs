//! How is somebody taken out of a customer who is another person?

use super::extract::{Path, SmallBody};
use super::imports::may;
use crate::app::App;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use engine::{By, Parted};
use governance::{Action, Deed};
use profiles::Identifier;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Which name is somebody else.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeparateRequest {
    /// A `userId` or `anonymousId` of the customer; `user:…` or `anonymous:…` where it could be either.
    #[schema(example = "anonymous:kiosk-3")]
    pub identifier: String,
    /// Why, for whoever asks later. It stays in the log: name nobody in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Only say what would come of it.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a separation makes of a customer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeparateReply {
    /// The two names that are not one person.
    pub names: [String; 2],
    /// To whom the events of the former customer go; who has most of them first.
    pub customers: Vec<PartReply>,
    /// Whether it is so already. If not, the past is being told anew, or it was a dry run.
    pub is_done: bool,
}

/// A customer with events of the former one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartReply {
    /// The customer.
    pub customer_id: String,
    /// Every name they go by.
    pub identifiers: Vec<String>,
    /// How many of the former customer's events are theirs.
    pub events: u64,
}

impl From<Parted> for SeparateReply {
    fn from(parted: Parted) -> Self {
        let customers = parted.parts.into_iter().map(|part| PartReply {
            customer_id: part.customer.to_string(),
            identifiers: part.names.iter().map(Identifier::to_string).collect(),
            events: part.n_events,
        });
        Self {
            names: parted.names.map(|name| name.to_string()),
            customers: customers.collect(),
            is_done: parted.is_done,
        }
    }
}

/// Whoever may separate customers, and a command on this machine.
struct MaySeparate(By);

impl FromRequestParts<Arc<App>> for MaySeparate {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        may(parts, app, Action::Separate).map(Self)
    }
}

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(separate))
}

/// Say that a customer does not go by one of their names
///
/// From now on and for the whole past the two names are not one person: the events are told anew, for whom it concerns, and
/// every rebuild repeats it. An `alias` with a server key that names both joins them again.
#[utoipa::path(
    post, path = "/v1/customers/{id}/separate", tag = "customers", request_body = SeparateRequest,
    params(("id" = String, Path, description = "A customerId, userId or anonymousId")),
    responses(
        (status = 200, description = "It is so, or would be", body = SeparateReply),
        (status = 202, description = "It is durable, and the past is told anew in the background", body = SeparateReply),
        (status = 400, description = "The customer has no such name, or was known by it first", body = crate::failure::ErrorBody),
        (status = 401, description = "No key or an unknown one", body = crate::failure::ErrorBody),
        (status = 403, description = "The key may not do this", body = crate::failure::ErrorBody),
        (status = 404, description = "Nobody goes by that name", body = crate::failure::ErrorBody),
        (status = 409, description = "Too many people share their names, or they have just become another", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn separate(
    MaySeparate(by): MaySeparate,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    SmallBody(body): SmallBody,
) -> Result<(StatusCode, Json<SeparateReply>), ApiError> {
    let asked: SeparateRequest = serde_json::from_slice(&body).map_err(|error| {
        ApiError::invalid(format!(
            "the body cannot be read ({error}): send {{\"identifier\": \"…\", \"reason\": \"…\"}}"
        ))
    })?;
    let reason = asked.reason.unwrap_or_default();
    let (is_dry, name) = (asked.dry_run, asked.identifier);
    let parted = app
        .run(move |app| {
            let parted = match is_dry {
                true => app.engine.foresee_separation(&id, &name)?,
                false => app.engine.separate(&id, &name, &reason)?,
            };
            if !is_dry {
                app.audit.note(Deed::CustomerSeparated, &by, parted.customer.as_str());
            }
            Ok(parted)
        })
        .await?;
    let status = if parted.is_done || is_dry { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(parted.into())))
}
