//! Do they come into the shops?

use super::{since, times};
use crate::catalogue::Definition;
use crate::channels::Topic;

const GROUP: &str = "Shops";

pub(super) fn definitions() -> Vec<Definition> {
    vec![
        times(GROUP, "visits", "store_visits_90d", "Visits to shops", Topic::StoreVisit, 90),
        since(GROUP, "store_visit_days", "Days since the last visit to a shop", |topic| topic == Topic::StoreVisit),
    ]
}
