//! What has the company lived through, and by which names did it meet its people?

use primitives::{AnonymousId, UserId};
use profiles::Identifier;
use serde::Deserialize;
use simulation::{Company, DayAhead, Lives, Message, Settings};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

/// A company as it was left on the last evening before a day.
#[derive(Debug)]
pub(super) struct Lived {
    until_day: i64,
    pub(super) company: Company,
    pub(super) lives: Lives,
    /// By person: the names that were told.
    pub(super) people: Vec<Told>,
    /// How many messages were told.
    pub(super) n_told: u64,
    owners: Owners,
}

/// By which names somebody was met.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Each of them.
    pub(super) names: BTreeSet<Identifier>,
    /// Which were told together, so that they can be known to be of one person.
    pub(super) together: BTreeSet<[Identifier; 2]>,
}

/// Whose a name is: an account is one person's, a device may be several people's.
#[derive(Debug)]
struct Owners {
    accounts: HashMap<String, u32>,
    devices: HashMap<String, Vec<u32>>,
}

/// The names in a message.
#[derive(Deserialize)]
struct Names<'m> {
    #[serde(rename = "userId", borrow)]
    user: Option<Cow<'m, str>>,
    #[serde(rename = "anonymousId", borrow)]
    device: Option<Cow<'m, str>>,
}

impl Lived {
    /// Lives through the days before `until_day`, on which nobody decides anything.
    pub(super) fn new(settings: Settings, until_day: i64) -> Self {
        let mut company = Company::new(settings);
        let owners = Owners::of(&company);
        let mut people: Vec<Told> = company.people().iter().map(|_| Told::default()).collect();
        let mut n_told = company.catalogue().len() as u64;
        let lives = company.live_until(until_day, &mut |messages| {
            n_told += messages.len() as u64;
            messages.iter().for_each(|message| hear(message, &owners, &mut people));
        });
        Self { until_day, company, lives, people, n_told, owners }
    }

    /// So many days that come next.
    pub(super) fn days_ahead(&self, n_days: i64) -> Vec<DayAhead> {
        self.company.days_ahead(&self.lives, self.until_day, u32::try_from(n_days).unwrap_or(u32::MAX))
    }

    /// The people who own a name: none of a crook's, or of somebody's who passes by.
    pub(super) fn owners(&self, name: &Identifier) -> &[u32] {
        match name {
            Identifier::User(id) => self.owners.accounts.get(id.as_str()).map_or(&[], std::slice::from_ref),
            Identifier::Anonymous(id) => self.owners.devices.get(id.as_str()).map_or(&[], Vec::as_slice),
        }
    }
}

impl Owners {
    fn of(company: &Company) -> Self {
        let mut owners = Self { accounts: HashMap::new(), devices: HashMap::new() };
        for person in company.people() {
            for account in &person.identity.accounts {
                owners.accounts.insert(account.user_id.clone(), person.no);
            }
            for device in &person.identity.devices {
                owners.devices.entry(device.clone()).or_default().push(person.no);
            }
        }
        owners
    }
}

/// Notes by which names somebody was met. A device that several share is left out: it cannot be the name of each of them, and
/// who used it without saying who they are cannot be told.
fn hear(message: &Message, owners: &Owners, people: &mut [Told]) {
    let Ok(Names { user, device }) = serde_json::from_str(&message.json) else { return };
    let of_device = device.as_deref().and_then(|device| owners.devices.get(device)).map_or(&[][..], Vec::as_slice);
    let person = match (&user, of_device) {
        (Some(user), _) => owners.accounts.get(user.as_ref()).copied(),
        (None, [alone]) => Some(*alone),
        (None, _) => None,
    };
    let Some(person) = person else { return };
    let Some(told) = people.get_mut(person as usize) else { return };
    let user = user.map(|user| Identifier::User(UserId::from(user.as_ref())));
    let device = device.filter(|_| of_device == [person]);
    let device = device.map(|device| Identifier::Anonymous(AnonymousId::from(device.as_ref())));
    if let (Some(user), Some(device)) = (&user, &device) {
        told.together.insert([user.clone(), device.clone()]);
    }
    told.names.extend(user.into_iter().chain(device));
}
