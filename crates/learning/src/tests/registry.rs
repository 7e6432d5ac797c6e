//! Does the registry keep every model, and never lets one answer that cannot?

use super::files::tiny_churn;
use super::world::{self, catalogue, dataset, now, of_churn, of_recommend};
use crate::{
    Body, Contest, LearningError, MemoryModelStore, ModelStore, ModelStoreError, Registry, Trained, file_name, tasks,
};
use features::FeatureId;
use primitives::{ErrorKind, ModelVersion};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

/// A model of three trees, as good as the simple answers: a registry asks no more.
fn trained() -> &'static Trained {
    static TRAINED: LazyLock<Trained> = LazyLock::new(|| {
        let (header, body) = tiny_churn();
        Trained { header, body }
    });
    &TRAINED
}

/// The same model, trained on another day against a champion that could not be asked: it takes its place.
fn successor_of(champion: &ModelVersion, n_days_later: i64) -> Trained {
    let mut trained = trained().clone();
    trained.header.trained_at = now().plus_days(n_days_later);
    trained.header.contest = Some(Contest::Unfit { champion: champion.clone(), fault: "gone".to_owned() });
    trained
}

fn registry() -> (Arc<MemoryModelStore>, Registry) {
    let store = Arc::new(MemoryModelStore::default());
    (store.clone(), Registry::new(store, catalogue().clone()))
}

#[test]
fn a_published_model_answers_and_can_be_rolled_back() {
    let (_, registry) = registry();
    assert!(registry.champion(&of_churn()).unwrap().is_none());
    assert_eq!(registry.roll_back(&of_churn()).unwrap_err().kind(), ErrorKind::Conflict);
    let first = registry.publish(trained()).unwrap();
    assert!(first.is_champion && first.reason.contains("log loss"), "{}", first.reason);
    assert_eq!(first.version.as_str(), &file_name(&trained().to_file().unwrap())[..12]);
    let found = registry.champion(&of_churn()).unwrap().unwrap();
    assert_eq!((&found.version, &found.header, &found.body), (&first.version, &trained().header, &trained().body));
    // Publishing it again is no second reign.
    registry.publish(trained()).unwrap();
    assert!(matches!(registry.roll_back(&of_churn()), Err(LearningError::NoEarlierChampion { n_champions: 1, .. })));

    let second = registry.publish(&successor_of(&first.version, 1)).unwrap();
    assert_eq!(registry.champion_version(&of_churn()).unwrap(), Some(second.version.clone()));
    let versions = registry.versions(&of_churn()).unwrap();
    let seen: Vec<_> = versions.iter().map(|v| (&v.version, v.is_champion, v.can_answer)).collect();
    assert_eq!(seen, [(&second.version, true, true), (&first.version, false, true)]);
    assert_eq!(registry.roll_back(&of_churn()).unwrap(), first.version);
    assert_eq!(registry.champion_version(&of_churn()).unwrap(), Some(first.version.clone()));
    registry.promote(&of_churn(), &second.version).unwrap();
    assert_eq!(registry.champion_version(&of_churn()).unwrap(), Some(second.version));
    assert!(registry.versions(&of_recommend()).unwrap().is_empty());
}

#[test]
fn a_model_of_another_question_answers_nothing_that_is_asked_now() {
    let (_, registry) = registry();
    let mut about = tasks(&[]).get("churn").unwrap().about().clone();
    about.asks.clone_from(&trained().header.asks);
    assert!(registry.answering(&about).unwrap().is_none());
    let version = registry.publish(trained()).unwrap().version;
    assert_eq!(registry.answering(&about).unwrap().unwrap().version, version);
    about.asks.push('!');
    let error = registry.answering(&about).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let said = format!("model {version} answers another question than the settings ask now: train it again with");
    assert!(error.to_string().starts_with(&said) && error.to_string().contains("train churn"), "{error}");
    registry.look_at(Arc::default());
    assert!(
        matches!(registry.answering(&about), Err(LearningError::Features { .. })),
        "what is wrong first is told first"
    );
}

#[test]
fn a_version_that_is_not_there_is_not_found() {
    let (_, registry) = registry();
    let version = registry.publish(trained()).unwrap().version;
    for (kind, version) in [(of_churn(), "0123456789ab"), (of_churn(), ""), (of_recommend(), version.as_str())] {
        let error = registry.load(&kind, &ModelVersion::from(version)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{kind} {version}: {error}");
    }
}

#[test]
fn a_model_of_other_features_is_refused_and_the_one_before_stays_in_force() {
    let (_, registry) = registry();
    let good = registry.publish(trained()).unwrap();
    let mut other = successor_of(&good.version, 1);
    other.header.features.push(FeatureId::first("made_up"));
    let refused = registry.publish(&other).unwrap().version;
    let error = registry.champion(&of_churn()).unwrap_err();
    assert!(error.to_string().contains("train it again with `rapport train churn`"), "{error}");
    assert!(!registry.versions(&of_churn()).unwrap()[0].can_answer);
    assert_eq!(registry.roll_back(&of_churn()).unwrap(), good.version);
    assert!(matches!(registry.promote(&of_churn(), &refused), Err(LearningError::Features { .. })));
    assert_eq!(registry.champion_version(&of_churn()).unwrap(), Some(good.version));
}

#[test]
fn a_model_keeps_how_its_features_were_declared_and_answers_only_where_they_are_computed() {
    let declared = |meaning: &str| -> features::Declared {
        let when = serde_json::json!({"event": "Plan Changed"});
        let table = serde_json::json!({"name": "plans", "meaning": meaning, "when": when, "measure": "count"});
        serde_json::from_value(table).unwrap()
    };
    let with = |meaning: &str| Arc::new(features::Catalogue::new(&[declared(meaning)]).unwrap());
    let (_, registry) = registry();
    let good = registry.publish(trained()).unwrap();
    registry.look_at(with("Plan changes"));
    let mut other = successor_of(&good.version, 1);
    let id = with("Plan changes").get("plans").unwrap().id.clone();
    other.header.declared = with("Plan changes").declared(std::slice::from_ref(&id));
    other.header.features.push(id);
    let version = registry.publish(&other).unwrap().version;
    let meaning = |loaded: &crate::Loaded| loaded.catalogue.get("plans").unwrap().meaning.clone();
    assert_eq!(meaning(&registry.champion(&of_churn()).unwrap().unwrap()), "Plan changes");
    // Other words are the same computation; the model goes on saying it in its own.
    registry.look_at(with("How often the plan changed"));
    assert_eq!(meaning(&registry.champion(&of_churn()).unwrap().unwrap()), "Plan changes");
    // Declared no longer, it is not computed: no answer, but what it has answered can be made again.
    registry.look_at(catalogue().clone());
    assert!(matches!(registry.champion(&of_churn()), Err(LearningError::Features { .. })));
    assert!(matches!(registry.promote(&of_churn(), &version), Err(LearningError::Features { .. })));
    assert!(!registry.versions(&of_churn()).unwrap()[0].can_answer);
    let loaded = registry.load(&of_churn(), &version).unwrap();
    assert_eq!((meaning(&loaded), loaded.inputs.len()), ("Plan changes".to_owned(), other.header.features.len()));
}

#[test]
fn a_damaged_file_is_named_and_harms_no_other() {
    let (store, registry) = registry();
    let good = registry.publish(trained()).unwrap().version;
    let successor = successor_of(&good, 1);
    let file = successor.to_file().unwrap();
    let damaged = registry.publish(&successor).unwrap().version;
    store.damage(&file_name(&file), file[..file.len() - 1].to_vec());
    let fresh = Registry::new(store, catalogue().clone());
    assert_eq!(fresh.champion(&of_churn()).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(fresh.versions(&of_churn()).unwrap().len(), 1);
    assert_eq!(fresh.damaged().unwrap()[0].0, damaged);
    assert_eq!(fresh.roll_back(&of_churn()).unwrap(), good);
    assert!(fresh.champion(&of_churn()).unwrap().is_some());
}

/// A store whose disk does not answer while it is asked for a file's content.
struct Mute(MemoryModelStore);

impl ModelStore for Mute {
    fn put(&self, file: &[u8]) -> Result<String, ModelStoreError> {
        self.0.put(file)
    }

    fn get(&self, _: &str) -> Result<Vec<u8>, ModelStoreError> {
        Err(ModelStoreError { attempt: "reading".to_owned(), kind: ErrorKind::Unavailable, source: None })
    }

    fn list(&self) -> Result<Vec<String>, ModelStoreError> {
        self.0.list()
    }

    fn champions(&self, model: &str) -> Result<Vec<String>, ModelStoreError> {
        self.0.champions(model)
    }

    fn set_champions(&self, model: &str, champions: &[String]) -> Result<(), ModelStoreError> {
        self.0.set_champions(model, champions)
    }
}

#[test]
fn a_champion_that_cannot_be_read_for_now_is_not_dethroned_and_a_damaged_one_is_met_with_its_fault() {
    let mute = Registry::new(Arc::new(Mute(MemoryModelStore::default())), catalogue().clone());
    assert!(mute.reigning(&of_churn()).unwrap().is_none());
    let version = mute.publish(trained()).unwrap().version;
    assert_eq!(mute.reigning(&of_churn()).unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(mute.champion_version(&of_churn()).unwrap(), Some(version));

    let (store, registry) = registry();
    let version = registry.publish(trained()).unwrap().version;
    store.damage(&file_name(&trained().to_file().unwrap()), b"RPPT".to_vec());
    let met = registry.reigning(&of_churn()).unwrap().unwrap();
    assert_eq!((met.version, met.n_refused), (version, 0));
    assert!(met.model.unwrap_err().contains("damaged"));
}

/// A store whose pointers to champions are damaged.
struct Lost(MemoryModelStore);

impl ModelStore for Lost {
    fn put(&self, file: &[u8]) -> Result<String, ModelStoreError> {
        self.0.put(file)
    }

    fn get(&self, sha256: &str) -> Result<Vec<u8>, ModelStoreError> {
        self.0.get(sha256)
    }

    fn list(&self) -> Result<Vec<String>, ModelStoreError> {
        self.0.list()
    }

    fn champions(&self, _: &str) -> Result<Vec<String>, ModelStoreError> {
        Err(ModelStoreError { attempt: "reading".to_owned(), kind: ErrorKind::Corrupt, source: None })
    }

    fn set_champions(&self, model: &str, champions: &[String]) -> Result<(), ModelStoreError> {
        self.0.set_champions(model, champions)
    }
}

#[test]
fn versions_are_listed_where_it_cannot_be_told_which_of_them_answers() {
    let lost = Lost(MemoryModelStore::default());
    lost.put(&trained().to_file().unwrap()).unwrap();
    let registry = Registry::new(Arc::new(lost), catalogue().clone());
    let versions = registry.versions(&of_churn()).unwrap();
    assert_eq!((versions.len(), versions[0].is_champion), (1, false));
    assert_eq!(registry.champion(&of_churn()).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn of_many_versions_the_newest_are_told_and_the_one_that_answers() {
    let (_, registry) = registry();
    registry.publish(trained()).unwrap();
    let one = registry.versions(&of_churn()).unwrap().remove(0);
    let versions = |champion: usize| {
        let version = |n: usize| crate::Version {
            version: ModelVersion::from(n.to_string()),
            is_champion: n == champion,
            ..one.clone()
        };
        (0..5).map(version).collect::<Vec<_>>()
    };
    for (champion, n_max, told) in [(9, 2, "0 1"), (0, 2, "0 1"), (4, 2, "0 1 4"), (4, 0, "4"), (4, 9, "0 1 2 3 4")] {
        let versions = versions(champion);
        let found: Vec<&str> = crate::newest_versions(&versions, n_max).map(|known| known.version.as_str()).collect();
        assert_eq!(found.join(" "), told, "{n_max} and {champion}");
    }
}

#[test]
fn a_model_worse_than_a_baseline_is_kept_and_does_not_answer() {
    let (store, registry) = registry();
    let mut worse = trained().clone();
    let strongest = worse.header.evaluation.baselines.values().map(|m| m["log_loss"]).fold(f64::INFINITY, f64::min);
    worse.header.evaluation.metrics.insert("log_loss".to_owned(), strongest * 1.021);
    let published = registry.publish(&worse).unwrap();
    assert!(
        !published.is_champion && published.reason.contains("this model does not answer: its log loss of"),
        "{}",
        published.reason
    );
    assert!(registry.champion(&of_churn()).unwrap().is_none());
    assert_eq!(store.list().unwrap().len(), 1);
    // A person may decide otherwise.
    registry.promote(&of_churn(), &published.version).unwrap();
    assert!(registry.champion(&of_churn()).unwrap().is_some());
}

#[test]
fn a_score_is_its_bias_and_its_contributions() {
    let Body::Binary(model) = &world::trained(&of_churn()).body else { panic!("not a churn model") };
    for customer in dataset().customers().iter().take(40) {
        let mut values = Vec::new();
        catalogue().all().read(&customer.get().state.state_at(now()), now(), &mut values);
        let scored = model.score(&values).unwrap();
        let sum: f64 = scored.contributions.iter().map(|contribution| contribution.contribution).sum();
        assert!((scored.bias + sum - scored.log_odds).abs() < 1e-9);
        assert!(scored.contributions.is_sorted_by(|a, b| a.contribution.abs() >= b.contribution.abs()));
        assert_eq!(scored.probability, model.probability(&values).unwrap());
        values.pop();
        assert_eq!(model.score(&values).unwrap_err().kind(), ErrorKind::Invalid);
    }
}

/// What people and trainings do to a registry.
#[derive(Debug, Clone)]
enum Deed {
    /// A training ends. Whether the champion was met before, or the version of this place by then.
    Publish(i64, Option<usize>),
    Promote(usize),
    RollBack,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        3 => (0_i64..6, proptest::option::weighted(0.3, 0_usize..6)).prop_map(|(day, met)| Deed::Publish(day, met)),
        1 => (0_usize..6).prop_map(Deed::Promote),
        1 => Just(Deed::RollBack),
    ];
    proptest::collection::vec(deed, 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_version_is_lost_and_the_champion_is_who_was_crowned_last(deeds in deeds()) {
        let (store, registry) = registry();
        let mut published: Vec<ModelVersion> = Vec::new();
        let mut reigns: Vec<ModelVersion> = Vec::new();
        for deed in deeds {
            match deed {
                Deed::Publish(day, met) => {
                    let met = met.map_or_else(|| reigns.last().cloned(), |place| published.get(place).cloned());
                    let trained = met.as_ref().map_or_else(|| trained().clone(), |met| successor_of(met, day));
                    let done = registry.publish(&trained).unwrap();
                    // Whoever was not compared with the one that answers does not take its place.
                    let answers = reigns.last() == Some(&done.version);
                    prop_assert_eq!(done.is_champion, reigns.last() == met.as_ref() || answers);
                    if !published.contains(&done.version) {
                        published.push(done.version.clone());
                    }
                    if done.is_champion && !answers {
                        reigns.push(done.version);
                    }
                }
                Deed::Promote(place) => {
                    let Some(version) = published.get(place) else { continue };
                    registry.promote(&of_churn(), version).unwrap();
                    if reigns.last() != Some(version) {
                        reigns.push(version.clone());
                    }
                }
                Deed::RollBack => match registry.roll_back(&of_churn()) {
                    Ok(version) => {
                        reigns.pop();
                        prop_assert_eq!(reigns.last(), Some(&version));
                    }
                    Err(error) => prop_assert!(reigns.len() < 2 && error.kind() == ErrorKind::Conflict),
                },
            }
            prop_assert_eq!(registry.champion_version(&of_churn()).unwrap(), reigns.last().cloned());
            let met = registry.reigning(&of_churn()).unwrap();
            prop_assert_eq!(met.as_ref().map(|met| &met.version), reigns.last());
            for registry in [&registry, &Registry::new(store.clone(), catalogue().clone())] {
                let versions = registry.versions(&of_churn()).unwrap();
                prop_assert_eq!(versions.len(), published.len());
                prop_assert!(versions.is_sorted_by(|a, b| a.header.trained_at >= b.header.trained_at));
                prop_assert!(versions.iter().all(|v| v.is_champion == (Some(&v.version) == reigns.last())));
                prop_assert!(published.iter().all(|version| registry.load(&of_churn(), version).is_ok()));
            }
        }
    }
}
