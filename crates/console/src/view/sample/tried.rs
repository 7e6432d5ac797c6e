//! What does it look like to try what a customer would be shown?

use super::frame;
use super::kept::{self, text};
use crate::view::{MemberLine, ProtocolLine, ProtocolNumber, TryAnswer, TryCard, TryFacet, TryForm, TryPage};

/// Recommendations for a customer, with every part that the page has.
#[must_use]
pub fn tried() -> TryPage {
    let rows = kept::items().rows;
    let card = |row: usize, reason: &str, score: f64, parts: [f64; 4]| TryCard {
        item: rows[row % rows.len()].clone(),
        reason: text(reason),
        score,
        parts: parts.to_vec(),
        is_had: row == 0,
        drawn: (row == 4).then_some(0.05),
    };
    let member = |title: &str, about: &str, adds: f64| MemberLine {
        title: text(title),
        about: text(about),
        adds: (adds > 0.0).then_some(adds),
    };
    let number = |name: &str, ours, simple| ProtocolNumber {
        name: text(name),
        ours,
        simple: Some((text("own favourites"), simple)),
    };
    TryPage {
        frame: frame("/try?customer=42"),
        has_search: true,
        others: others(),
        asked: TryForm { customer: text("42"), placement: text("home"), diversity: 30, n: 10, ..TryForm::default() },
        placements: placements(),
        categories: kept::items().categories,
        examples: vec![(text("42"), text("Ann Miller"))],
        refused: None,
        answer: Some(TryAnswer {
            customer: Some((text("42"), text("Ann Miller"))),
            fallback: None,
            cards: vec![
                card(0, "Usually every 3 weeks, due now", 2.41, [1.9, 0.3, 0.15, 0.06]),
                card(
                    1,
                    "Often bought by customers who, like this one, bought Soy milk, 1 l",
                    1.12,
                    [0.0, 0.7, 0.4, 0.02],
                ),
                card(2, "Popular with all customers", 0.61, [0.0, 0.0, 0.0, 0.61]),
                card(3, "Bought 3 times, the last time 12 days ago", 0.55, [0.5, 0.0, 0.05, 0.0]),
                card(4, "Something new, to learn whether it is liked", 0.2, [0.0, 0.0, 0.2, 0.0]),
            ],
            left_out: vec![(text("Cannot be had"), 12), (text("Excluded"), 2)],
            understood: Vec::new(),
            facets: Vec::new(),
            took_ms: 0.21,
            command: text("curl http://127.0.0.1:7070/v1/decide -d '{\"decision\":\"recommend\",\"userId\":\"42\"}'"),
        }),
        members: vec![
            member("Repeats", "What this customer buys again, and when it is due.", 0.041),
            member("Together", "What customers buy together.", 0.006),
            member("Taste", "What customers of the same taste buy.", 0.004),
            member("Popular", "What many buy now.", 0.0),
        ],
        protocols: vec![ProtocolLine {
            title: text("The last order of every customer"),
            n: 13_858,
            rows: vec![number("NDCG@10", 0.124, 0.111), number("Recall@10", 0.14, 0.132)],
        }],
        figures: vec![
            (text("Coverage"), text("34 %"), text("of the catalogue stands in somebody’s list")),
            (text("Never shown"), text("212 items"), text("that could have been, in the last 30 days")),
        ],
    }
}

/// A search with its facets.
#[must_use]
pub fn tried_search() -> TryPage {
    let page = tried();
    let answer = page.answer.clone().map(|answer| TryAnswer {
        understood: vec![(text("cheap"), text("price up to 4 EUR")), (text("tea"), text("category"))],
        facets: vec![TryFacet {
            name: text("Category"),
            values: vec![(text("Tea & coffee"), 31), (text("Bread"), 2)],
            n_more: 7,
        }],
        left_out: Vec::new(),
        fallback: Some(text("The customer is not known: the order is the same for everybody.")),
        ..answer
    });
    let asked = TryForm { is_search: true, query: text("cheap green tea"), diversity: 0, ..page.asked.clone() };
    TryPage { frame: frame("/try?what=search"), asked, answer, ..page }
}

/// Before anybody was named, without a model.
#[must_use]
pub fn tried_nothing() -> TryPage {
    let page = tried();
    TryPage {
        frame: frame("/try"),
        asked: TryForm { n: 10, ..TryForm::default() },
        answer: None,
        members: Vec::new(),
        protocols: Vec::new(),
        figures: Vec::new(),
        ..page
    }
}

fn others() -> Vec<(String, String)> {
    vec![(text("act"), text("Next best action"))]
}

fn placements() -> Vec<(String, String, String)> {
    let place = |name: &str, words: &str, about: &str| (text(name), text(words), text(about));
    vec![
        place("home", "Home page", "What this customer will want next."),
        place("product", "Product page", "What goes with the item they look at."),
    ]
}
