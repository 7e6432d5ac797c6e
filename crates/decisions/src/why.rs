//! Why is an answer not the customer's own?

use governance::{ConsentAnswer, ConsentBasis};

/// Why an answer is not the customer's own.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// Their data may not be used.
    Refused(ConsentAnswer),
    /// Nobody has heard of them.
    Unknown,
    /// They are held out, to tell what decisions are worth.
    HeldOut,
    /// There is no model of this task yet.
    Untrained,
    /// Something else, as the beginning of a sentence.
    Because(String),
}

impl Why {
    pub(crate) fn because(text: impl Into<String>) -> Self {
        Self::Because(text.into())
    }

    /// The beginning of a sentence; `task` is what was not trained.
    pub(crate) fn text(&self, task: &str) -> String {
        match self {
            Self::Refused(consent) => match consent.basis {
                ConsentBasis::Stated { .. } => format!("The customer refused {}", consent.purpose),
                ConsentBasis::Default => {
                    format!("The customer has not agreed to {}, and silence counts as a refusal", consent.purpose)
                }
            },
            Self::Unknown => "Nothing is known of this customer yet".to_owned(),
            Self::HeldOut => "The customer is held out, to tell what decisions are worth".to_owned(),
            Self::Untrained => format!("No {task} model has been trained yet"),
            Self::Because(text) => text.clone(),
        }
    }
}
