//! How fast and how exact is the index of vectors? `nearest [N] [WIDTH]`, by default 4,000,000 of 64 entries.
//!
//! Builds it twice, the second time on another thread while the first one answers, and exchanges them. Prints the time to build, the
//! share of the exact nearest hundred that is found, the time of a question on one thread, alone and while the other is built, and
//! the memory at its highest.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example measures and talks to whoever runs it"
)]

use anyhow::Result;
use models::nearest::{Nearest, NearestSettings};
use models::neural::Matrix;
use primitives::Seed;
use rand::RngExt as _;
use rayon::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

const N: usize = 100;
const N_QUESTIONS: usize = 1_000;
const N_EXACT: usize = 50;

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let (n, width) = (numbers.next().unwrap_or(Ok(4_000_000))?, numbers.next().unwrap_or(Ok(64))?);
    let settings = NearestSettings::default();
    let before = Instant::now();
    let index = Arc::new(settings.build(items(n, width, 1), Seed::new(1))?);
    println!("built {n} x {width} in {:.1} s", before.elapsed().as_secs_f64());
    let queries = items(N_QUESTIONS, width, 9);
    let found_of = |at: usize| n_found(&index, &exact(index.vectors(), queries.row(at)), queries.row(at));
    let found: usize = (0..N_EXACT).map(found_of).sum();
    println!("recall@{N}: {:.4} over {N_EXACT} questions", found as f64 / (N * N_EXACT) as f64);
    tell("alone", &ask(&index, &queries));
    drop(index);
    swap_while_asked(&settings, n.min(1_000_000), width, &queries)?;
    if let Some(peak) = peak_memory() {
        println!("memory at its highest: {peak:.2} GB");
    }
    Ok(())
}

/// A smaller one answers while its successor is built, and is then exchanged.
fn swap_while_asked(settings: &NearestSettings, n: usize, width: usize, queries: &Matrix) -> Result<()> {
    let in_force = Mutex::new(Arc::new(settings.build(items(n, width, 1), Seed::new(1))?));
    let current = || Arc::clone(&in_force.lock().unwrap_or_else(PoisonError::into_inner));
    let (mut times, mut n_after) = (Vec::new(), 0);
    let first = current();
    std::thread::scope(|scope| -> Result<()> {
        let built = scope.spawn(|| -> Result<()> {
            let next = Arc::new(settings.build(items(n, width, 2), Seed::new(1))?);
            *in_force.lock().unwrap_or_else(PoisonError::into_inner) = next;
            Ok(())
        });
        while n_after < 100 {
            let index = current();
            n_after += usize::from(!Arc::ptr_eq(&index, &first));
            times.extend(ask(&index, &queries.select(0..1)));
            anyhow::ensure!(!built.is_finished() || !Arc::ptr_eq(&current(), &first), "the next one was not built");
        }
        built.join().unwrap_or_else(|_| anyhow::bail!("the next one was not built"))
    })?;
    tell(&format!("{n} while the next are built and exchanged"), &times);
    Ok(())
}

/// Items of a thousand tastes, some of them popular: what factors of purchases look like.
fn items(n: usize, width: usize, salt: u64) -> Matrix {
    // The sum of three uniform numbers is near enough to a normal one.
    let normal = |random: &mut dyn FnMut() -> f32| (0..3).map(|_| random() - 0.5).sum::<f32>();
    let mut of_tastes = Seed::new(0).stream("tastes", 0);
    let tastes: Vec<f32> = (0..1_000 * width).map(|_| normal(&mut || of_tastes.random())).collect();
    let mut vectors = Matrix::zeros(n, width);
    vectors.values_mut().par_chunks_mut(width * 1_000).enumerate().for_each(|(block, vectors)| {
        let mut random = Seed::new(salt).stream("items", block as u64);
        for vector in vectors.chunks_exact_mut(width) {
            let taste = random.random_range(0..1_000_usize) * width;
            let length = 0.2 + random.random::<f32>().powi(4);
            for (value, middle) in vector.iter_mut().zip(&tastes[taste..taste + width]) {
                *value = length * (middle + 0.7 * normal(&mut || random.random()));
            }
        }
    });
    vectors
}

/// The places of the exact nearest.
fn exact(vectors: &Matrix, query: &[f32]) -> Vec<u32> {
    let width = query.len();
    let score = |vector: &[f32]| vector.iter().zip(query).map(|(a, b)| a * b).sum::<f32>();
    let scores: Vec<f32> = vectors.values().par_chunks_exact(width).map(score).collect();
    let mut scored: Vec<(f32, u32)> = scores.into_iter().zip(0_u32..).collect();
    scored.select_nth_unstable_by(N, |a, b| b.0.total_cmp(&a.0));
    scored[..N].iter().map(|(_, place)| *place).collect()
}

fn n_found(index: &Nearest, exact: &[u32], query: &[f32]) -> usize {
    let found = index.search(query, N, &|_| true);
    exact.iter().filter(|place| found.iter().any(|(other, _)| other == *place)).count()
}

/// Milliseconds of each question.
fn ask(index: &Nearest, queries: &Matrix) -> Vec<f64> {
    let timed = |query: &[f32]| {
        let before = Instant::now();
        let found = index.search(query, N, &|_| true);
        (found.len() == N).then(|| before.elapsed().as_secs_f64() * 1e3)
    };
    queries.rows().filter_map(timed).collect()
}

fn tell(what: &str, times: &[f64]) {
    let mut sorted = times.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| sorted.get(sorted.len() * share / 100).copied().unwrap_or(f64::NAN);
    println!("{what}: {} questions, p50 {:.2} ms, p99 {:.2} ms", sorted.len(), at(50), at(99));
}

/// Where the system tells it.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1e6)
}
