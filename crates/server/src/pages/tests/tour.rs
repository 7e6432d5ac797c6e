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

/// Does what `rapport replay` would.
fn replay(console: &Console, words: &[String]) {
    let app = console.running.app();
    let data = app.storage.directory().path().display().to_string();
    assert_eq!([&*words[1], &*words[3], &*words[4]], ["replay", "--data", &*data]);
    let record = app.engine.decision(&primitives::DecisionId::from(words[2].as_str())).unwrap();
    assert!(record.was_sent(&app.engine.replay(&record).unwrap()));
}

/// Does what `curl` would.
fn run(console: &Console, command: &str) -> Vec<Reply> {
    let each = command.split(" && ").filter_map(|one| {
        let words = words(one);
        if words[0] == "rapport" {
            replay(console, &words);
            return None;
        }
        assert_eq!(words[0], "curl", "{command}");
        let (mut method, mut body, mut path, mut headers) = ("GET", String::new(), String::new(), Vec::new());
        let mut rest = words[1..].iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "-X" => method = if rest.next().unwrap() == "DELETE" { "DELETE" } else { panic!("{command}") },
                "-u" => headers.push(("authorization", format!("Basic {}", STANDARD.encode(rest.next().unwrap())))),
                "-H" => headers
                    .push(("authorization", rest.next().unwrap().strip_prefix("Authorization: ").unwrap().to_owned())),
                "-d" => (method, body) = ("POST", rest.next().unwrap().clone()),
                url => path = url.strip_prefix(&format!("http://{}", console.running.address())).unwrap().to_owned(),
            }
        }
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Some(console.send(method, &path, &headers, &body))
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

#[test]
fn the_tour_leads_to_twelve_pages_that_show_what_it_promises_and_its_commands_work() {
    let console = Console::filled(150);
    assert_eq!(commands(&console).len(), 12);
    let promised = [
        "Live events",
        "What we expect",
        "Recommendations",
        "personalization",
        "0.5",
        "How much will",
        "Ticket Created",
        "Lists",
        "rapport replay",
        "own favourites",
        "Will there be no purchase",
        "erase",
    ];
    let mut cookie = String::new();
    for (number, promise) in (1..).zip(promised) {
        // What the commands before did is told by now.
        let command = commands(&console).swap_remove(number - 1);
        assert_eq!(command.starts_with("rapport replay "), number == 9, "{number}: {command}");
        for reply in run(&console, &command) {
            assert!((200..300).contains(&reply.status), "{number}: {command}: {} {}", reply.status, reply.body);
        }
        let led = console.send("GET", &format!("/tour/{number}"), &[("cookie", &cookie)], "");
        assert_eq!(led.status, 303, "{number}: {}", led.body);
        let set = led.cookie("rapport_tour").expect("how far it is");
        cookie = set.split(';').next().unwrap().to_owned();
        let page = console.get(led.header("location"));
        assert_eq!(page.status, 200, "{number}: {} {}", led.header("location"), page.body);
        assert!(page.body.to_lowercase().contains(&promise.to_lowercase()), "{number}: {promise}: {}", page.body);
        let overview = console.send("GET", "/", &[("cookie", &cookie)], "").body;
        assert!(overview.contains(&format!("{number} of 12")), "{number}: {overview}");
    }
    for (number, status) in [("0", 404), ("13", 404), ("x", 404)] {
        assert_eq!(console.send("GET", &format!("/tour/{number}"), &[], "").status, status, "{number}");
    }
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
    let admin = [("authorization", "Bearer admin-key-of-the-tests")];
    let get = |cookie: &str| real.send("GET", "/", &[admin[0], ("cookie", cookie)], "").body;
    real.send_events(r#"{"batch":[{"type":"identify","userId":"ann","traits":{}}]}"#);
    assert!(!get("").contains("id=\"tour\"") && get("").contains("Show the guided tour (0 of 12)"));
    assert!(get("rapport_tour=8000").contains("$RAPPORT_SERVER_KEY"), "keys are shown nowhere");
}
