//! Does every form keep the law: the same facts make the same bytes, in whatever order and parts they come?

use super::*;
use primitives::{DAY_MS, HOUR_MS};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One thing that is told: when, its place in the log, its value.
type Fact = (i64, u64, i64);

const CELL: u64 = 7;

fn kept(form: Form, facts: &[Fact]) -> Kept {
    let mut kept = Kept::default();
    for (at, offset, value) in facts {
        let told = Told { cell: CELL, form, value: *value };
        kept.add(Timestamp::from_millis(*at), events::EventKey(*offset), told);
    }
    kept
}

/// Facts of three years, some in the same hour, with few different values and extreme ones. No two have one place.
fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let at = prop_oneof![0..1_100 * DAY_MS, 1_000 * DAY_MS..1_000 * DAY_MS + 3 * HOUR_MS, -900 * DAY_MS..0];
    let value = prop_oneof![4 => -3_i64..3, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    proptest::collection::vec((at, value), 0..40)
        .prop_map(|all| (0..).zip(all).map(|(offset, (at, value))| (at, offset, value)).collect())
}

fn form() -> impl Strategy<Value = Form> {
    proptest::sample::select(vec![Form::Counts, Form::Buckets, Form::Last, Form::Distinct])
}

proptest! {
    #[test]
    fn the_order_of_facts_and_into_what_parts_they_fall_do_not_matter(
        form in form(),
        (facts, shuffled) in facts().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        cut in 0_usize..40,
        other_cut in 0_usize..40,
    ) {
        let whole = kept(form, &facts);
        prop_assert_eq!(&kept(form, &shuffled), &whole);
        let (cut, other_cut) = (cut.min(facts.len()), other_cut.min(facts.len()));
        let (cut, other_cut) = (cut.min(other_cut), cut.max(other_cut));
        let parts = [&shuffled[..cut], &shuffled[cut..other_cut], &shuffled[other_cut..]].map(|part| kept(form, part));
        let [a, b, c] = parts;
        // ((c + a) + b) and (b + (a + c)).
        let mut left = c.clone();
        left.merge(a.clone());
        left.merge(b.clone());
        let (mut right, mut inner) = (b, a);
        inner.merge(c);
        right.merge(inner);
        prop_assert_eq!(&left, &whole);
        prop_assert_eq!(&right, &whole);
        let bytes = postcard::to_allocvec(&whole).unwrap();
        prop_assert_eq!(postcard::to_allocvec(&left).unwrap(), bytes.clone());
        prop_assert_eq!(postcard::from_bytes::<Kept>(&bytes).unwrap(), whole);
    }

    #[test]
    fn buckets_lose_nothing_and_put_everything_within_half_a_bucket(facts in facts(), ago_ms in 0..2 * DAY_MS, days in 1_i64..400) {
        let Some(newest) = facts.iter().map(|(at, ..)| *at).max() else { return Ok(()) };
        let mut buckets = Buckets::<(), Numbers>::default();
        facts.iter().for_each(|(at, _, value)| buckets.add(Timestamp::from_millis(*at), (), Numbers::of(*value)));
        let mut ever = Numbers::NONE;
        buckets.ever(|(), numbers| ever.add(numbers));
        let sum: i128 = facts.iter().map(|(.., value)| i128::from(*value)).sum();
        let least = facts.iter().map(|(.., value)| *value).min().unwrap();
        let most = facts.iter().map(|(.., value)| *value).max().unwrap();
        prop_assert_eq!(ever, Numbers { n: facts.len() as u64, sum, least, most });

        let as_of = newest + ago_ms;
        let mut within = Numbers::NONE;
        buckets.between(Timestamp::from_millis(as_of), 0, days, |(), numbers| within.add(numbers));
        let edge = if days <= 5 { HOUR_MS / 2 } else { DAY_MS / 2 };
        let n_within = |ms: i64| facts.iter().filter(|(at, ..)| as_of - at < ms).count() as u64;
        let (fewest, most) = (n_within(days * DAY_MS - edge), n_within(days * DAY_MS + edge));
        prop_assert!((fewest..=most).contains(&within.n), "{} is not {fewest} to {most}", within.n);
        let mut parts = Numbers::NONE;
        buckets.between(Timestamp::from_millis(as_of), 0, days, |(), numbers| parts.add(numbers));
        buckets.between(Timestamp::from_millis(as_of), days, 2_000, |(), numbers| parts.add(numbers));
        let mut all = Numbers::NONE;
        buckets.between(Timestamp::from_millis(as_of), 0, 2_000, |(), numbers| all.add(numbers));
        prop_assert_eq!(parts, all, "two stretches that meet are one");
    }

    #[test]
    fn the_last_one_and_the_different_ones_are_those_of_a_recount(facts in facts(), days in 1_i64..1_000) {
        let as_of = Timestamp::from_millis(1_100 * DAY_MS);
        let (mut last, mut distinct) = (Last::default(), Distinct::default());
        for (at, offset, value) in &facts {
            last.add(Timestamp::from_millis(*at), events::EventKey(*offset), *value);
            distinct.add(Timestamp::from_millis(*at), value.cast_unsigned());
        }
        let expected = facts.iter().max().map(|(at, _, value)| (Timestamp::from_millis(*at), *value));
        prop_assert_eq!(last.get(), expected);
        let mut latest: BTreeMap<i64, i64> = BTreeMap::new();
        for (at, _, value) in &facts {
            let known = latest.entry(*value).or_insert(*at);
            *known = (*known).max(*at);
        }
        prop_assert_eq!(distinct.count(as_of, None), latest.len());
        let within = latest.values().filter(|at| as_of.as_millis() - **at < days * DAY_MS).count();
        prop_assert_eq!(distinct.count(as_of, Some(days)), within);
    }
}

#[test]
fn of_too_many_different_ones_those_that_came_last_are_kept_in_whatever_order_they_come() {
    let fact = |n: u64| (i64::try_from(n % 300).unwrap() * HOUR_MS, n, i64::try_from(n % 300).unwrap());
    let forward: Vec<Fact> = (0..600).map(fact).collect();
    let backward: Vec<Fact> = forward.iter().rev().copied().collect();
    let whole = kept(Form::Distinct, &forward);
    assert_eq!(kept(Form::Distinct, &backward), whole);
    let mut merged = kept(Form::Distinct, &forward[..299]);
    merged.merge(kept(Form::Distinct, &backward[..320]));
    assert_eq!(merged, whole);
    let Some(Cell::Distinct(distinct)) = whole.get(CELL) else { panic!("it is there") };
    let as_of = Timestamp::from_millis(300 * HOUR_MS);
    assert_eq!((distinct.count(as_of, None), distinct.count(as_of, Some(1))), (N_KEYS, 23));
    assert!(whole.n_bytes() >= N_KEYS * 16);
}

#[test]
fn few_facts_take_few_bytes() {
    let days: Vec<Fact> = (0..3).map(|n| (n * 20 * DAY_MS, n.unsigned_abs(), 1)).collect();
    for (form, n_bytes_max) in [(Form::Counts, 160), (Form::Buckets, 300), (Form::Last, 100), (Form::Distinct, 170)] {
        let n_bytes = kept(form, &days).n_bytes();
        assert!(n_bytes <= n_bytes_max, "{form:?} takes {n_bytes} bytes");
    }
}

#[test]
fn a_number_is_kept_to_the_millionth_and_what_is_too_large_stops_at_a_limit() {
    for (written, kept) in [(1.5, 1.5), (-0.000_001_4, -0.000_001), (1e300, 9e12), (-1e300, -9e12), (0.0, 0.0)] {
        assert_eq!(number(millionths(written).into()).to_bits(), f64::to_bits(kept), "{written}");
    }
}

#[test]
fn what_is_kept_alike_is_kept_once_and_what_differs_has_another_key() {
    let when = |kind: &str| {
        Filter::from_table(serde_json::json!({"event": "Plan Changed", "properties.kind": kind}).as_object().unwrap())
    };
    let spec = |kind: &str, of: Option<&str>, form| {
        let of = of.map(|path| Take::from(path.parse::<events::Pointer>().unwrap()));
        CellSpec { when: when(kind).unwrap(), of, form }
    };
    let different = [
        spec("up", None, Form::Counts),
        spec("down", None, Form::Counts),
        spec("up", Some("properties.n"), Form::Buckets),
        spec("up", Some("properties.m"), Form::Buckets),
        spec("up", None, Form::Last),
        spec("up", Some("properties.n"), Form::Distinct),
    ];
    let cells = Cells::new(different.iter().cloned().chain(different.iter().rev().cloned()));
    assert_eq!(cells.specs().len(), different.len());
    let reopened = Cells::from_record(&cells.to_record());
    assert!(reopened.specs().eq(cells.specs()));
    assert_eq!(Cells::from_record(b"[{\"form\":\"another\"}]").specs().len(), 0, "a form of another version");
    let fewer = Cells::new(different[..2].to_vec());
    assert!(cells.covers(&fewer) && cells.covers(&cells) && !fewer.covers(&cells) && fewer.covers(&Cells::default()));
    assert_eq!(different[0].key(), 16_169_148_822_797_375_830, "stored keys never change");
}
