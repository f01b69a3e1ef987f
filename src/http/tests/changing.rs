//! Resources that are sent by hand.

use super::door::{Door, answered};
use crate::reconcile::tests::{
    manifests::{clear_secret, endpoint},
    rig::Rig,
};
use reqwest::Method;
use serde_json::{Value, json};

fn manifest(name: &str) -> String {
    json!({
        "apiVersion": "orloj.dev/v1",
        "kind": "ModelEndpoint",
        "metadata": { "name": name },
        "spec": { "provider": "mock", "default_model": "s-1" },
    })
    .to_string()
}

async fn put(door: &Door, path: &str, body: String) -> (u16, Value) {
    let answer = answered(door.request(Method::PUT, path).body(body)).await;
    (answer.status, answer.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_is_created_replaced_shown_and_deleted() {
    let door = Door::open(Rig::without_git()).await;
    let created = door.post("/v1/model-endpoints", manifest("small")).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let created = created.json();
    assert_eq!(created["metadata"]["name"], "small");
    assert_eq!(created["status"]["phase"], "Ready");
    assert_eq!(created["status"]["managedBy"], "api");
    let path = "/v1/model-endpoints/small";
    let (status, replaced) = put(&door, path, manifest("small").replace("s-1", "s-2")).await;
    assert_eq!(
        (status, &replaced["spec"]["default_model"]),
        (200, &json!("s-2"))
    );
    assert_eq!(door.get(path).await.json()["spec"]["default_model"], "s-2");
    let items = |list: Value| list["items"].as_array().unwrap().len();
    assert_eq!(items(door.get("/v1/model-endpoints").await.json()), 1);
    let elsewhere = door.get("/v1/model-endpoints?namespace=other").await;
    assert_eq!(items(elsewhere.json()), 0);
    assert_eq!(
        door.get(&format!("{path}?namespace=other")).await.status,
        404
    );
    assert_eq!(
        answered(door.request(Method::DELETE, path)).await.status,
        204
    );
    assert_eq!(door.get(path).await.status, 404);
    assert_eq!(
        answered(door.request(Method::DELETE, path)).await.status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_what_the_path_says_is_refused() {
    let door = Door::open(Rig::without_git()).await;
    let (status, problem) = put(&door, "/v1/model-endpoints/large", manifest("small")).await;
    assert_eq!(status, 400);
    assert_eq!(
        problem["detail"],
        "the path is that of a ModelEndpoint `large`, the body is ModelEndpoint default/small"
    );
    assert_eq!(door.post("/v1/agents", manifest("small")).await.status, 400);
    let two = [endpoint("one", "a"), endpoint("two", "b")].join("---\n");
    assert_eq!(door.post("/v1/model-endpoints", two).await.status, 400);
    assert_eq!(door.post("/v1/model-endpoints", "").await.status, 400);
    let misspelt = manifest("small").replace("default_model", "defaultmodel_");
    let refused = door.post("/v1/model-endpoints", misspelt).await;
    assert_eq!(
        (refused.status, refused.content_type.as_str()),
        (422, "application/problem+json")
    );
    assert_eq!(refused.json()["findings"][0]["code"], "E-FIELD-UNKNOWN");
    assert_eq!(door.rig.revision(), "none");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_git_manages_is_409() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    let door = Door::open(rig).await;
    let (status, problem) = put(&door, "/v1/model-endpoints/small", manifest("small")).await;
    assert_eq!((status, &problem["code"]), (409, &json!("managed_by_git")));
    assert_eq!(problem["findings"][0]["file"], "a.yaml");
    let path = "/v1/model-endpoints/small";
    assert_eq!(
        answered(door.request(Method::DELETE, path)).await.status,
        409
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_applied_whole_or_not_at_all() {
    let door = Door::open(Rig::without_git()).await;
    let document = |name: &str, content: String| json!({ "name": name, "content": content });
    let good = document("a.yaml", endpoint("small", "s-1"));
    let bad = document(
        "b.yaml",
        endpoint("large", "l-1").replace("provider", "provder"),
    );
    let body = json!({ "documents": [good, bad] }).to_string();
    let refused = door.post("/api/v1/apply", body).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["findings"][0]["file"], "b.yaml");
    assert_eq!(door.get("/v1/model-endpoints/small").await.status, 404);
    let secret = document("s.yaml", clear_secret("key", "sk-sent"));
    let body = json!({ "documents": [good, secret] }).to_string();
    let applied = door.post("/api/v1/apply", body).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
    assert!(!applied.text.contains("sk-sent"));
    let applied = applied.json();
    assert_eq!(applied["applied"][0]["action"], "created");
    assert_eq!(applied["revision"], door.rig.revision());
}
