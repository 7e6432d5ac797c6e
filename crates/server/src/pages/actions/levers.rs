//! Which levers did somebody move, and what would that change?

use crate::pages::Asked;
use console::view::LeverLine;
use decisions::{Action, Factor, Lever, Levers};
use engine::Sensitivity;

/// The largest weight and value that can be declared.
const WEIGHT_MAX: f64 = 1_000.0;
const VALUE_MAX: f64 = 1e9;

/// What was moved.
pub(in crate::pages) struct Moved {
    /// What is set otherwise than it is declared.
    pub(in crate::pages) levers: Levers,
    /// Why some of it cannot be.
    pub(in crate::pages) refused: Option<String>,
}

/// Reads what was moved: `w.NAME` is a weight, `v.NAME` a value.
pub(in crate::pages) fn moved(actions: &[Action], asked: &Asked) -> Moved {
    let (mut levers, mut refused) = (Levers::default(), None);
    for action in actions {
        let mut read = |what: &str, declared: f64, max: f64| {
            let written = asked.get(&format!("{}.{}", &what[..1], action.name))?;
            match number(written, max) {
                Some(number) => (number.to_bits() != declared.to_bits()).then_some(number),
                None => {
                    let shown: String = written.chars().take(40).collect();
                    refused = Some(format!("The {what} of {}: “{shown}” is no number from 0 to {max}.", action.title));
                    None
                }
            }
        };
        let weight = read("weight", action.weight, WEIGHT_MAX);
        let value = read("value", action.value, VALUE_MAX);
        if weight.is_some() || value.is_some() {
            levers.actions.insert(action.name.clone(), Lever { weight, value });
        }
    }
    Moved { levers, refused }
}

/// A number as somebody writes it, to the thousandth.
pub(in crate::pages) fn number(written: &str, max: f64) -> Option<f64> {
    let number: f64 = written.trim().replace(',', ".").parse().ok()?;
    let number = (number * 1_000.0).round() / 1_000.0;
    (0.0..=max).contains(&number).then_some(number)
}

/// The levers of what is drawn, with what they change.
pub(in crate::pages) fn lines(actions: &[Action], levers: &Levers, weighed: &Sensitivity) -> Vec<LeverLine> {
    let drawn = actions.iter().filter(|action| !action.mandatory && !action.nothing);
    let line = |action: &Action| {
        let lever = levers.actions.get(&action.name).copied().unwrap_or_default();
        LeverLine {
            name: action.name.clone(),
            title: action.title.clone(),
            weight: (lever.weight.unwrap_or(action.weight), action.weight),
            value: (lever.value.unwrap_or(action.value), action.value),
            first: weighed.first.get(&action.name).copied().unwrap_or_default(),
        }
    };
    drawn.map(line).collect()
}

/// How the settings would say it.
pub(super) fn written(table: &str, levers: &Levers) -> String {
    let of = |(name, lever): (&String, &Lever)| {
        let line =
            |key: &str, number: Option<f64>| number.map_or_else(String::new, |number| format!("\n{key} = {number:?}"));
        format!("[[{table}]]\nname = \"{name}\"{}{}", line("value", lever.value), line("weight", lever.weight))
    };
    levers.actions.iter().map(of).collect::<Vec<_>>().join("\n\n")
}

/// On what the choice hangs, in words, what it hangs on most first. What is the same for all needs no line.
pub(super) fn sensitivity(weighed: &Sensitivity) -> Vec<(String, u64)> {
    let words = |factor: Factor| match factor {
        Factor::Propensity => "How likely it is accepted",
        Factor::Value => "What it earns",
        Factor::Incremental => "What would not come without it",
        Factor::Cost => "What a contact costs",
        Factor::Context => "What the place counts",
        Factor::Weight => "Its weight",
        Factor::Fatigue => "How often they were contacted lately",
    };
    let mut found: Vec<(String, u64)> =
        weighed.by_factor.iter().map(|(factor, n)| (words(*factor).to_owned(), *n)).collect();
    found.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    found
}

/// Chances or weights as parts: `up to 5 %`, and beyond the last `more`.
pub(in crate::pages) fn parts(ends: &[f64], counts: &[u64], word: impl Fn(f64) -> String) -> Vec<(String, u64)> {
    let named = ends.iter().map(|end| format!("up to {}", word(*end))).chain(std::iter::once("more".to_owned()));
    named.zip(counts).map(|(name, n)| (name, *n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(name: &str) -> Action {
        let table = serde_json::json!({"name": name, "value": 12.5, "weight": 1.25});
        Action::from_table(table.as_object().unwrap()).unwrap()
    }

    #[test]
    fn only_what_is_set_otherwise_is_moved_and_what_is_no_number_is_told() {
        let actions = ["a", "b", "c"].map(action);
        let asked = |pairs: &[(&str, &str)]| -> Moved {
            moved(&actions, &pairs.iter().map(|(name, said)| ((*name).to_owned(), (*said).to_owned())).collect())
        };
        let same = asked(&[("w.a", "1.25"), ("v.a", " 12,5 "), ("w.gone", "7"), ("x.a", "3")]);
        assert!(same.levers.is_none() && same.refused.is_none());
        let some = asked(&[("w.a", "0"), ("v.b", "3.24159"), ("v.a", "12.5")]);
        assert_eq!(some.levers.actions["a"], Lever { weight: Some(0.0), value: None });
        assert_eq!(some.levers.actions["b"], Lever { weight: None, value: Some(3.242) });
        assert_eq!(
            written("actions", &some.levers),
            "[[actions]]\nname = \"a\"\nweight = 0.0\n\n[[actions]]\nname = \"b\"\nvalue = 3.242"
        );
        for wrong in ["many", "-1", "NaN", "inf", "1e99", ""] {
            let found = asked(&[("w.c", wrong), ("w.a", "2")]);
            assert!(
                found.refused.as_ref().is_some_and(|why| why.contains("The weight of C")),
                "{wrong}: {:?}",
                found.refused
            );
            assert_eq!(found.levers.actions.len(), 1, "{wrong}: the others count");
        }
    }
}
