//! How does the interface describe itself?

use crate::app::App;
use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use std::sync::Arc;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Info, License, OpenApi, OpenApiBuilder, Tag};
use utoipa_swagger_ui::SwaggerUi;

/// What is said of the interface as a whole.
pub(super) fn base() -> OpenApi {
    let mut info = Info::new("Rapport", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Customer events in, decisions out. Event paths speak Segment's tracking API, so every Segment client works. \
         Keys go as a Bearer token or as the Basic user name."
            .to_owned(),
    );
    info.license = Some(License::new("Apache-2.0"));
    let tag = |name: &str, description: &str| {
        let mut tag = Tag::new(name);
        tag.description = Some(description.to_owned());
        tag
    };
    let mut base = OpenApiBuilder::new().info(info).build();
    base.tags = Some(vec![
        tag("events", "What happened (write key)"),
        tag("imports", "What happened before (server key; admin key to take out again)"),
        tag("decisions", "What should we do? (server key)"),
        tag("customers", "What is known of a customer (server key)"),
        tag("models", "What was learned (server key to read, admin key to change)"),
        tag("operation", "Is it well?"),
    ]);
    let components = base.components.get_or_insert_default();
    let http = |scheme| SecurityScheme::Http(Http::new(scheme));
    components.add_security_scheme("bearer", http(HttpAuthScheme::Bearer));
    components.add_security_scheme("basic", http(HttpAuthScheme::Basic));
    base
}

/// The whole OpenAPI document.
#[must_use]
pub fn document() -> OpenApi {
    super::described().split_for_parts().1
}

/// The document as JSON, and a page to read it.
pub(super) fn routes(document: &OpenApi) -> Router<Arc<App>> {
    // Written once: the router is shared by all connections, and so are these bytes. A document of texts can be written.
    let json = Bytes::from(serde_json::to_vec(document).unwrap_or_default());
    Router::new()
        .route("/openapi.json", get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json) }))
        .merge(SwaggerUi::new("/docs").config(utoipa_swagger_ui::Config::from("/openapi.json")))
}
