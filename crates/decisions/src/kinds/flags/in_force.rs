//! Which flags are declared by now? They can be switched while a program runs.

use super::Flags;
use std::sync::{Arc, PoisonError, RwLock};

/// The flags that are in force.
#[derive(Debug, Clone)]
pub struct FlagsInForce(Arc<RwLock<Arc<Flags>>>);

impl FlagsInForce {
    /// Those of the start.
    #[must_use]
    pub fn new(flags: Flags) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(flags))))
    }

    /// As they are now.
    #[must_use]
    pub fn now(&self) -> Arc<Flags> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in their place: whoever decides already goes on with the former.
    pub fn put(&self, flags: Flags) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(flags);
    }

    /// The kind that answers by whatever is in force.
    #[must_use]
    pub fn kind(&self) -> Flags {
        Flags { in_force: Some(self.clone()), ..Flags::clone(&self.now()) }
    }
}
