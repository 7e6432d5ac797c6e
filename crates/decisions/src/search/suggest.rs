//! What may somebody want to say who has begun to write?

use super::find::Library;
use super::index::{Phrase, TextIndexError};
use super::shelf::{BRAND, CATEGORY};
use super::words::{is_sign, plain};
use primitives::{ItemId, ItemKey};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// How many values are compared.
const N_VALUES_MAX: usize = 400;
/// Among how many items the most bought are sought.
const N_TITLED_MAX: usize = 2_000;
/// How many values are looked for together with what stands before them.
const N_TRIED_MAX: usize = 10;
/// So many times as many items as are wanted have their names looked at where one letter was written.
const N_NAMED: usize = 5;
/// How many words of what is begun are read.
const N_WORDS_MAX: usize = 8;

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// What to look for.
    pub text: String,
    /// What it is: `query`, the name of a trait such as `category`, or `item`.
    #[serde(rename = "as")]
    pub of: String,
    /// Which item, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ItemId>,
    /// How many items have the value, or are found by several words where not too many are to be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
}

/// What completions are taken from beside the catalogue.
#[derive(Clone, Copy)]
pub struct Begun<'a> {
    /// What was written so far.
    pub text: &'a str,
    /// How many are wanted.
    pub n_max: usize,
    /// What others looked for, the most frequent first.
    pub queries: &'a [String],
}

/// Ways to go on, of which items have no names yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ways {
    n_max: usize,
    said: Vec<Completion>,
    items: Vec<ItemKey>,
    /// How the names of the items must begin: with the one letter that was written, or in any way.
    beginning: String,
}

impl Ways {
    /// The items among them.
    #[must_use]
    pub fn items(&self) -> &[ItemKey] {
        &self.items
    }

    /// The completions, each said once; `named` answers the id and the name of an item.
    pub fn told(self, named: impl Fn(ItemKey) -> Option<(ItemId, String)>) -> Vec<Completion> {
        let mut told: Vec<Completion> = Vec::new();
        let items = self.items.iter().filter_map(|key| named(*key));
        let items = items.map(|(id, text)| Completion { text, of: "item".to_owned(), id: Some(id), n: None });
        for one in self.said.into_iter().chain(items) {
            let words = plain(&one.text, N_WORDS_MAX);
            let begins = one.id.is_none() || words.starts_with(&self.beginning);
            if begins && told.len() < self.n_max && !told.iter().any(|known| plain(&known.text, N_WORDS_MAX) == words) {
                told.push(one);
            }
        }
        told
    }
}

impl Library<'_> {
    /// Ways to go on: queries of others that find something, then values of traits, then items, each said once.
    ///
    /// # Errors
    /// [`TextIndexError`] where the index cannot be asked.
    pub fn complete(&self, begun: &Begun<'_>) -> Result<Ways, TextIndexError> {
        let words = plain(begun.text, N_WORDS_MAX);
        if words.is_empty() || begun.n_max == 0 {
            return Ok(Ways::default());
        }
        let found = self.all(begun, &words)?;
        if found.said.is_empty()
            && found.items.is_empty()
            && let (before, Some(last)) = split(&words)
            && let Some(meant) = super::spelling::meant(self.index, last)?
        {
            let instead = [before, &meant.join(" ")].join(" ");
            return self.all(begun, instead.trim());
        }
        Ok(found)
    }

    fn all(&self, begun: &Begun<'_>, words: &str) -> Result<Ways, TextIndexError> {
        // No sort of completion takes more than half of the room while there are others.
        let half = begun.n_max.div_ceil(2);
        let mut said: Vec<Completion> = Vec::new();
        for query in begun.queries.iter().filter(|query| query.starts_with(words)) {
            if said.len() >= half {
                break;
            }
            // Whatever others say: what finds nothing here is no way to go on, and may be words that somebody wants to be read.
            if self.finds(query)? {
                said.push(Completion { text: query.clone(), of: "query".to_owned(), id: None, n: None });
            }
        }
        // One letter is in every name: what does not begin with it was hardly meant.
        let beginning = if is_one_letter(words) { words } else { "" };
        let n_items = if beginning.is_empty() { begun.n_max } else { begun.n_max.saturating_mul(N_NAMED) };
        let items = self.items(words, n_items)?;
        let n_values = begun.n_max.saturating_sub(said.len() + items.len().min(begun.n_max - half)).max(half);
        said.extend(self.values(words, n_values)?);
        Ok(Ways { n_max: begun.n_max, said, items, beginning: beginning.to_owned() })
    }

    /// Values that begin so, those first whose first word does, then by how many items have them. Where several words were
    /// written, the last one may go on to a value as well, where that finds something: "red runn" to "red running shoes".
    fn values(&self, words: &str, n_max: usize) -> Result<Vec<Completion>, TextIndexError> {
        let shelf = self.shelf;
        let of_all =
            shelf.beginning_with(words, N_VALUES_MAX).into_iter().map(|(value, is_whole)| (value, is_whole, ""));
        let (before, last) = split(words);
        let of_last: Vec<(u32, bool)> = match last {
            Some(last) if !before.is_empty() => shelf.beginning_with(last, N_VALUES_MAX),
            _ => Vec::new(),
        };
        let of_last = of_last.into_iter().filter(|(_, is_whole)| *is_whole).map(|(value, _)| (value, false, before));
        let mut ranked: Vec<_> = of_all
            .chain(of_last)
            .filter_map(|(number, is_whole, before)| {
                let value = shelf.values.get(number as usize)?;
                // Of yes and no, and of bare numbers, the value says nothing by itself.
                let is_telling =
                    value.text.contains(char::is_alphabetic) && !matches!(value.text.as_str(), "true" | "false");
                let is_meant = is_whole || !is_one_letter(words);
                let is_named = matches!(value.of, CATEGORY | BRAND);
                let rank = (!is_whole, !is_named, Reverse(value.items.len()), value.text.as_str());
                (is_telling && is_meant).then_some((rank, number, value, before))
            })
            .collect();
        ranked.sort_by(|a, b| a.0.cmp(&b.0));
        let (mut told, mut n_tried) = (Vec::new(), 0);
        for (_, number, value, before) in ranked {
            if told.len() >= n_max {
                break;
            }
            if !before.is_empty() && n_tried >= N_TRIED_MAX {
                continue;
            }
            let (text, n) = if before.is_empty() {
                let is_offered = |item: &&u32| shelf.doc(**item).is_some_and(|doc| shelf.offers(doc));
                let n = value.items.iter().filter(is_offered).count() as u64;
                (value.text.clone(), (n > 0).then_some(Some(n)))
            } else {
                n_tried += 1;
                let text = format!("{before} {}", value.text);
                let n = self.n_found(&plain(&text, N_WORDS_MAX))?;
                (text, n)
            };
            let of = shelf.trait_of(number).map_or(String::new(), |of| of.name.clone());
            told.extend(n.map(|n| Completion { text, of, id: None, n }));
        }
        Ok(told)
    }

    /// The `n_max` most bought items whose titles hold what was written.
    fn items(&self, words: &str, n_max: usize) -> Result<Vec<ItemKey>, TextIndexError> {
        let phrase = Phrase { words: words.split(' ').map(str::to_owned).collect(), is_beginning: true };
        let titled = self.index.titled(&phrase, N_TITLED_MAX)?;
        let docs = titled.iter().filter_map(|number| self.shelf.doc(*number)).filter(|doc| self.shelf.offers(doc));
        let mut ranked: Vec<_> = docs.map(|doc| (self.shelf.sold(doc), doc.key)).collect();
        ranked.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.truncate(n_max);
        Ok(ranked.into_iter().map(|(_, key)| key).collect())
    }
}

/// Whether no more than a letter was written. A sign of a script that puts no blanks between words is a word.
fn is_one_letter(words: &str) -> bool {
    let mut letters = words.chars();
    letters.next().is_some_and(|first| !is_sign(first)) && letters.next().is_none()
}

/// What stands before the last word, and that word.
fn split(words: &str) -> (&str, Option<&str>) {
    match words.rsplit_once(' ') {
        Some((before, last)) => (before, Some(last)),
        None => ("", Some(words).filter(|word| !word.is_empty())),
    }
}
