//! How is a figure told beside what it was before?

use crate::chart::{self, Html};
use crate::format;
use primitives::Money;
use std::fmt;

/// How much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured {
    /// Of money.
    Money(Money),
    /// So many.
    Count(u64),
    /// A share of all.
    Share(f64),
    /// So few customers that it is not told how many.
    Few,
}

/// A figure, what it was before, and how it came to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it counts: `Active customers`.
    pub title: String,
    /// What that means, in a sentence.
    pub meaning: String,
    /// Where more is to be seen; empty where nowhere.
    pub href: String,
    /// How much it is; nothing where it is not known.
    pub now: Option<Measured>,
    /// How much it was before.
    pub before: Option<Measured>,
    /// Whether more is better.
    pub is_more_better: bool,
    /// What is said in a few words below it.
    pub note: String,
    /// The days, oldest first; what is not known is not finite.
    pub days: Vec<f64>,
}

impl Measured {
    /// The size, for charts and comparisons; not finite where it is not told.
    #[must_use]
    pub fn size(&self) -> f64 {
        match self {
            Self::Money(money) => money.to_major(),
            Self::Count(n) => format::float(*n),
            Self::Share(share) => *share,
            Self::Few => f64::NAN,
        }
    }

    /// In few digits: `1.23 M EUR`.
    pub(super) fn short(&self) -> String {
        match self {
            Self::Money(money) => format::money_short(*money),
            Self::Count(n) => format::count(*n),
            Self::Share(share) => format::percent(*share),
            Self::Few => "fewer than 5".to_owned(),
        }
    }

    /// With all digits that say something.
    pub(super) fn long(&self) -> String {
        match self {
            Self::Money(money) => format::amount(money.to_major(), Some(money.currency)),
            _ => self.short(),
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl Figure {
    pub(super) fn value(&self) -> String {
        self.now.map_or_else(|| format::NONE.to_owned(), |now| now.short())
    }

    /// By how much it is more or less than before: shares in points, everything else in per cent of what it was.
    pub(super) fn change(&self) -> Option<String> {
        let (now, before) = (self.now?, self.before?);
        let (is, was) = (now.size(), before.size());
        if !is.is_finite() || !was.is_finite() {
            return None;
        }
        let sign = |by: f64, text: &str| if by > 0.0 { format!("+{text}") } else { text.to_owned() };
        match now {
            Measured::Share(_) => {
                let text = format::decimal((is - was) * 100.0, 1);
                Some(format!("{} points", if text == "0.0" { text } else { sign(is - was, &text) }))
            }
            _ if self.mood() == "same" => Some("unchanged".to_owned()),
            // Of nothing there is no per cent.
            _ if was <= 0.0 => None,
            _ => Some(sign(is - was, &format::percent(is / was - 1.0))),
        }
    }

    pub(super) fn before_text(&self) -> String {
        self.before.map_or_else(String::new, |before| format!("before: {}", before.short()))
    }

    /// Whether the change is a good one; `same` where it is neither.
    pub(super) fn mood(&self) -> &'static str {
        let by = self.now.map_or(f64::NAN, |now| now.size()) - self.before.map_or(f64::NAN, |before| before.size());
        match by {
            by if by > 0.0 => ["bad", "good"][usize::from(self.is_more_better)],
            by if by < 0.0 => ["good", "bad"][usize::from(self.is_more_better)],
            _ => "same",
        }
    }

    pub(super) fn has_days(&self) -> bool {
        self.days.iter().any(|value| value.is_finite() && *value != 0.0)
    }

    pub(super) fn spark(&self) -> Html {
        chart::sparkline(&self.days, &format!("{} day by day over {} days", self.title, self.days.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Currency;

    fn figure(now: Option<Measured>, before: Option<Measured>, is_more_better: bool) -> Figure {
        Figure {
            title: "Revenue".to_owned(),
            meaning: String::new(),
            href: String::new(),
            now,
            before,
            is_more_better,
            note: String::new(),
            days: vec![],
        }
    }

    #[test]
    fn a_change_is_told_where_there_was_something_to_change() {
        let money = |minor| Some(Measured::Money(Money { minor, currency: Currency::USD }));
        let count = |n| Some(Measured::Count(n));
        let share = |share| Some(Measured::Share(share));
        for (now, before, change, mood) in [
            (money(11_250), money(10_000), Some("+12.5 %"), "good"),
            (money(7_500), money(10_000), Some("−25 %"), "bad"),
            (count(7), count(7), Some("unchanged"), "same"),
            (count(7), count(0), None, "good"),
            (count(0), count(8), Some("−100 %"), "bad"),
            (count(9), None, None, "same"),
            (None, count(9), None, "same"),
            (count(9), Some(Measured::Few), None, "same"),
            (share(0.315), share(0.3), Some("+1.5 points"), "good"),
            (share(0.3), share(0.315), Some("−1.5 points"), "bad"),
            (share(0.3), share(0.3), Some("0.0 points"), "same"),
            (share(0.3), share(0.0), Some("+30.0 points"), "good"),
            (money(500), money(-500), None, "good"),
        ] {
            let told = figure(now, before, true);
            assert_eq!((told.change().as_deref(), told.mood()), (change, mood), "{now:?} {before:?}");
        }
        assert_eq!(figure(count(8), count(7), false).mood(), "bad", "less is better");
        assert_eq!(figure(count(7), count(8), false).mood(), "good");
    }

    #[test]
    fn few_customers_are_not_counted_out() {
        assert_eq!(figure(Some(Measured::Few), None, true).value(), "fewer than 5");
        assert_eq!(figure(None, None, true).value(), "–");
        let days = |days: &[f64]| Figure { days: days.to_vec(), ..figure(None, None, true) }.has_days();
        assert_eq!([days(&[]), days(&[0.0, f64::NAN]), days(&[0.0, 1.0])], [false, false, true]);
    }
}
