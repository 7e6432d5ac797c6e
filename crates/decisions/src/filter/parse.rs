//! How does a text become a filter? By recursive descent, with the names that there are.

use super::lexer::{Token, What, tokens};
use super::names::WORDS;
use super::{Ask, DEPTH_MAX, FILTER_BYTES_MAX, Filter, FilterError, Literal, Measure, Names, Op, Subject};
use governance::Purpose;
use primitives::Timestamp;

/// How many things `in (…)` may name.
const N_IN_MAX: usize = 1_000;
/// More hours than anybody has customers for: a hundred years.
const HOURS_MAX: u32 = 876_600;

const A_NAME: &str = "a name, such as churn, traits.city or orders_365d";
const A_CONDITION: &str = "a condition, such as churn > 0.5, traits.city = \"Graz\" or not (…)";

pub(super) fn parse(text: &str, names: &Names) -> Result<Filter, FilterError> {
    let mut parser = Parser::new(text, names)?;
    if parser.is_at(&What::End) {
        return Ok(Filter::All);
    }
    let filter = parser.either(0)?;
    parser.end("and, or, or the end")?;
    Ok(filter)
}

pub(super) fn subject(text: &str, names: &Names) -> Result<Subject, FilterError> {
    let mut parser = Parser::new(text, names)?;
    let (subject, _) = parser.subject(A_NAME)?;
    parser.end("the end of the name")?;
    Ok(subject)
}

struct Parser<'a> {
    tokens: Vec<Token>,
    place: usize,
    names: &'a Names,
}

impl<'a> Parser<'a> {
    fn new(text: &str, names: &'a Names) -> Result<Self, FilterError> {
        if text.len() > FILTER_BYTES_MAX {
            return Err(FilterError {
                at: 1,
                n_chars: 1,
                found: format!("{} bytes", text.len()),
                expected: format!("{FILTER_BYTES_MAX} bytes at the most"),
                nearest: None,
            });
        }
        Ok(Self { tokens: tokens(text)?, place: 0, names })
    }

    fn token(&self) -> &Token {
        &self.tokens[self.place]
    }

    fn is_at(&self, what: &What) -> bool {
        self.token().what == *what
    }

    fn is_at_word(&self, wanted: &str) -> bool {
        matches!(&self.token().what, What::Word(word) if word.eq_ignore_ascii_case(wanted))
    }

    fn next(&mut self) -> Token {
        let token = self.token().clone();
        // The last one is the end, and is never passed.
        self.place += usize::from(token.what != What::End);
        token
    }

    fn take(&mut self, what: &What) -> bool {
        let is_there = self.is_at(what);
        self.place += usize::from(is_there);
        is_there
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_there = self.is_at_word(word);
        self.place += usize::from(is_there);
        is_there
    }

    fn wrong<T>(&self, expected: impl Into<String>, nearest: Option<String>) -> Result<T, FilterError> {
        Err(wrong(self.token(), expected, nearest))
    }

    fn end(&self, expected: &str) -> Result<(), FilterError> {
        if self.is_at(&What::End) {
            return Ok(());
        }
        let nearest = match &self.token().what {
            What::Word(word) => Names::near(word, ["and", "or"]),
            _ => None,
        };
        self.wrong(expected, nearest)
    }

    fn either(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.all_of(depth)?];
        while self.take_word("or") {
            parts.push(self.all_of(depth)?);
        }
        Ok(joined(parts, Filter::Or))
    }

    fn all_of(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.one(depth)?];
        while self.take_word("and") {
            parts.push(self.one(depth)?);
        }
        Ok(joined(parts, Filter::And))
    }

    fn one(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth > DEPTH_MAX {
            return self.wrong(format!("no more than {DEPTH_MAX} parentheses and nots within each other"), None);
        }
        if self.take_word("not") {
            return Ok(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.take(&What::Open) {
            let inner = self.either(depth + 1)?;
            if !self.take(&What::Close) {
                return self.wrong("and, or, or \")\"", None);
            }
            return Ok(inner);
        }
        let (subject, measure) = self.subject(A_CONDITION)?;
        let ask = self.ask(&subject, measure)?;
        Ok(Filter::Test(subject, ask))
    }

    fn subject(&mut self, expected: &str) -> Result<(Subject, Measure), FilterError> {
        let first = self.token().clone();
        let What::Word(word) = &first.what else { return self.wrong(expected, None) };
        self.place += 1;
        let is_followed = self.take(&What::Dot);
        let subject = match (word.as_str(), is_followed) {
            ("traits" | "consent" | "score" | "feature", false) => {
                return self.wrong(format!("a \".\" and a name after {word}, such as {word}.name"), None);
            }
            ("traits", true) => Subject::Trait(self.path()?),
            ("consent", true) => Subject::Consent(self.purpose()?),
            ("score", true) => Subject::Score(self.name_of("a score", self.names.scores.keys())?),
            ("feature", true) => Subject::Feature(self.name_of("a feature", &self.names.features)?),
            (word, true) => {
                let expected = "traits.…, consent.…, score.… or feature.… before the \".\"";
                return Err(wrong(&first, expected, Names::near(word, ["traits", "consent", "score", "feature"])));
            }
            ("segment", _) => Subject::Segment,
            ("list", _) => Subject::List,
            ("last_seen", _) => Subject::LastSeen,
            ("first_seen", _) => Subject::FirstSeen,
            ("known", _) => Subject::Known,
            ("id", _) => Subject::Id,
            (name, _) => Subject::Named(name.to_owned()),
        };
        match self.names.measure(&subject) {
            Some(measure) => Ok((subject, measure)),
            None => {
                let expected = format!("a score, a feature, traits.…, consent.…, {}", WORDS.join(", "));
                Err(wrong(&first, expected, Names::near(word, self.names.subjects())))
            }
        }
    }

    fn path(&mut self) -> Result<Vec<String>, FilterError> {
        let mut path = Vec::new();
        loop {
            match self.next() {
                Token { what: What::Word(name) | What::Text(name), .. } if !name.is_empty() => path.push(name),
                other => return Err(wrong(&other, "the name of a trait, in \"…\" where it has other signs", None)),
            }
            if path.len() > DEPTH_MAX {
                return self.wrong(format!("no more than {DEPTH_MAX} names within each other"), None);
            }
            if !self.take(&What::Dot) {
                return Ok(path);
            }
        }
    }

    fn purpose(&mut self) -> Result<Purpose, FilterError> {
        let names = || Purpose::ALL.map(Purpose::name);
        let token = self.next();
        let What::Word(word) = &token.what else {
            return Err(wrong(&token, format!("a purpose: {}", names().join(", ")), None));
        };
        let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.name() == word);
        purpose.ok_or_else(|| wrong(&token, format!("a purpose: {}", names().join(", ")), Names::near(word, names())))
    }

    fn name_of<'n>(
        &mut self,
        what: &str,
        names: impl IntoIterator<Item = &'n String> + Clone,
    ) -> Result<String, FilterError> {
        let token = self.next();
        match &token.what {
            What::Word(word) if names.clone().into_iter().any(|name| name == word) => Ok(word.clone()),
            What::Word(word) => {
                let near = Names::near(word, names.into_iter().map(String::as_str));
                Err(wrong(&token, format!("the name of {what}"), near))
            }
            _ => Err(wrong(&token, format!("the name of {what}"), None)),
        }
    }

    fn ask(&mut self, subject: &Subject, measure: Measure) -> Result<Ask, FilterError> {
        if self.take_word("exists") {
            return Ok(Ask::Exists);
        }
        if self.is_at_word("contains")
            && matches!(measure, Measure::Any | Measure::Text | Measure::Name)
            && !matches!(subject, Subject::List)
        {
            self.place += 1;
            return match self.next() {
                Token { what: What::Text(text), .. } => Ok(Ask::Contains(text)),
                other => Err(wrong(&other, "a text in \"…\"", None)),
            };
        }
        if self.take_word("in") {
            return self.any_of(subject, measure);
        }
        if let What::Op(op) = self.token().what {
            if matches!(measure, Measure::Name | Measure::Text | Measure::YesNo) && !matches!(op, Op::Eq | Op::Ne) {
                return self.wrong(format!("= or != after {subject}"), None);
            }
            self.place += 1;
            return Ok(Ask::Is(op, self.literal(subject, measure)?));
        }
        if measure == Measure::YesNo {
            return Ok(Ask::Is(Op::Eq, Literal::YesNo(true)));
        }
        let (expected, nearest) = match &self.token().what {
            What::Word(word) => {
                ("a comparison: =, !=, <, <=, >, >=, in (…)", Names::near(word, ["in", "contains", "exists"]))
            }
            _ => ("a comparison: =, !=, <, <=, >, >=, in (…)", None),
        };
        let also = if matches!(measure, Measure::Any | Measure::Text) { ", contains or exists" } else { " or exists" };
        self.wrong(format!("{expected}{also}"), nearest)
    }

    fn any_of(&mut self, subject: &Subject, measure: Measure) -> Result<Ask, FilterError> {
        if !self.take(&What::Open) {
            return self.wrong("\"(\" and what it may be, such as in (1, 2)", None);
        }
        let mut literals = Vec::new();
        loop {
            literals.push(self.literal(subject, measure)?);
            if literals.len() > N_IN_MAX {
                return self.wrong(format!("no more than {N_IN_MAX} things in (…)"), None);
            }
            if self.take(&What::Close) {
                return Ok(Ask::In(literals));
            }
            if !self.take(&What::Comma) {
                return self.wrong("\",\" or \")\"", None);
            }
        }
    }

    fn literal(&mut self, subject: &Subject, measure: Measure) -> Result<Literal, FilterError> {
        let token = self.next();
        let yes_no = |word: &str| match word {
            _ if word.eq_ignore_ascii_case("true") => Some(Literal::YesNo(true)),
            _ if word.eq_ignore_ascii_case("false") => Some(Literal::YesNo(false)),
            _ => None,
        };
        let (literal, expected) = match (measure, &token.what) {
            (Measure::Number | Measure::Any, What::Number(number)) => (Some(Literal::Number(*number)), ""),
            (Measure::Any | Measure::Text, What::Text(text)) => (Some(Literal::Text(text.clone())), ""),
            (Measure::Any | Measure::YesNo, What::Word(word)) => (yes_no(word), "true or false, or a text in \"…\""),
            (Measure::Moment, What::Text(text)) => {
                (Timestamp::parse(text).ok().map(Literal::Moment), "a date or a moment, such as \"2026-11-29\"")
            }
            (Measure::Moment, What::Word(word)) => (ago(word), "now-30d, now-12h or a date in \"…\""),
            (Measure::Name, What::Text(name)) => return self.name(subject, name, &token),
            (Measure::Number, _) => (None, "a number"),
            (Measure::Any, _) => (None, "a number, a text in \"…\", true or false"),
            (Measure::Text | Measure::Name, _) => (None, "a text in \"…\""),
            (Measure::Moment, _) => (None, "a date in \"…\", or now-30d"),
            (Measure::YesNo, _) => (None, "true or false"),
        };
        literal.ok_or_else(|| wrong(&token, expected, None))
    }

    /// A name in quotes: a segment and a list must be there.
    fn name(&self, subject: &Subject, name: &str, token: &Token) -> Result<Literal, FilterError> {
        let (known, what) = match subject {
            Subject::Segment => (&self.names.segments, "the name of a segment"),
            Subject::List => (&self.names.lists, "the name of a saved list"),
            _ => return Ok(Literal::Text(name.to_owned())),
        };
        if known.contains(name) {
            return Ok(Literal::Text(name.to_owned()));
        }
        let near = Names::near(name, known.iter().map(String::as_str)).map(|name| format!("\"{name}\""));
        Err(wrong(token, what, near))
    }
}

fn joined(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    if parts.len() == 1 { parts.remove(0) } else { join(parts) }
}

fn wrong(token: &Token, expected: impl Into<String>, nearest: Option<String>) -> FilterError {
    FilterError {
        at: token.at,
        n_chars: token.n_chars,
        found: token.what.in_words(),
        expected: expected.into(),
        nearest,
    }
}

fn ago(word: &str) -> Option<Literal> {
    let rest = word.to_ascii_lowercase();
    let rest = rest.strip_prefix("now")?;
    if rest.is_empty() {
        return Some(Literal::Ago { hours: 0 });
    }
    let rest = rest.strip_prefix('-')?;
    let (n, hours_each) = match (rest.strip_suffix('d'), rest.strip_suffix('h')) {
        (Some(n), _) => (n, 24),
        (_, Some(n)) => (n, 1),
        _ => return None,
    };
    // A word has no sign before it.
    let hours = n.parse::<u32>().ok()?.checked_mul(hours_each)?;
    (hours <= HOURS_MAX).then_some(Literal::Ago { hours })
}
