//! Are the derivatives those of the losses?

use super::*;
use crate::boost::objective::{lambda_rank, xe_ndcg};
use proptest::prelude::*;

fn targets<'a>(labels: &'a [f64], weights: &[f64], groups: &[Range<usize>]) -> Targets<'a> {
    Targets { labels, weights: weights.to_vec(), groups: groups.to_vec() }
}

/// One group of all rows.
fn whole(n_rows: usize) -> Range<usize> {
    0..n_rows
}

/// The derivatives that an objective names, and its weighted loss in sum.
fn derivatives(objective: &dyn Objective, targets: &Targets<'_>, scores: &[Vec<f64>]) -> (Vec<Vec<Pair>>, f64) {
    let loss = objective.prepare(targets).unwrap();
    let mut into = scores.iter().map(|scores| vec![[0.0, 0.0]; scores.len()]).collect::<Vec<_>>();
    loss.gradients(scores, 0, Seed::new(1), &mut into);
    (into, loss.loss(scores))
}

/// Compares `g` with differences of the loss, and `h / factor` with differences of `g`.
fn check(objective: &dyn Objective, targets: &Targets<'_>, scores: &[Vec<f64>], total: f64, factor: f64) {
    const STEP: f64 = 1e-5;
    let (pairs, _) = derivatives(objective, targets, scores);
    for output in 0..scores.len() {
        for row in 0..scores[output].len() {
            let moved = |by: f64| {
                let mut scores = scores.to_vec();
                scores[output][row] += by;
                derivatives(objective, targets, &scores)
            };
            let ((above, loss_above), (below, loss_below)) = (moved(STEP), moved(-STEP));
            let [g, h] = pairs[output][row];
            let by_loss = total * (loss_above - loss_below) / (2.0 * STEP);
            assert!((g - by_loss).abs() < 1e-5 * (1.0 + g.abs()), "{}: g {g} is not {by_loss}", objective.name());
            let by_g = factor * (above[output][row][0] - below[output][row][0]) / (2.0 * STEP);
            assert!((h - by_g).abs() < 1e-5 * (1.0 + h.abs()), "{}: h {h} is not {by_g}", objective.name());
        }
    }
}

const SCORES: [f64; 5] = [-1.5, -0.2, 0.0, 0.7, 2.0];
const WEIGHTS: [f64; 5] = [1.0, 0.5, 2.0, 0.0, 3.0];

#[test]
fn derivatives_of_single_rows_are_differences() {
    let check = |objective: &dyn Objective, labels: [f64; 5], factor: f64| {
        check(objective, &targets(&labels, &WEIGHTS, &[]), &[SCORES.to_vec()], WEIGHTS.iter().sum(), factor);
    };
    check(&Logistic, [0.0, 1.0, 1.0, 0.0, 0.3], 1.0);
    check(&Squared, [3.0, -2.0, 0.0, 1.0, 5.0], 1.0);
    check(&Poisson, [0.0, 2.0, 1.0, 0.0, 9.0], 0.7_f64.exp());
    check(&Gamma, [0.5, 2.0, 1.0, 3.0, 9.0], 1.0);
    check(&Tweedie { power: 1.3 }, [0.0, 2.0, 1.0, 3.0, 9.0], 1.0);
}

#[test]
fn derivatives_of_quantiles_are_differences() {
    let (labels, level) = ([-1.0, -1.0, 0.3, 0.1, 9.0], 0.3);
    let targets = targets(&labels, &[1.0; 5], &[]);
    let scores = [SCORES.to_vec()];
    let (pairs, loss) = derivatives(&Quantile { level }, &targets, &scores);
    assert_eq!(pairs[0], [[-0.3, 1.0], [0.7, 1.0], [-0.3, 1.0], [0.7, 1.0], [-0.3, 1.0]]);
    let expected = 0.3 * 0.5 + 0.7 * 0.8 + 0.3 * 0.3 + 0.7 * 0.6 + 0.3 * 7.0;
    assert!((loss - expected / 5.0).abs() < 1e-12);
}

#[test]
fn derivatives_of_classes_are_differences() {
    let labels = [0.0, 2.0, 1.0, 1.0, 2.0];
    let scores = [SCORES.to_vec(), vec![0.3, 1.0, -1.0, 0.0, 0.5], vec![0.0, -2.0, 2.0, 0.4, 0.1]];
    check(&Softmax { n_classes: 3 }, &targets(&labels, &WEIGHTS, &[]), &scores, WEIGHTS.iter().sum(), 1.5);
}

#[test]
fn derivatives_of_hazards_are_differences() {
    // Two events at the same time, one row that left then, and one that is left to the end.
    let labels = [2.0, 1.0, 2.0, -2.0, -7.0];
    let weights = [1.0, 0.5, 2.0, 1.5, 3.0];
    check(&Cox, &targets(&labels, &weights, &[]), &[SCORES.to_vec()], 3.5, 1.0);
    let far = [SCORES.map(|score| score * 400.0).to_vec()];
    let (pairs, loss) = derivatives(&Cox, &targets(&labels, &weights, &[]), &far);
    assert!(loss.is_finite() && pairs[0].iter().flatten().all(|number| number.is_finite()));
}

#[test]
fn the_cross_entropy_steps_along_the_series_of_its_newton_step() {
    let scores = [0.3, -1.0, 0.8, 0.0];
    let wanted = [3.5, 0.2, 0.9, 1.4];
    let total: f64 = wanted.iter().sum();
    let rho = xe_ndcg::softmax(&scores);
    // The plain gradient is that of the cross entropy.
    let loss = |scores: &[f64]| {
        let rho = xe_ndcg::softmax(scores);
        -rho.iter().zip(&wanted).map(|(rho, wanted)| wanted / total * rho.ln()).sum::<f64>()
    };
    let g: Vec<f64> = rho.iter().zip(&wanted).map(|(rho, wanted)| rho - wanted / total).collect();
    for (row, g) in g.iter().enumerate() {
        let moved = |by: f64| loss(&std::array::from_fn::<f64, 4, _>(|k| scores[k] + if k == row { by } else { 0.0 }));
        assert!((g - (moved(1e-5) - moved(-1e-5)) / 2e-5).abs() < 1e-8);
    }
    // Three terms of the series, with whole matrices.
    let mut expected = g.clone();
    let mut term = g.clone();
    for _ in 0..2 {
        let divided: Vec<f64> = term.iter().zip(&rho).map(|(x, rho)| x / (rho * (1.0 - rho))).collect();
        let times_b = |i: usize| (0..4).filter(|j| *j != i).map(|j| -rho[i] * rho[j] * divided[j]).sum::<f64>();
        term = (0..4).map(|i| -times_b(i)).collect();
        expected.iter_mut().zip(&term).for_each(|(sum, term)| *sum += term);
    }
    let mut into = [[0.0, 0.0]; 4];
    xe_ndcg::pairs(&scores, &wanted, &mut into);
    for row in 0..4 {
        assert!((into[row][0] - expected[row]).abs() < 1e-12, "{} is not {}", into[row][0], expected[row]);
        assert!((into[row][1] - rho[row] * (1.0 - rho[row])).abs() < 1e-12);
    }
}

#[test]
fn pairs_are_weighted_by_what_swapping_changes() {
    // In order of score: rows 1, 2, 0 with grades 0, 2, 1.
    let (labels, scores) = ([1.0, 0.0, 2.0], [0.0, 2.0, 1.0]);
    let ideal = ndcg::ideal(&labels, 2);
    let third = 1.0 / 3.0_f64.log2();
    assert!((ideal - (3.0 + third)).abs() < 1e-12);
    let mut into = [[0.0, 0.0]; 3];
    let total = lambda_rank::pairs(&labels, &scores, ideal, 2, &mut into);
    // Only the first two places count: the third discount is 0.
    let lost = |better: f64, worse: f64| 1.0 / (1.0 + (better - worse).exp());
    let of = [
        3.0 * (1.0 - third) / ideal * lost(1.0, 2.0),
        1.0 / ideal * lost(0.0, 2.0),
        2.0 * third / ideal * lost(1.0, 0.0),
    ];
    let expected = [-of[1] + of[2], of[0] + of[1], -of[0] - of[2]];
    for (found, expected) in into.iter().zip(expected) {
        assert!((found[0] - expected).abs() < 1e-12, "{into:?}, expected {expected:?}");
    }
    assert!((total - of.iter().sum::<f64>()).abs() < 1e-12);
    let curved = of[0] * (1.0 - lost(1.0, 2.0)) + of[2] * (1.0 - lost(1.0, 0.0));
    assert!((into[2][1] - curved).abs() < 1e-12);
    let grouped = targets(&labels, &[2.0; 3], &[whole(3)]);
    let (pairs, loss) = derivatives(&LambdaRank { places: 2 }, &grouped, &[scores.to_vec()]);
    let scale = 2.0 * (1.0 + total).log2() / total;
    assert!((pairs[0][1][0] - scale * expected[1]).abs() < 1e-12);
    assert!((loss - (1.0 - 3.0 * third / ideal)).abs() < 1e-12, "{loss}");
}

#[test]
fn starts_are_best_for_all_rows_together() {
    let start = |objective: &dyn Objective, labels: &[f64]| {
        let targets = targets(labels, &WEIGHTS, &[]);
        let loss = objective.prepare(&targets).unwrap();
        let start = loss.initial();
        let at = |by: f64| loss.loss(&start.iter().map(|start| vec![start + by; 5]).collect::<Vec<_>>());
        assert!(at(0.0) <= at(0.01) && at(0.0) <= at(-0.01), "{}", objective.name());
        start
    };
    let amounts = [0.5, 2.0, 1.0, 3.0, 9.0];
    // 29.5 in all, and a weight of 6.5: 30.5 / 6.5.
    let mean = (0.5 + 1.0 + 2.0 + 27.0) / 6.5;
    for objective in [&Poisson as &dyn Objective, &Gamma, &Tweedie { power: 1.7 }] {
        assert!((objective.link(start(objective, &amounts)[0]) - mean).abs() < 1e-12, "{}", objective.name());
    }
    assert!((start(&Squared, &amounts)[0] - mean).abs() < 1e-12);
    assert!((Logistic.link(start(&Logistic, &[0.0, 1.0, 1.0, 0.0, 0.0])[0]) - 2.5 / 6.5).abs() < 1e-12);
    // Half of the weight, 3.25, is passed at the label of 2: 0.5 weighs 1, 1.0 weighs 2, 2.0 weighs 0.5.
    assert!((start(&Quantile { level: 0.5 }, &amounts)[0] - 2.0).abs() < 1e-12);
    let classes = start(&Softmax { n_classes: 3 }, &[0.0, 1.0, 1.0, 0.0, 0.0]);
    assert!((classes[1].exp() - 2.5 / 6.5).abs() < 1e-12 && classes[2].exp() < 0.11 && classes[2].is_finite());
    assert_eq!(start(&Cox, &[1.0, -2.0, 3.0, 4.0, 5.0]), [0.0]);
}

#[test]
fn what_cannot_be_learned_is_named() {
    let refused = |objective: &dyn Objective, labels: &[f64], groups: &[Range<usize>]| {
        let weights = vec![1.0; labels.len()];
        match objective.prepare(&targets(labels, &weights, groups)) {
            Ok(_) => panic!("{} takes {labels:?}", objective.name()),
            Err(error) => error,
        }
    };
    for (objective, wrong) in [
        (&Logistic as &dyn Objective, 1.1),
        (&Squared, 2e12),
        (&Poisson, -1.0),
        (&Gamma, 0.0),
        (&Tweedie { power: 1.5 }, f64::NAN),
        (&Quantile { level: 0.5 }, f64::INFINITY),
        (&Softmax { n_classes: 2 }, 2.0),
        (&Softmax { n_classes: 2 }, 0.5),
        (&Cox, 0.0),
    ] {
        let error = refused(objective, &[1.0, wrong], &[]);
        assert!(matches!(error, ModelError::Value { row: 1, .. }), "{}: {error}", objective.name());
    }
    for objective in [&XeNdcg as &dyn Objective, &LambdaRank::default()] {
        let error = refused(objective, &[1.0, 32.0], &[whole(2)]);
        assert!(matches!(error, ModelError::Value { row: 1, .. }), "{error}");
        let error = refused(objective, &[1.0, 1.0, 0.0], &[0..2, 2..3]);
        assert!(error.to_string().contains("better and worse"), "{error}");
        assert!(matches!(refused(objective, &[1.0, 0.0], &[]), ModelError::Shape { .. }));
    }
    for objective in [
        &Tweedie { power: 2.0 } as &dyn Objective,
        &Quantile { level: 0.0 },
        &Softmax { n_classes: 1 },
        &LambdaRank { places: 0 },
    ] {
        assert!(matches!(refused(objective, &[1.0, 0.0], &[whole(2)]), ModelError::Setting { .. }));
    }
    for label in [0.0, 1.0] {
        let error = refused(&Logistic, &[label; 3], &[]);
        assert!(error.to_string().contains(&format!("all 3 labels are {label}")), "{error}");
    }
    assert!(matches!(refused(&Softmax { n_classes: 3 }, &[2.0; 4], &[]), ModelError::OneClass { .. }));
    assert!(refused(&Poisson, &[0.0; 3], &[]).to_string().contains("all labels are 0"));
    assert!(refused(&Cox, &[-1.0; 3], &[]).to_string().contains("no row has an event"));
}

proptest! {
    #[test]
    fn sums_do_not_depend_on_threads(values in prop::collection::vec(-1e6_f64..1e6, 0..50), n_threads in 1_usize..5) {
        let repeated: Vec<f64> = values.iter().cycle().take(values.len() * 1_000).copied().collect();
        let sum = || sum_of(repeated.len(), |rows| repeated[rows].iter().sum());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        prop_assert_eq!(pool.install(sum).to_bits(), sum().to_bits());
    }
}
