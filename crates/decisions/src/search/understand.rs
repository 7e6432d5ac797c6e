//! What does a query mean? Words that name a value of the catalogue are wishes, and those that name a price are limits; what is
//! left is looked for in the texts.

mod turns;

use super::index::{Clause, Matching, Phrase, TextIndex, TextIndexError};
use super::price::{End, PriceWish, wished, with_currencies_in_words};
use super::shelf::{CATEGORY, Shelf};
use super::spelling::{is_known, meant};
use super::synonyms::Synonyms;
use super::words::{Written, forms, is_filler, written};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many words of a query count.
pub(crate) const N_WORDS_MAX: usize = 24;
/// How many words name a value at most.
const N_NAMING_MAX: usize = 5;
/// How many items with the words in their titles are compared with those that have the value.
const N_TITLED_MAX: usize = 400;
/// A word is no name of a value any more where, for each item with the value, so many have it in their titles without it.
const OUTSIDE_MAX: f64 = 0.25;
/// So many items that say a beginning are looked at for one that is believed.
const N_BEGUN_MAX: usize = 1_000;

/// One thing that was understood, as it is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meaning {
    /// The words.
    pub text: String,
    /// As what: the name of a trait, `price`, `order`, or `title` for a word that must not stand there.
    #[serde(rename = "as")]
    pub of: String,
    /// The value that is meant, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// At least so much, of a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gte: Option<f64>,
    /// At most so much, of a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lte: Option<f64>,
    /// Whether only items with it are shown, or those with it before others.
    pub only: bool,
    /// Whether it is what items must not have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not: bool,
}

impl Meaning {
    fn of(text: &str, of: &str, value: Option<String>) -> Self {
        Self { text: text.to_owned(), of: of.to_owned(), value, gte: None, lte: None, only: false, not: false }
    }
}

/// Something that an item should have: any of these values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wish {
    pub(crate) values: Vec<u32>,
    /// The words that say it, in any of these ways, for where no item has it and all.
    pub(crate) said: Clause,
    /// Which of the meanings it is: several, where any of several values will do.
    pub(crate) meanings: Vec<usize>,
    /// Whether a list has gone on since it was said: "boots and …".
    goes_on: bool,
}

/// A query as it was understood.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Understood {
    /// What is looked for in the texts.
    pub(crate) clauses: Vec<Clause>,
    /// What items have to have.
    pub(crate) wanted: Vec<Wish>,
    /// What items had better have.
    pub(crate) liked: Vec<Wish>,
    /// What items must not have: of a wish without values, what must not stand in their titles.
    pub(crate) unwanted: Vec<Wish>,
    /// Which of the meanings asks for what came last.
    pub(crate) newest: Option<usize>,
    /// Words that no item has, whatever the others are.
    pub(crate) unknown: Vec<String>,
    pub(crate) price: PriceWish,
    /// What is told of all this.
    pub(crate) meanings: Vec<Meaning>,
    /// Which of them is the price.
    pub(crate) price_meaning: Option<usize>,
    /// The words, as they were searched.
    pub(crate) words: Vec<String>,
    /// The words as they should have been written, where some were written wrong.
    pub(crate) corrected: Option<String>,
    /// Whether not all words were read.
    pub(crate) is_cut: bool,
}

/// The words of a query, by which queries are compared.
#[must_use]
pub fn words_of(query: &str) -> String {
    super::words::plain(query, N_WORDS_MAX)
}

/// A part of a word, and which word it is of.
#[derive(Debug, Clone)]
struct Token {
    part: String,
    of: usize,
    /// Whether the word goes on with a list.
    goes_on: bool,
}

/// What queries are understood with.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) shelf: &'a Shelf,
    pub(crate) index: &'a dyn TextIndex,
    pub(crate) synonyms: &'a Synonyms,
}

/// Values of one trait, or of several, that words name.
struct Named {
    values: Vec<u32>,
    n_words: usize,
    /// Whether the trait was named beside the value: "size 42".
    is_sure: bool,
}

impl Reader<'_> {
    pub(crate) fn understand(&self, query: &str) -> Result<Understood, TextIndexError> {
        let mut words = written(&with_currencies_in_words(query), N_WORDS_MAX + 1);
        let is_cut = words.len() > N_WORDS_MAX;
        words.truncate(N_WORDS_MAX);
        let corrected = self.correct(&mut words)?;
        let mut understood = Understood { is_cut, ..Understood::default() };
        if corrected {
            let parts: Vec<&str> = words.iter().flat_map(|word| &word.parts).map(String::as_str).collect();
            understood.corrected = Some(parts.join(" "));
        }
        let mut tokens: Vec<Token> = Vec::new();
        for (of, word) in words.iter().enumerate() {
            let token = |part: &String| Token { part: part.clone(), of, goes_on: word.goes_on() };
            tokens.extend(word.parts.iter().map(token));
        }
        self.take_prices(&mut tokens, &mut understood);
        self.take_turns(&mut tokens, &mut understood)?;
        understood.words = tokens.iter().map(|token| token.part.clone()).collect();
        self.take_values(&tokens, &words, &mut understood)?;
        Ok(understood)
    }

    /// Puts known words in the place of those that nothing has. Answers whether there were any.
    fn correct(&self, words: &mut Vec<Written>) -> Result<bool, TextIndexError> {
        let mut is_changed = false;
        let n_words = words.len();
        let mut corrected = Vec::with_capacity(n_words);
        let all: Vec<String> = words.iter().flat_map(|word| word.parts.clone()).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let of_price =
            wished(&all, &|_| false).map(|wished| all[wished.from..wished.until].to_vec()).unwrap_or_default();
        for (at, word) in std::mem::take(words).into_iter().enumerate() {
            let [part] = word.parts.as_slice() else {
                corrected.push(word);
                continue;
            };
            let is_meant = is_filler(part)
                || turns::is_turn(part)
                || of_price.contains(&part.as_str())
                || part.contains(|letter: char| letter.is_ascii_digit())
                || self.shelf.named(part).is_some()
                || !self.synonyms.of(part).is_empty()
                || self.shelf.asked_by(part).next().is_some()
                || is_known(self.index, part)?;
            let is_begun = || Ok(at + 1 == n_words && self.is_begun(part)?);
            let instead = if is_meant || is_begun()? { None } else { meant(self.index, part)? };
            match instead {
                Some(parts) => {
                    is_changed = true;
                    corrected.extend(word.mended(&parts));
                }
                None => corrected.push(word),
            }
        }
        *words = corrected;
        Ok(is_changed)
    }

    /// Whether an item that is believed has a word that begins so. What strangers write keeps nothing from being mended.
    fn is_begun(&self, part: &str) -> Result<bool, TextIndexError> {
        let beginning = Phrase { words: vec![part.to_owned()], is_beginning: true };
        let found = self.index.find(&[vec![beginning]], Matching::All, None, N_BEGUN_MAX)?;
        Ok(found.iter().any(|item| self.shelf.believes(item.number)))
    }

    fn take_prices(&self, tokens: &mut Vec<Token>, understood: &mut Understood) {
        let is_value = |word: &str| self.shelf.asked_by(word).next().is_some();
        loop {
            let words: Vec<&str> = tokens.iter().map(|token| token.part.as_str()).collect();
            let Some(mut found) = wished(&words, &is_value) else { return };
            // What is not to be dear is to be cheap, and what is not to be under a price is to be above it.
            if let Some(before) = found.from.checked_sub(1).filter(|before| turns::is_without(words[*before])) {
                let PriceWish { gte, lte, end } = found.wish;
                if gte.is_none() || lte.is_none() {
                    (found.wish, found.from) = (PriceWish { gte: lte, lte: gte, end: end.map(End::other) }, before);
                }
            }
            let text = words[found.from..found.until].join(" ");
            let PriceWish { gte, lte, end } = found.wish;
            let known = &mut understood.price;
            (known.gte, known.lte, known.end) = (gte.or(known.gte), lte.or(known.lte), end.or(known.end));
            understood.price_meaning = Some(understood.meanings.len());
            understood.meanings.push(Meaning { gte, lte, only: true, ..Meaning::of(&text, "price", None) });
            tokens.drain(found.from..found.until);
        }
    }

    /// Takes the longest names of values first, from left to right, and the rest as words.
    fn take_values(
        &self,
        tokens: &[Token],
        words: &[Written],
        understood: &mut Understood,
    ) -> Result<(), TextIndexError> {
        let mut at = 0;
        let mut left: Vec<&Token> = Vec::new();
        while at < tokens.len() {
            understood.wanted.iter_mut().for_each(|wish| wish.goes_on |= tokens[at].goes_on);
            match self.named(&tokens[at..]) {
                Some(named) => {
                    let said: Vec<String> =
                        tokens[at..at + named.n_words].iter().map(|token| token.part.clone()).collect();
                    at += named.n_words;
                    self.take_named(named, said, understood)?;
                }
                None => {
                    left.push(&tokens[at]);
                    at += 1;
                }
            }
        }
        let is_alone = left.len() == tokens.len() && left.iter().all(|token| is_filler(&token.part));
        left.retain(|token| is_alone || !is_filler(&token.part));
        self.take_words(&left, words, understood)
    }

    /// The values that the longest beginning of the words names.
    fn named(&self, tokens: &[Token]) -> Option<Named> {
        let longest = tokens.len().min(N_NAMING_MAX.max(self.synonyms.n_words_max()));
        (1..=longest).rev().find_map(|n_words| {
            let words: Vec<&str> = tokens[..n_words].iter().map(|token| token.part.as_str()).collect();
            // "Size 42": the trait and its value.
            if let [name, value @ ..] = words.as_slice()
                && !value.is_empty()
                && let Some(of) = self.shelf.named(name)
            {
                let values: Vec<u32> =
                    self.values(&value.join(" ")).into_iter().filter(|value| self.of(*value) == Some(of)).collect();
                if !values.is_empty() {
                    return Some(Named { values, n_words, is_sure: true });
                }
            }
            let values = self.values(&words.join(" "));
            // A filler that is the name of something, "On", is a name where the words are nothing else.
            let is_filled = n_words == 1 && tokens.len() > 1 && is_filler(words[0]);
            (!values.is_empty() && !is_filled).then_some(Named { values, n_words, is_sure: false })
        })
    }

    fn of(&self, value: u32) -> Option<u16> {
        self.shelf.values.get(value as usize).map(|value| value.of)
    }

    /// The values that are asked for by words, by other forms of the last of them, or by what means the same.
    fn values(&self, words: &str) -> Vec<u32> {
        let mut found: BTreeSet<u32> = self.shelf.asked_by(words).collect();
        if found.is_empty() {
            let (before, last) = words.rsplit_once(' ').map_or(("", words), |(before, last)| (before, last));
            for form in forms(last) {
                let asked = if before.is_empty() { form } else { format!("{before} {form}") };
                found.extend(self.shelf.asked_by(&asked));
            }
        }
        for other in self.synonyms.of(words) {
            found.extend(self.shelf.asked_by(other));
        }
        found.into_iter().collect()
    }

    /// One trait's values are wanted where hardly anything else is called so; otherwise they are liked, and the words stay words.
    fn take_named(&self, named: Named, said: Vec<String>, understood: &mut Understood) -> Result<(), TextIndexError> {
        let Named { values, is_sure, .. } = named;
        let values = self.without_repeated(values);
        let is_of_one = values.iter().all(|value| self.of(*value) == self.of(values[0]));
        let is_wanted = is_sure || is_of_one && self.is_hardly_anything_else(&values, &said)?;
        let meaning = understood.meanings.len();
        understood.meanings.extend(self.meanings(&said.join(" "), &values, is_wanted));
        if !is_wanted {
            understood.clauses.push(self.clause(&said, None)?);
        }
        let wish = Wish { values, said: vec![Phrase::of(&said)], meanings: vec![meaning], goes_on: false };
        match understood.wanted.iter_mut().rfind(|known| is_wanted && known.goes_on && self.is_either(known, &wish)) {
            Some(known) => {
                known.goes_on = false;
                known.values.extend(wish.values);
                known.said.extend(wish.said);
                known.meanings.extend(wish.meanings);
            }
            None if is_wanted => understood.wanted.push(wish),
            None => understood.liked.push(wish),
        }
        Ok(())
    }

    /// Without values of other traits that only items have which have one of their categories: a tag "boots" says nothing more.
    fn without_repeated(&self, mut values: Vec<u32>) -> Vec<u32> {
        let items = |value: u32| self.shelf.values.get(value as usize).map_or(&[][..], |value| &value.items);
        let is_category = |value: u32| self.of(value) == Some(CATEGORY);
        let categories: Vec<u32> = values.iter().copied().filter(|value| is_category(*value)).collect();
        let repeats = |value: u32| categories.iter().any(|category| is_within(items(value), items(*category)));
        values.retain(|value| is_category(*value) || !repeats(*value));
        values
    }

    /// What words mean that name values, each trait once, in the order of its first value: values of several traits may stand
    /// among each other.
    fn meanings(&self, text: &str, values: &[u32], only: bool) -> Vec<Meaning> {
        let mut of: Vec<u16> = Vec::new();
        for one in values.iter().filter_map(|value| self.of(*value)) {
            if !of.contains(&one) {
                of.push(one);
            }
        }
        let told = of.into_iter().map(|of| {
            let mut texts = values.iter().filter(|value| self.of(**value) == Some(of));
            let first = texts.next().and_then(|value| self.shelf.values.get(*value as usize));
            let value = first.filter(|_| texts.next().is_none()).map(|value| value.text.clone());
            Meaning { only, ..Meaning::of(text, &self.shelf.traits[usize::from(of)].name, value) }
        });
        told.collect()
    }

    /// Whether two wishes of a list are for values of one trait of which no item has both: "tents and boots" are either.
    fn is_either(&self, one: &Wish, other: &Wish) -> bool {
        let of = self.of(other.values.first().copied().unwrap_or(u32::MAX));
        let is_of = |value: &u32| self.of(*value) == of;
        let items = items_of(self.shelf, one);
        one.values.iter().chain(&other.values).all(is_of)
            && !items_of(self.shelf, other).iter().any(|item| items.binary_search(item).is_ok())
    }

    fn is_hardly_anything_else(&self, values: &[u32], said: &[String]) -> Result<bool, TextIndexError> {
        let named: Vec<&Vec<u32>> = values
            .iter()
            .filter_map(|value| self.shelf.values.get(*value as usize))
            .map(|value| &value.items)
            .collect();
        let mut titled = self.index.titled(&Phrase::of(said), N_TITLED_MAX)?;
        let is_all = titled.len() < N_TITLED_MAX;
        titled.retain(|number| self.shelf.believes(*number));
        let has_value = |number: &&u32| named.iter().any(|items| items.binary_search(number).is_ok());
        let n_inside = titled.iter().filter(has_value).count();
        // Of more than these the first ones are taken for all.
        let n_named = if is_all { named.iter().map(|items| items.len()).sum() } else { n_inside };
        #[expect(clippy::cast_precision_loss, reason = "items are far fewer than 2^53")]
        Ok((titled.len() - n_inside) as f64 <= OUTSIDE_MAX * n_named as f64)
    }

    /// What is left is looked for in the texts: each word, with its forms and what means the same.
    fn take_words(
        &self,
        left: &[&Token],
        words: &[Written],
        understood: &mut Understood,
    ) -> Result<(), TextIndexError> {
        let mut at = 0;
        while at < left.len() {
            let longest = self.synonyms.n_words_max().min(left.len() - at);
            let text =
                |n: usize| left[at..at + n].iter().map(|token| token.part.as_str()).collect::<Vec<_>>().join(" ");
            let n_meant = (2..=longest).rev().find(|n| !self.synonyms.of(&text(*n)).is_empty());
            let of = left[at].of;
            let n_of_word = left[at..].iter().take_while(|token| token.of == of).count();
            let n = n_meant.unwrap_or(n_of_word);
            let parts: Vec<String> = left[at..at + n].iter().map(|token| token.part.clone()).collect();
            let in_one = words.get(of).filter(|word| word.parts == parts).and_then(Written::in_one);
            at += n;
            let mut clause = self.clause(&parts, in_one)?;
            let mut is_any = self.is_any(&clause)?;
            let text = parts.join(" ");
            if !is_any && at == left.len() {
                clause.push(Phrase { words: parts, is_beginning: true });
                is_any = self.is_any(&clause)?;
            }
            if is_any { understood.clauses.push(clause) } else { understood.unknown.push(text) }
        }
        Ok(())
    }

    fn is_any(&self, clause: &Clause) -> Result<bool, TextIndexError> {
        for phrase in clause {
            if self.index.has(phrase)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn clause(&self, parts: &[String], in_one: Option<String>) -> Result<Clause, TextIndexError> {
        let mut clause = vec![Phrase::of(parts)];
        clause.extend(in_one.map(|word| Phrase::of(&[word])));
        let text = parts.join(" ");
        for other in self.synonyms.of(&text) {
            clause.push(Phrase::of(&other.split(' ').map(str::to_owned).collect::<Vec<_>>()));
        }
        if let Some((last, before)) = parts.split_last() {
            for form in forms(last) {
                if self.index.has(&Phrase::of(std::slice::from_ref(&form)))? {
                    clause.push(Phrase::of(&[before, &[form]].concat()));
                }
            }
        }
        Ok(clause)
    }
}

/// Whether all of some items are among others, both in ascending order.
fn is_within(some: &[u32], others: &[u32]) -> bool {
    let mut others = others.iter();
    some.len() <= others.len() && some.iter().all(|item| others.any(|other| other == item))
}

/// The items that have any of a wish's values, in ascending order.
pub(crate) fn items_of(shelf: &Shelf, wish: &Wish) -> Vec<u32> {
    let lists = wish.values.iter().filter_map(|value| shelf.values.get(*value as usize)).map(|value| &value.items);
    let mut items: Vec<u32> = lists.flatten().copied().collect();
    if wish.values.len() > 1 {
        items.sort_unstable();
        items.dedup();
    }
    items
}

impl PriceWish {
    /// Whether it says anything.
    pub(crate) fn is_any(&self) -> bool {
        self.gte.is_some() || self.lte.is_some() || self.end.is_some()
    }

    /// Whether a price is as wished; one that is not known is not. An end is told by its limits only.
    pub(crate) fn holds(&self, price: Option<f64>) -> bool {
        let Some(price) = price else { return self.gte.is_none() && self.lte.is_none() };
        self.gte.is_none_or(|gte| price >= gte) && self.lte.is_none_or(|lte| price <= lte)
    }

    /// The limits of an end among prices, of which some change places for it.
    pub(crate) fn settle(&mut self, prices: &mut [f64]) {
        let Some(end) = self.end else { return };
        let n_third = prices.len().div_ceil(3);
        let Some(at) = n_third.checked_sub(1) else { return };
        let n_prices = prices.len();
        let mut nth = |at: usize| *prices.select_nth_unstable_by(at, f64::total_cmp).1;
        match end {
            End::Cheap => self.lte = self.lte.or_else(|| Some(nth(at))),
            End::Dear => self.gte = self.gte.or_else(|| Some(nth(n_prices - n_third))),
        }
    }
}
