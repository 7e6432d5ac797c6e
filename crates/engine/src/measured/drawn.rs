//! Who was drawn into which arm, as the one that they are now?

use super::{CONTROL, HELD, TREATED};
use crate::capabilities::Capabilities;
use crate::error::EngineError;
use crate::measures::Plan;
use decisions::{Arm, DecisionLog, Exposed};
use features::Trace;
use governance::Permitted;
use primitives::{CustomerId, DAY_MS, Timestamp};
use profiles::{Customer, Identifier};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The draw over everything; that of a kind goes on with its name, and each with its number where it is drawn anew.
const OVER_ALL: &str = "holdout";
const OF_KIND: &str = "holdout of ";

/// A customer in an arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Drawn {
    /// Where they stand among the customers.
    pub(super) place: usize,
    pub(super) arm: usize,
    pub(super) exposed_at: Timestamp,
    pub(super) end: End,
}

/// When it is drawn anew, where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End(pub(super) Option<Timestamp>);

/// The customers, by all names that they ever had. Places beyond theirs are of those who did nothing since.
pub(super) struct People {
    places: HashMap<CustomerId, usize>,
    ids: Vec<CustomerId>,
}

/// Everybody who was drawn.
pub(super) struct Draws {
    exposed: Vec<(String, Vec<Exposed>)>,
    /// The first decision of each kind about each customer, in each draw.
    met: BTreeMap<String, HashMap<(CustomerId, i64), Timestamp>>,
    redraw_days: i64,
    /// By experiment: whom each arm met first, once who they are is known.
    by_name: BTreeMap<String, BTreeMap<usize, Met>>,
    met_by_place: BTreeMap<String, HashMap<(usize, i64), Timestamp>>,
    n_left_out: u64,
}

/// What a customer met of one experiment.
#[derive(Debug, Clone, PartialEq)]
struct Met {
    arm: String,
    first_at: Timestamp,
    /// Whether under the name that they have now.
    is_own: bool,
    is_mixed: bool,
    arm_at: Timestamp,
}

impl People {
    pub(super) fn of(customers: &[Permitted<Customer<Trace>>], meant: &BTreeSet<CustomerId>) -> Self {
        let mut places = HashMap::new();
        for (place, customer) in customers.iter().enumerate() {
            let profile = &customer.get().profile;
            let names = profile.links.keys().map(Identifier::customer_id).chain([profile.id.clone()]);
            places.extend(names.filter(|id| meant.contains(id)).map(|id| (id, place)));
        }
        Self { places, ids: customers.iter().map(|customer| customer.get().profile.id.clone()).collect() }
    }

    /// Those who are meant and are none of the customers.
    pub(super) fn others(&self, meant: BTreeSet<CustomerId>) -> Vec<CustomerId> {
        meant.into_iter().filter(|id| !self.places.contains_key(id)).collect()
    }

    /// With somebody of whom nothing ever came in: they brought nothing, and that counts.
    pub(super) fn add(&mut self, id: CustomerId) {
        self.places.insert(id.clone(), self.ids.len());
        self.ids.push(id);
    }
}

impl Draws {
    /// Reads who met what, and the first decision of each kind that customers are held out of.
    pub(super) fn read(
        log: &dyn DecisionLog,
        capabilities: &Capabilities,
        now: Timestamp,
    ) -> Result<Self, EngineError> {
        let mut exposed = Vec::new();
        for (name, _) in log.experiments()? {
            let mut all = Vec::new();
            log.exposed(&name, &mut |one| {
                if one.first_at <= now {
                    all.push(one);
                }
                true
            })?;
            exposed.push((name, all));
        }
        let holdout = &capabilities.holdout;
        let redraw_days = holdout.redraw_days;
        let over_all = exposed.iter().filter(|(name, _)| is_over_all(name));
        let first = over_all.flat_map(|(_, all)| all).map(|one| one.first_at).min();
        let mut met: BTreeMap<String, HashMap<(CustomerId, i64), Timestamp>> = BTreeMap::new();
        let is_asked = |name: &str| {
            let name = name.into();
            !holdout.kinds.contains_key(&name) && !holdout.except.contains(&name)
        };
        let kinds =
            capabilities.kinds.iter().filter(|kind| kind.is_held_out()).map(|kind| kind.about().name.to_string());
        let kinds: BTreeSet<String> = kinds.filter(|name| is_asked(name)).collect();
        if let Some(first) = first {
            log.since(first, &mut |logged| {
                if let Some(customer) = logged.customer.filter(|_| kinds.contains(&logged.kind)) {
                    let draw = draw_of(logged.decided_at, redraw_days);
                    let of_kind = met.entry(logged.kind).or_default();
                    of_kind.entry((customer, draw)).or_insert(logged.decided_at);
                }
                true
            })?;
        }
        let (by_name, met_by_place) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { exposed, met, redraw_days, by_name, met_by_place, n_left_out: 0 })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.exposed.is_empty()
    }

    /// Everybody who is named.
    pub(super) fn names(&self) -> BTreeSet<CustomerId> {
        let exposed = self.exposed.iter().flat_map(|(_, all)| all.iter().map(|one| one.customer.clone()));
        exposed.chain(self.met.values().flat_map(|met| met.keys().map(|(id, _)| id.clone()))).collect()
    }

    /// Finds who everybody is now. Of two who turned out to be one, that arm counts which was drawn under the name that is kept,
    /// from when the first of them met it.
    pub(super) fn resolve(&mut self, people: &People) {
        let mut left_out = BTreeSet::new();
        for (name, all) in std::mem::take(&mut self.exposed) {
            let of_name = self.by_name.entry(name).or_default();
            for one in all {
                let Some(place) = people.places.get(&one.customer).copied() else {
                    left_out.insert(one.customer);
                    continue;
                };
                let new = Met {
                    is_own: people.ids[place] == one.customer,
                    arm: one.arm,
                    first_at: one.first_at,
                    arm_at: one.first_at,
                    is_mixed: false,
                };
                match of_name.get_mut(&place) {
                    None => {
                        of_name.insert(place, new);
                    }
                    Some(known) => known.join(new),
                }
            }
        }
        for (kind, met) in std::mem::take(&mut self.met) {
            let of_kind = self.met_by_place.entry(kind).or_default();
            for ((customer, draw), at) in met {
                if let Some(place) = people.places.get(&customer) {
                    let first = of_kind.entry((*place, draw)).or_insert(at);
                    *first = (*first).min(at);
                }
            }
        }
        self.n_left_out = left_out.len() as u64;
    }

    pub(super) fn n_left_out(&self) -> u64 {
        self.n_left_out
    }

    /// The names of experiments that are no holdout.
    pub(super) fn experiments(&self) -> Vec<String> {
        self.by_name.keys().filter(|name| !is_over_all(name) && !name.starts_with(OF_KIND)).cloned().collect()
    }

    /// Everybody in the draw over everything.
    pub(super) fn of_all(&self) -> Vec<Drawn> {
        self.over_all().map(|(_, drawn)| drawn).collect()
    }

    /// Those of them about whom a kind decided, from then on.
    pub(super) fn of_kind(&self, kind: &str) -> Vec<Drawn> {
        let Some(met) = self.met_by_place.get(kind) else { return Vec::new() };
        let from = |(draw, drawn): (i64, Drawn)| {
            let met_at = met.get(&(drawn.place, draw))?;
            Some(Drawn { exposed_at: drawn.exposed_at.max(*met_at), ..drawn })
        };
        self.over_all().filter_map(from).collect()
    }

    /// Everybody in the draw of a kind alone, but those whom the draw over everything holds out anyway.
    pub(super) fn of_own(&self, kind: &str) -> Vec<Drawn> {
        let held: BTreeSet<(usize, i64)> =
            self.over_all().filter(|(_, drawn)| drawn.arm == HELD).map(|(draw, drawn)| (drawn.place, draw)).collect();
        let name = format!("{OF_KIND}{kind}");
        self.numbered(move |found| found.strip_prefix(name.as_str()))
            .filter(|(draw, drawn)| !held.contains(&(drawn.place, *draw)))
            .map(|(_, drawn)| drawn)
            .collect()
    }

    /// Everybody in an experiment, its variations with the control first, and how many met more than one of them.
    pub(super) fn of_experiment(&self, name: &str, plan: Option<&Plan>) -> (Vec<Drawn>, Vec<(String, f64)>, u64) {
        let Some(met) = self.by_name.get(name) else { return (Vec::new(), Vec::new(), 0) };
        let variations = plan.map(|plan| plan.variations.clone()).unwrap_or_else(|| {
            let found: BTreeSet<&str> = met.values().map(|one| one.arm.as_str()).collect();
            let mut found: Vec<&str> = found.into_iter().collect();
            found.sort_by_key(|arm| (!CONTROL.contains(arm), *arm));
            found.into_iter().map(|arm| (arm.to_owned(), 1.0)).collect()
        });
        let arm_of = |arm: &str| variations.iter().position(|(name, _)| name == arm);
        let drawn = met.iter().filter_map(|(place, one)| {
            Some(Drawn { place: *place, arm: arm_of(&one.arm)?, exposed_at: one.first_at, end: End(None) })
        });
        (drawn.collect(), variations.clone(), met.values().filter(|one| one.is_mixed).count() as u64)
    }

    fn over_all(&self) -> impl Iterator<Item = (i64, Drawn)> {
        self.numbered(|found| found.strip_prefix(OVER_ALL))
    }

    /// Those in draws whose name begins so, each with its number; 0 where it is not drawn anew.
    fn numbered(&self, rest: impl Fn(&str) -> Option<&str>) -> impl Iterator<Item = (i64, Drawn)> {
        let is_anew = self.redraw_days > 0;
        let of_draw = move |(name, met): (&String, &'_ BTreeMap<usize, Met>)| {
            let draw = match rest(name)? {
                "" if !is_anew => 0,
                number if is_anew => number.strip_prefix(' ')?.parse::<i64>().ok()?,
                _ => return None,
            };
            Some((draw, met.clone()))
        };
        let days = self.redraw_days;
        self.by_name.iter().filter_map(of_draw).flat_map(move |(draw, met)| {
            let end =
                End(is_anew.then(|| Timestamp::from_millis((draw + 1).saturating_mul(days).saturating_mul(DAY_MS))));
            met.into_iter().map(move |(place, one)| {
                let arm = if one.arm == Arm::Holdout.name() { HELD } else { TREATED };
                (draw, Drawn { place, arm, exposed_at: one.first_at, end })
            })
        })
    }
}

impl Met {
    /// Takes in what the same person met under another name.
    fn join(&mut self, other: Self) {
        let is_mixed = self.is_mixed || self.arm != other.arm;
        let first_at = self.first_at.min(other.first_at);
        // That of the name that is kept; else the first.
        if (!other.is_own, other.arm_at) < (!self.is_own, self.arm_at) {
            *self = other;
        }
        (self.is_mixed, self.first_at) = (is_mixed, first_at);
    }
}

fn is_over_all(name: &str) -> bool {
    name.strip_prefix(OVER_ALL).is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix(' ').is_some_and(|number| number.parse::<i64>().is_ok())
    })
}

/// The number of the draw that a moment lies in.
fn draw_of(at: Timestamp, redraw_days: i64) -> i64 {
    match redraw_days {
        ..=0 => 0,
        days => at.as_millis().div_euclid(days.saturating_mul(DAY_MS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = DAY_MS;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_millis(day * DAY)
    }

    fn met(arm: &str, day: i64, is_own: bool) -> Met {
        Met { arm: arm.to_owned(), first_at: at(day), is_own, is_mixed: false, arm_at: at(day) }
    }

    fn draws(redraw_days: i64, of: &[(&str, &[(usize, &str, i64)])]) -> Draws {
        let one = |(name, all): &(&str, &[(usize, &str, i64)])| {
            ((*name).to_owned(), all.iter().map(|(place, arm, day)| (*place, met(arm, *day, true))).collect())
        };
        Draws {
            exposed: Vec::new(),
            met: BTreeMap::new(),
            redraw_days,
            by_name: of.iter().map(one).collect(),
            met_by_place: BTreeMap::new(),
            n_left_out: 0,
        }
    }

    fn told(drawn: &[Drawn]) -> Vec<(usize, usize, i64)> {
        drawn.iter().map(|one| (one.place, one.arm, one.exposed_at.day())).collect()
    }

    #[test]
    fn of_two_who_are_one_the_arm_of_the_name_that_is_kept_counts_from_the_first_on() {
        let known = met("holdout", 5, true);
        let stranger = met("treated", 2, false);
        let expected = Met { is_mixed: true, first_at: at(2), ..known.clone() };
        for (mut one, other) in [(known.clone(), stranger.clone()), (stranger, known)] {
            one.join(other);
            assert_eq!(one, expected, "in whichever order they are read");
        }
        // Where neither name is kept, the first counts; and of three in any order the same.
        let three = [met("b", 7, false), met("a", 3, false), met("b", 9, false)];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut one = three[order[0]].clone();
            one.join(three[order[1]].clone());
            one.join(three[order[2]].clone());
            assert_eq!((one.arm.as_str(), one.first_at, one.is_mixed), ("a", at(3), true));
        }
        let mut same = met("a", 4, true);
        same.join(met("a", 1, false));
        assert!(!same.is_mixed && same.first_at == at(1));
    }

    #[test]
    fn a_kinds_own_holdout_leaves_out_whom_the_other_one_holds_anyway() {
        let draws = draws(
            0,
            &[
                ("holdout", &[(1, "holdout", 0), (2, "treated", 0)]),
                ("holdout of act", &[(1, "treated", 1), (2, "holdout", 1), (3, "treated", 4)]),
                ("holdout of action", &[(9, "holdout", 1)]),
                ("copy", &[(1, "bold", 2), (2, "control", 3)]),
            ],
        );
        assert_eq!(told(&draws.of_all()), [(1, HELD, 0), (2, TREATED, 0)]);
        assert_eq!(told(&draws.of_own("act")), [(2, HELD, 1), (3, TREATED, 4)]);
        assert_eq!(draws.experiments(), ["copy"]);
        let (drawn, variations, n_mixed) = draws.of_experiment("copy", None);
        assert_eq!(variations, [("control".to_owned(), 1.0), ("bold".to_owned(), 1.0)]);
        assert_eq!((told(&drawn), n_mixed), (vec![(1, 1, 2), (2, 0, 3)], 0));
    }

    #[test]
    fn a_draw_ends_when_the_next_begins_and_a_kind_counts_from_its_own_first_decision() {
        let mut draws = draws(
            90,
            &[
                ("holdout 2", &[(1, "holdout", 185)]),
                ("holdout 3", &[(1, "treated", 275)]),
                ("holdout", &[(7, "treated", 1)]),
            ],
        );
        let all = draws.of_all();
        assert_eq!(
            told(&all),
            [(1, HELD, 185), (1, TREATED, 275)],
            "one that was never drawn anew is another setting's"
        );
        assert_eq!([all[0].end, all[1].end], [End(Some(at(270))), End(Some(at(360)))]);
        draws.met_by_place.insert("act".to_owned(), HashMap::from([((1, 3), at(280))]));
        assert_eq!(told(&draws.of_kind("act")), [(1, TREATED, 280)]);
        assert_eq!((draw_of(at(269), 90), draw_of(at(270), 90), draw_of(at(270), 0)), (2, 3, 0));
        assert!(
            is_over_all("holdout 12")
                && is_over_all("holdout")
                && !is_over_all("holdout of act")
                && !is_over_all("holdouts")
        );
    }
}
