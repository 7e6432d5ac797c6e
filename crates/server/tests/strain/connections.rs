//! What does a connection cost, and what becomes of those that are too many, too slow or without a key?

#![expect(clippy::print_stdout, reason = "a test says what it measured")]

use crate::support::{DEADLINE, SERVER, TestServer, WRITE, until};
use engine::Stopwatch;
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The most that an idle connection may take.
const IDLE_BYTES_MAX: u64 = 32 * 1024;
const N_IDLE: u64 = 2_000;

/// The program as a process of its own: its memory and its files are its own.
struct Program {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
    _data: tempfile::TempDir,
}

impl Program {
    fn start(shell: &str, environment: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", &format!("{shell} exec \"$0\" serve --listen 127.0.0.1:0 --data \"$1\"")])
            .args([env!("CARGO_BIN_EXE_rapport"), data.path().to_str().unwrap()])
            .envs(environment.iter().copied())
            .env("RAPPORT__KEYS__WRITE", WRITE)
            .env("RAPPORT__KEYS__SERVER", SERVER)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "it ended: {}", log.lock().unwrap());
            if let Some((_, rest)) = line.split_once("listening on http://") {
                break rest.split(": ").next().unwrap().parse().unwrap();
            }
            log.lock().unwrap().push_str(&line);
        };
        let kept = log.clone();
        std::thread::spawn(move || {
            said.lines().map_while(Result::ok).for_each(|line| kept.lock().unwrap().push_str(&format!("{line}\n")));
        });
        Self { child, address, log, _data: data }
    }

    /// What it holds in memory, as the kernel counts it.
    fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1_024
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, DEADLINE).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Asks on an open connection, which stays open.
fn ask(stream: &mut TcpStream, path: &str) -> u16 {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
    let (status, head) = head_of(stream);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    status
}

/// The status and the whole head of an answer, byte by byte: what follows stays where it is.
fn head_of(stream: &mut TcpStream) -> (u16, String) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&head)));
        head.extend_from_slice(&byte);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head)
}

fn n_open(address: SocketAddr) -> u64 {
    number(address, "cx_connections ").unwrap()
}

/// One of the program's numbers about itself.
fn number(address: SocketAddr, name: &str) -> Option<u64> {
    let mut reply = ureq::get(format!("http://{address}/metrics")).header("connection", "close").call().unwrap();
    let text = reply.body_mut().read_to_string().unwrap();
    text.lines().find_map(|line| line.strip_prefix(name)).map(|number| number.parse().unwrap())
}

fn open(address: SocketAddr, n: u64) -> Vec<TcpStream> {
    let connections = (0..n).map(|_| {
        let mut stream = connect(address);
        assert_eq!(ask(&mut stream, "/openapi.json"), 200);
        stream
    });
    connections.collect()
}

#[test]
fn an_idle_connection_takes_little_and_gives_it_back() {
    // The servers of the tests beside this one have files open, too.
    assert!(rlimit::increase_nofile_limit(2 * N_IDLE).unwrap() > N_IDLE + 100, "this test needs more open files");
    let program = Program::start("", &[]);
    // What the first requests set up once is not the connections'.
    drop(open(program.address, 100));
    until("the first connections are gone", || (n_open(program.address) <= 1).then_some(()));
    let before = program.resident_bytes();

    let connections = open(program.address, N_IDLE);
    assert!(n_open(program.address) >= N_IDLE);
    let each = program.resident_bytes().saturating_sub(before) / N_IDLE;
    println!("an idle connection takes {each} bytes");
    assert!(each <= IDLE_BYTES_MAX, "an idle connection takes {each} bytes");

    drop(connections);
    until("all connections are gone", || (n_open(program.address) <= 1).then_some(()));
    let kept = until("the memory comes back", || {
        let kept = program.resident_bytes().saturating_sub(before);
        (kept < N_IDLE * IDLE_BYTES_MAX / 4).then_some(kept)
    });
    println!("{N_IDLE} connections that are gone leave {kept} bytes");
}

#[test]
fn beyond_the_limit_connections_are_refused_in_a_sentence_and_in_the_log() {
    let program = Program::start("", &[("RAPPORT__SERVER__N_CONNECTIONS_MAX", "64")]);
    let mut connections = open(program.address, 64);
    let (status, head) = head_of(&mut connect(program.address));
    assert!(status == 503 && head.contains("retry-after: 1"), "{head}");
    until("the log says so", || program.log().contains("connections were refused").then_some(()));
    assert!(program.log().contains("n_max=64"), "{}", program.log());
    // Those that are open are served, and one that goes makes room for another.
    assert_eq!(ask(&mut connections[0], "/healthz"), 200);
    drop(connections.pop());
    until("there is room again", || {
        let mut stream = connect(program.address);
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        (head_of(&mut stream).0 == 200).then_some(())
    });
}

#[test]
fn too_few_files_lead_to_refusals_and_the_log_says_what_to_raise() {
    let program = Program::start("ulimit -n 120;", &[]);
    assert!(program.log().contains("LimitNOFILE"), "{}", program.log());
    let mut streams: Vec<TcpStream> = (0..200).map(|_| connect(program.address)).collect();
    assert_eq!(head_of(streams.last_mut().unwrap()).0, 503);
    assert_eq!(ask(&mut streams[0], "/healthz"), 200);
    assert_eq!(ask(&mut streams[0], "/readyz"), 200, "there are files left for the data");
    drop(streams);
    until("there is room again", || {
        let mut stream = connect(program.address);
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        (head_of(&mut stream).0 == 200).then_some(())
    });
}

#[test]
fn who_sends_nothing_or_never_the_whole_head_is_let_go() {
    let server = TestServer::start_with(|settings| settings.server.idle_seconds = 1);
    for begun in ["", "GET /healthz HTTP/1.1\r\nHost: local"] {
        let mut stream = connect(server.address());
        stream.write_all(begun.as_bytes()).unwrap();
        let mut rest = Vec::new();
        let watch = Stopwatch::start();
        // It may say why before it closes.
        stream.read_to_end(&mut rest).unwrap();
        assert!(watch.elapsed() < DEADLINE / 2, "{begun:?}");
    }
    let mut kept = connect(server.address());
    assert_eq!(ask(&mut kept, "/healthz"), 200);
    assert_eq!(kept.read(&mut [0]).unwrap(), 0, "a connection that was used is let go, too");
}

#[test]
fn a_wrong_key_is_refused_before_the_body_comes() {
    let server = TestServer::start();
    for (path, key) in [
        ("/v1/batch", "Authorization: Bearer no-such-key"),
        ("/v1/batch?writeKey=no-such-key", "X-Other: 1"),
        ("/v1/t", "X-API-Key: no-such-key"),
        ("/v1/decide", "Authorization: Bearer no-such-key"),
        ("/v1/decide", &format!("Authorization: Bearer {WRITE}")),
    ] {
        let mut stream = connect(server.address());
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{key}\r\nContent-Length: 400000\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let watch = Stopwatch::start();
        let (status, head) = head_of(&mut stream);
        assert!([401, 403].contains(&status), "{path}, {key}: {status}");
        // Else a client would use the connection again, which is being closed.
        assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
        assert!(watch.elapsed() < Duration::from_secs(5), "{path}, {key}: it waited for the body");
        // Who goes on sending all the same can read the answer.
        let _ = stream.write_all(&vec![b'x'; 400_000]);
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap_or_else(|error| panic!("{path}, {key}: {error}"));
        assert!(String::from_utf8_lossy(&rest).contains("\"success\":false"), "{path}, {key}");
    }
    // What was read to its end, in one piece or in several, leaves the connection as it was.
    let mut stream = connect(server.address());
    for body in ["Content-Length: 26\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1a\r\n"] {
        let end = if body.starts_with('T') { "\r\n0\r\n\r\n" } else { "" };
        let head = format!("POST /v1/track HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {WRITE}\r\n");
        stream.write_all(format!("{head}{body}{{\"userId\":\"u\",\"event\":\"e\"}}{end}").as_bytes()).unwrap();
        let (status, head) = head_of(&mut stream);
        assert!(status == 200 && !head.contains("connection: close"), "{head}");
        let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
        stream.read_exact(&mut vec![0; length.parse().unwrap()]).unwrap();
    }
}

/// Begins to send a body of half a megabyte, and sends most of it.
fn begin_body(address: SocketAddr, headers: &str) -> TcpStream {
    let mut stream = connect(address);
    let head = format!("POST /v1/batch HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: 500000\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    // Who is refused meanwhile may be cut off.
    let _ = stream.write_all(&[b' '; 499_000]);
    stream
}

#[test]
fn bodies_that_come_slowly_take_no_more_memory_than_all_may() {
    const N_BODIES: usize = 400;
    const MEGABYTE: u64 = 1_024 * 1_024;
    let program = Program::start("", &[("RAPPORT__LIMITS__BODY_MEGABYTES_MAX", "8")]);
    let key = format!("Authorization: Bearer {WRITE}\r\n");
    drop(open(program.address, 20));
    let before = program.resident_bytes();

    let mut streams: Vec<TcpStream> = (0..N_BODIES).map(|_| begin_body(program.address, &key)).collect();
    let n_refused = until("what finds no room is refused", || {
        let n = number(program.address, "cx_bodies_refused_total ").unwrap_or(0);
        (n >= N_BODIES as u64 - 8 * MEGABYTE / 499_000).then_some(n)
    });
    let taken = program.resident_bytes().saturating_sub(before);
    println!("{N_BODIES} bodies, of which {n_refused} were refused, take {taken} bytes");
    // Not all that is freed comes back, and each connection takes its own; without the limit it would be all that was sent.
    assert!(taken < N_BODIES as u64 * 499_000 / 2, "{taken}");
    // Some found room and wait for the rest of their body: which ones, nobody knows.
    let is_answered = |stream: &&mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        stream.peek(&mut [0]).is_ok_and(|n_bytes| n_bytes > 0)
    };
    let (status, head) = head_of(streams.iter_mut().rev().find(is_answered).unwrap());
    assert!(status == 503 && head.contains("retry-after: 1"), "{head}");

    drop(streams);
    until("there is room again", || {
        let mut stream = begin_body(program.address, &key);
        // Refused again, it may be cut off.
        let _ = stream.write_all(&[b' '; 1_000]);
        (head_of(&mut stream).0 == 400).then_some(())
    });
}

#[test]
fn who_shows_no_key_before_the_body_may_send_little() {
    let server = TestServer::start();
    let mut stream = begin_body(server.address(), "");
    assert_eq!(head_of(&mut stream).0, 401, "it waited for the rest of the body");
    let sent = |n_bytes: usize| {
        let blanks = " ".repeat(n_bytes);
        let body = format!("{{\"writeKey\":\"{WRITE}\",\"batch\":[]{blanks}}}");
        server.send("POST", "/v1/batch", &[], body)
    };
    sent(60_000).ok();
    assert!(sent(70_000).error(401, "no_key").contains("before the body"));
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&[b' '; 70_000]).unwrap();
    let packed = server.send("POST", "/v1/batch", &[("content-encoding", "gzip")], packer.finish().unwrap());
    assert!(packed.error(401, "no_key").contains("before the body"), "unpacked, it is as long");
}

#[test]
fn who_tries_keys_stands_in_the_log_with_the_address() {
    let program = Program::start("", &[]);
    let mut stream = connect(program.address);
    stream.write_all(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer guess\r\n\r\n").unwrap();
    assert_eq!(head_of(&mut stream).0, 401);
    let line = until("the log says so", || {
        program.log().lines().find(|line| line.contains("a wrong key was refused")).map(str::to_owned)
    });
    assert!(line.contains("127.0.0.1") && line.contains("n_wrong") && !line.contains("guess"), "{line}");
}

#[test]
fn who_asks_too_often_is_told_when_to_come_back() {
    let server = TestServer::start_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        settings.limits.events_per_address = 1;
        settings.limits.events_per_key = 2;
    });
    let send = |address: &str, key: &str| {
        let headers = [("x-forwarded-for", address), ("authorization", &*format!("Bearer {key}"))];
        server.send("POST", "/v1/track", &headers, "{\"event\":\"A\",\"userId\":\"1\"}")
    };
    let limited = |address: &str, key: &str| (0..20).map(|_| send(address, key)).find(|reply| reply.status != 200);
    let refused = limited("203.0.113.7", WRITE).expect("twenty are more than one a second");
    assert!(refused.error(429, "too_often").contains("this address may send 1 events a second"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    // The same from everywhere at once is too often for the key.
    let from_everywhere = (0..40).map(|n| send(&format!("198.51.100.{n}"), WRITE)).find(|reply| reply.status != 200);
    assert!(from_everywhere.expect("forty are more than two").error(429, "too_often").contains("this key"));
    assert!(limited("203.0.113.7", SERVER).is_none(), "the company's own services are not counted");
    assert!(limited("127.0.0.1", WRITE).is_none(), "nor is this machine");
    let wrong = limited("192.0.2.7", "no-such-key");
    assert_eq!(wrong.expect("it is wrong").status, 401, "the first wrong key is told that it is wrong");
    let wrong = (0..20).map(|_| send("192.0.2.7", "no-such-key")).find(|reply| reply.status == 429);
    wrong.expect("wrong keys are counted, too").error(429, "too_often");
}

#[test]
fn a_batch_counts_as_many_as_it_brings() {
    let server = TestServer::start_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        settings.limits.events_per_address = 450;
    });
    let body = json!({"batch": vec![json!({"type": "track", "event": "A", "userId": "1"}); 400], "writeKey": WRITE});
    let send = |headers: &[(&str, &str)]| server.send("POST", "/v1/batch", headers, body.to_string());
    let bearer = format!("Bearer {WRITE}");
    for headers in [
        &[("x-forwarded-for", "203.0.113.7"), ("authorization", bearer.as_str())][..],
        &[("x-forwarded-for", "203.0.113.8")],
    ] {
        let replies: Vec<_> = (0..20).map(|_| send(headers)).collect();
        replies[0].ok();
        let refused = replies.iter().find(|reply| reply.status == 429).expect("8,000 are more than 450 a second");
        assert!(refused.error(429, "too_often").contains("this address may send 450 events a second"));
    }
}

#[test]
fn who_signs_in_too_often_gets_a_page_that_says_so() {
    let server = TestServer::start_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        settings.limits.sign_ins_per_address = 2;
    });
    let origin = server.url("");
    let sign_in = |address: &str| {
        let form = "application/x-www-form-urlencoded";
        let headers = [("x-forwarded-for", address), ("origin", origin.as_str()), ("content-type", form)];
        server.send("POST", "/login", &headers, "key=wrong")
    };
    let statuses = [(); 3].map(|()| sign_in("203.0.113.7").status);
    assert_eq!(statuses, [401, 401, 429]);
    let refused = sign_in("203.0.113.7");
    assert!(refused.text.contains("This address may send 2 requests in 60 seconds"), "{}", refused.text);
    assert!(refused.header("retry-after").is_some() && refused.header("content-security-policy").is_some());
    assert_eq!(sign_in("203.0.113.8").status, 401, "another address is not held up");
}
