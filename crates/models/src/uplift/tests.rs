//! Do learners find the effect, and do they say so where there is none?

use super::*;
use crate::{Frame, ModelError};
use primitives::Seed;
use rand::RngExt as _;

const N_FEATURES: usize = 3;

/// A trial whose effect is `effect(x)` on an outcome that depends on more than that.
struct Made {
    x: Vec<f64>,
    treated: Vec<bool>,
    outcome: Vec<f64>,
    chance: Vec<f64>,
    key: Vec<u64>,
}

fn made(n: u32, salt: u64, chance: impl Fn(&[f64]) -> f64, effect: impl Fn(&[f64]) -> f64) -> Made {
    let mut random = Seed::new(salt).stream("uplift/tests", 0);
    let mut made = Made { x: vec![], treated: vec![], outcome: vec![], chance: vec![], key: vec![] };
    for row in 0..n {
        let x: [f64; N_FEATURES] = std::array::from_fn(|_| 2.0 * random.random::<f64>() - 1.0);
        let chance = chance(&x);
        let treated = random.random::<f64>() < chance;
        let noise: f64 = (0..3).map(|_| random.random::<f64>() - 0.5).sum();
        made.outcome.push(2.0 * x[1] + noise + if treated { effect(&x) } else { 0.0 });
        made.x.extend(x);
        made.treated.push(treated);
        made.chance.push(chance);
        made.key.push(u64::from(row));
    }
    made
}

impl Made {
    fn trial(&self) -> Trial<'_> {
        Trial {
            x: Frame::new(&self.x, self.key.len(), N_FEATURES).unwrap(),
            treated: &self.treated,
            outcome: &self.outcome,
            chance: &self.chance,
            key: &self.key,
        }
    }

    /// The mean squared error of the effect.
    fn error(&self, model: &EffectModel, effect: impl Fn(&[f64]) -> f64) -> f64 {
        let rows = self.x.chunks_exact(N_FEATURES);
        rows.map(|x| (model.effect(x) - effect(x)).powi(2)).sum::<f64>() / self.key.len() as f64
    }
}

fn quick() -> UpliftSettings {
    UpliftSettings { n_trees: 60, learning_rate: 0.1, n_repeats: 1, ..UpliftSettings::default() }
}

#[test]
fn every_learner_finds_an_effect_that_is_there() {
    let effect = |x: &[f64]| 0.5 + x[0];
    let made = made(4_000, 1, |_| 0.4, effect);
    let variance = 1.0 / 3.0;
    for learner in Learner::ALL {
        let model = learner.fit(&made.trial(), &quick(), Seed::new(1)).unwrap();
        let error = made.error(&model, effect);
        assert!(error < 0.3 * variance, "{}: {error}", learner.name());
        let all = model.effect_all(made.trial().x).unwrap();
        assert_eq!(all[7].to_bits(), model.effect(&made.x[21..24]).to_bits());
    }
}

/// Who buys much anyway is treated more often: without the chances the treatment would seem to be worth more than it is.
#[test]
fn chances_that_varied_bias_neither_the_line_nor_the_robust_learner() {
    let effect = |x: &[f64]| 0.3 + 0.5 * x[0];
    let chance = |x: &[f64]| if x[1] > 0.0 { 0.85 } else { 0.15 };
    let made = made(6_000, 2, chance, effect);
    let raw = |arm: bool| {
        let rows = || made.outcome.iter().zip(&made.treated).filter(|(_, treated)| **treated == arm);
        rows().map(|(outcome, _)| outcome).sum::<f64>() / rows().count() as f64
    };
    assert!(raw(true) - raw(false) > 1.0, "the example says nothing");
    for learner in [Learner::Linear, Learner::Dr] {
        let model = learner.fit(&made.trial(), &quick(), Seed::new(1)).unwrap();
        let mean = made.x.chunks_exact(N_FEATURES).map(|x| model.effect(x)).sum::<f64>() / 6_000.0;
        assert!((mean - 0.3).abs() < 0.06, "{}: {mean}", learner.name());
    }
}

#[test]
fn whoever_gains_is_found_and_the_learner_named() {
    let made = made(3_000, 3, |_| 0.5, |x| if x[0] > 0.0 { 1.0 } else { -0.5 });
    let chosen = quick().choose(&made.trial(), Seed::new(1)).unwrap();
    let learner = chosen.learner.unwrap();
    let of = |wanted: Learner| chosen.judged.iter().find(|(learner, _)| *learner == wanted).unwrap().1;
    assert!(of(learner).qini > chosen.response.qini && of(learner).qini > 2.0 * of(learner).se);
    assert!(chosen.said.contains(learner.name()) && chosen.said.contains("Qini"), "{}", chosen.said);
    assert_eq!(chosen, quick().choose(&made.trial(), Seed::new(1)).unwrap(), "the same seed twice");
}

/// No effect, or the same for all: there is nobody to find.
#[test]
fn where_all_gain_alike_no_learner_beats_random() {
    let settings = UpliftSettings { n_trees: 10, n_repeats: 2, ..quick() };
    let chosen = (0..12_u32).map(|salt| {
        let made = made(500, 100 + u64::from(salt), |_| 0.5, |_| f64::from(salt % 2));
        settings.choose(&made.trial(), Seed::new(u64::from(salt))).unwrap()
    });
    let (found, none): (Vec<Chosen>, Vec<Chosen>) = chosen.partition(|chosen| chosen.learner.is_some());
    assert!(found.len() <= 1, "somebody was found in {} of 12 trials without anybody", found.len());
    assert!(none.iter().any(|chosen| chosen.said == "no learner beats random: everybody is treated alike"));
    let made = made(1_500, 5, |_| 0.5, |_| 1.0);
    let model = Learner::Linear.fit(&made.trial(), &settings, Seed::new(1)).unwrap();
    assert!((model.effect(&[0.0; 3]) - 1.0).abs() < 0.1);
}

#[test]
fn rows_that_were_sure_to_be_treated_say_nothing() {
    let made = made(800, 6, |_| 0.5, |x| x[0]);
    let fit = |made: &Made| Learner::Linear.fit(&made.trial(), &quick(), Seed::new(1)).unwrap();
    let mut more = Made {
        x: made.x.clone(),
        treated: made.treated.clone(),
        outcome: made.outcome.clone(),
        chance: made.chance.clone(),
        key: made.key.clone(),
    };
    more.x.extend([0.1, 0.2, 0.3]);
    more.treated.push(true);
    more.outcome.push(1_000.0);
    more.chance.push(0.99);
    more.key.push(9_999);
    assert_eq!(fit(&more).to_bytes().unwrap(), fit(&made).to_bytes().unwrap());
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    let made = made(50, 7, |_| 0.5, |x| x[0]);
    let said = |trial: Trial<'_>| Learner::Linear.fit(&trial, &quick(), Seed::new(1)).unwrap_err().to_string();
    let trial = made.trial();
    assert!(said(Trial { treated: &[true; 50], ..trial }).contains("none was untreated"));
    assert!(said(Trial { chance: &[1.0; 50], ..trial }).contains("0.02"));
    assert!(said(Trial { chance: &[1.5; 50], ..trial }).contains("the chance of row 0 is 1.5"));
    assert!(said(Trial { key: &[1], ..trial }).contains("the keys"));
    // A fold without an untreated row.
    let treated: Vec<bool> = (0..50).map(|row| row > 0).collect();
    let few = Learner::X.fit(&Trial { treated: &treated, ..trial }, &quick(), Seed::new(1));
    assert!(matches!(few, Err(ModelError::NothingToLearn { .. })));
    let model = Learner::Linear.fit(&trial, &quick(), Seed::new(1)).unwrap();
    assert!(model.effect_all(Frame::new(&[0.0; 4], 2, 2).unwrap()).is_err());
    // A line of three inputs that says it is of two.
    let mut bytes = model.to_bytes().unwrap();
    bytes[1] = 2;
    assert!(matches!(EffectModel::from_bytes(&bytes), Err(ModelError::Corrupt { .. })));
}
