//! How are both towers learned together?

use super::TwoTower;
use super::example::{Examples, History};
use super::items::{Items, Placed};
use super::tower::{Asked, Steps, Tower};
use crate::ModelError;
use crate::neural::{Bags, Batches, Candidates, Matrix, sampled_softmax};
use crate::recommend::prepared::Prepared;
use primitives::Seed;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// One customer of so many holds out the last occasion.
const HOLD_OUT_EVERY: usize = 10;
/// At most so many purchases are held out, and so many scores of them computed.
const N_HELD_OUT_MAX: usize = 1_000;
const N_SCORES_MAX: usize = 5_000_000;
/// After so many examples the held-out purchases are looked at, or after every time around.
const N_UNTIL_CHECK: usize = 200_000;
/// So many looks without a better loss end it.
const PATIENCE: usize = 2;
/// The last step goes this share of the first.
const LAST_RATE: f32 = 0.1;

/// Learns both towers: the customers' and where each item is.
pub(super) fn learn(settings: &TwoTower, prepared: &Prepared, seed: Seed) -> Result<(Tower, Matrix), ModelError> {
    let n_held_out = (N_SCORES_MAX / prepared.n_items().max(1)).clamp(1, N_HELD_OUT_MAX);
    let examples = Examples::of(prepared, HOLD_OUT_EVERY, n_held_out);
    let n_examples = settings.n_examples.min(settings.n_epochs.saturating_mul(examples.learned.len()));
    let mut lessons = Lessons::new(settings, prepared, &examples, n_examples, seed);
    let mut batches = Batches::new(examples.learned.len(), settings.batch_size, seed);
    let n_until_check = N_UNTIL_CHECK.min(examples.learned.len());
    let mut best: Option<(f64, Tower, Matrix)> = None;
    let (mut n_seen, mut next_check, mut n_since) = (0, n_until_check, 0);
    'learning: loop {
        for batch in batches.epoch() {
            lessons.learn(batch, n_seen);
            n_seen += batch.len();
            if n_seen < next_check && n_seen < n_examples {
                continue;
            }
            next_check = n_seen + n_until_check;
            let items = lessons.items.all();
            let loss = held_out_loss(&lessons.tower, &items, &examples);
            n_since += 1;
            // Without anything held out the last is the best.
            if best.as_ref().is_none_or(|(least, ..)| loss < *least || examples.held_out.is_empty()) {
                (best, n_since) = (Some((loss, lessons.tower.clone(), items)), 0);
            }
            if n_seen >= n_examples || n_since >= PATIENCE {
                break 'learning;
            }
        }
    }
    let reason = format!("the loss grew beyond all numbers: choose a learning_rate below {}", settings.learning_rate);
    let is_sound = |tower: &Tower, items: &Matrix| tower.is_sound(settings.n_dimensions) && items.is_finite();
    match best {
        Some((_, tower, items)) if is_sound(&tower, &items) => Ok((tower, items)),
        _ => Err(ModelError::Fit { operation: "fit the two towers", reason }),
    }
}

/// What the held-out choices cost among all items.
fn held_out_loss(tower: &Tower, items: &Matrix, examples: &Examples) -> f64 {
    let at = &examples.held_out;
    let histories: Vec<History> = at.iter().map(|at| examples.history(*at, false)).collect();
    let hours = at.iter().map(|at| examples.hour(*at));
    let asked = Asked::of(histories.iter().zip(hours), |place| place);
    let scores = tower.answer(items, &asked).times_transposed(items);
    let all: Vec<u32> = (0..).take(items.n_rows()).collect();
    let chosen: Vec<u32> = at.iter().map(|at| examples.item(*at)).collect();
    let log_q = vec![0.0; items.n_rows()];
    sampled_softmax(&scores, Candidates { items: &all, log_q: &log_q, chosen: &chosen, passed_over: &[] }).0
}

/// Both towers while they are learned.
struct Lessons<'a> {
    settings: &'a TwoTower,
    examples: &'a Examples,
    n_examples: usize,
    tower: Tower,
    items: Items,
    steps: Steps,
    /// The items that are drawn by chance.
    sold: Vec<u32>,
    /// How often each item is expected among the columns of a batch, as a logarithm.
    log_q: Vec<f32>,
    chance: ChaCha8Rng,
}

impl<'a> Lessons<'a> {
    fn new(settings: &'a TwoTower, prepared: &Prepared, examples: &'a Examples, n_examples: usize, seed: Seed) -> Self {
        let items = Items::new(settings, prepared, seed);
        let sold = items.sold();
        let mut n_chosen = vec![0_u32; prepared.n_items()];
        examples.learned.iter().for_each(|at| n_chosen[examples.item(*at) as usize] += 1);
        let by_chance = settings.n_negatives as f64 / sold.len().max(1) as f64;
        let in_batch = settings.batch_size as f64 / examples.learned.len().max(1) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
        let log_q = n_chosen.iter().map(|n| (f64::from(*n) * in_batch + by_chance).max(1e-9).ln() as f32).collect();
        #[expect(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
        let steps = Steps::new(settings.learning_rate as f32);
        let (tower, chance) = (Tower::new(settings, seed), seed.stream("two towers", 0));
        Self { settings, examples, n_examples, tower, items, steps, sold, log_q, chance }
    }

    /// Learns from one batch of places in the list of examples.
    fn learn(&mut self, batch: &[usize], n_seen: usize) {
        let at: Vec<usize> = batch.iter().map(|place| self.examples.learned[*place]).collect();
        let with_others: Vec<bool> = at.iter().map(|_| self.chance.random::<bool>()).collect();
        let examples = self.examples;
        let histories: Vec<History> =
            at.par_iter().zip(with_others).map(|(at, with_others)| examples.history(*at, with_others)).collect();
        let mut columns: Vec<u32> = at.iter().map(|at| self.examples.item(*at)).collect();
        for _ in 0..self.settings.n_negatives {
            columns.push(self.sold[self.chance.random_range(0..self.sold.len())]);
        }
        let mut met: Vec<u32> = histories.iter().flat_map(History::items).chain(columns.iter().copied()).collect();
        met.par_sort_unstable();
        met.dedup();
        let placed = self.place(met);
        let asked =
            Asked::of(histories.iter().zip(at.iter().map(|at| self.examples.hour(*at))), |item| placed.row_of(item));
        let stood = self.tower.forward(&placed.rows, &asked, &mut self.chance);
        let rows: Vec<u32> = columns.iter().map(|item| placed.row_of(*item)).collect();
        let candidates = placed.rows.select(rows.iter().map(|row| *row as usize));
        let scores = stood.customers.times_transposed(&candidates);
        let log_q: Vec<f32> = columns.iter().map(|item| self.log_q[*item as usize]).collect();
        let chosen: Vec<u32> = (0..).take(at.len()).collect();
        let passed_over = if self.examples.is_once { had(&histories, &columns) } else { Vec::new() };
        let of = Candidates { items: &columns, log_q: &log_q, chosen: &chosen, passed_over: &passed_over };
        let (_, slope) = sampled_softmax(&scores, of);
        let of_candidates = Bags::single(&rows).backward(&slope.transposed_times(&stood.customers));
        let lesson = self.tower.backward(&asked, &stood, slope.times(&candidates));
        let [of_last, of_all] = &lesson.items;
        let slope = placed.slope(&[of_last, of_all, &of_candidates]);
        let rate = self.rate(n_seen);
        self.items.step(&placed, &slope, rate);
        self.tower.step(&mut self.steps, &lesson, rate);
    }

    fn place(&mut self, items: Vec<u32>) -> Placed {
        let (share, chance) = (self.settings.cold_share, &mut self.chance);
        self.items.place(items, || chance.random::<f64>() < share)
    }

    /// Steps become smaller evenly.
    fn rate(&self, n_seen: usize) -> f32 {
        #[expect(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
        let (rate, done) = (self.settings.learning_rate as f32, (n_seen as f64 / self.n_examples as f64) as f32);
        rate * (1.0 - (1.0 - LAST_RATE) * done.min(1.0))
    }
}

/// The columns of what each customer had before.
fn had(histories: &[History], columns: &[u32]) -> Vec<Vec<u32>> {
    let mut by_item: Vec<(u32, u32)> = columns.iter().copied().zip(0..).collect();
    by_item.sort_unstable();
    let of_item = |item: u32| {
        let from = by_item.partition_point(|(other, _)| *other < item);
        by_item[from..].iter().take_while(move |(other, _)| *other == item).map(|(_, column)| *column)
    };
    histories.iter().map(|history| history.items().flat_map(of_item).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::{Interaction, Interactions};
    use primitives::ItemKey;

    #[test]
    fn where_there_is_nothing_to_learn_it_stops_before_it_learns_by_heart() {
        let mut chance = Seed::new(2).stream("nothing", 0);
        let mut row = |at: u32| Interaction {
            customer: at / 6,
            item: chance.random_range(0..100),
            age_days: f64::from(6 - at % 6),
            quantity: 1.0,
        };
        let rows = (0..1_800).map(&mut row).collect();
        let told = Interactions { rows, items: (0..100).map(ItemKey).collect(), ..Interactions::default() };
        let settings = TwoTower {
            n_dimensions: 32,
            batch_size: 64,
            n_epochs: 60,
            dropout: 0.0,
            learning_rate: 0.01,
            ..TwoTower::default()
        };
        let prepared = Prepared::of(&told).unwrap();
        let (tower, items) = learn(&settings, &prepared, Seed::new(1)).unwrap();
        let loss = held_out_loss(&tower, &items, &Examples::of(&prepared, HOLD_OUT_EVERY, N_HELD_OUT_MAX));
        // To know nothing costs the logarithm of a hundred; what was learned by heart costs more.
        assert!(loss < 100.0_f64.ln() + 0.15, "{loss}");
    }

    #[test]
    fn what_a_customer_had_is_found_among_the_columns() {
        let histories = [History::of(vec![(7, 0), (9, 1)]), History::default()];
        assert_eq!(had(&histories, &[9, 7, 3, 7]), [vec![1, 3, 0], vec![]]);
    }
}
