//! Why does an item stand on the list, and why are there not more?

use super::candidate::{Candidate, Cause};
use super::customer::Customer;
use super::pool::Searched;
use super::wish::{Placement, Wish};
use crate::{Ask, LeftOut, Sales, World};
use models::recommend::Because;
use primitives::ItemKey;

/// Why an item was chosen, from what the customer's data may be used for.
pub(super) fn reason(candidate: &Candidate, ask: &Ask<'_>, customer: &Customer) -> String {
    let rhythm = customer.rhythms.get(&candidate.item);
    match candidate.cause {
        Cause::Model(Because::BoughtAgain { times, age_days }) => {
            let due = rhythm.filter(|rhythm| !ask.is_unplaced && rhythm.n_days > 2 && rhythm.is_due());
            due.map_or_else(|| again(times, age_days), |rhythm| rhythm.in_words())
        }
        Cause::Model(Because::SimilarTo { item }) => match ask.world.facts(item) {
            Some(source) => format!("Often bought by customers who, like this one, bought {}", source.title),
            None => "Often bought by customers with similar purchases".to_owned(),
        },
        Cause::Model(Because::Like { item }) => match ask.world.facts(item) {
            Some(source) => format!("Like {}, which this customer bought", source.title),
            None => "Like what this customer bought".to_owned(),
        },
        Cause::Model(Because::AtThisHour) => "Bought more often than usual at this time of the week".to_owned(),
        Cause::Model(Because::Popular) => "Popular with all customers".to_owned(),
        Cause::With(item) => format!("Bought by customers who bought {}", title(ask.world, item)),
        Cause::Category(item) => format!("Popular, and of the same category as {}", title(ask.world, item)),
        Cause::Trending => {
            "Bought by more customers in the last 7 days than in an average week of the last four".to_owned()
        }
        Cause::New => "New in the catalogue".to_owned(),
        Cause::Earlier => "In the catalogue for more than 30 days, and one of the last that came".to_owned(),
        Cause::Found => "Matches what was looked for".to_owned(),
        Cause::Due => rhythm.map_or_else(|| "Due again".to_owned(), |rhythm| rhythm.in_words()),
        Cause::Sold(sales) => sold(sales),
    }
}

fn title(world: &dyn World, item: ItemKey) -> String {
    world.facts(item).map_or_else(|| "that item".to_owned(), |facts| facts.title)
}

/// "Bought 3 times, the last time 12 days ago".
fn again(times: u32, age_days: f64) -> String {
    let when = match age_days {
        days if days >= 2.0 => format!("{:.0} days ago", days.floor()),
        days if days >= 1.0 => "yesterday".to_owned(),
        _ => "within the last day".to_owned(),
    };
    match times {
        0 | 1 => format!("Bought before, {when}"),
        n => format!("Bought {n} times, the last time {when}"),
    }
}

fn sold(sales: Sales) -> String {
    match sales {
        Sales::Orders(0) => "In the catalogue".to_owned(),
        Sales::Orders(1) => "In 1 order of the last 30 days".to_owned(),
        Sales::Orders(n) => format!("In {n} orders of the last 30 days"),
        Sales::Buyers { buyers } if buyers.is_nobody() => "In the catalogue".to_owned(),
        Sales::Buyers { buyers } => format!("Bought by {buyers} in the last 30 days"),
    }
}

/// What a list is that is for everybody, as the end of a sentence; of an empty one, whether it was searched in a part of the
/// catalogue only.
pub(super) fn of_everybody(
    candidates: &[Candidate],
    ask: &Ask<'_>,
    wish: &Wish<'_>,
    is_searched_in_part: bool,
) -> String {
    let what = match candidates.first().map(|first| first.cause) {
        None => {
            let none = match wish.placement {
                _ if ask.is_unplaced => "the catalogue holds no item that can be shown",
                _ if is_searched_in_part => "nothing that can be searched at the moment matches what was looked for",
                _ if wish.is_searched => "nothing that can be shown matches what was looked for",
                _ if !wish.lens.filter.is_empty() => "no item that can be shown is what the filter asks for",
                Placement::New => "nothing that can be shown is new in the catalogue",
                _ => "the catalogue holds no item that can be shown",
            };
            return format!(", and {none}");
        }
        Some(Cause::Sold(_)) if candidates.iter().all(|candidate| candidate.score <= 0.0) => {
            return ", and nothing was sold lately: these are items of the catalogue, in the order of their keys"
                .to_owned();
        }
        Some(Cause::With(item)) => {
            format!("these are items that customers bought who bought {}", title(ask.world, item))
        }
        Some(Cause::Category(item)) => {
            format!("these are the most popular items of the same category as {}", title(ask.world, item))
        }
        Some(Cause::Trending) => {
            "first come items that more customers bought in the last 7 days than in an average week of the last four"
                .to_owned()
        }
        Some(Cause::New) => "these are the newest items".to_owned(),
        Some(Cause::Earlier) => {
            "these are the items that came last: none came into the catalogue within the last 30 days".to_owned()
        }
        Some(Cause::Found) => "these are the items that match what was looked for".to_owned(),
        Some(_) if candidates.iter().any(|one| one.cause == Cause::Model(Because::AtThisHour)) => {
            "these are the most popular items at this time of the week".to_owned()
        }
        Some(_) => "these are the most popular items".to_owned(),
    };
    format!(": {what}")
}

/// What a list for a cart is in which nothing is.
pub(super) fn without_cart(customer: &Customer) -> String {
    let what =
        if customer.history.is_empty() { "the most popular items" } else { "items that this customer wants most" };
    format!("The question names nothing in the cart (give the ids as \"cart\"): these are {what}.")
}

/// How many items were found, by which words where some were written wrong, and in how much of the catalogue.
fn found(searched: &Searched) -> String {
    let of = searched.told.corrected.as_ref().map_or_else(String::new, |words| format!(" for \"{words}\""));
    let within =
        searched.told.searchable.map_or("", |_| " in the part of the catalogue that can be searched at the moment");
    format!("the search{of} found {}{within}", searched.n())
}

/// Why there are fewer items than were asked for: "4 of 10 items: filter category left out 812, out of stock 3.".
pub(super) fn shortfall(
    (n_found, searched): (usize, Option<&Searched>),
    wish: &Wish<'_>,
    left_out: &LeftOut,
    world: &dyn World,
) -> Option<String> {
    if n_found >= wish.n {
        return None;
    }
    let mut rules: Vec<(&str, u64)> = left_out.iter().map(|(rule, n)| (rule.as_str(), *n)).collect();
    rules.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut parts: Vec<String> = rules.iter().map(|(rule, n)| format!("{rule} left out {n}")).collect();
    if let Some(searched) = searched {
        parts.insert(0, found(searched));
    }
    if parts.is_empty() {
        let why = match wish.placement {
            Placement::Replenish if n_found == 0 => "nothing is due",
            Placement::Replenish => "nothing else is due",
            _ => "there are no others",
        };
        parts.push(why.to_owned());
    }
    let mut sentence = format!("{n_found} of {} items: {}.", wish.n, parts.join(", "));
    for name in wish.lens.filter.traits().filter(|name| left_out.contains_key(&format!("filter {name}"))) {
        if let Some(near) = world.without_trait(name) {
            let meant = near.map_or_else(String::new, |near| format!(": did you mean \"{near}\"?"));
            let end = if meant.is_empty() { "." } else { "" };
            sentence.push_str(&format!(" No item has the trait \"{}\"{meant}{end}", primitives::visible(name)));
        }
    }
    Some(sentence)
}
