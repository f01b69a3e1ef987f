//! Tokens of a Messages request, guessed where nobody can count them.

use crate::chat::Usage;
use crate::chat::request::RequestError;
use bytes::Bytes;
use serde_json::{Value, json};

/// What Anthropic says that a picture of usual size costs.
const PICTURE_TOKENS: u64 = 1600;

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
        // A file in base64 holds three bytes in four characters, and a page of it as much as a picture or less.
        Value::Object(fields) if fields.contains_key("media_type") => {
            let data = fields.get("data").and_then(Value::as_str);
            Usage::guess(data.map_or(0, str::len)) / 4 * 3
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
