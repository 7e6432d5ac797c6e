//! Does the server give web pages and other systems their own ways in: the browser snippet, the pixel, CloudEvents?

use crate::support::{self, SERVER, TestServer, WRITE};
use serde_json::{Value, json};

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
    assert!((4_000..=5_000).contains(&loaded.text.len()), "{} bytes uncompressed", loaded.text.len());
    let etag = loaded.header("etag").unwrap();
    let again = server.send("GET", "/rapport.js", &[("if-none-match", etag)], "");
    assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", Some(etag)));
    assert_eq!(server.send("GET", "/rapport.js", &[("if-none-match", "\"another\"")], "").status, 200);
    assert_eq!(server.send("HEAD", "/rapport.js", &[], "").text, "");
}

#[test]
fn a_picture_in_a_mail_tells_that_it_was_looked_at() {
    let server = TestServer::start();
    let look = |path: &str| server.send_for_bytes("GET", path);
    let opened =
        format!("/pixel/v1/track?writeKey={WRITE}&userId=7&event=Email%20Opened&properties.campaign_id=spring");
    let (status, headers, picture) = look(&opened);
    assert_eq!((status, headers["content-type"].as_str()), (200, "image/gif"));
    assert_eq!((&picture[..6], picture.last()), (&b"GIF89a"[..], Some(&b';')));
    assert!(headers["cache-control"].contains("no-store"));
    assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(look(&format!("/pixel/v1/page?writeKey={WRITE}&anonymousId=a&name=Home")).0, 200);
    // A look whether there is a picture is none at the mail.
    assert_eq!(server.send("HEAD", &opened, &[], "").status, 200);
    let events = server.events("accepted");
    assert_eq!(events.len(), 2);
    assert_eq!((&events[0]["type"], &events[0]["name"]), (&json!("page"), &json!("Home")), "{events:?}");
    assert_eq!(events[1]["properties"], json!({"campaign_id": "spring"}), "{events:?}");
    assert_eq!(server.get("/v1/customers/7").ok()["eventCount"], 1);
    // The picture comes all the same, and the status says what became of the event.
    for (path, expected) in [
        ("/pixel/v1/track?userId=7&event=E".to_owned(), 401),
        ("/pixel/v1/track?writeKey=no-such-key&userId=7&event=E".to_owned(), 401),
        (format!("/pixel/v1/track?writeKey={WRITE}&userId=7"), 400),
        (format!("/pixel/v1/track?writeKey={WRITE}&event=E"), 400),
        (format!("/pixel/v1/track?writeKey={WRITE}&userId=7&event=E&event=F"), 400),
    ] {
        let (status, _, body) = look(&path);
        assert_eq!((status, body), (expected, picture.clone()), "{}", &path[..60.min(path.len())]);
    }
    assert_eq!(server.events("rejected").len(), 2, "what is wrong with an event is kept with its reason");
    assert_eq!(server.events("accepted").len(), 2);
}

/// Sends a CloudEvent in binary mode.
fn binary(server: &TestServer, headers: &[(&str, &str)], body: &str) -> support::Reply {
    let authorization = format!("Bearer {SERVER}");
    let mut sent = vec![("authorization", authorization.as_str()), ("ce-specversion", "1.0"), ("ce-id", "1")];
    sent.extend([("ce-source", "/shop"), ("ce-subject", "u1")]);
    sent.extend(headers);
    server.send("POST", "/v1/cloudevents", &sent, body)
}

#[test]
fn a_cloudevent_is_the_same_in_every_mode() {
    let server = TestServer::start();
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "/shop", "type": "Signed \u{fc}p", "subject": "u1", "data": {"plan": "pro"},
        "datacontenttype": "application/json",
    });
    let send = |media: &str, body: &Value| {
        let authorization = format!("Bearer {SERVER}");
        let headers = [("authorization", authorization.as_str()), ("content-type", media)];
        server.send("POST", "/v1/cloudevents", &headers, body.to_string())
    };
    let name = ("ce-type", "Signed%20%C3%BCp");
    let sent = binary(&server, &[name, ("content-type", "application/json")], r#"{"plan": "pro"}"#);
    assert_eq!(sent.ok()["accepted"], 1);
    assert_eq!(send("application/cloudevents+json; charset=utf-8", &event).ok()["duplicates"], 1);
    let many = send("application/cloudevents-batch+json", &json!([event, {"specversion": "1.0"}]));
    assert_eq!((&many.ok()["duplicates"], &many.ok()["rejected"][0]["field"]), (&json!(1), &json!("/id")));
    assert_eq!(many.json()["rejected"][0]["index"], 1);
    assert_eq!(send("application/cloudevents-batch+json", &json!([])).ok()["accepted"], 0);
    let events = server.events("accepted");
    assert_eq!((events.len(), &events[0]["event"]), (1, &json!("Signed \u{fc}p")));
    assert_eq!(events[0]["properties"], json!({"plan": "pro"}));
}

#[test]
fn what_is_no_cloudevent_is_told_what_is_missing() {
    let server = TestServer::start();
    let authorization = format!("Bearer {SERVER}");
    let send = |headers: &[(&str, &str)], body: &str| {
        let mut sent = vec![("authorization", authorization.as_str())];
        sent.extend(headers);
        server.send("POST", "/v1/cloudevents", &sent, body)
    };
    assert!(send(&[("content-type", "application/json")], "{}").error(400, "malformed").contains("ce-specversion"));
    send(&[("content-type", "application/cloudevents+avro")], "").error(415, "unsupported_format");
    send(&[("content-type", "application/cloudevents+json")], "{").error(400, "malformed");
    send(&[("content-type", "application/cloudevents+json")], "{}").error(400, "missing_field");
    send(&[("content-type", "application/cloudevents-batch+json")], "{}").error(400, "malformed");
    assert!(binary(&server, &[("ce-type", "a"), ("ce-type", "b")], "{}").error(400, "malformed").contains("ce-type"));
    server
        .send("POST", "/v1/cloudevents", &[("content-type", "application/cloudevents+json")], "{}")
        .error(401, "no_key");
    let key = format!("/v1/cloudevents?writeKey={WRITE}");
    let item =
        json!({"specversion": "1.0", "id": "1", "source": "s", "type": "rapport.item", "subject": "tea", "data": {}});
    let media = [("content-type", "application/cloudevents+json")];
    server.send("POST", &key, &media, item.to_string()).error(400, "not_allowed");
    assert_eq!(send(&media, &item.to_string()).ok()["accepted"], 1);
}
