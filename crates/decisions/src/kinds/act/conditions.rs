//! Whom is an action for? Its two conditions, read.

use crate::Contacted;
use crate::action::Action;
use crate::filter::{Filter, Names};
use crate::kinds::conditions::read;
use std::cell::OnceCell;
use std::collections::HashMap;

/// An action with its conditions.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) action: Action,
    /// The number of its name, by which contacts say it.
    pub(super) number: u64,
    /// Which of the conditions they are.
    eligible: usize,
    suitable: usize,
}

/// All conditions, each once: what many actions ask is asked once a decision.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions(Vec<Option<Filter>>);

impl Conditions {
    /// Reads those of actions; one that cannot be read is kept as none, which holds of nobody.
    pub(super) fn of(actions: &[Action], names: &Names) -> (Vec<Choice>, Self) {
        let (mut all, mut places) = (Vec::new(), HashMap::new());
        let choices = actions.iter().map(|action| {
            let mut place = |written: &str| match places.get(written) {
                Some(place) => *place,
                None => {
                    all.push(read(written, names));
                    places.insert(written.to_owned(), all.len() - 1);
                    all.len() - 1
                }
            };
            let (eligible, suitable) = (place(&action.eligible), place(&action.suitable));
            Choice { number: Contacted::number_of(&action.name), action: action.clone(), eligible, suitable }
        });
        (choices.collect(), Self(all))
    }

    /// Those that could be read.
    pub(super) fn filters(&self) -> impl Iterator<Item = &Filter> {
        self.0.iter().flatten()
    }
}

/// Which conditions hold in one decision, asked when it is first wanted to be known.
pub(super) struct Held<'a> {
    of: &'a Conditions,
    holds: &'a dyn Fn(&Filter) -> Option<bool>,
    found: Vec<OnceCell<Option<bool>>>,
}

impl<'a> Held<'a> {
    pub(super) fn new(of: &'a Conditions, holds: &'a dyn Fn(&Filter) -> Option<bool>) -> Self {
        Self { of, holds, found: vec![OnceCell::new(); of.0.len()] }
    }

    fn holds(&self, place: usize) -> Option<bool> {
        *self.found.get(place)?.get_or_init(|| self.of.0.get(place)?.as_ref().and_then(self.holds))
    }

    /// The first of the two conditions of an action that does not hold, and whether that is known.
    pub(super) fn fails(&self, choice: &Choice) -> Option<&'static str> {
        match self.holds(choice.eligible) {
            Some(false) => return Some("eligible"),
            None => return Some("eligible: not known"),
            Some(true) => {}
        }
        match self.holds(choice.suitable) {
            Some(false) => Some("suitable"),
            None => Some("suitable: not known"),
            Some(true) => None,
        }
    }
}
