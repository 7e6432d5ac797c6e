//! Is an outcome of the settings learned like a built-in one, and is it said what is missing?

use super::world::{catalogue, day, numbered, order, seed};
use crate::outcome::OnDataset;
use crate::tasks::asked::{Rows, count};
use crate::{
    Among, Binary, Contest, Data, Dataset, Evaluation, Label, LearningError, Loaded, Outcome, Reigning, Task, Trained,
    What,
};
use events::{Call, Event, Filter};
use features::Catalogue;
use features::{Inputs, Trace, TraceReads};
use governance::ConsentPolicy;
use primitives::{Timestamp, stable_hash};
use serde_json::json;

const N_CUSTOMERS: u64 = 240;
const N_DAYS: i64 = 120;

/// Who looks for help twice within a week needs a tutorial in the next: the others do so now and then.
fn history() -> Vec<Event> {
    let track = |customer: u64, event: &str, kind: &str, at: i64, n: u64| {
        let base = order(&format!("c{customer}"), &format!("{event}{n}"), day(at), day(at));
        let properties = json!({ "kind": kind }).as_object().unwrap().clone();
        Event { call: Call::Track { event: event.to_owned(), properties: properties.into() }, ..base }
    };
    let mut events = Vec::new();
    for customer in 0..N_CUSTOMERS {
        let is_lost = customer % 3 == 0;
        for at in 0..N_DAYS {
            let chance = stable_hash(&format!("{customer} {at}")) % 100;
            if chance < 20 {
                events.push(track(customer, "Signed In", "web", at, 0));
            }
            if is_lost && chance % 10 < 3 {
                events.push(track(customer, "Error Shown", "form", at, 1));
            }
            if (is_lost && chance % 50 < 4) || chance == 77 {
                events.push(track(customer, "Help Opened", "tutorial", at, 2));
            }
        }
    }
    events
}

fn outcome(event: &str, kind: &str) -> Outcome {
    let mut filter = Filter::named(event);
    filter.equal.push(("properties.kind".parse().unwrap(), json!(kind)));
    Outcome {
        name: "needs_help".into(),
        title: "Needs a tutorial".to_owned(),
        question: "Will the tutorial be opened within 14 days?".to_owned(),
        among: Among::lately(What::Event(Filter::named("Signed In")), 30),
        label: Label::Did(What::Event(filter)),
        window_days: 14,
        is_risk: false,
    }
}

fn evaluated(outcome: Outcome) -> Result<Evaluation, LearningError> {
    let asked: Vec<_> = outcome.among.cells().collect();
    let task = Binary::new(outcome);
    let told = super::world::Told(numbered(history()));
    let reads = TraceReads::new(task.watches()).keeping(asked);
    let dataset = Dataset::load(&told, &ConsentPolicy::default(), reads, &mut |_| {}).unwrap();
    crate::evaluate(&task, &Data { dataset: &dataset, catalogue: catalogue(), now: day(N_DAYS), seed: seed() })
}

#[test]
fn what_the_settings_ask_is_learned_without_a_line_of_code() {
    let found = evaluated(outcome("Help Opened", "tutorial")).unwrap();
    assert!(found.n_test > 200 && found.n_train > 500, "{found:?}");
    assert!((0.3..0.7).contains(&found.base_rate.unwrap()), "{found:?}");
    let constant = &found.baselines["constant"];
    assert!(found.metrics["auc"] > 0.7 && found.metrics["log_loss"] < constant["log_loss"], "{found:?}");
    assert!(found.gains["constant"].is_gain() && found.warnings.is_empty(), "{found:?}");
}

/// Everybody does something every third day; only what it is differs, and no built-in feature knows that.
fn all_alike_but_for_what() -> Vec<Event> {
    let mut events = Vec::new();
    for customer in 0..N_CUSTOMERS {
        for at in (0..N_DAYS).filter(|at| (at + customer.cast_signed()) % 3 == 0) {
            let chance = stable_hash(&format!("{customer} opens {at}")) % 100;
            let event = match chance {
                _ if chance < 8 * (customer % 4) => "Help Opened",
                90.. => "Signed In",
                _ => "Seen",
            };
            let base = order(&format!("c{customer}"), event, day(at), day(at));
            let properties = json!({ "kind": "tutorial" }).as_object().unwrap().clone();
            events.push(Event { call: Call::Track { event: event.to_owned(), properties: properties.into() }, ..base });
        }
    }
    events
}

#[test]
fn an_outcome_is_foretold_from_how_often_and_how_lately_it_happened_before() {
    let asked = outcome("Help Opened", "tutorial");
    let catalogue = std::sync::Arc::new(crate::catalogue(&[], std::slice::from_ref(&asked)).unwrap());
    let own: Vec<String> = asked.features().into_iter().map(|feature| feature.name).collect();
    let expected = ["needs_help_times_14d", "needs_help_times_56d", "needs_help_days_since", "needs_help_asked_days"];
    assert_eq!(own, expected);
    let task = Binary::new(asked);
    let told = super::world::Told(numbered(all_alike_but_for_what()));
    let reads = TraceReads::new(task.watches()).for_features(&catalogue);
    let dataset = Dataset::load(&told, &ConsentPolicy::default(), reads, &mut |_| {}).unwrap();
    let evaluated = |catalogue| {
        crate::evaluate(&task, &Data { dataset: &dataset, catalogue, now: day(N_DAYS), seed: seed() }).unwrap().metrics
    };
    let (without, with) = (evaluated(super::world::catalogue()), evaluated(&catalogue));
    assert!(with["auc"] > without["auc"] + 0.1, "{with:?} with them, {without:?} without");
    assert!(with["log_loss"] < without["log_loss"], "{with:?} with them, {without:?} without");
    let model = crate::train(&task, &Data { dataset: &dataset, catalogue: &catalogue, now: day(N_DAYS), seed: seed() });
    let header = model.unwrap().header;
    assert!(
        own.iter().all(|name| header.features.iter().any(|id| &*id.name == name.as_str())),
        "{:?}",
        header.features
    );
    // A model keeps what it looks at, so that it answers alike when the outcome is asked no longer.
    assert_eq!(Catalogue::of_model(&header.declared).inputs(&header.features).unwrap().len(), header.features.len());
}

#[test]
fn what_comes_along_gives_way_to_what_was_declared_and_is_bounded_in_its_name() {
    let of = |name: &str, window_days| Outcome { name: name.into(), window_days, ..outcome("Help Opened", "tutorial") };
    let long = of(&"n".repeat(64), 365);
    let names: Vec<String> = long.features().into_iter().map(|feature| feature.name).collect();
    assert!(names.len() == 3 && names.iter().all(|name| name.len() <= 64), "no longer window than a year: {names:?}");
    assert_eq!(of("ab", 91).features()[1].name, "ab_times_364d");
    assert_eq!(of("ab", 92).features()[1].name, "ab_times_365d");
    let name = |outcome: &str| of(outcome, 30).features().remove(0).name;
    let names = [name("a-b"), name("a_b"), name(&"n".repeat(64)), name(&"n".repeat(63)), name(&"n".repeat(40))];
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len(), "{names:?}");
    assert_eq!(name(&"n".repeat(40)), format!("{}_times_30d", "n".repeat(40)));
    let mut taken = of("mine", 30).features().remove(0);
    taken.meaning = "Something else".to_owned();
    let catalogue = crate::catalogue(std::slice::from_ref(&taken), &[of("mine", 30)]).unwrap();
    let found: Vec<_> = catalogue.definitions().iter().filter(|one| one.name == taken.name).collect();
    assert!(found.len() == 1 && found[0].meaning == taken.meaning && found[0].group == "Your own");
    assert_eq!(catalogue.get("mine_days_since").unwrap().group, "Of your outcomes");
    let amount: events::Take = serde_json::from_value(json!("properties.amount")).unwrap();
    let summed = Outcome { label: Label::Sum(long.label.what().clone(), amount), ..of("mine", 30) };
    let sums: Vec<_> =
        summed.features().into_iter().filter(|one| one.of.is_some()).map(|one| (one.name, one.meaning)).collect();
    assert_eq!(sums.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["mine_sum_30d", "mine_sum_120d"]);
    assert!(
        sums[0].1.starts_with("What the amount of \"Help Opened\"")
            && sums[0].1.contains(" came to ")
            && sums[0].1.ends_with("in the last 30 days")
    );
    let of_purchases = Outcome { label: Label::Did(What::Purchase), among: Among::Everyone, ..of("buys", 30) };
    assert!(of_purchases.features().is_empty());
    // Every one of them could have been declared: a model's header keeps them as if they had been.
    for feature in long.features() {
        assert_eq!(features::Declared::from_table(&feature.to_table()).unwrap(), feature);
    }
}

#[test]
fn what_another_outcome_brings_along_matters_to_no_model() {
    let of = |n: usize| Outcome { name: format!("q{n}").as_str().into(), ..outcome("Help Opened", "tutorial") };
    let many: Vec<Outcome> = (0..50).map(of).collect();
    let (all, one) = (crate::catalogue(&[], &many).unwrap(), crate::catalogue(&[], &many[7..8]).unwrap());
    let ids = |catalogue: &Catalogue, task: &str| catalogue.inputs_of(task).ids();
    assert_eq!(ids(&all, "q7"), ids(&one, "q7"), "a model looks at its own alone");
    assert_eq!(ids(&all, "churn"), Catalogue::built_in().all().ids());
    // However many there are, a model that names all of them opens.
    let declared = all.declared(&all.all().ids());
    assert!(declared.len() == 200, "{}", declared.len());
    assert_eq!(Catalogue::of_model(&declared).inputs(&all.all().ids()).unwrap().len(), all.all().len());
}

/// What is never done by some, and by the others the oftener the shorter it is ago.
#[test]
fn the_simple_answer_knows_the_days_since_the_very_thing_and_who_never_did() {
    let asked = outcome("Help Opened", "tutorial");
    let catalogue = std::sync::Arc::new(crate::catalogue(&[], std::slice::from_ref(&asked)).unwrap());
    let task = Binary::new(asked);
    let told = super::world::Told(numbered(all_alike_but_for_what()));
    let reads = TraceReads::new(task.watches()).for_features(&catalogue);
    let dataset = Dataset::load(&told, &ConsentPolicy::default(), reads, &mut |_| {}).unwrap();
    let data = |catalogue| Data { dataset: &dataset, catalogue, now: day(N_DAYS), seed: seed() };
    let recency = |catalogue| crate::evaluate(&task, &data(catalogue)).unwrap().baselines["recency"]["auc"];
    let (of_anything, of_this) = (recency(super::world::catalogue()), recency(&catalogue));
    assert!(of_this > of_anything + 0.1 && of_this > 0.65, "{of_this} and {of_anything}");
}

#[test]
fn events_that_never_came_in_are_named_with_those_that_were_meant() {
    for (event, kind, said) in [
        ("Help Opend", "tutorial", "did you mean \"Help Opened\"?"),
        ("Help Opened", "tutorail", "none with these values"),
        ("Plan Changed", "upgrade", "send it, or check its name"),
    ] {
        let error = evaluated(outcome(event, kind)).unwrap_err();
        let LearningError::NotReady { missing, .. } = &error else { panic!("{error}") };
        let about = missing.iter().find(|need| need.what.contains(event)).unwrap();
        assert!(about.how.contains(said), "{}", about.how);
    }
}

fn data(dataset: &Dataset) -> Data<'_> {
    Data { dataset, catalogue: catalogue(), now: day(N_DAYS), seed: seed() }
}

fn told(task: &Binary, events: Vec<Event>) -> Dataset {
    let told = super::world::Told(numbered(events));
    let reads = TraceReads::new(task.watches()).keeping(outcome("Help Opened", "tutorial").among.cells());
    Dataset::load(&told, &ConsentPolicy::default(), reads, &mut |_| {}).unwrap()
}

#[test]
fn a_model_of_a_declaration_that_was_changed_is_no_match_for_the_new_one() {
    let asked = outcome("Help Opened", "tutorial");
    let turned = Outcome { label: Label::DidNot(asked.label.what().clone()), ..asked.clone() };
    let renamed = Outcome { title: "Help wanted".to_owned(), ..asked.clone() };
    let task = Binary::new(asked);
    let dataset = told(&task, history());
    let Trained { header, body } = crate::train(&task, &data(&dataset)).unwrap();
    let inputs = catalogue().inputs(&header.features).unwrap();
    let model = Loaded { version: "0123456789ab".into(), header, catalogue: catalogue().clone(), inputs, body };
    let reigning = Reigning { version: model.version.clone(), model: Ok(Box::new(model)), n_refused: 0 };
    let contest = |outcome| {
        let task = Binary::new(outcome);
        crate::challenge(&task, &data(&dataset), Some(&reigning)).unwrap().header.contest.unwrap()
    };
    assert!(matches!(contest(turned), Contest::Unfit { fault, .. } if fault.contains("another question")));
    assert!(!matches!(contest(renamed), Contest::Unfit { .. }), "what it is called does not matter");
}

#[test]
fn what_was_not_told_of_yet_did_not_fail_to_happen() {
    let task = Binary::new(outcome("Help Opened", "tutorial"));
    let is_early = |event: &Event| event.title() == "Help Opened" && event.occurred_at < day(70);
    let dataset = told(&task, history().into_iter().filter(|event| !is_early(event)).collect());
    let split = task.split(&data(&dataset)).unwrap();
    assert!(split.train_as_ofs.iter().all(|as_of| *as_of >= day(70)), "{split:?}");
    let short = |event: &Event| event.title() != "Help Opened" || event.occurred_at > day(110);
    let dataset = told(&task, history().into_iter().filter(short).collect());
    assert!(task.split(&data(&dataset)).is_none(), "ten days are no window to learn from and one to be judged on");
}

#[test]
fn what_is_counted_is_what_the_rows_would_be() {
    let asked = outcome("Help Opened", "tutorial");
    let turned = Outcome { label: Label::DidNot(asked.label.what().clone()), ..asked.clone() };
    let everyone = Outcome { among: Among::Everyone, ..asked.clone() };
    for outcome in [asked, turned, everyone] {
        let task = Binary::new(outcome.clone());
        let dataset = told(&task, history());
        let data = data(&dataset);
        let split = task.split(&data).unwrap();
        let of = |as_ofs: &[Timestamp]| {
            let label =
                |asked: &OnDataset<'_>, trace: &Trace, as_of| f64::from(u8::from(asked.came_true(trace, as_of)));
            let rows = Rows::of(&data, &outcome, &Inputs::default(), as_ofs, label);
            let n_true = rows.labels.iter().filter(|label| **label > 0.5).count();
            (n_true as u64, (rows.len() - n_true) as u64)
        };
        let counted = count(&data, &outcome, &split.train_as_ofs, split.test_from);
        assert_eq!(counted, [of(&split.train_as_ofs), of(&[split.test_from])]);
        assert!(
            counted.iter().all(|(n_true, n_false)| *n_true > 0 && *n_false > 0 && n_true != n_false),
            "{counted:?}"
        );
    }
}

#[test]
fn nobody_who_is_learned_from_has_a_timeline() {
    let dataset = told(&Binary::new(outcome("Help Opened", "tutorial")), history());
    assert!(dataset.customers().iter().all(|customer| customer.get().profile.moments.as_slice().is_empty()));
    assert!(dataset.customers().iter().all(|customer| customer.get().profile.n_events > 1));
}

#[test]
fn whoever_never_bought_can_be_asked_about_purchases() {
    let asked = Outcome {
        among: Among::Everyone,
        label: Label::Did(What::Purchase),
        window_days: 7,
        ..outcome("Help Opened", "tutorial")
    };
    let task = Binary::new(asked);
    let buys = |customer: u64, at: i64| stable_hash(&format!("buys {customer} {at}")).is_multiple_of(12);
    let orders = (0..N_CUSTOMERS).filter(|customer| customer % 2 == 0).flat_map(|customer| {
        let days = (0..N_DAYS).filter(move |at| buys(customer, *at));
        days.map(move |at| order(&format!("c{customer}"), "tea", day(at), day(at)))
    });
    let dataset = told(&task, history().into_iter().chain(orders).collect());
    let found = crate::evaluate(&task, &data(&dataset)).unwrap();
    assert!(found.metrics["auc"] > 0.7 && found.baselines["recency"]["log_loss"].is_finite(), "{found:?}");
    assert_eq!(found.baseline_title("recency"), "days since the last time");
    assert!(task.about().of_everybody);
}

#[test]
fn what_is_dated_in_the_future_is_no_answer_and_no_day_of_history() {
    let task = Binary::new(outcome("Help Opened", "tutorial"));
    let now = day(N_DAYS);
    let honest = told(&task, history());
    let expected = crate::evaluate(&task, &data(&honest)).unwrap();
    // Everybody is told to open it, and to sign in, long after the present.
    let future = (0..N_CUSTOMERS).flat_map(|customer| {
        [("Help Opened", "tutorial"), ("Signed In", "web")].map(|(event, kind)| {
            let base = order(&format!("c{customer}"), &format!("{event} soon"), day(N_DAYS + 10), now);
            let properties = json!({ "kind": kind }).as_object().unwrap().clone();
            Event { call: Call::Track { event: event.to_owned(), properties: properties.into() }, ..base }
        })
    });
    let dataset = told(&task, history().into_iter().chain(future).collect());
    let found = crate::evaluate(&task, &data(&dataset)).unwrap();
    assert_eq!((&found.split, found.base_rate, found.n_test), (&expected.split, expected.base_rate, expected.n_test));
    assert!(found.split.test_until <= now);
}

#[test]
fn one_answer_for_all_is_nothing_to_learn_and_it_is_said_which_is_missing() {
    for (is_kept, missing_one) in [(true, "it did not"), (false, "it came true")] {
        // Everybody opens it every day, or nobody but one.
        let asked = outcome("Help Opened", "tutorial");
        let task = Binary::new(asked);
        let opened = (0..N_CUSTOMERS).filter(|customer| is_kept || *customer == 0).flat_map(|customer| {
            (0..N_DAYS).map(move |at| {
                let base = order(&format!("c{customer}"), &format!("help {at}"), day(at), day(at));
                let properties = json!({ "kind": "tutorial" }).as_object().unwrap().clone();
                Event { call: Call::Track { event: "Help Opened".to_owned(), properties: properties.into() }, ..base }
            })
        });
        let rest = history().into_iter().filter(|event| event.title() == "Signed In");
        let dataset = told(&task, rest.chain(opened).collect());
        let error = crate::evaluate(&task, &data(&dataset)).unwrap_err();
        let LearningError::NotReady { missing, .. } = &error else { panic!("{error}") };
        assert!(missing.iter().all(|need| need.what.contains(missing_one) && need.have < 20), "{error}");
        assert!(!missing.is_empty());
    }
}

#[test]
fn columns_that_say_nothing_or_are_missing_change_no_answer() {
    let constant = json!({"name": "always", "meaning": "A", "measure": "count", "when": {"event": "Never"}});
    let unknown = json!({
        "name": "never", "meaning": "N", "measure": "mean", "of": "properties.x", "when": {"event": "Never"},
    });
    let declared = [constant, unknown].map(|table| serde_json::from_value::<features::Declared>(table).unwrap());
    let wider = features::Catalogue::new(&declared).unwrap();
    let task = Binary::new(outcome("Help Opened", "tutorial"));
    let dataset = told(&task, history());
    let narrow = crate::evaluate(&task, &data(&dataset)).unwrap();
    let wide = crate::evaluate(&task, &Data { catalogue: &wider, ..data(&dataset) }).unwrap();
    assert_eq!(wide, narrow);
}
