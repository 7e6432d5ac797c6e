//! Which rows are there? One file for each form of what is estimated, and a line here: a capability of that form needs none.

mod acts;
mod amounts;
mod items;
mod names;
mod scores;
mod told;

use super::World;
use super::cases::Case;
use super::row::Row;
use crate::error::ServerError;
use decisions::{Answer, Kind, Parameters};
use events::Fields;
use std::collections::BTreeMap;

/// What makes rows.
type Maker = fn(&World<'_>) -> Result<Vec<Row>, ServerError>;

/// Everything that makes rows, in the order in which they are shown.
const MAKERS: [Maker; 5] = [items::rows, scores::rows, amounts::rows, names::rows, acts::rows];

/// Every row.
pub(super) fn all(world: &World<'_>) -> Result<Vec<Row>, ServerError> {
    let mut rows = Vec::new();
    for maker in MAKERS {
        rows.extend(maker(world)?);
    }
    Ok(rows)
}

/// What a kind answers.
struct Answered<'w> {
    /// Of whom it answers from what is known of them, and what.
    found: Vec<(&'w Case, Answer)>,
    /// Why of others it does not, as it says of most of them.
    why: String,
}

/// Asks a kind about every customer of the sample.
fn answers<'w>(world: &World<'w>, kind: &dyn Kind, parameters: &[(&str, i64)]) -> Result<Answered<'w>, ServerError> {
    let parameters: Parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let (mut found, mut reasons) = (Vec::new(), BTreeMap::<String, usize>::new());
    for case in &world.cases.all {
        let engine = &world.opened.engine;
        let answer = engine.preview_among(
            case.customer.get(),
            kind,
            world.as_of,
            (parameters.clone(), Fields::new()),
            &world.known.items,
        )?;
        match answer.fallback {
            None => found.push((case, answer)),
            Some(why) => *reasons.entry(why).or_default() += 1,
        }
    }
    let most = reasons.into_iter().max_by_key(|(_, n)| *n).map(|(why, _)| why);
    let why = most.unwrap_or_else(|| "No customer was active at the end of the history".to_owned());
    Ok(Answered { found, why })
}
