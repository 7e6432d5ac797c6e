//! Which parts of a message could each ask for something of its own?

/// A part with fewer words says too little to stand alone.
const N_WORDS_MIN: usize = 3;
/// So many parts are told apart at most.
const N_PARTS_MAX: usize = 12;

/// Words that join two wishes, in small letters: English, German, French, Spanish, Italian, Dutch.
const JOINING: [&str; 22] = [
    "and",
    "also",
    "plus",
    "but",
    "then",
    "und",
    "ausserdem",
    "außerdem",
    "aber",
    "sowie",
    "et",
    "aussi",
    "mais",
    "puis",
    "y",
    "tambien",
    "pero",
    "e",
    "anche",
    "ma",
    "en",
    "ook",
];

/// The parts of a plain message, at the ends of sentences and at words that join wishes, each of three words or more. What is
/// shorter belongs to what comes before it.
///
/// ```text
/// "i lost my card. how do i get a refund and when does it arrive" ->
/// "i lost my card." | "how do i get a refund" | "and when does it arrive"
/// ```
pub(super) fn clauses(plain: &str) -> Vec<&str> {
    let (mut starts, mut n_words, mut at, mut ends_before) = (vec![0], 0, 0, false);
    for word in plain.split(' ') {
        let begins = ends_before || JOINING.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()));
        if begins && n_words >= N_WORDS_MIN && n_words_of(plain.get(at..).unwrap_or_default()) >= N_WORDS_MIN {
            starts.push(at);
            n_words = 0;
        }
        ends_before = word.ends_with(['.', '!', '?', ';', ':', '…', '。', '？', '！']);
        n_words += usize::from(word.contains(char::is_alphanumeric));
        at += word.len() + 1;
    }
    let ends = starts.iter().skip(1).map(|start| start - 1).chain([plain.len()]);
    let parts = starts.iter().zip(ends).filter_map(|(start, end)| plain.get(*start..end));
    parts.take(N_PARTS_MAX).collect()
}

/// How many words a text has, as far as that matters.
fn n_words_of(text: &str) -> usize {
    text.split(' ').filter(|word| word.contains(char::is_alphanumeric)).take(N_WORDS_MIN).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_is_cut_where_one_wish_ends() {
        for (message, parts) in [
            ("where is my card", vec!["where is my card"]),
            ("hi. where is my card? thanks", vec!["hi. where is my card? thanks"]),
            (
                "i lost my card. how do i get a refund and when does it arrive",
                vec!["i lost my card.", "how do i get a refund", "and when does it arrive"],
            ),
            ("black and white shoes are gone", vec!["black and white shoes are gone"]),
            ("wo ist meine karte, und wann kommt das geld", vec!["wo ist meine karte,", "und wann kommt das geld"]),
            ("", vec![""]),
        ] {
            assert_eq!(clauses(message), parts, "{message}");
        }
        assert_eq!(clauses(&"one two three. ".repeat(100)).len(), N_PARTS_MAX);
    }

    proptest! {
        #[test]
        fn parts_are_the_message(plain in "[a-z.?é ]{0,80}") {
            let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(clauses(&plain).join(" "), plain);
        }
    }
}
