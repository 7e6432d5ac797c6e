//! How is a network of layers learned?
//!
//! Small parts to build with: [`Network`] of dense layers, normalisation and dropout, [`Embedding`] tables of which only the rows
//! that were met change, three losses, [`Adam`] and [`Batches`]. A network is asked with [`Network::answer`]; to learn, [`Network::forward`]
//! keeps what [`Network::backward`] needs, and what that returns is given to [`Adam::step`]. Whatever is drawn by chance comes from the
//! stream that is passed in.
//!
//! [`MlpSettings`] is the ready estimator: a number or a yes from features. An autoencoder is as short as this:
//!
//! ```
//! use models::neural::{Activation, Adam, Layer, Matrix, Network, squared};
//! use primitives::Seed;
//! let mut chance = Seed::new(7).stream("autoencoder", 0);
//! let rows = Matrix::from_rows(3, &[[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0], [0.5, 1.0, 1.5]].concat());
//! let narrow = Layer::dense(3, 1, Activation::Identity, &mut chance);
//! let wide = Layer::dense(1, 3, Activation::Identity, &mut chance);
//! let mut network = Network::new(vec![narrow, wide]);
//! let mut adam = Adam::new(0.05);
//! for _ in 0..300 {
//!     let pass = network.forward(rows.clone(), &mut chance);
//!     let (_, slope) = squared(pass.output(), &rows, None);
//!     let gradients = network.backward(&pass, slope).parameters;
//!     adam.step(network.parameters(), &gradients);
//! }
//! let (loss, _) = squared(&network.answer(&rows), &rows, None);
//! assert!(loss < 1e-3, "one number tells these rows: {loss}");
//! ```
//!
//! *Guarantees*: the same bits on any number of threads: products are cut into fixed blocks, and sums run in a fixed order. Numbers are of
//! single precision; losses are summed in double.

mod activation;
mod adam;
mod batches;
mod dense;
mod embedding;
mod loss;
mod matrix;
mod mlp;
mod network;
mod norm;
#[cfg(test)]
mod tests;

pub use activation::Activation;
pub use adam::{Adam, Parameter};
pub use batches::Batches;
pub use dense::Dense;
pub use embedding::{Bags, Embedding, RowGradients};
pub use loss::{Candidates, logistic, sampled_softmax, squared};
pub use matrix::Matrix;
pub(crate) use matrix::dot;
pub use mlp::{Mlp, MlpSettings};
pub use network::{Gradients, Layer, Network, Pass};
pub use norm::Norm;
