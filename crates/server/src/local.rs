//! How does a command on this machine find the server that holds its data directory?
//!
//! While it runs, the server keeps its address and a key of this start in the data directory, which only its owner can
//! read. Whoever can read it could change the directory itself: so the key may import, look whose data are there, and take imports out
//! again.

use crate::error::ServerError;
use crate::keys::{random_token, sha256_hex};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// The file in the data directory.
const FILE: &str = "server.json";

/// Where the server is, and how it is spoken to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Whereabouts {
    /// Its address, as seen from this machine.
    pub url: String,
    /// The key of this start.
    pub key: String,
}

/// The key of this start.
#[derive(Debug, Clone)]
pub struct LocalKey {
    key: String,
    hash: String,
}

impl LocalKey {
    /// A new one.
    ///
    /// # Errors
    /// [`ServerError`] where the operating system gives no randomness.
    pub fn new() -> Result<Self, ServerError> {
        let key = format!("local_{}", random_token()?);
        Ok(Self { hash: sha256_hex(&key), key })
    }

    /// Whether this is it. Hashes are compared, so the time tells nothing of the key.
    #[must_use]
    pub fn is(&self, key: &str) -> bool {
        sha256_hex(key) == self.hash
    }
}

/// The file that says where the server is, where it could be written. Dropping it removes the file.
#[derive(Debug)]
pub struct Announced(PathBuf);

impl Announced {
    /// Writes where the server is. Where that fails, as on a full disk, the server serves all the same, and only the
    /// commands on this machine do not find it.
    #[must_use]
    pub fn write(data: &Path, address: SocketAddr, key: &LocalKey) -> Self {
        let path = data.join(FILE);
        let whereabouts = Whereabouts { url: format!("http://{}", reachable(address)), key: key.key.clone() };
        let written = storage::create_file(&path).and_then(|file| Ok(serde_json::to_writer(file, &whereabouts)?));
        if let Err(error) = &written {
            let (path, error) = (path.display(), error.to_string());
            tracing::warn!(
                %path,
                error,
                "it cannot be written where the server is, so that commands on this machine do not find it: check the data directory"
            );
            // A part of it says nothing.
            let _ = std::fs::remove_file(data.join(FILE));
        }
        Self(path)
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        // A file that stays names a server that does not answer, which is said then.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Where the server of a data directory is, if one says so.
#[must_use]
pub fn find(data: &Path) -> Option<Whereabouts> {
    serde_json::from_slice(&std::fs::read(data.join(FILE)).ok()?).ok()
}

/// An address that listens everywhere is reached on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_server_is_found_while_it_is_there_and_by_its_owner_only() {
        let data = tempfile::tempdir().unwrap();
        assert!(find(data.path()).is_none());
        let key = LocalKey::new().unwrap();
        let announced = Announced::write(data.path(), "0.0.0.0:7070".parse().unwrap(), &key);
        let found = find(data.path()).unwrap();
        assert_eq!(found.url, "http://127.0.0.1:7070");
        assert!(key.is(&found.key) && !key.is("") && !LocalKey::new().unwrap().is(&found.key));
        assert_eq!(std::fs::metadata(data.path().join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
        drop(announced);
        assert!(find(data.path()).is_none());
        let nowhere = data.path().join("absent");
        drop(Announced::write(&nowhere, "127.0.0.1:1".parse().unwrap(), &key));
        assert!(find(&nowhere).is_none(), "the server goes on without it");
        assert_eq!(reachable("[::]:1".parse().unwrap()).to_string(), "[::1]:1");
        assert_eq!(reachable("10.0.0.7:1".parse().unwrap()).to_string(), "10.0.0.7:1");
    }
}
