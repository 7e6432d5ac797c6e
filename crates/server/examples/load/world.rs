//! What is the load put on? A generated world, imported and learned from, and the program as a process of its own.

use crate::client::{ADMIN_KEY, KEY};
use anyhow::{Context, Result};
use events::generator::{World, WorldSettings};
use events::{Batch, Event};
use primitives::Seed;
use server::serve::Opened;
use server::settings::Settings;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use storage::{Access, SealPolicy};

/// Fills a data directory and trains the tasks that are wanted, unless it is filled already; answers with the names of customers and
/// items.
pub(crate) fn prepare(
    data: &Path,
    n_customers: usize,
    n_items: usize,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<(Vec<String>, Vec<String>)> {
    let is_filled = std::fs::read_dir(data).is_ok_and(|mut files| files.next().is_some());
    let opened = Opened::open(data, Access::Exclusive, Settings::default())?;
    let now = opened.engine.clock().now();
    let settings = WorldSettings { n_customers, n_items, ends_at: now, ..WorldSettings::default() };
    let world = World::new(Seed::new(1), settings);
    let named = |ids: &mut dyn Iterator<Item = &str>| ids.map(ToOwned::to_owned).collect();
    let names = (named(&mut world.user_ids()), named(&mut world.item_ids()));
    if is_filled {
        return Ok(names);
    }
    let events: Vec<Event> = world.events().collect();
    let started = Instant::now();
    for part in events.chunks(5_000) {
        opened.engine.ingest(Batch { accepted: part.to_vec(), ..Batch::default() })?;
    }
    opened.engine.checkpoint(usize::MAX)?;
    let rate = events.len() as f64 / started.elapsed().as_secs_f64();
    println!("import of {} generated events: {rate:.0} events/s, durable and live", events.len());
    opened.storage.seal(opened.engine.checkpointed(), &SealPolicy::everything())?;

    let started = Instant::now();
    let material = opened.engine.material(&mut |_| {})?;
    println!("history read for training: {:.0} events/s", events.len() as f64 / started.elapsed().as_secs_f64());
    for task in opened.engine.capabilities().tasks.names().filter(|task| is_wanted(task.as_str())) {
        let started = Instant::now();
        let published = engine::train(&opened.engine, task, &material, Seed::new(1))?;
        println!("training {task}: {:.1} s. {}", started.elapsed().as_secs_f64(), published.reason);
    }
    Ok(names)
}

/// The program, ended when it is dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    pub(crate) fn start(data: &Path) -> Result<Self> {
        let program = std::env::current_exe()?.with_file_name("../rapport");
        let mut child = Command::new(&program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("RAPPORT__KEYS__SERVER", KEY)
            .env("RAPPORT__KEYS__ADMIN", ADMIN_KEY)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}: build it first with cargo build --release", program.display()))?;
        let mut lines = BufReader::new(child.stderr.take().context("reading what the server says")?).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listening on http://")?.1.split(": ").next()?.parse().ok())
            .context("the server did not say where it listens")?;
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the kernel knows of the process, as a directory.
    pub(crate) fn process(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.child.id()))
    }

    /// A number of bytes that the kernel counts: `VmHWM` is the most memory the process has held, `VmRSS` what it holds.
    pub(crate) fn megabytes(&self, name: &str) -> Result<f64> {
        let status = std::fs::read_to_string(self.process().join("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kilobytes: f64 =
            line.context("the kernel does not count that")?.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes / 1_024.0)
    }

    /// The time that the server's threads have spent on the processor, in seconds: what a busy machine does not blur.
    pub(crate) fn processor_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(self.process().join("stat"))?;
        // The name of the program, in brackets, may hold blanks.
        let (_, fields) = stat.rsplit_once(')').context("the kernel names no program")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
        Ok(ticks / TICKS_PER_SECOND)
    }
}

/// What the kernel counts processor time in on every Linux machine.
const TICKS_PER_SECOND: f64 = 100.0;

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
