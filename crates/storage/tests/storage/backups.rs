//! Is a backup of one moment, whole, and does it come back?

use crate::directories::{Bench, erase, exclusive, faults, numbers, open, parts};
use decisions::DecisionLog;
use events::{EventLog, Offset};
use primitives::ErrorKind;
use profiles::{Change, Collection, ProfileStore};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use storage::contract::samples;
use storage::{Access, Backup, DataDir, SealPolicy, Storage, StorageError, StorageSettings, restore};

fn life(data: &Path) -> std::sync::Arc<Storage> {
    let storage = open(data);
    EventLog::append(&*storage, &samples::events(0..40)).unwrap();
    storage.seal(Offset(30), &SealPolicy { n_events_max: 10, ..SealPolicy::everything() }).unwrap();
    let change = Change { collection: Collection::Item, key: "an item".to_owned(), value: Some(vec![7]) };
    storage.commit(Offset(33), vec![change]).unwrap();
    DecisionLog::append(&*storage, samples::decision(3)).unwrap();
    storage.model_store().put(b"a model").unwrap();
    fs::write(data.join("keys.json"), "{}").unwrap();
    // A running server's own: its address with a key that works until it stops, and a lock.
    fs::write(data.join("server.json"), "{}").unwrap();
    fs::write(data.join("keys.lock"), "").unwrap();
    storage
}

fn back_up(storage: &Storage, to: &Path) -> Result<Backup, StorageError> {
    storage.backup(to, samples::START, &mut |_| {})
}

/// Every file below a directory.
fn tree(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        match entry.path().is_dir() {
            true => files.extend(tree(&entry.path())),
            false => files.push(entry.path()),
        }
    }
    files.sort();
    files
}

#[test]
fn what_was_backed_up_comes_back() {
    let bench = Bench::default();
    let storage = life(&bench.data());
    let to = bench.path().join("deep").join("backup");
    let mut told = Vec::new();
    let backup = storage.backup(&to, samples::START, &mut |n| told.push(n)).unwrap();
    assert_eq!((backup.head, backup.sealed_upto, backup.made_at), (Offset(40), Offset(30), samples::START));
    assert_eq!(backup.n_files() + 1, tree(&to).len(), "all but the manifest are in it");
    let has = |name: &str| to.join(name).exists();
    assert!(has("keys.json") && !has("server.json") && !has("keys.lock") && !has("lock"));
    assert!(told.is_sorted() && told.last() == Some(&backup.bytes()), "{told:?}");
    for (ours, theirs) in parts(&bench.data()).iter().zip(parts(&to)) {
        assert_eq!(
            fs::metadata(ours).unwrap().ino(),
            fs::metadata(&theirs).unwrap().ino(),
            "no copy of what never changes"
        );
    }
    assert!(tree(&to).iter().all(|file| fs::metadata(file).unwrap().permissions().mode() & 0o077 == 0));
    // What happens afterwards does not reach it.
    EventLog::append(&*storage, &samples::events(40..60)).unwrap();
    storage.seal(Offset(60), &SealPolicy::everything()).unwrap();
    drop(storage);
    for path in [bench.path().join("again"), bench.path().join("empty")] {
        if path.ends_with("empty") {
            fs::create_dir(&path).unwrap();
        }
        let mut told = Vec::new();
        assert_eq!(restore(&to, &path, &mut |n| told.push(n)).unwrap(), backup);
        assert!(told.is_sorted() && told.last() == Some(&(2 * backup.bytes())), "{told:?}");
        let storage = open(&path);
        assert_eq!(numbers(&storage), (0..40).collect::<Vec<_>>());
        assert_eq!(ProfileStore::offset(&*storage).unwrap(), Offset(33));
        assert_eq!(ProfileStore::get(&*storage, Collection::Item, "an item").unwrap(), Some(vec![7]));
        assert_eq!((storage.counts().unwrap().0, storage.model_store().list().unwrap().len()), (1, 1));
        assert_eq!(fs::read(path.join("keys.json")).unwrap(), b"{}");
        let others: Vec<_> = faults(&storage)
            .into_iter()
            .filter(|fault| !fault.contains("decision") && !fault.contains("profiles"))
            .collect();
        assert_eq!(others, Vec::<String>::new());
        assert!(EventLog::append(&*storage, &samples::events([5])).unwrap() == [events::Receipt::Duplicate]);
        assert!(tree(&path).iter().all(|file| fs::metadata(file).unwrap().permissions().mode() & 0o077 == 0));
    }
}

#[test]
fn what_was_erased_is_not_among_the_events_that_a_backup_says_it_has() {
    let bench = Bench::default();
    let storage = life(&bench.data());
    let of_all = back_up(&storage, &bench.path().join("all")).unwrap();
    assert_eq!((of_all.n_events(), of_all.n_sealed()), (40, 30));
    // The last two that are sealed, and the first two in the log.
    erase(&storage, 29, 32);
    let to = bench.path().join("without-four");
    let made = back_up(&storage, &to).unwrap();
    assert_eq!((made.n_events(), made.n_sealed(), made.head), (36, 28, Offset(40)));
    let restored = restore(&to, &bench.path().join("again"), &mut |_| {}).unwrap();
    assert_eq!((restored.n_events(), restored.n_sealed()), (36, 28));
    assert_eq!(numbers(&open(&bench.path().join("again"))).len(), 36);

    // What older programs wrote says nothing of it.
    let manifest = fs::read_to_string(to.join("backup.json")).unwrap();
    let older = manifest.replace("  \"n_missing\": 4,\n", "").replace("  \"n_missing_sealed\": 2,\n", "");
    assert_eq!(manifest.lines().count(), older.lines().count() + 2);
    fs::write(to.join("backup.json"), older).unwrap();
    assert_eq!(restore(&to, &bench.path().join("older"), &mut |_| {}).unwrap().n_events(), 40);
}

#[test]
fn a_backup_under_load_is_of_one_moment() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    let stopped = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (storage, stopped) = (&storage, &stopped);
        scope.spawn(move || {
            let policy = SealPolicy { n_events_max: 40, n_events_min: 60, n_events_kept: 20, ..SealPolicy::default() };
            let mut n = 0;
            while !stopped.load(Ordering::Relaxed) {
                EventLog::append(&**storage, &samples::events(n..n + 10)).unwrap();
                n += 10;
                let change = Change {
                    collection: Collection::Totals,
                    key: "seen".to_owned(),
                    value: Some(n.to_string().into()),
                };
                storage.commit(Offset(n), vec![change]).unwrap();
                storage.seal(Offset(n), &policy).unwrap();
            }
        });
        while storage.sealed_upto().unwrap() < Offset(100) {
            std::thread::yield_now();
        }
        let reader =
            Storage::open(DataDir::open(bench.data(), Access::ReadOnly).unwrap(), StorageSettings::default()).unwrap();
        for n in 0..5 {
            let before = storage.head();
            let (to, again) = (bench.path().join(format!("backup-{n}")), bench.path().join(format!("again-{n}")));
            let backup = back_up(&reader, &to).unwrap();
            assert!(backup.head >= before);
            restore(&to, &again, &mut |_| {}).unwrap();
            let restored = open(&again);
            assert_eq!(numbers(&restored), (0..backup.head.0).collect::<Vec<_>>());
            assert_eq!((faults(&restored), restored.head()), (Vec::new(), backup.head));
            let seen = ProfileStore::get(&*restored, Collection::Totals, "seen").unwrap().unwrap();
            assert_eq!(String::from_utf8(seen).unwrap(), ProfileStore::offset(&*restored).unwrap().to_string());
        }
        stopped.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_backup_is_made_only_where_nothing_is() {
    let bench = Bench::default();
    let storage = life(&bench.data());
    let full = bench.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("something"), "").unwrap();
    let broken_off = bench.path().join("second.unfinished");
    fs::create_dir(&broken_off).unwrap();
    for (to, said) in [
        (full.clone(), "something is there already"),
        (bench.data().join("backup"), "it is in the data directory itself"),
        (bench.path().join("second"), "a backup that was broken off is in"),
        (PathBuf::from("/"), "it has no name"),
    ] {
        let refused = back_up(&storage, &to).unwrap_err();
        assert!(refused.kind() == ErrorKind::Invalid && refused.to_string().contains(said), "{refused}");
    }
    assert!(full.join("something").exists() && broken_off.exists() && !bench.data().join("backup").exists());
    // What is damaged is not backed up as if it were whole, and nothing is left of the attempt.
    let part = parts(&bench.data()).remove(0);
    let whole = fs::read(&part).unwrap();
    fs::write(&part, &whole[1..]).unwrap();
    let third = bench.path().join("third");
    assert!(matches!(back_up(&storage, &third), Err(StorageError::Damaged { path, .. }) if path == part));
    assert!(!third.exists() && !bench.path().join("third.unfinished").exists());
    fs::write(&part, &whole).unwrap();
    fs::create_dir(&third).unwrap();
    back_up(&storage, &third).unwrap();
}

#[test]
fn a_damaged_backup_restores_nothing() {
    let bench = Bench::default();
    let to = bench.path().join("backup");
    back_up(&life(&bench.data()), &to).unwrap();
    let again = bench.path().join("again");
    for file in tree(&to) {
        let whole = fs::read(&file).unwrap();
        let mut content = whole.clone();
        let middle = content.len() / 2;
        content[middle] ^= 1;
        // A backup shares its history with the data: this test damages its own copy.
        fs::remove_file(&file).unwrap();
        for damage in [Some(&content[..]), Some(&whole[..whole.len() / 2]), None] {
            match damage {
                Some(content) => fs::write(&file, content).unwrap(),
                None => fs::remove_file(&file).unwrap(),
            }
            let refused = restore(&to, &again, &mut |_| {}).map(|_| ());
            if file.ends_with("backup.json")
                && damage.is_some_and(|content| content.len() == whole.len())
                && refused.is_ok()
            {
                // A flipped bit in the time at which it was made changes nothing that is restored.
                fs::remove_dir_all(&again).unwrap();
                continue;
            }
            let refused = refused.unwrap_err();
            // Without the list of its files, a directory is no backup.
            let is_none = file.ends_with("backup.json") && damage.is_none();
            let kind = if is_none { ErrorKind::NotFound } else { ErrorKind::Corrupt };
            assert!(refused.kind() == kind, "{}: {refused}", file.display());
            assert!(
                refused.to_string().contains(file.file_name().unwrap().to_str().unwrap())
                    || file.ends_with("backup.json"),
                "{refused}"
            );
            assert!(!again.exists(), "nothing is begun");
        }
        fs::write(&file, &whole).unwrap();
    }
    restore(&to, &again, &mut |_| {}).unwrap();
}

/// Restores a backup until the first of its files is there.
fn break_off(backup: &Path, data: &Path) {
    let mut bytes = None;
    let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        restore(backup, data, &mut |n| {
            assert!(!data.join("rapport.db").exists(), "killed");
            bytes = Some(n);
        })
    }));
    assert!(killed.is_err() && bytes.is_some() && data.join("restoring").exists());
}

#[test]
fn a_broken_off_restore_is_not_mixed_with_another_backup() {
    let bench = Bench::default();
    let (first, second) = (bench.path().join("first"), bench.path().join("second"));
    let storage = life(&bench.data());
    back_up(&storage, &first).unwrap();
    fs::remove_file(bench.data().join("keys.json")).unwrap();
    back_up(&storage, &second).unwrap();
    let again = bench.path().join("again");
    break_off(&first, &again);
    let before = tree(&again);
    let refused = restore(&second, &again, &mut |_| {}).unwrap_err();
    assert!(refused.kind() == ErrorKind::Invalid && refused.to_string().contains("would be mixed"), "{refused}");
    assert_eq!(tree(&again), before);
    restore(&first, &again, &mut |_| {}).unwrap();
    assert!(again.join("keys.json").exists() && !again.join("restoring").exists());
}

#[test]
fn a_backup_is_restored_only_where_nothing_is_and_to_the_end() {
    let bench = Bench::default();
    let to = bench.path().join("backup");
    back_up(&life(&bench.data()), &to).unwrap();
    let refused = restore(&to, &bench.data(), &mut |_| {}).unwrap_err();
    assert!(refused.to_string().contains("only into a directory that is empty"), "{refused}");
    let again = bench.path().join("again");
    break_off(&to, &again);
    fs::write(again.join("keys.json"), "half").unwrap();
    for access in [Access::Exclusive, Access::ReadOnly] {
        let refused = DataDir::open(&again, access).unwrap_err();
        assert!(refused.to_string().contains("run `rapport restore` again"), "{refused}");
    }
    restore(&to, &again, &mut |_| {}).unwrap();
    let storage = open(&again);
    assert_eq!((numbers(&storage).len(), fs::read(again.join("keys.json")).unwrap()), (40, b"{}".to_vec()));
    drop(storage);
    // In use by somebody else.
    let used = bench.path().join("used");
    let held = exclusive(&used);
    assert!(matches!(restore(&to, &used, &mut |_| {}), Err(StorageError::InUse { .. })));
    drop(held);
    // A manifest that names a file elsewhere.
    let manifest = fs::read_to_string(to.join("backup.json")).unwrap();
    for outside in
        ["../keys.json", "/etc/passwd", "", "rapport.db-wal", "lock", "server.json", "restoring", "models/.hidden"]
    {
        fs::write(to.join("backup.json"), manifest.replace("\"keys.json\"", &format!("{outside:?}"))).unwrap();
        let refused = restore(&to, &bench.path().join("new"), &mut |_| {}).unwrap_err();
        assert!(refused.to_string().contains("which is not in the backup"), "{refused}");
    }
    // One that leaves the database out, or names a file twice, tells of events that are not there.
    for (name, why) in [("\"other.db\"", "names no rapport.db"), ("\"keys.json\"", "names keys.json twice")] {
        fs::write(to.join("backup.json"), manifest.replace("\"rapport.db\"", name)).unwrap();
        let new = bench.path().join("new");
        let refused = restore(&to, &new, &mut |_| {}).unwrap_err();
        assert!(refused.to_string().contains(why) && !new.exists(), "{refused}");
    }
    fs::write(to.join("backup.json"), manifest.replace("\"v\": 1", "\"v\": 9")).unwrap();
    assert!(matches!(restore(&to, &bench.path().join("new"), &mut |_| {}), Err(StorageError::Newer { found: 9, .. })));
}
