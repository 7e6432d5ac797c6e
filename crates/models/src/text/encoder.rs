//! What else can say what a message means? What was learned elsewhere from many more texts, where somebody has it.

mod embeddings;
mod pieces;
mod tensors;
mod transformer;

pub use embeddings::StaticEmbeddings;
pub use transformer::Transformer;

/// Something that says in a fixed number of numbers what a message means, beside its words and letters.
///
/// None is needed. One that is given is a further block of numbers: a message's row is
/// `words | letters | weight * encoded`, each of length 1 before its weight.
///
/// The same message must have the same numbers for ever under one name: models are stored that learned from them.
pub trait Encoder: Send + Sync + std::fmt::Debug {
    /// What it is called, with its version. A stored model is read only beside those of the same names, in the same order.
    fn name(&self) -> &str;
    /// How many numbers it says.
    fn n_dims(&self) -> usize;
    /// How much it counts beside words, of which all together count 1, and letters, which do too. About 1.5 to 3.
    fn weight(&self) -> f32;
    /// The numbers of a [`plain`](super::plain()) message, of length 1, or all 0 where it says nothing of it.
    fn encode(&self, plain: &str) -> Vec<f32>;
    /// The numbers of several messages, each as [`Self::encode`] says them.
    fn encode_all(&self, plains: &[&str]) -> Vec<Vec<f32>> {
        plains.iter().map(|plain| self.encode(plain)).collect()
    }
}

/// Makes numbers a vector of length 1; where all are 0 they stay so.
fn with_length_1(numbers: &mut [f32]) {
    let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length > 0.0 {
        numbers.iter_mut().for_each(|number| *number /= length);
    }
}
