//! OpenAI's Responses to OpenAI's own and to everybody else.

use super::fake::{Fake, Script, asking, build, chunks, full, streamed, upstream};
use crate::chat::Dialect;
use crate::providers::{ChatCall, ChatContent, NetworkOptions};
use futures_util::StreamExt;
use serde_json::{Value, json};

const ANSWER: &str = r#"{ "id":"resp_1","object":"response","x-new":12345678901234567890123,"model" : "gpt-x-2025","error":null,"output":[],"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":3}} }"#;

const EVENTS: &str = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"model\":\"gpt-x-2025\",\"error\":null,\"usage\":null}}\n\nevent: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"h\u{e9}\"}\n\nevent: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"model\":\"gpt-x-2025\",\"error\":null,\"usage\":{\"input_tokens\":10,\"output_tokens\":7}}}\n\n";

fn hello(stream: bool) -> Value {
    json!({"model": "up-model", "stream": stream, "input": "hi"})
}

fn call(body: &Value) -> ChatCall {
    asking(Dialect::Responses, body)
}

#[tokio::test]
async fn to_openais_own_request_and_answer_travel_byte_for_byte() {
    let fake = Fake::start(Script::text(200, "application/json", ANSWER)).await;
    for (provider, options, path) in [
        ("openai", json!({}), "/v1/responses"),
        (
            "azure-openai",
            json!({}),
            "/v1/openai/responses?api-version=2024-10-21",
        ),
        (
            "azure-openai",
            json!({"api_version": "v1"}),
            "/v1/openai/v1/responses",
        ),
    ] {
        let base = format!("{}/v1", fake.url());
        let upstream = upstream(provider, &base, &json!({"options": options}));
        let body = r#"{"previous_response_id":"resp_0", "store":true,"tools":[{"type":"web_search"}],"x":1.50,"model":"m","input":"h\u0069"}"#;
        let mut asked = call(&json!({"model": "m"}));
        asked.body = body.into();
        let answer = upstream.chat(asked).await.unwrap();
        let ChatContent::Full { body: got, usage } = answer.content else {
            panic!("a stream");
        };
        assert_eq!(got, ANSWER);
        let usage = usage.unwrap();
        assert_eq!(
            (
                usage.prompt_tokens,
                usage.cached_tokens,
                usage.reasoning_tokens
            ),
            (10, 4, 3)
        );
        let sent = fake.last();
        assert_eq!(
            (sent.path.as_str(), &sent.body[..]),
            (path, body.as_bytes())
        );
    }
}

#[tokio::test]
async fn to_openais_own_a_stream_is_forwarded_byte_for_byte_wherever_it_is_cut() {
    let fake = Fake::start(Script::sse(EVENTS)).await;
    let upstream = upstream("openai", &fake.url(), &json!({}));
    for cut in 0..EVENTS.len() {
        fake.set(Script::sse(EVENTS).cut(cut));
        let got = streamed(&upstream, call(&hello(true))).await.unwrap();
        assert_eq!(got, EVENTS, "cut at {cut}");
    }
    let mut renamed = call(&hello(true));
    renamed.response_model = Some("fast".into());
    let got = streamed(&upstream, renamed).await.unwrap();
    assert_eq!(got, EVENTS.replace("gpt-x-2025", "fast"));
}

#[tokio::test]
async fn a_native_stream_that_fails_says_so_and_is_counted_as_failed() {
    let start = EVENTS.split_inclusive("\n\n").next().unwrap();
    let failed = format!(
        "{start}event: response.failed\ndata: {{\"type\":\"response.failed\",\"response\":{{\"error\":{{\"code\":\"server_error\",\"message\":\"no\"}}}}}}\n\n"
    );
    let fake = Fake::start(Script::sse(&failed)).await;
    let upstream = upstream("openai", &fake.url(), &json!({}));
    let answer = upstream.chat(call(&hello(true))).await.unwrap();
    let ChatContent::Stream(frames) = answer.content else {
        panic!("a whole answer");
    };
    let frames: Vec<_> = frames.collect().await;
    let bytes: Vec<_> = frames.iter().map(|frame| frame.bytes.clone()).collect();
    assert_eq!(bytes.concat(), failed.as_bytes());
    assert!(frames[1].error.is_some());
    let told = "event: error\ndata: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"slow down\",\"param\":null}\n\n";
    for (rest, code) in [("", "upstream_error"), (told, "rate_limit_exceeded")] {
        fake.set(Script::sse(&format!("{start}{rest}")));
        let got = streamed(&upstream, call(&hello(true))).await.unwrap();
        let last = chunks(&got).pop().unwrap();
        assert_eq!(
            (&last["type"], &last["error"]["code"]),
            (&json!("error"), &json!(code)),
            "{got}"
        );
        assert_eq!(last["error"]["orloj"]["endpoint"], "default/here");
    }
}

const CHAT_STREAM: &str = "data: {\"id\":\"chatcmpl-1\",\"created\":5,\"model\":\"gpt-x\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"hey\"}}]}\n\ndata: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"chatcmpl-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":7}}\n\ndata: [DONE]\n\n";

#[tokio::test]
async fn to_other_servers_a_response_is_asked_for_as_a_chat_and_said_back() {
    let chat = json!({"id": "chatcmpl-1", "created": 5, "model": "gpt-x", "choices": [{"index": 0,
        "message": {"role": "assistant", "content": "hey"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 7}});
    let fake = Fake::start(Script::json(200, &chat)).await;
    let upstream = upstream("openai-compatible", &fake.url(), &json!({}));
    let answer = full(&upstream, call(&hello(false))).await;
    assert_eq!(
        (&answer["id"], &answer["status"]),
        (&json!("resp_1"), &json!("completed"))
    );
    assert_eq!(answer["output"][0]["content"][0]["text"], "hey");
    let sent = fake.last();
    assert_eq!(sent.path, "/chat/completions");
    assert_eq!(
        sent.json(),
        json!({"model": "up-model", "messages": [{"role": "user", "content": "hi"}]})
    );
    fake.set(Script::sse(CHAT_STREAM));
    let whole = streamed(&upstream, call(&hello(true))).await.unwrap();
    assert_eq!(
        fake.last().json()["stream_options"],
        json!({"include_usage": true})
    );
    let last = chunks(&whole).pop().unwrap();
    assert_eq!(
        (&last["type"], &last["response"]["usage"]["total_tokens"]),
        (&json!("response.completed"), &json!(107))
    );
    assert!(!whole.contains("[DONE]"));
    for cut in 0..CHAT_STREAM.len() {
        fake.set(Script::sse(CHAT_STREAM).cut(cut));
        let got = streamed(&upstream, call(&hello(true))).await.unwrap();
        assert_eq!(got, whole, "cut at {cut}");
    }
}

#[tokio::test]
async fn to_anthropic_and_mock_responses_go_too() {
    let message = json!({"id": "msg_1", "type": "message", "model": "claude-x", "stop_reason": "tool_use",
        "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {"q": 1}}],
        "usage": {"input_tokens": 5, "output_tokens": 2}});
    let fake = Fake::start(Script::json(200, &message)).await;
    let mut body = hello(false);
    body["instructions"] = "brief".into();
    body["max_output_tokens"] = 9.into();
    body["tools"] = json!([{"type": "function", "name": "f", "parameters": {"type": "object"}}]);
    let answer = full(&upstream("anthropic", &fake.url(), &json!({})), call(&body)).await;
    let sent = fake.last().json();
    assert_eq!(
        (&sent["system"], &sent["max_tokens"]),
        (&json!("brief"), &json!(9))
    );
    assert_eq!(answer["output"][0]["call_id"], "a");
    let mock = build("mock", "", &json!({"auth": {}}), &NetworkOptions::default()).unwrap();
    let events = streamed(&mock, call(&hello(true))).await.unwrap();
    let last = chunks(&events).pop().unwrap();
    assert!(
        last["response"]["output"][0]["content"][0]["text"]
            .as_str()
            .unwrap()
            .ends_with("You said: hi")
    );
}

#[tokio::test]
async fn what_only_openai_keeps_is_refused_elsewhere_before_anything_is_sent() {
    let fake = Fake::start(Script::json(200, &json!({}))).await;
    let mut body = hello(false);
    body["previous_response_id"] = "resp_0".into();
    for provider in ["openai-compatible", "anthropic", "ollama"] {
        let error = upstream(provider, &fake.url(), &json!({}))
            .chat(call(&body))
            .await
            .unwrap_err();
        assert_eq!(
            (error.status, error.param.as_deref()),
            (400, Some("previous_response_id"))
        );
        assert_eq!(error.code.as_deref(), Some("unsupported_parameter"));
    }
    assert_eq!(fake.calls(), 0);
}

#[tokio::test]
async fn tokens_written_to_a_cache_and_thought_are_counted_and_told() {
    let message = json!({"id": "msg_1", "type": "message", "model": "claude-x", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "hey"}],
        "usage": {"input_tokens": 100, "cache_creation_input_tokens": 100_000, "output_tokens": 10,
            "output_tokens_details": {"thinking_tokens": 4}}});
    let fake = Fake::start(Script::json(200, &message)).await;
    let upstream = upstream("anthropic", &fake.url(), &json!({}));
    let answer = upstream.chat(call(&hello(false))).await.unwrap();
    let ChatContent::Full { body, usage } = answer.content else {
        panic!("a stream");
    };
    let usage = usage.unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.cache_write_tokens),
        (100_100, 100_000)
    );
    assert_eq!(usage.reasoning_tokens, 4);
    let told: Value = serde_json::from_slice(&body).unwrap();
    let told = &told["usage"];
    assert_eq!(told["input_tokens_details"]["cache_write_tokens"], 100_000);
    assert_eq!(told["output_tokens_details"]["reasoning_tokens"], 4);
}

#[tokio::test]
async fn events_that_hold_a_picture_or_repeat_a_long_request_go_through() {
    let long = "x".repeat(5 << 20);
    let event = |kind: &str, more: Value| {
        let mut event = json!({"type": kind});
        event["response"] = more;
        format!("event: {kind}\ndata: {event}\n\n")
    };
    let events = [
        event("response.created", json!({"instructions": long})),
        event("response.output_item.done", json!({"result": long})),
        event(
            "response.completed",
            json!({"instructions": long, "output": [long]}),
        ),
    ]
    .concat();
    let fake = Fake::start(Script::sse(&events)).await;
    let upstream = upstream("openai", &fake.url(), &json!({}));
    let got = streamed(&upstream, call(&hello(true))).await.unwrap();
    assert!(got == events, "{} bytes", got.len());
}
