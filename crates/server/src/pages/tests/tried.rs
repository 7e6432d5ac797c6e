//! Can it be tried what a customer would be shown, without a trace in what is decided?

use super::*;

/// A console with items that customers bought, and no model.
fn shop() -> Console {
    let console = Console::start(true);
    console.send_events(
        r#"{"batch":[
        {"type":"item","itemId":"tea","traits":{"name":"Green tea","category":"Tea","price":4.9,"currency":"EUR"}},
        {"type":"item","itemId":"rye","traits":{"name":"Rye bread","category":"Bread","price":3,"currency":"EUR"}},
        {"type":"identify","userId":"ann","traits":{"name":"Ann Miller"}},
        {"type":"track","userId":"ann","event":"Order Completed","properties":{"order_id":"1","currency":"EUR","products":[
            {"product_id":"tea","price":4.9}]}}]}"#,
    );
    console
}

#[test]
fn what_is_tried_is_shown_and_not_logged() {
    let console = shop();
    let n_decisions = || console.running.app().engine.ports().decisions.recent(None, 10).unwrap().len();
    let nobody_yet = console.get("/try").body;
    assert!(nobody_yet.contains("Name a customer") && nobody_yet.contains("/try?customer=ann\""), "{nobody_yet}");
    let page = console.get("/try?customer=ann&n=1").body;
    for part in ["1 item for <a href=\"/customers/ann\">Ann Miller</a>", "Green tea", "4.90 EUR", "Had before"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("Rye bread"), "more than was asked for: {page}");
    let command = "{&#34;decision&#34;:&#34;recommend&#34;,&#34;n&#34;:1,&#34;userId&#34;:&#34;ann&#34;}";
    assert!(page.contains(command), "{page}");
    let stranger = console.get("/try?customer=nobody-knows-me").body;
    assert!(stranger.contains("2 items, in ") && stranger.contains("class=\"callout\""), "{stranger}");
    assert_eq!(n_decisions(), 0, "nothing is logged");
}

#[test]
fn of_whoever_refuses_nothing_that_they_did_is_shown() {
    let console = shop();
    assert!(console.get("/try?customer=ann").body.contains("Had before"));
    console.send_events(
        r#"{"batch":[{"type":"track","userId":"ann","event":"Consent Changed",
            "context":{"consent":{"categoryPreferences":{"personalization":false}}}}]}"#,
    );
    let page = console.get("/try?customer=ann").body;
    assert!(page.contains("Green tea") && !page.contains("Had before"), "{page}");
}

#[test]
fn what_was_left_out_is_told_by_rule() {
    let console = shop();
    let page = console.get("/try?customer=ann&category=Bread&exclude=rye").body;
    for part in ["0 of 12 items: excluded left out 1, filter category left out 1.", "Filter category", "Excluded"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("What was left out, and why, stands beside."), "{page}");
}

#[test]
fn what_cannot_be_asked_is_refused_in_words() {
    let console = shop();
    let page = console.get("/try?customer=ann&price_max=cheap").body;
    assert!(page.contains("&#34;cheap&#34; is no price: give a number such as 9.90"), "{page}");
    assert!(!page.contains("Name a customer") && !page.contains("class=\"cards\""), "{page}");
    for path in ["/try?n=-3&diversity=900&customer=%3Cscript%3E", "/try?customer=ann&n=0&exclude=,,&cart=%00"] {
        assert_eq!(console.get(path).status, 200, "{path}");
    }
}
