//! What did somebody look for, and what of the catalogue is it?
//!
//! A query is read against the catalogue: words that name a value of a trait are wishes, a price is a limit, and the rest is looked
//! for in the texts. What matches is counted by what it has in common, and the best of it are put in order twice: as everybody
//! sees them, and by what the customer buys: as was learned from what was chosen, where that is better than a sum.

mod among;
mod best;
mod facets;
mod find;
mod hits;
mod index;
mod order;
mod price;
mod prices;
mod rank;
mod seen;
mod shelf;
mod spelling;
mod suggest;
mod synonyms;
mod told;
mod understand;
mod values;
mod wanted;
mod words;

pub use among::Among;
pub use facets::{Facet, FacetRange, FacetValue};
pub use find::{Libraries, Library, Match, N_CANDIDATES_MAX, Sought, find};
pub use hits::{Hits, Told};
pub use index::{
    COLUMN_WEIGHTS, Clause, Indexed, Matching, N_COLUMNS, N_NEAR_MAX, Phrase, TextIndex, TextIndexError, TextMatch,
};
pub(crate) use order::Order;
pub use rank::{Found, FoundItem};
pub use seen::{FEATURES, Features};
pub use shelf::Shelf;
pub use suggest::{Begun, Completion, Ways};
pub use synonyms::Synonyms;
pub use understand::Meaning;
pub use understand::words_of;
pub use wanted::Wanted;
pub use words::{Written, indexed, plain, written};
