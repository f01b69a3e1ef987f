//! What gateways get wrong in answers and streams, line by line; `tests/checklist.rs` holds the list.

use super::fake::{
    End, Fake, Script, asking, call, chunks, full, hello, hello_stream, streamed, upstream,
};
use crate::chat::Dialect;
use crate::providers::{ChatContent, Upstream};
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn message(content: &Value, stop_reason: &str) -> Script {
    Script::json(
        200,
        &json!({"id": "msg_1", "type": "message", "model": "c", "content": content, "stop_reason": stop_reason,
            "usage": {"input_tokens": 10, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 100, "output_tokens": 7}}),
    )
}

fn anthropic(fake: &Fake) -> Upstream {
    upstream("anthropic", &fake.url(), &json!({}))
}

async fn answer(content: Value, stop_reason: &str) -> Value {
    let fake = Fake::start(message(&content, stop_reason)).await;
    full(&anthropic(&fake), call(&hello())).await
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn used(input: &Value) -> Value {
    json!({"type": "tool_use", "id": "i", "name": "f", "input": input})
}

#[tokio::test]
async fn line_29_content_is_null_beside_calls_alone_and_empty_where_nothing_was_said() {
    let calls = answer(json!([used(&json!({}))]), "tool_use").await;
    assert_eq!(calls["choices"][0]["message"]["content"], Value::Null);
    let nothing = answer(json!([]), "end_turn").await;
    assert_eq!(nothing["choices"][0]["message"]["content"], "");
}

#[tokio::test]
async fn line_30_several_texts_are_one() {
    let said = answer(
        json!([text("a"), text(" b"), used(&json!({})), text("c")]),
        "tool_use",
    )
    .await;
    assert_eq!(said["choices"][0]["message"]["content"], "a bc");
}

#[tokio::test]
async fn line_31_line_32_arguments_are_text_and_those_of_nothing_an_empty_object() {
    for (input, arguments) in [
        (json!({"q": {"n": 1}}), "{\"q\":{\"n\":1}}"),
        (json!({}), "{}"),
        (Value::Null, "{}"),
    ] {
        let said = answer(json!([used(&input)]), "tool_use").await;
        let call = &said["choices"][0]["message"]["tool_calls"][0];
        assert_eq!(call["function"]["arguments"], arguments);
    }
}

#[tokio::test]
async fn line_33_line_34_each_reason_to_stop_has_its_word_and_a_refusal_its_own() {
    for (theirs, ours) in [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
    ] {
        assert_eq!(
            answer(json!([text("a")]), theirs).await["choices"][0]["finish_reason"],
            ours
        );
    }
    let called = answer(json!([used(&json!({}))]), "tool_use").await;
    assert_eq!(called["choices"][0]["finish_reason"], "tool_calls");
}

#[tokio::test]
async fn line_35_the_prompt_includes_what_was_cached() {
    let usage = &answer(json!([text("a")]), "end_turn").await["usage"];
    assert_eq!(
        (&usage["prompt_tokens"], &usage["total_tokens"]),
        (&json!(115), &json!(122))
    );
    assert_eq!(usage["prompt_tokens_details"]["cached_tokens"], 100);
}

#[tokio::test]
async fn line_36_tokens_of_reasoning_are_counted_among_those_written() {
    let body = json!({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 9,
        "completion_tokens_details": {"reasoning_tokens": 6}}});
    let fake = Fake::start(Script::json(200, &body)).await;
    let openai = upstream("openai", &fake.url(), &json!({}));
    let ChatContent::Full { usage, .. } = openai.chat(call(&hello())).await.unwrap().content else {
        panic!("a stream");
    };
    let usage = usage.unwrap();
    assert_eq!(
        (
            usage.reasoning_tokens,
            usage.completion_tokens,
            usage.total_tokens()
        ),
        (6, 9, 14)
    );
}

#[tokio::test]
async fn line_37_created_is_in_whole_seconds() {
    let created = &answer(json!([text("a")]), "end_turn").await["created"];
    assert!(
        (1_700_000_000..10_000_000_000).contains(&created.as_u64().unwrap()),
        "{created}"
    );
}

#[tokio::test]
async fn line_39_blocks_of_unknown_types_are_passed_over() {
    let said = answer(
        json!([{"type": "future", "x": 1}, text("a"), {"y": 2}]),
        "end_turn",
    )
    .await;
    assert_eq!(said["choices"][0]["message"]["content"], "a");
}

/// Anthropic's events for a text in two pieces and two tools.
const EVENTS: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_2\",\"model\":\"c\",\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\n\
data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"gr\u{fc}\"}}\n\n\
data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"ezi\"}}\n\n\
data: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}}\n\n\
data: {\"type\":\"content_block_stop\",\"index\":1}\n\n\
data: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"b\",\"name\":\"g\",\"input\":{}}}\n\n\
data: {\"type\":\"content_block_stop\",\"index\":2}\n\n\
data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":21}}\n\n\
data: {\"type\":\"message_stop\"}\n\n";

async fn translated(body: &Value) -> Vec<Value> {
    let fake = Fake::start(Script::sse(EVENTS)).await;
    chunks(&streamed(&anthropic(&fake), call(body)).await.unwrap())
}

#[tokio::test]
async fn line_38_line_44_id_model_and_time_stay_and_the_role_comes_once() {
    let chunks = translated(&hello_stream()).await;
    for chunk in &chunks {
        for field in ["id", "model", "created"] {
            assert_eq!(chunk[field], chunks[0][field]);
        }
    }
    let roles = chunks
        .iter()
        .filter(|chunk| chunk["choices"][0]["delta"].get("role").is_some());
    assert_eq!(roles.count(), 1);
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
}

#[tokio::test]
async fn line_45_calls_are_numbered_by_calls_and_not_by_blocks() {
    let chunks = translated(&hello_stream()).await;
    let calls = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0].as_object());
    let starts: Vec<_> = calls
        .filter(|call| call.contains_key("id"))
        .map(|call| {
            (
                call["index"].as_u64().unwrap(),
                call["id"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(starts, [(0, "a"), (1, "b")]);
}

#[tokio::test]
async fn line_46_tokens_are_a_last_chunk_without_choices_and_only_on_request() {
    assert!(
        translated(&hello_stream())
            .await
            .iter()
            .all(|chunk| chunk.get("usage").is_none())
    );
    let mut body = hello_stream();
    body["stream_options"] = json!({"include_usage": true});
    let chunks = translated(&body).await;
    let (last, before) = chunks.split_last().unwrap();
    assert_eq!(
        (&last["choices"], &last["usage"]["completion_tokens"]),
        (&json!([]), &json!(21))
    );
    assert!(before.iter().all(|chunk| chunk["usage"].is_null()));
}

async fn frames_of(sse: &str) -> Vec<crate::chat::Frame> {
    let fake = Fake::start(Script::sse(sse)).await;
    let openai = upstream("openai", &fake.url(), &json!({}));
    let answer = openai.chat(call(&hello_stream())).await.unwrap();
    let ChatContent::Stream(frames) = answer.content else {
        panic!("a whole answer");
    };
    frames.collect().await
}

#[tokio::test]
async fn line_47_tokens_on_the_finish_chunk_are_counted_and_it_goes_on_as_it_came() {
    let sse = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n";
    let frames = frames_of(sse).await;
    assert_eq!(frames[0].usage.unwrap().total_tokens(), 7);
    let bytes: Vec<Bytes> = frames.into_iter().map(|frame| frame.bytes).collect();
    assert_eq!(bytes.concat(), sse.as_bytes());
}

#[tokio::test]
async fn line_48_tokens_that_nobody_counted_are_guessed_and_marked_where_the_dialect_must_tell_them()
 {
    let sse = "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"eightchr\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let fake = Fake::start(Script::sse(sse)).await;
    let openai = upstream("openai-compatible", &fake.url(), &json!({}));
    let body = json!({"model": "m", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let events = chunks(
        &streamed(&openai, asking(Dialect::Messages, &body))
            .await
            .unwrap(),
    );
    let usage = &events[events.len() - 2]["usage"];
    assert_eq!(
        (&usage["output_tokens"], &usage["orloj"]["estimated"]),
        (&json!(2), &json!(true))
    );
    assert!(usage["input_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn line_42_data_of_several_lines_is_one() {
    let sse = "data: {\"choices\":[],\ndata: \"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n";
    assert_eq!(frames_of(sse).await[0].usage.unwrap().total_tokens(), 7);
}

#[tokio::test]
async fn line_43_letters_of_several_bytes_may_be_cut_anywhere() {
    let fake = Fake::start(Script::sse("")).await;
    let anthropic = anthropic(&fake);
    let start = EVENTS.find('\u{fc}').unwrap();
    for cut in start..=start + 2 {
        let (first, second) = EVENTS.as_bytes().split_at(cut);
        let pieces = vec![first.to_vec().into(), second.to_vec().into()];
        fake.set(Script {
            pieces,
            ..Script::sse("")
        });
        let chunks = chunks(&streamed(&anthropic, call(&hello_stream())).await.unwrap());
        assert_eq!(
            chunks[1]["choices"][0]["delta"]["content"], "gr\u{fc}",
            "cut at {cut}"
        );
    }
}

#[tokio::test]
async fn line_51_a_comment_keeps_the_connection_alive_until_the_first_token() {
    let silent = Script::sse(": hold on\n\n").end(End::Hang);
    let fake = Fake::start(Script {
        pieces: Vec::new(),
        ..silent
    })
    .await;
    let limits =
        json!({"timeouts": {"first_byte": "1s"}, "options": {"stream_keep_alive": "100ms"}});
    let openai = upstream("openai", &fake.url(), &limits);
    let got = streamed(&openai, call(&hello_stream())).await.unwrap();
    assert!(got.starts_with(": keep-alive\n\n: keep-alive\n\n"), "{got}");
    let last = chunks(&got).pop().unwrap();
    assert_eq!(last["error"]["type"], "timeout");
    assert!(!got.contains("[DONE]"));
}

#[tokio::test]
async fn line_52_a_client_that_leaves_cancels_before_and_after_the_first_byte() {
    let silent = Script {
        pieces: Vec::new(),
        ..Script::sse("").end(End::Hang)
    };
    let fake = Fake::start(silent).await;
    let openai = upstream("openai", &fake.url(), &json!({}));
    let waiting = openai.chat(call(&hello_stream()));
    assert!(
        tokio::time::timeout(Duration::from_millis(300), waiting)
            .await
            .is_err()
    );
    assert!(fake.was_cancelled().await);
    let fake = Fake::start(Script::sse("data: {\"choices\":[]}\n\n").end(End::Hang)).await;
    let openai = upstream("openai", &fake.url(), &json!({}));
    let answer = openai.chat(call(&hello_stream())).await.unwrap();
    let ChatContent::Stream(mut frames) = answer.content else {
        panic!("a whole answer");
    };
    frames.next().await.unwrap();
    drop(frames);
    assert!(fake.was_cancelled().await);
}

#[tokio::test]
async fn line_54_azures_empty_first_chunk_goes_on_and_starts_nothing() {
    let sse = "data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"prompt_filter_results\":[]}\n\ndata: {\"id\":\"1\",\"model\":\"g\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let fake = Fake::start(Script::sse(sse)).await;
    let azure = upstream("azure-openai", &fake.url(), &json!({}));
    assert_eq!(streamed(&azure, call(&hello_stream())).await.unwrap(), sse);
    let body = json!({"model": "m", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let events = chunks(
        &streamed(&azure, asking(Dialect::Messages, &body))
            .await
            .unwrap(),
    );
    assert_eq!(
        (&events[0]["message"]["id"], &events[0]["message"]["model"]),
        (&json!("msg_1"), &json!("g"))
    );
}

/// Writes chunks of 64 KiB for ever and counts their bytes.
#[expect(clippy::disallowed_methods, reason = "ends with the test")]
async fn endless() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let written = Arc::<AtomicUsize>::default();
    let counter = Arc::clone(&written);
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = socket.read(&mut request).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        let _ = socket.write_all(head.as_bytes()).await;
        let frame = format!(
            "data: {{\"choices\":[],\"x\":\"{}\"}}\n\n",
            "x".repeat(64 << 10)
        );
        while socket.write_all(frame.as_bytes()).await.is_ok() {
            counter.fetch_add(frame.len(), Ordering::SeqCst);
        }
    });
    (url, written)
}

#[tokio::test]
async fn line_55_a_slow_reader_holds_the_provider_back() {
    let (url, written) = endless().await;
    let openai = upstream("openai", &url, &json!({}));
    let answer = openai.chat(call(&hello_stream())).await.unwrap();
    let ChatContent::Stream(mut frames) = answer.content else {
        panic!("a whole answer");
    };
    frames.next().await.unwrap();
    // Once nothing more is taken, only buffers fill: the kernel's on both sides, and one piece of ours.
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = written.load(Ordering::SeqCst);
        if now == before {
            break;
        }
        before = now;
    }
    assert!(
        before < 32 << 20,
        "{before} bytes were taken from the provider for one frame"
    );
    frames.next().await.unwrap();
}
