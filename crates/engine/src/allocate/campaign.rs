//! Was a campaign given already? Whoever did not hear the answer asks the same again, and nobody may get it twice for that.
//!
//! The decisions of a campaign are named by what was asked and by their place in it, so that the log alone says what was given: also after a
//! start, and where only some of it was.

use super::{Allotment, N_LOGGED_AT_ONCE};
use crate::Engine;
use crate::error::EngineError;
use decisions::{Content, Record};
use primitives::{CustomerId, DecisionId, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// For so long the same question with `log` is the same campaign; after that it is another one.
pub const SAME_CAMPAIGN: Duration = Duration::from_secs(6 * 3_600);
/// Of what is logged at once all is there or nothing, but for who was erased since: where so many places in a row are empty, no more follow.
const N_EMPTY_MAX: usize = N_LOGGED_AT_ONCE;
/// The place of the last decision: where it is there, all are.
const LAST: usize = usize::MAX;

/// What is known of a campaign.
#[derive(Debug)]
pub(super) struct Campaign {
    key: String,
    /// When the stretch of time began that it belongs to.
    at: Timestamp,
    /// When the first of it was given.
    began_at: Option<Timestamp>,
    /// The first place that nothing was given at.
    next: usize,
    /// Who was given what.
    pub(super) given: Vec<Allotment>,
    /// About whom it was decided, whether they were given anything or not.
    pub(super) decided: BTreeSet<CustomerId>,
    /// Whether all of it was given.
    pub(super) is_whole: bool,
}

impl Campaign {
    fn of(key: &str, at: Timestamp) -> Self {
        let (given, decided) = (Vec::new(), BTreeSet::new());
        Self { key: key.to_owned(), at, began_at: None, next: 0, given, decided, is_whole: false }
    }

    /// What was given of it costs so much.
    pub(super) fn spent(&self) -> f64 {
        self.given.iter().map(|one| one.cost).sum()
    }

    /// The name of one of the decisions that follow, of so many.
    pub(super) fn name(&self, at: usize, n: usize) -> DecisionId {
        let place = if at + 1 == n { LAST } else { self.next + at };
        DecisionId::of_many(&self.key, self.at, place)
    }

    fn take(&mut self, record: &Record) {
        let at = record.question.as_of;
        self.began_at = Some(self.began_at.map_or(at, |began| began.min(at)));
        self.decided.insert(record.question.customer.clone());
        let Content::Actions(actions) = &record.decision.answer.content else { return };
        self.given.extend(actions.chosen.first().map(|one| Allotment {
            customer: record.question.customer.clone(),
            offer: one.id.clone(),
            worth: one.priority,
            cost: one.factors.as_ref().map_or(0.0, decisions::Factors::expected),
            decision: Some(record.decision.id.to_string()),
        }));
    }
}

impl Engine {
    /// What was given of the campaign that is asked for by `key`; nothing of it where it is a new one.
    pub(super) fn campaign(&self, key: &str) -> Result<Campaign, EngineError> {
        let now = self.clock.now();
        let length = i64::try_from(SAME_CAMPAIGN.as_millis()).unwrap_or(i64::MAX);
        let stretch = now.as_millis().div_euclid(length);
        let begin_of = |stretch: i64| Timestamp::from_millis(stretch.saturating_mul(length));
        // It may have begun in the stretch before.
        for stretch in [stretch, stretch - 1] {
            let campaign = self.read_campaign(Campaign::of(key, begin_of(stretch)))?;
            if campaign.began_at.is_some_and(|began| now.as_millis() - began.as_millis() < length) {
                return Ok(campaign);
            }
        }
        Ok(Campaign::of(key, begin_of(stretch)))
    }

    fn read_campaign(&self, mut campaign: Campaign) -> Result<Campaign, EngineError> {
        let read = |place: usize| -> Result<Option<Record>, EngineError> {
            let id = DecisionId::of_many(&campaign.key, campaign.at, place);
            Ok(self.ports.decisions.get(&id)?.map(|logged| Record::open(&logged)).transpose()?)
        };
        let (mut found, mut place, mut next) = (Vec::new(), 0, 0);
        while place < next + N_EMPTY_MAX {
            if let Some(record) = read(place)? {
                found.push(record);
                next = place + 1;
            }
            place += 1;
        }
        let last = read(LAST)?;
        campaign.next = next;
        campaign.is_whole = last.is_some();
        found.iter().chain(&last).for_each(|record| campaign.take(record));
        campaign.given.sort_by(|a, b| a.customer.cmp(&b.customer));
        Ok(campaign)
    }
}
