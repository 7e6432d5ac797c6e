//! Does every page hold what a page must hold, whatever stands in its data?

use super::*;

const HOSTILE: &str = "<script>alert(1)</script>\"'&";

/// Nothing that came from outside may be read as markup, and no page may need what the policy forbids.
fn assert_safe(path: &str, html: &str) {
    let script = "<script type=\"module\" src=\"/assets/console.js?v=";
    let (n_own, is_door) = (html.matches(script).count(), path.ends_with("login"));
    assert_eq!((n_own, html.matches("<script").count()), if is_door { (0, 0) } else { (1, 1) }, "{path}: scripts");
    for forbidden in [" style=", " onclick=", " onload=", "javascript:"] {
        assert!(!html.contains(forbidden), "{path} holds {forbidden}");
    }
    for (i, _) in
        html.match_indices("href=\"").chain(html.match_indices("src=\"")).chain(html.match_indices("action=\""))
    {
        let target = html[i..].split('"').nth(1).unwrap();
        let is_source = html[i..].starts_with("src=");
        let is_elsewhere = html[i..].split('>').next().unwrap().contains("referrerpolicy=\"no-referrer\"");
        let is_picture =
            is_source && (target.starts_with("data:image/") || target.starts_with("https://") && is_elsewhere);
        assert!(target.starts_with('/') || target.starts_with('#') || is_picture, "{path} leads away, to {target}");
    }
}

#[test]
fn every_page_has_a_title_one_heading_and_landmarks_and_keeps_the_policy() {
    for (path, html) in sample::pages() {
        assert_safe(path, &html);
        let title = html.split("</head>").next().unwrap().matches("<title>").count();
        assert_eq!(title, 1, "{path}: <title>");
        for (part, n) in
            [("<h1>", 1), ("<main ", 1), ("<header", 1), ("<footer>", 1), ("lang=\"en\"", 1), ("</html>", 1)]
        {
            assert_eq!(html.matches(part).count(), n, "{path}: {part}");
        }
        let navigated = !path.ends_with("/login");
        assert_eq!(html.contains("<nav aria-label=\"Pages\">"), navigated, "{path}");
        assert!(!html.contains("<title> ·"), "{path} has no title");
    }
}

#[test]
fn tags_are_balanced_and_identifiers_unique() {
    for (path, html) in sample::pages() {
        for tag in [
            "div", "section", "table", "tr", "td", "th", "ul", "ol", "li", "p", "a", "form", "button", "dl", "details",
            "svg", "span", "code",
        ] {
            let opened = html.matches(&format!("<{tag} ")).count() + html.matches(&format!("<{tag}>")).count();
            assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{path}: <{tag}>");
        }
        let mut ids: Vec<&str> =
            html.match_indices(" id=\"").filter_map(|(i, _)| html[i..].split('"').nth(1)).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{path} uses an identifier twice");
    }
}

#[test]
fn the_navigation_marks_the_page_one_is_on() {
    for (html, href) in [
        (sample::overview().render(), "/"),
        (sample::customer().render(), "/customers"),
        (sample::decision().render(), "/decisions"),
        (sample::item().render(), "/catalogue"),
        (sample::settings().render(), "/settings"),
    ] {
        assert_eq!(html.matches("aria-current=\"page\"").count(), 1);
        assert!(html.contains(&format!("<a href=\"{href}\" aria-current=\"page\">")), "{href}");
    }
    assert!(!ErrorPage::not_found(sample::frame("/x")).render().contains("aria-current=\"page\""));
}

/// A message of which everything is this text.
fn labels(text: &str) -> Content {
    let (rows, emotions) = (vec![("Names", text.to_owned())], vec![(text.to_owned(), 0.9)]);
    Content::Labels(content::Labels { rows, emotions })
}

#[test]
fn hostile_text_stays_text() {
    let text = || HOSTILE.to_owned();
    let mut customer = sample::customer();
    customer.id = text();
    customer.label = Some(text());
    customer.traits[0] = Trait { name: text(), value: text() };
    customer.consents[0].purpose = text();
    customer.timeline.days[0].entries[0].title = text();
    customer.timeline.days[0].entries[0].detail = Some(text());
    (customer.timeline.kinds[0].title, customer.timeline.note, customer.feature) = (text(), Some(text()), text());
    (customer.timeline.days[1].entries[0].lines[0].title, customer.facts[0]) = (text(), (text(), text()));
    (customer.goods[0].title, customer.goods[0].category) = (Some(text()), Some(text()));
    customer.goods[0].picture = Some(format!("data:image/svg+xml,{}", text()));
    customer.decided_before[1].1 = Some(text());
    customer.features[0].features[0].meaning = text();
    customer.decisions[0] = (text(), text());
    customer.identifiers[1].separable = Some(text());
    let mut erasure = sample::erasure();
    (erasure.names[0], erasure.removed[0]) = (text(), text());
    let mut separation = sample::separation();
    (separation.founder, separation.other, separation.identifier) = (text(), text(), text());
    (separation.parts[0].id, separation.parts[1].names[0]) = (text(), text());
    let action =
        Action { title: text(), made_of: vec![("earns", text())], reason: text(), propensity: 0.9, priority: 1.5 };
    customer.told.push(Content::Actions(Actions { actions: vec![action], left_out: vec![(text(), text())] }));
    let flag = content::Flag { title: text(), value: text(), reason: text() };
    customer.told.push(Content::Flags(content::Flags { flags: vec![flag] }));
    customer.told.push(labels(&text()));
    for content in customer.told.iter_mut().chain([&mut customer.shown[0].content]) {
        match content {
            Content::Items(items) => (items.items[0].title, items.items[0].reason) = (Some(text()), text()),
            Content::Score(score) => (score.title, score.contributions[0].text) = (text(), text()),
            Content::Amount(amount) => (amount.title, amount.question, amount.reasons[0]) = (text(), text(), text()),
            Content::Choice(choice) => {
                (choice.title, choice.label, choice.others[0], choice.reasons[0]) =
                    (text(), Some(text()), text(), text());
            }
            Content::Completions(ways) => ways.completions[0] = (text(), text()),
            Content::Actions(_) | Content::Flags(_) | Content::Labels(_) | Content::Quoted(_) | Content::Nothing => {}
        }
    }
    if let Some(answer) = &mut customer.decided {
        answer.id = text();
        answer.title = text();
        answer.fallback = Some(text());
    }
    let mut customers = sample::customers();
    customers.query = text();
    customers.rows[0].id = text();
    customers.answers[0] = text();
    let mut decision = sample::decision();
    decision.request = text();
    decision.customer = Some(text());
    (decision.candidates[0].chosen, decision.candidates[0].excluded) = (false, Some(text()));
    decision.candidates[1].id = text();
    decision.replayed = Some(Replayed::Different { from_byte: 1, fields: vec![(text(), text(), text())] });
    let mut decisions = sample::decisions();
    (decisions.filter.reason, decisions.filter.customer, decisions.reasons[0].0) = (text(), text(), text());
    (decisions.note, decisions.by_kind[0].title, decisions.rows[0].answer) = (Some(text()), text(), text());
    let mut models = sample::models();
    models.tasks[0].key = text();
    models.frame.flash = Some(Flash::Failed(text()));
    models.frame.here = text();
    let mut capabilities = sample::capabilities();
    (capabilities.capabilities[0].name, capabilities.capabilities[0].question) = (text(), text());
    let mut capability = sample::capability_missing();
    (capability.name, capability.title, capability.command) = (text(), text(), text());
    (capability.reads[0], capability.parameters[0].meaning) = ((text(), text()), text());
    let mut keys = sample::keys();
    (keys.rows[1].id, keys.rows[1].name, keys.rows[1].role) = (text(), text(), text());
    keys.made = Some(MadeKey { name: text(), role: text(), key: text() });
    let mut audit = sample::audit();
    (audit.rows[0].who, audit.rows[0].subject, audit.rows[0].role) = (text(), text(), Some(text()));
    audit.frame.signed_in_as = Some(text());
    let mut search = sample::search("ann");
    search.query = text();
    (search.customers[0].title, search.items[0].detail) = (text(), text());
    let mut lost = ErrorPage::not_found(sample::frame("/"));
    lost.message = text();
    let login = sample::login(Some(text()));
    for (path, html) in [
        ("customer", customer.render()),
        ("erasure", erasure.render()),
        ("separation", separation.render()),
        ("customers", customers.render()),
        ("decision", decision.render()),
        ("decisions", decisions.render()),
        ("models", models.render()),
        ("capabilities", capabilities.render()),
        ("capability", capability.render()),
        ("keys", keys.render()),
        ("audit", audit.render()),
        ("search", search.render()),
        ("error", lost.render()),
        ("login", login.render()),
    ] {
        assert_safe(path, &html);
        assert!(html.contains("&lt;script&gt;") || html.contains("&#60;script&#62;"), "{path} does not show it");
    }
}

#[test]
fn pages_are_found_by_their_names_and_by_what_they_are_about_where_they_may_be_seen() {
    let found = |query: &str, may_administer| {
        let mut page = sample::search(query);
        page.frame.may_administer = may_administer;
        let html = page.render();
        let found = html.split("id=\"found\"").nth(1).unwrap().split("</main>").next().unwrap();
        found.match_indices("href=\"").filter_map(|(i, _)| found[i..].split('"').nth(1)).map(str::to_owned).collect()
    };
    let pages = |query| -> Vec<String> { found(query, true) };
    assert_eq!(pages("Mod"), ["/models"]);
    assert_eq!(pages("live events"), ["/events"], "all its words");
    assert_eq!(pages("training"), ["/models"], "another word");
    assert!(pages("odels").is_empty(), "words from their beginning");
    assert!(pages("").len() > 12, "all of them for nothing");
    assert_eq!(pages("audit"), ["/audit"]);
    assert!(found("audit", false).is_empty(), "who may not see it does not find it");
}

#[test]
fn hostile_text_in_what_is_kept_stays_text() {
    let text = || HOSTILE.to_owned();
    let mut items = sample::items();
    (items.query, items.category, items.categories[0].0) = (text(), text(), text());
    (items.rows[0].id, items.rows[0].name, items.rows[0].brand) = (text(), Some(text()), Some(text()));
    let mut item = sample::item();
    (item.item.name, item.item.picture, item.traits[0]) = (Some(text()), Some(text()), (text(), text()));
    (item.facts[0].value, item.describe, item.why_not) = (text(), text(), Some(text()));
    let mut imports = sample::imports();
    (imports.rows[0].file, imports.rows[4].mapping) = (text(), Some(text()));
    imports.rows[2].state = ImportState::Stuck(text());
    let mut settings = sample::settings();
    (settings.query, settings.problem, settings.file) = (text(), Some(text()), Some((text(), false)));
    (settings.sections[0].settings[0].value, settings.sections[0].settings[1].waiting) = (text(), Some(text()));
    (settings.declared[0].rows[0].name, settings.declared[0].rows[1].meaning) = (text(), text());
    for (path, html) in [
        ("items", items.render()),
        ("item", item.render()),
        ("imports", imports.render()),
        ("settings", settings.render()),
    ] {
        // A picture has no other address than that of a picture: `a_picture_cannot_leave_its_place`.
        assert_safe(path, &html.replace("src=\"&#60;", "src=\"data:image/&#60;"));
        assert!(html.contains("&#60;script&#62;"), "{path} does not show it");
    }
}

#[test]
fn hostile_events_stay_text() {
    let text = || HOSTILE.to_owned();
    let mut events = sample::events();
    events.name = text();
    events.names = vec![(text(), 1)];
    (events.query, events.customer) = (text(), Some((text(), text())));
    events.rows[0].sent = format!("{{\"{}\":1}}", "<script>");
    (events.rows[1].sent, events.rows[1].stored) = (text(), Some(text()));
    (events.rows[0].says, events.rows[0].detail, events.rows[0].customer_label) = (text(), Some(text()), Some(text()));
    events.reasons = sample::events_rejected().reasons;
    (events.reasons[0].name, events.reasons[0].reason, events.reasons[0].example) = (text(), text(), text());
    let mut event = sample::event();
    (event.row.says, event.read) = (text(), Some(text()));
    if let Ok(change) = &mut event.change {
        (change.identity[0], change.traits[0]) = (text(), (text(), Some(text()), Some(text())));
    }
    events.rows[2].name = text();
    events.rows[2].customer = Some(text());
    events.rows[2].status = EventStatus::Rejected { is_conflict: true, reason: text(), pointer: Some(text()) };
    for (path, html) in [("events", events.render()), ("event", event.render())] {
        assert_safe(path, &html);
        assert!(html.contains("&lt;script&gt;") || html.contains("&#60;script&#62;"), "{path} does not show it");
    }
}

#[test]
fn a_replay_says_whether_it_came_out_the_same() {
    let mut decision = sample::decision();
    for (replayed, sentence) in [
        (Replayed::Same { n_bytes: 812 }, "All 812 bytes are equal."),
        (Replayed::Failed("The model is gone.".to_owned()), "It cannot be decided again.</strong> The model is gone."),
        (Replayed::Different { from_byte: 7, fields: vec![] }, "Another answer</strong> from byte 7 on."),
    ] {
        decision.replayed = Some(replayed);
        assert!(decision.render().contains(sentence), "{sentence}");
    }
    decision.replayed = None;
    assert!(!decision.render().contains("role=\"status\""));
}

#[test]
fn a_picture_cannot_leave_its_place() {
    let mut item = sample::item();
    item.item.picture = Some(format!("data:image/svg+xml,{HOSTILE}"));
    item.item.name = Some(HOSTILE.to_owned());
    let html = item.render();
    assert_safe("item", &html);
    assert!(html.contains("src=\"data:image/svg+xml,&#60;script&#62;"), "{html}");
    // Where it is gone a letter stands.
    item.item.name = Some("«émile» \" tea".to_owned());
    assert!(item.render().contains(" data-letter=\"É\">"));
    // Whoever keeps it is not told where it is looked at.
    item.item.picture = Some("https://pictures.example/1.png?a=1&b=\"2".to_owned());
    let html = item.render();
    assert_safe("item", &html);
    assert!(html.contains("src=\"https://pictures.example/1.png?a=1&#38;b=&#34;2\" referrerpolicy=\"no-referrer\""));
}

#[test]
fn who_may_not_operate_is_offered_no_undo_and_what_is_gone_cannot_go_again() {
    let mut imports = sample::imports();
    // One under way, one done and one that could not be taken out; not the one that is leaving or the one that is gone.
    for id in 1..=5 {
        let is_offered = imports.render().contains(&format!("action=\"/imports/{id}/undo\""));
        assert_eq!(is_offered, [1, 3, 5].contains(&id), "{id}");
    }
    imports.frame.may_operate = false;
    assert!(!imports.render().contains("/undo"));
}

#[test]
fn a_company_that_began_beside_the_server_is_not_said_to_have_a_past() {
    let said = |has_history| {
        let (seed, customers, days, end) = (7, 500, 180, "2026-11-29".to_owned());
        Notice::Simulated { seed, customers, days, end, is_alive: false, has_history }.sentence()
    };
    assert_eq!(
        said(false),
        "Simulated company. Nothing here happened: 500 customers fell out of the seed 7. They began to live beside this server, \
         and nothing was told of the days before."
    );
    assert!(
        said(true).contains("500 customers and 180 days up to 2026-11-29 fell out of the seed 7."),
        "{}",
        said(true)
    );
}

#[test]
fn as_many_lines_are_said_to_be_tried_as_there_are() {
    let lines = [(1, "One line for"), (2, "Two lines for"), (3, "Three lines for"), (4, "4 lines for")];
    for (n, said) in lines {
        let mut page = sample::overview();
        page.try_lines = vec![("Ask".to_owned(), "curl".to_owned()); n];
        assert!(page.render().contains(&format!("<p class=\"sub\">{said} a terminal")), "{n}");
    }
}

#[test]
fn empty_pages_say_what_to_do_next() {
    let shown = |path: &str| sample::pages().into_iter().find(|(found, _)| *found == path).unwrap().1;
    for (path, sentence) in [
        ("/empty", "No orders yet"),
        ("/empty", "No churn model has been trained yet."),
        ("/empty", "0 of 50, and 3 things more are missing."),
        ("/empty", "Three lines for a terminal"),
        ("/empty/events", "No events yet"),
        ("/empty/catalogue", "The catalogue is empty"),
        ("/empty/catalogue/1", "Nobody said anything of it"),
        ("/empty/imports", "No file was imported yet"),
        ("/empty/settings", "No setting is like that"),
        ("/empty/customers", "Nobody found for “nobody”"),
        ("/empty/customer", "Nothing of their own."),
        ("/empty/models", "What it needs"),
        ("/empty/capability", "What it needs"),
        ("/empty/capability", "from 1 to 100; 10 where nothing is said"),
        ("/capabilities/churn", "Better than days since last order by"),
        ("/capabilities/churn", "Foretold, and what came true"),
        ("/empty/decisions", "Nothing decided yet"),
        ("/empty/audit", "Nothing was written down yet"),
        ("/404", "Nothing stands at /nowhere."),
    ] {
        assert!(shown(path).contains(sentence), "{path}: {sentence}");
    }
}

#[test]
fn no_page_says_the_opposite_of_its_numbers() {
    // Nothing was ordered, and nothing is said as if it was a result.
    let html = sample::overview_without_orders().render();
    assert!(!html.contains("orders") && !html.contains("Revenue"), "{html}");
    let html = sample::overview_empty().render();
    assert!(
        html.contains("No orders yet") && !html.contains("0 orders") && !html.contains("Needs attention"),
        "{html}"
    );
    // An average is no risk of this customer.
    let mut customer = sample::customer();
    customer.decided = None;
    customer.told.retain(|content| matches!(content, Content::Score(_)));
    for content in &mut customer.told {
        let Content::Score(score) = content else { panic!("not a score") };
        (score.is_average, score.contributions) = (true, vec![]);
    }
    let html = customer.render();
    assert!(html.contains("no score of this one") && !html.contains(" risk</span>"), "{html}");
    assert!(!html.contains("The model gave no reasons"), "{html}");
    let mut decision = sample::decision();
    decision.features = vec![];
    assert!(decision.render().contains("Nothing personal was used"));
    decision.n_own_items = 3;
    let html = decision.render();
    assert!(html.contains("3 items of their own counted") && !html.contains("Nothing personal was used"), "{html}");
    decision.is_forgotten = true;
    assert!(decision.render().contains("was forgotten, since they refuse personalization or analytics"));
    assert!(!decision.render().contains("Nothing personal was used"));
    // A model that cannot answer is no champion.
    let mut models = sample::models();
    models.tasks.truncate(1);
    models.tasks[0].is_faulty = true;
    let html = models.render();
    assert!(html.contains("Cannot answer") && html.matches("badge good\">Champion").count() == 1, "{html}");
}

#[test]
fn a_difference_is_green_only_with_an_interval_above_none() {
    let with = |low, high| {
        let mut page = sample::capabilities();
        page.capabilities.truncate(1);
        let models = &mut page.capabilities[0].models;
        models.truncate(1);
        let ModelState::Champion { advantage, .. } = &mut models[0].state else { panic!("no champion") };
        *advantage = Some(Advantage { share: f64::midpoint(low, high), low, high });
        let html = page.render();
        let line = html.split("model-line").nth(1).unwrap().split("</section>").next().unwrap();
        line.split("badge ").nth(2).map_or_else(String::new, |badge| badge.split(" num").next().unwrap().to_owned())
    };
    assert_eq!([with(0.001, 0.002), with(-0.001, 0.002), with(-0.003, -0.001)], ["good", "", "warn"]);
    for (low, high, said) in [
        (0.05, 0.08, "Better than popular items by 5 % to 8 % (95 % interval)."),
        (-0.08, -0.05, "Worse than popular items by 5 % to 8 % (95 % interval)."),
        (-0.01, 0.02, "Not clearly better than popular items: from 1 % worse to 2 % better (95 % interval)."),
    ] {
        let advantage = Advantage { share: f64::midpoint(low, high), low, high };
        assert_eq!(advantage.against("popular items"), said);
    }
    let mut models = sample::models();
    let champion = models.tasks[0].champion.as_mut().unwrap();
    champion.metrics.iter_mut().for_each(|metric| metric.advantage = None);
    let evaluation = models.render();
    let evaluation = evaluation.split("<h3>Evaluation</h3>").nth(1).unwrap().split("<h3>").next().unwrap();
    assert!(!evaluation.contains("badge"), "{evaluation}");
}

#[test]
fn the_overview_asks_for_attention_only_where_something_is_the_matter() {
    let mut page = sample::overview();
    let html = page.render();
    assert_eq!(
        html.matches("class=\"warn\"><svg").count() + html.matches("class=\"bad\"><svg").count(),
        page.attention.len()
    );
    page.attention.clear();
    assert!(!page.render().contains("Needs attention"));
}

#[test]
fn every_event_is_found_again_when_the_page_is_renewed() {
    let page = sample::events();
    let html = page.render();
    let mut keys: Vec<_> = html.split("data-key=\"more-").skip(1).map(|part| part.split('"').next().unwrap()).collect();
    assert_eq!(keys.len(), page.rows.len());
    assert!(page.rows.iter().any(|row| row.offset.is_none()), "a rejected one is among them");
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), page.rows.len());
}

#[test]
fn the_page_of_a_stop_tells_its_place_and_leads_on() {
    let strip =
        |next| TourStrip { place: 3, n_stops: 9, title: HOSTILE.to_owned(), text: "Seen here.".to_owned(), next };
    let page = |tour| ModelsPage { frame: Frame { tour, ..sample::frame("/models") }, tasks: vec![] }.render();
    let html = page(Some(strip(Some((5, HOSTILE.to_owned())))));
    assert_safe("/models", &html);
    for part in ["3 of 9</span>", "Seen here.", "href=\"/#tour\"", "href=\"/tour/5\"", ": &#60;script"] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!page(Some(strip(None))).contains("next-title") && !page(None).contains("tour-strip"));
}

#[test]
fn a_tour_without_some_stops_leads_to_those_that_are_there() {
    let mut page = sample::overview();
    page.tour.as_mut().unwrap().stops.retain(|stop| ![3, 4].contains(&stop.number));
    let html = page.render();
    assert!(html.contains("href=\"/tour/6\">Go on") && html.contains("Next: She is worth so much"), "{html}");
}

#[test]
fn a_tour_tells_how_far_it_is_and_leads_on() {
    let mut page = sample::overview();
    let html = page.render();
    assert!(html.contains("3 of 12") && html.contains("href=\"/tour/3\">Go on"), "the third was not seen: {html}");
    assert_eq!(html.matches("class=\"seen\"").count(), 3);
    let tour = page.tour.as_mut().unwrap();
    tour.stops.iter_mut().for_each(|stop| stop.is_seen = true);
    let html = page.render();
    assert!(html.contains("12 of 12") && html.contains("href=\"/tour/1\">Begin again"));
    page.tour.as_mut().unwrap().is_open = false;
    let html = page.render();
    assert!(html.contains("action=\"/tour/open\"") && !html.contains("href=\"/tour/"));
    page.tour = None;
    assert!(!page.render().contains("/tour/"));
}

#[test]
fn the_event_filters_keep_each_other() {
    let mut page = sample::events();
    (page.name, page.query) = ("Order Completed".to_owned(), "tofu".to_owned());
    let html = page.render();
    for part in [
        "<noscript><meta http-equiv=\"refresh\"",
        "id=\"stream\" data-live",
        "href=\"/events?status=not_understood&#38;q=tofu\"",
        "href=\"/events?name=Order%20Completed&#38;q=tofu&#38;until=119578&#38;at=1795323159000\"",
        "href=\"/events?name=page&#38;q=tofu\"",
        // The chip that is on leads back to all names.
        "href=\"/events?q=tofu\" aria-current=\"true\"",
        "<input type=\"hidden\" name=\"name\" value=\"Order Completed\">",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    page.paused = Some(Pause { until: 119_570, at: sample::events().frame.now, n_since: 8 });
    page.is_newest = false;
    let html = page.render();
    assert!(html.contains("8 events since") && !html.contains("http-equiv"), "{html}");
    assert!(!html.contains("id=\"stream\" data-live"), "what is paused stands still");
    assert!(html.contains("href=\"/events?name=Order%20Completed&#38;q=tofu\" data-morph>"), "the link that goes on");
    assert!(html.contains("name=page&#38;q=tofu&#38;until=119570&#38;at="), "a chip keeps the pause");
    page.not_understood = 0;
    assert!(!page.render().contains("status=not_understood"), "nothing of the kind came");
}

#[test]
fn only_what_can_be_done_can_be_pressed() {
    let html = sample::models().render();
    // The champion cannot be made champion; what lacks data cannot be trained.
    assert_eq!(html.matches("Make champion").count(), 2);
    assert_eq!(html.matches(" disabled").count(), 1);
    let mut seen = sample::models();
    (seen.frame.may_operate, seen.frame.may_administer) = (false, false);
    let html = seen.render();
    assert_eq!(
        (html.matches("<button").count(), html.contains("href=\"/keys\"")),
        (6, false),
        "the menu, the pause, colours and the way out"
    );
    let mut customer = sample::customer();
    customer.frame.may_operate = false;
    assert!(!customer.render().contains("Decide now"));
    assert_eq!(customer.render().matches("Not this person").count(), 1, "only what is not their first name");
    customer.frame.may_administer = false;
    assert!(!customer.render().contains("Not this person"));
    let html = sample::keys().render();
    assert_eq!(html.matches("Yes, for good").count(), 3, "what is preset, replaced or revoked cannot be revoked here");
    let mut ready = sample::task_missing();
    ready.needs.iter_mut().for_each(|need| need.have = need.need);
    let badge = |task: &Task| {
        let html = ModelsPage { frame: sample::frame("/models"), tasks: vec![task.clone()] }.render();
        assert!(!html.contains(" disabled"));
        (html.contains("Ready to train"), html.contains("Does not answer"))
    };
    assert_eq!(badge(&ready), (true, false));
    ready.versions = sample::models().tasks.into_iter().find(|task| !task.versions.is_empty()).unwrap().versions;
    assert_eq!(badge(&ready), (false, true), "it was trained, and simple answers are as good");
}
