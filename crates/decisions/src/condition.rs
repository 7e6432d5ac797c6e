//! Can a condition be asked of a customer in a decision, and can it hold of anybody?

use crate::filter::{Ask as Asked, Filter, Names, Op, Subject};
use std::collections::BTreeMap;

/// Whether a condition as it was written can be read, asked in a decision, and hold of anybody.
///
/// # Errors
/// What is wrong, and what to write.
pub(crate) fn check(written: &str, names: &Names) -> Result<(), String> {
    let filter = Filter::parse(written, names).map_err(|error| error.to_string())?;
    askable(&filter)?;
    contradiction(&filter).map_or(Ok(()), Err)
}

/// Whether a decision can tell what a condition asks: of lists and names it cannot.
fn askable(filter: &Filter) -> Result<(), String> {
    match filter {
        Filter::All => Ok(()),
        Filter::And(parts) | Filter::Or(parts) => parts.iter().try_for_each(askable),
        Filter::Not(part) => askable(part),
        Filter::Test(Subject::List | Subject::Id, _) => {
            Err("lists and ids are not known in a decision: ask for features, scores, traits, segments or consent"
                .to_owned())
        }
        Filter::Test(Subject::LastSeen | Subject::FirstSeen | Subject::Known, _) => {
            Err("this cannot be asked in a decision yet: ask for features, scores, traits, segments or consent"
                .to_owned())
        }
        Filter::Test(Subject::Trait(path), _) if path.len() > 1 => {
            Err("only whole traits are known in a decision: ask for traits.NAME".to_owned())
        }
        Filter::Test(..) => Ok(()),
    }
}

/// What of a condition can hold of nobody: two bounds on one subject, of which one excludes the other.
fn contradiction(filter: &Filter) -> Option<String> {
    let Filter::And(parts) = filter else { return None };
    let mut bounds: BTreeMap<&Subject, (f64, f64, String)> = BTreeMap::new();
    for part in parts {
        if let Some(why) = contradiction(part) {
            return Some(why);
        }
        let Filter::Test(subject, Asked::Is(op, literal)) = part else { continue };
        let crate::filter::Literal::Number(number) = literal else { continue };
        let (least, most) = match op {
            Op::Eq => (*number, *number),
            Op::Ge => (*number, f64::INFINITY),
            Op::Gt => (number.next_up(), f64::INFINITY),
            Op::Le => (f64::NEG_INFINITY, *number),
            Op::Lt => (f64::NEG_INFINITY, number.next_down()),
            Op::Ne => continue,
        };
        let known = bounds.entry(subject).or_insert((f64::NEG_INFINITY, f64::INFINITY, part.to_string()));
        (known.0, known.1) = (known.0.max(least), known.1.min(most));
        if known.0 > known.1 {
            return Some(format!("it can hold of nobody: {} and {part} exclude each other", known.2));
        }
    }
    None
}
