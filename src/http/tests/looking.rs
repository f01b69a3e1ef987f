//! What may be looked at, and what is answered where nothing is.

use super::door::Door;
use crate::reconcile::tests::{
    manifests::{agent, alias, clear_secret, endpoint},
    rig::Rig,
};
use serde_json::json;

const CHAT: &str = r#"{"model":"fast","messages":[{"role":"user","content":"hi"}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn readiness_says_why_not_and_then_what_is_served() {
    let door = Door::open(Rig::new()).await;
    let early = door.get("/readyz").await;
    assert_eq!(early.status, 503);
    assert_eq!(early.json()["detail"], "no revision is served yet");
    assert_eq!(
        door.post("/api/v1/sync", "").await.json()["outcome"],
        "retry"
    );
    let no_branch = door.get("/readyz").await.json();
    let detail = no_branch["detail"].as_str().unwrap();
    assert!(detail.contains("failed to read the source"), "{detail}");
    door.rig
        .push(&[("a.yaml", agent("writer", "missing"))], "bad");
    assert_eq!(
        door.post("/api/v1/sync", "").await.json()["outcome"],
        "rejected"
    );
    let refused = door.get("/readyz").await.json();
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("refused: 1 error;"), "{detail}");
    let commit = door
        .rig
        .push(&[("b.yaml", endpoint("missing", "m"))], "fix");
    let applied = door.post("/api/v1/sync", "").await.json();
    assert_eq!(
        (&applied["outcome"], &applied["revision"]),
        (&json!("applied"), &json!(commit))
    );
    let ready = door.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.json()["revision"].clone()),
        (200, json!(commit))
    );
    assert_eq!(
        door.post("/api/v1/sync", "").await.json()["outcome"],
        "unchanged"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_commit_stays_refused_when_it_is_asked_for_again() {
    let door = Door::open(Rig::new()).await;
    door.rig
        .push(&[("a.yaml", endpoint("small", "s-1"))], "good");
    door.post("/api/v1/sync", "").await;
    door.rig
        .push(&[("b.yaml", agent("writer", "missing"))], "bad");
    for _ in 0..2 {
        let answer = door.post("/api/v1/sync", "").await.json();
        assert_eq!(answer["outcome"], "rejected");
        assert_eq!(answer["findings"][0]["code"], "E-REF-MISSING");
        assert_eq!(answer["findings"][0]["file"], "b.yaml");
    }
    let status = door.get("/api/v1/status").await.json();
    assert_eq!(status["phase"], "Rejected");
    assert_eq!(status["attempt"]["summary"], "bad");
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_answers_carry_revision_and_route() {
    let rig = Rig::without_git();
    let text = [endpoint("small", "s-1"), alias("fast", "small")].join("---\n");
    let revision = rig.apply(&text).await.unwrap().revision;
    let door = Door::open(rig).await;
    for path in [
        "/v1/chat/completions",
        "/small",
        "/small/v1/chat/completions",
        "/default/small",
    ] {
        let answer = door.post(path, CHAT).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert_eq!(
            answer.revision.as_deref(),
            Some(revision.as_str()),
            "{path}"
        );
    }
    let models = door.get("/v1/models").await.json();
    let mut ids: Vec<_> = models["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["id"])
        .collect();
    ids.retain(|id| *id == "fast" || *id == "small");
    assert_eq!(ids.len(), 2, "{models}");
    assert_eq!(door.get("/v1/models/fast").await.json()["object"], "model");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_under_v1_is_an_openai_error_and_elsewhere_a_problem() {
    let rig = Rig::without_git();
    rig.apply(&endpoint("small", "s-1")).await.unwrap();
    let door = Door::open(rig).await;
    let unknown = door.post("/v1/images/generations", "{}").await;
    assert_eq!(
        (unknown.status, unknown.content_type.as_str()),
        (404, "application/json")
    );
    assert_eq!(unknown.json()["error"]["code"], "unknown_url");
    assert_eq!(
        door.get("/v1/models/nobody/x").await.json()["error"]["code"],
        "model_not_found"
    );
    let chat = door.post("/v1/chat/completions", CHAT).await;
    assert_eq!(
        (chat.status, chat.json()["error"]["code"].clone()),
        (404, json!("model_not_found"))
    );
    let broken = door.post("/v1/chat/completions", "{").await;
    assert_eq!(
        (broken.status, broken.json()["error"]["code"].clone()),
        (400, json!("not_json"))
    );
    let scoped = door.post("/nobody", CHAT).await;
    assert_eq!(scoped.json()["error"]["code"], "endpoint_not_found");
    let problem = door.get("/nowhere").await;
    assert_eq!(
        (problem.status, problem.content_type.as_str()),
        (404, "application/problem+json")
    );
    assert_eq!(
        door.post("/api/nothing", "{}").await.content_type,
        "application/problem+json"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_live_export_holds_what_git_manages_and_no_value_of_a_secret() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    rig.apply(&clear_secret("key", "sk-by-hand")).await.unwrap();
    let door = Door::open(rig).await;
    let live = door.get("/api/v1/live").await;
    let names: Vec<_> = live.json()["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| resource["name"].clone())
        .collect();
    assert_eq!(names, ["small"]);
    for path in [
        "/api/v1/live",
        "/v1/secrets",
        "/v1/secrets/key",
        "/api/v1/status",
        "/api/v1/revisions",
    ] {
        let shown = door.get(path).await;
        assert_eq!(shown.status, 200, "{path}");
        for trace in ["sk-by-hand", "c2stYnktaGFuZA", "\"clear\""] {
            assert!(
                !shown.text.contains(trace),
                "{path} shows {trace}: {}",
                shown.text
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_requests_by_status() {
    let rig = Rig::without_git();
    rig.apply(&endpoint("small", "s-1")).await.unwrap();
    let door = Door::open(rig).await;
    door.post("/small", CHAT).await;
    door.post("/v1/chat/completions", CHAT).await;
    let metrics = door.get("/metrics").await;
    assert!(
        metrics
            .content_type
            .starts_with("application/openmetrics-text")
    );
    for line in [
        "orloj_gateway_requests_total{status=\"200\"} 1",
        "orloj_gateway_requests_total{status=\"404\"} 1",
        "orloj_gateway_request_duration_seconds_count 2",
        "orloj_ready 1",
        "orloj_revision_errors 0",
    ] {
        assert!(
            metrics.text.lines().any(|found| found == line),
            "{line} in {}",
            metrics.text
        );
    }
    assert!(metrics.text.ends_with("# EOF\n"));
}
