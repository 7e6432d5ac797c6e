//! How does an event carry free-form JSON? As text that is opened when somebody asks for it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

/// A JSON object.
pub type Object = Map<String, Value>;

/// Free-form JSON fields: traits, properties, context. A replay meets millions of them and asks few what they hold, so
/// those that come from a record stay text until somebody does.
#[derive(Clone, Default)]
pub struct Fields {
    /// The object as this program writes it: without blanks, its keys in order. Empty where it holds nothing.
    text: OnceLock<Box<str>>,
    /// What the text says. Where there is neither, it holds nothing.
    object: OnceLock<Object>,
}

impl Fields {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: OnceLock::new(), object: OnceLock::new() }
    }

    /// Fields that [`Fields::as_text`] has written. What it has not written holds nothing: whoever keeps the text makes
    /// sure that it is the same.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self { text: OnceLock::from(Box::from(text)), object: OnceLock::new() }
    }

    /// The JSON text, written once; empty where there are no fields.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it does not panic: see the reason below")]
    pub fn as_text(&self) -> &str {
        #[expect(clippy::expect_used, reason = "a map with text keys is always JSON")]
        let written = |object: &Object| serde_json::to_string(object).expect("an object is always JSON");
        self.text.get_or_init(|| match self.object.get() {
            Some(object) if !object.is_empty() => written(object).into_boxed_str(),
            _ => Box::default(),
        })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match (self.object.get(), self.text.get()) {
            (Some(object), _) => object.is_empty(),
            (None, text) => text.is_none_or(|text| text.is_empty()),
        }
    }

    /// The value of a key. A text in which the key does not occur need not be opened for that.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        if self.object.get().is_none() && self.text.get().is_none_or(|text| !may_hold(text, key)) {
            return None;
        }
        self.deref().get(key)
    }
}

/// Whether a text may have a key: one that is written with escapes is not looked for.
fn may_hold(text: &str, key: &str) -> bool {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    text.contains(key) || !key.bytes().all(is_plain)
}

impl Deref for Fields {
    type Target = Object;

    fn deref(&self) -> &Object {
        self.object.get_or_init(|| {
            let text = self.text.get().filter(|text| !text.is_empty());
            text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
        })
    }
}

impl DerefMut for Fields {
    fn deref_mut(&mut self) -> &mut Object {
        let object = match self.object.take() {
            Some(object) => object,
            None => std::mem::take(self).into(),
        };
        // It is about to say something else.
        *self = Self::from(object);
        #[expect(clippy::expect_used, reason = "it was made of an object")]
        self.object.get_mut().expect("it is open")
    }
}

impl From<Object> for Fields {
    fn from(object: Object) -> Self {
        Self { text: OnceLock::new(), object: OnceLock::from(object) }
    }
}

impl From<Fields> for Object {
    fn from(mut fields: Fields) -> Self {
        let _ = fields.deref();
        fields.object.take().unwrap_or_default()
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.into())
    }
}

impl FromIterator<(String, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        Object::from_iter(fields).into()
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a String, &'a Value);
    type IntoIter = serde_json::map::Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.deref().iter()
    }
}

impl IntoIterator for Fields {
    type Item = (String, Value);
    type IntoIter = serde_json::map::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        Object::from(self).into_iter()
    }
}

/// What they hold counts, and not whether they were opened.
impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.deref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Object::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use serde_json::json;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(|number| Value::from(Some(number).filter(|number| number.is_finite()))),
            ".{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..3).prop_map(Value::from),
                btree_map(".{0,3}", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn object() -> impl Strategy<Value = Object> {
        btree_map("[a-c\"\\\\\n\u{e4}]{0,2}", value(), 0..5).prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn text_says_exactly_what_the_object_said(object in object(), key in "[a-c\"\\\\\n\u{e4}]{0,2}") {
            let fields = Fields::from(object.clone());
            let unopened = Fields::of_text(fields.as_text());
            prop_assert_eq!(unopened.is_empty(), object.is_empty());
            prop_assert_eq!(unopened.get(&key), object.get(&key));
            prop_assert_eq!(&*Fields::of_text(fields.as_text()), &object);
            prop_assert_eq!(serde_json::to_string(&unopened).unwrap(), serde_json::to_string(&object).unwrap());
            prop_assert_eq!(&*object.clone().into_iter().collect::<Fields>(), &object);
            prop_assert_eq!(format!("{unopened:?}"), format!("{object:?}"));
            let again = Fields::from((*unopened).clone());
            prop_assert_eq!(again.as_text(), fields.as_text());
        }

        #[test]
        fn what_changes_is_written_anew(object in object(), key in "[a-d]", value in value()) {
            let mut expected = object.clone();
            expected.insert(key.clone(), value.clone());
            let written = Fields::from(object.clone());
            for mut fields in [Fields::of_text(written.as_text()), written, Fields::from(object)] {
                fields.insert(key.clone(), value.clone());
                prop_assert_eq!(&*fields, &expected);
                prop_assert_eq!(fields.as_text(), serde_json::to_string(&expected).unwrap());
            }
        }
    }

    #[test]
    fn a_text_without_the_key_is_not_opened() {
        let fields = Fields::of_text(r#"{"ip":"::1","page":{"path":"/"}}"#);
        assert_eq!((fields.get("consent"), fields.object.get()), (None, None));
        assert_eq!(fields.get("ip"), Some(&json!("::1")));
        assert!(fields.object.get().is_some());
    }

    #[test]
    fn nothing_is_nothing_in_each_form() {
        for nothing in [Fields::new(), Fields::of_text(""), Object::new().into()] {
            assert!(nothing.is_empty() && nothing.as_text().is_empty() && nothing.get("a").is_none());
            assert_eq!(nothing, Fields::default());
        }
        assert!(!Fields::of_text(r#"{"a":null}"#).is_empty());
    }
}
