//! Ollama's own chat.

use super::dialect::{Shared, TEXT, json, words};
use axum::{
    body::{Body, Bytes},
    extract::State,
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
        return json(400, &json!({"error": "model is required"}));
    }
    let script = shared.script_for(&model);
    if let Some(failure) = shared.begin(&script).await {
        return failure;
    }
    let text = script.text.clone().unwrap_or_else(|| TEXT.into());
    // Unlike the others it streams unless it is told not to.
    if request.body["stream"] != false {
        return shared.stream("application/x-ndjson", lines(&model, &text), &script);
    }
    let mut answer = done(&model, &text);
    answer["message"]["content"] = json!(text);
    json(200, &answer)
}

fn lines(model: &str, text: &str) -> Vec<String> {
    let mut lines: Vec<Value> = words(text)
        .into_iter()
        .map(|word| {
            json!({"model": model, "created_at": "2026-01-01T00:00:00Z", "done": false,
                "message": {"role": "assistant", "content": word}})
        })
        .collect();
    lines.push(done(model, text));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn done(model: &str, text: &str) -> Value {
    json!({
        "model": model,
        "created_at": "2026-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": ""},
        "done": true,
        "done_reason": "stop",
        "total_duration": 1,
        "prompt_eval_count": 26,
        "eval_count": words(text).len(),
    })
}
