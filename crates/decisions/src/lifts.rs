//! How much more do some items count than others? Factors by trait and value.

use crate::bounds::{N_WORDS_MAX, shown};
use crate::item_filter::{Test, Wanted, names_fit};
use features::Item;
use serde_json::Value;

/// Factors go from 0 to this.
const LIFT_MAX: f64 = 100.0;

/// How much more, or less, items count whose trait has a value: factors, which are multiplied.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lifts(Vec<(String, Test, f64)>);

impl Lifts {
    /// Reads factors by trait and value: `{"brand":{"Acme":1.2}}`.
    ///
    /// # Errors
    /// What is wrong with it and what to give instead, to stand behind the name of the parameter.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let example = "{\"brand\":{\"Acme\":1.2}}";
        let Value::Object(traits) = value else {
            return Err(format!("is {}: give an object such as {example}", shown(value)));
        };
        names_fit(traits.keys())?;
        let mut lifts = Vec::new();
        for (name, factors) in traits {
            let shown_name = primitives::visible(name);
            let Value::Object(factors) = factors else {
                return Err(format!("of \"{shown_name}\" is {}: give factors as in {example}", shown(factors)));
            };
            if factors.len() > N_WORDS_MAX {
                return Err(format!("has {} values of \"{shown_name}\": give at most {N_WORDS_MAX}", factors.len()));
            }
            for (value, factor) in factors {
                match factor.as_f64() {
                    Some(factor) if (0.0..=LIFT_MAX).contains(&factor) => {
                        lifts.push((name.clone(), Test::Any(written(name, value)?), factor));
                    }
                    _ => {
                        let value = primitives::visible(value).chars().take(40).collect::<String>();
                        let given = shown(factor);
                        return Err(format!(
                            "of \"{shown_name}\" \"{value}\" is {given}: factors go from 0 to {LIFT_MAX}"
                        ));
                    }
                }
            }
        }
        Ok(Self(lifts))
    }

    /// Whether nothing counts more than the rest.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// By what an item's score is multiplied.
    #[must_use]
    pub fn of(&self, item: &Item) -> f64 {
        self.0.iter().filter(|(name, test, _)| test.holds(name, item)).map(|(.., factor)| factor).product()
    }
}

/// What the key of a JSON object may mean: keys are always texts, values of traits may be numbers or yes and no.
fn written(name: &str, key: &str) -> Result<Vec<Wanted>, String> {
    let mut any = vec![Wanted::of(name, &key.into())?];
    if let Ok(value @ (Value::Number(_) | Value::Bool(_))) = serde_json::from_str(key) {
        any.push(Wanted::of(name, &value)?);
    }
    Ok(any)
}
