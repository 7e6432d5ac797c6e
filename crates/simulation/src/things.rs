//! What does the company sell? Things with names, prices, costs, and how soon they are needed again.

mod pictures;
mod words;

use crate::dice::{Dice, Weighted, whole, whole_days};
use crate::settings::Settings;
use std::collections::HashMap;
pub(crate) use words::{BABY, DEPARTMENTS, MACHINES, N_DEPARTMENTS, Season};

/// How many directions of taste there are: what somebody likes is not the department alone.
pub(crate) const N_TASTES: usize = 4;
/// Things a company of one customer sells, and how many more come with each doubling.
const N_THINGS: (usize, usize) = (240, 90);
/// Of each thing so many lie on a full shelf for every customer: enough but for what everybody wants at once.
const SHELF_A_CUSTOMER: f64 = 0.004;
/// So many brands are there; the first are known to everybody.
const N_BRANDS: usize = 28;

/// Something the company sells.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    /// Its identifier: `LK-0042`.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Which department, of [`Things::department`].
    pub department: usize,
    /// Who makes it.
    pub brand: String,
    /// The regular price in minor units.
    pub price_minor: i64,
    /// What it costs the company, in minor units.
    pub cost_minor: i64,
    /// After how many days it is used up, where it is used up.
    pub lasts_days: Option<f64>,
    /// The day from which on it is sold.
    pub from_day: i64,
    /// What it is like.
    pub(crate) taste: [f64; N_TASTES],
    /// How good it is, around 0.
    pub(crate) quality: f64,
    /// What is bought along with it.
    pub(crate) companions: [usize; 2],
    /// How many there are when the shelf is full.
    pub(crate) shelf: u32,
}

impl Thing {
    /// What is said of it in the catalogue.
    #[must_use]
    pub fn text(&self) -> String {
        words::text(self)
    }

    /// A picture, as SVG.
    #[must_use]
    pub fn picture(&self) -> String {
        pictures::draw(self)
    }

    /// What it is called without its colour, and what it is alone.
    pub(crate) fn called(&self) -> [String; 2] {
        let name = self.name.to_lowercase();
        let whole = name.split(',').next().unwrap_or(&name);
        [whole, whole.rsplit(' ').next().unwrap_or(whole)].map(str::to_owned)
    }
}

/// All things the company sells.
#[derive(Debug)]
pub struct Things {
    all: Vec<Thing>,
    by_department: Vec<Vec<usize>>,
    popular: Vec<Weighted>,
    by_word: HashMap<String, Vec<usize>>,
}

impl Things {
    pub(crate) fn new(settings: &Settings) -> Self {
        let doublings = settings.n_customers.ilog2() as usize;
        let n = N_THINGS.0 + N_THINGS.1 * doublings;
        let mut all: Vec<Thing> = (0..n).map(|no| thing(settings, no)).collect();
        let by_department: Vec<Vec<usize>> = (0..N_DEPARTMENTS)
            .map(|department| (0..n).filter(|no| all[*no].department == department).collect())
            .collect();
        for no in 0..n {
            let mut dice = Dice::new(settings.seed, "companions", no as u64);
            let beside = DEPARTMENTS[all[no].department].goes_with;
            all[no].companions = [(); 2].map(|()| dice.pick(&by_department[beside]).copied().unwrap_or(no));
        }
        // The quality of a thing is what makes it sell, beside its place on the shelf, which is nobody's merit.
        let popular = by_department.iter().map(|of| {
            Weighted::new(of.iter().enumerate().map(|(place, no)| {
                #[expect(clippy::cast_precision_loss, reason = "a department has a few hundred things")]
                let place = place as f64;
                (0.5 * all[*no].quality).exp() / (place + 2.0).sqrt()
            }))
        });
        let popular = popular.collect();
        let by_word = by_word(&all);
        Self { all, by_department, popular, by_word }
    }

    /// Everything, by number.
    #[must_use]
    pub fn all(&self) -> &[Thing] {
        &self.all
    }

    /// One thing.
    #[must_use]
    pub fn get(&self, no: usize) -> &Thing {
        &self.all[no]
    }

    /// The name of a department.
    #[must_use]
    pub fn department(&self, department: usize) -> &'static str {
        DEPARTMENTS[department].name
    }

    /// What a search for these words finds among what is sold on this day, in the order of the shelves.
    pub(crate) fn search(&self, words: &str, day: i64) -> Vec<usize> {
        let found = self.by_word.get(words).into_iter().flatten().copied();
        found.filter(|no| self.all[*no].from_day <= day).collect()
    }

    /// A thing of a department that is sold on this day, the popular ones more often.
    pub(crate) fn draw(&self, dice: &mut Dice, department: usize, day: i64) -> usize {
        let of = &self.by_department[department];
        let one = |dice: &mut Dice| of[self.popular[department].draw(dice)];
        let first = one(dice);
        // What is new has no past: who meets it before its day takes another.
        if self.all[first].from_day <= day {
            first
        } else {
            of.iter().copied().find(|no| self.all[*no].from_day <= day).unwrap_or(first)
        }
    }
}

/// By what they are called.
fn by_word(all: &[Thing]) -> HashMap<String, Vec<usize>> {
    let mut by_word: HashMap<String, Vec<usize>> = HashMap::new();
    for (no, thing) in all.iter().enumerate() {
        let [whole, noun] = thing.called();
        if noun != whole {
            by_word.entry(noun).or_default().push(no);
        }
        by_word.entry(whole).or_default().push(no);
    }
    by_word
}

fn thing(settings: &Settings, no: usize) -> Thing {
    let mut dice = Dice::new(settings.seed, "thing", no as u64);
    // Every department is there from the first things on.
    let department = no % N_DEPARTMENTS;
    let kind = &DEPARTMENTS[department];
    let brand = dice.below(N_BRANDS);
    let quality = dice.bell();
    let price = dice.around(kind.price, 0.45) * (0.12 * quality).exp();
    let price_minor = pleasing(price);
    #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^53")]
    let cost_minor = i64::try_from(whole(price_minor as f64 * dice.between(0.42, 0.74))).unwrap_or(0);
    // The first is asked for to know whose company it is (`FIRST_ITEM`): it is sold from the first day on.
    let is_new = dice.chance(0.12) && no > 0;
    let from_day =
        if is_new { settings.first_day() + whole_days(dice.between(0.0, f64::from(settings.n_days) * 1.2)) } else { 0 };
    Thing {
        id: format!("LK-{no:04}"),
        name: words::name(department, no / N_DEPARTMENTS),
        department,
        brand: words::brand(brand),
        price_minor,
        cost_minor,
        lasts_days: kind.lasts_days.map(|days| dice.around(days, 0.25)),
        from_day,
        taste: std::array::from_fn(|_| dice.bell()),
        quality,
        companions: [no; 2],
        shelf: u32::try_from(whole(dice.around(f64::from(settings.n_customers) * SHELF_A_CUSTOMER + 4.0, 0.6)))
            .unwrap_or(u32::MAX)
            .max(2),
    }
}

/// A price as shops write it: 4.99, 12.90, 249.
fn pleasing(price: f64) -> i64 {
    let (step, less) = if price < 10.0 {
        (50.0, 1)
    } else if price < 80.0 {
        (100.0, 10)
    } else {
        (1_000.0, 100)
    };
    let steps = i64::try_from(whole((price * 100.0 / step).round())).unwrap_or(1).max(1);
    #[expect(clippy::cast_possible_truncation, reason = "the step is a whole number")]
    let step = step as i64;
    steps * step - less
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;
    use std::collections::BTreeSet;

    fn things(n_customers: u32) -> Things {
        Things::new(&Settings::new(Seed::new(7), n_customers, 180).unwrap())
    }

    #[test]
    fn prices_please_and_leave_a_margin() {
        assert_eq!([4.8, 12.3, 251.0, 0.1].map(pleasing), [499, 1_190, 24_900, 49]);
        for thing in things(1_000).all() {
            assert!(0 < thing.cost_minor && thing.cost_minor < thing.price_minor, "{thing:?}");
        }
    }

    #[test]
    fn every_department_sells_things_of_names_of_their_own() {
        let things = things(3_000);
        let names: BTreeSet<&str> = things.all().iter().map(|thing| thing.name.as_str()).collect();
        assert_eq!(names.len(), things.all().len());
        assert!(things.by_department.iter().all(|of| of.len() >= 10));
        assert!(things.all().iter().all(|thing| thing.companions.iter().all(|no| *no < things.all().len())));
    }

    #[test]
    fn nothing_is_sold_before_its_day() {
        let things = things(3_000);
        let first_day = 20_779 - 180;
        let n_new = things.all().iter().filter(|thing| thing.from_day > first_day).count();
        assert!(n_new > 20, "{n_new}");
        let mut dice = Dice::new(Seed::new(1), "test", 0);
        for department in 0..N_DEPARTMENTS {
            for _ in 0..200 {
                assert!(things.get(things.draw(&mut dice, department, first_day)).from_day <= first_day);
            }
        }
    }

    #[test]
    fn a_search_finds_what_is_called_so_in_the_order_of_the_shelves() {
        let things = things(3_000);
        let name = things.get(300).name.to_lowercase();
        let whole = name.split(',').next().unwrap();
        let (narrow, wide) = (things.search(whole, 30_000), things.search(whole.rsplit(' ').next().unwrap(), 30_000));
        assert!(narrow.contains(&300) && narrow.len() < wide.len() && narrow.iter().all(|no| wide.contains(no)));
        assert!(wide.is_sorted() && things.search("nonsense", 30_000).is_empty());
        let later = things.all().iter().position(|thing| thing.from_day > 20_700).unwrap();
        let name = things.get(later).name.to_lowercase();
        let of_day = |day| things.search(name.split(',').next().unwrap(), day).contains(&later);
        assert!(!of_day(things.get(later).from_day - 1) && of_day(things.get(later).from_day));
    }

    #[test]
    fn every_thing_has_a_text_and_a_picture() {
        for thing in things(2).all() {
            assert!(thing.text().len() > 40 && thing.text().contains(&thing.brand), "{}", thing.text());
            let picture = thing.picture();
            assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>") && picture.len() < 1_200, "{picture}");
        }
    }
}
