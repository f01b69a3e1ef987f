//! Attempts, repetitions and fallbacks.

use super::{decided, unlimited, upstream::Failing};
use crate::{
    chat::{ApiError, scan},
    gateway::{Answer, Content, Forward, forward, forward::call},
    reconcile::tests::{
        manifests::{calling, endpoint},
        rig::Rig,
    },
    stopwatch::Stopwatch,
};
use bytes::Bytes;
use std::time::Duration;

const BODY: &[u8] = br#"{"model":"fast","messages":[{"role":"user","content":"hi"}]}"#;

/// `fast`: `remote`, then `small`.
fn fast() -> String {
    "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: fast\nspec:\n  targets:\n    - endpoint: remote\n  fallbacks:\n    - endpoint: small\n".to_owned()
}

async fn ask(manifests: &[String], deadline: Option<Duration>) -> Result<Answer, ApiError> {
    let rig = Rig::without_git();
    rig.apply(&manifests.join("---\n")).await.unwrap();
    let served = rig.reconciler().live().pin();
    let decided = decided(&served, None, Some("fast")).unwrap();
    let request = Forward {
        body: Bytes::from_static(BODY),
        envelope: scan(BODY).unwrap(),
        betas: None,
        deadline,
    };
    let meter = unlimited(&served, &decided, &request);
    let answer = forward(&served, &decided, request, meter).await;
    answer.map_err(|error| *error)
}

fn text(answer: Answer) -> String {
    let Content::Full(body, _) = answer.content else {
        unreachable!("nothing was streamed");
    };
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn al_27_a_failing_endpoint_is_repeated_as_it_says_and_then_left_for_its_fallback() {
    let upstream = Failing::with(503).await;
    let remote = calling(
        "remote",
        &upstream.base_url,
        "  retry: {max_attempts: 3, backoff: 1ms}\n",
    );
    let answer = ask(&[remote, endpoint("small", "s-1"), fast()], None)
        .await
        .unwrap();
    assert_eq!((upstream.calls(), answer.attempts.len()), (3, 4));
    assert!(
        answer.route.starts_with("fast -> small/s-1 ("),
        "{}",
        answer.route
    );
    let text = text(answer);
    assert!(
        text.contains("mock answer from endpoint default/small"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_wrong_is_neither_repeated_nor_sent_elsewhere() {
    let upstream = Failing::with(400).await;
    let remote = calling(
        "remote",
        &upstream.base_url,
        "  retry: {max_attempts: 3, backoff: 1ms}\n",
    );
    let refused = ask(&[remote, endpoint("small", "s-1"), fast()], None).await;
    assert_eq!(refused.err().map(|error| error.status), Some(400));
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_pause_is_begun_that_would_outlast_the_time_limit() {
    let upstream = Failing::with(503).await;
    let remote = calling(
        "remote",
        &upstream.base_url,
        "  retry: {max_attempts: 3, backoff: 1h}\n",
    );
    let started = Stopwatch::start();
    let limit = Some(Duration::from_secs(20));
    let answer = ask(&[remote, endpoint("small", "s-1"), fast()], limit)
        .await
        .unwrap();
    assert_eq!((upstream.calls(), answer.attempts.len()), (1, 2));
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_called_when_the_time_limit_is_over() {
    let upstream = Failing::with(503).await;
    let remote = calling("remote", &upstream.base_url, "");
    let refused = ask(
        &[remote, endpoint("small", "s-1"), fast()],
        Some(Duration::ZERO),
    )
    .await;
    assert_eq!(refused.err().map(|error| error.status), Some(504));
    assert_eq!(upstream.calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_without_its_secret_is_passed_over_or_503_with_the_reason() {
    let remote = calling(
        "remote",
        "http://127.0.0.1:9",
        "  auth:\n    secretRef: key\n",
    );
    let with_fallback = [remote.clone(), endpoint("small", "s-1"), fast()];
    let answer = ask(&with_fallback, None).await.unwrap();
    assert_eq!(answer.attempts.len(), 1);
    let alone = fast().replace("  fallbacks:\n    - endpoint: small\n", "");
    let Err(error) = ask(&[remote, alone], None).await else {
        unreachable!("nothing provides the secret");
    };
    assert_eq!(
        (error.status, error.code.as_deref()),
        (503, Some("endpoint_not_ready"))
    );
    assert!(
        error.message.contains("ORLOJ_SECRET_KEY"),
        "{}",
        error.message
    );
    let json = error.to_json();
    assert_eq!(json["error"]["orloj"]["reason"], "SecretNotFound");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_says_whether_it_stands_in_for_another_model() {
    let remote = calling("remote", "http://127.0.0.1:9", "");
    let rig = Rig::without_git();
    for (model, is_substitute) in [("m-1", false), ("s-1", true)] {
        let manifests = [remote.clone(), endpoint("small", model), fast()];
        rig.apply(&manifests.join("---\n")).await.unwrap();
        let served = rig.reconciler().live().pin();
        let decided = decided(&served, None, Some("fast")).unwrap();
        let request = Forward {
            body: Bytes::from_static(BODY),
            envelope: scan(BODY).unwrap(),
            betas: None,
            deadline: None,
        };
        let calls = decided.decision.targets.iter();
        let calls = calls.map(|target| call(&served, &decided, target, &request, None));
        let told: Vec<_> = calls.map(|call| call.is_substitute).collect();
        assert_eq!(told, [false, is_substitute], "{model}");
    }
}
