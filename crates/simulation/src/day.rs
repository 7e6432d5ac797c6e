//! What does one person do on one day?

mod arriving;
mod asking;
mod basket;
mod crimes;
mod desk;
mod machine;
mod mail;
mod membership;
mod order;
mod page;
mod passing;
mod showing;
mod visit;

use crate::calendar::Today;
use crate::company::Company;
use crate::dice::{Dice, whole};
use crate::host::Host;
use crate::life::Life;
use crate::message::{Message, Names, Sender, call};
use crate::object::{Field, Object};
use crate::people::{Account, Person};
pub(crate) use crimes::commit;
pub(crate) use passing::pass_by;
use primitives::{DAY_MS, HOUR_MS, Money, Timestamp};

/// When the post comes and the desk works.
const DESK_HOUR: f64 = 11.0;

/// One person's day, while it is lived.
pub(crate) struct Scene<'a> {
    pub(crate) company: &'a Company,
    pub(crate) today: &'a Today,
    pub(crate) person: &'a Person,
    pub(crate) life: &'a mut Life,
    pub(crate) dice: Dice,
    pub(crate) host: &'a mut dyn Host,
    /// Milliseconds since midnight.
    clock: i64,
    /// With which account they are signed in, or would sign in.
    account: usize,
    /// Which of their devices they use.
    device: Option<usize>,
    is_signed_in: bool,
    /// Nothing happens before what was asked last today.
    not_before: i64,
    /// What somebody set prices to: parts of the listed ones.
    factors: Vec<(usize, f64)>,
}

/// Lets a person live through a day; the host hears what the company tells about it.
pub(crate) fn live(
    company: &Company,
    today: &Today,
    person: &Person,
    life: &mut Life,
    dice: Dice,
    host: &mut dyn Host,
) {
    if person.from_day <= today.day {
        Scene::new(company, today, person, life, dice, host).live();
    }
}

impl<'a> Scene<'a> {
    fn new(
        company: &'a Company,
        today: &'a Today,
        person: &'a Person,
        life: &'a mut Life,
        dice: Dice,
        host: &'a mut dyn Host,
    ) -> Self {
        let (clock, account, device, is_signed_in, not_before, factors) = (0, 0, None, false, 0, Vec::new());
        life.begin(today.day - company.settings().first_day());
        Self { company, today, person, life, dice, host, clock, account, device, is_signed_in, not_before, factors }
    }

    fn live(&mut self) {
        // About in the order of the hours at which it happens.
        let is_gone = self.life.is_gone(self.today.day);
        if !is_gone {
            self.life.pass_a_day(self.person, self.company.things(), &mut self.dice, self.today.day);
            self.use_machine();
            if self.life.has_said_who {
                self.keep_membership();
                self.receive_mail();
            }
        }
        let is_early = self.person.nature.hour < DESK_HOUR;
        if is_early && !is_gone {
            self.visit();
        }
        self.come_due();
        if !is_early && !is_gone {
            self.visit();
        }
    }

    /// Sets the clock to about an hour of the person's day.
    fn at_hour(&mut self, hour: f64) {
        let hour = (hour + 1.2 * self.dice.bell()).clamp(0.2, 22.8);
        #[expect(clippy::cast_precision_loss, reason = "an hour is far below 2^53 milliseconds")]
        let millis = whole(hour * HOUR_MS as f64);
        self.at(i64::try_from(millis).unwrap_or(0));
    }

    fn at(&mut self, clock: i64) {
        self.clock = clock.max(self.not_before);
    }

    /// Lets some seconds pass.
    fn pass(&mut self, seconds: f64) {
        let millis = self.dice.around(seconds, 0.5) * 1_000.0;
        self.clock = (self.clock + i64::try_from(whole(millis)).unwrap_or(1_000) + 1).min(DAY_MS - 1);
    }

    fn now(&self) -> Timestamp {
        let ahead = crate::people::hours_ahead(self.person.region(self.today.day)) * HOUR_MS;
        Timestamp::from_millis(self.today.day * DAY_MS + (self.clock - ahead).clamp(0, DAY_MS - 1))
    }

    fn account(&self) -> &Account {
        &self.person.identity.accounts[self.account]
    }

    fn device(&self) -> Option<&str> {
        self.device.map(|device| self.person.identity.devices[device].as_str())
    }

    /// The names by which they are known now: to a page or the app, or to the company's own services.
    fn names(&self, sender: Sender) -> Names<'_> {
        let user = self.account().user_id.as_str();
        match sender {
            Sender::Browser => Names { user: self.is_signed_in.then_some(user), device: self.device() },
            Sender::BackOffice => Names { user: Some(user), device: None },
        }
    }

    fn say(&mut self, sender: Sender, kind: &str, fields: &Object) {
        self.tell(sender, kind, |call| call.join(fields));
    }

    fn tell(&mut self, sender: Sender, kind: &str, fill: impl FnOnce(&mut Object)) {
        self.life.n_messages += 1;
        let id = self.company.message_id(self.person.number, self.life.n_messages);
        let at = self.now();
        let mut call = call(kind, id, at, self.names(sender));
        fill(&mut call);
        self.host.hear(Message { at, sender, json: call.end() });
    }

    fn track<const N: usize>(&mut self, sender: Sender, event: &str, properties: [(&str, Field<'_>); N]) {
        self.tell(sender, "track", |call| {
            call.add("event", &event.into());
            call.nest("properties", properties);
        });
    }

    /// An amount in major units.
    fn major(&self, minor: i64) -> Field<'static> {
        self.company.major(minor)
    }

    fn currency(&self) -> Field<'a> {
        self.company.currency()
    }
}

impl Company {
    pub(crate) fn major(&self, minor: i64) -> Field<'static> {
        Money { minor, currency: self.settings().currency }.to_major().into()
    }

    pub(crate) fn currency(&self) -> Field<'_> {
        self.settings().currency.code().into()
    }
}
