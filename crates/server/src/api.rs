//! Which HTTP paths are there, and who may use them?

mod answered;
mod audit;
pub mod auth;
mod body;
mod capacity;
mod cloudevents;
pub(crate) mod conversations;
mod customer_list;
mod customers;
pub(crate) mod data;
mod decide;
mod declared;
pub mod erasures;
mod events;
mod extract;
mod gorse;
mod growthbook;
pub mod imports;
mod ingest;
pub(crate) mod intents;
mod items;
pub(crate) mod knowledge;
pub(crate) mod line;
pub mod lists;
pub mod measured;
mod models;
pub(crate) mod offers;
mod ofrep;
mod openapi;
mod operations;
mod personalize;
mod personalizer;
mod pixel;
pub mod separations;
pub mod wire;

pub use openapi::document;

use crate::app::App;
use crate::failure::ApiError;
use crate::snippet;
use axum::Router;
use axum::http::{HeaderName, Method, StatusCode};
use axum::middleware::from_fn_with_state;
use std::sync::Arc;
use std::time::Duration;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use utoipa_axum::router::OpenApiRouter;

/// The whole HTTP interface but the console.
pub fn router(app: Arc<App>) -> Router {
    let (router, _) = described().split_for_parts();
    Router::new()
        .merge(router)
        .merge(ingest::short_paths())
        .merge(gorse::routes())
        .merge(growthbook::routes())
        .merge(ofrep::routes())
        .merge(openapi::routes(document_of(&app)).route_layer(from_fn_with_state(app.clone(), auth::guard_docs)))
        // Below the layer: a fallback above it would answer a browser's preflight before the layer sees it.
        .method_not_allowed_fallback(no_such_method)
        .merge(personalize::routes())
        .merge(personalizer::routes())
        // Browsers send events from any site; what they may do is decided by the key, never by a cookie.
        .layer(cors())
        .with_state(app)
}

/// The document of a server: where its data are not what they seem to be, it begins with that.
fn document_of(app: &App) -> utoipa::openapi::OpenApi {
    let mut document = document();
    if let (Some(notice), Some(said)) = (&app.notice, &mut document.info.description) {
        *said = format!("**{}**\n\n{said}", notice.sentence());
    }
    document
}

/// The paths with their descriptions, from which the OpenAPI document is made.
pub(crate) fn described() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(ingest::routes())
        .merge(cloudevents::routes())
        .merge(pixel::routes())
        .merge(snippet::routes())
        .merge(imports::routes())
        .merge(decide::routes())
        .merge(capacity::routes())
        .merge(declared::routes())
        .merge(offers::routes())
        .merge(intents::routes())
        .merge(conversations::routes())
        .merge(knowledge::routes())
        .merge(customers::routes())
        .merge(items::routes())
        .merge(erasures::routes())
        .merge(separations::routes())
        .merge(customer_list::routes())
        .merge(lists::routes())
        .merge(events::routes())
        .merge(data::routes())
        .merge(models::routes())
        .merge(measured::routes())
        .merge(operations::routes())
        .merge(audit::routes())
}

async fn no_such_method(method: Method) -> ApiError {
    let message = format!("this path does not answer {method}: GET /openapi.json lists what there is");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::OPTIONS])
        // The wildcard would not cover Authorization, with which some browser libraries send the key.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            HeaderName::from_static("retry-after"),
            HeaderName::from_static("etag"),
            HeaderName::from_static("x-sse-support"),
        ])
        .max_age(Duration::from_secs(86_400))
}
