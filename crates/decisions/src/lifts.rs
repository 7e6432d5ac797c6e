//! How much more do some items count than others? Factors by trait and value.

use crate::bounds::shown;
use crate::item_filter::{all_fit, names_fit};
use crate::item_traits::{OneOf, Said};
use features::Item;
use serde_json::Value;

/// Factors go from 0 to this.
const LIFT_MAX: f64 = 100.0;

/// How much more, or less, items count whose trait has a value: factors, which are multiplied.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lifts(Vec<(String, Factors)>);

/// What counts by how much, of one trait.
type Factors = Vec<(OneOf, f64)>;

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
        all_fit(traits.values().filter_map(Value::as_object).map(serde_json::Map::len).sum())?;
        let mut lifts = Vec::new();
        for (name, factors) in traits {
            let shown_name = primitives::visible(name);
            let Value::Object(factors) = factors else {
                return Err(format!("of \"{shown_name}\" is {}: give factors as in {example}", shown(factors)));
            };
            let mut of_trait = Factors::new();
            for (value, factor) in factors {
                match factor.as_f64() {
                    Some(factor) if (0.0..=LIFT_MAX).contains(&factor) => {
                        of_trait.push((written(name, value)?, factor));
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
            if !of_trait.is_empty() {
                lifts.push((name.clone(), of_trait));
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
        self.0.iter().map(|(name, factors)| of_trait(name, factors, item)).product()
    }
}

fn of_trait(name: &str, factors: &Factors, item: &Item) -> f64 {
    let said = Said::of(name, item, false);
    let as_number = Said::depends_on_number(name).then(|| Said::of(name, item, true));
    let said = |any: &OneOf| as_number.as_ref().filter(|_| any.has_numbers()).unwrap_or(&said);
    factors.iter().filter(|(any, _)| any.has(said(any))).map(|(_, factor)| factor).product()
}

/// What the key of a JSON object may mean: keys are always texts, values of traits may be numbers or yes and no.
fn written(name: &str, key: &str) -> Result<OneOf, String> {
    let meant = serde_json::from_str(key).ok().filter(|value| matches!(value, Value::Number(_) | Value::Bool(_)));
    OneOf::read(name, std::iter::once(&key.into()).chain(&meant))
}
