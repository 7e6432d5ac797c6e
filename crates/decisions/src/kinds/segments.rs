//! Which group does this customer belong to, and which of the company's own segments?

use super::Propensity;
use crate::declaration::Declared;
use crate::kind::{ContentShape, KindAbout, Reads};
use crate::models::currency_of;
use crate::segment::{Groups, OfRule};
use crate::{Ask, Condition, Content, Declaration, Kind, Knowledge, More, Reason, Said, Segment, Why};
use governance::Purpose;
use learning::reasons::money as amount;
use learning::{Outcome, TaskName, rfm_of};
use models::rfm::{Group, Rfm, RfmModel};
use primitives::Currency;
use std::collections::{BTreeMap, BTreeSet};

/// Which group, by recency, frequency and money, and which declared segments hold.
#[derive(Debug, Clone)]
pub struct Segments {
    about: KindAbout,
    declaration: Declaration,
    task: TaskName,
    declared: Vec<Segment>,
    /// The questions whose scores the rules look at: a score says something only of whom its question is asked.
    scores: BTreeMap<TaskName, Propensity>,
}

impl Segments {
    /// The built-in groups, and the segments that the settings declare; `outcomes` are those whose scores they may look at.
    #[must_use]
    pub fn new(declared: Vec<Segment>, outcomes: &[Outcome]) -> Self {
        let task = TaskName::from("segments");
        let conditions = || declared.iter().flat_map(|segment| &segment.rule);
        let all = |name: fn(&Condition) -> Option<&str>| -> BTreeSet<String> {
            conditions().filter_map(name).map(str::to_owned).collect()
        };
        let tasks: BTreeSet<TaskName> = conditions().filter_map(Condition::score).map(TaskName::from).collect();
        let outcomes: Vec<Outcome> = outcomes.iter().filter(|outcome| tasks.contains(&outcome.name)).cloned().collect();
        let scores: BTreeMap<_, _> =
            outcomes.iter().map(|outcome| (outcome.name.clone(), Propensity::new(outcome))).collect();
        let asked = || scores.values().map(|score| &score.about().reads);
        let declaration = Declaration::of(Declared::Segments { segments: declared.clone(), outcomes });
        let about = KindAbout {
            name: "segments".into(),
            title: "Segment".to_owned(),
            question: "Which group does this customer belong to?".to_owned(),
            purpose: Purpose::Personalization,
            reads: Reads {
                tasks: std::iter::once(task.clone()).chain(tasks).collect(),
                features: (all(Condition::feature).into_iter())
                    .chain(asked().flat_map(|reads| reads.features.clone()))
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect(),
                asked: asked().flat_map(|reads| reads.asked.clone()).collect(),
                traits: all(Condition::name_of_trait).into_iter().collect(),
                currency: true,
                ..Reads::default()
            },
            tasks: vec![task.clone()],
            parameters: Vec::new(),
            is_shown: false,
            on_profile: true,
            is_risk: false,
            shape: ContentShape::Choice,
        };
        Self { about, declaration, task, declared, scores }
    }

    /// In which groups and segments a customer is, without the reasons.
    pub(super) fn groups_of(&self, ask: &Ask<'_>, known: &Knowledge) -> Groups {
        let grouped = ask.models.groups(&self.task);
        let group = grouped.ok().and_then(|(loaded, model)| {
            let rfm = rfm_of(known.inputs(&self.task)).filter(|_| currency_of(loaded) == known.currency)?;
            Some(model.group(&rfm).name().to_owned())
        });
        Groups {
            names: group.into_iter().chain(self.holding(ask, known)).collect(),
            declared: self.declared.iter().map(|segment| segment.name.clone()).collect(),
        }
    }

    /// The segments that are declared.
    pub(super) fn declared(&self) -> &[Segment] {
        &self.declared
    }

    /// The questions whose scores the rules look at.
    pub(super) fn scored(&self) -> impl Iterator<Item = &TaskName> {
        self.scores.keys()
    }

    /// The declared segments whose every condition holds, by name.
    fn holding(&self, ask: &Ask<'_>, known: &Knowledge) -> Vec<String> {
        let score = |task: &str| {
            let task = TaskName::from(task);
            let is_asked = || self.scores.get(&task).is_some_and(|score| score.why_not_asked(known).is_none());
            if !ask.as_before && !is_asked() {
                return None;
            }
            let (_, model) = ask.models.binary(&task).ok()?;
            Some(model.probability(known.inputs(&task)).ok()?.get())
        };
        let facts = OfRule { known, score: &score, groups: &|| None, as_of: ask.question.as_of };
        let holds = |segment: &&Segment| segment.filter().holds(&facts) == Some(true);
        let told = |segment: &Segment| if ask.as_before { segment.title.clone() } else { segment.name.clone() };
        self.declared.iter().filter(holds).map(told).collect()
    }
}

impl Kind for Segments {
    fn about(&self) -> &KindAbout {
        &self.about
    }

    fn declaration(&self) -> Option<&Declaration> {
        Some(&self.declaration)
    }

    fn title_of<'a>(&'a self, name: &'a str) -> &'a str {
        self.declared.iter().find(|segment| segment.name == name).map_or(name, |segment| &segment.title)
    }

    fn groups(&self) -> Vec<String> {
        let built_in = Group::ALL.iter().map(|group| group.name().to_owned());
        built_in.chain(self.declared.iter().map(|segment| segment.name.clone())).collect()
    }

    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why> {
        let others = self.holding(ask, known);
        let grouped = ask.models.groups(&self.task);
        // Money of another currency than was learned from is in no fifth.
        let pays_alike = grouped.as_ref().is_ok_and(|(loaded, _)| currency_of(loaded) == known.currency);
        let rfm = rfm_of(known.inputs(&self.task)).filter(|_| pays_alike);
        let found = match (grouped, rfm) {
            (Ok((_, model)), Some(rfm)) => {
                Ok((model.group(&rfm).name().to_owned(), reasons(model, &rfm, known.currency)))
            }
            (Err(why), _) => Err(why),
            (Ok(_), None) if !pays_alike && known.currency.is_some() => {
                Err(Why::because("The customer pays in another currency than the groups were made in"))
            }
            (Ok(_), None) => Err(Why::because("The customer has not bought anything within a year")),
        };
        let (label, reasons) = match found {
            Ok((group, reasons)) => (Some(group), reasons),
            // A declared segment may hold of who never bought: then the answer is their own, and says why there is no group.
            Err(_) if !others.is_empty() && ask.as_before => (None, Vec::new()),
            Err(why) if !others.is_empty() => (None, vec![no_group(&why.text(self.task.as_str()))]),
            Err(why) => return Err(why),
        };
        let model = ask.models.named(&self.task);
        Ok(Said {
            content: Content::Choice { label, others, probabilities: Vec::new(), reasons },
            model,
            more: More::default(),
        })
    }

    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        let model = ask.models.named(&self.task);
        let content =
            Content::Choice { label: None, others: Vec::new(), probabilities: Vec::new(), reasons: Vec::new() };
        (
            Said { content, model, more: More::default() },
            format!("{}: there is no group.", why.text(self.task.as_str())),
        )
    }
}

fn no_group(why: &str) -> Reason {
    let text = format!("{why}: there is no group");
    Reason { feature: "orders_365d".to_owned(), value: None, contribution: None, text }
}

fn days(n: f64) -> String {
    match format!("{n:.0}").as_str() {
        "0" => "less than a day".to_owned(),
        "1" => "1 day".to_owned(),
        n => format!("{n} days"),
    }
}

fn orders(n: f64) -> String {
    let n = format!("{n:.0}");
    if n == "1" { "1 order".to_owned() } else { format!("{n} orders") }
}

/// The three numbers that make the group, each with the fifth it lies in.
fn reasons(model: &RfmModel, rfm: &Rfm, currency: Option<Currency>) -> Vec<Reason> {
    let [recency, frequency, money] = model.scores(rfm);
    let reason = |feature: &str, value: f64, said: String, part: u8, best: &str| Reason {
        feature: feature.to_owned(),
        value: Some(value),
        contribution: None,
        text: format!("{said}: fifth {part} of 5, where 5 is {best}"),
    };
    vec![
        reason("recency_days", rfm.recency, format!("No order for {}", days(rfm.recency)), recency, "the latest"),
        reason("orders_365d", rfm.frequency, format!("{} in a year", orders(rfm.frequency)), frequency, "the most"),
        reason(
            "revenue_365d",
            rfm.money,
            format!("{} spent in a year", amount(rfm.money, currency)),
            money,
            "the most spent",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_counts_one_as_one() {
        let said = |recency, frequency| (days(recency), orders(frequency));
        assert_eq!(said(0.3, 0.0), ("less than a day".to_owned(), "0 orders".to_owned()));
        assert_eq!(said(0.6, 1.0), ("1 day".to_owned(), "1 order".to_owned()));
        assert_eq!(said(1.5, 2.0), ("2 days".to_owned(), "2 orders".to_owned()));
    }
}
