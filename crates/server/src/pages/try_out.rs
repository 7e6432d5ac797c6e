//! What would be shown to this customer at this place? The page on which that is tried; nothing of it is logged.

mod act;
mod members;

use super::answer::understood;
use super::customer::name_of;
use super::customers::label;
use super::visit::{Visit, note_opened};
use super::{Asked, actions, api, catalogue, text};
use crate::app::App;
use crate::args::quoted;
use crate::error::ServerError;
use crate::looks::Opener;
use axum::extract::Query;
use axum::response::Response;
use console::view::{Frame, TryAnswer, TryCard, TryFacet, TryForm, TryPage};
use decisions::search::{Facet, Told};
use decisions::{Answer, Content, ContentShape, Kind, KindAbout, LeftOut, Parameters, Part, RankedItem, Takes};
use engine::{CustomerView, ItemQuery, Tried};
use governance::Purpose;
use members::Maker;
use primitives::{ErrorKind, ItemKey, Probability, UserId};
use profiles::{Identifier, Profile};
use serde_json::{Value, json};

/// How many items stand there where nobody says, and at the most.
const N_ITEMS: u64 = 12;
const N_ITEMS_MAX: u64 = 50;

/// How many values of a trait are told of what was found.
const N_VALUES: usize = 24;

/// How many customers are proposed.
const N_EXAMPLES: usize = 3;

/// What stands at a place: its name, what it is called, and what is shown there.
const PLACES: [(&str, &str, &str); 9] = [
    ("home", "Home page", "What this customer will want next."),
    ("product", "Product page", "What goes with the item they look at, or stands in for it."),
    ("cart", "Cart", "What customers bought who bought what lies in the cart."),
    ("thank_you", "After the order", "What goes with what was just bought."),
    ("email", "E-mail", "What brings this customer back: the best of what they will want, far apart."),
    ("because", "Because you …", "What follows from one item of their own, which is named."),
    ("trending", "Trending", "What sells more than it used to, in the order of this customer’s taste."),
    ("new", "New", "What has just come into the catalogue, in the order of this customer’s taste."),
    ("replenish", "Replenish", "What they buy again and again, and is due."),
];

/// `/try?what=&customer=&placement=…`.
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let (opener, base_url) = (visit.opener(), visit.base_url.clone());
    visit
        .page(move |app, frame| {
            let what = asked.get("what").map_or("", String::as_str);
            match actions::kinds(app).find(|kind| kind.name.as_str() == what) {
                Some(kind) => Ok(act::fill(app, frame, (kind, &asked), (&opener, &base_url))?.render()),
                None => Ok(fill(app, frame, &asked, (&opener, &base_url))?.render()),
            }
        })
        .await
}

fn fill(app: &App, frame: Frame, asked: &Asked, (opener, base_url): (&Opener, &str)) -> Result<TryPage, ServerError> {
    let form = read(asked);
    let Some(kind) = kind_of(app, form.is_search) else {
        let message = "nothing that answers with items is asked so: see the page of capabilities";
        return Err(ServerError::new(ErrorKind::NotFound, message));
    };
    let is_asked = !form.customer.is_empty() || (form.is_search && !form.query.is_empty());
    let maker = Maker::of(app, kind);
    let answer = is_asked.then(|| answered(app, &frame, (kind, maker.as_ref()), &form, (opener, base_url)));
    let (answer, refused) = match answer.transpose() {
        Ok(answer) => (answer, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let shelf = app.engine.find_items(&ItemQuery::default(), 1, frame.now);
    Ok(TryPage {
        has_search: kind_of(app, true).is_some(),
        others: actions::tabs(app),
        placements: places(kind),
        categories: shelf.categories,
        examples: if answer.is_none() { examples(app)? } else { Vec::new() },
        refused,
        answer,
        members: maker.as_ref().map(Maker::members).unwrap_or_default(),
        protocols: maker.as_ref().map(Maker::protocols).unwrap_or_default(),
        figures: maker.as_ref().map(Maker::figures).unwrap_or_default(),
        asked: form,
        frame,
    })
}

/// What answers with items: by the words of a search, or without any.
fn kind_of(app: &App, is_search: bool) -> Option<&KindAbout> {
    let mut kinds = app.engine.capabilities().kinds.iter().map(Kind::about);
    let shape = if is_search { ContentShape::Search } else { ContentShape::Items };
    kinds.find(|kind| kind.shape == shape)
}

/// The form as it was sent.
fn read(asked: &Asked) -> TryForm {
    let whole = |name: &str| asked.get(name).and_then(|value| value.trim().parse::<u64>().ok());
    TryForm {
        is_search: asked.get("what").is_some_and(|what| what == "search"),
        customer: text(asked, "customer", 200),
        placement: text(asked, "placement", 40),
        item: text(asked, "item", 200),
        cart: text(asked, "cart", 2_000),
        query: text(asked, "query", 400),
        exclude: text(asked, "exclude", 2_000),
        category: text(asked, "category", 200),
        price_max: text(asked, "price_max", 20),
        is_new_only: asked.contains_key("new_only"),
        diversity: whole("diversity").unwrap_or(0).min(100),
        n: whole("n").unwrap_or(N_ITEMS).clamp(1, N_ITEMS_MAX),
    }
}

fn takes(kind: &KindAbout, name: &str) -> bool {
    kind.parameters.iter().any(|parameter| parameter.name == name)
}

/// The places that the kind knows, in words.
fn places(kind: &KindAbout) -> Vec<(String, String, String)> {
    let takes = kind.parameters.iter().find(|parameter| parameter.name == "placement").map(|found| &found.takes);
    let Some(Takes::Choice { names, .. }) = takes else { return Vec::new() };
    let in_words = |name: &&str| {
        let known = PLACES.iter().find(|(place, ..)| place == name);
        let (name, words, about) = known.copied().unwrap_or((*name, *name, ""));
        (name.to_owned(), words.to_owned(), about.to_owned())
    };
    names.iter().map(in_words).collect()
}

/// Customers to try it with: those seen last who bought something, where there are any.
fn examples(app: &App) -> Result<Vec<(String, String)>, ServerError> {
    let mut found = app.engine.search("", 30, std::time::Duration::from_millis(50))?.customers;
    found.sort_by_key(|customer| customer.state.lines().is_empty());
    found.truncate(N_EXAMPLES);
    Ok(found.iter().map(|customer| (customer.profile.id.to_string(), called(&customer.profile))).collect())
}

/// What is asked besides the customer, of what the kind takes.
fn parameters(kind: &KindAbout, form: &TryForm) -> Result<Parameters, ServerError> {
    let words = |text: &str| -> Vec<String> {
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let mut filter = serde_json::Map::new();
    if !form.category.is_empty() {
        filter.insert("category".to_owned(), form.category.clone().into());
    }
    if !form.price_max.is_empty() {
        let price = form.price_max.replace(',', ".").parse::<f64>().map_err(|_| {
            let message = format!("\"{}\" is no price: give a number such as 9.90", form.price_max);
            ServerError::new(ErrorKind::Invalid, message)
        })?;
        filter.insert("price".to_owned(), json!({"lte": price}));
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 100")]
    let diversity = form.diversity as f64 / 100.0;
    let said: [(&str, Option<Value>); 9] = [
        ("n", Some(form.n.into())),
        ("placement", given(&form.placement)),
        ("item", given(&form.item)),
        ("query", given(&form.query)),
        ("cart", list(words(&form.cart))),
        ("exclude", list(words(&form.exclude))),
        ("new_only", form.is_new_only.then_some(true.into())),
        ("diversity", (form.diversity > 0).then(|| diversity.into())),
        ("filter", (!filter.is_empty()).then_some(Value::Object(filter))),
    ];
    let said = said.into_iter().filter(|(name, _)| takes(kind, name));
    let parameters: Parameters = said.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    kind.check(&parameters)?;
    Ok(parameters)
}

fn permits(view: &CustomerView) -> bool {
    view.consents.iter().any(|consent| consent.purpose == Purpose::Personalization && consent.granted)
}

fn given(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| text.into())
}

fn list(words: Vec<String>) -> Option<Value> {
    (!words.is_empty()).then(|| words.into())
}

fn answered(
    app: &App,
    frame: &Frame,
    (kind, maker): (&KindAbout, Option<&Maker>),
    form: &TryForm,
    (opener, base_url): (&Opener, &str),
) -> Result<TryAnswer, ServerError> {
    let parameters = parameters(kind, form)?;
    let view = app.engine.customer(&form.customer).ok();
    let is_permitted = view.as_ref().is_some_and(permits);
    let customer = view.map(|view| view.customer);
    let name = customer.as_ref().map_or_else(|| stranger(&form.customer), |customer| name_of(&customer.profile));
    if let Some(customer) = &customer {
        note_opened(app, opener, customer.profile.id.as_str());
    }
    let command = command(app, kind, &name, (&parameters, &events::Fields::new()), base_url);
    let asked =
        engine::Asked { kind: kind.name.clone(), names: vec![name], parameters, context: events::Fields::new() };
    let Tried { answer: Answer { content, fallback, shortfall, left_out, .. }, took, parts } =
        app.engine.try_out_in_parts(asked)?;
    let took_ms = took.as_secs_f64() * 1_000.0;
    // What they did tells nothing of whoever does not permit it.
    let state = customer.as_ref().filter(|_| is_permitted).map(|customer| &customer.state);
    let items = content.items().unwrap_or_default();
    let in_order = |said: &Vec<Part>| maker.map(|maker| maker.in_order(said)).unwrap_or_default();
    let parts = parts.iter().map(in_order).chain(std::iter::repeat(Vec::new()));
    let had: Vec<ItemKey> = state.map_or_else(Vec::new, |state| state.lines().iter().map(|line| line.item).collect());
    let cards = items.iter().zip(parts).filter_map(|(item, parts)| card(app, frame, item, parts, &had));
    let cards = cards.collect();
    let told = match content {
        Content::Search { told, .. } => *told,
        _ => Told::default(),
    };
    let loosened =
        told.loosened.iter().map(|what| format!("{what} was asked for, and let go: nothing has it and all the rest."));
    let said = fallback.into_iter().chain(shortfall).chain(told.notes.iter().cloned()).chain(loosened);
    let said: Vec<String> = said.collect();
    Ok(TryAnswer {
        customer: customer.as_ref().map(|customer| (customer.profile.id.to_string(), called(&customer.profile))),
        fallback: (!said.is_empty()).then(|| said.join(" ")),
        cards,
        left_out: by_rule(left_out),
        understood: told.understood.iter().map(understood).collect(),
        facets: told.facets.iter().filter(|facet| !facet.values.is_empty()).map(facet).collect(),
        took_ms,
        command,
    })
}

/// What was left out, by the rule that left out most.
fn by_rule(left_out: LeftOut) -> Vec<(String, u64)> {
    let mut rules: Vec<(String, u64)> = left_out.into_iter().collect();
    rules.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let title = |rule: &str| -> String {
        rule.chars().take(1).flat_map(char::to_uppercase).chain(rule.chars().skip(1)).collect()
    };
    rules.into_iter().map(|(rule, n)| (title(&rule), n)).collect()
}

/// A trait with how many of what was found have each of its values, and how many others there are.
fn facet(facet: &Facet) -> TryFacet {
    let values = facet.values.iter().take(N_VALUES).map(|value| (value.value.clone(), value.n));
    let n_more = facet.more + facet.values.len().saturating_sub(N_VALUES) as u64;
    TryFacet { name: facet.name.clone(), values: values.collect(), n_more }
}

/// What a customer is called.
fn called(profile: &Profile) -> String {
    label(profile).unwrap_or_else(|| profile.id.to_string())
}

/// Somebody whom nobody heard of yet.
fn stranger(name: &str) -> Identifier {
    Identifier::User(UserId::from(if name.is_empty() { "nobody" } else { name }))
}

fn card(app: &App, frame: &Frame, ranked: &RankedItem, parts: Vec<f64>, had: &[ItemKey]) -> Option<TryCard> {
    let key = ItemKey::from(&ranked.id);
    let item = app.engine.look(|live| live.items.get(key).cloned())?;
    Some(TryCard {
        item: catalogue::row(&item, frame.now),
        reason: ranked.reason.clone(),
        score: ranked.score,
        parts,
        is_had: had.contains(&key),
        // Whatever is not drawn stands there more often than not.
        drawn: ranked.propensity.map(Probability::get).filter(|propensity| *propensity < 0.5),
    })
}

/// The same question as a command.
fn command(
    app: &App,
    kind: &KindAbout,
    name: &Identifier,
    (parameters, context): (&Parameters, &events::Fields),
    base_url: &str,
) -> String {
    let (field, id) = match name {
        Identifier::User(id) => ("userId", id.as_str()),
        Identifier::Anonymous(id) => ("anonymousId", id.as_str()),
    };
    let mut body =
        serde_json::Map::from_iter([("decision".to_owned(), kind.name.as_str().into()), (field.to_owned(), id.into())]);
    body.extend(parameters.clone());
    if !context.is_empty() {
        body.insert("context".to_owned(), json!(context));
    }
    format!("curl {} {base_url}/v1/decide -d {}", api::bearer(app), quoted(&Value::Object(body).to_string()))
}
