//! Is found what was meant? The whole of a search on the index that is stored.

use crate::directories::Bench;
use decisions::search::{Begun, Found, FoundItem, Library, Shelf, Sought, Synonyms, TextIndex, Told, find};
use events::{Call, Event, Fields, Offset, Origin, Recorded};
use features::{Item, Items};
use governance::ConsentPolicy;
use primitives::{ErrorKind, ItemId, ItemKey, Seed, Timestamp};
use profiles::MemoryProfileStore;
use rand_chacha::rand_core::Rng;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use storage::{Access, DataDir, FileTextIndex};

const NOW: Timestamp = Timestamp::from_millis(1_795_348_800_000);

/// A shop that can be searched.
struct Shop {
    items: Items,
    shelf: Shelf,
    index: FileTextIndex,
    synonyms: Synonyms,
    n_told: u64,
    _bench: Bench,
}

impl Shop {
    fn new(items: &[(&str, Value)]) -> Self {
        let bench = Bench::default();
        let index = FileTextIndex::of(&DataDir::open(bench.data(), Access::Exclusive).unwrap());
        let store = MemoryProfileStore::default();
        let items_of_nobody = Items::open(&store, &ConsentPolicy::default()).unwrap();
        let mut shop = Self {
            items: items_of_nobody,
            shelf: Shelf::default(),
            index,
            synonyms: Synonyms::default(),
            n_told: 0,
            _bench: bench,
        };
        items.iter().for_each(|(id, traits)| shop.tell(id, traits.clone()));
        shop
    }

    fn tell(&mut self, id: &str, traits: Value) {
        let traits = traits.as_object().unwrap().clone();
        self.n_told += 1;
        let at = Timestamp::from_millis(NOW.as_millis() + i64::try_from(self.n_told).unwrap());
        let event = Event {
            message_id: format!("m{}", self.n_told).into(),
            user_id: None,
            anonymous_id: None,
            occurred_at: at,
            stated_at: None,
            received_at: at,
            call: Call::Item { item_id: id.into(), traits: traits.into() },
            context: Fields::new(),
            origin: Origin::Server,
            reading: events::Reading::default(),
        };
        self.items.apply(&Recorded { offset: Offset(self.n_told), event });
        let put: Vec<_> =
            self.items.take_news().told.iter().filter_map(|key| self.shelf.put(self.items.get(*key)?, NOW)).collect();
        self.index.change(&put, &[]).unwrap();
    }

    fn index(&self) -> Library<'_> {
        Library { shelf: &self.shelf, index: &self.index, synonyms: &self.synonyms }
    }

    fn find_for(&self, query: &str, own: &[&str]) -> Found {
        let sought = Sought { query, keep: &|_| {}, chosen: &|_| 0.0 };
        let own: Vec<(ItemKey, f64)> = own.iter().map(|id| (ItemKey::from(&ItemId::from(*id)), 1.0)).collect();
        find(&self.index(), &sought).unwrap().seen_by(&self.shelf, &own)
    }

    /// The ids that a query finds, in the order in which everybody sees them.
    fn find(&self, query: &str) -> Vec<&str> {
        self.ids(&self.find_for(query, &[]))
    }

    fn ids(&self, found: &Found) -> Vec<&str> {
        let mut items: Vec<_> = found.items.iter().map(|item| (item.prior(), item.item)).collect();
        items.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        items.iter().filter_map(|(_, key)| self.items.get(*key)).map(|item: &Item| item.id.as_str()).collect()
    }

    fn sorted(&self, query: &str) -> Vec<&str> {
        let mut found = self.find(query);
        found.sort_unstable();
        found
    }
}

fn shoe(name: &str, category: &str, brand: &str, colour: &str, size: i64, price: f64) -> Value {
    json!({"name": name, "category": category, "brand": brand, "colour": colour, "size": size, "price": price, "currency": "EUR"})
}

fn shoes() -> Shop {
    Shop::new(&[
        ("pegasus-red-42", shoe("Pegasus 40", "Running Shoes", "Nike", "red", 42, 129.0)),
        ("pegasus-red-44", shoe("Pegasus 40", "Running Shoes", "Nike", "red", 44, 129.0)),
        ("pegasus-blue-42", shoe("Pegasus 40", "Running Shoes", "Nike", "blue", 42, 119.0)),
        ("cheap-red-42", shoe("Runner One", "Running Shoes", "Acme", "red", 42, 39.0)),
        ("cheap-red-40", shoe("Runner One", "Running Shoes", "Acme", "red", 40, 39.0)),
        ("dear-red-42", shoe("Carbon Race", "Running Shoes", "Adidas", "red", 42, 249.0)),
        ("boot-brown-42", shoe("Hiking Boot", "Boots", "Acme", "brown", 42, 149.0)),
        (
            "s1",
            json!({"name": "Socks for running shoes", "category": "Socks", "brand": "Falke", "price": 9.5, "currency": "EUR"}),
        ),
        (
            "wine",
            json!({"name": "Red wine Rioja", "category": "Wine", "price": 12.0, "currency": "EUR", "description": "A red one."}),
        ),
        (
            "shirt",
            json!({"name": "T-Shirt", "category": "Shirts", "tags": ["organic cotton"], "is_vegan": true, "weight_g": 180}),
        ),
        ("juice", json!({"name": "Apple juice", "category": "Drinks", "brand": "Hohes C", "volume": "1,5 l"})),
        ("cider", json!({"name": "Apple cider", "category": "Drinks", "brand": "Somersby"})),
        ("phone", json!({"name": "Phone 15", "category": "Phones", "brand": "Apple", "price": 999, "currency": "EUR"})),
    ])
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is measured how long somebody waits")]
fn an_index_that_another_program_holds_makes_nobody_wait_for_long() {
    let bench = Bench::default();
    let directory = DataDir::open(bench.data(), Access::Exclusive).unwrap();
    let other = rusqlite::Connection::open(directory.search()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let index = FileTextIndex::of(&directory);
    let started = Instant::now();
    assert_eq!(index.n_with("tea").unwrap_err().kind, ErrorKind::Unavailable);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(index.n_with("tea").unwrap(), 0);
}

#[test]
fn words_that_name_values_are_filters_and_a_price_is_a_limit() {
    let shop = shoes();
    assert_eq!(shop.sorted("red running shoes size 42"), ["cheap-red-42", "dear-red-42", "pegasus-red-42"]);
    let found = shop.find_for("cheap red running shoes size 42", &[]);
    assert_eq!(shop.ids(&found), ["cheap-red-42"]);
    let told: Vec<(&str, &str, bool)> =
        found.told.understood.iter().map(|one| (one.text.as_str(), one.of.as_str(), one.only)).collect();
    assert_eq!(
        told,
        [
            ("cheap", "price", true),
            ("red", "colour", true),
            ("running shoes", "category", true),
            ("size 42", "size", true)
        ]
    );
    assert_eq!(found.told.understood[0].lte, Some(39.0));
    assert!(found.told.loosened.is_empty() && found.told.corrected.is_none());
    assert_eq!(shop.sorted("running shoes under 100"), ["cheap-red-40", "cheap-red-42"]);
    assert_eq!(shop.sorted("Laufschuhe nike bis 120 €"), ["pegasus-blue-42"], "what nothing says is let go");
    assert_eq!(shop.find("nike pegasus blue"), ["pegasus-blue-42"]);
    assert_eq!(shop.sorted("vegan"), ["shirt"], "a trait of yes and no by its name");
    assert_eq!(shop.sorted("180 g"), ["shirt"], "a number with its unit");
    assert_eq!(shop.sorted("tshirt organic cotton"), ["shirt"]);
    assert_eq!(shop.sorted("juice 1.5l"), ["juice"]);
}

#[test]
fn a_name_that_means_several_things_is_preferred_and_does_not_filter() {
    let shop = shoes();
    let found = shop.find_for("apple", &[]);
    assert_eq!(shop.ids(&found).len(), 3, "the brand, and what is made of them");
    let told = &found.told.understood[0];
    assert_eq!((told.text.as_str(), told.of.as_str(), told.only), ("apple", "brand", false));
    assert_eq!(shop.sorted("red wine"), ["wine"], "it is no value of a colour");
}

#[test]
fn each_trait_that_a_word_may_mean_is_told_once() {
    let shop = Shop::new(&[
        ("phone", json!({"name": "Phone 15", "category": "Apple > Phones"})),
        ("case", json!({"name": "Case", "category": "Cases", "brand": "Apple"})),
        ("gala", json!({"name": "Gala", "category": "Fruit > Apple"})),
    ]);
    let found = shop.find_for("apple", &[]);
    let told: Vec<&str> = found.told.understood.iter().map(|one| one.of.as_str()).collect();
    assert_eq!(told, ["category", "brand"], "{:?}", found.told.understood);
}

#[test]
fn what_nothing_has_is_let_go_and_said() {
    let shop = shoes();
    let found = shop.find_for("brown running shoes", &[]);
    assert_eq!(found.told.loosened, ["brown"]);
    assert_eq!(found.told.n_found, 6, "the category stays");
    let found = shop.find_for("boots under 20", &[]);
    assert_eq!(
        (shop.ids(&found), found.told.loosened.as_slice()),
        (vec!["boot-brown-42"], &["under 20".to_owned()][..])
    );
    let found = shop.find_for("pegasus rioja", &[]);
    assert_eq!((found.told.n_found, found.told.loosened.as_slice()), (4, &["all words at once".to_owned()][..]));
    let found = shop.find_for("xyzzy", &[]);
    assert_eq!((found.told.n_found, found.items.len()), (0, 0));
}

#[test]
fn words_are_found_in_other_forms_and_where_they_are_written_wrong() {
    let shop = shoes();
    let found = shop.find_for("runing shoe", &[]);
    assert_eq!((found.told.corrected.as_deref(), found.told.n_found), (Some("running shoe"), 6));
    for (query, corrected) in [("pegasos", "pegasus"), ("runningshoes", "running shoes"), ("adidsa", "adidas")] {
        let found = shop.find_for(query, &[]);
        assert_eq!(found.told.corrected.as_deref(), Some(corrected), "{query}");
        assert!(found.told.n_found > 0);
    }
    assert_eq!(shop.sorted("boot"), ["boot-brown-42"]);
    assert_eq!(shop.sorted("hiking boots"), ["boot-brown-42"]);
    assert_eq!(shop.find_for("peg", &[]).told.n_found, 3, "the last word may go on");
    assert!(shop.find_for("peg", &[]).told.corrected.is_none());
}

#[test]
fn a_category_outlasts_words_and_several_of_one_trait_are_either() {
    let mut shop = shoes();
    shop.tell("novel", json!({"name": "A new novel", "category": "Books", "stock": 4}));
    shop.tell("boot-red-42", shoe("Winter Boot", "Boots", "Acme", "red", 42, 99.0));
    let of = |query: &str| {
        let found = shop.find_for(query, &[]);
        let mut ids: Vec<String> = shop.ids(&found).into_iter().map(str::to_owned).collect();
        ids.sort_unstable();
        (ids, found.told.loosened)
    };
    let boots = ["boot-brown-42", "boot-red-42"];
    assert_eq!(of("apple boots"), (boots.map(str::to_owned).to_vec(), vec!["apple".to_owned()]));
    assert_eq!(of("apple winter boots"), (vec!["boot-red-42".to_owned()], vec!["apple".to_owned()]));
    let (both, loosened) = of("boots and socks");
    assert_eq!(
        (both.as_slice(), loosened.is_empty()),
        (&["boot-brown-42", "boot-red-42", "s1"].map(str::to_owned)[..], true)
    );
    assert_eq!(of("red boots and running shoes").0.len(), 6, "of either, in red");
    assert_eq!(of("size 40 or 44").0, ["cheap-red-40", "pegasus-red-44"]);
    let facets = shop.find_for("novel", &[]).told.facets;
    assert!(facets.iter().all(|facet| facet.name != "stock"), "{facets:?}");
}

#[test]
fn two_values_without_a_word_between_them_are_one_thing() {
    let mut shop = shoes();
    // So many that hardly anything else is called so.
    let beans = ["arabica", "decaf", "moka", "robusta"];
    beans.iter().for_each(|id| shop.tell(id, json!({"name": id, "category": "Coffee"})));
    for (id, name, category) in
        [("tea", "Green leaves", "Tea"), ("oak", "Oak table", "Tables"), ("low", "Low table for coffee", "Tables")]
    {
        shop.tell(id, json!({"name": name, "category": category}));
    }
    assert_eq!(shop.sorted("coffee table"), ["low"]);
    for both in ["coffee and tables", "coffee, tables", "Coffee & Tables", "coffee oder tables", "cofee, tabels"] {
        assert_eq!(shop.sorted(both), ["arabica", "decaf", "low", "moka", "oak", "robusta"], "{both}");
        assert!(shop.find_for(both, &[]).told.loosened.is_empty(), "{both}");
    }
    assert_eq!(shop.sorted("coffee, tea and tables").len(), 7);
}

#[test]
fn new_is_an_order_but_where_it_is_a_part_of_a_name() {
    let mut shop = shoes();
    for (id, name, category, brand, since) in [
        ("b-old", "Winter Boot", "Boots", "Acme", "2024-01-01"),
        ("a-newest", "Summer Boot", "Boots", "Acme", "2025-03-01"),
        ("c-middle", "Spring Boot", "Boots", "Acme", "2024-06-01"),
        ("poster", "New York poster", "Posters", "Art", "2020-01-01"),
        ("balance", "Fresh Foam", "Sneakers", "New Balance", "2021-01-01"),
    ] {
        shop.tell(id, json!({"name": name, "category": category, "brand": brand, "timestamp": since}));
    }
    let of = |query: &str| {
        let found = shop.find_for(query, &[]);
        let ids = found.items.iter().filter_map(|one| shop.items.get(one.item));
        (ids.map(|item| item.id.to_string()).collect::<Vec<_>>(), found.told)
    };
    let (ids, told) = of("new acme boots");
    assert_eq!(ids, ["boot-brown-42", "a-newest", "c-middle", "b-old"], "that one came without a date");
    assert!(told.newest_first && told.loosened.is_empty() && told.corrected.is_none(), "{told:?}");
    let said = |told: &Told| told.understood.iter().map(|one| (one.text.clone(), one.of.clone())).collect::<Vec<_>>();
    assert!(said(&told).contains(&("new".to_owned(), "order".to_owned())), "{told:?}");
    for query in ["neue boots", "boots newest", "latest boots under 500"] {
        assert!(of(query).1.newest_first, "{query}");
    }
    let (all, told) = of("new");
    assert_eq!((all.len() as u64, told.newest_first), (told.n_found, true));
    assert!(all.iter().position(|id| id == "a-newest") < all.iter().position(|id| id == "poster"));
    for (query, found) in [("new york", "poster"), ("new balance", "balance")] {
        let (ids, told) = of(query);
        assert!(ids == [found] && !told.newest_first, "{query}: {told:?}");
    }
    let (ids, told) = of("new wooden boots");
    assert!(ids.len() == 4 && told.newest_first && told.loosened == ["wooden"], "{told:?}");
}

#[test]
fn what_is_not_wanted_is_left_out_and_said() {
    let mut shop = shoes();
    shop.tell("boot-red-42", shoe("Winter Boot", "Boots", "Acme", "red", 42, 99.0));
    shop.tell("nuts", json!({"name": "Nut mix", "category": "Snacks"}));
    shop.tell("no-show", json!({"name": "No-show liners", "category": "Socks"}));
    shop.tell("no-5", json!({"name": "Scent No 5", "category": "Scents"}));
    let of = |query: &str| (shop.sorted(query), shop.find_for(query, &[]).told);
    let (ids, told) = of("boots not red");
    assert_eq!((ids, told.corrected.clone(), told.loosened.len()), (vec!["boot-brown-42"], None, 0));
    let not = &told.understood.iter().find(|one| one.not).unwrap();
    assert_eq!((not.text.as_str(), not.of.as_str(), not.value.as_deref()), ("not red", "colour", Some("red")));
    assert_eq!(of("not red boots").0, ["boot-brown-42"]);
    assert_eq!(of("non-red boots").0, ["boot-brown-42"]);
    assert_eq!(of("boots except red").0, ["boot-brown-42"]);
    assert!(of("boots not red or brown").0.is_empty() && of("boots neither red nor brown").0.is_empty());
    assert_eq!(of("running shoes size 42 without the nike").0, ["cheap-red-42", "dear-red-42"]);
    assert_eq!(of("boots ohne winter").0, ["boot-brown-42"], "what stands in titles");
    let (all, none) = (of("boots").0.len(), of("boots not boots"));
    assert!(all == 2 && none.0.is_empty() && none.1.n_found == 0, "it is never let go: {:?}", none.1);
    assert_eq!(of("running shoes not expensive").0, of("cheap running shoes").0);
    for (not, other) in [("not under 100", "over 100"), ("not over 100", "under 100")] {
        assert_eq!(of(&format!("running shoes {not}")).0, of(&format!("running shoes {other}")).0);
    }
    assert_ne!(of("running shoes not under 100").0, of("running shoes not over 100").0);
    for (query, found) in [("no-show", "no-show"), ("no show liners", "no-show"), ("scent no 5", "no-5")] {
        assert_eq!(of(query).0, [found], "{query}");
    }
}

#[test]
fn a_tag_that_repeats_the_category_says_nothing_more() {
    let mut shop = Shop::new(&[]);
    for (id, category, colour) in
        [("b1", "Boots", "red"), ("b2", "Boots", "blue"), ("s1", "Socks", "red"), ("s2", "Socks", "blue")]
    {
        let tag = category.to_lowercase();
        shop.tell(id, json!({"name": format!("Thing {id}"), "category": category, "colour": colour, "tags": [tag]}));
    }
    let found = shop.find_for("red boots and socks", &[]);
    assert_eq!((shop.sorted("red boots and socks"), found.told.loosened.len()), (vec!["b1", "s1"], 0));
    assert!(found.told.understood.iter().all(|one| one.of != "tags" && one.only), "{:?}", found.told.understood);
    // A tag of other things, too, is one that may be meant.
    shop.tell("care", json!({"name": "Wax", "category": "Care", "tags": ["boots"]}));
    assert_eq!(shop.sorted("boots"), ["b1", "b2", "care"]);
}

#[test]
fn what_is_suggested_of_several_words_finds_something_and_is_counted_so() {
    let mut shop = shoes();
    shop.tell("boot-red-42", shoe("Winter Boot", "Boots", "Acme", "red", 42, 99.0));
    let complete = |text: &str| {
        let ways = shop.index().complete(&Begun { text, n_max: 9, queries: &[] }).unwrap();
        let told = ways.told(|_| None);
        told.into_iter().map(|one| (one.text, one.n)).collect::<Vec<_>>()
    };
    let one = |text: &str, n| (text.to_owned(), Some(n));
    assert_eq!(complete("red boo"), [one("red Boots", 1)], "two are boots");
    assert_eq!(complete("boo"), [one("Boots", 2)]);
    assert_eq!(complete("apple boo"), []);
}

#[test]
fn letters_with_marks_are_found_with_and_without_them() {
    let shop =
        Shop::new(&[("mat", json!({"name": "Kuṇḍalinī yoga mat"})), ("logos", json!({"name": "Ο λόγος ΛΌΓΟΥ"}))]);
    for query in ["kundalini", "Kuṇḍalinī yoga", "kundalini yoga", "KUṆḌALINĪ"] {
        let found = shop.find_for(query, &[]);
        assert_eq!((shop.ids(&found), found.told.corrected), (vec!["mat"], None), "{query}");
    }
    assert_eq!(shop.find_for("kundalni", &[]).told.corrected.as_deref(), Some("kundalini"));
    for query in ["λόγος", "ΛΟΓΟΣ", "λογου"] {
        assert_eq!(shop.find(query), ["logos"], "{query}");
    }
}

#[test]
fn synonyms_mean_values_and_words() {
    let mut shop = shoes();
    let group = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    shop.synonyms = Synonyms::new(&[group(&["Laufschuhe", "running shoes"]), group(&["tee", "t-shirt"])]);
    assert_eq!(shop.find_for("rote laufschuhe", &[]).told.understood[0].of, "category");
    assert_eq!(shop.find_for("laufschuhe", &[]).told.n_found, 6);
    assert_eq!(shop.find("tee"), ["shirt"]);
}

#[test]
fn facets_count_all_matches_in_an_order_that_stays() {
    let shop = shoes();
    let found = shop.find_for("running shoes", &[]);
    let facet = |name: &str| found.told.facets.iter().find(|facet| facet.name == name);
    let values = |name: &str| {
        facet(name).map_or(Vec::new(), |facet| facet.values.iter().map(|one| (one.value.as_str(), one.n)).collect())
    };
    assert_eq!(values("brand"), [("Nike", 3), ("Acme", 2), ("Adidas", 1)]);
    assert_eq!(
        (values("colour"), values("size")),
        (vec![("red", 5), ("blue", 1)], vec![("42", 4), ("40", 1), ("44", 1)])
    );
    let prices = facet("price").unwrap();
    assert_eq!(prices.ranges.iter().map(|range| range.n).sum::<u64>(), 6);
    assert!(prices.ranges.len() > 1 && prices.currency.is_some());
    let names: Vec<&str> = found.told.facets.iter().map(|facet| facet.name.as_str()).collect();
    assert_eq!(names, ["category", "brand", "price", "colour", "size"]);
}

#[test]
fn what_an_item_costs_the_company_is_neither_told_nor_found() {
    let mut shop = shoes();
    for (item, cost) in [("pegasus-red-44", 37.5), ("cheap-red-42", 11.5), ("boot-brown-42", 11.5)] {
        shop.tell(item, json!({"cost": cost, "margin": 7.25, "heel": 11.5}));
    }
    let found = shop.find_for("red", &[]);
    let names: Vec<&str> = found.told.facets.iter().map(|facet| facet.name.as_str()).collect();
    assert!(names.contains(&"heel") && !names.contains(&"cost") && !names.contains(&"margin"), "{names:?}");
    assert_eq!(shop.find_for("37.5", &[]).told.n_found, 0);
    assert_eq!(shop.find_for("cost 11.5", &[]).told.n_found, shop.find_for("11.5", &[]).told.n_found);
}

#[test]
fn of_very_many_values_the_most_frequent_are_counted_and_it_is_said_how_many_others_there_are() {
    let mut shop = Shop::new(&[]);
    for at in 0..103 {
        shop.tell(&format!("i{at}"), json!({"name": "Thing", "category": format!("Category {at}"), "brand": "Acme"}));
    }
    shop.tell("twice", json!({"name": "Thing", "category": "Category 102", "brand": "Acme"}));
    let facets = shop.find_for("thing", &[]).told.facets;
    let told: Vec<_> = facets.iter().map(|facet| (facet.name.as_str(), facet.values.len(), facet.more)).collect();
    assert_eq!(told, [("category", 100, 3), ("brand", 1, 0)]);
    assert_eq!((facets[0].values[0].value.as_str(), facets[0].values[0].n), ("Category 102", 2));
}

#[test]
fn what_changes_is_found_as_it_is_now() {
    let mut shop = shoes();
    shop.tell("s1", json!({"name": "Gloves", "category": "Gloves"}));
    assert_eq!((shop.find("gloves"), shop.find_for("socks", &[]).told.n_found), (vec!["s1"], 0));
    shop.tell("s1", json!({"available": false}));
    assert_eq!(shop.find_for("gloves", &[]).told.n_found, 0, "what cannot be had is not shown");
}

#[test]
fn what_the_customer_buys_comes_first_of_what_matches_equally() {
    let shop = shoes();
    let first = |own: &[&str]| {
        let found = shop.find_for("running shoes", own);
        shop.ids(&found)[0].to_owned()
    };
    assert_eq!(first(&["boot-brown-42", "boot-brown-42"]), "cheap-red-42", "of the brand and the size that they have");
    assert_eq!(first(&["pegasus-red-44"]), "pegasus-red-44");
    let nobody = shop.find_for("running shoes", &[]);
    assert!(nobody.items.iter().all(|item| item.features[8..].iter().all(|value| value.to_bits() == 0)));
}

#[test]
fn any_query_has_an_answer() {
    let shop = shoes();
    let long = "running ".repeat(1_300);
    for query in [
        "",
        " ",
        "???",
        "\"",
        "NEAR(a b)",
        "a* OR \"b",
        "title:red",
        "🙂",
        "緑茶",
        "'; DROP TABLE words",
        "-",
        &long,
        "\0\u{7f}",
        "for the",
    ] {
        let found = shop.find_for(query, &[]);
        assert!(found.told.n_found <= 13, "{query}");
    }
    assert_eq!(shop.find_for("???", &[]).told.notes.len(), 1);
    assert_eq!(shop.find_for(&long, &[]).told.notes, ["Only the first 24 words were read."]);
    assert_eq!(shop.find_for("", &[]).told.n_found, 13);
}

/// Shoppers of whom each buys two brands and one size, in a shop of generated items: what they looked for next is known.
struct Shoppers {
    shop: Shop,
    /// What each bought before, what they look for now, and what they buy of it.
    searches: Vec<(Vec<String>, String, String)>,
}

impl Shoppers {
    fn new(seed: u64) -> Self {
        let mut dice = Seed::new(seed).stream("shoppers", 0);
        let mut pick = |n: usize| usize::try_from(dice.next_u64() % n as u64).unwrap();
        let brands = ["Acme", "Borealis", "Comet", "Dune", "Ember", "Fjord", "Gale", "Harbor"];
        let kinds = ["Running Shoes", "Boots", "Jackets", "Trousers", "Shirts"];
        let words = ["classic", "light", "warm", "pro", "urban", "trail"];
        let mut items: Vec<(String, Value)> = Vec::new();
        for n in 0..600 {
            let (brand, kind, word) = (brands[pick(8)], kinds[n % 5], words[pick(6)]);
            let size = 38 + pick(8);
            let traits = json!({"name": format!("{word} {}", kind.to_lowercase()), "category": kind, "brand": brand,
                "size": size, "price": 20 + pick(180), "currency": "EUR"});
            items.push((format!("i{n}"), traits));
        }
        let told: Vec<(&str, Value)> = items.iter().map(|(id, traits)| (id.as_str(), traits.clone())).collect();
        let shop = Shop::new(&told);
        let mut searches = Vec::new();
        for _ in 0..80 {
            let (one, other, size) = (brands[pick(8)], brands[pick(8)], 38 + pick(8));
            let is_theirs = |traits: &Value| {
                let brand = traits["brand"].as_str().unwrap();
                (brand == one || brand == other) && traits["size"].as_u64().unwrap().abs_diff(size as u64) <= 1
            };
            let theirs: Vec<&(String, Value)> = items.iter().filter(|(_, traits)| is_theirs(traits)).collect();
            if theirs.len() < 8 {
                continue;
            }
            let bought = (0..6).map(|_| theirs[pick(theirs.len())].0.clone()).collect();
            // The next one is none that they have, and is looked for by its kind alone.
            let (id, traits) = theirs[pick(theirs.len())];
            searches.push((bought, traits["category"].as_str().unwrap().to_lowercase(), id.clone()));
        }
        Self { shop, searches }
    }

    /// The mean reciprocal rank of what was bought, in an order of what was found.
    fn mean_reciprocal_rank(&self, is_personal: bool, order: impl Fn(&FoundItem) -> f64) -> f64 {
        let ranks = self.searches.iter().map(|(bought, query, next)| {
            let own: Vec<&str> = if is_personal { bought.iter().map(String::as_str).collect() } else { Vec::new() };
            let mut items: Vec<_> =
                self.shop.find_for(query, &own).items.into_iter().map(|item| (order(&item), item.item)).collect();
            items.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let wanted = ItemKey::from(&ItemId::from(next.as_str()));
            items.iter().position(|(_, key)| *key == wanted).map_or(0.0, |rank| 1.0 / (rank as f64 + 1.0))
        });
        ranks.sum::<f64>() / self.searches.len() as f64
    }
}

#[test]
fn an_order_by_what_they_buy_is_better_than_by_the_words_alone_and_than_that_of_everybody() {
    for seed in [1, 2, 3] {
        let shoppers = Shoppers::new(seed);
        assert!(shoppers.searches.len() > 40);
        let by_words = shoppers.mean_reciprocal_rank(false, |item| f64::from(item.features[0]));
        let for_everybody = shoppers.mean_reciprocal_rank(false, FoundItem::prior);
        let personal = shoppers.mean_reciprocal_rank(true, FoundItem::prior);
        assert!(personal > 2.0 * by_words.max(for_everybody), "{personal} {for_everybody} {by_words}");
    }
}

#[test]
fn what_is_begun_goes_on_to_queries_values_and_items() {
    let shop = shoes();
    let complete = |text: &str, n_max: usize, queries: &[&str]| {
        let queries: Vec<String> = queries.iter().map(|query| (*query).to_owned()).collect();
        let ways = shop.index().complete(&Begun { text, n_max, queries: &queries }).unwrap();
        let told = ways.told(|key| shop.items.get(key).map(|item| (item.id.clone(), item.title().to_owned())));
        told.into_iter().map(|one| (one.text, one.of)).collect::<Vec<_>>()
    };
    let one = |text: &str, of: &str| (text.to_owned(), of.to_owned());
    let begun = complete("Runn", 6, &["running socks", "runner one", "red wine"]);
    assert_eq!(
        begun[..3],
        [one("running socks", "query"), one("runner one", "query"), one("Running Shoes", "category")]
    );
    assert!(begun.contains(&one("Socks for running shoes", "item")), "{begun:?}");
    assert_eq!(begun.iter().filter(|(text, _)| text.to_lowercase() == "runner one").count(), 1, "each once");
    assert_eq!(complete("red runn", 6, &[])[0], one("red Running Shoes", "category"), "the last word goes on");
    assert_eq!(complete("shoes", 1, &[]), [one("Running Shoes", "category")], "by a later word of it");
    assert_eq!(complete("nkie", 3, &[])[0], one("Nike", "brand"), "written wrong");
    let planted = ["visit evil shop", "runner evil", "runner rioja", "running sock", "red running shoes", "rnner one"];
    let told: Vec<String> = ["visit", "run", "red", "rn"]
        .iter()
        .flat_map(|text| complete(text, 9, &planted))
        .filter(|(_, of)| of == "query")
        .map(|(text, _)| text)
        .collect();
    assert_eq!(told, ["running sock", "red running shoes"], "only what finds something here");
    for nothing in ["", "?", "xyzzy"] {
        assert_eq!(complete(nothing, 5, &["red wine"]), Vec::new(), "{nothing}");
    }
    assert_eq!((complete("r", 0, &[]).len(), complete("r", 4, &[]).len()), (0, 4));
    // To one letter comes what begins with it, not what has such a word somewhere.
    for (letter, n_max) in [("s", 9), ("r", 4), ("r", 30), ("t", 9)] {
        let told = complete(letter, n_max, &["socks"]);
        assert!(told.iter().all(|(text, _)| text.to_lowercase().starts_with(letter)), "{letter}: {told:?}");
        assert!(!told.is_empty(), "{letter}");
    }
    assert!(complete("sh", 9, &[]).contains(&one("Running Shoes", "category")));
}
