//! Who is a member, of which plan, and how does it end?

use super::Scene;
use crate::dice::logistic;
use crate::life::Membership;
use crate::message::Sender;
use crate::object::Field;

/// The plans: their names and what they cost a month, in minor units.
pub(crate) const PLANS: [(&str, i64); 3] =
    [("Larkspur Basic", 490), ("Larkspur Plus", 990), ("Larkspur Family", 1_490)];
/// After so many refused payments in a row it ends.
const N_FAILED_MAX: u32 = 3;

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
        self.life.n_memberships += 1;
        self.life.use_level = 1.0;
        let membership = Membership {
            no: self.life.n_memberships,
            plan,
            renews_on: self.today.day + 30,
            n_failed: 0,
            is_paused: false,
        };
        self.tell_plan("Subscription Started", &membership, Field::Absent);
        self.life.membership = Some(membership);
    }

    fn stay_member(&mut self, mut membership: Membership) {
        self.at_hour(5.0);
        self.drift();
        let is_unused = self.life.use_level < 0.35;
        if is_unused && self.dice.chance(0.06) {
            let reason = if self.life.mood < -0.1 { "unhappy" } else { "not used" };
            self.tell_plan("Subscription Cancelled", &membership, reason.into());
            self.life.membership = None;
            return;
        }
        if self.today.day >= membership.renews_on && !self.renew(&mut membership) {
            self.life.membership = None;
            return;
        }
        self.life.membership = Some(membership);
    }

    /// How much of what they pay for do they use? It falls for weeks before they go.
    fn drift(&mut self) {
        let is_leaving = self.life.turns_away_on.is_some();
        let pull = if is_leaving || self.life.mood < -0.2 { -0.035 } else { 0.01 };
        self.life.use_level = (self.life.use_level + pull + 0.015 * self.dice.bell()).clamp(0.0, 1.3);
    }

    /// Answers whether the membership goes on.
    fn renew(&mut self, membership: &mut Membership) -> bool {
        let price = PLANS[membership.plan].1;
        let p = self.chance_of_refusal(price) * if membership.n_failed > 0 { 6.0 } else { 1.5 };
        let payment_id = format!("S{:06}-{}-{}", self.person.no, membership.no, self.life.n_messages);
        let fields = |amount, currency| {
            [
                ("payment_id", payment_id.as_str().into()),
                ("amount", amount),
                ("currency", currency),
                ("method", "card".into()),
            ]
        };
        if self.dice.chance(p.min(0.8)) {
            self.track(Sender::BackOffice, "Payment Failed", fields(self.major(price), self.currency()));
            membership.n_failed += 1;
            membership.renews_on = self.today.day + 4;
            self.life.feel(-0.1);
            if membership.n_failed < N_FAILED_MAX {
                return true;
            }
            self.tell_plan("Subscription Cancelled", membership, "payment".into());
            return false;
        }
        self.track(Sender::BackOffice, "Payment Approved", fields(self.major(price), self.currency()));
        membership.n_failed = 0;
        membership.renews_on = self.today.day + 30;
        let changes = self.dice.unit();
        if changes < 0.03 * self.life.use_level && membership.plan < 2 {
            membership.plan += 1;
            self.tell_plan("Subscription Upgraded", membership, Field::Absent);
        } else if changes > 0.97 && membership.plan > 0 {
            membership.plan -= 1;
            self.tell_plan("Subscription Downgraded", membership, Field::Absent);
        } else {
            self.tell_plan("Subscription Renewed", membership, Field::Absent);
        }
        true
    }

    fn tell_plan(&mut self, event: &str, membership: &Membership, reason: Field<'_>) {
        let (plan, price) = PLANS[membership.plan];
        let properties = [
            ("subscription_id", format!("M{:06}-{}", self.person.no, membership.no).into()),
            ("plan", plan.into()),
            ("amount", self.major(price)),
            ("currency", self.currency()),
            ("interval", "month".into()),
            ("reason", reason),
        ];
        self.track(Sender::BackOffice, event, properties);
    }
}
