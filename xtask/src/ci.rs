//! What does CI check, in which order, and how long does each step take?

use crate::{errands, tidy};
use anyhow::{Result, bail};
use std::path::Path;
use std::time::{Duration, Instant};

/// One step of CI: its name and what runs it.
struct Step {
    name: &'static str,
    run: fn(&Path) -> Result<()>,
}

/// How one step ended.
struct Outcome {
    name: &'static str,
    took: Duration,
    failure: Option<String>,
}

/// Runs every step, also after a failure, and fails at the end if any step did: one run shows all there is to mend.
pub(crate) fn run(root: &Path, skip_test: bool) -> Result<()> {
    let mut outcomes = Vec::new();
    for step in steps(skip_test) {
        println!("\n== {} ==", step.name);
        let (result, took) = timed(|| (step.run)(root));
        let failure = result.err().map(|error| format!("{error:#}"));
        match &failure {
            None => println!("== {} passed in {} ==", step.name, seconds(took)),
            Some(why) => println!("== {} FAILED in {}: {why} ==", step.name, seconds(took)),
        }
        outcomes.push(Outcome { name: step.name, took, failure });
    }
    println!("\n{}", summary(&outcomes));
    let n_failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    if n_failed > 0 {
        bail!("{n_failed} of {} CI steps failed; the list above names them", outcomes.len());
    }
    Ok(())
}

fn steps(skip_test: bool) -> Vec<Step> {
    let mut steps = vec![
        Step { name: "fmt", run: |root| errands::cargo(root, &["fmt", "--all", "--check"], &[]) },
        Step { name: "tidy", run: tidy::run },
        Step {
            name: "clippy",
            run: |root| errands::cargo(root, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[]),
        },
    ];
    if !skip_test {
        steps.push(Step { name: "test", run: |root| errands::cargo(root, &["test"], &[]) });
    }
    steps.extend([
        Step { name: "test xtask", run: |root| errands::cargo(root, &["test", "-p", "xtask"], &[]) },
        Step {
            name: "docs",
            run: |root| errands::cargo(root, &["doc", "--no-deps", "--workspace"], &[("RUSTDOCFLAGS", "-D warnings")]),
        },
        Step { name: "test-real", run: errands::test_real },
    ]);
    steps
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "measures a build step for a person; nothing is computed from it")]
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

fn summary(outcomes: &[Outcome]) -> String {
    let mut lines = vec!["CI steps:".to_owned()];
    for outcome in outcomes {
        let word = if outcome.failure.is_none() { "passed" } else { "FAILED" };
        lines.push(format!("  {:<12} {word} {:>9}", outcome.name, seconds(outcome.took)));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(skip_test: bool) -> Vec<&'static str> {
        steps(skip_test).iter().map(|step| step.name).collect()
    }

    #[test]
    fn the_cheap_steps_come_first_and_nothing_is_left_out() {
        assert_eq!(names(false), ["fmt", "tidy", "clippy", "test", "test xtask", "docs", "test-real"]);
        assert_eq!(names(true), ["fmt", "tidy", "clippy", "test xtask", "docs", "test-real"]);
    }

    #[test]
    fn the_summary_names_what_failed() {
        let outcomes = [
            Outcome { name: "fmt", took: Duration::from_millis(1_250), failure: None },
            Outcome { name: "tidy", took: Duration::from_secs(61), failure: Some("3 findings".to_owned()) },
        ];
        let lines: Vec<String> = summary(&outcomes).lines().map(str::to_owned).collect();
        assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["fmt", "passed", "1.2", "s"]);
        assert_eq!(lines[2].split_whitespace().collect::<Vec<_>>(), ["tidy", "FAILED", "61.0", "s"]);
    }
}
