//! Which laws does a reading keep, and how well are messages read that nothing was learned from?

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use models::metrics;
use models::text::plain;
use models::text::tone::{EMOTIONS, Lesson, N_EMOTIONS, ReadBy, Reading, Tone};
use proptest::prelude::*;
use std::collections::BTreeSet;

const ASSET: &[u8] = include_bytes!("../assets/tone-1.bin");

/// Messages to a desk, of which none was learned from, with what a reader would say is in each.
const MESSAGES: &str = include_str!("fixtures/desk.txt");
const LEARNED: &str = include_str!("../examples/train_tone/desk.txt");

fn tone() -> &'static Tone {
    Tone::built_in().unwrap()
}

fn emotion(text: &str, name: &str) -> f64 {
    tone().read(text).emotion(name)
}

/// What is felt, said calmly.
const FELT: [(&str, &str); 12] = [
    ("this is terrible", "frustration"),
    ("i am so angry about it", "frustration"),
    ("your service is awful", "frustration"),
    ("i hate this useless app", "frustration"),
    ("i love it", "delight"),
    ("thank you so much", "delight"),
    ("this is awesome", "delight"),
    ("i do not understand what this means", "confusion"),
    ("i am confused", "confusion"),
    ("i am afraid that it is dangerous", "worry"),
    ("i am really worried", "worry"),
    ("i am so sad", "sadness"),
];

#[test]
fn a_negation_turns_a_feeling() {
    for word in ["happy", "glad", "satisfied", "pleased", "impressed", "great", "good", "helpful", "delighted"] {
        for (said, denied) in [
            (format!("I am {word}"), format!("I am not {word}")),
            (format!("It was {word}"), format!("It wasn't {word}")),
            (format!("I was {word} with it"), format!("I was never {word} with it")),
        ] {
            let (said, denied) = (tone().read(&said), tone().read(&denied));
            assert!(denied.emotion("delight") < said.emotion("delight"), "{word}: {denied:?}");
            assert!(denied.sentiment.score < said.sentiment.score, "{word}: {denied:?}");
        }
    }
    for word in ["angry", "worried", "sad", "confused"] {
        let emotion_of =
            [("angry", "frustration"), ("worried", "worry"), ("sad", "sadness"), ("confused", "confusion")];
        let name = emotion_of.iter().find(|(known, _)| *known == word).unwrap().1;
        assert!(emotion(&format!("I am not {word}"), name) < emotion(&format!("I am {word}"), name), "{word}");
    }
}

#[test]
fn what_is_felt_is_felt_more_when_it_is_said_loudly() {
    for (text, name) in FELT {
        let calm = emotion(text, name);
        assert!(calm > 0.5, "{text}: {calm}");
        let drawn_out = text.replacen("so ", "sooooo ", 1);
        for loud in [
            format!("{text}!"),
            format!("{text}!!!"),
            text.to_uppercase(),
            format!("{}!!!", text.to_uppercase()),
            drawn_out,
        ] {
            assert!(loud == text || emotion(&loud, name) > calm, "{loud}: {} and calmly {calm}", emotion(&loud, name));
        }
        let once = emotion(&format!("{text}!"), name);
        assert!(emotion(&format!("{}!!!", text.to_uppercase()), name) >= once, "{text}");
    }
    let urgent = |text: &str| tone().read(text).urgency;
    assert!(urgent("call me now, the server is down") > 0.5);
    assert!(urgent("CALL ME NOW, THE SERVER IS DOWN!!!") > urgent("call me now, the server is down"));
}

#[test]
fn emoji_alone_are_read() {
    for (text, name) in [
        ("😡", "frustration"),
        ("😡😡😡", "frustration"),
        ("🤬", "frustration"),
        ("👍", "delight"),
        ("😍", "delight"),
        ("🙏", "delight"),
        ("🎉🎉", "delight"),
        ("😢", "sadness"),
        ("😭", "sadness"),
        ("💔", "sadness"),
        ("😨", "worry"),
        ("😱", "worry"),
        ("😕", "confusion"),
        ("🤔", "confusion"),
    ] {
        let reading = tone().read(text);
        let highest = EMOTIONS.iter().map(|name| reading.emotion(name)).fold(0.0, f64::max);
        assert!(reading.emotion(name) >= highest && highest > 0.5, "{text}: {name} of {:?}", reading.emotions);
    }
    for plain in ["👍", "👍🏽", "👍\u{fe0f}"] {
        let bits = |text: &str| tone().read(text).emotions.map(f64::to_bits);
        assert_eq!(bits(plain), bits("👍"));
    }
}

#[test]
fn signs_of_irony_take_from_delight() {
    for (plain, ironic) in [
        ("great, just great", "great, just great… 🙄"),
        ("thanks a lot for your help", "thanks a lot for your \"help\""),
        ("what a wonderful service", "what a wonderful service 🙄"),
        ("I love waiting for you", "I love waiting for you /s"),
        ("well done", "well done 😒"),
    ] {
        let (plain, ironic) = (tone().read(plain), tone().read(ironic));
        assert!(ironic.emotion("delight") < plain.emotion("delight"), "{plain:?} and {ironic:?}");
        assert!(ironic.emotion("frustration") > plain.emotion("frustration"), "{plain:?} and {ironic:?}");
    }
}

#[test]
fn markup_and_earlier_mails_change_nothing() {
    let plain = "I can't believe it, this is terrible! Call me & help.";
    let reading = tone().read(plain);
    for dressed in [
        "<p>I can&rsquo;t believe it, this is <b>terrible</b>! Call me &amp; help.</p>",
        "<html><head><title>Great</title></head><body><div>I can't believe it,<br>this is terrible! Call me &amp; help.</div></body></html>",
        "I can't believe it, this is terrible! Call me & help.\n\nOn Mon, 3 Nov 2026, Shop <a@b.example> wrote:\n> Thank you, we love you!\n> Great!",
        "I can't believe it, this is terrible! Call me & help.\n-- \nJoy Happy, Director of Delight",
        "> Thank you so much, this is great!!!\nI can't believe it, this is terrible! Call me & help.",
        "I can’t believe it,   this is terrible!\r\nCall\u{200B} me & help.",
    ] {
        assert_eq!(tone().read(dressed), reading, "{dressed}");
    }
}

#[test]
fn another_language_is_read_by_its_signs_and_says_so() {
    let reading = tone().read("Wo bleibt denn meine Bestellung, ich warte schon lange?");
    assert_eq!((reading.read_by, reading.language), (ReadBy::Signs, Some("de")));
    assert!(reading.emotion("delight") < 0.5 && reading.sentiment.label() != "positive");
    let angry = tone().read("Wo bleibt denn meine Bestellung, ich warte schon lange 😡😡");
    assert!(angry.read_by == ReadBy::Signs && angry.emotion("frustration") > reading.emotion("frustration"));
    assert!(angry.emotion("frustration") > 0.5, "{angry:?}");
    assert_eq!(tone().read("my parcel has not arrived and I want to know why").read_by, ReadBy::Words);
}

#[test]
fn whatever_comes_in_has_a_reading() {
    let mail = format!("It is broken.\n{}", "> quoted line of before\n".repeat(50_000));
    let texts = [
        String::new(),
        " \n\t".to_owned(),
        "😡".repeat(1 << 18),
        "word ".repeat(1 << 18),
        "A".repeat(1 << 20),
        "!?".repeat(1 << 19),
        "\u{202E}שלום עולם, איפה החבילה שלי".to_owned(),
        "z̷̢̛a̵͠l̸͝g̴͝o̸ ṃ̷y order".repeat(100),
        String::from_utf8_lossy(&(0..=255).cycle().take(1 << 20).collect::<Vec<u8>>()).into_owned(),
        "<div>".repeat(1 << 17),
        mail,
    ];
    for text in texts {
        let reading = tone().read(&text);
        let begin: String = text.chars().take(20).collect();
        assert!(is_sound(&reading), "{begin}: {reading:?}");
    }
    let nothing = tone().read("");
    assert_eq!((nothing.read_by, nothing.sentiment.label()), (ReadBy::Nothing, "neutral"));
    assert!(nothing.emotions.iter().all(|scaled| *scaled < 0.5) && nothing.urgency < 0.5, "{nothing:?}");
}

/// Whether all numbers are what they say they are.
fn is_sound(reading: &Reading) -> bool {
    let shares = reading.emotions.iter().chain(&reading.labels).chain(&reading.probabilities);
    let all = shares.chain(&reading.sentiment.probabilities).chain([&reading.urgency, &reading.urgency_probability]);
    let sum: f64 = reading.sentiment.probabilities.iter().sum();
    all.copied().all(|number| (0.0..=1.0).contains(&number))
        && (sum - 1.0).abs() < 1e-9
        && reading.sentiment.score.abs() <= 1.0
}

proptest! {
    #[test]
    fn any_text_has_a_sound_reading_and_the_same_one_twice(text in "\\PC{0,80}|[a-z A-Z!?.😡🙄\n>]{0,80}") {
        let reading = tone().read(&text);
        prop_assert!(is_sound(&reading), "{:?}", reading);
        prop_assert_eq!(tone().read(&text), reading);
    }
}

#[test]
fn bytes_are_the_model_and_damage_is_told() {
    let bytes = tone().to_bytes().unwrap();
    assert_eq!(bytes, ASSET, "what is read is written the same");
    assert!(ASSET.len() <= 2_000_000);
    for at in [0, 1, 100, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        let said = Tone::from_bytes(&damaged).unwrap_err().to_string();
        assert!(said.contains("cannot read the model of tone: "), "{said}");
    }
    for length in [0, 7, 8, 9, bytes.len() - 1] {
        assert!(Tone::from_bytes(&bytes[..length]).is_err());
    }
}

/// So much of each emotion is found, and told rightly, in messages that nothing was learned from: F1, and AUC against all others.
const FLOORS: [(&str, f64, f64); N_EMOTIONS] = [
    ("frustration", 0.47, 0.82),
    ("confusion", 0.72, 0.94),
    ("delight", 0.82, 0.95),
    ("worry", 0.88, 0.97),
    ("sadness", 0.84, 0.96),
];

#[test]
fn messages_of_a_desk_are_read() {
    let lessons = desk();
    let readings: Vec<Reading> = lessons.iter().map(|lesson| tone().read(&lesson.text)).collect();
    for (at, (name, f1_min, auc_min)) in FLOORS.into_iter().enumerate() {
        let told = |lesson: &Lesson| lesson.emotions.map(|emotions| emotions & (1 << at) != 0);
        let (mut is_so, mut said, mut labels, mut scaled) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (lesson, reading) in lessons.iter().zip(&readings) {
            let Some(so) = told(lesson) else { continue };
            is_so.push(so);
            said.push(reading.emotions[at] >= 0.5);
            labels.push(if so { 1.0 } else { 0.0 });
            scaled.push(reading.emotions[at]);
        }
        assert!(is_so.iter().filter(|so| **so).count() >= 100, "{name}");
        let (f1, auc) = (metrics::f1(&said, &is_so), metrics::auc(&scaled, &labels, None).unwrap());
        eprintln!("{name}: F1 {f1:.3}, AUC {auc:.3}");
        assert!(f1 >= f1_min && auc >= auc_min, "{name}: F1 {f1}, AUC {auc}");
    }
}

#[test]
fn what_cannot_wait_is_told_apart() {
    let lessons = desk();
    let is_urgent: Vec<bool> = lessons.iter().map(|lesson| lesson.is_urgent == Some(true)).collect();
    let scaled: Vec<f64> = lessons.iter().map(|lesson| tone().read(&lesson.text).urgency).collect();
    let labels: Vec<f64> = is_urgent.iter().map(|is_urgent| if *is_urgent { 1.0 } else { 0.0 }).collect();
    let said: Vec<bool> = scaled.iter().map(|scaled| *scaled >= 0.5).collect();
    let (f1, auc) = (metrics::f1(&said, &is_urgent), metrics::auc(&scaled, &labels, None).unwrap());
    eprintln!("urgency: F1 {f1:.3}, AUC {auc:.3}");
    assert!(is_urgent.iter().filter(|is_urgent| **is_urgent).count() >= 100 && lessons.len() >= 600);
    assert!(f1 >= URGENCY_FLOORS.0 && auc >= URGENCY_FLOORS.1, "F1 {f1}, AUC {auc}");
}

const URGENCY_FLOORS: (f64, f64) = (0.76, 0.97);

/// Messages that judge. The heading of those that were written for urgency names no emotion: nothing is told of their feelings.
fn desk() -> Vec<Lesson> {
    Lesson::read_all(&MESSAGES.replace("[urgency]", "[?]")).unwrap()
}

#[test]
fn no_message_that_judges_was_learned_from() {
    let words = |text: &str| plain(text).split(' ').map(str::to_owned).collect::<BTreeSet<String>>();
    let learned: Vec<BTreeSet<String>> =
        Lesson::read_all(LEARNED).unwrap().iter().map(|lesson| words(&lesson.text)).collect();
    let urgent = Lesson::read_all(LEARNED).unwrap().iter().filter(|lesson| lesson.is_urgent == Some(true)).count();
    assert!(urgent >= 300, "{urgent}");
    for lesson in desk() {
        let own = words(&lesson.text);
        for other in &learned {
            let shared = own.intersection(other).count() as f64 / own.union(other).count() as f64;
            // Some say what anybody says in two or three words, such as thanks.
            assert!(shared < 0.7 || own.len() <= 4, "{}: {other:?}", lesson.text);
        }
    }
}
