//! Does the server give web pages and other systems their own ways in: the browser snippet, the pixel, CloudEvents?

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use support::TestServer;

#[test]
fn pages_of_any_site_load_the_snippet_once_and_ask_whether_it_is_new() {
    let server = TestServer::start();
    let loaded = server.send("GET", "/rapport.js", &[("origin", "https://shop.example")], "");
    assert_eq!(loaded.status, 200);
    for (name, value) in [
        ("content-type", "text/javascript; charset=utf-8"),
        ("cache-control", "public, max-age=3600, stale-while-revalidate=86400"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("access-control-allow-origin", "*"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(loaded.header(name), Some(value), "{name}");
    }
    assert!(loaded.header("set-cookie").is_none());
    let etag = loaded.header("etag").unwrap();
    let again = server.send("GET", "/rapport.js", &[("if-none-match", etag)], "");
    assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", Some(etag)));
    assert_eq!(server.send("GET", "/rapport.js", &[("if-none-match", "\"another\"")], "").status, 200);
    assert_eq!(server.send("HEAD", "/rapport.js", &[], "").text, "");
}
