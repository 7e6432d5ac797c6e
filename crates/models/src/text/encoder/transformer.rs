//! What does a message mean, as a network reads it whose words look at each other?

use super::pieces::Pieces;
use super::tensors::Tensors;
use super::{Encoder, with_length_1};
use crate::ModelError;
use crate::linear::vectorised;
use crate::neural::Matrix;

const MODEL: &str = "transformer";
/// So many pieces of a message are read, with one before and one after them.
const N_PIECES_MAX: usize = 256;
const FIRST: &str = "[CLS]";
const LAST: &str = "[SEP]";
/// What keeps a constant row from being divided by nothing.
const EPSILON: f32 = 1e-12;

/// A network of the form of BERT, which was learned elsewhere, and the mean of what it says of each piece.
///
/// ```text
/// x       = norm(words[piece] + places[place] + kind)
/// in each layer:
/// q, k, v = x Wq + bq, x Wk + bk, x Wv + bv,    cut into heads
/// a       = softmax(q k' / sqrt(width of a head)) v
/// x       = norm(x + a Wo + bo)
/// x       = norm(x + gelu(x Wi + bi) Wd + bd),   gelu(z) = z (1 + erf(z / sqrt 2)) / 2
/// encoded = mean over pieces of x, divided by its length
/// ```
/// *Edge cases*: of longer messages than 254 pieces the beginning is read; an unknown word is one piece. *Guarantees*: of several
/// messages at once each is read as alone, but for rounding. *Cost*: some milliseconds for a sentence, less for many at once.
/// *Source*: Devlin et al. 2019, arXiv 1810.04805; Reimers and Gurevych 2019, arXiv 1908.10084, for the mean.
#[derive(Debug)]
pub struct Transformer {
    name: String,
    weight: f32,
    pieces: Pieces,
    first: u32,
    last: u32,
    words: Matrix,
    places: Matrix,
    kind: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    n_heads: usize,
}

#[derive(Debug)]
struct Layer {
    attention: Dense,
    attended: Dense,
    attended_norm: Norm,
    wide: Dense,
    narrow: Dense,
    norm: Norm,
}

/// `x W + b`.
#[derive(Debug)]
struct Dense {
    weights: Matrix,
    bias: Vec<f32>,
}

/// Each row with the mean 0 and the spread 1, then scaled and moved.
#[derive(Debug)]
struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Transformer {
    /// Reads a list of pieces (`vocab.txt`) and the tensors of a network (`model.safetensors`) with so many heads.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where either is none, or where they do not fit together.
    pub fn read(name: &str, weight: f32, n_heads: usize, pieces: &str, tensors: &[u8]) -> Result<Self, ModelError> {
        let corrupt = |reason: &str| ModelError::Corrupt { model: MODEL, reason: reason.to_owned() };
        let pieces = Pieces::read(pieces)?;
        let special = |piece| pieces.number(piece).ok_or_else(|| corrupt("its list of pieces has no beginning or end"));
        let (first, last) = (special(FIRST)?, special(LAST)?);
        let file = Tensors::read(tensors)?;
        let table = |name: &str| -> Result<Matrix, ModelError> {
            let (numbers, n_columns) = file.table(name)?;
            Ok(Matrix::from_rows(numbers.len() / n_columns.max(1), &numbers))
        };
        let words = table("embeddings.word_embeddings.weight")?;
        let (n_rows, width) = (words.n_rows(), words.n_columns());
        if width == 0 {
            return Err(corrupt("its words have no numbers"));
        }
        let places = table("embeddings.position_embeddings.weight")?;
        let kind = table("embeddings.token_type_embeddings.weight")?.row(0).to_vec();
        let norm = Norm::read(&file, "embeddings.LayerNorm", width)?;
        let n_layers = (0..).take_while(|at| file.has(&format!("encoder.layer.{at}.output.dense.weight"))).count();
        let layers = (0..n_layers).map(|at| Layer::read(&file, &format!("encoder.layer.{at}"), width));
        let layers = layers.collect::<Result<Vec<Layer>, ModelError>>()?;
        let is_whole = n_rows == pieces.len() && places.n_columns() == width && kind.len() == width && n_layers > 0;
        if !is_whole || n_heads == 0 || !width.is_multiple_of(n_heads) || places.n_rows() < 3 {
            return Err(corrupt("its tables do not fit together"));
        }
        Ok(Self { name: name.to_owned(), weight, pieces, first, last, words, places, kind, norm, layers, n_heads })
    }

    /// The pieces of a message, with one before and one after them.
    fn pieces(&self, plain: &str) -> Vec<u32> {
        let mut found = vec![self.first];
        let most = N_PIECES_MAX.min(self.places.n_rows()) - 1;
        self.pieces.each(plain, |piece| {
            if found.len() < most {
                found.push(piece.unwrap_or(self.pieces.unknown()));
            }
        });
        found.push(self.last);
        found
    }

    /// Reads several messages at once: their rows stand below each other, and see only those of their own message.
    fn read_all(&self, messages: &[Vec<u32>]) -> Vec<Vec<f32>> {
        let width = self.words.n_columns();
        let mut x = Matrix::zeros(messages.iter().map(Vec::len).sum(), width);
        let mut at = 0;
        let mut spans = Vec::with_capacity(messages.len());
        for message in messages {
            for (place, piece) in message.iter().enumerate() {
                let parts = self.words.row(*piece as usize).iter().zip(self.places.row(place)).zip(&self.kind);
                for (into, ((word, place), kind)) in x.row_mut(at + place).iter_mut().zip(parts) {
                    *into = word + place + kind;
                }
            }
            spans.push(at..at + message.len());
            at += message.len();
        }
        self.norm.apply(&mut x);
        for layer in &self.layers {
            let attended = attend(&layer.attention.apply(&x), &spans, self.n_heads);
            x.add(&layer.attended.apply(&attended));
            layer.attended_norm.apply(&mut x);
            let mut wide = layer.wide.apply(&x);
            vectorised(|| gelu(wide.values_mut()));
            x.add(&layer.narrow.apply(&wide));
            layer.norm.apply(&mut x);
        }
        let mean = |span: std::ops::Range<usize>| {
            let mut sums = vec![0.0_f32; width];
            for row in span {
                sums.iter_mut().zip(x.row(row)).for_each(|(sum, value)| *sum += value);
            }
            with_length_1(&mut sums);
            sums
        };
        spans.into_iter().map(mean).collect()
    }
}

impl Encoder for Transformer {
    fn name(&self) -> &str {
        &self.name
    }

    fn n_dims(&self) -> usize {
        self.words.n_columns()
    }

    fn weight(&self) -> f32 {
        self.weight
    }

    fn encode(&self, plain: &str) -> Vec<f32> {
        self.read_all(&[self.pieces(plain)]).pop().unwrap_or_default()
    }

    fn encode_all(&self, plains: &[&str]) -> Vec<Vec<f32>> {
        let pieces: Vec<Vec<u32>> = plains.iter().map(|plain| self.pieces(plain)).collect();
        self.read_all(&pieces)
    }
}

impl Layer {
    fn read(file: &Tensors<'_>, name: &str, width: usize) -> Result<Self, ModelError> {
        let inside = |part: &str| format!("{name}.{part}");
        let parts = ["query", "key", "value"]
            .map(|part| Dense::read(file, &inside(&format!("attention.self.{part}")), width, width));
        let [query, key, value] = parts;
        let wide = Dense::read(file, &inside("intermediate.dense"), width, 0)?;
        let narrow = Dense::read(file, &inside("output.dense"), wide.bias.len(), width)?;
        Ok(Self {
            attention: Dense::beside([query?, key?, value?]),
            attended: Dense::read(file, &inside("attention.output.dense"), width, width)?,
            attended_norm: Norm::read(file, &inside("attention.output.LayerNorm"), width)?,
            wide,
            narrow,
            norm: Norm::read(file, &inside("output.LayerNorm"), width)?,
        })
    }
}

impl Dense {
    /// The file holds one row for each number that comes out; here it is one for each that goes in. 0 is any number.
    fn read(file: &Tensors<'_>, name: &str, n_in: usize, n_out: usize) -> Result<Self, ModelError> {
        let (numbers, n_columns) = file.table(&format!("{name}.weight"))?;
        let bias = file.numbers(&format!("{name}.bias"))?;
        let n_rows = numbers.len() / n_columns.max(1);
        if n_columns != n_in || n_rows != bias.len() || (n_out > 0 && n_rows != n_out) {
            return Err(ModelError::Corrupt {
                model: MODEL,
                reason: format!("`{name}` has another size than its neighbours"),
            });
        }
        let mut weights = Matrix::zeros(n_columns, n_rows);
        for (row, numbers) in numbers.chunks(n_columns).enumerate() {
            for (column, number) in numbers.iter().enumerate() {
                weights.row_mut(column)[row] = *number;
            }
        }
        Ok(Self { weights, bias })
    }

    fn beside(parts: [Self; 3]) -> Self {
        let weights = Matrix::beside(&parts.each_ref().map(|part| &part.weights));
        Self { weights, bias: parts.into_iter().flat_map(|part| part.bias).collect() }
    }

    fn apply(&self, x: &Matrix) -> Matrix {
        let mut found = x.times(&self.weights);
        let width = self.bias.len();
        for row in found.values_mut().chunks_mut(width.max(1)) {
            row.iter_mut().zip(&self.bias).for_each(|(value, bias)| *value += bias);
        }
        found
    }
}

impl Norm {
    fn read(file: &Tensors<'_>, name: &str, width: usize) -> Result<Self, ModelError> {
        let (scale, shift) = (file.numbers(&format!("{name}.weight"))?, file.numbers(&format!("{name}.bias"))?);
        if scale.len() == width && shift.len() == width {
            return Ok(Self { scale, shift });
        }
        Err(ModelError::Corrupt { model: MODEL, reason: format!("`{name}` has another size than its neighbours") })
    }

    fn apply(&self, x: &mut Matrix) {
        let width = self.scale.len().max(1);
        for row in x.values_mut().chunks_mut(width) {
            let n = row.len() as f32;
            let mean = row.iter().sum::<f32>() / n;
            let spread = row.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / n;
            let by = 1.0 / (spread + EPSILON).sqrt();
            for ((value, scale), shift) in row.iter_mut().zip(&self.scale).zip(&self.shift) {
                *value = (*value - mean) * by * scale + shift;
            }
        }
    }
}

/// What each piece takes of the others of its message; `x` holds queries, keys and values beside each other.
fn attend(x: &Matrix, spans: &[std::ops::Range<usize>], n_heads: usize) -> Matrix {
    let width = x.n_columns() / 3;
    let head = width / n_heads;
    let by = 1.0 / (head as f32).sqrt();
    let mut found = Matrix::zeros(x.n_rows(), width);
    vectorised(|| {
        let mut shares = Vec::new();
        for span in spans {
            for at in (0..n_heads).map(|number| number * head) {
                for row in span.clone() {
                    let query = &x.row(row)[at..at + head];
                    shares.clear();
                    shares.extend(span.clone().map(|other| {
                        let key = &x.row(other)[width + at..width + at + head];
                        by * query.iter().zip(key).map(|(a, b)| a * b).sum::<f32>()
                    }));
                    let highest = shares.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    shares.iter_mut().for_each(|share| *share = (*share - highest).exp());
                    let sum: f32 = shares.iter().sum();
                    let into = &mut found.row_mut(row)[at..at + head];
                    for (share, other) in shares.iter().zip(span.clone()) {
                        let value = &x.row(other)[2 * width + at..2 * width + at + head];
                        into.iter_mut().zip(value).for_each(|(into, value)| *into += share / sum * value);
                    }
                }
            }
        }
    });
    found
}

#[inline(always)]
fn gelu(values: &mut [f32]) {
    for value in values {
        *value = 0.5 * *value * (1.0 + erf(*value * std::f32::consts::FRAC_1_SQRT_2));
    }
}

/// The error function in single precision, as a quotient of two polynomials: without a branch, so that eight go at once.
///
/// *Source*: the coefficients of Eigen's `erf` for floats (MPL 2.0 code is not copied, its numbers are those of the best fit).
#[inline(always)]
fn erf(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let square = x * x;
    let mut above = -2.726_142e-10_f32;
    for next in [2.770_681_4e-8, -2.101_024e-6, -5.692_506_4e-5, -7.349_906_3e-4, -2.954_6e-3, -1.609_603_3e-2] {
        above = above * square + next;
    }
    let mut below = -1.456_607_2e-5_f32;
    for next in [-2.133_740_6e-4, -1.682_827e-3, -7.373_329_2e-3, -1.426_474e-2] {
        below = below * square + next;
    }
    x * above / below
}

#[cfg(test)]
mod tests;
