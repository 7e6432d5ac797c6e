//! How does a test get a server, ask it something, and wait for it?

#![expect(dead_code, reason = "every test program compiles this file and uses its own part of it")]

pub(crate) mod process;
pub(crate) mod world;

use engine::{Engine, Ports, Stopwatch};
use primitives::{Clock, SimulatedClock, Timestamp};
use profiles::Collection;
use serde_json::{Value, json};
use server::app::App;
use server::declarations::SettingsFile;
use server::keys::Keys;
use server::serve::{Opened, Running, StartOptions};
use server::settings::Settings;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use storage::{Access, DataDir, Storage, StorageSettings};
use tempfile::TempDir;

/// The keys every test server has.
pub(crate) const WRITE: &str = "test-write-key";
/// See [`WRITE`].
pub(crate) const SERVER: &str = "test-server-key";
/// See [`WRITE`].
pub(crate) const ADMIN: &str = "test-admin-key";

/// The longest any single wait takes; then the test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A settings file is looked at so often, and followed once two looks found the same.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Noon of the day on which the generated world has ended.
pub(crate) fn noon() -> Timestamp {
    Timestamp::parse("2026-11-22T12:00:00Z").unwrap()
}

/// A server in this process, on a port and a data directory of its own, whose clock stands still.
pub(crate) struct TestServer {
    running: Running,
    agent: ureq::Agent,
    clock: Arc<SimulatedClock>,
    settings: Settings,
    data: Arc<TempDir>,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl TestServer {
    /// An empty server with default settings.
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// An empty server with other settings.
    pub(crate) fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = settings();
        change(&mut settings);
        Self::open(Arc::new(tempfile::tempdir().unwrap()), settings, Arc::new(SimulatedClock::new(noon())))
    }

    /// Stops and starts again on the same directory, at the same moment.
    pub(crate) fn restart(self) -> Self {
        self.restart_with(|_| {})
    }

    /// Stops and starts again with other settings.
    pub(crate) fn restart_with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let Self { running, agent, clock, mut settings, data } = self;
        drop(agent);
        drop(running);
        change(&mut settings);
        Self::open(data, settings, clock)
    }

    /// Stops, and leaves the directory.
    pub(crate) fn stop(self) -> Arc<TempDir> {
        let Self { running, agent, data, .. } = self;
        drop(agent);
        drop(running);
        data
    }

    /// A server on a directory that another one left.
    pub(crate) fn reopen(data: Arc<TempDir>) -> Self {
        Self::reopen_at(data, settings().server.listen)
    }

    /// The same, at an address.
    pub(crate) fn reopen_at(data: Arc<TempDir>, address: std::net::SocketAddr) -> Self {
        let mut settings = settings();
        settings.server.listen = address;
        Self::open(data, settings, Arc::new(SimulatedClock::new(noon())))
    }

    fn open(data: Arc<TempDir>, settings: Settings, clock: Arc<SimulatedClock>) -> Self {
        let keys = Keys::load(data.path(), &settings.keys).unwrap();
        let opened = Opened::open_at(data.path(), Access::Exclusive, settings.clone(), clock.clone()).unwrap();
        let followed = StartOptions {
            settings_file: Some(SettingsFile::read(data.path().join("rapport.toml")).looked_at_every(LOOK_EVERY)),
            ..StartOptions::default()
        };
        let running = Running::start(opened, keys, followed).unwrap();
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(DEADLINE))
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .build();
        Self { running, agent: config.new_agent(), clock, settings, data }
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        self.running.app()
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.app().engine
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.data.path().to_owned()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets the clock go, for whoever lives by their own.
    pub(crate) fn let_time_pass(&self) {
        let clock = Arc::downgrade(&self.clock);
        std::thread::spawn(move || {
            let watch = Stopwatch::start();
            let mut passed = Duration::ZERO;
            while let Some(clock) = clock.upgrade() {
                let now = Duration::from_millis(u64::try_from(watch.elapsed().as_millis()).unwrap());
                clock.advance(now - passed);
                passed = now;
                drop(clock);
                std::thread::park_timeout(Duration::from_millis(1));
            }
        });
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.running.address()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// Sends a request with exactly these headers.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Reply {
        let mut request = ureq::http::Request::builder().method(method).uri(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.as_ref().to_vec()).unwrap();
        let mut reply = self.agent.run(request).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let headers = reply.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let text = reply.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
        Reply { status: reply.status().as_u16(), headers, text }
    }

    /// Asks for what may be no text: status, headers and bytes.
    pub(crate) fn send_for_bytes(&self, method: &str, path: &str) -> (u16, BTreeMap<String, String>, Vec<u8>) {
        let request = ureq::http::Request::builder().method(method).uri(self.url(path)).body(()).unwrap();
        let mut reply = self.agent.run(request).unwrap();
        let headers = reply.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        (reply.status().as_u16(), headers, reply.body_mut().read_to_vec().unwrap())
    }

    /// Asks with a key.
    pub(crate) fn get_as(&self, key: &str, path: &str) -> Reply {
        self.send("GET", path, &[("authorization", &format!("Bearer {key}"))], "")
    }

    /// Asks with the server key.
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.get_as(SERVER, path)
    }

    /// Sends JSON with a key.
    pub(crate) fn post_as(&self, key: &str, path: &str, body: &Value) -> Reply {
        let headers = [("authorization", &*format!("Bearer {key}")), ("content-type", "application/json")];
        self.send("POST", path, &headers, body.to_string())
    }

    /// Sends events with the write key.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_as(WRITE, path, body)
    }

    /// Asks for a decision with the server key.
    pub(crate) fn decide(&self, question: &Value) -> Reply {
        self.post_as(SERVER, "/v1/decide", question)
    }

    /// Whether a decision that was answered can be made again to the byte.
    pub(crate) fn replays(&self, answer: &Value) -> bool {
        let path = format!("/v1/decisions/{}/replay", answer["decisionId"].as_str().unwrap());
        let replayed = self.post_as(SERVER, &path, &json!({})).ok();
        assert_eq!(&replayed["logged"], answer);
        replayed["identical"] == true
    }

    /// The newest events, newest first.
    #[track_caller]
    pub(crate) fn events(&self, status: &str) -> Vec<Value> {
        let reply = self.get(&format!("/v1/events?limit=1000&status={status}"));
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["events"].as_array().unwrap().clone()
    }
}

// What fails here names the line of the test that asked: a backtrace knows no lines.
impl Reply {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_str(&self.text) {
            Ok(json) => json,
            Err(error) => panic!("not JSON ({error}): {}", self.text),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Asserts the status and answers with the JSON.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    /// Asserts that it is an error in the form that all errors have, and answers with its message.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        let body = self.json();
        assert_eq!((&body["success"], &body["code"]), (&Value::Bool(false), &Value::from(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/json"));
        let message = body["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.len() > 10, "no sentence: {}", self.text);
        message
    }
}

/// Default settings on a free port, with preset keys.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.server.listen = "127.0.0.1:0".parse().unwrap();
    settings.keys.write = WRITE.to_owned();
    settings.keys.server = SERVER.to_owned();
    settings.keys.admin = ADMIN.to_owned();
    settings
}

/// Waits until something is there.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let watch = Stopwatch::start();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(watch.elapsed() < DEADLINE, "waited in vain: {what}");
        // Gives way to whoever brings it about; the state decides, not the pause.
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until_so(what: &str, is_so: impl Fn() -> bool) {
    until(what, || is_so().then_some(()));
}

/// The storage of a data directory that nobody else uses.
pub(crate) fn storage(data: &Path) -> Arc<Storage> {
    Storage::open(DataDir::open(data, Access::Exclusive).unwrap(), StorageSettings::default()).unwrap()
}

/// Every stored row of derived state.
pub(crate) type Rows = BTreeMap<(Collection, String), Vec<u8>>;

/// The rows that are stored now.
pub(crate) fn rows(ports: &Ports) -> Rows {
    let mut rows = Rows::new();
    for collection in Collection::ALL {
        let mut add = |key: &str, value: &[u8]| rows.insert((collection, key.to_owned()), value.to_vec()).is_none();
        ports.profiles.scan(collection, "", &mut add).unwrap();
    }
    rows
}

/// The files below a directory, by name.
pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files_below(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}
