//! Which customers does a filter mean, and what is told of each?

use super::auth::MayRead;
use super::extract::Query;
use super::line::{CustomerLineReply, name_of};
use crate::app::App;
use crate::customer_files::{self, FileKind};
use crate::error::ServerError;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use engine::{By, Found, Page};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many customers are answered where nobody says, and at the most.
const N_DEFAULT: usize = 50;
const N_MAX: usize = 1_000;
/// How long it is looked for at the most; then the answer says that it is not complete.
const TIME_MAX: Duration = Duration::from_secs(5);

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(customers)).routes(routes!(as_csv)).routes(routes!(as_parquet))
}

/// Which customers, and what of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// For whom it holds; without it everybody: `churn>0.5 and orders_365d>=2 and traits.city="Graz"`.
    filter: Option<String>,
    /// By what they are sorted, with `-` the largest first: `-churn`. Without it, who was seen last comes first.
    sort: Option<String>,
    /// What is told of each, with commas between: `churn,value,orders_365d,traits.city,why.churn`. Without it every score.
    columns: Option<String>,
    /// How many, 1 to 1000.
    #[param(value_type = Option<usize>, default = 50, minimum = 1, maximum = 1000)]
    limit: Option<String>,
    /// The cursor of the page before.
    cursor: Option<String>,
}

/// Customers for whom a filter holds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CustomersReply {
    /// This page of them.
    customers: Vec<CustomerLineReply>,
    /// How many there are in all.
    count: u64,
    /// What each number comes to, of those columns that are numbers, over the customers who permit analytics; null where there
    /// are fewer than five of them.
    sum: BTreeMap<String, Option<f64>>,
    /// Give it to get the next page; null where there is none.
    cursor: Option<String>,
    /// Whether the time sufficed to look at every customer.
    is_complete: bool,
    /// How many customers were looked at.
    looked_at: u64,
}

/// The customers for whom a filter holds
///
/// Customers are found in memory and on disk. Scores, features, groups and segments are known of who permits personalization;
/// what is not known neither holds nor does its opposite. A page goes on after the last customer of the one before, whatever
/// has changed since.
#[utoipa::path(
    get, path = "/v1/customers", tag = "customers", params(Asked),
    responses(
        (status = 200, description = "A page of them, how many there are, and sums", body = CustomersReply),
        (status = 400, description = "The filter, the order, the columns or the cursor cannot be read: the message says where",
            body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn customers(
    _: MayRead,
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<CustomersReply>, ApiError> {
    let n_max = limit(asked.limit.as_deref())?;
    app.run(move |app| reply(app, &asked, n_max)).await.map(Json)
}

/// Which customers a file is to have, and what of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AskedFile {
    /// For whom it holds; without it everybody.
    filter: Option<String>,
    /// By what they are sorted.
    sort: Option<String>,
    /// What is told of each, with commas between. Without it every score.
    columns: Option<String>,
}

/// The customers for whom a filter holds, as CSV
///
/// All of them, up to a million. A text that a spreadsheet would take for a formula begins with an apostrophe.
#[utoipa::path(
    get, path = "/v1/customers.csv", tag = "customers", params(AskedFile),
    responses(
        (status = 200, description = "A file in UTF-8, with a head", content_type = "text/csv", body = String),
        (status = 400, description = "The filter, the order or the columns cannot be read", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn as_csv(
    MayRead(by): MayRead,
    State(app): State<Arc<App>>,
    Query(asked): Query<AskedFile>,
) -> Result<Response, ApiError> {
    file(&app, by, asked, FileKind::Csv).await
}

/// The customers for whom a filter holds, as Parquet
#[utoipa::path(
    get, path = "/v1/customers.parquet", tag = "customers", params(AskedFile),
    responses(
        (status = 200, description = "A file", content_type = "application/vnd.apache.parquet", body = Vec<u8>),
        (status = 400, description = "The filter, the order or the columns cannot be read", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn as_parquet(
    MayRead(by): MayRead,
    State(app): State<Arc<App>>,
    Query(asked): Query<AskedFile>,
) -> Result<Response, ApiError> {
    file(&app, by, asked, FileKind::Parquet).await
}

async fn file(app: &Arc<App>, by: By, asked: AskedFile, kind: FileKind) -> Result<Response, ApiError> {
    let file = app
        .run(move |app| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let (filter, sort, columns) = (text(&asked.filter), text(&asked.sort), text(&asked.columns));
            customer_files::write(app, &by, &app.engine.selection(&filter, &sort, &columns)?, kind)
        })
        .await?;
    Ok(kind.response(file))
}

fn reply(app: &App, asked: &Asked, n_max: usize) -> Result<CustomersReply, ServerError> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (filter, sort, columns) = (text(&asked.filter), text(&asked.sort), text(&asked.columns));
    let selection = app.engine.selection(&filter, &sort, &columns)?;
    let cursor = asked.cursor.as_deref().filter(|cursor| !cursor.is_empty());
    let Found { ids, n, sums, cursor, n_looked_at, is_complete, .. } =
        app.engine.select(&selection, Page { n_max, cursor }, TIME_MAX)?;
    let lines = app.engine.lines(&ids, &selection.columns)?;
    Ok(CustomersReply {
        customers: lines.into_iter().map(|line| CustomerLineReply::of(line, &selection.columns)).collect(),
        count: n,
        sum: sums.into_iter().map(|(subject, sum)| (name_of(&subject), sum.total)).collect(),
        cursor,
        is_complete,
        looked_at: n_looked_at,
    })
}

fn limit(text: Option<&str>) -> Result<usize, ApiError> {
    let Some(text) = text else { return Ok(N_DEFAULT) };
    let wrong = || ApiError::invalid(format!("limit must be a whole number from 1 to {N_MAX}"));
    text.parse().ok().filter(|n| (1..=N_MAX).contains(n)).ok_or_else(wrong)
}
