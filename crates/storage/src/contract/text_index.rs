//! What must hold for every [`TextIndex`]?

use super::{Outcome, Start};
use decisions::search::{Clause, Indexed, Matching, N_NEAR_MAX, Phrase, TextIndex, TextIndexError};
use primitives::ItemKey;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Opens the index under test.
pub type Open<'a> = &'a mut dyn FnMut(Start) -> Arc<dyn TextIndex>;

/// Runs every law.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where a law does not hold.
pub fn run(open: Open<'_>) -> Outcome {
    what_is_put_there_is_found(open)?;
    an_item_that_changed_or_went_is_found_no_more(open)?;
    the_title_counts_most_and_rare_words_count_more(open)?;
    any_text_is_an_answer(open)?;
    words_are_counted_and_found_by_their_letters(open)?;
    what_strangers_write_is_found_and_meant_only_until_the_company_writes(open)?;
    no_more_near_words_are_told_than_can_be_asked_for(open)?;
    what_very_many_say_is_found_the_same_however_often_it_is_asked(open)?;
    what_is_forgotten_can_be_put_there_again(open)
}

fn item(number: u32, title: &str, others: &str) -> Indexed {
    let columns = [title.to_owned(), "acme".to_owned(), String::new(), others.to_owned(), String::new()];
    let key = ItemKey(u64::MAX - u64::from(number));
    Indexed { number, key, digest: u64::from(number) << 60, is_vouched: true, columns }
}

fn clause(text: &str) -> Clause {
    vec![phrase(text)]
}

fn phrase(text: &str) -> Phrase {
    let is_beginning = text.ends_with('*');
    Phrase { words: text.trim_end_matches('*').split(' ').map(str::to_owned).collect(), is_beginning }
}

fn all(index: &Arc<dyn TextIndex>, texts: &[&str]) -> Result<Vec<u32>, TextIndexError> {
    let clauses: Vec<Clause> = texts.iter().map(|text| clause(text)).collect();
    Ok(index.find(&clauses, Matching::All, None, 10)?.iter().map(|found| found.number).collect())
}

/// What is put there stays, also after a restart, and is found by its words, phrases and beginnings.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn what_is_put_there_is_found(open: Open<'_>) -> Outcome {
    let index = open(Start::Empty);
    let items = [item(1, "red running shoe", ""), item(7, "shoe polish red", "1.5 l"), item(3, "green tea", "किताब")];
    index.change(&items, &[])?;
    let laws = |index: &Arc<dyn TextIndex>| -> Outcome {
        for (texts, found) in [
            (&["red"][..], &[1, 7][..]),
            (&["red", "running"], &[1]),
            (&["running shoe"], &[1]),
            (&["shoe running"], &[]),
            (&["runn*"], &[1]),
            (&["running sh*"], &[1]),
            (&["runn"], &[]),
            (&["1.5"], &[7]),
            (&["5"], &[]),
            (&["किताब"], &[3]),
            (&["acme"], &[1, 3, 7]),
            (&[], &[]),
        ] {
            assert_eq!(all(index, texts)?, found, "{texts:?}");
            if let [text] = texts {
                assert_eq!(index.has(&phrase(text))?, !found.is_empty(), "{text}");
            }
        }
        let either = [vec![phrase("tea"), phrase("polish")]];
        assert_eq!(
            index.find(&either, Matching::All, None, 9)?.iter().map(|one| one.number).collect::<Vec<_>>(),
            [3, 7]
        );
        let any = [clause("tea"), clause("running"), clause("nothing")];
        assert_eq!(index.find(&any, Matching::Any, None, 9)?.len(), 2);
        assert_eq!(index.find(&[clause("acme")], Matching::All, None, 2)?.len(), 2, "no more than wanted");
        for (after, n_max, numbers) in
            [(None, 2, &[1, 3][..]), (Some(0), 9, &[1, 3, 7]), (Some(3), 2, &[7]), (Some(7), 2, &[])]
        {
            let found = index.find(&[clause("acme")], Matching::All, after, n_max)?;
            assert_eq!(found.iter().map(|one| one.number).collect::<Vec<_>>(), numbers, "after {after:?}");
        }
        assert_eq!((index.titled(&phrase("shoe"), 9)?, index.titled(&phrase("acme"), 9)?), (vec![1, 7], vec![]));
        assert_eq!((index.titled(&phrase("sho*"), 1)?, index.titled(&phrase("red running"), 9)?), (vec![1], vec![1]));
        let mut held = Vec::new();
        index.held(&mut |number, key, digest| held.push((number, key, digest)))?;
        assert_eq!(held, [1, 3, 7].map(|n| (n, ItemKey(u64::MAX - u64::from(n)), u64::from(n) << 60)));
        Ok(())
    };
    laws(&index)?;
    drop(index);
    laws(&open(Start::Again))
}

/// The words that an item had are its words no more.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn an_item_that_changed_or_went_is_found_no_more(open: Open<'_>) -> Outcome {
    let index = open(Start::Empty);
    index.change(&[item(1, "red shoe", ""), item(2, "red hat", ""), item(3, "red scarf", "")], &[])?;
    index.change(&[item(1, "blue shoe", "")], &[2, 9])?;
    assert_eq!((all(&index, &["red"])?, all(&index, &["blue"])?, all(&index, &["hat"])?), (vec![3], vec![1], vec![]));
    assert_eq!((index.n_with("red")?, index.n_with("blue")?, index.n_with("hat")?), (1, 1, 0));
    index.change(&[item(2, "red glove", "")], &[])?;
    assert_eq!(all(&index, &["red"])?, [2, 3]);
    Ok(())
}

/// A word in the title counts more than one in the description, and a rare word more than a frequent one.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn the_title_counts_most_and_rare_words_count_more(open: Open<'_>) -> Outcome {
    let index = open(Start::Empty);
    let mut items = vec![item(1, "tea cup", "for cups of something"), item(2, "cup set", "for tea of something")];
    items.extend((10..40).map(|n| item(n, "cup plain", "words")));
    index.change(&items, &[])?;
    let found = index.find(&[clause("tea")], Matching::All, None, 9)?;
    assert!(found.len() == 2 && found[0].number == 1 && found[0].score > found[1].score && found[1].score > 0.0);
    let found = index.find(&[clause("tea"), clause("plain")], Matching::Any, None, 99)?;
    let best = found.iter().max_by(|a, b| a.score.total_cmp(&b.score)).map(|one| one.number);
    assert_eq!(best, Some(1), "tea is the rarer word");
    Ok(())
}

/// Operators, quotes and signs of any kind are text.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn any_text_is_an_answer(open: Open<'_>) -> Outcome {
    let index = open(Start::Empty);
    index.change(&[item(1, "near not and or", "")], &[])?;
    for text in ["NEAR", "NOT", "AND", "OR", "near", "NEAR(", "\"near\"", "near*", "^near", "title:", "near:", "(near)"]
    {
        all(&index, &[text])?;
        index.titled(&phrase(text), 9)?;
        index.near(text, 2)?;
        index.n_with(text)?;
        index.has(&phrase(text))?;
    }
    assert_eq!(
        (all(&index, &["NEAR"])?, all(&index, &["NOT"])?, all(&index, &["\"near\""])?),
        (vec![1], vec![1], vec![1])
    );
    for nothing in ["", " ", "\"", "*", "+-", "🙂", "\0", "'"] {
        assert_eq!((all(&index, &[nothing])?, index.titled(&phrase(nothing), 9)?), (vec![], vec![]), "{nothing:?}");
        index.near(nothing, 2)?;
        assert!(!index.has(&phrase(nothing))?, "{nothing:?}");
    }
    Ok(())
}

/// A word that nobody wrote is near to those with the same letters.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn words_are_counted_and_found_by_their_letters(open: Open<'_>) -> Outcome {
    let index = open(Start::Empty);
    index.change(&[item(1, "running shoe shoe", ""), item(2, "shoe 501", ""), item(3, "teapot", "")], &[])?;
    assert_eq!((index.n_with("shoe")?, index.n_with("501")?, index.n_with("sho")?), (2, 1, 0));
    let near =
        |word: &str, n_wrong_max| -> Result<Vec<(usize, String)>, TextIndexError> { index.near(word, n_wrong_max) };
    let told = |all: &[(usize, &str)]| all.iter().map(|(n, word)| (*n, (*word).to_owned())).collect::<Vec<_>>();
    assert_eq!(near("runing", 2)?, told(&[(1, "running")]));
    assert_eq!(
        (near("sheo", 1)?, near("shoe", 0)?),
        (told(&[(1, "shoe")]), told(&[(0, "shoe")])),
        "two letters swapped"
    );
    assert_eq!((near("xyzzy", 2)?, near("50", 9)?), (Vec::new(), Vec::new()));
    assert_eq!(near("501", 0)?, Vec::new(), "a number is no word with letters");
    // What no item has any more is still told, and is counted as nothing.
    index.change(&[], &[1])?;
    assert_eq!((near("runing", 1)?, index.n_with("running")?), (told(&[(1, "running")]), 0));
    assert!(!index.has(&phrase("running"))? && index.has(&phrase("shoe"))?);
    Ok(())
}

/// What strangers write is found by its words. As soon as the company wrote anything, it is no word that others are near to, nor one
/// that need not be mended, until the company writes it, too: so also after a restart.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn what_strangers_write_is_found_and_meant_only_until_the_company_writes(open: Open<'_>) -> Outcome {
    let index = open(Start::Empty);
    let strange = |number, title| Indexed { is_vouched: false, ..item(number, title, "") };
    index.change(&[strange(1, "running evil"), strange(2, "teapot")], &[])?;
    assert!(index.has(&phrase("evil"))? && index.near("evol", 1)? == [(1, "evil".to_owned())], "there is nothing else");
    drop(index);
    let index = open(Start::Again);
    assert!(index.has(&phrase("evil"))? && index.near("evol", 1)? == [(1, "evil".to_owned())], "there is nothing else");
    index.change(&[item(3, "teapot", "")], &[])?;
    let laws = |index: &Arc<dyn TextIndex>, is_running_vouched: bool| -> Outcome {
        assert_eq!(all(index, &["evil"])?, [1]);
        assert!(!index.has(&phrase("evil"))? && !index.has(&phrase("evol"))? && index.has(&phrase("teapot"))?);
        assert_eq!(index.has(&phrase("running"))?, is_running_vouched);
        assert_eq!((index.near("evol", 1)?, index.near("taepot", 1)?.len()), (Vec::new(), 1));
        assert_eq!(!index.near("runing", 1)?.is_empty(), is_running_vouched);
        Ok(())
    };
    laws(&index, false)?;
    drop(index);
    let index = open(Start::Again);
    laws(&index, false)?;
    index.change(&[item(4, "running shoe", ""), strange(5, "running")], &[])?;
    laws(&index, true)?;
    drop(index);
    let index = open(Start::Again);
    laws(&index, true)?;
    Ok(())
}

/// However many words are nearly the same, some are told, and the nearest of them.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn no_more_near_words_are_told_than_can_be_asked_for(open: Open<'_>) -> Outcome {
    let index = open(Start::Empty);
    let letters = || 'a'..='z';
    let words = letters().flat_map(|one| letters().map(move |other| format!("{one}common{other}")));
    let words: Vec<String> = words.chain(["zommon".to_owned()]).collect();
    index.change(&[item(1, &words.join(" "), "")], &[])?;
    let near = index.near("common", 2)?;
    assert_eq!((near.len(), near.first()), (N_NEAR_MAX, Some(&(1, "zommon".to_owned()))));
    Ok(())
}

/// Whether what is asked for was asked for before, and what changed since, makes no difference.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn what_very_many_say_is_found_the_same_however_often_it_is_asked(open: Open<'_>) -> Outcome {
    let index = open(Start::Empty);
    let mut titles: BTreeMap<u32, &str> = BTreeMap::new();
    let tell = |titles: &mut BTreeMap<u32, &'static str>, numbers: Range<u32>, title: &'static str| {
        titles.extend(numbers.clone().map(|number| (number, title)));
        index.change(&numbers.map(|number| item(number, title, "")).collect::<Vec<_>>(), &[])
    };
    tell(&mut titles, 0..4_000, "common red hat")?;
    tell(&mut titles, 4_000..8_000, "common blue shoe")?;
    let says = |title: &str, text: &str| match text.strip_suffix('*') {
        Some(text) => format!(" {title}").contains(&format!(" {text}")),
        None => format!(" {title} ").contains(&format!(" {text} ")),
    };
    let laws = |titles: &BTreeMap<u32, &str>| -> Outcome {
        let questions: [(&[&[&str]], Matching); 8] = [
            (&[&["common"]], Matching::All),
            (&[&["common"], &["red"]], Matching::All),
            (&[&["blue shoe"]], Matching::All),
            (&[&["shoe blue"]], Matching::All),
            (&[&["sho*"]], Matching::All),
            (&[&["red", "shoe"]], Matching::All),
            (&[&["red"], &["shoe"]], Matching::Any),
            (&[&["blue"], &["tea", "hat"]], Matching::Any),
        ];
        for (texts, matching) in questions {
            let clauses: Vec<Clause> =
                texts.iter().map(|ways| ways.iter().map(|text| phrase(text)).collect()).collect();
            let holds = |title: &str| {
                let mut each = texts.iter().map(|ways| ways.iter().any(|text| says(title, text)));
                if matching == Matching::All { each.all(|holds| holds) } else { each.any(|holds| holds) }
            };
            for (after, n_max) in [(None, 9_000), (Some(100), 3_500), (Some(7_500), 9_000)] {
                let meant =
                    titles.iter().filter(|(number, title)| after.is_none_or(|after| **number > after) && holds(title));
                let expected: Vec<u32> = meant.map(|(number, _)| *number).take(n_max).collect();
                let found = index.find(&clauses, matching, after, n_max)?;
                let numbers: Vec<u32> = found.iter().map(|one| one.number).collect();
                assert!(numbers == expected, "{texts:?} after {after:?}: {} and not {}", numbers.len(), expected.len());
            }
        }
        let n_red = titles.values().filter(|title| says(title, "red")).count() as u64;
        assert_eq!(index.n_with("red")?, n_red);
        Ok(())
    };
    laws(&titles)?;
    laws(&titles)?;
    tell(&mut titles, 10..20, "plain")?;
    tell(&mut titles, 7_990..8_010, "red hat for a blue shoe")?;
    laws(&titles)?;
    let gone = [0, 15, 4_500, 8_005, 70_000];
    index.change(&[], &gone)?;
    titles.retain(|number, _| !gone.contains(number));
    laws(&titles)?;
    // Letters that an index may read in its own way.
    tell(&mut titles, 30..31, "ḃlue")?;
    titles.remove(&30);
    assert!(index.find(&[clause("common")], Matching::All, None, 9_000)?.iter().all(|one| one.number != 30));
    tell(&mut titles, 31..32, "ṇew λόγος")?;
    for text in ["ṇew", "new", "λόγος", "λόγοσ", "nev"] {
        assert_eq!(index.has(&phrase(text))?, !all(&index, &[text])?.is_empty(), "{text}");
    }
    Ok(())
}

/// What was cleared is empty, and works as before.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn what_is_forgotten_can_be_put_there_again(open: Open<'_>) -> Outcome {
    let index = open(Start::Empty);
    index.change(&[item(1, "running shoe", "")], &[])?;
    index.clear()?;
    assert_eq!((all(&index, &["shoe"])?, index.near("shoe", 1)?), (vec![], Vec::new()));
    assert!(!index.has(&phrase("shoe"))?);
    let mut n_held = 0;
    index.held(&mut |_, _, _| n_held += 1)?;
    assert_eq!(n_held, 0);
    index.change(&[item(4, "running shoe", "")], &[])?;
    assert_eq!((all(&index, &["shoe"])?, index.near("shoe", 1)?), (vec![4], vec![(0, "shoe".to_owned())]));
    assert!(index.has(&phrase("shoe"))?);
    Ok(())
}
