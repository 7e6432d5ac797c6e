//! Are estimates of another policy's worth those of the Open Bandit Pipeline, on its own sample?

use super::{environment, succeed};
use crate::errands;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// The sample lies in the source package of an old Python; of its code nothing is run.
const SAMPLE: &str = "obp==0.5.7";
const ARCHIVE: &str = "obp-0.5.7.tar.gz";
const LOGS: &str = "obp-0.5.7/obp/dataset/obd/bts";

pub(super) fn run(root: &Path) -> Result<()> {
    let place = errands::target_dir(root)?.join("peers").join("off-policy");
    let python = environment(&place, &["pip"])?;
    let logs = place.join(LOGS);
    if !logs.join("women/women.csv").is_file() {
        let mut fetch = Command::new(&python);
        fetch.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
        fetch.args(["--no-binary", "obp", "--ignore-requires-python", "--dest"]).arg(&place).arg(SAMPLE);
        succeed(&mut fetch, "fetching the sample")?;
        let archive = place.join(ARCHIVE);
        let mut unpack = Command::new(&python);
        unpack.args(["-m", "tarfile", "-e"]).arg(&archive).arg(&place);
        succeed(&mut unpack, "unpacking the sample")?;
    }
    let logs = logs.to_string_lossy().into_owned();
    let test = ["test", "-p", "models", "--test", "off_policy"];
    errands::cargo(root, &test, &[("RAPPORT_OFF_POLICY_DIR", &logs)])
}
