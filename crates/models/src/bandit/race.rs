//! Which actions win a draw, so that the draw rarely changes where little does?

/// All actions in the order in which they are drawn with chances `p`: the first is one draw, the first `n` are draws without
/// putting back.
///
/// ```text
/// e[a] = -ln(u(a)) / p[a],   ascending; equal ones by their place
/// P(a is first) = p[a] / sum of p
/// ```
/// Whoever draws `u` from who it is about, the period and the action, and not from the decision, gets the same winner on every
/// channel; and where an action is taken away, all others keep their order.
/// *Shapes*: `u(a)` is asked once for each action and lies between 0 and 1. *Edge cases*: what has no chance comes last. *Cost*: one
/// sort. *Source*: Efraimidis and Spirakis 2006, doi:10.1016/j.ipl.2005.11.003; the order is that of Plackett 1975, doi:10.2307/2346567.
///
/// ```
/// use models::bandit::race;
/// // -ln(0.5) / 0.2 = 3.47, -ln(0.9) / 0.3 = 0.35, -ln(0.1) / 0.5 = 4.61
/// let u = [0.5, 0.9, 0.1];
/// assert_eq!(race(&[0.2, 0.3, 0.5], |action| u[action]), [1, 0, 2]);
/// ```
#[must_use]
pub fn race(p: &[f64], u: impl Fn(usize) -> f64) -> Vec<usize> {
    let arrives = |(action, p): (usize, &f64)| {
        let at = -u(action).ln() / p;
        (if *p > 0.0 && at.is_finite() { at } else { f64::INFINITY }, action)
    };
    let mut order: Vec<(f64, usize)> = p.iter().enumerate().map(arrives).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    order.into_iter().map(|(_, action)| action).collect()
}

/// Which action is drawn by chances `p` with `u`, a number from 0 to 1.
///
/// *Edge cases*: what rounding leaves of the sum goes to the last one that has a chance. *Cost*: one pass.
///
/// ```
/// assert_eq!([0.1, 0.2, 0.7].map(|u| models::bandit::draw(&[0.2, 0.3, 0.5], u)), [0, 1, 2]);
/// ```
#[must_use]
pub fn draw(p: &[f64], u: f64) -> usize {
    let mut left = u;
    let found = p.iter().position(|p| {
        left -= p;
        left < 0.0
    });
    found.or_else(|| p.iter().rposition(|p| *p > 0.0)).unwrap_or(0)
}

/// With which chance each place of such an order was taken by the action that took it, given those before it.
///
/// ```text
/// chance[i] = p[order[i]] / sum over j >= i of p[order[j]]
/// ```
/// *Edge cases*: 0 where nothing that is left has a chance. *Source*: Plackett 1975, doi:10.2307/2346567.
///
/// ```
/// let chances = models::bandit::race_propensities(&[0.2, 0.3, 0.5], &[1, 0, 2]);
/// assert!((chances[0] - 0.3).abs() < 1e-12 && (chances[1] - 0.2 / 0.7).abs() < 1e-12);
/// assert_eq!(chances[2], 1.0);
/// ```
#[must_use]
pub fn race_propensities(p: &[f64], order: &[usize]) -> Vec<f64> {
    // From the last on: no difference of nearly equal sums, so nothing is ever above 1.
    let mut left = 0.0;
    let mut chances: Vec<f64> = order
        .iter()
        .rev()
        .map(|action| {
            let own = p.get(*action).copied().unwrap_or(0.0).max(0.0);
            left += own;
            if own > 0.0 { own / left } else { 0.0 }
        })
        .collect();
    chances.reverse();
    chances
}

/// A number between 0 and 1, neither of them included, from 64 mixed bits.
///
/// ```
/// use models::bandit::unit;
/// assert!(unit(0) > 0.0 && unit(u64::MAX) < 1.0);
/// assert!((unit(1 << 63) - 0.5).abs() < 1e-15);
/// ```
#[must_use]
pub fn unit(bits: u64) -> f64 {
    // 53 bits are what a number holds; the last of them could round up to 1.
    let bits = bits >> 12;
    (bits as f64 + 0.5) / 4_503_599_627_370_496.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_action_that_is_taken_away_changes_the_winner_only_if_it_was_the_winner(
            p in prop::collection::vec(0.0_f64..1.0, 2..20), salt: u32, gone in 0_usize..20,
        ) {
            let mut random = Seed::new(u64::from(salt)).stream("race", 0);
            let u: Vec<f64> = p.iter().map(|_| unit(random.random())).collect();
            let all = race(&p, |action| u[action]);
            let gone = gone % p.len();
            let kept: Vec<usize> = (0..p.len()).filter(|action| *action != gone).collect();
            let fewer: Vec<f64> = kept.iter().map(|action| p[*action] * 0.5).collect();
            let again: Vec<usize> = race(&fewer, |action| u[kept[action]]).iter().map(|action| kept[*action]).collect();
            let expected: Vec<usize> = all.into_iter().filter(|action| *action != gone).collect();
            prop_assert_eq!(again, expected);
        }
    }

    #[test]
    fn draws_of_ten_thousand_match_the_probabilities() {
        let p = [0.5, 0.25, 0.125, 0.1, 0.025];
        let (n, mut firsts, mut seconds) = (10_000, [0.0; 5], [0.0; 5]);
        let mut random = Seed::new(11).stream("race", 0);
        for _ in 0..n {
            let u: Vec<f64> = p.iter().map(|_| unit(random.random())).collect();
            let order = race(&p, |action| u[action]);
            firsts[order[0]] += 1.0;
            seconds[order[1]] += 1.0;
        }
        // The second place is drawn from what the first has left over.
        let second = |a: usize| (0..5).filter(|b| *b != a).map(|b| p[b] * p[a] / (1.0 - p[b])).sum::<f64>();
        let chi = |found: &[f64], expected: &dyn Fn(usize) -> f64| -> f64 {
            let part = |(at, found): (usize, &f64)| {
                (found - f64::from(n) * expected(at)).powi(2) / (f64::from(n) * expected(at))
            };
            found.iter().enumerate().map(part).sum()
        };
        // 18.5 is passed once in a thousand draws with four degrees of freedom.
        assert!(chi(&firsts, &|at| p[at]) < 18.5, "{firsts:?}");
        assert!(chi(&seconds, &second) < 18.5, "{seconds:?}");
    }
}
