//! Targets that fail again and again, and what a client is told of it.

use super::{decided, unlimited, upstream::Failing};
use crate::{
    chat::{ApiError, scan},
    gateway::{Answer, Forward, forward},
    reconcile::{
        Pinned,
        tests::{
            manifests::{calling, endpoint},
            rig::Rig,
        },
    },
};
use bytes::Bytes;
use std::time::{Duration, Instant};

const BODY: &[u8] = br#"{"model":"fast","messages":[{"role":"user","content":"hi"}]}"#;

/// `fast`: `remote`, then the others in order.
fn fast(fallbacks: &[&str]) -> String {
    let fallbacks: Vec<_> = fallbacks
        .iter()
        .map(|name| format!("{{endpoint: {name}}}"))
        .collect();
    format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: fast\nspec:\n  targets: [{{endpoint: remote}}]\n  fallbacks: [{}]\n",
        fallbacks.join(", ")
    )
}

async fn ask(served: &Pinned) -> Result<Answer, ApiError> {
    let decided = decided(served, None, Some("fast")).unwrap();
    let request = Forward {
        body: Bytes::from_static(BODY),
        envelope: scan(BODY).unwrap(),
        betas: None,
        deadline: None,
    };
    let meter = unlimited(served, &decided, &request);
    forward(served, &decided, request, meter)
        .await
        .map_err(|error| *error)
}

fn tried(answer: &Answer) -> String {
    let attempts: Vec<_> = answer.attempts.iter().map(ToString::to_string).collect();
    attempts.join(", ")
}

#[tokio::test(flavor = "multi_thread")]
async fn al_27_a_limited_primary_leads_to_the_next_target_and_both_attempts_are_told() {
    let upstream = Failing::with(429).await;
    let remote = calling("remote", &upstream.base_url, "");
    let rig = Rig::without_git();
    let manifests = [remote, endpoint("small", "s-1"), fast(&["small"])];
    rig.apply(&manifests.join("---\n")).await.unwrap();
    let answer = ask(&rig.reconciler().live().pin()).await.unwrap();
    assert_eq!(
        tried(&answer),
        "remote/m-1 429 rate_limit_exceeded, small/s-1 200"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_after_several_attempts_lists_them() {
    let upstream = Failing::with(503).await;
    let remote = calling(
        "remote",
        &upstream.base_url,
        "  retry: {max_attempts: 2, backoff: 1ms}\n",
    );
    let rig = Rig::without_git();
    rig.apply(&[remote, fast(&[])].join("---\n")).await.unwrap();
    let error = ask(&rig.reconciler().live().pin()).await.err().unwrap();
    let tried = "remote/m-1 502 upstream_error";
    assert_eq!(
        error.to_json()["error"]["orloj"]["attempts"],
        serde_json::json!([tried, tried])
    );
    assert!(
        error
            .details
            .headers
            .contains(&("x-orloj-attempts", format!("{tried}, {tried}")))
    );
    let line = &error.to_json()["error"]["orloj"]["manifest"];
    let served = rig.reconciler().live().pin();
    let decided = decided(&served, None, Some("fast")).unwrap();
    let target = decided.decision.targets.first().unwrap();
    assert_eq!(line.as_str(), Some(&*target.endpoint.origin.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_fallback_does_not_hide_what_a_provider_answered() {
    for limit in ["requests: 0", "tokens: 1"] {
        let upstream = Failing::with(500).await;
        let retry = "  retry: {max_attempts: 3, backoff: 1ms}\n";
        let remote = calling("remote", &upstream.base_url, retry);
        let full = format!(
            "{}  limits: [{{per: month, {limit}}}]\n",
            endpoint("full", "s-1")
        );
        let rig = Rig::without_git();
        rig.apply(&[remote, full, fast(&["full"])].join("---\n"))
            .await
            .unwrap();
        let error = ask(&rig.reconciler().live().pin()).await.err().unwrap();
        assert_eq!((upstream.calls(), error.status), (3, 502), "{limit}");
        assert_eq!(error.code.as_deref(), Some("upstream_error"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_takes_no_requests_says_so_and_nothing_of_tokens() {
    let closed = format!(
        "{}  limits: [{{per: month, requests: 0}}]\n",
        endpoint("remote", "s-1")
    );
    let rig = Rig::without_git();
    rig.apply(&[closed, fast(&[])].join("---\n")).await.unwrap();
    let error = ask(&rig.reconciler().live().pin()).await.err().unwrap();
    assert_eq!(error.code.as_deref(), Some("request_exceeds_limit"));
    assert!(error.message.contains("endpoint/remote has no requests"));
    assert!(!error.message.contains("max_tokens"), "{}", error.message);
    assert_eq!(error.param, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_take_its_key_is_not_asked_again_but_left_for_the_fallback() {
    for status in [401, 402, 403, 404] {
        let upstream = Failing::with(status).await;
        let remote = calling("remote", &upstream.base_url, "  retry: {max_attempts: 3}\n");
        let rig = Rig::without_git();
        let manifests = [remote, endpoint("small", "s-1"), fast(&["small"])];
        rig.apply(&manifests.join("---\n")).await.unwrap();
        let answer = ask(&rig.reconciler().live().pin()).await.unwrap();
        assert_eq!(
            (upstream.calls(), answer.attempts.len()),
            (1, 2),
            "{status}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_failed_too_often_is_passed_over_also_under_the_next_revision() {
    let upstream = Failing::with(503).await;
    let remote = calling(
        "remote",
        &upstream.base_url,
        "  breaker: {failures: 2, pause: 1h}\n",
    );
    let rig = Rig::without_git();
    let manifests = [remote, endpoint("small", "s-1"), fast(&["small"])];
    rig.apply(&manifests.join("---\n")).await.unwrap();
    for _ in 0..4 {
        ask(&rig.reconciler().live().pin()).await.unwrap();
    }
    assert_eq!(upstream.calls(), 2);
    rig.apply(&endpoint("another", "a-1")).await.unwrap();
    let answer = ask(&rig.reconciler().live().pin()).await.unwrap();
    assert_eq!(
        (upstream.calls(), tried(&answer).as_str()),
        (2, "small/s-1 200")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_changed_is_tried_anew() {
    let upstream = Failing::with(503).await;
    let breaker = "  breaker: {failures: 1, pause: 1h}\n";
    let remote = calling("remote", &upstream.base_url, breaker);
    let rig = Rig::without_git();
    let others = [endpoint("small", "s-1"), fast(&["small"])].join("---\n");
    rig.apply(&[remote.clone(), others].join("---\n"))
        .await
        .unwrap();
    for _ in 0..3 {
        ask(&rig.reconciler().live().pin()).await.unwrap();
    }
    assert_eq!(upstream.calls(), 1);
    let changed = remote.replace("failures: 1", "failures: 9");
    rig.apply(&changed).await.unwrap();
    ask(&rig.reconciler().live().pin()).await.unwrap();
    assert_eq!(upstream.calls(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_target_is_never_left_alone() {
    let (one, other) = (Failing::with(503).await, Failing::with(503).await);
    let breaker = "  breaker: {failures: 1, pause: 1h}\n";
    let remote = calling("remote", &one.base_url, breaker);
    let spare = calling("spare", &other.base_url, breaker);
    let rig = Rig::without_git();
    rig.apply(&[remote, spare, fast(&["spare"])].join("---\n"))
        .await
        .unwrap();
    for expected in [
        "upstream_error",
        "no_healthy_upstream",
        "no_healthy_upstream",
        "no_healthy_upstream",
    ] {
        let error = ask(&rig.reconciler().live().pin()).await.err().unwrap();
        assert_eq!(error.code.as_deref(), Some(expected));
    }
    // Both at first; from then on the one whose pause is over first.
    assert_eq!((one.calls(), other.calls()), (4, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn repetitions_end_when_the_budget_of_the_endpoint_is_spent() {
    let upstream = Failing::with(503).await;
    let fields =
        "  retry: {max_attempts: 10, backoff: 1ms, budget_percent: 1}\n  breaker: {failures: 0}\n";
    let remote = calling("remote", &upstream.base_url, fields);
    let rig = Rig::without_git();
    rig.apply(&[remote, fast(&[])].join("---\n")).await.unwrap();
    let served = rig.reconciler().live().pin();
    // The budget fills by the clock on the wall.
    let watch = Instant::now();
    for _ in 0..10 {
        assert!(ask(&served).await.is_err());
    }
    // The reserve of ten, and one for each second that passed.
    let passed = u32::try_from(watch.elapsed().as_secs()).unwrap();
    let most = 10 + 10 + passed + 1;
    assert!(
        (20..=most).contains(&upstream.calls()),
        "{}",
        upstream.calls()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b60_the_pause_a_provider_asks_for_is_waited_for_if_there_is_nowhere_else_to_go() {
    let upstream = Failing::asking(429, Some("1")).await;
    let retry = "  retry: {max_attempts: 2, backoff: 1ms}\n";
    let remote = calling("remote", &upstream.base_url, retry);
    let rig = Rig::without_git();
    rig.apply(&[remote.clone(), fast(&[])].join("---\n"))
        .await
        .unwrap();
    let watch = Instant::now();
    let error = ask(&rig.reconciler().live().pin()).await.err().unwrap();
    assert_eq!((upstream.calls(), error.retry_after()), (2, Some("1")));
    assert!(watch.elapsed() >= Duration::from_secs(1));

    let upstream = Failing::asking(429, Some("3600")).await;
    let remote = calling("remote", &upstream.base_url, retry);
    rig.apply(&remote).await.unwrap();
    ask(&rig.reconciler().live().pin()).await.err().unwrap();
    assert_eq!(upstream.calls(), 1, "an hour is not waited for");

    let upstream = Failing::asking(429, Some("20")).await;
    let remote = calling("remote", &upstream.base_url, retry);
    let others = [endpoint("small", "s-1"), fast(&["small"])].join("---\n");
    rig.apply(&[remote, others].join("---\n")).await.unwrap();
    ask(&rig.reconciler().live().pin()).await.unwrap();
    assert_eq!(upstream.calls(), 1, "another target need not wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_endpoints_total_is_the_time_for_all_attempts() {
    let upstream = Failing::with(503).await;
    let fields = "  timeouts: {total: 20s}\n  retry: {max_attempts: 3, backoff: 1h}\n";
    let remote = calling("remote", &upstream.base_url, fields);
    let rig = Rig::without_git();
    rig.apply(&[remote, fast(&[])].join("---\n")).await.unwrap();
    assert!(ask(&rig.reconciler().live().pin()).await.is_err());
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_target_tells_what_is_wrong_however_often_it_failed() {
    let upstream = Failing::with(503).await;
    let breaker = "  breaker: {failures: 1, pause: 1h}\n";
    let remote = calling("remote", &upstream.base_url, breaker);
    let rig = Rig::without_git();
    rig.apply(&[remote, fast(&[])].join("---\n")).await.unwrap();
    for _ in 0..3 {
        let error = ask(&rig.reconciler().live().pin()).await.err().unwrap();
        assert_eq!(
            (error.status, error.code.as_deref()),
            (502, Some("upstream_error"))
        );
    }
    assert_eq!(upstream.calls(), 3);
}
