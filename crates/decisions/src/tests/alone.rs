//! Are customers left alone as often as the settings say, whatever is asked and whatever comes of it?

use super::shop::{NOW, catalogue, decided_as, known, question, unknown};
use crate::{
    Act, Action, Actions, Arbitration, Cap, ContactPolicy, Contacted, Content, ItemFacts, Knowledge, LookedBack,
    Models, Per, Question, Reached, Record, Sales, Subject, World,
};
use primitives::{DAY_MS, HOUR_MS, ItemKey, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A world in which it is known how often a customer was contacted.
struct Told(Reached);

impl World for Told {
    fn is_available(&self, _: ItemKey) -> bool {
        true
    }

    fn facts(&self, _: ItemKey) -> Option<ItemFacts> {
        None
    }

    fn popular(&self, _: usize) -> Vec<(ItemKey, Sales)> {
        Vec::new()
    }

    fn reached(&self) -> Reached {
        self.0.clone()
    }
}

fn actions() -> Vec<Value> {
    vec![
        json!({"name": "grinder", "value": 5, "group": "things", "upsell": true}),
        json!({"name": "cups", "value": 5, "group": "things"}),
        json!({"name": "course", "value": 5, "group": "visits"}),
        json!({"name": "letter", "value": 5, "group": "letters", "channels": ["email"]}),
        json!({"name": "parcel", "value": 5, "service": true}),
        json!({"name": "nothing", "nothing": true}),
    ]
}

fn act_of(tables: &[Value], contact: ContactPolicy) -> Act {
    let actions: Vec<Action> =
        tables.iter().map(|table| Action::from_table(table.as_object().unwrap()).unwrap()).collect();
    let features = ["mood_last".to_owned(), "tickets_open".to_owned()].into();
    Act::new(actions, Arbitration { contact, ..Arbitration::default() }, &[], &features, &[])
}

fn act(contact: ContactPolicy) -> Act {
    act_of(&actions(), contact)
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() + ms)
}

fn asked(parameters: Value, as_of: Timestamp) -> Question {
    let parameters = parameters.as_object().cloned().unwrap().into_iter().collect();
    Question { kind: "act".into(), as_of, parameters, ..question("churn", 1) }
}

fn somebody(features: &[(&str, f64)], timezone: Option<&str>) -> Subject {
    known(Knowledge {
        features: features.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        traits: timezone.map(|zone| ("timezone".to_owned(), zone.to_owned())).into_iter().collect(),
        ..Knowledge::default()
    })
}

fn answered(id: &str, act: &Act, question: &Question, subject: &Subject, reached: Reached) -> (Actions, Record) {
    let models = Models::default();
    let (answer, record) = decided_as(id, act, question, (subject, &models, &Told(reached)));
    let again = crate::replay(act, catalogue(), &super::reopened(&record), &models).unwrap();
    assert_eq!(again, answer, "a replay says the same");
    match answer.content {
        Content::Actions(actions) => (*actions, record),
        other => panic!("actions were asked for: {other:?}"),
    }
}

/// The rule that left an action out.
fn rule_of(actions: &Actions, name: &str) -> Option<String> {
    let (rule, _) = actions.left_out.iter().find(|(_, names)| names.iter().any(|one| one == name))?;
    Some(rule.clone())
}

fn rules(contact: &ContactPolicy, parameters: Value, subject: &Subject, reached: Reached) -> Vec<Option<String>> {
    let act = act(contact.clone());
    let (actions, _) = answered("one", &act, &asked(parameters, NOW), subject, reached);
    ["grinder", "cups", "course", "letter", "parcel", "nothing"].map(|name| rule_of(&actions, name)).into()
}

fn contact(action: &str, channel: &str, days_ago: i64) -> Contacted {
    Contacted {
        decision: Contacted::number_of(&format!("{action} {channel} {days_ago}")),
        action: Contacted::number_of(action),
        channel: Contacted::number_of(channel),
        at: Some(at(-days_ago * DAY_MS)),
        answered_at: None,
        refused_at: None,
        accepted_at: None,
    }
}

fn willing(contacts: Vec<Contacted>) -> Reached {
    Reached { contacts, permits_marketing: true, ..Reached::default() }
}

fn told(expected: [&str; 6]) -> Vec<Option<String>> {
    expected.iter().map(|rule| (!rule.is_empty()).then(|| (*rule).to_owned())).collect()
}

#[test]
fn each_rule_that_leaves_a_customer_alone_is_named() {
    let all = json!({"n": 9});
    let mail = json!({"n": 9, "channel": "email"});
    let calm = somebody(&[("mood_last", 0.8), ("tickets_open", 0.0)], None);
    let none = ContactPolicy::default();
    assert_eq!(rules(&none, mail.clone(), &calm, Reached::default()), told([""; 6]));
    let consent = ContactPolicy { consent_channels: vec!["email".to_owned()], ..none.clone() };
    let refused = rules(&consent, mail.clone(), &calm, Reached::default());
    assert_eq!(refused, told(["consent", "consent", "consent", "consent", "", ""]), "what serves needs no consent");
    let anywhere = rules(&consent, all.clone(), &calm, Reached::default());
    assert_eq!(anywhere, told(["", "", "", "consent", "", ""]), "only what could be done in no other way");
    assert_eq!(rules(&consent, mail.clone(), &calm, willing(vec![])), told([""; 6]));
    let full = Reached { free: [("email".to_owned(), 0)].into(), ..willing(vec![]) };
    let caps = vec![Cap { per: Per::Action, of: None, n: 1, days: 7 }];
    let capped = ContactPolicy { caps, ..none.clone() };
    let expected = told(["capacity", "capacity", "capacity", "capacity", "capacity", ""]);
    assert_eq!(rules(&capped, mail.clone(), &calm, full), expected);
    let once = willing(vec![contact("cups", "web", 3), contact("letter", "email", 8)]);
    assert_eq!(rules(&capped, mail.clone(), &calm, once), told(["", "cap:action:7d", "", "", "", ""]));
    let said_no = Contacted { refused_at: Some(at(-DAY_MS)), ..contact("cups", "web", 3) };
    let said_yes = Contacted { accepted_at: Some(at(-DAY_MS)), ..contact("course", "web", 3) };
    let after = ContactPolicy { refused_days: 9, refused_group_days: 2, accepted_days: 2, ..none.clone() };
    let expected = told(["refused_group", "refused", "accepted", "", "", ""]);
    assert_eq!(rules(&after, all.clone(), &calm, willing(vec![said_no, said_yes])), expected);
    let later = ContactPolicy { refused_group_days: 1, accepted_days: 1, ..after };
    let expected = told(["", "refused", "", "", "", ""]);
    assert_eq!(rules(&later, all.clone(), &calm, willing(vec![said_no, said_yes])), expected);
    let no_upsell = ContactPolicy { no_upsell: "mood_last < 0.3 or tickets_open > 0".to_owned(), ..none };
    let angry = somebody(&[("mood_last", 0.1)], None);
    let expected = told(["no_upsell", "", "", "", "", ""]);
    assert_eq!(rules(&no_upsell, all.clone(), &angry, willing(vec![])), expected);
    assert_eq!(rules(&no_upsell, all.clone(), &calm, willing(vec![])), told([""; 6]));
    assert_eq!(rules(&no_upsell, all, &unknown(true), willing(vec![])), told([""; 6]), "who says nothing is not angry");
}

#[test]
fn what_only_a_write_key_tells_counts_of_what_was_given() {
    let given = contact("cups", "web", 3);
    let no = |one: Contacted| Contacted { at: None, refused_at: Some(at(-DAY_MS)), ..one };
    let unnamed = |one: Contacted| Contacted { action: 0, ..one };
    let invented = contact("grinder", "web", 1);
    let other = Contacted { action: invented.action, ..given };
    let refused = |answered: &[Contacted], events: &[(Contacted, bool)]| {
        let back = LookedBack { back: 9, ..LookedBack::default() };
        let found = back.told(answered, events.to_vec(), NOW);
        let refused = found.into_iter().filter(|one| one.refused_at.is_some());
        refused.map(|one| (one.decision, one.action)).collect::<Vec<_>>()
    };
    let named = |one: Contacted| (one.decision, one.action);
    for (answered, events, expected) in [
        (&[given][..], &[(no(invented), false)][..], vec![]),
        (&[given], &[(no(invented), true)], vec![named(invented)]),
        (&[given], &[(no(given), false)], vec![named(given)]),
        (&[given], &[(no(unnamed(given)), false)], vec![named(given)]),
        (&[given], &[(no(other), false)], vec![]),
        // What was given elsewhere, the company says.
        (&[], &[(invented, true), (no(unnamed(invented)), false)], vec![named(invented)]),
        (&[], &[(unnamed(invented), true), (no(invented), false)], vec![named(invented)]),
        (&[], &[(invented, false), (no(unnamed(invented)), false)], vec![]),
    ] {
        assert_eq!(refused(answered, events), expected, "{answered:?} {events:?}");
    }
}

#[test]
fn quiet_hours_are_those_of_the_clocks_where_the_customer_lives() {
    let contact = ContactPolicy {
        quiet_hours: "21:00-08:00".to_owned(),
        quiet_channels: vec!["call".to_owned()],
        timezone: primitives::Zone::parse("Europe/Berlin").unwrap(),
        ..ContactPolicy::default()
    };
    let act = act(contact);
    for (moment, zone, is_quiet) in [
        ("2026-11-22T12:00:00Z", None, false),
        ("2026-11-22T19:59:00Z", None, false),
        ("2026-11-22T20:00:00Z", None, true),
        // The night in which the clocks go back is an hour longer, and that in which they go forward one shorter.
        ("2026-10-25T06:59:59Z", None, true),
        ("2026-10-25T07:00:00Z", None, false),
        ("2026-10-24T06:00:00Z", None, false),
        ("2026-03-29T05:59:59Z", None, true),
        ("2026-03-29T06:00:00Z", None, false),
        ("2026-11-22T12:00:00Z", Some("Asia/Tokyo"), true),
        ("2026-11-22T20:00:00Z", Some("America/New_York"), false),
        ("2026-11-22T20:00:00Z", Some("Mars/Base"), true),
    ] {
        let subject = somebody(&[], zone);
        for (channel, counts) in [("call", true), ("web", false)] {
            let question = asked(json!({"n": 9, "channel": channel}), Timestamp::parse(moment).unwrap());
            let (actions, _) = answered("one", &act, &question, &subject, willing(vec![]));
            let found = ["grinder", "parcel", "nothing"].map(|name| rule_of(&actions, name));
            let rule = (is_quiet && counts).then(|| "quiet_hours".to_owned());
            assert_eq!(found, [rule.clone(), rule, None], "{moment} {zone:?} {channel}");
        }
    }
}

#[test]
fn an_answer_takes_no_more_places_than_are_free() {
    let caps = vec![Cap { per: Per::Customer, of: None, n: 9, days: 7 }];
    let act = act(ContactPolicy { caps, ..ContactPolicy::default() });
    for (free, n_expected) in [(0, 0), (1, 1), (2, 2), (9, 5)] {
        let reached = Reached { free: [("email".to_owned(), free)].into(), ..willing(vec![]) };
        let question = asked(json!({"n": 9, "channel": "email"}), NOW);
        let (actions, _) = answered("one", &act, &question, &somebody(&[], None), reached);
        let n_contacts = actions.chosen.iter().filter(|one| one.id != "nothing").count();
        assert_eq!(n_contacts, n_expected, "{free} free: {actions:?}");
        let n_without = actions.left_out.get("capacity").map_or(0, Vec::len);
        assert_eq!(n_without, 5 - n_expected, "{free} free: {actions:?}");
    }
}

#[test]
fn contacts_tire_and_what_serves_does_not() {
    let act = act(ContactPolicy { fatigue: 0.1, ..ContactPolicy::default() });
    let contacts = vec![contact("cups", "email", 1), contact("cups", "email", 2), contact("parcel", "email", 1)];
    let question = asked(json!({"n": 9}), NOW);
    let (actions, _) = answered("one", &act, &question, &somebody(&[], None), willing(contacts));
    for chosen in &actions.chosen {
        let expected = if ["parcel", "nothing"].contains(&chosen.id.as_str()) { 1.0 } else { 0.81 };
        let fatigue = chosen.factors.unwrap().fatigue;
        assert!((fatigue - expected).abs() < 1e-12, "{}: {fatigue}", chosen.id);
    }
}

#[test]
fn what_is_chosen_first_counts_for_the_others_of_the_same_answer() {
    let caps = vec![Cap { per: Per::Group, of: None, n: 1, days: 7 }];
    let act = act(ContactPolicy { caps, ..ContactPolicy::default() });
    let mut seen = BTreeSet::new();
    for customer in 0..40 {
        let question = Question { customer: format!("user:{customer}").as_str().into(), ..asked(json!({"n": 9}), NOW) };
        let (actions, _) = answered("one", &act, &question, &somebody(&[], None), willing(vec![]));
        let of_things = actions.chosen.iter().filter(|one| ["grinder", "cups"].contains(&one.id.as_str()));
        let of_things: Vec<&str> = of_things.map(|one| one.id.as_str()).collect();
        assert_eq!(of_things.len(), 1);
        seen.insert(of_things.concat());
        assert_eq!(actions.left_out["cap:group:7d"].len(), 1);
        // Whoever was last could only be that one, but where it was one of the two that keep each other out.
        let last = actions.chosen.last().unwrap();
        let is_one_of_two = of_things.contains(&last.id.as_str());
        assert!(is_one_of_two == (last.propensity.get() < 1.0 - 1e-12), "{last:?}");
    }
    assert_eq!(seen.len(), 2);
}

/// One step of a month: after so many minutes it is asked, or an answer is shown.
#[derive(Debug, Clone)]
enum Step {
    Asked { minutes: i64, channel: Option<&'static str>, n: u64 },
    Shown { minutes: i64, which: usize, by_name: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let channel = prop_oneof![Just(None), Just(Some("web")), Just(Some("email")), Just(Some("call"))];
    let asked = (0_i64..1_500, channel, 1_u64..4).prop_map(|(minutes, channel, n)| Step::Asked { minutes, channel, n });
    let shown = (0_i64..1_500, 0_usize..100, any::<bool>());
    let shown = shown.prop_map(|(minutes, which, by_name)| Step::Shown { minutes, which, by_name });
    proptest::collection::vec(prop_oneof![2 => asked, 1 => shown], 1..60)
}

fn caps() -> impl Strategy<Value = Vec<Cap>> {
    let of = prop_oneof![
        Just((Per::Customer, None)),
        Just((Per::Channel, Some("email"))),
        Just((Per::Channel, None)),
        Just((Per::Action, None)),
        Just((Per::Group, Some("things"))),
    ];
    let cap = (of, 1_u32..4, 1_i64..15);
    let cap = cap.prop_map(|((per, of), n, days)| Cap { per, of: of.map(str::to_owned), n, days });
    proptest::collection::vec(cap, 1..4)
}

/// What was answered, as whoever counts it by hand writes it down.
#[derive(Debug, Clone)]
struct Line {
    answered: i64,
    shown: Option<i64>,
    action: String,
    group: &'static str,
    channel: Option<&'static str>,
    number: usize,
    place: usize,
}

impl Line {
    fn is_of(&self, cap: &Cap, like: &Self) -> bool {
        let is_meant = |name: &str| cap.of.as_deref().is_none_or(|of| of == name);
        match cap.per {
            Per::Customer => true,
            Per::Channel => self.channel == like.channel && self.channel.is_some_and(is_meant),
            Per::Action => self.action == like.action && is_meant(&self.action),
            Per::Group => self.group == like.group && is_meant(self.group),
        }
    }

    /// What is the same counts once: anywhere but where it is sent, the same action within a day.
    fn once(&self) -> String {
        let Self { answered, action, channel, number, .. } = self;
        match channel {
            Some("email" | "call") => format!("{action} {channel:?} {number}"),
            _ => format!("{action} {channel:?} on {}", answered.div_euclid(24 * HOUR_MS)),
        }
    }
}

/// Fails where a limit was exceeded within its days before a moment.
fn keeps(caps: &[Cap], lines: &[Line], like: &Line, now: i64, moment: impl Fn(&Line) -> i64) -> Result<(), String> {
    for cap in caps {
        if !like.is_of(cap, like) {
            continue;
        }
        let within = lines.iter().filter(|line| line.is_of(cap, like) && moment(line) > now - cap.days * DAY_MS);
        let counted: BTreeSet<String> = within.map(Line::once).collect();
        if counted.len() > cap.n as usize {
            return Err(format!("{cap:?}: {counted:?}"));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever is asked in a month, and whatever is shown when: no answer takes a limit beyond what it allows.
    #[test]
    fn no_limit_is_exceeded_in_a_month(caps in caps(), steps in steps()) {
        let act = act(ContactPolicy { caps: caps.clone(), ..ContactPolicy::default() });
        let groups = [("grinder", "things"), ("cups", "things"), ("course", "visits"), ("letter", "letters")];
        let (mut now, mut answers, mut events) = (NOW.as_millis(), Vec::<Contacted>::new(), Vec::new());
        let (mut lines, mut n_asked) = (Vec::<Line>::new(), 0);
        for step in steps {
            match step {
                Step::Shown { minutes, which, by_name } => {
                    now += minutes * 60_000;
                    let places = lines.iter().filter(|line| by_name || line.place == 0).count();
                    let which = lines.iter_mut().filter(|line| by_name || line.place == 0).nth(which % places.max(1));
                    let Some(line) = which else { continue };
                    line.shown = Some(now);
                    let shown = Contacted {
                        decision: Contacted::number_of(&format!("d{}", line.number)),
                        action: if by_name { Contacted::number_of(&line.action) } else { 0 },
                        channel: 0,
                        at: Some(Timestamp::from_millis(now)),
                        answered_at: None,
                        refused_at: None,
                        accepted_at: None,
                    };
                    // Whoever tells it: it was answered.
                    events.push((shown, false));
                }
                Step::Asked { minutes, channel, n } => {
                    now += minutes * 60_000;
                    let reached = willing(Contacted::joined(&answers, events.clone()));
                    let mut said = json!({"n": n});
                    channel.iter().for_each(|channel| said["channel"] = json!(channel));
                    let (question, id) = (asked(said, Timestamp::from_millis(now)), format!("d{n_asked}"));
                    let (actions, record) = answered(&id, &act, &question, &somebody(&[], None), reached);
                    answers.extend(record.contacted());
                    for (place, chosen) in actions.chosen.iter().enumerate() {
                        let Some((_, group)) = groups.iter().find(|(name, _)| *name == chosen.id) else { continue };
                        let channel = if chosen.id == "letter" { Some("email") } else { channel };
                        let (action, shown) = (chosen.id.clone(), None);
                        let line = Line { answered: now, shown, action, group, channel, number: n_asked, place };
                        let is_new = lines.iter().all(|other| other.once() != line.once());
                        let latest = |line: &Line| line.shown.unwrap_or(line.answered);
                        lines.push(line.clone());
                        prop_assert_eq!(keeps(&caps, &lines, &line, now, |line| line.answered), Ok(()));
                        if is_new {
                            prop_assert_eq!(keeps(&caps, &lines, &line, now, latest), Ok(()));
                        }
                    }
                    n_asked += 1;
                }
            }
        }
    }
}

#[test]
fn a_mistake_in_the_policy_says_where_and_what_to_write() {
    let names = crate::filter::Names { features: ["tickets_open".to_owned()].into(), ..Default::default() };
    let actions: Vec<Action> =
        actions().iter().map(|table| Action::from_table(table.as_object().unwrap()).unwrap()).collect();
    let none = ContactPolicy::default();
    let cap = |per, of: Option<&str>, n, days| ContactPolicy {
        caps: vec![Cap { per, of: of.map(str::to_owned), n, days }],
        ..ContactPolicy::default()
    };
    for (policy, key, says) in [
        (ContactPolicy { quiet_hours: "night".into(), ..none.clone() }, "contact.quiet_hours", "21:00-08:00"),
        (ContactPolicy { quiet_hours: "25:00-08:00".into(), ..none.clone() }, "contact.quiet_hours", "21:00-08:00"),
        (ContactPolicy { quiet_hours: "00:00-24:00".into(), ..none.clone() }, "contact.quiet_hours", "the whole day"),
        (ContactPolicy { quiet_channels: vec!["mail".into()], ..none.clone() }, "contact.quiet_channels", "email"),
        (ContactPolicy { fatigue: 1.0, ..none.clone() }, "contact.fatigue", "below 1"),
        (ContactPolicy { refused_days: -1, ..none.clone() }, "contact.refused_days", "0 to 3650"),
        (ContactPolicy { no_upsell: "ticket_open > 0".into(), ..none.clone() }, "contact.no_upsell", "tickets_open"),
        (cap(Per::Customer, None, 0, 7), "contact.caps", "n of 1 to 50"),
        (cap(Per::Customer, None, 1, 0), "contact.caps", "days of 1 to 366"),
        (cap(Per::Customer, Some("email"), 1, 7), "contact.caps", "no `of`"),
        (cap(Per::Channel, Some("emial"), 1, 7), "contact.caps", "did you mean \"email\"?"),
        (cap(Per::Group, Some("thing"), 1, 7), "contact.caps", "did you mean \"things\"?"),
    ] {
        let (found, remedy, _) = policy.broken(&names, &actions).unwrap();
        assert_eq!(found, key);
        assert!(remedy.contains(says), "{remedy}");
    }
    assert_eq!(cap(Per::Group, Some("things"), 1, 7).broken(&names, &actions), None);
}

#[test]
fn what_is_done_only_so_often_ends_whatever_it_is_for() {
    let act = act_of(
        &[
            json!({"name": "terms", "mandatory": true, "value": 0, "times": 2}),
            json!({"name": "parcel", "value": 5, "service": true, "times": 1}),
            json!({"name": "cups", "value": 5, "times": 1}),
            json!({"name": "endless", "value": 5}),
        ],
        ContactPolicy::default(),
    );
    let calm = somebody(&[], None);
    let back = crate::Kind::contacts(&act).unwrap();
    let rules = |contacts: Vec<Contacted>, parameters: Value| {
        let contacts = back.told(&contacts, Vec::new(), NOW);
        let (actions, _) = answered("one", &act, &asked(parameters, NOW), &calm, willing(contacts));
        ["terms", "parcel", "cups", "endless"].map(|name| rule_of(&actions, name))
    };
    let times = || Some("times".to_owned());
    let web = || json!({"n": 9, "channel": "web"});
    let long_ago: Vec<Contacted> = ["terms", "parcel", "cups", "endless"].map(|name| contact(name, "web", 900)).into();
    assert_eq!(rules(Vec::new(), web()), [const { None }; 4]);
    assert_eq!(rules(long_ago.clone(), web()), [None, times(), times(), None]);
    let twice = [long_ago.clone(), vec![contact("terms", "email", 3)]].concat();
    assert_eq!(rules(twice, web()), [times(), times(), times(), None]);
    // On a page the same within a period is the same contact, and stays; an e-mail is one by itself.
    let today = vec![contact("parcel", "web", 0), contact("cups", "web", 0)];
    assert_eq!(rules(today, web()), [const { None }; 4]);
    let sent = vec![contact("parcel", "email", 0)];
    assert_eq!(rules(sent, json!({"n": 9, "channel": "email"})), [None, times(), None, None]);
}
