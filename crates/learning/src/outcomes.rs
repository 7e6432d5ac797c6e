//! Which outcomes are built in? Each in a file of its own.

pub(crate) mod churn;
