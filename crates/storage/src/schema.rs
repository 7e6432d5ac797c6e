//! Which tables are there, and how does an older database become a newer one?

use crate::files::FILE_MODE;
use crate::numbers::unsigned;
use crate::{Access, DatabaseError, StorageError};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// The steps from an empty database to this program's, in order: step `n` leads to version `n + 1`. Never edit a step
/// that was released: add one.
const STEPS: [&str; 14] = [
    "
    CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE events(
        offset INTEGER PRIMARY KEY, title TEXT NOT NULL, received_at INTEGER NOT NULL, id_hash BLOB NOT NULL,
        kept_since INTEGER, record BLOB NOT NULL) STRICT;
    CREATE TABLE message_ids(id BLOB PRIMARY KEY, seen_at INTEGER) STRICT, WITHOUT ROWID;
    CREATE TABLE rejections(
        seq INTEGER PRIMARY KEY, after_offset INTEGER NOT NULL, title TEXT NOT NULL, record BLOB NOT NULL) STRICT;
    CREATE TABLE state(
        seq INTEGER PRIMARY KEY, collection TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL) STRICT;
    CREATE UNIQUE INDEX state_by_key ON state(collection, key);
    CREATE TABLE decisions(
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL, decided_at INTEGER NOT NULL, kind TEXT NOT NULL, customer TEXT,
        is_fallback INTEGER NOT NULL, record BLOB NOT NULL) STRICT;
    CREATE UNIQUE INDEX decisions_by_id ON decisions(id);
    CREATE INDEX decisions_by_time ON decisions(decided_at);
    CREATE INDEX decisions_by_customer ON decisions(customer, decided_at) WHERE customer IS NOT NULL;
",
    // The files that a round of sealing is about to name: only what stands here may ever be removed again.
    "CREATE TABLE seal_intents(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, files TEXT NOT NULL) STRICT;",
    "
    CREATE TABLE audit(
        seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, deed TEXT NOT NULL, record BLOB NOT NULL) STRICT;
    CREATE INDEX audit_by_deed ON audit(deed, seq);
",
    // A row of state may be there in an older and a newer form; see `profile_store`.
    "
    DROP INDEX state_by_key;
    CREATE INDEX state_by_key ON state(collection, key);
    ALTER TABLE state ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0;
    INSERT INTO meta(key, value)
        SELECT name, newest FROM (SELECT coalesce(max(seq), 0) AS newest FROM state),
            (SELECT 'state_staged' AS name UNION SELECT 'state_seq' UNION SELECT 'state_swept');
",
    "
    CREATE TABLE imports(
        id INTEGER PRIMARY KEY, began_at INTEGER NOT NULL, ended_at INTEGER, undone_at INTEGER, file TEXT NOT NULL,
        mapping TEXT, mapping_sha256 TEXT, counts TEXT NOT NULL) STRICT;
    CREATE TABLE import_places(
        import INTEGER NOT NULL, is_replaced INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
        PRIMARY KEY(import, is_replaced, first)) STRICT, WITHOUT ROWID;
    CREATE TABLE withdrawn(first INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;
",
    // What a message said, to tell one that is sent again from another under the same id; 0 is not known.
    "
    ALTER TABLE events ADD COLUMN content INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE message_ids ADD COLUMN content INTEGER NOT NULL DEFAULT 0;
",
    // Whether what was known of the customer is gone from the record.
    "ALTER TABLE decisions ADD COLUMN is_forgotten INTEGER NOT NULL DEFAULT 0;",
    // Where the message of an id stands: one that was withdrawn leaves its id free. 0 is not known.
    "
    ALTER TABLE message_ids ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE imports ADD COLUMN n_withdrawn INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE imports ADD COLUMN n_restored INTEGER NOT NULL DEFAULT 0;
",
    // How often the decisions of each day changed, in whatever way, and which file says what they were: see `decision_files`.
    // Decisions are never made before 1970, so that the division gives the day.
    "
    CREATE TABLE decision_days(
        day INTEGER PRIMARY KEY, n_changes INTEGER NOT NULL, n_written INTEGER NOT NULL DEFAULT 0,
        bytes INTEGER NOT NULL DEFAULT 0, digest BLOB NOT NULL DEFAULT (zeroblob(16))) STRICT;
    INSERT INTO decision_days(day, n_changes) SELECT DISTINCT decided_at / 86400000, 1 FROM decisions;
    CREATE TRIGGER decision_added AFTER INSERT ON decisions BEGIN
        INSERT INTO decision_days(day, n_changes) VALUES(new.decided_at / 86400000, 1)
            ON CONFLICT(day) DO UPDATE SET n_changes = n_changes + 1;
    END;
    CREATE TRIGGER decision_changed AFTER UPDATE ON decisions BEGIN
        INSERT INTO decision_days(day, n_changes) VALUES(new.decided_at / 86400000, 1)
            ON CONFLICT(day) DO UPDATE SET n_changes = n_changes + 1;
    END;
    CREATE TRIGGER decision_removed AFTER DELETE ON decisions BEGIN
        INSERT INTO decision_days(day, n_changes) VALUES(old.decided_at / 86400000, 1)
            ON CONFLICT(day) DO UPDATE SET n_changes = n_changes + 1;
    END;
",
    // What decisions were declared as, by the digest that their records name. It holds nothing of a customer, is small, and
    // stays. The files of decisions have a column more, and are written anew.
    "
    CREATE TABLE declarations(digest TEXT PRIMARY KEY, words TEXT NOT NULL) STRICT, WITHOUT ROWID;
    UPDATE decision_days SET n_changes = n_changes + 1;
",
    // Lists of customers: what was saved, who is on them, who came and went (each change with its number within its list),
    // how many there were, and how far a webhook was told. What names a customer stands in two tables, and is found by them.
    "
    CREATE TABLE lists(name TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE list_states(
        list TEXT PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0, looked_at INTEGER, failure TEXT,
        newest INTEGER NOT NULL DEFAULT 0, told_upto INTEGER NOT NULL DEFAULT 0, n_lost INTEGER NOT NULL DEFAULT 0,
        n_tries INTEGER NOT NULL DEFAULT 0, next_at INTEGER, told_failure TEXT) STRICT, WITHOUT ROWID;
    CREATE TABLE list_members(
        customer TEXT NOT NULL, list TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY(customer, list)) STRICT, WITHOUT ROWID;
    CREATE INDEX list_members_by_list ON list_members(list, customer);
    CREATE TABLE list_changes(
        list TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, customer TEXT NOT NULL,
        has_entered INTEGER NOT NULL, PRIMARY KEY(list, number)) STRICT, WITHOUT ROWID;
    CREATE INDEX list_changes_by_customer ON list_changes(customer);
    CREATE TABLE list_counts(
        list TEXT NOT NULL, at INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(list, at)) STRICT, WITHOUT ROWID;
",
    // Who met which experiment, in which arm and when first: all that is measured begins there.
    "
    CREATE TABLE exposures(
        experiment TEXT NOT NULL, customer TEXT NOT NULL, arm TEXT NOT NULL, first_at INTEGER NOT NULL,
        PRIMARY KEY(experiment, customer)) STRICT, WITHOUT ROWID;
    CREATE INDEX exposures_by_customer ON exposures(customer);
    CREATE INDEX decisions_by_kind ON decisions(kind, decided_at);
",
    // What people declare besides the settings, in the order in which it came, and which experiments have begun.
    "
    CREATE TABLE playbook(
        seq INTEGER PRIMARY KEY, list TEXT NOT NULL, name TEXT NOT NULL, record TEXT NOT NULL, UNIQUE(list, name)) STRICT;
    CREATE TABLE runs(
        experiment TEXT PRIMARY KEY, began_at INTEGER NOT NULL, ended_at INTEGER, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
",
    // What is written down for customers, with the versions before; where a document was removed its record is empty.
    "
    CREATE TABLE documents(
        id TEXT NOT NULL, version INTEGER NOT NULL, saved_at INTEGER NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY(id, version)) STRICT;
",
];

/// Begins the table that takes the place of `state` when a rebuild is adopted: the same columns, and an index that goes with
/// the table when it gets its name, which one that is made by itself does not.
pub(crate) const STATE_REBUILT: &str = "
    DROP TABLE IF EXISTS state_rebuilt;
    CREATE TABLE state_rebuilt(
        seq INTEGER PRIMARY KEY, collection TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
        is_removed INTEGER NOT NULL DEFAULT 0, UNIQUE(collection, key, seq)) STRICT;
";

/// The version of the tables that this program writes.
pub(crate) const VERSION: i64 = STEPS.len() as i64;

/// SQLite's `application_id` of our databases: `RAPP`.
const APPLICATION_ID: i64 = 0x5241_5050;

/// How long it is waited where another program holds the database.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the database for the writer, creating or migrating it.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StorageError> {
    let failed = |source: rusqlite::Error| database("opening the database", source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // The write-ahead log and its index take their permissions from the database.
    create_private(path).map_err(|source| StorageError::file("creating", path, source))?;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    let found = version(&connection, path)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
             PRAGMA foreign_keys = OFF; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;
             PRAGMA wal_autocheckpoint = 0;",
        )
        .map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    migrate(&mut connection, found).map_err(|source| database("bringing the database up to date", source))?;
    Ok(connection)
}

/// From now on no commit waits for the disk.
pub(crate) fn forget_the_disk(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA synchronous = OFF;")
}

pub(crate) fn create_private(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(FILE_MODE).open(path).map(|_| ())
}

/// Opens the database for a reader.
pub(crate) fn open_reader(path: &Path, patience: Duration) -> Result<Connection, DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(patience)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;")?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Refuses a database that this program cannot read.
pub(crate) fn check_readable(connection: &Connection, path: &Path) -> Result<(), StorageError> {
    match version(connection, path)? {
        VERSION => Ok(()),
        0 => Err(StorageError::Nothing { path: path.parent().unwrap_or(path).to_owned() }),
        found => Err(StorageError::Older { path: path.to_owned(), found, supported: VERSION }),
    }
}

/// The error of a database operation.
pub(crate) fn database(attempt: &'static str, source: rusqlite::Error) -> StorageError {
    StorageError::Database { attempt, source: source.into() }
}

/// A number of the database: absent is 0.
pub(crate) fn meta(connection: &Connection, key: &str) -> rusqlite::Result<u64> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    Ok(unsigned(found.unwrap_or(0)))
}

fn version(connection: &Connection, path: &Path) -> Result<i64, StorageError> {
    let pragma = |name| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|source| database("opening the database", source))
    };
    let n_tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|source| database("opening the database", source))?;
    let found = pragma("user_version")?;
    if n_tables > 0 && pragma("application_id")? != APPLICATION_ID {
        return Err(StorageError::Foreign { path: path.to_owned() });
    }
    if found > VERSION {
        return Err(StorageError::Newer { path: path.to_owned(), found, supported: VERSION });
    }
    Ok(found)
}

/// Brings a database of an older version, or an empty one, to this one.
pub(crate) fn migrate(connection: &mut Connection, found: i64) -> rusqlite::Result<()> {
    let n_done = usize::try_from(found).unwrap_or(0);
    if n_done >= STEPS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for step in STEPS.iter().skip(n_done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Opens a database whose version has been checked; a helper for both kinds of access.
pub(crate) fn open_checked(path: &Path, access: Access) -> Result<Option<Connection>, StorageError> {
    match access {
        Access::Exclusive => open_writer(path).map(Some),
        Access::ReadOnly => {
            let reader = open_reader(path, PATIENCE)
                .map_err(|source| StorageError::Database { attempt: "opening the database", source })?;
            check_readable(&reader, path).map(|()| None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::ErrorKind;

    #[test]
    fn a_writer_waits_for_the_disk_unless_it_is_told_not_to() {
        let place = tempfile::tempdir().unwrap();
        let connection = open_writer(&place.path().join("a.db")).unwrap();
        let waits = || connection.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(waits(), 2);
        forget_the_disk(&connection).unwrap();
        assert_eq!(waits(), 0);
    }

    #[test]
    fn databases_of_others_and_of_the_future_are_refused_unchanged() {
        let temp = tempfile::tempdir().unwrap();
        let newer = temp.path().join("newer.db");
        open_writer(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let foreign = temp.path().join("foreign.db");
        Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE theirs(x)").unwrap();
        let damaged = temp.path().join("damaged.db");
        std::fs::write(&damaged, "this is not a database, and it is long enough to be looked at ".repeat(40)).unwrap();
        for (path, kind, parts) in [
            (&newer, ErrorKind::Invalid, ["has data version 99", "this program reads up to version"]),
            (&foreign, ErrorKind::Invalid, ["is a database of another program", "choose another --data"]),
            (&damaged, ErrorKind::Corrupt, ["opening the database failed", "restore the data directory from a backup"]),
        ] {
            let before = std::fs::read(path).unwrap();
            for access in [Access::Exclusive, Access::ReadOnly] {
                let refused = open_checked(path, access).unwrap_err();
                assert_eq!(refused.kind(), kind, "{refused}");
                assert!(parts.iter().all(|part| refused.to_string().contains(part)), "{refused}");
            }
            assert_eq!(std::fs::read(path).unwrap(), before);
        }
    }

    #[test]
    fn a_database_of_every_older_version_becomes_one_of_this() {
        let temp = tempfile::tempdir().unwrap();
        for version in 1..VERSION {
            let path = temp.path().join(format!("{version}.db"));
            let older = Connection::open(&path).unwrap();
            STEPS.iter().take(usize::try_from(version).unwrap()).for_each(|step| older.execute_batch(step).unwrap());
            older.execute_batch("INSERT INTO meta(key, value) VALUES('sealed_upto', 7)").unwrap();
            let decided = "INSERT INTO decisions(id, decided_at, kind, is_fallback, record)
                           VALUES('a', 86400000, '', 0, x''), ('b', 172799999, '', 0, x''), ('c', 172800000, '', 0, x'')";
            older.execute_batch(decided).unwrap();
            let has_files = older.execute_batch("UPDATE decision_days SET n_written = n_changes");
            assert_eq!(has_files.is_ok(), version >= 9);
            older.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
            older.pragma_update(None, "user_version", version).unwrap();
            drop(older);
            let newer = open_writer(&path).unwrap();
            assert_eq!(meta(&newer, "sealed_upto").unwrap(), 7);
            newer.prepare("SELECT seq, at, deed, record FROM audit").unwrap();
            let sql = "SELECT group_concat(day) FROM (SELECT day FROM decision_days WHERE n_changes > n_written ORDER BY day)";
            let days: Option<String> = newer.query_row(sql, [], |row| row.get(0)).unwrap();
            let outdated = (version < 10).then_some("1,2");
            assert_eq!(days.as_deref(), outdated, "what was decided before has no files yet, or older ones");
            newer.prepare("SELECT customer, list, since FROM list_members").unwrap();
        }
    }

    #[test]
    fn what_is_rebuilt_has_the_columns_of_what_it_takes_the_place_of() {
        let temp = tempfile::tempdir().unwrap();
        let connection = open_writer(&temp.path().join("rapport.db")).unwrap();
        connection.execute_batch(STATE_REBUILT).unwrap();
        let columns = |table: &str| -> Vec<(String, String, bool, Option<String>)> {
            let sql = "SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info(?1) ORDER BY cid";
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
            rows.unwrap().map(Result::unwrap).collect()
        };
        assert_eq!(columns("state_rebuilt"), columns("state"));
        for table in ["state", "state_rebuilt"] {
            let sql =
                format!("SELECT value FROM {table} WHERE collection = 'a' AND key = 'b' ORDER BY seq DESC LIMIT 1");
            let plan: String =
                connection.query_row(&format!("EXPLAIN QUERY PLAN {sql}"), [], |row| row.get(3)).unwrap();
            assert!(plan.contains("USING INDEX") && plan.contains("key=?"), "{table}: {plan}");
        }
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("rapport.db");
        drop(open_writer(&path).unwrap());
        let again = open_writer(&path).unwrap();
        assert_eq!(version(&again, &path).unwrap(), VERSION);
        assert_eq!(meta(&again, "sealed_upto").unwrap(), 0);
    }
}
