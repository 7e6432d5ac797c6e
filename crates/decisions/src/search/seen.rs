//! What speaks for an item that was found, and how much does each of it count?

/// What speaks for an item whoever asks: each from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Seen {
    /// How well its texts match, the best match being 1.
    pub(crate) text: f64,
    /// Which share of the words is in its title.
    pub(crate) covered: f64,
    /// Whether the title is what was asked for, word for word.
    pub(crate) exact: f64,
    /// Whether the words stand in the title as they were asked for.
    pub(crate) phrase: f64,
    /// Which share of what had better be there is there.
    pub(crate) liked: f64,
    /// How many bought it lately, the most bought match being 1 where twenty bought it.
    pub(crate) lately: f64,
    /// How many ever bought it, the same way.
    pub(crate) ever: f64,
    /// How often it is chosen by those who look for the same.
    pub(crate) chosen: f64,
}

/// What is known of an item for an answer, in the order of [`FEATURES`].
pub type Features = [f32; N_FEATURES];

const N_FEATURES: usize = 14;

/// What each number of an item says, and how much it counts while nothing is learned.
pub const FEATURES: [(&str, f64); N_FEATURES] = [
    ("text", 1.0),
    ("words_in_title", 0.6),
    ("is_title", 0.8),
    ("is_phrase_in_title", 0.3),
    ("liked_values", 0.5),
    ("bought_lately", 0.35),
    ("bought_ever", 0.15),
    ("chosen_for_query", 1.2),
    ("own_brand", 0.7),
    ("own_category", 0.3),
    ("own_values", 0.5),
    ("own_price", 0.3),
    ("own_item", 0.3),
    ("goes_with_own", 0.4),
];

/// Where what is personal begins.
pub(crate) const N_IMPERSONAL: usize = 8;
/// The place of what a recommender says.
pub(crate) const GOES_WITH: usize = 13;

impl Seen {
    /// With how the words stand in a title.
    pub(crate) fn titled(self, words: &[u32], title: &[u32]) -> Self {
        if words.is_empty() {
            return self;
        }
        let n_covered = words.iter().filter(|word| title.contains(word)).count();
        #[expect(clippy::cast_precision_loss, reason = "a query has few words")]
        let covered = n_covered as f64 / words.len() as f64;
        let phrase = flag(words.len() > 1 && title.windows(words.len()).any(|part| part == words));
        Self { covered, exact: flag(title == words), phrase, ..self }
    }

    /// With the most that a title of so many words may say.
    pub(crate) fn titled_at_best(self, words: &[u32], n_title: usize) -> Self {
        if words.is_empty() {
            return self;
        }
        let phrase = flag(words.len() > 1 && n_title >= words.len());
        Self { covered: flag(n_title > 0), exact: flag(n_title == words.len()), phrase, ..self }
    }

    pub(crate) fn values(&self) -> [f64; N_IMPERSONAL] {
        [self.text, self.covered, self.exact, self.phrase, self.liked, self.lately, self.ever, self.chosen]
    }
}

/// How much speaks for an item whoever asks.
pub(crate) fn impersonal(seen: &Seen) -> f64 {
    seen.values().iter().zip(FEATURES).map(|(value, (_, weight))| value * weight).sum()
}

fn flag(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}
