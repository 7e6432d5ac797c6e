//! Do lists of items keep to what was asked and to the rules, and can they be made again?

use super::filtered::described;
use super::shop::{
    N_ITEMS, Shop, decide, decided, decided_as, every_kind, key, knowledge, known, models, parts, question, ranking,
    recommender, refused, replay, unknown,
};
use crate::search::{Features, Found, FoundItem, Told};
use crate::{
    Answer, Content, DecisionError, ItemFacts, Knowledge, Lens, Models, Part, Question, RankedItem, Refusal, Regard,
    Repeats, Rules, Sales, Shelf, Subject, World, category_of, kinds,
};
use features::Items;
use governance::Headcount;
use models::recommend::{Cooccurrence, Interaction, Interactions, Markov, MemberSettings, RecommenderSettings};
use primitives::{ItemKey, Seed};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A shop whose items have traits: three categories of four, two brands in turn, and what they earn rises with the number.
struct Traits {
    items: Items,
    shelves: BTreeMap<Shelf, Vec<u32>>,
    /// What a search finds, best first.
    found: Vec<u32>,
    /// What is told beside them.
    told: Told,
    shown_last: BTreeSet<ItemKey>,
}

fn category(item: u32) -> &'static str {
    ["bread", "cake", "tea"][(item / 4) as usize]
}

fn brand(item: u32) -> &'static str {
    if item.is_multiple_of(2) { "even" } else { "odd" }
}

impl Traits {
    /// Of which some cannot be had, and some are hidden.
    fn without(sold_out: &[u32], hidden: &[u32]) -> Self {
        let ids: Vec<String> = (0..N_ITEMS).map(|item| format!("item-{item}")).collect();
        let traits = (0..N_ITEMS).map(|item| {
            json!({
                "name": format!("Number {item}"), "category": category(item), "brand": brand(item), "margin": item,
                "price": item + 1, "currency": "EUR", "available": !sold_out.contains(&item),
                "hidden": hidden.contains(&item),
            })
        });
        let items = described(ids.iter().map(String::as_str).zip(traits));
        let shelves = BTreeMap::from([
            (Shelf::Popular, (0..N_ITEMS).collect()),
            (Shelf::Trending, vec![5, 3, 9]),
            (Shelf::Newest, vec![11, 10, 2, 1]),
            (Shelf::Earlier, vec![7, 6]),
        ]);
        Self { items, shelves, found: Vec::new(), told: Told::default(), shown_last: BTreeSet::new() }
    }

    /// A question's words find these, best first.
    fn finding(found: &[u32]) -> Self {
        Self { found: found.to_vec(), ..Self::full() }
    }

    fn full() -> Self {
        Self::without(&[], &[])
    }
}

impl World for Traits {
    fn is_available(&self, item: ItemKey) -> bool {
        self.items.offers(item)
    }

    fn facts(&self, item: ItemKey) -> Option<ItemFacts> {
        self.items.get(item).map(|item| ItemFacts { id: item.id.clone(), title: item.title().to_owned() })
    }

    fn popular(&self, n: usize) -> Vec<(ItemKey, Sales)> {
        self.shelf(Shelf::Popular, n, &|_| true)
    }

    fn regard(&self, item: ItemKey, lens: &Lens) -> Result<Regard, Refusal> {
        lens.regard(self.items.get(item).ok_or(Refusal::Unknown)?)
    }

    fn shelf(&self, shelf: Shelf, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<(ItemKey, Sales)> {
        let stand =
            self.shelves[&shelf].iter().map(|item| (key(*item), Sales::Buyers { buyers: Headcount::of(50 - *item) }));
        stand.filter(|(item, _)| allowed(*item)).take(n).collect()
    }

    fn category(&self, item: ItemKey) -> Option<u32> {
        self.items.get(item).and_then(category_of)
    }

    fn found(&self, _: &[(ItemKey, f64)]) -> Option<Found> {
        let item = |(place, item): (usize, &u32)| {
            let mut features = Features::default();
            features[0] = 1.0 - f32::from(u8::try_from(place).unwrap()) / 20.0;
            FoundItem { item: key(*item), features }
        };
        Some(Found { items: self.found.iter().enumerate().map(item).collect(), told: self.told.clone() })
    }

    fn shown_last(&self) -> BTreeSet<ItemKey> {
        self.shown_last.clone()
    }

    fn without_trait(&self, name: &str) -> Option<Option<String>> {
        (!["brand", "margin", "category", "price", "stock"].contains(&name))
            .then(|| primitives::nearest(name, ["brand", "margin"]).map(ToOwned::to_owned))
    }
}

fn asked(parameters: Value) -> Question {
    let mut asked = question("recommend", 10);
    asked.parameters.extend(parameters.as_object().cloned().unwrap());
    asked
}

fn buyer() -> Subject {
    known(knowledge(&[(1, 3.0), (1, 20.0), (6, 40.0)], true))
}

fn items(answer: &Answer) -> &[RankedItem] {
    let Content::Items(items) = &answer.content else { panic!("items were asked for") };
    items
}

/// The numbers of the items that were answered.
fn numbers(answer: &Answer) -> Vec<u32> {
    items(answer).iter().map(|item| item.id.as_str()[5..].parse().unwrap()).collect()
}

fn ask(parameters: Value) -> Answer {
    decide(&asked(parameters), &buyer(), &models(true), &Traits::full()).unwrap()
}

#[test]
fn what_was_ruled_out_is_not_shown_and_the_shortfall_says_by_what() {
    for (parameters, left, said) in [
        (json!({"filter": {"category": "tea"}}), vec![8, 9, 10, 11], "4 of 10 items: filter category left out 8."),
        (
            json!({"filter": {"category": ["tea", "cake"], "brand": {"not": "odd"}}, "n": 8}),
            vec![4, 6, 8, 10],
            "4 of 8 items: filter brand left out 6, filter category left out 2.",
        ),
        (json!({"filter": {"price": {"gte": 3, "lt": 6}}}), vec![2, 3, 4], "3 of 10 items: filter price left out 9."),
        (
            json!({"filter": {"brand": "even"}, "exclude": ["item-0", "item-2", "nobody-knows"], "new_only": true}),
            vec![4, 8, 10],
            "3 of 10 items: filter brand left out 5, bought before left out 2, excluded left out 2.",
        ),
        (
            json!({"search": "odd", "exclude": ["item-3"]}),
            vec![1, 5, 7, 9, 11],
            "5 of 10 items: the search found 6, excluded left out 1.",
        ),
        (json!({"search": "nothing like it"}), vec![], "0 of 10 items: the search found 0."),
        (json!({"filter": {"stock": false}}), vec![], "0 of 10 items: filter stock left out 12."),
        (
            json!({"filter": {"brandd": "even"}}),
            vec![],
            "0 of 10 items: filter brandd left out 12. No item has the trait \"brandd\": did you mean \"brand\"?",
        ),
        (
            json!({"filter": {"taste": "sweet"}}),
            vec![],
            "0 of 10 items: filter taste left out 12. No item has the trait \"taste\".",
        ),
    ] {
        let shop = match parameters["search"].as_str() {
            Some("odd") => Traits::finding(&[1, 3, 5, 7, 9, 11]),
            _ => Traits::full(),
        };
        let answer = decide(&asked(parameters.clone()), &buyer(), &models(true), &shop).unwrap();
        let mut found = numbers(&answer);
        found.sort_unstable();
        assert_eq!(found, left, "{parameters}");
        assert_eq!(answer.shortfall.as_deref(), Some(said), "{parameters}");
        assert_eq!(answer.fallback, None, "{parameters}");
    }
    let whole = ask(json!({}));
    assert_eq!((whole.shortfall, whole.left_out.len(), numbers(&ask(json!({"n": 10}))).len()), (None, 0, 10));
    let all = ask(json!({"n": 100}));
    assert_eq!(all.shortfall.as_deref(), Some("12 of 100 items: there are no others."));
}

#[test]
fn what_cannot_be_had_and_what_is_hidden_are_counted_apart() {
    let shop = Traits::without(&[0, 5], &[7]);
    for with_model in [true, false] {
        let answer = decide(&asked(json!({"n": 12})), &buyer(), &models(with_model), &shop).unwrap();
        assert_eq!(answer.left_out, BTreeMap::from([("out of stock".to_owned(), 2), ("hidden".to_owned(), 1)]));
        assert!(numbers(&answer).iter().all(|item| ![0, 5, 7].contains(item)) && items(&answer).len() == 9);
    }
}

#[test]
fn a_placement_decides_where_the_list_comes_from() {
    let near = |item: u32| recommender().similar(key(item)).map(|(key, _)| key).collect::<Vec<_>>();
    let keys = |answer: &Answer| numbers(answer).into_iter().map(key).collect::<Vec<_>>();
    let product = ask(json!({"placement": "product", "item": "item-4", "n": 3}));
    assert_eq!(keys(&product)[..2], near(4)[..2], "what goes with it, nearest first");
    assert!(items(&product)[0].reason == "Bought by customers who bought Number 4", "{product:?}");
    assert!(!numbers(&ask(json!({"placement": "product", "item": "item-4", "n": 100}))).contains(&4));
    // Where too little goes with it: what sells of its category, then the rest.
    let filled = ask(json!({"placement": "product", "item": "item-4", "n": 11}));
    let n_near = near(4).len();
    let then = &items(&filled)[n_near..];
    assert!(!then.is_empty() && then[0].reason == "Popular, and of the same category as Number 4", "{then:?}");
    assert!(items(&filled).is_sorted_by(|a, b| a.score >= b.score), "{filled:?}");

    let cart = ask(json!({"placement": "cart", "cart": ["item-2", "item-9"], "n": 100}));
    assert!(numbers(&cart).iter().all(|item| ![2, 9].contains(item)) && items(&cart).len() == 10);
    assert!(items(&cart)[0].reason.starts_with("Bought by customers who bought Number "), "{cart:?}");
    let after = ask(json!({"placement": "thank_you", "n": 4}));
    assert_eq!(keys(&after)[..1], near(1)[..1], "what goes with the last order");
    assert!(!numbers(&after).contains(&1), "which was just bought");
    let because = ask(json!({"placement": "because", "n": 100}));
    assert_eq!(keys(&because), near(1), "only what goes with what was bought last");
    let because = ask(json!({"placement": "because", "item": "item-8", "n": 100}));
    assert_eq!(keys(&because), near(8));

    for with_model in [true, false] {
        let of = |placement: &str| {
            let asked = asked(json!({"placement": placement, "n": 4}));
            decide(&asked, &buyer(), &models(with_model), &Traits::full()).unwrap()
        };
        let trending = of("trending");
        let mut first = numbers(&trending)[..3].to_vec();
        first.sort_unstable();
        assert_eq!(first, [3, 5, 9]);
        assert_eq!(
            items(&trending)[0].reason,
            "Bought by more customers in the last 7 days than in an average week of the last four"
        );
        assert_eq!(items(&trending).len(), 4, "the rest is what sells");
        let new = of("new");
        // Whoever bought 1 comes back for it; without a model nothing says so.
        let expected = if with_model { vec![1, 2, 11, 10] } else { vec![11, 10, 2, 1] };
        assert_eq!((numbers(&new), new.fallback), (expected, None));
        let stranger =
            decide(&asked(json!({"placement": "new"})), &unknown(true), &models(with_model), &Traits::full());
        let stranger = stranger.unwrap();
        assert_eq!(numbers(&stranger), [11, 10, 2, 1, 7, 6], "nobody's taste, and then what came before");
        let reasons: Vec<bool> = items(&stranger).iter().map(|item| item.reason == "New in the catalogue").collect();
        assert_eq!(reasons, [true, true, true, true, false, false]);
    }
}

#[test]
fn what_is_searched_is_found_and_stands_as_it_suits_the_customer() {
    let shop = Traits::finding(&[9, 4, 2, 1]);
    let of = |subject: &Subject| decide(&asked(json!({"search": "any"})), subject, &models(true), &shop).unwrap();
    let (stranger, own) = (of(&unknown(true)), of(&buyer()));
    assert_eq!(numbers(&stranger), [9, 4, 2, 1]);
    assert!(stranger.fallback.unwrap().ends_with(": these are the items that match what was looked for."));
    assert_ne!(numbers(&own), [9, 4, 2, 1], "whoever bought 1 finds it sooner");
    assert_eq!((own.fallback, own.shortfall), (None, Some("4 of 10 items: the search found 4.".to_owned())));
}

#[test]
fn a_list_says_by_which_words_and_in_how_much_of_the_catalogue_it_was_searched() {
    let told = |corrected: Option<&str>, searchable| Told {
        corrected: corrected.map(str::to_owned),
        searchable,
        ..Told::default()
    };
    let within = "in the part of the catalogue that can be searched at the moment";
    for (told, found, said) in [
        (told(Some("odd"), None), &[1, 2][..], "2 of 10 items: the search for \"odd\" found 2.".to_owned()),
        (told(None, Some((3, 12))), &[1], format!("1 of 10 items: the search found 1 {within}.")),
        (told(None, Some((3, 12))), &[], format!("0 of 10 items: the search found 0 {within}.")),
    ] {
        let shop = Traits { told, ..Traits::finding(found) };
        let answer = decide(&asked(json!({"search": "any"})), &unknown(true), &models(true), &shop).unwrap();
        assert_eq!(answer.shortfall, Some(said));
        let is_nothing = answer.fallback.unwrap().contains("nothing that can be searched at the moment matches");
        assert_eq!(is_nothing, found.is_empty());
    }
}

#[test]
fn what_was_just_looked_at_changes_home_and_nothing_else() {
    let mut looking = knowledge(&[(1, 3.0), (6, 40.0)], true);
    let before = |placement: &str| {
        let asked = asked(json!({"placement": placement, "n": 4}));
        decide(&asked, &known(knowledge(&[(1, 3.0), (6, 40.0)], true)), &models(true), &Traits::full()).unwrap()
    };
    looking.viewed = vec![key(9)];
    let near: Vec<ItemKey> = recommender().similar(key(9)).map(|(item, _)| item).collect();
    let of = |subject: &Subject, placement: &str| {
        let asked = asked(json!({"placement": placement, "n": 4}));
        let (answer, record) = decided(&asked, subject, &models(true), &Traits::full());
        assert_eq!(replay(&super::reopened(&record), &models(true)).unwrap(), answer);
        answer
    };
    let home = of(&known(looking.clone()), "home");
    assert_ne!(numbers(&home), numbers(&before("home")));
    let first = items(&home).iter().find(|item| near.contains(&ItemKey::from(&item.id))).unwrap();
    assert_eq!(first.reason, "Bought by customers who bought Number 9");
    for placement in ["email", "trending", "thank_you", "replenish"] {
        assert_eq!(of(&known(looking.clone()), placement), before(placement), "{placement}");
    }
    // Of whoever bought nothing yet it is all that is known.
    let new = Knowledge { bought: Vec::new(), ..looking };
    let home = of(&known(new), "home");
    assert_eq!((ItemKey::from(&items(&home)[0].id), home.fallback), (near[0], None));
}

#[test]
fn parts_of_the_model_are_asked_what_the_model_was_asked() {
    // Everybody goes on from one item to the next.
    let row = |customer: u32, step: u32| Interaction {
        customer,
        item: (customer + step) % N_ITEMS,
        age_days: f64::from(40 - step),
        quantity: 1.0,
    };
    let rows = (0..240).flat_map(|customer| (0..4).map(move |step| row(customer, step)));
    let interactions =
        Interactions { rows: rows.collect(), items: (0..N_ITEMS).map(key).collect(), ..Interactions::default() };
    let members =
        vec![MemberSettings::Cooccurrence(Cooccurrence::default()), MemberSettings::Markov(Markov::default())];
    let settings = RecommenderSettings { members, ..RecommenderSettings::default() };
    let mut models = Models::default();
    models.put(ranking("r2", settings.fit(&interactions, Seed::new(1)).unwrap()));
    let said = |subject: &Subject, given: Value| {
        let all: Vec<ItemKey> = (0..N_ITEMS).map(key).collect();
        parts(&asked(given), subject, &models, &all)
    };
    let next_after = |parts: &[Vec<Part>]| {
        let next = |parts: &Vec<Part>| parts.iter().find(|part| part.name == "markov").map_or(0.0, |part| part.value);
        (0..N_ITEMS as usize).max_by(|a, b| next(&parts[*a]).total_cmp(&next(&parts[*b]))).unwrap()
    };
    let customer = knowledge(&[(1, 3.0)], true);
    let looking = Knowledge { viewed: vec![key(6)], ..customer.clone() };
    assert_eq!(next_after(&said(&known(customer.clone()), json!({}))), 2);
    assert_eq!(
        next_after(&said(&known(looking.clone()), json!({}))),
        2,
        "what they look at now is blended in beside it"
    );
    assert_eq!(next_after(&said(&known(looking), json!({"placement": "email"}))), 2, "where it does not count");
    assert_eq!(next_after(&said(&known(customer.clone()), json!({"cart": ["item-4"]}))), 2);
    for elsewhere in [json!({"cart": ["item-4"], "placement": "cart"}), json!({"search": "any"})] {
        assert!(said(&known(customer.clone()), elsewhere).is_empty(), "not what the model has put in order");
    }
    for nobody in [refused(), unknown(true)] {
        assert!(said(&nobody, json!({})).is_empty(), "of whom nothing may be known, no part says anything");
    }
}

#[test]
fn an_e_mail_begins_with_what_the_last_one_did_not_show() {
    let mail = asked(json!({"placement": "email", "n": 4}));
    let first = decide(&mail, &buyer(), &models(true), &Traits::full()).unwrap();
    let shown_last: BTreeSet<ItemKey> = items(&first).iter().map(|item| ItemKey::from(&item.id)).collect();
    let shop = Traits { shown_last: shown_last.clone(), ..Traits::full() };
    let (second, record) = decided(&mail, &buyer(), &models(true), &shop);
    assert!(items(&second).iter().all(|item| !shown_last.contains(&ItemKey::from(&item.id))), "{second:?}");
    assert_eq!(replay(&super::reopened(&record), &models(true)).unwrap(), second);
    let all = decide(&asked(json!({"placement": "email", "n": 12})), &buyer(), &models(true), &shop).unwrap();
    assert_eq!(numbers(&all).len(), 12, "what it showed comes again where there is nothing else");
    assert!(items(&all)[8..].iter().all(|item| shown_last.contains(&ItemKey::from(&item.id))));
    let stranger = |shop: &Traits| decide(&mail, &unknown(true), &models(true), shop).unwrap();
    assert_eq!(stranger(&shop), stranger(&Traits::full()), "of whom nothing may be known, nothing is");
}

#[test]
fn what_is_due_is_shown_with_its_rhythm_and_needs_no_model() {
    let subject = known(knowledge(&[(3, 21.0), (3, 42.0), (3, 63.0), (5, 1.0), (5, 90.0), (7, 10.0)], true));
    for with_model in [true, false] {
        let asked = asked(json!({"placement": "replenish"}));
        let answer = decide(&asked, &subject, &models(with_model), &Traits::full()).unwrap();
        assert_eq!((numbers(&answer), answer.fallback.clone()), (vec![3], None));
        assert_eq!(items(&answer)[0].reason, "Usually bought every 3 weeks, due now");
        assert_eq!(answer.shortfall.as_deref(), Some("1 of 10 items: nothing else is due."));
        let answer =
            decide(&asked, &known(knowledge(&[(3, 1.0)], true)), &models(with_model), &Traits::full()).unwrap();
        assert_eq!((items(&answer).len(), answer.shortfall.as_deref()), (0, Some("0 of 10 items: nothing is due.")));
    }
    let home = decide(&asked(json!({"n": 12})), &subject, &models(true), &Traits::full()).unwrap();
    let reason = &items(&home).iter().find(|item| item.id.as_str() == "item-3").unwrap().reason;
    assert_eq!(reason, "Usually bought every 3 weeks, due now");
}

#[test]
fn what_was_bought_just_now_waits_until_it_can_be_due_where_repeats_are_learned() {
    let subject = known(knowledge(&[(3, 1.0), (3, 22.0), (3, 43.0)], true));
    for (repeats, is_shown) in [("learned", false), ("allowed", true), ("excluded", false)] {
        let asked = asked(json!({"repeats": repeats, "n": 12}));
        let answer = decide(&asked, &subject, &models(true), &Traits::full()).unwrap();
        assert_eq!(numbers(&answer).contains(&3), is_shown, "{repeats}");
    }
}

#[test]
fn an_item_that_the_catalogue_does_not_have_is_said() {
    for placement in ["product", "because", "home"] {
        let answer = ask(json!({"placement": placement, "item": "nothing-like-it", "n": 3}));
        let why = answer.fallback.clone().unwrap();
        assert_eq!(why, "The catalogue has no item \"nothing-like-it\": these are the most popular items.");
        assert_eq!(items(&answer).len(), 3);
    }
    let error = decide(&asked(json!({"placement": "product"})), &buyer(), &models(true), &Traits::full()).unwrap_err();
    assert!(matches!(error, DecisionError::Unfit { .. }));
    assert!(error.to_string().starts_with("placement is \"product\", which is about an item: give the id"), "{error}");
}

#[test]
fn a_cart_in_which_nothing_is_is_said() {
    for cart in [json!({}), json!({"cart": []})] {
        let of = |subject: &Subject| {
            let mut asked = asked(cart.clone());
            asked.parameters.insert("placement".to_owned(), "cart".into());
            let (answer, record) = decided(&asked, subject, &models(true), &Traits::full());
            assert_eq!(replay(&super::reopened(&record), &models(true)).unwrap(), answer);
            (answer.fallback.unwrap(), answer.content)
        };
        let begin = "The question names nothing in the cart (give the ids as \"cart\"): these are";
        let (said, content) = of(&buyer());
        assert_eq!(said, format!("{begin} items that this customer wants most."));
        assert_eq!(content, ask(json!({})).content, "as at home");
        assert_eq!(of(&known(knowledge(&[], false))).0, format!("{begin} the most popular items."));
    }
    assert_eq!(ask(json!({"placement": "cart", "cart": ["item-2"]})).fallback, None);
    assert_eq!(ask(json!({"placement": "cart", "item": "item-2"})).fallback, None);
}

#[test]
fn without_consent_a_list_is_of_what_is_in_view_and_of_nobody() {
    for subject in [refused(), unknown(true)] {
        let of = |parameters| decide(&asked(parameters), &subject, &models(true), &Traits::full()).unwrap();
        let product = of(json!({"placement": "product", "item": "item-4", "n": 3}));
        let why = product.fallback.clone().unwrap();
        assert!(why.ends_with(": these are items that customers bought who bought Number 4."), "{why}");
        assert_eq!(items(&product)[0].reason, "Bought by customers who bought Number 4");
        for (placement, end) in [
            (
                "trending",
                ": first come items that more customers bought in the last 7 days than in an average week of the last four.",
            ),
            ("new", ": these are the newest items."),
            ("replenish", ": these are the most popular items."),
        ] {
            let why = of(json!({"placement": placement, "n": 3})).fallback.unwrap();
            assert!(why.ends_with(end), "{placement}: {why}");
        }
        let none = of(json!({"filter": {"brand": "none"}}));
        assert!(none.fallback.unwrap().ends_with(", and no item that can be shown is what the filter asks for."));
        assert_eq!(none.shortfall.as_deref(), Some("0 of 10 items: filter brand left out 12."));
        let none = of(json!({"search": "nothing like it"})).fallback.unwrap();
        assert!(none.ends_with(", and nothing that can be shown matches what was looked for."), "{none}");
    }
}

#[test]
fn factors_and_earnings_move_items_up() {
    let place = |answer: &Answer, item| numbers(answer).iter().position(|one| *one == item);
    let plain = ask(json!({"n": 12}));
    let lifted = ask(json!({"n": 12, "boost": {"category": {"tea": 50}}}));
    assert_ne!(numbers(&plain), numbers(&lifted));
    let best = *numbers(&plain).iter().find(|item| category(**item) == "tea").unwrap();
    assert!(place(&lifted, best) < place(&plain, best));
    assert!(items(&lifted).is_sorted_by(|a, b| a.score >= b.score));
    let sunk = ask(json!({"n": 12, "boost": {"brand": {"even": 0}}}));
    assert!(numbers(&sunk)[..5].iter().all(|item| brand(*item) == "odd"), "{sunk:?}");
    // Without a model they stand as they sell, and what sells least earns most.
    let earning = |margin_weight: f64| {
        let asked = asked(json!({"n": 12, "margin_weight": margin_weight, "boost": {"brand": {"odd": 1.2}}}));
        let answer = decide(&asked, &unknown(true), &models(false), &Traits::full()).unwrap();
        place(&answer, 11).unwrap()
    };
    assert!(earning(1.0) < earning(0.3) && earning(0.3) < earning(0.0), "{} {}", earning(1.0), earning(0.3));
}

#[test]
fn a_list_that_is_to_differ_does() {
    let changes =
        |answer: &Answer| numbers(answer).windows(2).filter(|pair| category(pair[0]) != category(pair[1])).count();
    let (plain, diverse) = (ask(json!({"n": 6})), ask(json!({"n": 6, "diversity": 1.0})));
    assert!(changes(&diverse) > changes(&plain), "{:?} {:?}", numbers(&plain), numbers(&diverse));
    let first: Vec<&str> = numbers(&diverse)[..3].iter().map(|item| category(*item)).collect();
    let different: BTreeSet<&&str> = first.iter().collect();
    assert_eq!(different.len(), 3, "{first:?}");
    assert_eq!(numbers(&ask(json!({"n": 6, "diversity": 0.0}))), numbers(&plain));
}

#[test]
fn the_rules_of_the_settings_hold_where_a_question_says_nothing_else() {
    let rules = Rules { per_category_max: 1, repeats: Repeats::Excluded, ..Rules::default() };
    let kinds = kinds(&[], &[], rules);
    let kind = kinds.get("recommend").unwrap();
    let of = |parameters| decided_as("a", kind, &asked(parameters), (&buyer(), &models(true), &Traits::full()));
    let (answer, record) = of(json!({}));
    assert_eq!(items(&answer).len(), 3);
    assert_eq!(
        answer.shortfall.as_deref(),
        Some("3 of 10 items: per_category_max left out 7, bought before left out 2.")
    );
    assert_eq!(record.declaration(), Some(kind.declaration().unwrap().digest.as_str()));
    let then = kind.declaration().unwrap().kind().unwrap();
    assert_eq!(
        crate::replay(&*then, super::shop::catalogue(), &super::reopened(&record), &models(true)).unwrap(),
        answer
    );
    assert_eq!(items(&of(json!({"per_category_max": 2})).0).len(), 6);
    assert_eq!(items(&of(json!({"per_category_max": 0, "repeats": "allowed"})).0).len(), 10);
    assert!(every_kind().get("recommend").unwrap().declaration().is_none(), "no rule holds that could be kept");
}

#[test]
fn chance_shows_others_as_often_as_it_says() {
    let kind = every_kind().get("recommend").unwrap();
    let question = asked(json!({"n": 3, "explore_share": 0.4}));
    let (mut shown, mut said) = (BTreeMap::<u32, f64>::new(), BTreeMap::<u32, f64>::new());
    let best = numbers(&ask(json!({"n": 3})));
    let n = 3_000;
    for at in 0..n {
        let id = format!("decision-{at}");
        let (answer, record) = decided_as(&id, kind, &question, (&buyer(), &models(true), &Traits::full()));
        let first = numbers(&answer)[0];
        *shown.entry(first).or_default() += 1.0 / f64::from(n);
        said.insert(first, items(&answer)[0].propensity.unwrap().get());
        let all: f64 = items(&answer).iter().map(|item| item.propensity.unwrap().get()).product();
        assert!((answer.propensity.get() - all).abs() < 1e-12);
        if at % 100 == 0 {
            assert_eq!(replay(&super::reopened(&record), &models(true)).unwrap(), answer);
        }
    }
    assert!((said.values().sum::<f64>() - 1.0).abs() < 1e-9, "{said:?}");
    assert!((said[&best[0]] - 0.6).abs() < 1e-12 && !said.contains_key(&best[1]), "{said:?}");
    for (item, how_often) in &shown {
        assert!((how_often - said[item]).abs() < 0.03, "{item}: {how_often} is not {}", said[item]);
    }
    let plain = ask(json!({"n": 3}));
    assert!(items(&plain).iter().all(|item| item.propensity.unwrap().get().to_bits() == 1.0_f64.to_bits()));
}

#[test]
fn a_plain_answer_keeps_nothing_of_items_beside_it() {
    let (_, record) = decided(&asked(json!({})), &buyer(), &models(true), &Traits::full());
    let text = super::json(&record.to_logged().record);
    for word in ["regards", "shelves", "left_out", "categories", "without", "shown", "viewed"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

#[test]
fn what_was_said_of_a_customer_who_refuses_is_forgotten() {
    let question =
        asked(json!({"search": "number", "cart": ["item-3"], "exclude": ["item-4"], "new_only": true, "n": 11}));
    let (_, record) = decided(&question, &buyer(), &models(true), &Traits::full());
    let forgotten = super::reopened(&record.forget());
    assert_eq!(forgotten.question.parameters.keys().collect::<Vec<_>>(), ["n", "new_only"]);
    let text = super::json(&forgotten.to_logged().record);
    assert!(!text.contains("bought before") && !text.contains("item-3"), "{text}");
}

#[test]
fn a_record_of_before_items_told_their_places_is_answered_as_it_was() {
    let (answer, record) = decided(&asked(json!({"n": 3})), &buyer(), &models(true), &Shop::full());
    let logged = record.to_logged();
    let fourth = super::json(&logged.record).replacen("\"v\":7", "\"v\":4", 1);
    let fourth = crate::Record::open(&crate::LoggedDecision { record: fourth.into_bytes(), ..logged }).unwrap();
    let again = replay(&fourth, &models(true)).unwrap();
    assert_eq!(numbers(&again), numbers(&answer));
    assert!(items(&again).iter().all(|item| item.propensity.is_none()));
}

fn parameters() -> impl Strategy<Value = Value> {
    let placement = proptest::sample::select(vec![
        "home",
        "product",
        "cart",
        "thank_you",
        "email",
        "because",
        "trending",
        "new",
        "replenish",
    ]);
    let filter = proptest::sample::select(vec![
        json!({}),
        json!({"category": ["tea", "cake"]}),
        json!({"brand": {"not": "odd"}}),
        json!({"price": {"lt": 5}, "stock": true}),
        json!({"nothing": 1}),
    ]);
    let share = || proptest::sample::select(vec![0.0, 0.3, 0.5, 1.0]);
    let some = || proptest::collection::vec((0..N_ITEMS + 2).prop_map(|item| format!("item-{item}")), 0..4);
    let repeats = proptest::sample::select(Repeats::NAMES.to_vec());
    (
        (1_i64..=15, placement, filter, some(), some(), repeats),
        (share(), share(), share(), share(), 0_i64..3, 0_i64..4),
        (proptest::option::of(Just(json!({"brand": {"odd": 3.5}}))), proptest::sample::select(vec!["", "any"])),
    )
        .prop_map(|((n, placement, filter, cart, exclude, repeats), shares, (boost, search))| {
            let (diversity, new_share, margin, explore, per_category, per_brand) = shares;
            json!({
                "n": n, "placement": placement, "filter": filter, "cart": cart, "exclude": exclude, "repeats": repeats,
                "item": "item-4", "diversity": diversity, "new_share_min": new_share, "margin_weight": margin,
                "explore_share": explore, "per_category_max": per_category, "per_brand_max": per_brand,
                "boost": boost.unwrap_or(json!({})), "search": search,
            })
        })
}

fn customers() -> impl Strategy<Value = (Knowledge, Vec<u32>)> {
    let bought = proptest::collection::vec((0..N_ITEMS + 2, 0.0_f64..100.0), 0..9);
    (bought, proptest::collection::vec((0..N_ITEMS + 2).prop_map(key), 0..3)).prop_map(|(bought, viewed)| {
        let items = bought.iter().map(|(item, _)| *item).collect();
        (Knowledge { viewed, ..knowledge(&bought, true) }, items)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_list_keeps_to_what_was_asked_and_is_made_again_from_its_record(
        parameters in parameters(), (knowledge, bought) in customers(), with_model: bool, is_known: bool,
        (sold_out, shown_last) in (proptest::collection::vec(0..N_ITEMS, 0..6), proptest::collection::vec(0..N_ITEMS, 0..4)),
    ) {
        let shown_last = shown_last.into_iter().map(key).collect();
        let found = vec![1, 5, 4, 10, 2, 11, 3];
        let shop = Traits { found: found.clone(), shown_last, ..Traits::without(&sold_out, &[10]) };
        let is_searched = parameters["search"] == "any";
        let subject = if is_known { known(knowledge) } else { unknown(true) };
        let models = models(with_model);
        let (answer, record) = decided(&asked(parameters.clone()), &subject, &models, &shop);
        let reopened = super::reopened(&record);
        prop_assert_eq!(&reopened.to_logged(), &record.to_logged());
        prop_assert_eq!(&replay(&reopened, &models).unwrap(), &answer);

        let can_be_found = found;
        let found = numbers(&answer);
        prop_assert!(!is_searched || found.iter().all(|item| can_be_found.contains(item)));
        let n = usize::try_from(parameters["n"].as_i64().unwrap()).unwrap();
        let different: BTreeSet<&u32> = found.iter().collect();
        prop_assert!(found.len() <= n && different.len() == found.len());
        prop_assert_eq!(answer.shortfall.is_some(), found.len() < n);
        let names = |list: &str| parameters[list].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned());
        let ruled_out: Vec<String> = names("cart").chain(names("exclude")).collect();
        for item in &found {
            prop_assert!(!sold_out.contains(item) && *item != 10, "{} cannot be shown", item);
            let id = format!("item-{item}");
            prop_assert!(!ruled_out.contains(&id) && *item != 4, "{} was ruled out", id);
            let is_let_through = match &parameters["filter"] {
                filter if filter.get("category").is_some() => category(*item) != "bread",
                filter if filter.get("brand").is_some() => brand(*item) != "odd",
                filter if filter.get("price").is_some() => *item + 1 < 5,
                filter => filter.get("nothing").is_none(),
            };
            prop_assert!(is_let_through);
        }
        let is_old = |item: &&u32| is_known && bought.contains(item);
        let n_old = found.iter().filter(is_old).count();
        prop_assert!(parameters["repeats"] != "excluded" || n_old == 0);
        let n_new_min = parameters["new_share_min"].as_f64().unwrap() * n as f64;
        prop_assert!((n - n_old) as f64 + 1e-9 >= n_new_min, "{} of {} were bought before", n_old, n);
        let most = |of: fn(u32) -> &'static str| {
            let mut counts = BTreeMap::<&str, i64>::new();
            found.iter().for_each(|item| *counts.entry(of(*item)).or_default() += 1);
            counts.into_values().max().unwrap_or(0)
        };
        for (rule, n) in [("per_category_max", most(category)), ("per_brand_max", most(brand))] {
            let max = parameters[rule].as_i64().unwrap();
            prop_assert!(max == 0 || n <= max, "{} is {}", rule, n);
        }
        for item in items(&answer) {
            prop_assert!(item.score.is_finite() && item.propensity.unwrap().get() > 0.0);
        }
    }
}
