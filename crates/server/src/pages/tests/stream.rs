//! What happened to whom, in words: the live events, one event, and the past of a customer.

use super::*;

const ORDERED: &str = r#"{"batch":[
    {"type":"item","itemId":"tea","messageId":"i1","traits":{"name":"Green tea","price":3.5,"currency":"EUR","imageUrl":"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>"}},
    {"type":"item","itemId":"cup","messageId":"i2","traits":{"name":"Cup","image":"https://elsewhere.example/cup.png"}},
    {"type":"identify","userId":"ann","messageId":"m1","timestamp":"2026-11-20T09:00:00Z","traits":{"name":"Ann Ash","city":"Ulm"}},
    {"type":"track","userId":"ann","messageId":"m2","timestamp":"2026-11-20T10:00:00Z","event":"Order Completed","properties":{"order_id":"o1","total":7.5,"currency":"EUR","products":[{"product_id":"tea","price":3.5,"quantity":2},{"product_id":"cup"}]}},
    {"type":"track","userId":"ann","messageId":"m3","timestamp":"2026-11-20T10:00:05Z","event":"Payment Approved","properties":{"payment_id":"p1","order_id":"o1","amount":7.5,"currency":"EUR","method":"card"}},
    {"type":"track","userId":"ann","messageId":"m4","timestamp":"2026-11-21T10:00:00Z","event":"Order Refunded","properties":{"order_id":"o1","total":3.5,"currency":"EUR"}},
    {"type":"identify","userId":"ann","messageId":"m5","timestamp":"2026-11-21T11:00:00Z","traits":{"city":"Bonn"},"context":{"consent":{"categoryPreferences":{"marketing":false}}}},
    {"type":"track","userId":"bob","messageId":"m6","timestamp":"2026-11-21T12:00:00Z","event":"Ticket Created","properties":{"ticket_id":"t1","subject":"late delivery"}},
    {"type":"track","userId":"bob","messageId":"m7","timestamp":"2026-11-21T13:00:00Z","event":"basket_emptied"}]}"#;

const REFUSED: &str = r#"{"batch":[
    {"type":"track","event":"Lonely","messageId":"r1"},
    {"type":"track","event":"Lonely","messageId":"r2"},
    {"type":"track","userId":"ann","event":"Order Completed","messageId":"r3","properties":{"total":-1,"currency":"EUR"}}]}"#;

fn shop() -> Console {
    let console = Console::start(true);
    console.send_events(ORDERED);
    console.send_events(REFUSED);
    console
}

/// How many events a page shows.
fn n_rows(page: &str) -> usize {
    page.matches("<tr role=\"row\" class=\"main").count()
}

#[test]
fn live_events_say_what_happened_and_are_found_by_customer_name_message_and_text() {
    let console = shop();
    let all = console.get("/events").body;
    for part in [
        "Opened a ticket about “late delivery”",
        "2 items: Green tea, Cup · order o1",
        "7.50 EUR",
        "Not understood: the name speaks of a purchase",
        "href=\"/events?name=Order%20Completed\"",
        "Rejected <span class=\"num\">3</span>",
        "Catalogue <span class=\"num\">2</span>",
        ">Ann Ash</a>",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    assert!(!all.contains("Item “Green tea”"), "the catalogue stands apart");
    for (query, n) in [
        ("q=m2", 1),
        ("q=M2", 1),
        // By the customer: with what was rejected of them.
        ("q=ann", 6),
        ("q=user%3Abob", 2),
        ("q=delivery", 1),
        ("q=no+such+text", 0),
        ("name=identify", 2),
        ("name=Lonely", 2),
        ("name=Order+Completed", 2),
        ("name=Order+Completed&q=ann", 2),
        ("status=rejected", 3),
        ("status=rejected&q=TOTAL", 1),
        ("status=not_understood", 1),
        ("status=catalogue", 2),
        ("status=catalogue&q=green", 1),
    ] {
        let page = console.get(&format!("/events?{query}")).body;
        assert_eq!(n_rows(&page), n, "{query}: {page}");
    }
    assert!(console.get("/events?q=ann").body.contains("is the customer <a href=\"/customers/ann\">Ann Ash</a>"));
    assert!(console.get("/events?status=catalogue").body.contains("Item “Green tea”"));
    let rejected = console.get("/events?status=rejected").body;
    let reasons = rejected.split("Why events were rejected").nth(1).unwrap();
    let reasons = reasons.split("id=\"stream\"").next().unwrap();
    assert_eq!(reasons.matches("An example").count(), 2, "two of three have one reason: {reasons}");
    assert!(reasons.find("<strong>Lonely</strong>") < reasons.find("<strong>Order Completed</strong>"), "{reasons}");
    assert!(reasons.contains("2 events") && reasons.contains("r2"), "the newest is the example: {reasons}");
}

#[test]
fn who_cannot_be_read_takes_no_page_of_events_away() {
    let console = shop();
    console.running.app().engine.checkpoint(0).unwrap();
    assert!(console.get("/events").body.contains(">Ann Ash</a>"), "read from the disk");
    let rows = rusqlite::Connection::open(console._data.path().join("rapport.db")).unwrap();
    let n = rows.execute("UPDATE state SET value = x'7b' WHERE collection = 'customer' AND key = 'ann'", []).unwrap();
    assert_eq!(n, 1);
    assert!(console.get("/customers/ann").status >= 500, "the customer cannot be read");
    for (path, n) in [("/events", n_rows(&console.get("/events").body)), ("/events?status=rejected", 3)] {
        let page = console.get(path);
        assert_eq!((page.status, n_rows(&page.body)), (200, n), "{path}: {}", page.body);
        assert!(n > 2 && !page.body.contains("Ann Ash</a>") && page.body.contains("href=\"/customers/ann\""), "{path}");
    }
    assert_eq!(console.get("/events/4").status, 200);
}

#[test]
fn the_newest_thousand_of_what_was_rejected_can_be_shown() {
    let console = Console::start(true);
    let send = |numbers: std::ops::Range<u32>| {
        let lonely = |no| format!(r#"{{"type":"track","event":"Lonely {}","messageId":"r{no}"}}"#, no % 2);
        console.send_events(&format!(r#"{{"batch":[{}]}}"#, numbers.map(lonely).collect::<Vec<_>>().join(",")));
    };
    let older = |page: &str| Some(page.split("class=\"pager\"").nth(1)?.split('"').nth(3)?.replace("&#38;", "&"));
    send(0..999);
    let mut page = console.get("/events?status=rejected").body;
    assert!(page.contains("Rejected <span class=\"num\">999</span>") && !page.contains("It was looked"), "{page}");
    let mut seen = vec![n_rows(&page)];
    while let Some(next) = older(&page) {
        page = console.get(&next).body;
        seen.push(n_rows(&page));
    }
    assert_eq!(seen, [50, 100, 200, 400, 800, 999], "page by page all that are kept");
    send(999..1_002);
    let page = console.get("/events?status=rejected&n=1000").body;
    assert!(page.contains("Rejected <span class=\"num\">1,000 of 1,002</span>"), "{page}");
    assert!(n_rows(&page) == 1_000 && older(&page).is_none());
    assert!(page.contains("among the newest 1,000 events: there may be older ones"), "{page}");
    // Of one name all are found.
    let page = console.get("/events?status=rejected&name=Lonely+1&n=1000").body;
    assert!(n_rows(&page) == 501 && !page.contains("It was looked"), "{page}");
}

#[test]
fn a_stream_that_is_paused_shows_nothing_newer_and_goes_on() {
    let console = shop();
    let page = console.get("/events").body;
    let pause =
        page.split("class=\"actions\"").nth(1).unwrap().split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    let pause = pause.replace("&#38;", "&");
    assert!(pause.starts_with("/events?until=9&at="), "{pause}");
    console.clock.advance(Duration::from_secs(60));
    console.send_events(
        r#"{"batch":[{"type":"track","userId":"cleo","messageId":"n1","event":"Unheard Of"},
        {"type":"track","event":"Lonely Again","messageId":"n2"}]}"#,
    );
    let paused = console.get(&pause).body;
    assert!(!paused.contains("Unheard Of</code>") && !paused.contains("Lonely Again</code>"), "{paused}");
    assert!(paused.contains("1 event since") && !paused.contains("id=\"stream\" data-live"), "{paused}");
    assert_eq!(n_rows(&paused), n_rows(&page));
    let live = console.get("/events").body;
    assert!(live.contains("Unheard Of</code>") && live.contains("Lonely Again</code>"), "{live}");
    assert_eq!(console.get("/events?until=99&at=x").status, 200, "what never was is no pause");
}

#[test]
fn older_events_are_a_page_of_their_own() {
    let console = Console::start(true);
    let events: Vec<String> = (0..120)
        .map(|i| format!(r#"{{"type":"track","userId":"u{i}","messageId":"m{i}","event":"Stepped"}}"#))
        .collect();
    console.send_events(&format!("{{\"batch\":[{}]}}", events.join(",")));
    let (mut path, mut seen) = ("/events?name=Stepped".to_owned(), Vec::new());
    for n in [50, 50, 20] {
        let page = console.get(&path).body;
        let found: Vec<u64> = page
            .match_indices(" id=\"e")
            .map(|(i, _)| page[i + 6..].split('"').next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(found.len(), n, "{path}");
        seen.extend(found);
        let older =
            page.split("class=\"pager\"").nth(1).map(|part| part.split('"').nth(3).unwrap().replace("&#38;", "&"));
        path = older.unwrap_or_default();
        assert_eq!(path.is_empty(), n == 20, "{path}");
    }
    assert!(seen.iter().copied().eq((1..=120).rev()), "each once, in order: {seen:?}");
}

#[test]
fn one_event_tells_what_it_changed() {
    let console = shop();
    let moved = console.get("/events/7").body;
    for part in ["Ulm", "Bonn", "Marketing", "refused by the customer", "As sent", "As kept"] {
        assert!(moved.contains(part), "{part}: {moved}");
    }
    assert!(!moved.contains("A new customer"), "{moved}");
    let ordered = console.get("/events/4").body;
    let orders = ordered.split("<code>orders_30d</code>").nth(1).unwrap().split("</tr>").next().unwrap();
    assert!(orders.contains(">0<") && orders.contains(">1 <"), "{orders}");
    assert!(ordered.contains("As read") && ordered.contains("Ordered"), "{ordered}");
    let first = console.get("/events/3").body;
    assert!(first.contains("A new customer: ann."), "{first}");
    assert!(console.get("/events/1").body.contains("the item tea of the catalogue"));
    for gone in ["/events/0", "/events/999", "/events/x"] {
        assert_eq!(console.get(gone).status, 404, "{gone}");
    }
    console.send_events(
        r#"{"batch":[{"type":"track","anonymousId":"d1","messageId":"k1","event":"Looked"},
        {"type":"identify","userId":"ann","anonymousId":"d1","messageId":"k2"}]}"#,
    );
    let joined = console.get("/events/11").body;
    assert!(joined.contains("became one customer: ann"), "{joined}");
}

#[test]
fn a_customers_past_is_told_in_words_with_orders_that_open_and_kinds_to_hide() {
    let console = shop();
    let page = console.get("/customers/ann").body;
    for part in [
        "<strong>Ordered</strong>",
        "Open the order",
        "Green tea <code>tea</code>",
        "2 ×",
        "Paid 7.50 EUR by card, 20 Nov 2026, 10:00:05",
        "Got back 3.50 EUR, 21 Nov 2026, 10:00:00",
        "href=\"/events/4\"",
        "What they buy",
        "src=\"data:image/svg+xml,",
        "Orders</dt><dd>1",
        "Purchases <span class=\"num\">2</span>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("src=\"https://elsewhere.example/cup.png\" referrerpolicy=\"no-referrer\""), "{page}");
    let hidden = console.get("/customers/ann?hide=purchases,person").body;
    assert!(!hidden.contains("<strong>Ordered") && !hidden.contains("Told us who they are"), "{hidden}");
    assert!(hidden.contains("<strong>Paid"), "{hidden}");
    // A chip shows its own kind again, and leaves the others hidden.
    assert!(hidden.contains("href=\"/customers/ann?hide=person&#38;past=25#timeline\""), "{hidden}");
    let found = console.get("/customers/ann?feature=Payment").body;
    assert!(found.contains("payments_failed_90d") && !found.contains("<code>recency_days</code>"), "{found}");
    assert!(console.get("/customers/ann?feature=zzz").body.contains("No feature has “zzz”"));
}

#[test]
fn a_long_past_is_turned_page_by_page() {
    let console = Console::start(true);
    let events: Vec<String> = (0..60)
        .map(|i| format!(r#"{{"type":"track","userId":"u","messageId":"m{i}","event":"Step {i}","timestamp":"2026-11-2{}T10:{:02}:00Z"}}"#, i / 40, i % 40))
        .collect();
    console.send_events(&format!("{{\"batch\":[{}]}}", events.join(",")));
    let page = console.get("/customers/u").body;
    let steps = |page: &str| -> Vec<u32> {
        page.match_indices("<strong>Step ")
            .map(|(i, _)| page[i + 13..].split('<').next().unwrap().parse().unwrap())
            .collect()
    };
    assert!(steps(&page).into_iter().eq((35..60).rev()), "{:?}", steps(&page));
    assert!(
        page.contains("35 older events: show more") && page.contains("href=\"/customers/u?past=50#timeline\""),
        "{page}"
    );
    let more = console.get("/customers/u?past=50").body;
    assert!(steps(&more).into_iter().eq((10..60).rev()), "{:?}", steps(&more));
    let all = console.get("/customers/u?past=100").body;
    assert!(steps(&all).into_iter().eq((0..60).rev()) && !all.contains("older event"), "{:?}", steps(&all));
}

#[test]
fn who_never_ordered_is_not_shown_as_a_shops_customer() {
    let console = Console::start(true);
    console.send_events(r#"{"batch":[
        {"type":"track","userId":"tel","messageId":"s1","timestamp":"2026-11-10T10:00:00Z","event":"Subscription Started","properties":{"subscription_id":"s","plan":"Talk","amount":9.9,"currency":"EUR"}},
        {"type":"track","userId":"tel","messageId":"s2","timestamp":"2026-11-21T10:00:00Z","event":"Service Measured","properties":{"metric":"gigabytes","value":1.5,"unit":"GB"}}]}"#);
    let page = console.get("/customers/tel").body;
    for part in ["Subscribed</dt><dd>9.90 EUR a month", "Subscribed to Talk", "gigabytes: 1.50 GB measured"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for part in ["Orders</dt>", "Revenue</dt>", "What they buy", "What we would show", "value=\"recommend\""] {
        assert!(!page.contains(part), "{part}: {page}");
    }
    let list = console.get("/customers").body;
    assert!(
        list.contains("9.90 EUR a month") && !list.contains(">Orders</th>") && !list.contains(">Churn</th>"),
        "{list}"
    );
    console.send_events(ORDERED);
    assert!(console.get("/customers").body.contains(">Orders</th>"));
}

#[test]
fn an_event_tells_its_own_refusal_also_where_there_was_one_before() {
    let console = Console::start(true);
    console.send_events(
        r#"{"batch":[
        {"type":"track","userId":"ann","anonymousId":"phone","messageId":"a","event":"Looked"},
        {"type":"track","userId":"bob","messageId":"b","event":"Looked"},
        {"type":"track","userId":"cleo","anonymousId":"phone","messageId":"c","event":"Looked"},
        {"type":"track","userId":"bob","anonymousId":"phone","messageId":"d","event":"Looked"}]}"#,
    );
    for (offset, n) in [(1, 0), (2, 0), (3, 1), (4, 1)] {
        let page = console.get(&format!("/events/{offset}")).body;
        assert_eq!(page.matches(" were not joined: ").count(), n, "{offset}: {page}");
    }
}

#[test]
fn one_page_at_a_time_reads_the_whole_history_and_none_does_so_by_itself() {
    let console = shop();
    let busy = "The history is being read for another page";
    let place = console.running.app().looks.pasts.try_acquire().unwrap();
    for (path, part) in [("/events/7", "As sent"), ("/customers/ann", "<strong>Ordered</strong>")] {
        let page = console.get(path);
        assert!(page.status == 200 && page.body.contains(busy) && page.body.contains(part), "{path}: {}", page.body);
    }
    drop(place);
    for path in ["/events/7", "/customers/ann"] {
        let page = console.get(path).body;
        assert!(!page.contains(busy) && !page.contains("data-live"), "{path}: {page}");
    }
}

#[test]
fn so_many_pages_are_filled_at_a_time_and_what_comes_in_does_not_wait_for_them() {
    let console = shop();
    let pages = console.running.app().looks.pages.clone();
    let all = pages.try_acquire_many(u32::try_from(crate::looks::N_PAGES_MAX).unwrap()).unwrap();
    std::thread::scope(|scope| {
        let page = scope.spawn(|| console.get("/customers"));
        console.send_events(r#"{"batch":[{"type":"identify","userId":"late","messageId":"late"}]}"#);
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert!(!page.is_finished(), "it waits for its turn");
        drop(all);
        assert_eq!(page.join().unwrap().status, 200);
    });
    assert_eq!(pages.available_permits(), crate::looks::N_PAGES_MAX, "and gives it back");
}

#[test]
fn a_page_that_asks_by_itself_is_no_look_of_its_own() {
    let console = Console::start(false);
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ann","messageId":"a"}]}"#);
    let admin = format!("Bearer {ADMIN}");
    let look = |by_itself: bool| {
        let mut headers = vec![("authorization", admin.as_str())];
        headers.extend(by_itself.then_some((crate::sessions::BY_ITSELF, "1")));
        for path in ["/customers/ann", "/events/1"] {
            assert_eq!(console.send("GET", path, &headers, "").status, 200);
        }
        console.audit(50).len()
    };
    let n = look(false);
    assert_eq!((look(true), look(true)), (n, n));
    assert_eq!(look(false), n + 2);
}
