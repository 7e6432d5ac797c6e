//! Who is told how a customer changes? Sums over customers, kept exact as consents change and customers merge.

use crate::Customer;
use events::Recorded;

/// Is told of each change of a customer while events are folded, so that it can keep a sum over customers.
pub trait Watch<S> {
    /// What it keeps of a customer from before an event until after it.
    type Before;

    /// An event is about to be taken in by its customer.
    fn before(&mut self, customer: &Customer<S>, recorded: &Recorded) -> Self::Before;
    /// The event was taken in.
    fn after(&mut self, customer: &Customer<S>, before: Self::Before);
    /// A customer is about to be merged with another.
    fn leaves(&mut self, customer: &Customer<S>);
    /// The customer that two became.
    fn enters(&mut self, customer: &Customer<S>);
}

/// Nobody watches.
impl<S> Watch<S> for () {
    type Before = ();
    fn before(&mut self, _: &Customer<S>, _: &Recorded) {}
    fn after(&mut self, _: &Customer<S>, (): ()) {}
    fn leaves(&mut self, _: &Customer<S>) {}
    fn enters(&mut self, _: &Customer<S>) {}
}
