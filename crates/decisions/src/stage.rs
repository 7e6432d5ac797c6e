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

    /// The rules that leave actions out, each with the stage at which it does. Besides these there are limits on contacts, `cap:…`: they
    /// leave customers alone.
    pub const RULES: [(&str, Self); 24] = [
        ("channel", Self::Here),
        ("schedule", Self::Here),
        ("asked", Self::Here),
        ("weight", Self::Here),
        ("eligible", Self::Eligible),
        ("eligible: not known", Self::Eligible),
        ("suitable", Self::Suitable),
        ("suitable: not known", Self::Suitable),
        ("stock", Self::Suitable),
        ("consent", Self::LeftAlone),
        ("quiet_hours", Self::LeftAlone),
        ("capacity", Self::LeftAlone),
        ("no_upsell", Self::LeftAlone),
        ("refused", Self::LeftAlone),
        ("refused_group", Self::LeftAlone),
        ("accepted", Self::LeftAlone),
        ("times", Self::LeftAlone),
        ("value", Self::Worth),
        ("value: not known", Self::Worth),
        ("costs: not known", Self::Worth),
        ("budget", Self::Worth),
        ("budget: not known", Self::Worth),
        ("outranked", Self::Chosen),
        ("no place", Self::Chosen),
    ];

    /// The one at which a rule leaves an action out. What is not known here is a limit on contacts.
    #[must_use]
    pub fn of(rule: &str) -> Self {
        Self::RULES.iter().find(|(known, _)| *known == rule).map_or(Self::LeftAlone, |(_, stage)| *stage)
    }

    /// Whether a rule is known, so that it is told at its stage and in words.
    #[cfg(test)]
    pub(crate) fn knows(rule: &str) -> bool {
        rule.starts_with("cap:") || Self::RULES.iter().any(|(known, _)| *known == rule)
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
