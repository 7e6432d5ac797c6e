//! How much will this customer spend?

use crate::kind::Gist;
use crate::kind::{ContentShape, KindAbout, Reads};
use crate::models::currency_of;
use crate::parameter::{Parameter, Takes};
use crate::{Amount, Ask, Content, Kind, Knowledge, ModelRef, More, Reason, Said, Why};
use governance::Purpose;
use learning::reasons::money;
use learning::{TaskName, ValueHistory};
use models::value::{Forecast, Parts};
use primitives::{Currency, Probability};

const DAYS: Parameter = Parameter {
    name: "days",
    meaning: "How many days ahead",
    takes: Takes::Whole { range: (1, 1_825), default: Some(365) },
};

/// In one of twenty cases it is less, in one of twenty more.
const LEVEL: f64 = 0.9;

/// How much a customer will spend.
#[derive(Debug, Clone)]
pub struct Value {
    about: KindAbout,
    task: TaskName,
}

impl Default for Value {
    fn default() -> Self {
        let task = TaskName::from("value");
        let about = KindAbout {
            name: "value".into(),
            title: "Lifetime value".to_owned(),
            question: "How much will this customer spend in the next year?".to_owned(),
            purpose: Purpose::Personalization,
            reads: Reads { tasks: vec![task.clone()], currency: true, ..Reads::default() },
            tasks: vec![task.clone()],
            parameters: vec![DAYS],
            is_shown: false,
            on_profile: true,
            is_risk: false,
            shape: ContentShape::Amount,
        };
        Self { about, task }
    }
}

impl Value {
    fn history(&self, known: &Knowledge) -> Result<ValueHistory, Why> {
        ValueHistory::of(known.inputs(&self.task))
            .ok_or_else(|| Why::because("The customer has not bought anything yet"))
    }
}

/// Money of another currency than was learned from cannot be foretold.
fn pays_in(known: &Knowledge, learned_in: Option<Currency>) -> Result<(), Why> {
    if known.currency == learned_in {
        return Ok(());
    }
    let name = |currency: Option<Currency>| currency.map_or("no currency".to_owned(), |c| c.code().to_owned());
    let (theirs, ours) = (name(known.currency), name(learned_in));
    Err(Why::because(format!("The customer pays in {theirs}, and the model has learned from {ours}")))
}

impl Kind for Value {
    fn about(&self) -> &KindAbout {
        &self.about
    }

    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why> {
        let (loaded, model) = ask.models.amount(&self.task)?;
        let (history, learned_in) = (self.history(known)?, currency_of(loaded));
        pays_in(known, learned_in)?;
        let days = days(ask);
        let parts = model.explain(&history.purchases, history.spend, days, level());
        let content = Content::Amount {
            amount: Some(amount(ask, &parts.value, learned_in)),
            reasons: reasons(&history, &parts, days, learned_in),
        };
        Ok(Said { content, model: Some(ModelRef::from(loaded)), more: More::default() })
    }

    fn gist(&self, ask: &Ask<'_>, known: &Knowledge) -> Option<Gist> {
        let (loaded, model) = ask.models.amount(&self.task).ok()?;
        let history = self.history(known).ok()?;
        pays_in(known, currency_of(loaded)).ok()?;
        Some(Gist::Number(model.mean(&history.purchases, history.spend, days(ask))))
    }

    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        let named = ask.models.named(&self.task);
        let (loaded, model) = match ask.models.amount(&self.task) {
            Ok(found) => found,
            Err(missing) => {
                let said = Said {
                    content: Content::Amount { amount: None, reasons: Vec::new() },
                    model: named,
                    more: More::default(),
                };
                return (said, format!("{}: there is no amount.", missing.text("lifetime value")));
            }
        };
        let why = why.text("lifetime value");
        let of_all = amount(ask, &model.population(days(ask), level()), currency_of(loaded));
        let content = Content::Amount { amount: Some(of_all), reasons: Vec::new() };
        let said = Said { content, model: named, more: More::default() };
        (said, format!("{why}: this is what a customer brings on average, counted from the first order."))
    }
}

fn days(ask: &Ask<'_>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "at most five years of days")]
    let days = ask.whole(&DAYS) as f64;
    days
}

fn level() -> Probability {
    Probability::new(LEVEL).unwrap_or(Probability::ONE)
}

fn amount(ask: &Ask<'_>, forecast: &Forecast, currency: Option<Currency>) -> Amount {
    let days = (!ask.as_before).then(|| ask.whole(&DAYS));
    Amount { value: forecast.mean, low: forecast.low, high: forecast.high, currency, days }
}

/// The three parts that the amount is made of.
fn reasons(history: &ValueHistory, parts: &Parts, days: f64, currency: Option<Currency>) -> Vec<Reason> {
    let reason = |feature: &str, value: f64, text: String| Reason {
        feature: feature.to_owned(),
        value: Some(value),
        contribution: None,
        text,
    };
    let (alive, coming, each) = (parts.p_alive.get(), parts.purchases.mean, parts.spend_per_purchase.mean);
    // The model lets nobody leave before a second purchase: of one purchase it says nothing of that.
    let said_alive = match history.purchases.frequency {
        0 => "Bought once so far, so they are expected to come back as customers do on average".to_owned(),
        _ => format!("Still a customer with {:.0} % probability", alive * 100.0),
    };
    vec![
        reason("p_alive", alive, said_alive),
        reason("purchases", coming, format!("{coming:.1} purchases are expected in {days:.0} days")),
        reason("spend_per_purchase", each, format!("{} are expected from each purchase", money(each, currency))),
    ]
}
