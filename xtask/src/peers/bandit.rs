//! How often is the wrong action chosen while it is learned which is right, beside VowpalWabbit, and how fast?

use super::{environment, succeed};
use crate::errands;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGES: &[&str] = &["vowpalwabbit==9.11.9", "numpy==2.4.6", "scikit-learn==1.9.1", "scipy==1.17.1"];

/// Two of the sets lie in this package; of its own code nothing is run.
const SETS: &str = "river==0.26.1";
const A_SET: &str = "river/datasets/shuttle.csv.gz";

pub(super) fn run(root: &Path) -> Result<()> {
    let place = errands::target_dir(root)?.join("peers").join("bandit");
    let python = environment(&place, PACKAGES)?;
    let river = sets(&place, &python)?;
    let script = root.join("xtask/src/peers/bandit.py");
    let mut write = Command::new(&python);
    write.arg(&script).arg("write").arg(&place).arg(&river);
    succeed(&mut write, "writing the sets")?;
    errands::cargo(root, &["build", "--release", "-p", "models", "--example", "bandit_peer"], &[])?;
    let example = errands::target_dir(root)?.join("release").join("examples").join("bandit_peer");
    succeed(Command::new(example).arg(&place), "our side")?;
    succeed(Command::new(&python).arg(&script).arg("judge").arg(&place), "the script of the other library")
}

/// Fetches the package once; answers where it was unpacked.
fn sets(place: &Path, python: &Path) -> Result<PathBuf> {
    let unpacked = place.join("river");
    if unpacked.join(A_SET).is_file() {
        return Ok(unpacked);
    }
    let fetched = place.join("fetched");
    let mut fetch = Command::new(python);
    fetch.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    fetch.args(["--only-binary", ":all:", "--dest"]).arg(&fetched).arg(SETS);
    succeed(&mut fetch, "fetching the sets")?;
    let files = std::fs::read_dir(&fetched).with_context(|| format!("could not read {}", fetched.display()))?;
    let wheel =
        files.filter_map(|file| Some(file.ok()?.path())).find(|path| path.extension().is_some_and(|e| e == "whl"));
    let wheel = wheel.with_context(|| format!("there is no package in {}", fetched.display()))?;
    succeed(Command::new(python).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked), "unpacking the sets")?;
    Ok(unpacked)
}
