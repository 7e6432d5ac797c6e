//! Do keys open what they should, and do they stop doing so at once?

use super::*;
use engine::Stopwatch;

fn load(data: &Path) -> Keys {
    Keys::load(data, &KeySettings::default()).unwrap()
}

fn names(keys: &Keys) -> Vec<(String, KeyState)> {
    keys.list().into_iter().map(|info| (info.name, info.state)).collect()
}

#[test]
fn keys_are_created_once_and_known_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let keys = load(data.path());
    assert!(!keys.are_complete());
    let created = keys.create_missing().unwrap();
    assert_eq!(created.iter().map(|new| new.info.role).collect::<Vec<_>>(), FIRST);
    assert!(keys.create_missing().unwrap().is_empty() && keys.are_complete());

    let reopened = load(data.path());
    let file = std::fs::read_to_string(data.path().join("keys.json")).unwrap();
    for new in &created {
        assert_eq!(reopened.role_of(&new.key), Some(new.info.role));
        assert!(!file.contains(&new.key), "the key itself is never stored");
    }
    assert_eq!(reopened.role_of("rp_admin_"), None);
}

/// The file as the first version of the program wrote it.
#[test]
fn keys_of_the_first_version_still_open() {
    let data = tempfile::tempdir().unwrap();
    let key = "rp_admin_0000000000000000000000000000000000000000000000000000000000000000";
    let old = serde_json::json!({"sha256": {"admin": sha256_hex(key), "write": sha256_hex("rp_write_1")}});
    std::fs::write(data.path().join("keys.json"), old.to_string()).unwrap();
    let keys = load(data.path());
    assert_eq!((keys.role_of(key), keys.role_of("rp_write_1")), (Some(Role::Admin), Some(Role::Write)));
    let ids: Vec<String> = keys.list().into_iter().map(|info| info.id).collect();
    let created = keys.create_missing().unwrap();
    assert_eq!(created.len(), 1, "the server key was missing");
    let again = load(data.path());
    assert_eq!((again.role_of(key), again.role_of(&created[0].key)), (Some(Role::Admin), Some(Role::Server)));
    assert!(ids.iter().all(|id| again.holder(id).is_some()), "ids stay when the file becomes a newer one");
}

#[test]
fn a_preset_takes_the_place_of_the_first_key_and_of_no_other() {
    let data = tempfile::tempdir().unwrap();
    let keys = load(data.path());
    let first = keys.create_missing().unwrap().pop().unwrap();
    let named = keys.create("Mei", Role::Admin).unwrap();
    let settings = KeySettings { admin: "a-preset-console-key".to_owned(), ..KeySettings::default() };
    let preset = Keys::load(data.path(), &settings).unwrap();
    assert_eq!(preset.role_of("a-preset-console-key"), Some(Role::Admin));
    assert_eq!((preset.role_of(&first.key), preset.role_of(&named.key)), (None, Some(Role::Admin)));
    assert_eq!(preset.list()[0].state, KeyState::Preset);
    assert!(names(&preset).contains(&("first admin key".to_owned(), KeyState::Replaced)));
    assert_eq!(preset.revoke("preset-admin").expect_err("it is preset").kind(), ErrorKind::Invalid);
    assert_eq!(load(data.path()).role_of("a-preset-console-key"), None, "it is not stored");
}

#[test]
fn weak_keys_are_told_and_damaged_ones_refused() {
    let data = tempfile::tempdir().unwrap();
    let weak = |settings: &KeySettings| Keys::load(data.path(), settings).unwrap();
    let keys = weak(&KeySettings { write: "abc".to_owned(), ..KeySettings::default() });
    assert_eq!(keys.role_of("abc"), Some(Role::Write));
    assert!(keys.weakness().unwrap().contains("keys.write is shorter than 16"));
    let same = "one-key-for-two-roles".to_owned();
    let keys = weak(&KeySettings { write: same.clone(), admin: same.clone(), ..KeySettings::default() });
    assert_eq!(keys.role_of(&same), Some(Role::Admin));
    assert!(keys.weakness().unwrap().contains("is the write key, too"));
    assert!(load(data.path()).weakness().is_none());
    for (content, part) in [
        ("{", "is damaged"),
        (r#"{"v":3,"keys":[],"more":1}"#, "newer program"),
        (r#"{"sha256":{"admin":"00"}}"#, "damaged"),
    ] {
        std::fs::write(data.path().join("keys.json"), content).unwrap();
        let refused = Keys::load(data.path(), &KeySettings::default()).expect_err(content).to_string();
        assert!(refused.contains("keys.json") && refused.contains(part), "{refused}");
    }
}

#[test]
fn a_role_has_as_many_keys_as_it_needs_each_with_a_name() {
    let data = tempfile::tempdir().unwrap();
    let keys = load(data.path());
    let [mei, ann] = ["Mei", " Ann "].map(|name| keys.create(name, Role::Viewer).unwrap());
    assert_eq!((ann.info.name.as_str(), ann.info.state), ("Ann", KeyState::InForce));
    assert!(mei.key.starts_with("rp_viewer_") && mei.info.created_at.is_some());
    for (name, kind) in [
        ("Mei", ErrorKind::Conflict),
        ("", ErrorKind::Invalid),
        ("a\u{202e}b", ErrorKind::Invalid),
        ("a\nb", ErrorKind::Invalid),
        (&*"x".repeat(61), ErrorKind::Invalid),
    ] {
        assert_eq!(keys.create(name, Role::Write).expect_err(name).kind(), kind, "{name:?}");
    }
    let revoked = keys.revoke("Mei").unwrap();
    assert!(matches!(revoked.state, KeyState::Revoked { .. }));
    assert_eq!((keys.role_of(&mei.key), keys.role_of(&ann.key)), (None, Some(Role::Viewer)));
    assert!(keys.holder(&mei.info.id).is_none());
    assert_eq!(keys.revoke("Mei").expect_err("twice").kind(), ErrorKind::NotFound);
    // The name is free again, and the old key is still listed.
    keys.create("Mei", Role::Viewer).unwrap();
    assert_eq!(names(&keys).iter().filter(|(name, _)| name == "Mei").count(), 2);
}

#[test]
fn the_last_admin_key_is_kept() {
    let data = tempfile::tempdir().unwrap();
    let keys = load(data.path());
    let first = keys.create_missing().unwrap().pop().unwrap();
    assert_eq!(keys.revoke(&first.info.id).expect_err("the last one").kind(), ErrorKind::Conflict);
    let second = keys.create("Mei", Role::Admin).unwrap();
    keys.revoke(&first.info.id).unwrap();
    assert_eq!((keys.role_of(&first.key), keys.role_of(&second.key)), (None, Some(Role::Admin)));
}

#[test]
fn a_server_follows_what_others_do_with_the_file() {
    let data = tempfile::tempdir().unwrap();
    let (server, command) = (load(data.path()), load(data.path()));
    let mine = server.create("mine", Role::Server).unwrap();
    let theirs = command.create("theirs", Role::Viewer).unwrap();
    let change = |new: &NewKey, is_revoked| KeyChange {
        id: new.info.id.clone(),
        name: new.info.name.clone(),
        role: new.info.role,
        is_revoked,
    };
    assert_eq!(server.follow(), [change(&theirs, false)], "its own changes are no news");
    assert_eq!(server.role_of(&theirs.key), Some(Role::Viewer));
    assert_eq!(server.follow(), []);
    command.revoke("mine").unwrap();
    assert_eq!(server.follow(), [change(&mine, true)]);
    assert_eq!(server.role_of(&mine.key), None);
    // A damaged or absent file takes no keys away.
    std::fs::write(data.path().join("keys.json"), "{").unwrap();
    assert_eq!((server.follow(), server.role_of(&theirs.key)), (vec![], Some(Role::Viewer)));
    std::fs::remove_file(data.path().join("keys.json")).unwrap();
    assert_eq!((server.follow(), server.role_of(&theirs.key)), (vec![], Some(Role::Viewer)));
}

#[test]
fn an_unknown_key_has_the_file_looked_at_but_not_for_each_request() {
    let data = tempfile::tempdir().unwrap();
    let (server, command) = (load(data.path()), load(data.path()));
    let new = command.create("new", Role::Server).unwrap();
    let watch = Stopwatch::start();
    while server.role_of(&new.key).is_none() {
        assert!(watch.elapsed().as_secs() < 10, "the new key is not found");
    }
    let n_looks = (0..10_000).filter(|_| server.look_again()).count();
    assert!(n_looks < 200, "{n_looks} looks for 10,000 unknown keys");
}

#[test]
fn the_last_use_is_remembered_to_the_minute_and_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let keys = load(data.path());
    let new = keys.create("Mei", Role::Viewer).unwrap();
    let used = |keys: &Keys| keys.list().into_iter().find(|info| info.name == "Mei").unwrap().used_at;
    assert_eq!((used(&keys), used(&load(data.path()))), (None, None));
    keys.find(&new.key).unwrap();
    let at = used(&keys).unwrap();
    assert_eq!(at.as_millis() % 60_000, 0);
    assert_eq!(used(&load(data.path())), None, "no request writes to the disk");
    keys.store_use().unwrap();
    assert_eq!(used(&load(data.path())), Some(at));
    std::fs::write(data.path().join("key-use.json"), "{").unwrap();
    assert_eq!(used(&load(data.path())), None, "a damaged file of uses is as good as none");
}

#[test]
fn many_who_make_keys_at_once_lose_none() {
    let data = tempfile::tempdir().unwrap();
    let threads: Vec<_> = (0..4)
        .map(|t| {
            let data = data.path().to_owned();
            std::thread::spawn(move || {
                let keys = load(&data);
                (0..5).for_each(|n| drop(keys.create(&format!("{t}-{n}"), Role::Write).unwrap()));
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(load(data.path()).list().len(), 20);
}
