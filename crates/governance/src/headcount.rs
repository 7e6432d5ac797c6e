//! How is a number of customers told without telling on a few of them?

use serde::{Deserialize, Serialize};
use std::fmt;

/// The smallest number of customers that is told.
const N_TOLD_MIN: u32 = 5;

/// A number of customers as it may be told to anybody: nobody, fewer than five, or how many.
///
/// Who knows two of four customers knows too much about the others. Only [`Headcount::of`] makes one of a number, so a
/// number of fewer than five cannot be read out of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u32")]
pub struct Headcount(u32);

impl Headcount {
    /// A number of customers; one to four of them become "fewer than five".
    #[must_use]
    pub fn of(n_customers: u32) -> Self {
        Self(if (1..N_TOLD_MIN).contains(&n_customers) { 1 } else { n_customers })
    }

    /// Whether it is nobody.
    #[must_use]
    pub fn is_nobody(self) -> bool {
        self.0 == 0
    }

    /// Whether there are at least five.
    #[must_use]
    pub fn is_told(self) -> bool {
        self.0 >= N_TOLD_MIN
    }

    /// How many, where that may be told: nothing for one to four.
    #[must_use]
    pub fn told(self) -> Option<u32> {
        (self.is_told() || self.is_nobody()).then_some(self.0)
    }

    /// A weight for ranking, which tells no more than the headcount does.
    #[must_use]
    pub fn weight(self) -> f64 {
        f64::from(self.0)
    }
}

impl From<u32> for Headcount {
    fn from(n_customers: u32) -> Self {
        Self::of(n_customers)
    }
}

impl fmt::Display for Headcount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("no customer"),
            n if n < N_TOLD_MIN => write!(f, "fewer than {N_TOLD_MIN} customers"),
            n => write!(f, "{n} customers"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_than_five_are_never_told_apart() {
        for (n, told, is_nobody, is_told) in [
            (0, "no customer", true, false),
            (1, "fewer than 5 customers", false, false),
            (4, "fewer than 5 customers", false, false),
            (5, "5 customers", false, true),
            (1_000, "1000 customers", false, true),
        ] {
            let headcount = Headcount::of(n);
            assert_eq!(
                (headcount.to_string().as_str(), headcount.is_nobody(), headcount.is_told()),
                (told, is_nobody, is_told)
            );
        }
        assert_eq!((Headcount::of(1), Headcount::of(2).weight().to_bits()), (Headcount::of(4), 1.0_f64.to_bits()));
        assert_eq!([0, 1, 4, 5, 6].map(|n| Headcount::of(n).told()), [Some(0), None, None, Some(5), Some(6)]);
        assert_eq!(Headcount::of(7).weight().to_bits(), 7.0_f64.to_bits());
        assert_eq!(postcard::from_bytes::<Headcount>(&postcard::to_stdvec(&3_u32).unwrap()).unwrap(), Headcount::of(1));
        assert!(Headcount::of(4) < Headcount::of(5) && Headcount::of(0) < Headcount::of(1));
    }
}
