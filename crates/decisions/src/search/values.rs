//! How are the values of an item's traits kept, so that those of fifty thousand are counted quickly?

use std::ops::Deref;

/// So many values stand where the item stands. To look elsewhere for them takes longer than to count them.
const N_FEW: usize = 8;

/// The values of an item's traits, in ascending order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    /// As many as most items have, and how many that is.
    Few(u8, [u32; N_FEW]),
    /// More.
    Many(Box<[u32]>),
}

impl Default for Values {
    fn default() -> Self {
        Self::Few(0, [0; N_FEW])
    }
}

impl Deref for Values {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        match self {
            Self::Few(n, values) => values.get(..usize::from(*n)).unwrap_or_default(),
            Self::Many(values) => values,
        }
    }
}

impl From<Vec<u32>> for Values {
    fn from(mut values: Vec<u32>) -> Self {
        values.sort_unstable();
        values.dedup();
        match u8::try_from(values.len()) {
            Ok(n) if values.len() <= N_FEW => {
                values.resize(N_FEW, 0);
                values.try_into().map_or_else(|values: Vec<u32>| Self::Many(values.into()), |few| Self::Few(n, few))
            }
            _ => Self::Many(values.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_and_many_are_told_in_order_and_once() {
        for n in 0..20_u32 {
            let told: Vec<u32> = (0..n).rev().chain(0..n).collect();
            assert_eq!(&*Values::from(told), (0..n).collect::<Vec<_>>(), "{n}");
        }
        assert!(size_of::<Values>() <= 40);
    }
}
