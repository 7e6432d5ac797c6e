//! What can be set about which items go together? The settings of the item-to-item recommender.

use crate::settings::settings;

settings! {
    /// Item-to-item co-occurrence with shrunk cosine, a customer's own repetition, and popularity beneath.
    ///
    /// ```text
    /// n[i]      = customers who bought i          c[i,j] = customers who bought both
    /// sim(i,j)  = c[i,j] / (sqrt(n[i] n[j]) + shrinkage)          kept for the n_neighbours largest of every j
    /// d(age)    = 2^(-age / half_life_days)
    /// h[j]      = sum of d(age) over the customer's purchases of j          H = sum of h[j]
    /// pop[i]    = sum of 2^(-age / popularity_half_life_days) over all purchases of i, divided by its maximum
    /// score(i)  = (repeat_weight * h[i] + sum over j of h[j] * sim(i,j)) / H + popularity_weight * pop[i]
    /// ```
    /// *Units*: scores have none; only their order means something. Dividing by `H` keeps the parts in proportion for
    /// customers with a long and a short history alike.
    /// *Guarantees*: equal to the bit for equal data, in any order of rows, on any number of threads; the seed is not
    /// used. *Cost*: the sum over customers of their squared number of items, bounded by `n_items_max`.
    /// *Source*: Sarwar et al. 2001, section 3.1, doi:10.1145/371920.372071 (cosine); shrinkage as in Bell and Koren
    /// 2007, equation 3, doi:10.1109/ICDM.2007.90; personal frequency as in Hu et al. 2020, doi:10.1145/3397271.3401066.
    ItemToItem {
        /// Customers that are added to the divisor, so that a pair that was seen once or twice does not look certain.
        shrinkage: f64 = 100.0 in 0.0..=10_000.0, larger: "trusts only pairs that many customers bought";
        /// How many similar items are kept for every item.
        n_neighbours: usize = 20 in 1..=1_000, larger: "reaches further into the catalogue and costs memory and time";
        /// After how many days a customer's purchase counts half when scoring.
        half_life_days: f64 = 200.0 in 0.1..=3_650.0, larger: "remembers longer";
        /// What it is worth that the customer bought the item before.
        repeat_weight: f64 = 2.0 in 0.0..=100.0, larger: "recommends more of what was bought before";
        /// What it is worth that the item is popular.
        popularity_weight: f64 = 0.03 in 0.0..=100.0, larger: "makes the lists of customers more alike";
        /// After how many days a purchase counts half in the popularity.
        popularity_half_life_days: f64 = 7.0 in 0.1..=3_650.0, larger: "follows fashions more slowly";
        /// How many customers must have bought an item for it to have similar items.
        n_customers_min: usize = 3 in 1..=1_000_000, larger: "leaves rare items to repetition and popularity";
        /// How many different items of one customer are looked at, the most recent first. Bounds the cost of a
        /// customer who buys everything (a shop, a test account).
        n_items_max: usize = 500 in 2..=100_000, larger: "costs time with the square";
    }
}
