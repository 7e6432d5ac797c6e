//! How late do rewards come, as far as can be told by now?

use models::ModelError;
use models::bandit::Delay;

/// As if so many rewards could have come late, where fewer could: so that a single one does not say that none comes sooner.
const N_LEAST: f64 = 5.0;

/// Learns how late rewards come from those that came, each with its delay and with how old its round is now. Both in days.
///
/// ```text
/// n[s] = rewards with a delay of at most s, of rounds at least as old as s
/// F[s-] = F[s] (1 - d[s] / max(n[s], 5)),   d: rewards with a delay of s,   from the largest delay down, where F = 1
/// ```
/// A young round can only show a short delay: whoever counted delays as they are would take all of them for short. *Edge cases*:
/// nothing is known of delays longer than the oldest round, so that all rewards count as come by then. *Source*: Lagakos, Barraj
/// and De Gruttola 1988, doi:10.1093/biomet/75.3.515 (the product limit in reversed time).
pub(super) fn arrival(rewards: &[(f64, f64)], oldest: f64, reward_days: f64) -> Result<Delay, ModelError> {
    let horizon = oldest.min(reward_days).max(1e-9);
    let mut delays: Vec<f64> = rewards.iter().map(|(delay, _)| delay.min(horizon)).collect();
    let mut ages: Vec<f64> = rewards.iter().map(|(_, age)| *age).collect();
    delays.sort_by(f64::total_cmp);
    ages.sort_by(f64::total_cmp);
    let (mut weights, mut share) = (vec![0.0; delays.len()], 1.0);
    let mut until = delays.len();
    while until > 0 {
        let delay = delays[until - 1];
        let from = delays.partition_point(|known| *known < delay);
        let n_same = (until - from) as f64;
        // Whoever has a delay of at most `delay` and is too young to have shown it.
        let n_young = ages.partition_point(|age| *age < delay);
        let n_seen = (until.saturating_sub(n_young) as f64).max(n_same);
        let left = if from == 0 { 0.0 } else { share * (1.0 - n_same / n_seen.max(N_LEAST)).max(0.0) };
        weights[from..until].iter_mut().for_each(|weight| *weight = (share - left) / n_same);
        (share, until) = (left, from);
    }
    Delay::fit(&delays, Some(&weights), horizon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;
    use rand::RngExt as _;

    /// Delays have a mean of two days; rounds are up to `n_days` old, evenly.
    fn seen(n_days: f64) -> Vec<(f64, f64)> {
        let mut random = Seed::new(3).stream("arrival", 0);
        let all = (0..20_000).map(|_| {
            let age = n_days * random.random::<f64>();
            (-2.0 * (1.0 - random.random::<f64>()).ln(), age)
        });
        all.filter(|(delay, age)| delay <= age).collect()
    }

    #[test]
    fn young_rounds_do_not_make_delays_short() {
        // By now nobody can have waited longer than the oldest round, so the truth is what comes by then.
        for n_days in [4.0, 7.0] {
            let delay = arrival(&seen(n_days), n_days, 7.0).unwrap();
            let truth = |age: f64| (1.0 - (-age / 2.0).exp()) / (1.0 - (-n_days / 2.0).exp());
            for age in [0.5, 1.0, 2.0, 3.0] {
                let (found, truth) = (delay.share(age), truth(age));
                assert!((found - truth).abs() < 0.03, "{n_days} days, at {age}: {found} for {truth}");
            }
            assert!((delay.share(n_days) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_few_rewards_of_the_youngest_do_not_say_that_none_comes_sooner() {
        // One reward after an hour of a round of two hours, and many after minutes of rounds of a few minutes.
        let mut rewards = vec![(0.04, 0.08)];
        rewards.extend((0..50).map(|at| (0.001, 0.002 + 0.0001 * f64::from(at))));
        let delay = arrival(&rewards, 0.08, 7.0).unwrap();
        assert!(delay.share(0.002) > 0.6, "{}", delay.share(0.002));
        assert!((arrival(&[], 3.0, 7.0).unwrap().share(1.5) - 0.5).abs() < 1e-12, "without rewards it rises evenly");
    }
}
