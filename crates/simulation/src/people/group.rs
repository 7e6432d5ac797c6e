//! To which groups does somebody belong? Those along which it is looked whether decisions are fair.

use crate::calendar::N_REGIONS;
use crate::dice::Dice;

/// Bands of age, the young first.
pub(crate) const AGES: [&str; 5] = ["18-29", "30-44", "45-59", "60-74", "75+"];
pub(crate) const REGIONS: [&str; N_REGIONS] = ["North", "Lakes", "Capital", "Coast", "Hills", "South"];
/// Where an hour of the day is another than in the company's own zone, in hours.
const HOURS_AHEAD: [i64; N_REGIONS] = [0, 0, 0, -1, 0, 1];
const TOWNS: [[&str; 3]; N_REGIONS] = [
    ["Norvik", "Halde", "Sandmoor"],
    ["Lindwater", "Ulsee", "Brunn"],
    ["Marben", "Althof", "Kingsbruck"],
    ["Port Elna", "Westerhaven", "Dunmere"],
    ["Oberau", "Sankt Veyt", "Ferntal"],
    ["Solana", "Campo Vero", "Miravel"],
];
const STREETS: [&str; 16] = [
    "Dock",
    "Market Square",
    "Mill Lane",
    "Station Road",
    "Church Street",
    "Garden Row",
    "Castle Hill",
    "River Walk",
    "School Lane",
    "Orchard Way",
    "Tower Street",
    "Linden Avenue",
    "Bridge Street",
    "North Gate",
    "Well Lane",
    "Field Road",
];
/// So much of the people live in the few houses in which many do.
const SHARE_IN_BLOCKS: f64 = 0.15;

/// A person's groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Which of the bands of age.
    pub age: usize,
    /// Which region, when they become a customer.
    pub region: usize,
    /// Which town of it.
    pub town: usize,
    /// Whether they live in a district built lately: mostly the young do, so that the district stands for the age.
    pub is_new_town: bool,
    /// What they have to spend beside others; 1 in the middle.
    pub income: f64,
    /// The street and the house; many live in a few large ones.
    pub(crate) door: (usize, usize),
}

impl Group {
    pub(super) fn new(dice: &mut Dice) -> Self {
        let age = dice.weighted(&[0.22, 0.31, 0.25, 0.16, 0.06]);
        let region = dice.weighted(&[0.12, 0.14, 0.34, 0.15, 0.11, 0.14]);
        let town = dice.weighted(&[0.5, 0.3, 0.2]);
        let is_new_town = dice.chance([0.8, 0.6, 0.35, 0.15, 0.08][age]);
        let middle = [0.75, 1.05, 1.2, 0.95, 0.8][age] * [0.95, 1.0, 1.15, 0.95, 0.9, 0.85][region];
        let income = dice.around(middle, 0.4);
        let door = if dice.chance(SHARE_IN_BLOCKS) {
            (dice.below(2), 1 + dice.below(3))
        } else {
            (dice.below(STREETS.len()), 4 + dice.below(56))
        };
        Self { age, region, town, is_new_town, income, door }
    }

    /// The band of age, in words.
    #[must_use]
    pub fn age_band(&self) -> &'static str {
        AGES[self.age]
    }
}

/// The name of a region.
pub(crate) fn region(region: usize) -> &'static str {
    REGIONS[region % N_REGIONS]
}

pub(crate) fn town(region: usize, town: usize) -> &'static str {
    TOWNS[region % N_REGIONS][town % 3]
}

/// The door to which things are sent.
pub(crate) fn street((street, house): (usize, usize)) -> String {
    format!("{} {house}", STREETS[street % STREETS.len()])
}

pub(crate) fn hours_ahead(region: usize) -> i64 {
    HOURS_AHEAD[region % N_REGIONS]
}
