//! How does a company teach what its messages ask for?

use super::extract::SmallBody;
use super::imports::may;
use crate::app::App;
use crate::failure::{ApiError, ErrorBody};
use crate::labelled::{self, Example};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use events::{Envelope, Origin};
use governance::Action;
use primitives::plain_words;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(examples))
}

/// Whoever may describe the catalogue may teach, and so may a command on this machine.
struct MayTeach;

impl FromRequestParts<Arc<App>> for MayTeach {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        may(parts, app, Action::WriteCatalogue).map(|_| Self)
    }
}

/// Messages whose label is known.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExamplesBody {
    /// The messages, at most 500.
    pub(crate) examples: Vec<Example>,
}

/// What became of them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ExamplesReply {
    /// How many were new.
    pub(crate) accepted: u64,
    /// How many were told within the hour before.
    pub(crate) duplicates: u64,
    /// How many name customers who were erased, and were refused.
    pub(crate) erased: u64,
}

/// Tell what messages ask for
///
/// Each is kept as the event `Message Labelled`. The newest label of the same words counts, and an empty one takes it away. What is asked for
/// is learned when there are 20 messages, and two labels of 5 or more; `understand` tells it from then on.
#[utoipa::path(
    post, path = "/v1/intents/examples", tag = "decisions", request_body = ExamplesBody,
    responses(
        (status = 200, description = "Durable", body = ExamplesReply),
        (status = 400, description = "One of them cannot be, and none was kept", body = ErrorBody),
        (status = 401, description = "No key or an unknown one", body = ErrorBody),
        (status = 403, description = "A write key may not teach", body = ErrorBody),
        (status = 413, description = "More than 64 KB", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn examples(
    _: MayTeach,
    State(app): State<Arc<App>>,
    SmallBody(body): SmallBody,
) -> Result<Json<ExamplesReply>, ApiError> {
    let ExamplesBody { examples } = serde_json::from_slice(&body).map_err(|error| {
        let fault = plain_words(&error);
        ApiError::invalid(format!(
            "the body cannot be read: {fault}; send {{\"examples\": [{{\"text\": \"Where is my parcel?\", \"label\": \"delivery\"}}]}}"
        ))
    })?;
    if let Some(fault) = labelled::fault(&examples) {
        return Err(ApiError::invalid(fault));
    }
    let reply = app.run(move |app| {
        let envelope = Envelope::new(app.engine.clock().now(), Origin::Server);
        let batch = labelled::batch(&examples, envelope).map_err(labelled::refused)?;
        if let Some(rejected) = batch.rejected.first() {
            let (at, why) = (rejected.index, &rejected.rejection);
            let message = format!("examples[{at}]: {}", why.message);
            return Err(crate::error::ServerError::new(primitives::ErrorKind::Invalid, message));
        }
        let taken = app.engine.ingest(batch)?;
        let erased = taken.erased.len() as u64;
        Ok(ExamplesReply { accepted: taken.n_accepted as u64, duplicates: taken.n_duplicates as u64, erased })
    });
    Ok(Json(reply.await?))
}
