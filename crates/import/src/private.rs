//! How does a file of customers' data come to be there for nobody else to read? With the permissions that `storage` gives.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Creates a directory with its parents for nobody else to look into; one that is there stays as it is.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() { Ok(()) } else { DirBuilder::new().recursive(true).mode(0o700).create(path) }
}

/// Creates a file that nobody else may read, or empties the one that is there.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_created_is_for_nobody_else() {
        let data = tempfile::tempdir().unwrap();
        let directory = data.path().join("a").join("b");
        let file = directory.join("rejects");
        for _ in 0..2 {
            create_directory(&directory).unwrap();
            create_file(&file).unwrap();
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&data.path().join("a")), mode(&directory), mode(&file)), (0o700, 0o700, 0o600));
    }
}
