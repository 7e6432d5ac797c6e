//! The same company, the same bytes: on any number of threads, in any number of runs, in one go or broken off.

#![expect(clippy::unwrap_used, reason = "a test")]

use primitives::Seed;
use simulation::{Company, HistoryError, Settings, Written, write_history};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A directory of this test's own, taken away again.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rapport-simulation-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap());
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn settings(seed: u64) -> Settings {
    Settings::new(Seed::new(seed), 1_300, 12).unwrap()
}

fn write(seed: u64, place: &Path, mut until: impl FnMut(u32) -> bool) -> Result<Written, HistoryError> {
    write_history(&mut Company::new(settings(seed)), place, &mut until)
}

#[test]
fn the_same_seed_is_the_same_bytes_on_any_number_of_threads() {
    let on = |n_threads: usize, name: &str, seed: u64| {
        let place = Place::new(name);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let written = pool.install(|| write(seed, &place.0, |_| true)).unwrap();
        (place.files(), written)
    };
    let ((one, written), (two, again), (other, _)) = (on(1, "one", 7), on(2, "two", 7), on(2, "other", 8));
    assert!(one == two && written == again);
    assert_eq!(one.len(), 2 + 12, "a label, the catalogue, and a file for each day");
    assert_eq!((written.n_days, written.n_days_before), (12, 0));
    let n_lines = one.iter().filter(|(name, _)| name.ends_with(".ndjson"));
    let n_lines: usize = n_lines.map(|(_, bytes)| bytes.iter().filter(|byte| **byte == b'\n').count()).sum();
    assert_eq!(written.n_events, n_lines as u64);
    assert!(one["events-2026-11-20.ndjson"] != other["events-2026-11-20.ndjson"]);
}

#[test]
fn a_day_is_told_in_order_of_time_and_each_line_is_a_message_of_its_own() {
    let place = Place::new("order");
    write(7, &place.0, |_| true).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for (name, bytes) in place.files().iter().filter(|(name, _)| name.starts_with("events-")) {
        let mut last = String::new();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let told: serde_json::Value = serde_json::from_slice(line).unwrap();
            let at = told["timestamp"].as_str().unwrap();
            assert!(*last <= *at && name.contains(&at[..10]), "{name}: {last} {at}");
            last = at.to_owned();
            assert!(ids.insert(told["messageId"].to_string()), "{told}");
        }
    }
    assert!(ids.len() > 5_000);
}

#[test]
fn what_was_broken_off_goes_on_to_the_same_end() {
    let (whole, broken) = (Place::new("whole"), Place::new("broken"));
    write(7, &whole.0, |_| true).unwrap();
    assert_eq!(write(7, &broken.0, |n_days| n_days < 5).unwrap().n_days, 5);
    assert_eq!(broken.files().len(), 2 + 5);
    // As if it had been killed while it wrote the next.
    fs::write(broken.0.join("events-2026-11-15.part"), "{\"type\":").unwrap();
    let went_on = write(7, &broken.0, |_| true).unwrap();
    assert_eq!((went_on.n_days, went_on.n_days_before), (12, 5));
    assert!(whole.files() == broken.files());
}

#[test]
fn a_day_that_was_cut_is_written_again() {
    let place = Place::new("cut");
    write(7, &place.0, |_| true).unwrap();
    let whole = place.files();
    for (day, n_bytes) in [("13", 1_000), ("15", 0)] {
        let file = fs::File::options().write(true).open(place.0.join(format!("events-2026-11-{day}.ndjson"))).unwrap();
        file.set_len(n_bytes).unwrap();
    }
    let again = write(7, &place.0, |_| true).unwrap();
    assert_eq!((again.n_days, again.n_days_before), (12, 10));
    assert!(whole == place.files());
}

#[test]
fn two_do_not_write_into_one_directory_at_a_time() {
    let place = Place::new("at-once");
    let mut refused = String::new();
    let written = write(7, &place.0, |n_days| {
        if n_days == 3 {
            refused = write(7, &place.0, |_| true).unwrap_err().to_string();
        }
        true
    });
    assert_eq!(written.unwrap().n_days, 12);
    assert!(
        refused.contains("another `rapport simulate` writes its history into") && refused.contains("at-once"),
        "{refused}"
    );
    // Whoever comes when it has ended is let in.
    assert_eq!(write(7, &place.0, |_| true).unwrap().n_days_before, 12);
}

#[test]
fn what_stands_in_the_way_is_said_with_what_helps() {
    let place = Place::new("way");
    fs::create_dir_all(&place.0).unwrap();
    let file = place.0.join("file");
    fs::write(&file, "x").unwrap();
    for path in [file.clone(), file.join("below")] {
        let refused = write(7, &path, |_| true).unwrap_err().to_string();
        let said = format!("cannot write {}: something else stands there", path.display());
        assert!(refused.starts_with(&said), "{refused}");
    }
    // Whatever is missing on the way is made.
    assert_eq!(write(7, &place.0.join("a/b/c"), |_| false).unwrap().n_days, 1);
}

#[test]
fn a_directory_of_something_else_is_left_alone() {
    let place = Place::new("else");
    write(7, &place.0, |_| false).unwrap();
    let before = place.files();
    let refused = write(8, &place.0, |_| true).unwrap_err().to_string();
    assert!(refused.contains("another company") && refused.contains("\"seed\":7"), "{refused}");
    assert!(place.files() == before);
    let strange = Place::new("strange");
    fs::create_dir_all(&strange.0).unwrap();
    fs::write(strange.0.join("thesis.txt"), "years of work").unwrap();
    let refused = write(7, &strange.0, |_| true).unwrap_err().to_string();
    assert!(refused.contains("is not empty") && strange.files().len() == 1, "{refused}");
}

#[test]
fn what_cannot_be_written_is_said_and_goes_on_once_it_can() {
    let place = Place::new("full");
    // Where a directory stands no file can be made: as on a disk that is full.
    let in_the_way = place.0.join("events-2026-11-14.part");
    write(7, &place.0, |_| false).unwrap();
    fs::create_dir_all(in_the_way.join("x")).unwrap();
    let refused = write(7, &place.0, |_| true).unwrap_err().to_string();
    assert!(
        refused.contains("events-2026-11-14.ndjson") && refused.contains("something else stands there"),
        "{refused}"
    );
    assert!(!place.0.join("events-2026-11-16.ndjson").exists(), "nothing is written after a day that could not be");
    fs::remove_dir_all(&in_the_way).unwrap();
    assert_eq!(write(7, &place.0, |_| true).unwrap().n_days, 12);
    let whole = Place::new("not-full");
    write(7, &whole.0, |_| true).unwrap();
    assert!(whole.files() == place.files());
}

#[test]
fn a_label_that_could_not_be_written_does_not_claim_the_directory() {
    for left in [".company.json", ".company.part"] {
        let place = Place::new("label");
        fs::create_dir_all(&place.0).unwrap();
        fs::write(place.0.join(left), "").unwrap();
        assert_eq!(write(7, &place.0, |_| false).unwrap().n_days, 1, "{left}");
        assert!(write(8, &place.0, |_| true).unwrap_err().to_string().contains("another company"));
    }
    let strange = Place::new("no-text");
    fs::create_dir_all(&strange.0).unwrap();
    fs::write(strange.0.join(".company.json"), [0xff, 0xfe]).unwrap();
    assert!(write(7, &strange.0, |_| true).is_err());
    assert_eq!(
        strange.files().values().collect::<Vec<_>>(),
        [&vec![0xff, 0xfe]],
        "what it says is left to whose it is"
    );
    let hidden = Place::new("hidden");
    // What cannot be read is not taken for somebody else's.
    fs::create_dir_all(hidden.0.join(".company.json")).unwrap();
    let refused = write(7, &hidden.0, |_| true).unwrap_err().to_string();
    assert!(refused.contains(".company.json: something else stands there"), "{refused}");
}

#[test]
fn a_larger_company_has_the_same_people() {
    let company = |n| Company::new(Settings::new(Seed::new(7), n, 30).unwrap());
    let (small, large) = (company(1_100), company(1_900));
    assert_eq!(small.people(), &large.people()[..1_100]);
    let ids =
        |company: &Company| -> Vec<String> { company.things().all().iter().map(|thing| thing.id.clone()).collect() };
    assert_eq!(ids(&small), ids(&large));
}
