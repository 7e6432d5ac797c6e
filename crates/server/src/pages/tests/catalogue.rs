//! Does the catalogue tell what was shown, where, and how it sells?

use super::*;
use primitives::Clock;

/// A shop of three items: one that is bought and shown, one that is only described, one that is out of stock.
fn shop() -> Console {
    let console = Console::start(true);
    let mut batch: Vec<String> = [("tea", true, 7), ("cup", true, 3), ("pot", false, 0)]
        .map(|(id, available, stock)| {
            format!(r#"{{"type":"item","itemId":"{id}","traits":{{"name":"A {id}","available":{available},"stock":{stock}}}}}"#)
        })
        .into();
    for user in 0..6 {
        batch.push(format!(
            r#"{{"type":"track","userId":"u{user}","event":"Order Completed","properties":{{"order_id":"{user}","products":[{{"product_id":"tea"}}]}}}}"#
        ));
    }
    console.send_events(&format!(r#"{{"batch":[{}]}}"#, batch.join(",")));
    console
}

fn decide(console: &Console, kind: &str, query: Option<&str>) {
    let mut parameters = decisions::Parameters::new();
    parameters.extend(query.map(|query| ("query".to_owned(), query.into())));
    parameters.insert("n".to_owned(), 1.into());
    let names = vec![Identifier::User("u1".into())];
    let asked = engine::Asked { kind: kind.into(), names, parameters, context: events::Fields::new() };
    console.running.app().engine.decide(asked).unwrap();
}

/// Which of the three a page lists.
fn listed(console: &Console, path: &str) -> [bool; 3] {
    let page = console.get(path).body;
    ["tea", "cup", "pot"].map(|id| page.contains(&format!("href=\"/catalogue/{id}\"")))
}

fn wait_until_read(console: &Console) {
    let engine = &console.running.app().engine;
    let watch = engine::Stopwatch::start();
    while engine.shown_since(engine.clock().now()).is_none() {
        assert!(watch.elapsed() < Duration::from_secs(20), "what was shown is never read");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_no_answer_shows_is_told_and_what_one_shows_says_where() {
    let console = shop();
    wait_until_read(&console);
    assert_eq!(
        listed(&console, "/catalogue?show=never_shown"),
        [true, true, false],
        "what cannot be had need not be shown"
    );
    assert_eq!(listed(&console, "/catalogue?show=cold"), [false, true, true]);
    for show in ["unavailable", "out_of_stock", "hidden"] {
        assert_eq!(listed(&console, &format!("/catalogue?show={show}")), [false, false, true], "{show}");
    }
    let unseen = console.get("/catalogue/cup").body;
    assert!(unseen.contains("In no answer since 24 Oct 2026"), "{unseen}");

    decide(&console, "recommend", None);
    decide(&console, "recommend", None);
    decide(&console, "search", Some("tea"));
    assert_eq!(listed(&console, "/catalogue?show=never_shown"), [false, true, false]);
    let all = console.get("/catalogue").body;
    assert!(all.contains(">3 answers</td>") && all.contains(">0 answers</td>") && all.contains("7 in stock"), "{all}");
    let tea = console.get("/catalogue/tea").body;
    for part in ["<dd>3</dd>", "/decisions?kind=recommend", "/decisions?kind=search", "<dt>In stock</dt><dd>7</dd>"] {
        assert!(tea.contains(part), "{part}: {tea}");
    }
    // Six customers bought it this week, and nobody before.
    assert!(tea.contains("Week of 16 Nov: 6 customers") && tea.contains("Week of 9 Nov: no customer"), "{tea}");
    let by = console.running.app().engine.shown_by(primitives::ItemKey::from(&"tea".into()), console.clock.now());
    let told: Vec<_> = by.iter().map(|one| (one.kind.as_str(), one.n, one.n_general, one.mean_place)).collect();
    assert_eq!(told, [("recommend", 2, 2, 1.0), ("search", 1, 0, 1.0)], "the search knew what they bought");
}

#[test]
fn what_was_shown_is_known_for_thirty_days_and_read_back_after_a_restart() {
    let console = shop();
    decide(&console, "recommend", None);
    let last = console.clock.now().plus_days(2);
    console.clock.set(last);
    decide(&console, "search", Some("tea"));
    // What is answered after the start is counted as it is answered, and not read back.
    console.clock.set(last.plus_days(1));
    let again = || {
        let engine = &console.running.app().engine;
        let capabilities = Arc::new(engine::Capabilities::built_in());
        let (ports, policy, clock) = (engine.ports().clone(), engine.policy().clone(), console.clock.clone());
        engine::Engine::open(ports, policy, capabilities, clock, Seed::new(2), crate::api::wire::decision).unwrap()
    };
    let tea = primitives::ItemKey::from(&"tea".into());
    let n_shown = |engine: &engine::Engine, now| engine.n_shown(now).get(&tea).copied().unwrap_or(0);
    let (some, all, now) = (again(), again(), console.clock.now());
    decide(&console, "search", Some("tea"));
    assert_eq!((n_shown(&some, now), some.shown_since(now)), (0, None), "nothing is read yet");
    some.read_shown(1, &|| false).unwrap();
    assert_eq!(n_shown(&some, now), 1, "only the newest");
    let since = some.shown_since(now).unwrap();
    assert!(since > last.plus_days(-2) && since <= last, "what came before the newest is not known: {since}");

    all.read_shown(9, &|| false).unwrap();
    assert_eq!((n_shown(&all, now), all.shown_since(now).unwrap().date()), (2, now.plus_days(-29).date()));
    // The first was shown two days before the last: of thirty days, it goes first.
    assert_eq!([27, 28, 29, 30].map(|days| n_shown(&all, last.plus_days(days))), [2, 1, 1, 0]);
    assert_eq!(n_shown(&console.running.app().engine, now), 3);
    let stopped = again();
    stopped.read_shown(9, &|| true).unwrap();
    assert_eq!(n_shown(&stopped, now), 0);
}
