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

/// Whoever knows that a value is one of ten thousand and has every form of the plan learns nothing of which it is.
#[test]
fn s3_a_plan_gives_nothing_that_a_short_value_could_be_guessed_from() {
    use sha2::{Digest as _, Sha256};
    let plans = [
        plan(&[], &[secret("pin", "'4711'")]),
        plan(&[secret("pin", "'4711'")], &[secret("pin", "'0815'")]),
        plan(&[secret("pin", "'4711'")], &[]),
    ];
    let shown: String = plans.iter().map(everything).collect();
    for pin in 0..10_000 {
        let pin = format!("{pin:04}");
        let plain = hex::encode(Sha256::digest(&pin));
        let place = "Secret default/pin/value";
        let bound = crate::model::ClearText::new(pin.clone().into_bytes()).fingerprint(place);
        for form in [&plain[..12], &bound[..12], &plain.to_uppercase()[..12]] {
            assert!(!shown.contains(form), "{pin}: {form}");
        }
    }
    for pin in ["4711", "0815"] {
        assert!(!shown.contains(pin), "{pin}");
    }
}

#[test]
fn what_looks_like_a_credential_is_shown_nowhere() {
    let random = concat!("Wn2gM7dP8xkTq4Zr", "6Vb9Yc3Hf5Js1La0");
    let token = concat!("ghp_0000example0000", "example0000example000");
    let calling = |secret: &str| {
        format!(
            "kind: ModelEndpoint\nmetadata:\n  name: a\nspec:\n  provider: openai-compatible\n  base_url: https://api.example.com/v1\n  default_model: m\n  auth: {{secretRef: {secret}}}\n"
        )
    };
    let agent = format!(
        "kind: Agent\nmetadata:\n  name: helper\nspec:\n  model_ref: a\n  prompt: Call it with {token}, please.\n"
    );
    let (base, head) = (calling(token), calling(random));
    for plan in [
        plan(&[], std::slice::from_ref(&base)),
        plan(std::slice::from_ref(&base), &[head.clone(), agent]),
        plan(&[head], &[base]),
    ] {
        let printed = [
            to_text(&plan, TextOptions::default()),
            to_markdown(&plan),
            to_json(&plan).to_string(),
        ];
        let printed = printed.concat();
        for credential in [random, token] {
            assert!(!printed.contains(credential), "{printed}");
        }
        assert!(printed.contains("***"), "{printed}");
    }
}
