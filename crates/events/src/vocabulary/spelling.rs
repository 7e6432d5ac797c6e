//! How do senders write a name of the tables?

/// Google's names begin so; Segment's begin with the thing.
const OF_GOOGLE: [&str; 10] = [
    "add payment info",
    "add shipping info",
    "add to",
    "begin ",
    "purchase",
    "refund",
    "remove from",
    "select ",
    "view ",
    "generate ",
];
/// And these are Google's.
const WHOLE: [&str; 4] = ["search", "page view", "screen view", "session start"];

/// A name of the tables as its senders write it: `Order Completed`, `add_to_cart`, `orders/create`.
#[must_use]
pub fn as_sent(name: &str) -> String {
    if name.contains('/') {
        return name.to_owned();
    }
    if WHOLE.contains(&name) || OF_GOOGLE.iter().any(|start| name.starts_with(start)) {
        return name.replace(' ', "_");
    }
    let capital = |word: &str| match word {
        "to" | "from" | "as" => word.to_owned(),
        "csat" | "nps" | "ces" => word.to_uppercase(),
        _ => word
            .chars()
            .enumerate()
            .map(|(i, letter)| if i == 0 { letter.to_ascii_uppercase() } else { letter })
            .collect(),
    };
    name.split(' ').map(capital).collect::<Vec<_>>().join(" ")
}
