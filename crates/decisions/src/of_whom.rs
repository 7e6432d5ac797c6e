//! Of whom is a question asked, and why is it not asked of this customer?

use learning::{Among, What};

/// Of whom a question is asked, where that is not everyone, and not who bought.
#[derive(Debug, Clone)]
pub(crate) struct OfWhom(Among);

impl OfWhom {
    /// Of whom an outcome is asked; `None` where nothing need be kept of customers to tell.
    pub(crate) fn of(among: &Among) -> Option<Self> {
        (!among.probes().is_empty()).then(|| Self(among.clone()))
    }

    /// Why it is not asked of somebody of whom [`Among::probes`] found this; nothing was found where it is not kept yet.
    pub(crate) fn why_not(&self, found: Option<&Vec<f64>>) -> Option<String> {
        let Self(among) = self;
        let asked = format!("The question is asked of who {}", in_words(among));
        let Some(found) = found else { return Some(format!("{asked}, which is still being counted")) };
        if among.holds(found) {
            return None;
        }
        let ago = |days: &f64| format!("the customer last did {} ago", whole_days(*days));
        let why = match (among, found.as_slice()) {
            (Among::Did { at_least: 1, .. } | Among::Never(_), [days]) if days.is_finite() => ago(days),
            (Among::Did { .. }, [times]) if *times > 0.0 => format!("the customer did {times:.0} of them"),
            (Among::Open { .. }, [began, ended]) if began.is_finite() => {
                format!("that ended {} ago", whole_days(*ended))
            }
            _ => "the customer never did".to_owned(),
        };
        Some(format!("{asked}, and {why}"))
    }
}

/// Of whom it is asked: `did "Signed In" within 30 days`.
fn in_words(among: &Among) -> String {
    match among {
        Among::Everyone => "is a customer".to_owned(),
        Among::Did { what, within_days, at_least } => {
            let often = if *at_least > 1 { format!(" at least {at_least} times") } else { String::new() };
            #[expect(clippy::cast_precision_loss, reason = "days are few")]
            let within = whole_days(*within_days as f64);
            format!("did {}{often} within {within}", named(what))
        }
        Among::Never(what) => format!("never did {}", named(what)),
        Among::Open { began, ended } => format!("did {} and not {} since", named(began), named(ended)),
    }
}

/// `1 day`, `30 days`.
fn whole_days(days: f64) -> String {
    let days = days.floor();
    let plural = if days.to_bits() == 1.0_f64.to_bits() { "" } else { "s" };
    format!("{days:.0} day{plural}")
}

fn named(what: &What) -> String {
    match what {
        What::Purchase => "an order".to_owned(),
        What::Event(filter) => filter.to_string(),
    }
}
