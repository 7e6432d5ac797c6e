//! Is a list that two sides draft made of what each would have shown, and made again alike?

use super::shop::{Shop, catalogue, decide, every_kind, knowledge, known, models, question, refused, replay, unknown};
use crate::{
    Answer, Arm, Content, Decision, Drafted, Interleave, Question, RankedItem, Record, Side, Subject, Witness, seed_of,
};
use primitives::DecisionId;
use serde_json::json;

/// What was bought may stand in one list, and may not in the other.
fn by() -> Interleave {
    Interleave { experiment: "mix".to_owned(), sides: [[].into(), [("new_share_min".to_owned(), json!(1.0))].into()] }
}

fn items(answer: &Answer) -> &[RankedItem] {
    let Content::Items(items) = &answer.content else { panic!("items were asked for") };
    items
}

fn drafted(id: &str, question: &Question, subject: &Subject) -> (Answer, Record) {
    let (id, models) = (DecisionId::from(id), models(true));
    let kind = every_kind().get("recommend").unwrap();
    let shop = Shop::full();
    let witness = Witness::new(&shop).by_chance(Some(seed_of(&id)));
    let made = crate::decide_drafted(kind, catalogue(), question, subject, &models, &witness, &by());
    let (answer, picks) = made.unwrap();
    let customer = question.customer.clone();
    let decision = Decision { id, kind: question.kind.clone(), customer, answer: answer.clone() };
    let testimony = witness.into_testimony();
    let record = Record::new((kind, &models), question.clone(), subject, testimony, (decision, None), "{}".to_owned());
    (answer, record.drafted_by(Some(Drafted { by: by(), picks })))
}

#[test]
fn each_item_is_the_best_that_its_side_had_left_and_the_list_is_made_again_alike() {
    let subject = known(knowledge(&[(0, 40.0), (1, 30.0), (2, 20.0), (0, 9.0)], true));
    let asked = question("recommend", 5);
    let lists = [Side::Control, Side::Other].map(|side| {
        let answer = decide(&by().asked(&asked, side), &subject, &models(true), &Shop::full()).unwrap();
        items(&answer).iter().map(|item| item.id.clone()).collect::<Vec<_>>()
    });
    assert_ne!(lists[0], lists[1], "the two ways differ");
    let mut n_first = 0;
    for id in 0..60 {
        let (answer, record) = drafted(&format!("{id:032x}"), &asked, &subject);
        let picks = &record.drafted().unwrap().picks;
        let items = items(&answer);
        assert_eq!((items.len(), picks.len()), (5, 5));
        for (place, (item, side)) in items.iter().zip(picks).enumerate() {
            let taken = &items[..place];
            let best = lists[*side as usize].iter().find(|id| taken.iter().all(|one| one.id != **id));
            assert_eq!(best, Some(&item.id), "{id}, place {place}");
        }
        n_first += usize::from(picks[0] == Side::Control);
        let opened = Record::open(&record.to_logged()).unwrap();
        assert_eq!(opened.drafted(), record.drafted());
        assert_eq!(replay(&opened, &models(true)).unwrap(), answer);
    }
    assert!((15..45).contains(&n_first), "each is first as often as the other: {n_first} of 60");
}

#[test]
fn who_is_not_known_or_held_out_is_answered_by_the_control_alone() {
    let subject = known(knowledge(&[(0, 40.0), (1, 30.0)], true));
    let asked = question("recommend", 5);
    let held = Question { arm: Some(Arm::Holdout), ..asked.clone() };
    for (question, subject) in [(&asked, refused()), (&asked, unknown(true)), (&held, subject)] {
        let (answer, record) = drafted("019ab3f2c1d4e5f60718293a4b5c6d7e", question, &subject);
        let plain = decide(question, &subject, &models(true), &Shop::full()).unwrap();
        assert_eq!(answer, plain);
        assert!(record.drafted().unwrap().picks.is_empty());
        assert_eq!(replay(&record, &models(true)).unwrap(), answer);
    }
}

#[test]
fn only_what_says_how_items_are_ordered_may_differ() {
    let about = every_kind().get("recommend").unwrap().about();
    let check = |name: &str, value: serde_json::Value| {
        about.check_side(&[(name.to_owned(), value)].into()).map_err(|why| why.to_string())
    };
    assert_eq!(check("diversity", json!(0.3)), Ok(()));
    assert_eq!(check("boost", json!({"brand": {"any": 1.2}})), Ok(()));
    for (name, value, said) in [
        ("n", json!(3), "and not their order: write some of"),
        ("placement", json!("cart"), "and not their order"),
        ("diversity", json!(3), "0 to 1"),
        ("diversty", json!(0.3), "diversity"),
    ] {
        let why = check(name, value).unwrap_err();
        assert!(why.contains(said), "{name}: {why}");
    }
}
