//! Every dialect at its own path, scoped and not.

use super::door::Door;
use crate::reconcile::tests::{
    manifests::{alias, endpoint},
    rig::Rig,
};
use serde_json::json;

async fn door() -> Door {
    let rig = Rig::without_git();
    let text = [endpoint("small", "s-1"), alias("fast", "small")].join("---\n");
    rig.apply(&text).await.unwrap();
    Door::open(rig).await
}

#[tokio::test(flavor = "multi_thread")]
async fn embeddings_are_made_by_alias_and_within_an_endpoint() {
    let door = door().await;
    for (path, model) in [
        ("/v1/embeddings", "fast"),
        ("/small/v1/embeddings", "s-1"),
        ("/default/small/v1/embeddings", "s-1"),
    ] {
        let body = json!({"model": model, "input": "hi"}).to_string();
        let answer = door.post(path, body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert!(answer.revision.is_some());
        let answer = answer.json();
        assert_eq!(
            (&answer["object"], &answer["model"]),
            (&json!("list"), &json!("s-1"))
        );
    }
    let refused = door.post("/v1/embeddings", r#"{"model":"fast"}"#).await;
    assert_eq!(refused.json()["error"]["param"], "input");
    let unknown = door
        .post("/v1/embeddings", r#"{"model":"nobody","input":"a"}"#)
        .await;
    assert_eq!(unknown.json()["error"]["code"], "model_not_found");
    assert_eq!(
        door.get("/v1/embeddings").await.json()["error"]["code"],
        "method_not_allowed"
    );
}
