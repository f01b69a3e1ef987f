//! Every way a request goes nowhere, and what the client is told.

use super::decided;
use crate::reconcile::{
    Pinned,
    tests::{
        manifests::{agent, alias, calling, endpoint},
        rig::Rig,
    },
};

async fn serving(manifests: &[String]) -> Pinned {
    let rig = Rig::without_git();
    rig.apply(&manifests.join("---\n")).await.unwrap();
    rig.reconciler().live().pin()
}

/// `STATUS code: message` of a refusal.
fn refusal(served: &Pinned, scope: Option<&str>, model: Option<&str>) -> String {
    let Err(error) = decided(served, scope, model) else {
        unreachable!("{scope:?} {model:?} is to be refused");
    };
    let code = error.code.as_deref().unwrap_or_default();
    format!("{} {code}: {}", error.status, error.message)
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_revision_clients_are_told_to_come_back() {
    let rig = Rig::without_git();
    let served = rig.reconciler().live().pin();
    let error = decided(&served, None, Some("fast")).unwrap_err();
    assert_eq!(
        (error.status, error.code.as_deref()),
        (503, Some("no_revision"))
    );
    assert_eq!(error.retry_after(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_lead_nowhere_are_refused_with_what_to_write() {
    let other = "apiVersion: agentgateway.dev/v1alpha1\nkind: AgentgatewayBackend\nmetadata:\n  name: other\nspec:\n  ai:\n    provider:\n      openai: {}\n";
    let one = alias("both", "small").replace("name: both\n", "name: both\n  namespace: one\n");
    let two = one.replace("namespace: one", "namespace: two");
    let target = "endpoint: default/small";
    let served = serving(&[
        endpoint("small", "s-1"),
        other.to_owned(),
        alias("fast", "small"),
        one.replace("endpoint: small", target),
        two.replace("endpoint: small", target),
    ])
    .await;
    let missing = refusal(&served, None, None);
    assert!(
        missing.starts_with("400 missing_model: `model` is missing"),
        "{missing}"
    );
    assert_eq!(
        refusal(&served, None, Some("fost")),
        "404 model_not_found: the model `fost` does not exist; did you mean `fast`?"
    );
    assert_eq!(
        refusal(&served, None, Some("both")),
        "400 ambiguous_model: `both` is ambiguous; write one of: one/both, two/both"
    );
    assert_eq!(
        refusal(&served, None, Some("other")),
        "400 missing_model: endpoint `other` has no default model; write `other/MODEL`"
    );
    let scope = refusal(&served, Some("nobody"), Some("x"));
    assert!(
        scope.starts_with("404 endpoint_not_found: there is no endpoint `nobody`"),
        "{scope}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_a_policy_denies_is_403_and_names_the_line() {
    let policy = "apiVersion: orloj.dev/v1\nkind: AgentPolicy\nmetadata:\n  name: strict\nspec:\n  allowed_models:\n    - other\n";
    let served = serving(&[
        endpoint("small", "s-1"),
        agent("writer", "small"),
        policy.to_owned(),
    ])
    .await;
    let error = decided(&served, None, Some("agent/writer")).unwrap_err();
    assert_eq!(
        (error.status, error.code.as_deref()),
        (403, Some("model_not_allowed"))
    );
    let json = error.to_json();
    assert_eq!(json["error"]["orloj"]["policy"], "strict");
    let source = json["error"]["orloj"]["source"].as_str().unwrap();
    assert!(source.ends_with(":6"), "{source}");
    for word in ["strict", "writer", "s-1"] {
        assert!(error.message.contains(word), "{}", error.message);
    }
    // The same model by its endpoint is no request of the agent.
    decided(&served, None, Some("small")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_route_says_name_target_and_line() {
    let served = serving(&[endpoint("small", "s-1"), alias("fast", "small")]).await;
    let route = decided(&served, None, Some("fast")).unwrap().route;
    assert!(route.starts_with("fast -> small/s-1 ("), "{route}");
    let scoped = decided(&served, Some("small"), Some("anything")).unwrap();
    assert!(
        scoped.route.starts_with("anything -> small/anything ("),
        "{}",
        scoped.route
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_not_ready_is_decided_all_the_same() {
    let served = serving(&[calling(
        "remote",
        "http://127.0.0.1:9",
        "  auth:\n    secretRef: key\n",
    )])
    .await;
    decided(&served, None, Some("remote")).unwrap();
}
