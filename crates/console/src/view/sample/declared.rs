//! What do the sample pages tell of the forms in which people declare?

use super::kept::text;
use super::*;

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let settings = "The settings declare the flag “checkout”, and they win: change it in their file, which the server follows, or take it \
                    out there and declare it here.";
    let new = EditorPage {
        frame: frame("/new/actions"),
        name: None,
        title: String::new(),
        post: text("/new/actions"),
        remove: None,
        problem: Some(text("All actions have the weight 0, so that none could ever be chosen: give one more.")),
        told: vec![],
        ..editor()
    };
    let fixed = EditorPage { fixed: Some(text(settings)), remove: None, ..editor_of_flag() };
    vec![
        ("/actions/grinder/edit", editor().render()),
        ("/new/actions", new.render()),
        ("/flags/checkout/edit", editor_of_flag().render()),
        ("/fixed/flags/checkout/edit", fixed.render()),
        ("/experiments/checkout_copy/edit", editor_of_experiment().render()),
    ]
}

fn field(key: &str, label: &str, hint: &str, input: EditorInput) -> EditorField {
    EditorField { key: text(key), label: text(label), hint: text(hint), input, wrong: None, is_fixed: false }
}

fn line(said: &str, example: &str) -> EditorInput {
    EditorInput::Line { text: text(said), example: text(example) }
}

fn area(said: &str, n_lines: usize, example: &str) -> EditorInput {
    EditorInput::Area { text: text(said), n_lines, example: text(example) }
}

fn group(title: &str, fields: Vec<EditorField>) -> EditorGroup {
    EditorGroup { title: text(title), fields }
}

fn row(key: &str, place: usize, cells: &[(&str, &str, &str, &[&str])]) -> EditorRow {
    let cell = |(name, label, said, among): &(&str, &str, &str, &[&str])| EditorCell {
        name: format!("{key}.{place}.{name}"),
        label: text(label),
        text: text(said),
        is_wide: ["when", "value"].contains(name),
        among: among.iter().map(|one| text(one)).collect(),
        is_wrong: false,
    };
    EditorRow { cells: cells.iter().map(cell).collect() }
}

/// The form of an action, with a condition that cannot be read.
#[must_use]
pub fn editor() -> EditorPage {
    EditorPage {
        frame: frame("/actions/grinder/edit"),
        section: Section::Actions,
        list: text("actions"),
        word: text("action"),
        name: Some(text("grinder")),
        title: text("A grinder"),
        post: text("/actions/grinder/edit"),
        back: text("/actions/grinder"),
        remove: Some(text("/actions/grinder/remove")),
        seen: text("00c0ffee"),
        fixed: None,
        notes: vec![],
        problem: None,
        groups: groups_of_action(),
        told: vec![
            text("412 of 1,000 customers may have it now, and it suits them."),
            text("61 of the newest 500 decisions could have offered it, since 3 Nov 2026, 10:00:00."),
        ],
    }
}

/// The form of a flag.
#[must_use]
pub fn editor_of_flag() -> EditorPage {
    let types = [("text", "A text", true), ("boolean", "True or false", false)];
    let types = types.map(|(value, label, yes)| (text(value), text(label), yes));
    let rule = |place: usize, when: &str, share: &str, value: &str, experiment: &str| {
        let experiments: &[&str] = &["checkout_copy", "price_test"];
        row(
            "rules",
            place,
            &[
                ("when", "When", when, &[]),
                ("share", "Share, in %", share, &[]),
                ("value", "Value", value, &[]),
                ("experiment", "Or drawn by", experiment, experiments),
            ],
        )
    };
    let rules = vec![
        rule(0, "traits.plan = \"pro\"", "", "new", ""),
        rule(1, "", "", "", "checkout_copy"),
        rule(2, "", "25", "new", ""),
        rule(3, "", "", "", ""),
    ];
    EditorPage {
        frame: frame("/flags/checkout/edit"),
        section: Section::Flags,
        list: text("flags"),
        word: text("flag"),
        name: Some(text("checkout")),
        title: text("Checkout"),
        post: text("/flags/checkout/edit"),
        back: text("/flags#f-checkout"),
        remove: Some(text("/flags/checkout/remove")),
        groups: vec![
            group(
                "What it is",
                vec![
                    EditorField {
                        is_fixed: true,
                        ..field("type", "Type", "Boolean, text, number or json.", EditorInput::Pick(types.into()))
                    },
                    field("default", "Default", "Its value where no rule gives another one.", area("old", 1, "")),
                    field("on", "It is switched on", "False switches it off.", EditorInput::Tick(true)),
                ],
            ),
            group(
                "Who gets another value",
                vec![field(
                    "rules",
                    "Rules, the first that is right",
                    "Who gets another value, the first that is right.",
                    EditorInput::Rows { of: None, rows: rules },
                )],
            ),
        ],
        told: vec![],
        ..editor()
    }
}

/// The form of an experiment that has begun.
#[must_use]
pub fn editor_of_experiment() -> EditorPage {
    let arm = |place: usize, name: &str, value: &str| {
        row(
            "variations",
            place,
            &[("name", "Name", name, &[]), ("value", "Value", value, &[]), ("weight", "Weight", "1", &[])],
        )
    };
    let types = vec![(text("text"), text("A text"), true)];
    EditorPage {
        frame: frame("/experiments/checkout_copy/edit"),
        section: Section::Experiments,
        list: text("experiments"),
        word: text("experiment"),
        name: Some(text("checkout_copy")),
        title: text("Checkout copy"),
        post: text("/experiments/checkout_copy/edit"),
        back: text("/experiments#e-checkout_copy"),
        remove: Some(text("/experiments/checkout_copy/remove")),
        notes: vec![text(
            "It began 13 Nov 2026, 04:52:39. What began is frozen: of whom, in which layer and what is compared stays as it is, and its \
             share may only grow.",
        )],
        groups: vec![group(
            "What is compared",
            vec![EditorField {
                is_fixed: true,
                ..field(
                    "variations",
                    "Variations, the control first",
                    "What is compared, the control first.",
                    EditorInput::Rows { of: Some(types), rows: vec![arm(0, "control", "old"), arm(1, "bold", "new")] },
                )
            }],
        )],
        told: vec![text("1,204 of 4,019 customers are meant now."), text("50 % of them take part.")],
        ..editor()
    }
}

fn groups_of_action() -> Vec<EditorGroup> {
    let channels = ["web", "app", "email", "sms", "push", "call", "store"];
    let channels = channels.map(|one| (text(one), primitives::capital(one), ["web", "email"].contains(&one)));
    let eligible = EditorField {
        wrong: Some(text("There is no such feature: did you mean \"orders_365d\"?")),
        ..field(
            "eligible",
            "Who may have it",
            "A condition on customers, as in lists: who may have it at all, such as \"orders_365d >= 1\".",
            area("ordrs_365d >= 1 and traits.city = \"<b>Graz</b>\"", 2, "orders_365d >= 1"),
        )
    };
    let name = EditorField {
        is_fixed: true,
        ..field("name", "Name", "Its name: small letters, digits, _ and -.", line("grinder", "grinder"))
    };
    vec![
        group(
            "What it is",
            vec![
                name,
                field(
                    "title",
                    "Title",
                    "What it is called on a page; without it, the words of its name.",
                    line("A grinder", "A grinder for your beans"),
                ),
                field(
                    "content",
                    "Content",
                    "What is handed out with it, as it stands.",
                    area("headline = \"Freshly <ground>\"\nurl = \"/grinders\"", 3, "headline = \"Freshly ground\""),
                ),
            ],
        ),
        group("Whom it is for", vec![eligible]),
        group(
            "Where and when",
            vec![field(
                "channels",
                "Channels",
                "Where it can be done; without it, everywhere.",
                EditorInput::Ticks(channels.into()),
            )],
        ),
        group(
            "What it is worth",
            vec![
                field(
                    "value",
                    "Value",
                    "What it earns when it is accepted, in the default currency.",
                    EditorInput::Number { text: text("12.5"), example: text("12.5") },
                ),
                field(
                    "mandatory",
                    "It comes first",
                    "Whether it comes before all others where it may be done.",
                    EditorInput::Tick(true),
                ),
            ],
        ),
    ]
}
