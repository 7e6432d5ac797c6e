//! How does a running server hear of the company's life, and decide for it? What the browser tells goes with the key that
//! everybody can read, what the back office tells with the server key; who is on the site is asked about before they are
//! shown anything.

use super::counts::{Counted, Counts};
use super::delivery::{Delivery, Enough, wait};
use super::tempo::{Standing, Tempo};
use crate::clock::SystemClock;
use crate::commands::caller::{Answer, Caller};
use crate::error::ServerError;
use engine::Stopwatch;
use primitives::{Clock, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use simulation::{Host, Message, Question, Reply, Sender, decision};
use std::collections::BTreeSet;
use std::time::Duration;

/// Whoever has to wait longer than this for what comes next sends what there is.
const GATHER_MAX: Duration = Duration::from_millis(20);
/// What has been told waits no longer than this for more.
const HOLD_MAX: Duration = Duration::from_millis(500);
/// Nobody on a page waits longer for an answer than this; then they are shown what is always shown.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the server chooses from the actions that it was told of.
const ACTS: [&str; 3] = [decision::OFFER, decision::RETAIN, decision::CONTACT];

/// The server as the company's programs know it.
pub(super) struct Teller<'a> {
    browser: Delivery<'a>,
    office: Delivery<'a>,
    decider: &'a Caller,
    tempo: Tempo<'a>,
    since: Stopwatch,
    /// Since when the oldest of what waits has waited.
    holding: Option<Stopwatch>,
    counts: &'a Counts,
    is_enough: Enough<'a>,
    clicked: BTreeSet<String>,
    /// What the server cannot do anything about, as it said today: it is asked again tomorrow.
    undeclared: BTreeSet<&'static str>,
    /// The moment of what was heard last.
    heard_until: Option<Timestamp>,
    failed: Option<ServerError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decided {
    decision_id: String,
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    actions: Vec<Item>,
    #[serde(default)]
    left_out: Value,
    arm: Option<String>,
}

impl Decided {
    /// Whether the server knows none of the actions that it was asked about, whoever asks.
    fn knows_none_of(&self, choices: &[String]) -> bool {
        let left_out = self.left_out.as_array().into_iter().flatten().filter_map(|one| one["id"].as_str());
        let mut told = self.actions.iter().map(|one| one.id.as_str()).chain(left_out);
        self.arm.as_deref() != Some("holdout") && !told.any(|id| choices.iter().any(|choice| choice == id))
    }
}

#[derive(Deserialize)]
struct Item {
    id: String,
}

impl<'a> Teller<'a> {
    pub(super) fn new(
        browser: &'a Caller,
        office: &'a Caller,
        tempo: Tempo<'a>,
        counts: &'a Counts,
        is_enough: Enough<'a>,
    ) -> Self {
        Self {
            browser: Delivery::new(browser),
            office: Delivery::new(office),
            decider: office,
            tempo,
            since: Stopwatch::start(),
            holding: None,
            counts,
            is_enough,
            clicked: BTreeSet::new(),
            undeclared: BTreeSet::new(),
            heard_until: None,
            failed: None,
        }
    }

    /// Tells what the company's own services say of what it sells.
    pub(super) fn tell_items(&mut self, items: impl IntoIterator<Item = Value>) {
        self.tell_items_at(SystemClock.now(), items);
    }

    /// Tells how it is with what it sells as it goes on.
    pub(super) fn tell_stock(&mut self, items: Vec<Value>) {
        self.tell_items_at(self.tempo.goes_on_at(SystemClock.now()), items);
    }

    fn tell_items_at(&mut self, at: Timestamp, items: impl IntoIterator<Item = Value>) {
        for mut item in items {
            item["timestamp"] = at.to_string().into();
            self.add(Sender::BackOffice, item.to_string());
        }
    }

    /// Sends what waits.
    pub(super) fn flush(&mut self) {
        self.holding = None;
        if self.failed.is_none() {
            // What people did is told before what was done about it.
            let sent = self.browser.deliver(self.counts, self.is_enough);
            let sent = sent.and_then(|()| self.office.deliver(self.counts, self.is_enough));
            self.failed = sent.err();
            if let Some(until) = self.heard_until
                && self.is_all_sent()
            {
                self.tempo.told(until);
            }
        }
    }

    /// Notes that a day begins, before anything of it is told; answers whether it is ours to live: the note was taken.
    pub(super) fn begin_day(&mut self, note: Value) -> bool {
        self.flush();
        let before = self.office.n_taken();
        self.tell_items([note]);
        self.flush();
        self.failed.is_none() && self.office.n_taken() > before
    }

    fn is_all_sent(&self) -> bool {
        self.failed.is_none() && self.browser.is_empty() && self.office.is_empty()
    }

    /// A day has come to its end.
    pub(super) fn end_day(&mut self) {
        self.clicked.clear();
        self.undeclared.clear();
        self.flush();
        self.counts.add(|counted| counted.days += 1);
    }

    /// Ends, with what waits sent where the server takes it.
    pub(super) fn end(mut self) -> Result<(), ServerError> {
        self.flush();
        self.failed.map_or(Ok(()), Err)
    }

    /// Whether it goes on.
    pub(super) fn goes_on(&self) -> bool {
        self.failed.is_none() && !(self.is_enough)()
    }

    fn add(&mut self, sender: Sender, event: String) {
        let delivery = match sender {
            Sender::Browser => &mut self.browser,
            Sender::BackOffice => &mut self.office,
        };
        let is_full = delivery.add(event, self.counts);
        let is_old = self.holding.get_or_insert_with(Stopwatch::start).elapsed() >= HOLD_MAX;
        if is_full || is_old {
            self.flush();
        }
    }

    /// Asks once, and once more where the server says when: whoever waits is on a page.
    fn ask(&self, question: &Value) -> Result<Answer, String> {
        let body = question.to_string();
        let watch = Stopwatch::start();
        let mut answered = self.decider.ask("POST", "/v1/decide", &body);
        if let Ok(answer) = &answered
            && answer.is_not_now()
            && wait(answer.retry_after.unwrap_or_default().min(PATIENCE), self.is_enough)
        {
            answered = self.decider.ask("POST", "/v1/decide", &body);
        }
        let answer = answered?;
        if answer.status == 200 {
            self.counts.add(|counted| counted.decided(watch.elapsed()));
        }
        Ok(answer)
    }

    fn time_until(&mut self, at: Timestamp) -> Duration {
        self.tempo.wait_for(at, self.since.elapsed(), SystemClock.now())
    }

    fn unanswered(&self, why: &str) {
        self.counts.add(|counted| {
            counted.unanswered += 1;
            counted.went_wrong(why, 1);
        });
    }
}

impl Host for Teller<'_> {
    fn hear(&mut self, message: Message) {
        let now = SystemClock.now();
        let told_at = match self.tempo.standing(message.at, now) {
            Standing::Known => return,
            Standing::Over => message.at,
            // It happens here and now, however fast the company lives.
            Standing::Now => now,
        };
        self.heard_until = Some(message.at);
        if message.json.contains("\"event\":\"Decision ") {
            self.counts.add(|counted| count(counted, &message.payload(), &mut self.clicked));
        }
        self.add(message.sender, message.told_at(told_at));
    }

    fn decides(&self, decision: &str) -> bool {
        decision == decision::RECOMMEND || ACTS.contains(&decision)
    }

    fn decide(&mut self, question: &Question) -> Option<Reply> {
        if self.undeclared.contains(question.decision) {
            return None;
        }
        if self.tempo.standing(question.at, SystemClock.now()) != Standing::Now {
            // Whoever was on the page then was shown what is always shown.
            return None;
        }
        // The server is to know what they have just done.
        self.flush();
        if !self.goes_on() {
            return None;
        }
        let is_action = ACTS.contains(&question.decision);
        let answer = match self.ask(&asked(question)) {
            Ok(answer) if answer.status == 200 => answer,
            // It declares none of them, and says so.
            Ok(answer) if is_action && answer.status == 400 => {
                self.undeclared.insert(question.decision);
                return None;
            }
            Ok(answer) => {
                self.unanswered(&answer.sentence());
                return None;
            }
            Err(why) => {
                self.unanswered(&why);
                return None;
            }
        };
        match serde_json::from_str::<Decided>(&answer.text) {
            Ok(decided) => {
                if is_action {
                    if decided.knows_none_of(&question.choices) {
                        self.undeclared.insert(question.decision);
                    }
                    let chosen = decided.actions.first().map(|one| one.id.as_str());
                    self.counts.add(|counted| counted.offers.met(question, chosen));
                }
                let chosen = if is_action { decided.actions } else { decided.items };
                let items = chosen.into_iter().map(|item| item.id).collect();
                Some(Reply { decision_id: decided.decision_id, items, ..Reply::default() })
            }
            Err(error) => {
                self.unanswered(&format!("a decision cannot be read: {error}"));
                None
            }
        }
    }

    fn wait_until(&mut self, at: Timestamp) -> bool {
        while self.goes_on() && self.time_until(at) > GATHER_MAX {
            self.flush();
            // It may have taken a while.
            let time = self.time_until(at);
            wait(time, self.is_enough);
        }
        self.counts.add(|counted| counted.at = Some(at));
        self.goes_on()
    }
}

/// What is asked, as the server knows it.
fn asked(question: &Question) -> Value {
    let mut asked = json!({
        "decision": question.decision, "userId": question.user_id, "anonymousId": question.device, "n": question.n,
    });
    if ACTS.contains(&question.decision) {
        asked["decision"] = "act".into();
        asked["among"] = question.choices.clone().into();
        asked["context"] = question.about.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    }
    asked
}

/// What is told of what was decided.
fn count(counted: &mut Counted, told: &Value, clicked: &mut BTreeSet<String>) {
    match told["event"].as_str() {
        Some("Decision Shown") => counted.shown += 1,
        Some("Decision Converted") => counted.bought += 1,
        Some("Decision Clicked") => {
            counted.clicked += 1;
            let decision = told["properties"]["decision_id"].as_str().unwrap_or_default();
            counted.followed += u64::from(clicked.insert(decision.to_owned()));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Speed;
    use crate::commands::simulate::pace::Pace;
    use crate::commands::simulate::scripted::Scripted;

    const TAKEN: &str = r#"{"accepted":1,"duplicates":0}"#;
    const DECIDED: &str = r#"{"decisionId":"d1","items":[{"id":"a","score":1},{"id":"b","score":0.5}]}"#;

    /// What is decided where the server answers so, and what was counted.
    fn decided(answers: &[(u16, &str, &str)]) -> (Option<Reply>, Counted, Vec<String>) {
        let (server, counts) = (Scripted::answering(answers), Counts::default());
        let caller = server.caller();
        let never = || false;
        let mut teller = Teller::new(&caller, &caller, Tempo::Speed(Pace::new(Speed::Max)), &counts, &never);
        let at = Timestamp::from_millis(1_790_000_000_000);
        let json = r#"{"type":"page","messageId":"m","timestamp":"2026-01-01T00:00:00.000Z","anonymousId":"d"}"#;
        teller.hear(Message { at, sender: Sender::Browser, json: json.to_owned() });
        let question = Question {
            decision: "recommend",
            user_id: None,
            device: Some("d".to_owned()),
            n: 6,
            at,
            choices: Vec::new(),
            about: std::collections::BTreeMap::new(),
            worth: Vec::new(),
        };
        let reply = teller.decide(&question);
        assert!(teller.goes_on());
        (reply, counts.so_far(), server.heard().into_iter().map(|(_, body)| body).collect())
    }

    #[test]
    fn the_server_knows_what_somebody_did_before_it_is_asked_about_them() {
        let (reply, counted, heard) = decided(&[(200, "", TAKEN), (200, "", DECIDED)]);
        let reply = reply.unwrap();
        assert_eq!((reply.decision_id.as_str(), reply.items), ("d1", vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!((counted.events, counted.decisions, counted.unanswered), (1, 1, 0));
        assert!(heard[0].contains("\"messageId\":\"m\"") && !heard[0].contains("2026-01-01"), "{heard:?}");
        let asked: Value = serde_json::from_str(&heard[1]).unwrap();
        assert_eq!(asked, json!({"decision": "recommend", "userId": null, "anonymousId": "d", "n": 6}));
    }

    /// What is asked about two full carts of one day, and what was decided, where the server answers so.
    fn offered(answers: &[&str]) -> (Vec<Option<Reply>>, Vec<Value>, Value) {
        let scripted: Vec<(u16, &str, &str)> = answers.iter().map(|answer| (200, "", *answer)).collect();
        let (server, counts) = (Scripted::answering(&scripted), Counts::default());
        let (caller, never) = (server.caller(), || false);
        let mut teller = Teller::new(&caller, &caller, Tempo::Speed(Pace::new(Speed::Max)), &counts, &never);
        let question = Question {
            decision: decision::OFFER,
            user_id: Some("u".to_owned()),
            device: None,
            n: 1,
            at: Timestamp::from_millis(1_790_000_000_000),
            choices: ["none", "sample"].map(str::to_owned).to_vec(),
            about: [("value", json!(34.5))].into(),
            worth: vec![7.0, 8.0],
        };
        assert!(teller.decides(decision::OFFER) && !teller.decides(decision::PRICE));
        let replies = vec![teller.decide(&question), teller.decide(&question)];
        let heard = server.heard().into_iter().map(|(_, body)| serde_json::from_str(&body).unwrap()).collect();
        (replies, heard, counts.so_far().offers.document())
    }

    #[test]
    fn the_server_chooses_what_to_offer_and_is_not_told_what_it_is_worth() {
        let answer = r#"{"decisionId":"d1","actions":[{"id":"sample","propensity":0.9}],"leftOut":[{"id":"none","rule":"outranked"}]}"#;
        let (replies, heard, offers) = offered(&[answer, answer]);
        let reply = Reply { decision_id: "d1".to_owned(), items: vec!["sample".to_owned()], ..Reply::default() };
        assert_eq!(replies, [Some(reply.clone()), Some(reply)]);
        let asked = json!({"decision": "act", "userId": "u", "anonymousId": null, "n": 1, "among": ["none", "sample"],
            "context": {"value": 34.5}});
        assert_eq!(heard, [asked.clone(), asked]);
        assert_eq!((&offers["carts"], &offers["earned_per_cart"]), (&2.into(), &8.0.into()));
    }

    #[test]
    fn who_declares_no_such_action_is_asked_once_a_day_and_who_holds_somebody_out_of_it_each_time() {
        for (answer, n_asked) in [
            (r#"{"decisionId":"d1","actions":[]}"#, 1),
            (r#"{"decisionId":"d1","actions":[],"leftOut":[{"id":"call","rule":"asked"}]}"#, 1),
            (r#"{"decisionId":"d1","actions":[],"leftOut":[{"id":"sample","rule":"eligible"}]}"#, 2),
            (r#"{"decisionId":"d1","actions":[],"arm":"holdout"}"#, 2),
        ] {
            let (replies, heard, offers) = offered(&[answer, answer]);
            assert!(replies.iter().flatten().all(|reply| reply.items.is_empty()), "{answer}");
            assert_eq!(heard.len(), n_asked, "{answer}");
            assert_eq!(offers["chosen"], json!({"none": n_asked}), "the company does what it always does: {answer}");
        }
    }

    #[test]
    fn whoever_has_to_come_back_is_asked_once_more() {
        let (reply, counted, heard) =
            decided(&[(200, "", TAKEN), (429, "retry-after: 1\r\n", "{}"), (200, "", DECIDED)]);
        assert_eq!((reply.is_some(), heard.len(), counted.decisions, counted.unanswered), (true, 3, 1, 0));
        let busy = (503, "", r#"{"message":"too much to do"}"#);
        let (reply, counted, heard) = decided(&[(200, "", TAKEN), busy, busy]);
        assert_eq!((reply, heard.len(), counted.decisions, counted.unanswered), (None, 3, 0, 1));
        assert_eq!(counted.reasons.get("too much to do"), Some(&1));
    }

    #[test]
    fn without_an_answer_what_is_always_shown_is_shown() {
        for (status, body, why) in [
            (400, r#"{"message":"there is no decision \"recommend\""}"#, "there is no decision"),
            (500, r#"{"message":"the server failed"}"#, "the server failed"),
            (200, "<html>", "cannot be read"),
        ] {
            let (reply, counted, _) = decided(&[(200, "", TAKEN), (status, "", body)]);
            assert_eq!((reply, counted.unanswered, counted.events), (None, 1, 1));
            assert!(counted.reasons.keys().any(|reason| reason.contains(why)), "{:?}", counted.reasons);
        }
        let (reply, counted, _) = decided(&[(200, "", TAKEN)]);
        assert_eq!((reply, counted.unanswered), (None, 1), "nobody answers");
    }

    #[test]
    fn a_day_is_ours_where_the_note_of_it_was_taken_and_nobody_else_noted_it() {
        for (status, body, is_ours, goes_on) in [
            (200, TAKEN, true, true),
            (200, r#"{"accepted":0,"duplicates":1}"#, true, true),
            (200, r#"{"accepted":0,"duplicates":0,"conflicts":1}"#, false, true),
            (200, r#"{"accepted":0,"duplicates":0,"rejected":[{"index":0,"message":"no"}]}"#, false, true),
            (400, "{}", false, true),
            (401, "{}", false, false),
        ] {
            let (server, counts) = (Scripted::answering(&[(200, "", TAKEN), (status, "", body)]), Counts::default());
            let (caller, never) = (server.caller(), || false);
            let mut teller = Teller::new(&caller, &caller, Tempo::Speed(Pace::new(Speed::Max)), &counts, &never);
            teller.tell_items([json!({"itemId": "before"})]);
            assert_eq!((teller.begin_day(json!({"itemId": "note"})), teller.goes_on()), (is_ours, goes_on), "{body}");
            let heard = server.heard();
            assert!(heard[0].1.contains("before") && heard[1].1.contains("note") && !heard[1].1.contains("before"));
        }
        let (server, counts) = (Scripted::answering(&[(503, "", "{}")]), Counts::default());
        let (caller, watch) = (server.caller(), Stopwatch::start());
        let is_enough = || watch.elapsed() > Duration::from_millis(100);
        let mut teller = Teller::new(&caller, &caller, Tempo::Speed(Pace::new(Speed::Max)), &counts, &is_enough);
        assert!(!teller.begin_day(json!({"itemId": "note"})), "what was not taken is not ours");
    }

    #[test]
    fn a_decision_counts_as_followed_once() {
        let (mut counted, mut clicked) = (Counted::default(), BTreeSet::new());
        for (event, decision) in [
            ("Decision Shown", "a"),
            ("Decision Clicked", "a"),
            ("Decision Clicked", "b"),
            ("Decision Clicked", "a"),
            ("Decision Converted", "a"),
            ("Decision Shown", "b"),
            ("Decision Dismissed", "b"),
        ] {
            count(&mut counted, &json!({"event": event, "properties": {"decision_id": decision}}), &mut clicked);
        }
        assert_eq!((counted.shown, counted.clicked, counted.bought, counted.followed), (2, 3, 1, 2));
    }
}
