//! What do the properties of an e-commerce event say? Read in place, so that checking costs no copies.

use super::steps::{self, Named};
use super::{CommerceStep, Product};
use crate::parse::whole_number;
use crate::{Call, Event, Fields, Rejection, RejectionCode};
use primitives::{Currency, ItemId, Money};
use serde_json::Value;
use std::borrow::Cow;

/// Where fields are read: a JSON pointer that is written only when something is wrong there.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    Properties,
    Product(usize),
    Traits,
}

impl At {
    fn pointer(self, key: &str) -> String {
        match self {
            Self::Properties => format!("/properties/{key}"),
            Self::Product(index) => format!("/properties/products/{index}/{key}"),
            Self::Traits => format!("/traits/{key}"),
        }
    }
}

/// The sum of price times quantity, in minor units, while all prices are in one currency.
#[derive(Debug, Default)]
pub(super) struct Total {
    currency: Option<Currency>,
    minor: f64,
    is_mixed: bool,
}

impl Total {
    pub(super) fn add(&mut self, product: &ProductFields<'_>) {
        let Some(price) = product.price else { return };
        self.is_mixed |= *self.currency.get_or_insert(price.currency) != price.currency;
        #[expect(clippy::cast_precision_loss, reason = "amounts are below 2^53 minor units")]
        let minor = price.minor as f64;
        // A line is rounded to the minor unit, as on a receipt; sums of whole numbers below 2^53 are exact.
        self.minor += (minor * product.quantity).round();
    }

    fn money(&self) -> Result<Option<Money>, Rejection> {
        let Some(currency) = self.currency.filter(|_| !self.is_mixed) else { return Ok(None) };
        let major = self.minor / f64::from(10_u32.pow(currency.digits()));
        let money = Money::from_major(major, currency);
        money
            .map(Some)
            .map_err(|error| Rejection::new(RejectionCode::BadValue, "/properties/products", error.to_string()))
    }
}

/// A product's fields, borrowed from the event.
#[derive(Debug)]
pub(super) struct ProductFields<'a> {
    id: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    category: Option<Cow<'a, str>>,
    price: Option<Money>,
    quantity: f64,
}

impl<'a> ProductFields<'a> {
    /// The same product under an identifier that is known from elsewhere.
    pub(super) fn named(self, id: Cow<'a, str>) -> Self {
        Self { id: Some(id), ..self }
    }

    pub(super) fn into_product(self) -> Product {
        Product {
            id: ItemId::from(self.id.as_deref().unwrap_or_default()),
            name: self.name.map(Cow::into_owned),
            category: self.category.map(Cow::into_owned),
            price: self.price,
            quantity: self.quantity,
        }
    }
}

/// An e-commerce event, opened for reading.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) step: CommerceStep,
    is_about_one_product: bool,
    properties: &'a Fields,
    currency: Option<Currency>,
}

impl<'a> Reader<'a> {
    /// Opens an event of the specification; `None` for every other event.
    pub(super) fn open(event: &'a Event) -> Result<Option<Self>, Rejection> {
        let Call::Track { event: name, properties } = &event.call else { return Ok(None) };
        let Some(Named { step, is_about_one_product }) = steps::named(name) else { return Ok(None) };
        let currency = currency(properties, At::Properties)?;
        Ok(Some(Self { step, is_about_one_product, properties, currency }))
    }

    pub(super) fn order_id(&self) -> Result<Option<String>, Rejection> {
        Ok(text(self.properties, "order_id", At::Properties)?.map(Cow::into_owned))
    }

    /// The value as stated, else the total of the products.
    pub(super) fn value(&self, total: &Total) -> Result<Option<Money>, Rejection> {
        let mut stated = None;
        for key in ["revenue", "total", "value"] {
            // All three are read, so that a wrong one is found even where another goes before it.
            let amount = money(self.properties, key, At::Properties, self.currency.unwrap_or(Currency::USD))?;
            stated = stated.or(amount);
        }
        if stated.is_some() { Ok(stated) } else { total.money() }
    }

    /// Hands over each product in the order given.
    pub(super) fn each_product(&self, mut visit: impl FnMut(ProductFields<'a>)) -> Result<(), Rejection> {
        const ADVICE: &str = "send an array of products such as [{\"product_id\": \"42\", \"price\": 9.99}]";
        match self.properties.get("products") {
            None | Some(Value::Null) => {
                let mut product = product_fields(self.properties, At::Properties, self.currency)?;
                if self.is_about_one_product && product.id.is_none() {
                    product.id = id(self.properties, "id", At::Properties)?;
                }
                if product.id.is_some() {
                    visit(product);
                }
                Ok(())
            }
            Some(Value::Array(products)) => {
                for (index, product) in products.iter().enumerate() {
                    visit(self.listed(product, index)?);
                }
                Ok(())
            }
            Some(other) => Err(Rejection::wrong_type(At::Properties.pointer("products"), other, ADVICE)),
        }
    }

    fn listed(&self, product: &'a Value, index: usize) -> Result<ProductFields<'a>, Rejection> {
        const ADVICE: &str = "send \"product_id\" with every product, or \"sku\"";
        let at = At::Product(index);
        let Value::Object(fields) = product else {
            let advice = "send a product as an object such as {\"product_id\": \"42\", \"price\": 9.99}";
            return Err(Rejection::wrong_type(format!("/properties/products/{index}"), product, advice));
        };
        let mut read = product_fields(fields, at, self.currency)?;
        if read.id.is_none() {
            read.id = id(fields, "id", at)?;
        }
        if read.id.is_none() {
            return Err(Rejection::missing(at.pointer("product_id"), ADVICE));
        }
        Ok(read)
    }
}

/// Reads a product's fields; the currency is the product's own, else the event's, else US dollars.
pub(super) fn product_fields(
    fields: &Fields,
    at: At,
    of_event: Option<Currency>,
) -> Result<ProductFields<'_>, Rejection> {
    let currency = match at {
        At::Properties => of_event,
        At::Product(_) | At::Traits => currency(fields, at)?.or(of_event),
    };
    let price = money(fields, "price", at, currency.unwrap_or(Currency::USD))?;
    if let Some(negative) = price.filter(|price| price.minor < 0) {
        return Err(Rejection::bad_value(at.pointer("price"), &negative.to_string(), "a price is not negative"));
    }
    // In the catalogue a "quantity" may be anything, a stock level for one.
    let quantity = if matches!(at, At::Traits) { None } else { number(fields, "quantity", at)? }.unwrap_or(1.0);
    if quantity < 0.0 {
        let fault = "a quantity is not negative; send what was taken back as \"Order Refunded\"";
        return Err(Rejection::bad_value(at.pointer("quantity"), &quantity.to_string(), fault));
    }
    let id = match id(fields, "product_id", at)? {
        None => id(fields, "sku", at)?,
        id => id,
    };
    Ok(ProductFields { id, name: text(fields, "name", at)?, category: text(fields, "category", at)?, price, quantity })
}

fn currency(fields: &Fields, at: At) -> Result<Option<Currency>, Rejection> {
    const ADVICE: &str = "send the three letters of ISO 4217, such as \"EUR\"";
    match fields.get("currency") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(code)) if code.trim().is_empty() => Ok(None),
        Some(Value::String(code)) => match Currency::parse(code) {
            Ok(currency) => Ok(Some(currency)),
            Err(_) => Err(Rejection::bad_value(at.pointer("currency"), code, ADVICE)),
        },
        Some(other) => Err(Rejection::wrong_type(at.pointer("currency"), other, ADVICE)),
    }
}

fn money(fields: &Fields, key: &str, at: At, currency: Currency) -> Result<Option<Money>, Rejection> {
    let Some(amount) = number(fields, key, at)? else { return Ok(None) };
    Money::from_major(amount, currency).map(Some).map_err(|_| {
        let fault = "an amount of money lies below 90 trillion minor units; send major units such as 19.99";
        Rejection::bad_value(at.pointer(key), &amount.to_string(), fault)
    })
}

fn number(fields: &Fields, key: &str, at: At) -> Result<Option<f64>, Rejection> {
    const ADVICE: &str = "send a number such as 19.99";
    let Some(value) = fields.get(key) else { return Ok(None) };
    let number = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number {
        Some(number) if number.is_finite() => Ok(Some(number)),
        _ => Err(Rejection::wrong_type(at.pointer(key), value, ADVICE)),
    }
}

/// An identifier: text or a whole number. Blank counts as absent.
fn id<'a>(fields: &'a Fields, key: &str, at: At) -> Result<Option<Cow<'a, str>>, Rejection> {
    let Some(id) = text(fields, key, at)? else { return Ok(None) };
    if id.chars().any(char::is_control) {
        return Err(Rejection::bad_value(at.pointer(key), &id, "it holds a control character; remove it"));
    }
    Ok(Some(id))
}

/// A text, or a number written as text. Blank counts as absent.
fn text<'a>(fields: &'a Fields, key: &str, at: At) -> Result<Option<Cow<'a, str>>, Rejection> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(Cow::Borrowed(text.as_str())).filter(|text| !text.trim().is_empty())),
        Some(Value::Number(number)) => Ok(Some(Cow::Owned(whole_number(number).unwrap_or_else(|| number.to_string())))),
        Some(other) => Err(Rejection::wrong_type(at.pointer(key), other, "send text")),
    }
}
