//! Which items are answered? Decisions as everywhere, logged and with their reasons, and what the catalogue and the model know.

use super::written::{event_of, take_now};
use super::{Caller, Fault, Slice};
use crate::api::answered::{Ranked, SHOWN_EVENT, Wish, categories, items_for, offered};
use crate::api::extract::{Path, Query, read_up_to};
use crate::app::App;
use crate::failure::ApiError;
use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use features::Item;
use governance::Headcount;
use primitives::{ItemId, ItemKey, Timestamp, UserId};
use profiles::Identifier;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many items of the catalogue are looked at while events and decisions wait.
const N_SLICE: usize = 1_024;
/// The largest body with the items of a visit.
const BYTES_MAX: usize = 256 * 1_024;

type Answer = Result<Json<Value>, Fault>;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/recommend/{user}", get(for_user))
        .route("/api/recommend/{user}/", get(for_user))
        .route("/api/recommend/{user}/{category}", get(for_user_within))
        .route("/api/collaborative-filtering/{user}", get(scored_for_user))
        .route("/api/collaborative-filtering/{user}/{category}", get(scored_for_user_within))
        .route("/api/session/recommend", post(for_visit))
        .route("/api/session/recommend/", post(for_visit))
        .route("/api/session/recommend/{category}", post(for_visit_within))
        .route("/api/latest", get(latest))
        .route("/api/latest/", get(latest))
        .route("/api/latest/{category}", get(latest_within))
        .route("/api/popular", get(popular))
        .route("/api/popular/", get(popular))
        .route("/api/popular/{category}", get(popular_within))
        .route("/api/non-personalized/{name}", get(popular_of_a_name))
        .route("/api/item-to-item/{name}/{item}", get(similar_by_a_name))
        .route("/api/item/{item}/neighbors", get(similar))
        .route("/api/item/{item}/neighbors/", get(similar))
        .route("/api/item/{item}/neighbors/{category}", get(similar_within))
}

fn scored(ranked: &[Ranked]) -> Json<Value> {
    Json(ranked.iter().map(|one| json!({ "Id": one.id, "Score": one.score })).collect())
}

/// Since version 2 of Gorse's interface there are scores.
fn answer(ranked: &[Ranked], headers: &HeaderMap) -> Json<Value> {
    if headers.get("x-api-version").is_some_and(|version| version == "2") {
        return scored(ranked);
    }
    Json(ranked.iter().map(|one| Value::from(one.id.as_str())).collect())
}

async fn for_user(
    caller: Caller,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(user): Path<String>,
    Query(slice): Query<Slice>,
) -> Answer {
    Ok(answer(&decided(app, caller, user, slice).await?, &headers))
}

async fn for_user_within(
    caller: Caller,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path((user, category)): Path<(String, String)>,
    Query(slice): Query<Slice>,
) -> Answer {
    Ok(answer(&decided(app, caller, user, Slice { category: Some(category), ..slice }).await?, &headers))
}

async fn scored_for_user(
    caller: Caller,
    State(app): State<Arc<App>>,
    Path(user): Path<String>,
    Query(slice): Query<Slice>,
) -> Answer {
    Ok(scored(&decided(app, caller, user, slice).await?))
}

async fn scored_for_user_within(
    caller: Caller,
    State(app): State<Arc<App>>,
    Path((user, category)): Path<(String, String)>,
    Query(slice): Query<Slice>,
) -> Answer {
    Ok(scored(&decided(app, caller, user, Slice { category: Some(category), ..slice }).await?))
}

/// Decides which items to show a user, and tells of it as feedback where that is wanted.
async fn decided(app: Arc<App>, caller: Caller, user: String, slice: Slice) -> Result<Vec<Ranked>, Fault> {
    let work = move |app: &App| {
        let mut wish = Wish { n: slice.n(), offset: slice.offset, ..Wish::default() };
        if let Some(category) = slice.category.as_deref().filter(|category| !category.is_empty()) {
            wish.filter.insert("category".to_owned(), json!([category]));
        }
        let (_, ranked) = items_for(app, vec![Identifier::User(UserId::from(user.as_str()))], wish)?;
        let Some(kind) = slice.write_back_type.as_deref().filter(|kind| !kind.is_empty()) else {
            return Ok(Ok(ranked));
        };
        let feedback = |one: &Ranked| {
            let said = json!({"FeedbackType": kind, "UserId": user, "ItemId": one.id});
            let mut event = event_of(said.as_object().cloned().unwrap_or_default())?;
            // Whatever it is called: nobody has looked at it yet.
            event["event"] = SHOWN_EVENT.into();
            Ok(event)
        };
        let events: Result<Vec<Value>, Fault> = ranked.iter().map(feedback).collect();
        Ok(events.and_then(|events| take_now(app, &caller, events)).map(|_| ranked))
    };
    app.run(work).await?
}

fn is_of(item: &Item, category: Option<&str>) -> bool {
    category.is_none_or(|wanted| wanted.is_empty() || categories(item).iter().any(|category| category == wanted))
}

async fn for_visit(_: Caller, State(app): State<Arc<App>>, Query(slice): Query<Slice>, body: Body) -> Answer {
    after_these(app, slice, body).await
}

async fn for_visit_within(
    _: Caller,
    State(app): State<Arc<App>>,
    Path(category): Path<String>,
    Query(slice): Query<Slice>,
    body: Body,
) -> Answer {
    after_these(app, Slice { category: Some(category), ..slice }, body).await
}

/// What goes with the items of a visit, those that are near to several of them first.
async fn after_these(app: Arc<App>, slice: Slice, body: Body) -> Answer {
    let too_large = || ApiError::too_large(format!("the body is larger than {BYTES_MAX} bytes: send fewer items"));
    let bytes = read_up_to(body, BYTES_MAX).await?.ok_or_else(too_large)?;
    let feedback: Vec<Value> = serde_json::from_slice(&bytes)
        .map_err(|_| Fault(StatusCode::BAD_REQUEST, "send a list of feedback: [{\"ItemId\": \"…\"}]".to_owned()))?;
    let seen: BTreeSet<ItemKey> =
        feedback.iter().filter_map(|one| Some(ItemKey::from(&ItemId::from(one["ItemId"].as_str()?)))).collect();
    let ranked = app.run(move |app| {
        let mut near: BTreeMap<ItemKey, f64> = BTreeMap::new();
        for item in &seen {
            for (other, similarity) in app.engine.bought_with(*item, super::N_MAX).unwrap_or_default() {
                *near.entry(other).or_default() += similarity;
            }
        }
        near.retain(|item, _| !seen.contains(item));
        Ok(best(app, near.into_iter().collect(), &slice))
    });
    Ok(scored(&ranked.await?))
}

async fn similar(
    _: Caller,
    State(app): State<Arc<App>>,
    Path(item): Path<String>,
    Query(slice): Query<Slice>,
) -> Answer {
    near(app, item, slice).await
}

async fn similar_within(
    _: Caller,
    State(app): State<Arc<App>>,
    Path((item, category)): Path<(String, String)>,
    Query(slice): Query<Slice>,
) -> Answer {
    near(app, item, Slice { category: Some(category), ..slice }).await
}

async fn similar_by_a_name(
    _: Caller,
    State(app): State<Arc<App>>,
    Path((_, item)): Path<(String, String)>,
    Query(slice): Query<Slice>,
) -> Answer {
    near(app, item, slice).await
}

async fn near(app: Arc<App>, item: String, slice: Slice) -> Answer {
    let ranked = app.run(move |app| {
        let key = ItemKey::from(&ItemId::from(item.as_str()));
        Ok(best(app, app.engine.bought_with(key, super::N_MAX).unwrap_or_default(), &slice))
    });
    Ok(scored(&ranked.await?))
}

/// The best of what can be had, best first.
fn best(app: &App, mut near: Vec<(ItemKey, f64)>, slice: &Slice) -> Vec<Ranked> {
    near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let places = slice.offset..slice.offset.saturating_add(slice.n());
    offered(app, &near, |item| is_of(item, slice.category.as_deref()), places)
}

async fn popular(_: Caller, State(app): State<Arc<App>>, Query(slice): Query<Slice>) -> Answer {
    sold(app, slice).await
}

async fn popular_within(
    _: Caller,
    State(app): State<Arc<App>>,
    Path(category): Path<String>,
    Query(slice): Query<Slice>,
) -> Answer {
    sold(app, Slice { category: Some(category), ..slice }).await
}

/// Whatever the list is called: one is kept.
async fn popular_of_a_name(
    _: Caller,
    State(app): State<Arc<App>>,
    Path(_): Path<String>,
    Query(slice): Query<Slice>,
) -> Answer {
    sold(app, slice).await
}

/// Of a category, what sells best of it, however much better others sell.
async fn sold(app: Arc<App>, slice: Slice) -> Answer {
    let ranked = app.run(move |app| {
        let places = slice.offset..slice.offset.saturating_add(slice.n());
        let sold = app.engine.sold_best(places, &|item| is_of(item, slice.category.as_deref()));
        let ranked = |(id, buyers): (ItemId, Headcount)| Ranked { id: id.to_string(), score: buyers.weight() };
        Ok(sold.into_iter().map(ranked).collect::<Vec<_>>())
    });
    Ok(scored(&ranked.await?))
}

async fn latest(_: Caller, State(app): State<Arc<App>>, Query(slice): Query<Slice>) -> Answer {
    newest(app, slice).await
}

async fn latest_within(
    _: Caller,
    State(app): State<Arc<App>>,
    Path(category): Path<String>,
    Query(slice): Query<Slice>,
) -> Answer {
    newest(app, Slice { category: Some(category), ..slice }).await
}

/// By when they came into the catalogue, as their timestamp says, those that are only to come left out; the score is that moment in seconds.
async fn newest(app: Arc<App>, slice: Slice) -> Answer {
    let ranked = app.run(move |app| {
        let (mut found, mut last, now) = (Vec::new(), None, app.engine.clock().now());
        loop {
            let n_seen = app.engine.look(|live| {
                let mut n_seen = 0;
                for (key, item) in live.items.after(last, N_SLICE) {
                    (n_seen, last) = (n_seen + 1, Some(*key));
                    if live.items.offers(*key) && is_of(item, slice.category.as_deref()) {
                        found.extend(since(item, now).map(|at| Ranked { id: item.id.to_string(), score: at }));
                    }
                }
                n_seen
            });
            if n_seen < N_SLICE {
                break;
            }
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        Ok(found.into_iter().skip(slice.offset).take(slice.n()).collect::<Vec<_>>())
    });
    Ok(scored(&ranked.await?))
}

#[expect(clippy::cast_precision_loss, reason = "seconds of this calendar are far below 2^53")]
fn since(item: &Item, now: Timestamp) -> Option<f64> {
    item.stated_since().or(item.first_at).filter(|at| *at <= now).map(|at| at.as_millis().div_euclid(1_000) as f64)
}
