//! Is every withdrawal of somebody who was learned from counted, once, and no other?

use super::files::tiny_churn;
use super::world::{day, load, numbered, order};
use crate::{ModelHeader, Withdrawals, Withdrawn};
use events::{Call, Event, Offset, Origin, Recorded};
use features::FeatureState;
use governance::{ConsentPolicy, Purpose};
use primitives::Timestamp;
use profiles::{MemoryProfileStore, ProfileStore, Profiles};
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;

/// Says what somebody agrees to, as every event of a shop with a consent banner does.
fn says(customer: &str, analytics: bool, at: Timestamp) -> Event {
    let mut event = order(customer, &format!("says {analytics}"), at, at);
    let consent = json!({"consent": {"categoryPreferences": {"analytics": analytics, "marketing": false}}});
    event.context = consent.as_object().unwrap().clone().into();
    event
}

struct Fold {
    profiles: Profiles<FeatureState>,
    withdrawals: Withdrawals,
    store: Arc<MemoryProfileStore>,
}

impl Fold {
    fn new(policy: &ConsentPolicy) -> Self {
        let store = Arc::new(MemoryProfileStore::default());
        let withdrawals = Withdrawals::open(store.as_ref(), policy).unwrap();
        Self { profiles: Profiles::open(store.clone()).unwrap(), withdrawals, store }
    }

    fn apply(&mut self, recorded: &Recorded) {
        let before = self.withdrawals.before(&self.profiles, recorded).unwrap();
        self.profiles.apply(recorded).unwrap();
        self.withdrawals.after(before, &self.profiles, recorded).unwrap();
    }

    /// Everything, stored and opened again on the way.
    fn all(events: &[Recorded], policy: &ConsentPolicy) -> Self {
        let mut fold = Self::new(policy);
        for recorded in events {
            fold.apply(recorded);
            // An event that was folded in already changes nothing.
            fold.apply(recorded);
        }
        // One checkpoint fails, the next one holds what it lacks, and a third has nothing to store.
        let rows = |fold: &mut Self, is_durable| {
            let mut rows = Vec::new();
            fold.withdrawals.begin_checkpoint().unwrap();
            fold.withdrawals.fill(&mut rows, 0);
            assert!(rows.is_empty());
            fold.withdrawals.fill(&mut rows, 1);
            fold.withdrawals.end_checkpoint(is_durable);
            rows
        };
        let lost = rows(&mut fold, false);
        let kept = rows(&mut fold, true);
        assert!(lost.is_empty() || lost == kept);
        assert_eq!(rows(&mut fold, true), []);
        fold.store.commit(fold.profiles.offset(), kept).unwrap();
        fold.withdrawals = Withdrawals::open(fold.store.as_ref(), policy).unwrap();
        fold
    }

    fn since(&self, until: u64) -> u64 {
        self.withdrawals.of(&header(until)).map_or(0, |withdrawn| withdrawn.n)
    }
}

/// A model that has read the log up to an offset.
fn header(until: u64) -> ModelHeader {
    ModelHeader { learned_until: Some(Offset(until)), ..tiny_churn().0 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_withdrawal_of_somebody_who_was_learned_from_is_counted_once(
        said in proptest::collection::vec((0_usize..5, proptest::option::of(any::<bool>())), 1..40),
    ) {
        let events = said.iter().zip(0..).map(|((who, analytics), n)| match analytics {
            Some(analytics) => says(&format!("c{who}"), *analytics, day(n)),
            None => order(&format!("c{who}"), "tea", day(n), day(n)),
        });
        let events = numbered(events);
        let fold = Fold::all(&events, &ConsentPolicy::default());
        let strict = Fold::all(&events, &ConsentPolicy::new([]));
        for until in 0..=said.len() {
            // By hand: whoever was there by then, and turns from yes or silence to no later.
            let (mut n, mut n_stated) = (0, 0);
            for who in (0..5).filter(|who| said[..until].iter().any(|(known, _)| known == who)) {
                let mut last = None;
                for (at, (_, analytics)) in said.iter().enumerate().filter(|(_, (speaker, _))| *speaker == who) {
                    let withdraws = *analytics == Some(false) && last != Some(false) && at >= until;
                    n += u64::from(withdraws);
                    n_stated += u64::from(withdraws && last == Some(true));
                    last = analytics.or(last);
                }
            }
            prop_assert_eq!(fold.since(until as u64), n, "after {} of {:?}", until, &said);
            // Where silence is a refusal, nobody was learned from who had not agreed.
            prop_assert_eq!(strict.since(until as u64), n_stated);
        }
    }
}

#[test]
fn when_the_first_refused_is_known_and_older_files_go_by_their_time() {
    let history = [
        order("ann", "tea", day(0), day(0)),
        order("bob", "tea", day(0), day(0)),
        says("bob", false, day(3)),
        says("ann", false, day(5)),
    ];
    let fold = Fold::all(&numbered(history), &ConsentPolicy::default());
    let of = |header: &ModelHeader| fold.withdrawals.of(header);
    assert_eq!(of(&header(2)), Some(Withdrawn { n: 2, first_at: day(3) }));
    assert_eq!(of(&header(3)), Some(Withdrawn { n: 1, first_at: day(5) }));
    assert_eq!(of(&header(4)), None);
    let older = |trained_at| ModelHeader { trained_at, learned_until: None, ..header(0) };
    assert_eq!(of(&older(day(4))), Some(Withdrawn { n: 1, first_at: day(5) }));
    assert_eq!(of(&older(day(5))), None);
}

#[test]
fn who_turns_out_to_be_somebody_who_refused_is_a_withdrawal() {
    let mut visitor = order("", "tea", day(0), day(0));
    (visitor.user_id, visitor.anonymous_id) = (None, Some("browser".into()));
    let mut both = order("ann", "tea", day(2), day(2));
    both.anonymous_id = Some("browser".into());
    let mut alias = order("bob", "tea", day(3), day(3));
    alias.call = Call::Alias { previous_id: "carl".to_owned() };
    let history = [
        visitor,
        says("ann", false, day(1)),
        both.clone(),
        order("carl", "tea", day(2), day(2)),
        says("bob", false, day(2)),
        alias,
        both,
    ];
    let fold = Fold::all(&numbered(history), &ConsentPolicy::default());
    // The visitor, and carl; ann and bob were never learned from.
    assert_eq!((fold.since(1), fold.since(4), fold.since(6)), (1, 1, 0));
    assert_eq!(fold.withdrawals.of(&ModelHeader { learned_until: None, ..header(0) }), None);
}

#[test]
fn three_who_turn_out_to_be_one_are_two_withdrawals_where_the_third_refused() {
    let mut visitor = order("", "tea", day(0), day(0));
    (visitor.user_id, visitor.anonymous_id) = (None, Some("browser".into()));
    let mut alias = order("bob", "tea", day(3), day(3));
    alias.anonymous_id = Some("browser".into());
    alias.call = Call::Alias { previous_id: "carl".to_owned() };
    let history = [visitor, order("carl", "tea", day(1), day(1)), says("bob", false, day(2)), alias];
    let fold = Fold::all(&numbered(history), &ConsentPolicy::default());
    assert_eq!((fold.since(1), fold.since(2), fold.since(3), fold.since(4)), (1, 2, 2, 0));
}

#[test]
fn who_was_learned_from_as_a_visitor_is_a_withdrawal_under_the_name_they_sign_in_with_later() {
    let mut visitor = order("", "tea", day(0), day(0));
    (visitor.user_id, visitor.anonymous_id) = (None, Some("browser".into()));
    let mut signs_in = order("ann", "tea", day(1), day(1));
    signs_in.anonymous_id = Some("browser".into());
    let fold = Fold::all(&numbered([visitor, signs_in, says("ann", false, day(2))]), &ConsentPolicy::default());
    assert_eq!((fold.since(1), fold.since(2), fold.since(3)), (1, 1, 0));
}

#[test]
fn who_is_only_named_together_with_somebody_who_refused_has_not_refused() {
    let on_the_tablet = |customer: &str, n| {
        let mut event = order(customer, "tea", day(n), day(n));
        event.anonymous_id = Some("tablet".into());
        event
    };
    let alias = |of: &str, n| {
        let mut event = on_the_tablet("ann", n);
        event.anonymous_id = None;
        event.call = Call::Alias { previous_id: of.to_owned() };
        Event { origin: Origin::Client, ..event }
    };
    let browser = |name: &str| {
        let event = order("", "tea", day(0), day(0));
        Event { user_id: None, anonymous_id: Some(name.into()), ..event }
    };
    let shared = [
        browser("x"),
        browser("anonymous:x"),
        on_the_tablet("bob", 0),
        says("ann", false, day(1)),
        // Ann signs in on Bob's tablet, time and again, and claims to be him.
        on_the_tablet("ann", 2),
        on_the_tablet("bob", 3),
        on_the_tablet("ann", 4),
        alias("bob", 5),
        alias("tablet", 6),
    ];
    let fold = Fold::all(&numbered(shared.clone()), &ConsentPolicy::default());
    assert_eq!(fold.since(3), 0, "bob has said nothing");
    let joined = [&shared[..], &[alias("anonymous:x", 7)]].concat();
    let fold = Fold::all(&numbered(joined), &ConsentPolicy::default());
    assert_eq!(fold.since(3), 1, "the name is read as the profiles read it");
}

#[test]
fn nothing_was_learned_from_visitors_who_never_ordered() {
    let mut visit = says("ann", false, day(1));
    visit.call = Call::Page { name: None, category: None, properties: events::Fields::new() };
    let mut first = visit.clone();
    (first.context, first.message_id) = (events::Fields::new(), "first".into());
    let refuses = |before: Event| Fold::all(&numbered([before, visit.clone()]), &ConsentPolicy::default()).since(1);
    assert_eq!((refuses(first.clone()), refuses(order("ann", "tea", day(0), day(0)))), (0, 1));
    // A model that has learned from everybody has learned from them, too.
    let fold = Fold::all(&numbered([first, visit.clone()]), &ConsentPolicy::default());
    let of_everybody = ModelHeader { of_everybody: true, ..header(1) };
    assert_eq!(fold.withdrawals.of(&of_everybody).map(|withdrawn| withdrawn.n), Some(1));
}

#[test]
fn whoever_agreed_in_a_browser_only_was_learned_from_where_the_settings_believe_it() {
    let in_a_browser = Event { origin: Origin::Client, ..says("ann", true, day(0)) };
    let events = numbered([in_a_browser, says("ann", false, day(1))]);
    let of_the_silent = |granted| ConsentPolicy::new([(Purpose::Analytics, granted)]);
    for (policy, n) in [
        (of_the_silent(false), 1),
        (of_the_silent(true).with_client_grants(false), 1),
        (of_the_silent(false).with_client_grants(false), 0),
    ] {
        assert_eq!(Fold::all(&events, &policy).since(1), n, "{policy:?}");
    }
}

#[test]
fn a_dataset_says_how_far_it_has_read() {
    let events = numbered([
        order("ann", "tea", day(0), day(0)),
        says("bob", false, day(1)),
        order("ann", "tea", day(2), day(2)),
    ]);
    assert_eq!((load(&events).read_until(), load(&[]).read_until()), (Offset(3), Offset(0)));
    assert_eq!(
        super::world::trained(&super::world::of_churn()).header.learned_until,
        Some(super::world::dataset().read_until())
    );
}
