//! What was searched lately, and what was shown? Read from the log of decisions, so that an order can be learned from it.

use crate::Engine;
use crate::error::EngineError;
use decisions::{ContentShape, DecisionQuery, Record, no_searches};
use learning::{SearchLog, Searched};

/// About so many searches are learned from: more would cost memory and time.
const N_SEARCHES_MAX: usize = 20_000;
/// So many days are looked back to: what was wanted before is no longer so.
const N_DAYS: i64 = 56;

/// What was asked for of a day.
struct Day<T> {
    meant: DecisionQuery,
    searches: Vec<T>,
    /// Whether there are more.
    is_cut: bool,
}

impl Engine {
    /// The searches of customers in the last weeks, with what they showed. Where there are too many, it is the last of each day: of
    /// the newest alone there might be no week to learn from.
    ///
    /// # Errors
    /// [`EngineError`] where decisions cannot be read.
    pub fn searched(&self) -> Result<SearchLog, EngineError> {
        let kinds = self.capabilities.kinds.iter().map(|kind| kind.about());
        let kinds = kinds.filter(|about| about.shape == ContentShape::Search);
        let today = self.clock.now().day();
        let meant = kinds.flat_map(|about| {
            let kind = Some(about.name.to_string());
            (0..N_DAYS).map(move |ago| DecisionQuery {
                kind: kind.clone(),
                day: Some(today - ago),
                ..DecisionQuery::default()
            })
        });
        let mut log = no_searches();
        log.searches = spread(meant.collect(), N_SEARCHES_MAX, |meant, n_max| self.searched_on(meant, n_max))?;
        Ok(log)
    }

    /// The last searches of a day, at most so many.
    fn searched_on(&self, meant: DecisionQuery, n_max: usize) -> Result<Day<Searched>, EngineError> {
        let (mut searches, mut is_cut) = (Vec::new(), false);
        self.ports.decisions.newest(&meant, &mut |logged| {
            is_cut = searches.len() >= n_max;
            // What a newer program wrote is left out.
            let searched = (!is_cut).then(|| Record::open(&logged).ok().and_then(|record| record.searched()));
            searches.extend(searched.flatten());
            !is_cut
        })?;
        Ok(Day { meant, searches, is_cut })
    }
}

/// At most so many of all days, of each as many as of others where there are more; what quiet days leave is for the others.
fn spread<T>(
    meant: Vec<DecisionQuery>,
    n_max: usize,
    read: impl Fn(DecisionQuery, usize) -> Result<Day<T>, EngineError>,
) -> Result<Vec<T>, EngineError> {
    let n_each = n_max / meant.len().max(1);
    let mut days: Vec<Day<T>> = meant.into_iter().map(|meant| read(meant, n_each)).collect::<Result<_, _>>()?;
    let n_cut = days.iter().filter(|day| day.is_cut).count();
    let n_whole: usize = days.iter().filter(|day| !day.is_cut).map(|day| day.searches.len()).sum();
    for day in days.iter_mut().filter(|day| day.is_cut) {
        *day = read(day.meant.clone(), (n_max - n_whole) / n_cut)?;
    }
    Ok(days.into_iter().flat_map(|day| day.searches).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_quiet_days_leave_is_for_the_others() {
        let of = |sizes: &[usize], n_max: usize| {
            let meant = (0..).take(sizes.len()).map(|day| DecisionQuery { day: Some(day), ..DecisionQuery::default() });
            let read = |meant: DecisionQuery, n_max: usize| {
                let day = usize::try_from(meant.day.unwrap()).unwrap();
                Ok(Day { meant, searches: vec![day; sizes[day].min(n_max)], is_cut: sizes[day] > n_max })
            };
            let found = spread(meant.collect(), n_max, read).unwrap();
            (0..sizes.len()).map(|day| found.iter().filter(|of| **of == day).count()).collect::<Vec<_>>()
        };
        assert_eq!(of(&[10, 400, 0, 1_000], 410), [10, 200, 0, 200]);
        assert_eq!(of(&[10, 150, 0, 1_000], 410), [10, 150, 0, 200], "one that was cut may turn out to be small");
        assert_eq!((of(&[3, 4], 20), of(&[], 20)), (vec![3, 4], vec![]));
    }
}
