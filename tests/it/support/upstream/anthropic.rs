//! Anthropic's messages.

use super::dialect::{Shared, TEXT, json, words};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Response, Uri},
};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn messages(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let request = shared.record(&uri, &headers, body);
    if request.header("x-api-key").is_empty() {
        return error(401, "authentication_error", "x-api-key header is required");
    }
    if request.header("anthropic-version").is_empty() {
        return error(
            400,
            "invalid_request_error",
            "anthropic-version: header is required",
        );
    }
    if request.body["max_tokens"]
        .as_u64()
        .is_none_or(|max| max == 0)
    {
        return error(400, "invalid_request_error", "max_tokens: Field required");
    }
    if let Some(reason) = bad_messages(&request.body) {
        return error(400, "invalid_request_error", reason);
    }
    let script = shared.script_for(request.model());
    if let Some(failure) = shared.begin(&script).await {
        return failure;
    }
    let text = script.text.clone().unwrap_or_else(|| TEXT.into());
    if request.body["stream"] == true {
        let pieces = events(request.model(), &text);
        return shared.stream("text/event-stream", pieces, &script);
    }
    json(
        200,
        &json!({
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": request.model(),
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": null,
            "usage": {
                "input_tokens": 20,
                "cache_creation_input_tokens": 4,
                "cache_read_input_tokens": 15,
                "output_tokens": words(&text).len(),
            },
        }),
    )
}

/// Why the real service would refuse the messages.
fn bad_messages(body: &Value) -> Option<&'static str> {
    let Some(messages) = body["messages"].as_array() else {
        return Some("messages: Field required");
    };
    match messages.first() {
        None => Some("messages: at least one message is required"),
        Some(first) if first["role"] != "user" => {
            Some("messages: first message must use the user role")
        }
        _ if messages.iter().any(|message| message["role"] == "system") => {
            Some("messages: Unexpected role \"system\"")
        }
        _ => None,
    }
}

fn events(model: &str, text: &str) -> Vec<String> {
    let mut events = vec![
        json!({"type": "message_start", "message": {
            "id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [],
            "stop_reason": null, "stop_sequence": null,
            "usage": {"input_tokens": 20, "cache_creation_input_tokens": 4,
                "cache_read_input_tokens": 15, "output_tokens": 1},
        }}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
    ];
    for word in words(text) {
        events.push(json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "text_delta", "text": word}}));
    }
    events.push(json!({"type": "content_block_stop", "index": 0}));
    events.push(json!({"type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": null},
        "usage": {"output_tokens": words(text).len()}}));
    events.push(json!({"type": "message_stop"}));
    events
        .iter()
        .map(|event| {
            format!(
                "event: {}\ndata: {event}\n\n",
                event["type"].as_str().unwrap()
            )
        })
        .collect()
}

fn error(status: u16, kind: &str, message: &str) -> Response<Body> {
    json(
        status,
        &json!({"type": "error", "error": {"type": kind, "message": message}}),
    )
}
