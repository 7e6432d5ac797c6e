//! Under which keys does a sender write what was bought? Segment's and Google's names, and those of Shopify's webhooks.

/// The keys of one way to describe a purchase. Where a list has several, the first that holds anything counts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Arrays of products.
    pub(crate) lists: &'static [&'static str],
    /// A product's identifier.
    pub(crate) ids: &'static [&'static str],
    /// Whether a product of a list may be identified by `id` where it has none of `ids`. In Shopify's, that is the line's.
    pub(super) has_plain_id: bool,
    /// A product's name.
    pub(crate) names: &'static [&'static str],
    /// A product's category.
    pub(crate) categories: &'static [&'static str],
    /// The value of the whole.
    pub(crate) amounts: &'static [&'static str],
    /// The order's identifier.
    pub(crate) order_ids: &'static [&'static str],
}

/// Segment's e-commerce specification and Google Analytics 4. Their keys do not contradict each other, and senders mix
/// them.
pub(crate) static PLAIN: Dialect = Dialect {
    lists: &["products", "items"],
    ids: &["product_id", "sku", "item_id"],
    has_plain_id: true,
    names: &["name", "item_name"],
    categories: &["category", "item_category"],
    amounts: &["revenue", "total", "value"],
    order_ids: &["order_id", "transaction_id"],
};

/// The payloads of Shopify's webhooks. A line that is no product of the shop has only a title.
pub(crate) static SHOPIFY: Dialect = Dialect {
    lists: &["line_items", "refund_line_items"],
    ids: &["product_id", "sku", "variant_id", "title"],
    has_plain_id: false,
    names: &["title", "name"],
    categories: &["product_type"],
    amounts: &["total_price"],
    order_ids: &["order_id", "id"],
};
