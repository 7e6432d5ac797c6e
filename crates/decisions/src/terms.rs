//! What does an offer cost when it is accepted, and how much may be spent on it?

use crate::Knowledge;
use events::Fields;
use events::declared::{Mistake, Table};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The keys that offers have besides those of actions, and what each says.
pub(crate) const KEYS: [(&str, &str); 4] = [
    ("discount", "which share of the question's context.value it costs when it is accepted, such as 0.1"),
    ("costs", "what it costs when it is accepted, whatever the question says"),
    ("budget", "how much may be spent on it within so many days: { amount = 500, days = 7 }"),
    ("keeps", "whether it is to keep who would leave: then its value is what they are about to be lost with"),
];

/// The most that is spent, and the longest time within which.
const AMOUNT_MAX: f64 = 1e9;
const DAYS: (i64, i64) = (1, 366);
/// What of a question says how much is bought.
const VALUE: &str = "value";
/// What the orders of a customer are worth by the company's own word, where the question does not say how much is bought; and what they are
/// worth by anybody's, for records of before.
pub(crate) const ORDER_VALUE_TOLD: &str = "order_value_told";
pub(crate) const ORDER_VALUE: &str = "order_value_mean";

/// What an offer costs, and how much may be spent on it. Nothing of it where it is an action.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Terms {
    /// The share of what is bought that it costs when it is accepted.
    pub discount: f64,
    /// What it costs when it is accepted.
    pub costs: f64,
    /// How much may be spent on it.
    pub budget: Option<Budget>,
    /// Whether it is to keep who would leave.
    pub keeps: bool,
}

/// How much may be spent within any so many days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// How much, in the default currency.
    pub amount: f64,
    /// Within so many days.
    pub days: i64,
}

impl Terms {
    /// Reads them from a declaration.
    pub(crate) fn from_table(table: &Table<'_>) -> Result<Self, Mistake> {
        let number = |key: &str, most: f64| {
            let found = table.get(key).map_or(Some(0.0), Value::as_f64).filter(|number| (0.0..=most).contains(number));
            found.ok_or_else(|| table.wrong(key, &format!("write a number from 0 to {most}")))
        };
        let keeps = match table.get("keeps") {
            None => false,
            Some(Value::Bool(keeps)) => *keeps,
            Some(_) => return Err(table.wrong("keeps", "write true or false")),
        };
        let terms = Self {
            discount: number("discount", 1.0)?,
            costs: number("costs", AMOUNT_MAX)?,
            budget: table.get("budget").map(|_| budget(table)).transpose()?,
            keeps,
        };
        if terms.discount > 0.0 && terms.costs > 0.0 {
            return Err(
                table.wrong("discount", "it costs a share or an amount, and not both: leave out discount or costs")
            );
        }
        Ok(terms)
    }

    /// As [`Terms::from_table`] reads them.
    pub(crate) fn put_into(&self, table: &mut Map<String, Value>) {
        let Self { discount, costs, budget, keeps } = self;
        let numbers = [("discount", *discount), ("costs", *costs)];
        table.extend(numbers.into_iter().filter(|(_, it)| *it > 0.0).map(|(key, it)| (key.to_owned(), json!(it))));
        table.extend(budget.map(|budget| ("budget".to_owned(), json!(budget))));
        table.extend(keeps.then(|| ("keeps".to_owned(), json!(true))));
    }

    /// Whether nothing is said.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What it costs when it is accepted; `None` where it is a share of nobody knows what. Where the question does not say what is
    /// bought, it is as much as the customer's orders usually are worth, by the company's word and in the default currency.
    pub(crate) fn accepted(&self, context: &Fields, known: Option<&Knowledge>) -> Option<f64> {
        if self.discount <= 0.0 {
            return Some(self.costs);
        }
        let said = context.get(VALUE).and_then(Value::as_f64);
        let usually = |known: &Knowledge| match known.features.contains_key(ORDER_VALUE_TOLD) {
            true => known.feature(ORDER_VALUE_TOLD),
            false => known.feature(ORDER_VALUE),
        };
        let bought = said.or_else(|| usually(known?)).filter(|bought| bought.is_finite() && *bought >= 0.0)?;
        Some(self.discount * bought.min(AMOUNT_MAX))
    }
}

fn budget(table: &Table<'_>) -> Result<Budget, Mistake> {
    let form = "write how much and within how many days: { amount = 500, days = 7 }";
    if !table.get("budget").is_some_and(Value::is_object) {
        return Err(table.wrong("budget", form));
    }
    table.known("budget", &["amount", "days"])?;
    let amount = table.get("budget.amount").and_then(Value::as_f64).filter(|it| *it > 0.0 && *it <= AMOUNT_MAX);
    let amount = amount.ok_or_else(|| table.wrong("budget.amount", "write how much, more than 0"))?;
    Ok(Budget { amount, days: table.days("budget.days", DAYS)? })
}
