//! What is read and written without a tree in between is what such a tree would give.

use super::super::{
    coerce::coerce,
    kinds::Form,
    loader::load,
    node::{Data, Node, Scalar},
    quirks, schema,
};
use super::fast_path::read_all;
use crate::model::{
    Digest, Kind, Metadata, Resource,
    spec::{
        AgentPolicySpec, AgentRoleSpec, AgentSpec, AgentSystemSpec, AgentgatewayBackendSpec,
        McpServerSpec, MemorySpec, ModelAliasSpec, ModelEndpointSpec, SecretSpec, TaskScheduleSpec,
        TaskSpec, TaskWebhookSpec, ToolApprovalSpec, ToolPermissionSpec, ToolSpec, WorkerSpec,
    },
};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any},
    prop_oneof, proptest,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path};

/// The same tree as `serde_yaml` has it.
fn to_yaml(node: &Node) -> serde_yaml::Value {
    use serde_yaml::Value as Yaml;
    match &node.data {
        Data::Scalar { text, scalar } => match scalar {
            Scalar::Null => Yaml::Null,
            Scalar::Bool(value) => Yaml::Bool(*value),
            Scalar::Signed(value) => Yaml::Number((*value).into()),
            Scalar::Unsigned(value) => Yaml::Number((*value).into()),
            Scalar::Float(value) => Yaml::Number((*value).into()),
            Scalar::Text => Yaml::String(text.to_string()),
        },
        Data::List(items) => Yaml::Sequence(items.iter().map(to_yaml).collect()),
        Data::Mapping(entries) => {
            let fields = entries
                .iter()
                .map(|entry| (Yaml::String(entry.key.to_string()), to_yaml(&entry.value)));
            Yaml::Mapping(fields.collect())
        }
    }
}

/// What a type makes of a node in both ways, as text.
fn both<T: DeserializeOwned>(node: &Node, show: impl Fn(T) -> String) -> [Option<String>; 2] {
    let straight = T::deserialize(node).ok();
    let by_tree = serde_yaml::from_value::<T>(to_yaml(node)).ok();
    [straight.map(&show), by_tree.map(&show)]
}

fn shown<T: DeserializeOwned + Serialize>(node: &Node) -> [Option<String>; 2] {
    both(node, |value: T| serde_json::to_string(&value).unwrap())
}

/// What every type of the format makes of a node in both ways; says how many could read it.
#[track_caller]
fn agree(node: &Node) -> usize {
    let secret = |secret: SecretSpec| secret.to_redacted_value("place").to_string();
    let backend = |spec: AgentgatewayBackendSpec| json!(spec.into_endpoint()).to_string();
    let all = [
        both(node, secret),
        both(node, backend),
        shown::<AgentPolicySpec>(node),
        shown::<AgentRoleSpec>(node),
        shown::<AgentSpec>(node),
        shown::<AgentSystemSpec>(node),
        shown::<McpServerSpec>(node),
        shown::<MemorySpec>(node),
        shown::<ModelAliasSpec>(node),
        shown::<ModelEndpointSpec>(node),
        shown::<TaskScheduleSpec>(node),
        shown::<TaskSpec>(node),
        shown::<TaskWebhookSpec>(node),
        shown::<ToolApprovalSpec>(node),
        shown::<ToolPermissionSpec>(node),
        shown::<ToolSpec>(node),
        shown::<WorkerSpec>(node),
        shown::<Metadata>(node),
        shown::<Value>(node),
    ];
    for [straight, by_tree] in &all {
        assert_eq!(straight, by_tree);
    }
    all.iter()
        .filter(|[straight, _]| straight.is_some())
        .count()
}

fn texts() -> Vec<String> {
    let mut texts = Vec::new();
    for folder in ["sample-repo", "tests/fixtures/seed-repo"] {
        read_all(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
            &mut texts,
        );
    }
    for name in schema::names() {
        let schema: Value = serde_json::from_str(schema::published(name).unwrap()).unwrap();
        texts.push(schema["examples"][0].to_string());
    }
    texts
}

#[test]
fn every_spec_is_read_from_nodes_as_from_a_tree() {
    let mut read = 0;
    for text in &texts() {
        for mut node in load(&"test.yaml".into(), text).documents {
            let kind = node.entry("kind").unwrap().value.as_text().unwrap();
            let form = Form::from_manifest(kind).unwrap();
            quirks::rewrite(form, &mut node);
            let shape = &schema::compiled(form).shape;
            coerce(&"test.yaml".into(), &mut node, shape, &mut Vec::new());
            for entry in node.entries().unwrap() {
                read += agree(&entry.value);
            }
        }
    }
    assert!(read > 200, "{read}");
}

proptest! {
    #[test]
    fn values_are_read_from_nodes_as_from_a_tree(text in "[a{: ,1.5\\[]{0,3}(model_ref|spec|to|- |~|\n|\\{a: \\[|null){0,5}") {
        let loaded = load(&"test.yaml".into(), &text);
        // A key that stands twice is told apart before anything is read.
        if loaded.findings.is_empty() {
            for node in &loaded.documents {
                agree(node);
            }
        }
    }
}

/// JSON with sorted keys and texts with their lengths, the slow way.
fn canonical(value: &Value, out: &mut Vec<u8>) {
    let text = |text: &str, out: &mut Vec<u8>| {
        out.extend(format!("\"{}:{text}", text.len()).bytes());
    };
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_by_key(|(key, _)| *key);
            out.push(b'{');
            for (index, (key, value)) in keys.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                text(key, out);
                out.push(b':');
                canonical(value, out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                canonical(item, out);
            }
            out.push(b']');
        }
        Value::String(value) => text(value, out),
        Value::Null | Value::Bool(_) | Value::Number(_) => out.extend(value.to_string().bytes()),
    }
}

#[track_caller]
fn digest_is_that_of_its_json(resource: &Resource) {
    let whole = json!({
        "kind": resource.id.kind.as_str(),
        "namespace": &*resource.id.namespace,
        "name": &*resource.id.name,
        "labels": resource.metadata.labels,
        "annotations": resource.metadata.annotations,
        "spec": resource.value(),
    });
    let mut bytes = Vec::new();
    canonical(&whole, &mut bytes);
    assert_eq!(resource.digest, Digest::of_bytes(&bytes), "{whole}");
}

#[test]
fn digests_are_those_of_the_json() {
    let mut kinds = BTreeSet::new();
    for text in &texts() {
        for resource in super::parse(text).resources {
            digest_is_that_of_its_json(&resource);
            kinds.insert(resource.id.kind);
        }
    }
    assert_eq!(kinds, BTreeSet::from(Kind::ALL));
}

/// Any JSON, with keys that sort otherwise than they are written and share their starts.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(|number| json!(number % (1 << 53))),
        any::<i32>().prop_map(|number| json!(f64::from(number) / 8.0)),
        "[ab\"é:,]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec(("[ab:,\"é]{0,11}", inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn digests_of_any_schema_are_those_of_the_json(value in any_json()) {
        let text = json!({
            "kind": "Agent",
            "metadata": {"name": "a", "labels": {"b": "1", "a": "2"}},
            "spec": {"model_ref": "m", "execution": {"output_schema": {"type": "object", "x": value}}},
        });
        let resource = super::one(&text.to_string());
        digest_is_that_of_its_json(&resource);
    }
}
