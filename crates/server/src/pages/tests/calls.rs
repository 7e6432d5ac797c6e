//! Does every call that the page about the API shows work as it stands, in every language that is installed here?

use super::*;
use crate::pages::api::snippets::{Call, Key, Language, written};
use crate::pages::api::{Somebody, calls};
use std::collections::BTreeSet;
use std::process::Command;

fn key(call: &Call) -> &'static str {
    match call.key {
        Key::Write => "demo-write-key",
        Key::Server => SERVER,
        Key::Admin => ADMIN,
    }
}

/// What a call's code prints; `None` where the language is not installed.
fn run(language: Language, call: &Call, code: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let (program, file) = match language {
        Language::Curl => ("sh", "call.sh"),
        Language::Browser | Language::Node => ("node", "call.mjs"),
        Language::Python => ("python3", "call.py"),
        Language::Php => ("php", "call.php"),
        Language::Go => ("go", "call.go"),
    };
    let path = folder.path().join(file);
    let shown = if language == Language::Curl { format!("{code} -sS -w '\n%{{http_code}}'") } else { code.to_owned() };
    std::fs::write(&path, shown).unwrap();
    let mut command = Command::new(program);
    if language == Language::Go {
        command.arg("run");
    }
    let output = command.arg(&path).env(call.key.name(), key(call)).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{code}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    Some(text)
}

#[test]
fn every_call_works_as_it_stands() {
    for language in Language::ALL {
        // What the calls erase stays erased, so each language has a server of its own.
        let console = Console::start(false);
        let somebody = |id: &str| format!(r#"{{"type":"identify","userId":"{id}","traits":{{}}}}"#);
        console.send_events(&format!(r#"{{"batch":[{},{}]}}"#, somebody("42"), somebody("example-person")));
        let app = console.running.app();
        let base_url = format!("http://{}", console.running.address());
        let all = calls(app, &Somebody::of(app).unwrap());
        let mut forms = BTreeSet::new();
        assert!(all.iter().map(|(_, calls)| calls.len()).sum::<usize>() > 12);
        for call in all.into_iter().flat_map(|(_, calls)| calls) {
            let Some(code) = written(language, &call, &base_url, key(&call)) else {
                assert!(language == Language::Browser && call.key != Key::Write, "{}", call.title);
                continue;
            };
            assert!(language == Language::Curl || language == Language::Browser || !code.contains(key(&call)));
            // Each program is compiled, so one of each form will do.
            if language == Language::Go && !forms.insert((call.method, call.key.name())) {
                continue;
            }
            let Some(told) = run(language, &call, &code) else { continue };
            let is_good = |status: &str| told.trim_start().starts_with(status) || told.trim_end().ends_with(status);
            assert!(is_good("200") || is_good("202"), "{}: {code}\n{told}", call.title);
        }
    }
}

#[test]
fn the_page_shows_one_language_at_a_time_and_never_a_key_that_is_secret() {
    let console = Console::start(false);
    let seen = |path: &str| {
        console.send("GET", path, &[("authorization", "Bearer demo-admin-key"), ("accept", "text/html")], "").body
    };
    for (path, part, other) in [
        ("/api", "curl -u WRITE_KEY:", "urllib"),
        ("/api?lang=python", "os.environ[&#34;SERVER_KEY&#34;]", "curl -u"),
        ("/api?lang=browser", "Not from a web page", "process.env"),
        ("/api?lang=go", "package main", "curl -u"),
        ("/api?lang=%3Cb%3E", "curl -u WRITE_KEY:", "urllib"),
    ] {
        let page = seen(path);
        assert!(page.contains(part) && !page.contains(other), "{path}: {page}");
        for secret in [ADMIN, SERVER, "demo-write-key"] {
            assert!(!page.contains(secret), "{path} shows {secret}");
        }
    }
}

#[test]
fn beside_every_call_stands_an_answer_to_it() {
    let console = Console::start(true);
    let page = console.get("/api").body;
    let n_calls = page.matches("data-copy=\"#call-").count();
    assert!(n_calls > 12 && page.matches("<summary>An answer").count() == n_calls, "{n_calls}: {page}");
    // A choice, and what else holds.
    assert!(page.contains("others") && page.contains("loyal"), "{page}");
}
