//! How does a script that people read become one that browsers load quickly?
//!
//! Comments and blanks go, and every name that the script declares becomes a short one: the same for all that are called
//! alike, so that scopes do not matter. What stands behind a dot or before a colon is a name of the browser's or of an
//! event's, and stays. The script keeps to the few forms of the language for which that is true; its head lists them.

mod conditions;

use std::collections::{BTreeMap, BTreeSet};

/// Words behind which a name is declared.
const DECLARING: [&str; 4] = ["const", "let", "var", "function"];

/// Words of the language, which are no names.
const RESERVED: [&str; 5] = ["as", "do", "if", "in", "of"];

/// The shortest form of a script of ours.
pub(super) fn shorten(script: &str) -> String {
    let tokens = conditions::shorter(tokens(script));
    let short = short_names(&tokens);
    let mut out = String::new();
    let mut write = |text: &str| {
        // Two words would become one, and two signs another sign.
        let is_apart = match (out.chars().last(), text.chars().next()) {
            (Some(last), Some(next)) => is_word(last) && is_word(next) || last == next && matches!(next, '+' | '-'),
            _ => false,
        };
        if is_apart {
            out.push(' ');
        }
        out.push_str(text);
    };
    let mut declarations = Declarations::default();
    for (i, token) in tokens.iter().enumerate() {
        let is_needless = *token == ";" && tokens.get(i + 1) == Some(&"}") || is_around_one_argument(&tokens, i);
        match declarations.take(&tokens, i) {
            Some(joined) => write(joined),
            None if is_needless => {}
            None => write(match *token {
                "true" => "!0",
                token if is_of_the_script(&tokens, i) => short.get(token).map_or(token, String::as_str),
                token => token,
            }),
        }
    }
    out
}

/// Whether a parenthesis is not needed: `(a) => …` is `a => …`.
fn is_around_one_argument(tokens: &[&str], i: usize) -> bool {
    let is = |i: usize, token| tokens.get(i) == Some(&token);
    let is_name = |i: usize| tokens.get(i).is_some_and(|token| token.starts_with(is_word));
    let opens = |i: usize| is(i, "(") && is_name(i + 1) && is(i + 2, ")") && is(i + 3, "=>");
    opens(i) || i.checked_sub(2).is_some_and(opens)
}

/// Which declarations follow one another? They are written as one.
#[derive(Default)]
struct Declarations {
    depth: usize,
    /// How deep those stand that have not ended.
    open: Vec<usize>,
}

impl Declarations {
    /// What is written in place of a token, if it is part of how declarations are joined.
    fn take(&mut self, tokens: &[&str], i: usize) -> Option<&'static str> {
        let is_declaring = |i: usize| matches!(tokens.get(i), Some(&("const" | "let")));
        match *tokens.get(i)? {
            "(" | "[" | "{" => self.depth += 1,
            ")" | "]" | "}" => self.depth = self.depth.saturating_sub(1),
            "const" | "let" if i > 0 && tokens.get(i - 1) == Some(&"(") => return Some("let"),
            "const" | "let" if self.open.last() == Some(&self.depth) => return Some(""),
            "const" | "let" => {
                self.open.push(self.depth);
                return Some("let");
            }
            ";" if self.open.last() == Some(&self.depth) => {
                if is_declaring(i + 1) {
                    return Some(",");
                }
                self.open.pop();
            }
            _ => {}
        }
        None
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$')
}

/// Texts, words and signs; comments and blanks are none.
fn tokens(script: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = script.trim_start();
    while let Some(first) = rest.chars().next() {
        let n = match first {
            '/' if rest.starts_with("//") => {
                rest = rest.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
                continue;
            }
            '\'' => 2 + rest[1..].find('\'').unwrap_or(rest.len() - 2),
            _ if is_word(first) => rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()),
            _ => ["...", "=>", "?.", "++", "--"]
                .iter()
                .find(|sign| rest.starts_with(**sign))
                .map_or(first.len_utf8(), |s| s.len()),
        };
        let (token, after) = rest.split_at(n);
        found.push(token);
        rest = after.trim_start();
    }
    found
}

/// Whether a word is a name of the script's own scopes, and not of an object's.
fn is_of_the_script(tokens: &[&str], i: usize) -> bool {
    let before = i.checked_sub(1).and_then(|i| tokens.get(i)).copied().unwrap_or_default();
    let after = tokens.get(i + 1).copied().unwrap_or_default();
    let is_key = after == ":" && matches!(before, "{" | ",");
    !matches!(before, "." | "?.") && !is_key
}

/// How deep each token stands, and in which statement of the script's own.
fn places(tokens: &[&str]) -> Vec<(usize, usize)> {
    let (mut depth, mut statement, mut outermost) = (0_usize, 0, None);
    let place = |token: &&str| {
        match *token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            token if DECLARING.contains(&token) => outermost = outermost.or(Some(depth)),
            ";" if outermost == Some(depth) => statement += 1,
            _ => {}
        }
        (depth - outermost.unwrap_or(depth).min(depth), statement)
    };
    tokens.iter().map(place).collect()
}

/// A name that is declared: behind a word that declares, or as an argument.
#[derive(Default)]
struct Declared {
    count: usize,
    /// Whether the whole script sees it.
    is_everywhere: bool,
    /// The statements that it stands in.
    statements: BTreeSet<usize>,
}

impl Declared {
    fn meets(&self, other: &Self) -> bool {
        self.is_everywhere && other.is_everywhere || !self.statements.is_disjoint(&other.statements)
    }
}

fn declared<'a>(tokens: &[&'a str]) -> BTreeMap<&'a str, Declared> {
    let mut names: BTreeMap<&str, Declared> = BTreeMap::new();
    let is_name = |token: &str| token.starts_with(|first: char| is_word(first) && !first.is_ascii_digit());
    let places = places(tokens);
    for (i, (token, (depth, _))) in tokens.iter().zip(&places).enumerate() {
        let next = tokens.get(i + 1).copied().unwrap_or_default();
        if DECLARING.contains(token) && is_name(next) {
            names.entry(next).or_default().is_everywhere |= *depth == 0;
        }
        if *token == "=>" {
            let before = tokens.get(..i).unwrap_or_default();
            let start = before.iter().rposition(|token| *token == "(").unwrap_or(i);
            for name in before.iter().skip(start).filter(|token| is_name(token)) {
                names.entry(name).or_default();
            }
        }
    }
    for (i, (token, (_, statement))) in tokens.iter().zip(&places).enumerate() {
        if let Some(name) = names.get_mut(token).filter(|_| is_of_the_script(tokens, i)) {
            name.count += 1;
            name.statements.insert(*statement);
        }
    }
    names
}

/// A short name for each that is declared, the shortest for what stands there most often. Two share one where none of the
/// script's statements has both.
fn short_names<'a>(tokens: &[&'a str]) -> BTreeMap<&'a str, String> {
    let declared = declared(tokens);
    let is_other = |i: usize, token: &str| !declared.contains_key(token) && is_of_the_script(tokens, i);
    let others: BTreeSet<&str> =
        tokens.iter().enumerate().filter(|(i, token)| is_other(*i, token)).map(|(_, token)| *token).collect();
    let letters = || ('a'..='z').chain('A'..='Z');
    let short =
        || letters().map(String::from).chain(letters().flat_map(move |a| letters().map(move |b| format!("{a}{b}"))));
    let mut free: Vec<(String, Vec<&Declared>)> = short()
        .filter(|name| !others.contains(name.as_str()) && !RESERVED.contains(&name.as_str()))
        .map(|name| (name, Vec::new()))
        .collect();
    let mut names: Vec<(&&str, &Declared)> = declared.iter().collect();
    names.sort_by_key(|(name, declared)| (std::cmp::Reverse(declared.count), **name));
    let mut found = BTreeMap::new();
    for (name, declared) in names {
        let fits = free.iter_mut().find(|(_, taken)| !taken.iter().any(|other| other.meets(declared)));
        if let Some((short, taken)) = fits {
            taken.push(declared);
            found.insert(*name, short.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_browser_and_the_events_call_something_stays() {
        for (script, shortened) in [
            ("// Why.\nconst count = 1;\nsend(count);", "let a=1;send(a);"),
            ("const count = { count: other.count };", "let a={count:other.count};"),
            ("let first = 1; let second = first + +first - -second--;", "let a=1,b=a+ +a- -b--;"),
            ("f(x ? first : 1); const first = 'first // no comment';", "f(x?a:1);let a='first // no comment';"),
            ("const add = (left, right) => { return left + right; };", "let c=(a,b)=>{return a+b};"),
            ("const add = (left) => (left - -1) in a;", "let c=b=>(b- -1)in a;"),
            ("return (one) => ({ one: true });", "return a=>({one:!0});"),
            (
                "run(() => { const a1 = 1; go(a1); let b1; let c1; }); const d1 = 1;",
                "run(()=>{let a=1;go(a);let b,c});let d=1;",
            ),
            ("for (const one of list) { let two = one; } let three;", "for(let a of list){let c=a}let b;"),
            (
                "site.run = function () { run(arguments?.run); }; const run = 1;",
                "site.run=function(){a(arguments?.run)};let a=1;",
            ),
        ] {
            assert_eq!(shorten(script), shortened, "{script}");
        }
    }

    #[test]
    fn no_two_names_become_one_however_many_there_are() {
        let names: Vec<String> = (0..900).map(|n| format!("name{n}")).collect();
        let script: String = names.iter().map(|name| format!("const {name} = {name};")).collect();
        let tokens = tokens(&script);
        let short = short_names(&tokens);
        let distinct: BTreeSet<&String> = short.values().collect();
        assert_eq!((short.len(), distinct.len()), (900, 900));
        assert!(RESERVED.iter().all(|word| !distinct.contains(&(*word).to_owned())));
        assert!(distinct.contains(&"dn".to_owned()));
    }
}
