//! By which names does the company meet somebody? Accounts, devices, a card, and who shares a tablet with whom.

use crate::dice::Dice;
use crate::numbers::shuffled;
use crate::settings::Settings;
use primitives::Seed;

const FIRST: [&str; 40] = [
    "Mila", "Jonas", "Ada", "Leon", "Ines", "Paul", "Nora", "Emil", "Sofia", "Max", "Lena", "Tom", "Yara", "Felix",
    "Ida", "Noah", "Clara", "Omar", "Vera", "Luis", "Anja", "Karim", "Ella", "Ben", "Rosa", "Igor", "Lucy", "Hugo",
    "Maya", "Finn", "Alma", "Theo", "Zoe", "Ivan", "Greta", "Samir", "Olga", "Marc", "June", "Erik",
];
const LAST: [&str; 40] = [
    "Hart", "Lind", "Moser", "Vale", "Brandt", "Okafor", "Silva", "Novak", "Berg", "Fisher", "Haas", "Ilves", "Jensen",
    "Kaya", "Lorenz", "Marek", "Nilsen", "Ortega", "Pichler", "Quist", "Rossi", "Sato", "Tanner", "Ulrich", "Varga",
    "Weiss", "Yilmaz", "Zeller", "Adler", "Bauer", "Costa", "Dietz", "Eder", "Falk", "Gruber", "Holm", "Irving",
    "Jovic", "Keller", "Lang",
];

const HOSTS: [&str; 3] = ["mail.example", "post.example", "work.example"];
/// More than there are customers.
const ACCOUNTS_APART: u32 = 1_000_003;

/// One account in the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The customer number.
    pub user_id: String,
    /// The address it was opened with.
    pub email: String,
}

/// Somebody's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// First and last name.
    pub name: (&'static str, &'static str),
    /// Their accounts; most have one, some forgot the first.
    pub accounts: Vec<Account>,
    /// Browsers and telephones: what the shop sees before anybody signs in.
    pub devices: Vec<String>,
    /// The card of the shops in town.
    pub loyalty_id: Option<String>,
    /// After how many visits on a device they sign in on it.
    pub(crate) signs_in_after: u32,
}

impl Identity {
    pub(super) fn new(dice: &mut Dice, settings: &Settings, no: u32, is_old: bool) -> Self {
        let name = (FIRST[dice.below(FIRST.len())], LAST[dice.below(LAST.len())]);
        let n_accounts = 1 + u32::try_from(dice.weighted(&[0.93, 0.05, 0.02])).unwrap_or(0);
        let accounts = (0..n_accounts).map(|nth| account(name, settings.seed, no, nth)).collect();
        let n_devices = 1 + dice.weighted(&[0.5, 0.35, 0.15]);
        let mut devices: Vec<String> = (0..n_devices).map(|_| format!("d-{}{}", dice.hex(), dice.hex())).collect();
        // Two of a household have one tablet between them: the names of it come from the household, not from one of them.
        let mut household = Dice::new(settings.seed, "household", u64::from(no / 2));
        if household.chance(0.09) {
            devices.push(format!("d-{}{}", household.hex(), household.hex()));
        }
        let loyalty_id = dice.chance(0.35).then(|| format!("LOY-{:010}", shuffled(settings.seed, !no)));
        let signs_in_after =
            if is_old { 0 } else { u32::try_from(dice.weighted(&[0.35, 0.3, 0.2, 0.15])).unwrap_or(0) };
        // Nobody reads it: without it, everything drawn after it would be another, and so would everybody.
        dice.unit();
        Self { name, accounts, devices, loyalty_id, signs_in_after }
    }
}

fn account((first, last): (&str, &str), seed: Seed, no: u32, nth: u32) -> Account {
    // The second account of a person is far from the first, and neither says how many there are.
    let number = shuffled(seed, no.wrapping_add(ACCOUNTS_APART * nth));
    let host = HOSTS[number as usize % HOSTS.len()];
    let email = format!("{}.{}{number}@{host}", first.to_lowercase(), last.to_lowercase());
    Account { user_id: format!("C{number:010}"), email }
}
