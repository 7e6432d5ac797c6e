//! Does the registry keep every model, and never lets one answer that cannot?

use super::world::{self, dataset, now};
use crate::{LearningError, MemoryModelStore, Model, ModelKind, ModelStore, Registry, Trained, file_name};
use primitives::{ErrorKind, ModelVersion};
use std::sync::Arc;

fn trained() -> &'static Trained {
    world::trained(CHURN)
}

/// The same model, trained on another day.
fn trained_on(n_days_later: i64) -> Trained {
    let mut trained = trained().clone();
    trained.header.trained_at = now().plus_days(n_days_later);
    trained
}

fn registry() -> (Arc<MemoryModelStore>, Registry) {
    let store = Arc::new(MemoryModelStore::default());
    (store.clone(), Registry::new(store))
}

const CHURN: ModelKind = ModelKind::Churn;

#[test]
fn a_published_model_answers_and_can_be_rolled_back() {
    let (_, registry) = registry();
    assert!(registry.champion(CHURN).unwrap().is_none());
    assert_eq!(registry.roll_back(CHURN).unwrap_err().kind(), ErrorKind::Conflict);
    let first = registry.publish(trained()).unwrap();
    assert!(first.is_champion && first.reason.contains("log_loss"), "{}", first.reason);
    assert_eq!(first.version.as_str(), &file_name(&trained().to_file().unwrap())[..12]);
    let found = registry.champion(CHURN).unwrap().unwrap();
    assert_eq!((&found.version, &found.header, &found.model), (&first.version, &trained().header, &trained().model));
    // Publishing it again is no second reign.
    registry.publish(trained()).unwrap();
    assert!(matches!(registry.roll_back(CHURN), Err(LearningError::NoEarlierChampion { n_champions: 1, .. })));

    let second = registry.publish(&trained_on(1)).unwrap();
    assert_eq!(registry.champion_version(CHURN).unwrap(), Some(second.version.clone()));
    let versions = registry.versions(CHURN).unwrap();
    let seen: Vec<_> = versions.iter().map(|v| (&v.version, v.is_champion, v.fits_features)).collect();
    assert_eq!(seen, [(&second.version, true, true), (&first.version, false, true)]);
    assert_eq!(registry.roll_back(CHURN).unwrap(), first.version);
    assert_eq!(registry.champion_version(CHURN).unwrap(), Some(first.version.clone()));
    registry.promote(CHURN, &second.version).unwrap();
    assert_eq!(registry.champion_version(CHURN).unwrap(), Some(second.version));
    assert!(registry.versions(ModelKind::Recommend).unwrap().is_empty());
}

#[test]
fn a_version_that_is_not_there_is_not_found() {
    let (_, registry) = registry();
    let version = registry.publish(trained()).unwrap().version;
    for (kind, version) in [(CHURN, "0123456789ab"), (CHURN, ""), (ModelKind::Recommend, version.as_str())] {
        let error = registry.load(kind, &ModelVersion::from(version)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{kind} {version}: {error}");
    }
}

#[test]
fn a_model_of_other_features_is_refused_and_the_one_before_stays_in_force() {
    let (_, registry) = registry();
    let good = registry.publish(trained()).unwrap();
    let mut other = trained_on(1);
    other.header.feature_schema = Some("0000000000000000".to_owned());
    let refused = registry.publish(&other).unwrap().version;
    let error = registry.champion(CHURN).unwrap_err();
    assert!(error.to_string().contains("train it again with `rapport train churn`"), "{error}");
    assert!(!registry.versions(CHURN).unwrap()[0].fits_features);
    assert_eq!(registry.roll_back(CHURN).unwrap(), good.version);
    assert!(matches!(registry.promote(CHURN, &refused), Err(LearningError::Schema { .. })));
    assert_eq!(registry.champion_version(CHURN).unwrap(), Some(good.version));
}

#[test]
fn a_damaged_file_is_named_and_harms_no_other() {
    let (store, registry) = registry();
    let good = registry.publish(trained()).unwrap().version;
    let file = trained_on(1).to_file().unwrap();
    let damaged = registry.publish(&trained_on(1)).unwrap().version;
    store.damage(&file_name(&file), file[..file.len() - 1].to_vec());
    let fresh = Registry::new(store);
    assert_eq!(fresh.champion(CHURN).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(fresh.versions(CHURN).unwrap().len(), 1);
    assert_eq!(fresh.damaged().unwrap()[0].0, damaged);
    assert_eq!(fresh.roll_back(CHURN).unwrap(), good);
    assert!(fresh.champion(CHURN).unwrap().is_some());
}

#[test]
fn a_model_worse_than_a_baseline_is_kept_and_does_not_answer() {
    let (store, registry) = registry();
    let mut worse = trained().clone();
    if let crate::Evaluation::Churn(evaluation) = &mut worse.header.evaluation {
        let strongest = evaluation.baselines.values().map(|m| m.log_loss).fold(f64::INFINITY, f64::min);
        evaluation.metrics.log_loss = strongest * 1.021;
    }
    let published = registry.publish(&worse).unwrap();
    assert!(!published.is_champion && published.reason.contains("challenger"), "{}", published.reason);
    assert!(registry.champion(CHURN).unwrap().is_none());
    assert_eq!(store.list().unwrap().len(), 1);
    // A person may decide otherwise.
    registry.promote(CHURN, &published.version).unwrap();
    assert!(registry.champion(CHURN).unwrap().is_some());
}

#[test]
fn a_score_is_its_bias_and_its_contributions() {
    let Model::Churn(model) = &trained().model else { panic!("not a churn model") };
    for customer in dataset().customers().iter().take(40) {
        let vector = customer.get().state.state_at(now()).vector(now());
        let scored = model.score(&vector).unwrap();
        let sum: f64 = scored.contributions.iter().map(|contribution| contribution.contribution).sum();
        assert!((scored.bias + sum - scored.log_odds).abs() < 1e-9);
        assert!(scored.contributions.is_sorted_by(|a, b| a.contribution.abs() >= b.contribution.abs()));
        assert_eq!(scored.probability, model.probability(&vector).unwrap());
        let mut short = vector.clone();
        short.values.pop();
        assert_eq!(model.score(&short).unwrap_err().kind(), ErrorKind::Invalid);
    }
}
