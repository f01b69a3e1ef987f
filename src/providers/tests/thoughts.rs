//! Reasoning on its way out and back, in every direction.

use super::fake::{Fake, Script, asking, chunks, full, streamed, upstream};
use crate::chat::Dialect;
use crate::providers::{ChatAnswer, ChatCall, Upstream};
use serde_json::{Value, json};

fn anthropic(fake: &Fake) -> Upstream {
    upstream("anthropic", &fake.url(), &json!({}))
}

/// An answer that thinks twice, once in secret, and calls a tool.
fn thinking() -> Script {
    Script::json(
        200,
        &json!({"id": "msg_1", "type": "message", "model": "claude-x-2025", "stop_reason": "tool_use",
            "content": [
                {"type": "thinking", "thinking": "I need f", "signature": "SIG=="},
                {"type": "text", "text": "Let me see."},
                {"type": "redacted_thinking", "data": "SECRET=="},
                {"type": "tool_use", "id": "a", "name": "f", "input": {}}],
            "usage": {"input_tokens": 10, "output_tokens": 7}}),
    )
}

const EVENTS: &str = r#"data: {"type":"message_start","message":{"id":"msg_1","model":"claude-x-2025","usage":{"input_tokens":10,"output_tokens":1}}}

data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"I need"}}

data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":" f"}}

data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"SIG=="}}

data: {"type":"content_block_stop","index":0}

data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Let me see."}}

data: {"type":"content_block_stop","index":1}

data: {"type":"content_block_start","index":2,"content_block":{"type":"redacted_thinking","data":"SECRET=="}}

data: {"type":"content_block_stop","index":2}

data: {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}

data: {"type":"content_block_stop","index":3}

data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":20}}

data: {"type":"message_stop"}

"#;

/// The turn of [`thinking`] as Anthropic said it.
fn turn() -> Value {
    json!([
        {"type": "thinking", "thinking": "I need f", "signature": "SIG=="},
        {"type": "text", "text": "Let me see."},
        {"type": "redacted_thinking", "data": "SECRET=="},
        {"type": "tool_use", "id": "a", "name": "f", "input": {}},
    ])
}

/// A chat whose assistant said `message`, which called the tool `a`.
fn chat(message: &Value) -> ChatCall {
    asking(
        Dialect::Chat,
        &json!({"model": "up-model", "max_tokens": 8000, "reasoning_effort": "low",
            "tools": [{"type": "function", "function": {"name": "f"}}],
            "messages": [{"role": "user", "content": "go"}, message,
                {"role": "tool", "tool_call_id": "a", "content": "done"}]}),
    )
}

fn response(mut output: Vec<Value>, stream: bool) -> ChatCall {
    let mut input = vec![json!({"role": "user", "content": "go"})];
    if !output.is_empty() {
        input.append(&mut output);
        input.push(json!({"type": "function_call_output", "call_id": "a", "output": "done"}));
    }
    asking(
        Dialect::Responses,
        &json!({"model": "up-model", "stream": stream, "max_output_tokens": 8000, "reasoning": {"effort": "low"},
            "include": ["reasoning.encrypted_content"], "input": input,
            "tools": [{"type": "function", "name": "f"}]}),
    )
}

async fn answer(upstream: &Upstream, call: ChatCall) -> ChatAnswer {
    upstream.chat(call).await.unwrap()
}

/// What is answered to a chat in which a tool was called without thinking.
async fn first_turn(fake: &Fake) -> Value {
    let called = json!({"role": "assistant", "content": "x",
        "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": ""}}]});
    full(&anthropic(fake), chat(&called)).await
}

#[tokio::test]
async fn signed_thinking_goes_out_in_a_chat_and_back_unchanged() {
    let fake = Fake::start(thinking()).await;
    let said = first_turn(&fake).await;
    let whole = said["choices"][0]["message"].clone();
    assert_eq!(whole["reasoning_content"], "I need f");
    fake.set(Script::sse(EVENTS));
    let mut asked = chat(&whole);
    asked.stream = true;
    let text = streamed(&anthropic(&fake), asked).await.unwrap();
    let pieces = chunks(&text);
    let blocks: Vec<&Value> = pieces
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["thinking_blocks"].as_array())
        .flatten()
        .collect();
    assert_eq!(
        (&blocks[0]["index"], &blocks[1]["index"]),
        (&json!(0), &json!(1))
    );
    let mut gathered = whole.clone();
    gathered["thinking_blocks"] = json!(blocks);
    fake.set(thinking());
    for message in [whole, gathered] {
        let answer = answer(&anthropic(&fake), chat(&message)).await;
        let sent = fake.last().json();
        assert_eq!(sent["messages"][1]["content"], turn());
        assert_eq!(sent["thinking"]["type"], "enabled");
        assert_eq!(
            answer.adjusted,
            ["reasoning_effort=low as a budget of 2048"]
        );
    }
}

#[tokio::test]
async fn signed_thinking_goes_out_in_a_response_and_back_unchanged() {
    let fake = Fake::start(thinking()).await;
    let whole = full(&anthropic(&fake), response(Vec::new(), false)).await;
    fake.set(Script::sse(EVENTS));
    let text = streamed(&anthropic(&fake), response(Vec::new(), true))
        .await
        .unwrap();
    let last = chunks(&text).pop().unwrap();
    fake.set(thinking());
    for output in [&whole["output"], &last["response"]["output"]] {
        let items = output.as_array().unwrap().clone();
        let answer = answer(&anthropic(&fake), response(items, false)).await;
        let sent = fake.last().json();
        assert_eq!(sent["messages"][1]["content"], turn(), "{output}");
        assert_eq!(sent["thinking"]["type"], "enabled");
        assert_eq!(
            answer.adjusted,
            ["reasoning_effort=low as a budget of 2048"]
        );
    }
}

#[tokio::test]
async fn without_its_signed_thinking_a_turn_of_tools_goes_on_without_thinking_and_says_so() {
    let fake = Fake::start(thinking()).await;
    let said = first_turn(&fake).await;
    let message = &said["choices"][0]["message"];
    let mut unsigned = message.clone();
    unsigned.as_object_mut().unwrap().remove("thinking_blocks");
    let mut other_model = chat(message);
    other_model.model = "another".into();
    let mut unmarked = message.clone();
    unmarked["thinking_blocks"] = json!([{"type": "thinking", "thinking": "x", "signature": "s"}]);
    let mut after_fallback = chat(&unmarked);
    after_fallback.is_substitute = true;
    for call in [chat(&unsigned), other_model, after_fallback] {
        let answer = answer(&anthropic(&fake), call).await;
        let sent = fake.last().json();
        let kinds: Vec<_> = sent["messages"][1]["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|b| &b["type"])
            .collect();
        assert_eq!(kinds, ["text", "tool_use"]);
        assert_eq!(sent.get("thinking"), None);
        assert_eq!(
            answer.adjusted,
            [
                "messages.reasoning_content=left out",
                "reasoning_effort=left out"
            ]
        );
    }
    // A model that thinks as it likes asks for no beginning.
    let mut adaptive = chat(&unsigned);
    adaptive.refuses = vec!["thinking.budget_tokens".to_owned()].into();
    answer(&anthropic(&fake), adaptive).await;
    assert_eq!(fake.last().json()["thinking"]["type"], "adaptive");
}

fn messages(blocks: &Value) -> Value {
    json!({"model": "up-model", "max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": 2000},
        "messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": blocks},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "done"}]}]})
}

#[tokio::test]
async fn thoughts_that_a_claude_did_not_sign_do_not_go_to_it() {
    let fake = Fake::start(thinking()).await;
    let shown = json!([
        {"type": "thinking", "thinking": "I need f", "signature": ""},
        {"type": "tool_use", "id": "a", "name": "f", "input": {}}]);
    let call = || json!([{"type": "tool_use", "id": "a", "name": "f", "input": {}}]);
    for (blocks, substitute, left) in [
        (shown, false, call()),
        (
            turn(),
            true,
            json!([{"type": "text", "text": "Let me see."}, call()[0]]),
        ),
    ] {
        let mut body = messages(&blocks);
        body["context_management"] = json!({"edits": [{"type": "clear_thinking_20251015"}]});
        let mut asked = asking(Dialect::Messages, &body);
        asked.is_substitute = substitute;
        let answer = answer(&anthropic(&fake), asked).await;
        assert_eq!(
            answer.adjusted,
            [
                "messages.thinking=left out",
                "thinking=left out",
                "context_management=left out"
            ]
        );
        let mut expected = messages(&left);
        expected.as_object_mut().unwrap().remove("thinking");
        assert_eq!(fake.last().json(), expected);
    }
    // What it signed itself travels byte for byte.
    let asked = asking(Dialect::Messages, &messages(&turn()));
    let sent = asked.body.clone();
    let answer = answer(&anthropic(&fake), asked).await;
    assert!(answer.adjusted.is_empty());
    assert_eq!(fake.last().body, sent);
}

#[tokio::test]
async fn what_a_chat_showed_as_reasoning_goes_back_to_it() {
    let chat = json!({"id": "1", "model": "d", "choices": [{"index": 0, "finish_reason": "tool_calls",
        "message": {"role": "assistant", "content": null, "reasoning_content": "I need f",
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}}]});
    let fake = Fake::start(Script::json(200, &chat)).await;
    let compatible = upstream("openai-compatible", &fake.url(), &json!({}));
    let mut first = messages(&json!("x"));
    first["messages"] = json!([{"role": "user", "content": "go"}]);
    let said = full(&compatible, asking(Dialect::Messages, &first)).await;
    full(
        &compatible,
        asking(Dialect::Messages, &messages(&said["content"])),
    )
    .await;
    assert_eq!(
        fake.last().json()["messages"][1]["reasoning_content"],
        "I need f"
    );
    let said = full(&compatible, response(Vec::new(), false)).await;
    let items = said["output"].as_array().unwrap().clone();
    full(&compatible, response(items, false)).await;
    assert_eq!(
        fake.last().json()["messages"][1]["reasoning_content"],
        "I need f"
    );
    let answer = json!({"model": "l", "done": true, "done_reason": "stop",
        "message": {"content": "", "thinking": "I need f", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {}}}]}});
    fake.set(Script::json(200, &answer));
    let ollama = upstream("ollama", &fake.url(), &json!({}));
    let said = full(&ollama, asking(Dialect::Messages, &first)).await;
    let mut second = messages(&said["content"]);
    second["messages"][2]["content"][0]["tool_use_id"] = said["content"][1]["id"].clone();
    full(&ollama, asking(Dialect::Messages, &second)).await;
    assert_eq!(fake.last().json()["messages"][1]["thinking"], "I need f");
}

#[tokio::test]
async fn what_claude_signed_does_not_go_to_a_chat_that_stands_in_for_it() {
    let fake = Fake::start(thinking()).await;
    let first = json!({"model": "up-model", "messages": [{"role": "user", "content": "go"}]});
    let said = full(&anthropic(&fake), asking(Dialect::Chat, &first)).await;
    let message = &said["choices"][0]["message"];
    let answered =
        json!({"choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}]});
    fake.set(Script::json(200, &answered));
    for (provider, is_substitute, is_left_out) in [
        ("openai", false, true),
        ("openai-compatible", true, true),
        ("openai-compatible", false, false),
    ] {
        let mut asked = chat(message);
        asked.is_substitute = is_substitute;
        let upstream = upstream(provider, &fake.url(), &json!({}));
        let answer = answer(&upstream, asked).await;
        let sent = fake.last().json();
        let fields = ["thinking_blocks", "reasoning_content"];
        let is_sent = fields.map(|field| sent["messages"][1].get(field).is_some());
        assert_eq!(is_sent, [!is_left_out; 2], "{provider}");
        assert_eq!(answer.adjusted.len(), usize::from(is_left_out));
    }
}
