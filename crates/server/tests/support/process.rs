//! How is the program run as a process of its own, since it is to be killed?

#![expect(clippy::expect_used, reason = "a helper of tests fails the test")]

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const KEY: &str = "crash-server-key-7Q";

/// How often each loop kills.
pub(crate) fn n_kills() -> u32 {
    std::env::var("RAPPORT_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(4)
}

/// When to kill in a round: a moment that differs from round to round, and in each hits another step of the work.
pub(crate) fn moment(round: u32) -> Duration {
    Duration::from_millis(u64::from(round % 5) * 337 + u64::from(round / 5) * 29 + 150)
}

/// The program with a command, in a data directory.
pub(crate) fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rapport"));
    command.args(arguments).arg("--data").arg(data).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// A server that can be asked and killed.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = command(data, &["serve", "--listen", "127.0.0.1:0"])
            .env("RAPPORT__KEYS__SERVER", KEY)
            .env("RAPPORT__PROFILES__CHECKPOINT_SECONDS", "1")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("listening on ")?.1.split(':').take(3).collect::<Vec<_>>().join(":")))
            .expect("the server says where it listens");
        // The rest is read, so that the server can go on writing.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already, which is what was wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer, or `None` where the server died before it answered.
pub(crate) fn post(url: &str, path: &str, body: &Value) -> Option<Value> {
    let mut answer = ureq::post(format!("{url}{path}"))
        .header("Authorization", format!("Bearer {KEY}"))
        .config()
        .timeout_global(Some(Duration::from_secs(10)))
        .http_status_as_error(false)
        .build()
        .send(body.to_string())
        .ok()?;
    serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()
}

/// What the server answers, which must be 200.
pub(crate) fn get(url: &str, path: &str) -> Value {
    let mut answer =
        ureq::get(format!("{url}{path}")).header("Authorization", format!("Bearer {KEY}")).call().expect(path);
    serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
}
