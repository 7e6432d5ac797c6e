//! What would be chosen by other levers? Everything that could be drawn in a decision, with what it was worth, so that it can be
//! weighed otherwise before anything is changed.

use crate::{Action, Arbitration, Explore, Factors};
use std::collections::BTreeMap;

/// What is set otherwise of one action; what is not said stays as it was declared.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Lever {
    /// A factor of its own.
    pub weight: Option<f64>,
    /// What it earns when it is accepted.
    pub value: Option<f64>,
}

/// What is set otherwise of what was declared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Levers {
    /// Of actions, by their names.
    pub actions: BTreeMap<String, Lever>,
    /// How chance is spent.
    pub explore: Option<Explore>,
    /// How much is left to what seems best.
    pub gamma: Option<f64>,
    /// The share that is spread evenly.
    pub floor: Option<f64>,
}

impl Levers {
    /// The levers as these actions have them.
    #[must_use]
    pub fn of<'a>(actions: impl IntoIterator<Item = &'a Action>) -> Self {
        let of =
            |action: &Action| (action.name.clone(), Lever { weight: Some(action.weight), value: Some(action.value) });
        Self { actions: actions.into_iter().map(of).collect(), ..Self::default() }
    }

    /// The same, where others say nothing else.
    #[must_use]
    pub fn but_for(mut self, others: &Self) -> Self {
        for (name, other) in &others.actions {
            let own = self.actions.entry(name.clone()).or_default();
            own.weight = other.weight.or(own.weight);
            own.value = other.value.or(own.value);
        }
        Self {
            explore: others.explore.or(self.explore),
            gamma: others.gamma.or(self.gamma),
            floor: others.floor.or(self.floor),
            ..self
        }
    }

    /// Whether nothing is set otherwise.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Sets an action so.
    pub(crate) fn set(&self, action: &mut Action) {
        if let Some(lever) = self.actions.get(&action.name) {
            action.weight = lever.weight.unwrap_or(action.weight);
            action.value = lever.value.unwrap_or(action.value);
        }
    }

    /// Chooses so.
    pub(crate) fn choose(&self, how: &mut Arbitration) {
        how.explore = self.explore.unwrap_or(how.explore);
        how.gamma = self.gamma.unwrap_or(how.gamma);
        how.floor = self.floor.unwrap_or(how.floor);
    }
}

/// One of the factors that a priority is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Factor {
    /// How likely it is accepted.
    Propensity,
    /// What it earns then.
    Value,
    /// Which share of that would not come without it.
    Incremental,
    /// What the contact costs.
    Cost,
    /// What the place counts.
    Context,
    /// Its own weight.
    Weight,
    /// What is left of it where the customer was contacted often.
    Fatigue,
}

impl Factor {
    /// Each of them, in the order of the formula.
    pub const ALL: [Self; 7] =
        [Self::Propensity, Self::Value, Self::Incremental, Self::Cost, Self::Context, Self::Weight, Self::Fatigue];
}

impl Factors {
    /// The same without one of them: as if it were the same for everything. A cost is 0 then, and everything else 1.
    #[must_use]
    pub fn without(self, factor: Factor) -> Self {
        match factor {
            Factor::Propensity => Self { propensity: 1.0, ..self },
            Factor::Value => Self { value: 1.0, ..self },
            Factor::Incremental => Self { incremental: 1.0, ..self },
            Factor::Cost => Self { cost: 0.0, ..self },
            Factor::Context => Self { context: 1.0, ..self },
            Factor::Weight => Self { weight: 1.0, ..self },
            Factor::Fatigue => Self { fatigue: 1.0, ..self },
        }
    }
}

/// An action that came as far as being weighed against others.
#[derive(Debug, Clone, PartialEq)]
pub struct Contender {
    /// Its name.
    pub name: String,
    /// What it is worth is made of these.
    pub factors: Factors,
    /// What it is worth.
    pub priority: f64,
    /// How likely it is drawn first; 0 of what is worth nothing.
    pub chance: f64,
    /// Whether it is to do nothing: that is worth 0, whatever a factor would be.
    pub is_nothing: bool,
}

impl Contender {
    /// What it would be worth without a factor.
    #[must_use]
    pub fn priority_without(&self, factor: Factor) -> f64 {
        if self.is_nothing { self.priority } else { self.factors.without(factor).priority() }
    }

    /// The one that is worth most, chance aside; of several the first by name. `None` where nothing may be done.
    pub fn best(contenders: &[Self], worth: impl Fn(&Self) -> f64) -> Option<&Self> {
        let may_be = |one: &&Self| one.chance > 0.0 || worth(one) > 0.0;
        contenders.iter().filter(may_be).max_by(|a, b| worth(a).total_cmp(&worth(b)).then_with(|| b.name.cmp(&a.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contender(name: &str, propensity: f64, value: f64, cost: f64) -> Contender {
        let plain = Factors {
            propensity,
            value,
            incremental: 1.0,
            cost,
            context: 1.0,
            weight: 1.0,
            fatigue: 1.0,
            accepted: 0.0,
            shadow_price: 0.0,
        };
        let is_nothing = name == "nothing";
        let chance = if plain.priority() > 0.0 || is_nothing { 0.5 } else { 0.0 };
        Contender { name: name.to_owned(), priority: plain.priority(), factors: plain, chance, is_nothing }
    }

    #[test]
    fn another_is_best_where_the_factor_that_decided_is_left_out() {
        let all =
            [contender("often", 0.5, 2.0, 0.1), contender("dear", 0.05, 30.0, 0.1), contender("call", 0.5, 9.0, 5.0)];
        let best = |factor| Contender::best(&all, |one| one.priority_without(factor)).unwrap().name.as_str();
        assert_eq!(Contender::best(&all, |one| one.priority).unwrap().name, "dear");
        for (factor, expected) in [
            (Factor::Propensity, "dear"),
            (Factor::Value, "often"),
            // A call is worth most, and costs more than that.
            (Factor::Cost, "call"),
            (Factor::Weight, "dear"),
        ] {
            assert_eq!(best(factor), expected, "{factor:?}");
        }
        for factor in Factor::ALL {
            let same = all[0].factors.without(factor).without(factor);
            assert_eq!(same, all[0].factors.without(factor));
        }
    }

    #[test]
    fn nothing_is_best_where_all_else_costs_more_than_it_brings() {
        let all = [contender("nothing", 1.0, 0.0, 0.0), contender("call", 0.1, 9.0, 5.0)];
        assert_eq!(Contender::best(&all, |one| one.priority).unwrap().name, "nothing");
        assert_eq!(Contender::best(&all[1..], |one| one.priority), None);
        // To do nothing earns nothing, whatever a value would be.
        assert_eq!(Contender::best(&all, |one| one.priority_without(Factor::Value)).unwrap().name, "nothing");
        // Of two that are worth the same it is always the same one.
        let twins = [contender("b", 0.5, 2.0, 0.0), contender("a", 0.5, 2.0, 0.0)];
        assert_eq!(Contender::best(&twins, |one| one.priority).unwrap().name, "a");
    }

    #[test]
    fn what_is_not_said_stays() {
        let lever = |weight, value| Lever { weight, value };
        let own = Levers { actions: [("a".to_owned(), lever(Some(1.0), Some(5.0)))].into(), ..Levers::default() };
        let others = Levers {
            actions: [("a".to_owned(), lever(Some(0.0), None)), ("b".to_owned(), lever(None, Some(2.0)))].into(),
            gamma: Some(3.0),
            ..Levers::default()
        };
        let both = own.clone().but_for(&others);
        assert_eq!(both.actions["a"], lever(Some(0.0), Some(5.0)));
        assert_eq!((both.actions["b"], both.gamma, both.floor), (lever(None, Some(2.0)), Some(3.0), None));
        assert_eq!(own.clone().but_for(&Levers::default()), own);
        assert!(Levers::default().is_none() && !own.is_none());
    }
}
