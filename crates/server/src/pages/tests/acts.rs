//! Do the pages of actions, flags and experiments tell what is there, to the number, and change nothing by being looked at?

use super::*;
use decisions::{Action, Arm, Content, Experiment, Flag, Record};
use serde_json::{Value, json};

const DAY: Duration = Duration::from_secs(86_400);

/// Two that are drawn, one for calls alone, one that is set aside, one whose time is over, and nothing.
fn actions() -> Vec<Action> {
    let tables = [
        json!({"name": "grinder", "title": HOSTILE, "group": "things", "value": 12, "prior": 0.2,
            "content": {"headline": HOSTILE}, "context": {"placement": {HOSTILE: 2}}}),
        json!({"name": "cups", "group": "things", "value": 4, "prior": 0.2, "eligible": "orders_365d >= 0"}),
        json!({"name": "ring", "title": "Ring them up", "value": 40, "cost": 5, "channels": ["call"]}),
        json!({"name": "course", "value": 9, "weight": 0, "suitable": "traits.plan = \"pro\""}),
        json!({"name": "summer", "value": 9, "until": "2026-09-01"}),
        json!({"name": "nothing", "nothing": true}),
    ];
    tables.iter().map(|table| Action::from_table(table.as_object().unwrap()).unwrap()).collect()
}

fn console_with(change: impl FnOnce(&mut Settings)) -> Console {
    Console::start_with(true, |settings| {
        settings.actions = actions();
        change(settings);
    })
}

/// Asks what to do for so many customers, each an hour later, and tells what came of it: of what was chosen for every second it is
/// shown, of every fourth that it succeeded.
fn live(console: &Console, n: usize) -> Vec<Record> {
    let users: Vec<Value> = (0..n).map(|at| json!({"type": "identify", "userId": format!("u{at}")})).collect();
    console.send_events(&json!({"batch": users}).to_string());
    let mut records = Vec::new();
    for at in 0..n {
        console.clock.advance(Duration::from_secs(60));
        let user = format!("u{at}");
        let record = act(console, &user);
        let told = |event: &str| {
            let properties = json!({"decision_id": record.decision.id.as_str(), "value": 10, "currency": "EUR"});
            json!({"type": "track", "userId": user, "event": event, "properties": properties})
        };
        let mut batch = Vec::new();
        if at % 2 == 0 {
            batch.push(told("Decision Shown"));
        }
        if at % 4 == 0 {
            batch.push(told("Decision Converted"));
        }
        if !batch.is_empty() {
            console.send_events(&json!({"batch": batch}).to_string());
        }
        records.push(record);
    }
    records
}

fn act(console: &Console, user: &str) -> Record {
    act_for(console, user, 1)
}

fn act_for(console: &Console, user: &str, n: u64) -> Record {
    let parameters = [("channel".to_owned(), "web".into()), ("n".to_owned(), n.into())].into();
    let names = vec![Identifier::User(user.into())];
    let asked = Question { kind: "act".into(), names, parameters, context: events::Fields::new() };
    console.running.app().engine.decide(asked).unwrap()
}

/// Which action was chosen first.
fn first(record: &Record) -> Option<String> {
    let Content::Actions(actions) = &record.decision.answer.content else { panic!("actions were asked for") };
    actions.chosen.first().map(|one| one.id.clone())
}

fn page(console: &Console, path: &str) -> String {
    let reply = console.get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    assert_page(path, &reply);
    assert!(!reply.body.contains(HOSTILE), "{path}: {}", reply.body);
    reply.body
}

fn says(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part}: {page}");
    }
}

/// The number that stands beside a step of a funnel.
fn step(page: &str, title: &str) -> u64 {
    let at = page.split(&format!("<span>{title}</span> <span class=\"num nowrap\"><strong>")).nth(1).unwrap();
    at.split('<').next().unwrap().replace(',', "").parse().unwrap()
}

#[test]
fn actions_are_told_with_what_came_of_them_and_where_the_others_fell_out() {
    let empty = Console::start(true);
    says(&page(&empty, "/actions"), &["Nothing is declared yet", "[[actions]]"]);
    says(&page(&empty, "/policies"), &["Nothing to choose from yet"]);

    let console = console_with(|_| {});
    let before = page(&console, "/actions");
    says(&before, &["Nobody has asked yet", "Ring them up", "Set aside", "Over", "In force", "does nothing"]);
    let records = live(&console, 60);
    let n_of = |name: &str| records.iter().filter(|record| first(record).as_deref() == Some(name)).count();
    let n_decisions = console.n_decisions();
    let told = page(&console, "/actions");
    // Six actions of sixty decisions: one for calls, one set aside, one over; the others compete.
    for (title, n) in [
        ("Declared", 360),
        ("For this place and time", 180),
        ("Eligible", 180),
        ("Worth more than it costs", 180),
        ("Chosen", 60),
        ("Met the customer", 30),
        ("Succeeded", 15),
    ] {
        assert_eq!(step(&told, title), n, "{title}: {told}");
    }
    says(
        &told,
        &["All 60 choices", "Most left out: another was drawn (120)", "of the choices were not what was worth most"],
    );
    // Each of those that were chosen has its own number.
    for name in ["grinder", "cups", "nothing"] {
        let row = told.split(&format!("data-key=\"{name}\"")).nth(1).unwrap();
        let chosen =
            row.split("data-of=\"Chosen\" class=\"num right nowrap\">").nth(1).unwrap().split('<').next().unwrap();
        assert_eq!(chosen.parse::<usize>().unwrap(), n_of(name), "{name}");
    }
    assert_eq!(console.n_decisions(), n_decisions, "to look logs nothing");
}

#[test]
fn what_comes_with_a_question_is_no_action_of_the_company() {
    let console = console_with(|_| {});
    live(&console, 1);
    let parameters = [("actions".to_owned(), json!([{"id": "news"}, {"id": "essay"}]))].into();
    let names = vec![Identifier::User("u0".into())];
    let asked = Question { kind: "rank".into(), names, parameters, context: events::Fields::new() };
    let record = console.running.app().engine.decide(asked).unwrap();
    for path in ["/actions?kind=rank", "/policies?kind=rank", "/try?what=rank"] {
        assert!(!page(&console, path).contains("that are asked about"), "{path}");
    }
    let decided = page(&console, &format!("/decisions/{}", record.decision.id));
    assert!(decided.contains("news") && !decided.contains("is known of it"), "customers tell nothing of it: {decided}");
}

#[test]
fn levers_show_what_would_be_another_and_change_nothing() {
    let console = console_with(|_| {});
    let records = live(&console, 40);
    let declared = page(&console, "/actions");
    // What is worth most is the grinder for everybody, whatever was drawn.
    says(&declared, &["What the choice hangs on", "id=\"w.grinder\"", "id=\"v.cups\""]);
    assert!(
        !declared.contains("would be another, chance aside") && !declared.contains("id=\"w.nothing\""),
        "{declared}"
    );
    let same = page(&console, "/actions?w.grinder=1&v.grinder=12&w.cups=1&v.cups=4");
    assert!(!same.contains("would be another, chance aside"), "as it is declared: {same}");
    let aside = page(&console, "/actions?w.grinder=0");
    says(&aside, &["<p class=\"big\">40 <span", "of 40 would be another", "was 1</span>", "weight = 0.0"]);
    let dear = page(&console, "/actions?v.cups=12,01&w.cups=1");
    says(&dear, &["<p class=\"big\">40 <span", "value = 12.01"]);
    let little = page(&console, "/actions?v.cups=11.9");
    says(&little, &["<p class=\"big\">0 <span"]);
    let wrong = page(&console, "/actions?w.cups=%3Cscript%3E&v.grinder=1");
    says(&wrong, &["is no number from 0 to 1000", "&#60;script&#62;", "<p class=\"big\">40 <span"]);
    // And what is decided is what was decided before.
    let engine = &console.running.app().engine;
    for record in &records {
        let logged = engine.decision(&record.decision.id).unwrap();
        assert_eq!(engine.replay(&logged).unwrap(), logged.response);
    }
    assert_eq!(page(&console, "/actions").matches("In force").count(), declared.matches("In force").count());
}

#[test]
fn an_action_tells_whom_it_is_for_and_what_came_of_it() {
    let console = console_with(|_| {});
    let before = page(&console, "/actions/cups");
    says(&before, &["Nobody has asked yet.", "No customer is known yet.", "It was not chosen lately."]);
    live(&console, 40);
    let cups = page(&console, "/actions/cups");
    says(
        &cups,
        &[
            "orders_365d &#62;= 0",
            "href=\"/lists?filter=orders_365d%20%3E%3D%200\"",
            "40 of 40 customers may have it now",
            "Another was drawn",
            "data-chart",
        ],
    );
    let grinder = page(&console, "/actions/grinder?kind=act");
    says(
        &grinder,
        &[
            "Everybody may have it who permits personalization, which are 40 of 40 customers now",
            "Succeeded, worth 10.00 EUR",
            "href=\"/decisions/",
            "× 2",
        ],
    );
    let course = page(&console, "/actions/course");
    says(&course, &["Set aside", "Its weight is 0", "None of 40 customers may have it now"]);
    console.send_events(
        r#"{"batch":[{"type":"track","userId":"u3","event":"Consent Changed",
            "context":{"consent":{"categoryPreferences":{"personalization":false}}}}]}"#,
    );
    says(&page(&console, "/actions/cups"), &["39 of 40 customers may have it now"]);
    says(&page(&console, "/actions/grinder"), &["which are 39 of 40 customers now"]);
    assert_eq!(console.get("/actions/nonsense").status, 404);
    assert_eq!(console.get("/actions/cups?kind=nonsense").status, 200);
    assert_eq!(console.get("/actions/%FF").status, 404);
}

#[test]
fn a_customer_has_what_was_done_for_them_and_the_held_out_have_that_nothing_was() {
    let console = console_with(|settings| settings.holdout.share = 0.4);
    let records = live(&console, 30);
    let held = records.iter().filter(|record| record.question.arm == Some(Arm::Holdout)).count();
    assert!((3..27).contains(&held), "{held}");
    let told = page(&console, "/actions");
    says(&told, &[&format!("{held} choices are not counted: the customer is held out")]);
    assert_eq!(step(&told, "Declared"), 6 * (30 - held as u64));
    for record in &records {
        let customer = page(&console, &format!("/customers/{}", record.question.customer));
        says(&customer, &["What was done for them", &format!("href=\"/decisions/{}\"", record.decision.id)]);
        match first(record) {
            Some(name) => says(&customer, &[&format!("href=\"/actions/{name}\"")]),
            None => says(&customer, &["<p>Nothing</p>", "held out"]),
        }
    }
    // Of whoever refuses analytics nothing is counted, and it is said so.
    let somebody = records.iter().find(|record| first(record).is_some()).unwrap();
    let user = somebody.question.customer.as_str();
    console.send_events(&format!(
        r#"{{"batch":[{{"type":"track","userId":"{user}","event":"Consent Changed",
            "context":{{"consent":{{"categoryPreferences":{{"analytics":false}}}}}}}}]}}"#
    ));
    let customer = page(&console, &format!("/customers/{user}"));
    says(&customer, &["Not counted: they do not permit analytics"]);
    says(&page(&console, "/actions"), &["1 action was chosen for customers who do not permit analytics"]);
}

#[test]
fn whichever_way_to_try_the_settings_name_is_the_one_that_stands_in_the_form() {
    for explore in ["epsilon", "cover"] {
        let console = console_with(|settings| settings.act.explore = explore.to_owned());
        let told = page(&console, "/policies");
        assert_eq!(told.matches("selected>").count(), 1, "{told}");
        says(&told, &[&format!("value=\"{explore}\" selected>")]);
    }
}

#[test]
fn another_policy_is_judged_by_choices_that_are_old_enough_and_refused_with_few() {
    let console = console_with(|_| {});
    let records = live(&console, 420);
    let plain = page(&console, "/policies");
    says(
        &plain,
        &["What would another policy, B, have earned?", "nothing was learned yet", "How likely each choice was"],
    );
    assert!(!plain.contains("Earned a choice"), "nobody asked: {plain}");
    let young = page(&console, "/policies?explore=greedy");
    // Of doing nothing nobody tells that it was shown.
    let is_done = |record: &&Record| first(record).is_some_and(|name| name != "nothing");
    let n_unshown = records.iter().skip(1).step_by(2).filter(is_done).count();
    let unshown = format!("{n_unshown} choices are left out: nobody told that they were shown");
    says(&young, &["Cannot be told", "210 choices are too young", &unshown, "No choice is old enough"]);
    for _ in 0..9 {
        console.clock.advance(DAY);
    }
    let same = page(&console, "/policies?explore=squarecb&gamma=10&floor=0.02");
    says(
        &same,
        &[
            "They say as much as",
            "210 choices of policy B itself",
            "(DR)",
            "What was done, and what the other would do",
        ],
    );
    let greedy = page(&console, "/policies?explore=squarecb&gamma=0&floor=1");
    says(&greedy, &["210 choices since", "How much a choice counts for the other", "gamma, now 10"]);
    let aside = page(&console, "/policies?w.grinder=0&w.cups=0");
    says(&aside, &["Cannot be told", "(2 moved)"]);
    let wrong = page(&console, "/policies?gamma=%3Cscript%3E&floor=7&explore=nonsense");
    says(&wrong, &["is no number from 0 to 1"]);
}

/// Who asks again within a day among the same actions is drawn once, and it counts whichever of the answers is told of.
#[test]
fn another_policy_is_judged_by_what_counts_in_learning() {
    let console = console_with(|_| {});
    let mut n_other = 0;
    for at in 0..60 {
        let user = format!("u{at}");
        let told = |record: &Record, event: &str| {
            let properties = json!({"decision_id": record.decision.id.as_str()});
            json!({"type": "track", "userId": user, "event": event, "properties": properties})
        };
        let mut first_of = Vec::new();
        for nth in 0..3 {
            console.clock.advance(Duration::from_secs(10));
            // What stands at the second place is shown, too, and is no choice of its own here.
            let record = act_for(&console, &user, if at == 0 { 2 } else { 1 });
            let mut shown = vec![told(&record, "Decision Shown")];
            if at == 0 {
                let Content::Actions(actions) = &record.decision.answer.content else {
                    panic!("actions were asked for")
                };
                shown.push(shown[0].clone());
                shown[1]["properties"]["action"] = actions.chosen[1].id.as_str().into();
            }
            console.send_events(&json!({ "batch": shown }).to_string());
            let success = json!({"batch": [told(&record, "Decision Converted")]}).to_string();
            match (nth, at < 30) {
                (1, true) => console.send_events(&success),
                // Where the company tells of successes, what whoever has the write key tells of is none.
                (2, false) => console.send_events_from(events::Origin::Client, &success),
                _ => {}
            }
            first_of.push(first(&record).unwrap());
        }
        n_other += usize::from(first_of.iter().any(|name| *name != first_of[0]));
    }
    for _ in 0..9 {
        console.clock.advance(DAY);
    }
    let log = console.running.app().engine.rounds().unwrap().settled();
    let choices = || log.rounds.iter().filter(|round| round.place == 0);
    let (n, mut worth) = (choices().count(), 0.0);
    for round in choices() {
        worth += log.actions[round.action as usize].earns(round.reward.map_or(0.0, |reward| reward.amount));
    }
    // Of 180 answers, some with another action than the one before, and some rounds of a second place.
    assert!((60..180).contains(&n) && n_other > 0 && log.rounds.len() > n && worth > 0.0, "{n} {n_other} {worth}");
    let other = page(&console, "/policies?explore=squarecb&gamma=0&floor=1");
    let earned = console::format::decimal(worth / f64::from(u32::try_from(n).unwrap()), 3);
    says(&other, &[&format!("{n} choices since"), &format!("<dd class=\"num\">{earned}</dd>")]);
    assert!(!other.contains("left out:") && !other.contains("Older choices"), "{other}");

    // Who has no patience is told that there is more.
    let engine = &console.running.app().engine;
    let (levers, none, much) =
        (decisions::Levers::default(), engine::Patience::of(Duration::ZERO), engine::Patience::of(DAY));
    let told = |patience| {
        let other = engine.other_policy("act", &levers, patience).unwrap();
        let weighed = engine.weighed_again("act", &levers, patience).unwrap();
        let lately = engine.acted_lately("act", patience).unwrap();
        [(other.n as u64, other.is_all), (weighed.n, weighed.is_all), (lately.n, lately.is_all)]
    };
    assert_eq!(told(&none), [(0, false); 3]);
    let whole = told(&much);
    assert!(whole[0] == (n as u64, true) && whole.iter().all(|(n, is_all)| *n > 0 && *is_all), "{whole:?}");
}

#[test]
fn what_would_be_done_can_be_tried_and_is_not_logged() {
    let console = console_with(|_| {});
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ann","traits":{"name":"Ann"}}]}"#);
    says(&page(&console, "/try?what=act"), &["Name a customer", "/try?what=act&#38;customer=ann"]);
    let tried = page(&console, "/try?what=act&customer=ann&channel=web&n=3");
    says(
        &tried,
        &["What would be done", "It is not for this channel", "accepted", "For <a href=\"/customers/ann\">Ann</a>"],
    );
    says(
        &tried,
        &[
            "{&#34;channel&#34;:&#34;web&#34;,&#34;decision&#34;:&#34;act&#34;,&#34;n&#34;:3,&#34;userId&#34;:&#34;ann&#34;}",
        ],
    );
    let place = page(&console, "/try?what=act&customer=ann&context=%7B%22placement%22%3A%22x%22%7D");
    says(&place, &["&#34;context&#34;:{&#34;placement&#34;:&#34;x&#34;}"]);
    says(&page(&console, "/try?what=act&customer=ann&context=%3Cscript%3E"), &["is no JSON object"]);
    says(&page(&console, "/try?what=act&customer=nobody&channel=nonsense"), &["What would be done"]);
    says(&page(&console, "/try"), &["/try?what=act"]);
    assert_eq!(console.n_decisions(), 0);
}

#[test]
fn a_customers_page_says_what_would_be_answered_caps_and_all() {
    let console = console_with(|settings| {
        let once = json!({"name": "terms", "title": "Terms of use", "mandatory": true, "value": 0, "times": 1});
        settings.actions.push(Action::from_table(once.as_object().unwrap()).unwrap());
    });
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ann"}]}"#);
    let done = "<strong>Terms of use</strong>";
    let both = || ["/customers/ann", "/try?what=act&customer=ann"].map(|path| page(&console, path));
    both().iter().for_each(|page| says(page, &[done]));
    assert_eq!(first(&act(&console, "ann")).as_deref(), Some("terms"));
    let once = "It was done as often as it may be";
    for page in both() {
        assert!(!page.contains(done) && page.contains(once), "{page}");
    }
}

#[test]
fn flags_and_experiments_are_told_with_who_got_what_and_what_to_do() {
    let console = Console::start(true);
    says(&page(&console, "/flags"), &["No flag is declared yet"]);
    says(&page(&console, "/experiments"), &["Nothing is tried out yet", "[[experiments]]"]);
    let engine = &console.running.app().engine;
    let flag = |table: Value| Flag::from_table(table.as_object().unwrap()).unwrap();
    let experiment = |table: Value| Experiment::from_table(table.as_object().unwrap()).unwrap();
    let copy = json!({"name": "copy", "title": HOSTILE, "who": "orders_365d >= 0",
        "variations": [{"name": "control", "value": "old"}, {"name": "bold", "value": HOSTILE}], "days": 3});
    let draft = json!({"name": "later", "state": "draft",
        "variations": [{"name": "control", "value": "old"}, {"name": "bold", "value": "new"}]});
    let checkout = json!({"name": "checkout", "default": "old", "needs": [{"flag": "accounts", "is": true}],
        "rules": [{"when": "traits.plan = \"pro\"", "value": HOSTILE}, {"experiment": "copy"}]});
    let accounts = json!({"name": "accounts", "default": true});
    let off =
        json!({"name": "banner", "title": HOSTILE, "default": 1, "on": false, "rules": [{"share": 0.25, "value": 2}]});
    let declared = |flags: Vec<decisions::Flag>, experiments: Vec<decisions::Experiment>| {
        let actions = engine.playbook().actions.clone();
        engine
            .declare_settings(
                &[],
                decisions::Playbook { actions, flags, experiments, ..decisions::Playbook::default() },
            )
            .unwrap();
    };
    declared(vec![flag(checkout), flag(accounts), flag(off)], vec![experiment(copy), experiment(draft)]);
    says(
        &page(&console, "/flags"),
        &["Nobody has asked for it.", "Switched off", "25 % of the customers", "accounts is true"],
    );
    let unmet = page(&console, "/experiments");
    says(&unmet, &["Nobody has met it yet: ask for the flag checkout", "To begin, set state", "Running", "Draft"]);

    let users: Vec<Value> = (0..80).map(|at| json!({"type": "identify", "userId": format!("u{at}")})).collect();
    console.send_events(&json!({"batch": users}).to_string());
    for at in 0..80 {
        let names = vec![Identifier::User(format!("u{at}").as_str().into())];
        let (kind, parameters) = ("flags".into(), Default::default());
        engine.decide(Question { kind, names, parameters, context: events::Fields::new() }).unwrap();
    }
    let flags = page(&console, "/flags");
    says(
        &flags,
        &["Of all 80 answers.", "bold, drawn by rule 2", "control, drawn by rule 2", "<code class=\"cut\">true</code>"],
    );
    // Whoever met it at this very moment did nothing since.
    console.clock.advance(Duration::from_secs(3_600));
    engine.measured(None).unwrap();
    let met = page(&console, "/experiments");
    says(
        &met,
        &[
            "Customers come in for 3 days more",
            "customers come in for 3 days more",
            "Leave it alone for 31 days more: then it is told",
            "As many are in each as should be",
            "Go on",
            "What is to become better",
            "href=\"/flags#f-checkout\"",
        ],
    );
    let n: u64 = met
        .split("<td class=\"num right\">")
        .skip(1)
        .filter_map(|part| part.split('<').next()?.parse::<u64>().ok())
        .sum();
    assert_eq!(n, 80, "every customer is in one variation: {met}");
    // What is declared no longer is told all the same.
    declared(Vec::new(), Vec::new());
    engine.measured(None).unwrap();
    says(&page(&console, "/experiments"), &["Not declared any more"]);
}
