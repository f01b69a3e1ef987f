//! Resources that are sent by hand.

use super::door::{Door, answered};
use crate::{
    manifest::ClearTextPolicy,
    reconcile::{
        EgressPolicy,
        tests::{
            manifests::{calling, clear_secret, endpoint},
            rig::{Rig, settings},
        },
    },
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
    let version = created["metadata"]["resourceVersion"].as_str().unwrap();
    let versioned = format!("\"name\":\"small\",\"resourceVersion\":\"{version}\"");
    let second = manifest("small").replace("s-1", "s-2");
    let second = second.replace("\"name\":\"small\"", &versioned);
    let (status, replaced) = put(&door, path, second).await;
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
async fn a_secret_of_git_that_would_go_elsewhere_is_409() {
    let mut settings = settings();
    settings.egress = EgressPolicy::Confirm;
    settings.review.clear_text = ClearTextPolicy::Warn;
    let rig = Rig::new().restarted(settings);
    rig.push(&[("key.yaml", clear_secret("key", "sk-1"))], "first");
    rig.sync().await;
    let door = Door::open(rig).await;
    let auth = "  auth: {secretRef: key}\n";
    let by_hand = calling("far", "https://api.example.com", auth);
    let refused = door.post("/v1/model-endpoints", by_hand).await;
    let problem = refused.json();
    let code = &problem["code"];
    assert_eq!((refused.status, code), (409, &json!("credential_egress")));
    let message = problem["findings"][0]["message"].as_str().unwrap();
    let expected = "Secret default/key to `api.example.com`";
    assert!(message.contains(expected), "{message}");
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

/// The answer to a change of `small`, told by `s-{number}`, with an `If-Match` if there is one.
async fn change(door: &Door, version: &str, if_match: Option<&str>, number: u32) -> (u16, Value) {
    let versioned = format!("\"name\":\"small\",\"resourceVersion\":\"{version}\"");
    let body = manifest("small").replace("\"name\":\"small\"", &versioned);
    let body = body.replace("s-1", &format!("s-{number}"));
    let mut request = door.request(Method::PUT, "/v1/model-endpoints/small");
    if let Some(text) = if_match {
        request = request.header("if-match", text);
    }
    let answer = answered(request.body(body)).await;
    (answer.status, answer.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_is_replaced_only_by_who_names_its_version() {
    let door = Door::open(Rig::without_git()).await;
    let path = "/v1/model-endpoints/small";
    let (status, created) = put(&door, path, manifest("small")).await;
    assert_eq!(status, 201);
    let version = |shown: &Value| {
        shown["metadata"]["resourceVersion"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = version(&created);
    let required = "resourceVersion precondition required for update (set metadata.resourceVersion or If-Match)";
    for body in [manifest("small"), manifest("small").replace("s-1", "s-9")] {
        let (status, problem) = put(&door, path, body).await;
        assert_eq!((status, &problem["detail"]), (409, &json!(required)));
    }
    let (status, second) = change(&door, &first, None, 2).await;
    assert_eq!(status, 200);
    let second = version(&second);
    assert_ne!(first, second);
    assert_eq!(version(&door.get(path).await.json()), second);
    assert_eq!(
        version(&door.get("/v1/model-endpoints").await.json()["items"][0]),
        second
    );
    let (status, stale) = change(&door, &first, None, 3).await;
    let says = format!(
        "ModelEndpoint resourceVersion conflict: expected=\"{first}\" current=\"{second}\""
    );
    assert_eq!(
        (status, &stale["detail"], &stale["code"]),
        (409, &json!(says), &json!("conflict"))
    );
    let (status, differ) = change(&door, &second, Some(&format!("\"{first}\"")), 3).await;
    let says = format!("metadata.resourceVersion \"{second}\" does not match If-Match \"{first}\"");
    assert_eq!((status, &differ["detail"]), (409, &json!(says)));
    assert_eq!(door.get(path).await.json()["spec"]["default_model"], "s-2");
    let mut current = second;
    for (number, form) in ["\"V\"", "V", "W/\"V\"", "*"].into_iter().enumerate() {
        let if_match = form.replace('V', &current);
        let number = 10 + u32::try_from(number).unwrap();
        let (status, shown) = change(&door, "", Some(&if_match), number).await;
        assert_eq!(status, 200, "{form} {shown}");
        current = version(&shown);
    }
    // Sending it without its path asks for no version, and heeds one that is given.
    let sent = door.post("/v1/model-endpoints", manifest("small")).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    let stale = manifest("small").replace(
        "\"name\":\"small\"",
        "\"name\":\"small\",\"resourceVersion\":\"1000\"",
    );
    assert_eq!(
        door.post("/v1/model-endpoints", stale.clone()).await.status,
        409
    );
    // What does not exist has no version.
    let other = stale.replace("\"small\"", "\"other\"");
    assert_eq!(put(&door, "/v1/model-endpoints/other", other).await.0, 409);
    let applied =
        json!({ "documents": [{ "name": "a.yaml", "content": endpoint("small", "s-5") }] });
    assert_eq!(
        door.post("/api/v1/apply", applied.to_string()).await.status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_git_manages_shows_no_version() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("managed", "s-1"))], "first");
    rig.sync().await;
    let door = Door::open(rig).await;
    put(&door, "/v1/model-endpoints/small", manifest("small")).await;
    let shown = door.get("/v1/model-endpoints/managed").await.json();
    assert_eq!(shown["metadata"].get("resourceVersion"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_narrowed_to_labels() {
    let door = Door::open(Rig::without_git()).await;
    for (name, labels) in [
        ("a", json!({"team": "x", "env": "prod"})),
        ("b", json!({"team": "x"})),
        ("c", json!({})),
    ] {
        let mut body: Value = serde_json::from_str(&manifest(name)).unwrap();
        body["metadata"]["labels"] = labels;
        assert_eq!(
            door.post("/v1/model-endpoints", body.to_string())
                .await
                .status,
            201
        );
    }
    for (query, names) in [
        ("labelSelector=team=x", vec!["a", "b"]),
        ("labels=team=x", vec!["a", "b"]),
        ("labelSelector=team%3Dx,%20env%3Dprod", vec!["a"]),
        ("labelSelector=team=x&labels=env=prod", vec!["a"]),
        ("labelSelector=team=X", vec![]),
        ("labelSelector=", vec!["a", "b", "c"]),
    ] {
        let list = door
            .get(&format!("/v1/model-endpoints?{query}"))
            .await
            .json();
        let found: Vec<_> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["metadata"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(found, names, "{query}");
    }
    for bad in ["team", "=x", "team=x,", "team=x,,env=prod"] {
        let answer = door
            .get(&format!("/v1/model-endpoints?labelSelector={bad}"))
            .await;
        let says = format!("invalid label selector \"{bad}\": expected key=value pairs");
        assert_eq!(
            (answer.status, &answer.json()["detail"]),
            (400, &json!(says))
        );
    }
}
