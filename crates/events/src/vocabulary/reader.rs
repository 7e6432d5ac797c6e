//! What do the properties of an e-commerce event say? Read in place, so that checking costs no copies.

use super::dialect::{Dialect, PLAIN};
use super::steps::Named;
use super::values::{At, currency, first_text, id, money, number};
use crate::{CommerceStep, Object, Product, Rejection, RejectionCode};
use primitives::{Currency, ItemId, Money};
use serde_json::Value;
use std::borrow::Cow;

/// The sum of price times quantity, in minor units, while all prices are in one currency.
#[derive(Debug, Default)]
pub(super) struct Total {
    currency: Option<Currency>,
    minor: f64,
    is_mixed: bool,
    /// Whether a price was read without anybody naming its currency.
    pub(super) lacks_currency: bool,
}

impl Total {
    pub(super) fn add(&mut self, product: &ProductFields<'_>) {
        let Some(price) = product.price else { return };
        self.lacks_currency |= product.lacks_currency;
        self.is_mixed |= *self.currency.get_or_insert(price.currency) != price.currency;
        #[expect(clippy::cast_precision_loss, reason = "amounts are below 2^53 minor units")]
        let minor = price.minor as f64;
        // A line is rounded to the minor unit, as on a receipt; sums of whole numbers below 2^53 are exact.
        self.minor += (minor * product.quantity).round();
    }

    pub(super) fn money(&self) -> Result<Option<Money>, Rejection> {
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
    /// Whether nobody named the price's currency.
    pub(super) lacks_currency: bool,
    /// Whether it is no currency of the product's own, nor one that the event names.
    is_default: bool,
    quantity: f64,
}

impl<'a> ProductFields<'a> {
    /// The same product under an identifier that is known from elsewhere.
    pub(super) fn named(self, id: Cow<'a, str>) -> Self {
        Self { id: Some(id), ..self }
    }

    pub(super) fn has_price(&self) -> bool {
        self.price.is_some()
    }

    pub(super) fn into_product(self) -> Product {
        Product {
            id: ItemId::from(self.id.as_deref().unwrap_or_default()),
            name: self.name.map(Cow::into_owned),
            category: self.category.map(Cow::into_owned),
            price: self.price,
            lacks_currency: self.price.is_some() && self.is_default,
            quantity: self.quantity,
        }
    }
}

/// An e-commerce event, opened for reading.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    named: &'static Named,
    properties: &'a Object,
    currency: OfEvent,
}

/// In which currency an event's amounts are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OfEvent {
    currency: Option<Currency>,
    /// Whether that is the default of the settings, since the event named none.
    is_default: bool,
}

impl<'a> Reader<'a> {
    /// Opens an event of a specification.
    pub(super) fn open(named: &'static Named, properties: &'a Object, is_default: bool) -> Result<Self, Rejection> {
        let mut currency = currency(properties, At::Properties)?;
        if currency.is_none() && *named.dialect != PLAIN {
            currency = currency_of_payments(properties)?;
        }
        Ok(Self { named, properties, currency: OfEvent { currency, is_default } })
    }

    pub(super) fn step(&self) -> CommerceStep {
        self.named.step
    }

    pub(super) fn names_currency(&self) -> bool {
        self.currency.currency.is_some()
    }

    pub(super) fn order_id(&self) -> Result<Option<String>, Rejection> {
        Ok(first_text(self.properties, self.named.dialect.order_ids, At::Properties)?.map(Cow::into_owned))
    }

    /// The value as stated: by a key of its own, or by the payments of a refund.
    pub(super) fn stated_value(&self) -> Result<Option<Money>, Rejection> {
        let currency = self.currency.currency.unwrap_or(Currency::USD);
        let mut stated = None;
        for key in self.named.dialect.amounts {
            // All are read, so that a wrong one is found even where another goes before it.
            let amount = money(self.properties, key, At::Properties, currency)?;
            stated = stated.or(amount);
        }
        if stated.is_some() || *self.named.dialect == PLAIN { Ok(stated) } else { self.paid_back(currency) }
    }

    /// Refuses an order or a refund that is worth less than nothing: in every sum it would count for its opposite.
    pub(super) fn check_sign(&self, value: Option<Money>) -> Result<(), Rejection> {
        let Some(negative) = value.filter(|value| value.minor < 0) else { return Ok(()) };
        let fault = match self.step() {
            CommerceStep::Ordered => {
                "an order is not worth less than nothing; send what was taken back as \"Order Refunded\""
            }
            CommerceStep::Refunded => {
                "a refund states what was paid back as an amount above 0; leave the minus sign out"
            }
            _ => return Ok(()),
        };
        // Prices and quantities are not negative, so the value was stated: by the first key that holds a number.
        let is_stated = |key: &&&str| matches!(number(self.properties, key, At::Properties), Ok(Some(_)));
        let key = self.named.dialect.amounts.iter().find(is_stated).unwrap_or(&"transactions");
        Err(Rejection::bad_value(At::Properties.pointer(key), &told(negative, self.names_currency()), fault))
    }

    fn paid_back(&self, currency: Currency) -> Result<Option<Money>, Rejection> {
        let mut sum: Option<i64> = None;
        for (index, fields) in payments(self.properties) {
            if let Some(amount) = money(fields, "amount", At::Transaction(index), currency)? {
                sum = Some(sum.unwrap_or(0).saturating_add(amount.minor));
            }
        }
        Ok(sum.map(|minor| Money { minor, currency }))
    }

    /// Hands over each product in the order given.
    pub(super) fn each_product(&self, mut visit: impl FnMut(ProductFields<'a>)) -> Result<(), Rejection> {
        let Some((key, products)) = self.list()? else {
            let mut product = product_fields(self.properties, At::Properties, self.named.dialect, self.currency)?;
            if self.named.is_about_one_product && product.id.is_none() {
                product.id = id(self.properties, "id", At::Properties)?;
            }
            if product.id.is_some() {
                visit(product);
            }
            return Ok(());
        };
        for (index, product) in products.iter().enumerate() {
            visit(self.listed(product, key, index)?);
        }
        Ok(())
    }

    /// The list of products. Under its first name it must be one; under another, a number may stand for how many.
    fn list(&self) -> Result<Option<(&'static str, &'a Vec<Value>)>, Rejection> {
        const ADVICE: &str = "send an array of products such as [{\"product_id\": \"42\", \"price\": 9.99}]";
        for (place, key) in self.named.dialect.lists.iter().enumerate() {
            match self.properties.get(*key) {
                Some(Value::Array(products)) => return Ok(Some((key, products))),
                Some(other) if place == 0 && !other.is_null() => {
                    return Err(Rejection::wrong_type(At::Properties.pointer(key), other, ADVICE));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn listed(&self, product: &'a Value, list: &'static str, index: usize) -> Result<ProductFields<'a>, Rejection> {
        const ADVICE: &str = "send \"product_id\" with every product, or \"sku\"";
        let at = At::Product(list, index);
        let Value::Object(fields) = product else {
            let advice = "send a product as an object such as {\"product_id\": \"42\", \"price\": 9.99}";
            return Err(Rejection::wrong_type(format!("/properties/{list}/{index}"), product, advice));
        };
        let dialect = self.named.dialect;
        let mut read = match fields.get("line_item") {
            // A line of a refund: what came back stands in it, and what it is of in the order's line.
            Some(Value::Object(line)) if *dialect != PLAIN => {
                let read = product_fields(line, At::LineItem(list, index), dialect, self.currency)?;
                ProductFields { quantity: quantity(fields, at)?.unwrap_or(1.0), ..read }
            }
            _ => product_fields(fields, at, dialect, self.currency)?,
        };
        if read.id.is_none() && dialect.has_plain_id {
            read.id = id(fields, "id", at)?;
        }
        if read.id.is_none() {
            return Err(Rejection::missing(at.pointer(dialect.ids[0]), ADVICE));
        }
        Ok(read)
    }
}

/// An amount in words. A currency that nobody named is not told.
fn told(amount: Money, is_named: bool) -> String {
    let text = amount.to_string();
    match text.split_once(' ') {
        Some((number, _)) if !is_named => number.to_owned(),
        _ => text,
    }
}

/// Reads a product's fields; the currency is the product's own, else the event's, else US dollars.
pub(super) fn product_fields<'a>(
    fields: &'a Object,
    at: At,
    dialect: &Dialect,
    of_event: OfEvent,
) -> Result<ProductFields<'a>, Rejection> {
    let own = currency(fields, at)?;
    let currency = own.or(of_event.currency);
    let is_own = own.is_some() && !matches!(at, At::Properties | At::Traits);
    let price = money(fields, "price", at, currency.unwrap_or(Currency::USD))?;
    if let Some(negative) = price.filter(|price| price.minor < 0) {
        let negative = told(negative, currency.is_some());
        return Err(Rejection::bad_value(at.pointer("price"), &negative, "a price is not negative"));
    }
    // In the catalogue a "quantity" may be anything, a stock level for one.
    let quantity = if matches!(at, At::Traits) { None } else { quantity(fields, at)? }.unwrap_or(1.0);
    let mut known = None;
    for key in dialect.ids {
        known = id(fields, key, at)?;
        if known.is_some() {
            break;
        }
    }
    Ok(ProductFields {
        id: known,
        name: first_text(fields, dialect.names, at)?,
        category: first_text(fields, dialect.categories, at)?,
        price,
        lacks_currency: currency.is_none(),
        is_default: currency.is_none() || of_event.is_default && !is_own,
        quantity,
    })
}

fn quantity(fields: &Object, at: At) -> Result<Option<f64>, Rejection> {
    let quantity = number(fields, "quantity", at)?;
    if let Some(negative) = quantity.filter(|quantity| *quantity < 0.0) {
        let fault = "a quantity is not negative; send what was taken back as \"Order Refunded\"";
        return Err(Rejection::bad_value(at.pointer("quantity"), &negative.to_string(), fault));
    }
    Ok(quantity)
}

/// The payments of a refund as Shopify sends it.
fn payments(properties: &Object) -> impl Iterator<Item = (usize, &Object)> {
    let payments = properties.get("transactions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    payments.iter().enumerate().filter_map(|(index, payment)| Some((index, payment.as_object()?)))
}

fn currency_of_payments(properties: &Object) -> Result<Option<Currency>, Rejection> {
    match payments(properties).next() {
        Some((index, payment)) => currency(payment, At::Transaction(index)),
        None => Ok(None),
    }
}
