use super::fake::{Fake, KEY, Script, call, full, hello, upstream};
use crate::chat::scan;
use crate::providers::ChatContent;
use serde_json::json;

fn answer() -> Script {
    Script::text(200, "application/json", ANSWER)
}

/// Spacing, an unknown field and a number that a double cannot hold.
const ANSWER: &str = r#"{ "id":"c1", "x-new":12345678901234567890123,"model" : "gpt-3.5-turbo-0125","choices":[{"index":0,"message":{"role":"assistant","content":"hey"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9,"prompt_tokens_details":{"cached_tokens":3}} }"#;

#[tokio::test]
async fn line_01_line_02_request_and_answer_travel_byte_for_byte() {
    let fake = Fake::start(answer()).await;
    let upstream = upstream("openai", &format!("{}/v1/", fake.url()), &json!({}));
    let body = r#"{"seed":12345678901234567890123, "temperature":1.50,"unknown":{"b":1,"a":2},"model":"fast","messages":[{"role":"user","content":"h\u0069"}]}"#;
    let mut asked = call(&hello());
    asked.body = scan(body.as_bytes())
        .unwrap()
        .with_model(body.as_bytes(), "gpt-3.5-turbo");
    let ChatContent::Full { body: got, usage } = upstream.chat(asked).await.unwrap().content else {
        panic!("a stream");
    };
    assert_eq!(got, ANSWER);
    let usage = usage.unwrap();
    assert_eq!(
        (
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.cached_tokens
        ),
        (7, 2, 3)
    );
    let sent = fake.last();
    assert_eq!(sent.body, body.replace("\"fast\"", "\"gpt-3.5-turbo\""));
    assert_eq!(sent.path, "/v1/chat/completions");
    assert_eq!(
        sent.header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
    assert_eq!(sent.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn answers_model_is_rewritten_where_it_stands_when_asked() {
    let fake = Fake::start(answer()).await;
    let upstream = upstream("openai", &fake.url(), &json!({}));
    let mut asked = call(&hello());
    asked.response_model = Some("fast".into());
    let ChatContent::Full { body, .. } = upstream.chat(asked).await.unwrap().content else {
        panic!("a stream");
    };
    assert_eq!(body, ANSWER.replace("gpt-3.5-turbo-0125", "fast"));
}

#[tokio::test]
async fn azure_urls_follow_the_form_of_base_and_version() {
    let fake = Fake::start(answer()).await;
    for (base, options, path) in [
        (
            "",
            json!({}),
            "/openai/deployments/my%20gpt%2F4/chat/completions?api-version=2024-10-21",
        ),
        (
            "/",
            json!({"api_version": "2025-01-01-preview"}),
            "/openai/deployments/my%20gpt%2F4/chat/completions?api-version=2025-01-01-preview",
        ),
        (
            "/openai",
            json!({}),
            "/openai/deployments/my%20gpt%2F4/chat/completions?api-version=2024-10-21",
        ),
        (
            "/openai/v1/",
            json!({"api_version": "2024-10-21"}),
            "/openai/v1/chat/completions",
        ),
        (
            "",
            json!({"api_version": "v1"}),
            "/openai/v1/chat/completions",
        ),
    ] {
        let url = format!("{}{base}", fake.url());
        let upstream = upstream("azure-openai", &url, &json!({"options": options}));
        let mut asked = call(&hello());
        asked.model = "my gpt/4".into();
        full(&upstream, asked).await;
        let sent = fake.last();
        assert_eq!(sent.path, path);
        assert_eq!(sent.header("api-key"), Some(KEY));
        assert_eq!(sent.header("authorization"), None);
    }
}

#[tokio::test]
async fn al_24_azure_model_that_would_climb_in_the_path_is_refused() {
    let fake = Fake::start(answer()).await;
    let upstream = upstream("azure-openai", &fake.url(), &json!({}));
    for model in ["..", ".", " "] {
        let mut asked = call(&hello());
        asked.model = model.into();
        let error = upstream.chat(asked).await.unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some("model")));
    }
    assert_eq!(fake.calls(), 0);
}

#[tokio::test]
async fn compatible_server_without_key_gets_none() {
    let fake = Fake::start(answer()).await;
    let upstream = upstream("openai-compatible", &fake.url(), &json!({"auth": {}}));
    full(&upstream, call(&hello())).await;
    assert_eq!(fake.last().header("authorization"), None);
}

#[tokio::test]
async fn ollama_can_be_called_in_openais_dialect() {
    let fake = Fake::start(answer()).await;
    let upstream = upstream(
        "ollama",
        &fake.url(),
        &json!({"auth": {}, "options": {"api": "openai"}}),
    );
    full(&upstream, call(&hello())).await;
    assert_eq!(fake.last().path, "/v1/chat/completions");
}

#[tokio::test]
async fn answer_that_is_no_completion_is_the_upstreams_fault() {
    let fake = Fake::start(answer()).await;
    let upstream = upstream("openai", &fake.url(), &json!({}));
    for body in ["", "<html>", "[]", "{}", "{\"choices\":"] {
        fake.set(Script::text(200, "application/json", body));
        let error = upstream.chat(call(&hello())).await.unwrap_err();
        assert_eq!(
            (error.status, error.kind),
            (502, "upstream_error"),
            "{body}"
        );
    }
    fake.set(Script::json(
        200,
        &json!({"error": {"message": "boom", "type": "server_error"}}),
    ));
    let error = upstream.chat(call(&hello())).await.unwrap_err();
    assert_eq!((error.status, error.message.as_str()), (502, "boom"));
}

#[tokio::test]
async fn al_14_limit_goes_by_the_name_that_the_resolved_model_knows() {
    let fake = Fake::start(answer()).await;
    let body = r#"{"messages":[{"role":"user","content":"\"max_tokens\":1"}], "max_tokens" : 9.0,"model":"m"}"#;
    let newer = body.replace(r#""max_tokens" :"#, r#""max_completion_tokens" :"#);
    let both = body.replace("{\"messages", "{\"max_completion_tokens\":5,\"messages");
    for (provider, model, body, expected) in [
        ("openai", "gpt-5.1", body, newer.as_str()),
        ("openai", "o3-mini", body, newer.as_str()),
        ("openai", "gpt-4o", body, body),
        ("openai", "gpt-5.1", both.as_str(), both.as_str()),
        ("openai-compatible", "gpt-5.1", body, body),
    ] {
        let upstream = upstream(provider, &fake.url(), &json!({}));
        let mut asked = call(&json!({"model": model}));
        asked.body = body.to_owned().into();
        full(&upstream, asked).await;
        assert_eq!(fake.last().body, expected, "{provider} {model}");
    }
}
