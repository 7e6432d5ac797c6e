//! Which values may a setting have? Declared once: the field, its check, its error and its documentation.

use crate::ModelError;

/// The values that a setting accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The setting's name.
    pub name: &'static str,
    /// The smallest value that is accepted.
    pub min: f64,
    /// The largest value that is accepted.
    pub max: f64,
    /// The value where nothing is said.
    pub default: f64,
    /// What a larger value does.
    pub larger: &'static str,
}

impl Range {
    pub(crate) fn check(&self, settings: &'static str, value: f64) -> Result<(), ModelError> {
        if (self.min..=self.max).contains(&value) {
            return Ok(());
        }
        Err(ModelError::Setting { settings, setting: self.name, value, min: self.min, max: self.max })
    }
}

/// Declares a settings struct. Field, default, range and the effect of a larger value stand in one line each; the
/// struct, its documentation, `Default`, `RANGES` and `validate` come from it.
macro_rules! settings {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $kind:ty = $default:literal in $min:literal..=$max:literal, larger: $larger:literal;)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[doc = concat!("\nFrom ", stringify!($min), " to ", stringify!($max), ", by default ", stringify!($default),
                    ". A larger value ", $larger, ".")]
                pub $field: $kind,
            )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $name {
            /// Every setting with its range, in the order of the fields.
            pub const RANGES: &'static [$crate::Range] = &[$($crate::Range {
                name: stringify!($field),
                min: $min as f64,
                max: $max as f64,
                default: $default as f64,
                larger: $larger,
            },)*];

            /// Checks every setting against [`Self::RANGES`].
            ///
            /// # Errors
            /// [`ModelError::Setting`](crate::ModelError::Setting) names the first setting outside its range.
            pub fn validate(&self) -> Result<(), $crate::ModelError> {
                let values = [$(self.$field as f64,)*];
                for (range, value) in Self::RANGES.iter().zip(values) {
                    range.check(stringify!($name), value)?;
                }
                Ok(())
            }
        }
    };
}
pub(crate) use settings;
