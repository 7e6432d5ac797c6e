//! What is a decision that can be asked for? A kind says what it reads and how it answers; all else is the same for all.

use crate::filter::Measure;
use crate::parameter::{Parameter, Parameters, Takes};
use crate::search::Wanted;
use crate::{
    Action, Arbitration, Arm, Budget, Contender, Content, DecisionError, Declaration, KindName, Knowledge, LeftOut,
    Levers, LookedBack, ModelRef, Models, Question, Why, World,
};
use features::{Catalogue, Probe};
use governance::Purpose;
use learning::TaskName;
use models::recommend::Part;
use primitives::{ItemKey, Probability};
use std::fmt;
use std::sync::Arc;

/// What people and programs are told of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct KindAbout {
    /// Its name.
    pub name: KindName,
    /// What it is called on a page.
    pub title: String,
    /// What it answers.
    pub question: String,
    /// What the customer's data is used for: what consent is asked for.
    pub purpose: Purpose,
    /// What is looked at, and nothing else: only this is computed and recorded.
    pub reads: Reads,
    /// What is learned for it: the tasks whose models answer.
    pub tasks: Vec<TaskName>,
    /// What a question may say besides the customer.
    pub parameters: Vec<Parameter>,
    /// Whether the answer is shown to the customer, so that it matters where.
    pub is_shown: bool,
    /// Whether it stands on every customer's page and list.
    pub on_profile: bool,
    /// Whether a high score is something to be kept from coming true.
    pub is_risk: bool,
    /// What an answer holds.
    pub shape: ContentShape,
}

/// Which of the forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentShape {
    /// [`Content::Items`].
    Items,
    /// [`Content::Search`].
    Search,
    /// [`Content::Completions`].
    Completions,
    /// [`Content::Actions`].
    Actions,
    /// [`Content::Flags`].
    Flags,
    /// [`Content::Score`].
    Score,
    /// [`Content::Amount`].
    Amount,
    /// [`Content::Choice`].
    Choice,
    /// [`Content::Labels`].
    Labels,
    /// [`Content::Reply`].
    Reply,
}

impl ContentShape {
    /// What an answer of this form comes to in a list of customers; nothing where it holds items.
    #[must_use]
    pub fn measure(self) -> Option<Measure> {
        match self {
            Self::Items
            | Self::Search
            | Self::Completions
            | Self::Actions
            | Self::Flags
            | Self::Labels
            | Self::Reply => None,
            Self::Score | Self::Amount => Some(Measure::Number),
            Self::Choice => Some(Measure::Text),
        }
    }

    /// What an answer of this form is, in words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Items => "items, best first, each with its reason",
            Self::Search => "items, best first, with what all matches have in common and how the words were understood",
            Self::Completions => "ways to go on, each with what it is",
            Self::Actions => {
                "what to do, each with how likely it was chosen and what it is worth, and what left the others out"
            }
            Self::Flags => "what each flag is, with the rule or the variation that it comes from",
            Self::Score => "a probability with its reasons",
            Self::Amount => "an amount with its interval and its reasons",
            Self::Labels => "what is asked for, in which mood and how urgently, in which language, and what is named",
            Self::Reply => "a passage and where it comes from, how sure that is, or why a person should go on",
            Self::Choice => "one of several, with how likely each is or what else holds, and why",
        }
    }
}

/// What of a customer a kind looks at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reads {
    /// The inputs of the models of these tasks.
    pub tasks: Vec<TaskName>,
    /// These features besides, by name.
    pub features: Vec<String>,
    /// What tells whether the questions of these tasks are asked of them.
    pub asked: Vec<(TaskName, Vec<Probe>)>,
    /// These traits.
    pub traits: Vec<String>,
    /// What they bought lately.
    pub bought: bool,
    /// What they look at in this visit.
    pub viewed: bool,
    /// In which currency they pay.
    pub currency: bool,
    /// Whether their data may be used for these purposes.
    pub consents: Vec<Purpose>,
}

/// What a kind answers from.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// What was asked.
    pub question: &'a Question,
    /// The models in force.
    pub models: &'a Models,
    /// What there is besides customers.
    pub world: &'a dyn World,
    /// What features mean.
    pub catalogue: &'a Catalogue,
    /// Whether it is answered as before records said what was declared, to make such a decision again: scores were given to
    /// everybody whom the model could read, segments told by their titles, and amounts without their days.
    pub as_before: bool,
    /// Whether it is answered as before items told their places: no rules held, and nothing was said of what was left out.
    pub is_unplaced: bool,
}

impl fmt::Debug for Ask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("question", self.question).finish_non_exhaustive()
    }
}

impl Ask<'_> {
    /// Whether the customer is held out.
    #[must_use]
    pub(crate) fn is_held_out(&self) -> bool {
        self.question.arm == Some(Arm::Holdout)
    }

    /// A parameter of the question, which was checked before.
    pub(crate) fn whole(&self, parameter: &Parameter) -> i64 {
        let given = self.question.parameters.get(parameter.name).and_then(serde_json::Value::as_i64);
        match (given, &parameter.takes) {
            (Some(given), _) => given,
            (None, Takes::Whole { default: Some(default), .. }) => *default,
            (None, _) => 0,
        }
    }
}

/// What a kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The answer.
    pub content: Content,
    /// The model that was asked; `None` where there is none yet.
    pub model: Option<ModelRef>,
    /// What else there is to say of it.
    pub more: More,
}

/// What there is to say of an answer beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct More {
    /// Why there are fewer items than were asked for.
    pub shortfall: Option<String>,
    /// How many items each rule has left out, of those that were looked at.
    pub left_out: LeftOut,
    /// How likely this answer was.
    pub propensity: Probability,
    /// Why it is not the full one, though it is made for this customer: a whole sentence.
    pub fallback: Option<String>,
}

impl Default for More {
    fn default() -> Self {
        Self { shortfall: None, left_out: LeftOut::new(), propensity: Probability::ONE, fallback: None }
    }
}

/// An answer without its reasons: what lists of customers compare and show.
#[derive(Debug, Clone, PartialEq)]
pub enum Gist {
    /// A probability or an amount.
    Number(f64),
    /// One of several, and what else holds.
    Words(Vec<String>),
}

impl Gist {
    /// What an answer comes to; nothing where it says nothing, or holds items.
    #[must_use]
    pub fn of(content: Content) -> Option<Self> {
        match content {
            Content::Items(_)
            | Content::Search { .. }
            | Content::Completions(_)
            | Content::Actions(_)
            | Content::Flags(_)
            | Content::Labels(_)
            | Content::Reply(_) => None,
            Content::Score { score, .. } => Some(Self::Number(score?.get())),
            Content::Amount { amount, .. } => Some(Self::Number(amount?.value)),
            Content::Choice { label, others, .. } => {
                let words: Vec<String> = label.into_iter().chain(others).collect();
                (!words.is_empty()).then_some(Self::Words(words))
            }
        }
    }
}

/// What it is worth to choose one of several for a customer, chance and budgets aside.
#[derive(Debug, Clone, PartialEq)]
pub struct Worth {
    /// Which.
    pub name: String,
    /// What it is worth, net of what it is expected to cost.
    pub worth: f64,
    /// What it is expected to cost.
    pub cost: f64,
}

/// Something that can be decided. One file a kind, one line on the list.
pub trait Kind: Send + Sync {
    /// What is told of it.
    fn about(&self) -> &KindAbout;

    /// Whether a question may say all this.
    ///
    /// # Errors
    /// [`DecisionError`] that says what is wrong, and what to give.
    fn check(&self, given: &Parameters) -> Result<(), DecisionError> {
        self.about().check(given)
    }

    /// Whether a question that was answered may be answered again: which names there were was looked at then.
    ///
    /// # Errors
    /// As [`Kind::check`].
    fn check_again(&self, kept: &Parameters) -> Result<(), DecisionError> {
        self.about().check(kept)
    }

    /// The kind as people have declared it since the start; `None` where that is not done while a program runs. Asked once a decision,
    /// so that one decision sees one declaration.
    fn held(&self) -> Option<Arc<dyn Kind>> {
        None
    }

    /// What the settings may declare otherwise one day, and the answer comes from; `None` where there is nothing of it.
    fn declaration(&self) -> Option<&Declaration> {
        None
    }

    /// Whether it can be asked where nobody is named.
    fn may_be_of_nobody(&self) -> bool {
        false
    }

    /// Whether it is about an occasion, and perhaps about no customer: what comes of it is told of the decision alone.
    fn is_of_occasions(&self) -> bool {
        false
    }

    /// What whoever asks calls the decision of such a kind: asked again by that name, it is answered the same. `None` where it has no
    /// name.
    fn called<'a>(&self, _parameters: &'a Parameters) -> Option<&'a str> {
        None
    }

    /// One of so many answers is logged. More than 1 is for what is asked with every key that somebody strikes: what came of it
    /// is told by what they look for and choose.
    fn logged_one_in(&self) -> u64 {
        1
    }

    /// Whether an answer to this is kept in the log.
    fn is_kept(&self, _question: &Question) -> bool {
        true
    }

    /// What is kept of what a question says, and answered from, so that a replay answers the same: without what nobody needs to know.
    fn kept(&self, parameters: Parameters) -> Parameters {
        parameters
    }

    /// What it wants of the catalogue before it answers; `None` where it looks for nothing.
    fn wanted(&self, _parameters: &Parameters) -> Option<Wanted> {
        None
    }

    /// Whether customers may be held out of it: what is shown to nobody changes nothing for them.
    fn is_held_out(&self) -> bool {
        self.about().is_shown
    }

    /// With which value of which parameter it was last asked about this customer, where what it answered then counts now.
    fn after(&self, _parameters: &Parameters) -> Option<(&'static str, &'static str)> {
        None
    }

    /// Which contacts with a customer it looks at, so that they are left alone. `None` where it looks at none.
    fn contacts(&self) -> Option<LookedBack> {
        None
    }

    /// The table of the settings that declares what it chooses among.
    fn table(&self) -> Option<&'static str> {
        None
    }

    /// Whether one of those that it chooses among has this name.
    fn knows(&self, _name: &str) -> bool {
        false
    }

    /// What may be spent on each of those that it chooses among, of which that is said.
    fn budgets(&self) -> Vec<(String, Budget)> {
        Vec::new()
    }

    /// What each of those that it chooses among is worth for a customer, of whom perhaps nothing may be known: those that may be chosen
    /// and bring something. Nothing where it does not choose by worth.
    fn worths(&self, _ask: &Ask<'_>, _known: Option<&Knowledge>) -> Vec<Worth> {
        Vec::new()
    }

    /// What one of several that it answers with is called on a page; the name itself where it has no title, or is not known. Where
    /// another is in force ([`Kind::held`]), that one knows what they are called by now.
    fn title_of<'a>(&'a self, name: &'a str) -> &'a str {
        name
    }

    /// From this customer's data.
    ///
    /// # Errors
    /// Why that cannot be.
    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why>;

    /// What [`Kind::personal`] comes to, for many customers at once: without what only its reasons need.
    fn gist(&self, ask: &Ask<'_>, known: &Knowledge) -> Option<Gist> {
        Gist::of(self.personal(ask, known).ok()?.content)
    }

    /// What each part of its model says of each of these items for this customer, as it was asked to answer; nothing where it has
    /// no such model, or answers otherwise.
    fn parts(&self, _ask: &Ask<'_>, _known: &Knowledge, _items: &[ItemKey]) -> Vec<Vec<Part>> {
        Vec::new()
    }

    /// What can be done that it chooses from; nothing where it chooses among no actions.
    fn actions(&self) -> Vec<&Action> {
        Vec::new()
    }

    /// How it chooses among them.
    fn arbitration(&self) -> Option<&Arbitration> {
        None
    }

    /// The same with other levers, to see what it would choose; `None` where it has none. It is for that alone: what it says it was
    /// declared as is what it was before.
    fn with_levers(&self, _levers: &Levers) -> Option<Box<dyn Kind>> {
        None
    }

    /// Everything that it could have drawn first, of whom perhaps nothing may be known; nothing where it does not draw among actions.
    fn contenders(&self, _ask: &Ask<'_>, _known: Option<&Knowledge>) -> Vec<Contender> {
        Vec::new()
    }

    /// The names of the groups and segments that it divides customers into, where it does.
    fn groups(&self) -> Vec<String> {
        Vec::new()
    }

    /// For everybody: without consent, history or a model. With the whole sentence that says why, and what this is; with an empty one
    /// where nothing is missing.
    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String);

    /// For whoever is held out: what everybody gets of whom nothing is known. `known` says only what must not be withheld from
    /// anybody.
    fn held_out(&self, ask: &Ask<'_>, _known: Option<&Knowledge>) -> (Said, String) {
        self.general(ask, &Why::HeldOut)
    }
}

/// Everything that can be decided, in the order in which it is shown.
pub struct Kinds(Vec<Box<dyn Kind>>);

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|kind| &kind.about().name)).finish()
    }
}

impl Kinds {
    /// The kinds that are given.
    #[must_use]
    pub fn new(kinds: Vec<Box<dyn Kind>>) -> Self {
        Self(kinds)
    }

    /// With one more.
    #[must_use]
    pub fn and(mut self, kind: impl Kind + 'static) -> Self {
        self.0.push(Box::new(kind));
        self
    }

    /// Each kind.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Kind> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// The kind of a name.
    ///
    /// # Errors
    /// [`DecisionError::NoSuchKind`] with the names that there are.
    pub fn get(&self, name: &str) -> Result<&dyn Kind, DecisionError> {
        self.iter().find(|kind| kind.about().name.as_str() == name).ok_or_else(|| DecisionError::NoSuchKind {
            name: name.chars().take(40).collect(),
            known: self.iter().map(|kind| kind.about().name.clone()).collect(),
        })
    }
}

impl Kinds {
    /// The kind of a name as it is in force by now: as people have set it since it was declared, where it can be.
    ///
    /// # Errors
    /// As [`Kinds::get`].
    pub fn in_force(&self, name: &str) -> Result<InForce<'_>, DecisionError> {
        let declared = self.get(name)?;
        Ok(declared.held().map_or(InForce::Declared(declared), InForce::Held))
    }
}

/// A kind as it is in force: one for a whole decision, whatever people set meanwhile.
pub enum InForce<'a> {
    /// As it was declared at the start.
    Declared(&'a dyn Kind),
    /// As it was set since.
    Held(Arc<dyn Kind>),
}

impl InForce<'_> {
    /// The kind itself.
    #[must_use]
    pub fn kind(&self) -> &dyn Kind {
        match self {
            Self::Declared(kind) => *kind,
            Self::Held(kind) => kind.as_ref(),
        }
    }
}

impl KindAbout {
    /// Whether a kind can be asked so: only what says how items are ordered may differ, or the two lists are not of the same question.
    ///
    /// # Errors
    /// [`DecisionError`] that says what it does not take.
    pub fn check_side(&self, side: &Parameters) -> Result<(), DecisionError> {
        self.check(side)?;
        let orders = |takes: &Takes| matches!(takes, Takes::Number { .. } | Takes::Lifts);
        for name in side.keys() {
            let known = self.parameters.iter().find(|parameter| parameter.name == name);
            if known.is_some_and(|parameter| !orders(&parameter.takes)) {
                let of: Vec<&str> =
                    self.parameters.iter().filter(|one| orders(&one.takes)).map(|one| one.name).collect();
                let why =
                    format!("says which items are asked for, and not their order: write some of {}", of.join(", "));
                return Err(DecisionError::Unfit { name: name.clone(), why });
            }
        }
        Ok(())
    }

    /// A question of this kind as JSON, with each whole number at what holds where nobody says. The name must need no quoting.
    #[must_use]
    pub fn example(&self, user: &str) -> String {
        let usual = self.usual().map(|(name, default)| (name, serde_json::Value::from(default)));
        let parameters: String =
            usual.chain(self.needed()).map(|(name, value)| format!(",\"{name}\":{value}")).collect();
        format!("{{\"decision\":\"{}\",\"userId\":\"{user}\"{parameters}}}", self.name)
    }

    /// The whole numbers that a question may give, each with what holds where nobody says.
    pub fn usual(&self) -> impl Iterator<Item = (&'static str, i64)> {
        self.parameters.iter().filter_map(|one| match one.takes {
            Takes::Whole { default: Some(default), .. } => Some((one.name, default)),
            _ => None,
        })
    }

    /// What a question must say besides the customer, each with an example; most say nothing more.
    pub fn needed(&self) -> impl Iterator<Item = (&'static str, serde_json::Value)> {
        self.parameters.iter().filter_map(|one| match one.takes {
            Takes::Options => Some((one.name, serde_json::json!([{"id": "a"}, {"id": "b"}]))),
            Takes::Message { .. } => Some((one.name, serde_json::json!("Where is my order AB-4711?"))),
            _ => None,
        })
    }

    /// The parameters of a question of this kind: those that were given, checked.
    ///
    /// # Errors
    /// [`DecisionError::NoSuchParameter`], [`DecisionError::Parameter`] and [`DecisionError::Unfit`].
    pub fn check(&self, given: &Parameters) -> Result<(), DecisionError> {
        self.check_each(given)
    }

    /// The same of some of them.
    pub(crate) fn check_each<'a>(
        &self,
        given: impl IntoIterator<Item = (&'a String, &'a serde_json::Value)>,
    ) -> Result<(), DecisionError> {
        for (name, value) in given {
            let known = self.parameters.iter().find(|parameter| parameter.name == name);
            let parameter = known.ok_or_else(|| DecisionError::NoSuchParameter {
                kind: self.name.clone(),
                name: name.chars().take(40).collect(),
                known: self.parameters.iter().map(|parameter| parameter.name).collect(),
            })?;
            parameter.check(value)?;
        }
        Ok(())
    }
}
