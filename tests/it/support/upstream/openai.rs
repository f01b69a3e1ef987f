//! OpenAI's chat completions, and Azure's spelling of them.

use super::{
    dialect::{Recorded, Shared, TEXT, json, words},
    script::Script,
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, Response, Uri},
};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn chat(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let request = shared.record(&uri, &headers, body);
    let model = request.model().to_owned();
    if model.is_empty() {
        return error(400, "invalid_request_error", "you must provide a model");
    }
    answer(&shared, &request, &model, Vec::new()).await
}

pub(super) async fn azure_chat(
    State(shared): State<Arc<Shared>>,
    Path(deployment): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let request = shared.record(&uri, &headers, body);
    if request.header("api-key").is_empty() {
        return error(401, "401", "Access denied due to missing subscription key.");
    }
    if !request.query.contains("api-version=") {
        return json(
            404,
            &json!({"error": {"code": "404", "message": "Resource not found"}}),
        );
    }
    // A stream of Azure begins with a chunk that has no choices.
    let filter = json!({
        "id": "", "object": "", "created": 0, "model": "", "choices": [],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}],
    });
    answer(&shared, &request, &deployment, vec![filter]).await
}

async fn answer(
    shared: &Shared,
    request: &Recorded,
    model: &str,
    first: Vec<Value>,
) -> Response<Body> {
    let script = shared.script_for(model);
    if let Some(failure) = shared.begin(&script).await {
        return failure;
    }
    if !request.body["messages"].is_array() {
        return error(400, "invalid_request_error", "'messages' is required");
    }
    let text = script.text.clone().unwrap_or_else(|| TEXT.into());
    if request.body["stream"] == true {
        let include_usage = request.body["stream_options"]["include_usage"] == true;
        let pieces = frames(model, &text, first, include_usage);
        return shared.stream("text/event-stream", pieces, &script);
    }
    full(model, &text, &script)
}

fn full(model: &str, text: &str, _script: &Script) -> Response<Body> {
    json(
        200,
        &json!({
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": dated(model),
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": null},
                "logprobs": null,
                "finish_reason": "stop",
            }],
            "usage": usage(text),
            "system_fingerprint": "fp_1",
        }),
    )
}

fn frames(model: &str, text: &str, first: Vec<Value>, include_usage: bool) -> Vec<String> {
    let chunk = |delta: Value, finish: Value| {
        json!({
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": dated(model),
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}],
        })
    };
    let mut chunks = first;
    chunks.push(chunk(
        json!({"role": "assistant", "content": ""}),
        Value::Null,
    ));
    for word in words(text) {
        chunks.push(chunk(json!({"content": word}), Value::Null));
    }
    chunks.push(chunk(json!({}), json!("stop")));
    if include_usage {
        let mut last = chunk(json!({}), Value::Null);
        last["choices"] = json!([]);
        last["usage"] = usage(text);
        chunks.push(last);
    }
    let mut frames: Vec<String> = chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\n\n"))
        .collect();
    frames.push("data: [DONE]\n\n".into());
    frames
}

fn usage(text: &str) -> Value {
    let completion = words(text).len();
    json!({"prompt_tokens": 39, "completion_tokens": completion, "total_tokens": 39 + completion})
}

/// The name that OpenAI answers with: that of the dated model behind it.
fn dated(model: &str) -> String {
    match model {
        "gpt-3.5-turbo" => "gpt-3.5-turbo-0125".into(),
        "gpt-4-turbo" => "gpt-4-turbo-2024-04-09".into(),
        other => other.into(),
    }
}

fn error(status: u16, kind: &str, message: &str) -> Response<Body> {
    json(
        status,
        &json!({"error": {"message": message, "type": kind, "param": null, "code": null}}),
    )
}
