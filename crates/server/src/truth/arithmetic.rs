//! How is an estimate measured against a truth that is a probability or a mean, and not a coin?
//!
//! Each number is linear in the truth of every customer, or a quotient of such: the error that a truth of few futures still has
//! makes none of them better or worse on average, as long as the estimate does not know those futures.

use primitives::Seed;
use rand_chacha::rand_core::Rng;
use rayon::prelude::*;

/// How often customers are drawn anew for an interval.
const N_DRAWS: u64 = 400;
/// Of those, so many lie below it, and so many above.
const N_BEYOND: usize = 10;

/// The mean; `None` of nothing.
pub(super) fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = numbers.fold((0.0, 0.0), |(sum, n), number| (sum + number, n + 1.0));
    (n > 0.0).then_some(sum / n)
}

/// The mean of estimates, as far beside `truth` as they are beside the truths of the same customers: what customers differ in
/// from one another is in both, and says nothing about how far they lie apart.
pub(super) fn beside(truth: f64) -> impl Fn(&[f64], &[f64]) -> Option<f64> {
    move |estimates, truths| {
        mean(estimates.iter().zip(truths).map(|(estimate, its)| estimate - its)).map(|off| truth + off)
    }
}

/// How likely one to whom it comes has a higher score than one to whom it does not, where `truths` are the probabilities that it
/// comes; 0.5 where scores tell nothing. `None` where it comes to all, or to nobody.
///
/// ```text
/// auc = sum_{i != j} p_i (1 - p_j) [s_i > s_j] / sum_{i != j} p_i (1 - p_j),  a tie counts as a half
/// ```
pub(super) fn auc(scores: &[f64], truths: &[f64]) -> Option<f64> {
    let ranked = ascending(scores);
    let (mut below, mut won, mut alone) = (0.0, 0.0, 0.0);
    for tied in ties(scores, &ranked) {
        let of = |number: &dyn Fn(f64) -> f64| tied.iter().map(|no| number(truths[*no])).sum::<f64>();
        let (come, stay) = (of(&|p| p), of(&|p| 1.0 - p));
        let with_oneself = of(&|p| p * (1.0 - p));
        won += come * below + (come * stay - with_oneself) / 2.0;
        alone += with_oneself;
        below += stay;
    }
    let come: f64 = truths.iter().sum();
    let pairs = come * below - alone;
    (pairs > 1e-9).then_some(won / pairs)
}

/// How unequally amounts are shared out along the scores: from -1, where who has most is scored lowest, to 1; 0 where scores tell
/// nothing. `None` where there are no amounts.
///
/// ```text
/// gini = 2 / (n sum(amounts)) * sum_i (rank_i - (n + 1) / 2) amount_i,  ranks of ties are their mean
/// ```
pub(super) fn gini(scores: &[f64], amounts: &[f64]) -> Option<f64> {
    let (n, total) = (count(scores.len()), amounts.iter().sum::<f64>());
    if total.abs() < 1e-9 {
        return None;
    }
    let ranked = ascending(scores);
    let (mut before, mut sum) = (0.0, 0.0);
    for tied in ties(scores, &ranked) {
        let rank = before + (count(tied.len()) + 1.0) / 2.0;
        sum += tied.iter().map(|no| (rank - (n + 1.0) / 2.0) * amounts[*no]).sum::<f64>();
        before += count(tied.len());
    }
    Some(2.0 * sum / (n * total))
}

/// By how much the truth of two differs where their estimates differ by 1; `None` where all estimates are alike.
pub(super) fn slope(estimates: &[f64], truths: &[f64]) -> Option<f64> {
    let (x_mean, y_mean) = (mean(estimates.iter().copied())?, mean(truths.iter().copied())?);
    let pairs = || estimates.iter().map(|x| x - x_mean).zip(truths.iter().map(|y| y - y_mean));
    let spread: f64 = pairs().map(|(x, _)| x * x).sum();
    (spread > 1e-9).then(|| pairs().map(|(x, y)| x * y).sum::<f64>() / spread)
}

/// Within which a number stays, nineteen times of twenty, when as many customers are drawn anew; `number` is told which, and
/// draws of which there is no number are left out.
pub(super) fn interval(n: usize, seed: Seed, number: impl Fn(&[usize]) -> Option<f64> + Sync) -> Option<(f64, f64)> {
    let draw = |draw| {
        let mut random = seed.stream("truth interval", draw);
        let drawn: Vec<usize> = (0..n).map(|_| below(n, &mut random)).collect();
        number(&drawn)
    };
    let mut numbers: Vec<f64> = (0..N_DRAWS).into_par_iter().filter_map(draw).collect();
    numbers.sort_by(f64::total_cmp);
    let above = numbers.len().checked_sub(N_BEYOND + 1)?;
    Some((*numbers.get(N_BEYOND)?, *numbers.get(above)?)).filter(|(low, high)| low <= high)
}

/// As which part of all those may count of whom none was met, nineteen times of twenty, where customers of these weights were
/// looked at and none of them was such a one. Customers of unequal weights are as good as fewer.
///
/// ```text
/// unmet = 1 - 0.025^(1 / n),  n = sum(w)^2 / sum(w^2)
/// ```
///
/// Of equal weights it is what Clopper and Pearson (1934) leave to the other side where all are of one kind.
pub(super) fn unmet(weights: impl Iterator<Item = f64>) -> f64 {
    let (sum, squares) = weights.fold((0.0, 0.0), |(sum, squares), weight| (sum + weight, squares + weight * weight));
    if squares > 0.0 { 1.0 - 0.025_f64.powf(squares / (sum * sum)) } else { 1.0 }
}

/// An interval of a mean, widened by those of whom none was met: for each of them it may be as low or as high as the extremes.
/// Customers who are drawn anew are always some that were met, so that without one that is wrong none would ever be.
pub(super) fn with_unmet((low, high): (f64, f64), (least, most): (f64, f64), unmet: f64) -> (f64, f64) {
    ((1.0 - unmet) * low + unmet * least, (1.0 - unmet) * high + unmet * most)
}

/// What stands at these places.
pub(super) fn at(numbers: &[f64], places: &[usize]) -> Vec<f64> {
    places.iter().map(|place| numbers[*place]).collect()
}

/// A number below `n`, by the upper bits of a product.
fn below(n: usize, random: &mut impl Rng) -> usize {
    usize::try_from((u128::from(random.next_u64()) * n as u128) >> 64).unwrap_or(0)
}

fn count(n: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "customers are counted far below 2^53")]
    let n = n as f64;
    n
}

fn ascending(scores: &[f64]) -> Vec<usize> {
    let mut ranked: Vec<usize> = (0..scores.len()).collect();
    ranked.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    ranked
}

/// Those with one score each, from the lowest score to the highest.
fn ties<'r>(scores: &[f64], ranked: &'r [usize]) -> impl Iterator<Item = &'r [usize]> {
    ranked.chunk_by(|a, b| scores[*a].total_cmp(&scores[*b]).is_eq())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 1e-9)
    }

    /// As the formula says it, pair by pair.
    fn auc_by_pairs(scores: &[f64], truths: &[f64]) -> Option<f64> {
        let (mut won, mut all) = (0.0, 0.0);
        for (i, p) in truths.iter().enumerate() {
            for (j, q) in truths.iter().enumerate().filter(|(j, _)| *j != i) {
                let weight = p * (1.0 - q);
                all += weight;
                won += weight
                    * if scores[i] > scores[j] {
                        1.0
                    } else if scores[i] < scores[j] {
                        0.0
                    } else {
                        0.5
                    };
            }
        }
        (all > 1e-9).then_some(won / all)
    }

    proptest! {
        #[test]
        fn what_customers_differ_in_does_not_make_an_interval_wide(truths in prop::collection::vec(0.0_f64..500.0, 2..60), off in -9.0_f64..9.0) {
            let estimates: Vec<f64> = truths.iter().map(|truth| truth + off).collect();
            let truth = mean(truths.iter().copied()).unwrap();
            let drawn = |places: &[usize]| beside(truth)(&at(&estimates, places), &at(&truths, places));
            let (low, high) = interval(truths.len(), Seed::new(1), drawn).unwrap();
            prop_assert!((low - truth - off).abs() < 1e-6 && (high - truth - off).abs() < 1e-6);
            prop_assert!(close(beside(truth)(&estimates, &truths), mean(estimates.iter().copied()).unwrap()) || truth > 1e5);
        }

        #[test]
        fn an_auc_is_what_the_pairs_say(rows in prop::collection::vec((0_u8..5, 0.0_f64..=1.0), 2..30)) {
            let scores: Vec<f64> = rows.iter().map(|(score, _)| f64::from(*score)).collect();
            let truths: Vec<f64> = rows.iter().map(|(_, p)| *p).collect();
            let (found, expected) = (auc(&scores, &truths), auc_by_pairs(&scores, &truths));
            prop_assert_eq!(found.is_some(), expected.is_some());
            prop_assert!(found.zip(expected).is_none_or(|(a, b)| (a - b).abs() < 1e-9));
            // Turned around it is as far on the other side.
            let turned: Vec<f64> = scores.iter().map(|score| -score).collect();
            prop_assert!(found.zip(auc(&turned, &truths)).is_none_or(|(a, b)| (a + b - 1.0).abs() < 1e-9));
            // And nobody knows more than who knows the truth.
            let oracle = auc(&truths, &truths);
            prop_assert!(found.zip(oracle).is_none_or(|(ours, best)| ours <= best + 1e-9));
        }

        #[test]
        fn amounts_are_told_by_their_order_alone(rows in prop::collection::vec((0_u8..5, 0.0_f64..100.0), 2..30)) {
            let scores: Vec<f64> = rows.iter().map(|(score, _)| f64::from(*score)).collect();
            let amounts: Vec<f64> = rows.iter().map(|(_, amount)| *amount + 0.1).collect();
            let found = gini(&scores, &amounts).unwrap();
            let stretched: Vec<f64> = scores.iter().map(|score| score * score + 7.0).collect();
            prop_assert!(close(gini(&stretched, &amounts), found));
            let turned: Vec<f64> = scores.iter().map(|score| -score).collect();
            prop_assert!(close(gini(&turned, &amounts), -found));
            prop_assert!(found <= gini(&amounts, &amounts).unwrap() + 1e-9);
        }

        #[test]
        fn a_slope_turns_estimates_into_truths(a in -3.0_f64..3.0, b in 0.1_f64..3.0, xs in prop::collection::vec(0.0_f64..1.0, 3..20)) {
            let truths: Vec<f64> = xs.iter().map(|x| a + b * x).collect();
            let spread = slope(&xs, &xs).is_some();
            prop_assert!(!spread || close(slope(&xs, &truths), b));
        }
    }

    #[test]
    fn numbers_by_hand() {
        // Who is sure to come is above who is sure not to, but for one of the two pairs that is a tie.
        assert!(close(auc(&[2.0, 1.0, 2.0], &[1.0, 0.0, 0.0]), 0.75));
        assert!(close(auc(&[1.0, 1.0], &[0.3, 0.6]), 0.5));
        assert_eq!((auc(&[1.0, 2.0], &[1.0, 1.0]), auc(&[1.0], &[0.5]), auc(&[], &[])), (None, None, None));
        // Of four, one has everything.
        assert!(close(gini(&[1.0, 2.0, 3.0, 4.0], &[0.0, 0.0, 0.0, 8.0]), 0.75));
        assert!(close(gini(&[4.0, 2.0, 3.0, 1.0], &[0.0, 0.0, 0.0, 8.0]), -0.75));
        assert!(close(gini(&[1.0, 1.0, 1.0], &[1.0, 5.0, 9.0]), 0.0));
        assert_eq!(gini(&[1.0, 2.0], &[0.0, 0.0]), None);
        assert!(close(slope(&[0.0, 1.0], &[3.0, 5.0]), 2.0));
        assert_eq!(slope(&[0.4, 0.4], &[0.0, 1.0]), None);
        assert_eq!((mean([].into_iter()), mean([1.0, 4.0].into_iter())), (None, Some(2.5)));
        assert_eq!(at(&[5.0, 6.0, 7.0], &[2, 0, 2]), [7.0, 5.0, 7.0]);
    }

    #[test]
    fn whom_nobody_met_may_be_there_all_the_same() {
        let alike = |n| unmet((0..n).map(|_| 3.0));
        // As the binomial distribution says it: so many are met without one of a kind that is so frequent.
        for n in [1_u32, 3, 20, 368] {
            assert!(((1.0 - alike(n)).powf(f64::from(n)) - 0.025).abs() < 1e-9, "{n}");
        }
        assert!(alike(367) > 0.01 && alike(368) < 0.01, "the rule of three, on both sides");
        assert!(unmet([1.0; 0].into_iter()) >= 1.0 && unmet([0.0].into_iter()) >= 1.0, "nobody was met");
        // One whose weight is all there is is as good as alone; one without any is not there.
        assert!((unmet([1e9, 1.0, 1.0].into_iter()) - alike(1)).abs() < 1e-6);
        assert!((unmet([2.0, 2.0, 0.0].into_iter()) - alike(2)).abs() < 1e-12);
        let (low, high) = with_unmet((0.5, 0.75), (-1.0, 1.0), 0.5);
        assert!((low + 0.25).abs() < 1e-12 && (high - 0.875).abs() < 1e-12, "{low} {high}");
    }

    #[test]
    fn an_interval_holds_what_is_drawn_anew_nineteen_times_of_twenty() {
        let numbers: Vec<f64> = (0..400).map(|no| f64::from(no % 2)).collect();
        let of = |seed| interval(400, Seed::new(seed), |drawn| mean(at(&numbers, drawn).into_iter())).unwrap();
        let (low, high) = of(1);
        // The standard error is 0.5 / 20.
        assert!(
            (low - (0.5 - 1.96 * 0.025)).abs() < 0.012 && (high - (0.5 + 1.96 * 0.025)).abs() < 0.012,
            "{low} {high}"
        );
        assert_eq!(of(1), of(1));
        assert!(of(1) != of(2));
        assert_eq!(interval(5, Seed::new(1), |_| None), None);
        assert_eq!(interval(0, Seed::new(1), |drawn| Some(count(drawn.len()))), Some((0.0, 0.0)));
    }
}
