//! What does every estimator keep? One suite, run over all of them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use models::bandit::{Arm, Rounds, Values, ValuesSettings};
use models::boost::{Binned, BoostModel, BoostSettings, Lesson, Poisson, Rows};
use models::calibrate::{Expectation, ExpectationSettings, Isotonic, IsotonicSettings};
use models::neural::{Mlp, MlpSettings};
use models::recommend::{Alone, HistoryItem, Interaction, Interactions, ItemToItem, ItemToItemModel};
use models::recommend::{Blend, ItemTraits, MemberSettings, Query, RecommenderSettings};
use models::uplift::{EffectModel, Learner, Trial, UpliftSettings};
use models::value::{Purchases, ValueModel, ValueSettings};
use models::{Frame, ModelError};
use primitives::{ItemKey, Probability, Seed};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

/// Rows to learn from, in the form that all estimators can be given: features, label, weight.
#[derive(Clone)]
struct Data {
    rows: Vec<Vec<f64>>,
    labels: Vec<f64>,
    weights: Option<Vec<f64>>,
}

/// An estimator under test: its settings are fixed, what it is given varies.
trait Subject {
    type Model: PartialEq + std::fmt::Debug;
    /// How far two fits may be apart that differ only in the order of the rows.
    const ROW_ORDER_TOLERANCE: f64;
    fn fit(data: &Data, seed: u64) -> Result<Self::Model, ModelError>;
    /// What the model says to each row.
    fn ask(model: &Self::Model, rows: &[Vec<f64>]) -> Vec<f64>;
    /// What it says to all rows at once, where it can be asked so.
    fn ask_all(model: &Self::Model, rows: &[Vec<f64>]) -> Vec<f64> {
        Self::ask(model, rows)
    }
    fn write(model: &Self::Model) -> Vec<u8>;
    fn read(bytes: &[u8]) -> Result<Self::Model, ModelError>;
    /// The model as a part of something else that is serialised.
    fn through_serde(model: &Self::Model) -> Self::Model;
}

struct Boost;
impl Subject for Boost {
    type Model = BoostModel;
    // Sums of gradients are of whole numbers; the start of the scores alone depends on the order, by about 1e-16.
    const ROW_ORDER_TOLERANCE: f64 = 1e-6;
    fn fit(data: &Data, seed: u64) -> Result<BoostModel, ModelError> {
        let n_features = data.rows.first().map_or(1, Vec::len);
        let flat = data.rows.concat();
        let settings = BoostSettings { n_trees: 30, learning_rate: 0.2, max_leaves: 8, ..BoostSettings::default() };
        let frame = Frame::new(&flat, data.rows.len(), n_features)?;
        settings.fit(frame, &data.labels, data.weights.as_deref(), Seed::new(seed))
    }
    fn ask(model: &BoostModel, rows: &[Vec<f64>]) -> Vec<f64> {
        rows.iter().map(|row| model.score(row)).collect()
    }
    fn ask_all(model: &BoostModel, rows: &[Vec<f64>]) -> Vec<f64> {
        model.score_all(Frame::new(&rows.concat(), rows.len(), rows[0].len()).unwrap()).unwrap()
    }
    fn write(model: &BoostModel) -> Vec<u8> {
        model.to_bytes().unwrap()
    }
    fn read(bytes: &[u8]) -> Result<BoostModel, ModelError> {
        BoostModel::from_bytes(bytes)
    }
    fn through_serde(model: &BoostModel) -> BoostModel {
        postcard::from_bytes(&postcard::to_stdvec(model).unwrap()).unwrap()
    }
}

struct Perceptron;
impl Subject for Perceptron {
    type Model = Mlp;
    const ROW_ORDER_TOLERANCE: f64 = 0.0;
    fn fit(data: &Data, seed: u64) -> Result<Mlp, ModelError> {
        let n_features = data.rows.first().map_or(1, Vec::len);
        let settings = MlpSettings { n_hidden: 8, n_epochs: 20, dropout: 0.1, ..MlpSettings::default() };
        let flat = data.rows.concat();
        let frame = Frame::new(&flat, data.rows.len(), n_features)?;
        settings.fit(frame, &data.labels, data.weights.as_deref(), Seed::new(seed))
    }
    fn ask(model: &Mlp, rows: &[Vec<f64>]) -> Vec<f64> {
        rows.iter().map(|row| model.score(row)).collect()
    }
    fn ask_all(model: &Mlp, rows: &[Vec<f64>]) -> Vec<f64> {
        model.score_all(Frame::new(&rows.concat(), rows.len(), rows[0].len()).unwrap()).unwrap()
    }
    fn write(model: &Mlp) -> Vec<u8> {
        model.to_bytes().unwrap()
    }
    fn read(bytes: &[u8]) -> Result<Mlp, ModelError> {
        Mlp::from_bytes(bytes)
    }
    fn through_serde(model: &Mlp) -> Mlp {
        postcard::from_bytes(&postcard::to_stdvec(model).unwrap()).unwrap()
    }
}

/// Whatever trees were learned for, they are asked, written and read in one way.
macro_rules! asked_like_boost {
    () => {
        fn ask(model: &BoostModel, rows: &[Vec<f64>]) -> Vec<f64> {
            Boost::ask(model, rows)
        }
        fn ask_all(model: &BoostModel, rows: &[Vec<f64>]) -> Vec<f64> {
            Boost::ask_all(model, rows)
        }
        fn write(model: &BoostModel) -> Vec<u8> {
            Boost::write(model)
        }
        fn read(bytes: &[u8]) -> Result<BoostModel, ModelError> {
            Boost::read(bytes)
        }
        fn through_serde(model: &BoostModel) -> BoostModel {
            Boost::through_serde(model)
        }
    };
}

/// The same trees for a number: the label and what a feature adds to it.
struct BoostNumber;
impl Subject for BoostNumber {
    type Model = BoostModel;
    const ROW_ORDER_TOLERANCE: f64 = 1e-6;
    fn fit(data: &Data, seed: u64) -> Result<BoostModel, ModelError> {
        let n_features = data.rows.first().map_or(1, Vec::len);
        let flat = data.rows.concat();
        let settings = BoostSettings { n_trees: 30, learning_rate: 0.2, max_leaves: 8, ..BoostSettings::default() };
        let frame = Frame::new(&flat, data.rows.len(), n_features)?;
        settings.fit_number(frame, &numbers(data), data.weights.as_deref(), Seed::new(seed))
    }
    asked_like_boost!();
}

/// The same trees for any objective, from bins: a count, by columns that are drawn for each tree.
struct BoostCount;
impl Subject for BoostCount {
    type Model = BoostModel;
    const ROW_ORDER_TOLERANCE: f64 = 1e-6;
    fn fit(data: &Data, seed: u64) -> Result<BoostModel, ModelError> {
        let flat = data.rows.concat();
        let frame = Frame::new(&flat, data.rows.len(), data.rows.first().map_or(1, Vec::len))?;
        let binned = Binned::new(frame, &[], 255)?;
        let numbers = numbers(data);
        let rows = Rows { weights: data.weights.as_deref(), ..Rows::new(&binned, &numbers) };
        let settings = BoostSettings { n_trees: 30, column_share: 0.7, ..BoostSettings::default() };
        Ok(settings.learn(&Lesson::new(rows), &Poisson, Seed::new(seed))?.into_one())
    }
    asked_like_boost!();
}

/// Labels as amounts that are no classes.
fn numbers(data: &Data) -> Vec<f64> {
    let numbers = data.rows.iter().zip(&data.labels);
    numbers.map(|(row, label)| 10.0 * label + row.first().map_or(0.0, |x| x.abs().max(0.0))).collect()
}

struct Numbers;
impl Subject for Numbers {
    type Model = Expectation;
    const ROW_ORDER_TOLERANCE: f64 = 1e-9;
    fn fit(data: &Data, _seed: u64) -> Result<Expectation, ModelError> {
        let scores: Vec<f64> = data.rows.iter().map(|row| row[0]).collect();
        ExpectationSettings::default().fit(&scores, &numbers(data), data.weights.as_deref())
    }
    fn ask(model: &Expectation, rows: &[Vec<f64>]) -> Vec<f64> {
        rows.iter().map(|row| model.apply(row[0])).flat_map(|said| [said.mean, said.low, said.high]).collect()
    }
    fn write(model: &Expectation) -> Vec<u8> {
        model.to_bytes().unwrap()
    }
    fn read(bytes: &[u8]) -> Result<Expectation, ModelError> {
        Expectation::from_bytes(bytes)
    }
    fn through_serde(model: &Expectation) -> Expectation {
        postcard::from_bytes(&postcard::to_stdvec(model).unwrap()).unwrap()
    }
}

struct Calibration;
impl Subject for Calibration {
    type Model = Isotonic;
    const ROW_ORDER_TOLERANCE: f64 = 1e-12;
    fn fit(data: &Data, _seed: u64) -> Result<Isotonic, ModelError> {
        let scores: Vec<f64> = data.rows.iter().map(|row| row[0]).collect();
        IsotonicSettings::default().fit(&scores, &data.labels, data.weights.as_deref())
    }
    fn ask(model: &Isotonic, rows: &[Vec<f64>]) -> Vec<f64> {
        rows.iter().map(|row| model.apply(row[0]).get()).collect()
    }
    fn write(model: &Isotonic) -> Vec<u8> {
        model.to_bytes().unwrap()
    }
    fn read(bytes: &[u8]) -> Result<Isotonic, ModelError> {
        Isotonic::from_bytes(bytes)
    }
    fn through_serde(model: &Isotonic) -> Isotonic {
        postcard::from_bytes(&postcard::to_stdvec(model).unwrap()).unwrap()
    }
}

/// For the recommender a row is a purchase: feature 0 names the customer, feature 1 the item, the label is its age.
struct Recommender;
impl Subject for Recommender {
    type Model = ItemToItemModel;
    const ROW_ORDER_TOLERANCE: f64 = 0.0;
    fn fit(data: &Data, seed: u64) -> Result<ItemToItemModel, ModelError> {
        ItemToItem::default().fit(&purchases(data), Seed::new(seed))
    }
    fn ask(model: &ItemToItemModel, rows: &[Vec<f64>]) -> Vec<f64> {
        let scored = rows.iter().take(40).flat_map(|row| {
            let item = ItemKey(u64::from(place(row[1])));
            model.score(&[HistoryItem { item, age_days: 3.0, quantity: 1.0 }], 10, &|_| true)
        });
        scored.flat_map(|scored| [f64::from(u32::try_from(scored.item.0).unwrap()), scored.score]).collect()
    }
    fn write(model: &ItemToItemModel) -> Vec<u8> {
        model.to_bytes().unwrap()
    }
    fn read(bytes: &[u8]) -> Result<ItemToItemModel, ModelError> {
        ItemToItemModel::from_bytes(bytes)
    }
    fn through_serde(model: &ItemToItemModel) -> ItemToItemModel {
        postcard::from_bytes(&postcard::to_stdvec(model).unwrap()).unwrap()
    }
}

fn purchases(data: &Data) -> Interactions {
    let rows = data.rows.iter().zip(&data.labels).map(|(row, label)| {
        let age_days = if label.is_nan() { *label } else { 1.0 + label };
        Interaction { customer: place(row[0]), item: place(row[1]), age_days, quantity: 1.0 }
    });
    let traits = (0..64).map(|item| {
        let (words, groups) = (vec![item % 5, item % 7], vec![item % 3]);
        ItemTraits { words, groups, category: Some(item % 3), price: None }
    });
    Interactions {
        rows: rows.collect(),
        items: (0..64).map(ItemKey).collect(),
        traits: traits.collect(),
        hours: data.rows.iter().map(|row| u16::try_from(place(row[3]) * 2).unwrap()).collect(),
    }
}

/// One member of the recommender alone: the `N`th.
struct Member<const N: usize>;
impl<const N: usize> Subject for Member<N> {
    type Model = Alone;
    const ROW_ORDER_TOLERANCE: f64 = 0.0;
    fn fit(data: &Data, seed: u64) -> Result<Alone, ModelError> {
        Alone::fit(&MemberSettings::all()[N], &purchases(data), Seed::new(seed))
    }
    fn ask(model: &Alone, rows: &[Vec<f64>]) -> Vec<f64> {
        let scored = rows.iter().take(40).flat_map(|row| {
            let items = [ItemKey(u64::from(place(row[1]))), ItemKey(u64::from(place(row[2])))];
            let history = items.map(|item| HistoryItem { item, age_days: 3.0, quantity: 1.0 });
            let hour_of_week = Some(u16::try_from(place(row[3]) * 2).unwrap());
            model.rank(&Query { hour_of_week, ..Query::of(&history) }, 10, &|_| true)
        });
        scored.flat_map(|(item, score)| [f64::from(u32::try_from(item.0).unwrap()), score]).collect()
    }
    fn write(model: &Alone) -> Vec<u8> {
        model.to_bytes().unwrap()
    }
    fn read(bytes: &[u8]) -> Result<Alone, ModelError> {
        Alone::from_bytes(bytes)
    }
    fn through_serde(model: &Alone) -> Alone {
        Self::read(&Self::write(model)).unwrap()
    }
}

/// A recommender of several members.
struct Blended;
impl Subject for Blended {
    type Model = models::recommend::Recommender;
    const ROW_ORDER_TOLERANCE: f64 = 0.0;
    fn fit(data: &Data, seed: u64) -> Result<Self::Model, ModelError> {
        let blend = Blend { n_trees: 10, ..Blend::default() };
        RecommenderSettings { blend, ..RecommenderSettings::default() }.fit(&purchases(data), Seed::new(seed))
    }
    fn ask(model: &Self::Model, rows: &[Vec<f64>]) -> Vec<f64> {
        let scored = rows.iter().take(40).flat_map(|row| {
            let items = [ItemKey(u64::from(place(row[1]))), ItemKey(u64::from(place(row[2])))];
            let history = items.map(|item| HistoryItem { item, age_days: 3.0, quantity: 1.0 });
            model.rank(&Query::of(&history), 10, &|_| true)
        });
        scored.flat_map(|it| [f64::from(u32::try_from(it.item.0).unwrap()), it.score]).collect()
    }
    fn write(model: &Self::Model) -> Vec<u8> {
        model.to_bytes().unwrap()
    }
    fn read(bytes: &[u8]) -> Result<Self::Model, ModelError> {
        Self::Model::from_bytes(bytes)
    }
    fn through_serde(model: &Self::Model) -> Self::Model {
        Self::read(&Self::write(model)).unwrap()
    }
}

/// For the lifetime value a row is a customer: his features say how often he bought again, until when and for how much,
/// the label how long ago the first purchase was.
struct Value;
impl Value {
    fn customer(row: &[f64], label: f64) -> (Purchases, f64) {
        let frequency = place(row[0]) / 8;
        let age = 40.0 + label;
        let recency = if frequency == 0 { 0.0 } else { 1.0 + f64::from(place(row[1])) / 2.0 };
        (Purchases { frequency, recency, age }, 20.0 + row[2])
    }
}
impl Subject for Value {
    type Model = ValueModel;
    const ROW_ORDER_TOLERANCE: f64 = 0.0;
    fn fit(data: &Data, _seed: u64) -> Result<ValueModel, ModelError> {
        let customers = data.rows.iter().zip(&data.labels).map(|(row, label)| Self::customer(row, *label));
        let (purchases, spend): (Vec<Purchases>, Vec<f64>) = customers.unzip();
        ValueSettings::default().fit(&purchases, &spend)
    }
    fn ask(model: &ValueModel, rows: &[Vec<f64>]) -> Vec<f64> {
        let level = Probability::new(0.9).unwrap();
        let asked = rows.iter().take(40).map(|row| Self::customer(row, 1.0)).flat_map(|(purchases, spend)| {
            let forecast = model.expected(&purchases, spend, 30.0, level);
            [model.p_alive(&purchases).get(), forecast.mean, forecast.low, forecast.high]
        });
        asked.collect()
    }
    fn write(model: &ValueModel) -> Vec<u8> {
        model.to_bytes().unwrap()
    }
    fn read(bytes: &[u8]) -> Result<ValueModel, ModelError> {
        ValueModel::from_bytes(bytes)
    }
    fn through_serde(model: &ValueModel) -> ValueModel {
        postcard::from_bytes(&postcard::to_stdvec(model).unwrap()).unwrap()
    }
}

/// For what actions are worth a row is a round: the second feature says which of four actions was taken, the third with which
/// chance, the label what came of it.
struct Actions;
const ACTIONS: [Arm; 4] = [Arm::Known(0), Arm::Known(3), Arm::Known(4), Arm::Cold { group: 1 }];
impl Subject for Actions {
    type Model = Values;
    const ROW_ORDER_TOLERANCE: f64 = 1e-6;
    fn fit(data: &Data, _seed: u64) -> Result<Values, ModelError> {
        let flat = data.rows.concat();
        let frame = Frame::new(&flat, data.rows.len(), data.rows.first().map_or(1, Vec::len))?;
        let action: Vec<u32> = data.rows.iter().map(|row| place(row[1]) % 4).collect();
        let propensity: Vec<f64> = data.rows.iter().map(|row| f64::from(1 + place(row[2])) / 64.0).collect();
        let rounds = Rounds::new(frame, &action, &propensity, &data.labels);
        ValuesSettings::default().fit(&Rounds { weight: data.weights.as_deref(), ..rounds }, &[0, 0, 1, 1, 2])
    }
    fn ask(model: &Values, rows: &[Vec<f64>]) -> Vec<f64> {
        let of = |row: &Vec<f64>| ACTIONS.map(|arm| [model.score(row, arm), model.width(row, arm).unwrap()]);
        rows.iter().flat_map(|row| of(row).into_iter().flatten().collect::<Vec<f64>>()).collect()
    }
    fn ask_all(model: &Values, rows: &[Vec<f64>]) -> Vec<f64> {
        let of = |row: &Vec<f64>| {
            let widths = ACTIONS.map(|arm| model.width(row, arm).unwrap());
            model.scores(row, &ACTIONS).into_iter().zip(widths).flat_map(|(score, width)| [score, width]).collect()
        };
        rows.iter().flat_map(|row| -> Vec<f64> { of(row) }).collect()
    }
    fn write(model: &Values) -> Vec<u8> {
        model.to_bytes().unwrap()
    }
    fn read(bytes: &[u8]) -> Result<Values, ModelError> {
        Values::from_bytes(bytes)
    }
    fn through_serde(model: &Values) -> Values {
        postcard::from_bytes(&postcard::to_stdvec(model).unwrap()).unwrap()
    }
}

/// An effect, by the `N`th learner: the third feature says who was treated, the label what came without it.
struct Effects<const N: usize>;
impl<const N: usize> Subject for Effects<N> {
    type Model = EffectModel;
    const ROW_ORDER_TOLERANCE: f64 = 1e-6;
    fn fit(data: &Data, seed: u64) -> Result<EffectModel, ModelError> {
        let flat = data.rows.concat();
        let frame = Frame::new(&flat, data.rows.len(), data.rows.first().map_or(1, Vec::len))?;
        let treated: Vec<bool> = data.rows.iter().map(|row| place(row[2]).is_multiple_of(2)).collect();
        // The treatment doubles what comes.
        let came = data.labels.iter().zip(&treated).map(|(label, treated)| if *treated { 2.0 * label } else { *label });
        let outcome: Vec<f64> = came.collect();
        // Rows are told apart by what they hold, so that their order does not say which fold they are in.
        let spot = |row: &Vec<f64>| row.iter().fold(0, |spot, x| spot * 64 + u64::from(place(*x)));
        let key: Vec<u64> = data.rows.iter().map(spot).collect();
        let chance = vec![0.5; data.rows.len()];
        let trial = Trial { x: frame, treated: &treated, outcome: &outcome, chance: &chance, key: &key };
        let settings = UpliftSettings { n_trees: 20, min_leaf_weight: 20.0, ..UpliftSettings::default() };
        Learner::ALL[N].fit(&trial, &settings, Seed::new(seed))
    }
    fn ask(model: &EffectModel, rows: &[Vec<f64>]) -> Vec<f64> {
        rows.iter().map(|row| model.effect(row)).collect()
    }
    fn ask_all(model: &EffectModel, rows: &[Vec<f64>]) -> Vec<f64> {
        model.effect_all(Frame::new(&rows.concat(), rows.len(), rows[0].len()).unwrap()).unwrap()
    }
    fn write(model: &EffectModel) -> Vec<u8> {
        model.to_bytes().unwrap()
    }
    fn read(bytes: &[u8]) -> Result<EffectModel, ModelError> {
        EffectModel::from_bytes(bytes)
    }
    fn through_serde(model: &EffectModel) -> EffectModel {
        postcard::from_bytes(&postcard::to_stdvec(model).unwrap()).unwrap()
    }
}

/// A feature from -8 to 8 as a number from 0 to 63.
fn place(value: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the sum lies between 0 and 63")]
    let place = ((value + 8.0) * 4.0).clamp(0.0, 63.0) as u32;
    place
}

fn data(n_rows: usize) -> Data {
    let mut random = Seed::new(21).stream("estimators", 0);
    let mut data = Data { rows: Vec::new(), labels: Vec::new(), weights: None };
    for _ in 0..n_rows {
        // A grid coarser than the number of bins: the cuts do not depend on how often a value occurs.
        let row: Vec<f64> = (0..4).map(|_| f64::from(random.random_range(-32..32_i32)) / 4.0).collect();
        let yes = row[0] + row[1] + 8.0 * random.random::<f64>() > 4.0;
        data.labels.push(if yes { 1.0 } else { 0.0 });
        data.rows.push(row);
    }
    data
}

fn assert_near(left: &[f64], right: &[f64], tolerance: f64, what: &str) {
    assert_eq!(left.len(), right.len(), "{what}");
    for (a, b) in left.iter().zip(right) {
        assert!((a - b).abs() <= tolerance, "{what}: {a} and {b}");
    }
}

/// What holds for every estimator.
fn suite<S: Subject>() {
    let data = data(600);
    let model = S::fit(&data, 7).unwrap();
    let answers = S::ask(&model, &data.rows);
    assert!(answers.iter().all(|answer| answer.is_finite()));
    assert!(answers.iter().any(|answer| (answer - answers[0]).abs() > 0.0), "a model that always says the same");

    assert_eq!(S::write(&model), S::write(&S::fit(&data, 7).unwrap()), "same seed twice");
    let read = S::read(&S::write(&model)).unwrap();
    assert_eq!(read, model, "save and load");
    assert_eq!(S::through_serde(&model), model, "serde");
    assert_near(&S::ask(&read, &data.rows), &answers, 0.0, "save and load");
    assert_near(&S::ask_all(&model, &data.rows), &answers, 0.0, "batch equals one by one");
    assert!(matches!(S::read(&S::write(&model)[1..]), Err(ModelError::Corrupt { .. })), "half a model");

    let mut order: Vec<usize> = (0..data.rows.len()).collect();
    order.shuffle(&mut Seed::new(3).stream("order", 0));
    let shuffled = Data {
        rows: order.iter().map(|row| data.rows[*row].clone()).collect(),
        labels: order.iter().map(|row| data.labels[*row]).collect(),
        weights: None,
    };
    let again = S::ask(&S::fit(&shuffled, 7).unwrap(), &data.rows);
    assert_near(&again, &answers, S::ROW_ORDER_TOLERANCE, "row order");

    let none = Data { rows: Vec::new(), labels: Vec::new(), weights: None };
    let error = S::fit(&none, 7).unwrap_err();
    assert!(matches!(error, ModelError::TooFewRows { n_rows: 0, .. }), "{error}");
    let mut unknown = data.clone();
    unknown.labels[5] = f64::NAN;
    let error = S::fit(&unknown, 7).unwrap_err();
    assert!(matches!(error, ModelError::Value { row: 5, .. }), "{error}");
    assert!(error.to_string().contains("row 5 is NaN"), "{error}");
}

/// What holds for estimators with two classes and weights.
fn classifier_suite<S: Subject>(tolerance: f64) {
    weights_suite::<S>(tolerance);
    let data = data(400);
    let mut one_class = data.clone();
    one_class.labels.fill(1.0);
    let error = S::fit(&one_class, 7).unwrap_err();
    assert!(error.to_string().contains("all 400 labels are 1"), "{error}");
    let mut other = data.clone();
    other.labels[0] = 2.0;
    assert!(matches!(S::fit(&other, 7), Err(ModelError::Value { row: 0, .. })));
}

/// What holds for estimators with weights.
fn weights_suite<S: Subject>(tolerance: f64) {
    let data = data(400);
    let mut short = data.clone();
    short.labels.pop();
    assert!(matches!(S::fit(&short, 7), Err(ModelError::Shape { .. })));

    let mut weighted = data.clone();
    let mut twice = data.clone();
    let weights: Vec<f64> = (0..400).map(|row| if row % 3 == 0 { 2.0 } else { 1.0 }).collect();
    for row in (0..400).filter(|row| row % 3 == 0) {
        twice.rows.push(data.rows[row].clone());
        twice.labels.push(data.labels[row]);
    }
    weighted.weights = Some(weights);
    let ask = |data: &Data| S::ask(&S::fit(data, 7).unwrap(), &twice.rows);
    assert_near(&ask(&weighted), &ask(&twice), tolerance, "weight 2 equals two rows");

    let mut ignored = data.clone();
    ignored.rows.push(vec![-7.0; 4]);
    ignored.labels.push(1.0);
    ignored.weights = Some([vec![1.0; 400], vec![0.0]].concat());
    assert_near(&ask(&ignored), &ask(&data), 0.0, "a row of weight 0 is not there");
    ignored.weights = Some(vec![-1.0; 401]);
    assert!(matches!(S::fit(&ignored, 7), Err(ModelError::Value { .. })));
}

#[test]
fn boost_keeps_the_contract() {
    suite::<Boost>();
    classifier_suite::<Boost>(1e-6);
}

#[test]
fn boost_keeps_the_contract_for_numbers() {
    suite::<BoostNumber>();
    weights_suite::<BoostNumber>(1e-6);
}

#[test]
fn boost_keeps_the_contract_for_any_objective() {
    suite::<BoostCount>();
    weights_suite::<BoostCount>(1e-6);
}

#[test]
fn networks_keep_the_contract() {
    suite::<Perceptron>();
    classifier_suite::<Perceptron>(0.0);
}

#[test]
fn numbers_are_calibrated_by_the_contract() {
    suite::<Numbers>();
    weights_suite::<Numbers>(1e-9);
}

#[test]
fn isotonic_keeps_the_contract() {
    suite::<Calibration>();
    classifier_suite::<Calibration>(1e-12);
}

#[test]
fn item_to_item_keeps_the_contract() {
    suite::<Recommender>();
}

#[test]
fn a_recommender_of_several_members_keeps_the_contract() {
    suite::<Blended>();
}

#[test]
fn members_of_recommenders_keep_the_contract() {
    suite::<Member<0>>();
    suite::<Member<1>>();
    suite::<Member<2>>();
    suite::<Member<3>>();
    suite::<Member<4>>();
    suite::<Member<5>>();
    suite::<Member<6>>();
    suite::<Member<7>>();
    suite::<Member<8>>();
    suite::<Member<9>>();
    suite::<Member<10>>();
    suite::<Member<11>>();
    assert_eq!(MemberSettings::all().len(), 12, "the suite knows all members");
}

#[test]
fn value_keeps_the_contract() {
    suite::<Value>();
}

#[test]
fn values_of_actions_keep_the_contract() {
    suite::<Actions>();
    weights_suite::<Actions>(1e-6);
}

#[test]
fn effects_keep_the_contract() {
    suite::<Effects<0>>();
    suite::<Effects<1>>();
    suite::<Effects<2>>();
    suite::<Effects<3>>();
    suite::<Effects<4>>();
    assert_eq!(Learner::ALL.len(), 5, "the suite knows all learners");
}

#[test]
fn a_constant_column_changes_nothing() {
    let data = data(500);
    let mut wider = data.clone();
    for row in &mut wider.rows {
        row.insert(2, 5.0);
        row.push(f64::NAN);
    }
    let (model, with_constants) = (Boost::fit(&data, 7).unwrap(), Boost::fit(&wider, 7).unwrap());
    assert_near(&Boost::ask(&model, &data.rows), &Boost::ask(&with_constants, &wider.rows), 0.0, "constant columns");
    let (model, wider_model) = (BoostNumber::fit(&data, 7).unwrap(), BoostNumber::fit(&wider, 7).unwrap());
    assert_near(&Boost::ask(&model, &data.rows), &Boost::ask(&wider_model, &wider.rows), 0.0, "constant columns");
    let (model, wide_model) = (Perceptron::fit(&data, 7).unwrap(), Perceptron::fit(&wider, 7).unwrap());
    let (narrow, wide) = (Perceptron::ask(&model, &data.rows), Perceptron::ask(&wide_model, &wider.rows));
    assert_near(&narrow, &wide, 0.0, "constant columns");
    let why = with_constants.contributions(&wider.rows[0]);
    assert!(why.values[2].abs() + why.values[5].abs() <= 0.0, "a constant column has no part in the score");
}
