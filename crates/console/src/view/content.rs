//! What does an answer say? One of few forms, each with a template of its own.

use super::{Band, filters};
use crate::Icon;
use crate::chart::{Html, Tone, diverging, gauge, interval, meter};
use crate::format;
use primitives::Currency;
use std::fmt;

/// What an answer says, in one of few forms.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Items, best first.
    Items(Items),
    /// What to do.
    Actions(Actions),
    /// What flags are.
    Flags(Flags),
    /// Ways to go on.
    Completions(Completions),
    /// How likely something is.
    Score(Score),
    /// How much money.
    Amount(Amount),
    /// One of several.
    Choice(Choice),
    /// What a message says.
    Labels(Labels),
    /// What is answered to a question.
    Quoted(Quoted),
    /// There was nothing to answer with.
    Nothing,
}

impl fmt::Display for Content {
    /// As HTML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Items(items) if items.items.is_empty() => Self::Nothing.fmt(f),
            Self::Items(items) => items.fmt(f),
            Self::Actions(actions) if actions.actions.is_empty() && actions.left_out.is_empty() => Self::Nothing.fmt(f),
            Self::Actions(actions) => actions.fmt(f),
            Self::Flags(flags) if flags.flags.is_empty() => Self::Nothing.fmt(f),
            Self::Flags(flags) => flags.fmt(f),
            Self::Completions(completions) if completions.completions.is_empty() => Self::Nothing.fmt(f),
            Self::Completions(completions) => completions.fmt(f),
            Self::Score(score) => score.fmt(f),
            Self::Amount(amount) => amount.fmt(f),
            Self::Choice(choice) => choice.fmt(f),
            Self::Labels(labels) if labels.rows.is_empty() => Self::Nothing.fmt(f),
            Self::Labels(labels) => labels.fmt(f),
            Self::Quoted(quoted) => quoted.fmt(f),
            Self::Nothing => f.write_str("<p class=\"empty-line\">There was nothing to answer with.</p>"),
        }
    }
}

impl Content {
    /// What a list of customers has room for; `None` where it says nothing of this customer.
    #[must_use]
    pub fn glance(&self) -> Option<Glance> {
        match self {
            Self::Score(score) if !score.is_average => {
                Some(Glance { text: format::percent(score.probability), band: Some((score.band(), score.is_risk)) })
            }
            Self::Amount(amount) if !amount.is_average => Some(Glance { text: amount.short(), band: None }),
            Self::Choice(choice) if !choice.is_average => {
                let text = choice.label.as_ref().or_else(|| choice.others.first())?;
                Some(Glance { text: text.clone(), band: None })
            }
            _ => None,
        }
    }

    /// An average in words, to stand behind the sentence that says why there is nothing better.
    #[must_use]
    pub fn average(&self) -> Option<String> {
        match self {
            Self::Score(score) if score.is_average => {
                Some(format!("{}: {}.", score.title, format::percent(score.probability)))
            }
            Self::Amount(amount) if amount.is_average => {
                Some(format!("{}: {}.", amount.title, amount.money(&amount.value)))
            }
            Self::Choice(choice) if choice.is_average => {
                Some(format!("{}: {} is the most frequent.", choice.title, choice.label.as_ref()?))
            }
            _ => None,
        }
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "answer/labels.html")]
pub struct Labels {
    /// What is told of it, and what that is: *asks for*, *Refund, 93 % sure*.
    pub rows: Vec<(&'static str, String)>,
    /// What its writer feels, with how much from 0 to 1, the most first.
    pub emotions: Vec<(String, f64)>,
}

impl Labels {
    /// An emotion beside the most that there can be.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the template passes what it walks over")]
    fn bar(felt: &f64) -> Html {
        meter(*felt, if *felt >= 0.5 { Tone::Accent } else { Tone::Quiet }, "")
    }
}

/// What is answered to a question.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "answer/quoted.html")]
pub struct Quoted {
    /// What is told.
    pub text: String,
    /// What else there is to say, and what that is: *sure*, *93 %*.
    pub rows: Vec<(&'static str, String)>,
    /// The passages that were found, best first, each with its title, where it comes from, what it says, and how much speaks for it.
    pub passages: Vec<(String, String, String, f64)>,
}

impl Quoted {
    /// How much speaks for a passage.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the template passes what it walks over")]
    fn bar(score: &f64) -> Html {
        meter(*score, Tone::Accent, "")
    }
}

/// Items, best first.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "answer/items.html")]
pub struct Items {
    /// The items.
    pub items: Vec<Item>,
}

/// An item that was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its identifier.
    pub id: String,
    /// Its name, where the catalogue knows one.
    pub title: Option<String>,
    /// Its picture, as in [`super::ItemRow`].
    pub picture: Option<String>,
    /// Its category, where the catalogue knows one.
    pub category: Option<String>,
    /// Its score; only the order and the ratio mean something.
    pub score: f64,
    /// Why, in words.
    pub reason: String,
}

impl Item {
    /// What stands for it where its picture is not there.
    fn name(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.id)
    }
}

impl Items {
    /// An item's score beside the best one's.
    fn bar(&self, score: &f64) -> Html {
        let scores = self.items.iter().map(|item| item.score).filter(|score| score.is_finite());
        meter(score / scores.fold(f64::MIN_POSITIVE, f64::max), Tone::Accent, "")
    }
}

/// What to do, and what not.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "answer/actions.html")]
pub struct Actions {
    /// What to do, first what counts most.
    pub actions: Vec<Action>,
    /// By rule, which actions it left out.
    pub left_out: Vec<(String, String)>,
}

/// An action that is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// What it is called.
    pub title: String,
    /// What its worth is made of: what, and how much.
    pub made_of: Vec<(&'static str, String)>,
    /// Why, in words.
    pub reason: String,
    /// How likely it was to be chosen.
    pub propensity: f64,
    /// What it is worth to do it.
    pub priority: f64,
}

/// What flags are for a customer.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "answer/flags.html")]
pub struct Flags {
    /// Each flag.
    pub flags: Vec<Flag>,
}

/// What a flag is for a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Flag {
    /// What it is called.
    pub title: String,
    /// Its value, as JSON.
    pub value: String,
    /// Why, in words.
    pub reason: String,
}

/// Ways to go on for who has begun to write.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "answer/completions.html")]
pub struct Completions {
    /// Each with what it is: a trait, or `item`.
    pub completions: Vec<(String, String)>,
}

/// A probability with its reasons.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "answer/score.html")]
pub struct Score {
    /// What it is the probability of: `Churn`.
    pub title: String,
    /// The same as a full question: `Will there be no purchase in the next 30 days?`
    pub question: String,
    /// Whether it is something to be kept from coming true.
    pub is_risk: bool,
    /// The calibrated probability.
    pub probability: f64,
    /// The probability of a customer of whom nothing is known, to compare with.
    pub base_rate: Option<f64>,
    /// Whether it is the average over all customers, and says nothing about this one.
    pub is_average: bool,
    /// The reasons, largest first.
    pub contributions: Vec<Contribution>,
}

/// What one feature added to a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// The feature's name.
    pub feature: String,
    /// What it says about this customer, in words.
    pub text: String,
    /// How much it added, in the model's unit (log-odds); positive makes it likelier.
    pub contribution: f64,
}

impl Score {
    pub(super) fn band(&self) -> Band {
        Band::of(self.probability)
    }

    fn class(&self) -> &'static str {
        self.band().class(self.is_risk)
    }

    fn words(&self) -> String {
        self.band().words(self.is_risk)
    }

    fn gauge(&self) -> Html {
        let label = format!("{}: {}", self.title, format::percent(self.probability));
        gauge(self.probability, self.band().tone(self.is_risk), &label)
    }

    fn bar(&self, contribution: &f64) -> Html {
        let sizes = self.contributions.iter().map(|reason| reason.contribution.abs());
        // Only of a risk is it known that more of it is worse.
        let tones = if self.is_risk { (Tone::Bad, Tone::Good) } else { (Tone::Accent, Tone::Quiet) };
        diverging(*contribution, sizes.filter(|size| size.is_finite()).fold(0.0, f64::max), tones, "")
    }
}

/// An amount of money with the interval in which it lies nine times of ten.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "answer/amount.html")]
pub struct Amount {
    /// What it is: `Lifetime value`.
    pub title: String,
    /// The same as a full question.
    pub question: String,
    /// How much, in major units.
    pub value: f64,
    /// In one of twenty cases it is less.
    pub low: f64,
    /// In one of twenty cases it is more.
    pub high: f64,
    /// In which currency, where one is known.
    pub currency: Option<Currency>,
    /// Whether it is the average over all customers, and says nothing about this one.
    pub is_average: bool,
    /// Why, in words, the weightiest first.
    pub reasons: Vec<String>,
}

impl Amount {
    /// How many reasons are shown.
    const N_REASONS: usize = 3;

    fn money(&self, value: &f64) -> String {
        format::amount(*value, self.currency)
    }

    /// As short as a table needs it.
    fn short(&self) -> String {
        // What is counted in a few is told to the hundredth: 0.4 is not nothing.
        let is_few = self.currency.is_none() && self.value.abs() < 100.0;
        let number = if is_few { format::amount(self.value, None) } else { format::compact(self.value) };
        self.currency.map_or_else(|| number.clone(), |currency| format!("{number} {currency}"))
    }

    fn told(&self) -> &[String] {
        &self.reasons[..self.reasons.len().min(Self::N_REASONS)]
    }

    fn bar(&self) -> Html {
        let top =
            [self.value, self.high].into_iter().filter(|value| value.is_finite()).fold(f64::MIN_POSITIVE, f64::max);
        let label =
            format!("{}: {} to {}", self.title, format::amount(self.low, None), format::amount(self.high, None));
        interval(self.low, self.value, self.high, top, &label)
    }
}

/// One of several, and what else holds.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "answer/choice.html")]
pub struct Choice {
    /// What is chosen: `Topic`.
    pub title: String,
    /// The same as a full question.
    pub question: String,
    /// Which; none where only what else holds is known.
    pub label: Option<String>,
    /// How likely it is, where that is known.
    pub probability: Option<f64>,
    /// What else holds, or may.
    pub others: Vec<String>,
    /// Whether it is what most customers have, and says nothing about this one.
    pub is_average: bool,
    /// Why, in words, the weightiest first.
    pub reasons: Vec<String>,
}

/// An answer in a table's cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// What it says.
    text: String,
    /// How high a score is, and whether that is a risk.
    band: Option<(Band, bool)>,
}

impl Glance {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The badge's colour, its word, and whether "risk" stands behind it where there is room.
    pub(super) fn badge(&self) -> Option<(&'static str, String, bool)> {
        self.band.map(|(band, is_risk)| (band.class(is_risk), band.words(false), is_risk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(currency: Option<Currency>, is_average: bool) -> Amount {
        Amount {
            title: "Lifetime value".to_owned(),
            question: "How much will this customer spend?".to_owned(),
            value: 1_234.6,
            low: 0.0,
            high: 999.25,
            currency,
            is_average,
            reasons: ["one", "two", "three", "four"].map(str::to_owned).to_vec(),
        }
    }

    #[test]
    fn an_amount_is_written_as_money_with_three_reasons_or_as_an_average() {
        let own = Content::Amount(amount(Currency::parse("EUR").ok(), false)).to_string();
        for part in ["1,235 EUR", "0.00 EUR", "999.25 EUR", "one", "three"] {
            assert!(own.contains(part), "{part}: {own}");
        }
        assert!(!own.contains("four") && !own.contains("verage"), "{own}");
        let average = Content::Amount(amount(None, true));
        let html = average.to_string();
        assert!(html.contains("no amount of this one") && html.contains("Average") && html.contains("1,235"), "{html}");
        assert!(!html.contains("one</"), "an average has no reasons: {html}");
        assert_eq!((average.glance(), average.average()), (None, Some("Lifetime value: 1,235.".to_owned())));
    }

    #[test]
    fn a_flag_is_told_with_its_value_and_why_and_nothing_of_it_is_markup() {
        let flag = Flag {
            title: "Checkout".to_owned(),
            value: "\"<b>new</b>\"".to_owned(),
            reason: "Variation bold was drawn by rule 2".to_owned(),
        };
        let html = Content::Flags(Flags { flags: vec![flag] }).to_string();
        for said in ["<dt>Checkout</dt>", "&#60;b&#62;new", "Variation bold was drawn by rule 2"] {
            assert!(html.contains(said), "{said}: {html}");
        }
        let none = Content::Flags(Flags { flags: Vec::new() });
        assert!(none.to_string().contains("There was nothing to answer with"));
        assert_eq!((none.glance(), none.average()), (None, None));
    }

    #[test]
    fn a_message_is_told_with_what_it_names_and_what_is_felt() {
        let labels = Labels {
            rows: vec![("Names", "order <b>".to_owned())],
            emotions: vec![("Frustration".to_owned(), 0.8), ("Worry".to_owned(), 0.3)],
        };
        let html = Content::Labels(labels).to_string();
        for said in ["<dt>Names</dt>", "order &#60;b&#62;", "Frustration", "fill-accent", "fill-quiet"] {
            assert!(html.contains(said), "{said}: {html}");
        }
        let none = Content::Labels(Labels { rows: Vec::new(), emotions: Vec::new() });
        assert!(none.to_string().contains("There was nothing to answer with"));
    }

    #[test]
    fn only_a_risk_is_called_one_and_has_its_colours() {
        let score = |is_risk| {
            Content::Score(Score {
                title: "Back within a week".to_owned(),
                question: "Will they?".to_owned(),
                is_risk,
                probability: 0.9,
                base_rate: None,
                is_average: false,
                contributions: vec![Contribution { feature: "f".to_owned(), text: "t".to_owned(), contribution: 1.0 }],
            })
        };
        let (risk, hope) = (score(true).to_string(), score(false).to_string());
        assert!(risk.contains("High risk") && risk.contains("stroke-bad") && risk.contains("fill-bad"), "{risk}");
        assert!(!hope.contains("risk") && !hope.contains("-bad") && hope.contains("stroke-accent"), "{hope}");
        assert_eq!(score(true).glance().and_then(|glance| glance.badge()), Some(("bad", "High".to_owned(), true)));
        assert_eq!(score(false).glance().and_then(|glance| glance.badge()), Some(("info", "High".to_owned(), false)));
    }

    #[test]
    fn few_of_something_are_told_to_the_hundredth() {
        let short = |value, currency| Amount { value, ..amount(currency, false) }.short();
        assert_eq!([short(0.4, None), short(99.99, None), short(100.4, None)], ["0.40", "99.99", "100"]);
        assert_eq!(short(0.6, Currency::parse("EUR").ok()), "1 EUR");
    }

    #[test]
    fn a_choice_says_what_else_holds_and_nothing_says_so() {
        let choice = Content::Choice(Choice {
            title: "Topic".to_owned(),
            question: "What is it about?".to_owned(),
            label: Some("Delivery".to_owned()),
            probability: Some(0.48),
            others: vec!["Refund".to_owned()],
            is_average: false,
            reasons: vec!["They <wrote> of a parcel".to_owned()],
        });
        let html = choice.to_string();
        assert!(
            html.contains("Delivery")
                && html.contains("48 %")
                && html.contains("Refund")
                && html.contains("&#60;wrote&#62;"),
            "{html}"
        );
        assert_eq!(choice.glance().unwrap().text(), "Delivery");
        let Content::Choice(own) = choice else { panic!("a choice") };
        let average = Content::Choice(Choice { is_average: true, ..own });
        assert_eq!(
            (average.glance(), average.average().as_deref()),
            (None, Some("Topic: Delivery is the most frequent."))
        );
        assert!(average.to_string().contains("over all customers"), "{average}");
        assert!(Content::Items(Items { items: vec![] }).to_string().contains("nothing to answer with"));
    }
}
