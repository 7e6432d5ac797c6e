//! Does the program end within ten seconds of the signal, whatever hangs?

#![expect(clippy::print_stdout, reason = "a server that is started anew says where it serves")]

use crate::support;
use engine::Stopwatch;
use server::keys::Keys;
use server::serve::{Opened, Running, StartOptions};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;
use storage::Access;

/// Tells this program, when a test starts it anew, to be the server that is stopped, and on which directory.
const BE_THE_SERVER: &str = "RAPPORT_TEST_STOP";

const SIGTERM: u32 = 15;

/// Whoever sends the signal waits for so long.
const STOP_TIME_MAX: Duration = Duration::from_secs(10);

/// A server of its own process, in which one looks at the live state and never stops where `hangs`.
fn start(data: &std::path::Path, hangs: bool) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stop::the_server_that_is_stopped", "--nocapture"])
        .env(BE_THE_SERVER, format!("{}:{hangs}", data.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("it serves") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it ended before it served");
    }
    support::until("it listens to the signal", || has_handler(child.id(), SIGTERM).then_some(()));
    (child, said)
}

/// Whether a process has a handler for a signal, as the kernel counts them: one bit each.
fn has_handler(process: u32, signal: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() >> (signal - 1) & 1 == 1
}

fn terminate(child: &Child) {
    let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Waits until it has ended: how long that took, and what it wrote to its log.
fn end(mut child: Child) -> (Duration, String) {
    let watch = Stopwatch::start();
    let mut log = child.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        text
    });
    let ended = support::until("it ends", || child.try_wait().unwrap());
    let took = watch.elapsed();
    (took, format!("{ended}\n{}", log.join().unwrap()))
}

#[test]
fn a_signal_stops_a_server_at_once_and_one_that_hangs_within_ten_seconds() {
    for hangs in [false, true] {
        let data = tempfile::tempdir().unwrap();
        let (child, said) = start(data.path(), hangs);
        terminate(&child);
        let (took, log) = end(child);
        drop(said);
        assert!(took < if hangs { STOP_TIME_MAX } else { STOP_TIME_MAX / 2 }, "{took:?}: {log}");
        assert_eq!(log.contains("the program ends hard"), hangs, "{log}");
        assert_eq!(log.contains("exit status: 1"), hangs, "{log}");
        Opened::open(data.path(), Access::Exclusive, support::settings()).unwrap();
    }
}

/// Not a test by itself: what the test above starts. Run without being asked it does nothing.
#[test]
fn the_server_that_is_stopped() {
    let Ok(asked) = std::env::var(BE_THE_SERVER) else { return };
    let (data, hangs) = asked.rsplit_once(':').unwrap();
    let settings = support::settings();
    server::telemetry::start_logging(&settings.logging);
    let keys = Keys::load(data.as_ref(), &settings.keys).unwrap();
    let opened = Opened::open(data.as_ref(), Access::Exclusive, settings).unwrap();
    let running = Running::start(opened, keys, StartOptions::default()).unwrap();
    let engine = running.app().engine.clone();
    let (begin, begun) = channel();
    if hangs == "true" {
        std::thread::spawn(move || {
            engine.look(|_| {
                begin.send(()).unwrap();
                loop {
                    std::thread::park();
                }
            });
        });
        begun.recv().unwrap();
        // A writer waits behind it, and holds up the last checkpoint.
        let url = format!("http://{}/v1/track", running.address());
        std::thread::spawn(move || {
            let key = format!("Bearer {}", support::WRITE);
            let _ = ureq::post(url).header("authorization", key).send("{\"event\":\"A\",\"userId\":\"1\"}");
        });
        let events = running.app().engine.ports().events.clone();
        support::until("the event is in the log", || (events.head().0 == 1).then_some(()));
    }
    let address = running.address();
    println!("it serves on {address}");
    running.stop_on_signal().unwrap();
}
