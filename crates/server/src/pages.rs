//! How do the console's pages get their data, and who may see them?

pub mod session;

use crate::app::App;
use axum::Router;
use std::sync::Arc;

/// The console's paths.
pub fn router(app: Arc<App>) -> Router {
    Router::new().with_state(app)
}
