//! Is it said which model cannot answer and why, where there is one, and again when the decision is made again?

use super::shop::{
    Shop, decided, every_kind, knowledge, known, loaded, models, question, recommender, refused, replay, trained,
    unknown,
};
use crate::{Models, Record};
use learning::Body;

const WHY: &str = "The model 1f2e cannot be used, since its file is damaged";

/// What a replay has: the models that the record names, and what it says of those that could not answer.
fn named_by(record: &Record, there: &Models) -> Models {
    let mut models = Models::default();
    for task in record.models().keys() {
        models.put(there.get(task).unwrap().as_ref().clone());
    }
    record.unusable().iter().for_each(|(task, why)| models.set_aside(task.clone(), why.clone()));
    models
}

#[test]
fn a_model_that_cannot_answer_is_not_called_untrained() {
    for kind in every_kind().iter().filter(|kind| !kind.about().tasks.is_empty()) {
        let name = kind.about().name.as_str();
        let task = kind.about().tasks[0].clone();
        let mut there = models(true);
        there.set_aside(task.clone(), WHY.to_owned());
        let mut buyer = knowledge(&[(0, 3.0)], true);
        buyer.inputs.remove(&task);
        let buyer = known(buyer);
        for (subject, is_known) in [(buyer, true), (refused(), false), (unknown(true), false)] {
            let (answer, record) = decided(&question(name, 3), &subject, &there, &Shop::full());
            let said = answer.fallback.clone().unwrap();
            assert!(said.starts_with(WHY) || !is_known, "{name}: {said}");
            assert!(!said.contains("has been trained"), "{name}: {said}");
            assert_eq!(answer.model, None);
            let record = super::reopened(&record);
            assert_eq!(record.unusable().len(), 1);
            assert_eq!(replay(&record, &named_by(&record, &there)).unwrap(), answer, "{name}");
            let forgotten = super::reopened(&record.forget());
            assert_eq!(forgotten.unusable().len(), 1, "that says nothing of a customer");
        }
        // Another model takes its place, or the same one is well again.
        let (answer, record) = decided(&question(name, 3), &refused(), &models(true), &Shop::full());
        assert!(!answer.fallback.unwrap().contains("cannot be used"));
        assert!(record.unusable().is_empty());
    }
    let mut there = models(true);
    there.set_aside("churn".into(), WHY.to_owned());
    assert!(there.get(&"churn".into()).is_none() && there.why_unusable(&"recommend".into()).is_none());
    there.put(super::shop::of_churn("c2"));
    assert!(there.get(&"churn".into()).is_some() && there.why_unusable(&"churn".into()).is_none());
}

#[test]
fn what_another_task_lacks_is_not_recorded() {
    let mut there = models(true);
    there.set_aside("value".into(), WHY.to_owned());
    let (answer, record) = decided(&question("churn", 1), &refused(), &there, &Shop::full());
    assert!(record.unusable().is_empty() && !answer.fallback.unwrap().contains(WHY));
}

#[test]
fn a_model_of_another_shape_is_named_with_it() {
    for (kind, body, shape) in [
        ("churn", Body::Ranker(recommender()), "ranker"),
        ("recommend", trained().body.clone(), "binary"),
        ("value", trained().body.clone(), "binary"),
        ("segments", trained().body.clone(), "binary"),
    ] {
        let mut there = Models::default();
        let mut header = trained().header.clone();
        header.task = kind.into();
        there.put(loaded("odd", header, body));
        let said =
            format!("The {kind} model odd cannot be used, since it has the shape \"{shape}\", and another is needed");
        let mut buyer = knowledge(&[(0, 3.0)], true);
        let (_, mut inputs) = buyer.inputs.pop_first().unwrap();
        inputs.version = "odd".into();
        buyer.inputs.insert(kind.into(), inputs);
        for subject in [known(buyer), refused()] {
            let (answer, record) = decided(&question(kind, 1), &subject, &there, &Shop::full());
            let fallback = answer.fallback.clone().unwrap();
            let says_so = fallback.starts_with(&said);
            assert!(says_so || fallback.starts_with("The customer refused personalization"), "{kind}: {fallback}");
            assert_eq!(replay(&record, &named_by(&record, &there)).unwrap(), answer, "{kind}");
        }
    }
}
