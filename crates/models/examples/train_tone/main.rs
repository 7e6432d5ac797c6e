//! Learns how messages sound and writes `assets/tone-1.bin`: `cargo xtask train-tone DIR`, with GoEmotions in that directory.
#![expect(clippy::print_stdout, reason = "a command-line tool for developers: what it prints is its answer")]

mod judged;

use anyhow::{Context as _, Result, bail};
use judged::Judged;
use models::text::tone::{Fitted, LABELS, Lesson, Lessons};
use std::path::{Path, PathBuf};

/// Messages of a desk, written for this repository.
const DESK: &str = include_str!("desk.txt");
/// So large the file may be.
const N_BYTES_MAX: usize = 2_000_000;

fn main() -> Result<()> {
    let dir = std::env::args_os().nth(1).map(PathBuf::from);
    let dir = dir.context("name the directory of train.tsv, dev.tsv, test.tsv and labels.txt of GoEmotions")?;
    let names = std::fs::read_to_string(dir.join("labels.txt")).context("could not read labels.txt")?;
    if !names.lines().map(str::trim).eq(LABELS) {
        bail!("labels.txt does not name the labels of GoEmotions in their order");
    }
    let [train, dev, test] = ["train.tsv", "dev.tsv", "test.tsv"].map(|name| lessons(&dir.join(name)));
    let (train, dev, test, desk) = (train?, dev?, test?, Lesson::read_all(DESK)?);
    let n_urgent = desk.iter().filter(|lesson| lesson.is_urgent == Some(true)).count();
    println!(
        "{} messages to learn from, {} to find thresholds on, {} to judge on; {} of a desk, of which {n_urgent} cannot wait",
        train.len(),
        dev.len(),
        test.len(),
        desk.len()
    );
    let Fitted { tone, whole } = Lessons { train: &train, dev: &dev, desk: &desk }.fit()?;
    let bytes = tone.to_bytes()?;
    if bytes.len() > N_BYTES_MAX {
        bail!("the model takes {} bytes, and {N_BYTES_MAX} are the most", bytes.len());
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/tone-1.bin");
    let was = std::fs::read(&file).unwrap_or_default();
    std::fs::write(&file, &bytes).with_context(|| format!("could not write {}", file.display()))?;
    let same = if was == bytes { ", the same as before to the byte" } else { "" };
    println!("{} grams, {} bytes{same}: {}\n", tone.n_grams(), bytes.len(), file.display());
    for (name, lessons) in [("dev", &dev), ("test", &test)] {
        let shipped = Judged::of(lessons, |text| judged::heads(&tone.read(text)))?;
        let unpruned = Judged::of(lessons, |text| whole.heads(text))?;
        println!("{}\n", Judged::table(name, &shipped, &unpruned));
    }
    Ok(())
}

/// Messages with their labels: text, numbers of labels parted by commas, and what is not looked at, parted by tabs.
fn lessons(file: &Path) -> Result<Vec<Lesson>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let lesson = |(line, at): (&str, usize)| {
        let mut cells = line.split('\t');
        let (text, labels) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        let mut bits = 0;
        for label in labels.split(',') {
            let label: u32 =
                label.parse().with_context(|| format!("{}, line {at}: `{label}` is no label", file.display()))?;
            bits |= 1_u32.checked_shl(label).unwrap_or_default();
        }
        Ok(Lesson { text: text.to_owned(), labels: Some(bits), ..Lesson::default() })
    };
    text.lines().zip(1..).map(lesson).collect()
}
