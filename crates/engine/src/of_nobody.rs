//! Who is nobody?

use decisions::nobody;
use primitives::CustomerId;

/// Whether a decision was about nobody: nobody was named, or somebody who was erased, of whom no name is written down.
#[must_use]
pub fn is_nobody(customer: &CustomerId) -> bool {
    *customer == nobody().customer_id()
}
