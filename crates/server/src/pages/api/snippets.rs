//! How is a call of the interface written in a language?

use crate::args::quoted;
use serde_json::Value;

/// A language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::pages) enum Language {
    /// A command line.
    #[default]
    Curl,
    /// JavaScript in a web page: only what a public key may do.
    Browser,
    Node,
    Python,
    Php,
    Go,
}

/// Which key a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pages) enum Key {
    Write,
    Server,
    Admin,
}

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::pages) struct Call {
    pub(in crate::pages) title: String,
    pub(in crate::pages) text: String,
    pub(in crate::pages) key: Key,
    pub(in crate::pages) method: &'static str,
    /// The path and the query.
    pub(in crate::pages) path: String,
    pub(in crate::pages) body: Option<Value>,
}

impl Key {
    /// What stands in its place, and in which variable of the environment programs look for it.
    pub(in crate::pages) fn name(self) -> &'static str {
        match self {
            Self::Write => "WRITE_KEY",
            Self::Server => "SERVER_KEY",
            Self::Admin => "ADMIN_KEY",
        }
    }
}

impl Language {
    pub(in crate::pages) const ALL: [Self; 6] =
        [Self::Curl, Self::Browser, Self::Node, Self::Python, Self::Php, Self::Go];

    /// Its name in addresses, and in words.
    pub(in crate::pages) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Curl => ("curl", "curl"),
            Self::Browser => ("browser", "Browser"),
            Self::Node => ("node", "Node"),
            Self::Python => ("python", "Python"),
            Self::Php => ("php", "PHP"),
            Self::Go => ("go", "Go"),
        }
    }

    pub(in crate::pages) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.names().0 == name)
    }

    /// Where the key is put.
    pub(in crate::pages) fn where_key(self) -> &'static str {
        match self {
            Self::Curl => "Put the key in the place of WRITE_KEY, SERVER_KEY or ADMIN_KEY.",
            Self::Browser => {
                "Only the write key may stand in a web page: put it in the place of WRITE_KEY. Whatever needs another key belongs on a server. /rapport.js does all of this by itself."
            }
            Self::Node => {
                "The key is read from the environment: WRITE_KEY=… node call.mjs. Node 18 or newer, no package."
            }
            Self::Python => "The key is read from the environment: SERVER_KEY=… python3 call.py. No package.",
            Self::Php => "The key is read from the environment: SERVER_KEY=… php call.php. No extension.",
            Self::Go => {
                "The key is read from the environment: SERVER_KEY=… go run call.go. The standard library alone."
            }
        }
    }
}

/// A call in a language; `None` where it does not belong there. `key` stands in the place of the key in a command.
pub(in crate::pages) fn written(language: Language, call: &Call, base_url: &str, key: &str) -> Option<String> {
    let url = format!("{base_url}{}", call.path);
    Some(match language {
        Language::Curl => curl(call, &url, key),
        Language::Browser if call.key != Key::Write => return None,
        Language::Browser => javascript(call, &url, &format!("\"Bearer {key}\"")),
        Language::Node => javascript(call, &url, &format!("`Bearer ${{process.env.{}}}`", call.key.name())),
        Language::Python => python(call, &url),
        Language::Php => php(call, &url),
        Language::Go => go(call, &url),
    })
}

fn curl(call: &Call, url: &str, key: &str) -> String {
    let who = if call.key == Key::Write { format!("-u {key}:") } else { format!("-H 'Authorization: Bearer {key}'") };
    let implied = if call.body.is_some() { "POST" } else { "GET" };
    let method = if call.method == implied { String::new() } else { format!(" -X {}", call.method) };
    let body = call.body.as_ref().map(|body| format!(" \\\n  -d {}", quoted(&body.to_string())));
    format!("curl{method} {who} '{url}'{}", body.unwrap_or_default())
}

fn javascript(call: &Call, url: &str, bearer: &str) -> String {
    let body = call.body.as_ref().map(|body| {
        let text = serde_json::to_string_pretty(body).unwrap_or_default().replace('\n', "\n  ");
        format!("\n  body: JSON.stringify({text}),")
    });
    let kind = if body.is_some() { ", \"Content-Type\": \"application/json\"" } else { "" };
    format!(
        "const response = await fetch(\"{url}\", {{\n  method: \"{}\",\n  headers: {{ Authorization: {bearer}{kind} }},{}\n}});\nconsole.log(response.status, await response.json());",
        call.method,
        body.unwrap_or_default()
    )
}

fn python(call: &Call, url: &str) -> String {
    let body =
        call.body.as_ref().map(|body| format!("\n    data=json.dumps({}).encode(),", literal(body, Literals::Python)));
    format!(
        "import json, os, urllib.request\n\nrequest = urllib.request.Request(\n    \"{url}\",\n    method=\"{}\",\n    headers={{\"Authorization\": \"Bearer \" + os.environ[\"{}\"], \"Content-Type\": \"application/json\"}},{}\n)\nwith urllib.request.urlopen(request) as response:\n    print(response.status, json.load(response))",
        call.method,
        call.key.name(),
        body.unwrap_or_default()
    )
}

fn php(call: &Call, url: &str) -> String {
    let body =
        call.body.as_ref().map(|body| format!("\n    'content' => json_encode({}),", literal(body, Literals::Php)));
    format!(
        "<?php\n$context = stream_context_create(['http' => [\n    'method' => '{}',\n    'ignore_errors' => true,\n    'header' => ['Authorization: Bearer ' . getenv('{}'), 'Content-Type: application/json'],{}\n]]);\n$answer = fopen('{url}', 'r', false, $context);\necho explode(' ', stream_get_meta_data($answer)['wrapper_data'][0])[1], \"\\n\";\nprint_r(json_decode(stream_get_contents($answer), true));",
        call.method,
        call.key.name(),
        body.unwrap_or_default()
    )
}

fn go(call: &Call, url: &str) -> String {
    // A raw string ends with the mark that JSON may hold.
    let body = call.body.as_ref().map(|body| body.to_string().replace('`', "\\u0060")).unwrap_or_default();
    format!(
        "package main\n\nimport (\n    \"fmt\"\n    \"io\"\n    \"net/http\"\n    \"os\"\n    \"strings\"\n)\n\nfunc main() {{\n    body := strings.NewReader(`{body}`)\n    request, err := http.NewRequest(\"{}\", \"{url}\", body)\n    if err != nil {{\n        panic(err)\n    }}\n    request.Header.Set(\"Authorization\", \"Bearer \"+os.Getenv(\"{}\"))\n    request.Header.Set(\"Content-Type\", \"application/json\")\n    response, err := http.DefaultClient.Do(request)\n    if err != nil {{\n        panic(err)\n    }}\n    defer response.Body.Close()\n    answer, _ := io.ReadAll(response.Body)\n    fmt.Println(response.StatusCode, string(answer))\n}}",
        call.method,
        call.key.name()
    )
}

#[derive(Clone, Copy)]
enum Literals {
    Python,
    Php,
}

/// A JSON value as a literal of a language.
fn literal(value: &Value, of: Literals) -> String {
    let all = |values: &[Value]| values.iter().map(|value| literal(value, of)).collect::<Vec<_>>().join(", ");
    match (value, of) {
        (Value::Null, Literals::Python) => "None".to_owned(),
        (Value::Bool(true), Literals::Python) => "True".to_owned(),
        (Value::Bool(false), Literals::Python) => "False".to_owned(),
        (Value::Array(values), _) => format!("[{}]", all(values)),
        (Value::Object(object), Literals::Php) if object.is_empty() => "new stdClass()".to_owned(),
        (Value::Object(object), _) => {
            let arrow = if matches!(of, Literals::Php) { " =>" } else { ":" };
            let name = |name: &String| literal(&Value::String(name.clone()), of);
            let pairs = object.iter().map(|(key, value)| format!("{}{arrow} {}", name(key), literal(value, of)));
            let pairs = pairs.collect::<Vec<_>>().join(", ");
            if matches!(of, Literals::Php) { format!("[{pairs}]") } else { format!("{{{pairs}}}") }
        }
        // What is within quotation marks is read by PHP; within these two nothing but they themselves and `\`.
        (Value::String(text), Literals::Php) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        (other, _) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_literals_of_their_language() {
        let value = json!({"a": [true, null, 1.5], "it's": "a\\b'c", "empty": {}});
        assert_eq!(literal(&value, Literals::Python), r#"{"a": [True, None, 1.5], "empty": {}, "it's": "a\\b'c"}"#);
        assert_eq!(
            literal(&value, Literals::Php),
            r"['a' => [true, null, 1.5], 'empty' => new stdClass(), 'it\'s' => 'a\\b\'c']"
        );
    }
}
