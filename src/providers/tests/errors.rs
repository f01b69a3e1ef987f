use super::fake::{End, Fake, KEY, Script, call, hello, upstream};
use crate::chat::ApiError;
use serde_json::{Value, json};

async fn error(script: Script) -> ApiError {
    let fake = Fake::start(script).await;
    let extra = json!({"timeouts": {"first_byte": "2s"}});
    let upstream = upstream("openai", &fake.url(), &extra);
    upstream.chat(call(&hello())).await.unwrap_err()
}

fn said(message: &str) -> Value {
    json!({"error": {"message": message, "type": "t", "param": null, "code": null}})
}

/// The provider's status and message, then what the client sees: status, type, code, retryable.
const TABLE: [(u16, &str, &str); 15] = [
    (400, "bad", "400 invalid_request_error - final"),
    (422, "bad", "400 invalid_request_error - final"),
    (
        400,
        "This model's maximum context length is 5",
        "400 invalid_request_error context_length_exceeded final",
    ),
    (
        400,
        "Your credit balance is too low",
        "502 upstream_error upstream_quota final",
    ),
    (
        401,
        "bad key",
        "502 upstream_error upstream_authentication_failed final",
    ),
    (402, "pay", "502 upstream_error upstream_quota final"),
    (
        403,
        "no",
        "502 upstream_error upstream_permission_denied final",
    ),
    (
        404,
        "no model",
        "502 upstream_error upstream_model_not_found final",
    ),
    (408, "slow", "504 timeout timeout retryable"),
    (413, "big", "413 request_too_large request_too_large final"),
    (
        429,
        "slow down",
        "429 rate_limit_error rate_limit_exceeded retryable",
    ),
    (
        429,
        "enforced_spend_limit_reached",
        "429 insufficient_quota insufficient_quota final",
    ),
    (503, "oops", "502 upstream_error upstream_error retryable"),
    (529, "busy", "503 overloaded overloaded retryable"),
    (307, "moved", "502 upstream_error upstream_error final"),
];

fn seen(error: &ApiError) -> String {
    let retryable = if error.is_retryable() {
        "retryable"
    } else {
        "final"
    };
    let code = error.code.as_deref().unwrap_or("-");
    format!("{} {} {code} {retryable}", error.status, error.kind)
}

#[tokio::test]
async fn line_57_each_status_of_a_provider_becomes_what_the_table_says() {
    let fake = Fake::start(Script::json(500, &json!({}))).await;
    let upstream = upstream("openai", &fake.url(), &json!({}));
    for (theirs, message, ours) in TABLE {
        let script = Script::json(theirs, &said(message)).header("x-request-id", "r-1");
        fake.set(script);
        let error = upstream.chat(call(&hello())).await.unwrap_err();
        assert_eq!(seen(&error), ours, "{theirs} {message}");
        let json = error.to_json();
        let orloj = &json["error"]["orloj"];
        assert_eq!(orloj["source"], "upstream");
        assert_eq!(orloj["upstream_status"], theirs);
        assert_eq!(orloj["upstream_request_id"], "r-1");
        assert_eq!(orloj["provider"], "openai");
        assert_eq!(orloj["endpoint"], "default/here");
    }
}

#[tokio::test]
async fn spent_quota_is_told_apart_from_a_rate_limit() {
    let body = json!({"error": {"message": "no money", "code": "insufficient_quota"}});
    let error = error(Script::json(429, &body)).await;
    assert_eq!(
        seen(&error),
        "429 insufficient_quota insufficient_quota final"
    );
}

#[tokio::test]
async fn provider_text_about_keys_is_not_passed_on_and_an_echoed_key_is_blotted_out() {
    for status in [401, 403] {
        let error = error(Script::json(
            status,
            &said("Incorrect API key sk-cana*4711"),
        ))
        .await;
        assert!(!error.to_json().to_string().contains("sk-cana"), "{error}");
    }
    let error = error(Script::json(400, &said(&format!("header was {KEY}")))).await;
    assert_eq!(error.message, "header was [key]");
}

#[tokio::test]
async fn a_refusal_of_a_call_without_a_key_does_not_speak_of_one() {
    let fake = Fake::start(Script::json(401, &said("who are you"))).await;
    let open = upstream("openai-compatible", &fake.url(), &json!({"auth": {}}));
    for (status, words) in [
        (401, "wants a key, and the manifests give it none"),
        (403, "denied this, and the manifests give it no key"),
    ] {
        fake.set(Script::json(status, &said("no")));
        let error = open.chat(call(&hello())).await.unwrap_err();
        assert!(error.message.ends_with(words), "{error}");
    }
    let keyed = upstream("openai-compatible", &fake.url(), &json!({}));
    let error = keyed.chat(call(&hello())).await.unwrap_err();
    assert!(
        error
            .message
            .ends_with("to the key that the manifests give it"),
        "{error}"
    );
}

#[tokio::test]
async fn validation_error_keeps_message_param_and_code() {
    let body = json!({"error": {"message": "bad n", "type": "invalid_request_error", "param": "n", "code": "bad_n"}});
    let error = error(Script::json(400, &body)).await;
    assert_eq!(error.message, "bad n");
    assert_eq!(error.param.as_deref(), Some("n"));
    assert_eq!(error.code.as_deref(), Some("bad_n"));
}

#[tokio::test]
async fn model_the_client_named_itself_is_not_found_for_the_client() {
    let fake = Fake::start(Script::json(404, &said("no such model"))).await;
    let upstream = upstream("openai", &fake.url(), &json!({}));
    for requested in ["up-model", "here/up-model"] {
        let mut asked = call(&hello());
        asked.requested = requested.into();
        let error = upstream.chat(asked).await.unwrap_err();
        assert_eq!(
            (error.status, error.code.as_deref()),
            (404, Some("model_not_found"))
        );
    }
}

#[tokio::test]
async fn line_60_pauses_and_limits_reach_the_client() {
    let limited = || Script::json(429, &said("slow down"));
    for (name, value, pause) in [
        ("retry-after", "7", "7"),
        (
            "retry-after",
            "Wed, 21 Oct 2026 07:28:00 GMT",
            "Wed, 21 Oct 2026 07:28:00 GMT",
        ),
        ("retry-after-ms", "1200", "2"),
    ] {
        let error = error(limited().header(name, value)).await;
        assert_eq!(error.retry_after(), Some(pause));
    }
    assert_eq!(error(limited()).await.retry_after(), None);
    assert!(
        error(Script::json(529, &said("busy")))
            .await
            .retry_after()
            .is_some()
    );
    let error = error(limited().header("anthropic-ratelimit-tokens-remaining", "5")).await;
    let header = ("x-ratelimit-remaining-tokens", "5".to_owned());
    assert!(error.details.headers.contains(&header));
}

#[tokio::test]
async fn line_58_line_59_bodies_that_are_no_error_objects_leave_our_own_words() {
    for body in [
        "",
        "<html><body>Bad Gateway sk-secret</body></html>",
        "null",
        "{\"error\":7}",
    ] {
        let error = error(Script::text(502, "text/html", body)).await;
        assert_eq!(
            error.message,
            "openai of endpoint `default/here` answered 502 without a message"
        );
    }
}

#[tokio::test]
async fn line_61_huge_or_endless_error_body_is_cut() {
    let body = said(&"x".repeat(3 << 20)).to_string();
    let huge = error(Script::text(500, "application/json", &body)).await;
    assert_eq!(huge.status, 502);
    assert!(huge.message.len() < 10_000);
    let endless = error(Script::json(500, &said("oops")).end(End::Hang)).await;
    assert_eq!((endless.status, endless.message.as_str()), (502, "oops"));
}

#[tokio::test]
async fn host_that_cannot_be_reached_is_named() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let upstream = upstream("openai", &format!("http://{address}/v1"), &json!({}));
    let error = upstream.chat(call(&hello())).await.unwrap_err();
    assert_eq!((error.status, error.kind), (502, "upstream_error"));
    assert!(
        error.message.contains(&address.to_string()),
        "{}",
        error.message
    );
    assert!(error.is_retryable());
}

#[tokio::test]
async fn answer_that_does_not_start_in_time_is_a_timeout_naming_the_limit() {
    let error = error(Script::text(200, "application/json", "").end(End::Hang)).await;
    assert_eq!((error.status, error.kind), (504, "timeout"));
    assert_eq!(error.to_json()["error"]["orloj"]["timeout"], "first_byte");
    assert!(error.message.contains("first_byte"));
}
