//! What is declared by now? Kinds that people declare can be declared otherwise while a program runs.

use std::sync::{Arc, PoisonError, RwLock};

/// A kind as it is in force by now.
#[derive(Debug)]
pub struct Slot<K>(Arc<RwLock<Arc<K>>>);

impl<K> Clone for Slot<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Slot<K> {
    /// As it is at the start.
    #[must_use]
    pub fn new(kind: K) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(kind))))
    }

    /// As it is now.
    #[must_use]
    pub fn now(&self) -> Arc<K> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another in its place: whoever decides already goes on with the former.
    pub fn put(&self, kind: K) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(kind);
    }
}
