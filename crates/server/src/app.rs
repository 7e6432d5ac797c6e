//! What does every request handler have at hand?

use crate::allocations::Allocations;
use crate::attempts::Attempts;
use crate::cookies::Cookies;
use crate::declared_features::DeclaredFeatures;
use crate::error::ServerError;
use crate::failure::ApiError;
use crate::in_force::InForce;
use crate::keys::{Holder, Keys};
use crate::limits::Limits;
use crate::local::LocalKey;
use crate::looks::Looks;
use crate::peer::Peer;
use crate::schemas::Schemas;
use crate::sessions::{self, Sessions};
use crate::settings::Settings;
use crate::ticks::Ticks;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use console::view::Notice;
use engine::{AuditTrail, By, Corrector, Declaring, Engine, EngineError, Eraser, KnownTable, Stopwatch, Trainer};
use governance::Deed;
use metrics_exporter_prometheus::PrometheusHandle;
use primitives::{ErrorKind, Timestamp};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use storage::Storage;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What every request handler has at hand.
pub struct App {
    /// Events in, decisions out.
    pub engine: Arc<Engine>,
    /// Trains models, one at a time.
    pub trainer: Arc<Trainer>,
    /// Takes imports out again.
    pub corrector: Arc<Corrector>,
    /// Erases customers.
    pub eraser: Arc<Eraser>,
    /// The data directory's numbers and maintenance.
    pub storage: Arc<Storage>,
    /// Who may do what.
    pub keys: Arc<Keys>,
    /// What a command on this machine says to import into this data directory.
    pub local_key: LocalKey,
    /// Who is signed in to the console.
    pub sessions: Sessions,
    /// Who keeps trying to.
    pub(crate) sign_ins: Attempts,
    /// Who keeps trying keys anywhere else.
    pub(crate) guesses: Attempts,
    /// Writes down who did what.
    pub audit: AuditTrail,
    /// Who looked at whom lately, and what was found for pages.
    pub(crate) looks: Looks,
    /// How events are expected to look.
    pub schemas: Schemas,
    /// What is in force.
    pub settings: Settings,
    /// Where it comes from.
    pub in_force: InForce,
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
    /// How many of them may be for anybody ([`App::run_public`]).
    pub public_places: Arc<Semaphore>,
    /// How many times at once it may be asked how the program is ([`App::probe`]).
    pub probes: Arc<Semaphore>,
    /// How often one key or one address may ask.
    pub limits: Limits,
    /// Who is told that something came in.
    pub(crate) ticks: Ticks,
    /// Streams that tell clients of flags that others are declared.
    pub(crate) feature_ticks: Ticks,
    /// What these clients load.
    pub(crate) features: DeclaredFeatures,
    /// Which budgets are being allocated.
    pub(crate) allocations: Allocations,
    /// When the categories of an item were changed last, by the first byte of its key. Held while they are: what they were is read, and
    /// what they become written.
    pub(crate) categorized: [Mutex<Timestamp>; 256],
}

/// So many questions about the program itself are worked on beside the requests: it can say that it is full.
pub const N_PROBES_MAX: usize = 4;

/// The part of all places that is left to whoever has more than the public key: events may wait in theirs for as long as the
/// disk takes, and a decision finds one all the same.
const RESERVED_SHARE: usize = 8;

/// How many of so many requests may be for anybody at a time.
#[must_use]
pub fn n_public_requests_max(n_requests_max: usize) -> usize {
    n_requests_max - n_requests_max / RESERVED_SHARE
}

/// How long a request waits for the end of an erasure: less than a request may take.
pub(crate) const ERASED_WITHIN: Duration = Duration::from_secs(45);

/// The program is not well where it does not answer for so long.
const PROBE_TIME_MAX: Duration = Duration::from_secs(2);

impl App {
    /// Whose session a request belongs to: it ends with the key it was begun with. What a page asks for by itself does not
    /// keep it open.
    pub(crate) fn signed_in(&self, headers: &HeaderMap) -> Option<Holder> {
        let token = Cookies::of(&self.settings.server).read(headers, sessions::COOKIE)?;
        let idle = Duration::from_secs(60 * self.settings.console.idle_minutes);
        let is_attended = !headers.contains_key(sessions::BY_ITSELF);
        self.keys.holder(&self.sessions.key_of(token, self.engine.clock().now(), idle, is_attended)?)
    }

    /// Declares something as somebody wants it, and notes that it was them. To be called where work is run that nobody takes back: a
    /// client who goes away before the answer takes no note along.
    ///
    /// # Errors
    /// As [`Engine::declare_one`]; then nothing is noted.
    pub fn declare(&self, list: &str, wanted: Declaring<'_>, by: &By) -> Result<Option<KnownTable>, EngineError> {
        let saved = self.engine.declare_one(list, wanted)?;
        let (deed, name) = match wanted {
            Declaring::New(_) => (Deed::Declared, saved.as_ref().map(KnownTable::name).unwrap_or_default()),
            Declaring::Changed { name, .. } => (Deed::Declared, name),
            Declaring::Gone(name) => (Deed::DeclarationRemoved, name),
        };
        self.audit.note(deed, by, format!("{list} {name}"));
        Ok(saved)
    }

    /// Changes several things that were saved, all or none, and notes each, as [`App::declare`] does.
    ///
    /// # Errors
    /// As [`Engine::declare_together`]; then nothing is noted.
    pub fn declare_together(&self, all: &[(&str, Declaring<'_>)], by: &By) -> Result<(), EngineError> {
        for (list, saved) in self.engine.declare_together(all)? {
            self.audit.note(Deed::Declared, by, format!("{list} {}", saved.name()));
        }
        Ok(())
    }

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
        self.work(place, work).await
    }

    /// Runs work that anybody may cause, such as events or looking for a wrong key, as [`App::run`] does. It leaves some
    /// places to others.
    ///
    /// # Errors
    /// As [`App::run`].
    pub async fn run_public<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&App) -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let Ok(place) = self.public_places.clone().try_acquire_owned() else {
            return Err(ApiError::too_many(n_public_requests_max(self.settings.server.n_requests_max)));
        };
        self.run(move |app| {
            let result = work(app);
            drop(place);
            result
        })
        .await
    }

    /// Asks how the program is, away from the threads that serve connections and beside the requests under way. What does
    /// not answer in time is not waited for; while it hangs it keeps its place, and the others answer at once that it does.
    ///
    /// # Errors
    /// [`ApiError`] with 503 where the answer does not come in time, or what the work answered.
    pub async fn probe<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&App) -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let hangs = || {
            let seconds = PROBE_TIME_MAX.as_secs();
            let message = format!("no answer within {seconds} seconds from what takes events and decides: see the log");
            ApiError::from(ServerError::new(ErrorKind::Unavailable, message))
        };
        let place = self.probes.clone().try_acquire_owned().map_err(|_| hangs())?;
        tokio::time::timeout(PROBE_TIME_MAX, self.work(place, work)).await.unwrap_or_else(|_| Err(hangs()))
    }

    async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        place: OwnedSemaphorePermit,
        work: impl FnOnce(&App) -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, ApiError> {
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

impl FromRequestParts<Arc<App>> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self::of_request(&parts.extensions, &parts.headers, &app.settings.server.trusted_proxies))
    }
}
