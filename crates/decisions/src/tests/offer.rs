//! Is what is offered worth more than it costs, within its budget, and for whom it changes something?

use super::shop::{NOW, catalogue, decided_by, known, question};
use crate::filter::Names;
use crate::{
    Act, Action, Actions, Answer, Arbitration, Cap, ContactPolicy, Contacted, Content, ItemFacts, Kind, Knowledge,
    ModelInputs, Models, Offer, Per, Priced, Question, Reached, Record, Repertoire, Sales, Subject, World,
};
use learning::{Data, Dataset, Doable, Loaded, PolicySettings, Rewarded, Round, RoundLog, train};
use primitives::{DAY_MS, HOUR_MS, ItemKey, ModelVersion, Seed, Timestamp};
use rand::RngExt as _;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// A world that knows what is left of budgets, and what customers were answered.
#[derive(Default)]
struct Till {
    priced: BTreeMap<&'static str, Priced>,
    contacts: Vec<Contacted>,
}

impl World for Till {
    fn is_available(&self, _: ItemKey) -> bool {
        true
    }

    fn facts(&self, _: ItemKey) -> Option<ItemFacts> {
        None
    }

    fn popular(&self, _: usize) -> Vec<(ItemKey, Sales)> {
        Vec::new()
    }

    fn reached(&self) -> Reached {
        Reached { contacts: self.contacts.clone(), permits_marketing: true, ..Reached::default() }
    }

    fn shadow_price(&self, offer: &str) -> Option<Priced> {
        self.priced.get(offer).copied()
    }
}

fn till(priced: &[(&'static str, Option<f64>, f64)]) -> Till {
    let priced = priced.iter().map(|(name, left, price)| (*name, Priced { left: *left, price: *price }));
    Till { priced: priced.collect(), ..Till::default() }
}

fn offer(table: &Value) -> Result<Offer, events::declared::Mistake> {
    Offer::from_table(table.as_object().unwrap())
}

fn offers(tables: &[Value]) -> Vec<Offer> {
    tables.iter().map(|table| offer(table).unwrap()).collect()
}

fn of(tables: &[Value]) -> Act {
    let features = ["orders_365d".to_owned(), "order_value_mean".to_owned()].into();
    Act::new(Repertoire::offers(&offers(tables)), Arbitration::default(), &[learning::churn()], &features, &[])
}

fn asked(n: u64, context: &Value) -> Question {
    let parameters = [("n".to_owned(), n.into())].into();
    let context = context.as_object().unwrap().clone().into_iter().collect();
    Question { kind: "offer".into(), customer: "user:1".into(), parameters, context, ..question("churn", 1) }
}

fn customer(features: &[(&str, f64)]) -> Subject {
    let features = features.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let inputs = [("uplift".into(), ModelInputs { version: "u1".into(), values: Vec::new() })].into();
    known(Knowledge { features, inputs, ..Knowledge::default() })
}

fn answered(
    act: &Act,
    question: &Question,
    subject: &Subject,
    (models, world): (&Models, &Till),
) -> (Answer, Actions, Record) {
    let (answer, record) = decided_by(act, question, subject, models, world);
    let again = crate::replay(act, catalogue(), &super::reopened(&record), models).unwrap();
    assert_eq!(again, answer, "a replay says the same, whatever budgets are now");
    match answer.content.clone() {
        Content::Actions(actions) => (answer, *actions, record),
        other => panic!("offers were asked for: {other:?}"),
    }
}

fn left_out(actions: &Actions) -> BTreeMap<&str, &str> {
    let each = actions.left_out.iter().flat_map(|(rule, names)| names.iter().map(move |name| (&**name, &**rule)));
    each.collect()
}

#[test]
fn what_is_declared_is_read_and_written_alike_and_contradictions_are_told() {
    let full = json!({
        "name": "ten", "title": "Ten", "group": "checkout", "value": 24.0, "prior": 0.08, "weight": 1.0, "discount": 0.1,
        "budget": {"amount": 500.0, "days": 7}, "keeps": true
    });
    assert_eq!(Value::from(offer(&full).unwrap().to_table()), full);
    assert!(Action::from_table(full.as_object().unwrap()).unwrap_err().to_string().contains("there is no such key"));
    for (table, said) in [
        (json!({"name": "a", "value": 1, "discount": 2}), "discount is 2: write a number from 0 to 1"),
        (json!({"name": "a", "value": 1, "discount": 0.1, "costs": 2}), "leave out discount or costs"),
        (json!({"name": "a", "value": 1, "costs": -1}), "costs is -1"),
        (
            json!({"name": "a", "value": 1, "costs": 1, "budget": 5}),
            "budget is 5: write how much and within how many days",
        ),
        (json!({"name": "a", "value": 1, "costs": 1, "budget": {"amount": 5}}), "budget.days is missing"),
        (json!({"name": "a", "value": 1, "costs": 1, "budget": {"days": 5}}), "budget.amount is missing"),
        (json!({"name": "a", "value": 1, "costs": 1, "budget": {"amount": 5, "day": 1}}), "budget.day"),
        (
            json!({"name": "a", "value": 1, "costs": 9, "budget": {"amount": 5, "days": 1}}),
            "more than the whole budget",
        ),
        (json!({"name": "a", "value": 1, "budget": {"amount": 5, "days": 1}}), "it costs nothing"),
        (json!({"name": "a", "nothing": true, "costs": 1}), "to offer nothing costs nothing"),
        (
            json!({"name": "a", "value": 1, "mandatory": true, "costs": 1, "budget": {"amount": 5, "days": 1}}),
            "to everybody",
        ),
        (json!({"name": "a", "value": 1, "keeps": 1}), "keeps is 1: write true or false"),
        (json!({"name": "a", "value": 1, "disount": 1}), "discount"),
    ] {
        let error = offer(&table).unwrap_err().to_string();
        assert!(error.starts_with("offer \"a\"") && error.contains(said), "{said}: {error}");
    }
    let all = offers(&[json!({"name": "a", "value": 1})]);
    assert_eq!(Offer::check(&all, &[], &Names::default()), Ok(()));
    let action = Action::from_table(json!({"name": "a", "value": 1}).as_object().unwrap()).unwrap();
    let error = Offer::check(&all, &[action], &Names::default()).unwrap_err().to_string();
    assert!(error.contains("there is an action and an offer of this name"), "{error}");
    assert!(
        offer(&json!({"name": "allocate", "value": 1})).unwrap_err().to_string().contains("a path of the interface")
    );
    let twice = [all[0].clone(), all[0].clone()];
    assert!(Offer::check(&twice, &[], &Names::default()).unwrap_err().to_string().contains("an offer of this name"));
    let act = of(&[json!({"name": "a", "value": 1, "costs": 0.5})]);
    let again = act.declaration().unwrap().kind().unwrap();
    assert_eq!((&again.about().name, again.declaration()), (&act.about().name, act.declaration()));
}

#[test]
fn offers_are_read_as_they_were_kept_before_both_lists_had_one_shape() {
    let act = of(&[json!({"name": "a", "value": 1, "costs": 0.5})]);
    let now = act.declaration().unwrap();
    let words = now.words.replace("\"offers\":{\"actions\":", "\"offers\":{\"offers\":");
    assert_ne!(words, now.words);
    let before = crate::Declaration { digest: crate::digest::digest(&words), words };
    assert_eq!(before.kind().unwrap().declaration(), Some(now));
}

#[test]
fn a_discount_costs_a_share_of_what_is_bought_or_usually_is() {
    let act = of(&[json!({"name": "ten", "value": 20, "prior": 0.5, "discount": 0.1, "cost": 1, "weight": 2})]);
    let accepted = |context: Value, features: &[(&str, f64)]| {
        let (_, actions, _) =
            answered(&act, &asked(1, &context), &customer(features), (&Models::default(), &Till::default()));
        let rule = left_out(&actions).get("ten").map(|rule| (*rule).to_owned());
        actions.chosen.first().map(|one| (one.factors.unwrap().accepted, one.priority)).ok_or(rule.unwrap_or_default())
    };
    let near = |found: Result<(f64, f64), String>, expected: (f64, f64)| {
        let found = found.unwrap();
        assert!((found.0 - expected.0).abs() < 1e-12 && (found.1 - expected.1).abs() < 1e-12, "{found:?}");
    };
    // (0.5 * (20 - 8) - 1) * 2
    near(accepted(json!({"value": 80}), &[("order_value_mean", 30.0)]), (8.0, 10.0));
    near(accepted(json!({}), &[("order_value_mean", 30.0)]), (3.0, 15.0));
    // What the company told goes before what anybody did, and where it told nothing nobody knows.
    let mean = ("order_value_mean", 30.0);
    near(accepted(json!({}), &[mean, ("order_value_told", 80.0)]), (8.0, 10.0));
    near(accepted(json!({"value": 30}), &[mean, ("order_value_told", 80.0)]), (3.0, 15.0));
    assert_eq!(accepted(json!({}), &[mean, ("order_value_told", f64::NAN)]), Err("costs: not known".to_owned()));
    assert_eq!(accepted(json!({}), &[]), Err("costs: not known".to_owned()));
    assert_eq!(accepted(json!({"value": 800}), &[]), Err("value".to_owned()), "it costs more than it earns");
}

#[test]
fn an_offer_is_given_within_its_budget_and_where_it_brings_more_than_elsewhere() {
    let act = of(&[
        json!({"name": "spent", "value": 9, "prior": 0.5, "costs": 4, "budget": {"amount": 50, "days": 7}}),
        json!({"name": "unread", "value": 9, "prior": 0.5, "costs": 4, "budget": {"amount": 50, "days": 7}}),
        json!({"name": "dear", "value": 9, "prior": 0.5, "costs": 4, "budget": {"amount": 50, "days": 7}}),
        json!({"name": "had", "value": 9, "prior": 0.5, "costs": 4, "budget": {"amount": 50, "days": 7}}),
        json!({"name": "open", "value": 9, "prior": 0.5, "costs": 4, "budget": {"amount": 50, "days": 7}}),
        json!({"name": "poor", "value": 3, "prior": 0.5, "costs": 4, "budget": {"amount": 50, "days": 7}}),
    ]);
    // Each is expected to cost 2, and brings 2.5 beside that.
    let till = till(&[
        ("spent", Some(1.99), 0.0),
        ("dear", Some(50.0), 1.3),
        ("had", None, 0.5),
        ("open", Some(2.0), 0.5),
        ("poor", Some(50.0), 0.0),
    ]);
    let (_, actions, record) = answered(&act, &asked(9, &json!({})), &customer(&[]), (&Models::default(), &till));
    let expected = [("spent", "budget"), ("unread", "budget: not known"), ("dear", "budget"), ("poor", "value")].into();
    assert_eq!(left_out(&actions), expected);
    assert!(actions.chosen.iter().all(|one| (one.priority - 1.5).abs() < 1e-12), "2.5 - 0.5 * 2: {actions:?}");
    assert!(actions.chosen.iter().all(|one| (one.factors.unwrap().shadow_price - 0.5).abs() < 1e-12));
    assert_eq!((actions.chosen.len(), record.decision.answer.shortfall.is_some()), (2, true));
    assert_eq!(act.budgets().len(), 6);
    // Whoever asks what all are worth keeps another budget.
    let question = asked(1, &json!({}));
    let endless = till_of_all();
    let worths = crate::worths(&act, catalogue(), &question, &customer(&[]), &Models::default(), &endless).unwrap();
    let told: Vec<(&str, f64, f64)> = worths.iter().map(|one| (&*one.name, one.worth, one.cost)).collect();
    assert_eq!(told.len(), 5, "what costs more than it brings is worth nothing: {told:?}");
    assert!(told.iter().all(|(_, worth, cost)| (worth - 2.5).abs() < 1e-12 && (cost - 2.0).abs() < 1e-12), "{told:?}");
}

fn till_of_all() -> Till {
    till(&["spent", "unread", "dear", "had", "open", "poor"].map(|name| (name, None, 0.0)))
}

#[test]
fn limits_hold_for_actions_and_offers_together() {
    let contact =
        ContactPolicy { caps: vec![Cap { per: Per::Customer, of: None, n: 1, days: 7 }], ..ContactPolicy::default() };
    let arbitration = Arbitration { contact, ..Arbitration::default() };
    let action = Action::from_table(json!({"name": "grinder", "value": 5}).as_object().unwrap()).unwrap();
    let all = Repertoire::offers(&offers(&[json!({"name": "ten", "value": 9})]));
    let make = |all: Repertoire| Act::new(all, arbitration.clone(), &[], &["orders_365d".to_owned()].into(), &[]);
    let was = Contacted {
        decision: 1,
        action: Contacted::number_of("grinder"),
        channel: 0,
        at: Some(Timestamp::from_millis(NOW.as_millis() - 2 * DAY_MS)),
        answered_at: None,
        refused_at: None,
        accepted_at: None,
    };
    let till = Till { contacts: vec![was], ..Till::default() };
    let chosen =
        |act: &Act| answered(act, &asked(1, &json!({})), &customer(&[]), (&Models::default(), &till)).1.chosen.len();
    assert_eq!(chosen(&make(all.clone())), 1, "a contact of nothing that is known does not count");
    let beside = make(all.beside(&[action]));
    assert_eq!(chosen(&beside), 0);
    let again = beside.declaration().unwrap().kind().unwrap();
    assert_eq!(again.declaration(), beside.declaration(), "a replay knows of it");
}

#[test]
fn where_nothing_could_be_done_all_chances_are_told() {
    let tables = [json!({"name": "a", "value": 9}), json!({"name": "b", "value": 2})];
    let nothing = [&tables[..], &[json!({"name": "none", "nothing": true})]].concat();
    let inputs = crate::inputs_of_policies(&[]);
    let acted = |tables: &[Value], n| {
        let till = Till::default();
        let (_, actions, record) =
            answered(&of(tables), &asked(n, &json!({})), &customer(&[]), (&Models::default(), &till));
        (actions, super::reopened(&record).acted(&inputs).unwrap())
    };
    assert!(acted(&tables, 1).0.chances.is_empty());
    let (actions, acted) = acted(&nothing, 2);
    let sum: f32 = actions.chances.values().sum();
    assert!((sum - 1.0).abs() < 1e-6 && actions.chances.len() == 3, "{actions:?}");
    let first = &acted.drawn[0];
    let own = first.candidates.iter().position(|name| *name == first.name).unwrap();
    assert!((f64::from(first.chances[own]) - first.propensity).abs() < 1e-6, "{first:?}");
    assert!(acted.drawn[1].chances.is_empty(), "of the second place nothing is told");
}

/// Ten percent change those with nine orders: half of them buy with it, and one of ten without. Of those with one order half buy
/// anyway. Where nobody is changed, three of ten always buy.
fn effects(is_noise: bool) -> Models {
    static TRAINED: [OnceLock<Loaded>; 2] = [const { OnceLock::new() }; 2];
    let train_one = || {
        let doable = |name: &str| Doable {
            name: name.to_owned(),
            group: name.to_owned(),
            value: 10.0,
            cost: 0.0,
            costs: 0.0,
            is_nothing: name == "none",
        };
        let mut random = Seed::new(9).stream("effects", u64::from(is_noise));
        let round = |at: u32| {
            let (is_often, e) = (random.random::<f64>() < 0.5, if random.random::<f64>() < 0.5 { 0.3 } else { 0.6 });
            let is_given = random.random::<f64>() < e;
            let p = match (is_often, is_given) {
                _ if is_noise => 0.3,
                (true, true) | (false, _) => 0.5,
                (true, false) => 0.1,
            };
            let moment = Timestamp::from_millis(NOW.as_millis() - 9 * DAY_MS - i64::from(4_000 - at) * HOUR_MS);
            Round {
                customer: format!("c{at}").into(),
                at: moment,
                decision: format!("d{at:05}"),
                channel: 0,
                is_own: true,
                is_shown: true,
                sides: None,
                place: 0,
                action: u32::from(!is_given),
                candidates: [0, 1].into(),
                #[expect(clippy::cast_possible_truncation, reason = "a chance")]
                chances: [e as f32, 1.0 - e as f32].into(),
                propensity: if is_given { e } else { 1.0 - e },
                x: [if is_often { 9.0 } else { 1.0 }].into(),
                reward: (random.random::<f64>() < p).then_some(Rewarded { at: moment, amount: 1.0 }),
            }
        };
        let log = RoundLog {
            inputs: vec!["orders_365d".to_owned()],
            actions: vec![doable("ten"), doable("none")],
            settings: PolicySettings::default(),
            rounds: (0..4_000).map(round).collect(),
            n_unbelievable: 0,
            n_unshown: 0,
            unshown: Vec::new(),
            is_vouched: true,
        };
        let dataset = Dataset::of_rounds(log, events::Offset::default());
        let data = Data { dataset: &dataset, catalogue: catalogue(), now: NOW, seed: Seed::new(1) };
        let trained = train(&learning::Uplift::default(), &data).unwrap();
        assert!(trained.header.verdict().is_champion, "{:?}", trained.header.verdict());
        Loaded {
            version: ModelVersion::from("u1"),
            header: trained.header,
            inputs: features::Inputs::default(),
            catalogue: Arc::default(),
            body: trained.body,
        }
    };
    let mut models = Models::default();
    models.put(TRAINED[usize::from(is_noise)].get_or_init(train_one).clone());
    models
}

#[test]
fn enough_is_left_to_nothing_that_it_can_be_learned_what_an_offer_changes() {
    let act = act_with(Arbitration::default());
    let (_, actions, _) = answered(&act, &asked(1, &json!({})), &customer(&[]), (&Models::default(), &Till::default()));
    let of = |name: &str| f64::from(actions.chances[name]);
    assert!((of("none") - 0.05).abs() < 1e-6 && (of("ten") - 0.95).abs() < 1e-6, "{:?}", actions.chances);
    assert!(models::uplift::is_open(of("ten")));
    let other = act_with(Arbitration { nothing_share: 0.0, ..Arbitration::default() });
    let (_, actions, _) =
        answered(&other, &asked(1, &json!({})), &customer(&[]), (&Models::default(), &Till::default()));
    assert!(!models::uplift::is_open(f64::from(actions.chances["ten"])), "{:?}", actions.chances);
}

fn act_with(arbitration: Arbitration) -> Act {
    let tables = [json!({"name": "ten", "value": 20, "prior": 0.9}), json!({"name": "none", "nothing": true})];
    Act::new(Repertoire::offers(&offers(&tables)), arbitration, &[], &BTreeSet::new(), &[])
}

#[test]
fn what_would_come_anyway_earns_nothing() {
    let act = of(&[
        json!({"name": "ten", "value": 10, "prior": 0.5, "costs": 1}),
        json!({"name": "other", "value": 10, "prior": 0.5, "costs": 1}),
        json!({"name": "none", "nothing": true}),
    ]);
    let told = |orders: f64, models: &Models| {
        let subject = customer(&[("orders_365d", orders)]);
        let (_, actions, record) = answered(&act, &asked(3, &json!({})), &subject, (models, &Till::default()));
        (actions, record)
    };
    let models = effects(false);
    let (actions, record) = told(9.0, &models);
    assert_eq!(record.models()[&"uplift".into()].as_str(), "u1", "a replay finds it by the record");
    let of_name = |actions: &Actions, name: &str| actions.chosen.iter().find(|one| one.id == name).cloned();
    let ten = of_name(&actions, "ten").unwrap();
    // Of the half that accepts, as was declared, four of five would not have bought.
    let share = ten.factors.unwrap().incremental;
    assert!((share - 0.8).abs() < 0.12, "{share}");
    assert!(ten.reason.contains("of 100 would not come without it"), "{}", ten.reason);
    let other = of_name(&actions, "other").unwrap();
    assert!((other.factors.unwrap().incremental - 1.0).abs() < 1e-12, "of which nothing was learned");
    let (actions, _) = told(1.0, &models);
    assert_eq!(left_out(&actions).get("ten"), Some(&"value"), "it costs, and changes nothing: {actions:?}");
    // Without a word of the version in the record no model of effects is asked.
    let nothing_noted = known(Knowledge::default());
    let (_, actions, _) = answered(&act, &asked(3, &json!({})), &nothing_noted, (&models, &Till::default()));
    assert!((of_name(&actions, "ten").unwrap().factors.unwrap().incremental - 1.0).abs() < 1e-12);
}

#[test]
fn what_changes_everybody_alike_is_told_of_strangers_too() {
    let act =
        of(&[json!({"name": "ten", "value": 10, "prior": 0.5, "costs": 1}), json!({"name": "none", "nothing": true})]);
    let models = effects(true);
    let consent = customer(&[]).consent();
    let told = |subject: &Subject| {
        let (_, actions, record) = answered(&act, &asked(2, &json!({})), subject, (&models, &Till::default()));
        assert_eq!(record.models()[&"uplift".into()].as_str(), "u1", "a replay finds it by the record");
        actions.chosen.iter().find(|one| one.id == "ten").cloned().unwrap()
    };
    let known = told(&customer(&[]));
    for stranger in [Subject::Unknown(consent), Subject::Withheld(consent)] {
        let stranger = told(&stranger);
        assert_eq!(stranger.factors, known.factors);
        assert!(stranger.reason.contains("everybody is treated alike"), "{}", stranger.reason);
    }
}

#[test]
fn where_nobody_is_changed_more_than_others_the_answer_says_so() {
    let act =
        of(&[json!({"name": "ten", "value": 10, "prior": 0.5, "costs": 1}), json!({"name": "none", "nothing": true})]);
    let models = effects(true);
    let (_, actions, _) =
        answered(&act, &asked(2, &json!({})), &customer(&[("orders_365d", 9.0)]), (&models, &Till::default()));
    let ten = actions.chosen.iter().find(|one| one.id == "ten").unwrap();
    assert!(ten.reason.ends_with("no learner beats random: everybody is treated alike"), "{}", ten.reason);
    assert!((ten.factors.unwrap().incremental - 1.0).abs() < 1e-12, "{ten:?}");
}
