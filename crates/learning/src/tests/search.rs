//! Is the order learned in which shoppers want what they look for, though they look at little but what stands on top?

#![expect(clippy::cast_possible_truncation, reason = "numbers of a made-up shop are small")]

use super::world::{catalogue, day, load, numbered, order, seed};
use crate::{Body, Data, Dataset, Evaluation, Offered, Search, SearchLog, SearchNumber, Searched, Trained};
use events::{Event, Recorded};
use models::metrics::gained_ndcg_at_k;
use primitives::{ItemId, ItemKey, Seed, Timestamp};
use rand::{Rng, RngExt as _};
use serde_json::json;

const N_SHOPPERS: usize = 300;
const N_ITEMS: usize = 240;
const N_BRANDS: usize = 8;
/// So many items a search finds, and so many it shows.
const N_FOUND: usize = 60;
const N_SHOWN: usize = 10;
/// How many days there are, and an earlier one.
const N_DAYS: i64 = 56;
const LEARNED_UNTIL: i64 = 42;

/// A shop whose shoppers' taste is known.
struct Shop {
    seed: Seed,
    /// The place that is looked at by half as many is the second of this power.
    slope: f64,
    wants: Wants,
}

/// What shoppers want.
#[derive(Clone, Copy, PartialEq)]
enum Wants {
    /// What fits the words, of brands that they love.
    Taste,
    /// One thing as much as another.
    Anything,
}

/// An item that a search found: what is known of it, and how likely it is wanted.
struct Found {
    item: usize,
    numbers: [f32; 4],
    wanted: f64,
}

fn numbers() -> Vec<SearchNumber> {
    let number = |name: &str, weight, is_personal| SearchNumber { name: name.to_owned(), weight, is_personal };
    vec![
        number("text", 1.0, false),
        number("bought_lately", 0.35, false),
        number("own_brand", 0.3, true),
        number("own_price", 0.3, true),
    ]
}

fn id(item: usize) -> String {
    format!("item {item}")
}

fn key(item: usize) -> ItemKey {
    ItemKey::from(&ItemId::from(id(item)))
}

impl Shop {
    fn new() -> Self {
        Self { seed: seed(), slope: 0.8, wants: Wants::Taste }
    }

    /// What a shopper's search finds. What they want depends on the words, on their brand and little on the price.
    fn search(&self, shopper: usize, random: &mut impl Rng) -> (u64, Vec<Found>) {
        let words = (random.random::<f64>() * 12.0) as u64;
        let mut of_words = self.seed.stream("words", words);
        let loved = shopper % N_BRANDS;
        let mut found = Vec::new();
        for _ in 0..N_FOUND {
            let item = (of_words.random::<f64>() * N_ITEMS as f64) as usize;
            if found.iter().any(|one: &Found| one.item == item) {
                continue;
            }
            let text = of_words.random::<f64>().powi(2);
            let mut of_item = self.seed.stream("item", item as u64);
            let (lately, own_price) = (of_item.random::<f64>().powi(3), random.random::<f64>());
            let is_loved = item % N_BRANDS == loved;
            let own_brand = if is_loved { 0.3 + 0.4 * random.random::<f64>() } else { 0.15 * random.random::<f64>() };
            // Loved brands are wanted where the words fit at all, and nothing is wanted that does not.
            let speaks = 4.0 * text + if is_loved && text > 0.1 { 2.5 } else { 0.0 } + 0.5 * lately + 0.3 * own_price;
            let numbers = [text, lately, own_brand, own_price].map(|number| number as f32);
            let by_taste = 1.0 / (1.0 + (4.0 - speaks).exp());
            found.push(Found { item, numbers, wanted: if self.wants == Wants::Taste { by_taste } else { 0.3 } });
        }
        (words, found)
    }

    /// What was searched and followed on some days.
    fn live(&self, days: std::ops::Range<i64>) -> (SearchLog, Vec<Recorded>) {
        let mut log = SearchLog { numbers: numbers(), searches: Vec::new() };
        let mut events = Vec::new();
        for at_day in days {
            for shopper in (0..N_SHOPPERS).filter(|shopper| (*shopper as i64 + at_day) % 7 == 0) {
                let mut random = self.seed.stream(&format!("shopper {shopper}"), at_day as u64);
                let (words, found) = self.search(shopper, &mut random);
                let at = Timestamp::from_millis(day(at_day).as_millis() + 36_000_000 + shopper as i64 * 60_000);
                self.follow(shopper, &shown(&log, &found), at, &mut events, &mut random);
                log.searches.push(searched(&log, shopper, (words, at), &found));
            }
        }
        (log, numbered(events))
    }

    fn follow(&self, shopper: usize, shown: &[&Found], at: Timestamp, events: &mut Vec<Event>, random: &mut impl Rng) {
        for (place, one) in shown.iter().enumerate() {
            let is_seen = random.random::<f64>() < (place as f64 + 1.0).powf(-self.slope);
            if !is_seen || random.random::<f64>() >= one.wanted {
                continue;
            }
            let at = Timestamp::from_millis(at.as_millis() + 20_000 * (place as i64 + 1));
            events.push(viewed(shopper, one.item, at));
            if random.random::<f64>() < one.wanted {
                let at = Timestamp::from_millis(at.as_millis() + 1_000);
                events.push(order(&format!("shopper {shopper}"), &id(one.item), at, at));
            }
        }
    }

    fn dataset(&self, days: std::ops::Range<i64>) -> Dataset {
        let (log, events) = self.live(days);
        load(&events).with_searches(log)
    }

    /// How good an order is by what shoppers truly want, of all that their later searches find.
    fn truly(&self, score: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        let mut each = Vec::new();
        for shopper in 0..N_SHOPPERS {
            let mut random = self.seed.stream("later", shopper as u64);
            let (_, mut found) = self.search(shopper, &mut random);
            let score = |one: &Found| score(&one.numbers.map(f64::from));
            found.sort_by(|a, b| score(b).total_cmp(&score(a)));
            let gains: Vec<f64> = found.iter().map(|one| one.wanted).collect();
            each.push(gained_ndcg_at_k(&gains, 10).unwrap());
        }
        each
    }
}

fn viewed(shopper: usize, item: usize, at: Timestamp) -> Event {
    let mut event = order(&format!("shopper {shopper}"), &id(item), at, at);
    event.message_id = format!("view {shopper} {item} {at}").into();
    let properties = json!({"product_id": id(item)});
    event.call = events::Call::Track {
        event: "Product Viewed".into(),
        properties: properties.as_object().unwrap().clone().into(),
    };
    event
}

/// What the sum shows.
fn shown<'a>(log: &SearchLog, found: &'a [Found]) -> Vec<&'a Found> {
    let mut shown: Vec<&Found> = found.iter().collect();
    shown.sort_by(|a, b| log.sum(&b.numbers).total_cmp(&log.sum(&a.numbers)));
    shown.truncate(N_SHOWN);
    shown
}

fn searched(log: &SearchLog, shopper: usize, (words, at): (u64, Timestamp), found: &[Found]) -> Searched {
    let shown = shown(log, found);
    let place = |one: &Found| shown.iter().position(|it| it.item == one.item).map(|place| place as u32);
    let others = found.iter().filter(|one| place(one).is_none()).step_by(5);
    let kept: Vec<&Found> = shown.iter().copied().chain(others).collect();
    Searched {
        customer: format!("shopper {shopper}").as_str().into(),
        at,
        words,
        items: kept.iter().map(|one| Offered { item: key(one.item), place: place(one) }).collect(),
        numbers: kept.iter().flat_map(|one| one.numbers).collect(),
    }
}

fn data(dataset: &Dataset, now: i64) -> Data<'_> {
    Data { dataset, catalogue: catalogue(), now: day(now), seed: seed() }
}

fn trained(dataset: &Dataset, now: i64) -> Trained {
    crate::train(&Search::default(), &data(dataset, now)).unwrap()
}

fn ndcg(evaluation: &Evaluation, of: &str) -> f64 {
    evaluation.baselines[of]["ndcg@10"]
}

#[test]
fn the_personal_order_beats_texts_the_sum_and_trees_without_what_is_personal() {
    let shop = Shop::new();
    let dataset = shop.dataset(0..N_DAYS);
    let evaluation = crate::evaluate(&Search::default(), &data(&dataset, N_DAYS)).unwrap();
    let ours = evaluation.metrics["ndcg@10"];
    for simple in ["text", "sum", "impersonal"] {
        let gain = evaluation.gains[simple];
        assert!(gain.is_gain() && ours > ndcg(&evaluation, simple), "{simple}: {gain:?}");
    }
    // By what shoppers truly want of everything that is found, the same holds.
    let Trained { header, body } = trained(&dataset, N_DAYS);
    assert!(header.verdict().is_champion, "{}", header.verdict().reason);
    let Body::Order(model) = &body else { panic!("an order was learned") };
    let (ours, log) = (shop.truly(|row| model.score(row).unwrap()), shop.live(0..0).0);
    let sum = shop.truly(|row| log.sum(&row.iter().map(|value| *value as f32).collect::<Vec<f32>>()));
    let text = shop.truly(|row| row[0]);
    for (name, theirs) in [("sum", sum), ("text", text)] {
        let differences: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours - theirs).collect();
        let gain = crate::evaluation::paired_gain(&differences, seed(), "truly");
        assert!(gain.low > 0.05, "{name}: {gain:?}");
    }
}

#[test]
fn what_is_chosen_at_random_beats_no_sum_and_does_not_answer() {
    let shop = Shop { wants: Wants::Anything, ..Shop::new() };
    let header = trained(&shop.dataset(0..LEARNED_UNTIL), LEARNED_UNTIL).header;
    let verdict = header.verdict();
    assert!(!verdict.is_champion, "{}", verdict.reason);
    assert!(verdict.reason.contains("not better beyond chance than what is answered without it"), "{}", verdict.reason);
}

#[test]
fn the_same_searches_in_any_order_give_the_same_file() {
    let shop = Shop::new();
    let (mut log, events) = shop.live(0..28);
    let of = |log: &SearchLog| trained(&load(&events).with_searches(log.clone()), 28).to_file().unwrap();
    let file = of(&log);
    log.searches.reverse();
    assert!(file == of(&log));
    let (header, body) = crate::file::decode(&file).unwrap();
    assert_eq!((header.task.as_str(), header.shape.as_str()), ("search", "order"));
    let Body::Order(model) = body else { panic!("an order was learned") };
    assert_eq!(model.names(), ["text", "bought_lately", "own_brand", "own_price"]);
    // More that speaks for an item whoever asks never puts it further down.
    let score = |text: f64, lately: f64, brand: f64| model.score(&[text, lately, brand, 0.5]).unwrap();
    for brand in [0.0, 0.1, 0.5] {
        let rising: Vec<f64> = (0..=20).map(|step| score(f64::from(step) / 20.0, 0.3, brand)).collect();
        assert!(rising.is_sorted(), "{rising:?}");
        assert!(score(0.5, 0.9, brand) >= score(0.5, 0.1, brand));
    }
    let explained = model.explain(&[0.9, 0.2, 0.5, 0.5]).unwrap();
    assert!((explained.score - score(0.9, 0.2, 0.5)).abs() < 1e-12);
}

#[test]
fn who_refuses_analytics_teaches_nothing_and_what_comes_later_is_not_known_before() {
    let shop = Shop::new();
    let (log, events) = shop.live(0..LEARNED_UNTIL);
    let refuses = |shopper: usize| shopper.is_multiple_of(3);
    let context = json!({"consent": {"categoryPreferences": {"analytics": false}}});
    let refusal = |shopper: usize| {
        let mut event = viewed(shopper, 0, day(LEARNED_UNTIL));
        event.context = context.as_object().unwrap().clone().into();
        event
    };
    let refusals = (0..N_SHOPPERS).filter(|shopper| refuses(*shopper)).map(refusal);
    let all = numbered(events.iter().map(|recorded| recorded.event.clone()).chain(refusals));
    let permitted = load(&all).with_searches(log.clone());
    let n_of = |dataset: &Dataset| dataset.searches().searches.len();
    assert!(n_of(&permitted) < log.searches.len());
    let searches = &permitted.searches().searches;
    let is_refuser =
        |search: &Searched| refuses(search.customer.as_str().trim_start_matches("shopper ").parse().unwrap());
    assert!(!searches.iter().any(is_refuser));
    // Who did not refuse teaches the same, whether or not others are there.
    let mut others = log.clone();
    others.searches.retain(|search| !is_refuser(search));
    assert_eq!(permitted.searches().searches, load(&events).with_searches(others).searches().searches);

    // As of an earlier moment the later searches are not there.
    let whole = shop.dataset(0..N_DAYS);
    let early = crate::evaluate(&Search::default(), &data(&whole, LEARNED_UNTIL)).unwrap();
    let alone = shop.dataset(0..LEARNED_UNTIL);
    assert_eq!(early, crate::evaluate(&Search::default(), &data(&alone, LEARNED_UNTIL)).unwrap());
}

#[test]
fn with_too_few_searches_it_is_said_what_is_missing() {
    let error = crate::evaluate(&Search::default(), &data(&Shop::new().dataset(0..4), 4)).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("searches that something was chosen from") && said.contains("days of searches"), "{said}");
    assert!(crate::evaluate(&Search::default(), &data(&load(&[]), 4)).is_err());
}

#[test]
fn what_somebody_searched_before_they_were_known_is_theirs() {
    let shop = Shop::new();
    let (mut log, _) = shop.live(0..1);
    log.searches.truncate(1);
    let browser = profiles::Identifier::Anonymous("browser".into());
    log.searches[0].customer = browser.customer_id();
    let mut named = viewed(7, 1, day(2));
    named.anonymous_id = Some("browser".into());
    let dataset = load(&numbered([named, viewed(8, 1, day(2))])).with_searches(log.clone());
    let whose: Vec<&str> = dataset.searches().searches.iter().map(|search| search.customer.as_str()).collect();
    assert_eq!(whose, ["shopper 7"]);
    // A search of another program, which knows other numbers of its items, teaches nothing.
    log.searches[0].numbers.pop();
    assert!(load(&numbered([viewed(7, 1, day(2))])).with_searches(log).searches().searches.is_empty());
}
