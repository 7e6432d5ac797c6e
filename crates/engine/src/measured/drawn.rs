//! Who was drawn into which arm, as the one that they are now?

use super::{CONTROL, HELD, TREATED};
use crate::capabilities::Capabilities;
use crate::error::EngineError;
use crate::measures::Plan;
use decisions::{Arm, DecisionLog, Draw, Exposed, Holdout, KindName, Of, Over, Switch};
use features::Trace;
use governance::Permitted;
use primitives::{CustomerId, Timestamp};
use profiles::{Customer, Identifier};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A customer in an arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Drawn {
    /// Where they stand among the customers.
    pub(super) place: usize,
    pub(super) arm: usize,
    /// When they were drawn: what was before it was before everything that could be compared.
    pub(super) exposed_at: Timestamp,
    /// From when on it counts.
    pub(super) from: Timestamp,
    pub(super) end: End,
}

/// Who was drawn into an experiment.
#[derive(Debug, Clone)]
pub(super) struct Who {
    /// Its variations with their weights, the control first.
    pub(super) variations: Vec<(String, f64)>,
    /// How many names were drawn into each, whoever they are now.
    pub(super) n_drawn: Vec<u64>,
    /// How many met more than one of them.
    pub(super) n_mixed: u64,
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
    holdout: Holdout,
    /// Out of what customers were held by a setting that was changed since.
    ended: BTreeSet<Over>,
    /// By experiment: whom each arm met first, once who they are is known.
    by_name: BTreeMap<String, BTreeMap<usize, Met>>,
    /// By experiment: into which arm each name was drawn, and when.
    as_drawn: BTreeMap<String, Vec<(String, Timestamp)>>,
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
    /// Reads who met what, but for draws of a setting that was changed since: who was held out by that one is not by this.
    pub(super) fn read(
        log: &dyn DecisionLog,
        capabilities: &Capabilities,
        now: Timestamp,
    ) -> Result<Self, EngineError> {
        let holdout = capabilities.holdout.clone();
        let (mut exposed, mut ended) = (Vec::new(), BTreeSet::new());
        for (name, _) in log.experiments()? {
            if Draw::is_name(&name) {
                match Draw::read(&name) {
                    Some(draw) if holdout.is_of(&draw) => {}
                    Some(Draw { of: Of::Drawn(over), .. }) => {
                        ended.insert(over);
                        continue;
                    }
                    _ => continue,
                }
            }
            let mut all = Vec::new();
            log.exposed(&name, &mut |one| {
                if one.first_at <= now {
                    all.push(one);
                }
                true
            })?;
            exposed.push((name, all));
        }
        let (by_name, as_drawn) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { exposed, holdout, ended, by_name, as_drawn, n_left_out: 0 })
    }

    /// Whether customers were held out of this by a setting that was changed since.
    pub(super) fn has_ended(&self, over: &Over) -> bool {
        self.ended.contains(over)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.exposed.is_empty()
    }

    /// Everybody who is named.
    pub(super) fn names(&self) -> BTreeSet<CustomerId> {
        self.exposed.iter().flat_map(|(_, all)| all.iter().map(|one| one.customer.clone())).collect()
    }

    /// Finds who everybody is now. Of two who turned out to be one, that arm counts which was drawn under the name that is kept,
    /// from when the first of them met it.
    pub(super) fn resolve(&mut self, people: &People) {
        let mut left_out = BTreeSet::new();
        for (name, all) in std::mem::take(&mut self.exposed) {
            let mut as_drawn = Vec::new();
            let of_name = self.by_name.entry(name.clone()).or_default();
            for one in all {
                let Some(place) = people.places.get(&one.customer).copied() else {
                    left_out.insert(one.customer);
                    continue;
                };
                as_drawn.push((one.arm.clone(), one.first_at));
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
            if !Draw::is_name(&name) {
                self.as_drawn.insert(name, as_drawn);
            }
        }
        self.n_left_out = left_out.len() as u64;
    }

    pub(super) fn n_left_out(&self) -> u64 {
        self.n_left_out
    }

    /// The names of experiments that are no holdout.
    pub(super) fn experiments(&self) -> Vec<String> {
        let is_customers = |name: &&String| !Draw::is_name(name) && Switch::read(name).is_none();
        self.by_name.keys().filter(is_customers).cloned().collect()
    }

    /// The names of experiments that are switched.
    pub(super) fn switched(&self) -> BTreeSet<String> {
        self.by_name.keys().filter_map(|name| Some(Switch::read(name)?.experiment)).collect()
    }

    /// The slices of an experiment that is switched, each with its arm and whoever met it there, until a moment that is said.
    pub(super) fn of_switched(
        &self,
        name: &str,
        arms: &[String],
        until: &dyn Fn(&Switch) -> Timestamp,
    ) -> Vec<(Switch, usize, Vec<Drawn>)> {
        let slices = self.by_name.iter().filter_map(|(name, met)| Some((Switch::read(name)?, met)));
        let of_it = slices.filter(|(switch, _)| switch.experiment == name);
        let told = |(switch, met): (Switch, &BTreeMap<usize, Met>)| {
            let arm = met.values().next().and_then(|one| arms.iter().position(|arm| *arm == one.arm))?;
            let end = End(Some(until(&switch)));
            let drawn = |(place, one): (&usize, &Met)| {
                let at = one.first_at;
                Drawn { place: *place, arm, exposed_at: at, from: at, end }
            };
            let all = met.iter().map(drawn).collect();
            Some((switch, arm, all))
        };
        of_it.filter_map(told).collect()
    }

    /// Everybody in the draw over everything.
    pub(super) fn of_all(&self) -> Vec<Drawn> {
        self.drawn(&Over::Everything).into_iter().map(|(_, drawn)| drawn).collect()
    }

    /// Those of them who met a kind, from then on.
    pub(super) fn of_kind(&self, kind: &KindName) -> Vec<Drawn> {
        let met: HashMap<(usize, Option<i64>), Timestamp> = self
            .draws(&Of::Met(kind.clone()))
            .into_iter()
            .flat_map(|(draw, met)| met.iter().map(move |(place, one)| ((*place, draw.number), one.first_at)))
            .collect();
        let from = |(number, drawn): (Option<i64>, Drawn)| {
            let met_at = met.get(&(drawn.place, number))?;
            Some(Drawn { from: drawn.exposed_at.max(*met_at), ..drawn })
        };
        self.drawn(&Over::Everything).into_iter().filter_map(from).collect()
    }

    /// Everybody in the draw of a kind alone, but those whom the draw over everything holds out anyway.
    pub(super) fn of_own(&self, kind: &KindName) -> Vec<Drawn> {
        let over_all = self.drawn(&Over::Everything).into_iter();
        let held: BTreeSet<(usize, Option<i64>)> =
            over_all.filter(|(_, drawn)| drawn.arm == HELD).map(|(number, drawn)| (drawn.place, number)).collect();
        self.drawn(&Over::Kind(kind.clone()))
            .into_iter()
            .filter(|(number, drawn)| !held.contains(&(drawn.place, *number)))
            .map(|(_, drawn)| drawn)
            .collect()
    }

    /// Everybody in an experiment, but for who came after its planned end.
    pub(super) fn of_experiment(&self, name: &str, plan: Option<&Plan>) -> (Vec<Drawn>, Who) {
        let nobody = BTreeMap::new();
        let met = self.by_name.get(name).unwrap_or(&nobody);
        let variations = plan.map(|plan| plan.variations.clone()).unwrap_or_else(|| {
            let found: BTreeSet<&str> = met.values().map(|one| one.arm.as_str()).collect();
            let mut found: Vec<&str> = found.into_iter().collect();
            found.sort_by_key(|arm| (!CONTROL.contains(arm), *arm));
            found.into_iter().map(|arm| (arm.to_owned(), 1.0)).collect()
        });
        let arm_of = |arm: &str| variations.iter().position(|(name, _)| name == arm);
        let drawn = met.iter().filter_map(|(place, one)| {
            let (place, arm, exposed_at) = (*place, arm_of(&one.arm)?, one.first_at);
            Some(Drawn { place, arm, exposed_at, from: exposed_at, end: End(None) })
        });
        let mut drawn: Vec<Drawn> = drawn.collect();
        let began = drawn.iter().map(|one| one.exposed_at).min();
        let end = plan.zip(began).map(|(plan, began)| began.plus_days(plan.days));
        let is_within = |at: Timestamp| end.is_none_or(|end| at < end);
        drawn.retain(|one| is_within(one.exposed_at));
        let as_drawn = self.as_drawn.get(name).map(Vec::as_slice).unwrap_or_default();
        let n_of = |name: &str| as_drawn.iter().filter(|(arm, at)| arm == name && is_within(*at)).count() as u64;
        let n_drawn = variations.iter().map(|(name, _)| n_of(name)).collect();
        let n_mixed = met.values().filter(|one| one.is_mixed).count() as u64;
        (drawn, Who { variations, n_drawn, n_mixed })
    }

    /// Everybody who was drawn, each with the number of the draw.
    fn drawn(&self, over: &Over) -> Vec<(Option<i64>, Drawn)> {
        let mut all = Vec::new();
        for (draw, met) in self.draws(&Of::Drawn(over.clone())) {
            let end = End(self.holdout.end(&draw));
            all.extend(met.iter().map(|(place, one)| {
                let arm = if one.arm == Arm::Holdout.name() { HELD } else { TREATED };
                let exposed_at = one.first_at;
                (draw.number, Drawn { place: *place, arm, exposed_at, from: exposed_at, end })
            }));
        }
        all
    }

    /// Draws of this setting, with whom they met.
    fn draws(&self, of: &Of) -> Vec<(Draw, &BTreeMap<usize, Met>)> {
        let is_meant = |draw: &Draw| draw.of == *of && self.holdout.is_of(draw);
        self.by_name.iter().filter_map(|(name, met)| Some((Draw::read(name).filter(is_meant)?, met))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::DAY_MS;

    const DAY: i64 = DAY_MS;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_millis(day * DAY)
    }

    fn met(arm: &str, day: i64, is_own: bool) -> Met {
        Met { arm: arm.to_owned(), first_at: at(day), is_own, is_mixed: false, arm_at: at(day) }
    }

    fn holdout(redraw_days: i64) -> Holdout {
        Holdout { share: 0.5, kinds: BTreeMap::from([("act".into(), 0.5)]), redraw_days, ..Holdout::default() }
    }

    /// The name that the holdout writes of what is met at a decision of this kind, on this day.
    fn name(holdout: &Holdout, of: &Of, day: i64) -> String {
        let kind = match of {
            Of::Drawn(Over::Everything) => "recommend".into(),
            Of::Drawn(Over::Kind(kind)) | Of::Met(kind) => kind.clone(),
        };
        let drawn = holdout.draw(&kind, &"user:1".into(), at(day)).unwrap();
        let mut names = drawn.exposures.into_iter().map(|exposure| exposure.experiment);
        names.find(|name| Draw::read(name).unwrap().of == *of).unwrap()
    }

    /// A draw with whom it met: their place, arm and day.
    type MetBy<'a> = (&'a str, &'a [(usize, &'a str, i64)]);

    fn draws(holdout: &Holdout, of: &[MetBy<'_>]) -> Draws {
        let one = |(name, all): &(&str, &[(usize, &str, i64)])| {
            ((*name).to_owned(), all.iter().map(|(place, arm, day)| (*place, met(arm, *day, true))).collect())
        };
        let by_name = of.iter().map(one).collect();
        let (ended, as_drawn) = (BTreeSet::new(), BTreeMap::new());
        Draws { exposed: Vec::new(), holdout: holdout.clone(), ended, by_name, as_drawn, n_left_out: 0 }
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
    fn whoever_says_that_many_are_one_takes_nobody_from_those_who_were_drawn() {
        let exposed = |name: &str, arm: &str, day: i64| Exposed {
            experiment: "copy".to_owned(),
            customer: name.into(),
            arm: arm.to_owned(),
            first_at: at(day),
        };
        let all = vec![
            exposed("a", "bold", 2),
            exposed("b", "control", 1),
            exposed("c", "bold", 3),
            exposed("gone", "bold", 3),
        ];
        let mut draws = Draws { exposed: vec![("copy".to_owned(), all)], ..draws(&holdout(0), &[]) };
        let ids = vec!["a".into(), "b".into()];
        // Of `c` a stranger said that they are `b`.
        draws.resolve(&People { places: [("a", 0), ("b", 1), ("c", 1)].map(|(id, at)| (id.into(), at)).into(), ids });
        let (drawn, who) = draws.of_experiment("copy", None);
        let names: Vec<&str> = who.variations.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names, who.n_drawn, who.n_mixed, drawn.len()), (vec!["control", "bold"], vec![1, 2], 1, 2));
    }

    #[test]
    fn a_kinds_own_holdout_leaves_out_whom_the_other_one_holds_anyway() {
        let holdout = holdout(0);
        let act = Of::Drawn(Over::Kind("act".into()));
        let draws = draws(
            &holdout,
            &[
                (&name(&holdout, &Of::Drawn(Over::Everything), 0), &[(1, "holdout", 0), (2, "treated", 0)]),
                (&name(&holdout, &act, 0), &[(1, "treated", 1), (2, "holdout", 1), (3, "treated", 4)]),
                ("holdout of action", &[(9, "holdout", 1)]),
                ("copy", &[(1, "bold", 2), (2, "control", 3)]),
            ],
        );
        assert_eq!(told(&draws.of_all()), [(1, HELD, 0), (2, TREATED, 0)]);
        assert_eq!(told(&draws.of_own(&"act".into())), [(2, HELD, 1), (3, TREATED, 4)]);
        assert_eq!(draws.experiments(), ["copy"]);
        let (drawn, Who { variations, n_mixed, .. }) = draws.of_experiment("copy", None);
        assert_eq!(variations, [("control".to_owned(), 1.0), ("bold".to_owned(), 1.0)]);
        assert_eq!((told(&drawn), n_mixed), (vec![(1, 1, 2), (2, 0, 3)], 0));
    }

    #[test]
    fn a_draw_ends_when_the_next_begins_and_a_kind_counts_from_when_it_was_met() {
        let holdout = holdout(90);
        let everything = Of::Drawn(Over::Everything);
        let (second, third) = (name(&holdout, &everything, 185), name(&holdout, &everything, 275));
        let draws = draws(
            &holdout,
            &[
                (&second, &[(1, "holdout", 185)]),
                (&third, &[(1, "treated", 275)]),
                (&name(&holdout, &Of::Met("recommend".into()), 280), &[(1, "treated", 280)]),
            ],
        );
        let all = draws.of_all();
        assert_eq!(told(&all), [(1, HELD, 185), (1, TREATED, 275)]);
        assert_eq!([all[0].end, all[1].end], [End(Some(at(270))), End(Some(at(360)))]);
        // From when the kind was met it counts, and what was before ended with the draw's own first exposure.
        let kind = draws.of_kind(&"recommend".into());
        assert_eq!((told(&kind), kind[0].from), (vec![(1, TREATED, 275)], at(280)));
    }

    #[test]
    fn of_another_setting_nobody_counts_and_the_arms_that_it_drew_are_not_kept() {
        let before = holdout(0);
        let now = Holdout { salt: "other".to_owned(), ..before.clone() };
        let everything = Of::Drawn(Over::Everything);
        let of = [
            (&*name(&before, &everything, 0), &[(1, "holdout", 0), (2, "treated", 0)][..]),
            (&*name(&now, &everything, 0), &[(1, "treated", 5)][..]),
            ("holdout", &[(7, "treated", 1)][..]),
        ];
        assert_eq!(told(&draws(&now, &of).of_all()), [(1, TREATED, 5)]);
        assert_eq!(told(&draws(&before, &of).of_all()), [(1, HELD, 0), (2, TREATED, 0)]);
    }
}
