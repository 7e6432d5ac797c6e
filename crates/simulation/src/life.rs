//! What changes in somebody's life from day to day?

use crate::actions::{Contact, Retention};
use crate::concerns::Concern;
use crate::dice::{Dice, whole_days};
use crate::people::{Need, Person};
use crate::things::{BABY, DEPARTMENTS, MACHINES, Things};

/// Something in a household is replaced after so many days, on average.
const DAYS_OF_DURABLES: f64 = 260.0;
/// So many faults does somebody bear before they want another machine.
const FAULTS_BORNE: u32 = 5;

/// So many numbers does every day have for what is told of one life.
const MESSAGES_A_DAY_MAX: u64 = 1_000;

/// A membership.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Membership {
    pub(crate) no: u64,
    /// Which of `day::membership::PLANS`.
    pub(crate) plan: usize,
    pub(crate) renews_on: i64,
    /// Failed payments in a row.
    pub(crate) n_failed: u32,
    /// It costs nothing until it is due again, and is not used.
    pub(crate) is_paused: bool,
    /// What was offered since it is hardly used any more.
    pub(crate) offered: Option<Retention>,
    /// By whom that was decided, as long as nothing is told of what came of it.
    pub(crate) asked: Option<Asked>,
}

/// A decision of which it is not known yet what comes of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    /// Its id.
    pub(crate) by: String,
    /// The day.
    pub(crate) on: i64,
}

/// What was paid for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Payment {
    /// The number of the order.
    pub(crate) order: u64,
    /// The first or second try.
    pub(crate) attempt: u32,
    /// All of it, what the parcel cost included.
    pub(crate) minor: i64,
}

/// Something that will happen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pending {
    pub(crate) day: i64,
    pub(crate) what: Ahead,
}

/// What will happen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ahead {
    /// A parcel arrives, whole or not.
    Parcel { payment: Payment, thing: usize, minor: i64, is_spoiled: bool },
    /// Something is sent back and paid back.
    Return { order: u64, thing: usize, minor: i64 },
    /// The desk answers a ticket.
    Answer { ticket: u64, concern: Concern, opened_on: i64, n_asked: u32 },
    /// The bank takes back what was paid for a parcel that went wrong.
    TakenBack { payment: Payment },
    /// A fault of the machine becomes too much.
    Fault { contact: Contact, decided_by: Option<String> },
}

/// A person's life as far as it has been lived.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Life {
    /// From -1, about to leave in anger, to 1.
    pub(crate) mood: f64,
    /// How much of each need is left, 1 right after it was bought.
    pub(crate) left: Vec<f64>,
    /// What is bought again and again; it changes when something better is met.
    pub(crate) needs: Vec<Need>,
    pub(crate) last_visit: Option<i64>,
    pub(crate) n_visits: u32,
    pub(crate) n_orders: u32,
    /// The number of the last order, as [`Self::n_messages`] was then.
    pub(crate) last_order: u64,
    /// What was told last of this life. What begins with something told goes by its number: orders, tickets, memberships.
    pub(crate) n_messages: u64,
    /// Devices on which they have signed in, by bit.
    pub(crate) signed_in: u8,
    pub(crate) has_said_who: bool,
    pub(crate) has_regretted: bool,
    /// The day from which on they are turning away, and the day from which on they are gone.
    pub(crate) turns_away_on: Option<i64>,
    pub(crate) gone_on: Option<i64>,
    pub(crate) membership: Option<Membership>,
    /// Of what the machine is used for, how much is left; it falls before a membership is cancelled.
    pub(crate) use_level: f64,
    /// A department of which something old is to be replaced.
    pub(crate) replaces: Option<usize>,
    pub(crate) n_faults: u32,
    pub(crate) ahead: Vec<Pending>,
    pub(crate) wants_no_mail: bool,
    /// What was taken off the shelves and asked of the desk today: the company counts it in the evening.
    pub(crate) taken: Vec<(usize, u32)>,
    pub(crate) n_opened: u32,
}

impl Life {
    /// The life of somebody who has not come yet, or of whom nothing was told yet.
    pub(crate) fn new(person: &Person) -> Self {
        Self {
            mood: 0.2,
            left: person.needs.iter().map(|need| need.left).collect(),
            needs: person.needs.clone(),
            last_visit: None,
            n_visits: 0,
            n_orders: 0,
            last_order: 0,
            n_messages: 0,
            signed_in: 0,
            has_said_who: false,
            has_regretted: false,
            turns_away_on: None,
            gone_on: None,
            membership: None,
            use_level: 1.0,
            replaces: None,
            n_faults: 0,
            ahead: Vec::new(),
            wants_no_mail: false,
            taken: Vec::new(),
            n_opened: 0,
        }
    }

    /// A day begins: what is told of it goes by numbers that no other day has, whatever was decided on the days before.
    pub(crate) fn begin(&mut self, nth: i64) {
        let first = u64::try_from(nth).unwrap_or(0).saturating_mul(MESSAGES_A_DAY_MAX);
        self.n_messages = self.n_messages.max(first);
    }

    /// One more day: things are used up, moods fade.
    pub(crate) fn pass_a_day(&mut self, person: &Person, things: &Things, dice: &mut Dice, day: i64) {
        for (left, need) in self.left.iter_mut().zip(&self.needs) {
            *left -= 1.0 / need.every_days;
        }
        self.mood += (0.2 - self.mood) * 0.02;
        self.have_a_child(person, things, dice, day);
        self.wear_out(person, dice);
        if self.turns_away_on.is_none() && dice.chance(self.chance_to_turn_away(person)) {
            // They do not say so: they come less often, then not at all.
            self.turns_away_on = Some(day);
            let days = 10.0 + dice.waiting(30.0);
            self.gone_on = day.checked_add(i64::try_from(crate::dice::whole(days)).unwrap_or(30));
        }
    }

    /// Half of the calm leave within the days they stay; the angry much sooner.
    fn chance_to_turn_away(&self, person: &Person) -> f64 {
        let calm = std::f64::consts::LN_2 / person.nature.stays_days;
        let holds = if self.membership.is_some() { 0.4 } else { 1.0 };
        let anger = (-(self.mood - 0.2) * 3.5 * person.nature.temper).exp().clamp(0.3, 25.0);
        (calm * holds * anger).min(0.5)
    }

    fn have_a_child(&mut self, person: &Person, things: &Things, dice: &mut Dice, day: i64) {
        let has_child = person.turn.is_some_and(|turn| turn.kind == crate::people::TurnKind::Child && turn.day == day);
        if has_child && self.needs.iter().all(|need| need.department != BABY) {
            self.needs.push(Need::new(dice, &person.taste, things, BABY, day));
            self.left.push(0.1);
        }
    }

    /// What is made to stay for years is replaced one day, and a machine that fails and fails before its time.
    fn wear_out(&mut self, person: &Person, dice: &mut Dice) {
        if self.replaces.is_some() {
            return;
        }
        if self.n_faults > FAULTS_BORNE {
            self.replaces = Some(MACHINES);
        } else if dice.chance(1.0 / DAYS_OF_DURABLES) {
            let stays = |no: usize| DEPARTMENTS[no].lasts_days.is_none();
            let weights = person.taste.departments.iter().enumerate();
            let weights: Vec<f64> = weights.map(|(no, liking)| if stays(no) { *liking } else { 0.0 }).collect();
            self.replaces = Some(dice.weighted(&weights));
        }
    }

    /// What was to be replaced is there.
    pub(crate) fn has_replaced(&mut self, department: usize) {
        if self.replaces == Some(department) {
            self.replaces = None;
        }
        if department == MACHINES {
            self.n_faults = 0;
        }
    }

    /// Whether they have left for good by this day.
    pub(crate) fn is_gone(&self, day: i64) -> bool {
        self.gone_on.is_some_and(|on| on <= day)
    }

    pub(crate) fn feel(&mut self, change: f64) {
        self.mood = (self.mood + change).clamp(-1.0, 1.0);
    }

    pub(crate) fn await_in(&mut self, day: i64, in_days: f64, what: Ahead) {
        self.ahead.push(Pending { day: day + whole_days(in_days).max(1), what });
    }

    /// What an order brought goes back once: a later reason changes nothing.
    pub(crate) fn return_in(&mut self, day: i64, in_days: f64, order: u64, thing: usize, minor: i64) {
        let is_of = |what: &Ahead| matches!(what, Ahead::Return { order: of, .. } if *of == order);
        if !self.ahead.iter().any(|pending| is_of(&pending.what)) {
            self.await_in(day, in_days, Ahead::Return { order, thing, minor });
        }
    }

    /// Takes what is due out of what is ahead.
    pub(crate) fn due(&mut self, day: i64) -> Vec<Ahead> {
        if self.ahead.iter().all(|pending| pending.day > day) {
            return Vec::new();
        }
        let (due, later) =
            std::mem::take(&mut self.ahead).into_iter().partition::<Vec<_>, _>(|pending| pending.day <= day);
        self.ahead = later;
        due.into_iter().map(|pending| pending.what).collect()
    }
}
