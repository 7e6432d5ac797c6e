//! Where are the words of items kept so that they are found? The port that every full-text index answers to.

use primitives::{ErrorKind, ItemKey};

/// The index failed.
#[derive(Debug, thiserror::Error)]
#[error("{attempt}")]
pub struct TextIndexError {
    /// What was attempted, and what to do.
    pub attempt: String,
    /// Whether trying again may help.
    pub kind: ErrorKind,
    /// What the index said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// How many columns the text of an item has.
pub const N_COLUMNS: usize = 5;

/// How many words that are spelled nearly like one are told at most.
pub const N_NEAR_MAX: usize = 300;

/// How much a word counts in each column: title, brand, category, description, and all else.
pub const COLUMN_WEIGHTS: [f64; N_COLUMNS] = [5.0, 3.0, 2.0, 1.0, 1.0];

/// An item as the index keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// Its number in the index: small numbers, each given to one item at a time.
    pub number: u32,
    /// The item.
    pub key: ItemKey,
    /// What its text is recognised by.
    pub digest: u64,
    /// Whether the company vouches for it. As soon as it does for any, what strangers write is not what others meant.
    pub is_vouched: bool,
    /// Its words, divided by blanks: title, brand, category, description, and all else.
    pub columns: [String; N_COLUMNS],
}

/// One of several ways to say a thing: words that stand one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phrase {
    /// The words.
    pub words: Vec<String>,
    /// Whether the last one may go on.
    pub is_beginning: bool,
}

impl Phrase {
    /// A phrase of whole words.
    #[must_use]
    pub fn of(words: &[String]) -> Self {
        Self { words: words.to_vec(), is_beginning: false }
    }
}

/// Something that is looked for, in any of the ways to say it.
pub type Clause = Vec<Phrase>;

/// Which items are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// Those that say all that is looked for.
    All,
    /// Those that say any of it.
    Any,
}

/// One item that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextMatch {
    /// Its number.
    pub number: u32,
    /// BM25 over the columns by their weights: larger is better.
    pub score: f64,
}

/// The words of the catalogue. It is derived: whatever is lost is put there again.
pub trait TextIndex: Send + Sync {
    /// Shows the number, the item and the digest of everything that it holds.
    ///
    /// # Errors
    /// [`TextIndexError`].
    fn held(&self, visit: &mut dyn FnMut(u32, ItemKey, u64)) -> Result<(), TextIndexError>;

    /// Takes in items, each in the place of what had its number, and takes others out: all of it or nothing. Whoever asks after
    /// it is answered with it.
    ///
    /// # Errors
    /// [`TextIndexError`].
    fn change(&self, put: &[Indexed], gone: &[u32]) -> Result<(), TextIndexError>;

    /// Forgets everything, also where it is damaged.
    ///
    /// # Errors
    /// [`TextIndexError`].
    fn clear(&self) -> Result<(), TextIndexError>;

    /// The items that say what is looked for, in the order of their numbers: at most `n_max`, of those after `after`. Nothing where
    /// nothing is looked for. Where very many do, all may have the score 0.
    ///
    /// # Errors
    /// [`TextIndexError`].
    fn find(
        &self,
        clauses: &[Clause],
        matching: Matching,
        after: Option<u32>,
        n_max: usize,
    ) -> Result<Vec<TextMatch>, TextIndexError>;

    /// The numbers of at most `n_max` items in whose titles a phrase stands.
    ///
    /// # Errors
    /// [`TextIndexError`].
    fn titled(&self, phrase: &Phrase, n_max: usize) -> Result<Vec<u32>, TextIndexError>;

    /// Whether any item says a phrase. A word by itself that only strangers write is none: it would keep from being mended what they
    /// misspell.
    ///
    /// # Errors
    /// [`TextIndexError`].
    fn has(&self, phrase: &Phrase) -> Result<bool, TextIndexError>;

    /// In how many items a word is.
    ///
    /// # Errors
    /// [`TextIndexError`].
    fn n_with(&self, word: &str) -> Result<u64, TextIndexError>;

    /// The words of at least three letters and no digits that items have or had for which the company vouches, or any items where it
    /// vouches for none, of which at most `n_wrong_max` letters are others than those of one, by [`primitives::n_wrong_letters`]; each
    /// with how many, the nearest first, then by their letters: at most [`N_NEAR_MAX`] of them.
    ///
    /// # Errors
    /// [`TextIndexError`].
    fn near(&self, word: &str, n_wrong_max: usize) -> Result<Vec<(usize, String)>, TextIndexError>;
}
