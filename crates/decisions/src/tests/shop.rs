//! Which shop, models and customers do the tests decide about?

use crate::{
    Act, Action, Answer, Arbitration, Arm, Bought, Decision, DecisionError, ItemFacts, Kind, Kinds, Knowledge,
    ModelInputs, Models, Offer, Part, Priced, Question, Record, Repertoire, Rules, Sales, Subject, Witness, World,
    kinds, seed_of,
};
use events::generator::{self, WorldSettings};
use events::{EventLogError, Offset, Place, Recorded};
use features::{Catalogue, History};
use governance::{ConsentAnswer, ConsentBasis, ConsentPolicy, Consents, Headcount, Purpose, permit};
use learning::{Body, Data, Dataset, Loaded, ModelHeader, Outcome, Trained};
use models::recommend::{Interaction, Interactions, ItemToItem, Recommender};
use primitives::{DecisionId, ItemId, ItemKey, Seed, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

/// 2026-11-22T12:00:00Z.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_795_348_800_000);

/// How many items there are.
pub(super) const N_ITEMS: u32 = 12;

pub(super) fn key(item: u32) -> ItemKey {
    ItemKey::from(&ItemId::from(format!("item-{item}")))
}

/// A catalogue that answers what it is told to.
#[derive(Debug)]
pub(super) struct Shop {
    pub(super) available: BTreeSet<ItemKey>,
    pub(super) names: BTreeMap<ItemKey, String>,
}

impl Shop {
    pub(super) fn full() -> Self {
        let names: BTreeMap<_, _> = (0..N_ITEMS).map(|item| (key(item), format!("item-{item}"))).collect();
        Self { available: names.keys().copied().collect(), names }
    }

    pub(super) fn empty() -> Self {
        Self { available: BTreeSet::new(), names: BTreeMap::new() }
    }

    pub(super) fn name(&self, item: ItemKey) -> &str {
        &self.names[&item]
    }
}

impl World for Shop {
    fn shadow_price(&self, _: &str) -> Option<Priced> {
        Some(Priced { left: Some(3.0), price: 0.1 })
    }

    fn is_available(&self, item: ItemKey) -> bool {
        self.available.contains(&item)
    }

    fn facts(&self, item: ItemKey) -> Option<ItemFacts> {
        self.names.get(&item).map(|name| ItemFacts { id: ItemId::from(name.as_str()), title: name.to_uppercase() })
    }

    fn popular(&self, n: usize) -> Vec<(ItemKey, Sales)> {
        let sales = (0..100).rev().map(|n| Sales::Buyers { buyers: Headcount::of(n) });
        self.available.iter().copied().zip(sales).take(n).collect()
    }
}

/// A shop in which nothing was sold lately.
pub(super) struct Unsold(pub(super) Shop);

impl World for Unsold {
    fn is_available(&self, item: ItemKey) -> bool {
        self.0.is_available(item)
    }

    fn facts(&self, item: ItemKey) -> Option<ItemFacts> {
        self.0.facts(item)
    }

    fn popular(&self, n: usize) -> Vec<(ItemKey, Sales)> {
        self.0.popular(n).into_iter().map(|(item, _)| (item, Sales::Buyers { buyers: Headcount::of(0) })).collect()
    }
}

/// Item 0 sells most and item 11 least; neighbours are bought together.
pub(super) fn recommender() -> Recommender {
    let row = |customer, item| Interaction { customer, item, age_days: f64::from(customer % 30), quantity: 1.0 };
    let rows = (0..120).flat_map(|customer| {
        let item = (customer * customer / 7) % N_ITEMS;
        let item = item.min((customer / 3) % N_ITEMS);
        [row(customer, item), row(customer, (item + 1) % N_ITEMS)]
    });
    let interactions =
        Interactions { rows: rows.collect(), items: (0..N_ITEMS).map(key).collect(), ..Interactions::default() };
    ItemToItem::default().fit(&interactions, Seed::new(1)).unwrap().into()
}

pub(super) struct Told(pub(super) Vec<Recorded>);

impl History for Told {
    fn replay(&self, _: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        let _ = self.0.iter().cloned().all(visit);
        Ok(())
    }

    fn n_events(&self) -> Result<u64, EventLogError> {
        Ok(self.0.len() as u64)
    }
}

/// A churn model of a generated shop.
pub(super) fn trained() -> &'static Trained {
    static TRAINED: OnceLock<Trained> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let settings = WorldSettings { n_customers: 300, n_items: 60, ..WorldSettings::default() };
        let world = generator::World::new(Seed::new(11), settings);
        let history =
            Told((1..).zip(world.events()).map(|(offset, event)| Recorded { offset: Offset(offset), event }).collect());
        let dataset =
            Dataset::load(&history, &ConsentPolicy::default(), features::TraceReads::default(), &mut |_| {}).unwrap();
        let tasks = learning::tasks(&[]);
        let data = Data { dataset: &dataset, catalogue: catalogue(), now: NOW, seed: Seed::new(1) };
        learning::train(tasks.get("churn").unwrap(), &data).unwrap()
    })
}

pub(super) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::built_in);
    &CATALOGUE
}

/// A question of each form of answer that the settings can ask for, beside those that are built in.
pub(super) fn outcomes() -> &'static [Outcome] {
    static OUTCOMES: LazyLock<Vec<Outcome>> = LazyLock::new(|| {
        let asked = |name: &str, among: serde_json::Value, label: serde_json::Value| {
            let table = serde_json::json!({
                "name": name, "question": "What will come?", "among": among, "label": label, "within_days": 21,
            });
            Outcome::from_table(table.as_object().unwrap()).unwrap()
        };
        let buyers = serde_json::json!({ "event": "Order Completed", "within_days": 90 });
        vec![
            asked("looks", "everyone".into(), serde_json::json!({ "count": { "event": "Product Viewed" } })),
            asked(
                "spends",
                buyers,
                serde_json::json!({ "sum": { "event": "Order Completed", "of": "properties.revenue" } }),
            ),
            asked(
                "looks_for",
                "everyone".into(),
                serde_json::json!({ "which": { "event": "Product Viewed", "of": "properties.category" } }),
            ),
        ]
    });
    &OUTCOMES
}

pub(super) fn every_kind() -> &'static Kinds {
    static KINDS: LazyLock<Kinds> = LazyLock::new(|| {
        let action = |table: serde_json::Value| Action::from_table(table.as_object().unwrap()).unwrap();
        let actions = vec![
            action(serde_json::json!({"name": "grinder", "eligible": "orders_365d >= 1", "value": 12.5, "prior": 0.1})),
            action(serde_json::json!({"name": "survey", "suitable": "churn < 2", "value": 3.0})),
            action(serde_json::json!({"name": "nothing", "nothing": true})),
        ];
        let features: BTreeSet<String> = ["orders_365d".to_owned()].into();
        let offer = |table: serde_json::Value| Offer::from_table(table.as_object().unwrap()).unwrap();
        let offers = [
            offer(serde_json::json!({"name": "ten", "eligible": "orders_365d >= 1", "value": 20.0, "discount": 0.1})),
            offer(serde_json::json!({"name": "stay", "keeps": true, "costs": 1.0})),
            offer(serde_json::json!({"name": "five", "value": 9.0, "costs": 5.0, "budget": {"amount": 50, "days": 7}})),
            offer(serde_json::json!({"name": "none", "nothing": true})),
        ];
        let offers = Repertoire::offers(&offers).beside(&actions);
        let offer = Act::new(offers, Arbitration::default(), outcomes(), &features, &[]);
        let act = Act::new(actions, Arbitration::default(), outcomes(), &features, &[]);
        kinds(outcomes(), &[], Rules::default()).and(act).and(offer)
    });
    &KINDS
}

pub(super) fn loaded(version: &str, header: ModelHeader, body: Body) -> Loaded {
    let inputs = catalogue().inputs(&header.features).unwrap();
    Loaded { version: version.into(), header, inputs, catalogue: catalogue().clone().into(), body }
}

/// The churn model of the generated shop, whose average is 0.3.
pub(super) fn of_churn(version: &str) -> Loaded {
    let Trained { mut header, body } = trained().clone();
    header.evaluation.base_rate = Some(0.3);
    loaded(version, header, body)
}

/// The recommender of the shop of twelve items.
pub(super) fn of_recommend(version: &str) -> Loaded {
    ranking(version, recommender())
}

/// A recommender as it is in force.
pub(super) fn ranking(version: &str, recommender: Recommender) -> Loaded {
    let mut header = trained().header.clone();
    header.task = "recommend".into();
    header.features.clear();
    loaded(version, header, Body::Ranker(recommender))
}

pub(super) fn models(with_models: bool) -> Models {
    static MODELS: LazyLock<Models> = LazyLock::new(|| {
        let mut models = Models::default();
        models.put(of_recommend("r1"));
        models.put(of_churn("c1"));
        models
    });
    if with_models { MODELS.clone() } else { Models::default() }
}

pub(super) fn decide(
    question: &Question,
    subject: &Subject,
    models: &Models,
    world: &dyn World,
) -> Result<Answer, DecisionError> {
    crate::decide(every_kind(), catalogue(), question, subject, models, world)
}

/// What each part of the recommender says of items.
pub(super) fn parts(question: &Question, subject: &Subject, models: &Models, items: &[ItemKey]) -> Vec<Vec<Part>> {
    let kind = every_kind().get(question.kind.as_str()).unwrap();
    crate::parts(kind, catalogue(), question, subject, models, &Shop::full(), items)
}

pub(super) fn replay(record: &Record, models: &Models) -> Result<Answer, DecisionError> {
    let kind = every_kind().get(record.question.kind.as_str())?;
    let declared = kind.declaration().filter(|_| record.declaration().is_some()).map(|declared| {
        assert_eq!(record.declaration(), Some(declared.digest.as_str()));
        declared.kind().unwrap()
    });
    crate::replay(declared.as_deref().unwrap_or(kind), catalogue(), record, models)
}

/// A question that asks for so many items, where it is about items.
pub(super) fn question(kind: &str, n: i64) -> Question {
    let about = every_kind().get(kind).unwrap().about();
    let takes_n = about.usual().any(|(name, _)| name == "n");
    let needed = about.needed().map(|(name, value)| (name.to_owned(), value));
    let parameters = takes_n.then(|| ("n".to_owned(), n.into())).into_iter().chain(needed).collect();
    let context = [("page".to_owned(), "home".into())].into_iter().collect();
    Question { kind: kind.into(), customer: "42".into(), as_of: NOW, parameters, context, arm: None }
}

/// The place of a feature among the churn model's.
pub(super) fn place(name: &str) -> usize {
    trained().header.features.iter().position(|feature| &*feature.name == name).unwrap()
}

/// Somebody who bought items so many days ago.
pub(super) fn knowledge(bought: &[(u32, f64)], has_ordered: bool) -> Knowledge {
    let mut known = Knowledge::default();
    let values = vec![f64::NAN; trained().header.features.len()];
    known.inputs.insert("churn".into(), ModelInputs { version: "c1".into(), values });
    set(&mut known, "orders_all", if has_ordered { 3.0 } else { 0.0 });
    let bought = bought.iter().map(|(item, age_days)| Bought {
        item: key(*item),
        at: NOW - Duration::from_secs_f64(age_days * 86_400.0),
        milli_units: 1_000,
    });
    known.bought = bought.collect();
    known
}

/// Sets a feature, both for itself and as an input of the churn model.
pub(super) fn set(known: &mut Knowledge, name: &str, value: f64) {
    known.features.insert(name.to_owned(), value);
    known.inputs.values_mut().for_each(|inputs| inputs.values[place(name)] = value);
}

/// Somebody whose first order, and only one, was so many days ago.
pub(super) fn first_bought(days_ago: f64) -> Knowledge {
    let mut known = knowledge(&[(0, days_ago)], true);
    for (name, value) in [("orders_all", 1.0), ("tenure_days", days_ago), ("recency_tenure_ratio", 1.0)] {
        set(&mut known, name, value);
    }
    known
}

pub(super) fn known(knowledge: Knowledge) -> Subject {
    let policy = ConsentPolicy::default();
    Subject::Known(permit(&policy, &Consents::default(), Purpose::Personalization, knowledge).unwrap())
}

fn answer(granted: bool, basis: ConsentBasis) -> ConsentAnswer {
    ConsentAnswer { purpose: Purpose::Personalization, granted, basis }
}

/// Somebody who said no.
pub(super) fn refused() -> Subject {
    Subject::Withheld(answer(false, ConsentBasis::Stated { at: NOW }))
}

/// Somebody who said nothing, where that is no consent.
pub(super) fn silent() -> Subject {
    Subject::Withheld(answer(false, ConsentBasis::Default))
}

pub(super) fn unknown(granted: bool) -> Subject {
    Subject::Unknown(answer(granted, ConsentBasis::Default))
}

/// Decides before a witness, and records it.
pub(super) fn decided(question: &Question, subject: &Subject, models: &Models, world: &dyn World) -> (Answer, Record) {
    decided_of(every_kind(), question, subject, models, world)
}

/// The same, of one of these kinds.
pub(super) fn decided_of(
    kinds: &Kinds,
    question: &Question,
    subject: &Subject,
    models: &Models,
    world: &dyn World,
) -> (Answer, Record) {
    decided_by(kinds.get(question.kind.as_str()).unwrap(), question, subject, models, world)
}

/// The same, of this kind.
pub(super) fn decided_by(
    kind: &dyn Kind,
    question: &Question,
    subject: &Subject,
    models: &Models,
    world: &dyn World,
) -> (Answer, Record) {
    decided_as("019ab3f2c1d4e5f60718293a4b5c6d7e", kind, question, (subject, models, world))
}

/// The same, as the decision of this name.
pub(super) fn decided_as(
    id: &str,
    kind: &dyn Kind,
    question: &Question,
    (subject, models, world): (&Subject, &Models, &dyn World),
) -> (Answer, Record) {
    let id = DecisionId::from(id);
    let witness = Witness::new(world).by_chance(Some(seed_of(&id)));
    let answer = crate::decide_by(kind, catalogue(), question, subject, models, &witness).unwrap();
    let customer = question.customer.clone();
    let decision = Decision { id, kind: question.kind.clone(), customer, answer: answer.clone() };
    let would = (question.arm == Some(Arm::Holdout))
        .then(|| crate::withheld(kind, catalogue(), question, subject, models, world).unwrap());
    let testimony = witness.into_testimony();
    let record = Record::new((kind, models), question.clone(), subject, testimony, (decision, would), "{}".to_owned());
    (answer, record)
}
