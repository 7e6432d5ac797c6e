//! In which files of a data directory does a text stand, as it is or packed?

use crate::support::files_below;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::path::Path;

/// Which of some texts stand in any file: in its bytes, in the rows of Parquet, or in the packed records of the database.
pub(crate) fn found<'t>(data: &Path, texts: &[&'t str]) -> Vec<(&'t str, String)> {
    let mut found = Vec::new();
    let mut look = |place: String, content: &[u8]| {
        for text in texts {
            if content.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push((*text, place.clone()));
            }
        }
    };
    for path in files_below(data) {
        let name = path.strip_prefix(data).unwrap().display().to_string();
        look(format!("the name of {name}"), name.as_bytes());
        look(name.clone(), &std::fs::read(&path).unwrap());
        if path.extension().is_some_and(|end| end == "parquet") {
            let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
            for row in reader.get_row_iter(None).unwrap() {
                look(format!("a row of {name}"), format!("{:?}", row.unwrap()).as_bytes());
            }
        }
    }
    // A database of its own, so that looking changes nothing: the packed records.
    let copy = tempfile::tempdir().unwrap();
    for end in ["db", "db-wal"] {
        let from = data.join("rapport").with_extension(end);
        if from.exists() {
            std::fs::copy(&from, copy.path().join("rapport").with_extension(end)).unwrap();
        }
    }
    let database = rusqlite::Connection::open(copy.path().join("rapport.db")).unwrap();
    let mut select =
        database.prepare("SELECT id, decided_at, kind, customer, is_fallback, record FROM decisions").unwrap();
    let logged = select.query_map([], |row| {
        Ok(decisions::LoggedDecision {
            id: row.get::<_, String>(0)?.into(),
            decided_at: primitives::Timestamp::from_millis(row.get(1)?),
            kind: row.get(2)?,
            customer: row.get::<_, Option<String>>(3)?.map(Into::into),
            is_fallback: row.get(4)?,
            record: row.get(5)?,
        })
    });
    for logged in logged.unwrap() {
        let record = decisions::Record::open(&logged.unwrap()).unwrap();
        look("a decision".to_owned(), format!("{record:?}").as_bytes());
    }
    let mut select = database.prepare("SELECT offset, record FROM events").unwrap();
    let rows = select.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)));
    for (offset, record) in rows.unwrap().map(Result::unwrap) {
        let event = events::Event::from_record(&record).unwrap();
        look(format!("the event at {offset}"), format!("{event:?}").as_bytes());
    }
    found
}

/// That all of some texts stand somewhere.
pub(crate) fn assert_all(data: &Path, texts: &[&str]) {
    let found = found(data, texts);
    for text in texts {
        assert!(found.iter().any(|(one, _)| one == text), "{text} stands nowhere");
    }
}

/// That none of them does.
pub(crate) fn assert_none(data: &Path, texts: &[&str]) {
    assert_eq!(found(data, texts), []);
}
