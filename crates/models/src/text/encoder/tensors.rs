//! Which numbers does a file of tensors hold?

use crate::ModelError;
use serde::Deserialize;
use std::collections::BTreeMap;

const MODEL: &str = "file of tensors";
/// So long is what stands before the numbers at most.
const HEAD_BYTES_MAX: u64 = 16 << 20;

/// A file in the form of `safetensors`: the length of a head, the head as JSON, then the numbers.
pub(super) struct Tensors<'a> {
    head: BTreeMap<String, Told>,
    numbers: &'a [u8],
}

/// What the head says of a tensor, or of the file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    Tensor { dtype: String, shape: Vec<usize>, data_offsets: (usize, usize) },
    Other(serde::de::IgnoredAny),
}

fn corrupt(reason: impl Into<String>) -> ModelError {
    ModelError::Corrupt { model: MODEL, reason: reason.into() }
}

impl<'a> Tensors<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let (length, rest) = bytes.split_first_chunk().ok_or_else(|| corrupt("it is too short"))?;
        let length = u64::from_le_bytes(*length);
        let length = usize::try_from(length.min(HEAD_BYTES_MAX)).unwrap_or(usize::MAX);
        let (head, numbers) = rest.split_at_checked(length).ok_or_else(|| corrupt("its head is cut off"))?;
        let head = serde_json::from_slice(head).map_err(|error| corrupt(format!("its head is no JSON: {error}")))?;
        Ok(Self { head, numbers })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.head.contains_key(name)
    }

    /// The rows of a table of numbers, and how many numbers a row has.
    pub(super) fn table(&self, name: &str) -> Result<(Vec<f32>, usize), ModelError> {
        let (numbers, shape) = self.tensor(name)?;
        match shape {
            [_, n_columns] => Ok((numbers, *n_columns)),
            _ => Err(corrupt(format!("`{name}` is no table"))),
        }
    }

    /// One row of numbers.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f32>, ModelError> {
        let (numbers, shape) = self.tensor(name)?;
        if shape.len() == 1 { Ok(numbers) } else { Err(corrupt(format!("`{name}` is no row"))) }
    }

    fn tensor(&self, name: &str) -> Result<(Vec<f32>, &[usize]), ModelError> {
        let missing = || corrupt(format!("it has no `{name}` of 32-bit numbers"));
        let Some(Told::Tensor { dtype, shape, data_offsets }) = self.head.get(name) else { return Err(missing()) };
        if dtype != "F32" {
            return Err(missing());
        }
        let bytes = self.numbers.get(data_offsets.0..data_offsets.1);
        let whole = shape.iter().try_fold(4_usize, |whole, length| whole.checked_mul(*length));
        let bytes =
            bytes.filter(|bytes| Some(bytes.len()) == whole).ok_or_else(|| corrupt("its numbers are cut off"))?;
        let (chunks, _) = bytes.as_chunks();
        let numbers: Vec<f32> = chunks.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect();
        if numbers.iter().all(|number| number.is_finite()) {
            return Ok((numbers, shape));
        }
        Err(corrupt(format!("`{name}` holds what is no number")))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file with one table.
    pub(in super::super) fn file(name: &str, rows: &[&[f32]]) -> Vec<u8> {
        of(&[(name.to_owned(), vec![rows.len(), rows[0].len()], rows.concat())])
    }

    /// A file of tensors, each with its name, its shape and its numbers.
    pub(in super::super) fn of(tensors: &[(String, Vec<usize>, Vec<f32>)]) -> Vec<u8> {
        let (mut head, mut bytes) = (vec![r#""__metadata__":{"format":"pt"}"#.to_owned()], Vec::new());
        for (name, shape, numbers) in tensors {
            let from = bytes.len();
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            let until = bytes.len();
            head.push(format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{from},{until}]}}"#));
        }
        let head = format!("{{{}}}", head.join(","));
        [&(head.len() as u64).to_le_bytes()[..], head.as_bytes(), &bytes].concat()
    }

    #[test]
    fn a_table_is_read_and_a_broken_file_refused() {
        let bytes = file("embeddings", &[&[1.0, 2.0], &[3.0, -4.5]]);
        let (numbers, n_columns) = Tensors::read(&bytes).unwrap().table("embeddings").unwrap();
        assert_eq!((numbers, n_columns), (vec![1.0, 2.0, 3.0, -4.5], 2));
        assert!(Tensors::read(&bytes).unwrap().table("other").is_err());
        assert!(Tensors::read(&bytes).unwrap().table("__metadata__").is_err());
        for length in 0..bytes.len() {
            assert!(Tensors::read(&bytes[..length]).and_then(|file| file.table("embeddings")).is_err(), "{length}");
        }
        assert!(Tensors::read(&[0xff; 40]).is_err());
        let unknown = file("embeddings", &[&[f32::NAN]]);
        assert!(Tensors::read(&unknown).unwrap().table("embeddings").is_err());
    }
}
