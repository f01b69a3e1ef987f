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
    ask_with(served, BODY).await
}

async fn ask_with(served: &Pinned, body: &'static [u8]) -> Result<Answer, ApiError> {
    let decided = decided(served, None, Some("fast")).unwrap();
    let request = Forward {
        body: Bytes::from_static(body),
        envelope: scan(body).unwrap(),
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
async fn a_request_that_a_limit_keeps_away_leaves_the_trial_to_the_next_one() {
    let upstream = Failing::once(503).await;
    let remote = calling(
        "remote",
        &upstream.base_url,
        "  breaker: {failures: 1, pause: 10ms}\n  limits: [{per: hour, tokens: 20000}]\n",
    );
    let rig = Rig::without_git();
    let manifests = [remote, endpoint("small", "s-1"), fast(&["small"])];
    rig.apply(&manifests.join("---\n")).await.unwrap();
    let served = rig.reconciler().live().pin();
    let small: &[u8] =
        br#"{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
    let large: &[u8] = br#"{"model":"fast","max_tokens":50000,"messages":[]}"#;
    ask_with(&served, small).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let answer = ask_with(&served, large).await.unwrap();
    assert_eq!(
        (upstream.calls(), tried(&answer).as_str()),
        (1, "small/s-1 200")
    );
    let answer = ask_with(&served, small).await.unwrap();
    assert_eq!(tried(&answer), "remote/m-1 200");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_time_limit_that_is_met_names_its_line() {
    let upstream = Failing::silent().await;
    let fields = "  timeouts:\n    first_byte: 50ms\n";
    let remote = calling("remote", &upstream.base_url, fields);
    let line = remote.lines().position(|line| line.contains("first_byte"));
    let line = line.unwrap() + 1;
    let rig = Rig::without_git();
    rig.apply(&[remote, fast(&[])].join("---\n")).await.unwrap();
    let error = ask(&rig.reconciler().live().pin()).await.err().unwrap();
    let place = error.details.orloj["limit_source"].as_str().unwrap();
    assert!(place.ends_with(&format!(":{line}")), "{place}");
    assert!(error.message.ends_with(place), "{}", error.message);
    assert_eq!(error.details.orloj["timeout"], "first_byte");
}
