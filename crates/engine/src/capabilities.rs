//! What can this program learn and decide? Lists, made once from what is built in and from the settings.

use crate::measures::Measures;
use decisions::search::Synonyms;
use decisions::{
    Act, Action, Answering, Answers, Arbitration, Experiment, Flag, Flags, Holdout, Kinds, Offer, Playbook, Rank,
    Ranking, Repertoire, Rules, Segment, Slot,
};
use features::Declared;
use learning::{Outcome, PolicySettings, Reward, Tasks};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The tasks that are learned and the decisions that can be asked for.
#[derive(Debug)]
pub struct Capabilities {
    /// What is learned.
    pub tasks: Tasks,
    /// What can be decided.
    pub kinds: Kinds,
    /// The outcomes that are foretold, built in and declared.
    pub outcomes: Vec<Outcome>,
    /// The segments that the settings declare.
    pub segments: Vec<Segment>,
    /// The features that are declared at the start.
    pub features: Vec<Declared>,
    /// What means the same in a search.
    pub synonyms: Synonyms,
    /// Whether a search that finds nothing looks for what others said instead.
    pub other_words: bool,
    /// Who is held out.
    pub holdout: Holdout,
    /// What can be switched, as it is declared by now.
    pub flags: Slot<Flags>,
    /// What can be done for customers, as it is declared by now.
    pub act: Slot<Act>,
    /// What can be offered to them, beside what can be done by now.
    pub offer: Slot<Act>,
    /// Whether anything can be done or offered: else nothing is learned of it.
    pub is_acting: Arc<AtomicBool>,
    /// What the settings declare at the start of what can be declared otherwise later.
    pub playbook: Playbook,
    /// What a policy of actions looks at besides what it always does.
    pub looked_at: Vec<String>,
    /// How a policy of actions is learned.
    pub learning: PolicySettings,
    /// How it is chosen among actions that come with questions, and how that is learned.
    pub ranking: (Ranking, PolicySettings),
    /// How questions are answered out of what is written down.
    pub answering: Answering,
    /// What the company is measured by.
    pub measures: Measures,
}

impl Capabilities {
    /// Everything that is built in, and what the settings declare.
    #[must_use]
    pub fn new(outcomes: &[Outcome], segments: &[Segment], features: &[Declared]) -> Self {
        let all = learning::built_in_outcomes().into_iter().chain(outcomes.iter().cloned()).collect();
        Self {
            tasks: learning::tasks(outcomes),
            kinds: decisions::kinds(outcomes, segments, Rules::default()),
            outcomes: all,
            segments: segments.to_vec(),
            features: features.to_vec(),
            synonyms: Synonyms::default(),
            other_words: true,
            holdout: Holdout::default(),
            flags: Slot::new(Flags::new(Vec::new(), Vec::new(), &[], &BTreeSet::new(), &[])),
            act: Slot::new(Act::new(Vec::new(), Arbitration::default(), &[], &BTreeSet::new(), &[])),
            offer: Slot::new(Act::new(Repertoire::offers(&[]), Arbitration::default(), &[], &BTreeSet::new(), &[])),
            is_acting: Arc::default(),
            playbook: Playbook::default(),
            looked_at: Vec::new(),
            learning: PolicySettings::default(),
            ranking: (Ranking::default(), PolicySettings::default()),
            answering: Answering::default(),
            measures: Measures::default(),
        }
    }

    /// With rules for lists of items.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        let declared = self.outcomes.get(learning::built_in_outcomes().len()..).unwrap_or_default();
        Self { kinds: decisions::kinds(declared, &self.segments, rules), ..self }
    }

    /// With what can be done for customers, and what can be offered to them.
    #[must_use]
    pub fn with_actions(self, actions: &[Action], offers: &[Offer], arbitration: Arbitration) -> Self {
        let (looked_at, same_hours) = (arbitration.features.clone(), arbitration.same_hours);
        let (act, offer) = self.acts(actions, offers, &arbitration, &self.names_of_features());
        let (act, offer) = (Slot::new(act), Slot::new(offer));
        let is_acting = Arc::new(AtomicBool::new(!actions.is_empty() || !offers.is_empty()));
        let tasks = self.tasks.and(learning::Act::wanted(Arc::clone(&is_acting)));
        let tasks = tasks.and(learning::Uplift::wanted(Arc::clone(&is_acting)));
        let learning = PolicySettings { same_hours, ..self.learning };
        let playbook = Playbook { actions: actions.to_vec(), offers: offers.to_vec(), ..self.playbook };
        let kinds = self.kinds.and(act.kind()).and(offer.kind());
        Self { kinds, act, offer, is_acting, tasks, playbook, looked_at, learning, ..self }
    }

    /// Puts what can be done and offered in force, where conditions may ask for these features.
    pub(crate) fn put_actions(&self, Playbook { actions, offers, .. }: &Playbook, features: &BTreeSet<String>) {
        let arbitration = self.act.now().arbitration().clone();
        let (act, offer) = self.acts(actions, offers, &arbitration, features);
        self.act.put(act);
        self.offer.put(offer);
        self.is_acting.store(!actions.is_empty() || !offers.is_empty(), Ordering::Release);
    }

    /// Both kinds, of which each counts the contacts of the other.
    fn acts(
        &self,
        actions: &[Action],
        offers: &[Offer],
        arbitration: &Arbitration,
        features: &BTreeSet<String>,
    ) -> (Act, Act) {
        let of = |all: Repertoire| Act::new(all, arbitration.clone(), &self.outcomes, features, &self.segments);
        let done = Repertoire::from(actions.to_vec()).beside(offers.iter().map(|offer| &offer.0));
        (of(done), of(Repertoire::offers(offers).beside(actions)))
    }

    /// With what chooses among actions that come with questions.
    #[must_use]
    pub fn with_ranking(self, ranking: Ranking, learning: PolicySettings) -> Self {
        // What comes of it is what whoever asks gives for it, and all actions are learned of in one.
        let reward_default = ranking.reward_default;
        let learning = PolicySettings { reward: Reward::Given, is_shared: true, reward_default, ..learning };
        let tasks = self.tasks.and(learning::Rank::default());
        Self { kinds: self.kinds.and(Rank::new(ranking)), tasks, ranking: (ranking, learning), ..self }
    }

    /// With how questions are answered out of what is written down.
    #[must_use]
    pub fn with_answers(self, answering: Answering) -> Self {
        Self { kinds: self.kinds.and(Answers::new(&answering)), answering, ..self }
    }

    /// With what can be switched, and what is tried out with it.
    #[must_use]
    pub fn with_flags(self, flags: &[Flag], experiments: &[Experiment]) -> Self {
        let features = self.names_of_features();
        let kind = Flags::new(flags.to_vec(), experiments.to_vec(), &self.outcomes, &features, &self.segments);
        let playbook = Playbook { flags: flags.to_vec(), experiments: experiments.to_vec(), ..self.playbook };
        let flags = Slot::new(kind);
        Self { kinds: self.kinds.and(flags.kind()), flags, playbook, ..self }
    }

    fn names_of_features(&self) -> BTreeSet<String> {
        let catalogue = learning::catalogue(&self.features, &self.outcomes_declared());
        let names = catalogue.map(|catalogue| {
            catalogue.definitions().iter().map(|definition| definition.name.to_string()).collect::<BTreeSet<String>>()
        });
        names.unwrap_or_default()
    }

    /// With how a policy of actions is learned.
    #[must_use]
    pub fn learning_by(self, settings: PolicySettings) -> Self {
        let same_hours = self.learning.same_hours;
        Self { learning: PolicySettings { same_hours, ..settings }, ..self }
    }

    fn outcomes_declared(&self) -> Vec<Outcome> {
        self.outcomes.get(learning::built_in_outcomes().len()..).unwrap_or_default().to_vec()
    }

    /// Only what is built in.
    #[must_use]
    pub fn built_in() -> Self {
        let built_in = Self::new(&[], &[], &[]).with_actions(&[], &[], Arbitration::default());
        let built_in = built_in.with_answers(Answering::default());
        built_in.with_ranking(Ranking::default(), PolicySettings::default()).with_flags(&[], &[])
    }
}
