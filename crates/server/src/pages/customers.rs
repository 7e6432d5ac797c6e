//! Which customers stand on the list, and who is found?

use super::answer::{content, spent};
use super::visit::Visit;
use super::{Asked, more_rows, n_rows};
use crate::app::App;
use crate::error::ServerError;
use axum::extract::Query;
use axum::response::Response;
use console::format;
use console::view::{CustomerRow, CustomersPage, Frame, Glance};
use decisions::Kind;
use engine::Search;
use features::FeatureState;
use primitives::Timestamp;
use profiles::{Customer, Profile};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a search may look through the customers in memory.
const SEARCH_MAX: Duration = Duration::from_millis(400);

/// `/customers?q=`.
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    visit.page(move |app, frame| Ok(fill(app, frame, &asked)?.render())).await
}

fn fill(app: &App, frame: Frame, asked: &Asked) -> Result<CustomersPage, ServerError> {
    let query: String = asked.get("q").map_or("", |query| query.trim()).chars().take(200).collect();
    let n = n_rows(asked);
    let Search { customers, n_found, n_searched, is_complete } = app.engine.search(&query, n, SEARCH_MAX)?;
    let totals = app.engine.look(|live| live.profiles.totals());
    let now = frame.now;
    let kinds: Vec<&dyn Kind> = on_list(app).collect();
    Ok(CustomersPage {
        total: totals.n_customers,
        found: n_found,
        note: note(&query, n_searched, totals.n_customers, is_complete),
        answers: kinds.iter().map(|kind| kind.about().title.clone()).collect(),
        rows: customers.iter().map(|customer| row(app, customer, &kinds, now)).collect(),
        older: more_rows("/customers", &[("q", &query)], customers.len(), n),
        query,
        frame,
    })
}

/// What the list leaves out, where it does.
fn note(query: &str, n_searched: u64, total: u64, is_complete: bool) -> Option<String> {
    let what = if query.is_empty() { "stand in this order" } else { "were looked through" };
    let searched = format::count(n_searched);
    if !is_complete {
        return Some(format!(
            "{searched} of {} customers {what} before the time was up: give a whole userId.",
            format::count(total)
        ));
    }
    (n_searched < total).then(|| {
        format!("{searched} of {} customers are in memory and {what}; the others are found by a whole userId or anonymousId.", format::count(total))
    })
}

/// The kinds that a list has room for: the first that stand on every customer's page.
fn on_list(app: &App) -> impl Iterator<Item = &dyn Kind> {
    app.engine.capabilities().kinds.iter().filter(|kind| kind.about().on_profile).take(CustomersPage::N_ANSWERS)
}

fn row(app: &App, customer: &Customer<FeatureState>, kinds: &[&dyn Kind], now: Timestamp) -> CustomerRow {
    CustomerRow {
        id: customer.profile.id.to_string(),
        label: label(&customer.profile),
        known: customer.profile.is_known(),
        first_seen: customer.profile.first_seen,
        last_seen: customer.profile.last_seen,
        orders: customer.state.n_orders(),
        revenue: spent(&customer.state),
        answers: kinds.iter().map(|kind| glance(app, customer, *kind, now)).collect(),
    }
}

/// The customer's own answer; an average says nothing about one.
fn glance(app: &App, customer: &Customer<FeatureState>, kind: &dyn Kind, now: Timestamp) -> Option<Glance> {
    let answer = app.engine.preview(customer, kind, now, BTreeMap::new()).ok()?;
    content(app, &kind.about().name, &answer, None).glance()
}

/// What people call the customer, where a trait says so.
pub(super) fn label(profile: &Profile) -> Option<String> {
    let text = |names: &[&str]| names.iter().find_map(|name| trait_text(profile, name));
    let full = || {
        let parts = [text(&["firstName", "first_name"]), text(&["lastName", "last_name"])];
        let full = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        (!full.is_empty()).then_some(full)
    };
    text(&["name"]).or_else(full).or_else(|| text(&["email", "username", "phone"]))
}

fn trait_text(profile: &Profile, name: &str) -> Option<String> {
    let json = &profile.traits.get(name)?.json;
    let text: String = serde_json::from_str(json).ok()?;
    (!text.trim().is_empty()).then(|| text.chars().take(120).collect())
}
