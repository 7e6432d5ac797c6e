//! Where in an event does a value stand?

use super::FilterError;
use crate::{Call, Event, Fields, Object};
use primitives::nearest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// How places are written.
pub(super) const FORMS: &str = "\"properties.plan\", \"context.campaign.source\" or \"traits.city\"";

const ROOTS: [(&str, Root); 3] =
    [("properties", Root::Properties), ("context", Root::Context), ("traits", Root::Traits)];

/// A place in an event, written `properties.kind`: steps into objects, and into lists by number (`properties.products.0.sku`)
/// or, without a number, into everything that a list holds (`properties.products.category`). A key that has a dot in it has no
/// such place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer {
    root: Root,
    /// From the root, never empty.
    steps: Vec<Arc<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Root {
    Properties,
    Context,
    Traits,
}

impl Pointer {
    /// The first value that stands there.
    #[must_use]
    pub fn of<'a>(&self, event: &'a Event) -> Option<&'a Value> {
        let mut first = None;
        self.any(event, &mut |value| {
            first = Some(value);
            true
        });
        first
    }

    /// The property that it leads to or into; `None` where it leads elsewhere.
    #[must_use]
    pub fn property(&self) -> Option<&str> {
        self.steps.first().filter(|_| self.root == Root::Properties).map(AsRef::as_ref)
    }

    /// Whether a value that stands there is one that is looked for. There are several where the way leads through a list.
    pub fn any<'a>(&self, event: &'a Event, is_it: &mut dyn FnMut(&'a Value) -> bool) -> bool {
        let Some((first, deeper)) = self.steps.split_first() else { return false };
        fields(event, self.root).and_then(|fields| fields.get(first)).is_some_and(|value| any(value, deeper, is_it))
    }
}

fn any<'a>(value: &'a Value, steps: &[Arc<str>], is_it: &mut dyn FnMut(&'a Value) -> bool) -> bool {
    let Some((step, deeper)) = steps.split_first() else { return is_it(value) };
    match value {
        Value::Object(fields) => fields.get(&**step).is_some_and(|value| any(value, deeper, is_it)),
        Value::Array(list) => match step.parse::<usize>() {
            Ok(place) => list.get(place).is_some_and(|value| any(value, deeper, is_it)),
            Err(_) => list.iter().any(|value| value.is_object() && any(value, steps, is_it)),
        },
        _ => false,
    }
}

impl Pointer {
    /// Every place of an event that holds one value, or in a list of objects several, written as a pointer is; each once.
    #[must_use]
    pub fn all(event: &Event) -> Vec<String> {
        fn below(path: &str, fields: &Object, found: &mut Vec<String>) {
            for (key, value) in fields {
                let path = format!("{path}.{key}");
                match value {
                    Value::Object(fields) => below(&path, fields, found),
                    Value::String(_) | Value::Number(_) | Value::Bool(_) => found.push(path),
                    Value::Array(list) => {
                        list.iter().filter_map(Value::as_object).for_each(|one| below(&path, one, found))
                    }
                    Value::Null => {}
                }
            }
        }
        let mut found = Vec::new();
        for (name, root) in ROOTS {
            if let Some(fields) = fields(event, root) {
                below(name, fields, &mut found);
            }
        }
        let mut told = BTreeSet::new();
        found.retain(|path| told.insert(path.clone()));
        found
    }
}

fn fields(event: &Event, root: Root) -> Option<&Fields> {
    match (root, &event.call) {
        (Root::Context, _) => Some(&event.context),
        (
            Root::Properties,
            Call::Track { properties, .. } | Call::Page { properties, .. } | Call::Screen { properties, .. },
        ) => Some(properties),
        (Root::Traits, Call::Identify { traits } | Call::Group { traits, .. } | Call::Item { traits, .. }) => {
            Some(traits)
        }
        _ => None,
    }
}

impl FromStr for Pointer {
    type Err = FilterError;

    fn from_str(path: &str) -> Result<Self, FilterError> {
        let (start, rest) = path.split_once('.').unwrap_or((path, ""));
        let root = ROOTS.iter().find(|(name, _)| *name == start).map(|(_, root)| *root);
        let steps: Vec<Arc<str>> = rest.split('.').map(Arc::from).collect();
        let is_whole = steps.iter().all(|step| !step.is_empty());
        match root.filter(|_| is_whole) {
            Some(root) => Ok(Self { root, steps }),
            None => Err(FilterError::Pointer { path: path.to_owned(), nearest: meant(start, rest) }),
        }
    }
}

/// A slip in the first word, or a particular that is named without where it stands.
fn meant(start: &str, rest: &str) -> Option<String> {
    match (nearest(start, ROOTS.map(|(name, _)| name)), rest) {
        (Some(root), rest) if !rest.is_empty() && !rest.split('.').any(str::is_empty) => Some(format!("{root}.{rest}")),
        (None, "") if !start.is_empty() => Some(format!("properties.{start}")),
        _ => None,
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = ROOTS.iter().find(|(_, root)| *root == self.root).map_or("", |(name, _)| name);
        f.write_str(root)?;
        self.steps.iter().try_for_each(|step| write!(f, ".{step}"))
    }
}

impl Serialize for Pointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pointer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
