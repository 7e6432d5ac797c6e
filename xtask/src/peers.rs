//! How do well-known libraries do on the same data? They come into a throw-away environment, pinned, and both print.

mod bandit;
mod budget;
mod off_policy;
mod rank;
mod recommend;

use crate::errands;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who is compared.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Peers {
    /// The booster and LightGBM: 450,000 rows of 30 features, 200 trees of 31 leaves, in turns.
    Boost {
        /// How many rows to generate; a tenth of them is for judging.
        #[arg(long, default_value_t = 500_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
        rows: u32,
        /// How often each has its turn. The quickest turn counts: others may have been at work beside the rest.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
        turns: u32,
    },
    /// Choosing between actions while learning which is right, beside VowpalWabbit: how often wrongly, and how fast.
    Bandit,
    /// The booster and LightGBM at ordering the documents of judged queries: NDCG@10 and the paired difference.
    Rank(rank::Rank),
    /// What a budget buys, beside a solver of whole programs.
    Budget,
    /// What another policy is worth on the sample of the Open Bandit Pipeline, whose own numbers must come out.
    OffPolicy,
    /// Lists of items beside `implicit` (ALS, BPR), EASE, item-kNN, UP-CF and TIFU-KNN, on the split of the evaluation.
    Recommend(recommend::Recommend),
}

/// What LightGBM needs, with the versions that were compared.
const BOOST_PACKAGES: &[&str] = &["lightgbm==4.7.0", "numpy==2.4.6", "scipy"];

/// Compares, and prints a line of JSON for each turn of each side.
pub(crate) fn run(root: &Path, peers: Peers) -> Result<()> {
    match peers {
        Peers::Bandit => bandit::run(root),
        Peers::Boost { rows, turns } => boost(root, rows, turns),
        Peers::Budget => budget::run(root),
        Peers::OffPolicy => off_policy::run(root),
        Peers::Rank(asked) => rank::run(root, &asked),
        Peers::Recommend(asked) => recommend::run(root, &asked),
    }
}

fn boost(root: &Path, rows: u32, turns: u32) -> Result<()> {
    let place = errands::target_dir(root)?.join("peers").join("boost");
    let python = environment(&place, BOOST_PACKAGES)?;
    errands::cargo(root, &["build", "--release", "-p", "models", "--example", "boost_peer"], &[])?;
    let (directory, rows) = (place.to_string_lossy().into_owned(), rows.to_string());
    for _ in 0..turns {
        let example =
            ["run", "--quiet", "--release", "-p", "models", "--example", "boost_peer", "--", &directory, &rows];
        errands::cargo(root, &example, &[])?;
        let script = root.join("xtask/src/peers/boost.py");
        succeed(Command::new(&python).arg(script).arg(&directory), "the script of the other library")?;
    }
    Ok(())
}

/// A Python of its own with `packages`, made once; answers its program.
fn environment(place: &Path, packages: &[&str]) -> Result<PathBuf> {
    std::fs::create_dir_all(place).with_context(|| format!("could not create {}", place.display()))?;
    let venv = place.join("python");
    let python = venv.join("bin").join("python");
    if !python.is_file() {
        let make = Command::new("python3").args(["-m", "venv"]).arg(&venv).status();
        match make {
            Ok(status) if status.success() => {}
            Ok(status) => bail!("`python3 -m venv {}` failed ({status}): install python3-venv", venv.display()),
            Err(error) => bail!("there is no `python3` to put the other libraries into ({error}): install it"),
        }
    }
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    succeed(Command::new(&python).args(install).args(packages), "installing the other libraries")?;
    Ok(python)
}

fn succeed(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("{what}: could not start {command:?}"))?;
    if status.success() { Ok(()) } else { bail!("{what} failed ({status}); the output above says why") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_named() {
        let error = succeed(&mut Command::new("no-such-program"), "a trial").unwrap_err();
        assert!(error.to_string().contains("a trial") && error.to_string().contains("no-such-program"), "{error}");
        let error = succeed(Command::new("sh").args(["-c", "exit 3"]), "a trial").unwrap_err();
        assert!(error.to_string().contains("a trial failed"), "{error}");
        assert!(succeed(Command::new("sh").args(["-c", "exit 0"]), "a trial").is_ok());
    }
}
