//! How well are the documents of judged queries ordered, beside LightGBM, query by query?

use super::{environment, succeed};
use crate::errands;
use anyhow::{Context, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PACKAGES: &[&str] = &["lightgbm==4.7.0", "numpy==2.4.6", "scipy"];

/// A sample of judged web queries (136 features, 43 queries to learn from and 43 to judge on) lies in this package for an old Python.
const SAMPLE: &str = "rankeval==0.8.2 --hash=sha256:acd2eea3489d19625cb04c659168d4dc32e7410b7a0fa82d8a376e2b7d44a366";
const SAMPLE_TRAIN: &str = "rankeval/test/data/msn1.fold1.train.5k.txt";
const SAMPLE_TEST: &str = "rankeval/test/data/msn1.fold1.test.5k.txt";

/// What is compared.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Rank {
    /// Lines `grade qid:Q 1:x 2:x …` to learn from; a public sample where none is named.
    #[arg(long, value_name = "FILE", requires = "test")]
    train: Option<PathBuf>,
    /// Such lines to judge on.
    #[arg(long, value_name = "FILE", requires = "train")]
    test: Option<PathBuf>,
}

pub(super) fn run(root: &Path, asked: &Rank) -> Result<()> {
    let place = errands::target_dir(root)?.join("peers").join("rank");
    let python = environment(&place, PACKAGES)?;
    let (train, test) = match (&asked.train, &asked.test) {
        (Some(train), Some(test)) => (train.clone(), test.clone()),
        _ => sample(&place, &python)?,
    };
    errands::cargo(root, &["build", "--release", "-p", "models", "--example", "rank_peer"], &[])?;
    let ours = place.join("ours.json");
    let file = File::create(&ours).with_context(|| format!("could not create {}", ours.display()))?;
    let example = errands::target_dir(root)?.join("release").join("examples").join("rank_peer");
    succeed(Command::new(example).args([&train, &test]).stdout(file), "our side")?;
    let ours = File::open(&ours).with_context(|| format!("could not open {}", ours.display()))?;
    let mut script = Command::new(python);
    script.arg(root.join("xtask/src/peers/rank.py")).args([&train, &test]).stdin(Stdio::from(ours));
    succeed(&mut script, "the script of the other library")
}

/// Fetches the sample once.
fn sample(place: &Path, python: &Path) -> Result<(PathBuf, PathBuf)> {
    let (train, test) = (place.join(SAMPLE_TRAIN), place.join(SAMPLE_TEST));
    if train.is_file() && test.is_file() {
        return Ok((train, test));
    }
    let wanted = place.join("sample.txt");
    std::fs::write(&wanted, SAMPLE).with_context(|| format!("could not write {}", wanted.display()))?;
    let mut fetch = Command::new(python);
    fetch.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]);
    fetch.args(["--only-binary", ":all:", "--python-version", "37", "--implementation", "cp", "--abi", "cp37m"]);
    fetch.args(["--platform", "manylinux2010_x86_64", "--dest"]).arg(place).arg("-r").arg(&wanted);
    succeed(&mut fetch, "fetching the sample (name files of your own with --train and --test instead)")?;
    let wheel = place.join("rankeval-0.8.2-cp37-cp37m-manylinux2010_x86_64.whl");
    succeed(Command::new(python).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(place), "unpacking the sample")?;
    Ok((train, test))
}
