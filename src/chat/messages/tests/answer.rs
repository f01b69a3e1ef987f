//! Whole answers.

use super::fallback;
use crate::chat::message_of_chat;
use serde_json::{Value, json};

fn message(choice: &Value, usage: &Value) -> Value {
    let chat = json!({"id": "chatcmpl-1", "model": "gpt-x", "choices": [choice], "usage": usage});
    let (body, _) = message_of_chat(chat.to_string().as_bytes(), None, fallback()).unwrap();
    serde_json::from_slice(&body).unwrap()
}

fn counted() -> Value {
    json!({"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 30}})
}

#[test]
fn text_reasoning_and_calls_are_blocks() {
    let call = |id: Value, arguments: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
    let said = message(
        &json!({"message": {"content": "hey", "reasoning_content": "hm", "tool_calls": [
                call(json!("a"), "{\"q\":1}"), call(Value::Null, ""), call(json!("c"), "{\"q\":")]},
            "finish_reason": "stop"}),
        &counted(),
    );
    assert_eq!(
        said,
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "gpt-x",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": ""},
                {"type": "text", "text": "hey"},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"q": 1}},
                {"type": "tool_use", "id": "msg_1_1", "name": "f", "input": {}},
                {"type": "tool_use", "id": "c", "name": "f", "input": {"INVALID_JSON": "{\"q\":"}},
            ],
            "stop_reason": "tool_use", "stop_sequence": null,
            "usage": {"input_tokens": 70, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 30, "output_tokens": 7}})
    );
}

#[test]
fn each_reason_has_anthropics_word() {
    for (finish, message_said, reason) in [
        ("stop", json!({"content": "a"}), "end_turn"),
        ("length", json!({"content": "a"}), "max_tokens"),
        ("content_filter", json!({"content": "a"}), "refusal"),
        (
            "stop",
            json!({"content": null, "refusal": "I won't"}),
            "refusal",
        ),
        (
            "tool_calls",
            json!({"tool_calls": [{"id": "a", "function": {"name": "f"}}]}),
            "tool_use",
        ),
        // A call is waited for, whatever the reason and whatever was said before.
        (
            "stop",
            json!({"content": "let me see", "tool_calls": [{"id": "a", "function": {"name": "f"}}]}),
            "tool_use",
        ),
        ("something_new", json!({"content": "a"}), "end_turn"),
    ] {
        let said = message(
            &json!({"message": message_said, "finish_reason": finish}),
            &counted(),
        );
        assert_eq!(said["stop_reason"], reason, "{finish} {message_said}");
    }
}

#[test]
fn tokens_that_nobody_counted_are_guessed_and_marked() {
    let said = message(
        &json!({"message": {"content": "eightchr"}, "finish_reason": "stop"}),
        &Value::Null,
    );
    assert_eq!(
        said["usage"],
        json!({"input_tokens": 100, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
            "output_tokens": 2, "orloj": {"estimated": true}})
    );
}

#[test]
fn answers_that_are_cut_are_no_messages() {
    for (body, what) in [
        ("[]", "no chat"),
        (r#"{"choices":[]}"#, "no choice"),
        (
            r#"{"choices":[{"message":{"content":"a"}}]}"#,
            "without a reason",
        ),
    ] {
        let error = message_of_chat(body.as_bytes(), None, fallback()).unwrap_err();
        assert!(error.contains(what), "{body}: {error}");
    }
}

#[test]
fn reasoning_under_the_shorter_name_is_told_apart() {
    let said = message(
        &json!({"message": {"content": "hey", "reasoning": "hm"}, "finish_reason": "stop"}),
        &counted(),
    );
    assert_eq!(
        said["content"][0],
        json!({"type": "thinking", "thinking": "hm", "signature": "reasoning"})
    );
}
#[test]
fn answers_that_are_unusual_in_what_decides_nothing_are_read() {
    let chat = r#"{"id":null,"created":1.5,"choices":[{"finish_reason":"tool_calls","message":{"content":[
        {"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"hey"}],
        "tool_calls":[{"id":"a","function":{"name":"f","arguments":{"q":1}}}]}}]}"#;
    let (body, _) = message_of_chat(chat.as_bytes(), None, fallback()).unwrap();
    let said: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        said["content"],
        json!([
            {"type": "thinking", "thinking": "hm", "signature": ""},
            {"type": "text", "text": "hey"},
            {"type": "tool_use", "id": "a", "name": "f", "input": {"q": 1}},
        ])
    );
}

#[test]
fn arguments_keep_every_digit_and_null_is_none() {
    let chat = r#"{"choices":[{"finish_reason":"tool_calls","message":{"tool_calls":[
        {"id":"a","function":{"name":"f","arguments":"{\"n\":123456789012345678901234567890}"}},
        {"id":"b","function":{"name":"f","arguments":"null"}},{"id":"c","function":{"name":"f","arguments":"[1]"}}]}}]}"#;
    let (body, _) = message_of_chat(chat.as_bytes(), None, fallback()).unwrap();
    let said = std::str::from_utf8(&body).unwrap();
    assert!(said.contains(r#""input":{"n":123456789012345678901234567890}"#));
    let said: Value = serde_json::from_str(said).unwrap();
    assert_eq!(said["content"][1]["input"], json!({}));
    assert_eq!(said["content"][2]["input"], json!({"INVALID_JSON": "[1]"}));
}
