//! What goes wrong, who complains about it, and what does the desk do?

use super::Scene;
use super::asking::Chosen;
use crate::actions::Answer;
use crate::concerns::{Concern, Words};
use crate::host::decision;
use crate::life::{Ahead, Payment};
use crate::message::Sender;
use crate::object::Field;
use crate::people::CARD;
use serde_json::Value;

/// How often somebody who was not helped tells the bank that they never ordered.
const SAYS_FRAUD_BY_MISTAKE: f64 = 0.3;
/// What a complaint costs the company.
const COMPLAINT_MINOR: i64 = 1_200;
const CHANNELS: [&str; 3] = ["email", "chat", "phone"];

impl Scene<'_> {
    /// What was to happen today.
    pub(super) fn come_due(&mut self) {
        for ahead in self.life.due(self.today.day) {
            self.at_hour(super::DESK_HOUR);
            match ahead {
                Ahead::Parcel { payment, thing, minor, is_spoiled } => self.receive(payment, thing, minor, is_spoiled),
                Ahead::Return { order, thing, minor } => self.send_back(order, thing, minor),
                Ahead::Answer { ticket, concern, opened_on, n_asked } => {
                    self.be_answered(ticket, concern, opened_on, n_asked)
                }
                Ahead::TakenBack { payment } => self.have_taken_back(payment, SAYS_FRAUD_BY_MISTAKE),
                Ahead::Fault { contact, decided_by } => {
                    let p = self.mind().complains(contact);
                    if !self.complain(Concern::Fault, p) {
                        self.tell_worth(decided_by.as_deref(), contact.name(), COMPLAINT_MINOR - contact.costs());
                    }
                }
            }
        }
        self.ask_sometimes();
    }

    fn receive(&mut self, payment: Payment, thing: usize, minor: i64, is_spoiled: bool) {
        if !is_spoiled {
            self.life.feel(0.04);
            return;
        }
        self.life.feel(-0.35);
        let concern = [Concern::Late, Concern::Damaged, Concern::Wrong][self.dice.below(3)];
        self.complain(concern, self.speaks_up());
        if self.dice.chance(0.4) {
            self.life.return_in(self.today.day, 4.0, payment.order, thing, minor);
        } else {
            self.ask_bank(payment);
        }
    }

    /// Who was not helped asks the bank, some weeks later.
    fn ask_bank(&mut self, payment: Payment) {
        if self.person.nature.method == CARD && self.dice.chance(0.08 * self.person.nature.temper) {
            let days = 20.0 + self.dice.waiting(12.0);
            self.life.await_in(self.today.day, days, Ahead::TakenBack { payment });
        }
    }

    fn send_back(&mut self, order: u64, thing: usize, minor: i64) {
        self.pay_back(order, thing, minor);
        if self.dice.chance(0.15) {
            self.complain(Concern::Refund, self.speaks_up());
        }
    }

    /// Who has a question, and who says that it is good.
    fn ask_sometimes(&mut self) {
        if !self.life.has_said_who || self.life.is_gone(self.today.day) || !self.dice.chance(0.0016) {
            return;
        }
        self.at_hour(self.person.nature.hour);
        let has_plan = self.life.membership.is_some();
        let weights = [0.4, 0.15, if has_plan { 0.25 } else { 0.02 }, if has_plan { 0.15 } else { 0.0 }, 0.08];
        let asked = [Concern::Product, Concern::Praise, Concern::Billing, Concern::Cancel, Concern::OffTopic];
        let concern = asked[self.dice.weighted(&weights)];
        self.complain(concern, 1.0);
    }

    /// The patient let much pass.
    fn speaks_up(&self) -> f64 {
        1.0 - 0.7 * self.person.nature.patience
    }

    /// With this probability they write, chat or call. Answers whether they do.
    fn complain(&mut self, concern: Concern, p: f64) -> bool {
        if !self.life.has_said_who || !self.dice.chance(p) {
            return false;
        }
        let ticket = self.life.n_messages;
        let channel = CHANNELS[self.dice.weighted(&[0.45, 0.35, 0.2])];
        let ticket_id = self.ticket_id(ticket);
        let text = self.word(concern);
        let priority = if self.life.mood < -0.4 { "high" } else { "normal" };
        self.pass(60.0);
        self.track(
            Sender::BackOffice,
            "Ticket Created",
            [
                ("ticket_id", ticket_id.as_str().into()),
                ("channel", channel.into()),
                ("subject", concern.subject().into()),
                ("priority", priority.into()),
            ],
        );
        if channel == "phone" {
            self.call(&ticket_id, &text);
        } else {
            self.pass(5.0);
            self.write(&ticket_id, channel, &text);
            if self.is_answered_at_once(&ticket_id, concern, channel, &text) {
                return true;
            }
        }
        let days = self.company.desk().days_to_answer(self.today.day) * if channel == "email" { 1.0 } else { 0.4 };
        let what = Ahead::Answer { ticket, concern, opened_on: self.today.day, n_asked: 1 };
        self.life.n_opened += 1;
        self.life.await_in(self.today.day, days, what);
        true
    }

    fn write(&mut self, ticket_id: &str, channel: &str, text: &str) {
        let properties = [("ticket_id", ticket_id.into()), ("channel", channel.into()), ("text", text.into())];
        self.track(Sender::BackOffice, "Message Received", properties);
    }

    /// Whether an answer that was ready contains the matter; if not, it comes to the desk as it was, and a little angrier.
    fn is_answered_at_once(&mut self, ticket_id: &str, concern: Concern, channel: &str, text: &str) -> bool {
        let answers: Vec<Answer> = Answer::all().collect();
        let about = || {
            let known = [("text", text), ("ticket_id", ticket_id), ("channel", channel)];
            known.map(|(name, value)| (name, Value::from(value))).into()
        };
        let Chosen { what, decision_id, attributes } =
            self.choose(Sender::BackOffice, decision::ANSWER, &answers, Answer::name, about);
        let Answer::Ready(answered) = what else { return false };
        self.pass(4.0);
        let words = attributes.get("text").and_then(Value::as_str).map(str::to_owned);
        let words = words.unwrap_or_else(|| answered.reply(&mut self.dice));
        let properties = [("ticket_id", ticket_id.into()), ("channel", channel.into()), ("text", words.into())];
        self.track(Sender::BackOffice, "Message Sent", properties);
        self.tell_of(Sender::BackOffice, "Decision Shown", decision_id.as_deref(), answered.name());
        let p = self.mind().is_contained(concern, what);
        self.pass(120.0);
        if self.dice.chance(p) {
            self.life.feel(0.12);
            self.track(Sender::BackOffice, "Ticket Resolved", [("ticket_id", ticket_id.into())]);
            self.tell_of(Sender::BackOffice, "Decision Converted", decision_id.as_deref(), answered.name());
            self.rate(ticket_id, true);
            return true;
        }
        self.life.feel(-0.08);
        let text = self.word(Concern::Again);
        self.write(ticket_id, channel, &text);
        false
    }

    fn ticket_id(&self, ticket: u64) -> String {
        format!("T{:010}-{ticket}", self.person.number)
    }

    fn word(&mut self, concern: Concern) -> String {
        let thing = self
            .life
            .needs
            .first()
            .map_or("the parcel", |need| self.company.things().get(need.favourite).name.as_str());
        let order = self.order_id(self.life.last_order);
        let words = Words { thing, order: &order, mood: self.life.mood, temper: self.person.nature.temper };
        let text = concern.word(&mut self.dice, &words);
        self.mistype(&text)
    }

    /// A call, with what was said in it as the telephone wrote it down.
    fn call(&mut self, ticket_id: &str, text: &str) {
        let days = self.company.desk().days_to_answer(self.today.day);
        let waited = self.dice.waiting(90.0 * days.max(0.5)).round();
        let seconds = self.dice.around(300.0, 0.6).round();
        let call_id = format!("L{ticket_id}");
        let begun = || {
            [("call_id", call_id.as_str().into()), ("ticket_id", ticket_id.into()), ("waited_seconds", waited.into())]
        };
        self.track(Sender::BackOffice, "Call Started", begun());
        self.pass(10.0);
        self.write(ticket_id, "phone", text);
        self.pass(seconds);
        let [call, ticket, waiting] = begun();
        self.track(Sender::BackOffice, "Call Ended", [call, ticket, waiting, ("seconds", seconds.into())]);
        if waited > 300.0 {
            self.life.feel(-0.1);
        }
        if self.dice.chance(0.15) {
            self.pass(300.0);
            let ease = 4.6 - waited / 200.0 + 1.2 * self.life.mood + 0.9 * self.dice.bell();
            let properties = [("score", ease.round().clamp(1.0, 7.0).into()), ("ticket_id", ticket_id.into())];
            self.track(Sender::BackOffice, "CES Submitted", properties);
        }
    }

    fn be_answered(&mut self, ticket: u64, concern: Concern, opened_on: i64, n_asked: u32) {
        let ticket_id = self.ticket_id(ticket);
        let id = || ("ticket_id", Field::from(ticket_id.as_str()));
        let company = self.company;
        let agent = company.desk().somebody_for(concern, &mut self.dice);
        let by = agent.id.as_str();
        self.track_by(by, "Ticket Assigned", [id()]);
        self.pass(900.0);
        let reply = concern.reply(&mut self.dice);
        let sent = [id(), ("channel", "email".into()), ("text", reply.into())];
        self.track_by(by, "Message Sent", sent);
        self.pass(120.0);
        self.track_by(by, "Ticket Resolved", [id()]);
        #[expect(clippy::cast_precision_loss, reason = "a ticket is open for days, not for ever")]
        let days = (self.today.day - opened_on) as f64;
        let p = self.mind().is_solved(concern, days, agent.skill(concern));
        let is_solved = self.dice.chance(p);
        self.life.feel(if is_solved { 0.18 - 0.03 * days } else { -0.22 });
        if !is_solved && n_asked < 3 && self.dice.chance(0.6) {
            self.pass(3_600.0);
            self.track(Sender::BackOffice, "Ticket Reopened", [id()]);
            let text = self.word(Concern::Again);
            self.write(&ticket_id, "email", &text);
            let what = Ahead::Answer { ticket, concern, opened_on, n_asked: n_asked + 1 };
            let days = self.company.desk().days_to_answer(self.today.day);
            self.life.await_in(self.today.day, days, what);
            return;
        }
        self.rate(&ticket_id, is_solved);
        if matches!(concern, Concern::Cancel) && self.life.membership.is_some() {
            self.life.use_level = 0.1;
        }
    }

    /// What somebody of the desk did: who it was is said where it happened, in the context.
    fn track_by<const N: usize>(&mut self, agent: &str, event: &str, properties: [(&str, Field<'_>); N]) {
        self.tell(Sender::BackOffice, "track", |call| {
            call.add("event", &event.into());
            call.nest("properties", properties);
            call.nest("context", [("agent_id", agent.into())]);
        });
    }

    fn rate(&mut self, ticket_id: &str, is_solved: bool) {
        if !self.dice.chance(0.3) {
            return;
        }
        self.pass(1_800.0);
        let felt = 3.2 + if is_solved { 1.0 } else { -1.1 } + 1.2 * self.life.mood + 0.6 * self.dice.bell();
        let score = felt.round().clamp(1.0, 5.0);
        self.track(Sender::BackOffice, "CSAT Submitted", [("score", score.into()), ("ticket_id", ticket_id.into())]);
    }
}
