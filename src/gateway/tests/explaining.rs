//! What is said of a name without calling anybody.

use crate::{
    gateway::{Question, explain},
    reconcile::tests::{
        manifests::{agent, endpoint},
        rig::Rig,
    },
};
use serde_json::{Value, json};

const WEIGHTED: &str = "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: fast\nspec:\n  targets:\n    - {endpoint: one, weight: 3}\n    - {endpoint: two, weight: 1}\n  fallbacks: [{endpoint: three}]\n";

async fn explained(manifests: &[&str], scope: Option<&str>, model: Option<&str>) -> Value {
    let rig = Rig::without_git();
    rig.apply(&manifests.join("---\n")).await.unwrap();
    let served = rig.reconciler().live().pin();
    let question = Question {
        namespace: "default",
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
