//! Who shops in the generated world, what do they like, and when do they come?

use super::catalogue::Catalogue;
use super::dice::{Dice, Weighted, whole};

const AGE_GROUPS: [&str; 7] = ["<25", "25-29", "30-34", "35-39", "40-49", "50-59", "60+"];
const AREAS: [&str; 6] = ["Harbour", "Old town", "Riverside", "Hill", "North", "Meadows"];
/// How much busier a shop is, from Monday to Sunday.
const WEEK: [f64; 7] = [0.9, 0.8, 0.85, 0.95, 1.2, 1.8, 1.6];

/// A customer's identity and habits, fixed at their birth.
#[derive(Debug)]
pub(super) struct Customer {
    pub(super) user_id: String,
    pub(super) device: String,
    /// The identifier in an older system, for those who come from it.
    pub(super) legacy_id: Option<String>,
    pub(super) traits: Traits,
    pub(super) tastes: Tastes,
    pub(super) habits: Habits,
    pub(super) refusal: Refusal,
}

/// What is said about a customer.
#[derive(Debug)]
pub(super) struct Traits {
    pub(super) age_group: &'static str,
    pub(super) area: &'static str,
    pub(super) household_size: usize,
}

/// What a customer likes.
#[derive(Debug)]
pub(super) struct Tastes {
    /// Preferred categories, the dearest first.
    categories: Vec<usize>,
    /// Favourite items, the dearest first.
    favourites: Vec<usize>,
    of_favourites: Weighted,
    /// How much of a basket are favourites, from 0 to 1.
    loyalty: f64,
    n_lines_mean: f64,
}

/// When a customer comes. Times are in days since the beginning of the world.
#[derive(Debug)]
pub(super) struct Habits {
    /// The first visit.
    pub(super) first_visit: f64,
    /// From here on they stay away.
    pub(super) lapses_at: f64,
    gap_days: f64,
    regularity: u32,
    weekdays: [f64; 7],
    hour: f64,
    /// How many visits stay anonymous before the customer says who they are.
    pub(super) n_anonymous_visits: u32,
    /// How likely a visit leaves traces on the web before the order.
    pub(super) browses: f64,
}

/// What a customer refuses, and on which visit they say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) personalization: bool,
    pub(super) analytics: bool,
    pub(super) on_visit: u32,
}

impl Refusal {
    pub(super) fn is_any(self) -> bool {
        self.personalization || self.analytics
    }
}

impl Customer {
    pub(super) fn new(dice: &mut Dice, index: usize, catalogue: &Catalogue, n_days: f64) -> Self {
        let traits =
            Traits { age_group: dice.pick(&AGE_GROUPS), area: dice.pick(&AREAS), household_size: 1 + dice.below(5) };
        let tastes = Tastes::new(dice, catalogue, traits.household_size);
        let is_new = dice.chance(0.35);
        let habits = Habits::new(dice, n_days, is_new);
        let refusal = Refusal {
            personalization: dice.chance(0.05),
            analytics: dice.chance(0.03),
            on_visit: if dice.chance(0.5) { 0 } else { 1 + u32::from(dice.chance(0.5)) },
        };
        Self {
            user_id: format!("C{:06}", index + 1),
            device: format!("device-{}{}", dice.hex(), dice.hex()),
            legacy_id: (!is_new && dice.chance(0.02)).then(|| format!("L{:06}", index + 1)),
            traits,
            tastes,
            habits,
            refusal,
        }
    }
}

impl Tastes {
    fn new(dice: &mut Dice, catalogue: &Catalogue, household_size: usize) -> Self {
        let categories: Vec<usize> = (0..2 + dice.below(3)).map(|_| catalogue.draw_category(dice)).collect();
        let n_favourites = 6 + dice.below(8);
        let favourites = (0..n_favourites)
            .map(|_| {
                let category = dice.pick(&categories);
                if dice.chance(0.5) {
                    catalogue.draw_within(dice, category)
                } else {
                    catalogue.draw_evenly_within(dice, category)
                }
            })
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "a household has few members")]
        let members = household_size as f64;
        Self {
            categories,
            favourites,
            of_favourites: Weighted::zipf(n_favourites, 0.7),
            loyalty: dice.between(0.25, 0.65),
            n_lines_mean: dice.between(1.0, 3.0) + members * 0.6,
        }
    }

    /// The items of one order, each once, with their quantities.
    pub(super) fn basket(&self, dice: &mut Dice, catalogue: &Catalogue, into: &mut Vec<(usize, u32)>) {
        into.clear();
        let n_lines = 1 + whole(dice.exponential(self.n_lines_mean)).min(24);
        while into.len() < n_lines {
            let item = self.want(dice, catalogue);
            add(dice, into, item);
            if dice.chance(0.25) {
                let companion = dice.pick(&catalogue.items()[item].companions);
                add(dice, into, companion);
            }
            // A basket that wants the same again and again is full sooner.
            if dice.chance(0.04) {
                break;
            }
        }
    }

    /// An item this customer looks at or buys.
    pub(super) fn want(&self, dice: &mut Dice, catalogue: &Catalogue) -> usize {
        let draw = dice.unit();
        if draw < self.loyalty {
            self.favourites.get(self.of_favourites.draw(dice)).copied().unwrap_or_default()
        } else if draw < self.loyalty + (1.0 - self.loyalty) * 0.6 {
            let category = dice.pick(&self.categories);
            catalogue.draw_within(dice, category)
        } else {
            catalogue.draw(dice)
        }
    }
}

fn add(dice: &mut Dice, into: &mut Vec<(usize, u32)>, item: usize) {
    if into.iter().all(|(known, _)| *known != item) {
        let quantity = if dice.chance(0.75) { 1 } else { 2 + u32::from(dice.chance(0.3)) };
        into.push((item, quantity));
    }
}

impl Habits {
    fn new(dice: &mut Dice, n_days: f64, is_new: bool) -> Self {
        let gap_days = (9.0_f64.ln() + 0.9 * dice.bell()).exp().clamp(2.0, 75.0);
        let regularity = 2 + u32::try_from(dice.below(6)).unwrap_or(0);
        let mut weekdays = WEEK;
        weekdays[dice.below(7)] *= 4.0;
        weekdays[dice.below(7)] *= 2.0;
        let first_visit = if is_new { dice.between(0.0, n_days * 0.8) } else { dice.between(0.0, gap_days) };
        // Everybody leaves sooner or later, whoever comes often after more visits but fewer days.
        let lifetime_mean = dice.between(90.0, 260.0) + 12.0 * gap_days.min(10.0);
        let lifetime = dice.exponential(lifetime_mean);
        Self {
            first_visit,
            lapses_at: first_visit + lifetime,
            gap_days,
            regularity,
            weekdays,
            hour: dice.between(9.0, 20.0),
            n_anonymous_visits: if is_new && dice.chance(0.5) { 1 + u32::from(dice.chance(0.4)) } else { 0 },
            browses: dice.between(0.05, 0.6),
        }
    }

    /// The day of the visit after one on `day`, or `None` where there is none. `weekday_of_start` is that of day 0,
    /// 0 for a Monday.
    pub(super) fn next_visit(&self, dice: &mut Dice, day: u32, weekday_of_start: usize) -> Option<u32> {
        let today = f64::from(day);
        // Who is about to leave comes less often already.
        let mean = if self.lapses_at - today < 2.5 * self.gap_days { self.gap_days * 1.7 } else { self.gap_days };
        let planned = (today + dice.erlang(self.regularity, mean)).max(today + 1.0);
        if planned >= self.lapses_at {
            return None;
        }
        let planned = u32::try_from(whole(planned)).unwrap_or(u32::MAX);
        // The same errand fits a better weekday close by.
        let liking = |candidate: &u32| self.weekdays[(*candidate as usize + weekday_of_start) % 7];
        let candidates = [planned, planned.saturating_sub(1).max(day + 1), planned.saturating_add(1)];
        let weights = Weighted::new(candidates.iter().map(liking));
        candidates.get(weights.draw(dice)).copied()
    }

    /// The hour of the day of a visit, between 7 and 23.
    pub(super) fn hour(&self, dice: &mut Dice) -> f64 {
        (self.hour + 1.5 * dice.bell()).clamp(7.0, 22.5)
    }
}
