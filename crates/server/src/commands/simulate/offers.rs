//! What did offers to full carts earn, beside what others would have? Told by the company's own truth, which the server never
//! hears of.

use console::format::{counted, decimal};
use serde_json::{Value, json};
use simulation::Question;
use std::collections::BTreeMap;

/// What carts were met with, and what each would have earned on average.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offers {
    n_carts: u32,
    /// By what was chosen, how many carts.
    chosen: BTreeMap<String, u32>,
    /// What was chosen earns so much together,
    earned: f64,
    /// and what is best for each,
    best: f64,
    /// and the same for everybody, by what it is.
    single: BTreeMap<String, f64>,
}

impl Offers {
    /// A question was answered; where nothing was chosen, the company does what it always does: the first of the choices.
    pub(super) fn met(&mut self, question: &Question, chosen: Option<&str>) {
        let of_each = || question.choices.iter().zip(&question.worth);
        let usual = of_each().next().map(|(_, worth)| *worth);
        let found = of_each().find(|(choice, _)| chosen == Some(choice.as_str()));
        let (Some(earned), Some(usual_is)) = (found.map(|(_, worth)| *worth).or(usual), question.choices.first())
        else {
            return;
        };
        self.n_carts += 1;
        *self.chosen.entry(found.map_or(usual_is, |(choice, _)| choice).clone()).or_default() += 1;
        self.earned += earned;
        self.best += question.worth.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for (choice, worth) in of_each() {
            *self.single.entry(choice.clone()).or_default() += worth;
        }
    }

    /// For programs; null where no cart was asked about.
    pub(super) fn document(&self) -> Value {
        if self.n_carts == 0 {
            return Value::Null;
        }
        let each = |sum: f64| sum / f64::from(self.n_carts);
        let single: BTreeMap<&str, f64> = self.single.iter().map(|(name, sum)| (name.as_str(), each(*sum))).collect();
        json!({
            "carts": self.n_carts, "chosen": self.chosen, "earned_per_cart": each(self.earned),
            "oracle_per_cart": each(self.best), "single_per_cart": single,
        })
    }

    /// For people; nothing where no cart was asked about.
    pub(super) fn in_words(&self) -> String {
        let Some((name, single)) = self.single.iter().max_by(|a, b| a.1.total_cmp(b.1)) else { return String::new() };
        let each = |sum: f64| decimal(sum / f64::from(self.n_carts), 2);
        format!(
            " {}: {} earned of each on average by what was offered, {} by {name} for everybody, {} by what is best for each.",
            counted(u64::from(self.n_carts), "full cart", "full carts"),
            each(self.earned),
            each(*single),
            each(self.best),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Timestamp;

    #[test]
    fn what_was_chosen_is_held_against_what_would_have_been_best() {
        let question = |worth: &[f64]| Question {
            decision: "offer",
            user_id: None,
            device: None,
            n: 1,
            at: Timestamp::from_millis(0),
            choices: ["none", "sample"].map(str::to_owned).to_vec(),
            about: BTreeMap::new(),
            worth: worth.to_vec(),
        };
        let mut offers = Offers::default();
        assert_eq!((offers.document(), offers.in_words()), (Value::Null, String::new()));
        offers.met(&question(&[]), Some("sample"));
        assert_eq!(offers.document(), Value::Null, "nobody knows what it is worth");
        offers.met(&question(&[4.0, 6.0]), Some("sample"));
        offers.met(&question(&[8.0, 3.0]), Some("sample"));
        offers.met(&question(&[9.0, 3.0]), Some("something else"));
        let expected = json!({
            "carts": 3, "chosen": {"none": 1, "sample": 2}, "earned_per_cart": 6.0, "oracle_per_cart": 23.0 / 3.0,
            "single_per_cart": {"none": 7.0, "sample": 4.0},
        });
        assert_eq!(offers.document(), expected);
        let text = offers.in_words();
        assert!(text.contains("3 full carts: 6.00") && text.contains("7.00 by none for everybody, 7.67"), "{text}");
    }
}
