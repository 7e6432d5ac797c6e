//! What does somebody get who asks for what is not there? A page for people, JSON for programs.

use super::visit::Visit;
use super::with_policy;
use crate::app::App;
use crate::exposure::is_local;
use crate::failure::ApiError;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// No path of the program.
pub(crate) async fn no_such_path(app: Arc<App>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if is_for_people(&parts.headers) {
        return with_policy(Visit::read(&mut parts, &app).not_found()).await;
    }
    let message = format!("there is nothing at {}: GET /openapi.json lists what there is", shown(&parts.uri));
    ApiError::new(StatusCode::NOT_FOUND, "not_found", message).for_any_site()
}

/// A path of the program, and no method of the path.
pub(crate) async fn no_such_method(app: Arc<App>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let said = format!("{} does not answer {}", shown(&parts.uri), parts.method);
    if is_for_people(&parts.headers) {
        let remedy = "It belongs to a program or to a form: start from the overview.";
        let page = Visit::read(&mut parts, &app).error(
            StatusCode::METHOD_NOT_ALLOWED,
            "This address is not a page",
            &format!("{said}."),
            remedy,
        );
        return with_policy(page).await;
    }
    let message = format!("{said}: GET /openapi.json lists what there is");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).for_any_site()
}

/// Says why a request is not let in.
pub(crate) async fn refused(app: &Arc<App>, request: Request, error: ApiError) -> Response {
    let (mut parts, _) = request.into_parts();
    if !is_for_people(&parts.headers) {
        return error.for_any_site();
    }
    let retry_after = error.retry_after();
    let mut page = Visit::read(&mut parts, app).failed(&error);
    page.headers_mut().extend(retry_after);
    with_policy(page).await
}

/// Lets only those through who are on this machine and come from a page of this machine, where the demonstration runs: its
/// console is open, and its keys are known to everybody.
pub(crate) async fn guard_demonstration(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if !app.is_console_open || is_local(request.headers()) {
        return next.run(request).await;
    }
    let message = "The demonstration answers only on this machine, under its own name and to its own pages";
    if !is_for_people(request.headers()) {
        return ApiError::new(StatusCode::FORBIDDEN, "forbidden", format!("{message}: run `rapport serve` for others"))
            .into_response();
    }
    let (mut parts, _) = request.into_parts();
    let remedy = "Open it as http://127.0.0.1, or run `rapport serve`, which has keys of its own.";
    let page = Visit::read(&mut parts, &app).error(
        StatusCode::FORBIDDEN,
        "Only on this machine",
        &format!("{message}."),
        remedy,
    );
    with_policy(page).await
}

fn is_for_people(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn shown(uri: &Uri) -> String {
    uri.path().chars().take(100).collect()
}
