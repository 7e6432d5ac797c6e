//! Who answers at the desk, how well, and how long does it take?

use crate::concerns::{CONCERNS, Concern};
use crate::dice::{Dice, whole};
use crate::settings::Settings;

/// So many tickets a day does one of the desk's people close.
const TICKETS_AN_AGENT: f64 = 28.0;
/// So many tickets a day does the desk expect of a customer.
const TICKETS_A_CUSTOMER: f64 = 0.004;

/// Somebody of the desk.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Agent {
    /// As the desk's program calls them: `agent-03`.
    pub(crate) id: String,
    /// How good they are at each concern, around 0.
    skills: [f64; CONCERNS.len()],
}

impl Agent {
    /// How good they are at a concern, around 0.
    pub(crate) fn skill(&self, concern: Concern) -> f64 {
        self.skills[concern.no()]
    }
}

/// The desk, with its queue.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    agents: Vec<Agent>,
    /// Tickets it closes on a day.
    a_day: f64,
    /// Tickets that wait this morning.
    waiting: f64,
}

impl Desk {
    pub(crate) fn new(settings: &Settings) -> Self {
        let n = (f64::from(settings.n_customers) * TICKETS_A_CUSTOMER / TICKETS_AN_AGENT).max(0.1);
        let agents = (0..whole(n.ceil()).max(3)).map(|no| {
            let mut dice = Dice::new(settings.seed, "agent", no as u64);
            let all_round = 0.3 * dice.bell();
            // Each is at home in some matters.
            Agent { id: format!("agent-{:02}", no + 1), skills: std::array::from_fn(|_| all_round + 0.5 * dice.bell()) }
        });
        Self { agents: agents.collect(), a_day: n * TICKETS_AN_AGENT, waiting: 0.0 }
    }

    /// Who takes it: of two who are free, the one who is better at it.
    pub(crate) fn somebody_for(&self, concern: Concern, dice: &mut Dice) -> &Agent {
        let (one, other) = (dice.below(self.agents.len()), dice.below(self.agents.len()));
        let (one, other) = (&self.agents[one], &self.agents[other]);
        if one.skill(concern) < other.skill(concern) { other } else { one }
    }

    /// A day's work is done, and what could not be done waits.
    pub(crate) fn close(&mut self, n_opened: f64) {
        self.waiting = (self.waiting + n_opened - self.a_day).max(0.0);
    }

    /// How many days it takes to answer, as long as the queue is this morning.
    pub(crate) fn days_to_answer(&self, day: i64) -> f64 {
        let weekend = if crate::calendar::weekday(day) >= 4 { 1.0 } else { 0.0 };
        0.8 + weekend + self.waiting / self.a_day
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;

    fn desk() -> Desk {
        Desk::new(&Settings::new(Seed::new(7), 70_000, 30).unwrap())
    }

    #[test]
    fn what_is_not_done_today_waits_and_makes_answers_late() {
        let mut desk = desk();
        let monday = 4;
        assert_eq!(desk.days_to_answer(monday).to_bits(), 0.8_f64.to_bits());
        assert_eq!(desk.days_to_answer(monday + 4).to_bits(), 1.8_f64.to_bits(), "a Friday");
        desk.close(280.0 + 140.0);
        assert!((desk.days_to_answer(monday) - 1.3).abs() < 1e-9, "half a day's work waits");
        desk.close(140.0);
        assert!((desk.days_to_answer(monday) - 0.8).abs() < 1e-9, "and is done");
    }

    #[test]
    fn who_takes_a_matter_is_mostly_at_home_in_it() {
        let desk = desk();
        assert_eq!((desk.agents.len(), desk.agents[0].id.as_str()), (10, "agent-01"));
        let mut dice = Dice::new(Seed::new(1), "test", 0);
        let mean = |skills: Vec<f64>| skills.iter().sum::<f64>() / f64::from(u32::try_from(skills.len()).unwrap());
        for concern in CONCERNS {
            let taken = mean((0..400).map(|_| desk.somebody_for(concern, &mut dice).skill(concern)).collect());
            let all = mean(desk.agents.iter().map(|agent| agent.skill(concern)).collect());
            assert!(taken > all + 0.1, "{concern:?}: {taken} {all}");
        }
    }
}
