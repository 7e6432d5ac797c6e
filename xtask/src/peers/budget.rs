//! How far from the best is what a budget buys, by a solver of whole programs?

use super::{environment, succeed};
use crate::errands;
use anyhow::{Context, Result};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

const PACKAGES: &[&str] = &["numpy==2.4.6", "scipy==1.17.1"];

pub(super) fn run(root: &Path) -> Result<()> {
    let place = errands::target_dir(root)?.join("peers").join("budget");
    let python = environment(&place, PACKAGES)?;
    let script = root.join("xtask/src/peers/budget.py");
    let (instances, ours) = (place.join("instances.json"), place.join("ours.json"));
    succeed(Command::new(&python).arg(&script).arg("write").arg(&instances), "writing the instances")?;
    errands::cargo(root, &["build", "--release", "-p", "models", "--example", "budget_peer"], &[])?;
    let example = errands::target_dir(root)?.join("release").join("examples").join("budget_peer");
    let file = File::create(&ours).with_context(|| format!("could not create {}", ours.display()))?;
    succeed(Command::new(example).arg(&instances).stdout(file), "our side")?;
    let ours = File::open(&ours).with_context(|| format!("could not open {}", ours.display()))?;
    let mut judge = Command::new(&python);
    judge.arg(&script).arg("judge").arg(&instances).stdin(Stdio::from(ours));
    succeed(&mut judge, "the script of the solver")
}
