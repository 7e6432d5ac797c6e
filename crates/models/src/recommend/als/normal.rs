//! How are the normal equations of one customer, or of one item, solved?

use crate::linear::{add_scaled, dot, vectorised};
use crate::neural::Matrix as Dense;

/// What all of one side share: the other side's numbers and their products with each other.
pub(super) struct Normal<'a> {
    /// A row for everything that can be had.
    pub(super) factors: &'a Dense,
    /// What is added for all of them, had or not.
    pub(super) gram: &'a Dense,
}

/// Room for one solution at a time.
pub(super) struct Scratch {
    residual: Vec<f32>,
    direction: Vec<f32>,
    image: Vec<f32>,
}

impl Scratch {
    pub(super) fn new(n_factors: usize) -> Self {
        let zeros = vec![0.0; n_factors];
        Self { residual: zeros.clone(), direction: zeros.clone(), image: zeros }
    }
}

/// A squared residual that is this much smaller than the right side is none.
const SOLVED: f32 = 1e-12;

impl Normal<'_> {
    /// Comes closer to the solution of
    ///
    /// ```text
    /// (gram + sum over entries of weight h h' + ridge) x = sum over entries of weight h
    /// ```
    /// by at most `n_steps` steps of conjugate gradients.
    pub(super) fn solve(
        &self,
        entries: impl Iterator<Item = (u32, f32)> + Clone,
        ridge: f32,
        n_steps: usize,
        scratch: &mut Scratch,
        solution: &mut [f32],
    ) {
        vectorised(
            #[inline(always)]
            || self.descend(entries, ridge, n_steps, scratch, solution),
        );
    }

    #[inline(always)]
    fn descend(
        &self,
        entries: impl Iterator<Item = (u32, f32)> + Clone,
        ridge: f32,
        n_steps: usize,
        Scratch { residual, direction, image }: &mut Scratch,
        solution: &mut [f32],
    ) {
        residual.fill(0.0);
        for (place, weight) in entries.clone() {
            add_scaled(residual, weight, self.factors.row(place as usize));
        }
        let enough = SOLVED * dot(residual, residual);
        self.apply(entries.clone(), ridge, solution, image);
        add_scaled(residual, -1.0, image);
        direction.copy_from_slice(residual);
        let mut size = dot(residual, residual);
        for _ in 0..n_steps {
            if size <= enough {
                break;
            }
            self.apply(entries.clone(), ridge, direction, image);
            let length = size / dot(direction, image);
            add_scaled(solution, length, direction);
            add_scaled(residual, -length, image);
            let before = std::mem::replace(&mut size, dot(residual, residual));
            let turn = size / before;
            for (direction, residual) in direction.iter_mut().zip(residual.iter()) {
                *direction = residual + turn * *direction;
            }
        }
    }

    /// `image = (gram + sum of weight h h' + ridge) x`.
    #[inline(always)]
    fn apply(&self, entries: impl Iterator<Item = (u32, f32)>, ridge: f32, x: &[f32], image: &mut [f32]) {
        for (image, x) in image.iter_mut().zip(x) {
            *image = ridge * x;
        }
        for (row, x) in self.gram.rows().zip(x) {
            add_scaled(image, *x, row);
        }
        for (place, weight) in entries {
            let row = self.factors.row(place as usize);
            add_scaled(image, weight * dot(row, x), row);
        }
    }
}
