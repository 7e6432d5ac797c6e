//! How are decisions kept? [`DecisionLog`] on the database.

use crate::command::{Command, Done};
use crate::schema::meta;
use crate::writer::Patience;
use crate::{DatabaseError, Storage};
use decisions::{DecisionCount, DecisionLog, DecisionLogError, DecisionQuery, Declaration, Exposed, LoggedDecision};
use primitives::{CustomerId, DAY_MS, DecisionId, ErrorKind, Timestamp};
use rusqlite::{OptionalExtension, Row, params};
use std::collections::BTreeMap;

/// What is read of a decision; see [`decision`] and [`placed`].
pub(crate) const COLUMNS: &str =
    "SELECT id, decided_at, kind, customer, is_fallback, record, seq, is_forgotten FROM decisions";

/// How many records of a customer are replaced at a time, so that nobody waits for long.
const N_FORGOTTEN: usize = 200;

/// How many decisions are read at a time, so that a slow visitor holds up nobody.
const N_PAGE: usize = 1_024;

/// How many of the newest are read first, and at most at a time: most want a handful, and few want many.
const N_NEWEST: (u32, u32) = (16, 1_024);

impl DecisionLog for Storage {
    fn append_all(&self, decisions: Vec<LoggedDecision>, exposed: Vec<Exposed>) -> Result<(), DecisionLogError> {
        let Some(first) = decisions.first() else { return Ok(()) };
        let n = decisions.len() as u64;
        let attempt = match n {
            1 => format!("storing the decision {}", first.id),
            n => format!("storing {n} decisions, {} first", first.id),
        };
        match self.submit(Command::AppendDecisions(decisions, exposed), Patience::Decide) {
            Ok(Done::Rows(n_stored)) if n_stored < n => {
                let exists = DatabaseError::new(ErrorKind::Conflict, "draw a new id", "a decision of that id exists");
                Err(failed(&attempt, exists))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(failed(&attempt, error)),
        }
    }

    fn exposed(&self, experiment: &str, visit: &mut dyn FnMut(Exposed) -> bool) -> Result<(), DecisionLogError> {
        let sql = "SELECT customer, arm, first_at FROM exposures WHERE experiment = ?1 AND customer > ?2
                   ORDER BY customer LIMIT ?3";
        let mut last = String::new();
        loop {
            let page: Vec<Exposed> = self
                .readers
                .with(|connection| {
                    let read = |row: &Row<'_>| {
                        Ok(Exposed {
                            experiment: experiment.to_owned(),
                            customer: CustomerId::from(row.get::<_, String>(0)?),
                            arm: row.get(1)?,
                            first_at: Timestamp::from_millis(row.get(2)?),
                        })
                    };
                    let n_page = i64::try_from(N_PAGE).unwrap_or(i64::MAX);
                    connection.prepare_cached(sql)?.query_map(params![experiment, last, n_page], read)?.collect()
                })
                .map_err(|error| failed("reading who met an experiment", error))?;
            let is_last = page.len() < N_PAGE;
            for exposed in page {
                exposed.customer.as_str().clone_into(&mut last);
                if !visit(exposed) {
                    return Ok(());
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    fn experiments(&self) -> Result<BTreeMap<String, BTreeMap<String, u64>>, DecisionLogError> {
        let sql = "SELECT experiment, arm, count(*) FROM exposures GROUP BY 1, 2 ORDER BY 1, 2";
        let rows: Vec<(String, String, i64)> = self
            .readers
            .with(|connection| {
                let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
                connection.prepare_cached(sql)?.query_map([], read)?.collect()
            })
            .map_err(|error| failed("counting who met experiments", error))?;
        let mut found: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for (experiment, arm, n) in rows {
            found.entry(experiment).or_default().insert(arm, n.cast_unsigned());
        }
        Ok(found)
    }

    fn keep(&self, declaration: &Declaration) -> Result<(), DecisionLogError> {
        let kept = self.submit(Command::KeepDeclaration(declaration.clone()), Patience::Decide);
        kept.map(|_| ()).map_err(|error| failed("keeping what decisions are declared as", error))
    }

    fn declaration(&self, digest: &str) -> Result<Option<Declaration>, DecisionLogError> {
        let sql = "SELECT digest, words FROM declarations WHERE digest = ?1";
        let read = |row: &Row<'_>| Ok(Declaration { digest: row.get(0)?, words: row.get(1)? });
        let found =
            self.readers.with(|connection| connection.prepare_cached(sql)?.query_row([digest], read).optional());
        found.map_err(|error| failed("reading what a decision was declared as", error))
    }

    fn get(&self, id: &DecisionId) -> Result<Option<LoggedDecision>, DecisionLogError> {
        self.readers
            .with(|connection| {
                connection
                    .prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?
                    .query_row([id.as_str()], decision)
                    .optional()
            })
            .map_err(|error| failed(&format!("reading the decision {id}"), error))
    }

    fn newest(
        &self,
        meant: &DecisionQuery,
        visit: &mut dyn FnMut(LoggedDecision) -> bool,
    ) -> Result<(), DecisionLogError> {
        let day = meant.day.map_or((i64::MIN, i64::MAX), |day| (day * DAY_MS, day * DAY_MS + DAY_MS));
        let customer = meant.customer.as_ref().map(CustomerId::as_str);
        let sql = newest(meant);
        // The place before which it goes on: (time, order of arrival).
        let (mut place, mut n_page) = ((day.1, i64::MIN), N_NEWEST.0);
        loop {
            let page: Vec<Placed> = self
                .readers
                .with(|connection| {
                    let asked =
                        params![day.0, place.0, place.1, i64::from(n_page), meant.kind, meant.is_fallback, customer];
                    connection.prepare_cached(&sql)?.query_map(asked, placed)?.collect()
                })
                .map_err(|error| failed("reading the newest decisions", error))?;
            let is_last = page.len() < n_page as usize;
            for (decision, seq) in page {
                place = (decision.decided_at.as_millis(), seq);
                if !visit(decision) {
                    return Ok(());
                }
            }
            if is_last {
                return Ok(());
            }
            n_page = n_page.saturating_mul(4).min(N_NEWEST.1);
        }
    }

    fn by_day(&self, from: Timestamp, n_max: u64) -> Result<Vec<DecisionCount>, DecisionLogError> {
        let sql = "SELECT decided_at / 86400000, kind, is_fallback, count(*) FROM (
                SELECT decided_at, kind, is_fallback FROM decisions WHERE decided_at >= ?1
                ORDER BY decided_at DESC LIMIT ?2
            ) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
        let count = |row: &Row<'_>| {
            Ok(DecisionCount {
                day: row.get(0)?,
                kind: row.get(1)?,
                is_fallback: row.get(2)?,
                n: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
            })
        };
        let n_max = i64::try_from(n_max).unwrap_or(i64::MAX);
        self.readers
            .with(|connection| {
                connection.prepare_cached(sql)?.query_map(params![from.as_millis(), n_max], count)?.collect()
            })
            .map_err(|error| failed("counting the decisions of each day", error))
    }

    fn next_customer(&self, after: Option<&CustomerId>) -> Result<Option<CustomerId>, DecisionLogError> {
        let sql = "SELECT min(customer) FROM decisions WHERE customer > ?1";
        let after = after.map_or("", CustomerId::as_str);
        let found = self.readers.with(|connection| {
            connection.prepare_cached(sql)?.query_row([after], |row| row.get::<_, Option<String>>(0))
        });
        found.map(|id| id.map(CustomerId::from)).map_err(|error| failed("reading who was decided for", error))
    }

    fn forget(
        &self,
        customer: &CustomerId,
        forget: &mut dyn FnMut(LoggedDecision) -> Option<Vec<u8>>,
    ) -> Result<u64, DecisionLogError> {
        let attempt = "forgetting what was known of a customer";
        let sql = format!(
            "{COLUMNS} WHERE customer = ?1 AND (decided_at, seq) > (?2, ?3) AND NOT is_forgotten
             ORDER BY decided_at, seq LIMIT {N_FORGOTTEN}"
        );
        let mut n_forgotten = 0;
        let mut place = (i64::MIN, i64::MIN);
        loop {
            let page: Vec<Placed> = self
                .readers
                .with(|connection| {
                    let mut select = connection.prepare_cached(&sql)?;
                    select.query_map(params![customer.as_str(), place.0, place.1], placed)?.collect()
                })
                .map_err(|error| failed(attempt, error))?;
            let Some((last, seq)) = page.last() else { return Ok(n_forgotten) };
            place = (last.decided_at.as_millis(), *seq);
            let rewrite = |(one, _): Placed| Some((one.id.clone(), forget(one)?));
            let records: Vec<_> = page.into_iter().filter_map(rewrite).collect();
            n_forgotten += records.len() as u64;
            self.submit(Command::ForgetInputs(records), Patience::Wait).map_err(|error| failed(attempt, error))?;
        }
    }

    fn counts(&self) -> Result<(u64, u64), DecisionLogError> {
        self.readers
            .snapshot(|connection| Ok((meta(connection, "n_decisions")?, meta(connection, "n_fallbacks")?)))
            .map_err(|error| failed("counting decisions", error))
    }

    fn since(&self, from: Timestamp, visit: &mut dyn FnMut(LoggedDecision) -> bool) -> Result<(), DecisionLogError> {
        // The place of the last decision that was visited: (time, order of arrival).
        let mut place = (from.as_millis(), 0_i64);
        loop {
            let page: Vec<Placed> = self
                .readers
                .with(|connection| {
                    let sql = format!("{COLUMNS} WHERE (decided_at, seq) > (?1, ?2) ORDER BY decided_at, seq LIMIT ?3");
                    let n_page = i64::try_from(N_PAGE).unwrap_or(i64::MAX);
                    connection.prepare_cached(&sql)?.query_map(params![place.0, place.1, n_page], placed)?.collect()
                })
                .map_err(|error| failed(&format!("reading the decisions since {from}"), error))?;
            let is_last = page.len() < N_PAGE;
            for (decision, seq) in page {
                place = (decision.decided_at.as_millis(), seq);
                if !visit(decision) {
                    return Ok(());
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }
}

/// The newest of the decisions that are meant. Each condition stands only where it narrows, so that the index that suits is taken.
fn newest(meant: &DecisionQuery) -> String {
    // Of one customer there are few decisions, and of a kind as many as there are: the sign keeps the index of kinds out.
    let of_kind = match (&meant.kind, &meant.customer) {
        (Some(_), Some(_)) => " AND +kind = ?5",
        (Some(_), None) => " AND kind = ?5",
        (None, _) => " AND ?5 IS NULL",
    };
    let of_basis = if meant.is_fallback.is_some() { " AND is_fallback = ?6" } else { " AND ?6 IS NULL" };
    let of_customer = if meant.customer.is_some() { " AND customer = ?7" } else { " AND ?7 IS NULL" };
    format!(
        "{COLUMNS} WHERE decided_at >= ?1 AND (decided_at, seq) < (?2, ?3){of_kind}{of_basis}{of_customer}
         ORDER BY decided_at DESC, seq DESC LIMIT ?4"
    )
}

/// A decision with its place in the order of arrival.
type Placed = (LoggedDecision, i64);

fn placed(row: &Row<'_>) -> rusqlite::Result<Placed> {
    Ok((decision(row)?, row.get(6)?))
}

pub(crate) fn decision(row: &Row<'_>) -> rusqlite::Result<LoggedDecision> {
    Ok(LoggedDecision {
        id: DecisionId::from(row.get::<_, String>(0)?),
        decided_at: Timestamp::from_millis(row.get(1)?),
        kind: row.get(2)?,
        customer: row.get::<_, Option<String>>(3)?.map(CustomerId::from),
        is_fallback: row.get(4)?,
        record: row.get(5)?,
    })
}

fn failed(attempt: &str, error: DatabaseError) -> DecisionLogError {
    DecisionLogError {
        attempt: format!("{attempt} failed: {}", error.action),
        kind: error.kind,
        source: Box::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::open_writer;

    #[test]
    fn the_decisions_of_a_customer_are_found_by_the_customer_however_many_of_the_kind_there_are() {
        let temp = tempfile::tempdir().unwrap();
        let connection = open_writer(&temp.path().join("decisions.db")).unwrap();
        let plan = |kind: Option<&str>, customer: Option<&str>| -> String {
            let meant = DecisionQuery {
                kind: kind.map(str::to_owned),
                customer: customer.map(CustomerId::from),
                ..DecisionQuery::default()
            };
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", newest(&meant))).unwrap();
            let asked = params![0, 9, 9, 16, kind, meant.is_fallback, customer];
            plan.query_map(asked, |row| row.get(3)).unwrap().map(Result::unwrap).collect::<Vec<String>>().join("; ")
        };
        for (kind, customer, index) in [
            (Some("act"), Some("42"), "decisions_by_customer (customer=?"),
            (None, Some("42"), "decisions_by_customer (customer=?"),
            (Some("act"), None, "decisions_by_kind (kind=?"),
            (None, None, "decisions_by_time ("),
        ] {
            let plan = plan(kind, customer);
            assert!(plan.contains(index) && !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
