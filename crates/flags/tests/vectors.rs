//! Do we answer as GrowthBook's own clients do? Its published vectors, spec 0.8.0, from the file that
//! `RAPPORT_GROWTHBOOK_VECTORS` names; without it nothing is compared, and the test says so. What they ask is asked in our
//! own words by the tests beside the code.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use flags::{Context, Evaluation, Payload, StickyBuckets, StickyDoc};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

struct Compared {
    n: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Compared {
    fn that(&mut self, group: &str, case: &Value, found: &Value, expected: &Value) {
        *self.n.entry(group.to_owned()).or_default() += 1;
        if !is_alike(found, expected) {
            self.wrong.push(format!("{group}: {}\n  found    {found}\n  expected {expected}", case[0]));
        }
    }
}

/// 1 and 1.0 are the same number, and numbers are compared to eight digits.
fn is_alike(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(a), Value::Number(b)) => (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-8,
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_alike(a, b)))
        }
        _ => found == expected,
    }
}

fn payload(context: &Value) -> Payload {
    let wanted = ["features", "experiments", "savedGroups", "contextualBandits"];
    let parts: Map<String, Value> =
        wanted.iter().filter_map(|key| context.get(key).map(|part| ((*key).to_owned(), part.clone()))).collect();
    serde_json::from_value(Value::Object(parts)).unwrap()
}

fn context(context: &Value) -> Context {
    Context {
        attributes: context.get("attributes").cloned().unwrap_or_else(|| json!({})),
        url: context["url"].as_str().unwrap_or_default().to_owned(),
        forced_variations: serde_json::from_value(context.get("forcedVariations").cloned().unwrap_or(json!({})))
            .unwrap(),
        is_qa: context["qaMode"] == json!(true),
        is_disabled: context["enabled"] == json!(false),
        ..Context::default()
    }
}

fn feature(case: &Value) -> Value {
    let evaluated = flags::evaluate(&payload(&case[1]), case[2].as_str().unwrap(), &context(&case[1]));
    serde_json::to_value(evaluated).unwrap()
}

fn sticky(case: &Value) -> (Value, Value) {
    let attributes = case[1]["attributes"].clone();
    let docs: Vec<StickyDoc> = serde_json::from_value(case[2].clone()).unwrap();
    let is_theirs = |doc: &StickyDoc| attributes[&doc.attribute_name] == json!(doc.attribute_value);
    let mut docs: StickyBuckets = docs.into_iter().filter(is_theirs).map(|doc| (doc.key(), doc)).collect();
    let payload = payload(&case[1]);
    let context = Context { sticky: Some(docs.clone()), ..context(&case[1]) };
    let mut evaluation = Evaluation::new(&payload, &context);
    let evaluated = evaluation.feature(case[3].as_str().unwrap());
    docs.extend(evaluation.to_remember().into_iter().map(|doc| (doc.key(), doc)));
    (json!(evaluated.experiment_result), json!(docs))
}

fn redirects(case: &Value) -> Value {
    let found = flags::redirect(&payload(&case[1]), &context(&case[1]));
    found
        .iter()
        .map(|redirect| {
            json!({
                "inExperiment": redirect.result.in_experiment,
                "urlRedirect": redirect.url,
                "urlWithParams": redirect.url_with_query,
            })
        })
        .collect()
}

/// The answer to a case, and where the expected one stands.
fn simple(group: &str, case: &Value) -> (Value, usize) {
    let text = |at: usize| case[at].as_str().unwrap();
    let numbers = |value: &Value| serde_json::from_value::<Vec<f64>>(value.clone()).unwrap();
    let count = |value: &Value| usize::try_from(value.as_i64().unwrap()).unwrap_or(0);
    let ranges = |value: &Value| serde_json::from_value::<Vec<[f64; 2]>>(value.clone()).unwrap();
    match group {
        "evalCondition" => {
            let groups = serde_json::from_value(case.get(4).cloned().unwrap_or(json!({}))).unwrap();
            (json!(flags::holds(&case[1], &case[2], &groups)), 3)
        }
        "hash" => (json!(flags::hash(text(0), text(1), case[2].as_u64().unwrap())), 3),
        "getBucketRange" => {
            let weights = case[1][2].is_array().then(|| numbers(&case[1][2]));
            (json!(flags::bucket_ranges(count(&case[1][0]), case[1][1].as_f64().unwrap(), weights.as_deref())), 2)
        }
        "chooseVariation" => {
            let chosen = flags::choose_variation(case[1].as_f64().unwrap(), &ranges(&case[2]));
            (chosen.map_or(json!(-1), |at| json!(at)), 3)
        }
        "getQueryStringOverride" => (json!(flags::query_override(text(1), text(2), count(&case[3]))), 4),
        "inNamespace" => {
            let range = [case[2][1].as_f64().unwrap(), case[2][2].as_f64().unwrap()];
            (json!(flags::in_namespace(text(1), case[2][0].as_str().unwrap(), range)), 3)
        }
        "getEqualWeights" => {
            let rounded = |weight: f64| (weight * 1e8).round() / 1e8;
            (flags::equal_weights(count(&case[0])).into_iter().map(rounded).collect(), 1)
        }
        "decrypt" => (json!(flags::decrypt(text(1), text(2)).ok()), 3),
        "feature" | "contextualBandit" => (feature(case), 3),
        "urlRedirect" => (redirects(case), 2),
        other => panic!("nothing answers the vectors `{other}`"),
    }
}

#[test]
fn every_published_vector_is_answered_alike() {
    let Ok(file) = std::env::var("RAPPORT_GROWTHBOOK_VECTORS") else {
        eprintln!("nothing compared: set RAPPORT_GROWTHBOOK_VECTORS to the file of GrowthBook's vectors (cases.json)");
        return;
    };
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut compared = Compared { n: BTreeMap::new(), wrong: Vec::new() };
    for (group, cases) in vectors.as_object().unwrap() {
        for case in cases.as_array().into_iter().flatten() {
            match group.as_str() {
                "run" => {
                    let experiment = serde_json::from_value(case[2].clone()).unwrap();
                    let result = flags::run(&payload(&case[1]), &experiment, &context(&case[1]));
                    let found = json!([result.value, result.in_experiment, result.hash_used]);
                    compared.that(group, case, &found, &json!([case[3], case[4], case[5]]));
                }
                "stickyBucket" => {
                    let (result, docs) = sticky(case);
                    compared.that(group, case, &json!([result, docs]), &json!([case[4], case[5]]));
                }
                _ => {
                    let (found, at) = simple(group, case);
                    compared.that(group, case, &found, &case[at]);
                }
            }
        }
    }
    let n: usize = compared.n.values().sum();
    eprintln!("{} of {n} vectors answered alike: {:?}", n - compared.wrong.len(), compared.n);
    assert!(compared.wrong.is_empty(), "{}", compared.wrong.join("\n"));
    assert!(n > 0);
}
