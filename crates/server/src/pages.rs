//! How do the console's pages get their data, and who may see them?
//!
//! One file a page fills the views of [`console`](console::view); `access` says who may see them, `visit` reads
//! the request and answers it.
//!
//! What stays true:
//! - no page is filled on the threads that serve connections ([`App::run`]);
//! - nothing changes unless a page of our own asked for it, and nothing is shown to who has not come in;
//! - every answer carries the policy that keeps others' scripts and other hosts out, and no page is kept by a browser's cache.

mod access;
mod story;
mod visit;
mod waits;

mod action_words;
mod actions;
mod answer;
mod api;
mod audit;
mod capabilities;
mod catalogue;
mod conversations;
mod customer;
mod customers;
mod data;
mod decisions;
mod door;
mod editor;
mod entry;
mod erasure;
mod event;
mod events;
mod experiments;
mod features;
mod flags;
mod holdout;
mod imports;
mod keys;
mod lists;
mod lost;
mod model_line;
mod models;
mod overview;
mod policies;
mod refusal;
mod search;
mod separation;
mod settings;
mod system;
mod ticks;
mod tour;
mod try_out;
mod words;
mod worth;

#[cfg(test)]
mod tests;

pub(crate) use customer::declares_nothing;
pub(crate) use lost::{guard_demonstration, no_such_method, no_such_path, refused};

use crate::app::App;
use crate::peer::Peer;
use access::Needs;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{Html, Response};
use axum::routing::{get, post};
use console::CONTENT_SECURITY_POLICY;
use governance::Action;
use std::collections::BTreeMap;
use std::sync::Arc;
use visit::Visit;

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 16 * 1024;

/// How many rows a list shows, and how many at the most.
const N_ROWS: usize = 50;
const N_ROWS_MAX: usize = 1_000;

/// A query as its names and values.
type Asked = BTreeMap<String, String>;

/// The console's paths.
pub fn router(app: Arc<App>) -> Router {
    let needing = |action| from_fn_with_state(Needs { app: app.clone(), action }, access::guard);
    let seen = Router::new()
        .route("/", get(overview::show))
        .route("/events", get(events::show))
        .route("/events/{offset}", get(event::show))
        .route("/data", get(data::show))
        .route("/customers", get(customers::show))
        .route("/customers/{id}", get(customer::show))
        .route("/conversations", get(conversations::list))
        .route("/conversations/{id}", get(conversations::show))
        .route("/lists", get(lists::list))
        .route("/lists/{name}", get(lists::show))
        .route("/lists/export.csv", get(lists::as_csv))
        .route("/lists/export.parquet", get(lists::as_parquet))
        .route("/catalogue", get(catalogue::list))
        .route("/catalogue/{id}", get(catalogue::show))
        .route("/imports", get(imports::show))
        .route("/try", get(try_out::show))
        .route("/models", get(models::show))
        .route("/capabilities", get(capabilities::list))
        .route("/capabilities/{name}", get(capabilities::show))
        .route("/features", get(features::show))
        .merge(chosen())
        .route("/holdout", get(holdout::show))
        .route("/report", get(holdout::report))
        .route("/decisions", get(decisions::list))
        .route("/decisions/{id}", get(decisions::show))
        .route("/decisions/{id}/replay", post(decisions::replay))
        .route("/api", get(api::show))
        .route("/search", get(search::show))
        .route("/ticks", get(ticks::stream))
        .route("/system", get(system::show))
        .route("/tour/{number}", get(tour::visit).post(tour::turn))
        .route_layer(needing(Action::View));
    let decided =
        Router::new().route("/customers/{id}/decide", post(customer::decide)).route_layer(needing(Action::Decide));
    let operated = Router::new()
        .route("/conversations/{id}", post(conversations::act))
        .route("/lists", post(lists::save))
        .route("/lists/{name}/remove", post(lists::remove))
        .route("/imports/{id}/undo", post(imports::undo))
        .route("/models/{task}/train", post(models::train))
        .route("/models/{task}/champion", post(models::champion))
        .route_layer(needing(Action::Operate));
    let administered = Router::new()
        .route("/lists/{name}/webhook", post(lists::set_webhook))
        .route("/settings", get(settings::show))
        .route("/keys", get(keys::show).post(keys::create))
        .route("/keys/{id}/revoke", post(keys::revoke))
        .route("/audit", get(audit::show))
        .route("/customers/{id}/refuse", post(refusal::refuse))
        .route("/customers/{id}/erase", get(erasure::show).post(erasure::erase))
        .route("/customers/{id}/separate", get(separation::show).post(separation::separate))
        .route_layer(needing(Action::Administer));
    let sign_in = post(door::login).route_layer(from_fn_with_state(app.clone(), within_rate));
    let open = Router::new()
        .route("/login", get(door::login_page).merge(sign_in))
        .route("/logout", post(door::logout))
        .route("/theme", post(door::theme))
        .route_layer(from_fn_with_state(app.clone(), access::guard_forms));
    Router::new()
        .merge(seen)
        .merge(decided)
        .merge(editor::routes().route_layer(needing(Action::Declare)))
        .merge(operated)
        .merge(administered)
        .merge(open)
        .route("/assets/{*path}", get(door::asset))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(map_response(with_policy))
        .with_state(app)
}

/// The pages of what is chosen among, and tried out.
fn chosen() -> Router<Arc<App>> {
    Router::new()
        .route("/actions", get(actions::list))
        .route("/actions/{name}", get(actions::show_one))
        .route("/policies", get(policies::show))
        .route("/flags", get(flags::show))
        .route("/experiments", get(experiments::show))
}

/// Lets an attempt to sign in through only as often as the settings say.
async fn within_rate(State(app): State<Arc<App>>, peer: Peer, request: Request, next: Next) -> Response {
    let Err(error) = app.limits.count_sign_in(&peer) else { return next.run(request).await };
    let wait = error.retry_after();
    let mut response = Visit::read(&mut request.into_parts().0, &app).failed(&error);
    response.headers_mut().extend(wait);
    response
}

/// A page. What a browser may do with it is said by [`with_policy`].
fn html(page: String) -> Html<String> {
    Html(page)
}

/// Says what a browser may do with an answer.
async fn with_policy(mut response: Response) -> Response {
    const ALWAYS: [(HeaderName, &str); 3] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// How many rows a list is asked for, in steps of [`N_ROWS`].
fn n_rows(asked: &Asked) -> usize {
    let n = asked.get("n").and_then(|n| n.parse::<usize>().ok()).unwrap_or(N_ROWS);
    n.next_multiple_of(N_ROWS).clamp(N_ROWS, N_ROWS_MAX)
}

/// A text of the query without what stands around it, cut after `n_max` letters; empty where none is given.
fn text(asked: &Asked, name: &str, n_max: usize) -> String {
    asked.get(name).map_or("", |text| text.trim()).chars().take(n_max).collect()
}

/// The address of the same list with more rows, where `n_shown` fill it.
fn more_rows(path: &str, asked: &[(&str, &str)], n_shown: usize, n: usize) -> Option<String> {
    if n_shown < n || n >= N_ROWS_MAX {
        return None;
    }
    let n = n.saturating_mul(2).min(N_ROWS_MAX).to_string();
    Some(console::format::address(path, &[asked, &[("n", &n)]].concat()))
}
