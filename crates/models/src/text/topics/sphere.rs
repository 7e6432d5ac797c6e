//! Which directions stand in the middle of groups of directions?

use super::reduce::to_length_one;
use crate::linear::narrow;
use primitives::Seed;
use rand::RngExt as _;
use rayon::prelude::*;

/// So often the middles are moved at most.
const N_MOVES_MAX: usize = 30;

/// Points of length 1, one behind the other, each of `n_dims` numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Points<'a> {
    pub(super) values: &'a [f32],
    pub(super) n_dims: usize,
}

impl<'a> Points<'a> {
    pub(super) fn len(self) -> usize {
        self.values.len() / self.n_dims.max(1)
    }

    pub(super) fn get(self, at: usize) -> &'a [f32] {
        self.values.get(at * self.n_dims..(at + 1) * self.n_dims).unwrap_or_default()
    }

    /// Which of these middles a point is nearest to, and the cosine; the first of several.
    pub(super) fn nearest(self, point: &[f32]) -> (usize, f32) {
        let mut best = (0, f32::NEG_INFINITY);
        for (at, middle) in self.values.chunks_exact(self.n_dims.max(1)).enumerate() {
            let cosine = cosine(middle, point);
            if cosine > best.1 {
                best = (at, cosine);
            }
        }
        (best.0, best.1.clamp(-1.0, 1.0))
    }

    pub(super) fn all_nearest(self, points: Points<'_>) -> Vec<(usize, f32)> {
        (0..points.len()).into_par_iter().map(|at| self.nearest(points.get(at))).collect()
    }
}

pub(super) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The middles of `n` groups: of several starts the one whose points lie nearest to their middles.
///
/// ```text
/// maximise sum over points of max over c of cos(point, middle[c])
/// ```
/// *Source*: Dhillon and Modha 2001, doi:10.1023/A:1007612920971; starts by Arthur and Vassilvitskii 2007.
pub(super) fn middles(points: Points<'_>, n: usize, n_starts: u64, seed: Seed) -> Vec<f32> {
    let mut best = (f64::NEG_INFINITY, Vec::new());
    for start in 0..n_starts {
        let (told, middles) = one_start(points, n.clamp(1, points.len().max(1)), start, seed);
        if told > best.0 {
            best = (told, middles);
        }
    }
    best.1
}

fn one_start(points: Points<'_>, n: usize, start: u64, seed: Seed) -> (f64, Vec<f32>) {
    let mut middles = scattered(points, n, start, seed);
    let n_dims = points.n_dims;
    let mut told = f64::NEG_INFINITY;
    for _ in 0..N_MOVES_MAX {
        let nearest = Points { values: &middles, n_dims }.all_nearest(points);
        let sum: f64 = nearest.iter().map(|(_, cosine)| f64::from(*cosine)).sum();
        if sum <= told + 1e-6 * points.len() as f64 {
            break;
        }
        told = sum;
        middles = moved(points, &nearest, n);
    }
    (told, middles)
}

/// The mean direction of each group. A group that lost all its points begins anew at the point farthest from its own middle.
fn moved(points: Points<'_>, nearest: &[(usize, f32)], n: usize) -> Vec<f32> {
    let n_dims = points.n_dims;
    let mut sums = vec![0.0_f64; n * n_dims];
    let mut counts = vec![0_usize; n];
    for (at, (group, _)) in nearest.iter().enumerate() {
        counts[*group] += 1;
        let into = sums.get_mut(group * n_dims..(group + 1) * n_dims).unwrap_or_default();
        into.iter_mut().zip(points.get(at)).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let mut farthest: Vec<usize> = (0..points.len()).collect();
    if counts.contains(&0) {
        farthest.sort_by(|a, b| nearest[*a].1.total_cmp(&nearest[*b].1).then(a.cmp(b)));
    }
    let mut far = farthest.into_iter();
    let mut middles: Vec<f32> = sums.iter().map(|sum| narrow(*sum)).collect();
    for (middle, count) in middles.chunks_exact_mut(n_dims).zip(counts) {
        if count == 0
            && let Some(at) = far.next()
        {
            middle.copy_from_slice(points.get(at));
        }
        to_length_one(middle);
    }
    middles
}

/// Points to begin with, each drawn by how far it lies from those before it.
fn scattered(points: Points<'_>, n: usize, start: u64, seed: Seed) -> Vec<f32> {
    let mut rng = seed.stream("topics-start", start);
    let mut far = vec![1.0_f64; points.len()];
    let mut middles = Vec::with_capacity(n * points.n_dims);
    for _ in 0..n {
        let all: f64 = far.iter().sum();
        let mut left = rng.random_range(0.0..1.0) * all;
        let reached = far.iter().position(|far| {
            left -= far;
            left < 0.0
        });
        let chosen = points.get(reached.unwrap_or(0));
        middles.extend_from_slice(chosen);
        far.par_iter_mut().enumerate().for_each(|(at, far)| {
            *far = far.min(f64::from(1.0 - cosine(chosen, points.get(at))).max(0.0));
        });
    }
    middles
}

/// How much nearer points lie to their own group than to the next one, from -1 to 1, the mean over all.
///
/// *Source*: Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7, with one minus the cosine as the distance.
pub(super) fn silhouette(points: Points<'_>, groups: &[usize], n: usize) -> f64 {
    let mut counts = vec![0_usize; n];
    groups.iter().for_each(|group| counts[*group] += 1);
    let each = (0..points.len()).into_par_iter().map(|at| {
        let mut sums = vec![0.0_f64; n];
        for (other, group) in groups.iter().enumerate().filter(|(other, _)| *other != at) {
            sums[*group] += f64::from(1.0 - cosine(points.get(at), points.get(other)));
        }
        let own = groups[at];
        if counts[own] < 2 {
            return 0.0;
        }
        let within = sums[own] / (counts[own] - 1) as f64;
        let others = (0..n).filter(|group| *group != own && counts[*group] > 0);
        let next = others.map(|group| sums[group] / counts[group] as f64).fold(f64::INFINITY, f64::min);
        if next.is_finite() && next.max(within) > 0.0 { (next - within) / next.max(within) } else { 0.0 }
    });
    let each: Vec<f64> = each.collect();
    each.iter().sum::<f64>() / each.len().max(1) as f64
}
