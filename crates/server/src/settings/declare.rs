//! How is a setting declared once, with its type, default and explanation?

use serde::Serialize;

/// One setting as it is explained to people.
#[derive(Debug, Clone, Serialize)]
pub struct Described {
    /// The section, such as `server`.
    pub section: &'static str,
    /// The name within the section.
    pub name: &'static str,
    /// What it means, one sentence a line.
    pub doc: String,
    /// Its default, as written in TOML.
    pub default: String,
}

/// A value as written in TOML. What cannot stand in one line is written as an inline table.
pub(crate) fn toml_text<T: Serialize>(value: &T) -> String {
    match toml::Value::try_from(value) {
        Ok(toml::Value::Table(table)) => {
            let pairs: Vec<String> = table.iter().map(|(key, value)| format!("{} = {value}", key_text(key))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Ok(value) => value.to_string(),
        Err(error) => error.to_string(),
    }
}

/// A key as written in TOML: in quotation marks where it is more than a word.
fn key_text(key: &str) -> String {
    let is_bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_bare { key.to_owned() } else { toml::Value::String(key.to_owned()).to_string() }
}

/// Declares the sections of `rapport.toml`: structs, defaults and the explanation of each setting, from one place.
macro_rules! settings {
    ($(
        $(#[doc = $section_doc:literal])+
        $section:ident: $struct:ident {
            $( $(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr, )+
        }
    )+ lists {
        $( $(#[doc = $list_doc:literal])+ $list:ident: $item:ty = $example:literal, )+
    }) => {
        /// Everything that can be configured.
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Settings {
            $( $(#[doc = $section_doc])+ pub $section: $struct, )+
            $( $(#[doc = $list_doc])+ #[serde(skip_serializing_if = "Vec::is_empty")] pub $list: Vec<$item>, )+
        }

        $(
            $(#[doc = $section_doc])+
            #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
            #[serde(default, deny_unknown_fields)]
            pub struct $struct {
                $( $(#[doc = $doc])+ pub $name: $type, )+
            }

            impl Default for $struct {
                fn default() -> Self {
                    Self { $( $name: $default, )+ }
                }
            }
        )+

        impl Settings {
            /// Every setting, in the order of the example file: section, its explanation, its settings.
            #[must_use]
            pub fn describe() -> Vec<(&'static str, String, Vec<$crate::settings::Described>)> {
                let defaults = Self::default();
                vec![ $( (
                    stringify!($section),
                    [$($section_doc),+].map(str::trim).join(" "),
                    vec![ $( $crate::settings::Described {
                        section: stringify!($section),
                        name: stringify!($name),
                        doc: [$($doc),+].map(str::trim).join(" "),
                        default: $crate::settings::declare::toml_text(&defaults.$section.$name),
                    }, )+ ],
                ), )+ ]
            }

            /// Every list of declarations, in the order of the example file: its name and its explanation.
            #[must_use]
            pub fn lists() -> Vec<(&'static str, String)> {
                vec![ $( (stringify!($list), [$($list_doc),+].map(str::trim).join(" ")), )+ ]
            }

            /// The example file: every setting with its explanation and its default, commented out.
            #[must_use]
            pub fn example() -> String {
                let mut text = String::from(
                    "# Every setting of Rapport with its default. Remove the \"#\" before a setting to change it.\n\
                     # An environment variable such as RAPPORT__SERVER__LISTEN wins over this file.\n",
                );
                for (section, doc, settings) in Self::describe() {
                    text += &format!("\n# {doc}\n[{section}]\n");
                    for setting in settings {
                        text += &format!("# {}\n# {} = {}\n", setting.doc, setting.name, setting.default);
                    }
                }
                $(
                    text += &format!("\n# {}\n", [$($list_doc),+].map(str::trim).join(" "));
                    for line in $example.lines() {
                        text += format!("# {}", line.trim()).trim_end();
                        text.push('\n');
                    }
                )+
                text
            }
        }
    };
}

pub(super) use settings;
