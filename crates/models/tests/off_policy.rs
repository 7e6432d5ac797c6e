//! Do estimates of another policy give the numbers that the Open Bandit Pipeline gives on its own sample?
//!
//! The sample is no part of this repository: `cargo xtask peers off-policy` fetches it and names its directory in
//! `RAPPORT_OFF_POLICY_DIR`. Without it the same comparison is made on rounds that are made up, against sums by hand.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use models::off_policy::{Estimator, Logged, Verdict, judge, mrdr_weights, smoothed};
use std::path::Path;

const DIRECTORY: &str = "RAPPORT_OFF_POLICY_DIR";
/// Places of the page on which items stood.
const N_PLACES: u32 = 3;
const PRIOR: f64 = 10.0;
const LIMIT: f64 = 10.0;
const TOLERANCE: f64 = 1e-6;

/// Of obp 0.5.7: its own estimators on its sample, the log `bts`, against a policy that takes each item equally often; what is
/// foretold is the smoothed mean of item and place with a prior of 10, the limits are 10. Tolerance 1e-6.
struct Golden {
    campaign: &'static str,
    n_items: u32,
    /// IPS, SNIPS, clipped, DM, DR, SNDR, Switch-DR, DRos, MRDR.
    values: [f64; 9],
    effective: f64,
    weight_max: f64,
    /// For `men` the log of the even policy itself agrees: 0.0046 clicks where this one has 0.0069.
    verdict: Verdict,
}

const GOLDEN: [Golden; 3] = [
    Golden {
        campaign: "all",
        n_items: 80,
        values: [
            0.002_359_639_5,
            0.002_333_713_9,
            0.002_359_639_5,
            0.004_320_129_0,
            0.003_309_673_1,
            0.003_320_775_1,
            0.004_370_050_9,
            0.004_272_281_4,
            0.002_989_678_4,
        ],
        effective: 340.378,
        weight_max: 277.778,
        verdict: Verdict::Unclear,
    },
    Golden {
        campaign: "men",
        n_items: 34,
        values: [
            0.003_008_626_3,
            0.003_189_423_2,
            0.003_008_626_3,
            0.005_042_228_8,
            0.002_749_193_7,
            0.002_611_398_7,
            0.004_423_156_8,
            0.004_655_724_1,
            0.003_318_848_2,
        ],
        effective: 655.710,
        weight_max: 178.253,
        verdict: Verdict::Worse,
    },
    Golden {
        campaign: "women",
        n_items: 46,
        values: [
            0.007_437_577_5,
            0.002_373_046_1,
            0.004_383_669_2,
            0.004_063_790_4,
            0.003_034_078_2,
            0.003_735_248_7,
            0.004_067_689_9,
            0.004_096_960_1,
            0.011_066_311_8,
        ],
        effective: 2.078,
        weight_max: 21_739.130,
        verdict: Verdict::Refused,
    },
];

/// A log: item, place from 0, click, propensity.
type Row = (u32, u32, f64, f64);

fn sample(directory: &Path, campaign: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(directory.join(campaign).join(format!("{campaign}.csv"))).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let [item, place, click, chance] = ["item_id", "position", "click", "propensity_score"]
        .map(|wanted| names.iter().position(|name| *name == wanted).unwrap());
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let place: u32 = cells[place].parse().unwrap();
        (cells[item].parse().unwrap(), place - 1, cells[click].parse().unwrap(), cells[chance].parse().unwrap())
    };
    lines.map(row).collect()
}

/// All estimates of a policy that takes each item equally often, in the order of the golden numbers; and what is judged of it.
fn estimates(rows: &[Row], n_items: u32) -> ([f64; 9], models::off_policy::Judgement) {
    let cells: Vec<u32> = rows.iter().map(|row| row.0 * N_PLACES + row.1).collect();
    let (reward, propensity): (Vec<f64>, Vec<f64>) = rows.iter().map(|row| (row.2, row.3)).unzip();
    let target = vec![1.0 / f64::from(n_items); rows.len()];
    let foretell = |weights: Option<&[f64]>| {
        let q = smoothed(&cells, (n_items * N_PLACES) as usize, &reward, weights, PRIOR).unwrap();
        let taken: Vec<f64> = cells.iter().map(|cell| q[*cell as usize]).collect();
        let at_place = |place: u32| (0..n_items).map(|item| q[(item * N_PLACES + place) as usize]).sum::<f64>();
        let means = [0, 1, 2].map(|place| at_place(place) / f64::from(n_items));
        (taken, rows.iter().map(|row| means[row.1 as usize]).collect::<Vec<f64>>())
    };
    let (taken, all) = foretell(None);
    let (mrdr_taken, mrdr_all) = foretell(Some(&mrdr_weights(&target, &propensity)));
    let (reward, propensity, target) = (&reward[..], &propensity[..], &target[..]);
    let logged = Logged { reward, propensity, target, q_taken: Some(&taken), q_target: Some(&all) };
    let mrdr = Logged { q_taken: Some(&mrdr_taken), q_target: Some(&mrdr_all), ..logged };
    let estimators = [
        Estimator::Ips,
        Estimator::Snips,
        Estimator::Clipped { max: LIMIT },
        Estimator::Dm,
        Estimator::Dr,
        Estimator::Sndr,
        Estimator::SwitchDr { limit: LIMIT },
        Estimator::Dros { limit: LIMIT },
    ];
    let mut values = [0.0; 9];
    for (value, estimator) in values.iter_mut().zip(estimators) {
        *value = estimator.estimate(&logged).unwrap().value;
    }
    values[8] = Estimator::Dr.estimate(&mrdr).unwrap().value;
    (values, judge(&logged, None).unwrap())
}

#[test]
fn estimates_on_the_sample_are_those_of_the_open_bandit_pipeline() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return made_up_rounds_are_summed_by_hand();
    };
    for golden in GOLDEN {
        let (values, judged) = estimates(&sample(Path::new(&directory), golden.campaign), golden.n_items);
        for (at, (value, expected)) in values.into_iter().zip(golden.values).enumerate() {
            assert!((value - expected).abs() < TOLERANCE, "{} estimate {at}: {value} for {expected}", golden.campaign);
        }
        assert!((judged.overlap.effective - golden.effective).abs() < 1e-3, "{:?}", judged.overlap);
        assert!((judged.overlap.weight_max - golden.weight_max).abs() < 1e-3, "{:?}", judged.overlap);
        assert_eq!(judged.verdict, golden.verdict, "{}: {:?}", golden.campaign, judged.difference_within);
    }
}

fn made_up_rounds_are_summed_by_hand() {
    // Two items at one place: w = 0.5 / 0.8 and 0.5 / 0.2. The mean is 0.5, so q = (1 + 5) / 12 and (1 + 5) / 12.
    let (values, judged) = estimates(&[(0, 0, 1.0, 0.8), (0, 0, 0.0, 0.8), (1, 0, 1.0, 0.2), (1, 0, 0.0, 0.2)], 2);
    let expected = [0.781_25, 0.5, 0.781_25, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
    for (value, expected) in values.into_iter().zip(expected) {
        assert!((value - expected).abs() < 1e-12, "{value} for {expected}");
    }
    assert!((judged.overlap.effective - 6.25 * 6.25 / 13.281_25).abs() < 1e-9);
    assert_eq!(judged.verdict, Verdict::Refused);
}
