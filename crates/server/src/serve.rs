//! How does the server start, listen and stop?

mod connections;
mod places;
mod socket;

use crate::admission;
use crate::api::{self, wire};
use crate::app::{App, N_PROBES_MAX, n_public_requests_max};
use crate::attempts::Attempts;
use crate::audit::key_subject;
use crate::bodies::{self, Budget, Held};
use crate::clock::SystemClock;
use crate::declarations::{Declarations, SettingsFile};
use crate::declared_features::DeclaredFeatures;
use crate::error::ServerError;
use crate::exposure::is_public;
use crate::failure::ApiError;
use crate::in_force::InForce;
use crate::keys::{Follower, Keys, random_seed};
use crate::limits::Limits;
use crate::local::{Announced, LocalKey};
use crate::looks::Looks;
use crate::on_disk::ports;
use crate::pages;
use crate::schemas::Schemas;
use crate::sessions::Sessions;
use crate::settings::{ServerSettings, Settings};
use crate::telemetry;
use crate::ticks::Ticks;
use crate::webhooks::HttpCourier;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use connections::Patience;
use console::view::Notice;
use engine::{AuditTrail, Background, By, Corrector, Engine, Eraser, Live, Pauses, Stopwatch, Trainer};
use governance::{Deed, Retention};
use places::Places;
use primitives::{Clock, ErrorKind, Seed, Timestamp};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use storage::{Access, DataDir, Storage, StorageSettings};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower_http::catch_panic::CatchPanicLayer;

/// How long a request may take, its body included. What takes longer hangs, and its client is not kept waiting.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(60);

/// How long requests that are under way may take to end when the server stops, and then the work of those that did not.
const GRACE: Duration = Duration::from_secs(5);
const WORK_GRACE: Duration = Duration::from_secs(2);

/// How long after the signal the program is ended, whatever hangs: whoever sent it waits for ten seconds.
const STOP_TIME_MAX: Duration = Duration::from_secs(9);

/// A data directory that is open, with the engine on it.
pub struct Opened {
    /// Events in, decisions out.
    pub engine: Arc<Engine>,
    /// The data directory.
    pub storage: Arc<Storage>,
    /// What is in force.
    pub settings: Settings,
    /// The data directory's path.
    pub data: PathBuf,
}

impl Opened {
    /// Opens a data directory with the operating system's clock.
    ///
    /// # Errors
    /// [`ServerError`]: in use, not readable, of a newer version, damaged.
    pub fn open(data: &Path, access: Access, settings: Settings) -> Result<Self, ServerError> {
        Self::open_at(data, access, settings, Arc::new(SystemClock))
    }

    /// Opens a data directory with a clock of the caller's.
    ///
    /// # Errors
    /// As [`Opened::open`].
    pub fn open_at(
        data: &Path,
        access: Access,
        settings: Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ServerError> {
        let stored = storage_settings(&settings);
        Self::open_as(data, access, settings, clock, stored)
    }

    /// Opens a data directory that is made anew after a crash, so that nothing in it waits for the disk. Whoever makes it
    /// syncs its files once it is whole.
    ///
    /// # Errors
    /// As [`Opened::open`].
    pub fn draft_at(data: &Path, settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, ServerError> {
        let stored = StorageSettings { is_durable: false, ..storage_settings(&settings) };
        Self::open_as(data, Access::Exclusive, settings, clock, stored)
    }

    fn open_as(
        data: &Path,
        access: Access,
        settings: Settings,
        clock: Arc<dyn Clock>,
        stored: StorageSettings,
    ) -> Result<Self, ServerError> {
        let storage = Storage::open(DataDir::open(data, access)?, stored)?;
        let policy = settings.consent_policy();
        let ports = ports(&storage);
        Live::renew(&ports, &policy, access == Access::Exclusive)?;
        let capabilities = Arc::new(settings.capabilities());
        let engine = Engine::open(ports, policy, capabilities, clock, random_seed()?, wire::decision)?;
        if access == Access::Exclusive {
            end_erasures(&engine);
        }
        if access == Access::Exclusive && engine.is_outdated()? {
            engine.follow_corrections(&mut |_| Ok(()))?;
        }
        Ok(Self { engine: Arc::new(engine), storage, settings, data: data.to_owned() })
    }
}

impl AsRef<Self> for Opened {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// How often sealing, pruning, forgetting and the files of decisions are looked at.
const MAINTENANCE_EVERY: Duration = Duration::from_secs(60);

/// How often the engine does what is to be done in the background.
fn pauses(settings: &Settings) -> Pauses {
    Pauses {
        checkpoint: Duration::from_secs(settings.profiles.checkpoint_seconds),
        maintenance: MAINTENANCE_EVERY,
        n_resident_max: settings.profiles.n_resident_max,
        n_sealed_min: settings.events.seal_events,
        seal: Duration::from_secs(u64::try_from(settings.events.seal_hours).unwrap_or(u64::MAX).saturating_mul(3_600)),
        train_hours: settings.models.train_hours,
        refit: Duration::from_secs(u64::try_from(settings.act.refit_minutes).unwrap_or(10).saturating_mul(60)),
    }
}

/// What runs requests, with at most so many threads that may wait: one for each place, so that who was given one never waits for it.
fn runtime(n_waiting_max: usize) -> Result<tokio::runtime::Runtime, ServerError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(n_waiting_max)
        .build()
        .map_err(ServerError::io("cannot start the server's threads"))
}

/// Starts what is done in the background.
fn background(
    trainer: &Arc<Trainer>,
    corrector: &Arc<Corrector>,
    eraser: &Arc<Eraser>,
    settings: &Settings,
) -> Result<Background, ServerError> {
    let mut background = Background::start(trainer.clone(), corrector.clone(), pauses(settings))?;
    background.erase(eraser)?;
    background.keep_lists(Arc::new(HttpCourier::new(settings.webhooks.clone())))?;
    Ok(background)
}

fn storage_settings(settings: &Settings) -> StorageSettings {
    fn now_micros() -> u64 {
        static START: std::sync::LazyLock<Stopwatch> = std::sync::LazyLock::new(Stopwatch::start);
        u64::try_from(START.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
    let mut retention =
        Retention::default().with_dedup_days(settings.events.dedup_days).with_audit_days(settings.audit.keep_days);
    retention.decision_days = settings.decisions.keep_days;
    StorageSettings {
        retention,
        now_micros: Some(now_micros),
        on_commit: Some(Box::new(telemetry::record_commit)),
        ..StorageSettings::default()
    }
}

/// What is particular to one start.
#[derive(Debug, Clone, Default)]
pub struct StartOptions {
    /// What every page says about the data.
    pub notice: Option<Notice>,
    /// The file that the settings came from: declarations of features follow it.
    pub settings_file: Option<SettingsFile>,
    /// Opens the console to this machine without a key; only for demonstration data, and only on loopback.
    pub is_console_open: bool,
}

/// A server that listens. Dropping it stops it: requests end, the last checkpoint is written.
pub struct Running {
    address: SocketAddr,
    app: Arc<App>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
    background: Option<Background>,
    _announced: Announced,
    _follower: Follower,
    _declarations: Declarations,
}

impl Running {
    /// Starts listening, and the background jobs.
    ///
    /// # Errors
    /// [`ServerError`] where the address cannot be listened on, or must not be.
    pub fn start(opened: Opened, keys: Keys, options: StartOptions) -> Result<Self, ServerError> {
        let Opened { engine, storage, settings, data } = opened;
        let ServerSettings { listen, n_requests_max, .. } = settings.server;
        let places = Arc::new(Places::new(&settings.server));
        let budget = Budget::new(settings.limits.body_megabytes_max);
        let patience = Patience { idle: Duration::from_secs(settings.server.idle_seconds), grace: GRACE };
        if options.is_console_open {
            refuse_public(&settings.server)?;
        }
        let audit = AuditTrail::new(engine.clone());
        let trainer = Arc::new(Trainer::new(Seed::new(settings.models.seed), audit.clone()));
        let corrector = Arc::new(Corrector::new(engine.clone(), audit.clone()));
        let eraser = Arc::new(Eraser::new(engine.clone(), audit.clone()));
        let background = background(&trainer, &corrector, &eraser, &settings)?;
        begin_declared(&engine);
        let keys = Arc::new(keys);
        let follower = follow(&keys, &audit)?;
        let (stop, stopped) = watch::channel(false);
        let app = Arc::new(App {
            places: Arc::new(Semaphore::new(n_requests_max)),
            public_places: Arc::new(Semaphore::new(n_public_requests_max(n_requests_max))),
            probes: Arc::new(Semaphore::new(N_PROBES_MAX)),
            limits: Limits::new(&settings.limits),
            ticks: Ticks::until(stopped.clone()),
            feature_ticks: Ticks::of_features(stopped.clone()),
            features: DeclaredFeatures::default(),
            engine,
            trainer,
            corrector,
            eraser,
            storage,
            keys,
            local_key: LocalKey::new()?,
            sessions: Sessions::default(),
            sign_ins: Attempts::default(),
            guesses: Attempts::default(),
            audit,
            looks: Looks::default(),
            allocations: crate::allocations::Allocations::default(),
            categorized: std::array::from_fn(|_| Mutex::new(Timestamp::MIN)),
            schemas: Schemas::load(&settings.schemas)?,
            in_force: InForce::at_start(options.settings_file.as_ref(), &settings),
            settings,
            metrics: telemetry::start_metrics()?,
            notice: options.notice,
            is_console_open: options.is_console_open,
            uptime: Stopwatch::start(),
        });
        let runtime = runtime(n_requests_max + N_PROBES_MAX)?;
        let listener = runtime.block_on(TcpListener::bind(listen)).map_err(|source| cannot_listen(listen, source))?;
        let address = listener.local_addr().map_err(ServerError::io("cannot read the address listened on"))?;
        let announced = Announced::write(&data, address, &app.local_key);
        let declarations = Declarations::start(options.settings_file, &app.corrector)?;
        let router = router(app.clone());
        let thread = std::thread::Builder::new().name("http".to_owned()).spawn(move || {
            runtime.block_on(connections::serve(listener, router, places, stopped, patience, budget));
            runtime.shutdown_timeout(WORK_GRACE);
        });
        let thread = thread.map_err(ServerError::io("cannot start the server's thread"))?;
        Ok(Self {
            address,
            app,
            stop,
            thread: Some(thread),
            background: Some(background),
            _announced: announced,
            _follower: follower,
            _declarations: declarations,
        })
    }

    /// The address that is listened on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the request handlers have at hand.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Stops at Ctrl-C or SIGTERM. Where something hangs, the program ends hard before ten seconds are over.
    ///
    /// # Errors
    /// [`ServerError`] where the signals cannot be waited for.
    pub fn stop_on_signal(self) -> Result<(), ServerError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServerError::io("cannot wait for signals"))?;
        runtime.block_on(stop_signal()).map_err(ServerError::io("cannot wait for signals"))?;
        tracing::info!("stopping");
        end_in_time()?;
        drop(self);
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The receiver is gone only when the server has stopped already.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        drop(self.background.take());
    }
}

/// Ends what was being erased when the program ended. Where that fails, a server goes on trying.
fn end_erasures(engine: &Engine) {
    match engine.finish_erasures(&mut |_| Ok(())) {
        Ok(0) => {}
        Ok(n_customers) => tracing::info!(n_customers, "customers were erased whose erasure had been broken off"),
        Err(error) => tracing::error!(error = error.story(), "an erasure that was broken off has not ended yet"),
    }
}

/// A console that is open to everybody is for this machine only.
fn refuse_public(server: &ServerSettings) -> Result<(), ServerError> {
    if !is_public(server) {
        return Ok(());
    }
    let message = format!(
        "the demonstration's console is open to everybody who can reach it, so it does not listen on {} where others can: \
         choose a loopback address, and no server.tls_proxy and no server.trusted_proxies",
        server.listen
    );
    Err(ServerError::new(ErrorKind::Forbidden, message))
}

/// Notes which experiments have begun. Where that fails, whatever is declared next notes it, too.
fn begin_declared(engine: &Engine) {
    if let Err(error) = engine.begin_declared() {
        tracing::error!(error = error.story(), "which experiments have begun cannot be noted yet");
    }
}

/// Follows the keys; what others have changed is written down.
fn follow(keys: &Arc<Keys>, audit: &AuditTrail) -> Result<Follower, ServerError> {
    let audit = audit.clone();
    Follower::start(keys.clone(), move |change| {
        let deed = if change.is_revoked { Deed::KeyRevoked } else { Deed::KeyCreated };
        audit.note(deed, &By::COMMAND, key_subject(change.role, &change.name, &change.id));
    })
}

/// Ends the program hard when the time to stop is over. What was acknowledged is on disk, and the next start folds it in.
fn end_in_time() -> Result<(), ServerError> {
    let watch = Stopwatch::start();
    let end = move || {
        while let Some(rest) = STOP_TIME_MAX.checked_sub(watch.elapsed()) {
            std::thread::park_timeout(rest);
        }
        tracing::error!("something hangs, so the program ends hard; nothing that was acknowledged is lost");
        std::process::exit(1);
    };
    let spawned = std::thread::Builder::new().name("stop".to_owned()).spawn(end);
    spawned.map(drop).map_err(ServerError::io("cannot start the thread that ends the program"))
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

fn router(app: Arc<App>) -> Router {
    let (nowhere, not_so) = (app.clone(), app.clone());
    Router::new()
        .merge(api::router(app.clone()))
        .merge(pages::router(app.clone()))
        .fallback(move |request| pages::no_such_path(nowhere.clone(), request))
        .method_not_allowed_fallback(move |request| pages::no_such_method(not_so.clone(), request))
        .layer(from_fn_with_state(app.clone(), admission::admit))
        .layer(from_fn_with_state(app, pages::guard_demonstration))
        .layer(CatchPanicLayer::custom(|_| ApiError::internal().into_response()))
        .layer(from_fn(measure))
}

/// Measures each request. The route's pattern is recorded, never the path: paths may hold a customer's name.
async fn measure(request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let route = request.extensions().get::<MatchedPath>().map_or("none".to_owned(), |path| path.as_str().to_owned());
    let method = known_method(request.method());
    let held = request.extensions().get::<Arc<Held>>().cloned();
    let response = tokio::time::timeout(REQUEST_TIME_MAX, next.run(request)).await.unwrap_or_else(|_| {
        let message = format!("there was no answer within {} seconds: try again", REQUEST_TIME_MAX.as_secs());
        ApiError::from(ServerError::new(ErrorKind::Unavailable, message)).into_response()
    });
    let response = bodies::answer(held, response);
    let code = response.status().as_u16().to_string();
    let labels = [("route", route.clone()), ("method", method.to_owned()), ("code", code)];
    metrics::histogram!("cx_http_request_duration_seconds", &labels).record(watch.elapsed().as_secs_f64());
    if response.status() >= StatusCode::INTERNAL_SERVER_ERROR {
        tracing::warn!(route, method, status = response.status().as_u16(), "a request was not answered");
    }
    response
}

/// The method as a label. Clients may invent methods, and each label would be kept for ever.
fn known_method(method: &Method) -> &'static str {
    let known = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"];
    known.into_iter().find(|known| method == known).unwrap_or("other")
}

/// Whether an address can be listened on at this moment.
///
/// # Errors
/// [`ServerError`] with what to do.
pub(crate) fn check_listen(listen: SocketAddr) -> Result<(), ServerError> {
    std::net::TcpListener::bind(listen).map(drop).map_err(|source| cannot_listen(listen, source))
}

fn cannot_listen(listen: SocketAddr, source: std::io::Error) -> ServerError {
    let attempt = match source.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("cannot listen on {listen}: another program does; stop it, or choose another address with --listen")
        }
        std::io::ErrorKind::PermissionDenied => {
            format!("cannot listen on {listen}: ports below 1024 need special rights; choose another with --listen")
        }
        _ => format!("cannot listen on {listen}: choose an address of this machine with --listen"),
    };
    ServerError::Io { attempt, source }
}
