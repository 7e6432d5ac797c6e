//! Which conditions are shorter as an expression?
//!
//! `if (a) b();` is `a && b();`, and with `else c();` it is `a ? b() : c();`: where each branch is one expression, and what
//! binds how closely does not change.

use std::ops::Range;

/// Words with which a statement begins that is no expression.
const STATEMENTS: [&str; 8] = ["{", "if", "for", "return", "throw", "const", "let", ";"];

/// The tokens with their conditions as expressions, where that is shorter.
pub(super) fn shorter(mut tokens: Vec<&str>) -> Vec<&str> {
    // From the last to the first: the condition behind an `else` is an expression when the one before it is looked at.
    for i in (0..tokens.len()).rev() {
        if tokens[i] == "if"
            && let Some((n, expression)) = expression(&tokens[i..])
        {
            tokens.splice(i..i + n, expression);
        }
    }
    tokens
}

/// The condition that some tokens begin with as an expression, and in place of how many tokens.
fn expression<'a>(tokens: &[&'a str]) -> Option<(usize, Vec<&'a str>)> {
    let end = 1 + end_of(tokens.get(1..)?, ")")?;
    let condition = Part::of(tokens, 2..end)?;
    let first = Part::statement(tokens, end + 1)?;
    if tokens.get(first.range.end + 1) == Some(&"else") {
        let other = Part::statement(tokens, first.range.end + 2)?;
        let expression =
            [condition.tokens(tokens), &["?"], &first.whole(tokens), &[":"], &other.whole(tokens)].concat();
        return (!condition.chooses).then_some((other.range.end, expression));
    }
    let is_closer = !condition.is_loose() && !first.is_loose() && !first.lists;
    is_closer.then(|| (first.range.end, [condition.tokens(tokens), &["&", "&"], first.tokens(tokens)].concat()))
}

/// An expression, and what in it binds less closely than `&&`.
struct Part {
    range: Range<usize>,
    /// `a || b`
    is_either: bool,
    /// `a ? b : c`, `a = b`, `a => b`
    chooses: bool,
    /// `a, b`
    lists: bool,
}

impl Part {
    fn statement(tokens: &[&str], start: usize) -> Option<Self> {
        let first = tokens.get(start).filter(|first| !STATEMENTS.contains(first));
        first.and_then(|_| Self::of(tokens, start..start + end_of(&tokens[start..], ";")?))
    }

    fn of(tokens: &[&str], range: Range<usize>) -> Option<Self> {
        let mut part = Self { range: range.clone(), is_either: false, chooses: false, lists: false };
        let mut depth = 0_usize;
        for i in range {
            match *tokens.get(i)? {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.checked_sub(1)?,
                _ if depth > 0 => {}
                "|" => part.is_either = true,
                "," => part.lists = true,
                "?" | "=>" => part.chooses = true,
                "=" => part.chooses |= !matches!(tokens[i - 1], "=" | "!" | "<" | ">") && tokens[i + 1] != "=",
                _ => {}
            }
        }
        Some(part)
    }

    fn is_loose(&self) -> bool {
        self.is_either || self.chooses
    }

    fn tokens<'t, 'a>(&self, tokens: &'t [&'a str]) -> &'t [&'a str] {
        &tokens[self.range.clone()]
    }

    /// As a branch between `?` and `:`, and behind it.
    fn whole<'a>(&self, tokens: &[&'a str]) -> Vec<&'a str> {
        let own = self.tokens(tokens);
        if self.lists { [&["("], own, &[")"]].concat() } else { own.to_vec() }
    }
}

/// Where what the tokens begin with ends: at a token that stands as deep as they do.
fn end_of(tokens: &[&str], end: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate() {
        match *token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 && *token == end {
            return Some(i);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::snippet::shorten::shorten;

    #[test]
    fn a_condition_becomes_an_expression_where_that_says_the_same() {
        for (script, shortened) in [
            ("if (it) go();", "it&&go();"),
            ("if (!it.is) n++;", "!it.is&&n++;"),
            ("if (f(it || no)) go({ is: 1 }, [2]);", "f(it||no)&&go({is:1},[2]);"),
            ("if (it >= 2) go();", "it>=2&&go();"),
            // What binds less closely stays.
            ("if (it || no) go();", "if(it||no)go();"),
            ("if (it) n = 1;", "if(it)n=1;"),
            ("if (it) n += 1;", "if(it)n+=1;"),
            ("if (it) n ||= 1;", "if(it)n||=1;"),
            ("if (it) no || go();", "if(it)no||go();"),
            ("if (it) go(), be();", "if(it)go(),be();"),
            ("if (n = it) go();", "if(n=it)go();"),
            ("if (it) return;", "if(it)return;"),
            ("if (it) { go(); be(); }", "if(it){go();be()}"),
            ("if (it) for (;;) go();", "if(it)for(;;)go();"),
            // With another branch.
            ("if (it || no) go(); else be();", "it||no?go():be();"),
            ("if (it == 1) n = 1; else if (no) be(), do_it(); else go();", "it==1?n=1:no?(be(),do_it()):go();"),
            ("if (it) go(); else if (no) be();", "it?go():no&&be();"),
            ("if (n = it) go(); else be();", "if(n=it)go();else be();"),
            ("if (it) return go(); else be();", "if(it)return go();else be();"),
            ("if (it) go(); else { be(); }", "if(it)go();else{be()}"),
            ("if (it ? no : 1) go(); else be();", "if(it?no:1)go();else be();"),
        ] {
            assert_eq!(shorten(script), shortened, "{script}");
        }
    }
}
