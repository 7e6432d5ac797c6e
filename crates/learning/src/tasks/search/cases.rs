//! What came of what a search showed? Within half an hour, and before something else was looked for.

use crate::{Dataset, SearchLog, Searched};
use features::{CHOSEN_WITHIN_MS, Trace};
use primitives::{ItemKey, Timestamp, stable_hash};
use std::collections::BTreeMap;

/// How much it says that an item was looked at, laid into the cart, and bought, read or watched.
const VIEWED: u8 = 1;
const ADDED: u8 = 2;
const HAD: u8 = 3;

/// What a search showed, and what came of each item.
pub(super) struct Case<'a> {
    pub(super) search: &'a Searched,
    /// How near whoever searched came to each item: 0 where not at all.
    pub(super) grades: Vec<u8>,
}

impl Case<'_> {
    /// Whether anything was chosen.
    pub(super) fn is_followed(&self) -> bool {
        self.grades.iter().any(|grade| *grade > 0)
    }

    /// What tells an item that was shown for these words, to customers of whom about the same is known, from everything else: what
    /// differs is the place alone.
    pub(super) fn thing(&self, at: usize, log: &SearchLog) -> u64 {
        /// Numbers that differ by less say about the same of a customer.
        const STEP: f32 = 0.25;
        let numbers = self.search.rows().nth(at).unwrap_or_default();
        let personal = log.numbers.iter().zip(numbers).filter(|(number, _)| number.is_personal);
        let steps: String = personal.map(|(_, value)| format!(" {}", (value / STEP).round())).collect();
        stable_hash(&format!("{} {}{steps}", self.search.words, self.search.items[at].item.0))
    }
}

/// The searches after a moment of which all that came of them happened until another, with what of it was known by a third.
pub(super) fn cases(dataset: &Dataset, (after, until): (Timestamp, Timestamp), known: Timestamp) -> Vec<Case<'_>> {
    let searches = &dataset.searches().searches;
    let traces: BTreeMap<_, _> = dataset.traces().collect();
    let mut cases = Vec::new();
    for own in searches.chunk_by(|a, b| a.customer == b.customer) {
        let Some(trace) = own.first().and_then(|search| traces.get(&search.customer)) else { continue };
        let grades = grades(own, &follows(trace, known));
        let is_meant =
            |search: &Searched| search.at > after && search.at.as_millis() + CHOSEN_WITHIN_MS <= until.as_millis();
        let meant = own.iter().zip(grades).filter(|(search, _)| is_meant(search));
        cases.extend(meant.map(|(search, grades)| Case { search, grades }));
    }
    // The order of time, whoever searched: the same searches give the same rows.
    cases.sort_by(|a, b| (a.search.at, &a.search.customer).cmp(&(b.search.at, &b.search.customer)));
    cases
}

/// Everything that somebody came near to, in the order of time.
fn follows(trace: &Trace, known: Timestamp) -> Vec<(Timestamp, ItemKey, u8)> {
    let views = trace.views_until(known).map(|view| (view.at, view.item, if view.is_cart { ADDED } else { VIEWED }));
    let had = trace.lines_until(known).chain(trace.consumed_until(known)).map(|line| (line.at, line.item, HAD));
    let mut follows: Vec<_> = views.chain(had).collect();
    follows.sort_unstable();
    follows
}

/// What came of each item of somebody's searches, which are in the order of time.
fn grades(own: &[Searched], follows: &[(Timestamp, ItemKey, u8)]) -> Vec<Vec<u8>> {
    let mut grades: Vec<Vec<u8>> = own.iter().map(|search| vec![0; search.items.len()]).collect();
    for (at, item, grade) in follows {
        let before = own.partition_point(|search| search.at <= *at);
        let Some(last) = own[..before].last() else { continue };
        // Further pages of the same search are one search: what was chosen counts where it was shown last.
        let of_the_same = own[..before]
            .iter()
            .enumerate()
            .rev()
            .take_while(|(_, search)| search.words == last.words && at.millis_since(search.at) <= CHOSEN_WITHIN_MS);
        for (place, search) in of_the_same {
            let shown = search.items.iter().position(|offered| offered.item == *item && offered.place.is_some());
            if let Some(shown) = shown {
                let known = &mut grades[place][shown];
                *known = (*known).max(*grade);
                break;
            }
        }
    }
    grades
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Offered;

    const MINUTE: i64 = 60_000;

    fn item(name: &str) -> ItemKey {
        ItemKey::from(&primitives::ItemId::from(name))
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * MINUTE)
    }

    fn search(minute: i64, words: u64, shown: &[&str]) -> Searched {
        let items = shown.iter().zip(0..).map(|(name, place)| Offered { item: item(name), place: Some(place) });
        let items: Vec<Offered> = items.chain([Offered { item: item("not shown"), place: None }]).collect();
        Searched { customer: "ann".into(), at: at(minute), words, numbers: vec![0.0; items.len()], items }
    }

    fn graded(own: &[Searched], follows: &[(i64, &str, u8)]) -> Vec<Vec<u8>> {
        let follows: Vec<_> = follows.iter().map(|(minute, name, grade)| (at(*minute), item(name), *grade)).collect();
        grades(own, &follows)
    }

    #[test]
    fn the_nearest_that_somebody_came_within_half_an_hour_counts() {
        let own = [search(10, 1, &["tea", "cup"])];
        let follows = [(9, "tea", HAD), (11, "tea", VIEWED), (12, "tea", ADDED), (40, "cup", VIEWED), (41, "cup", HAD)];
        assert_eq!(graded(&own, &follows), [[ADDED, VIEWED, 0]]);
        assert_eq!(graded(&own, &[(11, "not shown", HAD), (12, "elsewhere", HAD)]), [[0, 0, 0]]);
    }

    #[test]
    fn what_comes_after_another_search_is_not_of_the_first_and_pages_are_one_search() {
        let own = [search(0, 1, &["tea"]), search(1, 1, &["cup"]), search(5, 2, &["tea"])];
        // On the second page somebody remembers what stood on the first.
        assert_eq!(graded(&own, &[(2, "tea", VIEWED), (3, "cup", ADDED)]), [[VIEWED, 0], [ADDED, 0], [0, 0]]);
        assert_eq!(graded(&own, &[(6, "tea", HAD), (7, "cup", HAD)]), [[0, 0], [0, 0], [HAD, 0]]);
    }
}
