//! Is found what is meant, and nothing that somebody may not see?

use super::*;
use governance::Role;

/// The addresses that stand under what was found.
fn found(page: &str) -> Vec<String> {
    let found = page.split("id=\"found\"").nth(1).unwrap().split("</main>").next().unwrap();
    found.match_indices("href=\"").filter_map(|(i, _)| found[i..].split('"').nth(1)).map(str::to_owned).collect()
}

fn shop() -> Console {
    let console = Console::start(true);
    console.send_events(
        r#"{"batch":[
        {"type":"identify","userId":"u-1","traits":{"name":"Mei Chen","email":"mei@shop.example"}},
        {"type":"identify","userId":"u-2","traits":{"firstName":"Ada","lastName":"Berg"}},
        {"type":"identify","userId":"mug-lover"}]}"#,
    );
    let items =
        [("77", "Mug"), ("12", "Blue mug"), ("mug-9", "Saucer"), ("5", "Smuggler's <b>rum</b>"), ("6", "Plate")];
    for (id, name) in items {
        let item = serde_json::json!({"batch": [{"type": "item", "itemId": id,
            "traits": {"name": name, "category": "Kitchen", "price": 5, "currency": "EUR"}}]});
        console.send_events(&item.to_string());
    }
    console
}

#[test]
fn customers_items_decisions_and_pages_are_found_by_one_text() {
    let console = shop();
    let search = |q: &str| found(&console.get(&format!("/search?q={}", console::format::url_part(q))).body);
    assert_eq!(search("mei@shop"), ["/customers/u-1"]);
    assert_eq!(search("ada berg"), ["/customers/u-2"]);
    assert_eq!(search("u-2"), ["/customers/u-2"]);
    // The name itself, the beginning of a word or of the id, then a part of a word.
    let mugs = ["/customers/mug-lover", "/catalogue/77", "/catalogue/12", "/catalogue/mug-9", "/catalogue/5"];
    assert_eq!(search("MUG"), mugs);
    assert_eq!(search("6"), ["/catalogue/6"], "an id");
    assert_eq!(search("rejected"), ["/events"]);
    let page = console.get("/search?q=%3Cb%3E").body;
    assert_eq!(found(&page), ["/catalogue/5"]);
    assert!(page.contains("&#60;b&#62;rum") && !page.contains("<b>"), "{page}");
    assert!(console.get("/search?q=qqqq").body.contains("Nothing found for “qqqq”"));
    assert!(found(&console.get("/search").body).contains(&"/models".to_owned()), "the pages, where nothing is asked");
}

#[test]
fn a_decision_is_found_by_its_id_and_by_the_beginning_of_it() {
    let console = shop();
    assert_eq!(console.post("/customers/u-1/decide", "decision=recommend", &[]).status, 200);
    let decided = console.running.app().engine.ports().decisions.recent(None, 1).unwrap().remove(0);
    let (id, page) = (decided.id.to_string(), [format!("/decisions/{}", decided.id)]);
    let search = |q: &str| found(&console.get(&format!("/search?q={q}")).body);
    assert_eq!(search(&id), page);
    assert_eq!(search(&id.to_uppercase()), page);
    assert_eq!(search(&id[..6]), page);
    assert!(search(&id[..5]).is_empty(), "too short to mean one");
    assert!(search(&format!("{}z", &id[..8])).is_empty());
}

#[test]
fn at_most_six_of_each_are_found_the_one_of_that_id_first() {
    let console = Console::start(true);
    for n in 0..2_200 {
        let item = format!(r#"{{"batch":[{{"type":"item","itemId":"i{n}","traits":{{"name":"Cup {n:04}"}}}}]}}"#);
        console.send_events(&item);
    }
    let search = |q: &str| found(&console.get(&format!("/search?q={q}")).body);
    let first: Vec<String> = (0..6).map(|n| format!("/catalogue/i{n}")).collect();
    assert_eq!(search("cup"), first, "by their names, wherever they lie");
    assert_eq!(search("i2199"), ["/catalogue/i2199"]);
    assert_eq!(search("i21")[0], "/catalogue/i21");
    assert_eq!(search("i21").len(), 6);
}

#[test]
fn who_may_see_the_console_may_search_and_nobody_else() {
    let console = Console::start(false);
    let viewer = console.running.app().keys.create("Mei", Role::Viewer).unwrap();
    let search = |key: &str| console.send("GET", "/search?q=audit", &[("authorization", &format!("Bearer {key}"))], "");
    assert_eq!((search("").status, search(SERVER).status), (401, 401));
    assert_eq!(found(&search(ADMIN).body), ["/audit"]);
    assert_eq!((search(&viewer.key).status, found(&search(&viewer.key).body).len()), (200, 0));
}
