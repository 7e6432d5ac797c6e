//! Nothing that the company tells marks a crook: what gives them away is what they do.

#![expect(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a test")]

use primitives::Seed;
use serde_json::Value;
use simulation::{Company, Settings};
use std::collections::{BTreeMap, BTreeSet};

const N_CUSTOMERS: u32 = 1_400;
const N_DAYS: u32 = 26;
/// Companies of which is learned, and as many on which it is judged.
const N_COMPANIES: u64 = 4;

/// What was told of one account or device, in order.
type Told = BTreeMap<String, Vec<Value>>;

struct Lived {
    by_account: Told,
    by_device: Told,
    crooks: BTreeSet<String>,
}

fn lived(seed: u64, n_customers: u32, n_days: u32) -> Lived {
    let settings = Settings::new(Seed::new(seed), n_customers, n_days).unwrap();
    let mut company = Company::new(settings);
    let (mut by_account, mut by_device) = (Told::new(), Told::new());
    let mut lives = company.lives();
    for day in settings.first_day()..settings.end_day {
        for message in company.live(&mut lives, day) {
            let told = message.payload();
            if let Some(device) = told["anonymousId"].as_str() {
                by_device.entry(device.to_owned()).or_default().push(told.clone());
            }
            if let Some(user) = told["userId"].as_str() {
                by_account.entry(user.to_owned()).or_default().push(told);
            }
        }
    }
    Lived { by_account, by_device, crooks: company.crooked_accounts().map(str::to_owned).collect() }
}

/// Of which kinds of characters a text is: what a prefix, a length, a host would show.
fn form_of(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_digit() { '9' } else { letter }).collect()
}

/// Texts that are names of something, of which the form may give somebody away.
const IDS: [&str; 8] =
    ["messageId", "userId", "anonymousId", "order_id", "payment_id", "session_id", "loyaltyId", "product_id"];

/// The fields of a message, with the form of its ids and the host of an e-mail.
fn shape_of(name: &str, told: &Value, shape: &mut BTreeSet<String>) {
    match told {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            let inner = format!("{name}.{key}");
            shape.insert(inner.clone());
            match (key.as_str(), value) {
                // Of devices every digit is one of sixteen; numbers of what was told grow from day to day.
                ("anonymousId", Value::String(id)) => drop(shape.insert(format!("{inner}={}", id.len()))),
                (key, Value::String(id)) if IDS.contains(&key) => {
                    let mut parts = id.splitn(3, '-');
                    let first: String = form_of(parts.next().unwrap_or_default());
                    let form = format!("{inner}={}:{}", if key == "messageId" { "lk" } else { &first }, parts.count());
                    shape.insert(form);
                }
                ("email", Value::String(email)) => {
                    shape.insert(format!("{inner}=@{}", email.split_once('@').unwrap().1));
                }
                (_, value) => shape_of(&inner, value, shape),
            }
        }),
        Value::Array(all) => all.iter().for_each(|one| shape_of(&format!("{name}[]"), one, shape)),
        _ => {}
    }
}

fn name_of(told: &Value) -> String {
    told["event"].as_str().or(told["type"].as_str()).unwrap_or_default().to_owned()
}

#[test]
fn what_crooks_tell_has_the_form_of_what_everybody_tells() {
    let lived = lived(7, 3_000, N_DAYS);
    // For each way of writing a message: how many crooks and how many others write so.
    let mut n_of: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    let mut n_known = [0; 2];
    for (account, messages) in &lived.by_account {
        let is_crook = usize::from(lived.crooks.contains(account));
        n_known[is_crook] += 1;
        let mut shapes = BTreeSet::new();
        messages.iter().for_each(|told| shape_of(&name_of(told), told, &mut shapes));
        shapes.into_iter().for_each(|shape| n_of.entry(shape).or_default()[is_crook] += 1);
    }
    assert!(n_known[1] > 12, "{n_known:?}");
    for (shape, [n_others, n_crooks]) in &n_of {
        assert!(*n_crooks == 0 || *n_others > 5, "{shape}: {n_crooks} crooks write so, and {n_others} others");
    }
    // Whatever everybody tells who says who they are, each crook tells, too.
    for (shape, [n_others, n_crooks]) in
        n_of.iter().filter(|(shape, _)| shape.starts_with("identify") && !shape.contains("=@"))
    {
        let shares = [*n_others as f64 / n_known[0] as f64, *n_crooks as f64 / n_known[1] as f64];
        assert!((shares[0] - shares[1]).abs() < 0.35, "{shape}: {shares:?}");
    }
}

/// The digits of a text, as a number.
fn digits(text: &str) -> f64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0.0)
}

/// What can be seen of an account without looking at what it does.
fn surface_of(account: &str, messages: &[Value]) -> Vec<f64> {
    let identify = messages.iter().find(|told| told["type"] == "identify");
    let traits = identify.map_or(&Value::Null, |told| &told["traits"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let said = |key: &str| text(&traits[key]);
    let first = &messages[0];
    let part = |text: &str, nth: usize| text.split('-').nth(nth).unwrap_or_default().to_owned();
    let id = text(&first["messageId"]);
    let ids = messages.iter().find_map(|told| told["properties"]["order_id"].as_str()).unwrap_or_default();
    let device = messages.iter().find_map(|told| told["anonymousId"].as_str()).unwrap_or_default();
    let host = said("email").split_once('@').map_or(0.0, |(_, host)| f64::from(host.as_bytes()[0]));
    let email = said("email");
    vec![
        digits(account),
        digits(account) % 7.0,
        account.len() as f64,
        id.len() as f64,
        digits(&part(&id, 1)),
        digits(&part(ids, 0)),
        ids.len() as f64,
        u32::from_str_radix(device.get(2..8).unwrap_or_default(), 16).map_or(0.0, f64::from),
        device.len() as f64,
        host,
        email.len() as f64,
        digits(&email),
        said("firstName").len() as f64,
        f64::from(said("lastName").bytes().next().unwrap_or_default()),
        traits.as_object().map_or(0.0, |traits| traits.len() as f64),
        f64::from(u8::from(traits["loyaltyId"].is_string())),
        said("street").len() as f64,
        f64::from(u8::from(identify.is_some_and(|told| told["context"]["consent"].is_object()))),
    ]
}

/// The share of pairs of a crook and another in which the crook has the higher score; a half where both have the same.
fn auc(scored: &[(f64, bool)]) -> f64 {
    let of = |is_crook: bool| scored.iter().filter(move |(_, is)| *is == is_crook).map(|(score, _)| *score);
    let (mut won, mut n) = (0.0, 0.0);
    for crook in of(true) {
        for other in of(false) {
            won += if crook > other { 1.0 } else { f64::from(u8::from(crook.to_bits() == other.to_bits())) / 2.0 };
            n += 1.0;
        }
    }
    won / n
}

/// A tree: at each fork the feature and the border that part crooks from others best.
enum Tree {
    Leaf(f64),
    Fork(usize, f64, Box<[Tree; 2]>),
}

impl Tree {
    fn grow(cases: &[&(Vec<f64>, bool)], depth: usize) -> Self {
        let share = |of: &[&(Vec<f64>, bool)]| {
            (of.iter().filter(|case| case.1).count() as f64 + 0.01) / (of.len() as f64 + 1.0)
        };
        let impurity = |of: &[&(Vec<f64>, bool)]| of.len() as f64 * share(of) * (1.0 - share(of));
        let mut best: Option<(f64, usize, f64)> = None;
        for feature in 0..cases.first().map_or(0, |case| case.0.len()) {
            let mut values: Vec<f64> = cases.iter().map(|case| case.0[feature]).collect();
            values.sort_by(f64::total_cmp);
            for border in (1..12).map(|nth| values[values.len() * nth / 12]) {
                let (low, high): (Vec<_>, Vec<_>) = cases.iter().copied().partition(|case| case.0[feature] < border);
                let impurity = impurity(&low) + impurity(&high);
                if low.len().min(high.len()) >= 20 && best.is_none_or(|(least, ..)| impurity < least) {
                    best = Some((impurity, feature, border));
                }
            }
        }
        let Some((_, feature, border)) = best.filter(|_| depth > 0) else { return Self::Leaf(share(cases)) };
        let (low, high): (Vec<_>, Vec<_>) = cases.iter().copied().partition(|case| case.0[feature] < border);
        Self::Fork(feature, border, Box::new([Self::grow(&low, depth - 1), Self::grow(&high, depth - 1)]))
    }

    fn score(&self, case: &[f64]) -> f64 {
        match self {
            Self::Leaf(share) => *share,
            Self::Fork(feature, border, sides) => sides[usize::from(case[*feature] >= *border)].score(case),
        }
    }
}

/// Whoever said who they are, once.
fn cases(lived: &Lived) -> Vec<(Vec<f64>, bool)> {
    let said_who = |messages: &Vec<Value>| messages.iter().any(|told| told["type"] == "identify");
    let all = lived.by_account.iter().filter(|(_, messages)| said_who(messages));
    all.map(|(account, messages)| (surface_of(account, messages), lived.crooks.contains(account))).collect()
}

#[test]
fn no_surface_tells_crooks_from_others() {
    let (mut scored, mut alone) = (Vec::new(), BTreeMap::<usize, Vec<(f64, bool)>>::new());
    // Learned from some companies, judged on others.
    let of = |seeds: std::ops::Range<u64>| -> Vec<(Vec<f64>, bool)> {
        seeds.flat_map(|seed| cases(&lived(seed, N_CUSTOMERS, N_DAYS))).collect()
    };
    let (learned, judged) = (of(1..1 + N_COMPANIES), of(101..101 + N_COMPANIES));
    let tree = Tree::grow(&learned.iter().collect::<Vec<_>>(), 3);
    scored.extend(judged.iter().map(|(case, is)| (tree.score(case), *is)));
    for (case, is) in learned.iter().chain(&judged) {
        case.iter().enumerate().for_each(|(no, value)| alone.entry(no).or_default().push((*value, *is)));
    }
    let n_crooks = judged.iter().filter(|(_, is)| *is).count();
    assert!(n_crooks > 30, "{n_crooks}");
    let found = auc(&scored);
    assert!((0.36..0.64).contains(&found), "a tree tells them by the surface: {found}");
    for (feature, scored) in alone {
        let found = auc(&scored);
        assert!((0.38..0.62).contains(&found), "feature {feature} alone: {found}");
    }
}

/// What they do: how many orders, how dear, how many refused, how much one device is shared, how many live at one door.
#[test]
fn what_they_do_gives_crooks_away() {
    let lived = lived(7, 3_000, N_DAYS);
    let users_of = |device: &str| -> BTreeSet<&str> {
        lived.by_device[device].iter().filter_map(|told| told["userId"].as_str()).collect()
    };
    let crooks: Vec<(&String, &Vec<Value>)> =
        lived.by_account.iter().filter(|(account, _)| lived.crooks.contains(*account)).collect();
    let (mut n_sharing, mut n_refused_most) = (0, 0);
    for (_, messages) in &crooks {
        let devices = messages.iter().filter_map(|told| told["anonymousId"].as_str());
        n_sharing += usize::from(devices.into_iter().any(|device| users_of(device).len() >= 3));
        let n = |event: &str| messages.iter().filter(|told| told["event"] == event).count();
        n_refused_most += usize::from(n("Payment Declined") >= 10);
    }
    assert!(n_sharing > 3 && n_refused_most > 3, "{n_sharing} {n_refused_most} of {}", crooks.len());
    // Of honest ones nobody shares a device with more than one other, nor is refused so often.
    for (account, messages) in lived.by_account.iter().filter(|(account, _)| !lived.crooks.contains(*account)) {
        let n = messages.iter().filter(|told| told["event"] == "Payment Declined").count();
        assert!(n < 10, "{account} {n}");
    }
    // Programs move no pointer, and nearly everybody else does.
    let left = lived.by_device.values().filter_map(|messages| {
        let n_viewed = messages.iter().filter(|told| told["event"] == "Product Viewed").count();
        let left = messages.iter().find(|told| told["event"] == "Page Left")?;
        Some((n_viewed > 200, left["properties"]["pointer_moves"] == 0))
    });
    let still: Vec<bool> = left.clone().filter(|(is_program, _)| *is_program).map(|(_, is_still)| is_still).collect();
    assert!(still.len() > 3 && still.iter().filter(|is_still| **is_still).count() * 10 > still.len() * 8, "{still:?}");
    let others: Vec<bool> = left.filter(|(is_program, _)| !*is_program).map(|(_, is_still)| is_still).collect();
    assert!(others.iter().filter(|is_still| **is_still).count() * 8 < others.len());
}

/// What a bank takes back was paid, by this payment, for this order; what was paid is what the order came to; and nothing is
/// paid back twice.
#[test]
fn money_adds_up() {
    let lived = lived(7, 1_300, 75);
    let (mut paid, mut ordered) = (BTreeMap::new(), BTreeMap::new());
    let (mut taken, mut back) = (Vec::new(), BTreeSet::new());
    let mut n_wrong = 0;
    for told in lived.by_account.values().flatten() {
        let properties = &told["properties"];
        let text = |key: &str| properties[key].as_str().unwrap_or_default().to_owned();
        match told["event"].as_str().unwrap_or_default() {
            "Payment Approved" if !text("order_id").is_empty() => {
                paid.insert(text("payment_id"), (text("order_id"), properties["amount"].clone()));
            }
            "Order Completed" => drop(ordered.insert(text("order_id"), properties["revenue"].clone())),
            "Chargeback Received" => {
                taken.push((text("payment_id"), (text("order_id"), properties["amount"].clone())));
            }
            "Order Refunded" => n_wrong += usize::from(!back.insert(text("order_id"))),
            _ => {}
        }
    }
    assert!(ordered.len() > 1_000 && back.len() > 15 && taken.len() > 3, "{} {}", back.len(), taken.len());
    assert_eq!(n_wrong, 0, "paid back twice");
    for (order, amount) in paid.values() {
        assert_eq!(ordered.get(order), Some(amount), "{order}");
    }
    for (payment, what) in taken {
        assert_eq!(paid.get(&payment), Some(&what), "{payment}");
    }
}
