//! Under which names do companies tell of an item what this program itself reads? One list for all who read it, and for what is
//! kept.

/// The traits that may say how many there are, the likeliest first.
pub const STOCKS: [&str; 5] = ["stock", "inventory", "inventory_quantity", "inventoryQuantity", "in_stock"];
/// The traits that may hold a picture, the likeliest first.
pub const PICTURES: [&str; 5] = ["imageUrl", "image_url", "image", "picture", "image_link"];
/// The traits that describe in sentences.
pub const DESCRIBING: [&str; 7] = ["body", "content", "desc", "description", "long_description", "summary", "text"];

/// What else is read.
const OTHERS: [&str; 15] = [
    // Whether it may be shown.
    "hidden",
    // What it earns, and of whom.
    "margin",
    "cost",
    "brand",
    // Where it belongs.
    "categories",
    "tags",
    "labels",
    // What somebody notes of it.
    "comment",
    // Since when there is it.
    "timestamp",
    "created_at",
    // Whether it is simulated, and what its simulation notes.
    "simulated",
    "simulatedAnswer",
    "simulatedBy",
    "simulatedCall",
    "simulatedDay",
];

/// Whether this program itself reads a trait: however many others an item has, none of these is left out.
pub(super) fn is_read(name: &str) -> bool {
    [&STOCKS[..], &PICTURES, &DESCRIBING, &OTHERS].iter().any(|names| names.contains(&name))
}
