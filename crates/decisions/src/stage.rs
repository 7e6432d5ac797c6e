//! How far did an action come in a decision? By the rule that left it out.

/// What actions come through, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// For this channel, at this time, meant by the question, not set aside.
    Here,
    /// Who may have it at all.
    Eligible,
    /// Whom it suits, and what is in stock.
    Suitable,
    /// Customers are left alone by the contact policy.
    LeftAlone,
    /// It is worth more than it costs.
    Worth,
    /// It was drawn.
    Chosen,
}

impl Stage {
    /// All of them, in the order in which actions come through.
    pub const ALL: [Self; 6] = [Self::Here, Self::Eligible, Self::Suitable, Self::LeftAlone, Self::Worth, Self::Chosen];

    /// The one at which a rule leaves an action out. What is not known here is a rule of whom to leave alone: those have names
    /// of their own.
    #[must_use]
    pub fn of(rule: &str) -> Self {
        match rule {
            "channel" | "schedule" | "asked" | "weight" => Self::Here,
            "eligible" | "eligible: not known" => Self::Eligible,
            "suitable" | "suitable: not known" | "stock" => Self::Suitable,
            "value" | "budget" => Self::Worth,
            "outranked" | "no place" => Self::Chosen,
            _ => Self::LeftAlone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_in_the_order_in_which_rules_are_asked() {
        let rules = ["channel", "eligible: not known", "stock", "cap:email", "value", "outranked"];
        let stages: Vec<Stage> = rules.iter().map(|rule| Stage::of(rule)).collect();
        assert_eq!(stages, Stage::ALL);
        assert!(stages.is_sorted());
    }
}
