//! Is every place clean, wherever what they did stood?

use super::traces::{assert_all, assert_none};
use super::{ALICE, BOB, BROWSER, HERS, KIOSK, OTHERS, decide, event, fill, order, take};
use crate::support::{noon, settings};
use engine::{EngineError, Live};
use primitives::{ErrorKind, SimulatedClock};
use serde_json::json;
use server::serve::Opened;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use storage::{Access, Depth, SealPolicy, Severity};

pub(crate) fn open(data: &Path) -> Opened {
    Opened::open_at(data, Access::Exclusive, settings(), Arc::new(SimulatedClock::new(noon()))).unwrap()
}

pub(crate) fn erase(opened: &Opened, text: &str) -> profiles::Erasure {
    let (begun, _) = opened.engine.begin_erasure(text).unwrap();
    opened.engine.finish_erasures(&mut |_| Ok(())).unwrap();
    opened.engine.erasure(&begun.id).unwrap()
}

/// That all is well with a data directory, and a rebuild gives what is live.
pub(crate) fn assert_well(opened: &Opened) {
    for finding in opened.storage.check(Depth::Full, &mut |_, _| {}) {
        assert_eq!(finding.severity, Severity::Good, "{finding}");
    }
    let totals = opened.engine.look(|live| live.profiles.totals());
    Live::rebuild(opened.engine.ports(), opened.engine.policy(), |_| {}).unwrap();
    let ports = opened.engine.ports();
    let stored: profiles::Profiles<features::FeatureState> = profiles::Profiles::open(ports.profiles.clone()).unwrap();
    assert_eq!(stored.totals(), totals);
}

pub(crate) fn is_unknown(opened: &Opened, text: &str) -> bool {
    matches!(opened.engine.customer(text), Err(error) if error.kind() == ErrorKind::NotFound)
}

#[test]
fn nothing_of_a_customer_is_left_anywhere_and_everything_of_the_others() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    fill(&opened);
    let list = |id: &str| decisions::List {
        name: "chosen".to_owned(),
        title: format!("With {id}"),
        filter: format!("id in (\"{id}\", \"{BOB}\") or traits.city='Graz'"),
        ..decisions::List::default()
    };
    opened.engine.save_list(&list(ALICE), false).unwrap();
    assert_all(&data, &[&HERS[..], &OTHERS].concat());
    let bob = opened.engine.customer(BOB).unwrap();
    let head = opened.engine.ports().events.head();

    let erased = erase(&opened, ALICE);
    let removed = erased.removed;
    assert_eq!((removed.events, removed.decisions, removed.rejections), (8, 1, 1), "{removed:?}");
    assert_eq!((removed.audit_entries, removed.lines, removed.lists), (1, 1, 1), "{removed:?}");
    assert_eq!(opened.engine.list("chosen").unwrap().list, list("(erased)"));
    for back in [ALICE, "user:alice-7731", "anonymous:browser-a9f3"] {
        let refused = opened.engine.save_list(&list(back), true).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Conflict, "{refused}");
        assert!(refused.to_string().contains("names somebody who was erased"), "{refused}");
    }
    opened.engine.save_list(&list("zoe"), true).unwrap();
    assert_none(&data, &HERS);
    assert_all(&data, &OTHERS);
    assert!([ALICE, BROWSER, "old-name-a1b2"].iter().all(|name| is_unknown(&opened, name)));
    let after = opened.engine.customer(BOB).unwrap();
    assert_eq!(
        (after.customer.profile.n_events, &after.customer.state),
        (bob.customer.profile.n_events, &bob.customer.state)
    );
    assert_eq!(opened.engine.ports().events.head(), head, "no place of the log is given again");
    assert_well(&opened);

    drop(opened);
    assert_none(&data, &HERS);
    let opened = open(&data);
    assert_eq!(opened.engine.ports().events.head(), head);
    take(&opened, vec![order(BOB, "order-of-bob-2", "message-of-bob-2")]);
    assert_eq!(opened.engine.customer(BOB).unwrap().customer.profile.n_events, bob.customer.profile.n_events + 1);
    opened.engine.checkpoint(1_000).unwrap();
    opened.storage.seal(opened.engine.checkpointed(), &SealPolicy::everything()).unwrap();
    assert_well(&opened);
    assert_eq!(erase(&opened, BROWSER), erased, "the same receipt, by whichever name");
}

#[test]
fn who_is_unknown_is_not_erased() {
    let place = tempfile::tempdir().unwrap();
    let opened = open(&place.path().join("data"));
    take(&opened, super::first_of_bob());
    let refused: EngineError = opened.engine.begin_erasure("nobody").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert!(refused.to_string().contains("\"nobody\""), "{refused}");
    assert_eq!(opened.engine.finish_erasures(&mut |_| Ok(())).unwrap(), 0);
    assert!(!place.path().join("data/erased").exists());
}

#[test]
fn a_past_day_of_decisions_is_written_anew_without_them() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let clock = Arc::new(SimulatedClock::new(noon()));
    let opened = Opened::open_at(&data, Access::Exclusive, settings(), clock.clone()).unwrap();
    fill(&opened);
    clock.advance(Duration::from_secs(2 * 86_400));
    opened.storage.write_decision_files(noon().plus_days(2), &|| false).unwrap();
    let file = data.join("decisions/date=2026-11-22/part.parquet");
    let before = std::fs::read(&file).unwrap();
    erase(&opened, ALICE);
    assert_ne!(std::fs::read(&file).unwrap(), before);
    assert_none(&data, &HERS);
    assert_all(&data, &OTHERS);
    assert_well(&opened);
}

#[test]
fn somebody_elses_file_among_those_of_decisions_keeps_no_day_from_being_written_anew() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let clock = Arc::new(SimulatedClock::new(noon()));
    let opened = Opened::open_at(&data, Access::Exclusive, settings(), clock.clone()).unwrap();
    fill(&opened);
    for _ in 0..20 {
        clock.advance(Duration::from_secs(86_400));
        decide(&opened, ALICE);
        decide(&opened, BOB);
    }
    let written = || opened.storage.write_decision_files(noon().plus_days(20), &|| false).unwrap().n_written;
    let n_days: usize = std::iter::repeat_with(written).take_while(|n| *n > 0).sum();
    assert_eq!(n_days, 20);
    let foreign = data.join("decisions/date=2020-01-01/part.parquet");
    std::fs::create_dir_all(foreign.parent().unwrap()).unwrap();
    std::fs::write(&foreign, "somebody else's").unwrap();
    erase(&opened, ALICE);
    std::fs::remove_file(&foreign).unwrap();
    assert_none(&data, &HERS);
    assert_all(&data, &OTHERS);
}

#[test]
fn a_model_is_as_old_as_what_it_was_learned_from() {
    let place = tempfile::tempdir().unwrap();
    let clock = Arc::new(SimulatedClock::new(noon()));
    let data = place.path().join("data");
    let opened = Opened::open_at(&data, Access::Exclusive, settings(), clock.clone()).unwrap();
    take(&opened, super::first_of_alice());
    let material = opened.engine.material(&mut |_| {}).unwrap();
    clock.advance(Duration::from_secs(1));
    let erased = erase(&opened, ALICE);
    clock.advance(Duration::from_secs(1));
    // What is trained from it now has learned from her.
    assert!(opened.engine.data(&material, primitives::Seed::new(0)).now < erased.asked_at);
}

#[test]
fn what_was_set_aside_goes_only_where_it_is_a_text_that_names_them() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    let page = json!({"type": "page", "name": "Home", "userId": "7"});
    take(&opened, vec![event(page)]);
    let aside = data.join("set-aside");
    std::fs::create_dir_all(&aside).unwrap();
    for (name, content) in
        [("packed", &b"\xff\xfe 7 \xff"[..]), ("part", b"1774"), ("text", b"{\"userId\":\"7\"}\n"), ("other", b"8")]
    {
        std::fs::write(aside.join(name), content).unwrap();
    }
    erase(&opened, "7");
    let left = ["packed", "part", "text", "other"].map(|name| aside.join(name).exists());
    assert_eq!(left, [true, true, false, true]);
}

#[test]
fn a_history_of_which_nothing_is_left_needs_no_file() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    take(&opened, super::first_of_alice());
    opened.engine.checkpoint(1_000).unwrap();
    opened.storage.seal(opened.engine.checkpointed(), &SealPolicy::everything()).unwrap();
    erase(&opened, ALICE);
    assert_eq!(crate::support::files_below(&data.join("history")), Vec::<std::path::PathBuf>::new());
    take(&opened, super::first_of_bob());
    opened.engine.checkpoint(1_000).unwrap();
    opened.storage.seal(opened.engine.checkpointed(), &SealPolicy::everything()).unwrap();
    assert_well(&opened);
    drop(opened);
    assert_well(&open(&data));
}

#[test]
fn ten_thousand_events_go_as_one_does() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    let seen = |n: u64| {
        let user = if n.is_multiple_of(3) { BOB } else { ALICE };
        event(json!({"type": "track", "event": "Seen", "userId": user, "messageId": format!("{user}-m{n}-end"),
            "properties": {"n": n}}))
    };
    for part in (0..15_000_u64).collect::<Vec<_>>().chunks(2_500) {
        take(&opened, part.iter().copied().map(seen).collect());
    }
    opened.engine.checkpoint(1_000).unwrap();
    let policy = SealPolicy { n_events_max: 4_000, n_events_kept: 5_000, n_events_min: 1, ..SealPolicy::default() };
    opened.storage.seal(opened.engine.checkpointed(), &policy).unwrap();
    let n_commits = || opened.storage.writer_stats().n_commits.load(std::sync::atomic::Ordering::Relaxed);
    let before = n_commits();
    let erased = erase(&opened, ALICE);
    assert_eq!(erased.removed.events, 10_000);
    assert!(n_commits() - before < 200, "thousands of ranges of rows are no thousands of transactions");
    assert_none(&data, &[ALICE]);
    assert_eq!(opened.engine.customer(BOB).unwrap().customer.profile.n_events, 5_000);
    assert_well(&opened);
    // The ids of her messages are known no longer, and those of the others are.
    let database = rusqlite::Connection::open(data.join("rapport.db")).unwrap();
    let n_ids: i64 = database.query_row("SELECT count(*) FROM message_ids", [], |row| row.get(0)).unwrap();
    assert!(n_ids <= 5_000, "{n_ids}");
    take(&opened, (0..3).map(seen).collect());
    assert_eq!(opened.engine.customer(BOB).unwrap().customer.profile.n_events, 5_000, "a duplicate still is one");
}

#[test]
fn what_is_decided_for_an_erased_name_names_nobody() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    fill(&opened);
    erase(&opened, ALICE);
    let record = decide(&opened, ALICE);
    assert!(record.decision.answer.fallback.is_some());
    assert!(!record.response.contains(ALICE), "{}", record.response);
    assert_none(&data, &HERS);
    assert_eq!(opened.engine.replay(&record).unwrap(), record.response);
    assert!(decide(&opened, BOB).response.contains(BOB) && decide(&opened, KIOSK).response.contains(KIOSK));
}

#[test]
fn what_says_that_two_are_not_one_goes_with_them() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    take(&opened, super::first_of_alice());
    take(&opened, super::first_of_bob());
    opened.engine.separate(ALICE, BROWSER, "wrong-about-alice").unwrap();
    assert!(opened.engine.customer(BROWSER).is_ok());
    erase(&opened, ALICE);
    assert_none(&data, &[ALICE, "alice@private.example", "order-of-alice-1", "wrong-about-alice"]);
    assert_eq!(opened.engine.customer(BROWSER).unwrap().customer.profile.n_events, 1, "who is somebody else stays");
    take(&opened, vec![event(json!({"type": "page", "name": "Home", "anonymousId": BROWSER}))]);
    assert_eq!(opened.engine.customer(BROWSER).unwrap().customer.profile.n_events, 2, "and is not refused");
    assert_well(&opened);
}

/// Where the past was still to be told anew when the customer was erased, of whom it was said.
#[test]
fn a_separation_that_is_to_be_told_goes_with_them() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    take(&opened, super::first_of_alice());
    take(&opened, super::first_of_bob());
    let keys = [format!("u:{ALICE}"), format!("a:{BROWSER}")];
    let head = opened.engine.ports().events.head();
    take(&opened, vec![events::Event::separation(keys, "wrong-about-alice".to_owned(), noon(), head)]);
    opened.engine.checkpoint(1_000).unwrap();
    let (begun, _) = opened.engine.begin_erasure(ALICE).unwrap();
    opened.engine.follow_separations().unwrap();
    assert!(opened.engine.has_separations_to_do(), "the erasure makes everything anew");
    let refused = opened.engine.separate(ALICE, KIOSK, "wrong-about-alice").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict, "{refused}");
    drop(opened);
    let opened = open(&data);
    assert!(opened.engine.erasure(&begun.id).unwrap().ended_at.is_some());
    assert!(!opened.engine.has_separations_to_do());
    assert_none(&data, &[ALICE, "alice@private.example", "order-of-alice-1", "wrong-about-alice"]);
    assert_eq!(opened.engine.customer(BROWSER).unwrap().customer.profile.n_events, 1, "who is somebody else stays");
    assert_well(&opened);
}

#[test]
fn a_model_that_learned_from_them_is_to_be_trained_again() {
    let place = tempfile::tempdir().unwrap();
    let opened = open(&place.path().join("data"));
    take(&opened, super::first_of_bob());
    let learned_until = opened.engine.ports().events.head();
    take(&opened, super::first_of_alice());
    let trained = crate::support::world::shop().trained[0].header.clone();
    let header = |until| learning::ModelHeader { learned_until: Some(until), trained_at: noon(), ..trained.clone() };
    let of_both = header(opened.engine.ports().events.head());
    assert_eq!(opened.engine.gone_since(&of_both), None);
    erase(&opened, ALICE);
    let gone = opened.engine.gone_since(&of_both).unwrap();
    assert_eq!((gone.n_refused, gone.n_erased), (0, 1), "nobody has refused");
    assert_eq!(opened.engine.gone_since(&header(learned_until)), None, "it had not read of them");
    let later = learning::ModelHeader { trained_at: noon().plus_days(1), ..of_both };
    assert_eq!(opened.engine.gone_since(&later), None, "it was trained without them");
}

#[test]
fn what_a_crash_left_half_written_names_nobody_after_the_next_start() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    drop(open(&data));
    let unfinished =
        ["erased", "rejects", "set-aside", "set-aside/history"].map(|folder| data.join(folder).join(".tmp-7-0-a.json"));
    for file in &unfinished {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, ALICE).unwrap();
    }
    let kept = data.join("rejects/a-csv.ndjson");
    std::fs::write(&kept, BOB).unwrap();
    drop(open(&data));
    assert!(unfinished.iter().all(|file| !file.exists()) && kept.exists());
    assert_none(&data, &[ALICE]);
}

#[test]
fn without_the_key_by_which_names_are_refused_nothing_is_opened() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    take(&opened, super::first_of_alice());
    let erased = erase(&opened, ALICE);
    drop(opened);
    let (path, damaged) = (data.join("erased/key"), |access| {
        let opened = Opened::open_at(&data, access, settings(), Arc::new(SimulatedClock::new(noon())));
        let Err(error) = opened else { panic!("it was opened") };
        (error.kind(), error.story())
    });
    let key = std::fs::read(&path).unwrap();
    std::fs::write(&path, "0".repeat(64)).unwrap();
    for access in [Access::Exclusive, Access::ReadOnly] {
        let (kind, said) = damaged(access);
        assert!(kind == ErrorKind::Corrupt && said.contains("it is another one"), "{said}");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(damaged(Access::Exclusive).1.contains("it is not there"));
    std::fs::write(&path, key).unwrap();
    let opened = open(&data);
    opened.engine.allow_again(ALICE).unwrap();
    assert!(opened.engine.erasure(&erased.id).unwrap().allowed_at.is_some());
    drop(opened);
    std::fs::remove_file(&path).unwrap();
    assert!(damaged(Access::Exclusive).1.contains("it is not there"), "their names may have to be refused again");
}
