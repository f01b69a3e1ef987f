//! Every dialect at its own path, scoped and not.

use super::door::Door;
use crate::reconcile::tests::{
    manifests::{agent, alias, endpoint},
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

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_answered_by_alias_and_agent_and_within_an_endpoint() {
    let rig = Rig::without_git();
    let writer = agent("writer", "small");
    let text = [endpoint("small", "s-1"), alias("fast", "small"), writer].join("---\n");
    rig.apply(&text).await.unwrap();
    let door = Door::open(rig).await;
    for (path, model) in [
        ("/v1/messages", "fast"),
        ("/v1/messages", "agent/writer"),
        ("/small/v1/messages", "s-1"),
        ("/default/small/v1/messages", "s-1"),
    ] {
        let body = json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
        let answer = door.post(path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let answer = answer.json();
        assert_eq!(
            (&answer["type"], &answer["model"]),
            (&json!("message"), &json!("s-1"))
        );
        let count = door
            .post(&format!("{path}/count_tokens"), body.to_string())
            .await;
        assert_eq!(count.json()["orloj"]["estimated"], true, "{}", count.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_messages_are_anthropics_words_with_the_truth_beside() {
    let door = door().await;
    let ask = |body: &'static str| door.post("/v1/messages", body);
    for (body, status, kind, code) in [
        ("{", 400, "invalid_request_error", "not_json"),
        (
            r#"{"model":"fast"}"#,
            400,
            "invalid_request_error",
            "invalid_messages",
        ),
        (
            r#"{"model":"fast","messages":[],"system":5}"#,
            400,
            "invalid_request_error",
            "invalid_type",
        ),
        (
            r#"{"model":"nobody","messages":[]}"#,
            404,
            "not_found_error",
            "model_not_found",
        ),
        (
            r#"{"model":"fast","messages":[],"max_tokens":1}"#,
            400,
            "invalid_request_error",
            "invalid_value",
        ),
    ] {
        let answer = ask(body).await;
        let json = answer.json();
        assert_eq!(
            (answer.status, &json["type"]),
            (status, &json!("error")),
            "{body}"
        );
        assert_eq!(json["error"]["type"], kind, "{body}");
        assert_eq!(json["error"]["orloj"]["code"], code, "{body}");
    }
    let wrong = door.get("/v1/messages").await;
    assert_eq!(
        (wrong.status, &wrong.json()["type"]),
        (405, &json!("error"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_are_made_by_alias_and_agent_and_within_an_endpoint() {
    let rig = Rig::without_git();
    let writer = agent("writer", "small");
    let text = [endpoint("small", "s-1"), alias("fast", "small"), writer].join("---\n");
    rig.apply(&text).await.unwrap();
    let door = Door::open(rig).await;
    for (path, model) in [
        ("/v1/responses", "fast"),
        ("/v1/responses", "agent/writer"),
        ("/small/v1/responses", "s-1"),
    ] {
        let body = json!({"model": model, "input": "hi"});
        let answer = door.post(path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let answer = answer.json();
        assert_eq!(
            (&answer["object"], &answer["model"]),
            (&json!("response"), &json!("s-1"))
        );
    }
    let refused = door
        .post(
            "/v1/responses",
            r#"{"model":"fast","input":"a","instructions":[]}"#,
        )
        .await;
    assert_eq!(refused.json()["error"]["param"], "instructions");
    let unnamed = door.post("/v1/responses", "{}").await;
    assert_eq!(unnamed.json()["error"]["code"], "missing_model");
}
