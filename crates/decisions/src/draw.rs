//! What is a draw of customers called, so that it can be told which of them a row in the log is of?
//!
//! ```text
//! holdout #1f0a93c2            over everything
//! holdout of act #1f0a93c2 12  of one kind, the twelfth where it is drawn anew
//! holdout met act #1f0a93c2    who of the draw over everything met a kind
//! ```
//!
//! The letters after `#` are made of the salt, the share and the days: where one of them changes another draw begins, and who met
//! the former one is not counted for it.

use crate::KindName;
use primitives::stable_hash;
use std::fmt;

/// How the name of every draw begins; no experiment may be called so.
const HOLDOUT: &str = "holdout";

/// Out of what customers are held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Over {
    /// Everything that is shown to them.
    Everything,
    /// One kind of decisions.
    Kind(KindName),
}

/// Which of the rows of a draw these are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// Who was drawn.
    Drawn(Over),
    /// Who of those drawn over everything met a kind, in either arm.
    Met(KindName),
}

/// A draw, as its name tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Draw {
    /// Of what.
    pub of: Of,
    /// What tells the setting that it was drawn by from others.
    pub setting: String,
    /// Its number where it is drawn anew after some days.
    pub number: Option<i64>,
}

impl Draw {
    /// Reads a name; `None` where it is not one of a draw that tells by which setting.
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        let (of, rest) = name.strip_prefix(HOLDOUT)?.rsplit_once(" #")?;
        let kind = |name: &str| (!name.is_empty()).then(|| KindName::from(name));
        let of = match of {
            "" => Of::Drawn(Over::Everything),
            of => match (of.strip_prefix(" of "), of.strip_prefix(" met ")) {
                (Some(name), _) => Of::Drawn(Over::Kind(kind(name)?)),
                (_, Some(name)) => Of::Met(kind(name)?),
                _ => return None,
            },
        };
        let (setting, number) = match rest.split_once(' ') {
            None => (rest, None),
            Some((setting, number)) => (setting, Some(number.parse().ok()?)),
        };
        (!setting.is_empty()).then(|| Self { of, setting: setting.to_owned(), number })
    }

    /// Whether a name is that of some draw, or of one of before, when names did not tell the setting.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        name.strip_prefix(HOLDOUT).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    }

    /// What tells one setting from others.
    pub(crate) fn setting(salt: &str, share: f64, redraw_days: i64) -> String {
        format!("{:08x}", stable_hash(&format!("{salt}\0{share}\0{redraw_days}")) >> 32)
    }
}

impl Over {
    /// By what it is drawn, beside the salt. Neither the share stands in it, so that a larger one holds out whom the smaller did,
    /// nor anything else that a name tells more.
    pub(crate) fn drawn_by(&self, number: Option<i64>) -> String {
        let name = match self {
            Self::Everything => HOLDOUT.to_owned(),
            Self::Kind(kind) => format!("{HOLDOUT} of {kind}"),
        };
        number.map_or_else(|| name.clone(), |number| format!("{name} {number}"))
    }
}

impl fmt::Display for Draw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Of::Drawn(Over::Everything) => f.write_str(HOLDOUT)?,
            Of::Drawn(Over::Kind(kind)) => write!(f, "{HOLDOUT} of {kind}")?,
            Of::Met(kind) => write!(f, "{HOLDOUT} met {kind}")?,
        }
        write!(f, " #{}", self.setting)?;
        self.number.map_or(Ok(()), |number| write!(f, " {number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is written is read again, and no experiment's name is taken for it.
        #[test]
        fn what_is_written_is_read_again(kind in "[a-z][a-z0-9_-]{0,20}", of in 0..3_u8, number in proptest::option::of(-9_i64..99_999),
                                         salt in ".{0,8}", share in 0.0..1.0_f64, days in 0..3_650_i64) {
            let of = match of {
                0 => Of::Drawn(Over::Everything),
                1 => Of::Drawn(Over::Kind(kind.as_str().into())),
                _ => Of::Met(kind.as_str().into()),
            };
            let draw = Draw { of, setting: Draw::setting(&salt, share, days), number };
            let name = draw.to_string();
            prop_assert!(Draw::is_name(&name));
            prop_assert_eq!(Draw::read(&name), Some(draw));
            prop_assert_eq!(Draw::read(&kind), None);
        }
    }

    #[test]
    fn names_that_do_not_tell_a_setting_are_of_no_draw_that_counts() {
        for name in ["holdout", "holdout 12", "holdout of act", "holdout of act 3"] {
            assert!(Draw::is_name(name) && Draw::read(name).is_none(), "{name}");
        }
        for name in ["holdouts", "holdout-2", "copy", "holdouts #1"] {
            assert!(!Draw::is_name(name) && Draw::read(name).is_none(), "{name}");
        }
    }
}
