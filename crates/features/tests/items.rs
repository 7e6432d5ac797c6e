//! Whose word on an item counts, how long is it kept, and who is counted as its buyer?

#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use events::{Call, Event, Fields, Offset, Origin, Recorded};
use features::{FeatureState, Item, Items, Offer};
use governance::{ConsentPolicy, Headcount, Purpose};
use primitives::{ItemId, ItemKey, Timestamp};
use profiles::{Customer, MemoryProfileStore, ProfileStore, Profiles};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const HOUR_MS: i64 = 3_600_000;

fn fields(value: Value) -> Fields {
    value.as_object().cloned().unwrap().into()
}

/// An event at an hour since the epoch.
fn event(offset: u64, origin: Origin, user: &str, hour: i64, call: Call) -> Recorded {
    let at = Timestamp::from_millis(hour * HOUR_MS);
    let event = Event {
        message_id: format!("m{offset}").into(),
        user_id: Some(user.into()),
        anonymous_id: None,
        occurred_at: at,
        stated_at: None,
        received_at: at,
        call,
        context: Fields::new(),
        origin,
        reading: events::Reading::default(),
    };
    Recorded { offset: Offset(offset), event }
}

fn track(offset: u64, origin: Origin, user: &str, hour: i64, name: &str, properties: Value) -> Recorded {
    event(offset, origin, user, hour, Call::Track { event: name.to_owned(), properties: fields(properties) })
}

fn viewed(offset: u64, origin: Origin, hour: i64, product: Value) -> Recorded {
    track(offset, origin, "visitor", hour, "Product Viewed", product)
}

fn ordered(offset: u64, origin: Origin, user: &str, hour: i64, items: &[&str]) -> Recorded {
    let products: Vec<Value> = items.iter().map(|item| json!({"product_id": item, "price": 1})).collect();
    track(offset, origin, user, hour, "Order Completed", json!({"products": products, "currency": "EUR"}))
}

fn described(offset: u64, origin: Origin, hour: i64, item: &str, traits: Value) -> Recorded {
    event(offset, origin, "unused", hour, Call::Item { item_id: item.into(), traits: fields(traits) })
}

/// Customers and items, folded as the server folds them.
struct Shop {
    store: Arc<MemoryProfileStore>,
    profiles: Profiles<FeatureState>,
    items: Items,
    policy: ConsentPolicy,
}

impl Shop {
    fn open(store: Arc<MemoryProfileStore>, policy: ConsentPolicy) -> Self {
        let profiles = Profiles::open(store.clone()).unwrap();
        Self { profiles, items: Items::open(store.as_ref(), &policy).unwrap(), store, policy }
    }

    fn of(events: &[Recorded]) -> Self {
        let mut shop = Self::open(Arc::default(), ConsentPolicy::default());
        events.iter().for_each(|event| shop.apply(event));
        shop
    }

    fn apply(&mut self, recorded: &Recorded) {
        self.items.apply(recorded);
        self.profiles.apply_watched(recorded, &mut self.items).unwrap();
    }

    /// A checkpoint, after which everything is read from the store again.
    fn restarted(mut self) -> Self {
        let mut changes = self.profiles.take_changes().unwrap();
        changes.extend(self.items.take_changes());
        self.store.commit(self.profiles.offset(), changes).unwrap();
        Self::open(self.store, self.policy)
    }

    fn item(&self, id: &str) -> Option<&Item> {
        self.items.get(ItemKey::from(&ItemId::from(id)))
    }

    fn offers(&self, id: &str) -> bool {
        self.items.offers(ItemKey::from(&ItemId::from(id)))
    }

    fn buyers(&self, id: &str) -> u32 {
        self.item(id).map_or(0, Item::n_buyers)
    }

    fn popular(&self, hour: i64) -> Vec<(&str, Headcount)> {
        let popular = self.items.popular(Timestamp::from_millis(hour * HOUR_MS), 30, 5);
        popular.into_iter().map(|(item, buyers)| (item.id.as_str(), buyers)).collect()
    }
}

fn name(shop: &Shop, id: &str) -> Option<String> {
    shop.item(id)?.name.as_ref().map(|name| name.value.clone())
}

#[test]
fn what_the_company_said_of_an_item_stays_and_a_write_key_fills_gaps() {
    let by_client = |offset, hour| {
        viewed(
            offset,
            Origin::Client,
            hour,
            json!({"product_id": "tea", "name": "FREE", "category": "Spam", "price": 0}),
        )
    };
    for company in [Origin::Server, Origin::Import] {
        for events in [
            vec![
                described(1, company, 1, "tea", json!({"name": "Tea", "price": 2, "currency": "EUR"})),
                by_client(2, 9),
            ],
            vec![
                by_client(1, 9),
                viewed(2, company, 1, json!({"product_id": "tea", "name": "Tea", "price": 2, "currency": "EUR"})),
            ],
        ] {
            let shop = Shop::of(&events).restarted();
            let tea = shop.item("tea").unwrap();
            assert_eq!((tea.title(), tea.price.as_ref().unwrap().value.minor, tea.is_vouched), ("Tea", 200, true));
            assert_eq!(tea.category.as_ref().unwrap().value, "Spam", "nobody else has said anything");
        }
    }
}

#[test]
fn a_price_of_which_nobody_says_the_currency_keeps_the_items_own() {
    let default = |mut recorded: Recorded| {
        recorded.event.context = fields(json!({"currencyIsDefault": true}));
        recorded
    };
    let tea = |price: f64| json!({"product_id": "tea", "price": price});
    let by_default = |price: f64| json!({"product_id": "tea", "price": price, "currency": "USD"});
    let yen = json!({"product_id": "tea", "price": 900, "currency": "JPY"});
    let price = |events: &[Recorded]| {
        let shop = Shop::of(events).restarted();
        shop.item("tea").unwrap().price.as_ref().map(|price| price.value.to_string()).unwrap()
    };
    let (server, client) = (Origin::Server, Origin::Client);
    for (said, events) in [
        ("950 JPY", vec![viewed(1, server, 1, yen.clone()), viewed(2, server, 2, tea(950.0))]),
        ("950 JPY", vec![viewed(1, server, 1, yen.clone()), default(viewed(2, server, 2, by_default(950.0)))]),
        ("950 JPY", vec![viewed(1, server, 1, yen.clone()), described(2, server, 2, "tea", json!({"price": 950}))]),
        (
            "950 JPY",
            vec![viewed(1, server, 1, yen.clone()), default(described(2, server, 2, "tea", by_default(950.0)))],
        ),
        ("9.50 EUR", vec![viewed(1, server, 1, yen.clone()), ordered_at(2, server, 2, "tea", 9.5)]),
        // Nobody ever said one.
        ("9.50 USD", vec![viewed(1, server, 1, tea(9.5))]),
        // It is said later, of a moment before.
        ("950 JPY", vec![viewed(1, server, 2, tea(950.0)), viewed(2, server, 1, yen.clone())]),
        // A stranger says none of what the company priced.
        ("950.00 USD", vec![viewed(1, server, 2, tea(950.0)), viewed(2, client, 3, yen)]),
    ] {
        assert_eq!(price(&events), said, "{events:?}");
    }
}

fn ordered_at(offset: u64, origin: Origin, hour: i64, item: &str, price: f64) -> Recorded {
    let products = json!([{"product_id": item, "price": price}]);
    track(offset, origin, "buyer", hour, "Order Completed", json!({"products": products, "currency": "EUR"}))
}

proptest! {
    #[test]
    fn in_whichever_order_prices_and_currencies_arrive_the_price_is_the_same(
        said in prop::collection::vec((any::<bool>(), prop::option::of(0_usize..3), 0_i64..5), 1..8),
        seed in any::<u64>(),
    ) {
        let told = |place: u64, (is_client, currency, hour): (bool, Option<usize>, i64)| {
            let currency = currency.map(|at| ["EUR", "JPY", "KWD"][at]);
            let origin = if is_client { Origin::Client } else { Origin::Server };
            viewed(place, origin, hour, json!({"product_id": "tea", "price": place * 10, "currency": currency}))
        };
        let events: Vec<Recorded> = (1..).zip(said).map(|(place, said)| told(place, said)).collect();
        let mut shuffled = events.clone();
        shuffled.sort_by_key(|one| primitives::stable_hash(&format!("{seed} {:?}", one.event.message_id)));
        (1..).zip(&mut shuffled).for_each(|(offset, one)| one.offset = Offset(offset));
        let price = |events: &[Recorded]| Shop::of(events).item("tea").unwrap().price.clone();
        prop_assert_eq!(price(&events), price(&shuffled));
    }
}

#[test]
fn of_equals_the_later_word_wins() {
    for origin in Origin::ALL {
        let say = |offset, hour, name: &str| viewed(offset, origin, hour, json!({"product_id": "tea", "name": name}));
        assert_eq!(name(&Shop::of(&[say(1, 1, "Old"), say(2, 2, "New")]), "tea").unwrap(), "New");
        assert_eq!(name(&Shop::of(&[say(1, 2, "New"), say(2, 1, "Old")]), "tea").unwrap(), "New");
        // At the same moment it does not depend on which arrived first.
        let (first, second) = (say(1, 1, "First"), say(2, 1, "Second"));
        let expected = if first.event.key() > second.event.key() { "First" } else { "Second" };
        let backwards = [2, 1].map(|place| {
            let event = if place == 1 { &first.event } else { &second.event };
            Recorded { offset: Offset(3 - place), event: event.clone() }
        });
        for shop in [Shop::of(&[first.clone(), second.clone()]), Shop::of(&backwards)] {
            assert_eq!(name(&shop, "tea").unwrap(), expected);
        }
    }
    let long = "é".repeat(400);
    let shop = Shop::of(&[viewed(1, Origin::Client, 1, json!({"product_id": "tea", "name": long}))]);
    assert_eq!(name(&shop, "tea").unwrap(), "é".repeat(128));
}

#[test]
fn availability_is_assumed_until_the_company_says_otherwise() {
    let mut shop = Shop::of(&[described(1, Origin::Server, 1, "tea", json!({"name": "Tea"}))]);
    assert!(shop.offers("tea") && !shop.offers("unheard of"));
    shop.apply(&described(2, Origin::Server, 2, "tea", json!({"available": false})));
    assert!(!shop.offers("tea") && shop.popular(9).is_empty());
    assert!(!shop.restarted().offers("tea"));
}

#[test]
fn yes_and_no_mean_the_same_as_numbers_and_as_texts() {
    let said = |traits: Value| Shop::of(&[described(1, Origin::Server, 1, "tea", traits)]).offers("tea");
    for no in [json!(false), json!(0), json!("0"), json!("0.00"), json!("no"), json!("False"), json!(" NO ")] {
        for (name, shows) in [("stock", false), ("available", false), ("hidden", true)] {
            assert_eq!(said(json!({ name: no.clone() })), shows, "{name}: {no}");
        }
    }
    for yes in [json!(true), json!(1), json!("1"), json!("yes"), json!("TRUE"), json!("12")] {
        for (name, shows) in [("stock", true), ("available", true), ("hidden", false)] {
            assert_eq!(said(json!({ name: yes.clone() })), shows, "{name}: {yes}");
        }
    }
    assert!(said(json!({"stock": "", "available": "", "hidden": ""})), "nothing is said");
}

#[test]
fn what_is_read_of_an_item_is_kept_however_much_else_is_said_of_it() {
    let read = json!({"stock": 0, "hidden": true, "brand": "Leaf", "margin": 2, "cost": 3, "tags": ["new"],
                      "categories": ["Tea"], "imageUrl": "https://shop.example/tea.png", "timestamp": "2026-01-01"});
    let others: serde_json::Map<String, Value> = (10..60).map(|i| (format!("attribute_{i}"), json!(i))).collect();
    let mut known = read.clone();
    known.as_object_mut().unwrap().extend(others.clone().into_iter().take(32));
    let halves = || others.clone().into_iter().partition::<serde_json::Map<_, _>, _>(|(_, i)| i.as_u64() < Some(30));
    let told = [read, halves().0.into(), halves().1.into()];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let say = |(at, part): (u64, usize)| described(at, Origin::Server, 1, "tea", told[part].clone());
        let shop = Shop::of(&(1..).zip(order).map(say).collect::<Vec<_>>()).restarted();
        assert_eq!(traits(&shop, "tea"), known, "{order:?}");
        assert!(!shop.offers("tea"));
    }
}

/// What is known of an item besides, as JSON.
fn traits(shop: &Shop, id: &str) -> Value {
    shop.item(id)
        .unwrap()
        .traits()
        .map(|(name, value)| (name.to_owned(), value))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn what_else_the_company_says_of_an_item_is_kept_by_its_latest_word() {
    let first = json!({"name": "Tea", "price": 2, "currency": "EUR", "available": true, "category": "Hot",
                       "brand": "Leaf", "sizes": [1, 2], "gone": null});
    let later = json!({"brand": "Twig", "imageUrl": "https://shop.example/tea.png"});
    let known = json!({"brand": "Twig", "sizes": [1, 2], "imageUrl": "https://shop.example/tea.png"});
    for company in [Origin::Server, Origin::Import] {
        for events in [
            [described(1, company, 1, "tea", first.clone()), described(2, company, 2, "tea", later.clone())],
            [described(1, company, 2, "tea", later.clone()), described(2, company, 1, "tea", first.clone())],
        ] {
            let shop = Shop::of(&events).restarted();
            assert_eq!(traits(&shop, "tea"), known);
            let tea = shop.item("tea").unwrap();
            assert_eq!((tea.said("brand"), tea.said("name")), (Some("Twig".into()), None));
            assert_eq!(tea.described_at, Some(Timestamp::from_millis(2 * HOUR_MS)));
            let name = tea.name.as_ref().unwrap();
            assert_eq!((name.at(), name.is_vouched()), (Timestamp::from_millis(HOUR_MS), true));
        }
    }
    let shop = Shop::of(&[ordered(1, Origin::Server, "ann", 3, &["tea"])]).restarted();
    let tea = shop.item("tea").unwrap();
    assert_eq!((tea.described_at, tea.is_vouched), (None, true), "an order names it and does not describe it");
}

#[test]
fn items_are_walked_through_a_slice_at_a_time() {
    let shop = Shop::of(&[ordered(1, Origin::Server, "ann", 1, &["a", "b", "c"])]);
    let all: Vec<ItemKey> = shop.items.iter().map(|(key, _)| *key).collect();
    let after = |key, n| shop.items.after(key, n).map(|(key, _)| *key).collect::<Vec<_>>();
    assert_eq!(after(None, 2), all[..2]);
    assert_eq!(after(Some(all[1]), 2), all[2..]);
    assert_eq!(after(Some(all[2]), 2), []);
}

#[test]
fn what_is_kept_of_an_item_is_bounded_whatever_the_order() {
    let long = |n: usize| Value::String("x".repeat(n));
    let shop = Shop::of(&[described(
        1,
        Origin::Server,
        1,
        "tea",
        json!({"fits": long(4_094), "long": long(9_000), "too_long": [long(4_093)], "n".repeat(64): 1, "n".repeat(65): 1}),
    )]);
    assert_eq!(shop.item("tea").unwrap().said("long"), Some(long(4_094)), "of a text its beginning");
    let kept: Vec<String> = shop.item("tea").unwrap().traits().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(kept, ["fits".to_owned(), "long".to_owned(), "n".repeat(64)]);
    let many = |range: std::ops::Range<u32>| -> Value {
        range.map(|n| (format!("t{n:02}"), json!(n))).collect::<serde_json::Map<_, _>>().into()
    };
    let (low, high) = (many(0..20), many(20..40));
    for [first, second] in [[&low, &high], [&high, &low]] {
        let shop = Shop::of(&[
            described(1, Origin::Server, 1, "tea", first.clone()),
            described(2, Origin::Server, 2, "tea", second.clone()),
        ]);
        assert_eq!(traits(&shop, "tea"), many(0..32));
    }
}

#[test]
fn an_item_only_write_keys_named_is_never_recommended_beside_what_the_company_named() {
    let invented = |shop: &mut Shop| {
        for n in 10..60 {
            shop.apply(&ordered(n, Origin::Client, &format!("invented-{n}"), 2, &["jam"]));
        }
    };
    for company in [Origin::Server, Origin::Import] {
        for named in [described(1, company, 1, "tea", json!({"name": "Tea"})), ordered(1, company, "ann", 1, &["tea"])]
        {
            let mut shop = Shop::of(&[named]);
            invented(&mut shop);
            assert_eq!((shop.buyers("jam"), shop.offers("jam"), shop.offers("tea")), (50, false, true));
            assert_eq!(shop.popular(9).iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["tea"]);
            let mut shop = shop.restarted();
            assert!(!shop.offers("jam"));
            shop.apply(&described(70, company, 3, "jam", json!({})));
            assert_eq!(shop.popular(9)[0], ("jam", Headcount::of(50)), "now the company has named it");
        }
    }
}

#[test]
fn who_bought_something_is_known_as_soon_as_the_company_tells_anything_of_them() {
    let mut shop = Shop::of(&[
        ordered(1, Origin::Client, "ann", 1, &["tea"]),
        ordered(2, Origin::Client, "bea", 1, &["tea", "jam"]),
    ]);
    let known = |shop: &Shop, item: &str| {
        let item = shop.item(item).unwrap();
        (item.n_buyers(), item.n_known_buyers(Timestamp::from_millis(30 * HOUR_MS), 30))
    };
    assert_eq!((known(&shop, "tea"), known(&shop, "jam")), ((2, (0, 0)), (1, (0, 0))));
    shop.apply(&track(3, Origin::Server, "bea", 2, "Signed Up", json!({})));
    assert_eq!((known(&shop, "tea"), known(&shop, "jam")), ((2, (1, 1)), (1, (1, 1))));
    shop.apply(&ordered(4, Origin::Server, "ann", 40 * 24, &["tea"]));
    let mut shop = shop.restarted();
    assert_eq!(known(&shop, "tea"), (2, (1, 2)), "one of them of late");
    shop.apply(&refusal(5, "ann", 40 * 24 + 1));
    assert_eq!(known(&shop, "tea"), (1, (1, 1)));
}

#[test]
fn the_first_word_of_the_company_empties_no_list() {
    let names: Vec<String> = (0..10).map(|n| format!("item-{n}")).collect();
    let before = || {
        let each = (1..).zip(&names);
        let mut shop = Shop::of(
            &each
                .map(|(n, name)| ordered(n, Origin::Client, &format!("user-{n}"), 1, &[name.as_str()]))
                .collect::<Vec<_>>(),
        );
        shop.apply(&viewed(20, Origin::Client, 1, json!({"product_id": "planted"})));
        shop
    };
    let shown = |shop: &Shop| names.iter().filter(|name| shop.offers(name)).count();
    for company in [Origin::Server, Origin::Import] {
        for (first, by_company) in [("item-0", 1), ("something new", 0)] {
            let mut shop = before();
            shop.apply(&ordered(21, company, "ann", 2, &[first]));
            let mut shop = shop.restarted();
            assert_eq!((shown(&shop), shop.offers(first)), (10, true), "{company:?} {first}");
            // Nothing that a stranger says from then on makes it more.
            for n in 22..60 {
                shop.apply(&ordered(n, Origin::Client, &format!("user-{n}"), 3, &["planted", "invented"]));
            }
            assert_eq!((shop.offers("planted"), shop.offers("invented"), shown(&shop)), (false, false, 10));
            for n in 1..4 {
                shop.apply(&described(60 + n, company, 4, &format!("item-{n}"), json!({})));
            }
            assert_eq!(shown(&shop), 10, "it has named four of ten");
            shop.apply(&described(70, company, 4, "item-4", json!({})));
            shop.apply(&described(71, company, 4, "item-5", json!({})));
            assert_eq!(shown(&shop), 5 + by_company, "it has told most of its catalogue");
            assert_eq!(shown(&shop.restarted()), 5 + by_company);
        }
    }
    let mut shop = before();
    shop.apply(&ordered(21, Origin::Server, "ann", 2, &["item-0"]));
    for (n, day) in [(22, 20), (23, 29), (24, 40)] {
        // They are named, and so they are not forgotten.
        let again = ordered(n, Origin::Client, "bea", day * 24, &names.iter().map(String::as_str).collect::<Vec<_>>());
        shop.apply(&again);
    }
    assert_eq!(shown(&shop), 1, "a month is enough to tell it");
}

#[test]
fn a_shop_that_sends_everything_by_browser_recommends_what_was_bought_once() {
    let shop = Shop::of(&[
        viewed(1, Origin::Client, 1, json!({"product_id": "tea"})),
        ordered(2, Origin::Client, "ann", 2, &["jam"]),
    ]);
    assert_eq!((shop.offers("tea"), shop.offers("jam")), (false, true));
    assert_eq!(shop.popular(9), [("jam", Headcount::of(1))]);
    let mut shop = shop.restarted();
    shop.apply(&refusal(3, "ann", 3));
    assert!(!shop.offers("jam"), "nobody who is counted has bought it");
    shop.apply(&consent(4, "ann", 4, true));
    assert!(shop.offers("jam"));
    shop.apply(&described(5, Origin::Server, 5, "rye", json!({"available": false})));
    assert!(!shop.offers("jam") && shop.popular(9).is_empty(), "nobody's word replaces what the company has sold out");
    shop.apply(&described(6, Origin::Server, 6, "rye", json!({"available": true})));
    assert!(shop.offers("rye") && !shop.offers("jam"));
}

#[test]
fn a_stranger_s_items_are_bounded_and_push_nothing_out_that_sells() {
    let mut events = vec![described(1, Origin::Server, 1, "vouched", json!({}))];
    events.extend((0..5).map(|n| ordered(2 + n, Origin::Client, &format!("c{n}"), 1, &["sells"])));
    events.push(viewed(7, Origin::Client, 1, json!({"product_id": "first"})));
    events.push(viewed(8, Origin::Client, 1, json!({"product_id": "second"})));
    let mut shop = Shop::of(&events).restarted();
    shop.apply(&viewed(9, Origin::Client, 2, json!({"product_id": "first"})));
    for n in 0..9_999_u64 {
        shop.apply(&viewed(10 + n, Origin::Client, 3, json!({"product_id": format!("invented-{n}")})));
    }
    assert_eq!(shop.items.len(), 10_002);
    let known = |shop: &Shop| ["vouched", "sells", "first", "second"].map(|id| shop.item(id).is_some());
    assert_eq!(known(&shop), [true, true, true, false], "the one named longest ago is forgotten");
    let shop = shop.restarted();
    assert_eq!((shop.items.len(), known(&shop)), (10_002, [true, true, true, false]));
}

#[test]
fn items_are_counted_by_whether_they_may_be_shown() {
    let shop = Shop::of(&[
        described(1, Origin::Server, 1, "open", json!({})),
        described(2, Origin::Server, 1, "gone", json!({"stock": 0})),
        described(3, Origin::Server, 1, "sold", json!({"available": false})),
        described(4, Origin::Server, 1, "hidden", json!({"hidden": true})),
        viewed(5, Origin::Client, 1, json!({"product_id": "invented"})),
    ]);
    let expected = [(Offer::Open, 1), (Offer::OutOfStock, 2), (Offer::Hidden, 1), (Offer::Unbelieved, 1)];
    assert_eq!(shop.items.by_offer(), expected);
    assert!(Shop::of(&[]).items.by_offer().is_empty());
}

#[test]
fn what_is_only_named_takes_the_place_of_nothing_that_somebody_bought() {
    let bought = |offset, id: &str| ordered(offset, Origin::Client, &format!("c{offset}"), 1, &[id]);
    let mut shop = Shop::of(&[bought(1, "once"), bought(2, "twice"), bought(3, "twice"), bought(4, "kept")]);
    shop.apply(&described(5, Origin::Server, 2, "vouched", json!({})));
    shop.apply(&viewed(6, Origin::Client, 2, json!({"product_id": "named"})));
    for n in 0..10_100_u64 {
        shop.apply(&viewed(7 + n, Origin::Client, 3, json!({"product_id": format!("invented-{n}")})));
    }
    let known = |shop: &Shop| ["once", "twice", "kept", "named"].map(|id| shop.item(id).is_some());
    assert_eq!(known(&shop), [true, true, true, false]);
    // Nor does what one invented customer bought take the place of what two bought, or of what is kept.
    for n in 0..10_100_u64 {
        shop.apply(&ordered(20_000 + n, Origin::Client, &format!("x{n}"), 4, &[&format!("sold-{n}")]));
    }
    let [_, twice, kept, _] = known(&shop.restarted());
    assert!(twice && kept);
}

#[test]
fn an_item_only_write_keys_named_is_forgotten_after_thirty_days_without_use() {
    let view = |offset, origin, day: i64, id: &str| viewed(offset, origin, day * 24, json!({"product_id": id}));
    let mut shop = Shop::of(&[
        view(1, Origin::Client, 0, "tea"),
        view(2, Origin::Client, 1, "jam"),
        view(3, Origin::Import, 0, "vouched"),
        view(4, Origin::Import, 900, "of an import's clock"),
    ]);
    let known = |shop: &Shop| ["tea", "jam", "vouched"].map(|id| shop.item(id).is_some());
    shop.apply(&view(5, Origin::Client, 30, "new"));
    assert_eq!(known(&shop), [true, true, true]);
    shop.apply(&view(6, Origin::Client, 31, "new"));
    assert_eq!(known(&shop), [false, true, true]);
    let mut shop = shop.restarted();
    assert_eq!(known(&shop), [false, true, true]);
    shop.apply(&view(7, Origin::Client, 31, "tea"));
    assert_eq!(known(&shop.restarted()), [true, true, true], "it comes back when it is named again");
}

#[test]
fn changes_that_could_not_be_stored_are_stored_with_the_next() {
    let mut shop = Shop::of(&[viewed(1, Origin::Client, 1, json!({"product_id": "tea"}))]).restarted();
    shop.apply(&viewed(2, Origin::Client, 24 * 40, json!({"product_id": "jam"})));
    shop.items.begin_checkpoint();
    let mut lost = Vec::new();
    shop.items.fill(&mut lost, 9);
    let rows: Vec<_> = lost.iter().map(|change| (change.key.as_str(), change.value.is_some())).collect();
    assert_eq!(rows, [("jam", true), ("tea", false)]);
    shop.items.end_checkpoint(false);
    let shop = shop.restarted();
    assert_eq!((shop.items.len(), shop.item("tea"), shop.items.is_empty()), (1, None, false));
    assert_eq!(shop.items.iter().map(|(_, item)| item.id.as_str()).collect::<Vec<_>>(), ["jam"]);
}

fn consent(offset: u64, user: &str, hour: i64, granted: bool) -> Recorded {
    let mut said = track(offset, Origin::Client, user, hour, "Clicked", json!({}));
    said.event.context = fields(json!({"consent": {"categoryPreferences": {"analytics": granted}}}));
    said
}

fn refusal(offset: u64, user: &str, hour: i64) -> Recorded {
    consent(offset, user, hour, false)
}

#[test]
fn who_refuses_analytics_is_not_counted_from_that_moment_on() {
    let mut shop = Shop::of(&[
        ordered(1, Origin::Server, "ann", 24, &["tea", "tea", "jam"]),
        ordered(2, Origin::Server, "bob", 24, &["tea"]),
        ordered(3, Origin::Server, "ann", 48, &["tea"]),
    ]);
    assert_eq!((shop.buyers("tea"), shop.buyers("jam")), (2, 1));
    shop.apply(&refusal(4, "ann", 50));
    assert_eq!((shop.buyers("tea"), shop.buyers("jam")), (1, 0));
    shop.apply(&ordered(5, Origin::Server, "ann", 52, &["tea", "jam"]));
    assert_eq!((shop.buyers("tea"), shop.buyers("jam")), (1, 0));
    shop.apply(&consent(6, "ann", 53, true));
    assert_eq!((shop.buyers("tea"), shop.buyers("jam")), (2, 1));
    let lately = |hour| shop.item("tea").unwrap().n_buyers_lately(Timestamp::from_millis(hour * HOUR_MS), 2);
    assert_eq!([lately(24), lately(48), lately(72), lately(96)], [1, 2, 1, 0], "each on the day of the last time");
}

#[test]
fn where_silence_is_a_refusal_the_silent_are_not_counted() {
    let policy = ConsentPolicy::new([(Purpose::Personalization, true)]);
    let mut shop = Shop::open(Arc::default(), policy);
    shop.apply(&ordered(1, Origin::Server, "ann", 1, &["tea"]));
    assert_eq!(shop.buyers("tea"), 0);
    shop.apply(&consent(2, "ann", 2, true));
    assert_eq!(shop.buyers("tea"), 1);
}

#[test]
fn the_popular_list_goes_by_customers_and_not_by_orders() {
    let mut events: Vec<Recorded> = (1..=9).map(|n| ordered(n, Origin::Server, "fan", 24, &["fan-article"])).collect();
    events.extend((10..16).map(|n| ordered(n, Origin::Server, &format!("c{n}"), 24, &["tea"])));
    events.extend((16..18).map(|n| ordered(n, Origin::Server, &format!("c{n}"), 24, &["jam"])));
    let shop = Shop::of(&events);
    let few = Headcount::of(1);
    assert_eq!(shop.popular(30), [("tea", Headcount::of(6)), ("jam", few), ("fan-article", few)]);
    assert_eq!(shop.items.popular(Timestamp::from_millis(30 * HOUR_MS), 30, 1).len(), 1);
    assert!(shop.items.popular(Timestamp::from_millis(30 * HOUR_MS), 30, 0).is_empty());
    assert_eq!(shop.popular(24 * 40)[0], ("tea", Headcount::of(0)), "then by all that is remembered");
}

#[test]
fn buyers_are_counted_on_the_newest_thirty_five_days() {
    let each_day =
        (0_i64..36).map(|day| ordered(1 + day as u64, Origin::Server, &format!("c{day}"), day * 24, &["tea"]));
    let mut shop = Shop::of(&each_day.collect::<Vec<_>>());
    let lately = |shop: &Shop, day: i64, n_days| {
        shop.item("tea").unwrap().n_buyers_lately(Timestamp::from_millis(day * 24 * HOUR_MS), n_days)
    };
    assert_eq!(shop.buyers("tea"), 35);
    assert_eq!(
        [lately(&shop, 35, 35), lately(&shop, 35, 34), lately(&shop, 35, 1), lately(&shop, 0, 1)],
        [35, 34, 1, 0]
    );
    shop.apply(&refusal(37, "c0", 36 * 24));
    assert_eq!(shop.buyers("tea"), 35, "whose day is forgotten was not counted any more");
    shop.apply(&refusal(38, "c1", 36 * 24));
    assert_eq!(shop.buyers("tea"), 34);
}

#[test]
fn a_shorter_popular_list_is_the_beginning_of_a_longer_one() {
    let bought = (0_u64..60).map(|n| {
        let item = format!("item-{}", n * n % 23);
        ordered(1 + n, Origin::Server, &format!("c{n}"), 24, &[item.as_str()])
    });
    let shop = Shop::of(&bought.collect::<Vec<_>>());
    let popular = |n_max| {
        let popular = shop.items.popular(Timestamp::from_millis(30 * HOUR_MS), 30, n_max);
        popular.into_iter().map(|(item, buyers)| (item.id.to_string(), buyers)).collect::<Vec<_>>()
    };
    let all = popular(100);
    assert_eq!(all.len(), shop.items.len());
    assert!(all.is_sorted_by(|a, b| a.1 >= b.1));
    for n_max in 0..=all.len() {
        assert_eq!(popular(n_max), all[..n_max]);
    }
}

#[test]
fn an_event_told_again_changes_nothing() {
    let tea = |offset, name: &str| viewed(offset, Origin::Server, 1, json!({"product_id": "tea", "name": name}));
    assert!(Shop::of(&[]).items.is_empty());
    let mut shop = Shop::of(&[tea(3, "Tea")]);
    shop.items.apply(&tea(3, "Again"));
    shop.items.apply(&viewed(2, Origin::Server, 2, json!({"product_id": "jam"})));
    assert_eq!((name(&shop, "tea").unwrap().as_str(), shop.items.len()), ("Tea", 1));
    let mut shop = shop.restarted();
    shop.items.apply(&tea(3, "Again"));
    assert!(shop.items.take_changes().is_empty());
    shop.apply(&viewed(4, Origin::Server, 2, json!({"product_id": "jam"})));
    assert_eq!((shop.item("tea").unwrap().title(), shop.item("jam").unwrap().title()), ("Tea", "jam"));
    assert_eq!(shop.items.take_changes().len(), 1);
    assert!(shop.items.take_changes().is_empty(), "what was taken is stored");
}

/// What the count must be: each customer who permits it, once an item, on the day of the last time.
fn recounted(shop: &Shop) -> BTreeMap<(ItemKey, i64), u32> {
    let mut counts = BTreeMap::new();
    let is_counted =
        |customer: &&Customer<FeatureState>| shop.policy.answer(&customer.profile.consents, Purpose::Analytics).granted;
    for customer in shop.profiles.resident().filter(is_counted) {
        let lines = customer.state.lines().iter();
        let last: BTreeMap<ItemKey, i64> = lines.map(|line| (line.item, line.at.day())).collect();
        last.into_iter().for_each(|bought| *counts.entry(bought).or_insert(0) += 1);
    }
    counts
}

fn counted(shop: &Shop, n_days: i64) -> BTreeMap<(ItemKey, i64), u32> {
    let on = |item: &Item, day: i64| item.n_buyers_lately(Timestamp::from_millis(day * 24 * HOUR_MS), 1);
    let each = shop.items.iter().flat_map(|(key, item)| (0..n_days).map(move |day| ((*key, day), on(item, day))));
    each.filter(|(_, n)| *n > 0).collect()
}

fn arbitrary_life() -> impl Strategy<Value = Vec<Recorded>> {
    let origin = proptest::sample::select(Origin::ALL.to_vec());
    let user = proptest::option::of(proptest::sample::select(vec!["ann", "bob", "cleo"]));
    let device = proptest::option::of(proptest::sample::select(vec!["phone", "tablet"]));
    let what =
        (0_u8..4, proptest::collection::vec(proptest::sample::select(vec!["tea", "jam", "rye"]), 1..4), any::<bool>());
    let one = (origin, user, device, what, 0_i64..20 * 24);
    proptest::collection::vec(one, 1..40).prop_map(|all| {
        let numbered = (1_u64..).zip(all);
        let recorded = numbered.map(|(n, (origin, user, device, (what, items, granted), hour))| {
            let name = user.unwrap_or("ann");
            let mut recorded = match what {
                0 | 1 => ordered(n, origin, name, hour, &items),
                2 => consent(n, name, hour, granted),
                _ => event(n, origin, name, hour, Call::Alias { previous_id: items[0].replace("tea", "bob") }),
            };
            recorded.event.origin = origin;
            recorded.event.anonymous_id = device.map(Into::into);
            recorded.event.user_id = if device.is_some() { user.map(Into::into) } else { Some(name.into()) };
            recorded
        });
        recorded.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// After any life, with consents that change and customers who merge, the count is the sum over the customers; and a
    /// restart in between changes nothing.
    #[test]
    fn the_count_is_the_sum_over_those_who_permit_it(life in arbitrary_life(), cut in 0_usize..40) {
        let shop = Shop::of(&life);
        let (before, after) = life.split_at(cut.min(life.len()));
        let mut other = Shop::of(before).restarted();
        after.iter().for_each(|event| other.apply(event));
        prop_assert_eq!(counted(&shop, 21), recounted(&shop));
        prop_assert_eq!(counted(&other, 21), counted(&shop, 21));
    }
}

#[test]
fn a_company_is_simulated_where_it_says_so_itself_and_only_as_long() {
    let label = |seed: u32| json!({"simulated": {"seed": seed}, "name": "Tea"});
    let said = |shop: &Shop| shop.items.simulated().map(str::to_owned);
    let of = |events: &[Recorded]| {
        let shop = Shop::of(events);
        let (live, stored) = (said(&shop), said(&shop.restarted()));
        assert_eq!(live, stored);
        live
    };
    assert_eq!(of(&[described(1, Origin::Import, 1, "tea", json!({"name": "Tea"}))]), None);
    for company in [Origin::Server, Origin::Import] {
        let tea = described(1, company, 1, "tea", label(7));
        assert_eq!(of(std::slice::from_ref(&tea)).as_deref(), Some("{\"seed\":7}"));
        // Told twice it counts once: the label that most items bear is the company's.
        let jam = described(2, company, 2, "jam", label(8));
        let honey = described(3, company, 2, "honey", label(8));
        let again = described(4, company, 3, "tea", label(7));
        assert_eq!(of(&[tea.clone(), jam, honey, again]).as_deref(), Some("{\"seed\":8}"));
        // As many others as those that bear it, and nobody knows of which it is.
        let plain = |no: u64| described(10 + no, company, 2, &format!("plain-{no}"), json!({"name": "Tea"}));
        let labelled = [tea.clone(), described(2, company, 2, "jam", label(7))];
        let among = |n: u64| of(&labelled.iter().cloned().chain((0..n).map(plain)).collect::<Vec<_>>());
        assert_eq!([among(0), among(1)].map(|said| said.is_some()), [true, true]);
        assert_eq!([among(2), among(3)], [None, None]);
        // And what it says later counts.
        let other = described(2, company, 2, "tea", json!({"simulated": {"seed": 9}}));
        assert_eq!(of(&[tea, other]).as_deref(), Some("{\"seed\":9}"));
    }
    let stranger = [
        described(1, Origin::Client, 1, "tea", label(7)),
        viewed(2, Origin::Client, 2, json!({"product_id": "jam", "simulated": {"seed": 7}})),
        described(3, Origin::Import, 3, "jam", json!({"name": "Jam"})),
    ];
    assert_eq!(of(&stranger), None);
    // Neither where the company speaks of the same item later.
    let vouched = described(2, Origin::Server, 2, "tea", json!({"name": "Tea"}));
    assert_eq!(of(&[stranger[0].clone(), vouched]), None);
}

#[test]
fn of_the_notes_with_a_simulated_item_the_one_that_came_last_holds_and_of_all_else_the_newest() {
    let said = |at: i64, by: &str| json!({"simulatedBy": by, "simulated": {"seed": at}, "brand": by});
    let mut shop = Shop::of(&[described(1, Origin::Server, 20, "tea", said(20, "ahead"))]);
    let known = |shop: &Shop| {
        let traits: BTreeMap<String, Value> =
            shop.item("tea").unwrap().traits().map(|(name, value)| (name.to_owned(), value)).collect();
        ["simulatedBy", "simulated", "brand"].map(|name| traits[name].clone())
    };
    shop.apply(&described(2, Origin::Client, 30, "tea", said(30, "stranger")));
    assert_eq!(known(&shop), [json!("ahead"), json!({"seed": 20}), json!("ahead")], "no stranger makes notes");
    shop.apply(&described(3, Origin::Server, 3, "tea", said(3, "now")));
    assert_eq!(known(&shop), [json!("now"), json!({"seed": 20}), json!("ahead")]);
    assert_eq!(known(&shop.restarted())[0], "now");
}
