//! What is found for a text, wherever it stands?

use super::customers::label;
use super::visit::Visit;
use super::{Asked, text};
use crate::app::App;
use crate::error::ServerError;
use axum::extract::Query;
use axum::response::Response;
use console::format::{count, date_time, url_part};
use console::view::{Frame, Hit, SearchPage};
use engine::Search;
use primitives::DecisionId;
use std::time::Duration;

/// How many of each are found.
const N_HITS: usize = 6;

/// How long may be looked through the customers in memory, and through the items.
const CUSTOMERS_MAX: Duration = Duration::from_millis(150);
const ITEMS_MAX: Duration = Duration::from_millis(100);

/// Among how many of the newest decisions the beginning of an id is looked for, and how long it has to be.
const N_DECISIONS: usize = 200;
const N_LETTERS_MIN: usize = 6;

/// `/search?q=`.
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    visit.page(move |app, frame| Ok(fill(app, frame, &asked)?.render())).await
}

fn fill(app: &App, frame: Frame, asked: &Asked) -> Result<SearchPage, ServerError> {
    let query = text(asked, "q", 200);
    if query.is_empty() {
        return Ok(SearchPage { frame, query, customers: vec![], items: vec![], decisions: vec![], note: None });
    }
    let (customers, note) = customers(app, &query)?;
    Ok(SearchPage { frame, customers, items: items(app, &query), decisions: decisions(app, &query)?, note, query })
}

fn customers(app: &App, query: &str) -> Result<(Vec<Hit>, Option<String>), ServerError> {
    let Search { customers, n_searched, is_complete, .. } = app.engine.search(query, N_HITS, CUSTOMERS_MAX)?;
    let hit = |customer: &profiles::Customer<features::FeatureState>| {
        let (id, label) = (customer.profile.id.to_string(), label(&customer.profile));
        let href = format!("/customers/{}", url_part(&id));
        match label {
            Some(title) => Hit { href, title, detail: id },
            None => Hit { href, title: id, detail: String::new() },
        }
    };
    let note = format!("Only {} customers were looked through before the time was up.", count(n_searched));
    Ok((customers.iter().map(hit).collect(), (!is_complete).then_some(note)))
}

fn items(app: &App, query: &str) -> Vec<Hit> {
    let found = app.engine.search_items(query, N_HITS, ITEMS_MAX);
    let hit = |item: features::Item| {
        let id = item.id.to_string();
        let category = item.category.map(|category| format!("{} · ", category.value)).unwrap_or_default();
        let title = item.name.map_or_else(|| id.clone(), |name| name.value);
        Hit { href: format!("/catalogue/{}", url_part(&id)), title, detail: format!("{category}{id}") }
    };
    found.into_iter().map(hit).collect()
}

/// The decision of exactly that id, or the newest ones whose ids begin so.
fn decisions(app: &App, query: &str) -> Result<Vec<Hit>, ServerError> {
    if query.len() < N_LETTERS_MIN || !query.bytes().all(|letter| letter.is_ascii_hexdigit()) {
        return Ok(Vec::new());
    }
    let (log, wanted) = (&app.engine.ports().decisions, query.to_ascii_lowercase());
    let found = match log.get(&DecisionId::from(wanted.clone()))? {
        Some(one) => vec![one],
        None => log.recent(None, N_DECISIONS)?,
    };
    let is_meant = found.iter().filter(|one| one.id.as_str().starts_with(&wanted));
    let hit = |one: &decisions::LoggedDecision| Hit {
        href: format!("/decisions/{}", url_part(one.id.as_str())),
        title: one.kind.to_string(),
        detail: format!("{} · {}", date_time(one.decided_at), one.id),
    };
    Ok(is_meant.take(N_HITS).map(hit).collect())
}
