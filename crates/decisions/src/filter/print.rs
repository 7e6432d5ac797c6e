//! How is a filter written, so that reading it gives the same?

use super::lexer::is_word;
use super::{Ask, Filter, Literal, Subject};
use std::fmt::{Formatter, Result};

pub(super) fn filter(filter: &Filter, f: &mut Formatter<'_>) -> Result {
    match filter {
        Filter::All => Ok(()),
        Filter::And(parts) => joined(parts, " and ", f),
        Filter::Or(parts) => joined(parts, " or ", f),
        Filter::Not(part) => {
            f.write_str("not ")?;
            within(part, f)
        }
        Filter::Test(subject, ask) => test(subject, ask, f),
    }
}

fn joined(parts: &[Filter], word: &str, f: &mut Formatter<'_>) -> Result {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            f.write_str(word)?;
        }
        within(part, f)?;
    }
    Ok(())
}

/// In parentheses where it is made of several.
fn within(part: &Filter, f: &mut Formatter<'_>) -> Result {
    match part {
        Filter::And(_) | Filter::Or(_) => {
            f.write_str("(")?;
            filter(part, f)?;
            f.write_str(")")
        }
        Filter::All | Filter::Not(_) | Filter::Test(..) => filter(part, f),
    }
}

fn test(of: &Subject, ask: &Ask, f: &mut Formatter<'_>) -> Result {
    subject(of, f)?;
    match ask {
        Ask::Exists => f.write_str(" exists"),
        Ask::Contains(text) => {
            f.write_str(" contains ")?;
            quoted(text, f)
        }
        Ask::Is(op, with) => {
            write!(f, " {} ", op.sign())?;
            literal(with, f)
        }
        Ask::In(literals) => {
            f.write_str(" in (")?;
            for (place, one) in literals.iter().enumerate() {
                if place > 0 {
                    f.write_str(", ")?;
                }
                literal(one, f)?;
            }
            f.write_str(")")
        }
    }
}

pub(super) fn subject(subject: &Subject, f: &mut Formatter<'_>) -> Result {
    match subject {
        Subject::Named(name) => f.write_str(name),
        Subject::Score(name) => write!(f, "score.{name}"),
        Subject::Feature(name) => write!(f, "feature.{name}"),
        Subject::Trait(path) => {
            f.write_str("traits")?;
            for name in path {
                f.write_str(".")?;
                if is_word(name) { f.write_str(name)? } else { quoted(name, f)? }
            }
            Ok(())
        }
        Subject::Consent(purpose) => write!(f, "consent.{}", purpose.name()),
        Subject::Segment => f.write_str("segment"),
        Subject::List => f.write_str("list"),
        Subject::LastSeen => f.write_str("last_seen"),
        Subject::FirstSeen => f.write_str("first_seen"),
        Subject::Known => f.write_str("known"),
        Subject::Id => f.write_str("id"),
    }
}

fn literal(literal: &Literal, f: &mut Formatter<'_>) -> Result {
    match literal {
        Literal::Number(number) => write!(f, "{number}"),
        Literal::Text(text) => quoted(text, f),
        Literal::YesNo(yes) => write!(f, "{yes}"),
        Literal::Moment(at) => write!(f, "\"{at}\""),
        Literal::Ago { hours: 0 } => f.write_str("now"),
        Literal::Ago { hours } if hours % 24 == 0 => write!(f, "now-{}d", hours / 24),
        Literal::Ago { hours } => write!(f, "now-{hours}h"),
    }
}

fn quoted(text: &str, f: &mut Formatter<'_>) -> Result {
    f.write_str("\"")?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_str("\\")?;
        }
        write!(f, "{c}")?;
    }
    f.write_str("\"")
}
