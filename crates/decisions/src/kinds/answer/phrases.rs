//! What is said beside what is quoted, and what is said by who asks for a person?

use crate::quoted::Meant;
use models::text::plain;

/// The sentences of one language.
pub(super) struct Phrases {
    language: &'static str,
    /// Where an answer comes from, before its title and its source.
    automatic: [&'static str; 3],
    /// That nothing was found.
    pub(super) unknown: &'static str,
    /// That a person goes on.
    pub(super) person: &'static str,
    /// Before what may be meant.
    meant: &'static str,
}

const ALL: [Phrases; 4] = [
    Phrases {
        language: "en",
        automatic: [
            "This answer was automatic and is quoted from \"",
            "\" (",
            "). If it does not help, ask for a person.",
        ],
        unknown: "I found no answer to that. A person will go on from here. This answer was automatic.",
        person: "A person will go on from here. This answer was automatic.",
        meant: "Which of these do you mean? This answer was automatic.",
    },
    Phrases {
        language: "de",
        automatic: [
            "Diese Antwort kam automatisch und stammt aus „",
            "“ (",
            "). Hilft sie nicht, verlangen Sie einen Menschen.",
        ],
        unknown: "Darauf habe ich keine Antwort gefunden. Ein Mensch übernimmt. Diese Antwort kam automatisch.",
        person: "Ein Mensch übernimmt. Diese Antwort kam automatisch.",
        meant: "Was davon meinen Sie? Diese Antwort kam automatisch.",
    },
    Phrases {
        language: "fr",
        automatic: [
            "Cette réponse est automatique et citée de « ",
            " » (",
            "). Si elle n'aide pas, demandez une personne.",
        ],
        unknown: "Je n'ai pas trouvé de réponse. Une personne prend le relais. Cette réponse est automatique.",
        person: "Une personne prend le relais. Cette réponse est automatique.",
        meant: "De quoi s'agit-il ? Cette réponse est automatique.",
    },
    Phrases {
        language: "es",
        automatic: ["Esta respuesta es automática y se cita de «", "» (", "). Si no ayuda, pida una persona."],
        unknown: "No he encontrado una respuesta. Una persona continuará. Esta respuesta es automática.",
        person: "Una persona continuará. Esta respuesta es automática.",
        meant: "¿A cuál de estos se refiere? Esta respuesta es automática.",
    },
];

impl Phrases {
    /// In a language; in English where there are none.
    pub(super) fn of(language: Option<&str>) -> &'static Self {
        ALL.iter().find(|phrases| Some(phrases.language) == language).unwrap_or(&ALL[0])
    }

    /// That the answer was automatic, and where it comes from.
    pub(super) fn automatic(&self, title: &str, source: &str) -> String {
        let [before, between, after] = self.automatic;
        format!("{before}{title}{between}{source}{after}")
    }

    /// What may be meant, a line each.
    pub(super) fn asking_back(&self, meant: &[Meant]) -> String {
        let lines: Vec<String> = meant.iter().map(|one| format!("- {}", one.title)).collect();
        format!("{}\n{}", self.meant, lines.join("\n"))
    }
}

/// Who is asked for.
const PEOPLE: [&str; 22] = [
    "human",
    "humans",
    "agent",
    "operator",
    "representative",
    "rep",
    "advisor",
    "adviser",
    "manager",
    "supervisor",
    "mensch",
    "menschen",
    "mitarbeiter",
    "mitarbeiterin",
    "berater",
    "conseiller",
    "conseillere",
    "humain",
    "humano",
    "humana",
    "agente",
    "asesor",
];
/// Who may be anybody, and so is asked for only where it is said that they are spoken to.
const ANYBODY: [&str; 9] =
    ["person", "someone", "somebody", "people", "staff", "jemand", "jemandem", "personne", "persona"];
const SPEAKING: [&str; 17] = [
    "speak",
    "talk",
    "chat",
    "call",
    "phone",
    "connect",
    "transfer",
    "sprechen",
    "reden",
    "verbinden",
    "parler",
    "joindre",
    "hablar",
    "llamar",
    "telefonieren",
    "through",
    "weiterleiten",
];
/// So short a message means nothing else by naming one.
const N_WORDS_ALONE: usize = 4;
/// So far from each other they belong together, in words.
const N_WORDS_BETWEEN: usize = 6;

/// Whether a message asks for a person.
pub(super) fn asks_for_a_person(text: &str) -> bool {
    let plain = plain(text);
    let words: Vec<&str> = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_person = |at: usize| {
        PEOPLE.contains(&words[at])
            || words[at] == "person" && at > 0 && matches!(words[at - 1], "real" | "actual" | "living")
    };
    if words.len() <= N_WORDS_ALONE && (0..words.len()).any(is_person) {
        return true;
    }
    let spoken: Vec<usize> = (0..words.len()).filter(|at| SPEAKING.contains(&words[*at])).collect();
    let wanted = |at: usize| {
        let before = at.saturating_sub(N_WORDS_BETWEEN)..at;
        let want = words.get(before).unwrap_or_default();
        is_person(at)
            && want.iter().any(|word| {
                matches!(
                    *word,
                    "want" | "need" | "give" | "get" | "prefer" | "will" | "brauche" | "mochte" | "veux" | "quiero"
                )
            })
    };
    let is_near = |at: usize| spoken.iter().any(|spoken| spoken.abs_diff(at) <= N_WORDS_BETWEEN);
    let anybody = |at: usize| is_person(at) || ANYBODY.contains(&words[at]);
    (0..words.len()).any(|at| wanted(at) || anybody(at) && is_near(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_a_person_is_heard_and_who_names_one_is_not() {
        for text in [
            "human",
            "agent please",
            "I want to speak to a human",
            "Can I talk to a real person?",
            "please connect me to someone",
            "Put me through to your manager",
            "can somebody call me",
            "I need a human being here",
            "Ich möchte mit einem Mitarbeiter sprechen",
            "Kann ich mit jemandem reden?",
            "je veux parler à un conseiller",
            "quiero hablar con una persona",
            "REAL PERSON",
            "let me chat with an agent",
        ] {
            assert!(asks_for_a_person(text), "{text}");
        }
        for text in [
            "",
            "where is my order",
            "can another person pick up my parcel",
            "I need someone to sign for the delivery?",
            "is this soap safe for human skin, and for which kinds of skin was it tested",
            "how many people does the tent hold",
            "who is the manufacturer",
            "can I call off my order",
            "does somebody have to be at home",
        ] {
            assert!(!asks_for_a_person(text), "{text}");
        }
    }

    #[test]
    fn every_language_says_that_it_was_automatic_and_where_it_comes_from() {
        for phrases in &ALL {
            let said = phrases.automatic("Returns", "help/returns.md");
            assert!(
                said.contains("Returns") && said.contains("(help/returns.md)") && said.to_lowercase().contains("autom"),
                "{said}"
            );
            for said in [phrases.unknown, phrases.person, phrases.meant] {
                assert!(said.to_lowercase().contains("autom"), "{said}");
            }
        }
        assert_eq!(Phrases::of(Some("xx")).language, "en");
        let meant = [Meant { id: "a".into(), title: "A".into() }, Meant { id: "b".into(), title: "B".into() }];
        assert!(Phrases::of(Some("de")).asking_back(&meant).ends_with("\n- A\n- B"));
    }
}
