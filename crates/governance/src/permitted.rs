//! How does code prove that consent was asked? By holding a [`Permitted`] value.

use crate::{ConsentAnswer, ConsentPolicy, Consents, Purpose};
use primitives::ErrorKind;

/// A value that may be used for a purpose. Only [`permit`] makes one.
#[derive(Debug, Clone)]
pub struct Permitted<T> {
    value: T,
    consent: ConsentAnswer,
}

impl<T> Permitted<T> {
    /// The value.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// The value itself, leaving the proof behind.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// What is read out of a permitted value is permitted for the same purpose.
    pub fn map<U>(self, read: impl FnOnce(T) -> U) -> Permitted<U> {
        Permitted { value: read(self.value), consent: self.consent }
    }

    /// On which ground the value may be used, for the record.
    pub fn consent(&self) -> ConsentAnswer {
        self.consent
    }
}

/// The customer, or the default for those who have said nothing, does not allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} is refused ({})", .0.purpose, .0.basis.name())]
pub struct Denied(pub ConsentAnswer);

impl Denied {
    /// Always [`ErrorKind::Forbidden`].
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Forbidden
    }
}

/// The consent check: hands out `value` for `purpose` where the customer, or the policy for the silent, allows it.
///
/// # Errors
/// [`Denied`] with the ground of the refusal.
pub fn permit<T>(
    policy: &ConsentPolicy,
    consents: &Consents,
    purpose: Purpose,
    value: T,
) -> Result<Permitted<T>, Denied> {
    let consent = policy.answer(consents, purpose);
    if consent.granted { Ok(Permitted { value, consent }) } else { Err(Denied(consent)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Statement, Voice};
    use primitives::Timestamp;

    #[test]
    fn a_refusal_withholds_the_value() {
        let mut consents = Consents::default();
        let policy = ConsentPolicy::default();
        assert_eq!(permit(&policy, &consents, Purpose::Analytics, 7).map(Permitted::into_inner).ok(), Some(7));
        consents.state(Purpose::Analytics, Statement { granted: false, at: Timestamp::MIN, voice: Voice::Client });
        let denied = permit(&policy, &consents, Purpose::Analytics, 7).expect_err("it was refused");
        assert_eq!(denied.to_string(), "analytics is refused (stated)");
    }
}
