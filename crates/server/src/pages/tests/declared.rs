//! Can people declare at the console what they can declare over HTTP, and is nothing changed by who may not?

use super::*;
use crate::settings::Settings;
use governance::Deed;
use serde_json::{Map, Value, json};

fn form(pairs: &[(&str, &str)]) -> String {
    let part = |(name, text): &(&str, &str)| {
        format!("{}={}", console::format::url_part(name), console::format::url_part(text))
    };
    pairs.iter().map(part).collect::<Vec<_>>().join("&")
}

fn table(console: &Console, list: &str, name: &str) -> Map<String, Value> {
    console.running.app().engine.declared_as(list, name).unwrap().table
}

/// What a page fills its form with, as a browser sends it.
fn sent(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let said = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
        Some(
            said.replace("&#34;", "\"")
                .replace("&quot;", "\"")
                .replace("&#60;", "<")
                .replace("&#62;", ">")
                .replace("&gt;", ">")
                .replace("&lt;", "<"),
        )
    };
    let form = page.split("<form class=\"columns-layout editor\"").nth(1).unwrap().split("</form>").next().unwrap();
    let mut pairs = Vec::new();
    for tag in form.split('<').filter(|tag| !tag.contains(" disabled")) {
        let Some(name) = attribute(tag, "name") else { continue };
        match tag.split([' ', '>']).next().unwrap() {
            "input" if tag.contains("type=\"checkbox\"") && !tag.contains(" checked") => {}
            "input" => pairs.push((name, attribute(tag, "value").unwrap_or_default())),
            "textarea" => {
                let text = tag.split_once('>').unwrap().1;
                let text = text.strip_prefix('\n').unwrap_or(text);
                pairs.push((name, text.replace("&#34;", "\"").replace("&#62;", ">").replace("&#60;", "<")));
            }
            "select" => {
                let options =
                    form.split(&format!(" name=\"{name}\"")).nth(1).unwrap().split("</select>").next().unwrap();
                let picked = options.split('<').find(|tag| tag.contains(" selected"));
                pairs.push((name, picked.and_then(|tag| attribute(tag, "value")).unwrap_or_default()));
            }
            _ => {}
        }
    }
    pairs
}

fn posted(console: &Console, path: &str, pairs: &[(String, String)], what: &str) -> Reply {
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    console.post(path, &form(&[&pairs[..], &[("do", what)]].concat()), &[])
}

#[test]
fn an_action_is_declared_changed_and_taken_away_and_the_page_tells_whom_it_is_for() {
    let console = Console::start(true);
    let users: Vec<Value> = (0..20)
        .map(|at| json!({"type": "identify", "userId": format!("u{at}"), "traits": {"plan": if at < 12 { "pro" } else { "free" }}}))
        .collect();
    console.send_events(&json!({"batch": users}).to_string());
    let new = [
        ("name", "grinder"),
        ("title", HOSTILE),
        ("eligible", "traits.plan = \"pro\""),
        ("channels", "web"),
        ("channels", "email"),
        ("value", "12,5"),
        ("content", "headline = \"Freshly ground\"\r\nurl = \"/grinders\""),
        ("mandatory", "true"),
    ];
    let looked = console.post("/new/actions", &form(&[&new[..], &[("do", "look")]].concat()), &[]);
    assert_eq!(looked.status, 200, "{}", looked.body);
    assert_page("/new/actions", &looked);
    assert!(looked.body.contains("12 of 20 customers may have it now, and it suits them."), "{}", looked.body);
    assert!(console.running.app().engine.declared_on("actions").is_empty(), "to look changes nothing");
    let saved = console.post("/new/actions", &form(&[&new[..], &[("do", "save")]].concat()), &[]);
    assert_eq!((saved.status, saved.header("location")), (303, "/actions/grinder"), "{}", saved.body);
    let expected = json!({"name": "grinder", "title": HOSTILE, "group": "grinder", "channels": ["email", "web"],
        "eligible": "traits.plan = \"pro\"", "value": 12.5, "prior": 0.05, "weight": 1.0, "mandatory": true,
        "content": {"headline": "Freshly ground", "url": "/grinders"}});
    assert_eq!(json!(table(&console, "actions", "grinder")), expected);
    let page = console.get("/actions/grinder");
    assert!(page.body.contains("href=\"/actions/grinder/edit\"") && !page.body.contains(HOSTILE));

    // What nobody touched is said as it was, and changes nothing.
    let edit = console.get("/actions/grinder/edit");
    assert_eq!(edit.status, 200);
    assert_page("edit", &edit);
    let mut pairs: Vec<(String, String)> = sent(&edit.body).into_iter().filter(|(name, _)| name != "title").collect();
    pairs.push(("title".to_owned(), HOSTILE.to_owned()));
    assert_eq!(posted(&console, "/actions/grinder/edit", &pairs, "save").status, 303);
    assert_eq!(json!(table(&console, "actions", "grinder")), expected);
    // Who saw it as it was before is told.
    let seen = pairs.clone();
    pairs.retain(|(name, _)| name != "value" && name != "mandatory");
    pairs.push(("value".to_owned(), "9".to_owned()));
    assert_eq!(posted(&console, "/actions/grinder/edit", &pairs, "save").status, 303);
    let changed = table(&console, "actions", "grinder");
    assert_eq!((changed["value"].clone(), changed.get("mandatory")), (json!(9.0), None));
    let late = posted(&console, "/actions/grinder/edit", &seen, "save");
    assert!(late.status == 400 && late.body.contains("was changed since it was read"), "{}", late.body);

    let gone = console.post("/actions/grinder/remove", "", &[]);
    assert_eq!((gone.status, gone.header("location")), (303, "/actions"));
    // What changed something is noted, once each; what was looked at or refused is not.
    let deeds: Vec<(Deed, String)> = console.audit(9).into_iter().map(|(deed, _, of)| (deed, of)).collect();
    let noted = [Deed::DeclarationRemoved, Deed::Declared, Deed::Declared, Deed::Declared];
    assert_eq!(deeds, noted.map(|deed| (deed, "actions grinder".to_owned())));
    assert_eq!(console.get("/actions/grinder/edit").status, 404);
}

#[test]
fn what_is_refused_is_told_beside_its_field_and_changes_nothing() {
    let console = Console::start(true);
    let at = |key: &str, part: &str, body: &str| {
        let beside =
            body.split(&format!("id=\"wrong-{key}\" data-told>")).nth(1).unwrap().split("</p>").next().unwrap();
        assert!(beside.contains(part), "{key}: {beside:?}");
    };
    for (path, pairs, key, part) in [
        ("/new/actions", &[("name", "A b")][..], "name", "begins with a letter from a to z"),
        ("/new/actions", &[("name", "a")], "value", "Write a number from 0"),
        ("/new/actions", &[("name", "a"), ("value", "much")], "value", "Write a number from 0"),
        ("/new/actions", &[("name", "a"), ("value", "5"), ("eligible", "ordrs_365d > 1")], "eligible", "orders_365d"),
        ("/new/actions", &[("name", "a"), ("value", "5"), ("until", "soon")], "until", "Write a day or a moment"),
        ("/new/actions", &[("name", "a"), ("value", "5"), ("content", "x")], "content", "It cannot be read"),
        (
            "/new/flags",
            &[("name", "a"), ("type", "number"), ("default", "b")],
            "default",
            "is of another type: write a number",
        ),
        ("/new/flags", &[("name", "a"), ("default", "b"), ("needs.0.flag", "zz")], "needs", "There is no such flag"),
        (
            "/new/flags",
            &[("name", "a"), ("default", "b"), ("rules.0.experiment", "zz")],
            "rules",
            "There is no such experiment",
        ),
        ("/new/experiments", &[("name", "a")], "variations", "Write a list of 2"),
        ("/new/experiments", &[("name", "a"), ("share", "110")], "share", "from 0 to 100"),
    ] {
        let refused = console.post(path, &form(&[pairs, &[("do", "save")]].concat()), &[]);
        assert_eq!(refused.status, 400, "{path} {pairs:?}");
        assert_page(path, &refused);
        at(key, part, &refused.body);
        // Somebody who only looks is told the same, but not of what they have not come to.
        let looked = console.post(path, &form(&[pairs, &[("do", "look")]].concat()), &[]);
        assert_eq!(looked.status, 200);
        let is_written = pairs.iter().any(|(name, _)| *name == key || name.starts_with(&format!("{key}.")));
        at(key, if is_written { part } else { "" }, &looked.body);
        assert!(is_written || looked.body.contains(&format!("id=\"wrong-{key}\" data-told></p>")), "{key}");
    }
    // Of several rows it is told which, and what was typed stays.
    let rows = [("rules.0.when", "orders_365d >= 1"), ("rules.0.value", "x"), ("rules.2.experiment", "zz")];
    let pairs = [&[("name", "a"), ("default", "b"), ("do", "save")][..], &rows].concat();
    let refused = console.post("/new/flags", &form(&pairs), &[]).body;
    let marked = |name: &str| {
        let field = refused.split(&format!("name=\"{name}\"")).nth(1).unwrap().split('>').next().unwrap().to_owned();
        (field.contains("aria-invalid=\"true\" aria-describedby=\"wrong-rules\""), field)
    };
    assert!(marked("rules.2.experiment").0 && marked("rules.2.experiment").1.contains("value=\"zz\""), "{refused}");
    assert!(!marked("rules.0.when").0 && marked("rules.0.when").1.contains("value=\"orders_365d"), "{refused}");
    assert!(!marked("rules.1.experiment").0, "{refused}");
    assert_eq!(console.running.app().engine.playbook().n(), 0);
}

#[test]
fn what_is_called_new_has_a_page_and_a_form_as_everything_has() {
    let console = Console::start(true);
    let saved = console.post("/new/actions", &form(&[("name", "new"), ("value", "5"), ("do", "save")]), &[]);
    assert_eq!((saved.status, saved.header("location")), (303, "/actions/new"));
    let page = console.get("/actions/new").body;
    assert!(page.contains("<h1>New") && page.contains("/actions/new/edit"), "{page}");
    assert!(console.get("/actions/new/edit").body.contains("<h1>Change “New”</h1>"));
    assert!(console.get("/new/actions").body.contains("<h1>Declare an action</h1>"));
}

#[test]
fn what_is_given_to_all_goes_in_with_all_its_flags_or_not_at_all() {
    let console = Console::start(true);
    let engine = &console.running.app().engine;
    let put = |list: &str, table: Value| {
        engine.declare_one(list, engine::Declaring::New(table.as_object().unwrap())).unwrap();
    };
    put(
        "experiments",
        json!({"name": "copy", "variations": [{"name": "control", "value": "old"}, {"name": "bold", "value": "new"}]}),
    );
    for name in ["head", "foot"] {
        put("flags", json!({"name": name, "default": "old", "rules": [{"experiment": "copy"}]}));
    }
    let state = || ["head", "foot"].map(|name| table(&console, "flags", name)["default"].clone());
    // One of the changes cannot be: the other is not made either, nor is anything of it kept.
    let changed = |table: &'static str| serde_json::from_str::<Map<String, Value>>(table).unwrap();
    let (good, bad) = (changed("{\"default\":\"new\"}"), changed("{\"default\":3}"));
    let before = (state(), engine.playbook());
    let change = |name, table| ("flags", engine::Declaring::Changed { name, table, seen: None });
    for (all, part) in [
        (vec![change("head", &good), change("foot", &bad)], "foot"),
        (vec![change("head", &good), change("zz", &good)], "zz"),
        (vec![change("head", &good), change("head", &good)], "twice"),
        (vec![change("head", &good), ("flags", engine::Declaring::Gone("head"))], "twice"),
    ] {
        let refused = engine.declare_together(&all).unwrap_err().to_string();
        assert!(refused.contains(part), "{part}: {refused}");
        assert_eq!((state(), engine.playbook()), before, "{part}");
    }
    let shipped = console.post("/experiments/copy/ship", "variation=bold", &[]);
    assert!(shipped.cookie("rapport_flash").unwrap_or_default().contains("done."), "{}", shipped.body);
    assert_eq!(state(), [json!("new"), json!("new")]);
    assert_eq!(table(&console, "experiments", "copy")["state"], "stopped");
}

#[test]
fn what_the_settings_declare_is_shown_and_not_changed() {
    let console = Console::start_with(true, |settings: &mut Settings| {
        let flag = json!({"name": "banner", "default": "none", "rules": [{"share": 0.25, "value": "new"}]});
        settings.flags = vec![decisions::Flag::from_table(flag.as_object().unwrap()).unwrap()];
    });
    let page = console.get("/flags").body;
    assert!(
        page.contains("The settings declare it, and they win.") && !page.contains("/flags/banner/switch"),
        "{page}"
    );
    let edit = console.get("/flags/banner/edit").body;
    assert!(
        edit.contains("and they win: change it in their file") && edit.contains("<fieldset class=\"fields\" disabled>")
    );
    assert!(edit.contains("value=\"25\""), "its share is shown in hundredths");
    let before = table(&console, "flags", "banner");
    for (path, sent) in [
        ("/flags/banner/edit", "default=other&do=save"),
        ("/flags/banner/switch", "on=false"),
        ("/flags/banner/remove", ""),
    ] {
        let refused = console.post(path, sent, &[]);
        let told = refused.cookie("rapport_flash").unwrap_or_default() + &refused.body;
        assert!(told.contains("settings"), "{path}: {told}");
    }
    assert_eq!(table(&console, "flags", "banner"), before);
}

#[test]
fn a_flag_is_switched_and_an_experiment_begins_is_frozen_and_its_better_variation_is_given_to_all() {
    let console = Console::start(true);
    let ok = |path: &str, pairs: &[(&str, &str)]| {
        let reply = console.post(path, &form(pairs), &[]);
        let told = reply.cookie("rapport_flash").unwrap_or_default();
        assert!(reply.status == 303 && told.contains("done."), "{path}: {} {told} {}", reply.status, reply.body);
    };
    let refused = |path: &str, pairs: &[(&str, &str)], part: &str| {
        let reply = console.post(path, &form(pairs), &[]);
        let told = reply.cookie("rapport_flash").unwrap_or_default();
        assert!(told.contains("failed.") && told.contains(part), "{path}: {} {told}", reply.status);
    };
    ok(
        "/new/experiments",
        &[
            ("name", "copy"),
            ("of", "text"),
            ("variations.0.name", "control"),
            ("variations.0.value", "old"),
            ("variations.1.name", "bold"),
            ("variations.1.value", "new"),
            ("share", "50"),
            ("do", "save"),
        ],
    );
    assert_eq!(table(&console, "experiments", "copy")["state"], "draft", "it begins when somebody says so");
    let rules = [("rules.0.experiment", "copy"), ("rules.2.share", "12.5"), ("rules.2.value", "new")];
    ok(
        "/new/flags",
        &[&[("name", "checkout"), ("default", "old"), ("type", "text"), ("on", "true"), ("do", "save")], &rules[..]]
            .concat(),
    );
    assert_eq!(
        table(&console, "flags", "checkout")["rules"],
        json!([{"experiment": "copy"}, {"share": 0.125, "value": "new"}])
    );
    ok("/flags/checkout/switch", &[("on", "false")]);
    assert_eq!(table(&console, "flags", "checkout")["on"], false);
    ok("/flags/checkout/switch", &[("on", "true")]);
    assert_eq!(table(&console, "flags", "checkout").get("on"), None);

    let page = console.get("/experiments").body;
    assert!(page.contains("Start it") && !page.contains("Give one to all"), "{page}");
    ok("/experiments/copy/state", &[("state", "running")]);
    let page = console.get("/experiments").body;
    assert!(page.contains("Yes, stop it for good") && page.contains("Give one to all"), "{page}");
    let edit = console.get("/experiments/copy/edit").body;
    assert!(edit.contains("What began is frozen"), "{edit}");
    // Whatever somebody sends: what is frozen stays.
    ok("/experiments/copy/edit", &[("share", "60"), ("variations.0.name", "other"), ("who", "known"), ("do", "save")]);
    let running = table(&console, "experiments", "copy");
    assert_eq!(
        (running["share"].clone(), running["variations"][0]["name"].clone(), running.get("who")),
        (json!(0.6), json!("control"), None)
    );
    let less = console.post("/experiments/copy/edit", &form(&[("share", "10"), ("do", "save")]), &[]);
    assert!(less.status == 400 && less.body.contains("a larger share only adds some"), "{}", less.body);

    refused("/experiments/copy/ship", &[("variation", "zz")], "has%20no%20variation");
    ok("/experiments/copy/ship", &[("variation", "bold")]);
    let flag = table(&console, "flags", "checkout");
    assert_eq!(
        (flag["default"].clone(), flag["rules"].clone()),
        (json!("new"), json!([{"share": 0.125, "value": "new"}]))
    );
    assert_eq!(table(&console, "experiments", "copy")["state"], "stopped");
    refused("/experiments/copy/state", &[("state", "running")], "begin%20another%20one");
    refused("/experiments/copy/ship", &[("variation", "bold")], "No%20flag%20is%20decided");
}

#[test]
fn only_who_may_declare_comes_to_the_forms_and_only_from_a_page_of_our_own() {
    let console = Console::start(false);
    let viewer = console.running.app().keys.create("looks", governance::Role::Viewer).unwrap().key;
    let as_viewer = format!("Bearer {viewer}");
    let as_admin = format!("Bearer {ADMIN}");
    for list in ["actions", "flags", "experiments"] {
        for path in [format!("/new/{list}"), format!("/{list}/zz/edit")] {
            assert_eq!(console.get(&path).status, 401, "{path}");
            assert_eq!(console.send("GET", &path, &[("authorization", &as_viewer)], "").status, 403, "{path}");
        }
        let page = console.send("GET", &format!("/{list}"), &[("authorization", &as_viewer)], "").body;
        assert!(!page.contains(&format!("/new/{list}")), "{list}: who may not is not led there");
        let page = console.send("GET", &format!("/{list}"), &[("authorization", &as_admin)], "").body;
        assert!(page.contains(&format!("/new/{list}")), "{list}");
    }
    let sent = form(&[("name", "a"), ("value", "5"), ("do", "save")]);
    assert_eq!(console.post("/new/actions", &sent, &[("authorization", &as_viewer)]).status, 403);
    let console = Console::start(true);
    let foreign = console.send("POST", "/new/actions", &[("origin", "https://evil.example")], &sent);
    assert_eq!(foreign.status, 403);
    for path in ["/flags/a/switch", "/experiments/a/state", "/experiments/a/ship"] {
        assert_eq!(console.post(path, "zz=1", &[]).status, 400, "{path}");
    }
    // A list whose form has no field has no form.
    for path in ["/new/offers", "/offers/a/edit"] {
        assert_eq!((console.get(path).status, console.post(path, &sent, &[]).status), (404, 404), "{path}");
    }
    assert_eq!(console.post("/offers/a/remove", "", &[]).status, 404);
    assert_eq!(console.running.app().engine.playbook().n(), 0);
}

#[test]
fn lists_are_drafted_from_two_ways_to_make_them_and_it_is_told_which_is_chosen_from() {
    let console = Console::filled(150);
    let engine = &console.running.app().engine;
    let wrong = form(&[
        ("name", "mix"),
        ("of", "json"),
        ("interleave", "recommend"),
        ("variations.0.name", "usual"),
        ("variations.0.value", "{}"),
        ("variations.1.name", "mixed"),
        ("variations.1.value", "{\"n\": 3}"),
        ("do", "save"),
    ]);
    let refused = console.post("/new/experiments", &wrong, &[]);
    assert!(refused.status == 400 && refused.body.contains("and not their order"), "{}", refused.body);
    let right = wrong.replace("%22n%22%3A%203", "%22diversity%22%3A%200.9");
    assert_ne!(right, wrong);
    assert_eq!(console.post("/new/experiments", &right, &[]).status, 303);
    let customers = engine.search("", 40, Duration::from_secs(9)).unwrap().customers;
    let ask = |at: usize| {
        let names = vec![customers[at].profile.links.keys().next().unwrap().clone()];
        let parameters = [("n".to_owned(), json!(6))].into();
        engine.decide(Question { kind: "recommend".into(), names, parameters, context: events::Fields::new() }).unwrap()
    };
    assert_eq!(ask(0).drafted(), None, "a draft drafts nothing");
    assert_eq!(console.post("/experiments/mix/state", "state=running", &[]).status, 303);
    let (mut n_drafted, mut chosen) = (0, [0, 0]);
    for (at, customer) in customers.iter().enumerate() {
        console.clock.advance(Duration::from_secs(60));
        let record = ask(at);
        assert_eq!(engine.replay(&record).unwrap(), record.response, "it is made again alike");
        let Some(drafted) = record.drafted().filter(|drafted| !drafted.picks.is_empty()) else { continue };
        // Who does not permit analytics is shown such lists, and not counted.
        let consents = &customer.profile.consents;
        let is_counted = engine.policy().answer(consents, governance::Purpose::Analytics).granted;
        n_drafted += u64::from(is_counted);
        // Everybody looks at the first item that the second side picked, and every fourth at one of the control.
        let items = record.decision.answer.content.items().unwrap();
        for (side, is_chosen) in [(decisions::Side::Other, true), (decisions::Side::Control, at % 4 == 0)] {
            let Some(place) = drafted.picks.iter().position(|picked| *picked == side).filter(|_| is_chosen) else {
                continue;
            };
            chosen[side as usize] += u64::from(is_counted);
            console.clock.advance(Duration::from_secs(1));
            let name = match customer.profile.links.keys().next().unwrap() {
                Identifier::User(id) => json!({"userId": id.as_str()}),
                Identifier::Anonymous(id) => json!({"anonymousId": id.as_str()}),
            };
            let mut event = json!({"type": "track", "event": "Product Viewed", "properties": {"product_id": items[place].id.as_str()}});
            event.as_object_mut().unwrap().extend(name.as_object().unwrap().clone());
            console.send_events(&json!({"batch": [event]}).to_string());
        }
    }
    assert!(n_drafted > 20, "{n_drafted} lists");
    console.clock.advance(Duration::from_secs(3_600));
    let measured = engine.measured(None).unwrap();
    let found = measured.experiments["mix"].preferred.clone().unwrap();
    assert_eq!((found.n_lists, [found.n_a, found.n_b]), (n_drafted, chosen));
    assert!(found.preference.unwrap() > 0.5 && found.fixed.unwrap().low > 0.0, "{found:?}");
    let page = console.get("/experiments").body;
    let told =
        ["Share of what each customer chose", "It mixes lists of recommend", " points</strong>", "half and half"];
    for part in told.into_iter().chain(["they prefer mixed", "as mixed does"]) {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(console.post("/experiments/mix/state", "state=stopped", &[]).status, 303);
    assert_eq!(ask(1).drafted(), None, "what is stopped drafts nothing");
}
