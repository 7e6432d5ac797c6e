//! What is wished for: a question's parameters, with the rules of the settings where it says nothing else.

use super::parameters as given;
use crate::lens::Lens;
use crate::rules::{Repeats, Rules};
use crate::{Ask, ItemFilter, Lifts, Parameter, Parameters};
use primitives::{ItemId, ItemKey};
use serde_json::Value;
use std::collections::BTreeSet;

/// How many of the newest items of a cart are looked at.
const N_CART_MAX: usize = 50;

/// What is wished for.
pub(super) struct Wish<'a> {
    /// How many items.
    pub(super) n: usize,
    /// Where they are shown.
    pub(super) placement: Placement,
    /// The item in view, by the id that was given.
    pub(super) item: Option<&'a str>,
    /// What is in the cart, the newest last.
    pub(super) cart: Vec<ItemKey>,
    /// What is not to be shown.
    pub(super) excluded: BTreeSet<ItemKey>,
    /// What is looked at of items.
    pub(super) lens: Lens,
    /// Whether it is to be what words find.
    pub(super) is_searched: bool,
    /// The rules that hold.
    pub(super) rules: Rules,
}

/// Where a list is shown, as far as it makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placement {
    Home,
    Product,
    Cart,
    ThankYou,
    Email,
    Because,
    Trending,
    New,
    Replenish,
}

impl Placement {
    fn from_name(name: &str) -> Self {
        match name {
            "product" => Self::Product,
            "cart" => Self::Cart,
            "thank_you" => Self::ThankYou,
            "email" => Self::Email,
            "because" => Self::Because,
            "trending" => Self::Trending,
            "new" => Self::New,
            "replenish" => Self::Replenish,
            _ => Self::Home,
        }
    }
}

pub(super) fn key(id: &str) -> ItemKey {
    ItemKey::from(&ItemId::from(id))
}

impl<'a> Wish<'a> {
    /// What a question says, which was checked before.
    pub(super) fn of(ask: &Ask<'a>, settings: &Rules) -> Self {
        let parameters = &ask.question.parameters;
        let get = |parameter: &Parameter| parameters.get(parameter.name);
        let text = |parameter: &Parameter| get(parameter).and_then(Value::as_str);
        let words = |parameter: &Parameter| {
            let words = get(parameter).and_then(Value::as_array).into_iter().flatten();
            words.filter_map(Value::as_str).map(key).collect::<Vec<ItemKey>>()
        };
        let number =
            |parameter: &Parameter, otherwise: f64| get(parameter).and_then(Value::as_f64).unwrap_or(otherwise);
        let whole = |parameter: &Parameter, otherwise: u32| {
            get(parameter).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or(otherwise)
        };
        let mut repeats = text(&given::REPEATS).and_then(Repeats::from_name).unwrap_or(settings.repeats);
        if get(&given::NEW_ONLY).and_then(Value::as_bool) == Some(true) {
            repeats = Repeats::Excluded;
        }
        let rules = Rules {
            repeats,
            per_category_max: whole(&given::PER_CATEGORY_MAX, settings.per_category_max),
            per_brand_max: whole(&given::PER_BRAND_MAX, settings.per_brand_max),
            new_share_min: number(&given::NEW_SHARE_MIN, settings.new_share_min),
            margin_weight: number(&given::MARGIN_WEIGHT, settings.margin_weight),
            diversity: number(&given::DIVERSITY, settings.diversity),
            explore_share: number(&given::EXPLORE_SHARE, settings.explore_share),
        };
        let placement = text(&given::PLACEMENT).map_or(Placement::Home, Placement::from_name);
        let caps = rules.per_category_max > 0 || rules.per_brand_max > 0;
        let lens = Lens {
            filter: get(&given::FILTER).and_then(|filter| ItemFilter::parse(filter).ok()).unwrap_or_default(),
            lifts: get(&given::BOOST).and_then(|lifts| Lifts::parse(lifts).ok()).unwrap_or_default(),
            sees_groups: caps || rules.diversity > 0.0 || placement == Placement::Product,
            sees_gain: rules.margin_weight > 0.0,
        };
        let mut cart = words(&given::CART);
        cart.drain(..cart.len().saturating_sub(N_CART_MAX));
        Self {
            n: usize::try_from(ask.whole(&given::N)).unwrap_or(0),
            placement,
            item: text(&given::ITEM),
            cart,
            excluded: words(&given::EXCLUDE).into_iter().collect(),
            lens,
            is_searched: searched(parameters).is_some(),
            rules,
        }
    }

    /// What they look at or hold in the cart, the newest last: an item in view is newer than the cart.
    pub(super) fn session(&self) -> Vec<ItemKey> {
        self.cart.iter().copied().chain(self.item.map(key)).collect()
    }

    /// The same after what they look at in this visit, which tells at home what they want now.
    pub(super) fn now(&self, viewed: &[ItemKey]) -> Vec<ItemKey> {
        let session = self.session();
        let mut now = if self.placement == Placement::Home { viewed.to_vec() } else { Vec::new() };
        now.retain(|item| !session.contains(item));
        now.extend(session);
        now
    }

    /// What of it the model is told: nothing where what goes with it stands before the model's list or is blended into it.
    /// There it counts once, and no order of a model is learned with it.
    pub(super) fn told(&self, viewed: &[ItemKey]) -> Vec<ItemKey> {
        use Placement::{Cart, Home, Product, ThankYou};
        let is_beside = !self.is_searched && matches!(self.placement, Home | Product | Cart | ThankYou);
        if is_beside { Vec::new() } else { self.now(viewed) }
    }

    /// Whether the list says something only of whoever bought before, or looks at something in this visit.
    pub(super) fn is_of_the_past(&self, viewed: &[ItemKey]) -> bool {
        match self.placement {
            _ if self.is_searched => false,
            Placement::Home => self.session().is_empty() && viewed.is_empty(),
            Placement::Email | Placement::Because => self.session().is_empty(),
            Placement::ThankYou => self.cart.is_empty(),
            Placement::Replenish => true,
            Placement::Product | Placement::Cart | Placement::Trending | Placement::New => false,
        }
    }

    /// That the catalogue does not have the item in view, as the beginning of a sentence.
    pub(super) fn unknown_item(&self, ask: &Ask<'_>) -> Option<String> {
        let id = self.item.filter(|id| ask.world.facts(key(id)).is_none())?;
        let shown: String = id.chars().take(40).collect();
        Some(format!("The catalogue has no item \"{}\"", primitives::visible(&shown)))
    }

    /// Whether it is to go with a cart in which nothing is.
    pub(super) fn lacks_cart(&self) -> bool {
        self.placement == Placement::Cart && !self.is_searched && self.session().is_empty()
    }

    /// Whether the best by score are not simply the list.
    pub(super) fn reorders(&self) -> bool {
        self.rules.reorder() || !self.lens.lifts.is_empty()
    }
}

/// The words that are to be searched for.
pub(super) fn searched(parameters: &Parameters) -> Option<&str> {
    parameters.get(given::SEARCH.name).and_then(Value::as_str).filter(|words| !words.trim().is_empty())
}
