//! What upstream's reader silently gets wrong is read right or refused.

use super::{join_with, lines, one, parse};
use crate::{
    manifest::ClearTextPolicy,
    model::{Kind, Spec},
};
use serde_json::{Value, json};

/// The normalised spec of the one resource of a file without findings.
#[track_caller]
fn spec(kind: &str, lines: &str) -> Value {
    one(&format!(
        "kind: {kind}\nmetadata:\n  name: x\nspec:\n{lines}"
    ))
    .value()
    .clone()
}

/// The key and clear value of each secret of a file.
fn clear(text: &str) -> Vec<(String, String, String)> {
    let parsed = parse(text);
    let mut found = Vec::new();
    for resource in &parsed.resources {
        let Spec::Secret(secret) = &resource.spec else {
            continue;
        };
        for (key, value) in &secret.data {
            let value = String::from_utf8(value.expose().to_vec()).unwrap();
            found.push((resource.id.name.to_string(), key.clone(), value));
        }
    }
    found
}

#[test]
fn flow_list_of_models_is_a_list() {
    let spec = spec("AgentPolicy", "  allowed_models: [gpt-4o]\n");
    assert_eq!(spec["allowed_models"], json!(["gpt-4o"]));
}

#[test]
fn comment_behind_a_key_does_not_hide_its_list() {
    let spec = spec("AgentPolicy", "  allowed_models: # ours\n    - gpt-4o\n");
    assert_eq!(spec["allowed_models"], json!(["gpt-4o"]));
}

#[test]
fn comment_behind_a_value_is_no_part_of_it() {
    let endpoint = spec(
        "ModelEndpoint",
        "  provider: openai # prod\n  default_model: gpt-4o\n",
    );
    assert_eq!(endpoint["provider"], "openai");
    let policy = spec("AgentPolicy", "  blocked_tools:\n    - shell # dangerous\n");
    assert_eq!(policy["blocked_tools"], json!(["shell"]));
}

#[test]
fn camel_case_of_a_policy_is_refused_instead_of_dropped() {
    let text =
        "kind: AgentPolicy\nmetadata: {name: x}\nspec: {applyMode: global, allowedModels: [a]}\n";
    let found = lines(&parse(text));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("E-FIELD-UNKNOWN") && found[0].contains("`apply_mode`"));
    assert!(found[1].contains("E-FIELD-UNKNOWN") && found[1].contains("`allowed_models`"));
}

#[test]
fn prompts_are_read_in_every_style() {
    let prompt =
        |text: &str| spec("Agent", &format!("  model_ref: m\n  prompt: {text}"))["prompt"].clone();
    assert_eq!(prompt(">\n    one\n    two\n"), "one two");
    assert_eq!(prompt("|\n    # Title\n\n    two\n"), "# Title\n\ntwo");
    assert_eq!(prompt("one\n    two\n"), "one two");
    assert_eq!(prompt("\"Line one\\nLine two\"\n"), "Line one\nLine two");
}

#[test]
fn two_documents_are_two_resources() {
    let two = "kind: Secret\nmetadata: {name: a}\nspec: {stringData: {one: x}}\n---\nkind: Secret\nmetadata: {name: b}\nspec: {stringData: {two: y}}\n";
    let expected = [("a", "one", "x"), ("b", "two", "y")];
    let expected = expected.map(|(name, key, value)| (name.into(), key.into(), value.into()));
    assert_eq!(clear(two), expected);
    let mixed = "kind: Secret\nmetadata: {name: a}\nspec: {stringData: {value: x}}\n---\nkind: ModelEndpoint\nmetadata: {name: b}\nspec: {default_model: m}\n";
    let kinds: Vec<_> = parse(mixed)
        .resources
        .iter()
        .map(|one| one.id.kind)
        .collect();
    assert_eq!(kinds, [Kind::Secret, Kind::ModelEndpoint]);
}

#[test]
fn keys_of_a_secret_may_be_called_like_fields() {
    let text = "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata: {name: a}\nspec:\n  stringData:\n    apiVersion: v2\n    kind: Agent\n    name: n\n";
    let expected = [("apiVersion", "v2"), ("kind", "Agent"), ("name", "n")];
    let expected = expected.map(|(key, value)| ("a".into(), key.into(), value.into()));
    assert_eq!(clear(text), expected);
}

#[test]
fn block_scalar_of_a_secret_is_its_value() {
    let text = "kind: Secret\nmetadata: {name: a}\nspec:\n  stringData:\n    value: |\n      {\n        \"kind\": \"Agent\"\n      }\n";
    let value = "{\n  \"kind\": \"Agent\"\n}\n".to_owned();
    assert_eq!(clear(text), [("a".into(), "value".into(), value)]);
}

#[test]
fn annotation_called_name_does_not_rename() {
    let text = "kind: Worker\nmetadata:\n  name: good\n  annotations:\n    name: evil\nspec: {}\n";
    let resource = one(text);
    assert_eq!(&*resource.id.name, "good");
    assert_eq!(resource.metadata.annotations.get("name"), Some("evil"));
}

#[test]
fn memory_keeps_its_endpoint_and_credentials() {
    let spec = spec(
        "Memory",
        "  type: vector\n  endpoint: https://a.example\n  auth:\n    secretRef: s\n",
    );
    assert_eq!(spec["endpoint"], "https://a.example");
    assert_eq!(spec["auth"]["secretRef"], "s");
}

#[test]
fn tool_keeps_its_type_beside_a_schema_with_a_type() {
    let spec = spec(
        "Tool",
        "  type: mcp\n  description: Adds\n  mcp_server_ref: s\n  mcp_tool_name: add\n  input_schema:\n    type: object\n    properties:\n      a:\n        type: string\n        default: null\n",
    );
    assert_eq!(spec["type"], "mcp");
    assert_eq!(spec["description"], "Adds");
    assert_eq!(spec["mcp_server_ref"], "s");
    assert_eq!(spec["mcp_tool_name"], "add");
    let expected =
        json!({"type": "object", "properties": {"a": {"type": "string", "default": null}}});
    assert_eq!(spec["input_schema"], expected);
}

#[test]
fn worker_keeps_what_stands_behind_its_capabilities() {
    let spec = spec(
        "Worker",
        "  capabilities:\n    gpu: true\n    supported_models:\n      - gpt-4o\n  region: eu\n  max_concurrent_tasks: 4\n",
    );
    assert_eq!(
        spec,
        json!({
            "region": "eu",
            "capabilities": {"gpu": true, "supported_models": ["gpt-4o"]},
            "max_concurrent_tasks": 4,
        })
    );
}

#[test]
fn anchors_and_duplicate_keys_are_refused_by_name() {
    let anchors = "kind: Worker\nmetadata: &m {name: x}\nspec: {region: *m}\n";
    assert!(
        lines(&parse(anchors))
            .iter()
            .any(|line| line.starts_with("2:11 E-YAML-ALIAS")
                || line.starts_with("2:14 E-YAML-ALIAS")),
        "{:?}",
        lines(&parse(anchors))
    );
    let twice = "kind: Worker\nmetadata: {name: x}\nspec:\n  region: a\n  region: b\n";
    let found = lines(&parse(twice));
    assert!(
        found[0].starts_with("5:3 E-YAML-DUPLICATE-KEY"),
        "{found:?}"
    );
}

#[test]
fn secret_whose_indentation_was_lost_is_refused() {
    let text = "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\nname: openai-api-key\nspec:\nstringData:\nvalue: sk-1\n";
    let parsed = parse(text);
    assert!(parsed.resources.is_empty());
    assert!(
        lines(&parsed)
            .iter()
            .any(|line| line.contains("E-FIELD-UNKNOWN")),
        "{:?}",
        lines(&parsed)
    );
    let (catalog, findings) = join_with(&[("a.yaml", text)], ClearTextPolicy::Warn);
    assert!(catalog.is_empty() && findings.has_errors());
}
