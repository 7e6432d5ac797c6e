//! Which words, numbers, texts and signs does a filter consist of, and where do they stand?

use super::{FilterError, Op};

/// A part of the text with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) what: What,
    /// The place of its first character, counted from 1.
    pub(super) at: usize,
    pub(super) n_chars: usize,
}

/// What stands there.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Word(String),
    Number(f64),
    Text(String),
    Op(Op),
    Open,
    Close,
    Comma,
    Dot,
    End,
}

impl What {
    /// As it is told in an error.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Word(word) => format!("\"{}\"", shown(word)),
            Self::Number(number) => format!("the number {number}"),
            Self::Text(text) => format!("the text \"{}\"", shown(text)),
            Self::Op(op) => format!("\"{}\"", op.sign()),
            Self::Open => "\"(\"".to_owned(),
            Self::Close => "\")\"".to_owned(),
            Self::Comma => "\",\"".to_owned(),
            Self::Dot => "\".\"".to_owned(),
            Self::End => "the end".to_owned(),
        }
    }
}

impl Op {
    /// As it is written.
    pub(super) fn sign(self) -> &'static str {
        Self::ALL.into_iter().find(|(op, _)| *op == self).map_or("", |(_, sign)| sign)
    }
}

/// The beginning of what somebody wrote, without what would steer a screen.
fn shown(text: &str) -> String {
    let beginning: String = text.chars().take(40).collect();
    primitives::visible(&beginning).into_owned()
}

/// The parts of a text, the last of them [`What::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let chars: Vec<char> = text.chars().collect();
    let mut lexer = Lexer { chars: &chars, place: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.take_while(char::is_whitespace);
        let first = lexer.place;
        let what = lexer.next()?;
        let is_end = what == What::End;
        tokens.push(Token { what, at: first + 1, n_chars: (lexer.place - first).max(1) });
        if is_end {
            return Ok(tokens);
        }
    }
}

/// Whether a word of the language can begin and go on so.
pub(super) fn is_word(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(begins_word) && chars.all(is_in_word)
}

fn begins_word(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '$')
}

struct Lexer<'a> {
    chars: &'a [char],
    place: usize,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.place + ahead).copied()
    }

    fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> String {
        let rest = self.chars.get(self.place..).unwrap_or_default();
        let taken: String = rest.iter().take_while(|c| is_part(**c)).collect();
        self.place += taken.chars().count();
        taken
    }

    fn next(&mut self) -> Result<What, FilterError> {
        let Some(first) = self.peek(0) else { return Ok(What::End) };
        let second = self.peek(1);
        let (what, n_chars) = match (first, second) {
            ('(', _) => (What::Open, 1),
            (')', _) => (What::Close, 1),
            (',', _) => (What::Comma, 1),
            ('=', Some('=')) => (What::Op(Op::Eq), 2),
            ('=', _) => (What::Op(Op::Eq), 1),
            ('!', Some('=')) | ('<', Some('>')) => (What::Op(Op::Ne), 2),
            ('<', Some('=')) => (What::Op(Op::Le), 2),
            ('<', _) => (What::Op(Op::Lt), 1),
            ('>', Some('=')) => (What::Op(Op::Ge), 2),
            ('>', _) => (What::Op(Op::Gt), 1),
            ('"' | '\'', _) => return self.text(first),
            (c, _) if c.is_ascii_digit() => return self.number(),
            ('-' | '+', Some(next)) if next.is_ascii_digit() => return self.number(),
            ('.', _) => (What::Dot, 1),
            (c, _) if begins_word(c) => return Ok(What::Word(self.take_while(is_in_word))),
            (c, _) => return Err(self.strange(c)),
        };
        self.place += n_chars;
        Ok(what)
    }

    fn strange(&self, c: char) -> FilterError {
        let expected = match c {
            '&' => "and",
            '|' => "or",
            '!' => "not, or != between two things",
            '%' => "a share as a number, such as 0.5 for 50 %",
            _ => "a name, a number, a text in \"…\" or a comparison",
        };
        let found = format!("\"{}\"", shown(&c.to_string()));
        FilterError { at: self.place + 1, n_chars: 1, found, expected: expected.to_owned(), nearest: None }
    }

    fn number(&mut self) -> Result<What, FilterError> {
        let first = self.place;
        let mut written = self.take_while(|c| matches!(c, '+' | '-')).chars().take(1).collect::<String>();
        self.place = first + written.len();
        written += &self.take_while(|c| c.is_ascii_digit() || c == '.');
        let is_exponent = |lexer: &Self| {
            let digit = if matches!(lexer.peek(1), Some('+' | '-')) { lexer.peek(2) } else { lexer.peek(1) };
            matches!(lexer.peek(0), Some('e' | 'E')) && digit.is_some_and(|c| c.is_ascii_digit())
        };
        if is_exponent(self) {
            written += &self.chars[self.place..self.place + 2].iter().collect::<String>();
            self.place += 2;
            written += &self.take_while(|c| c.is_ascii_digit());
        }
        let rest = self.take_while(is_in_word);
        match written.parse::<f64>() {
            Ok(number) if number.is_finite() && rest.is_empty() => Ok(What::Number(number + 0.0)),
            _ => Err(FilterError {
                at: first + 1,
                n_chars: self.place - first,
                found: format!("\"{}\"", shown(&(written + &rest))),
                expected: "a finite number, such as 0.5 or -3".to_owned(),
                nearest: None,
            }),
        }
    }

    /// A text in quotes, in which a backslash takes the next character as it is.
    fn text(&mut self, quote: char) -> Result<What, FilterError> {
        let first = self.place;
        let mut text = String::new();
        self.place += 1;
        loop {
            match self.peek(0) {
                Some(c) if c == quote => {
                    self.place += 1;
                    return Ok(What::Text(text));
                }
                Some('\\') if self.peek(1).is_some() => {
                    text.extend(self.peek(1));
                    self.place += 2;
                }
                Some(c) => {
                    text.push(c);
                    self.place += 1;
                }
                None => {
                    return Err(FilterError {
                        at: first + 1,
                        n_chars: self.place - first,
                        found: format!("the text {quote}{}", shown(&text)),
                        expected: format!("a {quote} at its end"),
                        nearest: None,
                    });
                }
            }
        }
    }
}
