//! What does a message mean, as the mean of what its pieces of words mean?

use super::pieces::Pieces;
use super::tensors::Tensors;
use super::{Encoder, with_length_1};
use crate::ModelError;

/// How the table of a file is called.
const TABLE: &str = "embeddings";

/// Numbers for each piece of a word, learned elsewhere from very many texts.
///
/// ```text
/// encoded = mean over pieces p of table[p],   then divided by its length
/// ```
/// Words of which nothing is known are left out. *Units*: a table's row is held in steps of 1/127 of its largest number, so it
/// takes a quarter of the room, and a message differs by less than a thousandth. *Cost*: one row for each piece.
/// *Source*: model2vec (Tulkens and van Dongen 2024), whose files it reads.
#[derive(Debug)]
pub struct StaticEmbeddings {
    name: String,
    weight: f32,
    pieces: Pieces,
    n_dims: usize,
    steps: Vec<i8>,
    /// How large a step of each row is.
    sizes: Vec<f32>,
}

impl StaticEmbeddings {
    /// Reads a list of pieces (`vocab.txt`) and a table (`model.safetensors`).
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where either is none, or where they do not fit together.
    pub fn read(name: &str, weight: f32, pieces: &str, table: &[u8]) -> Result<Self, ModelError> {
        let pieces = Pieces::read(pieces)?;
        let (table, n_dims) = Tensors::read(table)?.table(TABLE)?;
        if n_dims == 0 || pieces.len() * n_dims != table.len() {
            let reason = format!("it has {} numbers for {} pieces of words", table.len(), pieces.len());
            return Err(ModelError::Corrupt { model: "table of embeddings", reason });
        }
        let (mut steps, mut sizes) = (Vec::with_capacity(table.len()), Vec::with_capacity(pieces.len()));
        for row in table.chunks(n_dims) {
            let size = row.iter().fold(0.0_f32, |most, number| most.max(number.abs())) / 127.0;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "from -127 to 127, since the size is that of the largest"
            )]
            steps.extend(row.iter().map(|number| if size > 0.0 { (number / size).round() as i8 } else { 0 }));
            sizes.push(size);
        }
        Ok(Self { name: name.to_owned(), weight, pieces, n_dims, steps, sizes })
    }
}

impl Encoder for StaticEmbeddings {
    fn name(&self) -> &str {
        &self.name
    }

    fn n_dims(&self) -> usize {
        self.n_dims
    }

    fn weight(&self) -> f32 {
        self.weight
    }

    fn encode(&self, plain: &str) -> Vec<f32> {
        let mut sums = vec![0.0_f32; self.n_dims];
        self.pieces.each(plain, |piece| {
            let Some(piece) = piece else { return };
            let first = piece as usize * self.n_dims;
            let row = self.steps.get(first..first + self.n_dims).unwrap_or_default();
            let size = self.sizes.get(piece as usize).copied().unwrap_or_default();
            for (sum, step) in sums.iter_mut().zip(row) {
                *sum += size * f32::from(*step);
            }
        });
        with_length_1(&mut sums);
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::super::tensors::tests::file;
    use super::*;

    #[test]
    fn a_message_is_the_mean_of_its_pieces() {
        let table = file(TABLE, &[&[9.0, 9.0], &[1.0, 0.0], &[0.0, -2.0], &[0.0, 0.0]]);
        let read = StaticEmbeddings::read("two", 2.0, "[UNK]\ncard\nlost\n?", &table).unwrap();
        let near = |found: Vec<f32>, expected: [f32; 2]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3), "{found:?}, not {expected:?}");
        };
        near(read.encode("card"), [1.0, 0.0]);
        near(read.encode("card lost?"), [1.0 / 5.0_f32.sqrt(), -2.0 / 5.0_f32.sqrt()]);
        near(read.encode("card zebra"), [1.0, 0.0]);
        near(read.encode("zebra"), [0.0, 0.0]);
        near(read.encode(""), [0.0, 0.0]);
        assert_eq!((read.name(), read.n_dims()), ("two", 2));
        assert!(StaticEmbeddings::read("two", 2.0, "[UNK]\ncard", &table).is_err(), "fewer pieces than rows");
    }
}
