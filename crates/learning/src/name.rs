//! What is a task called? By text: which tasks there are is a list, and a store may hold models of tasks that this program
//! does not know.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The longest name of a task.
const N_LETTERS_MAX: usize = 64;

/// The name of a task in commands, addresses, settings and the model store: `churn`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskName(Arc<str>);

impl TaskName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Why a text cannot name a task: a name is a word of an address and of a command.
    ///
    /// # Errors
    /// The reason, for people.
    pub fn check(text: &str) -> Result<(), String> {
        let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        match text.chars().next() {
            None => Err("a name cannot be empty".to_owned()),
            Some(first) if !first.is_ascii_lowercase() => Err("a name begins with a letter from a to z".to_owned()),
            _ if text.len() > N_LETTERS_MAX => Err(format!("a name has at most {N_LETTERS_MAX} letters")),
            _ if !text.chars().all(is_letter) => Err("a name has letters from a to z, digits, `-` and `_`".to_owned()),
            _ => Ok(()),
        }
    }
}

impl From<&str> for TaskName {
    fn from(name: &str) -> Self {
        Self(Arc::from(name))
    }
}

impl fmt::Display for TaskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_word_of_an_address() {
        for good in ["churn", "first-order_2", "a"] {
            assert_eq!(TaskName::check(good), Ok(()), "{good}");
        }
        let long = "a".repeat(N_LETTERS_MAX);
        assert_eq!(TaskName::check(&long), Ok(()));
        for bad in ["", "2nd", "-a", "Churn", "a b", "a/b", "ä", &format!("{long}a")] {
            assert!(TaskName::check(bad).is_err(), "{bad}");
        }
    }
}
