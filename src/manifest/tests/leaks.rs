//! A secret's value is in no finding, whatever is wrong with its document.

use super::{join_with, lines, parse};
use crate::{
    manifest::{ClearTextPolicy, to_json, to_yaml},
    model::Spec,
};

const CANARY: &str = "sk-canary-5up3r53cr3t";

/// Malformed and well-formed Secrets whose values hold the canary.
fn documents() -> Vec<String> {
    let secret = |spec: &str| {
        format!("apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\n  name: s\n{spec}")
    };
    let long = format!("{CANARY}{}", "x".repeat(10_000));
    let mut all: Vec<_> = [
        format!("spec:\n  stringData:\n    value: {CANARY}\n"),
        format!("spec:\n  stringData:\n    value: {long}\n"),
        format!("spec:\n  stringData: {CANARY}\n"),
        format!("spec:\n  stringData: [{CANARY}]\n"),
        format!("spec:\n  stringData:\n    value: [{CANARY}]\n"),
        format!("spec:\n  stringData:\n    value: {{nested: {CANARY}}}\n"),
        format!("spec:\n  stringData:\n    value: {CANARY}\n    value: {CANARY}\n"),
        format!("spec:\n  stringData:\n    value: &a {CANARY}\n    other: *a\n"),
        format!("spec:\n  stringData:\n    value: *{CANARY}\n"),
        format!("spec:\n  stringData:\n    value: &{CANARY} x\n"),
        format!("spec:\n  stringData:\n    value: !{CANARY} x\n"),
        format!("spec:\n  stringData:\n    value: !include {CANARY}\n"),
        format!("spec:\n  stringData:\n    value: @{CANARY}\n"),
        format!("spec:\n  stringData:\n    value: `{CANARY}`\n"),
        format!("spec:\n  stringData:\n    value: %{CANARY}\n"),
        format!("spec:\n  stringData:\n    value: \"{CANARY}\n"),
        format!("spec:\n  stringData:\n    value: \"{CANARY}\\q\"\n"),
        format!("spec:\n  stringData:\n    value: \"{CANARY}\\0\"\n"),
        format!("spec:\n  stringData:\n    value: '{CANARY}\n"),
        format!("spec:\n  stringData:\n    value: x: {CANARY}\n"),
        format!("spec:\n  stringData:\n  \tvalue: {CANARY}\n"),
        format!("spec:\n  stringData:\n    value: >{CANARY}\n"),
        format!("spec:\n  data:\n    value: {CANARY}\n"),
        format!("spec:\n  data: {CANARY}\n"),
        format!("spec:\n  data: [{CANARY}]\n"),
        format!("spec:\n  data:\n    value: {{a: {CANARY}}}\n"),
        format!("spec:\n  encryptedData:\n    value: {CANARY}\n"),
        format!("spec:\n  encryptedData: {CANARY}\n"),
        format!("spec:\n  encryptedData:\n    value: [{CANARY}]\n"),
        format!(
            "spec:\n  encryptedData:\n    value: |\n      -----BEGIN AGE ENCRYPTED FILE-----\n      {CANARY}\n      -----END AGE ENCRYPTED FILE-----\n"
        ),
        format!("spec:\n  encryptedData:\n    value: |\n      -----BEGIN AGE ENCRYPTED FILE-----\n      {CANARY}\n"),
        format!("spec:\n  encryptedData: {{value: x}}\n  stringData: {{value: {CANARY}}}\n"),
        format!("spec:\n  value: {CANARY}\n"),
        format!("spec: {CANARY}\n"),
        format!("spec:\n- {CANARY}\n"),
        format!("spec:\n  allowed_hosts: {{a: {CANARY}}}\n  stringData: {{value: x}}\n"),
        format!("spec:\n  stringdata:\n    value: {CANARY}\n"),
        format!("spec:\n  string_data:\n    value: {CANARY}\n"),
        format!("spec:\n  string_data: {{a: b}}\n  stringData:\n    value: {CANARY}\n"),
        format!("stringData:\n  value: {CANARY}\n"),
        format!("data: {CANARY}\nspec: {{}}\n"),
        format!("status: {CANARY}\nspec: {{}}\n"),
        format!("type: {CANARY}\nspec:\n  stringData: {{value: x}}\n"),
        format!("spec:\n  stringData:\n    value: {CANARY}\n---\nkind: [broken\n"),
    ]
    .iter()
    .map(|spec| secret(spec))
    .collect();
    all.push(format!(
        "kind: Secrets\nmetadata: {{name: s}}\nspec:\n  stringData: {{value: {CANARY}}}\n"
    ));
    all.push(format!(
        "metadata: {{name: s}}\nspec:\n  stringData: {{value: {CANARY}}}\n"
    ));
    all.push(format!(
        "kind: Secret\nspec:\n  stringData: {{value: {CANARY}}}\n"
    ));
    all.push(format!(
        "kind: Secret\nmetadata: {{name: a/b}}\nspec:\n  stringData: {{value: {CANARY}}}\n"
    ));
    all.push(format!("kind: Secret\napiVersion: v1\nmetadata: {{name: a}}\ntype: Opaque\nstringData: {{value: {CANARY}}}\n"));
    all.push(format!("{{\"kind\": \"Secret\", \"metadata\": {{\"name\": \"s\"}}, \"spec\": {{\"stringData\": {{\"value\": \"{CANARY}\"}}"));
    all.push(format!("{{\"kind\": \"Secret\", \"metadata\": {{\"name\": \"s\"}}, \"spec\": {{\"data\": \"{CANARY}\"}}}}"));
    all
}

#[test]
fn no_malformed_secret_shows_its_value() {
    for text in documents() {
        let parsed = parse(&text);
        for line in lines(&parsed) {
            assert!(!line.contains("canary"), "{line}\nfrom\n{text}");
        }
        let debug = format!("{parsed:?}");
        let without_hosts = parsed.resources.is_empty() || !debug.contains("canary");
        assert!(without_hosts, "Debug shows the value of\n{text}");
        for policy in [ClearTextPolicy::Refuse, ClearTextPolicy::Warn] {
            let (catalog, findings) = join_with(&[("s.yaml", &text)], policy);
            assert!(!format!("{findings:?}").contains("canary"), "{text}");
            assert!(!format!("{catalog:?}").contains("canary"), "{text}");
        }
    }
}

#[test]
fn only_the_well_formed_of_them_are_read() {
    let read: Vec<_> = documents()
        .into_iter()
        .filter(|text| !parse(text).resources.is_empty())
        .collect();
    assert!(
        read.iter()
            .all(|text| text.contains("stringData:\n    value: sk-")
                || text.contains("string_data:\n    value: sk-")),
        "{read:#?}"
    );
    assert_eq!(read.len(), 4, "{read:#?}");
}

#[test]
fn secret_is_written_back_without_its_values() {
    let text = format!(
        "kind: Secret\nmetadata: {{name: s}}\nspec:\n  stringData: {{value: {CANARY}, other: {CANARY}}}\n  allowed_hosts: [api.openai.com]\n"
    );
    let secret = super::one(&text);
    assert!(!to_yaml(&secret).contains("canary"));
    assert!(!secret.value().to_string().contains("canary"));
    assert_eq!(
        to_json(&secret)["spec"]["data"],
        serde_json::json!({"other": "***", "value": "***"})
    );
    let Spec::Secret(spec) = &secret.spec else {
        unreachable!()
    };
    assert_eq!(spec.data["value"].expose(), CANARY.as_bytes());
    let hex = |name: &str| secret.value()["values"][name]["clear"].clone();
    assert_ne!(
        hex("value"),
        hex("other"),
        "equal values of two keys must not show as equal"
    );
}

#[test]
fn clear_text_is_an_error_at_the_value_and_a_warning_when_allowed() {
    let place = |text: &str, policy| {
        let (_, findings) = join_with(&[("s.yaml", text)], policy);
        let line = |f: &crate::model::Finding| {
            format!("{}:{} {}", f.origin, f.origin.span.start.column, f.code)
        };
        findings.iter().map(line).collect::<Vec<_>>()
    };
    let plain =
        format!("kind: Secret\nmetadata: {{name: s}}\nspec:\n  stringData:\n    value: {CANARY}\n");
    assert_eq!(
        place(&plain, ClearTextPolicy::Refuse),
        ["s.yaml:5:12 E-SECRET-PLAINTEXT"]
    );
    assert_eq!(
        place(&plain, ClearTextPolicy::Warn),
        ["s.yaml:5:12 W-SECRET-PLAINTEXT"]
    );
    let data = "kind: Secret\nmetadata: {name: s}\nspec:\n  data:\n    a/b: aGk=\n";
    assert_eq!(
        place(data, ClearTextPolicy::Refuse),
        ["s.yaml:5:10 E-SECRET-PLAINTEXT"]
    );
    let bad = data.replace("aGk=", "aGk");
    assert_eq!(
        place(&bad, ClearTextPolicy::Refuse),
        ["s.yaml:5:10 E-SECRET-BASE64"]
    );
    let empty = "kind: Secret\nmetadata: {name: s}\nspec:\n  stringData:\n    a:\n    b: ''\n";
    assert_eq!(
        place(empty, ClearTextPolicy::Refuse),
        ["s.yaml:5:6 E-FIELD-REQUIRED", "s.yaml:6:8 E-FIELD-REQUIRED"]
    );
}

#[test]
fn string_data_overrides_data_and_block_scalars_are_kept() {
    let secret = super::one(
        "kind: Secret\nmetadata: {name: s}\nspec:\n  data: {a: aGk=}\n  stringData:\n    a: over\n    kind: Agent\n    pem: |\n      name: x\n      kind: y\n",
    );
    let Spec::Secret(spec) = &secret.spec else {
        unreachable!()
    };
    assert_eq!(spec.data["a"].expose(), b"over");
    assert_eq!(spec.data["kind"].expose(), b"Agent");
    assert_eq!(spec.data["pem"].expose(), b"name: x\nkind: y\n");
}
