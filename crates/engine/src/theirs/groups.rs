//! Which names were ever mentioned together, over however many steps? Found in one reading, in a few bytes for each name.

use profiles::Identifier;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// Names in groups: two are in one where an event mentions both, or each of them together with one of the group. Of a name
/// its digest is kept: where two had the same one, a group would be larger than it had to be.
#[derive(Default)]
pub(super) struct Groups {
    places: HashMap<u64, usize>,
    /// For each place one of the same group; the first of a group has itself.
    above: Vec<usize>,
}

impl Groups {
    /// Notes that some names belong together.
    pub(super) fn join<'a>(&mut self, names: impl Iterator<Item = &'a Identifier>) {
        let mut group = None;
        for name in names {
            let n_known = self.above.len();
            let place = *self.places.entry(digest(name)).or_insert(n_known);
            if place == n_known {
                self.above.push(n_known);
            }
            let (first, other) = (self.first(group.unwrap_or(place)), self.first(place));
            let (upper, lower) = (first.min(other), first.max(other));
            if let Some(above) = self.above.get_mut(lower) {
                *above = upper;
            }
            group = Some(upper);
        }
    }

    /// The group of a name; `None` where it was never mentioned.
    pub(super) fn of(&mut self, name: &Identifier) -> Option<usize> {
        let place = *self.places.get(&digest(name))?;
        Some(self.first(place))
    }

    /// The first of a group. The way there is halved for whoever asks next.
    fn first(&mut self, mut place: usize) -> usize {
        while let Some(&above) = self.above.get(place)
            && above != place
        {
            let next = self.above.get(above).copied().unwrap_or(above);
            if let Some(own) = self.above.get_mut(place) {
                *own = next;
            }
            place = next;
        }
        place
    }
}

fn digest(name: &Identifier) -> u64 {
    BuildHasherDefault::<DefaultHasher>::new().hash_one(name)
}
