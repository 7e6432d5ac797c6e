//! How often will it happen, or how much will it come to? One kind for every question that a number answers.

use super::asked::Asked;
use crate::kind::Gist;
use crate::kind::{ContentShape, KindAbout};
use crate::models::currency_of;
use crate::{Amount, Ask, Content, Declaration, Kind, Knowledge, ModelRef, More, Said, Why};
use learning::{Loaded, Outcome};
use models::value::Forecast;

/// How often or how much.
#[derive(Debug, Clone)]
pub struct Quantity {
    asked: Asked,
    window_days: i64,
}

impl Quantity {
    /// The question of an outcome.
    #[must_use]
    pub fn new(outcome: &Outcome) -> Self {
        Self { asked: Asked::new(outcome, ContentShape::Amount), window_days: outcome.window_days }
    }

    fn amount(&self, loaded: &Loaded, forecast: &Forecast) -> Amount {
        // A zero has no sign.
        let [value, low, high] = [forecast.mean, forecast.low, forecast.high].map(|number| number + 0.0);
        Amount { value, low, high, currency: currency_of(loaded), days: Some(self.window_days) }
    }
}

/// The trees add up roots, which nobody can read as a number: which way a feature speaks is what can be said.
fn with_direction(said: String, contribution: f64) -> String {
    format!("{said} (speaks for {})", if contribution > 0.0 { "more" } else { "less" })
}

impl Kind for Quantity {
    fn about(&self) -> &KindAbout {
        &self.asked.about
    }

    fn declaration(&self) -> Option<&Declaration> {
        Some(&self.asked.declaration)
    }

    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why> {
        let (loaded, model) = ask.models.number(&self.asked.task)?;
        self.asked.check(ask, known)?;
        let expected = model.expect(known.inputs(&self.asked.task)).map_err(|error| Why::because(error.to_string()))?;
        let reasons = self.asked.reasons(loaded, known, &expected.contributions, with_direction);
        let content = Content::Amount { amount: Some(self.amount(loaded, &expected.forecast)), reasons };
        Ok(Said { content, model: Some(ModelRef::from(loaded)), more: More::default() })
    }

    fn gist(&self, ask: &Ask<'_>, known: &Knowledge) -> Option<Gist> {
        let (_, model) = ask.models.number(&self.asked.task).ok()?;
        self.asked.check(ask, known).ok()?;
        // A zero has no sign.
        Some(Gist::Number(model.forecast(known.inputs(&self.asked.task)).ok()?.mean + 0.0))
    }

    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        let found = ask.models.number(&self.asked.task);
        let average = found.map(|(loaded, model)| self.amount(loaded, &model.overall()));
        let content = |amount| Content::Amount { amount, reasons: Vec::new() };
        self.asked.general(ask, average, "number", why, content)
    }
}
