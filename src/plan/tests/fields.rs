//! Which fields differ, and what of them may be shown.

use super::{endpoint, plan, secret};
use crate::plan::{FieldOp, Plan, Shown, TextOptions, to_json, to_markdown, to_text};
use serde_json::{Value, json};

fn values(plan: &Plan) -> Vec<(String, FieldOp, Option<Value>, Option<Value>)> {
    let fields = plan.changes.iter().flat_map(|change| &change.fields);
    fields
        .filter_map(|field| match &field.shown {
            Shown::Values { before, after } => Some((
                field.pointer.clone(),
                field.op,
                before.clone(),
                after.clone(),
            )),
            Shown::Secret(_) => None,
        })
        .collect()
}

fn everything(plan: &Plan) -> String {
    let options = TextOptions {
        full: true,
        color: true,
    };
    let (text, markdown) = (to_text(plan, options), to_markdown(plan));
    format!("{text}{markdown}{}{plan:?}", to_json(plan))
}

#[test]
fn each_field_that_differs_is_told_with_its_line() {
    let base = endpoint("small", "s-1") + "  models: [s-1, s-2]\n";
    let head = endpoint("small", "s-2") + "  models: [s-1, s-3]\n";
    let head = head.replace("  name: small\n", "  name: small\n  labels: {tier: x}\n");
    let plan = plan(&[base], &[head]);
    let expected = [
        (
            "/metadata/labels/tier".to_owned(),
            FieldOp::Add,
            None,
            Some(json!("x")),
        ),
        (
            "/spec/default_model".to_owned(),
            FieldOp::Replace,
            Some(json!("s-1")),
            Some(json!("s-2")),
        ),
        (
            "/spec/models/1".to_owned(),
            FieldOp::Replace,
            Some(json!("s-2")),
            Some(json!("s-3")),
        ),
    ];
    assert_eq!(values(&plan), expected);
    let lines: Vec<_> = plan.changes[0]
        .fields
        .iter()
        .map(|field| field.line)
        .collect();
    assert_eq!(lines, [Some(5), Some(8), Some(9)]);
}

#[test]
fn lists_of_another_length_are_told_whole() {
    let base = endpoint("small", "s-1") + "  models: [s-1]\n";
    let head = endpoint("small", "s-1") + "  models: [s-1, s-2]\n";
    let expected = (
        "/spec/models".to_owned(),
        FieldOp::Replace,
        Some(json!(["s-1"])),
        Some(json!(["s-1", "s-2"])),
    );
    assert_eq!(values(&plan(&[base], &[head])), [expected]);
}

#[test]
fn values_of_secrets_are_never_shown_nor_what_they_could_be_guessed_from() {
    let cases = [
        (vec![], vec![secret("key", "sk-new")]),
        (vec![secret("key", "sk-old")], vec![secret("key", "sk-new")]),
        (vec![secret("key", "sk-old")], vec![]),
    ];
    for (base, head) in cases {
        let plan = plan(&base, &head);
        let shown = everything(&plan);
        for trace in ["sk-old", "sk-new", "c2stbmV3", "\"clear\"", "clear\": "] {
            assert!(!shown.contains(trace), "{trace} in {shown}");
        }
        assert_eq!(plan.changes.len(), 1);
    }
}

#[test]
fn what_happened_to_a_secret_is_told_in_words() {
    let words = |base: &[String], head: &[String]| {
        let plan = plan(base, head);
        plan.changes[0]
            .fields
            .iter()
            .map(|field| field.shown.clone())
            .collect::<Vec<_>>()
    };
    let (old, new) = ([secret("key", "sk-old")], [secret("key", "sk-new")]);
    assert_eq!(words(&[], &new), [Shown::Secret("added, in clear text")]);
    assert_eq!(words(&old, &new), [Shown::Secret("changed, in clear text")]);
    let other_key = [secret("key", "sk-old").replace("    value:", "    other:")];
    let moved = words(&old, &other_key);
    assert_eq!(
        moved,
        [
            Shown::Secret("added, in clear text"),
            Shown::Secret("removed")
        ]
    );
}
