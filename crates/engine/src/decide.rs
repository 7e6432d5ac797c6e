//! How is a decision made, logged and replayed?

use crate::Stopwatch;
use crate::error::EngineError;
use crate::library::FoundFirst;
use crate::of_nobody::is_nobody;
use crate::shelves::Shelves;
use crate::spending::Purses;
use crate::taken::Taken;
use crate::{Engine, Live};
use decisions::nobody;
use decisions::search::{Hits, Wanted, words_of};
use decisions::{
    Answer, Arm, Content, Decision, DecisionError, DecisionQuery, Declaration, Drafted, Exposure, Holdout, ItemFilter,
    Kind, KindName, Models, N_ITEMS_MAX, Parameters, Part, Question, RankedItem, Record, Subject, Testimony, Witness,
};
use events::Fields;
use features::FeatureState;
use primitives::{CustomerId, DecisionId, ErrorKind, ItemKey, Seed, Timestamp};
use profiles::{Customer, Identifier};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How many of a customer's newest decisions are looked through for the last at a place.
const N_LAST_MAX: usize = 32;

/// So many names of a customer are looked for in the log.
const N_NAMES_MAX: usize = 32;

/// So often it is decided again where the last of a budget was given to somebody else meanwhile.
const N_TRIES: usize = 8;

/// What a caller asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What is to be decided.
    pub kind: KindName,
    /// About whom: the first of these names that is known.
    pub names: Vec<Identifier>,
    /// What else was said, by the names of the kind's parameters.
    pub parameters: Parameters,
    /// Where it will be shown.
    pub context: Fields,
}

/// An answer that was tried out.
#[derive(Debug)]
pub struct Tried {
    /// The answer.
    pub answer: Answer,
    /// How long it took, without what follows.
    pub took: Duration,
    /// What each part of the model says of each item of it.
    pub parts: Vec<Vec<Part>>,
}

/// An answer with all that it was decided from.
struct Weighed {
    question: Question,
    subject: Subject,
    answer: Answer,
    testimony: Testimony,
    /// What whoever is held out would have been answered.
    would: Option<Content>,
    /// The draws that the customer met.
    exposures: Vec<Exposure>,
    /// Who picked each item, where an experiment drafts such lists.
    drafted: Option<Drafted>,
}

/// All that a decision is made from.
pub(super) struct About<'a> {
    pub(super) question: Question,
    pub(super) subject: Subject,
    pub(super) shelves: &'a Shelves<'a>,
    /// The draws that the customer met.
    exposures: Vec<Exposure>,
}

impl Engine {
    /// Decides, logs the decision durably, and answers with its record; `Record::response` is what to send. Of kinds that are
    /// asked with every key that somebody strikes only some are logged ([`Kind::logged_one_in`]), the first of them.
    ///
    /// # Errors
    /// [`EngineError`] where the question is out of range, or the decision cannot be logged.
    pub fn decide(&self, asked: Asked) -> Result<Record, EngineError> {
        self.decide_unless(asked, |_| false)
    }

    /// Decides; where whoever asks has this answer already, nothing is logged. Whom it counts for was logged with the first, so the
    /// answer is the same only where the customer met the same draws ([`Record::met`]).
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn decide_unless(&self, asked: Asked, is_known: impl Fn(&Record) -> bool) -> Result<Record, EngineError> {
        self.decide_meeting(asked, is_known, |record| record.met().to_vec())
    }

    /// Decides where whoever asks is shown something else than the answer in places: of the draws that were met for it
    /// ([`Record::met`]) only those count that `met` says.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn decide_but_for(&self, asked: Asked, met: impl Fn(&Record) -> Vec<Exposure>) -> Result<Record, EngineError> {
        self.decide_meeting(asked, |_| false, met)
    }

    fn decide_meeting(
        &self,
        asked: Asked,
        is_known: impl Fn(&Record) -> bool,
        met: impl Fn(&Record) -> Vec<Exposure>,
    ) -> Result<Record, EngineError> {
        let watch = Stopwatch::start();
        let sought = self.looked_for(&asked)?;
        let called = self.called(&asked)?;
        if let Some(known) = called.as_ref().map(|called| self.answered_before(called)).transpose()?.flatten() {
            return Ok(known);
        }
        let (record, taken) = self.decided(asked, sought.as_ref())?;
        let met = met(&record);
        let record = record.meeting(met);
        if !is_known(&record) && self.is_logged(&record) {
            let stored = self.ports.decisions.append_all(vec![record.to_logged()], record.exposed());
            if let Err(error) = stored {
                // Whoever asked the same at the same time was first.
                let known = called.map(|called| self.answered_before(&called)).transpose()?.flatten();
                return known.ok_or_else(|| error.into());
            }
        }
        taken.keep();
        self.count(&record, watch.elapsed());
        Ok(record)
    }

    /// Decides the same of several customers and logs all of it at once, durably: where one cannot be decided, none is. What is
    /// looked for is looked for once; whether an item can be had is asked for each.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn decide_all(&self, asked: &Asked, customers: Vec<Identifier>) -> Result<Vec<Record>, EngineError> {
        let watch = Stopwatch::start();
        if self.is_called(asked)? {
            // Asked again it is answered the same, by whichever way.
            if let [customer] = &customers[..] {
                return Ok(vec![self.decide(Asked { names: vec![customer.clone()], ..asked.clone() })?]);
            }
            let message = "one occasion is about one customer: ask for each with a name of its own, or without one";
            return Err(EngineError::new(ErrorKind::Invalid, message));
        }
        let sought = self.looked_for(asked)?;
        let of = |customer| self.decided(Asked { names: vec![customer], ..asked.clone() }, sought.as_ref());
        let decided = customers.into_iter().map(of).collect::<Result<Vec<_>, _>>()?;
        let (records, taken): (Vec<Record>, Vec<Taken<'_>>) = decided.into_iter().unzip();
        let logged: Vec<&Record> = records.iter().filter(|record| self.is_logged(record)).collect();
        let exposed = logged.iter().flat_map(|record| record.exposed()).collect();
        self.ports.decisions.append_all(logged.into_iter().map(Record::to_logged).collect(), exposed)?;
        taken.into_iter().for_each(Taken::keep);
        let each = watch.elapsed().checked_div(u32::try_from(records.len()).unwrap_or(u32::MAX)).unwrap_or_default();
        records.iter().for_each(|record| self.count(record, each));
        Ok(records)
    }

    /// What [`Engine::decide`] would answer now, chance included. Nothing is logged, counted or shown to anybody.
    ///
    /// # Errors
    /// [`EngineError`] where the question is out of range.
    pub fn try_out(&self, asked: Asked) -> Result<Answer, EngineError> {
        let in_force = self.capabilities.kinds.in_force(asked.kind.as_str())?;
        Ok(self.tried(asked, in_force.kind(), &self.models())?.answer)
    }

    /// The same, with what each part of the model says of each item of the answer; nothing where the answer is everybody's, or is
    /// not made by a model of several parts.
    ///
    /// # Errors
    /// As [`Engine::try_out`].
    pub fn try_out_in_parts(&self, asked: Asked) -> Result<Tried, EngineError> {
        let (in_force, models) = (self.capabilities.kinds.in_force(asked.kind.as_str())?, self.models());
        let kind = in_force.kind();
        let watch = Stopwatch::start();
        let Weighed { question, subject, answer, testimony, .. } = self.tried(asked, kind, &models)?;
        let took = watch.elapsed();
        let items: Vec<ItemKey> = answer.content.shown().collect();
        if answer.fallback.is_some() {
            return Ok(Tried { answer, took, parts: Vec::new() });
        }
        // What the world said is at hand: nobody waits while the model is asked once more.
        let parts = decisions::parts(kind, &self.catalogue(), &question, &subject, &models, &testimony, &items);
        Ok(Tried { answer, took, parts })
    }

    /// A decision that nobody is told.
    fn tried(&self, asked: Asked, kind: &dyn Kind, models: &Models) -> Result<Weighed, EngineError> {
        let as_of = self.clock.now();
        let seed = decisions::seed_of(&self.draw_id(kind, &asked.parameters, as_of));
        let sought = self.looked_for(&asked)?;
        self.weigh(asked, sought.as_ref(), (kind, models), (as_of, seed, Purses::Kept), None)
    }

    /// Whether this answer is one of those that are logged.
    fn is_logged(&self, record: &Record) -> bool {
        let kind = self.capabilities.kinds.get(record.question.kind.as_str());
        if kind.as_ref().is_ok_and(|kind| !kind.is_kept(&record.question)) {
            return false;
        }
        let one_in = kind.map_or(1, Kind::logged_one_in);
        one_in <= 1 || self.n_sampled.fetch_add(1, Ordering::Relaxed).is_multiple_of(one_in)
    }

    /// A decision that is not logged yet, with what it took: that is given back unless it is kept.
    fn decided(&self, asked: Asked, sought: Option<&FoundFirst>) -> Result<(Record, Taken<'_>), EngineError> {
        self.decided_as(None, asked, sought)
    }

    /// The same by a name that whoever decides gives it; one is drawn where they give none.
    pub(super) fn decided_as(
        &self,
        named: Option<DecisionId>,
        asked: Asked,
        sought: Option<&FoundFirst>,
    ) -> Result<(Record, Taken<'_>), EngineError> {
        let (models, as_of) = (self.models(), self.clock.now());
        let in_force = self.capabilities.kinds.in_force(asked.kind.as_str())?;
        let kind = in_force.kind();
        // Drawn first: chance comes from it, so that a replay draws the same.
        let id = named.unwrap_or_else(|| self.draw_id(kind, &asked.parameters, as_of));
        let seed = decisions::seed_of(&id);
        let holdout = Some(&self.capabilities.holdout);
        // Of two answers at a time, neither would know of the other.
        let back = kind.contacts();
        let (of, _) = back.as_ref().map(|_| self.known_under(&asked)).transpose()?.unwrap_or_default();
        let turn = of.first().and_then(|customer| self.reaching.turn(customer));
        let (weighed, mut taken) = self.weigh_within_budgets(asked, sought, (kind, &models), (as_of, seed), holdout)?;
        let Weighed { question, subject, answer, testimony, would, mut exposures, drafted } = weighed;
        exposures.extend(answer.content.exposures());
        let decision = Decision { id, kind: question.kind.clone(), customer: question.customer.clone(), answer };
        let response = (self.write)(&decision);
        let record = Record::new((kind, &models), question, &subject, testimony, (decision, would), response);
        let record = record.meeting(exposures).drafted_by(drafted);
        if back.is_some() {
            taken.count(&record);
        }
        drop(turn);
        kind.declaration().map_or(Ok(()), |declaration| self.keep(declaration))?;
        Ok((record, taken))
    }

    /// The name of a decision: drawn, unless whoever asks calls it something.
    fn draw_id(&self, kind: &dyn Kind, parameters: &Parameters, as_of: Timestamp) -> DecisionId {
        if let Some(name) = kind.called(parameters) {
            return DecisionId::of_occasion(kind.about().name.as_str(), name);
        }
        let random = &mut *self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if kind.is_of_occasions() { DecisionId::new_occasion(as_of, random) } else { DecisionId::new(as_of, random) }
    }

    /// What the question wants of the catalogue, whoever it is about. It is looked for before the live state is looked at, so that
    /// no event waits for it.
    fn looked_for(&self, asked: &Asked) -> Result<Option<FoundFirst>, EngineError> {
        let kind = self.capabilities.kinds.get(asked.kind.as_str())?;
        kind.about().check(&asked.parameters)?;
        let Some(wanted) = kind.wanted(&asked.parameters) else { return Ok(None) };
        let found = self.sought(&wanted)?;
        Ok(Some(self.in_other_words(&wanted, &found)?.unwrap_or(found)))
    }

    /// Where words find nothing: what is found by those that others said instead, and chose something of.
    fn in_other_words(&self, wanted: &Wanted, found: &FoundFirst) -> Result<Option<FoundFirst>, EngineError> {
        let (Wanted::Items { query, filter, may_be_others: true }, FoundFirst::Items(hits)) = (wanted, found) else {
            return Ok(None);
        };
        let is_nothing = |hits: &Hits| hits.told.n_found == 0 && hits.told.searchable.is_none();
        if !self.capabilities.other_words || !is_nothing(hits) {
            return Ok(None);
        }
        let Some(instead) = self.look(|live| live.searches.said_instead(&words_of(query))) else { return Ok(None) };
        let find = |query: &str, filter: &ItemFilter| {
            let (query, filter) = (query.to_owned(), filter.clone());
            match self.sought(&Wanted::Items { query, filter, may_be_others: false })? {
                FoundFirst::Items(hits) => Ok(hits),
                _ => Ok::<_, EngineError>(Hits::default()),
            }
        };
        // Where items have the words, and the filter leaves none of them, others would be no answer.
        if !filter.is_empty() && !is_nothing(&find(query, &ItemFilter::default())?) {
            return Ok(None);
        }
        let mut hits = find(&instead, filter)?;
        if hits.told.n_found == 0 {
            return Ok(None);
        }
        hits.told
            .notes
            .push(format!("Nothing has these words. Others looked for \"{instead}\" then, and so does this search."));
        hits.told.corrected = Some(instead);
        Ok(Some(FoundFirst::Items(hits)))
    }

    /// Decides, and takes what is given off its budget. Where somebody else was given the last of it meanwhile, it is decided again.
    fn weigh_within_budgets(
        &self,
        asked: Asked,
        sought: Option<&FoundFirst>,
        (kind, models): (&dyn Kind, &Models),
        (as_of, seed): (Timestamp, Seed),
        holdout: Option<&Holdout>,
    ) -> Result<(Weighed, Taken<'_>), EngineError> {
        for _ in 0..N_TRIES {
            let weighed = self.weigh(asked.clone(), sought, (kind, models), (as_of, seed, Purses::Kept), holdout)?;
            let about = (&weighed.question.customer, as_of);
            if let Some(bookings) = self.takes(kind, &weighed.answer.content, about) {
                return Ok((weighed, Taken::of(self, bookings)));
            }
        }
        let weighed = self.weigh(asked, sought, (kind, models), (as_of, seed, Purses::Empty), holdout)?;
        Ok((weighed, Taken::of(self, Vec::new())))
    }

    /// Decides, with all that it was decided from; with nobody held out where no holdout is given.
    fn weigh(
        &self,
        asked: Asked,
        sought: Option<&FoundFirst>,
        (kind, models): (&dyn Kind, &Models),
        (as_of, seed, purses): (Timestamp, Seed, Purses),
        holdout: Option<&Holdout>,
    ) -> Result<Weighed, EngineError> {
        let catalogue = self.catalogue();
        self.about(asked, sought, (kind, models), (as_of, purses), holdout, |about| {
            let About { question, subject, shelves, exposures } = about;
            let witness = Witness::new(shelves).by_chance(Some(seed));
            let (answer, drafted) = match self.drafting(kind, &question) {
                None => (decisions::decide_by(kind, &catalogue, &question, &subject, models, &witness)?, None),
                Some(by) => {
                    let decided =
                        decisions::decide_drafted(kind, &catalogue, &question, &subject, models, &witness, &by);
                    let (answer, picks) = decided?;
                    (answer, Some(Drafted { by, picks }))
                }
            };
            let testimony = witness.into_testimony();
            let is_held = question.arm == Some(Arm::Holdout);
            let would = is_held.then(|| decisions::withheld(kind, &catalogue, &question, &subject, models, shelves));
            Ok(Weighed { would: would.transpose()?, question, subject, answer, testimony, exposures, drafted })
        })
    }

    /// Does something with all that a decision is made from.
    pub(super) fn about<T>(
        &self,
        mut asked: Asked,
        sought: Option<&FoundFirst>,
        (kind, models): (&dyn Kind, &Models),
        (as_of, purses): (Timestamp, Purses),
        holdout: Option<&Holdout>,
        run: impl FnOnce(About<'_>) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        self.let_erased_be_nobody(&mut asked.names);
        let (catalogue, about) = (&self.catalogue(), kind.about());
        if asked.names.is_empty() && kind.may_be_of_nobody() {
            asked.names.push(nobody());
        }
        let shown_last = match kind.after(&asked.parameters) {
            Some(with) => self.shown_last(&asked, with)?,
            None => BTreeSet::new(),
        };
        asked.parameters = kind.kept(asked.parameters);
        let back = kind.contacts();
        let answered = match &back {
            Some(back) => {
                let (ids, is_claimed) = self.known_under(&asked)?;
                self.answered((&ids, is_claimed), (as_of, back))?
            }
            None => Vec::new(),
        };
        self.look(|live| {
            let customer = resolve(live, &asked.names)?;
            let Some(founder) = asked.names.first() else {
                return Err(EngineError::new(ErrorKind::Invalid, "nobody was named: give userId or anonymousId"));
            };
            let id = customer.as_ref().map_or_else(|| founder.customer_id(), |customer| customer.profile.id.clone());
            let Asked { parameters, context, .. } = asked;
            let drawn = holdout.filter(|_| kind.is_held_out() && !is_nobody(&id));
            let drawn = drawn.and_then(|holdout| holdout.draw(&about.name, &id, as_of));
            let (arm, exposures) = drawn.map_or((None, Vec::new()), |drawn| (Some(drawn.arm), drawn.exposures));
            let question = Question { kind: about.name.clone(), customer: id, as_of, parameters, context, arm };
            let currency = self.capabilities.measures.currency;
            let subject = Subject::of(customer.as_deref(), &self.policy, about, models, catalogue, (as_of, currency));
            let sought = sought.map(|sought| (&self.books, sought));
            let kept = Some(&self.standing);
            let reached = back
                .as_ref()
                .map(|back| self.reached((&question.customer, customer.as_deref()), &answered, (as_of, back)));
            let reached = reached.unwrap_or_default();
            let priced = self.purses(kind, &question.customer, (as_of, purses));
            let shelves = Shelves { sought, shown_last, kept, reached, priced, ..Shelves::of(&live.items, as_of) };
            run(About { question, subject, shelves: &shelves, exposures })
        })
    }

    /// Whom a question is about: by the name that they have now, and then by those under which they may have been answered before; and
    /// whether a write key told of decisions about them.
    fn known_under(&self, asked: &Asked) -> Result<(Vec<CustomerId>, bool), EngineError> {
        let founder = asked.names.iter().find(|name| !self.is_refused(name));
        self.look(|live| {
            let Some(customer) = resolve(live, &asked.names)? else {
                return Ok((founder.map(Identifier::customer_id).into_iter().collect(), false));
            };
            let mut ids = vec![customer.profile.id.clone()];
            for (name, _) in customer.profile.links.iter().take(N_NAMES_MAX) {
                let id = name.customer_id();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            Ok((ids, customer.state.has_claimed_contacts()))
        })
    }

    /// The items that a customer was answered last where the same was asked with this value of a parameter.
    fn shown_last(&self, asked: &Asked, (name, value): (&str, &str)) -> Result<BTreeSet<ItemKey>, EngineError> {
        let customer =
            self.look(|live| Ok::<_, EngineError>(resolve(live, &asked.names)?.map(|found| found.profile.id.clone())));
        let Some(customer) = customer? else { return Ok(BTreeSet::new()) };
        let meant =
            DecisionQuery { kind: Some(asked.kind.to_string()), customer: Some(customer), ..DecisionQuery::default() };
        let (mut shown, mut n_left) = (None, N_LAST_MAX);
        self.ports.decisions.newest(&meant, &mut |logged| {
            n_left -= 1;
            let is_meant =
                |record: &Record| record.question.parameters.get(name).and_then(|said| said.as_str()) == Some(value);
            shown = Record::open(&logged).ok().filter(is_meant).map(|record| record.chosen());
            shown.is_none() && n_left > 0
        })?;
        Ok(shown.unwrap_or_default())
    }

    /// Of whoever was erased no name is written down: they are answered as somebody of whom nothing is known.
    pub(super) fn let_erased_be_nobody(&self, names: &mut Vec<Identifier>) {
        let n_before = names.len();
        names.retain(|name| !self.is_refused(name));
        if names.is_empty() && n_before > 0 {
            names.push(nobody());
        }
    }

    /// A logged decision.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound` where there is none of that name.
    pub fn decision(&self, id: &DecisionId) -> Result<Record, EngineError> {
        match self.ports.decisions.get(id)? {
            Some(logged) => Ok(Record::open(&logged)?.rewrite(self.write)),
            None => {
                let message = format!("there is no decision {id}: take an id from an answer's decisionId");
                Err(EngineError::new(ErrorKind::NotFound, message))
            }
        }
    }

    /// Decides again what was decided before, from its record, the models it names and what was declared then: the bytes that
    /// come out.
    ///
    /// # Errors
    /// [`EngineError`] where one of them is not there.
    pub fn replay(&self, record: &Record) -> Result<String, EngineError> {
        let answer = self.with_kind_of(record, |kind| {
            Ok(decisions::replay(kind, &self.catalogue(), record, &self.models_of(record)?)?)
        })?;
        Ok((self.write)(&Decision { answer, ..record.decision.clone() }))
    }

    /// The items that came next after those that were chosen, best first, with the scores that they had: at most `n_max`, and
    /// none where the answer was no list of items. Whether they could be had is asked as of today.
    ///
    /// # Errors
    /// As [`Engine::replay`].
    pub fn runners_up(&self, record: &Record, n_max: usize) -> Result<Vec<RankedItem>, EngineError> {
        let Some(chosen) = record.decision.answer.content.items() else { return Ok(Vec::new()) };
        let (models, catalogue) = (self.models_of(record)?, self.catalogue());
        let answer = self.with_kind_of(record, |kind| {
            let about = kind.about();
            if !about.usual().any(|(name, _)| name == "n") {
                return Ok(None);
            }
            let wanted = i64::try_from(chosen.len() + n_max).unwrap_or(i64::MAX).clamp(1, N_ITEMS_MAX);
            let mut parameters = record.question.parameters.clone();
            parameters.insert("n".to_owned(), wanted.into());
            let further = self.look(|live| {
                let as_of = record.question.as_of;
                let shelves = Shelves::of(&live.items, as_of);
                decisions::replay_further(kind, &catalogue, record, &models, &parameters, &shelves)
            });
            Ok(Some(further?))
        })?;
        let items = answer.as_ref().and_then(|answer| answer.content.items()).unwrap_or_default();
        let is_new = |item: &RankedItem| chosen.iter().all(|one| one.id != item.id);
        Ok(items.iter().filter(|item| is_new(item)).take(n_max).cloned().collect())
    }

    /// Does something with the kind of a decision as it was declared when it answered.
    pub(super) fn with_kind_of<T>(
        &self,
        record: &Record,
        run: impl FnOnce(&dyn Kind) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let as_declared = record.declaration().map(|digest| self.declared(digest)).transpose()?;
        match &as_declared {
            Some(kind) => run(kind.as_ref()),
            None => run(self.capabilities.kinds.get(record.question.kind.as_str())?),
        }
    }

    /// The kind of a decision as it was declared when it answered, where that is told otherwise now and was kept.
    pub fn kind_then(&self, record: &Record) -> Option<Box<dyn Kind>> {
        let digest = record.declaration()?;
        let today = self.capabilities.kinds.get(record.question.kind.as_str()).ok().and_then(Kind::declaration);
        if today.is_some_and(|today| today.digest == digest) { None } else { self.declared(digest).ok() }
    }

    /// A kind as it was declared when it answered.
    fn declared(&self, digest: &str) -> Result<Box<dyn Kind>, EngineError> {
        let kept = self.ports.decisions.declaration(digest)?;
        let missing = || DecisionError::Declaration { digest: digest.to_owned(), source: None };
        Ok(kept.ok_or_else(missing)?.kind()?)
    }

    /// Keeps what a kind is declared as, before the first record names it.
    fn keep(&self, declaration: &Declaration) -> Result<(), EngineError> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept().contains(&declaration.digest) {
            self.ports.decisions.keep(declaration)?;
            kept().insert(declaration.digest.clone());
        }
        Ok(())
    }

    /// How fast decisions are made lately.
    pub fn pace(&self) -> super::Pace {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, record: &Record, took: Duration) {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).record(took);
        self.count_shown(record);
        let kind = record.question.kind.to_string();
        let answer = &record.decision.answer;
        let is_held_out = answer.arm == Some(Arm::Holdout);
        let reason = if answer.fallback.is_some() && !is_held_out { "fallback" } else { "full" };
        let arm = if is_held_out { Arm::Holdout.name() } else { "policy" };
        metrics::counter!("cx_decisions_total", "kind" => kind.clone(), "arm" => arm, "reason" => reason).increment(1);
        metrics::histogram!("cx_decision_duration_seconds", "kind" => kind).record(took.as_secs_f64());
        if !answer.consent.granted {
            metrics::counter!("cx_consent_blocks_total", "purpose" => answer.consent.purpose.name()).increment(1);
        }
    }
}

/// The customer whom the first known name means.
pub(super) fn resolve<'l>(
    live: &'l Live,
    names: &[Identifier],
) -> Result<Option<Cow<'l, Customer<FeatureState>>>, EngineError> {
    for name in names {
        if let Some(id) = live.profiles.find(name)? {
            return Ok(live.profiles.customer(&id)?);
        }
    }
    Ok(None)
}
