//! Is what is told anew all that is left of what was said?

use super::*;

fn user(id: &str) -> Identifier {
    Identifier::User(id.into())
}

fn one(names: [&str; 2], offset: u64, is_done: bool) -> Separation {
    Separation { names: names.map(user), offset: Offset(offset), lifted: None, is_done }
}

#[test]
fn what_nobody_says_any_more_is_gone_and_what_is_told_is_done() {
    let mut live = Separations::from(vec![
        one(["a", "b"], 1, false),
        one(["a", "c"], 9, false),
        one(["a", "x"], 4, false),
        one(["x", "y"], 5, false),
    ]);
    // Of a and c it was said at 3 as well, and what was said at 9 is gone.
    let told = Separations::from(vec![Separation { lifted: Some(Offset(6)), ..one(["a", "c"], 3, true) }]);
    live.tell_anew(&["a", "b", "c"].map(user).into(), &told);
    let left = vec![
        Separation { lifted: Some(Offset(6)), ..one(["a", "c"], 3, true) },
        one(["a", "x"], 4, false),
        one(["x", "y"], 5, false),
    ];
    assert_eq!(live, Separations::from(left), "of names that were not asked for it stays to be done");
    let is_apart = |a: &str, b: &str| live.apart.get(&user(a)).is_some_and(|others| others.contains(&user(b)));
    assert!(!is_apart("a", "b") && !is_apart("b", "a") && !is_apart("c", "a") && is_apart("x", "a"));
}

/// What somebody says of two users at a place: that they are two, or with an alias that they are one.
fn said(offset: u64, call: Call, by: &str, origin: events::Origin) -> Recorded {
    let at = primitives::Timestamp::from_millis(1_000);
    let (context, reading) = (events::Fields::new(), events::Reading::default());
    let event = events::Event {
        message_id: "m".into(),
        user_id: Some(by.into()),
        anonymous_id: None,
        occurred_at: at,
        received_at: at,
        stated_at: None,
        call,
        context,
        origin,
        reading,
    };
    Recorded { offset: Offset(offset), event }
}

fn separate(offset: u64, names: [&str; 2]) -> Recorded {
    let call = Call::Separate { names: names.map(|name| user(name).key()), reason: String::new() };
    said(offset, call, "somebody", events::Origin::Server)
}

fn alias(offset: u64, names: [&str; 2], origin: events::Origin) -> Recorded {
    said(offset, Call::Alias { previous_id: names[1].to_owned() }, names[0], origin)
}

#[test]
fn of_contrary_words_the_later_counts_and_a_client_has_none() {
    use events::Origin::{Client, Import, Server};
    let mut live = Separations::default();
    let link = |name: &str| -> Few<_, _> {
        let at = primitives::Timestamp::from_millis(0);
        let link = Link { offset: Offset(1), at, reason: crate::LinkReason::FirstSeen, is_shared: false };
        [(user(name), link)].into_iter().collect()
    };
    let are_apart = |live: &Separations, a: &str, b: &str| {
        let found = live.part(&link(a), &link(b));
        assert_eq!((live.part(&link(b), &link(a)), live.parts_from(&user(a), &link(b))), (found, found));
        found
    };
    for (recorded, changes, apart) in [
        (alias(1, ["a", "b"], Server), false, false),
        (separate(5, ["b", "a"]), true, true),
        (separate(5, ["a", "b"]), false, true),
        (separate(4, ["a", "b"]), false, true),
        (alias(4, ["a", "b"], Server), false, true),
        (alias(5, ["a", "b"], Server), false, true),
        (alias(6, ["a", "b"], Client), false, true),
        (alias(6, ["a", "c"], Server), false, true),
        (said(6, Call::Identify { traits: events::Fields::new() }, "a", Server), false, true),
        (separate(6, ["a", "b"]), true, true),
        (alias(7, ["b", "a"], Import), true, false),
        (alias(8, ["a", "b"], Server), false, false),
        (separate(7, ["x", "y"]), true, false),
        (alias(9, ["a", "b"], Server), false, false),
        (separate(9, ["a", "b"]), true, true),
    ] {
        assert_eq!(live.apply(&recorded), changes, "{recorded:?}");
        assert_eq!(are_apart(&live, "a", "b"), apart, "{recorded:?}");
        assert!(!are_apart(&live, "a", "c"));
    }
    assert_eq!(live.iter().cloned().collect::<Vec<_>>(), [one(["a", "b"], 9, false), one(["x", "y"], 7, false)]);
    assert_eq!(live.to_do().count(), 2);
}

#[test]
fn of_what_is_known_beforehand_the_last_word_counts_and_nothing_is_left_to_do() {
    let events = [separate(3, ["a", "b"]), separate(9, ["b", "a"]), separate(5, ["a", "b"]), separate(4, ["c", "a"])];
    let known = Separations::known(&events);
    assert_eq!(known.iter().cloned().collect::<Vec<_>>(), [one(["a", "b"], 9, true), one(["a", "c"], 4, true)]);
    assert_eq!(known.to_do().count(), 0);
}
