//! What is known of a customer?

use super::auth::MayRead;
use super::extract::Path;
use super::wire::CustomerReply;
use crate::app::App;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::State;
use governance::Deed;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(customer))
}

/// Everything known of a customer
#[utoipa::path(
    get, path = "/v1/customers/{id}", tag = "customers",
    params(("id" = String, Path, description = "A customerId, userId or anonymousId")),
    responses(
        (status = 200, description = "Profile, consents, features and scores", body = CustomerReply),
        (status = 404, description = "Nobody goes by that name", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn customer(
    MayRead(by): MayRead,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<CustomerReply>, ApiError> {
    let view = app.run(move |app| Ok(app.engine.customer(&id)?)).await?;
    // A service reads customers by the thousand, and nobody looks at them: what people open is written down.
    if by.is_person() {
        app.audit.note(Deed::CustomerOpened, &by, view.customer.profile.id.as_str());
    }
    Ok(Json(CustomerReply::from(&view)))
}
