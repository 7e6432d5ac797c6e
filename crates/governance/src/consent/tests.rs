//! Whose word counts? The table of `docs/adr/0012`, and the laws behind it.

use super::Voice::{Client, Company};
use super::*;
use proptest::prelude::*;

const PURPOSE: Purpose = Purpose::Marketing;

/// One word: granted or refused, by whom, at which moment.
type Words = (bool, Voice, i64);

const fn yes(voice: Voice, at: i64) -> Words {
    (true, voice, at)
}

const fn no(voice: Voice, at: i64) -> Words {
    (false, voice, at)
}

fn heard(words: &[Words]) -> Consents {
    let mut consents = Consents::default();
    for (granted, voice, at) in words {
        consents.state(PURPOSE, Statement { granted: *granted, at: Timestamp::from_millis(*at), voice: *voice });
    }
    consents
}

fn merged(a: &Consents, b: &Consents) -> Consents {
    let mut both = a.clone();
    both.merge(b);
    both
}

/// `Some(granted, at)` as stated, `None` where the default decides.
fn under(policy: &ConsentPolicy, consents: &Consents) -> Option<(bool, i64)> {
    let answer = policy.answer(consents, PURPOSE);
    match answer.basis {
        ConsentBasis::Stated { at } => Some((answer.granted, at.as_millis())),
        ConsentBasis::Default => None,
    }
}

fn holds(consents: &Consents) -> Option<(bool, i64)> {
    under(&ConsentPolicy::default(), consents)
}

fn strict() -> ConsentPolicy {
    ConsentPolicy::default().with_client_grants(false)
}

/// The table: what was said, in the order of the log; what holds, and what holds without clients' grants.
#[test]
fn the_table_of_whose_word_counts() {
    type Row<'a> = (&'a str, &'a [Words], Option<(bool, i64)>, Option<(bool, i64)>);
    let table: &[Row<'_>] = &[
        ("silence is left to the default", &[], None, None),
        ("a client's grant on silence counts", &[yes(Client, 5)], Some((true, 5)), None),
        ("the company's grant on silence counts", &[yes(Company, 5)], Some((true, 5)), Some((true, 5))),
        ("a client's refusal holds", &[no(Client, 5)], Some((false, 5)), Some((false, 5))),
        ("the company's refusal holds", &[no(Company, 5)], Some((false, 5)), Some((false, 5))),
        (
            "a client's refusal undoes the company's grant",
            &[yes(Company, 1), no(Client, 5)],
            Some((false, 5)),
            Some((false, 5)),
        ),
        ("a late refusal is not ignored", &[yes(Company, 5), no(Client, 3)], Some((false, 3)), Some((false, 3))),
        (
            "a grant from the future loses to a refusal",
            &[yes(Client, 99), no(Client, 5)],
            Some((false, 5)),
            Some((false, 5)),
        ),
        ("a client takes its own refusal back", &[no(Client, 3), yes(Client, 5)], Some((true, 5)), Some((false, 3))),
        (
            "a client's late grant counts for nothing",
            &[no(Client, 5), yes(Client, 3)],
            Some((false, 5)),
            Some((false, 5)),
        ),
        ("of the same moment the refusal holds", &[no(Client, 5), yes(Company, 5)], Some((false, 5)), Some((false, 5))),
        (
            "a client cannot undo the company's refusal",
            &[no(Company, 3), yes(Client, 9)],
            Some((false, 3)),
            Some((false, 3)),
        ),
        ("nor by refusing first", &[no(Company, 3), no(Client, 5), yes(Client, 9)], Some((false, 5)), Some((false, 5))),
        ("the company undoes its refusal", &[no(Company, 3), yes(Company, 5)], Some((true, 5)), Some((true, 5))),
        ("the company undoes a client's refusal", &[no(Client, 3), yes(Company, 5)], Some((true, 5)), Some((true, 5))),
        ("an old import undoes nothing", &[no(Client, 5), yes(Company, 3)], Some((false, 5)), Some((false, 5))),
        (
            "after the company's grant a client may refuse and grant",
            &[no(Company, 1), yes(Company, 2), no(Client, 3), yes(Client, 4)],
            Some((true, 4)),
            Some((false, 3)),
        ),
        (
            "a refusal that was lifted still bars what was said before it",
            &[no(Client, 5), yes(Client, 6), no(Client, 3), yes(Client, 4)],
            Some((false, 5)),
            Some((false, 5)),
        ),
        (
            "the company's grant stands above a client's",
            &[yes(Company, 2), yes(Client, 5)],
            Some((true, 2)),
            Some((true, 2)),
        ),
        ("and replaces it", &[yes(Client, 5), yes(Company, 2)], Some((true, 2)), Some((true, 2))),
        ("of two grants the later is kept", &[yes(Client, 5), yes(Client, 2)], Some((true, 5)), None),
        ("of two refusals the later is kept", &[no(Client, 5), no(Client, 2)], Some((false, 5)), Some((false, 5))),
        (
            "a company's grant older than what a client lifted does not count",
            &[no(Client, 5), yes(Client, 6), yes(Company, 4)],
            Some((true, 6)),
            Some((false, 5)),
        ),
    ];
    for (rule, words, expected, expected_strict) in table {
        let consents = heard(words);
        assert_eq!(holds(&consents), *expected, "{rule}");
        assert_eq!(under(&strict(), &consents), *expected_strict, "{rule}, where clients' grants do not count");
    }
}

#[test]
fn on_a_merge_the_refusal_wins() {
    for (ours, theirs, expected) in [
        (vec![no(Client, 1)], vec![yes(Company, 9)], Some((false, 1))),
        (vec![no(Client, 1), yes(Client, 2)], vec![no(Client, 0)], Some((false, 1))),
        (vec![], vec![no(Company, 3)], Some((false, 3))),
        (vec![], vec![yes(Client, 3)], Some((true, 3))),
        (vec![yes(Client, 3)], vec![yes(Client, 7)], Some((true, 7))),
        (vec![no(Company, 3)], vec![no(Client, 7)], Some((false, 7))),
        (vec![], vec![], None),
    ] {
        let (ours, theirs) = (heard(&ours), heard(&theirs));
        assert_eq!((holds(&merged(&ours, &theirs)), holds(&merged(&theirs, &ours))), (expected, expected));
    }
    let company_refused = merged(&heard(&[no(Company, 3)]), &heard(&[no(Client, 7)]));
    let mut after = company_refused.clone();
    after.state(PURPOSE, Statement { granted: true, at: Timestamp::from_millis(9), voice: Client });
    assert_eq!(after, company_refused, "merging with a client's refusal does not make the company's a client's");
    let lifted = merged(&heard(&[no(Client, 5), yes(Client, 6)]), &heard(&[yes(Company, 1)]));
    assert_eq!((holds(&lifted), under(&strict(), &lifted)), (Some((true, 1)), Some((false, 5))));
}

#[test]
fn the_default_decides_only_where_nothing_was_said_and_purposes_stand_apart() {
    let policy = ConsentPolicy::default();
    let consents = heard(&[no(Client, 5)]);
    for (purpose, granted, basis) in [
        (Purpose::Personalization, true, "default"),
        (Purpose::Analytics, true, "default"),
        (Purpose::Marketing, false, "stated"),
        (Purpose::Service, true, "default"),
        (Purpose::Security, true, "default"),
    ] {
        let answer = policy.answer(&consents, purpose);
        assert_eq!((answer.purpose, answer.granted, answer.basis.name()), (purpose, granted, basis));
    }
    assert!(!policy.answer(&Consents::default(), Purpose::Marketing).granted);
    assert_eq!(policy.rule(Purpose::Analytics), "analytics of the silent: yes, by a client's grant: yes");
    assert_eq!(strict().rule(Purpose::Marketing), "marketing of the silent: no, by a client's grant: no");
    assert!(!ConsentPolicy::new([]).answer(&Consents::default(), Purpose::Analytics).granted);
}

#[test]
fn categories_are_read_by_their_common_names() {
    for (purpose, name, categories) in [
        (Purpose::Personalization, "personalization", ["Personalisation", "functional ", "preferences"]),
        (Purpose::Analytics, "analytics", ["performance", "STATISTICS", "measurement"]),
        (Purpose::Marketing, "marketing", ["advertising", "targeting", "Marketing"]),
        (Purpose::Service, "service", ["Service", "support", " transactional"]),
        (Purpose::Security, "security", ["FRAUD", "fraud_prevention", "abuse"]),
    ] {
        assert_eq!((purpose.name(), purpose.to_string().as_str()), (name, name));
        assert_eq!(purpose.categories()[0], name);
        for category in categories.iter().chain(&[name]) {
            assert_eq!(Purpose::from_category(category), Some(purpose), "{category}");
        }
    }
    assert_eq!(Purpose::from_category("necessary"), None);
    let all: Vec<&str> = Purpose::ALL.iter().flat_map(|purpose| purpose.categories()).copied().collect();
    assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len(), "one category, one purpose");
}

/// What was stored before a purpose came opens, says the same, and leaves the new one to the default.
#[test]
fn rows_from_before_a_purpose_open() {
    // Three purposes by their places, each refused at 5 ms by the company, with both settings of `client_grants`.
    let word = [1, 1, 10, 0, 1, 1, 10, 0];
    let bytes = [&[3_u8, 0][..], &word, &[1], &word, &[2], &word].concat();
    let stored: Consents = postcard::from_bytes(&bytes).unwrap();
    let policy = ConsentPolicy::default();
    let answers = Purpose::ALL.map(|purpose| {
        let answer = policy.answer(&stored, purpose);
        (answer.granted, answer.basis.name())
    });
    let refused = (false, "stated");
    assert_eq!(answers, [refused, refused, refused, (true, "default"), (true, "default")]);
    assert_eq!(postcard::to_stdvec(&stored).unwrap(), bytes);
}

#[test]
fn a_refusal_of_one_purpose_withholds_that_one_alone() {
    for refused in Purpose::ALL {
        let mut consents = Consents::default();
        consents.state(refused, Statement { granted: false, at: Timestamp::from_millis(5), voice: Client });
        let everything = ConsentPolicy::new(Purpose::ALL.map(|purpose| (purpose, true)));
        for purpose in Purpose::ALL {
            let permitted = crate::permit(&everything, &consents, purpose, ()).is_ok();
            assert_eq!(permitted, purpose != refused, "{purpose}, where {refused} is refused");
        }
    }
}

fn words() -> impl Strategy<Value = Vec<Words>> {
    let voice = prop_oneof![Just(Client), Just(Company)];
    proptest::collection::vec((any::<bool>(), voice, 0_i64..6), 0..9)
}

fn consents() -> impl Strategy<Value = Consents> {
    (words(), words()).prop_map(|(ours, theirs)| merged(&heard(&ours), &heard(&theirs)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn merging_is_commutative_associative_and_idempotent(a in consents(), b in consents(), c in consents()) {
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &a), a);
    }

    /// Under any policy: a merge grants only what neither side refuses.
    #[test]
    fn no_merge_turns_a_refusal_into_a_grant(a in consents(), b in consents()) {
        for policy in [ConsentPolicy::default(), strict()] {
            let refused = |consents: &Consents| under(&policy, consents).is_some_and(|(granted, _)| !granted);
            prop_assert_eq!(refused(&a) || refused(&b), refused(&merged(&a, &b)));
        }
    }

    /// A merge keeps the latest word of those that decide.
    #[test]
    fn a_merge_keeps_the_latest_word(a in consents(), b in consents()) {
        if let (Some((false, ours)), Some((false, theirs))) = (holds(&a), holds(&b)) {
            prop_assert_eq!(holds(&merged(&a, &b)), Some((false, ours.max(theirs))));
        }
    }

    /// What the company refused stays refused, whatever clients say, in whichever order, with whatever clocks.
    #[test]
    fn no_client_undoes_the_company_s_refusal(before in consents(), at in 0_i64..6, after in words()) {
        let mut consents = before;
        consents.state(PURPOSE, Statement { granted: false, at: Timestamp::from_millis(at), voice: Company });
        for (granted, _, at) in after {
            consents.state(PURPOSE, Statement { granted, at: Timestamp::from_millis(at * 1_000), voice: Client });
            prop_assert!(holds(&consents).is_some_and(|(granted, _)| !granted));
        }
    }

    /// Where the latest word by the clock is a refusal, it holds in whichever order the words arrive.
    #[test]
    fn the_latest_refusal_holds_in_any_order(words in words(), voice in prop_oneof![Just(Client), Just(Company)], place: usize) {
        let mut words = words;
        words.insert(place % (words.len() + 1), no(voice, 6));
        prop_assert_eq!(holds(&heard(&words)), Some((false, 6)));
    }

    /// And however they are spread over records that turn out to be one customer's, joined in whichever order.
    #[test]
    fn the_latest_refusal_holds_however_records_are_joined(
        words in words(), spread in proptest::collection::vec(0_usize..4, 9), voice in prop_oneof![Just(Client), Just(Company)],
        place in 0_usize..4, joined in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let mut records = [const { Vec::new() }; 4];
        words.into_iter().zip(spread).for_each(|(word, record)| records[record].push(word));
        let middle = records[place].len() / 2;
        records[place].insert(middle, no(voice, 6));
        let one = joined.iter().fold(Consents::default(), |one, record| merged(&one, &heard(&records[*record])));
        prop_assert_eq!((holds(&one), under(&strict(), &one)), (Some((false, 6)), Some((false, 6))));
    }

    /// A refusal holds the moment it is heard; and a grant that is heard is never dated after what was said.
    #[test]
    fn a_refusal_holds_at_once(before in consents(), voice in prop_oneof![Just(Client), Just(Company)], at in 0_i64..6) {
        for policy in [ConsentPolicy::default(), strict()] {
            let mut consents = before.clone();
            consents.state(PURPOSE, Statement { granted: false, at: Timestamp::from_millis(at), voice });
            prop_assert!(under(&policy, &consents).is_some_and(|(granted, said)| !granted && said >= at));
        }
    }

    /// Where clients' grants do not count, their words can only refuse.
    #[test]
    fn without_clients_grants_a_client_can_only_refuse(before in consents(), at in 0_i64..9) {
        let mut consents = before.clone();
        consents.state(PURPOSE, Statement { granted: true, at: Timestamp::from_millis(at), voice: Client });
        prop_assert_eq!(under(&strict(), &consents), under(&strict(), &before));
    }

    #[test]
    fn what_is_stored_is_what_was_heard(consents in consents()) {
        let bytes = postcard::to_stdvec(&consents).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Consents>(&bytes).unwrap(), consents);
    }
}

#[test]
fn every_purpose_says_what_it_allows_and_what_it_rests_on() {
    let meanings: std::collections::BTreeSet<&str> = Purpose::ALL.map(Purpose::meaning).into();
    assert_eq!(meanings.len(), Purpose::ALL.len(), "no two purposes say the same");
    for purpose in Purpose::ALL {
        assert!(purpose.meaning().split(' ').count() >= 4, "{purpose} says too little");
        let grounds = ["consent", "legitimate interest", "the contract"];
        assert!(grounds.iter().any(|ground| purpose.ground().starts_with(ground)), "{purpose}: {}", purpose.ground());
    }
    assert_eq!(Purpose::Marketing.ground(), "consent", "nobody is written to unasked on any other ground");
}
