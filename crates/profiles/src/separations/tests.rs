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
