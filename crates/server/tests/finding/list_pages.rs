//! Does the console show who is on a list, and can customers be found, saved, sent and taken away as files there?

use crate::support::{self, ADMIN, Reply, SERVER, TestServer, WRITE, world};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn page(server: &TestServer, path: &str) -> Reply {
    server.send("GET", path, &[("authorization", &format!("Bearer {ADMIN}")), ("accept", "text/html")], "")
}

fn form(server: &TestServer, path: &str, fields: &[(&str, &str)]) -> Reply {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let headers = [
        ("authorization", &*format!("Bearer {ADMIN}")),
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", &server.url("")),
        ("accept", "text/html"),
    ];
    server.send("POST", path, &headers, fields.join("&"))
}

fn encoded(text: &str) -> String {
    let letter = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}

fn identify(server: &TestServer, user: &str, traits: &Value) {
    assert_eq!(server.post_as(SERVER, "/v1/identify", &json!({"userId": user, "traits": traits})).status, 200);
}

#[test]
fn a_filter_is_tried_saved_watched_and_removed() {
    let server = TestServer::start();
    identify(&server, "ann", &json!({"name": "Ann <b>", "city": "Graz"}));
    identify(&server, "bob", &json!({"city": "Wien"}));
    let tried =
        page(&server, "/lists?filter=traits.city%3D%22Graz%22&columns=traits.city&c.feature.orders_365d=1").text;
    for part in ["1 customer<", "Ann &#60;b&#62;", ">Graz<", "orders_365d", "Save it as a list", "export.csv?filter="] {
        assert!(tried.contains(part), "{part}: {tried}");
    }
    assert!(!tried.contains("/customers/user%3Abob"), "{tried}");
    let mistaken = page(&server, "/lists?filter=traits.city%3D%22Graz%22+and+oders_365d%3E1");
    assert_eq!(mistaken.status, 200);
    for part in ["and <mark>oders_365d</mark>&#62;1", "did you mean orders_365d?", "aria-invalid"] {
        assert!(mistaken.text.contains(part), "{part}: {}", mistaken.text);
    }
    assert!(!mistaken.text.contains("Save it as a list"));
    let mistaken = page(&server, "/lists?filter=&columns=nothing").text;
    assert!(mistaken.contains("Columns cannot be read") && mistaken.contains("<mark>"), "{mistaken}");
    assert!(page(&server, "/lists?filter=traits.city%3D%22Linz%22").text.contains("Nobody is meant by it"));
    // Also where a list is asked about: nobody has a score of a model that there is not.
    let why = "No churn model has been trained yet.";
    for filter in ["churn%3E0.5", "score.churn%3E0.5", "list%3D%22about_to_leave%22", "known+or+churn%3E0.5"] {
        let text = page(&server, &format!("/lists?filter={filter}")).text;
        assert_eq!(text.matches(why).count(), 1, "{filter}: {text}");
        assert_eq!(text.contains("Nobody can be meant by it yet"), !filter.starts_with("known"), "{filter}: {text}");
    }
    assert!(page(&server, "/lists").text.contains(why) && page(&server, "/lists/about_to_leave").text.contains(why));

    let fields = [
        ("name", "in_graz"),
        ("title", "In Graz"),
        ("filter", "traits.city=\"Graz\""),
        ("sort", "-last_seen"),
        ("columns", "traits.city"),
    ];
    // What it leads to is asked for without the key, as no browser does.
    form(&server, "/lists", &fields);
    server.engine().follow_lists(std::time::Duration::MAX, &|| false).unwrap();
    let all = page(&server, "/lists").text;
    for part in ["In Graz", "about_to_leave", "Built in", "traits.city=&#34;Graz&#34;"] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let own = page(&server, "/lists/in_graz").text;
    for part in ["In Graz</h1>", "Who came and went", ">Came<", "Webhook", "Remove"] {
        assert!(own.contains(part), "{part}: {own}");
    }
    form(&server, "/lists", &[("name", "in_graz"), ("filter", "")]);
    assert_eq!(server.get("/v1/lists/in_graz").ok()["filter"], "traits.city=\"Graz\"");

    assert!(page(&server, "/customers/ann").text.contains("<a href=\"/lists/in_graz\">In Graz</a>"));
    let with = form(&server, "/lists/in_graz/webhook", &[("url", "http://127.0.0.1:9/hook")]);
    assert_eq!(with.status, 200, "{}", with.text);
    assert!(with.text.contains("whsec_") && with.text.contains("http://127.0.0.1:9/hook"), "{}", with.text);
    assert!(!page(&server, "/lists/in_graz").text.contains("whsec_"), "told once");
    form(&server, "/lists/in_graz/webhook", &[("url", "nonsense")]);
    assert_eq!(server.get_as(ADMIN, "/v1/lists/in_graz").ok()["webhook"]["url"], "http://127.0.0.1:9/hook");
    form(&server, "/lists/in_graz/webhook", &[("url", "")]);
    assert_eq!(server.get("/v1/lists/in_graz").ok()["webhook"], Value::Null);
    form(&server, "/lists/about_to_leave/remove", &[]);
    form(&server, "/lists/in_graz/remove", &[]);
    assert_eq!(page(&server, "/lists/in_graz").status, 404);
    assert_eq!(page(&server, "/lists/about_to_leave").status, 200);
}

#[test]
fn a_file_holds_every_customer_with_types_and_no_formula() {
    let server = TestServer::start();
    world::fill(server.engine());
    identify(&server, "evil", &json!({"city": "=HYPERLINK(\"http://x\")", "name": "a,b"}));
    let query = format!(
        "filter={}&sort=-value&columns=value,orders_365d,traits.city,consent.marketing,last_seen,why.value",
        encoded("orders_365d>=2 or id=\"evil\"")
    );
    let wanted = server.get(&format!("/v1/customers?{query}&limit=1000")).ok();
    let wanted = wanted["customers"].as_array().unwrap();
    assert!(wanted.len() > 100, "{}", wanted.len());

    let csv = server.get(&format!("/v1/customers.csv?{query}"));
    assert_eq!((csv.status, csv.header("content-type").unwrap()), (200, "text/csv; charset=utf-8; header=present"));
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"customers.csv\""));
    let mut lines = csv.text.split("\r\n");
    let heads = "customer_id,user_ids,last_seen,value,orders_365d,traits.city,consent.marketing,why.value";
    assert_eq!(lines.next(), Some(heads));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), wanted.len());
    for (line, customer) in lines.iter().zip(wanted) {
        assert!(line.starts_with(&format!("{},", customer["customerId"].as_str().unwrap())), "{line}");
        let value = customer["scores"]["value"].as_f64().map_or_else(String::new, |value| value.to_string());
        assert_eq!(line.split(',').nth(3), Some(&*value), "{line}");
    }
    // People read money with its currency, programs numbers.
    let shown =
        page(&server, &format!("/lists?{}", query.replace("columns=value,", "columns=value,revenue_365d,"))).text;
    let view = server.engine().customer(wanted[0]["customerId"].as_str().unwrap()).unwrap();
    let currency = view.customer.state.currency().unwrap();
    let revenue = view.features.iter().find(|(one, _)| one.name == "revenue_365d").unwrap().1;
    for (value, of) in [(wanted[0]["scores"]["value"].as_f64().unwrap(), "Lifetime value"), (revenue, "revenue_365d")] {
        let written = console::format::amount(value, Some(currency));
        let cell = format!("data-of=\"{of}\" class=\"num right nowrap\">{written}</td>");
        assert!(written.ends_with(currency.code()) && shown.contains(&cell), "{cell}");
    }
    let sums = &shown[shown.find("<tfoot>").unwrap()..];
    assert_eq!(sums.matches(&format!(" {currency}</td>")).count(), 2, "{sums}");
    // The loop above met numbers alone: a currency is named where people read words.
    assert!(csv.text.contains(currency.code()), "reasons are words");
    let evil = lines.iter().find(|line| line.contains("HYPERLINK")).unwrap();
    assert!(evil.contains(",\"'=HYPERLINK(\"\"http://x\"\")\","), "{evil}");

    let file = server.data().join("out.parquet");
    let headers = [("authorization", format!("Bearer {SERVER}"))];
    let mut reply = ureq::get(server.url(&format!("/v1/customers.parquet?{query}")))
        .header(headers[0].0, &headers[0].1)
        .call()
        .unwrap();
    std::fs::write(&file, reply.body_mut().read_to_vec().unwrap()).unwrap();
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&file).unwrap()).unwrap().build().unwrap();
    let mut found = BTreeMap::new();
    for batch in reader {
        let batch = batch.unwrap();
        let (ids, values) = (batch.column(0).as_string::<i32>(), batch.column(3).as_primitive::<Float64Type>());
        assert_eq!(batch.schema().field(6).data_type(), &arrow_schema::DataType::Boolean);
        for row in 0..batch.num_rows() {
            let value = (!arrow_array::Array::is_null(values, row)).then(|| values.value(row));
            found.insert(ids.value(row).to_owned(), value);
        }
    }
    assert_eq!(found.len(), wanted.len());
    for customer in wanted {
        assert_eq!(found[customer["customerId"].as_str().unwrap()], customer["scores"]["value"].as_f64());
    }
    let said = format!("{} customers as parquet", wanted.len());
    support::until("the export is noted", || {
        let exported = server.get_as(ADMIN, "/v1/audit?deed=customers_exported").ok();
        (exported["entries"][0]["subject"] == said).then_some(())
    });
    let left: Vec<_> = std::fs::read_dir(server.data())
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(page(&server, &format!("/lists/export.csv?{query}")).text.starts_with("customer_id,"));
    server.get_as(WRITE, "/v1/customers.csv").error(403, "forbidden");
    assert!(server.get("/v1/customers.csv?filter=chrun%3E1").error(400, "invalid").contains("position 1"));
}

#[test]
fn a_sum_has_a_currency_only_where_all_of_those_it_adds_up_pay_in_it() {
    let server = TestServer::start();
    let order = |n: usize, total: u32, currency: &str| {
        let properties = json!({"order_id": n.to_string(), "total": total, "currency": currency});
        json!({"type": "track", "event": "Order Completed", "userId": format!("user-{n}"), "properties": properties})
    };
    // The first page of the largest pays in one currency, whoever is on the next in another.
    let mut events: Vec<Value> = (0..60).map(|n| order(n, 100, "EUR")).collect();
    events.extend((60..70).map(|n| order(n, 10, "USD")));
    events.push(order(70, 0, "USD"));
    assert_eq!(server.post_as(SERVER, "/v1/batch", &json!({"batch": events})).status, 200);
    let foot = |filter: &str| {
        let path = format!("/lists?filter={}&sort=-revenue_365d&c.revenue_365d=1&c.orders_365d=1", encoded(filter));
        let text = page(&server, &path).text;
        text.split_once("<tfoot>")
            .and_then(|(_, rest)| rest.split_once("</tfoot>"))
            .unwrap_or_else(|| panic!("{text}"))
            .0
            .to_owned()
    };
    let of_all = foot("known");
    assert!(of_all.contains(">several currencies<") && of_all.contains(">71<"), "{of_all}");
    assert!(!of_all.contains("EUR") && !of_all.contains("6,1"), "{of_all}");
    // Who adds nothing changes no currency.
    let of_some = foot("revenue_365d>=100 or id=\"user-70\"");
    assert!(of_some.contains(">6,000 EUR<") && of_some.contains(">61<"), "{of_some}");
    let of_others = foot("revenue_365d>0 and revenue_365d<100");
    assert!(of_others.contains(">100.00 USD<"), "{of_others}");
    let of_nothing = foot("id=\"user-70\"");
    assert!(of_nothing.contains(">too few<"), "{of_nothing}");
}
