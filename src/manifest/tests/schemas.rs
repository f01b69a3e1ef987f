//! What an editor gets from the published schemas: words for every field, values that are true, and no
//! complaint about a good manifest.

use super::{lines, parse};
use crate::manifest::{loader::load, schema};
use crate::model::{Digest, pointer_to};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

fn published(name: &str) -> Value {
    serde_json::from_str(schema::published(name).unwrap()).unwrap()
}

/// Every schema by name, the dispatching one among them.
fn all() -> impl Iterator<Item = (&'static str, Value)> {
    let names = schema::names().chain([schema::MANIFEST]);
    names.map(|name| (name, published(name)))
}

/// Every field that a schema defines: `Definition.field` and what it says.
fn fields(name: &str, root: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let definitions = root["$defs"].as_object().unwrap().iter();
    let definitions = definitions.map(|(name, one)| (name.clone(), one.clone()));
    for (owner, object) in definitions.chain([(name.to_owned(), root.clone())]) {
        let fields = object.get("properties").and_then(Value::as_object).cloned();
        for (field, schema) in fields.into_iter().flatten() {
            found.push((format!("{owner}.{field}"), schema));
        }
    }
    found
}

fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let inner = schema["anyOf"].get(0).unwrap_or(schema);
    let reference = inner["$ref"].as_str().map(|text| &text[1..]);
    reference.map_or(schema, |pointer| root.pointer(pointer).unwrap())
}

#[test]
fn every_field_has_a_title_a_description_and_something_to_complete() {
    let mut lacking = BTreeSet::new();
    for (name, root) in all() {
        for (field, schema) in fields(name, &root) {
            for word in ["title", "description"] {
                if schema[word].as_str().is_none_or(str::is_empty) {
                    lacking.insert(format!("{field}: {word}"));
                }
            }
            let inner = resolve(&root, &schema);
            // Whole mappings are completed by their fields; what the server sets, by nobody.
            let completes = ["examples", "default", "enum", "const"]
                .iter()
                .any(|word| schema.get(*word).is_some())
                || inner.get("oneOf").is_some()
                || inner.get("properties").is_some()
                || ["spec", "status"].iter().any(|set| field.ends_with(set));
            if !completes {
                lacking.insert(format!("{field}: examples"));
            }
        }
        for (definition, schema) in root["$defs"].as_object().unwrap() {
            for word in ["title", "description"] {
                if schema[word].as_str().is_none_or(str::is_empty) {
                    lacking.insert(format!("{definition}: {word}"));
                }
            }
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}

/// The value that a description names as the default: "…; `30s` if absent", "…; 10 if absent or …".
fn documented_default(description: &str) -> Option<&str> {
    let before = description.split(" if absent").next()?;
    let value = before.rsplit([' ', '`']).find(|word| !word.is_empty())?;
    let words = ["unbounded", "own"];
    (before != description && !words.contains(&value)).then_some(value)
}

#[test]
fn every_documented_default_is_one() {
    // What stands for these depends on other fields.
    let by_others = [
        "AliasTarget.model",
        "MessageRetry.backoff",
        "MessageRetry.max_attempts",
        "ToolAuth.profile",
        "ToolPermissionSpec.tool_ref",
        "ToolRuntime.isolation_mode",
        "ToolSpec.operation_classes",
        "WebhookAuth.signature_header",
        "WebhookAuth.timestamp_header",
        "WebhookIdempotency.dedupe_window_seconds",
        "WebhookIdempotency.event_id_header",
    ];
    let mut unlike = BTreeSet::new();
    let mut compared = 0;
    for (name, root) in all() {
        for (field, schema) in fields(name, &root) {
            let description = schema["description"].as_str().unwrap();
            let Some(documented) = documented_default(description) else {
                continue;
            };
            if by_others.contains(&field.as_str()) {
                continue;
            }
            compared += 1;
            let said = match &schema["default"] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if said != documented {
                unlike.insert(format!("{field}: \"{description}\" and default {said}"));
            }
        }
    }
    assert!(compared > 30, "{compared}");
    assert!(unlike.is_empty(), "{unlike:#?}");
}

/// A field's own schema, with what it refers to.
fn alone(root: &Value, field: &Value) -> Validator {
    let mut schema = field.clone();
    schema["$defs"] = root["$defs"].clone();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn every_example_and_default_of_a_field_is_a_value_of_it() {
    for (name, root) in all() {
        for (field, schema) in fields(name, &root) {
            let examples = schema["examples"].as_array().cloned().unwrap_or_default();
            let validator = alone(&root, &schema);
            for value in examples.iter().chain(schema.get("default")) {
                let error = validator.validate(value).err();
                assert!(error.is_none(), "{field}: {value}: {error:?}");
            }
        }
    }
}

/// The example of each kind, as text.
fn examples() -> impl Iterator<Item = (&'static str, Value)> {
    schema::names().map(|name| {
        let example = published(name)["examples"][0].clone();
        assert_eq!(example["kind"], name);
        (name, example)
    })
}

fn digest(manifest: &Value) -> Digest {
    let parsed = parse(&manifest.to_string());
    assert_eq!(lines(&parsed), Vec::<String>::new(), "{manifest}");
    parsed.resources[0].digest
}

#[test]
fn the_example_of_each_kind_is_read_without_a_finding() {
    let dispatching = jsonschema::validator_for(&published(schema::MANIFEST)).unwrap();
    for (name, example) in examples() {
        digest(&example);
        let own = jsonschema::validator_for(&published(name)).unwrap();
        assert!(
            own.is_valid(&example) && dispatching.is_valid(&example),
            "{name}"
        );
    }
}

/// Fields with a default that mappings of `schema` hold, by their pointer in the manifest.
fn defaults(root: &Value, schema: &Value, pointer: &str, found: &mut Vec<(String, Value)>) {
    let object = resolve(root, schema);
    let fields = object.get("properties").and_then(Value::as_object);
    for (name, field) in fields.into_iter().flatten() {
        let pointer = pointer_to(pointer, name);
        match field.get("default") {
            Some(default) => found.push((pointer, default.clone())),
            None => defaults(root, field, &pointer, found),
        }
    }
}

/// Puts a value where a pointer leads; `false` if something is there.
fn put(manifest: &mut Value, pointer: &str, value: Value) -> bool {
    if manifest.pointer(pointer).is_some() {
        return false;
    }
    let mut place = manifest;
    for token in pointer.split('/').skip(1) {
        place = &mut place[token];
    }
    *place = value;
    true
}

#[test]
fn writing_any_default_out_changes_nothing() {
    // Filled in when they are used, not when they are read.
    let at_use = ["/spec/timeouts/", "/spec/retry/", "/spec/breaker/"];
    let mut compared = 0;
    for (name, example) in examples() {
        let root = published(name);
        let mut found = Vec::new();
        defaults(&root, &root["properties"]["spec"], "/spec", &mut found);
        defaults(
            &root,
            &root["properties"]["metadata"],
            "/metadata",
            &mut found,
        );
        for (pointer, default) in found {
            let mut written = example.clone();
            let at_use =
                name == "ModelEndpoint" && at_use.iter().any(|one| pointer.starts_with(one));
            if at_use || !put(&mut written, &pointer, default) {
                continue;
            }
            compared += 1;
            assert_eq!(digest(&written), digest(&example), "{name} {pointer}");
        }
    }
    assert!(compared > 40, "{compared}");
}

/// The documents of every manifest below a folder, as a parser that knows no schema reads them.
fn documents(folder: &Path, found: &mut Vec<(String, Value)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            documents(&path, found);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            let name = path.display().to_string();
            let text = fs::read_to_string(&path).unwrap();
            let loaded = load(&name.as_str().into(), &text);
            let read = loaded
                .documents
                .iter()
                .map(|one| (name.clone(), one.to_json()));
            found.extend(read);
        }
    }
}

#[test]
fn an_editor_complains_about_no_example_and_no_sample() {
    let dispatching = jsonschema::validator_for(&published(schema::MANIFEST)).unwrap();
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in [
        "tests/fixtures/orloj-examples",
        "tests/fixtures/seed-repo",
        "sample-repo",
    ] {
        documents(&project.join(folder), &mut found);
    }
    assert!(found.len() > 110, "{}", found.len());
    for (file, manifest) in found {
        let errors = dispatching.iter_errors(&manifest);
        let errors: Vec<_> = errors.map(|error| format!("{error}")).collect();
        assert!(errors.is_empty(), "{file}: {errors:?}");
    }
}

#[test]
fn the_dispatching_schema_refuses_what_the_kinds_own_refuses() {
    let root = published(schema::MANIFEST);
    assert!(jsonschema::meta::is_valid(&root));
    let dispatching = jsonschema::validator_for(&root).unwrap();
    for (name, example) in examples() {
        for (pointer, wrong) in [
            ("/spec/no_such_field", json!(1)),
            ("/metadata/nmae", json!("a")),
            ("/extra", json!({})),
        ] {
            let mut bad = example.clone();
            assert!(put(&mut bad, pointer, wrong));
            assert!(!dispatching.is_valid(&bad), "{name} {pointer}");
        }
        let mut bad = example.clone();
        let is_ours = ["ModelAlias", "ApiKey", "ModelCatalog"].contains(&name);
        let other = if is_ours {
            "orloj.dev/v1"
        } else {
            "routing.orloj.dev/v1alpha1"
        };
        bad["apiVersion"] = json!(other);
        assert!(!dispatching.is_valid(&bad), "{name} {other}");
        let mut bare = example;
        bare.as_object_mut().unwrap().remove("apiVersion");
        assert!(dispatching.is_valid(&bare), "{name} without apiVersion");
    }
    assert!(
        !dispatching.is_valid(&json!({"kind": "Agnet", "metadata": {"name": "a"}, "spec": {}}))
    );
    assert!(!dispatching.is_valid(&json!({"metadata": {"name": "a"}, "spec": {}})));
}
