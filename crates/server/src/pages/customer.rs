//! What stands on a customer's page, and what happens at "Decide now"?

mod done;
mod goods;
pub(super) mod past;

use super::answer::{answer, by_name, content, feature_groups};
use super::customers::label;
use super::visit::{Visit, note_opened};
use super::{decisions, door, worth};
use crate::app::App;
use crate::error::ServerError;
use crate::looks::Opener;
use ::decisions::{ContentShape, Kind, KindAbout, KindName, Parameters};
use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Path, Query};
use axum::response::Response;
use console::format;
use console::view::{
    Answer, Consent, Content, CustomerPage, DecisionRow, FeatureGroup, Frame, Identifier, RefusedJoin, Shown, Trait,
};
use engine::Stopwatch;
use engine::{Asked, CustomerView};
use events::Fields;
use features::FeatureState;
use governance::{ConsentAnswer, ConsentBasis};
use profiles::{Customer, Profile};
use serde::Deserialize;

/// How many items are shown and decided.
const N_ITEMS: i64 = 8;

/// The longest value of a trait that is shown.
const TRAIT_CHARS_MAX: usize = 400;

/// How many decisions about them are told.
const N_DECISIONS: usize = 5;

/// `/customers/{id}?hide=&past=&feature=`.
pub(super) async fn show(
    visit: Visit,
    id: Result<Path<String>, PathRejection>,
    Query(asked): Query<super::Asked>,
) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let opener = visit.opener();
    visit.page(move |app, frame| Ok(opened(app, &opener, fill(app, frame, &id, &asked, None)?).render())).await
}

/// The form of "Decide now".
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    decision: String,
}

/// `POST /customers/{id}/decide`: a decision like any other, logged, and shown above the customer.
pub(super) async fn decide(
    visit: Visit,
    id: Result<Path<String>, PathRejection>,
    choice: Result<Form<Choice>, FormRejection>,
) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let kinds = &visit.app.engine.capabilities().kinds;
    let Some(kind) = choice.ok().and_then(|Form(choice)| Some(kinds.get(&choice.decision).ok()?.about().name.clone()))
    else {
        return door::unreadable(&visit);
    };
    let visit = visit.at(format!("/customers/{}", format::url_part(&id)));
    let opener = visit.opener();
    visit
        .page(move |app, frame| {
            let decided = decide_now(app, &id, &kind)?;
            Ok(opened(app, &opener, fill(app, frame, &id, &super::Asked::new(), Some(decided))?).render())
        })
        .await
}

/// Writes down who looks at whom.
fn opened(app: &App, opener: &Opener, page: CustomerPage) -> CustomerPage {
    note_opened(app, opener, page.id.as_str());
    page
}

fn decide_now(app: &App, id: &str, kind: &KindName) -> Result<Answer, ServerError> {
    let name = name_of(&app.engine.customer(id)?.customer.profile);
    let about = app.engine.capabilities().kinds.get(kind.as_str())?.about();
    let is_shown = about.is_shown.then(|| ("channel".to_owned(), "console".into()));
    let (context, parameters) = (Fields::from_iter(is_shown), parameters(about));
    let watch = Stopwatch::start();
    let record = app.engine.decide(Asked { kind: kind.clone(), names: vec![name], parameters, context })?;
    let latency_ms = watch.elapsed().as_secs_f64() * 1_000.0;
    Ok(answer(app, &record, Some(latency_ms)))
}

/// As many items as fit on the page, where the decision is about items. Of what is done each is a contact: one, where nothing is said.
fn parameters(about: &KindAbout) -> Parameters {
    if about.shape == ContentShape::Actions {
        return Parameters::new();
    }
    about.usual().filter(|(name, _)| *name == "n").map(|(name, _)| (name.to_owned(), N_ITEMS.into())).collect()
}

/// A name that leads to the customer: a `userId` where there is one.
pub(super) fn name_of(profile: &Profile) -> profiles::Identifier {
    let known = profile.links.keys().find(|name| matches!(name, profiles::Identifier::User(_)));
    known.cloned().unwrap_or_else(|| profiles::Identifier::founder(&profile.id))
}

fn fill(
    app: &App,
    frame: Frame,
    id: &str,
    asked: &super::Asked,
    decided: Option<Answer>,
) -> Result<CustomerPage, ServerError> {
    let view = app.engine.customer(id)?;
    let CustomerView { customer, consents, features, scores, lists } = &view;
    let kinds = || app.engine.capabilities().kinds.iter().map(Kind::about);
    let (profile, state) = (&customer.profile, &customer.state);
    // A company that sells no items has nothing to recommend.
    let has_items = app.engine.look(|live| !live.items.is_empty());
    let feature = super::text(asked, "feature", 100);
    let told: Vec<_> =
        scores.iter().map(|(kind, answer)| (content(app, kind, answer, None), answer.fallback.as_deref())).collect();
    Ok(CustomerPage {
        id: profile.id.to_string(),
        label: label(profile),
        known: profile.is_known(),
        lists: lists.iter().map(|(name, title)| (name.clone(), title.clone())).collect(),
        conversations: conversations(app, profile),
        identifiers: identifiers(profile),
        refused_joins: refused_joins(profile),
        event_count: profile.n_events,
        facts: goods::facts(state, features),
        goods: goods::goods(app, state),
        first_seen: profile.first_seen,
        last_seen: profile.last_seen,
        timeline: past::timeline(app, profile, &past::Wanted::of(asked))?,
        traits: traits(profile),
        consents: consents.iter().map(consent).collect(),
        features: found(
            feature_groups(&app.engine.catalogue(), by_name(features), state.currency()),
            &feature.to_lowercase(),
        ),
        feature,
        done: done::done(app, profile)?,
        decided_before: decided_before(app, profile, &frame)?,
        decisions: kinds()
            .filter(|about| (has_items || !needs_items(about)) && !needs_words(about))
            .map(|about| (about.name.to_string(), about.title.clone()))
            .collect(),
        told_note: notes(&told),
        // An average says nothing of this customer.
        told: told.into_iter().filter(|(_, fallback)| fallback.is_none()).map(|(content, _)| content).collect(),
        shown: kinds()
            .filter(|about| {
                (has_items || !needs_items(about)) && about.is_shown && !about.on_profile && !needs_words(about)
            })
            .filter(|about| !declares_nothing(app, about))
            .map(|about| shown(app, customer, about))
            .collect::<Result<_, _>>()?,
        decided,
        frame,
    })
}

/// The newest conversations with them that have not ended.
fn conversations(app: &App, profile: &Profile) -> Vec<(String, String)> {
    let names: Vec<profiles::Identifier> = profile.links.keys().cloned().collect();
    let mut open: Vec<features::Conversation> = app.engine.look(|live| {
        let theirs = live.conversations.named(&names);
        // A shared name may lead to somebody else.
        let is_theirs = |one: &features::Conversation| {
            live.profiles.find(&one.name).is_ok_and(|whose| whose.as_ref() == Some(&profile.id))
        };
        theirs.filter(|one| one.status() != features::Status::Resolved && is_theirs(one)).cloned().collect()
    });
    open.sort_by_key(|one| std::cmp::Reverse(one.last_at));
    let told = open.into_iter().take(N_DECISIONS).map(|one| {
        let whose = if one.status() == features::Status::Waiting { "waits for us" } else { "answered" };
        (one.id, format!("{}: {whose}", one.subject.as_deref().unwrap_or("Conversation")))
    });
    told.collect()
}

/// The features whose name, meaning or group has a text, in small letters.
fn found(groups: Vec<FeatureGroup>, text: &str) -> Vec<FeatureGroup> {
    let has = |of: &str| of.to_lowercase().contains(text);
    let each = groups.into_iter().map(|mut group| {
        if !has(&group.title) {
            group.features.retain(|feature| has(&feature.name) || has(&feature.meaning));
        }
        group
    });
    each.filter(|group| !group.features.is_empty()).collect()
}

/// The newest decisions about a customer, each with what came of it.
fn decided_before(
    app: &App,
    profile: &Profile,
    frame: &Frame,
) -> Result<Vec<(DecisionRow, Option<String>)>, ServerError> {
    let logged = app.engine.ports().decisions.recent(Some(&profile.id), N_DECISIONS)?;
    let opened = decisions::opened(&logged);
    let rows = decisions::rows_of(app, &opened);
    let mut decided = Vec::new();
    for (row, (_, record)) in rows.into_iter().zip(opened) {
        // What a newer program wrote cannot be followed up here.
        let outcome = match record {
            Ok(record) => worth::outcome(app, &record, frame.now)?,
            Err(_) => None,
        };
        decided.push((row, outcome.map(|outcome| outcome.text)));
    }
    Ok(decided)
}

/// Whether it answers to what somebody wrote or brings, so that there is nothing to ask on the page of a customer.
fn needs_words(about: &KindAbout) -> bool {
    matches!(about.shape, ContentShape::Search | ContentShape::Completions) || about.needed().next().is_some()
}

/// Whether it answers with what the catalogue has.
fn needs_items(about: &KindAbout) -> bool {
    about.is_shown && !matches!(about.shape, ContentShape::Actions | ContentShape::Flags)
}

/// Whether nothing is declared that it could answer with, so that there is nothing to show.
pub(crate) fn declares_nothing(app: &App, about: &KindAbout) -> bool {
    match about.shape {
        ContentShape::Actions => super::actions::declared(app, about).is_ok_and(|actions| actions.is_empty()),
        ContentShape::Flags => app.engine.capabilities().flags.now().flags().next().is_none(),
        _ => false,
    }
}

/// What would be shown to the customer now: asked as whoever tries it asks, with caps, budgets and what is in force.
fn shown(app: &App, customer: &Customer<FeatureState>, about: &KindAbout) -> Result<Shown, ServerError> {
    let (names, parameters) = (vec![name_of(&customer.profile)], parameters(about));
    let asked = Asked { kind: about.name.clone(), names, parameters, context: Fields::new() };
    let answer = app.engine.try_out(asked)?;
    let content = content(app, &about.name, &answer, None);
    let said: Vec<String> = answer.fallback.into_iter().chain(answer.shortfall).collect();
    Ok(Shown { title: about.title.clone(), content, note: (!said.is_empty()).then(|| said.join(" ")) })
}

/// Why something cannot be told of this customer, each reason once and before the averages that it stands for.
fn notes(told: &[(Content, Option<&str>)]) -> Option<String> {
    let mut notes: Vec<(&str, Vec<String>)> = Vec::new();
    for (content, why) in told.iter().filter_map(|(content, why)| Some((content, (*why)?))) {
        match notes.iter_mut().find(|(said, _)| *said == why) {
            Some((_, averages)) => averages.extend(content.average()),
            None => notes.push((why, content.average().into_iter().collect())),
        }
    }
    let sentences = notes.into_iter().map(|(why, averages)| [&[why.to_owned()][..], &averages].concat().join(" "));
    let sentences: Vec<String> = sentences.collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn identifiers(profile: &Profile) -> Vec<Identifier> {
    let founder = profiles::Identifier::founder(&profile.id);
    let mut links: Vec<_> = profile.links.iter().collect();
    links.sort_by_key(|(name, link)| (matches!(name, profiles::Identifier::Anonymous(_)), link.at));
    links
        .into_iter()
        .map(|(name, link)| {
            let (kind, prefix, value) = match name {
                profiles::Identifier::User(id) => ("userId", "user", id.to_string()),
                profiles::Identifier::Anonymous(id) => ("anonymousId", "anonymous", id.to_string()),
            };
            let separable = (*name != founder).then(|| format!("{prefix}:{value}"));
            let shared = if link.is_shared { ", shared with another customer" } else { "" };
            let evidence = format!("{}{shared}", link.reason.text());
            Identifier { kind: kind.to_owned(), value, since: Some(link.at), evidence, separable }
        })
        .collect()
}

fn refused_joins(profile: &Profile) -> Vec<RefusedJoin> {
    let newest_first = profile.refusals.iter().rev();
    newest_first
        .map(|refusal| RefusedJoin {
            names: refusal.names.each_ref().map(ToString::to_string),
            reason: primitives::capital(refusal.reason.text()),
            at: refusal.at,
            offset: refusal.offset.0,
        })
        .collect()
}

fn traits(profile: &Profile) -> Vec<Trait> {
    let each = profile.traits.iter();
    each.map(|(name, said)| Trait { name: name.clone(), value: shown_trait(&said.json, TRAIT_CHARS_MAX) }).collect()
}

/// The value of a trait as text, of which so many letters are shown.
pub(super) fn shown_trait(json: &str, n_max: usize) -> String {
    let text = match serde_json::from_str(json) {
        Ok(serde_json::Value::String(text)) => text,
        _ => json.to_owned(),
    };
    match text.char_indices().nth(n_max) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn consent(answer: &ConsentAnswer) -> Consent {
    Consent {
        purpose: primitives::capital(answer.purpose.name()),
        name: answer.purpose.name().to_owned(),
        meaning: answer.purpose.meaning().to_owned(),
        ground: answer.purpose.ground().to_owned(),
        granted: answer.granted,
        stated_at: match answer.basis {
            ConsentBasis::Stated { at } => Some(at),
            ConsentBasis::Default => None,
        },
    }
}
