//! What is said while it is counted what customers did?

/// Said in the place of numbers until there are some.
pub(crate) const COUNTING: &str = "What customers did is being counted: ask again in a while.";
