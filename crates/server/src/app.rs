//! What does every request handler have at hand?

use crate::api::ApiError;
use crate::clock::Stopwatch;
use crate::console::view::Notice;
use crate::engine::Engine;
use crate::error::ServerError;
use crate::jobs::Trainer;
use crate::keys::Keys;
use crate::pages::session::Sessions;
use crate::settings::Settings;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use storage::Storage;
use tokio::sync::Semaphore;

/// What every request handler has at hand.
pub struct App {
    /// Events in, decisions out.
    pub engine: Arc<Engine>,
    /// Trains models, one at a time.
    pub trainer: Arc<Trainer>,
    /// The data directory's numbers and maintenance.
    pub storage: Arc<Storage>,
    /// Who may do what.
    pub keys: Keys,
    /// Who is signed in to the console.
    pub sessions: Sessions,
    /// What is in force.
    pub settings: Settings,
    /// What is counted and measured.
    pub metrics: PrometheusHandle,
    /// Where today's events come from, where that must be said on every page.
    pub notice: Option<Notice>,
    /// Whether the console is open to this machine without a key: only for demonstration data.
    pub is_console_open: bool,
    /// How long the program has been running.
    pub uptime: Stopwatch,
    /// How many requests may be worked on at a time.
    pub places: Arc<Semaphore>,
}

impl App {
    /// Runs blocking work away from the threads that serve connections. When too much is under way already, it answers
    /// that at once and lets nobody wait.
    ///
    /// # Errors
    /// [`ApiError`] with 429 where there is no place, or what the work answered.
    pub async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&App) -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            return Err(ApiError::too_many(self.settings.server.n_requests_max));
        };
        let app = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&app);
            drop(place);
            result
        });
        match done.await {
            Ok(result) => result.map_err(ApiError::from),
            Err(_) => Err(ApiError::internal()),
        }
    }
}
