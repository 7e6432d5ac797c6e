//! How does a file of rounds become numbers, and what is said of a row that is none?

use super::columns::Columns;
use crate::commands::evaluate::table::{self, Wrong, shown};
use crate::error::ServerError;
use csv::StringRecord;
use measurement::policy::{N_FEATURES_MAX, Rounds, Target};
use primitives::{ErrorKind, stable_hash};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

/// So many numbers are held at most: rounds times actions, or times what is known.
const N_NUMBERS_MAX: usize = 50_000_000;
/// So many rounds are held at most.
const N_ROUNDS_MAX: usize = 20_000_000;
/// Chances of all actions add up to 1 but for rounding in the file.
const SUM_TOLERANCE: f64 = 1e-3;

/// What is known of a file that is read.
#[derive(Default)]
struct Cells {
    action: Vec<String>,
    reward: Vec<f64>,
    propensity: Vec<f64>,
    place: Vec<String>,
    customer: Vec<u64>,
    target: Vec<f64>,
    x: Vec<f64>,
}

/// The rounds of a file, and the names of the columns that were not looked at.
pub(super) fn read(file: &Path) -> Result<(Rounds, Vec<String>), ServerError> {
    let invalid = |why: String| ServerError::new(ErrorKind::Invalid, format!("{}: {why}", file.display()));
    table::open(file, "rounds").and_then(rounds).map_err(invalid)
}

/// The rounds of a table, or why it is none.
pub(super) fn rounds(from: impl Read + 'static) -> Result<(Rounds, Vec<String>), String> {
    let mut reader = table::reader(from)?;
    let header = table::header(&mut reader)?;
    let columns = Columns::of(&header)?;
    if columns.x.len() > N_FEATURES_MAX {
        return Err(format!("{} columns begin with x_: keep the {N_FEATURES_MAX} that matter", columns.x.len()));
    }
    let mut found = Cells::default();
    table::each_row(&mut reader, |row| {
        found.take(&columns, row).map_err(Wrong::Row)?;
        if found.reward.len() > N_ROUNDS_MAX {
            return Err(Wrong::File(format!("it holds more than {N_ROUNDS_MAX} rounds: judge a part of them")));
        }
        if found.x.len().max(found.target.len()) > N_NUMBERS_MAX {
            return Err(Wrong::File(format!("it holds more than {N_NUMBERS_MAX} numbers: judge a part of the rounds")));
        }
        Ok(())
    })?;
    found.rounds(&columns).map(|rounds| (rounds, columns.left_aside))
}

impl Cells {
    /// Takes in a row, or says where it is wrong and what to write.
    fn take(&mut self, columns: &Columns, row: &StringRecord) -> Result<(), String> {
        if row.len() != columns.names.len() {
            return Err(format!(
                ": it has {} cells where the first line names {}; a cell with a comma in it needs quotes",
                row.len(),
                columns.names.len()
            ));
        }
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        let wrong =
            |at: usize, write: &str| format!(", column `{}`: \"{}\"; {write}", columns.name(at), shown(cell(at)));
        let number = |at: usize, write: &str, is_allowed: fn(f64) -> bool| {
            cell(at).parse::<f64>().ok().filter(|value| is_allowed(*value)).ok_or_else(|| wrong(at, write))
        };
        let is_number = |value: f64| value.abs() <= 1e12;
        let is_share = |value: f64| (0.0..=1.0).contains(&value);
        let text = |at: usize, write: &str| {
            Some(cell(at)).filter(|text| !text.is_empty()).map(str::to_owned).ok_or_else(|| wrong(at, write))
        };
        let action = text(columns.action, "write which action was taken")?;
        let reward = number(columns.reward, "write what came of it as a number, such as 0, 1 or 12.5", is_number)?;
        let propensity = number(
            columns.propensity,
            "write the chance that the action was drawn with, above 0 and at most 1, such as 0.25",
            |p| p > 0.0 && p <= 1.0,
        )?;
        let place = columns.place.map(|at| text(at, "write at which place it was shown, such as 1")).transpose()?;
        let customer = columns.customer.map(|at| text(at, "write whose round it is, such as 42")).transpose()?;
        let write = "write B's chance of it, from 0 to 1";
        let mut target = Vec::new();
        if columns.of_actions.is_empty() {
            target.extend(columns.target.map(|at| number(at, write, is_share)).transpose()?);
        } else {
            for (_, at) in &columns.of_actions {
                target.push(number(*at, write, is_share)?);
            }
            let sum: f64 = target.iter().sum();
            if (sum - 1.0).abs() > SUM_TOLERANCE {
                return Err(format!(": B's chances add up to {sum:.4}; make those of all actions add up to 1"));
            }
            if !columns.of_actions.iter().any(|(name, _)| *name == action) {
                return Err(wrong(columns.action, &format!("add a column `target:{action}` with B's chance of it")));
            }
        }
        let x: Vec<f64> =
            columns.x.iter().map(|at| number(*at, "write a number", is_number)).collect::<Result<_, _>>()?;
        self.action.push(action);
        self.reward.push(reward);
        self.propensity.push(propensity);
        self.place.extend(place);
        self.customer.extend(customer.map(|customer| stable_hash(&customer)));
        self.target.extend(target);
        self.x.extend(x);
        Ok(())
    }

    fn rounds(self, columns: &Columns) -> Result<Rounds, String> {
        let n = self.reward.len();
        if n < 2 {
            return Err(format!("{n} rounds are too few to say anything: write one row for each decision"));
        }
        let names: BTreeSet<&str> = match columns.of_actions.as_slice() {
            [] => self.action.iter().map(String::as_str).collect(),
            declared => declared.iter().map(|(name, _)| name.as_str()).collect(),
        };
        let number_of: BTreeMap<&str, u32> = names.iter().copied().zip(0..).collect();
        let n_actions = names.len();
        if !self.x.is_empty() && n.saturating_mul(n_actions) > N_NUMBERS_MAX {
            return Err(format!(
                "{n} rounds of {n_actions} actions are too many to foretell each: leave the columns x_ out"
            ));
        }
        let code = |names: &BTreeMap<&str, u32>, texts: &[String]| -> Vec<u32> {
            texts.iter().map(|text| names.get(text.as_str()).copied().unwrap_or(0)).collect()
        };
        let places: BTreeMap<&str, u32> =
            self.place.iter().map(String::as_str).collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
        let target = match (columns.of_actions.as_slice(), columns.target) {
            ([], None) => Target::Uniform,
            ([], Some(_)) => Target::OfTaken(self.target),
            (declared, _) => {
                // The columns in the order of the actions' numbers.
                let mut order: Vec<(u32, usize)> =
                    declared.iter().enumerate().map(|(at, (name, _))| (number_of[name.as_str()], at)).collect();
                order.sort_unstable();
                let rows = self.target.chunks(n_actions);
                Target::OfAll(rows.flat_map(|row| order.iter().map(|(_, at)| row[*at])).collect())
            }
        };
        Ok(Rounds {
            n_actions: u32::try_from(n_actions).map_err(|_| "it names too many actions".to_owned())?,
            action: code(&number_of, &self.action),
            place: columns.place.map(|_| code(&places, &self.place)),
            customer: columns.customer.map(|_| self.customer),
            reward: self.reward,
            propensity: self.propensity,
            target,
            x: self.x,
            n_features: columns.x.len(),
        })
    }
}
