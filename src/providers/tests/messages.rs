//! Anthropic's Messages to Anthropic and to everybody else.

use super::fake::{End, Fake, KEY, Script, asking, build, chunks, full, streamed, upstream};
use crate::chat::{Dialect, Usage};
use crate::providers::{ChatCall, ChatContent, NetworkOptions, Upstream};
use futures_util::StreamExt;
use serde_json::{Value, json};

/// Spacing, an unknown field and a number that a double cannot hold.
const ANSWER: &str = r#"{ "id":"msg_1","type":"message","x-new":12345678901234567890123,"model" : "claude-x-2025","content":[{"type":"text","text":"hey"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"cache_read_input_tokens":90,"output_tokens":7} }"#;

const EVENTS: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\", \"model\":\"claude-x-2025\",\"content\":[],\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":90,\"output_tokens\":1}}}\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"h\u{e9}\"}}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

fn hello(stream: bool) -> Value {
    json!({"model": "up-model", "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": "hi"}]})
}

fn call(body: &Value) -> ChatCall {
    asking(Dialect::Messages, body)
}

fn anthropic(fake: &Fake, more: &Value) -> Upstream {
    upstream("anthropic", &format!("{}/v1", fake.url()), more)
}

fn chat_answer() -> Script {
    let answer = json!({"id": "chatcmpl-1", "model": "gpt-x", "choices": [{"index": 0,
        "message": {"role": "assistant", "content": "hey"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 7}});
    Script::json(200, &answer)
}

const CHAT_STREAM: &str = "data: {\"id\":\"chatcmpl-1\",\"model\":\"gpt-x\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"hey\"}}]}\n\ndata: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"chatcmpl-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":7}}\n\ndata: [DONE]\n\n";

#[tokio::test]
async fn to_anthropic_request_and_answer_travel_byte_for_byte() {
    let fake = Fake::start(Script::text(200, "application/json", ANSWER)).await;
    let body = r#"{"top_k":5, "max_tokens":9,"unknown":{"b":1.50,"a":2},"model":"m","messages":[{"role":"user","content":"h\u0069"},{"role":"assistant","content":"I"}]}"#;
    let mut asked = call(&json!({"model": "m"}));
    asked.body = body.into();
    let answer = anthropic(&fake, &json!({})).chat(asked).await.unwrap();
    assert!(answer.adjusted.is_empty());
    let ChatContent::Full { body: got, usage } = answer.content else {
        panic!("a stream");
    };
    assert_eq!(got, ANSWER);
    let usage = usage.unwrap();
    assert_eq!(
        (
            usage.prompt_tokens,
            usage.cached_tokens,
            usage.completion_tokens
        ),
        (100, 90, 7)
    );
    let sent = fake.last();
    assert_eq!(
        (sent.path.as_str(), &sent.body[..]),
        ("/v1/messages", body.as_bytes())
    );
    assert_eq!(sent.header("x-api-key"), Some(KEY));
    assert_eq!(sent.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(sent.header("anthropic-beta"), None);
}

#[tokio::test]
async fn to_anthropic_a_stream_is_forwarded_byte_for_byte_wherever_it_is_cut() {
    let fake = Fake::start(Script::sse(EVENTS)).await;
    let upstream = anthropic(&fake, &json!({}));
    for cut in 0..EVENTS.len() {
        fake.set(Script::sse(EVENTS).cut(cut));
        let got = streamed(&upstream, call(&hello(true))).await.unwrap();
        assert_eq!(got, EVENTS, "cut at {cut}");
    }
}

/// The token counts that a native stream tells, one after the other.
async fn told_of(events: &str) -> Vec<Usage> {
    let fake = Fake::start(Script::sse(events)).await;
    let answer = anthropic(&fake, &json!({}))
        .chat(call(&hello(true)))
        .await
        .unwrap();
    let ChatContent::Stream(frames) = answer.content else {
        panic!("a whole answer");
    };
    frames
        .filter_map(|frame| async move { frame.usage })
        .collect()
        .await
}

#[tokio::test]
async fn tokens_of_a_native_stream_are_told_as_they_add_up() {
    let told = told_of(EVENTS).await;
    let told: Vec<_> = told
        .iter()
        .map(|usage| (usage.prompt_tokens, usage.completion_tokens))
        .collect();
    assert_eq!(told, [(100, 1), (100, 7)]);
}

#[tokio::test]
async fn the_clients_betas_go_behind_the_endpoints_own() {
    let fake = Fake::start(Script::text(200, "application/json", ANSWER)).await;
    for (options, expected) in [
        (json!({}), "b-2,b-3"),
        (json!({"anthropic_beta": "b-1"}), "b-1,b-2,b-3"),
    ] {
        let mut asked = call(&hello(false));
        asked.betas = Some("b-2,b-3".into());
        full(&anthropic(&fake, &json!({"options": options})), asked).await;
        assert_eq!(fake.last().header("anthropic-beta"), Some(expected));
    }
    fake.set(chat_answer());
    let mut asked = call(&hello(false));
    asked.betas = Some("b-2".into());
    let answer = upstream("openai", &fake.url(), &json!({}))
        .chat(asked)
        .await
        .unwrap();
    assert_eq!(answer.adjusted, ["anthropic-beta=left out"]);
    assert_eq!(fake.last().header("anthropic-beta"), None);
}

#[tokio::test]
async fn the_model_is_renamed_where_it_stands_when_asked() {
    let fake = Fake::start(Script::text(200, "application/json", ANSWER)).await;
    let upstream = anthropic(&fake, &json!({}));
    let renamed = |stream| {
        let mut asked = call(&hello(stream));
        asked.response_model = Some("fast".into());
        asked
    };
    assert_eq!(full(&upstream, renamed(false)).await["model"], "fast");
    fake.set(Script::sse(EVENTS));
    let got = streamed(&upstream, renamed(true)).await.unwrap();
    assert_eq!(got, EVENTS.replace("claude-x-2025", "fast"));
}

#[tokio::test]
async fn a_native_stream_that_fails_ends_with_an_error_event_alone() {
    let fake = Fake::start(Script::sse(EVENTS)).await;
    let start = EVENTS.split_inclusive("\n\n").take(3).collect::<String>();
    let told = format!(
        "{start}event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}}}\n\n"
    );
    let hasty = json!({"timeouts": {"idle": "500ms"}});
    for (body, end, kind) in [
        (&start, End::Close, "api_error"),
        (&start, End::Hang, "timeout_error"),
        (&told, End::Close, "overloaded_error"),
    ] {
        fake.set(Script::sse(body).end(end));
        let got = streamed(&anthropic(&fake, &hasty), call(&hello(true)))
            .await
            .unwrap();
        assert!(
            got.starts_with(&start) && got.contains("\n\nevent: error\ndata: "),
            "{got}"
        );
        let last = chunks(&got).pop().unwrap();
        assert_eq!(
            (&last["type"], &last["error"]["type"]),
            (&json!("error"), &json!(kind))
        );
        assert_eq!(last["error"]["orloj"]["endpoint"], "default/here");
        assert!(!got.contains("message_stop"));
    }
}

#[tokio::test]
async fn tokens_are_counted_by_anthropic_and_guessed_for_others() {
    let fake = Fake::start(Script::json(200, &json!({"input_tokens": 42}))).await;
    let body = json!({"model": "up-model", "system": "be brief",
        "messages": [{"role": "user", "content": [
            {"type": "text", "text": "x".repeat(400)},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A".repeat(99_999)}}]}]});
    let count = || asking(Dialect::CountTokens, &body);
    let counted = full(&anthropic(&fake, &json!({})), count()).await;
    assert_eq!(counted, json!({"input_tokens": 42}));
    assert_eq!(fake.last().path, "/v1/messages/count_tokens");
    let guessed = full(&upstream("openai", &fake.url(), &json!({})), count()).await;
    let tokens = guessed["input_tokens"].as_u64().unwrap();
    assert!((1700..1800).contains(&tokens), "{guessed}");
    assert_eq!(
        (&guessed["orloj"]["estimated"], fake.calls()),
        (&json!(true), 0)
    );
}

#[tokio::test]
async fn to_openai_a_message_is_asked_for_as_a_chat_and_said_back() {
    let fake = Fake::start(chat_answer()).await;
    for (provider, limit) in [
        ("openai", "max_completion_tokens"),
        ("openai-compatible", "max_tokens"),
    ] {
        let upstream = upstream(provider, &fake.url(), &json!({}));
        let answer = full(&upstream, call(&hello(false))).await;
        assert_eq!(
            answer,
            json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "gpt-x",
                "content": [{"type": "text", "text": "hey"}], "stop_reason": "end_turn", "stop_sequence": null,
                "usage": {"input_tokens": 100, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 7}})
        );
        let sent = fake.last();
        assert_eq!(sent.path, "/chat/completions");
        assert_eq!(
            sent.json(),
            json!({"model": "up-model", limit: 9, "messages": [{"role": "user", "content": "hi"}]})
        );
    }
}

#[tokio::test]
async fn to_openai_a_stream_is_said_back_in_events_wherever_it_is_cut() {
    let fake = Fake::start(Script::sse(CHAT_STREAM)).await;
    let upstream = upstream("openai", &fake.url(), &json!({}));
    let whole = streamed(&upstream, call(&hello(true))).await.unwrap();
    assert_eq!(
        fake.last().json()["stream_options"],
        json!({"include_usage": true})
    );
    let kinds: Vec<_> = chunks(&whole)
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds,
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    assert!(!whole.contains("[DONE]"));
    for cut in 0..CHAT_STREAM.len() {
        fake.set(Script::sse(CHAT_STREAM).cut(cut));
        let got = streamed(&upstream, call(&hello(true))).await.unwrap();
        assert_eq!(got, whole, "cut at {cut}");
    }
}

#[tokio::test]
async fn a_translated_stream_that_fails_ends_with_an_error_event_alone() {
    let start = CHAT_STREAM.split_inclusive("\n\n").next().unwrap();
    let fake = Fake::start(Script::sse(start)).await;
    let upstream = upstream("openai", &fake.url(), &json!({}));
    for rest in [
        "",
        "data: [DONE]\n\n",
        "data: {\"error\":{\"message\":\"no\",\"type\":\"server_error\"}}\n\n",
        "data: garbage\n\n",
    ] {
        fake.set(Script::sse(&format!("{start}{rest}")));
        let got = streamed(&upstream, call(&hello(true))).await.unwrap();
        let last = chunks(&got).pop().unwrap();
        assert_eq!(
            (&last["type"], &last["error"]["type"]),
            (&json!("error"), &json!("api_error")),
            "{got}"
        );
        assert!(!got.contains("message_stop"), "{got}");
    }
}

#[tokio::test]
async fn to_ollama_and_mock_messages_go_too() {
    let answer = json!({"model": "llama", "done": true, "done_reason": "stop", "prompt_eval_count": 5, "eval_count": 2,
        "message": {"role": "assistant", "content": "hey", "thinking": "hm",
            "tool_calls": [{"function": {"name": "f", "arguments": {"q": 1}}}]}});
    let fake = Fake::start(Script::json(200, &answer)).await;
    let mut body = hello(false);
    body["top_k"] = 3.into();
    body["thinking"] = json!({"type": "disabled"});
    let said = full(&upstream("ollama", &fake.url(), &json!({})), call(&body)).await;
    let sent = fake.last().json();
    assert_eq!(sent["options"], json!({"num_predict": 9, "top_k": 3}));
    assert_eq!(sent["think"], false);
    let kinds: Vec<_> = said["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| &block["type"])
        .collect();
    assert_eq!(kinds, ["thinking", "text", "tool_use"]);
    assert_eq!(
        (&said["stop_reason"], &said["content"][2]["input"]),
        (&json!("tool_use"), &json!({"q": 1}))
    );
    let mock = build("mock", "", &json!({"auth": {}}), &NetworkOptions::default()).unwrap();
    let said = full(&mock, call(&hello(false))).await;
    assert!(
        said["content"][0]["text"]
            .as_str()
            .unwrap()
            .ends_with("You said: hi"),
        "{said}"
    );
    let events = streamed(&mock, call(&hello(true))).await.unwrap();
    assert!(
        events.ends_with("data: {\"type\":\"message_stop\"}\n\n"),
        "{events}"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_elsewhere_is_refused_before_anything_is_sent() {
    let fake = Fake::start(chat_answer()).await;
    let mut body = hello(false);
    body["mcp_servers"] = json!([{"url": "x"}]);
    for provider in ["openai", "ollama"] {
        let error = upstream(provider, &fake.url(), &json!({}))
            .chat(call(&body))
            .await
            .unwrap_err();
        assert_eq!(
            (error.status, error.param.as_deref()),
            (400, Some("mcp_servers"))
        );
        assert_eq!(error.details.orloj["endpoint"], "default/here");
    }
    assert_eq!(fake.calls(), 0);
}

#[tokio::test]
async fn tokens_that_were_guessed_stay_marked_as_such() {
    let answer = json!({"message": {"content": "hey"}, "done": true, "eval_count": 3});
    let fake = Fake::start(Script::json(200, &answer)).await;
    let ollama = upstream("ollama", &fake.url(), &json!({"auth": {}}));
    let answer = ollama.chat(call(&hello(false))).await.unwrap();
    let ChatContent::Full { body, usage } = answer.content else {
        panic!("a stream");
    };
    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(told["usage"]["orloj"]["estimated"], true);
    assert!(usage.unwrap().estimated);
}

#[tokio::test]
async fn thinking_tokens_of_a_native_stream_are_counted_and_stay() {
    let events = EVENTS.replace(
        "\"usage\":{\"output_tokens\":7}",
        "\"usage\":{\"output_tokens\":7,\"output_tokens_details\":{\"thinking_tokens\":5}}",
    );
    let told = told_of(&events).await;
    assert_eq!(told.last().unwrap().reasoning_tokens, 5);
}
