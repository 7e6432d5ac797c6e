//! Does the index read what is written letter by letter?

/// Whether it reads a text as it is written, in small letters: it knows letters without accents, and endings, by another table than
/// ours, which makes no difference for these.
pub(super) fn is_read_as_written(text: &str) -> bool {
    text.chars().all(|letter| {
        matches!(letter, '\0'..='\u{7F}' | 'α'..='ρ' | 'σ'..='ω' | 'а'..='џ' | '\u{490}'..='\u{4FF}' | '\u{590}'..='\u{109F}' | '\u{3040}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
    })
}
