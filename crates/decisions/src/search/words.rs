//! Of which words does a text consist? The same for what is searched and for what is searched in.

/// How many letters of a word count.
const N_LETTERS_MAX: usize = 40;

/// A word as somebody wrote it: what belongs together in it, such as `t` and `shirt` of "T-shirt" or `42` and `cm` of "42cm".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its parts, in small letters and without accents.
    pub parts: Vec<String>,
    /// Whether a hyphen joins them, so that it may also be written in one: "tshirt".
    is_joined: bool,
    /// Whether a comma or "&" stands before it.
    is_listed: bool,
}

impl Written {
    /// Words that were written in one, in its place.
    pub(crate) fn mended(&self, words: &[String]) -> Vec<Self> {
        let mut is_listed = self.is_listed;
        let one = |word: &String| Self {
            parts: vec![word.clone()],
            is_joined: false,
            is_listed: std::mem::take(&mut is_listed),
        };
        words.iter().map(one).collect()
    }

    /// Whether it goes on with a list: "boots, socks", "boots and socks", "Stiefel oder Socken".
    pub(crate) fn goes_on(&self) -> bool {
        const JOINING: [&str; 10] = ["and", "e", "en", "et", "o", "oder", "or", "ou", "und", "y"];
        let [part] = self.parts.as_slice() else { return self.is_listed };
        self.is_listed || JOINING.binary_search(&part.as_str()).is_ok()
    }

    /// The parts in one, where it may be written so.
    #[must_use]
    pub fn in_one(&self) -> Option<String> {
        (self.is_joined && self.parts.len() > 1).then(|| self.parts.concat())
    }
}

/// The words of a text, at most `n_max` of them. What is neither letter nor digit divides words.
pub fn written(text: &str, n_max: usize) -> Vec<Written> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    let mut scan = Scan::default();
    while let Some(letter) = rest.next() {
        let next_is_digit = rest.peek().is_some_and(char::is_ascii_digit);
        match kind(letter) {
            // A comma or a point between two digits is a decimal one.
            Kind::Divides if matches!(letter, '.' | ',') && scan.may_go_on_after_a_point() && next_is_digit => {
                scan.part.push('.');
            }
            Kind::Divides if letter == '-' && rest.peek().is_some_and(|next| kind(*next) == Kind::Letter) => {
                scan.end_part();
                scan.is_joined |= !scan.parts.is_empty();
            }
            Kind::Divides => {
                scan.end_word(&mut words);
                scan.is_listed |= matches!(letter, ',' | '&');
            }
            Kind::Silent => {}
            Kind::Sign => {
                scan.end_part();
                scan.push(letter);
                scan.end_part();
            }
            Kind::Digit => {
                if !scan.ends_in_digit() && !scan.part.ends_with('.') {
                    scan.end_part();
                }
                scan.push(letter);
            }
            Kind::Letter => {
                if scan.ends_in_digit() {
                    scan.end_part();
                }
                scan.push(letter);
            }
        }
        if words.len() >= n_max {
            return words;
        }
    }
    scan.end_word(&mut words);
    words.truncate(n_max);
    words
}

/// The words of a text as an index holds them, divided by blanks: each part, and what may be written in one as well.
#[must_use]
pub fn indexed(text: &str, n_max: usize) -> String {
    let mut all = String::with_capacity(text.len());
    for word in written(text, n_max) {
        for part in word.parts.iter().map(String::as_str).chain(word.in_one().as_deref()) {
            if !all.is_empty() {
                all.push(' ');
            }
            all.push_str(part);
        }
    }
    all
}

/// The parts of a text's words, one after the other, divided by blanks.
#[must_use]
pub fn plain(text: &str, n_max: usize) -> String {
    written(text, n_max).into_iter().flat_map(|word| word.parts).collect::<Vec<_>>().join(" ")
}

/// Other forms of a word, of which only those count that there are: with or without the ending of a plural.
pub(crate) fn forms(word: &str) -> Vec<String> {
    let n_letters = word.chars().count();
    if n_letters < 3 || word.chars().any(|letter| letter.is_ascii_digit()) {
        return Vec::new();
    }
    let mut forms: Vec<String> = ["s", "es", "e", "n", "en"].iter().map(|ending| format!("{word}{ending}")).collect();
    let without = ["s", "es", "e", "n", "en"].iter().filter_map(|ending| word.strip_suffix(ending));
    forms.extend(without.filter(|stem| stem.chars().count() >= 3).map(str::to_owned));
    forms.extend(word.strip_suffix("ies").map(|stem| format!("{stem}y")));
    forms.extend(word.strip_suffix('y').map(|stem| format!("{stem}ies")));
    forms
}

/// Whether a word says nothing of what is looked for.
pub(crate) fn is_filler(word: &str) -> bool {
    const FILLERS: [&str; 51] = [
        "a", "an", "and", "any", "das", "de", "dem", "den", "der", "des", "die", "ein", "eine", "einen", "el", "en",
        "et", "for", "fur", "i", "ich", "im", "in", "is", "la", "las", "le", "les", "los", "me", "mit", "my", "of",
        "oder", "on", "or", "ou", "para", "please", "por", "pour", "some", "suche", "the", "to", "un", "und", "une",
        "with", "y", "zum",
    ];
    FILLERS.binary_search(&word).is_ok()
}

/// Whether a character is a word of its own, in scripts that put no blanks between words.
pub(crate) fn is_sign(letter: char) -> bool {
    kind(letter) == Kind::Sign
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
    /// A character that is a word of its own, in scripts that put no blanks between words.
    Sign,
    /// An apostrophe or an accent of its own.
    Silent,
    Divides,
}

fn kind(letter: char) -> Kind {
    match letter {
        '\''
        | '’'
        | '‘'
        | '`'
        | '´'
        | '\u{AD}'
        | '\u{200B}'..='\u{200D}'
        | '\u{300}'..='\u{36F}'
        | '\u{FE00}'..='\u{FE0F}' => Kind::Silent,
        '0'..='9' => Kind::Digit,
        '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{3134F}' => {
            Kind::Sign
        }
        // Signs of vowels, which are no letters by themselves: without them words would fall apart.
        '\u{964}' | '\u{965}' => Kind::Divides,
        '\u{900}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' => Kind::Letter,
        _ if letter.is_alphanumeric() => Kind::Letter,
        _ => Kind::Divides,
    }
}

/// The word that is being read.
#[derive(Debug, Default)]
struct Scan {
    parts: Vec<String>,
    part: String,
    is_joined: bool,
    is_listed: bool,
}

impl Scan {
    fn ends_in_digit(&self) -> bool {
        self.part.ends_with(|last: char| last.is_ascii_digit())
    }

    /// Whether a decimal point may stand next, with room for a digit after it.
    fn may_go_on_after_a_point(&self) -> bool {
        self.ends_in_digit() && self.part.len() + 1 < N_LETTERS_MAX
    }

    fn push(&mut self, letter: char) {
        if self.part.len() < N_LETTERS_MAX {
            fold(letter, &mut self.part);
        }
    }

    fn end_part(&mut self) {
        if !self.part.is_empty() {
            self.parts.push(std::mem::take(&mut self.part));
        }
    }

    fn end_word(&mut self, words: &mut Vec<Written>) {
        self.end_part();
        if !self.parts.is_empty() {
            words.push(Written {
                parts: std::mem::take(&mut self.parts),
                is_joined: self.is_joined,
                is_listed: std::mem::take(&mut self.is_listed),
            });
        }
        self.is_joined = false;
    }
}

/// Letters without what stands above or below them.
const PLAIN: [(&str, &str); 39] = [
    ("a", "àáâãäåāăąǎǟǻạảấầẩẫậắằẳẵặǡȁȃȧḁ"),
    ("ae", "æǽǣ"),
    ("b", "ḃḅḇ"),
    ("c", "çćĉċčḉ"),
    ("d", "ďđðḋḍḏḑḓ"),
    ("e", "èéêëēĕėęěẹẻẽếềểễệȅȇȩḕḗḙḛḝ"),
    ("f", "ḟ"),
    ("g", "ĝğġģǧǵḡ"),
    ("h", "ĥħȟḣḥḧḩḫẖ"),
    ("i", "ìíîïĩīĭįıǐỉịȉȋḭḯ"),
    ("j", "ĵǰ"),
    ("k", "ķǩḱḳḵ"),
    ("l", "ĺļľŀłḷḹḻḽ"),
    ("m", "ḿṁṃ"),
    ("n", "ñńņňŉŋǹṅṇṉṋ"),
    ("o", "òóôõöøōŏőǒǿọỏốồổỗộớờởỡợơǫǭȍȏȫȭȯȱṍṏṑṓ"),
    ("oe", "œ"),
    ("p", "ṕṗ"),
    ("r", "ŕŗřȑȓṙṛṝṟ"),
    ("s", "śŝşšșṡṣṥṧṩſẛ"),
    ("ss", "ß"),
    ("t", "ţťŧțṫṭṯṱẗ"),
    ("th", "þ"),
    ("u", "ùúûüũūŭůűųǔưụủứừửữựǖǘǚǜȕȗṳṵṷṹṻ"),
    ("v", "ṽṿ"),
    ("w", "ŵẁẃẅẇẉẘ"),
    ("x", "ẋẍ"),
    ("y", "ýÿŷỳỵỷỹȳẏẙ"),
    ("z", "źżžẑẓẕ"),
    ("α", "ά"),
    ("ε", "έ"),
    ("η", "ή"),
    ("ι", "ίϊΐ"),
    ("ο", "ό"),
    ("σ", "ς"),
    ("υ", "ύϋΰ"),
    ("ω", "ώ"),
    ("о", "ӧ"),
    ("е", "ё"),
];

fn fold(letter: char, word: &mut String) {
    if letter.is_ascii() {
        word.push(letter.to_ascii_lowercase());
        return;
    }
    for small in letter.to_lowercase().filter(|small| kind(*small) != Kind::Silent) {
        let plain = PLAIN.iter().filter(|_| may_be_marked(small)).find(|(_, letters)| letters.contains(small));
        match plain {
            Some((plain, _)) => word.push_str(plain),
            None => word.push(small),
        }
    }
}

/// Whether a letter is of a script of which some stand in [`PLAIN`]: most of what is read in others need not be looked up.
fn may_be_marked(letter: char) -> bool {
    matches!(letter, '\u{DF}'..='\u{24F}' | '\u{370}'..='\u{3FF}' | '\u{450}'..='\u{4FF}' | '\u{1E00}'..='\u{1EFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_its_words_whatever_stands_between_them() {
        for (text, words) in [
            ("Rote Laufschuhe, Größe 42!", "rote laufschuhe grosse 42"),
            ("T-Shirt", "t shirt tshirt"),
            ("Levi's 501", "levis 501"),
            ("42cm iPhone15", "42 cm iphone 15"),
            ("1,5 l / 1.5L 1.5.", "1.5 l 1.5 l 1.5"),
            ("Crème brûlée", "creme brulee"),
            ("Kuṇḍalinī Ṛṣi ẞ", "kundalini rsi ss"),
            ("ΛΌΓΟΣ λόγος ΎΩ", "λογοσ λογοσ υω"),
            ("Ёлка йод", "елка йод"),
            ("緑茶 tea", "緑 茶 tea"),
            ("किताब", "किताब"),
            ("naïve\u{301}", "naive"),
            ("NEAR(\"a\" * b) -- x", "near a b x"),
            ("🙂 ☕", ""),
            ("- -a- a-b-c 3-4", "a a b c abc 3 4"),
            ("", ""),
        ] {
            assert_eq!(indexed(text, 100), words, "{text}");
        }
        assert_eq!(plain("T-Shirt 42cm", 9), "t shirt 42 cm");
        assert_eq!(written("T-Shirt 42cm x", 2).len(), 2);
        assert_eq!(indexed(&"x".repeat(100), 9).len(), N_LETTERS_MAX);
    }

    #[test]
    fn a_word_has_forms_unless_it_is_short_or_a_number() {
        assert!(forms("shoes").contains(&"shoe".to_owned()) && forms("shoe").contains(&"shoes".to_owned()));
        assert!(forms("cherries").contains(&"cherry".to_owned()) && forms("cherry").contains(&"cherries".to_owned()));
        assert!(forms("schuhe").contains(&"schuh".to_owned()) && forms("blume").contains(&"blumen".to_owned()));
        assert_eq!((forms("xs"), forms("501s")), (Vec::new(), Vec::new()));
        assert!(!forms("bus").contains(&"bu".to_owned()), "two letters are no stem");
        assert!(is_filler("for") && is_filler("a") && is_filler("zum") && !is_filler("red"));
    }

    #[test]
    fn every_letter_of_the_table_is_looked_up_and_stands_there_once() {
        let letters: Vec<char> = PLAIN.iter().flat_map(|(_, letters)| letters.chars()).collect();
        for letter in &letters {
            assert!(may_be_marked(*letter), "{letter}");
            assert_eq!(letters.iter().filter(|other| *other == letter).count(), 1, "{letter}");
        }
    }

    proptest! {
        /// What is a word stays that word: reading the words of words changes nothing, so that a query and an index agree.
        #[test]
        fn words_of_words_are_the_same(text in "\\PC{0,60}") {
            let once = plain(&text, 100);
            prop_assert_eq!(plain(&once, 200), once.clone());
            prop_assert!(once.chars().all(|letter| letter == ' ' || letter == '.' || kind(letter) != Kind::Divides));
        }
    }
}
