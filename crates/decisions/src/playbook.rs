//! What do people declare that can be changed while the program runs? Lists of tables, checked and put in force as a whole.
//!
//! A new list is one line of [`playbook!`](self), and a line in [`Playbook::check`].

use crate::filter::Names;
use crate::{Action, Experiment, Flag, Offer};
use events::Mistake;
use serde_json::{Map, Value};
use std::fmt;

/// A list that cannot be in force as it stands: which one, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDeclared {
    /// The list.
    pub list: &'static str,
    /// What is wrong.
    pub mistake: Box<Mistake>,
}

impl std::error::Error for NotDeclared {}

impl fmt::Display for NotDeclared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mistake.fmt(f)
    }
}

macro_rules! playbook {
    ($( $(#[doc = $doc:literal])+ $list:ident: $one:ty, $word:literal; )+) => {
        /// Everything that is declared of these lists. The order counts: what came first has the first stretch of a layer.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Playbook {
            $( $(#[doc = $doc])+ pub $list: Vec<$one>, )+
        }

        impl Playbook {
            /// The lists, each with the word for one on it.
            pub const LISTS: &'static [(&'static str, &'static str)] = &[$( (stringify!($list), $word) ),+];

            /// The keys of what is on a list, and what each says.
            #[must_use]
            pub fn keys(list: &str) -> &'static [(&'static str, &'static str)] {
                match list {
                    $( stringify!($list) => <$one>::keys(), )+
                    _ => &[],
                }
            }

            /// What is on a list, as it would be written.
            #[must_use]
            pub fn tables(&self, list: &str) -> Vec<Map<String, Value>> {
                match list {
                    $( stringify!($list) => self.$list.iter().map(<$one>::to_table).collect(), )+
                    _ => Vec::new(),
                }
            }

            /// What is on a list by a name, as it would be written.
            #[must_use]
            pub fn table(&self, list: &str, name: &str) -> Option<Map<String, Value>> {
                match list {
                    $( stringify!($list) => self.$list.iter().find(|one| one.name == name).map(<$one>::to_table), )+
                    _ => None,
                }
            }

            /// The names on a list, in its order.
            #[must_use]
            pub fn names(&self, list: &str) -> Vec<&str> {
                match list {
                    $( stringify!($list) => self.$list.iter().map(|one| one.name.as_str()).collect(), )+
                    _ => Vec::new(),
                }
            }

            /// Whether a name is on a list.
            #[must_use]
            pub fn has(&self, list: &str, name: &str) -> bool {
                match list {
                    $( stringify!($list) => self.$list.iter().any(|one| one.name == name), )+
                    _ => false,
                }
            }

            /// Leaves only what is to be kept, by list and name.
            pub fn retain(&mut self, is_kept: impl Fn(&str, &str) -> bool) {
                $( self.$list.retain(|one| is_kept(stringify!($list), &one.name)); )+
            }

            /// Puts a table on a list: in the place of the one of its name, and else at the end. Answers its name.
            ///
            /// # Errors
            /// [`NotDeclared`] where it cannot be read; then nothing changes.
            pub fn put(&mut self, list: &str, table: &Map<String, Value>) -> Result<String, NotDeclared> {
                match list {
                    $( stringify!($list) => {
                        let read = <$one>::from_table(table);
                        let one = read.map_err(|mistake| NotDeclared { list: stringify!($list), mistake: Box::new(mistake) })?;
                        let name = one.name.clone();
                        match self.$list.iter_mut().find(|other| other.name == name) {
                            Some(other) => *other = one,
                            None => self.$list.push(one),
                        }
                        Ok(name)
                    } )+
                    _ => {
                        let mistake = Mistake::of_name("list", list, "there is no such list");
                        Err(NotDeclared { list: "", mistake: Box::new(mistake) })
                    }
                }
            }

            /// Takes a name from a list; answers whether it was there.
            pub fn remove(&mut self, list: &str, name: &str) -> bool {
                let n_before = self.n();
                match list {
                    $( stringify!($list) => self.$list.retain(|one| one.name != name), )+
                    _ => {}
                }
                self.n() < n_before
            }

            /// How much is declared in all.
            #[must_use]
            pub fn n(&self) -> usize {
                0 $( + self.$list.len() )+
            }

            /// Takes in what `other` declares besides, list by list: of what both do, this one's counts.
            pub fn join(&mut self, other: Self) {
                $(
                    for one in other.$list {
                        if !self.$list.iter().any(|own| own.name == one.name) {
                            self.$list.push(one);
                        }
                    }
                )+
            }
        }
    };
}

playbook! {
    /// What can be done for customers.
    actions: Action, "action";
    /// What can be offered to them.
    offers: Offer, "offer";
    /// What is tried out.
    experiments: Experiment, "experiment";
    /// What can be switched.
    flags: Flag, "flag";
}

impl Playbook {
    /// Whether all of it can be in force together, over what conditions may ask.
    ///
    /// # Errors
    /// [`NotDeclared`] for the first that cannot.
    pub fn check(&self, names: &Names) -> Result<(), NotDeclared> {
        let of = |list: &'static str| move |mistake: Mistake| NotDeclared { list, mistake: Box::new(mistake) };
        Action::check(&self.actions, names).map_err(of("actions"))?;
        Offer::check(&self.offers, &self.actions, names).map_err(of("offers"))?;
        Experiment::check(&self.experiments, names).map_err(of("experiments"))?;
        Flag::check(&self.flags, &self.experiments, names).map_err(of("flags"))
    }

    /// Whether clients that ask for flags still find the types that they know from `before`.
    ///
    /// # Errors
    /// [`NotDeclared`] for the first that is of another type.
    pub fn keeps_types_of(&self, before: &Self) -> Result<(), NotDeclared> {
        for flag in &self.flags {
            let Some(former) = before.flags.iter().find(|former| former.name == flag.name) else { continue };
            if former.of != flag.of {
                let remedy = format!(
                    "clients ask for it as {}, and one that finds another type fails: keep the type, and declare another flag",
                    former.of.name()
                );
                let mistake = Mistake {
                    key: "type".to_owned(),
                    found: Value::from(flag.of.name()).to_string(),
                    ..Mistake::of_name("flag", &flag.name, remedy)
                };
                return Err(NotDeclared { list: "flags", mistake: Box::new(mistake) });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn table(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    /// A table of each list that says every key there is.
    fn full() -> Vec<(&'static str, Map<String, Value>)> {
        vec![
            (
                "actions",
                table(json!({
                    "name": "grinder", "title": "A grinder", "group": "cross_sell", "channels": ["email", "web"],
                    "eligible": "orders_365d >= 1", "suitable": "score.churn < 0.6", "stock": "LK-0042", "value": 12.5,
                    "cost": 0.25, "prior": 0.03, "from": "2026-12-01T00:00:00.000Z", "until": "2026-12-24T00:00:00.000Z",
                    "weight": 2.0, "context": {"placement": {"checkout": 1.5}}, "upsell": true, "service": true,
                    "mandatory": true, "times": 3, "nothing": true, "features": {"price": 89.0}, "content": {"url": "/grinders"},
                })),
            ),
            (
                "offers",
                table(json!({
                    "name": "tenth", "title": "A tenth off", "group": "cart", "channels": ["email", "web"],
                    "eligible": "orders_365d >= 1", "suitable": "score.churn < 0.6", "stock": "LK-0042", "value": 12.5,
                    "cost": 0.25, "prior": 0.03, "from": "2026-12-01T00:00:00.000Z", "until": "2026-12-24T00:00:00.000Z",
                    "weight": 2.0, "context": {"placement": {"checkout": 1.5}}, "upsell": true, "service": true,
                    "times": 3, "features": {"price": 89.0}, "content": {"url": "/tenth"}, "discount": 0.1,
                    "budget": {"amount": 500.0, "days": 7}, "keeps": true,
                })),
            ),
            (
                "experiments",
                table(json!({
                    "name": "copy", "title": "The copy", "who": "orders_365d >= 1", "share": 0.5, "layer": "checkout",
                    "stretch": [0.25, 0.75], "metrics": ["margin"], "guardrails": ["refunds"], "days": 21, "state": "draft",
                    "variations": [{"name": "control", "value": "A", "weight": 1.0}, {"name": "bold", "value": "B", "weight": 3.0}],
                })),
            ),
            (
                "flags",
                table(json!({
                    "name": "checkout", "title": "The checkout", "type": "text", "default": "old", "on": false,
                    "needs": [{"flag": "login", "is": true}],
                    "rules": [{"when": "traits.plan = \"pro\"", "value": "new"}, {"experiment": "copy"}, {"share": 0.25, "value": "new"}],
                })),
            ),
        ]
    }

    #[test]
    fn every_key_of_every_list_is_written_as_it_is_read() {
        // By what is drawn is said by the next tests; what costs something, and within a budget, contradicts the others.
        let not_told = ["unit", "switchback", "interleave", "costs", "mandatory", "nothing"];
        let mut playbook = Playbook::default();
        for (list, table) in full() {
            let unsaid: Vec<&str> =
                Playbook::keys(list).iter().map(|(key, _)| *key).filter(|key| !table.contains_key(*key)).collect();
            assert!(unsaid.iter().all(|key| not_told.contains(key)), "{list}: {unsaid:?} are not tried");
            let name = playbook.put(list, &table).unwrap();
            let written = playbook.table(list, &name).unwrap();
            assert_eq!(json!(written), json!(table));
        }
        assert_eq!(playbook.n(), Playbook::LISTS.len(), "one of each list is tried");
    }

    #[test]
    fn an_experiment_that_switches_is_written_as_it_is_read() {
        let switching = table(json!({
            "name": "price", "state": "draft", "switchback": {"minutes": 60, "by": "store"},
            "variations": [{"name": "control", "value": 1, "weight": 1.0}, {"name": "low", "value": 2, "weight": 1.0}],
        }));
        let mut playbook = Playbook::default();
        let name = playbook.put("experiments", &switching).unwrap();
        let written = playbook.table("experiments", &name).unwrap();
        assert_eq!(written["switchback"], switching["switchback"]);
        let again = playbook.put("experiments", &written).unwrap();
        assert_eq!(playbook.table("experiments", &again).unwrap(), written);
    }

    #[test]
    fn an_experiment_that_drafts_lists_is_written_as_it_is_read_and_asks_nobody_who_they_are() {
        let drafting = table(json!({
            "name": "mix", "interleave": "recommend",
            "variations": [{"name": "usual", "value": {}, "weight": 1.0}, {"name": "mixed", "value": {"diversity": 0.3}, "weight": 1.0}],
        }));
        let mut playbook = Playbook::default();
        let name = playbook.put("experiments", &drafting).unwrap();
        let written = playbook.table("experiments", &name).unwrap();
        assert_eq!(
            (written["interleave"].clone(), written["variations"].clone()),
            (json!("recommend"), drafting["variations"].clone())
        );
        playbook.put("experiments", &written).unwrap();
        assert_eq!(playbook.table("experiments", &name).unwrap(), written);
        let drafts = playbook.experiments[0].drafts().unwrap();
        assert_eq!(json!(drafts.sides), json!([{}, {"diversity": 0.3}]));
        for (key, value, said) in [
            ("who", json!("known"), "leave who out"),
            ("share", json!(0.5), "leave share out"),
            ("layer", json!("a"), "leave layer out"),
            ("variations", json!([{"name": "a", "value": 1}, {"name": "b", "value": 2}]), "write two, whose values"),
            (
                "variations",
                json!([{"name": "a", "value": {}}, {"name": "b", "value": {}}, {"name": "c", "value": {}}]),
                "write two",
            ),
        ] {
            let mut wrong = drafting.clone();
            wrong.insert(key.to_owned(), value);
            let why = Playbook::default().put("experiments", &wrong).unwrap_err().to_string();
            assert!(why.contains(said), "{why}");
        }
        // Nobody gets a variation of it: a flag cannot ask for one.
        let flag = table(json!({"name": "a", "default": {}, "rules": [{"experiment": "mix"}]}));
        playbook.put("flags", &flag).unwrap();
        let why = playbook.check(&Names::default()).unwrap_err().to_string();
        assert!(why.contains("it drafts lists"), "{why}");
    }

    proptest! {
        /// Whatever of a table is left out, what is written is read as the same.
        #[test]
        fn what_is_read_is_written_and_read_again(kept in proptest::collection::vec(any::<bool>(), 24)) {
            for (list, table) in full() {
                let keys: Vec<String> = table.keys().cloned().collect();
                let some: Map<String, Value> = keys.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(key, _)| (key.clone(), table[key].clone())).collect();
                let mut playbook = Playbook::default();
                let Ok(name) = playbook.put(list, &some) else { continue };
                let mut again = Playbook::default();
                again.put(list, &playbook.table(list, &name).unwrap()).unwrap();
                prop_assert_eq!(playbook, again);
            }
        }
    }

    #[test]
    fn what_is_put_takes_the_place_of_its_name_and_what_is_joined_does_not() {
        let flag = |name: &str, default: i64| table(json!({"name": name, "default": default}));
        let mut playbook = Playbook::default();
        for (name, default) in [("a", 1), ("b", 2), ("a", 3)] {
            playbook.put("flags", &flag(name, default)).unwrap();
        }
        let told = |playbook: &Playbook| -> Vec<(String, Value)> {
            playbook.flags.iter().map(|flag| (flag.name.clone(), flag.default.clone())).collect()
        };
        assert_eq!(told(&playbook), [("a".to_owned(), json!(3)), ("b".to_owned(), json!(2))]);
        let mut other = Playbook::default();
        other.put("flags", &flag("b", 9)).unwrap();
        other.put("flags", &flag("c", 9)).unwrap();
        playbook.join(other);
        assert_eq!(told(&playbook)[1..], [("b".to_owned(), json!(2)), ("c".to_owned(), json!(9))]);
        assert!(
            playbook.has("flags", "b") && !playbook.has("actions", "b") && playbook.names("flags") == ["a", "b", "c"]
        );
        let mut some = playbook.clone();
        some.retain(|list, name| list != "flags" || name == "b");
        assert_eq!(some.names("flags"), ["b"]);
        assert!(playbook.remove("flags", "b") && !playbook.remove("flags", "b") && !playbook.remove("actions", "a"));
        assert!(playbook.put("flags", &table(json!({"name": "A"}))).is_err());
        assert!(playbook.put("nothing", &flag("a", 1)).is_err());
        assert_eq!(told(&playbook), [("a".to_owned(), json!(3)), ("c".to_owned(), json!(9))]);
    }

    #[test]
    fn a_flag_keeps_its_type() {
        let of = |default: Value| {
            let mut playbook = Playbook::default();
            playbook.put("flags", &table(json!({"name": "a", "default": default}))).unwrap();
            playbook
        };
        assert_eq!(of(json!(true)).keeps_types_of(&of(json!(false))), Ok(()));
        let said = of(json!("x")).keeps_types_of(&of(json!(false))).unwrap_err().to_string();
        assert!(said.starts_with("flag \"a\": type is \"text\": clients ask for it as boolean"), "{said}");
        assert_eq!(Playbook::default().keeps_types_of(&of(json!(false))), Ok(()));
    }
}
