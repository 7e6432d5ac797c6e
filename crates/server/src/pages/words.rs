//! What does an event say, in words? One way for every page: live events, and the past of a customer.

mod deeds;

use console::format;
use events::{Call, Commerce, CommerceStep, Deed, Event, Object, Product, consent_statements};
use primitives::{ItemId, Money};
use serde_json::Value;

/// How many products, traits or properties are named.
const N_NAMED: usize = 3;
/// How much of a text is shown.
const CHARS_MAX: usize = 90;

/// What people call an item, where it has a name.
pub(super) type NameOf<'a> = &'a dyn Fn(&ItemId) -> Option<String>;

/// A sentence without the marks around names in it: a page has no code but where it shows some.
pub(super) fn unmarked(sentence: &str) -> String {
    sentence.replace('`', "")
}

/// Where a change goes the other way than the two numbers that it is of: why.
pub(super) fn turned(numbers: (Option<f64>, Option<f64>), lift: Option<f64>) -> Option<String> {
    let (control, treated) = numbers.0.zip(numbers.1).filter(|(control, _)| *control > 0.0)?;
    let counted = treated / control - 1.0;
    (counted * lift? < 0.0).then(|| {
        let sign = if counted < 0.0 { "−" } else { "+" };
        format!("As counted {sign}{}: that the two differed before is taken off.", format::percent(counted.abs()))
    })
}

/// What an event says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// What happened: `Searched “filter paper”`.
    pub(super) head: String,
    /// The rest, each part for itself: `3 items: Tofu, Milk, Rice`.
    pub(super) parts: Vec<String>,
    /// What it was about in money.
    pub(super) amount: Option<Money>,
}

impl Words {
    fn head(head: impl Into<String>) -> Self {
        Self { head: head.into(), ..Self::default() }
    }

    /// Adds what is said, where something is.
    fn and(mut self, part: Option<impl Into<String>>) -> Self {
        self.parts.extend(part.map(Into::into).filter(|part| !part.is_empty()));
        self
    }

    fn of(mut self, amount: Option<Money>) -> Self {
        self.amount = amount;
        self
    }

    /// The parts as one line.
    pub(super) fn detail(&self) -> Option<String> {
        (!self.parts.is_empty()).then(|| self.parts.join(" · "))
    }
}

/// What an event says, in words.
pub(super) fn words(event: &Event, name_of: NameOf<'_>) -> Words {
    match &event.call {
        Call::Identify { traits } => {
            let words = Words::head("Told us who they are").and(listed(traits));
            words.and(consents(event))
        }
        Call::Group { group_id, traits } => {
            Words::head(format!("Belongs to the group {}", cut(group_id))).and(listed(traits))
        }
        Call::Alias { previous_id } => Words::head(format!("Known before as {}", cut(previous_id))),
        Call::Item { item_id, traits } => item(item_id, traits),
        Call::Correction { withdrawn, restored, reason } => {
            let n = |places: &[events::Places]| places.iter().map(|one| one.1.0 - one.0.0 + 1).sum();
            let back = (!restored.is_empty())
                .then(|| format!("{} again", format::counted(n(restored), "event counts", "events count")));
            Words::head(format!("{} no longer", format::counted(n(withdrawn), "event counts", "events count")))
                .and(back)
                .and(Some(cut(reason)))
        }
        Call::Separate { names, reason } => {
            let [one, other] = names.each_ref().map(|name| shown_name(name));
            Words::head(format!("{one} and {other} are not one person")).and(Some(cut(reason)))
        }
        Call::Page { name, category, properties } => {
            page(event, "page", name.as_deref(), category.as_deref(), properties)
        }
        Call::Screen { name, category, properties } => {
            page(event, "screen", name.as_deref(), category.as_deref(), properties)
        }
        Call::Track { event: name, properties } => tracked(event, name, properties, name_of),
    }
}

fn tracked(event: &Event, name: &str, properties: &Object, name_of: NameOf<'_>) -> Words {
    match event.deed() {
        Deed::Commerce(commerce) => purchase(commerce, name, properties, name_of),
        Deed::Content(content) => content_words(content, name, properties, name_of),
        Deed::Searched(search) => {
            let query = search.query.as_deref().map_or_else(String::new, |query| format!(" “{}”", cut(query)));
            let found = search.n_results.map(|n| match n {
                0 => "nothing found".to_owned(),
                n => format!("{} found", format::count(n)),
            });
            let head = match (search.is_click, search.position) {
                (false, None) => format!("Searched{}", if query.is_empty() { " the catalogue" } else { &query }),
                (_, Some(place)) if query.is_empty() => {
                    format!("Clicked on place {} of a search", format::count(place))
                }
                (_, Some(place)) => format!("Clicked on place {} for{query}", format::count(place)),
                (true, None) if query.is_empty() => "Clicked on what a search had found".to_owned(),
                (true, None) => format!("Clicked on what was found for{query}"),
            };
            let products = search.commerce.as_ref().and_then(|commerce| products(&commerce.products, name_of));
            Words::head(head).and(found).and(products)
        }
        Deed::PageViewed => {
            let what = if name.to_ascii_lowercase().contains("screen") { "screen" } else { "page" };
            page(event, what, None, None, properties)
        }
        Deed::Other => other(event, name, properties),
        deed => deeds::words(deed, name, properties, name_of),
    }
}

/// What no table knows: its own name, and what it carries.
fn other(event: &Event, name: &str, properties: &Object) -> Words {
    let consents = consents(event).filter(|_| name.to_ascii_lowercase().contains("consent"));
    if let Some(consents) = consents {
        return Words::head("Said what may be done with their data").and(Some(consents));
    }
    Words::head(cut(name)).and(listed(properties))
}

/// What the customer agreed to and refused.
fn consents(event: &Event) -> Option<String> {
    let said = consent_statements(event);
    let of = |granted: bool| {
        let purposes: Vec<&str> = said.iter().filter(|one| one.1 == granted).map(|one| one.0.name()).collect();
        (!purposes.is_empty()).then(|| purposes.join(", "))
    };
    let granted = of(true).map(|purposes| format!("yes to {purposes}"));
    let refused = of(false).map(|purposes| format!("no to {purposes}"));
    let all: Vec<String> = granted.into_iter().chain(refused).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn item(id: &ItemId, traits: &Object) -> Words {
    let Ok(known) = Product::from_item(id, traits) else { return Words::head(format!("Item {id}")) };
    let name = known.name.as_deref().map_or_else(|| id.to_string(), cut);
    let id = (name != id.as_str()).then(|| id.to_string());
    Words::head(format!("Item “{name}”")).and(known.category.as_deref().map(cut)).and(id).of(known.price)
}

/// A page or a screen that was seen: by its name, title, or where it is.
fn page(event: &Event, what: &str, name: Option<&str>, category: Option<&str>, properties: &Object) -> Words {
    let of_context = || event.context.get("page").and_then(Value::as_object);
    let named = || ["title", "page_title", "screen_name", "name"].into_iter().find_map(|key| text(properties, key));
    let in_context = |keys: &[&str]| {
        let page = of_context()?;
        keys.iter().find_map(|key| page.get(*key)?.as_str().filter(|text| !text.trim().is_empty()).map(cut))
    };
    let place = || ["path", "page_path", "url", "page_location"].into_iter().find_map(|key| text(properties, key));
    let titled = name.map(cut).or_else(named).or_else(|| in_context(&["title"]));
    let place = place().or_else(|| in_context(&["path", "url"]));
    let head = match titled.as_ref().or(place.as_ref()) {
        Some(shown) => format!("Saw the {what} {shown}"),
        None => format!("Saw a {what}"),
    };
    Words::head(head).and(category.map(cut)).and(place.filter(|_| titled.is_some()))
}

/// What was read, watched or heard: by the name of the event, which says it best.
fn content_words(content: &Commerce, name: &str, properties: &Object, name_of: NameOf<'_>) -> Words {
    let product = content.products.first();
    let number = |keys: &[&str]| keys.iter().find_map(|key| properties.get(*key)?.as_f64()).map(format::number);
    let most = number(&["scale", "scale_max", "scaleMax"]).map_or_else(String::new, |most| format!(" of {most}"));
    let head = match product {
        Some(product) => format!("{}: {}", cut(name), called(product, name_of)),
        None => cut(name),
    };
    Words::head(head)
        .and(number(&["rating", "stars", "score"]).map(|rating| format!("gave {rating}{most}")))
        .and(product.and_then(|product| product.category.as_deref()).map(cut))
}

fn purchase(commerce: &Commerce, name: &str, properties: &Object, name_of: NameOf<'_>) -> Words {
    let plain = name.to_ascii_lowercase();
    let is = |word: &str| plain.contains(word);
    let one = match commerce.products.as_slice() {
        [product] => Some(called(product, name_of)),
        _ => None,
    };
    let what = one.as_deref().unwrap_or(if commerce.products.is_empty() { "a product" } else { "products" });
    let several = products(&commerce.products, name_of).filter(|_| one.is_none());
    let price = commerce.products.first().and_then(|product| product.price).filter(|_| one.is_some());
    let order = commerce.order_id.as_deref().map(|id| format!("order {}", cut(id)));
    match commerce.step {
        CommerceStep::Ordered => {
            Words::head("Ordered").of(commerce.value).and(products(&commerce.products, name_of)).and(order)
        }
        CommerceStep::Refunded => {
            let head = if is("cancel") { "Called the order off" } else { "Got money back" };
            Words::head(head).of(commerce.value).and(products(&commerce.products, name_of)).and(order)
        }
        CommerceStep::Viewed => {
            let category = commerce.products.first().and_then(|product| product.category.as_deref()).map(cut);
            Words::head(format!("Looked at {what}")).of(price).and(several).and(category.filter(|_| one.is_some()))
        }
        CommerceStep::Added | CommerceStep::Removed => {
            let is_wish = is("wishlist") && !plain.trim_end().ends_with("cart");
            let head = match (commerce.step == CommerceStep::Added, is_wish) {
                (true, true) => format!("Put {what} on the wishlist"),
                (true, false) => format!("Put {what} into the cart"),
                (false, true) => format!("Took {what} off the wishlist"),
                (false, false) => format!("Took {what} out of the cart"),
            };
            let pieces = commerce
                .products
                .first()
                .filter(|one| (one.quantity - 1.0).abs() > f64::EPSILON && commerce.products.len() == 1);
            Words::head(head)
                .of(price)
                .and(several)
                .and(pieces.map(|one| format!("{} pieces", format::number(one.quantity))))
        }
        CommerceStep::ListViewed => {
            let list = ["list_id", "item_list_name", "category", "list_name"]
                .into_iter()
                .find_map(|key| text(properties, key));
            let head = list.map_or_else(|| "Saw a list of products".to_owned(), |list| format!("Saw the list {list}"));
            Words::head(head).and(products(&commerce.products, name_of))
        }
        CommerceStep::Checkout => {
            let head = match () {
                () if is("payment") => "Said how they will pay",
                () if is("shipping") => "Said where to send it",
                () if is("cart") => "Looked at the cart",
                () => "Went on to pay",
            };
            Words::head(head).of(commerce.value).and(products(&commerce.products, name_of)).and(order)
        }
        CommerceStep::Searched | CommerceStep::Consumed | CommerceStep::Other => Words::head(cut(name))
            .of(commerce.value)
            .and(products(&commerce.products, name_of))
            .and(order)
            .and(listed_but(properties, &["currency", "order_id", "name"])),
    }
}

/// The products of an event: `3 items: Tofu, Milk, Rice`.
fn products(products: &[Product], name_of: NameOf<'_>) -> Option<String> {
    let names: Vec<String> = products.iter().take(N_NAMED).map(|product| called(product, name_of)).collect();
    let more = if products.len() > N_NAMED { ", …" } else { "" };
    (!products.is_empty())
        .then(|| format!("{}: {}{more}", format::counted(products.len() as u64, "item", "items"), names.join(", ")))
}

/// What a product is called: by the event itself, else by the catalogue.
pub(super) fn called(product: &Product, name_of: NameOf<'_>) -> String {
    let own = product.name.as_deref().filter(|name| !name.trim().is_empty()).map(cut);
    own.or_else(|| name_of(&product.id)).unwrap_or_else(|| product.id.to_string())
}

/// The name of an identifier's key: `u:…` for a `userId`.
fn shown_name(key: &str) -> String {
    match key.split_once(':') {
        Some(("u", id)) => format!("userId {}", cut(id)),
        Some(("a", id)) => format!("anonymousId {}", cut(id)),
        _ => cut(key),
    }
}

/// A text of the properties.
fn text(properties: &Object, key: &str) -> Option<String> {
    properties.get(key)?.as_str().filter(|text| !text.trim().is_empty()).map(cut)
}

/// The first few things that fields say.
fn listed(fields: &Object) -> Option<String> {
    listed_but(fields, &[])
}

fn listed_but(fields: &Object, but: &[&str]) -> Option<String> {
    let shown = |value: &Value| match value {
        Value::String(text) if !text.trim().is_empty() => Some(cut(text)),
        Value::Number(number) => Some(number.as_f64().map_or_else(|| number.to_string(), format::number)),
        Value::Bool(truth) => Some(if *truth { "yes" } else { "no" }.to_owned()),
        _ => None,
    };
    let each = fields.iter().filter(|(key, _)| !but.contains(&key.as_str()));
    let said: Vec<String> =
        each.filter_map(|(key, value)| Some(format!("{} {}", cut(key), shown(value)?))).take(N_NAMED).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// The beginning of a text, on one line.
pub(super) fn cut(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(CHARS_MAX) {
        None => line,
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    }
}

#[cfg(test)]
mod tests;
