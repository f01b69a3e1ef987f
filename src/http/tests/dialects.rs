//! Every dialect at its own path, scoped and not.

use super::door::{Answered, Door, answered};
use crate::reconcile::tests::{
    manifests::{agent, alias, endpoint},
    rig::Rig,
};
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use reqwest::Method;
use serde_json::json;
use std::io::Write as _;

async fn door() -> Door {
    let rig = Rig::without_git();
    let text = [endpoint("small", "s-1"), alias("fast", "small")].join("---\n");
    rig.apply(&text).await.unwrap();
    Door::open(rig).await
}

#[tokio::test(flavor = "multi_thread")]
async fn al_17_embeddings_are_made_by_alias_and_within_an_endpoint() {
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
async fn al_17_messages_are_answered_by_alias_and_agent_and_within_an_endpoint() {
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
async fn al_17_responses_are_made_by_alias_and_agent_and_within_an_endpoint() {
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

const CHAT: &str = r#"{"model":"fast","messages":[{"role":"user","content":"hi"}]}"#;

async fn encoded(door: &Door, encoding: &str, body: Vec<u8>) -> Answered {
    let request = door.request(Method::POST, "/v1/chat/completions");
    answered(request.header("content-encoding", encoding).body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn line_04_al_22_compressed_bodies_are_read_within_the_limit() {
    let door = door().await;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(CHAT.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let mut deflate = ZlibEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(CHAT.as_bytes()).unwrap();
    let deflate = deflate.finish().unwrap();
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 40 << 20]).unwrap();
    for (encoding, body, status) in [
        ("gzip", gzip.clone(), 200),
        ("X-GZIP", gzip.clone(), 200),
        ("deflate", deflate, 200),
        ("identity", CHAT.into(), 200),
        ("br", gzip.clone(), 415),
        ("gzip, br", gzip.clone(), 415),
        ("gzip", gzip[..gzip.len() / 2].to_vec(), 400),
        ("gzip", CHAT.into(), 400),
        ("gzip", bomb.finish().unwrap(), 413),
    ] {
        let answer = encoded(&door, encoding, body).await;
        assert_eq!(answer.status, status, "{encoding}: {}", answer.text);
        if status == 200 {
            assert_eq!(answer.json()["model"], "s-1");
        } else {
            assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn line_04_what_is_not_read_is_refused_with_what_is_and_a_bomb_by_its_ratio() {
    let door = door().await;
    for encoding in ["br", "zstd", "compress", "gzip, gzip"] {
        let request = door.request(Method::POST, "/v1/chat/completions");
        let request = request.header("content-encoding", encoding).body(CHAT);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 415, "{encoding}");
        assert_eq!(response.headers()["accept-encoding"], "gzip, deflate");
    }
    // Blanks in front of a request: harmless up to a mebibyte, however small they were packed.
    for (blanks, status) in [(1_000_000, 200), (2_000_000, 413)] {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&vec![b' '; blanks]).unwrap();
        gzip.write_all(CHAT.as_bytes()).unwrap();
        let packed = gzip.finish().unwrap();
        assert!(packed.len() < 4_000, "{} bytes", packed.len());
        let answer = encoded(&door, "gzip", packed).await;
        assert_eq!(answer.status, status, "{blanks}: {}", answer.text);
        let plain = door
            .post(
                "/v1/chat/completions",
                format!("{}{CHAT}", " ".repeat(blanks)),
            )
            .await;
        assert_eq!(plain.status, 200, "{blanks} plain");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn al_19_one_name_is_an_object_or_not_found() {
    let door = door().await;
    let fast = door.get("/v1/models/fast").await;
    assert_eq!((fast.status, &fast.json()["id"]), (200, &json!("fast")));
    let nobody = door.get("/v1/models/nope").await;
    assert_eq!(
        (nobody.status, &nobody.json()["error"]["code"]),
        (404, &json!("model_not_found"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn al_28_names_are_compared_letter_by_letter_and_the_nearest_is_suggested() {
    let door = door().await;
    for name in ["Fast", " fast", "fast "] {
        let body = CHAT.replace("fast", name);
        let answer = door.post("/v1/chat/completions", body).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (404, &json!("model_not_found")),
            "{name}"
        );
        assert!(
            answer.text.contains("did you mean `fast`"),
            "{}",
            answer.text
        );
    }
}
