//! What is said of a name without calling anybody.

use crate::{
    gateway::{Question, explain},
    model::ClientKey,
    reconcile::tests::{
        manifests::{agent, endpoint},
        rig::Rig,
    },
};
use serde_json::{Value, json};

const WEIGHTED: &str = "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: fast\nspec:\n  targets:\n    - {endpoint: one, weight: 3}\n    - {endpoint: two, weight: 1}\n  fallbacks: [{endpoint: three}]\n";

async fn explained(manifests: &[&str], scope: Option<&str>, model: Option<&str>) -> Value {
    explained_with(manifests, scope, model, None).await
}

/// As with the `ApiKey` of that name.
async fn explained_with(
    manifests: &[&str],
    scope: Option<&str>,
    model: Option<&str>,
    key: Option<&str>,
) -> Value {
    let rig = Rig::without_git();
    rig.apply(&manifests.join("---\n")).await.unwrap();
    let served = rig.reconciler().live().pin();
    let key = key.map(|name| served.snapshot.table().key_named("default", name).unwrap());
    let question = Question {
        namespace: "default",
        key: key.map(|key| &**key),
        scope,
        model,
    };
    explain(served.snapshot.table(), question, |target| {
        (&*target.endpoint.id.name == "two").then(|| "not ready".to_owned())
    })
}

/// Whether a source names a line.
fn is_line(source: &Value) -> bool {
    let line = source.as_str().and_then(|source| source.rsplit_once(':'));
    line.is_some_and(|(_, line)| line.parse::<u32>().is_ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_weighted_target_is_named_with_its_share_and_then_the_fallbacks() {
    let [one, two, three] = ["one", "two", "three"].map(|name| endpoint(name, "m"));
    let said = explained(&[&one, &two, &three, WEIGHTED], None, Some("fast")).await;
    let targets = said["decision"]["targets"].as_array().unwrap();
    let shown: Vec<_> = targets
        .iter()
        .map(|target| (&target["endpoint"], &target["share"], &target["fallback"]))
        .collect();
    assert_eq!(
        shown,
        [
            (&json!("one"), &json!(0.75), &json!(false)),
            (&json!("two"), &json!(0.25), &json!(false)),
            (&json!("three"), &json!(null), &json!(true)),
        ]
    );
    assert_eq!(targets[0]["condition"], Value::Null);
    assert_eq!(targets[1]["condition"], "not ready");
    assert_eq!(said["decision"]["rule"], "alias");
    assert!(is_line(&said["decision"]["source"]));
    assert_eq!(said["refused"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_that_did_not_decide_are_told_too() {
    let one = endpoint("one", "m");
    let said = explained(&[&one], None, Some("one/other")).await;
    let steps: Vec<_> = said["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            (
                step["rule"].as_str().unwrap(),
                step["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    let passed = ["agent", "alias", "endpoint alias"].map(|rule| (rule, "passed"));
    assert_eq!(
        steps,
        [&passed[..], &[("endpoint and model", "decided")]].concat()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_explained_as_the_client_would_hear_it() {
    let one = endpoint("one", "m");
    let said = explained(&[&one], None, Some("nothing")).await;
    assert_eq!(said["decision"], Value::Null);
    assert_eq!(said["refused"]["status"], 404);
    assert_eq!(said["refused"]["code"], "model_not_found");

    let policy = "apiVersion: orloj.dev/v1\nkind: AgentPolicy\nmetadata:\n  name: cost\nspec:\n  apply_mode: global\n  allowed_models: [other]\n";
    let writer = agent("writer", "one");
    let said = explained(&[&one, &writer, policy], None, Some("agent/writer")).await;
    assert_eq!(said["decision"]["agent"], "writer");
    assert_eq!(said["decision"]["policies"][0]["name"], "cost");
    assert_eq!(said["refused"]["status"], 403);
    assert!(is_line(&said["refused"]["source"]));
}

/// A key, with further fields of `spec` in flow notation.
fn key(name: &str, fields: &str) -> String {
    let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
    let hash = ClientKey::written_hash_of(name);
    format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ApiKey\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{hash: '{hash}'{fields}}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_may_not_call_is_told_of_each_target_and_of_the_request() {
    let (one, two, three) = (
        endpoint("one", "a"),
        endpoint("two", "b"),
        endpoint("three", "c"),
    );
    let weighted = WEIGHTED.replace("{endpoint: two, weight: 1}", "{endpoint: two}");
    let ci = key("ci", ", allowed_models: [a, c]");
    let manifests = [&*one, &two, &three, &weighted, &ci];
    let said = explained_with(&manifests, None, Some("fast"), Some("ci")).await;
    assert_eq!(said["key"]["name"], "ci");
    assert!(is_line(&said["key"]["source"]));
    assert_eq!(said["refused"], Value::Null);
    let targets = said["decision"]["targets"].as_array().unwrap();
    assert_eq!(targets[0]["condition"], Value::Null);
    let condition = targets[1]["condition"].as_str().unwrap();
    assert!(
        condition.contains("`ci`") && condition.contains("`b`"),
        "{condition}"
    );
    assert_eq!(targets[2]["condition"], Value::Null);

    let said = explained_with(&manifests, None, Some("two"), Some("ci")).await;
    assert_eq!(said["refused"]["status"], 403);
    assert_eq!(said["refused"]["code"], "model_not_allowed");
    assert!(is_line(&said["refused"]["source"]));
    // Without the key the same name leads there.
    let said = explained(&manifests, None, Some("two")).await;
    assert_eq!(
        (&said["refused"], &said["key"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keys_agents_its_namespace_and_its_end_count() {
    let one = endpoint("one", "a");
    let (writer, reader) = (agent("writer", "one"), agent("reader", "one"));
    let there = endpoint("one", "there").replace("name: one", "name: one\n  namespace: team");
    let keys = [
        key("ci", ", agents: [writer]"),
        key("team/ours", ""),
        key("old", ", expires_at: '2020-01-01T00:00:00Z'"),
    ];
    let keys = keys.join("---\n");
    let manifests = [&*one, &writer, &reader, &there, &keys];
    let said = explained_with(&manifests, None, Some("agent/writer"), Some("ci")).await;
    assert_eq!(said["refused"], Value::Null);
    let said = explained_with(&manifests, None, Some("agent/reader"), Some("ci")).await;
    assert_eq!(said["refused"]["code"], "agent_not_allowed");
    let said = explained_with(&manifests, None, Some("one"), Some("team/ours")).await;
    assert_eq!(
        (&said["namespace"], &said["key"]["name"]),
        (&json!("team"), &json!("team/ours"))
    );
    assert_eq!(said["decision"]["targets"][0]["model"], "there");
    let said = explained_with(&manifests, None, Some("one"), Some("old")).await;
    assert_eq!(said["refused"]["code"], "key_expired");
}
