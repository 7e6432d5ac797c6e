use super::*;
use crate::metrics::mutual_information;
use proptest::prelude::*;

const THEMES: [[&str; 6]; 3] = [
    ["parcel", "courier", "delivery", "late", "tracking", "shipped"],
    ["refund", "invoice", "charged", "twice", "payment", "card"],
    ["password", "login", "account", "locked", "reset", "email"],
];

/// Messages of known themes, each of four words of its theme.
fn messages(n: usize) -> (Vec<String>, Vec<usize>) {
    let mut rng = Seed::new(3).stream("messages", 0);
    let each = (0..n).map(|at| {
        let theme = at % 3;
        let words: Vec<&str> = index::sample(&mut rng, 6, 4).into_iter().map(|word| THEMES[theme][word]).collect();
        (format!("please help with the {} and {} or {} of the {}", words[0], words[1], words[2], words[3]), theme)
    });
    each.unzip()
}

fn found(settings: &TopicSettings, messages: &[String]) -> Topics {
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    settings.fit(&messages, Seed::new(7)).unwrap()
}

fn groups(topics: &Topics, messages: &[String]) -> Vec<usize> {
    messages.iter().map(|message| topics.place(message).topic).collect()
}

#[test]
fn themes_are_found_counted_and_named_by_their_own_words() {
    let (messages, themes) = messages(240);
    let topics = found(&TopicSettings { n_dims: 8, ..TopicSettings::default() }, &messages);
    assert!(mutual_information(&groups(&topics, &messages), &themes) > 0.75, "{:?}", topics.topics());
    let three = found(&TopicSettings { n_topics: 3, n_dims: 8, ..TopicSettings::default() }, &messages);
    assert!(mutual_information(&groups(&three, &messages), &themes) > 0.99, "{:?}", three.topics());
    for topic in three.topics() {
        let theme = THEMES.iter().find(|words| words.contains(&topic.terms[0].as_str())).expect("a word of a theme");
        assert!(topic.terms.iter().flat_map(|term| term.split(' ')).all(|word| theme.contains(&word)), "{topic:?}");
        assert_eq!(topic.n, 80);
    }
}

#[test]
fn topics_go_on_under_their_ids_and_a_new_one_gets_an_id_of_its_own() {
    let (mut messages, _) = messages(240);
    let settings = TopicSettings { n_topics: 3, n_dims: 8, ..TopicSettings::default() };
    let former = found(&settings, &messages);
    messages.extend((0..80).map(|at| format!("outage {} screen of the app crashes on {} tablet", at % 4, at % 3)));
    let settings = TopicSettings { n_topics: 4, ..settings };
    let again = found(&settings, &messages).continuing(&former);
    let mut ids: Vec<u32> = again.topics().iter().map(|topic| topic.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [0, 1, 2, 3]);
    for topic in former.topics() {
        let same = again.topics().iter().find(|other| other.id == topic.id).unwrap();
        assert_eq!(same.name, topic.name);
        assert_eq!(again.topics()[again.place(&topic.medoid).topic].id, topic.id);
    }
    let new = &again.topics()[again.place("outage: the app crashes").topic];
    assert_eq!(new.id, 3);
    // What went away keeps its id for itself.
    let fewer = found(&TopicSettings { n_topics: 3, ..settings }, &self::messages(240).0).continuing(&again);
    assert!(fewer.topics().iter().all(|topic| topic.id < 3));
    let back = found(&settings, &messages).continuing(&fewer);
    assert!(back.topics().iter().any(|topic| topic.id == 4) && back.topics().iter().all(|topic| topic.id != 3));
}

#[test]
fn too_little_is_refused_and_what_says_nothing_has_a_place() {
    let settings = TopicSettings::default();
    for few in [&["", "?", "one"][..], &["!!"; 9][..], &["a b"; 9][..]] {
        assert!(matches!(settings.fit(few, Seed::new(1)), Err(ModelError::TooFewRows { .. })), "{few:?}");
    }
    let outside = TopicSettings { n_dims: 1, ..settings };
    assert!(matches!(outside.fit(&["one word"; 9], Seed::new(1)), Err(ModelError::Setting { .. })));
    let (messages, _) = messages(60);
    let place = found(&settings, &messages).place("🙄");
    assert_eq!(place, Place { topic: 0, distance: 1.0 });
}

#[test]
fn bytes_are_the_model_and_broken_ones_are_refused() {
    let topics = found(&TopicSettings { n_dims: 4, ..TopicSettings::default() }, &messages(60).0);
    let bytes = topics.to_bytes().unwrap();
    assert_eq!(Topics::from_bytes(&bytes).unwrap(), topics);
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        assert!(matches!(Topics::from_bytes(&bytes[..cut]), Err(ModelError::Corrupt { .. })));
    }
    let without = Topics { middles: Vec::new(), ..topics }.to_bytes().unwrap();
    assert!(matches!(Topics::from_bytes(&without), Err(ModelError::Corrupt { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn order_does_not_matter_and_every_message_has_a_place(
        texts in prop::collection::vec("[a-c]{2}( [a-c]{2}){1,4}", 8..40), turn in 0_usize..40,
    ) {
        let settings = TopicSettings { n_dims: 4, ..TopicSettings::default() };
        let mut turned = texts.clone();
        turned.rotate_left(turn % texts.len());
        let (one, other) = (found(&settings, &texts), found(&settings, &turned));
        prop_assert_eq!(one.to_bytes().unwrap(), other.to_bytes().unwrap());
        let refs: Vec<&str> = texts.iter().map(String::as_str).collect();
        for (place, text) in one.place_all(&refs).into_iter().zip(&refs) {
            prop_assert_eq!(place, one.place(text));
            prop_assert!(place.topic < one.topics().len() && (0.0..=2.0).contains(&place.distance));
        }
        prop_assert_eq!(one.topics().iter().map(|topic| topic.n).sum::<usize>(), texts.len());
    }
}
