//! What changes in what people declare, and how is it written?

use super::Done;
use decisions::PlaybookChange;
use rusqlite::{Connection, params};

/// A change of what is declared.
#[derive(Debug)]
pub(crate) struct PlaybookCommand(pub(crate) PlaybookChange);

impl PlaybookCommand {
    pub(crate) fn bytes(&self) -> usize {
        let runs = self.0.runs.iter().map(|run| run.record.len() + 64).sum::<usize>();
        runs + self.0.saved.iter().map(|saved| saved.record.len() + 64).sum::<usize>()
    }

    pub(crate) fn apply(&self, connection: &Connection) -> rusqlite::Result<Done> {
        let PlaybookChange { saved, removed, runs } = &self.0;
        let mut n = 0;
        for saved in saved {
            // What takes the place of another stays where that stood.
            let sql = "INSERT INTO playbook(list, name, record) VALUES(?1, ?2, ?3)
                       ON CONFLICT(list, name) DO UPDATE SET record = excluded.record";
            n += connection.prepare_cached(sql)?.execute([&saved.list, &saved.name, &saved.record])?;
        }
        for (list, name) in removed {
            let sql = "DELETE FROM playbook WHERE list = ?1 AND name = ?2";
            n += connection.prepare_cached(sql)?.execute([list, name])?;
        }
        for run in runs {
            let sql = "INSERT INTO runs(experiment, began_at, ended_at, record) VALUES(?1, ?2, ?3, ?4)
                       ON CONFLICT(experiment) DO UPDATE SET
                           began_at = excluded.began_at, ended_at = excluded.ended_at, record = excluded.record";
            let ended_at = run.ended_at.map(primitives::Timestamp::as_millis);
            n += connection.prepare_cached(sql)?.execute(params![
                run.experiment,
                run.began_at.as_millis(),
                ended_at,
                run.record
            ])?;
        }
        Ok(Done::Rows(n as u64))
    }
}
