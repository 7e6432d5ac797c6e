//! What may stand on a list, and because of what?

use crate::Sales;
use crate::lens::Regard;
use models::recommend::Because;
use primitives::ItemKey;

/// An item with its score and why it is proposed.
pub(super) type Proposed = (ItemKey, f64, Cause);

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
    /// It is often bought with this one.
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
