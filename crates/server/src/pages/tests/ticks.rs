//! Does an open page learn that something came in, at little cost and only while it may?

use super::*;
use crate::ticks::{N_STREAMS_OF_ONE_MAX, mark};
use engine::Stopwatch;
use governance::Role;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

/// What a test waits for at most: many times as long as it takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream of `/ticks`, line by line.
struct Ticking(BufReader<TcpStream>);

impl Ticking {
    fn open(console: &Console, query: &str, headers: &[(&str, &str)]) -> (u16, Self) {
        let address = console.running.address();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(stream, "GET /ticks{query} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n").unwrap();
        let mut ticking = Self(BufReader::new(stream));
        let status = ticking.line().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        (status, ticking)
    }

    /// The next line; `None` at the end, which a chunk without anything in it says before the connection does.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let n_bytes = self.0.read_line(&mut line).unwrap();
        let line = line.trim_end();
        (n_bytes > 0 && line != "0").then(|| line.to_owned())
    }

    /// How far things are when the next tick comes; `None` where the stream ends before it.
    fn tick(&mut self) -> Option<String> {
        std::iter::from_fn(|| self.line()).find_map(|line| line.strip_prefix("id: ").map(str::to_owned))
    }

    fn until(&mut self, mark: &str) {
        while self.tick().unwrap() != mark {}
    }
}

/// How far things were when the first page was filled.
fn mark_of(page: &str) -> String {
    page.split("data-mark=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

fn now(console: &Console) -> String {
    mark(&console.running.app().engine).unwrap()
}

#[test]
fn events_rejections_and_decisions_are_told_to_who_knows_of_the_others() {
    let console = Console::start(true);
    let before = mark_of(&console.get("/").body);
    let (status, mut ticking) = Ticking::open(&console, &format!("?since={before}"), &[]);
    assert_eq!(status, 200);
    let mut marks = vec![before];
    let steps: [&dyn Fn(); 3] = [
        &|| console.send_events(r#"{"batch":[{"type":"identify","userId":"ann"}]}"#),
        &|| console.send_events(r#"{"batch":[{"type":"track","userId":"ann"}]}"#),
        &|| assert_eq!(console.post("/customers/ann/decide", "decision=recommend", &[]).status, 200),
    ];
    for step in steps {
        step();
        marks.push(ticking.tick().unwrap());
        assert_eq!(marks.last(), Some(&now(&console)));
    }
    assert_eq!(mark_of(&console.get("/events").body), now(&console), "what a page shows, it needs no tick for");
    marks.sort_unstable();
    marks.dedup();
    assert_eq!(marks.len(), 4, "{marks:?}");
}

#[test]
fn what_came_in_before_it_listened_is_told_at_once_and_the_word_after_a_break_counts() {
    let console = Console::start(true);
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ann"}]}"#);
    let first = now(&console);
    let (_, mut late) = Ticking::open(&console, "?since=0-0-0", &[]);
    assert_eq!(late.tick().as_ref(), Some(&first));
    let (_, mut again) = Ticking::open(&console, "?since=0-0-0", &[("last-event-id", &first)]);
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ben"}]}"#);
    assert_eq!(again.tick(), Some(now(&console)), "the first one was known");
}

#[test]
fn there_is_one_tick_a_second_however_much_comes_in() {
    let console = Console::start(true);
    let (_, mut ticking) = Ticking::open(&console, &format!("?since={}", now(&console)), &[]);
    let watch = Stopwatch::start();
    for n in 0..200 {
        console.send_events(&format!(r#"{{"batch":[{{"type":"identify","userId":"u{n}"}}]}}"#));
    }
    let all = now(&console);
    let mut n_ticks = 1;
    while ticking.tick().unwrap() != all {
        n_ticks += 1;
    }
    assert!(n_ticks <= 1 + watch.elapsed().as_secs() + 1, "{n_ticks} in {:?}", watch.elapsed());
}

#[test]
fn ticks_are_for_who_may_see_the_console_and_end_with_that_right() {
    let console = Console::start(false);
    assert_eq!(Ticking::open(&console, "", &[]).0, 401);
    for (key, status) in [(ADMIN, 200), (SERVER, 401), ("demo-write-key", 401)] {
        assert_eq!(Ticking::open(&console, "", &[("authorization", &format!("Bearer {key}"))]).0, status, "{key}");
    }
    let app = console.running.app();
    let viewer = app.keys.create("Mei", Role::Viewer).unwrap();
    let cookie = console.sign_in(&viewer.key, crate::sessions::COOKIE);
    let bearer = format!("Bearer {}", viewer.key);
    let (_, mut by_session) = Ticking::open(&console, "", &[("cookie", &cookie)]);
    let (status, mut by_key) = Ticking::open(&console, "", &[("authorization", &bearer)]);
    assert_eq!((status, by_session.tick()), (200, Some(now(&console))));
    by_key.until(&now(&console));
    console.post("/logout", "", &[("cookie", &cookie)]);
    assert_eq!(by_session.tick(), None, "who signed out is told nothing more");
    app.keys.revoke(&viewer.info.id).unwrap();
    assert_eq!(by_key.tick(), None, "nor whose key was revoked");
}

#[test]
fn to_listen_keeps_no_session_open() {
    let console = Console::start(false);
    let cookie = console.sign_in(ADMIN, crate::sessions::COOKIE);
    let (_, mut ticking) = Ticking::open(&console, "", &[("cookie", &cookie)]);
    ticking.until(&now(&console));
    console.clock.advance(Duration::from_secs(60 * console.running.app().settings.console.idle_minutes));
    assert_eq!(ticking.tick(), None);
    let page = console.send("GET", "/", &[("cookie", &cookie), (crate::sessions::BY_ITSELF, "1")], "");
    assert_eq!(page.status, 401);
}

#[test]
fn there_is_a_limit_to_streams_of_one_and_who_leaves_gives_a_place_back() {
    let console = Console::start(false);
    let app = console.running.app();
    let [one, other] = ["Mei", "Lin"].map(|name| app.keys.create(name, Role::Viewer).unwrap().key);
    let cookie = console.sign_in(&one, crate::sessions::COOKIE);
    let [by_key, of_other] = [&one, &other].map(|key| format!("Bearer {key}"));
    let open = |n: usize| {
        // A session is counted with the key that began it.
        let way = if n == 0 { ("cookie", cookie.as_str()) } else { ("authorization", by_key.as_str()) };
        Ticking::open(&console, "", &[way])
    };
    let mut all: Vec<_> = (0..N_STREAMS_OF_ONE_MAX).map(open).collect();
    assert!(all.iter().all(|(status, _)| *status == 200));
    for n in [0, 1] {
        assert_eq!(open(n).0, 429);
    }
    let refused = console.send("GET", "/ticks", &[("authorization", &by_key)], "");
    assert_eq!((refused.status, refused.header("retry-after")), (429, "1"));
    assert!(refused.body.contains("8 pages follow live"), "{}", refused.body);
    let (status, mut others) = Ticking::open(&console, "", &[("authorization", &of_other)]);
    assert_eq!((status, others.tick()), (200, Some(now(&console))), "nobody takes the places of others");
    assert_eq!(console.send("GET", "/", &[("cookie", &cookie)], "").status, 200, "pages have places of their own");
    drop(all.pop());
    let watch = Stopwatch::start();
    while open(0).0 != 200 {
        assert!(watch.elapsed() < PATIENCE);
    }
}

#[test]
fn a_server_that_stops_waits_for_no_stream() {
    let console = Console::start(true);
    let (_, mut ticking) = Ticking::open(&console, "", &[]);
    ticking.until(&now(&console));
    let watch = Stopwatch::start();
    drop(console);
    assert_eq!(ticking.tick(), None);
    assert!(watch.elapsed() < Duration::from_secs(4), "{:?}", watch.elapsed());
}
