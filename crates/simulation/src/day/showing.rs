//! What is shown to somebody, recommended or found by a search, and what do they look at of it?

use super::Scene;
use super::visit::Look;
use crate::host::decision;
use crate::message::Sender;
use serde_json::Value;
use std::collections::BTreeMap;

/// So many things are shown beside what is looked for.
const N_SHOWN: usize = 6;
/// So many are on the first page of a search.
const N_LISTED: usize = 10;
/// Whoever did not find it goes without, in so many cases of a hundred.
const GIVES_UP_PERCENT: f64 = 55.0;

impl Scene<'_> {
    /// What is shown to them is looked at the more, the better it suits, and the less, the further down it stands.
    pub(super) fn follow_recommendations(&mut self, looks: &mut Vec<Look>) {
        let Some(reply) = self.ask(Sender::Browser, decision::RECOMMEND, N_SHOWN, Vec::new, BTreeMap::new) else {
            return;
        };
        for (place, item) in reply.items.iter().take(N_SHOWN).enumerate() {
            let Some(thing) = self.company.thing_no(item) else { continue };
            let position = place + 1;
            self.pass(0.4);
            let id = reply.decision_id.as_str();
            let properties =
                || [("decision_id", id.into()), ("item_id", item.as_str().into()), ("position", position.into())];
            self.track(Sender::Browser, "Decision Shown", properties());
            let p = self.mind().follows(thing, place);
            if self.dice.chance(p) {
                self.pass(4.0);
                self.track(Sender::Browser, "Decision Clicked", properties());
                looks.push(Look { thing, shown_by: Some(reply.decision_id.clone()) });
            }
        }
    }

    /// They type what they came for, read what was found from the top, and may not get as far as what they want.
    pub(super) fn search_sometimes(&mut self, looks: &mut Vec<Look>) {
        let Some(wanted) = looks.first().map(|look| look.thing) else { return };
        if !self.dice.chance(0.35) {
            return;
        }
        self.pass(6.0);
        // They say what it is, and not always of which kind.
        let [whole, noun] = self.company.things().get(wanted).called();
        let said = if self.dice.chance(0.5) { whole } else { noun };
        let query = self.mistype(&said);
        let found = if query == said { self.company.things().search(&said, self.today.day) } else { Vec::new() };
        let n_found = found.len();
        let listed: Vec<usize> = found.into_iter().take(N_LISTED).collect();
        let (listed, ranked_by) = self.ranked(listed, &query);
        let properties = || [("query", query.as_str().into()), ("results", n_found.into())];
        self.track(Sender::Browser, "Products Searched", properties());
        let chances = self.mind().clicks(wanted, &listed);
        let place = self.dice.drawn(&chances);
        match place.and_then(|place| listed.get(place).map(|thing| (place, *thing))) {
            Some((place, thing)) => {
                self.pass(3.0 + f64::from(u32::try_from(place).unwrap_or(0)));
                let [query, results] = properties();
                let clicked = [query, results, ("position", (place + 1).into())];
                self.track(Sender::Browser, "Search Result Clicked", clicked);
                let item = self.company.things().get(thing).id.as_str();
                self.tell_of(Sender::Browser, "Decision Clicked", ranked_by.as_deref(), item);
                if thing != wanted {
                    looks.insert(0, Look { thing, shown_by: ranked_by });
                } else if let Some(first) = looks.first_mut() {
                    first.shown_by = ranked_by;
                }
            }
            None if n_found > 0 && self.dice.chance(GIVES_UP_PERCENT / 100.0) => {
                looks.remove(0);
            }
            None => {}
        }
    }

    /// In the order that was decided, and by which decision; whatever it leaves out or invents changes nothing.
    fn ranked(&mut self, listed: Vec<usize>, query: &str) -> (Vec<usize>, Option<String>) {
        if listed.len() < 2 {
            return (listed, None);
        }
        let things = self.company.things();
        let choices = || listed.iter().map(|no| things.get(*no).id.clone()).collect();
        let about = || BTreeMap::from([("query", Value::from(query))]);
        let Some(reply) = self.ask(Sender::Browser, decision::RANK, listed.len(), choices, about) else {
            return (listed, None);
        };
        let mut ranked: Vec<usize> = Vec::with_capacity(listed.len());
        let answered = reply.items.iter().filter_map(|item| self.company.thing_no(item));
        for thing in answered.filter(|thing| listed.contains(thing)).chain(listed.iter().copied()) {
            if !ranked.contains(&thing) {
                ranked.push(thing);
            }
        }
        (ranked, Some(reply.decision_id))
    }

    /// A text as this person types it.
    pub(super) fn mistype(&mut self, text: &str) -> String {
        let share = self.person.nature.typos / 100.0;
        let mut typed = String::with_capacity(text.len());
        for letter in text.chars() {
            match if self.dice.chance(share) { self.dice.below(3) } else { 3 } {
                0 => {}
                1 => typed.extend([letter, letter]),
                2 if letter == 'e' => typed.push('r'),
                _ => typed.push(letter),
            }
        }
        if typed.trim().is_empty() { text.to_owned() } else { typed }
    }
}
