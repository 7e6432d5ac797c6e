//! How does a running server hear of the company's life, and decide for it? What the browser tells goes with the key that
//! everybody can read, what the back office tells with the server key; who is on the site is asked about before they are
//! shown anything.

use super::counts::{Counted, Counts};
use super::delivery::{Delivery, Enough, wait};
use super::pace::Pace;
use crate::clock::SystemClock;
use crate::commands::caller::{Answer, Caller};
use crate::error::ServerError;
use engine::Stopwatch;
use primitives::{Clock, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use simulation::{Host, Message, Question, Reply, Sender};
use std::collections::BTreeSet;
use std::time::Duration;

/// Whoever has to wait longer than this for what comes next sends what there is.
const GATHER_MAX: Duration = Duration::from_millis(20);
/// What has been told waits no longer than this for more.
const HOLD_MAX: Duration = Duration::from_millis(500);
/// Nobody on a page waits longer for an answer than this; then they are shown what is always shown.
const PATIENCE: Duration = Duration::from_secs(2);

/// The server as the company's programs know it.
pub(super) struct Teller<'a> {
    browser: Delivery<'a>,
    office: Delivery<'a>,
    decider: &'a Caller,
    pace: Pace,
    since: Stopwatch,
    /// Since when the oldest of what waits has waited.
    holding: Option<Stopwatch>,
    counts: &'a Counts,
    is_enough: Enough<'a>,
    clicked: BTreeSet<String>,
    failed: Option<ServerError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decided {
    decision_id: String,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
}

impl<'a> Teller<'a> {
    pub(super) fn new(
        browser: &'a Caller,
        office: &'a Caller,
        pace: Pace,
        counts: &'a Counts,
        is_enough: Enough<'a>,
    ) -> Self {
        Self {
            browser: Delivery::new(browser),
            office: Delivery::new(office),
            decider: office,
            pace,
            since: Stopwatch::start(),
            holding: None,
            counts,
            is_enough,
            clicked: BTreeSet::new(),
            failed: None,
        }
    }

    /// Tells what the company's own services say of what it sells.
    pub(super) fn tell_items(&mut self, items: impl IntoIterator<Item = Value>) {
        for mut item in items {
            item["timestamp"] = SystemClock.now().to_string().into();
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
        }
    }

    /// A day has come to its end.
    pub(super) fn end_day(&mut self) {
        self.clicked.clear();
        self.flush();
        self.counts.add(|counted| counted.days += 1);
    }

    /// Ends; what could not be sent is counted.
    pub(super) fn end(mut self) -> Result<(), ServerError> {
        self.flush();
        self.browser.give_up(self.counts);
        self.office.give_up(self.counts);
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
        let is_full = delivery.add(event);
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

    fn unanswered(&self, why: &str) {
        self.counts.add(|counted| {
            counted.unanswered += 1;
            counted.went_wrong(why);
        });
    }
}

impl Host for Teller<'_> {
    fn hear(&mut self, message: Message) {
        if message.json.contains("\"event\":\"Decision ") {
            self.counts.add(|counted| count(counted, &message.payload(), &mut self.clicked));
        }
        // It happens here and now, however fast the company lives.
        self.add(message.sender, message.told_at(SystemClock.now()));
    }

    fn decide(&mut self, question: &Question<'_>) -> Option<Reply> {
        // The server is to know what they have just done.
        self.flush();
        if !self.goes_on() {
            return None;
        }
        let asked = json!({
            "decision": question.decision, "userId": question.user_id, "anonymousId": question.device, "n": question.n,
        });
        let answer = match self.ask(&asked) {
            Ok(answer) if answer.status == 200 => answer,
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
            Ok(Decided { decision_id, items }) => {
                Some(Reply { decision_id, items: items.into_iter().map(|item| item.id).collect(), ..Reply::default() })
            }
            Err(error) => {
                self.unanswered(&format!("a decision cannot be read: {error}"));
                None
            }
        }
    }

    fn wait_until(&mut self, at: Timestamp) -> bool {
        let time = self.pace.wait_for(at, self.since.elapsed());
        if time > GATHER_MAX {
            self.flush();
            // It may have taken a while.
            let time = self.pace.wait_for(at, self.since.elapsed());
            wait(time, self.is_enough);
        }
        self.counts.add(|counted| counted.at = Some(at));
        self.goes_on()
    }
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
