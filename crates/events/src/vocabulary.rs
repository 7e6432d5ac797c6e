//! In which words is a purchase told? The e-commerce events of Segment, Google Analytics 4 and Shopify.

pub(crate) mod dialect;
mod reader;
pub(crate) mod steps;
#[cfg(test)]
mod tests;

use crate::{Commerce, CommerceStep, Event, Object, Product, Reading, Rejection, Understanding};
use dialect::PLAIN;
use primitives::{Currency, ItemId, Money};
use reader::{At, Reader, Total};
use serde_json::Value;

impl Event {
    /// What it says of a purchase; `None` for every other event. Accepted events can be read, so what cannot is another
    /// event, stored before it would have been refused.
    #[must_use]
    pub fn commerce(&self) -> Option<&Commerce> {
        self.reading.or_read(|| Commerce::read(self).ok().flatten())
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
        let reader = Reader::open(event)?;
        reader.map(|reader| Self::of(&reader, |_| Ok(())).map(|(commerce, _)| commerce)).transpose()
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

    /// What the event means for purchases, by its name alone.
    #[must_use]
    pub fn understanding(event: &Event) -> Understanding {
        let crate::Call::Track { event: name, .. } = &event.call else { return Understanding::NotCommerce };
        match steps::named(name) {
            Some(named) => Understanding::Step(named.step),
            None if steps::speaks_of_commerce(name) => Understanding::NotUnderstood,
            None => Understanding::NotCommerce,
        }
    }

    /// Whether [`Commerce::read`] would succeed; what it read stays with the event. An amount of which nobody says the
    /// currency gets `default`, written into the event, so that a change of the settings changes nothing of the past.
    ///
    /// # Errors
    /// [`Rejection`] as for reading, and where an order's amount has no currency at all.
    pub(crate) fn settle(event: &mut Event, default: Option<Currency>) -> Result<(), Rejection> {
        let (read, lacking) = read_to_settle(event)?;
        let fields = match &mut event.call {
            crate::Call::Item { traits, .. } => traits,
            crate::Call::Track { properties, .. } => properties,
            _ => return Ok(()),
        };
        match (lacking, default) {
            (Lacking::Nothing, _) | (Lacking::OfAPrice, None) => event.reading = Reading::of(read),
            // It says something else from here on, and is read again by who asks.
            (_, Some(currency)) => {
                fields.insert("currency".to_owned(), Value::String(currency.code().to_owned()));
            }
            (Lacking::OfAnOrder, None) => return Err(Rejection::missing("/properties/currency", CURRENCY_ADVICE)),
        }
        Ok(())
    }
}

const CURRENCY_ADVICE: &str = "an amount of an order needs its currency; send the three letters of ISO 4217, such as \
                               \"EUR\", or set `currency.default` in the settings";

/// Of which amount nobody says the currency.
enum Lacking {
    Nothing,
    /// Of something looked at, or of an item of the catalogue.
    OfAPrice,
    /// Of an order or a refund: to guess would be to bend every sum.
    OfAnOrder,
}

fn read_to_settle(event: &Event) -> Result<(Option<Commerce>, Lacking), Rejection> {
    if let crate::Call::Item { traits, .. } = &event.call {
        let item = reader::product_fields(traits, At::Traits, &PLAIN, None)?;
        let lacks = item.has_price() && item.lacks_currency;
        return Ok((None, if lacks { Lacking::OfAPrice } else { Lacking::Nothing }));
    }
    let Some(reader) = Reader::open(event)? else { return Ok((None, Lacking::Nothing)) };
    let (commerce, lacks) = Commerce::of(&reader, |value| reader.check_sign(value))?;
    let lacking = match commerce.step {
        _ if !lacks => Lacking::Nothing,
        CommerceStep::Ordered | CommerceStep::Refunded => Lacking::OfAnOrder,
        _ => Lacking::OfAPrice,
    };
    Ok((Some(commerce), lacking))
}

impl Product {
    /// Reads what an `item` call says: `name`, `category`, `price`, `currency`. The quantity is 1.
    ///
    /// # Errors
    /// [`Rejection`] where one of them has a wrong type or an impossible value.
    pub fn from_item(id: &ItemId, traits: &Object) -> Result<Self, Rejection> {
        let facts = reader::product_fields(traits, At::Traits, &PLAIN, None)?;
        Ok(facts.named(id.as_str().into()).into_product())
    }
}
