//! That a document passes fast is the same as that nothing is found wrong with it.

use crate::manifest::{
    as_json::Nodes,
    coerce::coerce,
    kinds::Form,
    loader::load,
    node::Node,
    quirks, schema,
    violations::{self, Checked},
};
use jsonschema::json::{Node as JsonNode, conformance::assert_conformance};
use serde_json::{Value, json};
use std::{cell::OnceCell, fs, path::Path};

/// The kinds that the folders below lack.
const OTHERS: &str = r"
kind: Tool
metadata: {name: a}
spec: {type: mcp, mcp_server_ref: s, mcp_tool_name: t, input_schema: {type: object},
  operation_classes: [read], risk_level: high, runtime: {timeout: 1s, retry: {max_attempts: 2, jitter: full}},
  auth: {profile: bearer, secretRef: k, scopes: [x]}}
---
kind: Memory
metadata: {name: a}
spec: {type: vector, provider: p, embedding_model: m, auth: {secretRef: k}}
---
kind: AgentRole
metadata: {name: a}
spec: {description: d, permissions: [p]}
---
kind: ToolPermission
metadata: {name: a}
spec: {tool_ref: t, match_mode: any, apply_mode: scoped, target_agents: [x],
  operation_rules: [{operation_class: '*', verdict: approval_required}]}
---
kind: ToolApproval
metadata: {name: a}
spec: {task_ref: t, tool: x, operation_class: write, ttl: 1m}
status: {phase: Pending}
---
kind: TaskSchedule
metadata: {name: a}
spec: {task_ref: t, schedule: '0 9 * * 1', suspend: true, concurrency_policy: forbid}
---
kind: TaskWebhook
metadata: {name: a}
spec: {task_ref: t, auth: {profile: github, secret_ref: s, max_skew_seconds: 5}, payload: {mode: raw}}
---
kind: Worker
metadata: {name: a}
spec: {region: r, capabilities: {gpu: true, supported_models: [m]}, max_concurrent_tasks: 2}
---
kind: McpServer
metadata: {name: a}
spec: {transport: stdio, command: c, env: [{name: n, value: v}], tool_filter: {include: [x]}}
";

#[test]
fn what_passes_fast_is_what_has_no_violations() {
    let mut texts = vec![OTHERS.to_owned()];
    for folder in ["sample-repo", "tests/fixtures/seed-repo"] {
        read_all(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
            &mut texts,
        );
    }
    let (mut valid, mut invalid) = (0, 0);
    for text in &texts {
        for mut node in load(&"test.yaml".into(), text).documents {
            let form = Form::from_manifest(node.entry("kind").unwrap().value.as_text().unwrap());
            let form = form.unwrap();
            quirks::rewrite(form, &mut node);
            let shape = &schema::compiled(form).shape;
            coerce(&"test.yaml".into(), &mut node, shape, &mut Vec::new());
            for json in variants(&node.to_json()) {
                // JSON is YAML too.
                let text = json.to_string();
                let variant = load(&"test.yaml".into(), &text).documents;
                assert_eq!(variant[0].to_json(), json);
                if agree(form, &variant[0]) {
                    valid += 1;
                } else {
                    invalid += 1;
                }
            }
        }
    }
    assert!(valid > 100 && invalid > 1000, "{valid} {invalid}");
}

/// Whether the document is valid, which both ways say alike.
#[track_caller]
fn agree(form: Form, node: &Node) -> bool {
    let compiled = schema::compiled(form);
    let judge = compiled.judge.as_ref().unwrap();
    let document = Checked {
        file: &"test.yaml".into(),
        name: form.name(),
        quotes_values: true,
        node,
        json: OnceCell::new(),
        positions: &node.positions(),
        span: node.span,
    };
    let explained = violations::explain(&document, compiled);
    let checked = violations::check(&document, compiled);
    let json = node.to_json();
    assert_eq!(checked.findings, explained.findings, "{json}");
    assert_eq!(
        judge.is_valid(node),
        explained.findings.is_empty(),
        "{json}"
    );
    checked.findings.is_empty()
}

/// Nodes keep what the validator relies on, numbers that JSON lacks included.
#[test]
fn nodes_are_json_to_the_validator() {
    let document = jsonschema::json::conformance::document().to_string();
    let loaded = load(&"test.yaml".into(), &document);
    assert_conformance::<Nodes>(&&loaded.documents[0]);

    let loaded = load(&"test.yaml".into(), ".inf");
    let infinite = &loaded.documents[0];
    assert_eq!(infinite.to_json(), json!(null));
    assert!(JsonNode::is_null(&infinite) && JsonNode::as_number(&infinite).is_none());
    assert!(JsonNode::equals_value(&infinite, &json!(null)));
}

/// The document, and the document with one value replaced, removed or added.
fn variants(document: &Value) -> Vec<Value> {
    let mut pointers = Vec::new();
    collect(document, &mut String::new(), &mut pointers);
    let mut variants = vec![document.clone()];
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0.5),
        json!(""),
        json!("text"),
        json!([]),
        json!(["text", "text"]),
        json!({}),
        json!({ "text": "text" }),
    ];
    for pointer in pointers {
        let mut edit = |act: &dyn Fn(&mut Value)| {
            let mut variant = document.clone();
            act(variant.pointer_mut(&pointer).unwrap());
            variants.push(variant);
        };
        for value in &values {
            edit(&|place| *place = value.clone());
        }
        for name in ["no_such_field", "model", "spec"] {
            edit(&|place| {
                if let Value::Object(fields) = place {
                    fields.insert(name.to_owned(), json!(1));
                }
            });
        }
        edit(&|place| {
            if let Value::Object(fields) = place {
                let first = fields.keys().next().cloned();
                first.map(|first| fields.shift_remove(&first));
            }
        });
    }
    variants
}

fn collect(value: &Value, pointer: &mut String, pointers: &mut Vec<String>) {
    pointers.push(pointer.clone());
    let inner: Vec<(String, &Value)> = match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, v)| (i.to_string(), v))
            .collect(),
        Value::Object(fields) => fields.iter().map(|(key, v)| (key.clone(), v)).collect(),
        _ => Vec::new(),
    };
    let length = pointer.len();
    for (token, value) in inner {
        crate::model::push_token(pointer, &token);
        collect(value, pointer, pointers);
        pointer.truncate(length);
    }
}

pub(super) fn read_all(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, texts);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            texts.push(fs::read_to_string(&path).unwrap());
        }
    }
}
