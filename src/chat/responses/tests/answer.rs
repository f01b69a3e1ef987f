//! Whole answers.

use super::fallback;
use crate::chat::response_of_chat;
use serde_json::{Map, Value, json};

fn response(choice: &Value) -> Value {
    let chat = json!({"id": "chatcmpl-1", "created": 5, "model": "gpt-x", "choices": [choice],
        "usage": {"prompt_tokens": 100, "completion_tokens": 7,
            "prompt_tokens_details": {"cached_tokens": 30}, "completion_tokens_details": {"reasoning_tokens": 2}}});
    let echo = Map::from_iter([("tools".to_owned(), json!([1]))]);
    let (body, _) =
        response_of_chat(chat.to_string().as_bytes(), None, &echo, &fallback()).unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn text_reasoning_and_calls_are_items() {
    let said = response(
        &json!({"message": {"content": "hey", "reasoning": "hm", "tool_calls": [
            {"id": "a", "function": {"name": "f", "arguments": "{\"q\":1}"}}, {"function": {"name": "g"}}]},
        "finish_reason": "tool_calls"}),
    );
    assert_eq!(
        said,
        json!({"id": "resp_1", "object": "response", "created_at": 5, "status": "completed", "background": false,
            "error": null, "incomplete_details": null, "model": "gpt-x",
            "output": [
                {"id": "rs_1_0", "type": "reasoning", "summary": [], "status": "completed",
                 "content": [{"type": "reasoning_text", "text": "hm"}],
                 "encrypted_content": "orloj.eyJuYW1lIjoicmVhc29uaW5nIn0="},
                {"id": "msg_1_1", "type": "message", "status": "completed", "role": "assistant",
                 "content": [{"type": "output_text", "text": "hey", "annotations": [], "logprobs": []}]},
                {"id": "fc_1_2", "type": "function_call", "status": "completed", "call_id": "a", "name": "f", "arguments": "{\"q\":1}"},
                {"id": "fc_1_3", "type": "function_call", "status": "completed", "call_id": "call_1_1", "name": "g", "arguments": "{}"},
            ],
            "previous_response_id": null, "store": false,
            "usage": {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 0},
                "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 107},
            "tools": [1]})
    );
}

#[test]
fn a_cut_answer_is_incomplete_and_says_why() {
    for (finish, reason) in [
        ("length", "max_output_tokens"),
        ("content_filter", "content_filter"),
    ] {
        let said = response(&json!({"message": {"content": "hey"}, "finish_reason": finish}));
        assert_eq!(
            (&said["status"], &said["incomplete_details"]["reason"]),
            (&json!("incomplete"), &json!(reason))
        );
        assert_eq!(said["output"][0]["status"], "incomplete");
    }
    let refused =
        response(&json!({"message": {"content": null, "refusal": "no"}, "finish_reason": "stop"}));
    assert_eq!(
        refused["output"][0]["content"],
        json!([{"type": "refusal", "refusal": "no"}])
    );
}

#[test]
fn answers_that_are_cut_are_no_responses() {
    for (body, what) in [
        ("[]", "no chat"),
        (r#"{"choices":[]}"#, "no choice"),
        (
            r#"{"choices":[{"message":{"content":"a"}}]}"#,
            "without a reason",
        ),
    ] {
        let error = response_of_chat(body.as_bytes(), None, &Map::new(), &fallback()).unwrap_err();
        assert!(error.contains(what), "{body}: {error}");
    }
}
