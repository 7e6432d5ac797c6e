//! Who looks in and goes again? Most of a shop's visitors never say who they are.

use crate::calendar::Today;
use crate::company::Company;
use crate::dice::{Dice, whole};
use crate::message::{Message, Names, Sender, call};
use crate::object::{Object, object};
use crate::things::N_DEPARTMENTS;
use primitives::{DAY_MS, HOUR_MS, Timestamp};

/// So many a day for each customer there will ever be.
const A_DAY: f64 = 0.03;

/// What the shop tells of everybody who looked in on a day.
pub(crate) fn pass_by(company: &Company, today: &Today) -> Vec<Message> {
    let mut dice = Dice::new(company.settings().seed, "passers", today.day.unsigned_abs());
    let n = f64::from(company.settings().n_customers) * A_DAY * today.traffic + dice.unit();
    let mut told = Vec::new();
    for no in 0..whole(n) {
        look_in(company, today, &mut dice, no, &mut told);
    }
    told
}

fn look_in(company: &Company, today: &Today, dice: &mut Dice, no: usize, told: &mut Vec<Message>) {
    let device = format!("d-{}{}", dice.hex(), dice.hex());
    let names = Names { user: None, device: Some(&device) };
    #[expect(clippy::cast_precision_loss, reason = "an hour is far below 2^53 milliseconds")]
    let hour_ms = HOUR_MS as f64;
    let mut clock = whole((8.0 + 14.0 * dice.unit()) * hour_ms);
    let mut nth = 0;
    let mut say = |clock: usize, kind: &str, fields: &Object| {
        nth += 1;
        let at = Timestamp::from_millis(
            (today.day * DAY_MS).saturating_add(i64::try_from(clock).unwrap_or(0).min(DAY_MS - 1)),
        );
        let mut call = call(kind, company.passer_message_id(today.day, no, nth), at, names);
        call.join(fields);
        told.push(Message { at, sender: Sender::Browser, json: call.end() });
    };
    let path = ["/", "/sale", "/coffee", "/gifts"][dice.below(4)];
    say(clock, "page", &object([("name", "Home".into()), ("properties", object([("path", path.into())]).into())]));
    // What everybody looks at is what is in season.
    let department = dice.weighted(&std::array::from_fn::<f64, N_DEPARTMENTS, _>(|no| today.demand[no]));
    for _ in 0..dice.times(1.2, 9) {
        clock += whole(dice.around(20_000.0, 0.5));
        let thing = company.things().get(company.things().draw(dice, department, today.day));
        let properties = object([
            ("product_id", thing.id.as_str().into()),
            ("name", thing.name.as_str().into()),
            ("category", company.things().department(thing.department).into()),
            ("price", company.major(company.price_on(thing, today))),
            ("currency", company.currency()),
        ]);
        say(clock, "track", &object([("event", "Product Viewed".into()), ("properties", properties.into())]));
    }
}
