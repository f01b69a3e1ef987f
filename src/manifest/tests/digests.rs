//! The digest follows what is said, not how it is written.

use super::{lines_but_negative, one, one_however_negative, parse};
use crate::{
    manifest::{to_json, to_yaml},
    model::Kind,
};
use proptest::{
    collection::vec,
    prelude::{
        Just, ProptestConfig, Strategy, any, prop_assert_eq, prop_assert_ne, prop_assume,
        prop_oneof, proptest,
    },
};
use serde_json::{Map, Value, json};

/// Fields of an endpoint, each with one value.
fn endpoint_fields() -> Vec<(&'static str, Value)> {
    vec![
        ("provider", json!("anthropic")),
        ("base_url", json!("https://api.example/v1")),
        ("default_model", json!("claude")),
        (
            "options",
            json!({"max_tokens": "1024", "anthropic_version": "2023-06-01", "z": "no"}),
        ),
        ("auth", json!({"secretRef": "team/key:value"})),
        (
            "model_aliases",
            json!({"fast": "claude-haiku", "b*": "claude", "a/b~c": "x"}),
        ),
        ("models", json!(["m1", "m2", "true", "1e3"])),
        ("timeouts", json!({"idle": "30s", "total": "5m"})),
        ("retry", json!({"max_attempts": 3, "backoff": "1s"})),
        ("unknown_models", json!("reject")),
    ]
}

/// Writes a value as block YAML with comments and blank lines here and there.
fn write(value: &Value, indent: usize, noise: &mut impl Iterator<Item = bool>, out: &mut String) {
    let pad = " ".repeat(indent);
    for (key, value) in value.as_object().into_iter().flatten() {
        if noise.next().unwrap_or_default() {
            *out += &format!("{pad}# a comment: with colon\n\n");
        }
        let key = json!(key);
        match value {
            Value::Object(_) => {
                *out += &format!("{pad}{key}:\n");
                write(value, indent + 2, noise, out);
            }
            other if noise.next().unwrap_or_default() => {
                *out += &format!("{pad}{key}:   {other}   # why\n");
            }
            other => *out += &format!("{pad}{key}: {other}\n"),
        }
    }
}

fn manifest(spec: &Value, noise: &[bool]) -> String {
    let document = json!({"kind": "ModelEndpoint", "metadata": {"name": "main", "labels": {"a": "1"}}, "spec": spec});
    let mut text = String::new();
    write(
        &document,
        0,
        &mut noise.iter().copied().cycle().take(1_000),
        &mut text,
    );
    text
}

fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .rev()
            .map(|(key, value)| (key.clone(), reversed(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// Any JSON, with texts that look like something else.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        proptest::sample::select(vec![
            "",
            "~",
            "null",
            "true",
            "no",
            "on",
            "1e3",
            "0755",
            "0o17",
            "0x1F",
            "+12",
            "-.5",
            ".5",
            "1.",
            "2024-10-21",
            "1_000",
            "=",
            "<<",
            "- a",
            "a: b",
            "# c",
            " lead",
            "trail ",
            "multi\nline\n",
            "\n",
            "tab\there",
            "\u{85}",
            "\u{2028}",
            "'",
            "\"",
            "%x",
            "@x",
            "`x`",
            ".inf",
            ".nan",
            "1:30",
            "---",
            "...",
            "!t",
            "&a",
            "*a",
            "\u{feff}",
            "y",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53)..(1 << 53)).prop_map(Value::from),
        (-1e6..1e6_f64).prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-z]{1,6}", inner), 0..4)
                .prop_map(|fields| fields.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_of_keys_comments_and_notation_do_not_change_the_digest(
        order in Just(endpoint_fields()).prop_shuffle(),
        noise in vec(any::<bool>(), 1..40),
    ) {
        let plain: Map<_, _> = endpoint_fields().into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let expected = one(&manifest(&plain.into(), &[false])).digest;
        let shuffled: Value = order.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map<_, _>>().into();
        prop_assert_eq!(one(&manifest(&shuffled, &noise)).digest, expected);
        prop_assert_eq!(one(&manifest(&reversed(&shuffled), &noise)).digest, expected);
        let flow = json!({"kind": "ModelEndpoint", "metadata": {"labels": {"a": "1"}, "name": "main"}, "spec": shuffled});
        prop_assert_eq!(one(&flow.to_string()).digest, expected);
    }

    #[test]
    fn every_field_counts(dropped in 0..10_usize) {
        let full: Map<_, _> = endpoint_fields().into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let mut fields = endpoint_fields();
        let (name, _) = fields.remove(dropped);
        prop_assume!(name != "default_model");
        let less: Map<_, _> = fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let (full, less) = (manifest(&full.into(), &[false]), manifest(&less.into(), &[false]));
        prop_assert_ne!(one(&full).digest, one(&less).digest);
    }

    #[test]
    fn what_is_written_back_reads_as_the_same(schema in any_json(), prompt in "\\PC{0,40}|[ -~\n]{0,60}", labels in vec(("[a-z]{1,5}", "[ -~]{0,8}"), 0..3)) {
        prop_assume!(!prompt.contains('\0'));
        let labels: Map<_, _> = labels.into_iter().map(|(k, v)| (k, Value::from(v))).collect();
        let document = json!({
            "kind": "Agent", "metadata": {"name": "a", "namespace": "team", "labels": labels},
            "spec": {"model_ref": " m ", "prompt": prompt, "execution": {"output_schema": {"type": "object", "x": schema}}, "roles": ["b", "B", " "], "limits": {"max_steps": -3}},
        });
        let first = parse(&document.to_string());
        prop_assert_eq!(lines_but_negative(&first), Vec::<String>::new());
        let first = &first.resources[0];
        let again = parse(&to_yaml(first));
        prop_assert_eq!(lines_but_negative(&again), Vec::<String>::new(), "{}", to_yaml(first));
        prop_assert_eq!(again.resources[0].value(), first.value());
        prop_assert_eq!(again.resources[0].digest, first.digest);
        prop_assert_eq!(to_json(&again.resources[0]), to_json(first));
    }
}

#[test]
fn every_kind_written_back_reads_as_the_same() {
    for text in [
        "kind: ModelAlias\nmetadata: {name: a}\nspec: {match: 'gpt-*', targets: [{endpoint: e, weight: 3}, {alias: b}], fallbacks: [{endpoint: f, model: m}]}\n",
        "kind: AgentPolicy\nmetadata: {name: p, annotations: {orloj.dev/protect: 'true'}}\nspec: {allowed_models: [a, A, b], max_tokens_per_run: -1, apply_mode: global, target_tasks: [t]}\n",
        "kind: AgentSystem\nmetadata: {name: s}\nspec: {agents: [a, b], graph: {a: {next: b, join: {mode: quorum, quorum_count: 2}}}}\n",
        "kind: Task\nmetadata: {name: t}\nspec: {system: s, input: {a: 1, b: true}, requirements: {gpu: true}, message_retry: {jitter: full}}\n",
        "kind: ModelEndpoint\nmetadata: {name: e}\nspec: {provider: OLLAMA, default_model: ' m ', allowPrivate: false}\n",
    ] {
        same_when_written_back(text);
    }
    let examples: Vec<_> = super::examples().collect();
    assert_eq!(examples.len(), Kind::ALL.len() + 1, "one of each form");
    // A Secret is written without its values.
    let others = examples.iter().filter(|text| !text.contains("\"Secret\""));
    for text in others {
        same_when_written_back(text);
    }
}

#[track_caller]
fn same_when_written_back(text: &str) {
    let first = one_however_negative(text);
    let again = one(&to_yaml(&first));
    assert_eq!(again.digest, first.digest, "{}", to_yaml(&first));
    assert_eq!(again.value(), first.value());
}

#[test]
fn identity_and_labels_count_and_the_file_does_not() {
    let base = "kind: AgentPolicy\nmetadata: {name: p}\nspec: {}\n";
    let digest = one(base).digest;
    assert_ne!(one(&base.replace("name: p", "name: q")).digest, digest);
    assert_ne!(
        one(&base.replace("name: p", "name: p, namespace: n")).digest,
        digest
    );
    assert_ne!(
        one(&base.replace("name: p", "name: p, labels: {a: b}")).digest,
        digest
    );
    assert_eq!(one(&format!("\n\n{base}")).digest, digest);
    let elsewhere = crate::manifest::parse_file(&"other.yaml".into(), base.as_bytes());
    assert_eq!(elsewhere.resources[0].digest, digest);
}

#[test]
fn last_line_break_of_a_prompt_does_not_count() {
    let clip = one(&super::agent("  prompt: |\n    hello\n"));
    let strip = one(&super::agent("  prompt: |-\n    hello\n"));
    assert_eq!(clip.digest, strip.digest);
}
