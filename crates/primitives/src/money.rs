//! How much money, exactly, and in which currency?

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// ISO 4217 currencies whose minor unit is not a hundredth: (code, decimal digits).
const OTHER_DIGITS: [(&[u8; 3], u32); 23] = [
    (b"BHD", 3),
    (b"BIF", 0),
    (b"CLF", 4),
    (b"CLP", 0),
    (b"DJF", 0),
    (b"GNF", 0),
    (b"IQD", 3),
    (b"ISK", 0),
    (b"JOD", 3),
    (b"JPY", 0),
    (b"KMF", 0),
    (b"KRW", 0),
    (b"KWD", 3),
    (b"LYD", 3),
    (b"OMR", 3),
    (b"PYG", 0),
    (b"RWF", 0),
    (b"TND", 3),
    (b"UGX", 0),
    (b"VND", 0),
    (b"VUV", 0),
    (b"XAF", 0),
    (b"XPF", 0),
];

impl Currency {
    /// US dollars: what Segment's specification assumes where no currency is named.
    pub const USD: Self = Self(*b"USD");
    /// Euros.
    pub const EUR: Self = Self(*b"EUR");

    /// Reads an ISO 4217 code, in any case.
    ///
    /// # Errors
    /// [`MoneyError::Currency`] where the text is not three letters.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        match code.trim().as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_alphabetic()) => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase(), c.to_ascii_uppercase()]))
            }
            _ => Err(MoneyError::Currency { code: code.to_owned() }),
        }
    }

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Decimal digits of the minor unit: 2 for USD, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn digits(&self) -> u32 {
        OTHER_DIGITS.iter().find(|(code, _)| **code == self.0).map_or(2, |(_, digits)| *digits)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Read from where it stands: there is one with every amount of a history.
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Code;

        impl Visitor<'_> for Code {
            type Value = Currency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the three letters of a currency")
            }

            fn visit_str<E: de::Error>(self, code: &str) -> Result<Currency, E> {
                Currency::parse(code).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Code)
    }
}

/// An amount of money: whole minor units of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Whole minor units: cents for USD. May be negative (a refund).
    pub minor: i64,
    /// The currency the minor units are of.
    pub currency: Currency,
}

/// Why an amount of money cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MoneyError {
    /// Not an ISO 4217 code.
    #[error("\"{code}\" is not a currency: give the three letters of ISO 4217, such as \"EUR\"")]
    Currency {
        /// What was given.
        code: String,
    },
    /// Not a finite amount of at most 90 trillion minor units (what a double holds exactly).
    #[error("{amount} is not an amount of money: it must be a number below 90 trillion minor units")]
    Amount {
        /// What was given.
        amount: f64,
    },
}

impl Money {
    /// The largest magnitude that every JSON reader keeps exactly, 2^53, rounded down.
    const MINOR_MAX: f64 = 9.0e15;

    /// An amount from a decimal number of major units, rounded to the nearest minor unit.
    ///
    /// # Errors
    /// [`MoneyError::Amount`] where the number is not finite or too large to be kept exactly.
    pub fn from_major(amount: f64, currency: Currency) -> Result<Self, MoneyError> {
        let minor = (amount * f64::from(10_u32.pow(currency.digits()))).round();
        if minor.is_finite() && minor.abs() <= Self::MINOR_MAX {
            #[expect(clippy::cast_possible_truncation, reason = "the range was checked on the line above")]
            return Ok(Self { minor: minor as i64, currency });
        }
        Err(MoneyError::Amount { amount })
    }

    /// The amount in major units, for showing and for models; sums are made on `minor`.
    #[must_use]
    pub fn to_major(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "amounts are below 2^53 minor units")]
        let minor = self.minor as f64;
        minor / f64::from(10_u32.pow(self.currency.digits()))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.*} {}", self.currency.digits() as usize, self.to_major(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_rounded_to_the_minor_unit_of_their_currency() {
        for (major, code, minor, shown) in [
            (19.99, "usd", 1999, "19.99 USD"),
            (120.0, "JPY", 120, "120 JPY"),
            (1.2345, "KWD", 1235, "1.235 KWD"),
            (-0.1, "EUR", -10, "-0.10 EUR"),
        ] {
            let money = Money::from_major(major, Currency::parse(code).unwrap()).unwrap();
            assert_eq!((money.minor, money.to_string().as_str()), (minor, shown));
        }
    }

    #[test]
    fn what_is_not_money_is_refused() {
        assert!(Currency::parse("EURO").is_err());
        assert!(Currency::parse("E1R").is_err());
        assert!(Money::from_major(f64::NAN, Currency::USD).is_err());
        assert!(Money::from_major(1e30, Currency::USD).is_err());
    }
}
