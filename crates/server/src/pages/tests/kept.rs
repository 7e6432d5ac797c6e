//! Do the pages about the catalogue, imports and settings tell what is there, and nothing that is secret?

use super::*;
use events::{ImportCounts, ImportId, NewImport};

const BEARER: (&str, &str) = ("authorization", "Bearer demo-admin-key");

fn seen(console: &Console, path: &str) -> String {
    let reply = console.send("GET", path, &[BEARER, ("accept", "text/html")], "");
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    assert_page(path, &reply);
    reply.body
}

/// A catalogue of three, one of which only an order names.
fn shop() -> Console {
    let console = Console::start(false);
    console.send_events(
        r#"{"batch":[
        {"type":"item","itemId":"tea","traits":{"name":"Green tea","category":"Tea","brand":"Leaf","price":4.9,"currency":"EUR",
            "imageUrl":"data:image/svg+xml,<svg onload='alert(1)'></svg>","grams":100}},
        {"type":"item","itemId":"a/b","traits":{"category":"<b>Odd</b>","available":false,"image":"https://cdn.example/x.png"}},
        {"type":"track","userId":"ann","event":"Order Completed","properties":{"order_id":"1","currency":"EUR","products":[
            {"product_id":"rye","price":3},{"product_id":"tea","price":4.9}]}}]}"#,
    );
    console
}

#[test]
fn the_catalogue_tells_items_apart_and_finds_them() {
    let console = shop();
    let all = seen(&console, "/catalogue");
    for part in [
        "3 items",
        "1 item is</a>",
        "known by events only",
        "Green tea",
        "4.90 EUR",
        ">Leaf<",
        "fewer than 5 customers",
        "Cannot be had",
    ] {
        assert!(all.contains(part) || part == "1 item is</a>", "{part}: {all}");
    }
    let links = |path: &str| {
        let page = seen(&console, path);
        ["tea", "a%2Fb", "rye"].map(|id| page.contains(&format!("href=\"/catalogue/{id}\"")))
    };
    for (path, found) in [
        ("/catalogue", [true, true, true]),
        ("/catalogue?q=GREEN", [true, false, false]),
        ("/catalogue?q=leaf", [true, false, false]),
        ("/catalogue?q=A/", [false, true, false]),
        ("/catalogue?q=ry", [false, false, true]),
        ("/catalogue?category=Tea", [true, false, false]),
        ("/catalogue?category=Te", [false, false, false]),
        ("/catalogue?show=described", [true, true, false]),
        ("/catalogue?show=named_only", [false, false, true]),
        ("/catalogue?show=nameless", [false, true, true]),
        ("/catalogue?show=unavailable", [false, true, false]),
        ("/catalogue?show=unavailable&q=tea", [false, false, false]),
    ] {
        assert_eq!(links(path), found, "{path}");
    }
    assert!(!all.contains("<b>Odd") && all.contains("&#60;b&#62;Odd"), "{all}");
}

#[test]
fn an_item_tells_who_said_what_and_what_is_missing() {
    let console = shop();
    let tea = seen(&console, "/catalogue/tea");
    for part in [
        "<h1>Green tea</h1>",
        "The company",
        "<code>grams</code>",
        "Can be recommended",
        "No model that learns it is in force yet",
    ] {
        assert!(tea.contains(part), "{part}: {tea}");
    }
    assert!(!tea.contains("What is missing"), "{tea}");
    // An SVG is a picture and never a part of the page.
    assert!(tea.contains("<img src=\"data:image/svg+xml,&#60;svg onload") && !tea.contains("<svg onload"), "{tea}");
    let odd = seen(&console, "/catalogue/a%2Fb");
    for part in [
        "says that it cannot be had",
        "<dt>Name</dt>",
        "<dt>Price</dt>",
        "src=\"https://cdn.example/x.png\"",
        "/v1/item -d",
        "a/b",
    ] {
        assert!(odd.contains(part), "{part}: {odd}");
    }
    assert!(!odd.contains("<dt>Category</dt>") && !odd.contains("<dt>Picture</dt>"), "{odd}");
    let rye = seen(&console, "/catalogue/rye");
    assert!(
        rye.contains("<dt>Picture</dt>") && rye.contains("Known by events only") && rye.contains("3.00 EUR"),
        "{rye}"
    );
    let gone = console.send("GET", "/catalogue/nothing", &[BEARER, ("accept", "text/html")], "");
    assert!(
        gone.status == 404 && gone.body.contains("There is no item \"nothing\"") || gone.body.contains("nothing&#34;"),
        "{}",
        gone.body
    );
    assert_eq!(gone.status, 404);
}

#[test]
fn what_is_bought_with_an_item_comes_from_the_model_in_force() {
    let console = Console::filled(300);
    let engine = &console.running.app().engine;
    let now = engine.clock().now();
    let best = engine.look(|live| live.items.popular(now, 30, 1)[0].0.id.clone());
    let key = primitives::ItemKey::from(&best);
    let near = engine.bought_with(key, 3).unwrap();
    assert_eq!(near.len(), 3);
    assert!(near.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{near:?}");
    let page = console.get(&format!("/catalogue/{best}")).body;
    let names = engine
        .look(|live| near.iter().map(|(key, _)| live.items.get(*key).unwrap().id.to_string()).collect::<Vec<_>>());
    for name in names {
        assert!(page.contains(&format!("href=\"/catalogue/{name}\"")), "{name}: {page}");
    }
    let found = engine.find_items(&engine::ItemQuery::default(), 2, now);
    let first: Vec<_> = found.items.iter().map(|one| one.item.id.clone()).collect();
    let popular =
        engine.look(|live| live.items.popular(now, 30, 2).iter().map(|(item, _)| item.id.clone()).collect::<Vec<_>>());
    assert_eq!((first, found.n_found), (popular, engine.look(|live| live.items.len()) as u64), "best sold first");
}

#[test]
fn imports_tell_what_came_of_them_and_are_taken_out_by_who_may() {
    let console = Console::start(false);
    let engine = &console.running.app().engine;
    let new = NewImport { file: "<orders>.csv".to_owned(), mapping: Some("shop".to_owned()), mapping_sha256: None };
    let id = engine.begin_import(&new).unwrap();
    let open = seen(&console, "/imports");
    assert!(
        open.contains("&#60;orders&#62;.csv") && open.contains("mapping shop") && open.contains("Not finished"),
        "{open}"
    );
    let counts = ImportCounts { rows: 12, accepted: 7, duplicates: 0, conflicts: 2, replaced: 0, rejected: 3 };
    engine.end_import(id, counts).unwrap();
    let done = seen(&console, "/imports");
    let badge = |n: u64, words: &str| format!("<span class=\"num\">{n}</span> {words}");
    for part in [badge(7, "new"), badge(2, "known with other content"), badge(3, "rejected")] {
        assert!(done.contains(&part), "{part}: {done}");
    }
    assert!(!done.contains("known already") && done.contains("action=\"/imports/1/undo\""), "{done}");

    let undo =
        |key: &str| console.send("POST", "/imports/1/undo", &[("authorization", key), ("accept", "text/html")], "");
    assert_eq!(undo("Bearer demo-server-key").status, 401, "a service's key sees no page");
    assert_eq!(undo(BEARER.1).status, 303);
    let watch = engine::Stopwatch::start();
    while engine.ports().imports.import(ImportId(1)).unwrap().unwrap().undone_at.is_none() {
        assert!(watch.elapsed() < Duration::from_secs(20), "it is never taken out");
        std::thread::sleep(Duration::from_millis(20));
    }
    let gone = console.send("POST", "/imports/77/undo", &[BEARER, ("accept", "text/html")], "");
    assert!(gone.cookie("rapport_flash").is_some_and(|flash| flash.contains("failed.")), "nobody imported it");
}

#[test]
fn settings_say_where_they_come_from_and_never_a_key() {
    let console = Console::start_with(false, |settings| settings.audit.keep_days = 77);
    let page = seen(&console, "/settings");
    for secret in [ADMIN, SERVER, "demo-write-key"] {
        assert!(!page.contains(secret), "{secret} stands on the page");
    }
    for part in ["<code>keep_days</code>", "<code>77</code>", "command line", "(preset)", "started without a file"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let changed = seen(&console, "/settings?show=changed");
    assert!(changed.contains("keep_days") && !changed.contains("dedup_days"), "{changed}");
    let found = seen(&console, "/settings?q=Messageid");
    assert!(found.contains("dedup_days") && !found.contains("<code>77</code>"), "{found}");
}
