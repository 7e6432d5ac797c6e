//! Which dense algebra do models share? Products run on one thread each, and what is parallel is cut into pieces that do not
//! depend on the number of threads: so neither do the bits.

mod inverse;

pub(crate) use inverse::Symmetric;
