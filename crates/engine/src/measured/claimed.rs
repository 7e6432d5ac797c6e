//! What does an experiment's result rest on that only write keys told?
//!
//! Whoever reads a page has its write key, and can invent customers who buy. Where the company tells of successes itself, nothing is
//! shipped that would not be without what only write keys told; where it never does there is nobody else to believe, and it is said.

use super::Found;
use measurement::experiment::{ExperimentReport, Verdict};
use measurement::exposed::Unit;
use measurement::kpi::Counted;

/// The company tells of successes itself where so large a share of them is its own,
const OWN_SHARE_MIN: f64 = 0.1;
/// or where so many of its customers succeeded by its own word, however many more somebody invents.
pub(super) const N_OWN_MIN: usize = 30;
/// So many customers of the company's own tell whether its arms are as they should be.
const N_KNOWN_MIN: usize = 100;

/// What some customers did, by whoever told of it, and by what the company told alone.
pub(super) struct Both {
    pub(super) all: Vec<Unit>,
    pub(super) of_company: Vec<Unit>,
    /// Of how many of them only write keys told: they are not among those of the company.
    pub(super) n_claimed: usize,
}

/// What is found of those that the company itself knows, where all together do not fit the arms and these do. Flags are evaluated in
/// browsers, too, so that anybody can tell the arm of a name beforehand, and be many customers of one arm.
pub(super) fn without_invented(all: &Found, both: &Both, own: impl FnOnce() -> Found) -> Option<Found> {
    if all.report.srm.ok || both.n_claimed == 0 || both.of_company.len() < N_KNOWN_MIN {
        return None;
    }
    let mut own = own();
    if !own.report.srm.ok {
        return None;
    }
    own.report.says = format!(
        "{} Only the {} customers count of whom your own systems told: the arms of those who are known from write keys alone ({}) are not what \
         chance makes, and whoever has the key can invent them.",
        own.report.says,
        both.of_company.len(),
        both.n_claimed
    );
    Some(own)
}

/// Which share of what was counted rests on write keys alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Claimed {
    /// Of the customers.
    units: f64,
    /// Of what counts as success.
    successes: f64,
    /// How many customers succeeded by the company's own word.
    n_own: usize,
}

impl Claimed {
    /// Of customers who were counted in one part, or in several.
    pub(super) fn of<'a>(success: Option<usize>, parts: impl IntoIterator<Item = &'a Both>) -> Self {
        let amounts = |units: &[Unit]| -> Vec<f64> {
            let seen = units.iter().filter_map(|unit| unit.seen.get(success?));
            seen.map(|seen| if let Counted::Pair(y, _) = seen.after { y.abs() } else { 0.0 }).collect()
        };
        let (mut n, mut n_claimed, mut n_own, mut all, mut own) = (0, 0, 0, 0.0, 0.0);
        for part in parts {
            let of_company = amounts(&part.of_company);
            (n, n_claimed) = (n + part.all.len(), n_claimed + part.n_claimed);
            n_own += of_company.iter().filter(|amount| **amount > 0.0).count();
            (all, own) = (all + amounts(&part.all).iter().sum::<f64>(), own + of_company.iter().sum::<f64>());
        }
        let share = |part: f64, whole: f64| if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 };
        #[expect(clippy::cast_precision_loss, reason = "a share, of numbers of customers")]
        let units = share(n_claimed as f64, n as f64);
        Self { units, successes: share(all - own, all), n_own }
    }

    /// Says it in the report, and takes back a verdict that would not hold `without` it.
    pub(super) fn tell(&self, report: &mut ExperimentReport, without: impl FnOnce() -> ExperimentReport) {
        let is_open = report.verdict == Verdict::GoOn && self.successes <= 0.0;
        if report.verdict == Verdict::Broken || is_open || self.units <= 0.0 && self.successes <= 0.0 {
            return;
        }
        let rests = format!(
            "{:.0} % of the customers and {:.0} % of the successes are known from write keys alone",
            100.0 * self.units,
            100.0 * self.successes
        );
        let is_own = self.n_own >= N_OWN_MIN || self.successes <= 1.0 - OWN_SHARE_MIN;
        if report.verdict == Verdict::Ship && is_own && without().verdict != Verdict::Ship {
            let (verdict, what) = match report.stage.is_over() {
                true => (Verdict::Stop, "Stop"),
                false => (Verdict::GoOn, "Go on"),
            };
            report.verdict = verdict;
            report.says = format!(
                "{what}: what your systems told does not say it alone, and whoever has the write key can invent the rest. With it: {}",
                report.says
            );
        }
        report.says = format!("{} {rests}.", report.says);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use measurement::experiment::{Counted as Told, Direction, Metric, Stage, Variation, report};
    use measurement::exposed::Seen;
    use measurement::statistics::{How, Measure, Moments};
    use std::collections::BTreeMap;

    fn found(successes: [u64; 2]) -> ExperimentReport {
        let variation = |name: &str| Variation { name: name.to_owned(), weight: 1.0, n: 1_000 };
        let conversion = Metric {
            name: "conversion".to_owned(),
            direction: Direction::Up,
            is_guardrail: false,
            how: How::new(Measure::Share),
            arms: successes.map(|n| Moments::of_share(n, 1_000).into()).to_vec(),
            segments: BTreeMap::new(),
        };
        report(&Told {
            variations: vec![variation("control"), variation("bold")],
            metrics: vec![conversion],
            stage: Stage::AtEnd,
            alpha: 0.05,
            n_mixed: 0,
            drawn: Vec::new(),
        })
    }

    #[test]
    fn what_only_write_keys_told_ships_nothing_where_the_company_tells_of_successes() {
        for (claimed, without, verdict, says) in [
            (Claimed { units: 0.2, successes: 0.6, n_own: 9 }, [100, 101], Verdict::Stop, "whoever has the write key"),
            (Claimed { units: 0.2, successes: 0.6, n_own: 9 }, [100, 180], Verdict::Ship, "Ship `bold`"),
            (Claimed { units: 0.9, successes: 0.95, n_own: 30 }, [15, 15], Verdict::Stop, "whoever has the write key"),
            (Claimed { units: 0.9, successes: 0.95, n_own: 29 }, [15, 14], Verdict::Ship, "95 % of the successes"),
            (Claimed { units: 1.0, successes: 1.0, n_own: 0 }, [0, 0], Verdict::Ship, "100 % of the successes"),
        ] {
            let mut told = found([100, 180]);
            assert_eq!(told.verdict, Verdict::Ship);
            claimed.tell(&mut told, || found(without));
            assert_eq!(told.verdict, verdict, "{told:?}");
            assert!(told.says.contains(says) && told.says.contains("known from write keys alone"), "{}", told.says);
        }
        let mut told = found([100, 180]);
        let as_found = told.clone();
        Claimed { units: 0.0, successes: 0.0, n_own: 9 }.tell(&mut told, || found([0, 0]));
        assert_eq!(told, as_found, "where the company told everything there is nothing to say");
    }

    #[test]
    fn customers_who_were_invented_for_one_arm_break_nothing() {
        let unit = |arm: usize| Unit { arm, parts: Vec::new(), seen: Vec::new() };
        let both = |n_own: usize, n_claimed: usize| {
            let of_company: Vec<Unit> = (0..n_own).map(|at| unit(at % 2)).collect();
            let all = of_company.iter().cloned().chain((0..n_claimed).map(|_| unit(1))).collect();
            Both { all, of_company, n_claimed }
        };
        let told = |n: [u64; 2]| {
            let variation = |name: &str, n| Variation { name: name.to_owned(), weight: 1.0, n };
            let report = report(&Told {
                variations: vec![variation("control", n[0]), variation("bold", n[1])],
                metrics: Vec::new(),
                stage: Stage::AtEnd,
                alpha: 0.05,
                n_mixed: 0,
                drawn: Vec::new(),
            });
            Found { began: None, state: None, report, switched: Vec::new(), preferred: None }
        };
        let (broken, even) = (told([300, 600]), told([300, 300]));
        assert_eq!((broken.report.srm.ok, even.report.srm.ok), (false, true));
        let own = without_invented(&broken, &both(600, 300), || even.clone()).unwrap();
        assert!(
            own.report.says.contains("Only the 600 customers") && own.report.says.contains("(300)"),
            "{:?}",
            own.report
        );
        assert_eq!(without_invented(&broken, &both(600, 300), || broken.clone()), None, "the company's own are broken");
        assert_eq!(without_invented(&broken, &both(99, 300), || even.clone()), None, "too few of the company's own");
        assert_eq!(without_invented(&broken, &both(600, 0), || even.clone()), None, "nobody is known by a key alone");
        assert_eq!(without_invented(&even, &both(600, 300), || even.clone()), None, "nothing is broken");
    }

    #[test]
    fn shares_are_of_customers_and_of_what_counts_as_success() {
        let unit = |y: f64| {
            let seen = Seen { after: Counted::Pair(y, 1.0), before: Counted::Pair(0.0, 1.0) };
            Unit { arm: 0, parts: Vec::new(), seen: vec![seen] }
        };
        let both = |all: &[f64], of_company: &[f64], n_claimed: usize| {
            let units = |all: &[f64]| all.iter().map(|y| unit(*y)).collect();
            Both { all: units(all), of_company: units(of_company), n_claimed }
        };
        let expected = Claimed { units: 0.5, successes: 0.75, n_own: 1 };
        assert_eq!(Claimed::of(Some(0), [&both(&[1.0, 0.0, 1.0, 2.0], &[1.0, 0.0], 2)]), expected);
        let parts = [both(&[1.0, 2.0], &[1.0], 1), both(&[0.0, 1.0], &[0.0], 1)];
        assert_eq!(Claimed::of(Some(0), &parts), expected, "slice by slice");
        assert_eq!(Claimed::of(None, [&both(&[], &[], 0)]), Claimed { units: 0.0, successes: 0.0, n_own: 0 });
    }
}
