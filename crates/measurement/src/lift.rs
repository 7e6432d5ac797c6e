//! What were the decisions worth, in money?

use crate::Interval;
use crate::statistics::{How, Moments, Srm, compare, count, srm};
use serde::{Deserialize, Serialize};

/// Whom the treated are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// With those held out of everything.
    Everything,
    /// With those held out of this kind alone.
    OwnHoldout,
    /// Those who met this kind, with those held out of everything who would have: it tells what all decisions together
    /// did to them.
    EverythingForThose,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct About<'a> {
    /// The kind, in words: "recommendations".
    pub what: &'a str,
    /// The measure, in words: "revenue in 28 days".
    pub measure: &'a str,
    /// The currency, where the measure is money.
    pub currency: Option<&'a str>,
    /// Whom with.
    pub against: Against,
    /// The share that is held out.
    pub share: f64,
    /// How: minding lopsided values, and what was before.
    pub how: How,
}

/// What decisions were worth. Where it cannot be told the numbers are missing, with the reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lift {
    /// Customers held out.
    pub n_control: u64,
    /// Customers treated.
    pub n_treated: u64,
    /// Whether as many are held out as should be.
    pub srm: Srm,
    /// The measure a customer of those held out.
    pub control: Option<f64>,
    /// The same of the treated.
    pub treated: Option<f64>,
    /// Treated / held out − 1.
    pub lift: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
    /// The interval that holds at every look.
    pub sequential: Option<Interval>,
    /// What it was worth altogether: the difference, times the treated.
    pub money: Option<f64>,
    /// Its interval.
    pub money_interval: Option<Interval>,
    /// How likely a difference this large is where there is none.
    pub p: Option<f64>,
    /// In which currency.
    pub currency: Option<String>,
    /// In a sentence.
    pub says: String,
    /// Why something is missing.
    pub reason: Option<String>,
}

/// Reports what decisions were worth, against who was held out of them.
///
/// ```text
/// lift  = (ȳ_T − ȳ_C) / ȳ_C,      money = (ȳ_T − ȳ_C) · n_T, with the interval of the difference
/// ```
/// *Parameters*: y is the measure since the first exposure, over windows that are cut alike in both arms; x the same
/// measure from before it. *Edge cases*: nobody held out, nobody treated, or more or fewer held out than chance makes of
/// the share: no number, and the reason. *Cost*: constant.
///
/// ```
/// use measurement::lift::{About, Against, report};
/// use measurement::statistics::{How, Measure, Moments};
/// let about = About {
///     what: "all decisions",
///     measure: "revenue in 28 days",
///     currency: Some("EUR"),
///     against: Against::Everything,
///     share: 0.5,
///     how: How::new(Measure::Mean),
/// };
/// let lift = report(&Moments::of([9.0, 10.0, 11.0, 10.0]), &Moments::of([12.0, 12.5, 11.5, 12.0]), &about);
/// assert!((lift.lift.unwrap() - 0.2).abs() < 1e-12 && (lift.money.unwrap() - 8.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn report(held_out: &Moments, treated: &Moments, about: &About<'_>) -> Lift {
    let mut lift = Lift {
        n_control: held_out.n,
        n_treated: treated.n,
        srm: srm(&[held_out.n, treated.n], &[about.share, 1.0 - about.share]),
        control: None,
        treated: None,
        lift: None,
        interval: None,
        sequential: None,
        money: None,
        money_interval: None,
        p: None,
        currency: about.currency.map(str::to_owned),
        says: String::new(),
        reason: None,
    };
    if let Some(reason) = refused(&lift, about) {
        lift.says = format!("What {} were worth cannot be told: {reason}.", about.what);
        lift.reason = Some(reason);
        return lift;
    }
    let compared = compare(held_out, treated, &about.how);
    (lift.control, lift.treated, lift.reason) = (compared.control, compared.treated, compared.reason);
    // Where too little is known for a lift with an interval, a sum of money would be read as if it were known.
    if let Some(difference) = compared.difference.filter(|_| compared.lift.is_some()) {
        let n = count(treated.n);
        lift.money = Some(difference.value * n);
        lift.money_interval = Some(Interval { low: difference.fixed.low * n, high: difference.fixed.high * n });
        lift.p = Some(difference.p);
    }
    if let Some(effect) = compared.lift {
        (lift.lift, lift.interval, lift.sequential) = (Some(effect.value), Some(effect.fixed), Some(effect.sequential));
    }
    lift.says = says(&lift, about);
    lift
}

fn refused(lift: &Lift, about: &About<'_>) -> Option<String> {
    if about.share <= 0.0 {
        return Some("nobody is held out; set `share` in `[holdout]`".to_owned());
    }
    if lift.n_control == 0 || lift.n_treated == 0 {
        let who = if lift.n_control == 0 { "who is held out" } else { "who is not held out" };
        return Some(format!("nobody {who} has met them for long enough yet"));
    }
    (!lift.srm.ok).then(|| {
        format!(
            "{} held out of {} is not what chance makes of {} %, so something loses customers of one side",
            lift.n_control,
            lift.n_control + lift.n_treated,
            100.0 * about.share
        )
    })
}

fn says(lift: &Lift, about: &About<'_>) -> String {
    let whom = match about.against {
        Against::Everything => "those held out of everything",
        Against::OwnHoldout => "those held out of them alone",
        Against::EverythingForThose => {
            "those held out of everything who would have met them, so it counts what all decisions did to these customers"
        }
    };
    let (Some(by), Some(interval)) = (lift.lift, lift.interval) else {
        let reason = lift.reason.as_deref().unwrap_or("there is nothing to divide by");
        return format!("The lift of {} cannot be told: {reason}.", about.what);
    };
    let percent = |share: f64| format!("{:+.1}", 100.0 * share);
    let certain = match (interval.low > 0.0, interval.high < 0.0) {
        (true, _) => "more",
        (_, true) => "less",
        _ => "not clearly more or less",
    };
    let mut says = format!(
        "{} of {} was {certain}: {} % ({} to {} %) against {whom}",
        primitives::capital(about.measure),
        about.what,
        percent(by),
        percent(interval.low),
        percent(interval.high)
    );
    if let (Some(money), Some(interval), Some(currency)) = (lift.money, lift.money_interval, about.currency) {
        let [money, low, high] = [money, interval.low, interval.high].map(primitives::whole);
        says = format!("{says}; {money} {currency} in all ({low} to {high})");
    }
    format!("{says}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Measure;
    use proptest::prelude::*;

    fn about(share: f64) -> About<'static> {
        About {
            what: "recommendations",
            measure: "revenue in 28 days",
            currency: Some("EUR"),
            against: Against::OwnHoldout,
            share,
            how: How::new(Measure::Mean).lopsided(),
        }
    }

    fn arm(n: usize, at: f64) -> Moments {
        Moments::of((0..n).map(|k| at + f64::from(u32::try_from(k % 7).unwrap())))
    }

    #[test]
    fn what_was_earned_is_told_with_its_interval() {
        let found = report(&arm(700, 40.0), &arm(700, 44.0), &about(0.5));
        assert!(
            found.says.starts_with("Revenue in 28 days of recommendations was more: +9.3 % (+8.8 to +9.8 %)"),
            "{}",
            found.says
        );
        assert!(found.says.contains("2,800 EUR in all ("), "{}", found.says);
        let less = report(&arm(700, 44.0), &arm(700, 40.0), &about(0.5));
        assert!(less.says.contains("was less: -8.5 %") && less.money.unwrap() < 0.0, "{}", less.says);
    }

    #[test]
    fn without_a_holdout_it_says_what_to_do() {
        let found = report(&Moments::default(), &arm(700, 44.0), &about(0.0));
        assert_eq!(found.lift, None);
        assert_eq!(found.reason.as_deref(), Some("nobody is held out; set `share` in `[holdout]`"));
        assert!(report(&Moments::default(), &arm(70, 44.0), &about(0.05)).reason.unwrap().contains("who is held out"));
    }

    #[test]
    fn a_holdout_of_the_wrong_size_tells_nothing() {
        let found = report(&arm(600, 40.0), &arm(9_400, 44.0), &about(0.05));
        assert!(found.money.is_none() && found.control.is_none());
        assert!(found.says.contains("600 held out of 10000 is not what chance makes of 5 %"), "{}", found.says);
    }

    #[test]
    fn a_control_of_nothing_has_neither_lift_nor_money() {
        let found = report(&Moments::of([0.0; 500]), &arm(500, 1.0), &about(0.5));
        assert!(found.money.is_none() && found.money_interval.is_none() && found.lift.is_none());
        assert!(found.says.contains("not clearly above 0"), "{}", found.says);
    }

    proptest! {
        #[test]
        fn money_is_the_difference_times_the_treated(at in 1.0_f64..100.0, n in 100_usize..400) {
            let found = report(&arm(n, 20.0), &arm(n, at), &about(0.5));
            let expected = (found.treated.unwrap() - found.control.unwrap()) * count(found.n_treated);
            prop_assert!((found.money.unwrap() - expected).abs() < 1e-6 * (1.0 + expected.abs()));
            let interval = found.money_interval.unwrap();
            prop_assert!(interval.low <= expected && expected <= interval.high);
        }
    }
}
