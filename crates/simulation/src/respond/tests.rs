//! What the oracle says comes true when it is lived, with many coins.

use super::*;
use crate::actions::{Answer, Contact, Offer, Retention};
use crate::concerns::{CONCERNS, Concern};
use crate::host::{Host, Question, Reply, decision};
use crate::life::Membership;
use crate::message::Message;
use crate::settings::Settings;
use primitives::Seed;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const N_PEOPLE: u32 = 700;

/// Decides one thing always the same way, and keeps whom it was asked about.
struct Always {
    decision: &'static str,
    items: Vec<String>,
    attributes: BTreeMap<String, Value>,
    asked: Vec<BTreeMap<&'static str, Value>>,
    heard: Vec<Message>,
}

impl Always {
    fn answering(decision: &'static str, items: &[&str]) -> Self {
        let items = items.iter().map(|item| (*item).to_owned()).collect();
        Self { decision, items, attributes: BTreeMap::new(), asked: Vec::new(), heard: Vec::new() }
    }

    fn heard_of(&self, event: &str) -> impl Iterator<Item = Value> {
        let named = format!("\"event\":\"{event}\"");
        self.heard.iter().filter(move |heard| heard.json.contains(&named)).map(Message::payload)
    }
}

impl Host for Always {
    fn hear(&mut self, message: Message) {
        self.heard.push(message);
    }

    fn decides(&self, decision: &str) -> bool {
        decision == self.decision
    }

    fn decide(&mut self, question: &Question) -> Option<Reply> {
        self.asked.push(question.about.clone());
        let (items, attributes) = (self.items.clone(), self.attributes.clone());
        Some(Reply { decision_id: "D1".to_owned(), items, attributes })
    }
}

/// A company that has lived for a while, up to a Thursday on which a letter goes out.
fn grown() -> (&'static Company, Lives, &'static Today) {
    static GROWN: OnceLock<(Company, Lives, Today)> = OnceLock::new();
    let (company, lives, today) = GROWN.get_or_init(|| {
        let settings = Settings::new(Seed::new(23), N_PEOPLE, 90).unwrap();
        let mut company = Company::new(settings);
        let lives = company.live_until(settings.end_day, &mut |_| {});
        let is_letter_day = |day: &i64| day.div_euclid(7) % 2 == 0 && crate::calendar::weekday(*day) == 3;
        let today = company.calendar().today((settings.end_day..).find(is_letter_day).unwrap());
        (company, lives, today)
    });
    (company, lives.clone(), today)
}

/// Lets everybody live the day with these coins, and hands over what was heard of each.
fn play(
    (company, lives, today): &(&'static Company, Lives, &'static Today),
    n_coins: u32,
    mut host: impl FnMut() -> Always,
    mut hear: impl FnMut(Mind<'_>, &Always),
) {
    for no in 0..N_PEOPLE {
        for coin in 0..n_coins {
            let mut host = host();
            let mut life = lives.0[no as usize].clone();
            company.live_one(today, &company.people()[no as usize], &mut life, &format!("coin {coin}"), &mut host);
            hear(company.would(lives, no, today), &host);
        }
    }
}

/// What was expected, its variance, and what came.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    expected: f64,
    variance: f64,
    came: f64,
}

impl Tally {
    fn add(&mut self, p: f64, n_came: usize) {
        assert!((0.0..=1.0).contains(&p), "{p}");
        self.expected += p;
        self.variance += p * (1.0 - p);
        self.came += f64::from(u32::try_from(n_came).unwrap());
    }

    /// Within four standard errors, and a hundredth for what changes between morning and the moment.
    fn comes_true(self) {
        let error = 4.0 * self.variance.sqrt() + 0.01 * self.expected;
        assert!((self.expected - self.came).abs() < error && self.came > 50.0, "{self:?}");
    }
}

#[test]
fn an_offers_lift_comes_true() {
    let world = grown();
    let tally = |offer: Offer| {
        let mut tally = Tally::default();
        play(
            &world,
            60,
            || Always::answering(decision::OFFER, &[offer.name()]),
            |mind, host| {
                let Some(cart) = host.asked.first() else { return };
                #[expect(clippy::cast_possible_truncation, reason = "a cart of whole cents")]
                let value = (cart["value"].as_f64().unwrap() * 100.0).round() as i64;
                tally.add(mind.checks_out(value, offer), host.heard_of("Checkout Started").count());
            },
        );
        tally.comes_true();
        tally
    };
    let (none, tenth) = (tally(Offer::None), tally(Offer::Tenth));
    tally(Offer::FreeShipping);
    tally(Offer::Sample);
    assert!(tenth.came > none.came * 1.05, "{tenth:?} {none:?}");
}

#[test]
fn an_offer_wins_some_is_wasted_on_most_and_loses_a_few() {
    let (company, lives, today) = grown();
    let lifts: Vec<f64> = (0..N_PEOPLE)
        .map(|no| company.would(&lives, no, today))
        .map(|mind| mind.checks_out(3_000, Offer::Tenth) - mind.checks_out(3_000, Offer::None))
        .collect();
    let n = |is: fn(f64) -> bool| lifts.iter().filter(|lift| is(**lift)).count();
    assert!(n(|lift| lift > 0.1) > 100 && n(|lift| lift < -0.02) > 10, "{lifts:?}");
    // What is given away can cost more than it earns, and parcels that are free already win nobody.
    let mind = company.would(&lives, 3, today);
    assert!(mind.earns(3_000, 2_800, Offer::Tenth) < 0.0 && mind.earns(3_000, 1_500, Offer::None) > 0.0);
    let won = |value| mind.checks_out(value, Offer::FreeShipping) - mind.checks_out(value, Offer::None);
    assert!(won(1_000) > won(4_000) && won(4_899) > 0.0 && won(4_900).abs() < 1e-12);
    assert!((mind.earns(4_900, 0, Offer::FreeShipping) - mind.earns(4_900, 0, Offer::None)).abs() < 1e-9);
}

#[test]
fn prices_do_what_the_elasticity_says() {
    let world = grown();
    let ids: Vec<String> = world.0.things().all().iter().map(|thing| thing.id.clone()).collect();
    let tally = |factor: f64| {
        let (mut tally, mut usual) = (Tally::default(), 0.0);
        let pricing = || Always {
            attributes: ids.iter().map(|id| (id.clone(), factor.into())).collect(),
            ..Always::answering(decision::PRICE, &[])
        };
        play(&world, 12, pricing, |mind, host| {
            let seen: Vec<usize> = host
                .heard_of("Product Viewed")
                .filter_map(|seen| world.0.thing_no(seen["properties"]["product_id"].as_str()?))
                .filter(|thing| world.0.is_in_stock(*thing, world.2.day))
                .collect();
            seen.iter().for_each(|thing| tally.add(mind.takes(*thing, factor), 0));
            usual += seen.iter().map(|thing| mind.takes(*thing, 1.0)).sum::<f64>();
            tally.came += f64::from(u32::try_from(host.heard_of("Product Added").count()).unwrap());
        });
        tally.comes_true();
        // What an ideal experiment measures: by how much sales differ, for the change in price.
        (tally.came / usual).ln() / factor.ln()
    };
    let (down, up) = (tally(0.8), tally(1.25));
    assert!(down < -0.5 && up < down, "a raised price hurts more than a lowered one pleases: {down} {up}");
}

#[test]
fn the_elasticity_is_a_persons_own() {
    let (company, lives, today) = grown();
    let of: Vec<(f64, f64)> = (0..N_PEOPLE)
        .map(|no| {
            (company.people()[no as usize].taste.price_sensitivity, company.would(&lives, no, today).elasticity(5, 1.2))
        })
        .collect();
    assert!(of.iter().all(|(_, elasticity)| *elasticity < 0.0));
    let mean = |is_sensitive: bool| {
        let of: Vec<f64> = of.iter().filter(|(one, _)| (*one > 1.2) == is_sensitive).map(|(_, other)| *other).collect();
        of.iter().sum::<f64>() / f64::from(u32::try_from(of.len()).unwrap())
    };
    assert!(mean(true) < mean(false) - 0.8, "{} {}", mean(true), mean(false));
    let mind = company.would(&lives, 9, today);
    let arc = (mind.takes(5, 1.2) / mind.takes(5, 1.0)).ln() / 1.2_f64.ln();
    assert_eq!(mind.elasticity(5, 1.2).to_bits(), arc.to_bits());
}

#[test]
fn what_is_shown_is_followed_as_often_as_its_place_and_its_person_say() {
    let world = grown();
    let items = ["LK-0003", "LK-0040", "LK-0100", "LK-0011"];
    let mut places = [Tally::default(); 4];
    play(
        &world,
        30,
        || Always::answering(decision::RECOMMEND, &items),
        |mind, host| {
            for (place, item) in items.iter().enumerate() {
                let about =
                    |event| host.heard_of(event).filter(|heard| heard["properties"]["item_id"] == *item).count();
                if about("Decision Shown") > 0 {
                    places[place].add(mind.follows(world.0.thing_no(item).unwrap(), place), about("Decision Clicked"));
                }
            }
        },
    );
    places.into_iter().for_each(Tally::comes_true);
    let mind = world.0.would(&world.1, 0, world.2);
    assert!((mind.follows(3, 1) / mind.follows(3, 0) - 0.72).abs() < 1e-9);
}

#[test]
fn who_searches_reads_from_the_top() {
    let (company, lives, today) = grown();
    let mind = company.would(&lives, 4, today);
    let found = [7, 23, 39, 55];
    let at = |place: usize| mind.clicks(found[place], &found);
    for place in 0..4 {
        let chances = at(place);
        assert!(chances.iter().sum::<f64>() < 1.0 && chances.iter().all(|p| *p > 0.0), "{chances:?}");
    }
    let of_wanted: Vec<f64> = (0..4).map(|place| at(place)[place]).collect();
    assert!((of_wanted[0] - 0.9).abs() < 1e-12 && of_wanted.is_sorted_by(|a, b| a > b), "{of_wanted:?}");
    // Who has clicked, and who has given up, reads no further.
    let chances = at(0);
    assert!(chances[1] <= (1.0 - chances[0]) * 0.86 * 0.48);
    assert!(mind.clicks(7, &[]).is_empty());
}

#[test]
fn letters_are_opened_as_the_hour_says() {
    let world = grown();
    let tally = |hour: u32| {
        let mut tally = Tally::default();
        play(
            &world,
            12,
            || Always::answering(decision::SEND_TIME, &[&hour.to_string()]),
            |mind, host| {
                if host.heard_of("Email Sent").count() > host.heard_of("Email Bounced").count() {
                    tally.add(mind.opens(f64::from(hour)), host.heard_of("Email Opened").count());
                    for sent in host.heard_of("Email Sent").chain(host.heard_of("Email Opened")) {
                        let at = primitives::Timestamp::parse(sent["timestamp"].as_str().unwrap()).unwrap();
                        let ahead = crate::people::hours_ahead(mind.person.region(world.2.day));
                        let clock = (at.as_millis() - world.2.day * primitives::DAY_MS) / primitives::HOUR_MS + ahead;
                        assert!(clock >= i64::from(hour), "{clock} {hour}");
                    }
                }
            },
        );
        tally.comes_true();
        tally
    };
    let (morning, noon) = (tally(6), tally(12));
    assert!(morning.came / morning.expected > 0.9 && noon.came > 0.0);
    // Each has an hour of their own, and just before it is the best.
    let mind = world.0.would(&world.1, 2, world.2);
    let own = mind.person.nature.mail_hour;
    assert!(mind.opens(own) > mind.opens(own - 3.0) && mind.opens(own - 3.0) > mind.opens(own + 1.0));
}

#[test]
fn what_an_answer_contains_comes_true() {
    let mut world = grown();
    // Everybody has something to ask.
    for life in &mut world.1.0 {
        life.await_in(world.2.day - 1, 1.0, crate::life::Ahead::Fault { contact: Contact::None, decided_by: None });
    }
    let (mut right, mut wrong) = (Tally::default(), Tally::default());
    for (answer, tally) in [(Concern::Fault, &mut right), (Concern::Praise, &mut wrong)] {
        play(
            &world,
            40,
            || Always::answering(decision::ANSWER, &[answer.name()]),
            |mind, host| {
                if host.asked.len() != 1 {
                    return;
                }
                let created =
                    host.heard_of("Ticket Created").find(|heard| heard["properties"]["channel"] != "phone").unwrap();
                let concern =
                    CONCERNS.into_iter().find(|one| created["properties"]["subject"] == one.subject()).unwrap();
                let contained = host.heard_of("Decision Converted").count();
                tally.add(mind.is_contained(concern, Answer::Ready(answer)), contained);
                assert!(contained == 0 || host.heard_of("Ticket Resolved").count() > 0);
            },
        );
    }
    right.comes_true();
    wrong.comes_true();
    let mind = world.0.would(&world.1, 0, world.2);
    assert_eq!(mind.is_contained(Concern::Late, Answer::Human).to_bits(), 0.0_f64.to_bits(), "somebody had to see it");
    assert!(mind.is_solved(Concern::Late, 1.0, 0.5) > mind.is_solved(Concern::Late, 1.0, 0.0));
    assert!(mind.is_solved(Concern::Late, 1.0, 0.0) > mind.is_solved(Concern::Late, 3.0, 0.0));
}

#[test]
fn who_hears_first_complains_less_but_for_those_who_would_have_been_silent() {
    let mut world = grown();
    for contact in Contact::ALL {
        for life in &mut world.1.0 {
            life.ahead.clear();
            life.await_in(world.2.day - 1, 1.0, crate::life::Ahead::Fault { contact, decided_by: None });
        }
        let mut tally = Tally::default();
        play(
            &world,
            6,
            || Always::answering(decision::CONTACT, &[]),
            |mind, host| {
                if mind.life.has_said_who {
                    let is = |heard: &Value| heard["properties"]["subject"] == Concern::Fault.subject();
                    tally.add(mind.complains(contact), host.heard_of("Ticket Created").filter(is).count());
                }
            },
        );
        tally.comes_true();
    }
    let minds: Vec<Mind<'_>> = (0..N_PEOPLE).map(|no| world.0.would(&world.1, no, world.2)).collect();
    let changes = |contact| move |mind: &Mind<'_>| mind.complains(contact) - mind.complains(Contact::None);
    let n_woken = minds.iter().map(changes(Contact::Email)).filter(|change| *change > 0.0).count();
    assert!((20..350).contains(&n_woken), "{n_woken}");
    assert!(minds.iter().map(changes(Contact::Call)).all(|change| change < 0.0));
    let n_vexed = minds.iter().filter(|mind| mind.is_relieved(Contact::Call) < 0.0).count();
    assert!((5..350).contains(&n_vexed), "{n_vexed}");
}

#[test]
fn who_is_offered_something_stays_as_the_function_says() {
    let mut world = grown();
    for life in &mut world.1.0 {
        life.has_said_who = true;
        life.gone_on = None;
        life.use_level = 0.1;
        let due = world.2.day + 20;
        let (no, plan, n_failed, is_paused) = (1, 1, 0, false);
        life.membership =
            Some(Membership { no, plan, renews_on: due, n_failed, is_paused, offered: None, asked: None });
    }
    for offered in [Retention::None, Retention::MonthFree] {
        let mut tally = Tally::default();
        play(
            &world,
            25,
            || Always::answering(decision::RETAIN, &[offered.name()]),
            |mind, host| {
                if mind.person.from_day <= world.2.day {
                    assert_eq!(host.asked.len(), 1);
                    tally.add(mind.cancels(offered), host.heard_of("Subscription Cancelled").count());
                }
            },
        );
        tally.comes_true();
    }
    // A rest is taken by those whom it holds, and told as a plan that costs nothing.
    let mut rests = 0;
    play(
        &world,
        1,
        || Always::answering(decision::RETAIN, &["pause"]),
        |_, host| {
            for rest in host.heard_of("Subscription Downgraded") {
                assert_eq!(
                    (rest["properties"]["plan"].as_str(), rest["properties"]["amount"].as_f64()),
                    (Some("Larkspur Pause"), Some(0.0))
                );
                rests += 1;
            }
        },
    );
    assert!((60..500).contains(&rests), "{rests}");
    let minds = (0..N_PEOPLE).map(|no| world.0.would(&world.1, no, world.2));
    let lifts: Vec<f64> =
        minds.map(|mind| mind.cancels(Retention::MonthFree) - mind.cancels(Retention::None)).collect();
    assert!(lifts.iter().filter(|lift| **lift > 0.0).count() > 50, "some had only forgotten that they pay");
    assert!(lifts.iter().filter(|lift| **lift < -0.01).count() > 50, "and others are held");
}
