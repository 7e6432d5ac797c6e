//! Who are the company's customers, and what is it that nobody tells it about them?
//!
//! A [`Person`] is what somebody is and stays; what changes from day to day is a [`crate::life::Life`].

mod group;
mod identity;
mod nature;
mod taste;

use crate::calendar::N_REGIONS;
use crate::dice::{Dice, whole_days};
use crate::settings::Settings;
use crate::things::Things;
pub use group::Group;
pub(crate) use group::{hours_ahead, region, street, town};
pub(crate) use identity::Account;
pub use identity::Identity;
pub(crate) use nature::{CARD, Nature, Turn, TurnKind};
pub(crate) use taste::{Need, Taste};

/// So much of the people are customers already when the history begins.
const SHARE_BEFORE: f64 = 0.62;
/// Who was a customer before came within so many days.
const DAYS_BEFORE: f64 = 500.0;

/// Somebody who is a customer at one time or another.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Their count in the company, from 0.
    pub no: u32,
    /// The number by which the company knows them: it says nothing.
    pub number: u32,
    /// Where they live and how old they are.
    pub group: Group,
    /// By which names the company meets them.
    pub identity: Identity,
    /// The day of their first visit.
    pub from_day: i64,
    pub(crate) taste: Taste,
    pub(crate) needs: Vec<Need>,
    pub(crate) nature: Nature,
    pub(crate) turn: Option<Turn>,
}

impl Person {
    /// The person of this number: always the same in the same company.
    pub(crate) fn new(settings: &Settings, things: &Things, no: u32) -> Self {
        let mut dice = Dice::new(settings.seed, "person", u64::from(no));
        let is_old = dice.chance(SHARE_BEFORE);
        let days = if is_old { -dice.between(0.0, DAYS_BEFORE) } else { dice.between(0.0, f64::from(settings.n_days)) };
        let from_day = settings.first_day() + if is_old { -whole_days(-days) } else { whole_days(days) };
        let group = Group::new(&mut dice);
        let identity = Identity::new(&mut dice, settings, no, is_old);
        let taste = Taste::new(&mut dice, &group);
        let needs = Need::all(&mut dice, &taste, things, from_day);
        let nature = Nature::new(&mut dice, &group, is_old);
        let turn = Turn::new(&mut dice, settings);
        let number = crate::numbers::shuffled(settings.seed, no);
        Self { no, number, group, identity, from_day, taste, needs, nature, turn }
    }

    /// What they have to spend beside others on this day.
    pub(crate) fn income(&self, day: i64) -> f64 {
        let is_out_of_work = self.turn.is_some_and(|turn| turn.kind == TurnKind::LostJob && turn.day <= day);
        self.group.income * if is_out_of_work { 0.55 } else { 1.0 }
    }

    /// In which region they live on this day.
    pub(crate) fn region(&self, day: i64) -> usize {
        match self.turn {
            Some(Turn { kind: TurnKind::Moved(further), day: on }) if on <= day => {
                (self.group.region + further) % N_REGIONS
            }
            _ => self.group.region,
        }
    }

    /// To which door things are sent on this day.
    pub(crate) fn street(&self, day: i64) -> String {
        let (way, house) = self.group.door;
        street(if self.region(day) == self.group.region { (way, house) } else { (way + 5, house + 1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::group::AGES;
    use primitives::Seed;
    use std::collections::BTreeSet;

    fn people(n: u32) -> Vec<Person> {
        let settings = Settings::new(Seed::new(7), n, 180).unwrap();
        let things = Things::new(&settings);
        (0..n).map(|no| Person::new(&settings, &things, no)).collect()
    }

    #[test]
    fn a_person_is_the_same_in_a_larger_company_of_the_same_things() {
        let settings = |n| Settings::new(Seed::new(7), n, 180).unwrap();
        let things = Things::new(&settings(1_024));
        let one = |n| Person::new(&settings(n), &things, 77);
        assert_eq!(one(1_024), one(1_500));
    }

    #[test]
    fn some_come_later_and_none_after_the_end() {
        let people = people(1_000);
        let (first, end) = (20_779 - 180, 20_779);
        let n_later = people.iter().filter(|person| person.from_day >= first).count();
        assert!((320..440).contains(&n_later), "{n_later}");
        assert!(people.iter().all(|person| person.from_day < end && person.from_day > first - 502));
    }

    #[test]
    fn names_belong_to_one_person_but_for_shared_devices() {
        let people = people(1_000);
        let users: Vec<&str> =
            people.iter().flat_map(|person| &person.identity.accounts).map(|one| one.user_id.as_str()).collect();
        assert_eq!(users.iter().collect::<BTreeSet<_>>().len(), users.len());
        assert!(users.len() > 1_050, "some have several accounts: {}", users.len());
        let devices: Vec<&str> =
            people.iter().flat_map(|person| &person.identity.devices).map(String::as_str).collect();
        let n_shared = devices.len() - devices.iter().collect::<BTreeSet<_>>().len();
        assert!((10..120).contains(&n_shared), "{n_shared} of {}", devices.len());
    }

    #[test]
    fn losing_a_job_costs_and_moving_moves() {
        let people = people(3_000);
        let turned =
            |is: fn(TurnKind) -> bool| people.iter().find(|one| one.turn.is_some_and(|turn| is(turn.kind))).unwrap();
        let jobless = turned(|kind| kind == TurnKind::LostJob);
        let day = jobless.turn.unwrap().day;
        assert!(jobless.income(day) < 0.6 * jobless.income(day - 1));
        let mover = turned(|kind| matches!(kind, TurnKind::Moved(_)));
        let turn = mover.turn.unwrap();
        assert_eq!(mover.region(turn.day - 1), mover.group.region);
        assert!(mover.region(turn.day) != mover.group.region);
    }

    #[test]
    fn the_district_gives_away_the_age_which_nobody_asked_for() {
        let people = people(4_000);
        let share_old = |is_new_town: bool| {
            let of: Vec<&Person> = people.iter().filter(|one| one.group.is_new_town == is_new_town).collect();
            of.iter().filter(|one| one.group.age >= AGES.len() - 2).count() * 100 / of.len()
        };
        assert!(share_old(false) > share_old(true) + 20, "{} {}", share_old(false), share_old(true));
    }
}
