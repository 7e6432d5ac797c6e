//! What does a policy look at, of a customer and of a question? Always the same and always recorded, so that the first one that is
//! learned has something to learn from.

use crate::{Knowledge, Question};
use primitives::{HOUR_MS, stable_hash};
use serde_json::Value;

/// The features that are looked at, by their names in the catalogue.
pub(super) const FEATURES: [&str; 28] = [
    "recency_days",
    "tenure_days",
    "orders_all",
    "orders_365d",
    "revenue_365d",
    "order_value_mean",
    "order_value_last",
    "gap_last_ratio",
    "orders_trend_30d",
    "repeat_share",
    "views_7d",
    "carts_7d",
    "visible_seconds_7d",
    "frustrations_30d",
    "searches_30d",
    "emails_delivered_30d",
    "email_open_share_90d",
    "tickets_open",
    "contacts_30d",
    "mood_last",
    "decisions_shown_30d",
    "decision_click_share_90d",
    "decision_dismiss_share_90d",
    "renewal_days",
    "usage_slope_90d",
    "payment_last_failed",
    "evening_share",
    "weekend_share",
];

const HOUR_SIN: &str = learning::HOURS[0];
const HOUR_COS: &str = learning::HOURS[1];
/// Before the name of the channel where it will be done.
const CHANNEL: &str = "channel:";
/// Before the number of the slot that the question's context is hashed into.
const SLOT: &str = "context:";
const N_SLOTS: usize = 16;
/// More than any number of a context that says something.
const FAR: f64 = 1e6;

/// The names of everything that is looked at; `features` besides those that always are.
pub(crate) fn names(features: &[String]) -> Vec<String> {
    let mut names: Vec<String> = FEATURES.iter().map(|name| (*name).to_owned()).collect();
    names.extend(features.iter().filter(|name| !FEATURES.contains(&name.as_str())).cloned());
    names.extend([HOUR_SIN, HOUR_COS].map(str::to_owned));
    names.extend(crate::CHANNELS.iter().map(|channel| format!("{CHANNEL}{channel}")));
    names.extend((0..N_SLOTS).map(|slot| format!("{SLOT}{slot}")));
    names
}

/// What is looked at of a question, in words; `None` for what is a feature.
#[must_use]
pub fn looked_at_in_words(name: &str) -> Option<String> {
    if let Some(channel) = name.strip_prefix(CHANNEL) {
        return Some(format!("Whether it is asked for the channel {channel}"));
    }
    if name.starts_with(SLOT) {
        return Some("What the question says of the place".to_owned());
    }
    let hour = match name {
        HOUR_SIN => "morning or evening",
        HOUR_COS => "noon or midnight",
        _ => return None,
    };
    Some(format!("Hour of the day, {hour} (UTC)"))
}

/// One customer and one question, as a policy looks at them.
pub(crate) struct Look<'a> {
    known: Option<&'a Knowledge>,
    question: &'a Question,
    slots: [f64; N_SLOTS],
}

impl<'a> Look<'a> {
    pub(crate) fn at(question: &'a Question, known: Option<&'a Knowledge>) -> Self {
        let mut slots = [0.0; N_SLOTS];
        for (key, said) in question.context.iter() {
            let (hashed, number) = match said {
                Value::Number(number) => (stable_hash(key), number.as_f64().unwrap_or_default().clamp(-FAR, FAR)),
                Value::Bool(yes) => (stable_hash(key), f64::from(u8::from(*yes))),
                Value::String(text) => (stable_hash(&format!("{key}={text}")), 1.0),
                _ => continue,
            };
            // What meets in a slot is taken away as often as it is added, so that it is nothing in the mean.
            let sign = if hashed >> 63 == 0 { 1.0 } else { -1.0 };
            if let Some(slot) = usize::try_from(hashed % N_SLOTS as u64).ok().and_then(|slot| slots.get_mut(slot)) {
                *slot += sign * number;
            }
        }
        Self { known, question, slots }
    }

    /// What is known under a name; NaN where nothing is.
    pub(crate) fn number(&self, name: &str) -> f64 {
        if let Some(channel) = name.strip_prefix(CHANNEL) {
            return f64::from(u8::from(self.question.channel() == Some(channel)));
        }
        if let Some(slot) = name.strip_prefix(SLOT).and_then(|slot| slot.parse::<usize>().ok()) {
            return self.slots.get(slot).copied().unwrap_or(f64::NAN);
        }
        match name {
            HOUR_SIN => self.turn().sin(),
            HOUR_COS => self.turn().cos(),
            _ => self.known.and_then(|known| known.feature(name)).unwrap_or(f64::NAN),
        }
    }

    /// How far the hand of a clock with 24 hours has turned.
    fn turn(&self) -> f64 {
        let hours = self.question.as_of.as_millis().rem_euclid(24 * HOUR_MS) as f64 / HOUR_MS as f64;
        std::f64::consts::TAU * hours / 24.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Timestamp;

    #[test]
    fn what_is_no_feature_has_words_of_its_own() {
        let told: Vec<_> = names(&[]).iter().filter_map(|name| looked_at_in_words(name)).collect();
        assert_eq!(told.len(), names(&[]).len() - FEATURES.len());
        assert!(told.iter().all(|words| !words.contains(['_', ':'])), "{told:?}");
        assert!(FEATURES.iter().all(|name| looked_at_in_words(name).is_none()));
    }

    #[test]
    fn everything_that_is_looked_at_has_a_name_and_every_name_a_number() {
        let context =
            [("placement", "checkout".into()), ("value", 39.5.into()), ("nested", serde_json::json!({"a": 1}))];
        let mut question = Question {
            kind: "act".into(),
            customer: "42".into(),
            as_of: Timestamp::from_millis(1_790_000_000_000),
            parameters: crate::Parameters::new(),
            context: context.map(|(key, said)| (key.to_owned(), said)).into_iter().collect(),
            arm: None,
        };
        question.parameters.insert("channel".to_owned(), "web".into());
        let known = Knowledge { features: [("orders_365d".to_owned(), 3.0)].into(), ..Knowledge::default() };
        let look = Look::at(&question, Some(&known));
        let names = names(&["plan_age_days".to_owned(), "orders_365d".to_owned()]);
        assert_eq!(names.len(), FEATURES.len() + 1 + 2 + 7 + 16);
        let numbers: Vec<f64> = names.iter().map(|name| look.number(name)).collect();
        let known: Vec<&String> =
            names.iter().zip(&numbers).filter(|(_, one)| !one.is_nan()).map(|(name, _)| name).collect();
        assert_eq!(known.len(), 1 + 2 + 7 + 16, "features that are not known are no numbers: {known:?}");
        assert_eq!((look.number("channel:web"), look.number("channel:email")), (1.0, 0.0));
        let slots: f64 = (0..16).map(|slot| look.number(&format!("context:{slot}")).abs()).sum();
        assert!((slots - 40.5).abs() < 1e-9 || (slots - 38.5).abs() < 1e-9, "{slots}");
        assert_eq!(look.number("anything").to_bits(), f64::NAN.to_bits());
    }

    #[test]
    fn every_feature_that_is_looked_at_is_in_the_catalogue() {
        let catalogue = features::Catalogue::built_in();
        for name in FEATURES {
            assert!(catalogue.get(name).is_some(), "{name}");
        }
    }
}
