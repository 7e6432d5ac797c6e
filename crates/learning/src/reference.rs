//! What is foretold, and how does one declare more? The text of `docs/outcomes.md`, made from the code.
//!
//! `RAPPORT_BLESS=1 cargo test -p learning reference` writes the file anew.

use crate::outcome::declared::{AMONG_DAYS, LABELS, N_OUTCOMES_MAX, TEXT_BYTES_MAX, WINDOW_DAYS};
use crate::split::WARM_UP_DAYS;
use crate::tasks::asked::N_EACH_MIN;
use crate::{Label, Outcome, built_in_outcomes, tasks};
use serde_json::{Map, Value, json};

const HEAD: &str = "# Outcomes\n\n\
<!-- Made from the code by `RAPPORT_BLESS=1 cargo test -p learning reference`: a change here is undone. -->\n\n\
An outcome is a question about a customer's future: will they buy again, how often will they write, how much will they\n\
spend, what will they ask for? It is declared in `rapport.toml`, without code, and is then all of these:\n\n\
- a model: `rapport train NAME`, `rapport evaluate NAME`, a card on the models page;\n\
- a decision: `POST /v1/decide` with `{\"decision\": \"NAME\", \"userId\": \"42\"}` answers a probability, a\n  \
  number or a choice with its reasons;\n\
- the same on every customer's page.\n\n\
It needs the purpose `personalization` to be decided and `analytics` to be learned from, like everything else\n\
([events.md](events.md#consent)). The server reads outcomes when it starts: after a change, of which the log says so, start it again. A model\n\
that was trained for another question under the same name does not answer, and is trained again at once. What was decided\n\
is replayed with what was declared then.\n";

const MEANING: &str = "\n`among` and `label` name the event as it is sent, to the letter, with what it must say, in the form that\n\
[features](features.md#features-of-your-own) have in `when`. Any name of a purchase (`Order Completed`, `purchase`,\n\
`orders/create`) stands for all of them, where nothing else must be true of it. Another event is looked for under its own\n\
name alone.\n\n\
A question is asked as of a moment, of everyone of whom anything was known by then or of those whom `among` says. A decision about somebody of whom it is not asked says so in `fallback`, with the average for a\n\
score, and no rule on the score holds of them. Where `among` is a purchase, who bought longer ago still has a score. What\n\
happened before the outcome was declared is counted in the background; until then the answer says that. It comes true by what happens after that moment and at most the outcome's own `within_days` later.\n\n\
`sum` and `which` read a value: `of` says where it stands, in the same form. A value stands in the events of one\n\
vocabulary, so these two look for the event under its own name alone, orders included.\n\n\
- `count` answers how often, `sum` how much, each as the mean with an interval in which the number lies nine times of ten.\n  \
  Of whom nothing happens it is 0. A value that is no number, or below 0, adds nothing. Where `of` is money of an order (a\n  \
  place that ends in `.revenue`, `.total` and the like) and a `currency` beside it is the same in all events, the answer is\n  \
  told in that currency, and otherwise as a number: ask of one currency with `\"properties.currency\" = \"EUR\"`. Where\n  \
  the company told of it for 20 customers, by a server key or an import, that alone decides; else one customer of twenty may\n  \
  say otherwise. A value that only the write key told of counts for no more than what is far above the usual, and a warning\n  \
  of the evaluation says so, so that nobody can bend the answers with invented ones.\n\
- `which` answers the likeliest value and how likely each is. The values are those of the first event in the window that has\n  \
  one. Told apart are at most 20, the most frequent ones, each with 20 rows or more to learn from and of ten customers;\n  \
  all others, those never seen before included, are `other values` together. What the probabilities lack to 1 is that\n  \
  nothing comes. A rule of a segment can look at questions of yes or no alone.\n\n\
An outcome brings features along, for its own model alone: how often its event happened in as long a time before as is\n\
asked ahead and in four times that, what `of` came to then, and how long ago it last was; of whom it is asked, how long ago\n\
that was. They are named after it (`tickets_times_30d`), stand on the page Features and in `rapport features`, and their past is counted in the\n\
background like that of [features of your own](features.md#features-of-your-own), which go before them where both have one name.\n";

/// The ways to say of whom a question is asked.
const AMONG: [(&str, &str); 5] = [
    ("\"everyone\"", "everyone of whom anything is known"),
    ("{ event = …, within_days = 30 }", "who did it in the days before the question"),
    ("{ event = …, within_days = 7, at_least = 3 }", "who did it so often in those days"),
    ("{ never = { event = … } }", "who never did it"),
    ("{ event = …, until = { event = … } }", "who did the first, and not the second since: a plan that runs"),
];

/// Questions that companies ask, declared.
fn questions() -> [Value; 9] {
    let declared = |name: &str, question: &str, among: Value, label: Value, within_days: i64| json!({"name": name, "question": question, "among": among, "label": label, "within_days": within_days});
    let tea = json!({"event": "Order Completed", "properties.products.category": "tea"});
    [
        declared(
            "upgrade",
            "Will a basic plan be upgraded within 30 days?",
            json!({"event": "Plan Started", "properties.plan": "basic", "until": {"event": "Plan Cancelled"}}),
            json!({"did": {"event": "Plan Changed", "properties.kind": "upgrade"}}),
            30,
        ),
        declared(
            "first_tea",
            "Will the first tea be bought within 30 days?",
            json!({"never": tea}),
            json!({"did": tea}),
            30,
        ),
        declared(
            "coupon_redeemed",
            "Will a coupon that was sent be redeemed within 14 days?",
            json!({"event": "Coupon Sent", "within_days": 14}),
            json!({"did": {"event": "Coupon Redeemed"}}),
            14,
        ),
        declared(
            "needs_tutorial",
            "Will help be looked for within 7 days after repeated errors?",
            json!({"event": "Error Shown", "within_days": 7, "at_least": 3}),
            json!({"did": {"event": "Help Opened", "properties.kind": "tutorial"}}),
            7,
        ),
        declared(
            "next_ticket",
            "Will a ticket be opened within 14 days?",
            json!("everyone"),
            json!({"did": {"event": "Ticket Created"}}),
            14,
        ),
        declared(
            "cancels",
            "Will a subscription that runs be cancelled within 30 days?",
            json!({"event": "Subscription Started", "until": {"event": "Subscription Cancelled"}}),
            json!({"did": {"event": "Subscription Cancelled"}}),
            30,
        ),
        declared(
            "tickets",
            "How many tickets will come within 30 days?",
            json!("everyone"),
            json!({"count": {"event": "Ticket Created"}}),
            30,
        ),
        declared(
            "spending",
            "How much will be spent within 30 days?",
            json!({"event": "Order Completed", "within_days": 90}),
            json!({"sum": {"event": "Order Completed", "of": "properties.revenue"}}),
            30,
        ),
        declared(
            "next_reason",
            "What will the next ticket be about?",
            json!("everyone"),
            json!({"which": {"event": "Ticket Created", "of": "properties.reason"}}),
            30,
        ),
    ]
}

fn examples() -> [Value; 2] {
    [
        json!({
            "name": "returns_soon", "title": "Back within a week", "question": "Will the customer buy again within 7 days?",
            "among": { "event": "Order Completed", "within_days": 60 },
            "label": { "did": { "event": "Order Completed" } }, "within_days": 7,
        }),
        json!({
            "name": "upgrades", "question": "Will the plan be upgraded within 30 days?", "among": "everyone",
            "label": { "did": { "event": "Plan Changed", "properties.kind": "upgrade" } }, "within_days": 30,
        }),
    ]
}

/// A value as it stands in a settings file.
fn inline(value: &Value) -> String {
    let Some(table) = value.as_object() else { return value.to_string() };
    let key = |key: &str| if key.contains('.') { format!("\"{key}\"") } else { key.to_owned() };
    let mut entries: Vec<_> = table.iter().collect();
    // The event first, what it must say after it.
    entries.sort_by_key(|(name, _)| (*name != "event", *name == "within_days"));
    let entries: Vec<String> =
        entries.iter().map(|(name, value)| format!("{} = {}", key(name), inline(value))).collect();
    format!("{{ {} }}", entries.join(", "))
}

/// A declaration, its keys in the order of the list of keys.
fn declaration(table: &Map<String, Value>) -> String {
    let keys = Outcome::keys().iter().filter_map(|(key, _)| Some((key, table.get(*key)?)));
    let lines: String = keys.map(|(key, value)| format!("{key} = {}\n", inline(value))).collect();
    format!("[[outcomes]]\n{lines}")
}

fn table(head: &str, n_columns: usize, rows: impl IntoIterator<Item = String>) -> String {
    format!("\n{head}\n|{}\n{}", "---|".repeat(n_columns), rows.into_iter().map(|row| row + "\n").collect::<String>())
}

fn limits() -> String {
    format!(
        "\n## What it takes\n\n\
         - `within_days` is {} to {}; that of `among` is {} to {}. `title` and `question` have at most {TEXT_BYTES_MAX} bytes.\n\
         - At most {N_OUTCOMES_MAX} outcomes: each is a model. A date of TOML is the text that events have.\n\
         - A name is taken once: outcomes and what is built in ({}) share them.\n\
         - Twice `within_days` and {WARM_UP_DAYS} days of history, without a gap in the windows.\n\
         - Of yes or no: at least {N_EACH_MIN} customers of whom it came true in the window that the model is judged on, and\n  \
           {N_EACH_MIN} of whom it did not. Of a number: {N_EACH_MIN} of whom it is above 0. Of a choice: two values, or one and\n  \
           nothing, that can be told apart. Until then the models page says what is missing.\n\n\
         The model answers where it is not clearly behind simple answers: the share or the mean of all customers, and the\n\
         days since the last time, what came in as long a time before, or what came last. A feature that alone tells almost surely of whom it comes true is named at the training: it is mostly the\n\
         answer in another form. Days on which nothing came in are no answer, as for everything that is learned.\n\n\
         An event that never came in is no mistake, since it may be yet to come; the number of customers of whom it came true\n\
         then stays at 0.\n",
        WINDOW_DAYS.0,
        WINDOW_DAYS.1,
        AMONG_DAYS.0,
        AMONG_DAYS.1,
        tasks(&[]).names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    )
}

/// The whole text.
fn reference() -> String {
    let keys = Outcome::keys().iter().map(|(key, meaning)| format!("| `{key}` | {meaning} |"));
    let labels = LABELS.iter().map(|(label, meaning)| format!("| `{label}` | {meaning} |"));
    let built_in: Vec<String> = built_in_outcomes().iter().map(|outcome| declaration(&outcome.to_table())).collect();
    let declarations = examples().map(|example| declaration(example.as_object().expect("an example is a table")));
    let questions = questions().map(|example| declaration(example.as_object().expect("an example is a table")));
    let among = AMONG.iter().map(|(among, meaning)| format!("| `{among}` | {meaning} |"));
    format!(
        "{HEAD}\n## Declare one\n\n```toml\n{}```\n{}{}{}{MEANING}\n## Questions that companies ask\n\n```toml\n{}```\n{}\n## What is built in\n\nCould have been declared as well:\n\n```toml\n{}```\n",
        declarations.join("\n"),
        table("| key | what it says |", 2, keys),
        table("| among | of whom it is asked |", 2, among),
        table("| label | what is foretold |", 2, labels),
        questions.join("\n"),
        limits(),
        built_in.join("\n"),
    )
}

#[test]
fn the_reference_is_the_one_in_the_repository() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/outcomes.md");
    let text = reference();
    if std::env::var_os("RAPPORT_BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == text, "docs/outcomes.md differs from the code: RAPPORT_BLESS=1 cargo test -p learning reference");
}

#[test]
fn what_the_reference_shows_is_understood() {
    let read = [examples().to_vec(), questions().to_vec()].concat();
    let read: Vec<Outcome> =
        read.iter().map(|example| Outcome::from_table(example.as_object().unwrap()).unwrap()).collect();
    let is_new = |outcome: &Outcome| matches!(outcome.label, Label::Count(_) | Label::Sum(..) | Label::Which(..));
    assert_eq!(read.iter().filter(|outcome| is_new(outcome)).count(), 3, "one of each form that is no yes or no");
    assert!(read.iter().all(|outcome| is_new(outcome) != outcome.is_yes_or_no()));
    assert_eq!((read[0].is_about_purchases(), read[1].is_about_purchases()), (true, false));
    let taken: Vec<String> = tasks(&[]).names().map(ToString::to_string).collect();
    assert_eq!(Outcome::check_all(&read, taken.iter().map(String::as_str)), Ok(()));
}
