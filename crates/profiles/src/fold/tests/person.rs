//! What is known of a customer after any life: how much happened and when, what lately, and what they agreed to?

use super::*;
use events::{CallKind, Fields};
use governance::{ConsentPolicy, Purpose, Voice};
use serde_json::{Value, json};

fn fields(value: Value) -> Fields {
    let Value::Object(fields) = value else { panic!("fields are an object") };
    fields.into()
}

fn says(recorded: &mut Recorded, granted: bool) {
    recorded.event.context = fields(json!({"consent": {"categoryPreferences": {"analytics": granted}}}));
}

/// Events of few names, at moments that are not those of the log, some with a word about analytics.
fn lives() -> impl Strategy<Value = Vec<Recorded>> {
    let more = proptest::collection::vec((0_i64..40, proptest::option::of(any::<bool>())), 60);
    let events = proptest::collection::vec(arbitrary_events(), 2).prop_map(|parts| parts.concat());
    (events, more).prop_map(|(events, more)| {
        let numbered = (1..).zip(events).zip(more);
        let told = numbered.map(|((offset, mut recorded), (second, word))| {
            recorded.offset = Offset(offset);
            recorded.event.message_id = format!("m{offset}").into();
            recorded.event.occurred_at = Timestamp::from_millis(second * 1_000);
            if let Some(granted) = word {
                says(&mut recorded, granted);
            }
            recorded
        });
        told.collect()
    })
}

/// A sum over all customers that is kept while they change.
#[derive(Default)]
pub(super) struct EventsWatched(pub(super) u64);

impl Watch<Seen> for EventsWatched {
    type Before = u64;
    fn before(&mut self, customer: &Customer<Seen>, _: &Recorded) -> u64 {
        customer.profile.n_events
    }
    fn after(&mut self, customer: &Customer<Seen>, before: u64) {
        self.0 += customer.profile.n_events - before;
    }
    fn leaves(&mut self, customer: &Customer<Seen>) {
        self.0 -= customer.profile.n_events;
    }
    fn enters(&mut self, customer: &Customer<Seen>) {
        self.0 += customer.profile.n_events;
    }
}

proptest! {
    /// Whatever was joined on the way, a profile says what a recount of the customer's events says.
    #[test]
    fn a_profile_equals_a_recount_of_its_events(life in lives()) {
        let mut profiles = Profiles::<Seen>::open(Arc::new(MemoryProfileStore::default())).unwrap();
        let mut watched = EventsWatched::default();
        for recorded in &life {
            profiles.apply_watched(recorded, &mut watched).unwrap();
        }
        let mut n_events = 0;
        let last_event_at = life.iter().map(|recorded| recorded.event.occurred_at).max();
        prop_assert_eq!((profiles.totals().n_events, profiles.totals().last_event_at), (life.len() as u64, last_event_at));
        for Customer { profile, state } in profiles.into_resident() {
            let mut own: Vec<_> = life.iter().filter(|recorded| state.0.contains(&recorded.offset.0)).collect();
            own.sort_by_key(|recorded| (recorded.event.occurred_at, recorded.event.key()));
            let at = |recorded: Option<&&Recorded>| recorded.map(|recorded| recorded.event.occurred_at);
            prop_assert_eq!((profile.n_events, Some(profile.first_seen), Some(profile.last_seen)), (own.len() as u64, at(own.first()), at(own.last())));
            let newest: Vec<Offset> = own[own.len().saturating_sub(25)..].iter().map(|recorded| recorded.offset).collect();
            prop_assert_eq!(profile.moments.as_slice().iter().map(|moment| moment.offset).collect::<Vec<_>>(), newest);
            n_events += profile.n_events;
        }
        prop_assert_eq!(watched.0, n_events, "who watches hears of every change");
    }

    /// Whoever refused last is refused, under whichever name they said so and whoever they turned out to be.
    #[test]
    fn the_last_refusal_holds_across_joins(life in lives()) {
        for Customer { profile, state } in fold(&life).into_resident() {
            let own = life.iter().filter(|recorded| state.0.contains(&recorded.offset.0));
            let words: Vec<_> = own.flat_map(|recorded| {
                let at = recorded.event.occurred_at;
                events::consent_statements(&recorded.event).into_iter().map(move |(_, granted)| (at, granted))
            }).collect();
            let answer = ConsentPolicy::default().answer(&profile.consents, Purpose::Analytics);
            match words.iter().map(|(at, granted)| (*at, !granted)).max() {
                Some((_, true)) => prop_assert!(!answer.granted),
                Some((_, false)) => prop_assert_eq!(answer.basis.name(), "stated"),
                None => prop_assert_eq!(answer.basis.name(), "default"),
            }
        }
    }
}

#[test]
fn a_grant_counts_by_whoever_sent_it() {
    for (origin, strict) in [(Origin::Client, "default"), (Origin::Server, "stated"), (Origin::Import, "stated")] {
        let mut said = from(origin, event(1, Some("ann"), None, None));
        says(&mut said, true);
        let consents = customer(&fold(&[said]), "ann").profile.consents;
        for (policy, expected) in
            [(ConsentPolicy::default(), "stated"), (ConsentPolicy::default().with_client_grants(false), strict)]
        {
            assert_eq!(policy.answer(&consents, Purpose::Analytics).basis.name(), expected, "{origin:?}");
        }
    }
    assert_eq!(Voice::ALL.len(), 2);
}

#[test]
fn a_moment_says_what_it_was_and_only_an_order_what_it_was_worth() {
    let two = json!({"products": [{"product_id": "tea"}, {"product_id": "jam"}], "revenue": 12.5, "currency": "EUR"});
    let one = json!({"product_id": "tea", "value": 3, "currency": "EUR"});
    let moments =
        [("Order Completed", two.clone()), ("Order Refunded", two), ("Product Viewed", one), ("Clicked", json!({}))];
    let mut told: Vec<Recorded> = Vec::new();
    for (offset, (name, properties)) in (1..).zip(moments) {
        let mut recorded = event(offset, Some("ann"), None, None);
        recorded.event.call = Call::Track { event: name.to_owned(), properties: fields(properties) };
        told.push(recorded);
    }
    told.push(event(5, Some("ann"), None, None));
    let profile = customer(&fold(&told), "ann").profile;
    let said = profile.moments.as_slice().iter();
    let said: Vec<_> =
        said.map(|m| (m.at.as_millis(), m.kind, &*m.title, m.value.map(|v| v.minor), m.n_products)).collect();
    assert_eq!(
        said[..4],
        [
            (1_000, CallKind::Track, "Order Completed", Some(1_250), 2),
            (2_000, CallKind::Track, "Order Refunded", Some(1_250), 2),
            (3_000, CallKind::Track, "Product Viewed", None, 1),
            (4_000, CallKind::Track, "Clicked", None, 0),
        ]
    );
    assert_eq!((said[4].1, said[4].3, said[4].4), (CallKind::Identify, None, 0));
}

#[test]
fn of_many_joins_the_newest_are_kept() {
    let mut life = vec![event(1, Some("ann"), None, None)];
    for n in 1..=70 {
        life.push(event(2 * n, None, Some(&format!("d-{n}")), None));
        life.push(event(2 * n + 1, Some("ann"), Some(&format!("d-{n}")), None));
    }
    let profiles = fold(&life);
    let joins = customer(&profiles, "ann").profile.joins;
    let offsets: Vec<u64> = joins.as_slice().iter().map(|join| join.offset.0).collect();
    assert_eq!(offsets, (7..=70).map(|n| 2 * n + 1).collect::<Vec<u64>>());
    assert_eq!((profiles.totals().n_merged, seen(&profiles, "ann").len()), (70, 141));
}

#[test]
fn one_event_that_joins_three_customers_keeps_both_joins() {
    let profiles = fold(&[
        event(1, Some("ann"), None, None),
        event(2, None, Some("phone"), None),
        event(3, None, Some("tablet"), None),
        event(4, Some("ann"), Some("phone"), Some("tablet")),
    ]);
    let joins = customer(&profiles, "ann").profile.joins;
    let absorbed: Vec<_> = joins.as_slice().iter().map(|join| (join.offset.0, join.absorbed.as_str())).collect();
    assert_eq!(absorbed, [(4, "anonymous:phone"), (4, "anonymous:tablet")]);
}
