//! What does a decision want of the catalogue before it is made?

use crate::ItemFilter;

/// What a decision wants of the catalogue before it is made.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// The items that a query finds.
    Items {
        /// The words.
        query: String,
        /// What items must be, whatever the words say.
        filter: ItemFilter,
        /// Whether words that others said instead may take the place of these where nothing has them: the answer tells of it.
        may_be_others: bool,
    },
    /// Which items a filter can let through at all.
    Among {
        /// What items must be.
        filter: ItemFilter,
    },
    /// The passages that answer a question.
    Passages {
        /// What is asked.
        question: String,
        /// The language to look in, where it was named.
        language: Option<String>,
    },
    /// Ways to go on for who has begun to write.
    Completions {
        /// What was written so far.
        query: String,
        /// How many.
        n_max: usize,
    },
}
