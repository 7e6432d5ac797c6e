//! What is known of an item of the catalogue?

use super::extract::Path;
use super::imports::MayLook;
use crate::app::App;
use crate::error::ServerError;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::State;
use features::Item;
use primitives::{ErrorKind, ItemId, ItemKey, visible};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(item))
}

/// What is known of an item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CatalogueItemReply {
    #[schema(example = "LK-0042")]
    item_id: String,
    /// Null where nobody named it.
    name: Option<String>,
    category: Option<String>,
    /// In major units of `currency`.
    price: Option<f64>,
    currency: Option<String>,
    /// Whether it can be had; assumed where nothing is said.
    available: bool,
    /// Whether the company itself told of it, with a server key or an import.
    vouched: bool,
    /// What else the company said of it.
    traits: BTreeMap<String, Value>,
}

impl From<&Item> for CatalogueItemReply {
    fn from(item: &Item) -> Self {
        let price = item.price.as_ref().map(|price| price.value);
        Self {
            item_id: item.id.to_string(),
            name: item.name.as_ref().map(|name| name.value.clone()),
            category: item.category.as_ref().map(|category| category.value.clone()),
            price: price.map(|price| price.to_major()),
            currency: price.map(|price| price.currency.to_string()),
            available: item.is_available(),
            vouched: item.is_vouched,
            traits: item.traits().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }
}

/// What is known of an item of the catalogue
#[utoipa::path(
    get, path = "/v1/items/{id}", tag = "customers",
    params(("id" = String, Path, description = "An itemId, as it is sent")),
    responses(
        (status = 200, description = "Its name, category, price, whether it can be had, and its traits", body = CatalogueItemReply),
        (status = 404, description = "Nothing goes by that name", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn item(
    _: MayLook,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<CatalogueItemReply>, ApiError> {
    let found = app.run(move |app| {
        let key = ItemKey::from(&ItemId::from(id.as_str()));
        let found = app.engine.look(|live| live.items.get(key).map(CatalogueItemReply::from));
        found.ok_or_else(|| {
            let shown: String = id.chars().take(60).collect();
            let message = format!("no item is known by the name \"{}\": send an item call for it", visible(&shown));
            ServerError::new(ErrorKind::NotFound, message)
        })
    });
    Ok(Json(found.await?))
}
