//! Of which words, signs and emoji is a message made, and which words are said not to be so?

use super::emoji;

/// So many words after a negation are what it denies, unless the clause ends before.
const N_DENIED: usize = 4;
/// Words that deny what comes after them; those that end in `n't` do, too.
const DENYING: [&str; 21] = [
    "not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "cannot", "without", "hardly", "barely",
    "isnt", "arent", "wasnt", "dont", "doesnt", "didnt", "wont", "cant", "aint",
];
/// Words that begin a new clause, so that nothing before them denies what comes after.
const PARTING: [&str; 3] = ["but", "and", "because"];

/// A word, sign or emoji.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    /// Whether it stands where a negation before it reaches.
    pub(super) is_denied: bool,
}

/// The tokens of a plain message.
///
/// Letters that stand more than twice in a row stand once; single full stops part clauses and are no tokens; after an emoji
/// comes what it says in a word. Of a message that is not to be read by its words, signs and emoji alone.
pub(super) fn tokens(plain: &str, with_words: bool) -> Vec<Token> {
    let mut reader = Reader { tokens: Vec::with_capacity(plain.len() / 4), n_denied_left: 0, with_words };
    for word in plain.split(' ') {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                reader.word(rest)
            } else if let Some(length) = emoticon(rest) {
                reader.sign(rest.get(..length).unwrap_or_default());
                length
            } else {
                reader.signs(rest, first)
            };
            rest = rest.get(length.max(first.len_utf8())..).unwrap_or_default();
        }
    }
    reader.tokens
}

struct Reader {
    tokens: Vec<Token>,
    n_denied_left: usize,
    with_words: bool,
}

impl Reader {
    /// Takes the word that a text begins with, and tells its length in bytes.
    fn word(&mut self, text: &str) -> usize {
        let mut length = text.len();
        let mut letters = text.char_indices().peekable();
        while let Some((at, c)) = letters.next() {
            let goes_on = c.is_alphanumeric()
                || c == '_'
                || (c == '\'' && letters.peek().is_some_and(|(_, next)| next.is_alphabetic()));
            if !goes_on {
                length = at;
                break;
            }
        }
        if !self.with_words {
            return length;
        }
        let word = once(text.get(..length).unwrap_or_default());
        let denies = DENYING.contains(&word.as_str()) || word.ends_with("n't");
        if PARTING.contains(&word.as_str()) {
            self.n_denied_left = 0;
        }
        let is_denied = self.n_denied_left > 0 && !denies && word.starts_with(char::is_alphabetic);
        if is_denied {
            self.n_denied_left -= 1;
        }
        self.tokens.push(Token { text: word, is_denied });
        if denies {
            self.n_denied_left = N_DENIED;
        }
        length
    }

    /// Takes the signs or the emoji that a text begins with, and tells their length in bytes.
    fn signs(&mut self, text: &str, first: char) -> usize {
        let run = |of: &[char]| text.find(|c| !of.contains(&c)).unwrap_or(text.len());
        match first {
            '!' | '?' => {
                let length = run(&['!', '?']);
                let signs: String = text.chars().take(length.min(3)).collect();
                self.end();
                self.sign(&signs);
                length
            }
            '.' => {
                let length = run(&['.']);
                self.end();
                if length > 1 {
                    self.sign("...");
                }
                length
            }
            ',' | ';' | ':' | '(' | ')' | '"' => {
                self.end();
                self.sign(first.encode_utf8(&mut [0; 4]));
                first.len_utf8()
            }
            _ => {
                if !emoji::is_tint(first) {
                    self.sign(first.encode_utf8(&mut [0; 4]));
                    if let Some(word) = emoji::word(first) {
                        self.sign(word);
                    }
                }
                first.len_utf8()
            }
        }
    }

    fn sign(&mut self, sign: &str) {
        self.tokens.push(Token { text: sign.to_owned(), is_denied: false });
    }

    /// What was said before denies nothing of what comes.
    fn end(&mut self) {
        self.n_denied_left = 0;
    }
}

/// The length of the face of signs that a text begins with, such as `:-)`, or of a heart.
fn emoticon(text: &str) -> Option<usize> {
    if text.starts_with("<3") {
        return Some(2);
    }
    let after = text.strip_prefix([':', ';', '='])?;
    let after = after.strip_prefix(['-', '\'']).unwrap_or(after);
    let rest = after.trim_start_matches(|c| ")(dpo/\\|*3][".contains(c));
    let is_whole = rest.len() < after.len() && !rest.starts_with(char::is_alphanumeric);
    is_whole.then_some(text.len() - rest.len())
}

/// A word in which letters that are drawn out stand as often as they usually do: three or more as one.
pub(super) fn once(word: &str) -> String {
    let mut once = String::with_capacity(word.len());
    let mut letters = word.chars().peekable();
    while let Some(c) = letters.next() {
        once.push(c);
        let mut n = 1;
        while letters.peek() == Some(&c) {
            letters.next();
            n += 1;
        }
        // "good" and "cool" are drawn out as often as "so" is.
        let is_double = c == 'o' && letters.peek().is_some_and(|next| "dlkm".contains(*next));
        if n == 2 || (n > 2 && (is_double || !c.is_alphabetic())) {
            once.push(c);
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(plain: &str) -> Vec<String> {
        let named = |token: Token| if token.is_denied { format!("~{}", token.text) } else { token.text };
        tokens(plain, true).into_iter().map(named).collect()
    }

    #[test]
    fn a_message_is_words_and_signs() {
        assert_eq!(
            read("don't wait, it's i_d 42!!!! really?!"),
            ["don't", "~wait", ",", "it's", "i_d", "42", "!!!", "really", "?!"]
        );
        assert_eq!(
            read("thanks:) <3 ;-p a:b see: (no)"),
            ["thanks", ":)", "<3", ";-p", "a", ":", "b", "see", ":", "(", "no", ")"]
        );
        assert_eq!(read("end. so... ok"), ["end", "so", "...", "ok"]);
        assert_eq!(read("nein 😡👍🏽"), ["nein", "😡", "angry", "👍", "good"]);
        assert_eq!(read("soooo goooood loooove yesss 1000 coool"), ["so", "good", "love", "yes", "100", "cool"]);
        assert_eq!(read(""), [""; 0]);
    }

    #[test]
    fn a_negation_reaches_to_the_end_of_its_clause() {
        assert_eq!(read("i am not happy with it all now"), ["i", "am", "not", "~happy", "~with", "~it", "~all", "now"]);
        for (plain, last) in [
            ("not happy, glad", "glad"),
            ("not happy but glad", "glad"),
            ("not happy. glad", "glad"),
            ("not happy! glad", "glad"),
            ("not never glad", "~glad"),
        ] {
            assert_eq!(read(plain).last().unwrap(), last, "{plain}");
        }
    }

    #[test]
    fn without_words_signs_are_left() {
        let left: Vec<String> =
            tokens("wo ist mein paket?! 😡 :(", false).into_iter().map(|token| token.text).collect();
        assert_eq!(left, ["?!", "😡", "angry", ":("]);
    }
}
