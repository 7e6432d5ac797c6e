//! Is what was written down still there, and is there a limit to it?

use crate::directories::{Bench, open, open_with};
use governance::{Actor, AuditEntry, Deed, Retention, Role};
use primitives::Timestamp;
use storage::{Access, AuditQuestion, DataDir, Storage, StorageSettings};

fn entry(n: i64, deed: Deed) -> AuditEntry {
    let actor = match n % 3 {
        0 => Actor::Key { id: format!("k{n}"), name: "Mei".to_owned(), role: Role::Viewer },
        1 => Actor::Schedule,
        _ => Actor::Unknown,
    };
    let address = (n % 2 == 0).then(|| "192.0.2.7".parse().unwrap());
    AuditEntry { at: Timestamp::from_millis(0).plus_days(n), deed, actor, address, subject: format!("subject {n}") }
}

/// The numbers of days of what is found.
fn found(storage: &Storage, deeds: &[Deed], before: Option<u64>, n_max: usize) -> Vec<i64> {
    let question = AuditQuestion { deeds: deeds.to_vec(), before, n_max };
    storage.audit(&question).unwrap().into_iter().map(|(_, entry)| entry.at.day()).collect()
}

#[test]
fn what_was_written_down_is_there_after_a_restart_newest_first() {
    let bench = Bench::default();
    let storage = open(&bench.data());
    for n in 0..40 {
        storage.add_audit(&entry(n, Deed::ALL[usize::try_from(n).unwrap() % 8])).unwrap();
    }
    drop(storage);
    let storage = open(&bench.data());
    let all = storage.audit(&AuditQuestion { n_max: 100, ..AuditQuestion::default() }).unwrap();
    assert_eq!(all.len(), 40);
    for (n, (_, found)) in (0..40).rev().zip(&all) {
        assert_eq!(*found, entry(n, Deed::ALL[usize::try_from(n).unwrap() % 8]));
    }
    assert_eq!(found(&storage, &[], None, 3), [39, 38, 37]);
    assert_eq!(found(&storage, &[], Some(all[2].0), 2), [36, 35]);
    assert_eq!(found(&storage, &[Deed::SignIn, Deed::Training], None, 3), [35, 32, 27]);
    assert_eq!(found(&storage, &[Deed::SignIn, Deed::Training], Some(all[8].0), 2), [27, 24]);
}

#[test]
fn the_list_is_bounded_by_age_and_by_number_of_each_kind() {
    let bench = Bench::default();
    let mut retention = Retention::default().with_audit_days(10);
    retention.n_audit_max = 5;
    let storage = open_with(&bench.data(), StorageSettings { retention, ..StorageSettings::default() });
    storage.add_audit(&entry(1, Deed::KeyRevoked)).unwrap();
    storage.add_audit(&entry(12, Deed::KeyCreated)).unwrap();
    for n in 12..20 {
        storage.add_audit(&entry(n, Deed::SignInRefused)).unwrap();
    }
    storage.prune(Timestamp::from_millis(0).plus_days(20)).unwrap();
    assert_eq!(found(&storage, &[Deed::SignInRefused], None, 99), [19, 18, 17, 16, 15]);
    assert_eq!(found(&storage, &[Deed::KeyCreated], None, 99), [12], "many of one kind push out none of another");
    assert_eq!(found(&storage, &[], None, 99).len(), 6, "what is too old is forgotten");
}

#[test]
fn a_directory_that_is_only_read_keeps_nothing_and_says_so() {
    let bench = Bench::default();
    drop(open(&bench.data()));
    let data = DataDir::open(bench.data(), Access::ReadOnly).unwrap();
    let reader = Storage::open(data, StorageSettings::default()).unwrap();
    let refused = reader.add_audit(&entry(1, Deed::SignIn)).unwrap_err().to_string();
    assert!(refused.contains("stop the server first"), "{refused}");
}
