//! How does a company teach what its messages ask for?

use super::extract::SmallBody;
use super::imports::MayImport;
use crate::app::App;
use crate::failure::{ApiError, ErrorBody};
use crate::labelled::{self, Example, ExamplesReply};
use axum::Json;
use axum::extract::State;
use primitives::plain_words;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(examples))
}

/// Messages whose label is known.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExamplesBody {
    /// The messages, at most 500.
    pub(crate) examples: Vec<Example>,
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
    _: MayImport,
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
    Ok(Json(app.run(move |app| labelled::tell(&app.engine, &examples)).await?))
}
