//! Is what is found what is asked for, and is the confidence a probability that grows with what speaks for it?

use super::*;
use proptest::prelude::*;

fn pair<'a>(document: u32, heading: &'a str, text: &'a str) -> Searched<'a> {
    Searched { document, heading, is_pair: true, text, language: None }
}

fn shop() -> PassageIndex {
    PassageIndex::of(
        &[
            pair(0, "How long does delivery take?", "Two to four working days, with express one."),
            pair(1, "What does delivery cost?", "3.90 EUR, and nothing from 50 EUR on."),
            pair(2, "How do I send something back?", "Print the label and take the parcel to any post office."),
            pair(3, "When do I get my money back?", "We refund you within five days after the parcel came back."),
            pair(4, "I forgot my password", "We send you a link to set a new one."),
            Searched {
                document: 5,
                heading: "Wie lange dauert die Lieferung?",
                is_pair: true,
                text: "Zwei bis vier Werktage.",
                language: Some("de"),
            },
        ],
        &[],
    )
    .unwrap()
}

fn first(index: &PassageIndex, question: &str) -> Option<usize> {
    index.find(question, 3, None).passages.first().map(|found| found.passage)
}

#[test]
fn the_passage_that_says_most_of_the_question_comes_first() {
    let index = shop();
    for (question, expected) in [
        ("how long will the delivery take", 0),
        ("what are the costs of delivery", 1),
        ("how can I send it back", 2),
        ("when will I be refunded", 3),
        ("forgoten pasword", 4),
        ("wie lang dauert eine lieferung", 5),
        ("POST OFFICE", 2),
    ] {
        assert_eq!(first(&index, question), Some(expected), "{question}");
    }
    for nothing in ["", "?!", "\u{0}", "zzz qqq"] {
        let found = index.find(nothing, 3, None);
        assert_eq!((found.passages.len(), found.confidence), (0, 0.0), "{nothing:?}");
    }
}

#[test]
fn a_question_as_it_is_written_is_surer_than_one_about_something_else() {
    let index = shop();
    let sure = index.find("How long does delivery take?", 1, None).confidence;
    for (question, is_below) in [("what is the weather", 0.5), ("do you take part in a lottery", 0.5)] {
        let found = index.find(question, 1, None).confidence;
        assert!(found < is_below && found < sure, "{question}: {found}, and {sure}");
    }
    assert!(sure > 0.8, "{sure}");
    assert!(index.trust().n_questions > 0);
}

#[test]
fn nothing_is_found_in_nothing_and_many_words_cost_no_more_than_some() {
    let none = PassageIndex::of(&[], &[]).unwrap();
    assert!(none.is_empty() && none.find("anything", 3, None).passages.is_empty());
    let long = "delivery ".repeat(100_000);
    assert_eq!(first(&shop(), &long), Some(1), "the shorter one that has the word");
}

proptest! {
    #[test]
    fn any_text_is_answered_with_probabilities_and_each_passage_once(question in "\\PC{0,60}", n in 0_usize..9) {
        let found = shop().find(&question, n, None);
        prop_assert!((0.0..=1.0).contains(&found.confidence));
        prop_assert!(found.passages.len() <= n);
        prop_assert!(found.passages.is_sorted_by(|a, b| a.score >= b.score));
        let mut places: Vec<usize> = found.passages.iter().map(|one| one.passage).collect();
        places.sort_unstable();
        places.dedup();
        prop_assert_eq!(places.len(), found.passages.len());
    }

    #[test]
    fn the_same_passages_give_the_same_numbers_and_their_own_heading_finds_them(
        texts in prop::collection::btree_map("[b-df-hj-np-tv-z]{6,9}", "[a-z]{3,8}( [a-z]{3,8}){0,6}", 1..12),
    ) {
        let passages: Vec<Searched<'_>> =
            (0..).zip(&texts).map(|(at, (heading, text))| pair(at, heading, text)).collect();
        let (one, two) = (PassageIndex::of(&passages, &[]).unwrap(), PassageIndex::of(&passages, &[]).unwrap());
        for (at, heading) in texts.keys().enumerate() {
            let (a, b) = (one.find(heading, 3, None), two.find(heading, 3, None));
            prop_assert_eq!(a.confidence.to_bits(), b.confidence.to_bits());
            prop_assert_eq!(&a.passages, &b.passages);
            prop_assert_eq!(a.passages.first().map(|found| found.passage), Some(at));
        }
    }
}
