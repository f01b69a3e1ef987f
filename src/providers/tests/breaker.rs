//! What the calls of an endpoint tell of it.

use super::fake::{End, Fake, Script, asking, call, full, hello, hello_stream, streamed, upstream};
use crate::{
    chat::Dialect,
    providers::{ChatContent, Standing, Upstream},
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::time::Duration;

const CHUNK: &str = "data: {\"choices\":[]}\n\n";

fn failing(fake: &Fake, failures: u32, extra: &Value) -> Upstream {
    let mut fields = json!({"breaker": {"failures": failures, "pause": "1h"}});
    for (name, value) in extra.as_object().unwrap() {
        fields[name] = value.clone();
    }
    upstream("openai-compatible", &fake.url(), &fields)
}

fn is_left_alone(upstream: &Upstream) -> bool {
    matches!(upstream.standing("up-model"), Standing::LeftAlone { .. })
}

fn well() -> Script {
    Script::json(200, &json!({"choices": []}))
}

/// An endpoint that failed, whose pause is over.
async fn failed_once(fake: &Fake) -> Upstream {
    fake.set(Script::json(503, &json!({})));
    let extra = json!({"breaker": {"failures": 1, "pause": "1ms"}});
    let upstream = upstream("openai-compatible", &fake.url(), &extra);
    upstream.chat(call(&hello())).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(20)).await;
    upstream
}

#[tokio::test]
async fn streams_that_break_off_are_failures() {
    let fake = Fake::start(Script::sse(CHUNK).end(End::Break)).await;
    let upstream = failing(&fake, 2, &json!({}));
    for _ in 0..2 {
        assert!(!is_left_alone(&upstream));
        let got = streamed(&upstream, call(&hello_stream())).await.unwrap();
        assert!(got.contains("error"), "{got}");
    }
    assert!(is_left_alone(&upstream));
}

#[tokio::test]
async fn a_stream_is_no_success_before_it_has_ended() {
    let fake = Fake::start(Script::json(503, &json!({}))).await;
    let waits =
        json!({"timeouts": {"first_byte": "400ms"}, "options": {"stream_keep_alive": "100ms"}});
    let upstream = failing(&fake, 2, &waits);
    upstream.chat(call(&hello())).await.unwrap_err();
    fake.set(Script::sse("").end(End::Hang));
    let got = streamed(&upstream, call(&hello_stream())).await.unwrap();
    assert!(got.starts_with(": keep-alive"), "{got}");
    assert!(is_left_alone(&upstream), "{got}");
}

#[tokio::test]
async fn a_client_that_leaves_says_nothing() {
    let fake = Fake::start(Script::sse(CHUNK).end(End::Hang)).await;
    let upstream = failing(&fake, 1, &json!({}));
    let answer = upstream.chat(call(&hello_stream())).await.unwrap();
    drop(answer);
    assert_eq!(upstream.standing("up-model"), Standing::Well);
}

#[tokio::test]
async fn a_call_that_came_to_no_end_lets_the_next_one_try() {
    let fake = Fake::start(well()).await;
    let upstream = failed_once(&fake).await;

    // Whole, and its client leaves.
    fake.set(well().end(End::Hang));
    assert_eq!(upstream.standing("up-model"), Standing::Probed);
    let calling = upstream.chat(call(&hello()));
    let left = tokio::time::timeout(Duration::from_millis(100), calling).await;
    assert!(left.is_err());

    // Streamed, and its client leaves.
    fake.set(Script::sse(CHUNK).end(End::Hang));
    assert_eq!(upstream.standing("up-model"), Standing::Probed);
    let answer = upstream.chat(call(&hello_stream())).await.unwrap();
    let ChatContent::Stream(mut frames) = answer.content else {
        panic!("no stream");
    };
    frames.next().await.unwrap();
    assert!(is_left_alone(&upstream), "it is being tried");
    drop(frames);

    // Never made.
    assert_eq!(upstream.standing("up-model"), Standing::Probed);
    upstream.pass_by("up-model");

    // No time left.
    fake.set(well().end(End::Hang));
    assert_eq!(upstream.standing("up-model"), Standing::Probed);
    let mut hurried = call(&hello());
    hurried.deadline = Some(Duration::from_millis(50));
    upstream.chat(hurried).await.unwrap_err();

    fake.set(well());
    assert_eq!(upstream.standing("up-model"), Standing::Probed);
    full(&upstream, call(&hello())).await;
    assert_eq!(upstream.standing("up-model"), Standing::Well);
}

#[tokio::test]
async fn what_the_gateway_refuses_says_nothing() {
    let fake = Fake::start(well()).await;
    let upstream = failed_once(&fake).await;
    let calls = fake.calls();
    let body = json!({"model": "up-model", "input": "hi", "previous_response_id": "resp_1"});
    for _ in 0..2 {
        assert_eq!(upstream.standing("up-model"), Standing::Probed);
        let refused = upstream.chat(asking(Dialect::Responses, &body)).await;
        assert_eq!(refused.unwrap_err().status, 400);
    }
    assert_eq!(fake.calls(), calls);
}
