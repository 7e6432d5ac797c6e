//! Which items does a query find? From the words to at most two hundred candidates, with what all matches have in common.

use super::facets::{currency_of, facets, price_in};
use super::hits::{Hits, Told};
use super::index::{Clause, Matching, Phrase, TextIndex, TextIndexError};
use super::price::PriceWish;
use super::shelf::{CATEGORY, Shelf};
use super::synonyms::Synonyms;
use super::understand::{Reader, Understood, Wish, items_of};
use super::words::{forms, is_filler};
use primitives::ItemKey;

/// How many items go on to the second stage.
pub const N_CANDIDATES_MAX: usize = 200;
/// How many items match at most; where there are more, it is said.
const N_MATCHES_MAX: usize = 50_000;
/// So many times so many texts are looked at for items that have what is wanted besides; where there are more, it is said.
const N_PAGES_MAX: usize = 8;
/// So many texts are looked at for whether a query finds anything at all; of more it is taken for granted.
const N_TRIED_MAX: usize = 2_000;

/// An item that matches, with its score in the texts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// Which.
    pub key: ItemKey,
    pub(super) number: u32,
    pub(super) score: f64,
}

/// What is looked for.
#[derive(Clone, Copy)]
pub struct Sought<'a> {
    /// The words.
    pub query: &'a str,
    /// Keeps of the matches those that may be answered at all, whatever the words say.
    pub keep: &'a dyn Fn(&mut Vec<Match>),
    /// How often an item was chosen by those who looked for the same, as a share.
    pub chosen: &'a dyn Fn(ItemKey) -> f64,
}

/// What searches look into.
#[derive(Clone, Copy)]
pub struct Library<'a> {
    /// The items.
    pub shelf: &'a Shelf,
    /// Their words.
    pub index: &'a dyn TextIndex,
    /// What means the same.
    pub synonyms: &'a Synonyms,
}

/// A library that is looked into several times, with other things done in between.
pub trait Libraries {
    /// Looks into it as it is now.
    fn look<T>(&self, look: impl FnOnce(&Library<'_>) -> T) -> T;
}

impl Libraries for Library<'_> {
    fn look<T>(&self, look: impl FnOnce(&Library<'_>) -> T) -> T {
        look(self)
    }
}

/// What a way of matching demands.
struct Demand<'a> {
    clauses: Vec<Clause>,
    matching: Matching,
    wanted: Vec<&'a Wish>,
    unwanted: &'a [Wish],
    has_price: bool,
}

impl Demand<'_> {
    fn told(&self) -> (bool, Matching) {
        (self.has_price, self.matching)
    }
}

/// The items that a query finds. Nobody waits for the library while matches are kept or not.
///
/// # Errors
/// [`TextIndexError`] where the index cannot be asked.
pub fn find(libraries: &impl Libraries, sought: &Sought<'_>) -> Result<Hits, TextIndexError> {
    let (mut understood, n_ways) = libraries.look(|library| {
        let Library { shelf, index, synonyms } = *library;
        let understood = Reader { shelf, index, synonyms }.understand(sought.query)?;
        let n_ways = demands(&understood, shelf).len();
        Ok::<_, TextIndexError>((understood, n_ways))
    })?;
    let mut told = Told { corrected: understood.corrected.take(), ..Told::default() };
    if understood.is_cut {
        told.notes.push(format!("Only the first {} words were read.", super::understand::N_WORDS_MAX));
    }
    if understood.words.is_empty() && understood.meanings.is_empty() {
        told.notes.push("The query holds no word: nothing was left out for what it says.".to_owned());
    }
    let (mut matches, mut price, mut is_cut) = (Vec::new(), understood.price, false);
    for way in 0..n_ways {
        let found = libraries.look(|library| {
            let demand = demands(&understood, library.shelf).into_iter().nth(way);
            demand
                .map(|(demand, given_up)| {
                    Ok((library.matching(&demand, N_MATCHES_MAX, N_PAGES_MAX)?, demand.told(), given_up))
                })
                .transpose()
        })?;
        let Some((found, (has_price, matching), given_up)) = found else { break };
        is_cut |= found.is_cut;
        matches = found.matches;
        (sought.keep)(&mut matches);
        if has_price {
            price = libraries.look(|library| library.keep_price(understood.price, &mut matches));
        }
        if !matches.is_empty() {
            told.loosened = given_up;
            // Of what has any of the words the newest need not be near to what was meant.
            told.newest_first = understood.newest.is_some() && matching == Matching::All;
            break;
        }
    }
    if let Some(meaning) = understood.price_meaning.and_then(|at| understood.meanings.get_mut(at)) {
        (meaning.gte, meaning.lte) = (price.gte, price.lte);
    }
    told.n_found = matches.len() as u64;
    if is_cut {
        told.notes.push(format!(
            "Not all that may match was looked at, but {N_MATCHES_MAX} items, or {} texts for what else is wanted: some may be \
             missing. More words find them.",
            N_MATCHES_MAX * N_PAGES_MAX
        ));
    }
    told.understood = std::mem::take(&mut understood.meanings);
    let (facets, candidates) = libraries.look(|library| {
        let numbers: Vec<u32> = matches.iter().map(|one| one.number).collect();
        (facets(library.shelf, &numbers), library.candidates(&understood, &matches, sought, told.newest_first))
    });
    told.facets = facets;
    Ok(Hits { candidates, told })
}

/// What a demand holds for.
struct Matches {
    matches: Vec<Match>,
    /// Whether it may hold for more.
    is_cut: bool,
}

impl Library<'_> {
    /// Whether a query finds anything of which each word is said, as it is written.
    pub(crate) fn finds(&self, query: &str) -> Result<bool, TextIndexError> {
        Ok(self.tried(query)?.is_some_and(|found| found.is_cut || !found.matches.is_empty()))
    }

    /// How many items a query finds as it is written, where that is any: `Some(None)` where not all texts were looked at.
    pub(crate) fn n_found(&self, query: &str) -> Result<Option<Option<u64>>, TextIndexError> {
        let found = self.tried(query)?.filter(|found| !found.matches.is_empty());
        Ok(found.map(|found| (!found.is_cut).then_some(found.matches.len() as u64)))
    }

    /// What a query finds of which each word is said, as it is written, among so many texts as there is time for.
    fn tried(&self, query: &str) -> Result<Option<Matches>, TextIndexError> {
        let Library { shelf, index, synonyms } = *self;
        // Before it is understood: what is near to a word that nothing says need not be sought.
        for word in query.split(' ').filter(|word| !is_filler(word) && synonyms.of(word).is_empty()) {
            let mut said = std::iter::once(word.to_owned()).chain(forms(word));
            if !said.try_fold(false, |is_any, form| Ok(is_any || index.has(&Phrase::of(&[form]))?))? {
                return Ok(None);
            }
        }
        let understood = Reader { shelf, index, synonyms }.understand(query)?;
        if understood.corrected.is_some() || !understood.unknown.is_empty() {
            return Ok(None);
        }
        let Some((demand, _)) = demands(&understood, shelf).into_iter().next() else { return Ok(None) };
        self.matching(&demand, N_TRIED_MAX, 1).map(Some)
    }

    /// Everything that a demand holds for, with its score in the texts; all that is wanted where it names no words.
    fn matching(&self, demand: &Demand<'_>, n_page: usize, n_pages_max: usize) -> Result<Matches, TextIndexError> {
        let shelf = self.shelf;
        let items: Vec<Vec<u32>> = demand.wanted.iter().map(|wish| items_of(shelf, wish)).collect();
        let unwanted = self.unwanted(demand.unwanted)?;
        let matched = |number: u32, score: f64| {
            let has_all = items.iter().all(|items| items.binary_search(&number).is_ok())
                && unwanted.binary_search(&number).is_err();
            let doc = shelf.doc(number).filter(|doc| has_all && shelf.offers(doc))?;
            Some(Match { key: doc.key, number, score })
        };
        if demand.clauses.is_empty() {
            let mut matches: Vec<Match> = match items.iter().min_by_key(|items| items.len()) {
                Some(fewest) => fewest.iter().filter_map(|number| matched(*number, 0.0)).collect(),
                None => shelf.offered().filter_map(|number| matched(number, 0.0)).collect(),
            };
            let is_cut = matches.len() > N_MATCHES_MAX;
            matches.truncate(N_MATCHES_MAX);
            return Ok(Matches { matches, is_cut });
        }
        let (mut matches, mut after, mut is_cut) = (Vec::new(), None, false);
        for page in 1..=n_pages_max {
            let found = self.index.find(&demand.clauses, demand.matching, after, n_page)?;
            matches.extend(found.iter().filter_map(|one| matched(one.number, one.score)));
            let is_last = found.len() < n_page;
            is_cut = !is_last && (page == n_pages_max || matches.len() >= N_MATCHES_MAX);
            if is_last || is_cut {
                break;
            }
            after = found.last().map(|one| one.number);
        }
        if after.is_some() {
            // Of so many not all have a score: whoever is in the last part must not come first for it.
            matches.iter_mut().for_each(|one| one.score = 0.0);
        }
        is_cut |= matches.len() > N_MATCHES_MAX;
        matches.truncate(N_MATCHES_MAX);
        Ok(Matches { matches, is_cut })
    }

    /// The items that have what must not be, in ascending order.
    fn unwanted(&self, wishes: &[Wish]) -> Result<Vec<u32>, TextIndexError> {
        let mut items = Vec::new();
        for wish in wishes {
            items.extend(items_of(self.shelf, wish));
            for phrase in wish.said.iter().filter(|_| wish.values.is_empty()) {
                items.extend(self.index.titled(phrase, N_MATCHES_MAX)?);
            }
        }
        items.sort_unstable();
        Ok(items)
    }

    /// Keeps what has the price that is wished, of the currency that most of it has. Answers with the limits that the price has
    /// among these matches.
    fn keep_price(&self, mut price: PriceWish, matches: &mut Vec<Match>) -> PriceWish {
        let docs = || matches.iter().filter_map(|one| self.shelf.doc(one.number));
        let currency = currency_of(docs());
        let mut prices: Vec<f64> = docs().filter_map(|doc| price_in(doc, currency)).collect();
        price.settle(&mut prices);
        matches.retain(|one| self.shelf.doc(one.number).is_some_and(|doc| price.holds(price_in(doc, currency))));
        price
    }
}

/// The ways to match, from all that is asked for to any of it, each with what it gives up.
fn demands<'a>(understood: &'a Understood, shelf: &Shelf) -> Vec<(Demand<'a>, Vec<String>)> {
    let all = || Demand {
        clauses: understood.clauses.clone(),
        matching: Matching::All,
        wanted: understood.wanted.iter().collect(),
        unwanted: &understood.unwanted,
        has_price: understood.price.is_any(),
    };
    let told = |at: usize| understood.meanings.get(at).map_or(String::new(), |meaning| meaning.text.clone());
    if understood.clauses.is_empty() && understood.wanted.is_empty() && !understood.unknown.is_empty() {
        return Vec::new();
    }
    let mut ways = vec![(all(), Vec::new())];
    // One wish at a time becomes words, the category last: who looks for shoes does not want a red hat.
    let mut order: Vec<usize> = (0..understood.wanted.len()).rev().collect();
    let is_category = |wish: &Wish| {
        wish.values.iter().any(|value| shelf.values.get(*value as usize).is_some_and(|v| v.of == CATEGORY))
    };
    order.sort_by_key(|at| is_category(&understood.wanted[*at]));
    // What is let go must be said in the words first, then not at all, where anything else is left to go by.
    let without = |at: usize, has_price: bool, is_in_words: bool| {
        let mut demand = Demand { has_price: has_price && understood.price.is_any(), ..all() };
        let wish = demand.wanted.remove(at);
        if is_in_words {
            demand.clauses.push(wish.said.clone());
        }
        let is_any = !(demand.clauses.is_empty() && demand.wanted.is_empty());
        let price = understood.price_meaning.filter(|_| !has_price);
        is_any.then(|| (demand, wish.meanings.iter().copied().chain(price).map(told).collect()))
    };
    ways.extend(order.iter().filter_map(|at| without(*at, true, true)));
    let (categories, others): (Vec<usize>, Vec<usize>) =
        order.iter().partition(|at| is_category(&understood.wanted[**at]));
    ways.extend(others.iter().filter_map(|at| without(*at, true, false)));
    // Nor does who looks for new shoes want anything new: of the words one goes first, or all.
    if !categories.is_empty() {
        let n_words = understood.clauses.len();
        let singly = (0..n_words).rev().filter(|_| n_words > 1).map(|at| at..at + 1);
        ways.extend(singly.chain((n_words > 0).then_some(0..n_words)).map(|gone| {
            let mut demand = all();
            let said = demand.clauses.drain(gone).filter_map(|clause| Some(clause.first()?.words.join(" ")));
            let said = said.collect();
            (demand, said)
        }));
    }
    ways.extend(categories.iter().filter_map(|at| without(*at, true, false)));
    if let Some(price) = understood.price_meaning {
        ways.push((Demand { has_price: false, ..all() }, vec![told(price)]));
        ways.extend(order.iter().filter_map(|at| without(*at, false, false)));
    }
    // At last whatever has any of the words.
    let words = understood.clauses.iter().cloned().chain(understood.wanted.iter().map(|wish| wish.said.clone()));
    let any =
        Demand { clauses: words.collect(), matching: Matching::Any, wanted: Vec::new(), has_price: false, ..all() };
    if !any.clauses.is_empty() {
        let newest = understood.newest.map(told);
        ways.push((any, newest.into_iter().chain(["all words at once".to_owned()]).collect()));
    }
    ways.iter_mut().for_each(|(_, given_up)| given_up.splice(0..0, understood.unknown.iter().cloned()).for_each(drop));
    ways
}
