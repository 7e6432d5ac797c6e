//! How well are the intents of messages told, how fast, and what is known to be about something else? On CSV files of two columns.
//!
//! `intents TRAIN TEST [ELSE...]` reads files whose lines are `text,class`, and of ELSE the first column, and prints a line of JSON.
//! With EMBEDDINGS or NETWORK, directories with `vocab.txt` and `model.safetensors`, these count, too; SETTINGS are settings as JSON.
#![expect(clippy::print_stdout, reason = "what an example prints is its answer")]
#![expect(clippy::disallowed_methods, reason = "an example measures how long things take")]

use anyhow::{Context as _, Result};
use models::metrics;
use models::text::{Encoder, IntentSettings, Reading, StaticEmbeddings, Transformer};
use primitives::Seed;
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

fn main() -> Result<()> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let [train, test, elsewhere @ ..] = files.as_slice() else { anyhow::bail!("usage: intents TRAIN TEST [ELSE...]") };
    let settings = match std::env::var("SETTINGS") {
        Ok(text) => serde_json::from_str(&text)?,
        Err(_) => IntentSettings::default(),
    };
    let (train, test) = (read(train, b',')?, read(test, b',')?);
    let columns = |rows: &[Vec<String>]| -> (Vec<String>, Vec<String>) {
        rows.iter().skip(1).map(|row| (row[0].clone(), row.get(1).cloned().unwrap_or_default())).unzip()
    };
    let (texts, classes) = columns(&train);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
    let mut encoders: Vec<Arc<dyn Encoder>> = Vec::new();
    for (name, is_network) in [("EMBEDDINGS", false), ("NETWORK", true)] {
        let Ok(directory) = std::env::var(name) else { continue };
        let list = std::fs::read_to_string(format!("{directory}/vocab.txt"))?;
        let table = std::fs::read(format!("{directory}/model.safetensors"))?;
        let weight = |usual| std::env::var(format!("{name}_WEIGHT")).ok().and_then(|w| w.parse().ok()).unwrap_or(usual);
        if is_network {
            encoders.push(Arc::new(Transformer::read("network", weight(3.0), 12, &list, &table)?));
        } else {
            encoders.push(Arc::new(StaticEmbeddings::read("embeddings", weight(2.0), &list, &table)?));
        }
    }
    let begun = Instant::now();
    let model = settings.fit(&texts, &classes, &encoders, Seed::new(1))?;
    let fit_seconds = begun.elapsed().as_secs_f64();
    let (asked, right) = columns(&test);
    let begun = Instant::now();
    let said: Vec<Reading> = asked.iter().map(|text| model.read(text)).collect();
    let ms = begun.elapsed().as_secs_f64() * 1e3 / asked.len() as f64;
    let hits: Vec<f64> = said
        .iter()
        .zip(&right)
        .map(|(said, right)| f64::from(u8::from(model.classes()[said.class] == *right)))
        .collect();
    let confidence: Vec<f64> = said.iter().map(|said| said.confidence.min(1.0)).collect();
    let mut aurocs = Vec::new();
    for file in elsewhere {
        let others = read(file, if file.ends_with(".tsv") { b'\t' } else { b',' })?;
        let others: Vec<Reading> = others.iter().map(|row| model.read(&row[0])).collect();
        let scores: Vec<f64> = said.iter().chain(&others).map(|said| said.scope).collect();
        let labels: Vec<f64> = (0..scores.len()).map(|at| f64::from(u8::from(at < said.len()))).collect();
        let caught = others.iter().filter(|said| said.is_out_of_scope).count() as f64 / others.len() as f64;
        aurocs.push(json!({ "file": file, "auroc": metrics::auc(&scores, &labels, None)?, "caught": caught }));
    }
    let refused = said.iter().filter(|said| said.is_out_of_scope).count() as f64 / said.len() as f64;
    println!(
        "{}",
        json!({
            "accuracy": hits.iter().sum::<f64>() / hits.len() as f64,
            "ece": metrics::expected_calibration_error(&confidence, &hits, None, 10)?,
            "refused": refused, "elsewhere": aurocs, "left_out": model.left_out(),
            "fit_seconds": fit_seconds, "ms": ms, "bytes": model.to_bytes()?.len(),
        })
    );
    Ok(())
}

/// The rows of a file; quotes may stand around a cell, and twice within it.
fn read(file: &str, delimiter: u8) -> Result<Vec<Vec<String>>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    let (mut rows, mut row, mut cell, mut is_quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' if delimiter == b',' => is_quoted = !is_quoted,
            letter if letter == char::from(delimiter) && !is_quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            '\r' => {}
            letter => cell.push(letter),
        }
    }
    Ok(rows)
}
