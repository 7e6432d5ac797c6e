//! Which column of the file says what?

use crate::commands::evaluate::table;
use csv::StringRecord;
use std::fmt::Write;

const ACTION: [&str; 3] = ["action", "item_id", "arm"];
const REWARD: [&str; 2] = ["reward", "click"];
const PROPENSITY: [&str; 3] = ["propensity", "propensity_score", "pscore"];
const PLACE: [&str; 2] = ["position", "place"];
const TARGET: [&str; 2] = ["target", "pi"];
const CUSTOMER: [&str; 4] = ["customer", "customer_id", "customerId", "user_id"];
/// The chance of one action under B: `target:NAME`.
const OF_ACTION: [&str; 2] = ["target:", "pi:"];
/// A number that was known of whom the action was chosen for.
const KNOWN: &str = "x_";
/// So many names of columns are told.
const N_TOLD: usize = 12;

/// Where each thing stands.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) action: usize,
    pub(super) reward: usize,
    pub(super) propensity: usize,
    pub(super) place: Option<usize>,
    pub(super) target: Option<usize>,
    pub(super) customer: Option<usize>,
    /// The actions of which B's chance stands in a column of its own.
    pub(super) of_actions: Vec<(String, usize)>,
    pub(super) x: Vec<usize>,
    /// All names, for messages.
    pub(super) names: Vec<String>,
    /// The columns that nothing is read of.
    pub(super) left_aside: Vec<String>,
}

impl Columns {
    /// Finds them by the names in the first line.
    pub(super) fn of(header: &StringRecord) -> Result<Self, String> {
        let names = table::names(header);
        let mut is_read = vec![false; names.len()];
        let mut one = |aliases: &[&str]| -> Result<Option<usize>, String> {
            let mut found = names.iter().enumerate().filter(|(_, name)| aliases.contains(&name.as_str()));
            match (found.next(), found.next()) {
                (Some((_, first)), Some((_, second))) => Err(format!(
                    "line 1: the columns `{first}` and `{second}` say the same thing: leave one of them out"
                )),
                (Some((at, _)), None) => {
                    is_read[at] = true;
                    Ok(Some(at))
                }
                (None, _) => Ok(None),
            }
        };
        let action = one(&ACTION)?;
        let reward = one(&REWARD)?;
        let propensity = one(&PROPENSITY)?;
        let (place, target, customer) = (one(&PLACE)?, one(&TARGET)?, one(&CUSTOMER)?);
        let wanted = [
            (action, "action", "what was done", &ACTION[1..]),
            (reward, "reward", "what came of it", &REWARD[1..]),
            (propensity, "propensity", "with which chance it was done", &PROPENSITY[1..]),
        ];
        let missing: Vec<String> = wanted
            .iter()
            .filter(|(at, ..)| at.is_none())
            .map(|(_, name, what, others)| format!("`{name}` ({what}; also called `{}`)", others.join("`, `")))
            .collect();
        let (Some(action), Some(reward), Some(propensity)) = (action, reward, propensity) else {
            let mut has = String::new();
            for name in names.iter().take(N_TOLD) {
                let _ = write!(has, "{}`{name}`", if has.is_empty() { "" } else { ", " });
            }
            let more = if names.len() > N_TOLD { " and more" } else { "" };
            return Err(format!("line 1: no column says {}. The first line names {has}{more}", missing.join(", nor ")));
        };
        let (mut of_actions, mut x) = (Vec::new(), Vec::new());
        for (at, name) in names.iter().enumerate() {
            let of_action = OF_ACTION.iter().find_map(|prefix| name.strip_prefix(prefix));
            if let Some(action) = of_action {
                of_actions.push((action.to_owned(), at));
            } else if name.starts_with(KNOWN) {
                x.push(at);
            } else {
                continue;
            }
            is_read[at] = true;
        }
        let mut sorted: Vec<&str> = of_actions.iter().map(|(action, _)| action.as_str()).collect();
        sorted.sort_unstable();
        if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("line 1: two columns say B's chance of `{}`: leave one of them out", twice[0]));
        }
        let left_aside = names.iter().zip(&is_read).filter(|(name, is_read)| !**is_read && !name.is_empty());
        let left_aside = left_aside.map(|(name, _)| name.clone()).collect();
        Ok(Self { action, reward, propensity, place, target, customer, of_actions, x, left_aside, names })
    }

    pub(super) fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }
}
