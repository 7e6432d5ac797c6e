//! Does the guided tour keep what it promises, at each stop?

use super::{Console, Reply};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A command as the shell takes it apart.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\'' | '"', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            ('\\', None) => word.get_or_insert_default().extend(letters.next()),
            (' ', None) => words.extend(word.take()),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// Does what `curl` would.
fn run(console: &Console, command: &str) -> Vec<Reply> {
    let each = command.split(" && ").map(|one| {
        let words = words(one);
        assert_eq!(words[0], "curl", "{command}");
        let (mut method, mut body, mut path, mut headers) = ("GET", String::new(), String::new(), Vec::new());
        let mut rest = words[1..].iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "-X" => {
                    method = ["DELETE", "POST"].into_iter().find(|one| one == rest.clone().next().unwrap()).unwrap()
                }
                "DELETE" | "POST" => {}
                "-u" => headers.push(("authorization", format!("Basic {}", STANDARD.encode(rest.next().unwrap())))),
                "-H" => headers
                    .push(("authorization", rest.next().unwrap().strip_prefix("Authorization: ").unwrap().to_owned())),
                "-d" => (method, body) = ("POST", rest.next().unwrap().clone()),
                url => path = url.strip_prefix(&format!("http://{}", console.running.address())).unwrap().to_owned(),
            }
        }
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        console.send(method, &path, &headers, &body)
    });
    each.collect()
}

/// The commands, as they stand on the overview.
fn commands(console: &Console) -> Vec<String> {
    let page = console.get("/").body;
    let tour = page.split("id=\"tour\"").nth(1).expect("the tour").split("</section>").next().unwrap();
    let unescaped = |text: &str| {
        let text = ["&#34;", "&quot;"].iter().fold(text.to_owned(), |text, code| text.replace(code, "\""));
        text.replace("&#39;", "'").replace("&#62;", ">").replace("&#38;", "&")
    };
    tour.split("<code>").skip(1).map(|part| unescaped(part.split("</code>").next().unwrap())).collect()
}

/// What a stop's page says, and what its command answers at the end.
fn promised(number: usize) -> (&'static str, &'static str) {
    match number {
        1 => ("Live events", "\"accepted\":1"),
        2 => ("id=\"identity\"", "\"identifiers\":"),
        3 => ("Why “Recommendations”", "\"reason\":"),
        4 => ("The customer refused personalization", "The customer refused personalization"),
        5 => ("why.churn", "\"customers\":["),
        6 => ("What we expect", "\"amount\":"),
        7 => ("tour-guest", "\"accepted\":1"),
        8 => ("about_to_leave", "about_to_leave"),
        9 => ("The same answer.", "\"identical\":true"),
        10 => ("own favourites", "own favourites"),
        11 => ("Will there be no purchase", "\"models\":["),
        _ => ("tour-guest", "\"isDone\":true"),
    }
}

#[test]
fn the_tour_leads_to_twelve_pages_that_show_what_it_promises_and_its_commands_do_the_same() {
    let console = Console::filled(150);
    assert_eq!(commands(&console).len(), 12);
    let mut cookie = String::new();
    let mut pages = Vec::new();
    for number in 1..=12 {
        let (shown, answered) = promised(number);
        let command = commands(&console).swap_remove(number - 1);
        let run = || {
            let replies = run(&console, &command);
            for reply in &replies {
                assert!((200..300).contains(&reply.status), "{number}: {command}: {} {}", reply.status, reply.body);
            }
            let last = replies.into_iter().next_back().unwrap().body;
            assert!(last.contains(answered), "{number}: {answered}: {last}");
            serde_json::from_str::<serde_json::Value>(&last).unwrap()
        };
        // What the command did is told by its page; of who is erased there is none any more.
        let done = if number < 12 { run() } else { serde_json::Value::Null };
        let led = console.send("GET", &format!("/tour/{number}"), &[("cookie", &cookie)], "");
        assert_eq!(led.status, 303, "{number}: {}", led.body);
        cookie = led.cookie("rapport_tour").expect("how far it is").split(';').next().unwrap().to_owned();
        let path = led.header("location").to_owned();
        let page = console.send("GET", path.split('#').next().unwrap(), &[("cookie", &cookie)], "");
        assert_eq!(page.status, 200, "{number}: {path} {}", page.body);
        assert!(page.body.contains(shown), "{number}: {shown}: {}", page.body);
        assert!(page.body.contains(&format!("{number} of 12</span>")), "{number}: no strip: {}", page.body);
        let next = format!("href=\"/tour/{}\"", number + 1);
        assert_eq!(page.body.contains(&next), number < 12, "{number}: {}", page.body);
        match number {
            3 | 4 => assert!(path.contains(done["decisionId"].as_str().unwrap()), "{number}: {path}: {done}"),
            9 => assert!(
                path.contains(done["decisionId"].as_str().unwrap()) && path.ends_with("?replay=1&tour=9#replay")
            ),
            5 => {
                let whom = path.split('?').nth(1).unwrap().split("&tour").next().unwrap();
                assert!(command.contains(&format!("/v1/customers?{whom}'")), "{whom}: {command}");
            }
            12 => {
                assert!(path.starts_with("/customers/user%3Atour-guest/erase"), "{path}");
                run();
            }
            _ => {}
        }
        pages.push(path.split("tour=").next().unwrap().to_owned());
        let overview = console.send("GET", "/", &[("cookie", &cookie)], "").body;
        assert!(overview.contains(&format!("{number} of 12")), "{number}: {overview}");
    }
    pages.sort();
    pages.dedup();
    assert!(pages.len() >= 11, "no two stops but those of one customer show the same page: {pages:?}");
    for (number, status) in [("0", 404), ("13", 404), ("x", 404)] {
        assert_eq!(console.send("GET", &format!("/tour/{number}"), &[], "").status, status, "{number}");
    }
}

#[test]
fn only_who_is_on_the_tour_is_told_at_which_stop_they_are() {
    let console = Console::start(true);
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ann","traits":{}}]}"#);
    let told = |path: &str, cookie: &str| {
        console.send("GET", path, &[("cookie", cookie)], "").body.contains("class=\"tour-strip\"")
    };
    assert!(told("/models?tour=10", "rapport_tour=200"));
    for (path, cookie) in [
        ("/models", "rapport_tour=200"),
        ("/models?tour=10", ""),
        ("/models?tour=10", "rapport_tour=200c"),
        ("/models?tour=9", "rapport_tour=200"),
        ("/models?tour=16", "rapport_tour=8000"),
        ("/models?tour=%3Cscript%3E", "rapport_tour=200"),
    ] {
        assert!(!told(path, cookie), "{path} {cookie}");
    }
}

#[test]
fn the_tour_leads_to_no_button_that_erases_a_customer() {
    let console = Console::start(true);
    let last = || console.get("/tour/12").header("location").to_owned();
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ann","traits":{}}]}"#);
    assert!(!last().contains("/erase"), "{}", last());
    console.send_events(r#"{"batch":[{"type":"identify","userId":"tour-guest","traits":{}}]}"#);
    assert!(last().starts_with("/customers/user%3Atour-guest/erase"), "{}", last());
    // Whoever has the browser's key ties the guest's name to a customer.
    let tied = Console::start(true);
    tied.send_events(
        r#"{"batch":[{"type":"identify","userId":"ann","traits":{}},{"type":"alias","userId":"ann","previousId":"tour-guest"}]}"#,
    );
    let leads_to = tied.get("/tour/12").header("location").to_owned();
    assert!(!leads_to.contains("/erase"), "{leads_to}");
}

#[test]
fn keys_of_ones_own_are_not_shown_in_a_demonstration() {
    let own = "a-key-of-the-shop-that-tries-it";
    let console = Console::start_with(true, |settings| settings.keys.admin = own.to_owned());
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ann","traits":{}}]}"#);
    for page in ["/", "/api", "/tour/12"] {
        assert!(!console.get(page).body.contains(own), "{page}");
    }
    assert!(console.get("/").body.contains("$RAPPORT_ADMIN_KEY"));
}

#[test]
fn a_tour_is_closed_and_opened_again_with_its_progress() {
    let console = Console::start(true);
    assert!(!console.get("/").body.contains("guided tour"), "there is nobody to be shown");
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ann","traits":{}}]}"#);
    assert!(console.get("/").body.contains("0 of 12") && console.get("/").body.contains("href=\"/tour/1\">Begin"));
    let own = console.post("/tour/close", "", &[("cookie", "rapport_tour=5")]);
    let closed = own.cookie("rapport_tour").unwrap();
    assert!(own.status == 303 && closed.starts_with("rapport_tour=5c;"), "{closed}");
    let page = console.send("GET", "/", &[("cookie", "rapport_tour=5c")], "").body;
    assert!(!page.contains("id=\"tour\"") && page.contains("Show the guided tour (2 of 12)"), "{page}");
    let opened = console.post("/tour/open", "", &[("cookie", "rapport_tour=5c")]).cookie("rapport_tour").unwrap();
    assert!(opened.starts_with("rapport_tour=5;"), "{opened}");
    assert_eq!(console.post("/tour/elsewhere", "", &[]).status, 400);
    // Where the company is a real one it is offered.
    let real = Console::start(false);
    let admin = [("authorization", "Bearer demo-admin-key")];
    let get = |cookie: &str| real.send("GET", "/", &[admin[0], ("cookie", cookie)], "").body;
    real.send_events(r#"{"batch":[{"type":"identify","userId":"ann","traits":{}}]}"#);
    assert!(!get("").contains("id=\"tour\"") && get("").contains("Show the guided tour (0 of 12)"));
    assert!(get("rapport_tour=8000").contains("$RAPPORT_SERVER_KEY"), "keys are shown nowhere");
}
