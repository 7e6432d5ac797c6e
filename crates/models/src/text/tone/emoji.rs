//! What does an emoji say, in a word?

/// Emoji that are used to say how somebody feels, and the word that is nearest to each. Others are read as they are learned.
const WORDS: [(&str, &str); 40] = [
    ("😡🤬👿", "angry"),
    ("😠💢", "mad"),
    ("😤", "frustrated"),
    ("🙄😒😑", "annoying"),
    ("😞😔", "disappointed"),
    ("👎", "bad"),
    ("🤮🤢", "disgusting"),
    ("😩😫", "tired"),
    ("🤦", "ridiculous"),
    ("😖😣", "awful"),
    ("🖕", "hate"),
    ("💩", "crap"),
    ("🤷", "unsure"),
    ("🤔🧐", "wondering"),
    ("😕🫤", "confused"),
    ("😵", "confusing"),
    ("❓❔", "?"),
    ("😮😲😯", "wow"),
    ("🤯", "unbelievable"),
    ("😀😃😄😁☺😊🙂", "happy"),
    ("😆😂🤣😹", "lol"),
    ("😍🥰😻❤💕💖💗💓💞💜💙💚💛🧡🩷", "love"),
    ("😘😗", "love"),
    ("🤩", "amazing"),
    ("👍👌✅", "good"),
    ("👏🙌", "great"),
    ("🎉🥳🎊", "yay"),
    ("🙏", "thanks"),
    ("💯⭐🌟✨🏆", "perfect"),
    ("😎🔥", "awesome"),
    ("😅", "phew"),
    ("😌", "relieved"),
    ("🤗", "glad"),
    ("😨😰😧😦", "worried"),
    ("😱", "scared"),
    ("😬", "nervous"),
    ("😟🥺", "worried"),
    ("😢😥☹🙁", "sad"),
    ("😭😿", "crying"),
    ("💔🖤🥀", "heartbroken"),
];

/// Emoji with which the opposite of the words is meant.
const IRONIC: &str = "🙄😒😑🤡🙃";

/// The word that is nearest to what an emoji says.
pub(super) fn word(emoji: char) -> Option<&'static str> {
    // Most signs are no emoji.
    if emoji.is_ascii() {
        return None;
    }
    WORDS.iter().find(|(all, _)| all.contains(emoji)).map(|(_, word)| *word)
}

/// Whether the words are meant the other way round beside it.
pub(super) fn is_ironic(emoji: char) -> bool {
    IRONIC.contains(emoji)
}

/// Whether it only colours the emoji before it.
pub(super) fn is_tint(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}' | '\u{FE0E}' | '\u{FE0F}' | '\u{200D}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_emoji_has_two_words() {
        let mut all: Vec<char> = WORDS.iter().flat_map(|(all, _)| all.chars()).collect();
        let n = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), n);
        assert!(word('😡') == Some("angry") && word('a').is_none() && word('🚚').is_none());
    }
}
