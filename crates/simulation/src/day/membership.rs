//! Who is a member, of which plan, and how does it end?

use super::Scene;
use crate::actions::Retention;
use crate::dice::logistic;
use crate::host::decision;
use crate::life::{Asked, Membership};
use crate::message::Sender;
use primitives::Money;
use serde_json::Value;
use std::collections::BTreeMap;

/// The plans: their names and what they cost a month, in minor units.
pub(crate) const PLANS: [(&str, i64); 3] =
    [("Larkspur Basic", 490), ("Larkspur Plus", 990), ("Larkspur Family", 1_490)];
/// Below this part of its use a membership is hardly used.
const UNUSED: f64 = 0.35;
/// Who is a member so many days after they were about to leave was kept,
const KEPT_DAYS: i32 = 6;
/// and that is worth so many months to the company; of a month that is given away or rested, one less.
const KEPT_MONTHS: i64 = 3;
/// After so many refused payments in a row it ends.
const N_FAILED_MAX: u32 = 3;

/// What who was kept is worth, in minor units.
fn brings(offered: Retention, plan: usize) -> i64 {
    let n_paid = if offered == Retention::None { KEPT_MONTHS } else { KEPT_MONTHS - 1 };
    n_paid * PLANS[plan].1
}

impl Scene<'_> {
    pub(super) fn keep_membership(&mut self) {
        match self.life.membership.clone() {
            None => self.become_member(),
            Some(membership) => self.stay_member(membership),
        }
    }

    fn become_member(&mut self) {
        if self.life.n_orders < 2 || self.life.turns_away_on.is_some() {
            return;
        }
        let wants = self.person.nature.likes_plans + 0.25 * f64::from(self.life.n_orders.min(8)) + self.life.mood;
        if !self.dice.chance(0.012 * logistic(2.0 * wants)) {
            return;
        }
        self.at_hour(self.person.nature.hour);
        let plan = self.dice.weighted(&[0.5, 0.35, 0.15]);
        self.life.use_level = 1.0;
        let membership = Membership {
            no: self.life.n_messages,
            plan,
            renews_on: self.today.day + 30,
            n_failed: 0,
            is_paused: false,
            offered: None,
            asked: None,
        };
        self.tell_plan("Subscription Started", &membership);
        self.life.membership = Some(membership);
    }

    fn stay_member(&mut self, mut membership: Membership) {
        self.at_hour(5.0);
        self.be_kept(&mut membership);
        let stays = if membership.is_paused {
            self.rest(&mut membership);
            true
        } else {
            self.drift();
            self.is_kept(&mut membership)
        };
        self.life.membership = stays.then_some(membership);
    }

    /// Who is a member still, some days after it was decided what to offer them, was kept.
    fn be_kept(&mut self, membership: &mut Membership) {
        let is_due = |asked: &Asked| self.today.day >= asked.on + i64::from(KEPT_DAYS);
        let (Some(asked), Some(offered)) = (membership.asked.take_if(|asked| is_due(asked)), membership.offered) else {
            return;
        };
        self.tell_worth(Some(&asked.by), offered.name(), brings(offered, membership.plan));
    }

    /// Nothing is paid and nothing is used until the pause is over.
    fn rest(&mut self, membership: &mut Membership) {
        if self.today.day >= membership.renews_on {
            membership.is_paused = false;
            membership.offered = None;
            membership.renews_on = self.today.day + 30;
            self.life.use_level = self.life.use_level.max(0.7);
            self.tell_plan("Subscription Upgraded", membership);
        }
    }

    /// Whether the membership goes on after today.
    fn is_kept(&mut self, membership: &mut Membership) -> bool {
        if self.life.use_level < UNUSED {
            let offered = match membership.offered {
                Some(offered) => offered,
                None => self.be_offered(membership),
            };
            if membership.is_paused {
                return true;
            }
            let p = self.mind().cancels(offered);
            if self.dice.chance(p) {
                let reason = if self.life.mood < -0.1 { "unhappy" } else { "not used" };
                self.cancel(membership, reason);
                return false;
            }
        } else if self.life.use_level > UNUSED + 0.2 {
            membership.offered = None;
        }
        // Away for a while, or short of money: some let it rest by themselves.
        if self.life.use_level < 0.7 && self.dice.chance(0.002) {
            self.pause(membership);
        }
        membership.is_paused || self.today.day < membership.renews_on || self.renew(membership)
    }

    fn be_offered(&mut self, membership: &mut Membership) -> Retention {
        let (mind, currency) = (self.mind(), self.company.settings().currency);
        let earned = |offered: Retention| {
            let brings = Money { minor: brings(offered, membership.plan), currency }.to_major();
            brings * mind.keeps(offered, KEPT_DAYS)
        };
        let worth = Retention::ALL.map(earned).to_vec();
        let about = || (BTreeMap::from([("plan", Value::from(PLANS[membership.plan].0))]), worth);
        let chosen = self.choose_with(Sender::BackOffice, decision::RETAIN, &Retention::ALL, Retention::name, about);
        membership.offered = Some(chosen.what);
        membership.asked = chosen.decision_id.clone().map(|by| Asked { by, on: self.today.day });
        self.tell_met(Sender::BackOffice, chosen.decision_id.as_deref(), chosen.what.name());
        match chosen.what {
            Retention::None => {}
            Retention::MonthFree => membership.renews_on += 30,
            Retention::Pause => {
                let p = self.mind().rests();
                if self.dice.chance(p) {
                    self.pause(membership);
                }
            }
        }
        chosen.what
    }

    /// There is no event of its own for it: until it is over, it is a plan that costs nothing.
    fn pause(&mut self, membership: &mut Membership) {
        membership.is_paused = true;
        membership.renews_on = self.today.day + 30;
        self.tell_plan("Subscription Downgraded", membership);
    }

    /// How much of what they pay for do they use? It falls for weeks before they go.
    fn drift(&mut self) {
        let is_leaving = self.life.turns_away_on.is_some();
        let settles = 0.012 * (self.person.nature.likes_plans + 0.9);
        let pull = if is_leaving || self.life.mood < -0.2 { -0.035 } else { settles };
        self.life.use_level = (self.life.use_level + pull + 0.015 * self.dice.bell()).clamp(0.0, 1.3);
    }

    /// Answers whether the membership goes on.
    fn renew(&mut self, membership: &mut Membership) -> bool {
        let price = PLANS[membership.plan].1;
        let p = self.chance_of_refusal(price) * if membership.n_failed > 0 { 6.0 } else { 1.5 };
        let payment_id = format!("S{:010}-{}-{}", self.person.number, membership.no, self.life.n_messages);
        let company = self.company;
        let fields = || {
            [
                ("payment_id", payment_id.as_str().into()),
                ("amount", company.major(price)),
                ("currency", company.currency()),
                ("method", "card".into()),
            ]
        };
        if self.dice.chance(p.min(0.8)) {
            self.track(Sender::BackOffice, "Payment Failed", fields());
            membership.n_failed += 1;
            membership.renews_on = self.today.day + 4;
            self.life.feel(-0.1);
            if membership.n_failed < N_FAILED_MAX {
                return true;
            }
            self.cancel(membership, "payment");
            return false;
        }
        self.track(Sender::BackOffice, "Payment Approved", fields());
        membership.n_failed = 0;
        membership.renews_on = self.today.day + 30;
        let changes = self.dice.unit();
        if changes < 0.03 * self.life.use_level && membership.plan < 2 {
            membership.plan += 1;
            self.tell_plan("Subscription Upgraded", membership);
        } else if changes > 0.97 && membership.plan > 0 {
            membership.plan -= 1;
            self.tell_plan("Subscription Downgraded", membership);
        } else {
            self.tell_plan("Subscription Renewed", membership);
        }
        true
    }

    fn cancel(&mut self, membership: &Membership, reason: &str) {
        let properties = [
            ("subscription_id", self.subscription_id(membership).into()),
            ("plan", PLANS[membership.plan].0.into()),
            ("reason", reason.into()),
        ];
        self.track(Sender::BackOffice, "Subscription Cancelled", properties);
    }

    fn subscription_id(&self, membership: &Membership) -> String {
        format!("M{:010}-{}", self.person.number, membership.no)
    }

    fn tell_plan(&mut self, event: &str, membership: &Membership) {
        let (plan, price) = if membership.is_paused { ("Larkspur Pause", 0) } else { PLANS[membership.plan] };
        let properties = [
            ("subscription_id", self.subscription_id(membership).into()),
            ("plan", plan.into()),
            ("amount", self.major(price)),
            ("currency", self.currency()),
            ("interval", "month".into()),
        ];
        self.track(Sender::BackOffice, event, properties);
    }
}
