//! Tokens of a Messages request, guessed where nobody can count them.

use crate::chat::Usage;
use crate::chat::media::{PICTURE_TOKENS, file_tokens};
use crate::chat::request::RequestError;
use bytes::Bytes;
use serde_json::{Value, json};

/// Tokens that stand around each message and tool.
const FRAME_TOKENS: u64 = 4;

/// Answers a request to count tokens with a guess that says it is one.
///
/// # Errors
///
/// [`RequestError`] if the body is not JSON.
pub fn estimated_count(body: &[u8]) -> Result<Bytes, RequestError> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| RequestError::invalid("body", &format!("is not JSON: {error}")))?;
    let tokens: u64 = ["system", "messages", "tools"]
        .iter()
        .map(|field| tokens(&body[*field]))
        .sum();
    let answer = json!({"input_tokens": tokens.max(1), "orloj": {"estimated": true}});
    Ok(answer.to_string().into())
}

fn tokens(value: &Value) -> u64 {
    match value {
        Value::String(text) => Usage::guess(text.len()),
        Value::Array(items) => items.iter().map(|item| FRAME_TOKENS + tokens(item)).sum(),
        Value::Object(fields) if fields.get("type").is_some_and(|kind| kind == "image") => {
            PICTURE_TOKENS
        }
        Value::Object(fields) if fields.contains_key("media_type") => {
            let data = fields.get("data").and_then(Value::as_str);
            file_tokens(data.map_or(0, str::len))
        }
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "type" | "role" | "cache_control"))
            .map(|(name, value)| Usage::guess(name.len()) + tokens(value))
            .sum(),
        Value::Null => 0,
        Value::Bool(_) | Value::Number(_) => 1,
    }
}
