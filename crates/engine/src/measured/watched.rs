//! What is looked at of what customers did, and for how much does it count?

use events::Origin;
use features::{Order, Trace, Watch};
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
                    Source::Events => {
                        place_of(&mut watches, Watch { filter: filter.clone(), take: take.cloned(), is_message: false })
                    }
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

    /// What a customer did, as far as is known at a moment: one list for everything that is looked at. Where it is asked for what the
    /// company told alone, what only a write key told is left out.
    pub(super) fn occurred(
        &self,
        trace: &Trace,
        believed: &Believed,
        (now, of_company): (Timestamp, bool),
    ) -> Vec<Vec<Occurred>> {
        let is_meant = |origin: Origin| !of_company || origin.is_trusted();
        let matches = trace.believed(self.watches.len(), now);
        let looked_at = self.looked_at.iter().map(|(source, watch)| match source {
            Source::Orders => {
                let worth = believed.orders(trace.orders_known(now)).into_iter();
                let told = worth.zip(trace.orders_known(now)).filter(|(_, (origin, _))| is_meant(*origin));
                told.map(occurred_at).collect()
            }
            Source::Refunds => {
                let worth = believed.orders(trace.refunds_known(now)).into_iter();
                let told = worth.zip(trace.refunds_known(now)).filter(|(_, (origin, _))| is_meant(*origin));
                told.map(occurred_at).collect()
            }
            Source::Events => {
                let found = matches.get(*watch).map(Vec::as_slice).unwrap_or_default();
                let found = found.iter().filter(|found| is_meant(found.origin));
                let occurred =
                    found.map(|found| Occurred { at: found.occurred_at, value: believed.number(*watch, found) });
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

fn occurred_at((value, (_, order)): (Option<f64>, (Origin, &Order))) -> Occurred {
    Occurred { at: order.at, value }
}

fn place_of<T: PartialEq>(known: &mut Vec<T>, one: T) -> usize {
    known.iter().position(|other| *other == one).unwrap_or_else(|| {
        known.push(one);
        known.len() - 1
    })
}
