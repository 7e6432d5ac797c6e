//! Who gets in, and what can they do? Keys, files and addresses, as a stranger would try them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use storage::SealPolicy;
use support::TestServer;

#[test]
fn after_a_day_of_service_nobody_else_can_read_the_data_directory() {
    let data = TestServer::start().stop();
    std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let server = TestServer::reopen(data.clone());
    server.post("/v1/track", &json!({"userId": "1", "event": "Looked"})).ok();
    server.post("/v1/track", &json!({"event": "Nobody"}));
    server.decide(&json!({"decision": "recommend", "userId": "1"})).ok();
    let app = server.app();
    app.engine.ports().models.put(b"a model").unwrap();
    app.engine.ports().models.set_champions("churn", &["none".to_owned()]).unwrap();
    app.engine.checkpoint(usize::MAX).unwrap();
    app.storage.seal(app.engine.checkpointed(), &SealPolicy::everything()).unwrap();
    assert!(walk(data.path()).len() > 8, "{:?}", walk(data.path()));
    for path in walk(data.path()) {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

/// A directory and everything in it.
fn walk(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let below = entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] });
    [directory.to_owned()].into_iter().chain(below).collect()
}
