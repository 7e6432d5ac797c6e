//! What was done for a customer lately, why, and what came of it?

use crate::app::App;
use crate::error::ServerError;
use crate::pages::action_words::came_in_words;
use crate::pages::actions::kinds;
use console::view::{Done, DoneAction};
use decisions::{Arm, ChosenAction, Content, DecisionQuery, LoggedDecision, Record};
use engine::EngineError;
use features::Contact;
use profiles::Profile;
use std::cmp::Reverse;

/// How many decisions are told.
const N_TOLD: usize = 6;

/// The newest choices among actions about a customer.
pub(super) fn done(app: &App, profile: &Profile) -> Result<Vec<Done>, ServerError> {
    let mut logged: Vec<LoggedDecision> = Vec::new();
    for kind in kinds(app) {
        let meant = DecisionQuery {
            kind: Some(kind.name.to_string()),
            customer: Some(profile.id.clone()),
            ..DecisionQuery::default()
        };
        let mut n_left = N_TOLD;
        let found = app.engine.ports().decisions.newest(&meant, &mut |one| {
            logged.push(one);
            n_left -= 1;
            n_left > 0
        });
        found.map_err(EngineError::from)?;
    }
    logged.sort_by_key(|one| Reverse(one.decided_at));
    logged.truncate(N_TOLD);
    // What a newer program wrote cannot be told here.
    let records = logged.iter().filter_map(|one| Record::open(one).ok());
    records.map(|record| one(app, &record)).collect()
}

fn one(app: &App, record: &Record) -> Result<Done, ServerError> {
    let came = app.engine.came_of_each(record)?;
    let answer = &record.decision.answer;
    let in_force = app.engine.capabilities().kinds.in_force(record.question.kind.as_str()).ok();
    let title = |name: &str| in_force.as_ref().map_or(name, |in_force| in_force.kind().title_of(name)).to_owned();
    let action = |(at, action): (usize, &ChosenAction)| DoneAction {
        action: (action.id.clone(), title(&action.id)),
        reason: action.reason.clone(),
        came: came_in_words(contact(came.as_ref(), at), came.is_some()),
    };
    let Content::Actions(actions) = &answer.content else {
        return Ok(Done {
            id: record.decision.id.to_string(),
            at: record.question.as_of,
            channel: None,
            actions: vec![],
            note: None,
        });
    };
    let is_held_out = record.question.arm == Some(Arm::Holdout);
    let note = answer.fallback.clone().filter(|_| is_held_out || actions.chosen.is_empty());
    Ok(Done {
        id: record.decision.id.to_string(),
        at: record.question.as_of,
        channel: record.question.channel().map(str::to_owned),
        actions: actions.chosen.iter().enumerate().map(action).collect(),
        note: note.or_else(|| answer.shortfall.clone().filter(|_| actions.chosen.is_empty())),
    })
}

fn contact(came: Option<&Vec<Option<Contact>>>, at: usize) -> Option<&Contact> {
    came?.get(at)?.as_ref()
}
