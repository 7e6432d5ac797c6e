//! Does every kind keep what is promised of all of them? A new kind is looked at by being on the list.

use super::shop::{
    NOW, catalogue, decide, decided, every_kind, loaded, models, outcomes, question, refused, replay, silent, unknown,
};
use crate::filter::{Names, Subject as AskedOf};
use crate::search::{Completion, Features, Found, FoundItem, Told};
use crate::{
    Arm, Ask, Content, ContentShape, DecisionError, Filter, Gist, ItemFacts, Knowledge, LoggedDecision, ModelInputs,
    Models, Question, Reads, Record, Sales, Subject, Takes, World, built_in_lists,
};
use events::generator::{self, WorldSettings};
use features::{FeatureState, TraceReads};
use governance::{ConsentPolicy, Headcount};
use learning::{Data, Dataset, Loaded, Offered, SearchLog, Searched};
use primitives::{Currency, ErrorKind, ItemKey, Seed, Timestamp};
use profiles::{Customer, MemoryProfileStore, Profiles};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// The events of a generated shop.
fn events() -> Vec<events::Recorded> {
    let settings = WorldSettings { n_customers: 300, n_items: 60, ..WorldSettings::default() };
    let world = generator::World::new(Seed::new(11), settings);
    (1..)
        .zip(world.events().chain(labelled()))
        .map(|(offset, event)| events::Recorded { offset: events::Offset(offset), event })
        .collect()
}

/// Messages of which the shop told what they ask for.
fn labelled() -> Vec<events::Event> {
    let asks =
        [("delivery", "Where is my"), ("refund", "I want my money back for the"), ("cancel", "Please cancel the")];
    let things = ["parcel", "order", "box", "letter", "present", "shipment", "package", "delivery", "item", "goods"];
    let of = asks.iter().flat_map(|(label, words)| things.iter().map(move |thing| (label, format!("{words} {thing}"))));
    let envelope = events::Envelope::new(NOW.plus_days(-1), events::Origin::Server);
    let event = |(at, (label, text)): (usize, (&&str, String))| {
        let told = serde_json::json!({
            "type": "track", "event": learning::LABELLED, "anonymousId": "desk", "messageId": format!("labelled-{at}"),
            "timestamp": NOW.plus_days(-1).to_string(), "properties": {"text": text, "label": label},
        });
        events::parse_event(told, None, &envelope).unwrap()
    };
    of.enumerate().map(event).collect()
}

/// Searches a minute before each order, which showed among others what was bought: a brand that the customer buys.
fn searches(dataset: &Dataset) -> SearchLog {
    let mut log = crate::no_searches();
    let others: Vec<ItemKey> = dataset.items().map(|(item, _)| item).take(9).collect();
    for customer in dataset.customers() {
        let Customer { profile, state } = customer.get();
        let mut lines: Vec<_> = state.lines_until(NOW).collect();
        lines.dedup_by_key(|line| line.at);
        for line in lines.into_iter().filter(|line| !others.contains(&line.item)) {
            let place = (line.at.as_millis() / 1_000 % 10).unsigned_abs();
            let mut shown = others.clone();
            shown.insert(usize::try_from(place).unwrap(), line.item);
            let numbers = |item: &ItemKey| {
                let mut numbers = [0.0; crate::search::FEATURES.len()];
                numbers[Found::N_IMPERSONAL] = if item == &line.item { 1.0 } else { 0.0 };
                numbers
            };
            log.searches.push(Searched {
                customer: profile.id.clone(),
                at: Timestamp::from_millis(line.at.as_millis() - 60_000),
                words: 1,
                numbers: shown.iter().flat_map(numbers).collect(),
                items: (0..).zip(shown).map(|(place, item)| Offered { item, place: Some(place) }).collect(),
            });
        }
    }
    log
}

/// A model for every task of the list, trained on the generated shop.
fn of_every_task() -> &'static Vec<Loaded> {
    static LOADED: LazyLock<Vec<Loaded>> = LazyLock::new(|| {
        let history = super::shop::Told(events());
        let tasks = learning::tasks(outcomes());
        let asked = outcomes().iter().flat_map(|outcome| outcome.among.cells());
        let reads = TraceReads::new(tasks.watches()).keeping(asked);
        let dataset = Dataset::load(&history, &ConsentPolicy::default(), reads, &mut |_| {}).unwrap();
        let log = searches(&dataset);
        let dataset = dataset.with_searches(log);
        let data = Data { dataset: &dataset, catalogue: catalogue(), now: NOW, seed: Seed::new(1) };
        let train = |task: &dyn learning::Task| {
            let trained = learning::train(task, &data).unwrap();
            loaded(&format!("{}-1", trained.header.task), trained.header, trained.body)
        };
        tasks.iter().map(train).collect()
    });
    &LOADED
}

fn all_models() -> Models {
    let mut models = Models::default();
    of_every_task().iter().cloned().for_each(|loaded| models.put(loaded));
    models
}

/// The customers of the shop who ordered lately, those with the fewest orders first.
fn buyers() -> &'static [Customer<FeatureState>] {
    static BUYERS: LazyLock<Vec<Customer<FeatureState>>> = LazyLock::new(|| {
        let mut profiles = Profiles::open(Arc::new(MemoryProfileStore::default())).unwrap();
        for recorded in events() {
            profiles.apply(&recorded).unwrap();
        }
        let mut customers: Vec<Customer<FeatureState>> = profiles.into_resident();
        customers.retain(|customer| customer.state.last_order_at() > Some(NOW.plus_days(-60)));
        customers.sort_by_key(|customer| customer.state.n_orders());
        customers
    });
    &BUYERS
}

/// Who ordered most often.
fn buyer() -> &'static Customer<FeatureState> {
    buyers().last().unwrap()
}

/// A shop that has whatever anybody ever asked for.
struct Open;

impl World for Open {
    fn is_available(&self, _: ItemKey) -> bool {
        true
    }

    fn facts(&self, item: ItemKey) -> Option<ItemFacts> {
        let id = format!("{}", item.0);
        Some(ItemFacts { id: id.as_str().into(), title: id })
    }

    fn popular(&self, n: usize) -> Vec<(ItemKey, Sales)> {
        (1..=9).map(|item| (ItemKey(item), Sales::Buyers { buyers: Headcount::of(9) })).take(n).collect()
    }

    /// Nine items of which the last is the customer's own, where they have any.
    fn found(&self, own: &[(ItemKey, f64)]) -> Option<Found> {
        let item = |item: u8| {
            let mut features = Features::default();
            features[0] = f32::from(10 - item) / 10.0;
            features[Found::N_IMPERSONAL] = if item == 9 && !own.is_empty() { 1.0 } else { 0.0 };
            FoundItem { item: ItemKey(item.into()), features }
        };
        Some(Found { items: (1..=9).map(item).collect(), told: Told { n_found: 9, ..Told::default() } })
    }

    fn completed(&self) -> Option<Vec<Completion>> {
        Some(vec![Completion { text: "green tea".to_owned(), of: "query".to_owned(), id: None, n: None }])
    }
}

/// The buyer, as far as a kind reads them.
fn of(kind: &str, models: &Models) -> Subject {
    of_customer(kind, buyer(), models)
}

fn of_customer(kind: &str, customer: &Customer<FeatureState>, models: &Models) -> Subject {
    let about = every_kind().get(kind).unwrap().about();
    Subject::of(Some(customer), &ConsentPolicy::default(), about, models, catalogue(), (NOW, None))
}

fn shape(content: &Content) -> ContentShape {
    match content {
        Content::Items(_) => ContentShape::Items,
        Content::Search { .. } => ContentShape::Search,
        Content::Completions(_) => ContentShape::Completions,
        Content::Actions(_) => ContentShape::Actions,
        Content::Flags(_) => ContentShape::Flags,
        Content::Score { .. } => ContentShape::Score,
        Content::Amount { .. } => ContentShape::Amount,
        Content::Choice { .. } => ContentShape::Choice,
        Content::Labels(_) => ContentShape::Labels,
        Content::Reply(_) => ContentShape::Reply,
    }
}

/// Whether an answer says anything of what was asked.
fn says_something(content: &Content) -> bool {
    match content {
        Content::Items(items) | Content::Search { items, .. } => !items.is_empty(),
        Content::Completions(completions) => !completions.is_empty(),
        Content::Actions(actions) => !actions.chosen.is_empty(),
        Content::Flags(flags) => !flags.flags.is_empty(),
        Content::Score { score, .. } => score.is_some(),
        Content::Amount { amount, .. } => amount.is_some_and(|amount| {
            amount.low <= amount.value && amount.value <= amount.high && amount.value.is_finite()
        }),
        Content::Choice { label, .. } => label.is_some(),
        Content::Labels(labels) => labels.intent.is_some() && labels.sentiment.is_some(),
        Content::Reply(reply) => !reply.text.is_empty(),
    }
}

#[test]
fn every_kind_answers_everybody_and_says_why_where_it_is_not_the_full_answer() {
    for (models, has_model) in [(all_models(), true), (Models::default(), false)] {
        for kind in every_kind().iter() {
            let about = kind.about();
            let name = about.name.as_str();
            for (subject, is_known) in
                [(of(name, &models), true), (refused(), false), (silent(), false), (unknown(true), false)]
            {
                let (answer, record) = decided(&question(name, 3), &subject, &models, &Open);
                assert_eq!(shape(&answer.content), about.shape, "{name}");
                let learns = !about.tasks.is_empty();
                // Of a message nothing need be known of whoever wrote it.
                let is_read = about.shape == ContentShape::Labels && matches!(subject, Subject::Unknown(_));
                let is_full = (is_known || is_read) && (has_model || !learns);
                assert_eq!(answer.fallback.is_none(), is_full, "{name}: {:?}", answer.fallback);
                assert!(!is_full || says_something(&answer.content), "{name}: {answer:?}");
                if let Some(why) = &answer.fallback {
                    assert!(why.ends_with('.') && why.starts_with(char::is_uppercase), "{name}: {why}");
                }
                let is_asked = about.shape != ContentShape::Labels || !matches!(subject, Subject::Withheld(_));
                assert!(
                    !learns || answer.model.is_some() == (has_model && is_asked),
                    "{name} names the model it asked"
                );
                let again = super::reopened(&record);
                assert_eq!(replay(&again, &models).unwrap(), answer, "{name}");
            }
        }
    }
}

/// Lists compare customers by what their own decisions answer.
#[test]
fn a_gist_is_what_the_whole_answer_comes_to() {
    let models = all_models();
    for kind in every_kind().iter() {
        let name = kind.about().name.as_str();
        let question = Question { parameters: BTreeMap::new(), ..question(name, 3) };
        let ask = Ask {
            question: &question,
            models: &models,
            world: &Open,
            catalogue: catalogue(),
            as_before: false,
            is_unplaced: false,
        };
        let mut n_said = 0;
        for customer in buyers() {
            let Subject::Known(known) = of_customer(name, customer, &models) else { continue };
            let whole = kind.personal(&ask, known.get()).ok().and_then(|said| Gist::of(said.content));
            let gist = kind.gist(&ask, known.get());
            match (&gist, &whole) {
                (Some(Gist::Number(one)), Some(Gist::Number(other))) => {
                    assert_eq!(one.to_bits(), other.to_bits(), "{name}: {one} is not {other}");
                }
                // A list compares the likeliest.
                (Some(Gist::Words(one)), Some(Gist::Words(other))) => assert_eq!(one.first(), other.first(), "{name}"),
                _ => assert_eq!((gist.is_some(), whole.is_some()), (false, false), "{name}"),
            }
            n_said += usize::from(gist.is_some());
        }
        assert_eq!(n_said > 10, kind.about().shape.measure().is_some(), "{name}: {n_said}");
    }
}

#[test]
fn a_list_that_is_there_from_the_start_can_be_kept_and_asks_what_the_kinds_answer() {
    let score = |kind: &dyn crate::Kind| Some((kind.about().name.to_string(), kind.about().shape.measure()?));
    let names = Names { scores: every_kind().iter().filter_map(score).collect(), ..Names::default() };
    let lists = built_in_lists();
    assert_eq!(lists.iter().map(|list| list.name.as_str()).collect::<Vec<_>>(), ["about_to_leave"]);
    for list in lists {
        assert_eq!(list.check(), Ok(()));
        assert_ne!(Filter::parse(&list.filter, &names), Ok(Filter::All), "{}", list.filter);
        let sorted_by = list.sort.trim_start_matches('-');
        for asked in list.columns.split(',').chain([sorted_by]).map(|column| column.trim_start_matches("why.")) {
            assert_eq!(Filter::parse_subject(asked, &names), Ok(AskedOf::Named(asked.to_owned())));
        }
    }
}

#[test]
fn who_may_not_be_known_gets_what_nobody_in_particular_gets() {
    let models = all_models();
    // What somebody wrote is theirs: who refuses is not read, and gets less than a stranger.
    for kind in every_kind().iter().filter(|kind| kind.about().shape != ContentShape::Labels) {
        let name = kind.about().name.as_str();
        let answer = |subject: &Subject| decide(&question(name, 5), subject, &models, &Open).unwrap();
        let (withheld, stranger) = (answer(&refused()), answer(&unknown(true)));
        assert_eq!(withheld.content, stranger.content, "{name}: the refusal changes the reason alone");
        assert_eq!(withheld.model, stranger.model, "{name}");
        let looks = kind.about().reads != Reads::default();
        assert_eq!(answer(&of(name, &models)).content != withheld.content, looks, "{name} says the same of everybody");
    }
}

#[test]
fn who_is_held_out_gets_what_nobody_in_particular_gets_and_what_they_would_have_got_is_kept() {
    let models = all_models();
    for kind in every_kind().iter() {
        let name = kind.about().name.as_str();
        let of_arm = |arm| Question { arm, ..question(name, 5) };
        let subject = of(name, &models);
        let (held, record) = decided(&of_arm(Some(Arm::Holdout)), &subject, &models, &Open);
        let nobodys = match decide(&of_arm(None), &unknown(true), &models, &Open).unwrap().content {
            // For a stranger may be done what asks nothing of them; for whoever is held out nothing is.
            Content::Actions(_) => Content::Actions(Box::default()),
            other => other,
        };
        assert_eq!((&held.content, held.arm), (&nobodys, Some(Arm::Holdout)), "{name}");
        let why = held.fallback.as_deref().unwrap_or_default();
        assert!(why.starts_with("The customer is held out, to tell what decisions are worth"), "{name}: {why}");
        let record = super::reopened(&record);
        assert_eq!((record.arm(), replay(&record, &models).unwrap()), ("holdout", held), "{name}");
        let (treated, treated_record) = decided(&of_arm(Some(Arm::Treated)), &subject, &models, &Open);
        let open = decide(&of_arm(None), &subject, &models, &Open).unwrap();
        assert_eq!(treated, crate::Answer { arm: Some(Arm::Treated), ..open }, "{name}");
        assert_eq!((record.would(), treated_record.would()), (Some(&treated.content), None), "{name}");
        // Whoever refuses later is held out still, and nothing says why they would have got what they would have.
        let forgotten = super::reopened(&record.forget());
        let told = super::json(&forgotten.to_logged().record);
        assert_eq!(forgotten.would().map(shape), Some(shape(&treated.content)), "{name}");
        for reason in reasons(&treated.content) {
            assert!(!told.contains(&reason), "{name}: {reason}");
        }
    }
}

/// What an answer says of its reasons.
fn reasons(content: &Content) -> Vec<String> {
    match content {
        Content::Items(items) | Content::Search { items, .. } => items.iter().map(|item| item.reason.clone()).collect(),
        Content::Completions(_) | Content::Flags(_) | Content::Labels(_) | Content::Reply(_) => Vec::new(),
        Content::Actions(actions) => actions.chosen.iter().map(|action| action.reason.clone()).collect(),
        Content::Score { reasons, .. } | Content::Amount { reasons, .. } | Content::Choice { reasons, .. } => {
            reasons.iter().map(|reason| reason.text.clone()).collect()
        }
    }
}

#[test]
fn only_what_a_kind_declares_is_known_and_recorded_in_few_bytes() {
    let models = all_models();
    for kind in every_kind().iter() {
        let about = kind.about();
        let name = about.name.as_str();
        let Subject::Known(known) = of(name, &models) else { panic!("the buyer consents") };
        let known: &Knowledge = known.get();
        let read: Vec<&str> = known.inputs.keys().map(|task| task.as_str()).collect();
        let mut declared: Vec<&str> =
            about.reads.tasks.iter().filter(|task| models.get(task).is_some()).map(|task| task.as_str()).collect();
        declared.sort_unstable();
        assert_eq!(read, declared, "{name}");
        assert!(known.features.keys().all(|feature| about.reads.features.contains(feature)), "{name}");
        assert_eq!(known.bought.is_empty(), !about.reads.bought, "{name}");
        assert_eq!(known.currency.is_some(), about.reads.currency, "{name}");
        let (_, record) = decided(&question(name, 3), &of(name, &models), &models, &Open);
        let logged = record.to_logged();
        assert_eq!(super::json(&logged.record).contains("\"bought\""), about.reads.bought, "{name}");
        let median = of_customer(name, &buyers()[buyers().len() / 2], &models);
        let (_, record) = decided(&question(name, 10), &median, &models, &Open);
        let n_bytes = record.to_logged().record.len();
        assert!(n_bytes <= 1_024, "{name}: {n_bytes} bytes of the median customer");
    }
}

#[test]
fn parameters_are_checked_by_what_is_declared_of_them() {
    let models = models(true);
    for kind in every_kind().iter() {
        let about = kind.about();
        let name = about.name.as_str();
        let ask = |parameter: &str, value: i64| {
            let mut asked = question(name, 1);
            asked.parameters = [(parameter.to_owned(), value.into())].into();
            decide(&asked, &unknown(true), &models, &Open)
        };
        assert!(ask("made_up", 1).unwrap_err().to_string().contains(&format!("\"{name}\" takes no \"made_up\"")));
        for parameter in &about.parameters {
            let Takes::Whole { range: (min, max), default } = parameter.takes else { continue };
            assert!(default.is_none_or(|default| min <= default && default <= max), "{name}: {parameter:?}");
            assert!(ask(parameter.name, min).is_ok() && ask(parameter.name, max).is_ok());
            for outside in [min - 1, max + 1] {
                let error = ask(parameter.name, outside).unwrap_err().to_string();
                assert_eq!(error, format!("{} is {outside}: it goes from {min} to {max}", parameter.name));
            }
        }
    }
}

#[test]
fn a_value_is_told_in_the_currency_that_was_learned_from() {
    let models = all_models();
    let Subject::Known(known) = of("value", &models) else { panic!("the buyer consents") };
    let mut known = known.get().clone();
    let ask =
        |known: &Knowledge| decide(&question("value", 1), &super::shop::known(known.clone()), &models, &Open).unwrap();
    let Content::Amount { amount: Some(amount), reasons } = ask(&known).content else { panic!("an amount") };
    assert_eq!((amount.currency, amount.days, reasons.len()), (known.currency, Some(365), 3));
    let subject = super::shop::known(known.clone());
    for (subject, has_reasons) in [(&subject, true), (&refused(), false)] {
        let mut asked = question("value", 1);
        asked.parameters = [("days".to_owned(), 30.into())].into();
        let (answer, record) = decided(&asked, subject, &models, &Open);
        let days = |answer: &crate::Answer| match &answer.content {
            Content::Amount { amount, reasons } => (amount.unwrap().days, !reasons.is_empty()),
            other => panic!("an amount was asked for: {other:?}"),
        };
        assert_eq!(days(&answer), (Some(30), has_reasons));
        // Before it was told, it was not told.
        let third = super::json(&record.to_logged().record).replacen("\"v\":7", "\"v\":3", 1);
        let third = Record::open(&LoggedDecision { record: third.into_bytes(), ..record.to_logged() }).unwrap();
        assert_eq!(days(&replay(&third, &models).unwrap()), (None, has_reasons));
    }
    known.currency = Some(Currency::parse("JPY").unwrap());
    let answer = ask(&known);
    assert!(answer.fallback.unwrap().contains("The customer pays in JPY, and the model has learned from"));
    let nothing = ModelInputs { version: "value-1".into(), values: vec![0.0, f64::NAN, f64::NAN, f64::NAN, f64::NAN] };
    known.inputs.insert("value".into(), nothing);
    assert!(ask(&known).fallback.unwrap().starts_with("The customer has not bought anything yet"));
}

#[test]
fn a_decision_of_a_kind_that_only_a_newer_program_knows_is_shown_and_not_called_damage() {
    let (_, record) = decided(&question("churn", 1), &of("churn", &all_models()), &all_models(), &Open);
    let logged = record.to_logged();
    let stranger = super::json(&logged.record).replace("\"kind\":\"churn\"", "\"kind\":\"mood\"");
    let stranger = Record::open(&LoggedDecision { record: stranger.into_bytes(), ..logged }).unwrap();
    assert_eq!((stranger.question.kind.as_str(), stranger.decision.kind.as_str()), ("mood", "mood"));
    assert_eq!(stranger.decision.answer, record.decision.answer, "what was answered is shown");
    let refused = replay(&stranger, &all_models()).unwrap_err();
    assert!(matches!(refused, DecisionError::NoSuchKind { .. }) && refused.kind() == ErrorKind::Invalid, "{refused}");
}

#[test]
fn what_is_forgotten_of_any_answer_holds_no_likelihood_of_what_was_not_chosen() {
    let models = all_models();
    for kind in every_kind().iter() {
        let name = kind.about().name.as_str();
        let (answer, record) = decided(&question(name, 3), &of(name, &models), &models, &Open);
        let forgotten = super::reopened(&record.forget());
        let text = super::json(&forgotten.to_logged().record);
        for word in ["probabilit", "contribution", "\"feature\""] {
            assert!(!text.contains(word), "{name}: {word}: {text}");
        }
        if let (Content::Choice { label: before, probabilities, .. }, Content::Choice { label: after, .. }) =
            (&answer.content, &forgotten.decision.answer.content)
        {
            assert_eq!(before, after, "{name}: what was chosen stays");
            assert_eq!(probabilities.is_empty(), name == "segments", "{name}");
            assert!(probabilities.first().is_none_or(|likeliest| Some(&likeliest.label) == before.as_ref()));
        }
    }
}

#[test]
fn a_choice_without_likelihoods_is_written_as_before_there_were_any() {
    let before = r#"{"choice":{"label":"loyal","others":["dear"],"reasons":[]}}"#;
    let read: Content = serde_json::from_str(before).unwrap();
    assert!(matches!(&read, Content::Choice { probabilities, .. } if probabilities.is_empty()));
    assert_eq!(serde_json::to_string(&read).unwrap(), before);
}

#[test]
fn a_number_is_told_in_its_currency_with_its_days_and_which_way_each_reason_speaks() {
    let models = all_models();
    for (name, currency) in [("looks", None), ("spends", Currency::parse("USD").ok())] {
        let answer = decide(&question(name, 1), &of(name, &models), &models, &Open).unwrap();
        let Content::Amount { amount: Some(amount), reasons } = answer.content else { panic!("an amount") };
        assert_eq!((amount.currency, amount.days), (currency, Some(21)), "{name}");
        assert!(amount.low >= 0.0 && !reasons.is_empty(), "{name}: {amount:?}");
        for reason in reasons {
            let way = if reason.contribution.unwrap() > 0.0 { " (speaks for more)" } else { " (speaks for less)" };
            assert!(reason.text.ends_with(way), "{name}: {reason:?}");
        }
    }
}
