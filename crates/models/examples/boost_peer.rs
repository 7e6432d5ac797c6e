//! How long does the booster take, and how good is it? On generated rows that other libraries can be given too.
//!
//! `boost_peer DIRECTORY [N_ROWS]` writes `features.f64` and `labels.f64` (row by row, little-endian; the last tenth are
//! for judging), fits on the rest and prints one line of JSON. `cargo xtask peers boost` puts another library's beside it.
#![expect(clippy::print_stdout, reason = "what an example prints is its answer")]
#![expect(clippy::disallowed_methods, reason = "it measures how long it takes")]

use models::boost::{Binned, BoostSettings, Lesson, Logistic, Rows};
use models::{Frame, metrics};
use primitives::Seed;
use rand::RngExt as _;
use std::path::Path;
use std::time::Instant;

const N_FEATURES: usize = 30;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, rest @ ..] = &arguments[..] else { return Err("usage: boost_peer DIRECTORY [N_ROWS]".into()) };
    let n_rows: usize = rest.first().map_or(Ok(500_000), |text| text.parse())?;
    let (data, labels) = generated(n_rows);
    write(&Path::new(directory).join("features.f64"), &data)?;
    write(&Path::new(directory).join("labels.f64"), &labels)?;
    let n_learned = n_rows / 10 * 9;
    let (learned, judged) = data.split_at(n_learned * N_FEATURES);
    let settings = BoostSettings {
        n_trees: 200,
        learning_rate: 0.1,
        max_leaves: 31,
        max_depth: 32,
        l2: 0.0,
        min_leaf_weight: 5.0,
        ..BoostSettings::default()
    };
    let started = Instant::now();
    let binned = Binned::new(Frame::new(learned, n_learned, N_FEATURES)?, &[], 255)?;
    let binning = started.elapsed();
    let rows = Rows::new(&binned, &labels[..n_learned]);
    let model = settings.learn(&Lesson::new(rows), &Logistic, Seed::new(1))?.into_one();
    let fitting = started.elapsed();
    let frame = Frame::new(judged, n_rows - n_learned, N_FEATURES)?;
    let started = Instant::now();
    let scores = model.score_all(frame)?;
    let scoring = started.elapsed();
    let auc = metrics::auc(&scores, &labels[n_learned..], None)?;
    println!(
        r#"{{"rows":{n_learned},"binning_seconds":{:.3},"fit_seconds":{:.3},"microseconds_per_row":{:.3},"auc":{auc:.5}}}"#,
        binning.as_secs_f64(),
        fitting.as_secs_f64(),
        scoring.as_secs_f64() * 1e6 / frame.n_rows() as f64,
    );
    Ok(())
}

/// Numbers of several kinds, some missing, and a yes or no that a few of them decide on together.
fn generated(n_rows: usize) -> (Vec<f64>, Vec<f64>) {
    let mut random = Seed::new(7).stream("boost-peer", 0);
    let mut data = Vec::with_capacity(n_rows * N_FEATURES);
    let mut labels = Vec::with_capacity(n_rows);
    for _ in 0..n_rows {
        let uniform: [f64; N_FEATURES] = std::array::from_fn(|_| random.random());
        let value = |feature: usize| match feature % 5 {
            // A bell, a long tail, a count, an even spread.
            0 => 3.0 * (uniform[feature] + uniform[(feature + 7) % N_FEATURES] - 1.0),
            1 => -(1.0 - uniform[feature]).ln(),
            2 => (uniform[feature] * uniform[feature] * 20.0).floor(),
            _ => uniform[feature],
        };
        let row: [f64; N_FEATURES] = std::array::from_fn(value);
        let lot = row[0] - row[1] + 0.2 * row[2] * row[3] + (row[5] * row[6]).sin() + 2.0 * (row[8] - 0.5).abs()
            - f64::from(u8::from(row[10] > 0.5 && row[11] < 1.0))
            + 0.3 * row[15] * row[20];
        let chance: f64 = random.random();
        labels.push(if 1.0 / (1.0 + (0.5 - lot).exp()) > chance { 1.0 } else { 0.0 });
        data.extend(row.iter().enumerate().map(|(feature, value)| {
            let is_missing = feature % 6 == 1 && uniform[(feature + 3) % N_FEATURES] < 0.1;
            if is_missing { f64::NAN } else { *value }
        }));
    }
    (data, labels)
}

fn write(path: &Path, numbers: &[f64]) -> std::io::Result<()> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    std::fs::write(path, bytes)
}
