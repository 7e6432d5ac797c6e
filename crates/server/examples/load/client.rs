//! How is the load made? Plain HTTP/1.1 on kept connections, at a rate or as fast as answers come.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The keys the benchmark presets.
pub(crate) const KEY: &str = "load-server-key";
pub(crate) const ADMIN_KEY: &str = "load-admin-key";

/// One connection that is kept.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).context("connecting to the server")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Posts a body and reads the whole answer.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> Result<()> {
        self.ask(KEY, "POST", path, body)
    }

    /// Asks with a key, and reads the whole answer without looking at it.
    pub(crate) fn ask(&mut self, key: &str, method: &str, path: &str, body: &str) -> Result<()> {
        self.answer(key, method, path, body).map(drop)
    }

    /// Asks with a key, and answers with the body of what was answered.
    pub(crate) fn answer(&mut self, key: &str, method: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        let mut status = String::new();
        self.stream.read_line(&mut status)?;
        let mut n_bytes = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(length) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                n_bytes = length.trim().parse().context("reading the content length")?;
            }
        }
        let mut answer = vec![0; n_bytes];
        self.stream.read_exact(&mut answer)?;
        if !status.contains(" 200 ") {
            bail!("{method} {path} was answered with {} {}", status.trim(), String::from_utf8_lossy(&answer));
        }
        Ok(answer)
    }
}

/// What was measured.
pub(crate) struct Load {
    pub(crate) n_done: u64,
    pub(crate) seconds: f64,
    /// Sorted.
    latencies_ms: Vec<f64>,
}

impl Load {
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let rank = share * self.latencies_ms.len().saturating_sub(1) as f64;
        let above = self.latencies_ms.iter().enumerate().find(|(place, _)| *place as f64 >= rank);
        above.map_or(f64::NAN, |(_, latency)| *latency)
    }
}

type Work<'a> = &'a (dyn Fn(&mut Client, u64) -> Result<()> + Sync);

/// As fast as answers come, on so many connections.
pub(crate) fn saturated(
    address: SocketAddr,
    n_connections: usize,
    span: Duration,
    work: impl Fn(&mut Client, u64) -> Result<()> + Sync,
) -> Result<Load> {
    let started = Instant::now();
    run(address, n_connections, started, &work, &|_| (started.elapsed() < span).then(Instant::now))
}

/// At a rate: request `n` is due at `n / rate` seconds, and its latency counts from then.
pub(crate) fn at_rate(
    address: SocketAddr,
    n_connections: usize,
    rate: u64,
    span: Duration,
    work: impl Fn(&mut Client, u64) -> Result<()> + Sync,
) -> Result<Load> {
    let started = Instant::now();
    run(address, n_connections, started, &work, &|n| {
        let due = started + Duration::from_nanos(n * 1_000_000_000 / rate);
        if due >= started + span {
            return None;
        }
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        Some(due)
    })
}

fn run(
    address: SocketAddr,
    n_connections: usize,
    started: Instant,
    work: Work<'_>,
    due: &(dyn Fn(u64) -> Option<Instant> + Sync),
) -> Result<Load> {
    static RUN: AtomicU64 = AtomicU64::new(0);
    // Every run sends other messages than the ones before.
    let first = RUN.fetch_add(1, Ordering::Relaxed) * 1_000_000_000;
    let next = Arc::new(AtomicU64::new(0));
    let results: Vec<Result<Vec<f64>>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_connections)
            .map(|_| {
                let next = next.clone();
                scope.spawn(move || {
                    let mut client = Client::connect(address)?;
                    let mut latencies_ms = Vec::new();
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        let Some(due) = due(n) else { return Ok(latencies_ms) };
                        work(&mut client, first + n)?;
                        latencies_ms.push(due.elapsed().as_secs_f64() * 1_000.0);
                    }
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| bail!("a client thread panicked"))).collect()
    });
    let seconds = started.elapsed().as_secs_f64();
    let mut latencies_ms: Vec<f64> = results.into_iter().collect::<Result<Vec<_>>>()?.concat();
    latencies_ms.sort_by(f64::total_cmp);
    Ok(Load { n_done: latencies_ms.len() as u64, seconds, latencies_ms })
}
