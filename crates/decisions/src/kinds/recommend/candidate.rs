//! What may stand on a list, and because of what?

use crate::Sales;
use crate::lens::Regard;
use models::recommend::Because;
use primitives::ItemKey;

/// An item with its score and why it is proposed.
pub(super) type Proposed = (ItemKey, f64, Cause);

/// So many places below the best, a candidate is worth half as much.
const N_PLACES_HALF: f64 = 10.0;

/// What a place in a list is worth, from 1 for the best: scores themselves may all lie close together, or one far above the rest.
pub(super) fn worth_of_place(n_better: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "candidates are few")]
    let n_better = n_better as f64;
    N_PLACES_HALF / (N_PLACES_HALF + n_better)
}

/// An item that may stand on the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) item: ItemKey,
    pub(super) score: f64,
    pub(super) cause: Cause,
    pub(super) regard: Regard,
}

/// Because of what an item was proposed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cause {
    /// What the model says.
    Model(Because),
    /// Customers who bought this one bought it, too, in whatever order.
    With(ItemKey),
    /// It is popular, and of this one's category.
    Category(ItemKey),
    /// It sells better than it used to.
    Trending,
    /// It came into the catalogue lately.
    New,
    /// It came into the catalogue before that, and not much newer is there.
    Earlier,
    /// It is what was looked for.
    Found,
    /// It is due again.
    Due,
    /// How well it sells, where there is no model.
    Sold(Sales),
}
