//! Why could a model not be fitted, read or asked?

use primitives::ErrorKind;

/// Everything that can go wrong in this crate. Each variant names what was attempted and what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// A setting lies outside its declared range.
    #[error("{settings}.{setting} is {value}: it must be a number from {min} to {max}")]
    Setting {
        /// The settings' type.
        settings: &'static str,
        /// The setting's name.
        setting: &'static str,
        /// What was given.
        value: f64,
        /// The smallest value that is accepted.
        min: f64,
        /// The largest value that is accepted.
        max: f64,
    },
    /// There is less data than the operation needs.
    #[error("cannot {operation} with {n_rows} rows: give at least {n_rows_min}")]
    TooFewRows {
        /// What was attempted.
        operation: &'static str,
        /// How many rows were given (rows of weight 0 do not count).
        n_rows: usize,
        /// How many are needed.
        n_rows_min: usize,
    },
    /// All labels are the same, so there is nothing to tell apart.
    #[error(
        "cannot {operation}: all {n_rows} labels are {label}; give rows of both classes, for example from a longer window"
    )]
    OneClass {
        /// What was attempted.
        operation: &'static str,
        /// How many rows were given.
        n_rows: usize,
        /// The only label.
        label: f64,
    },
    /// A number is not one of those that are allowed in its place.
    #[error("cannot {operation}: {what} {row} is {value}; it must be {allowed}")]
    Value {
        /// What was attempted.
        operation: &'static str,
        /// Which array or field.
        what: &'static str,
        /// The row, counted from 0.
        row: usize,
        /// What was found.
        value: f64,
        /// What is allowed there.
        allowed: &'static str,
    },
    /// Two arrays that belong together differ in length.
    #[error("cannot {operation}: {what} has {found} entries where {expected} are needed")]
    Shape {
        /// What was attempted.
        operation: &'static str,
        /// Which array.
        what: &'static str,
        /// The length that fits.
        expected: usize,
        /// The length that was found.
        found: usize,
    },
    /// The data are valid, and hold nothing of what is to be learned.
    #[error("cannot {operation}: {reason}")]
    NothingToLearn {
        /// What was attempted.
        operation: &'static str,
        /// What is missing, and what to do.
        reason: String,
    },
    /// The fitting itself failed in a way that checked input should not allow.
    #[error("cannot {operation}: {reason}")]
    Fit {
        /// What was attempted.
        operation: &'static str,
        /// What the mathematics said.
        reason: String,
    },
    /// A model cannot be written as bytes.
    #[error("cannot write the {model} as bytes: {reason}")]
    Encode {
        /// Which model.
        model: &'static str,
        /// What the codec said.
        reason: String,
    },
    /// Stored bytes are not a model that this version wrote.
    #[error("cannot read the {model}: {reason}; restore the file from a copy or train the model again")]
    Corrupt {
        /// Which model.
        model: &'static str,
        /// What does not fit.
        reason: String,
    },
}

impl ModelError {
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setting { .. }
            | Self::TooFewRows { .. }
            | Self::OneClass { .. }
            | Self::NothingToLearn { .. }
            | Self::Value { .. }
            | Self::Shape { .. } => ErrorKind::Invalid,
            Self::Fit { .. } | Self::Encode { .. } => ErrorKind::Internal,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_kind_and_says_what_to_do() {
        let corrupt = ModelError::Corrupt { model: "boosted forest", reason: "node 3 points to node 3".into() };
        let cases = [
            (corrupt, ErrorKind::Corrupt, "train the model again"),
            (
                ModelError::TooFewRows { operation: "fit", n_rows: 0, n_rows_min: 2 },
                ErrorKind::Invalid,
                "give at least 2",
            ),
            (ModelError::OneClass { operation: "fit", n_rows: 5, label: 1.0 }, ErrorKind::Invalid, "both classes"),
            (
                ModelError::NothingToLearn { operation: "fit", reason: "give more".into() },
                ErrorKind::Invalid,
                "give more",
            ),
            (ModelError::Fit { operation: "fit", reason: "why".into() }, ErrorKind::Internal, "why"),
        ];
        for (error, kind, words) in cases {
            assert_eq!(error.kind(), kind);
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
