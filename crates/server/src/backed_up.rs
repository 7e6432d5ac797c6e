//! When was a data directory backed up last, as far as it knows?

use primitives::Timestamp;
use std::path::Path;

/// The file of a data directory that says it.
const FILE: &str = "backed-up";

/// Notes when a backup was made. Who may only read the data directory has made one all the same.
pub(crate) fn note(data: &Path, made_at: Timestamp) {
    let _ = std::fs::write(data.join(FILE), made_at.to_string());
}

/// When the last was made.
pub(crate) fn last(data: &Path) -> Option<Timestamp> {
    Timestamp::parse(&std::fs::read_to_string(data.join(FILE)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_backup_is_known() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(last(data.path()), None);
        for ms in [1_700_000_000_000, 1_800_000_000_000] {
            note(data.path(), Timestamp::from_millis(ms));
            assert_eq!(last(data.path()), Some(Timestamp::from_millis(ms)));
        }
        note(&data.path().join("nowhere"), Timestamp::MIN);
    }
}
