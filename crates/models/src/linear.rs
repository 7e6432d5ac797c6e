//! Which dense algebra do models share? Products run on one thread each, and what is parallel is cut into pieces that do not
//! depend on the number of threads: so neither do the bits.

mod gram;
mod inverse;
mod vectors;

pub(crate) use gram::{Factor, Gram, product, product_of_stored, row_at};
pub(crate) use inverse::Symmetric;
pub(crate) use vectors::{add_scaled, dot, narrow, vectorised};
