//! Where is an item: its own place, and what its terms add to it?

use super::TwoTower;
use crate::neural::{Adam, Bags, Embedding, Matrix, RowGradients};
use crate::recommend::ItemTraits;
use crate::recommend::prepared::Prepared;
use crate::recommend::terms::{Terms, frequent};
use primitives::Seed;

/// How far from 0 numbers are at first.
const BOUND: f32 = 0.1;

/// The items' tower while it is learned.
pub(super) struct Items {
    own: Embedding,
    of_terms: Embedding,
    terms: Terms,
    /// Whether anybody bought it: only then has it a place of its own.
    is_sold: Vec<bool>,
    adam_own: Adam,
    adam_terms: Adam,
}

/// Where the items of one batch are, and what that was made of.
pub(super) struct Placed {
    /// Which items, in ascending order.
    items: Vec<u32>,
    own: Bags,
    terms: Bags,
    /// Where they are.
    pub(super) rows: Matrix,
}

impl Items {
    pub(super) fn new(settings: &TwoTower, prepared: &Prepared, seed: Seed) -> Self {
        let terms = match prepared.traits.as_slice() {
            [] => frequent(&vec![ItemTraits::default(); prepared.n_items()], 1),
            traits => frequent(traits, settings.n_items_of_term),
        };
        let mut is_sold = vec![false; prepared.n_items()];
        prepared.rows.iter().for_each(|row| is_sold[row.item as usize] = true);
        let mut chance = seed.stream("items", 0);
        let d = settings.n_dimensions;
        #[expect(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
        let rate = settings.learning_rate as f32;
        Self {
            own: Embedding::new(prepared.n_items(), d, BOUND, &mut chance),
            of_terms: Embedding::new(terms.n_terms, d, BOUND, &mut chance),
            terms,
            is_sold,
            adam_own: Adam::new(rate),
            adam_terms: Adam::new(rate),
        }
    }

    /// Which items were ever bought.
    pub(super) fn sold(&self) -> Vec<u32> {
        (0..).zip(&self.is_sold).filter(|(_, is_sold)| **is_sold).map(|(item, _)| item).collect()
    }

    /// Where these items are, which come in ascending order. Those that are `cold` are placed by their terms alone, if they have any.
    pub(super) fn place(&self, items: Vec<u32>, mut cold: impl FnMut() -> bool) -> Placed {
        let (mut own, mut terms) = (Bags::default(), Bags::default());
        for item in &items {
            let at = *item as usize;
            let is_cold = cold() && !self.terms.by_item.columns(at).is_empty();
            own.push((self.is_sold[at] && !is_cold).then_some((*item, 1.0)));
            terms.push(self.terms.by_item.row(at));
        }
        let mut rows = own.pool(self.own.table());
        rows.add(&terms.pool(self.of_terms.table()));
        Placed { items, own, terms, rows }
    }

    /// Where all items are.
    pub(super) fn all(&self) -> Matrix {
        let items = (0..).take(self.is_sold.len()).collect();
        self.place(items, || false).rows
    }

    /// Moves what the items of a batch are made of.
    pub(super) fn step(&mut self, placed: &Placed, slope: &Matrix, rate: f32) {
        self.adam_own.set_rate(rate);
        self.adam_terms.set_rate(rate);
        self.adam_own.step_rows(&mut self.own, &placed.own.backward(slope));
        self.adam_terms.step_rows(&mut self.of_terms, &placed.terms.backward(slope));
    }
}

impl Placed {
    /// The row of an item of the batch.
    pub(super) fn row_of(&self, item: u32) -> u32 {
        self.items.binary_search(&item).ok().and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX)
    }

    /// Sums up the slopes that come from several sides.
    pub(super) fn slope(&self, parts: &[&RowGradients]) -> Matrix {
        let mut slope = Matrix::zeros(self.rows.n_rows(), self.rows.n_columns());
        parts.iter().for_each(|part| part.add_to(&mut slope));
        slope
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::{Interaction, Interactions};
    use primitives::ItemKey;

    #[test]
    fn an_item_is_its_own_place_and_its_terms_and_a_new_one_its_terms_alone() {
        let told = |groups: &[u64]| ItemTraits { groups: groups.to_vec(), ..ItemTraits::default() };
        let row = |item| Interaction { customer: 0, item, age_days: 1.0, quantity: 1.0 };
        let told = Interactions {
            rows: vec![row(0), row(1)],
            items: (0..4).map(ItemKey).collect(),
            traits: vec![told(&[1]), told(&[]), told(&[1]), told(&[])],
            hours: Vec::new(),
        };
        let settings = TwoTower { n_dimensions: 3, n_items_of_term: 2, ..TwoTower::default() };
        let mut items = Items::new(&settings, &Prepared::of(&told).unwrap(), Seed::new(1));
        // Only what was bought stands for what was not chosen: being new is not being unwanted.
        assert_eq!(items.sold(), [0, 1]);
        let term: Vec<f32> = items.of_terms.row(0).iter().map(|value| value * 2.0_f32.sqrt()).collect();
        let near = |found: &[f32], expected: &[f32]| found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
        let both: Vec<f32> = items.own.row(0).iter().zip(&term).map(|(own, term)| own + term).collect();
        let all = items.all();
        assert!(near(all.row(0), &both) && near(all.row(2), &term), "{all:?}");
        assert!(near(all.row(1), items.own.row(1)) && near(all.row(3), &[0.0; 3]), "{all:?}");
        // Learned as a new one, it is its terms alone; one without terms keeps its own place.
        let placed = items.place(vec![0, 1], || true);
        assert!(near(placed.rows.row(0), &term) && near(placed.rows.row(1), items.own.row(1)));
        assert_eq!((placed.row_of(0), placed.row_of(1), placed.row_of(2)), (0, 1, u32::MAX));
        // A step moves what was placed, against the slope.
        let before = items.own.row(1).to_vec();
        items.step(&placed, &Matrix::from_rows(2, &[1.0; 6]), 0.01);
        assert!(near(items.own.row(1), &before.iter().map(|value| value - 0.01).collect::<Vec<f32>>()));
        assert!(near(items.own.row(0), &both.iter().zip(&term).map(|(both, term)| both - term).collect::<Vec<f32>>()));
    }
}
