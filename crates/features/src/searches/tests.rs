//! Do searches learn from searches, and from nobody who may be invented?

use super::*;
use events::{Call, Fields, Origin, Reading};
use profiles::MemoryProfileStore;
use serde_json::{Value, json};

fn track(offset: u64, user: &str, minute: i64, name: &str, properties: Value) -> Recorded {
    let Value::Object(properties) = properties else { panic!("properties are an object") };
    let at = Timestamp::from_millis(minute * 60_000);
    let event = Event {
        message_id: "m".into(),
        user_id: Some(user.into()),
        anonymous_id: None,
        occurred_at: at,
        stated_at: None,
        received_at: at,
        call: Call::Track { event: name.to_owned(), properties: properties.into() },
        context: Fields::new(),
        origin: Origin::Client,
        reading: Reading::default(),
    };
    Recorded { offset: Offset(offset), event }
}

#[derive(Default)]
struct Told {
    searches: Searches,
    n: u64,
}

impl Told {
    fn tell(&mut self, user: &str, minute: i64, name: &str, properties: Value) {
        self.n += 1;
        self.searches.apply(&track(self.n, user, minute, name, properties), Counted::AsKnown, str::to_lowercase);
    }

    fn search(&mut self, user: &str, minute: i64, query: &str, n_results: u64) {
        self.tell(user, minute, "Products Searched", json!({"query": query, "results": n_results}));
    }

    fn view(&mut self, user: &str, minute: i64, item: &str) {
        self.tell(user, minute, "Product Viewed", json!({"product_id": item}));
    }

    fn share(&self, query: &str, item: &str) -> Option<f64> {
        self.searches.chosen(query).get(&ItemKey::from(&ItemId::from(item))).copied()
    }
}

const FIVE: [&str; 5] = ["a", "b", "c", "d", "e"];

#[test]
fn what_is_looked_at_within_half_an_hour_was_chosen_for_the_last_query() {
    let mut told = Told::default();
    for user in FIVE {
        told.view(user, 0, "before");
        told.search(user, 1, "Tea", 4);
        told.view(user, 2, "green");
        told.view(user, 31, "late");
        told.view(user, 32, "too late");
        told.view(&format!("not {user}"), 2, "another's");
        told.tell(user, 30, "Content Finished", json!({"content_id": "read"}));
    }
    for item in ["green", "late", "read"] {
        assert_eq!(told.share("tea", item), Some(5.0 / 15.0), "{item}");
    }
    for item in ["before", "too late", "another's"] {
        assert_eq!(told.share("tea", item), None, "{item}");
    }
    for user in FIVE {
        told.search(user, 33, "cup", 4);
        told.view(user, 34, "mug");
    }
    assert_eq!((told.share("tea", "mug"), told.share("cup", "mug")), (None, Some(5.0 / 15.0)));
    let (before, n) = (told.searches.held.clone(), told.n);
    told.searches.apply(
        &track(n, "a", 34, "Product Viewed", json!({"product_id": "again"})),
        Counted::AsKnown,
        str::to_lowercase,
    );
    assert_eq!(told.searches.held, before, "it was folded in before");
}

#[test]
fn who_looks_and_chooses_again_and_again_counts_once_and_fewer_than_five_not_at_all() {
    let mut told = Told::default();
    for user in FIVE {
        told.search(user, 0, "tea", 4);
        told.view(user, 0, "green");
    }
    for minute in 1..200 {
        told.search("looping", minute, "tea", 4);
        told.view("looping", minute, "evil");
    }
    for user in &FIVE[..4] {
        told.search(user, 200, "tea", 4);
        told.view(user, 200, "four's");
    }
    assert_eq!((told.share("tea", "green"), told.share("tea", "evil")), (Some(5.0 / 16.0), None));
    assert_eq!(told.share("tea", "four's"), None);
    told.search("e", 200, "tea", 4);
    told.view("e", 200, "four's");
    assert_eq!(told.share("tea", "four's"), Some(5.0 / 16.0));
    // Nor do a thousand other items make room for themselves.
    told.search("looping", 300, "tea", 4);
    (0..1_000).for_each(|n| told.view("looping", 300, &format!("junk {n}")));
    assert_eq!(told.share("tea", "green"), Some(5.0 / 16.0));
    assert_eq!(told.searches.held.queries["tea"].chosen.len(), N_CHOSEN_MAX);
}

#[test]
fn with_every_month_what_was_before_counts_half_as_much() {
    let (mut told, month) = (Told::default(), MONTH_MS / 60_000);
    for user in 0..40 {
        told.search(&format!("user {user}"), 0, "tea", 4);
        told.view(&format!("user {user}"), 0, "green");
    }
    let (held, item) = (&told.searches.held.queries["tea"], ItemKey::from(&ItemId::from("green")));
    let n = held.by.n();
    assert!((35..=45).contains(&n) && held.chosen[&item].n() == n, "{n}");
    told.search("user 0", month - 1, "tea", 4);
    assert_eq!(told.searches.held.queries["tea"].by.n(), n, "within the month");
    told.search("late", month, "tea", 4);
    let share = |n: u32| Some(f64::from(n) / (f64::from(n + 1) + N_PRIOR));
    assert_eq!(told.share("tea", "green"), share(n / 2));
    told.search("later", 0, "tea", 4);
    assert_eq!(told.searches.held.queries["tea"].at, Timestamp::from_millis(MONTH_MS), "told late");
    told.search("late", 9 * month, "tea", 4);
    assert!(told.searches.held.queries["tea"].chosen.is_empty(), "nothing is left of it");
}

#[test]
fn what_fewer_than_five_looked_for_is_told_to_nobody() {
    let mut told = Told::default();
    for (n, user) in FIVE[..4].iter().enumerate() {
        told.search(user, 1, "tea", 3);
        told.search(user, 2, "teapot", 3);
        told.search(user, 3, "tea cosy", u64::from(n == 0));
    }
    told.search("a", 4, "tea", 3);
    assert_eq!(told.searches.beginning_with("te", 9), Vec::<String>::new());
    told.search("e", 5, "tea", 3);
    told.search("e", 6, "tea cosy", 0);
    assert_eq!(told.searches.beginning_with("te", 9), ["tea"]);
    told.search("e", 7, "teapot", 3);
    (0..4).for_each(|minute| told.search("e", minute, "tea", 3));
    told.search("f", 7, "teapot", 3);
    assert_eq!(told.searches.beginning_with("te", 9), ["teapot", "tea"], "first what most people looked for");
    assert_eq!(told.searches.beginning_with("te", 1), ["teapot"]);
    let last_at = Timestamp::from_millis(6 * 60_000);
    let nothing = Query { words: "tea cosy".to_owned(), n: 5, n_nothing: 4, last_at, next: Vec::new() };
    assert_eq!(told.searches.without_result(9), [nothing]);
}

#[test]
fn what_is_looked_for_next_and_chosen_from_says_in_other_words_what_was_not_found() {
    let next = |told: &Told, of: &str| {
        let without = told.searches.without_result(9);
        without.into_iter().find(|query| query.words == of).map(|query| query.next).unwrap_or_default()
    };
    let mut told = Told::default();
    for (n, user) in FIVE.iter().enumerate() {
        assert!(next(&told, "sneaker").is_empty(), "{n} customers are fewer than five");
        told.search(user, 10, "sneaker", 0);
        told.search(user, 11, "running shoes", 7);
        // A second page, and then something is chosen.
        told.search(user, 12, "running shoes", 7);
        told.view(user, 13, "pegasus");
        told.view(user, 14, "carbon");
    }
    assert_eq!(next(&told, "sneaker"), ["running shoes"]);
    assert_eq!(told.searches.said_instead("sneaker").as_deref(), Some("running shoes"));
    assert_eq!((told.searches.said_instead("running shoes"), told.searches.said_instead("unheard")), (None, None));
    for (n, user) in ["f", "g", "h", "i", "j"].into_iter().enumerate() {
        // Too late, nothing chosen, something chosen before, the same words.
        told.search(user, 20, "boots", 0);
        told.search(user, 26, "late", 7);
        told.view(user, 26, "pegasus");
        told.search(user, 30, "boots", 0);
        told.search(user, 31, "looked past", 7);
        told.search(user, 40, "boots", 0);
        told.view(user, 41, "pegasus");
        told.search(user, 42, "found before", 7);
        told.view(user, 43, "carbon");
        told.search(user, 50, "boots", 0);
        told.search(user, 51, "boots", 0);
        told.view(user, 52, "carbon");
        assert!(next(&told, "boots").is_empty(), "{n}");
    }
    for n in 0..60 {
        told.search("looping", 100, "sneaker", 0);
        told.search("looping", 101, &format!("junk {n}"), 1);
        told.view("looping", 102, "carbon");
    }
    assert_eq!(told.searches.held.queries["sneaker"].next.len(), N_NEXT_MAX);
    assert_eq!(next(&told, "sneaker"), ["running shoes"], "what many said stays");
    // Once the other words are searched at once nobody says them any more: what is chosen keeps them.
    let month = MONTH_MS / 60_000;
    for user in 0..12 {
        told.search(&format!("new {user}"), 200, "sneaker", 7);
        told.view(&format!("new {user}"), 201, "pegasus");
    }
    told.search("new 0", month + 1, "sneaker", 7);
    assert_eq!(told.searches.said_instead("sneaker").as_deref(), Some("running shoes"));
    told.search("new 0", 9 * month, "sneaker", 7);
    assert_eq!(told.searches.said_instead("sneaker"), None, "in the end it is forgotten");
}

#[test]
fn fewer_than_five_stay_fewer_however_often_they_come_back() {
    let (mut told, month) = (Told::default(), MONTH_MS / 60_000);
    for again in 0..6 {
        for user in &FIVE[..4] {
            told.search(user, again * month, "sneaker", 0);
            told.search(user, again * month + 1, "my secret", 7);
            told.view(user, again * month + 2, "pegasus");
        }
        told.search("e", again * month + 3, "sneaker", 0);
    }
    assert_eq!(told.searches.said_instead("sneaker"), None);
    assert!(told.searches.without_result(9)[0].next.is_empty() && told.searches.chosen("my secret").is_empty());
    for user in FIVE {
        told.search(user, 7 * month, "sneaker", 0);
        told.search(user, 7 * month + 1, "my secret", 7);
        told.view(user, 7 * month + 2, "pegasus");
    }
    assert_eq!(told.searches.said_instead("sneaker").as_deref(), Some("my secret"), "now they are five");
    told.searches.let_go(&track(0, "a", 0, "Page Left", json!({})).event);
    assert_eq!((told.searches.said_instead("sneaker"), told.share("my secret", "pegasus")), (None, None));
}

/// Invented visitors look for something, find nothing, say it otherwise and choose something of that.
fn strangers(told: &mut Told, n: u64) {
    for stranger in 0..n {
        let user = format!("stranger {stranger}");
        for (minute, name, properties) in [
            (0, "Products Searched", json!({"query": "tea", "results": 4})),
            (1, "Order Completed", json!({"products": [{"product_id": "evil"}]})),
            (60, "Products Searched", json!({"query": "cup", "results": 0})),
            (61, "Products Searched", json!({"query": "curse", "results": 4})),
            (62, "Order Completed", json!({"products": [{"product_id": "evil"}]})),
        ] {
            told.n += 1;
            let recorded = track(told.n, &user, minute, name, properties);
            told.searches.apply(&recorded, Counted::AsAnother, str::to_lowercase);
        }
    }
}

#[test]
fn few_strangers_decide_nothing_and_many_no_more_than_what_is_taken_for_granted() {
    let of = |n: u64| {
        let mut told = Told::default();
        strangers(&mut told, n);
        told
    };
    let told = of(14);
    assert_eq!((told.share("tea", "evil"), told.searches.said_instead("cup")), (None, None));
    assert_eq!(told.searches.beginning_with("cur", 9), Vec::<String>::new());
    // A shop with nothing but a snippet learns all the same.
    let told = of(40);
    assert_eq!(told.searches.said_instead("cup").as_deref(), Some("curse"));
    assert_eq!(told.searches.beginning_with("cur", 9), ["curse"]);
    for n in [40, 400, 4_000] {
        let share = of(n).share("tea", "evil").unwrap();
        assert!((0.4..=0.5 + 1e-9).contains(&share), "{n}: {share}");
    }
}

#[test]
fn where_the_company_knows_who_looks_others_count_only_beside_them() {
    let mut told = Told::default();
    for user in 0..N_KNOWN_MIN + 5 {
        told.search(&format!("known {user}"), 0, "kettle", 4);
        told.view(&format!("known {user}"), 1, "copper");
    }
    FIVE.iter().for_each(|user| told.search(user, 0, "tea", 4));
    FIVE.iter().for_each(|user| told.view(user, 0, "green"));
    let before = told.share("tea", "green").unwrap();
    strangers(&mut told, 4_000);
    assert_eq!(told.searches.said_instead("cup"), None, "nobody who is known ever looked for it");
    assert_eq!(told.searches.beginning_with("cur", 9), Vec::<String>::new());
    let (green, evil) = (told.share("tea", "green").unwrap(), told.share("tea", "evil").unwrap());
    assert!(before > 0.3 && green > 0.2 && evil <= green + 0.02, "{before}, {green}, {evil}");
}

#[test]
fn what_was_chosen_weeks_ago_says_nothing_of_what_is_looked_for_now() {
    let mut told = Told::default();
    for user in FIVE {
        told.search(user, 0, "sneaker", 3);
        told.view(user, 1, "pegasus");
        told.search(user, 30_000, "sneaker", 0);
        told.search(user, 30_001, "running shoes", 7);
        told.view(user, 30_002, "pegasus");
    }
    assert_eq!(told.searches.said_instead("sneaker").as_deref(), Some("running shoes"));
}

#[test]
fn who_refuses_to_be_counted_is_let_go_of() {
    let mut told = Told::default();
    FIVE.iter().for_each(|user| told.search(user, 1, "tea", 3));
    let refusal = |user: &str, n: u64, refused: bool| {
        let mut recorded = track(n, user, 2, "Page Left", json!({}));
        let consent = json!({"consent": {"categoryPreferences": {"Analytics": !refused}}});
        let Value::Object(context) = consent else { unreachable!() };
        recorded.event.context = context.into();
        recorded
    };
    assert!(!told.searches.concerns(&refusal("a", 6, false).event));
    let refused = refusal("a", 6, true);
    assert!(told.searches.concerns(&refused.event));
    told.searches.apply(&refused, Counted::No, str::to_lowercase);
    assert_eq!(told.searches.beginning_with("tea", 9), Vec::<String>::new(), "four are left");
    assert!(!told.searches.held.open.contains_key(&stable_hash("a")));
    assert_eq!((told.searches.held.open.len(), told.searches.held.queries["tea"].by.are_several()), (4, false));
    // Who says it with every event is not looked for again, until they permit it and look for something.
    assert!(!told.searches.concerns(&refusal("a", 7, true).event));
    told.n = 6;
    told.search("a", 3, "tea", 3);
    assert!(told.searches.concerns(&refusal("a", 8, true).event));
    // Their last search may be long ago, and they may say it with what they look at.
    told.searches.held.open.clear();
    let mut looks = refusal("b", 8, true);
    looks.event.call = track(8, "b", 2, "Product Viewed", json!({"product_id": "green"})).event.call;
    assert!(told.searches.held.queries["tea"].by.are_several() && told.searches.concerns(&looks.event));
    told.searches.apply(&looks, Counted::No, str::to_lowercase);
    assert!(!told.searches.held.queries["tea"].by.are_several());
}

#[test]
fn who_does_not_permit_it_and_what_is_too_long_are_not_counted() {
    let mut told = Told::default();
    told.searches.apply(
        &track(1, "ann", 1, "Products Searched", json!({"query": "tea"})),
        Counted::No,
        str::to_lowercase,
    );
    told.n = 1;
    told.search("ann", 2, &"x".repeat(QUERY_BYTES_MAX + 1), 0);
    told.search("ann", 2, "", 0);
    assert_eq!(told.searches.held, Held::default());
    told.search("ann", 2, &"x".repeat(QUERY_BYTES_MAX), 0);
    assert_eq!(told.searches.held.queries.len(), 1);
}

#[test]
fn the_rarest_queries_and_the_oldest_searches_give_way() {
    let mut told = Told::default();
    for user in ["a", "b"] {
        told.search(user, 0, "kept", 1);
    }
    // Told in the order of the alphabet backwards, so that what goes goes by its time alone.
    for n in 0..N_QUERIES_MAX + N_QUERIES_OVER {
        let minute = i64::try_from(n / 100).unwrap();
        told.search(&format!("u{n}"), minute, &format!("q{:05}", 99_999 - n), 1);
    }
    assert_eq!(told.searches.held.queries.len(), N_QUERIES_MAX + 1);
    let has = |told: &Told, query: &str| told.searches.held.queries.contains_key(query);
    assert!(has(&told, "kept") && !has(&told, "q99999") && !has(&told, "q99500") && has(&told, "q99499"));
    for n in 0..N_OPEN_MAX {
        told.search(&format!("v{n}"), 60, "kept", 1);
    }
    assert!(told.searches.held.open.len() <= N_OPEN_MAX);
    assert!(!told.searches.held.open.contains_key(&stable_hash("a")), "the oldest went");
    assert!(told.searches.held.open.contains_key(&stable_hash(&format!("v{}", N_OPEN_MAX - 1))));
}

#[test]
fn what_nobody_looks_for_any_more_gives_way_to_what_is_looked_for_now() {
    let (mut told, months) = (Told::default(), 4 * MONTH_MS / 60_000);
    FIVE.iter().for_each(|user| told.search(user, 0, "zzz", 1));
    for n in 0..=N_QUERIES_MAX + N_QUERIES_OVER {
        told.search("f", months, &format!("new {n}"), 1);
    }
    assert!(!told.searches.held.queries.contains_key("zzz"));
}

#[test]
fn what_is_stored_opens_as_it_was() {
    let store = MemoryProfileStore::default();
    let mut told = Told::default();
    told.search("ann", 1, "tea", 1);
    told.view("ann", 1, "green");
    told.searches.begin_checkpoint().unwrap();
    let mut slice = Vec::new();
    told.searches.fill(&mut slice, 1);
    store.commit(Offset(2), slice).unwrap();
    told.searches.end_checkpoint(true);
    assert_eq!(Searches::open(&store).unwrap(), told.searches);
}
