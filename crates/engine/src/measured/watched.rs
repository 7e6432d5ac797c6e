//! What is looked at of what customers did, and for how much does it count?

use features::{Trace, Watch};
use learning::{Believed, Source};
use measurement::kpi::{Kpi, Occurred};
use primitives::Timestamp;

/// What is watched for so that KPIs can be counted.
pub(super) struct Watched {
    /// The events, each once.
    watches: Vec<Watch>,
    /// Everything that KPIs look at, each once.
    looked_at: Vec<(Source, usize)>,
    /// Of each KPI, which of it.
    places: Vec<Vec<usize>>,
}

impl Watched {
    pub(super) fn of(kpis: &[Kpi]) -> Self {
        let (mut watches, mut looked_at) = (Vec::new(), Vec::new());
        let mut places = Vec::new();
        for kpi in kpis {
            let own = kpi.watches().into_iter().map(|(filter, take)| {
                let source = Source::of(filter, take);
                let watch = match source {
                    Source::Events => place_of(&mut watches, Watch { filter: filter.clone(), take: take.cloned() }),
                    Source::Orders | Source::Refunds => 0,
                };
                place_of(&mut looked_at, (source, watch))
            });
            places.push(own.collect());
        }
        Self { watches, looked_at, places }
    }

    pub(super) fn watches(&self) -> &[Watch] {
        &self.watches
    }

    /// What a customer did, as far as is known at a moment: one list for everything that is looked at.
    pub(super) fn occurred(&self, trace: &Trace, believed: &Believed, now: Timestamp) -> Vec<Vec<Occurred>> {
        let matches = trace.believed(self.watches.len(), now);
        let looked_at = self.looked_at.iter().map(|(source, watch)| match source {
            Source::Orders => trace
                .orders_known(now)
                .map(|(origin, order)| Occurred { at: order.at, value: believed.order(origin, order) })
                .collect(),
            Source::Refunds => trace
                .refunds_known(now)
                .map(|(origin, order)| Occurred { at: order.at, value: believed.order(origin, order) })
                .collect(),
            Source::Events => {
                let found = matches.get(*watch).map(Vec::as_slice).unwrap_or_default();
                let occurred =
                    found.iter().map(|found| Occurred { at: found.occurred_at, value: believed.number(*watch, found) });
                occurred.collect()
            }
        });
        looked_at.collect()
    }

    /// What of it each KPI counts, in their order.
    pub(super) fn of_each<'a>(&'a self, occurred: &'a [Vec<Occurred>]) -> impl Iterator<Item = Vec<&'a [Occurred]>> {
        let own = |places: &'a Vec<usize>| places.iter().map(|place| occurred[*place].as_slice()).collect();
        self.places.iter().map(own)
    }
}

fn place_of<T: PartialEq>(known: &mut Vec<T>, one: T) -> usize {
    known.iter().position(|other| *other == one).unwrap_or_else(|| {
        known.push(one);
        known.len() - 1
    })
}
