//! Can a preset key be guessed? Keys that Rapport makes are random; these were chosen by somebody.

use std::collections::BTreeSet;

/// A preset key that is shorter can be guessed.
const LENGTH_MIN: usize = 16;
/// One of fewer different characters, too.
const N_DIFFERENT_MIN: usize = 8;

/// What is wrong with a preset key, or `None`.
pub(super) fn weakness(key: &str) -> Option<String> {
    let characters: Vec<char> = key.chars().collect();
    if characters.len() < LENGTH_MIN {
        return Some(format!("is shorter than {LENGTH_MIN} characters"));
    }
    if characters.iter().collect::<BTreeSet<_>>().len() < N_DIFFERENT_MIN {
        return Some(format!("has fewer than {N_DIFFERENT_MIN} different characters"));
    }
    if (1..LENGTH_MIN).any(|period| repeats(&characters, period)) {
        return Some("repeats a short text".to_owned());
    }
    // `abcdef…`, `987654…`: each step follows from the one before.
    let n_steps = characters.windows(2).filter(|pair| is_neighbour(pair[0], pair[1])).count();
    (2 * n_steps >= characters.len()).then(|| "counts up or down".to_owned())
}

fn repeats(characters: &[char], period: usize) -> bool {
    characters.iter().skip(period).zip(characters).all(|(later, earlier)| later == earlier)
}

fn is_neighbour(a: char, b: char) -> bool {
    u32::from(a).abs_diff(u32::from(b)) <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_guessed_is_weak() {
        for (key, part) in [
            ("", "shorter"),
            ("demo-admin-key", "shorter"),
            ("fifteen-letters", "shorter"),
            ("aaaaaaaaaaaaaaaaaaaaaaaa", "different"),
            ("passwordpassword", "different"),
            ("abcdefgh1abcdefgh1", "repeats"),
            ("rapportkey!rapportkey!rapp", "repeats"),
            ("1234567890123456", "repeats"),
            ("abcdefghijklmnopqrstuvwxyz", "counts"),
            ("zyxwvutsrqponmlk", "counts"),
        ] {
            let told = weakness(key).unwrap_or_default();
            assert!(told.contains(part), "{key}: {told}");
        }
        for strong in [
            "sixteen-letters!",
            "3f9a1c77d2e04b58",
            "correct horse battery staple",
            "rp_admin_9d2c41aa07b3",
            "schlüssel-für-wörter",
        ] {
            assert_eq!(weakness(strong), None, "{strong}");
        }
    }
}
