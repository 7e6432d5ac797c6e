//! Which company does the server hold already, and how far has it lived?

use super::beside::{Keyed, Life};
use super::delivery::Enough;
use super::holder::{Holder, NOBODY, Traits, ask_of, asked};
use crate::error::ServerError;
use crate::simulated::Incoming;
use primitives::{ErrorKind, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use simulation::{Company, FIRST_ITEM, LIVED, LIVED_BY, Label, Settings};

/// What the server knows of a company.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    /// What it is made of.
    settings: Settings,
    /// The day that comes next: after its history, or after the one it began last beside the server.
    day: i64,
    /// Who lets it live, or did until they were killed.
    by: Option<String>,
}

impl Known {
    /// Asks the server of which company its catalogue is; `None` where it has none.
    ///
    /// # Errors
    /// [`ServerError`] where it cannot be asked, or what is there is of no simulated company.
    pub(crate) fn ask(server: &Keyed, is_enough: Enough<'_>) -> Result<Option<Self>, ServerError> {
        if let Some(item) = ask_of(&server.office, FIRST_ITEM, is_enough)?.filter(|item| item.vouched) {
            return Self::read(&item.traits).map(Some);
        }
        match asked::<Incoming>(&server.office, Incoming::PATH, is_enough)? {
            Some(incoming) if incoming.has_items() => {
                let message = "the server has the catalogue of no simulated company, among whose customers its people would be \
                               taken for real: let it live beside an empty server";
                Err(ServerError::new(ErrorKind::Conflict, message))
            }
            _ => Ok(None),
        }
    }

    fn read(traits: &Traits) -> Result<Self, ServerError> {
        let other = |why: String| {
            let message = format!(
                "the server sells {FIRST_ITEM} but of no simulated company ({why}): let it live beside an empty server"
            );
            ServerError::new(ErrorKind::Conflict, message)
        };
        let label = traits.get("simulated").ok_or_else(|| other("nothing says that it is simulated".to_owned()))?;
        let label = Label::deserialize(label).map_err(|error| other(error.to_string()))?;
        let settings = label.settings().map_err(|error| other(error.to_string()))?;
        let lived = traits.get(LIVED).and_then(Value::as_str).and_then(|day| Timestamp::parse(day).ok());
        let by = traits.get(LIVED_BY).and_then(Value::as_str).filter(|by| *by != NOBODY).map(str::to_owned);
        Ok(Self { settings, day: lived.map_or(settings.end_day, |lived| lived.day() + 1), by })
    }

    /// Whether it is the company that somebody asks for, where they do.
    ///
    /// # Errors
    /// [`ServerError`] where it is another one.
    pub(crate) fn is_asked_for(&self, seed: Option<u64>, n_customers: Option<u32>) -> Result<(), ServerError> {
        let Settings { seed: its_seed, n_customers: its_customers, .. } = self.settings;
        if seed.is_none_or(|seed| seed == its_seed.value()) && n_customers.is_none_or(|n| n == its_customers) {
            return Ok(());
        }
        let message = format!(
            "the server holds another simulated company (seed {}, {its_customers} customers): leave --seed and --customers \
             out and it lives on, or choose an empty server",
            its_seed.value(),
        );
        Err(ServerError::new(ErrorKind::Conflict, message))
    }

    /// Makes sure that nobody else lets it live.
    ///
    /// # Errors
    /// [`ServerError`] where somebody does, or the server cannot be told.
    pub(crate) fn is_free_for(
        &self,
        holder: &Holder,
        server: &Keyed,
        is_enough: Enough<'_>,
    ) -> Result<(), ServerError> {
        self.by.as_deref().map_or(Ok(()), |by| holder.call(&server.office, by, is_enough))
    }

    /// Lives through everything up to the day that comes next. What was decided on days that it lived beside the server is not
    /// known here: those are lived again as if nothing had been, and what happens from now on has names of its own.
    pub(crate) fn live_on(&self) -> Life {
        // A day is begun once, so that its number tells this beginning from every other.
        let nth = u64::try_from(self.day - self.settings.first_day()).unwrap_or(0);
        self.live_from(self.day, nth.saturating_add(1))
    }

    /// Does the same with another day, where each beginning has an `nth` of its own.
    pub(crate) fn live_from(&self, day: i64, nth: u64) -> Life {
        let mut company = Company::new(self.settings);
        let mut lives = company.live_until(day, &mut |_| {});
        company.begin_again(&mut lives, nth);
        Life { company, lives, day, is_new: false }
    }

    /// The day after its history.
    pub(crate) fn end_day(&self) -> i64 {
        self.settings.end_day
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(traits: Value) -> Result<Known, String> {
        let traits = serde_json::from_value(traits).unwrap();
        Known::read(&traits).map_err(|error| error.to_string())
    }

    #[test]
    fn a_company_goes_on_after_its_history_or_after_the_day_it_began_last() {
        let label = json!({"seed": 9, "customers": 20, "days": 30, "end": "2026-11-22"});
        let known = read(json!({"simulated": label, "brand": "x"})).unwrap();
        let end = Timestamp::parse("2026-11-22").unwrap().day();
        assert_eq!((known.settings.end_day, known.day, known.by), (end, end, None));
        for (by, known_by) in [("nobody", None), ("another", Some("another"))] {
            let known = read(json!({"simulated": label, "simulatedBy": by})).unwrap();
            assert_eq!(known.by.as_deref(), known_by);
        }
        let known = read(json!({"simulated": label, "simulatedDay": "2026-10-30"})).unwrap();
        assert_eq!(known.day, end - 22);
        for (seed, n_customers, is_it) in
            [(None, None, true), (Some(9), Some(20), true), (Some(8), None, false), (None, Some(21), false)]
        {
            let asked = known.is_asked_for(seed, n_customers);
            assert_eq!(asked.is_ok(), is_it, "{seed:?} {n_customers:?}");
            assert!(asked.err().is_none_or(|error| error.to_string().contains("seed 9, 20 customers")));
        }
        assert_eq!(known.live_on().day, end - 22);
    }

    #[test]
    fn a_real_company_is_left_alone() {
        for (traits, why) in [
            (json!({"brand": "x"}), "nothing says that it is simulated"),
            (json!({"simulated": true}), "invalid type"),
            (json!({"simulated": {"seed": 1, "customers": 0, "days": 3, "end": "2026-11-22"}}), "0 customers"),
        ] {
            let error = read(traits).unwrap_err();
            assert!(error.contains("no simulated company") && error.contains(why), "{error}");
        }
    }
}
