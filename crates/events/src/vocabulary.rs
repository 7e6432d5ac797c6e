//! In which words is it told? The events of purchases, by Segment, Google Analytics 4 and Shopify, and those of every other
//! channel.

mod answered;
pub(crate) mod channels;
pub(crate) mod dialect;
mod keys;
pub(crate) mod properties;
mod reader;
mod said;
mod sheet;
mod spelling;
pub(crate) mod steps;
#[cfg(test)]
mod tests;
mod values;

pub use keys::{keys_read, nearest_key};
pub use spelling::as_sent;

use crate::reading::Read;
use crate::{
    Call, Commerce, CommerceStep, DecisionSeen, Deed, Event, Object, Product, Reading, Rejection, Search, Understanding,
};
use channels::{SEARCH, Spoken};
use dialect::PLAIN;
use primitives::{Currency, ItemId, Money};
use reader::{OfEvent, Reader, Total};
use serde_json::Value;
use sheet::Sheet;
use steps::Named;
use values::At;

/// The longest name that can be one of ours, in bytes.
const NAME_BYTES_MAX: usize = 40;

/// What a name stands for.
enum Meaning {
    Step(&'static Named),
    Channel(&'static Spoken),
}

/// What a name stands for, or `None` where it stands in no table.
fn meaning_of(name: &str) -> Option<Meaning> {
    let bytes = name.trim().as_bytes();
    let mut plain = [0_u8; NAME_BYTES_MAX];
    let plain = plain.get_mut(..bytes.len())?;
    for (to, from) in plain.iter_mut().zip(bytes) {
        *to = if matches!(from, b'_' | b'-') { b' ' } else { from.to_ascii_lowercase() };
    }
    steps::named(plain).map(Meaning::Step).or_else(|| channels::spoken_as(plain).map(Meaning::Channel))
}

/// The name of the tables that a tracked event's name stands for, however it is spelled; `None` where it stands for none.
#[must_use]
pub fn table_name(name: &str) -> Option<&'static str> {
    meaning_of(name).map(|meaning| match meaning {
        Meaning::Step(named) => named.name,
        Meaning::Channel(spoken) => spoken.name,
    })
}

/// What the context says of an event whose amounts got the default currency: it is the company's, and not the item's.
const IS_DEFAULT: &str = "currencyIsDefault";

/// What was read of an event.
struct Heard {
    deed: Deed,
    /// What of it cannot be read, and counts for nothing.
    marks: Vec<Rejection>,
    lacking: Lacking,
    /// Which decision it answers, where it says something else.
    answered: Option<Box<DecisionSeen>>,
}

/// Of which amount nobody says the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lacking {
    Nothing,
    /// Of something looked at, of an item of the catalogue, or of what counts without its amount, too.
    OfAPrice,
    /// Of an order or a refund: to guess would be to bend every sum.
    OfAnOrder,
}

impl Heard {
    fn of(event: &Event, is_new: bool) -> Result<Self, Rejection> {
        let simply = |deed| Self { deed, marks: Vec::new(), lacking: Lacking::Nothing, answered: None };
        let (name, properties) = match &event.call {
            Call::Track { event, properties } => (event, properties),
            Call::Page { .. } | Call::Screen { .. } => return Ok(simply(Deed::PageViewed)),
            _ => return Ok(simply(Deed::Other)),
        };
        let meaning = meaning_of(name);
        let mut heard = match meaning {
            Some(Meaning::Step(named)) => {
                let reader = Reader::open(named, properties, event.has_default_currency())?;
                Self::of_purchase(&reader, properties, is_new)?
            }
            Some(Meaning::Channel(spoken)) => Self::of_channel(spoken, properties)?,
            None => simply(Deed::Other),
        };
        let may_answer = !matches!(meaning, Some(Meaning::Channel(spoken)) if !answered::can_answer(spoken.verb));
        if may_answer {
            heard.answered = answered::answered(&heard.deed, meaning.is_some(), properties);
        }
        Ok(heard)
    }

    fn of_purchase(reader: &Reader<'_>, properties: &Object, is_new: bool) -> Result<Self, Rejection> {
        // What was stored before it would have been refused is read as it was.
        let check = |value| if is_new { reader.check_sign(value) } else { Ok(()) };
        let (commerce, lacks_currency) = Commerce::of(reader, check)?;
        let lacking = match commerce.step {
            _ if !lacks_currency => Lacking::Nothing,
            CommerceStep::Ordered | CommerceStep::Refunded => Lacking::OfAnOrder,
            _ => Lacking::OfAPrice,
        };
        if commerce.step != CommerceStep::Searched {
            let deed = Deed::Commerce(Box::new(commerce));
            return Ok(Self { deed, marks: Vec::new(), lacking, answered: None });
        }
        let mut sheet = Sheet::new(properties, SEARCH);
        let search = Search { commerce: Some(commerce), ..said::search(&mut sheet) };
        Ok(Self { deed: Deed::Searched(Box::new(search)), marks: sheet.marks, lacking, answered: None })
    }

    fn of_channel(spoken: &Spoken, properties: &Object) -> Result<Self, Rejection> {
        let mut sheet = Sheet::new(properties, spoken.properties);
        let deed = said::said(spoken, &mut sheet);
        match sheet.refusal {
            Some(refusal) => Err(refusal),
            None => {
                let lacking = if sheet.lacks_currency { Lacking::OfAPrice } else { Lacking::Nothing };
                Ok(Self { deed, marks: sheet.marks, lacking, answered: None })
            }
        }
    }

    fn into_reading(self) -> Reading {
        Reading::of(self.deed, !self.marks.is_empty(), self.answered)
    }
}

impl Event {
    /// What it says, read once. Accepted events can be read, so what cannot is another event, stored before it would have
    /// been refused.
    #[must_use]
    pub fn deed(&self) -> &Deed {
        &self.read().0
    }

    /// Which decision of ours it answers, and how: its own deed, or what it says beside another; `None` where it answers none.
    #[must_use]
    pub fn answered(&self) -> Option<&DecisionSeen> {
        match self.read() {
            (Deed::Decision(seen), ..) => Some(seen),
            (_, _, answered) => answered.as_deref(),
        }
    }

    /// What it says of a purchase; `None` for every other event.
    #[must_use]
    pub fn commerce(&self) -> Option<&Commerce> {
        self.deed().commerce()
    }

    /// Whether nobody named the currency of its amounts, and it got the default.
    #[must_use]
    pub fn has_default_currency(&self) -> bool {
        self.context.get(IS_DEFAULT) == Some(&Value::Bool(true))
    }

    /// Whether something in it cannot be read, and counts for nothing.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.read().1
    }

    /// What in it cannot be read, with the reason. The event counts, and that does not.
    #[must_use]
    pub fn marks(&self) -> Vec<Rejection> {
        if !self.is_marked() {
            return Vec::new();
        }
        Heard::of(self, false).map(|heard| heard.marks).unwrap_or_default()
    }

    /// What it means, by its name alone.
    #[must_use]
    pub fn understanding(&self) -> Understanding {
        let Call::Track { event: name, .. } = &self.call else { return Understanding::Other };
        match meaning_of(name) {
            Some(Meaning::Step(named)) => Understanding::Step(named.step),
            Some(Meaning::Channel(_)) => Understanding::Channel,
            None if steps::speaks_of_commerce(name) => Understanding::NotUnderstood,
            None => Understanding::Other,
        }
    }

    /// What was read of it, and whether it bears marks.
    pub(crate) fn read(&self) -> &Read {
        self.reading.or_read(|| match Heard::of(self, false) {
            Ok(heard) => (heard.deed, !heard.marks.is_empty(), heard.answered),
            Err(_) => (Deed::Other, false, None),
        })
    }

    /// Whether it can be read; what was read stays with it. An amount of which nobody says the currency gets `default`,
    /// written into the event, so that a change of the settings changes nothing of the past.
    ///
    /// # Errors
    /// [`Rejection`] where a property without which it says nothing is missing or cannot be read, and where an order's amount
    /// has no currency at all.
    pub(crate) fn settle(&mut self, default: Option<Currency>) -> Result<(), Rejection> {
        let (reading, lacking) = match &self.call {
            Call::Item { traits, .. } => (Reading::of(Deed::Other, false, None), lacking_of_item(traits)?),
            _ => {
                let heard = Heard::of(self, true)?;
                let lacking = heard.lacking;
                (heard.into_reading(), lacking)
            }
        };
        match (lacking, default) {
            (Lacking::Nothing, _) | (Lacking::OfAPrice, None) => self.reading = reading,
            // It says something else from here on, and is read again by who asks.
            (_, Some(currency)) => {
                if let Call::Item { traits: fields, .. } | Call::Track { properties: fields, .. } = &mut self.call {
                    fields.insert("currency".to_owned(), Value::String(currency.code().to_owned()));
                    self.context.insert(IS_DEFAULT.to_owned(), Value::Bool(true));
                }
            }
            (Lacking::OfAnOrder, None) => return Err(Rejection::missing("/properties/currency", CURRENCY_ADVICE)),
        }
        Ok(())
    }
}

const CURRENCY_ADVICE: &str = "an amount of an order needs its currency; send the three letters of ISO 4217, such as \
                               \"EUR\", or set `currency.default` in the settings";

fn lacking_of_item(traits: &Object) -> Result<Lacking, Rejection> {
    let item = reader::product_fields(traits, At::Traits, &PLAIN, OfEvent::default())?;
    Ok(if item.has_price() && item.lacks_currency { Lacking::OfAPrice } else { Lacking::Nothing })
}

impl Deed {
    /// What it says of a purchase.
    #[must_use]
    pub fn commerce(&self) -> Option<&Commerce> {
        match self {
            Self::Commerce(commerce) | Self::Content(commerce) => Some(commerce),
            Self::Searched(search) => search.commerce.as_ref(),
            _ => None,
        }
    }
}

impl Commerce {
    /// Reads an event of Segment's e-commerce specification (version 2), of Google Analytics 4 or of Shopify's webhooks;
    /// `None` for every other event.
    ///
    /// Names are compared without regard to case, and `_` and `-` count as spaces: some clients send `order_completed`.
    /// Amounts are in major units, as JSON numbers or as text, in the event's `currency` (US dollars where none is
    /// named, as the specification says); a product's own `currency` goes before it. Products are those of `products`,
    /// or else the one that the properties themselves describe.
    ///
    /// # Errors
    /// [`Rejection`] where a property of the specification has a wrong type or an impossible value.
    pub fn read(event: &Event) -> Result<Option<Self>, Rejection> {
        Ok(match Heard::of(event, false)?.deed {
            Deed::Commerce(commerce) | Deed::Content(commerce) => Some(*commerce),
            Deed::Searched(search) => search.commerce,
            _ => None,
        })
    }

    /// What an opened event says, and whether nobody says the currency of an amount in it; `check` may refuse its value.
    fn of(
        reader: &Reader<'_>,
        check: impl FnOnce(Option<Money>) -> Result<(), Rejection>,
    ) -> Result<(Self, bool), Rejection> {
        let mut products = Vec::new();
        let mut total = Total::default();
        reader.each_product(|product| {
            total.add(&product);
            products.push(product.into_product());
        })?;
        let stated = reader.stated_value()?;
        let value = if stated.is_some() { stated } else { total.money()? };
        check(value)?;
        let lacks_currency = total.lacks_currency || !reader.names_currency() && stated.is_some();
        Ok((Self { step: reader.step(), order_id: reader.order_id()?, value, products }, lacks_currency))
    }
}

impl Product {
    /// Reads what an `item` call says: `name`, `category`, `price`, `currency`. The quantity is 1.
    ///
    /// # Errors
    /// [`Rejection`] where one of them has a wrong type or an impossible value.
    pub fn from_item(id: &ItemId, traits: &Object) -> Result<Self, Rejection> {
        let facts = reader::product_fields(traits, At::Traits, &PLAIN, OfEvent::default())?;
        Ok(facts.named(id.as_str().into()).into_product())
    }
}
