//! Errors within a stream of Responses.

use crate::chat::{AnswerError, ApiError};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

/// An `error` event. What other dialects have under `error` is there too, which is where clients look for it.
pub(in crate::chat) fn error_event(error: &ApiError, sequence_number: Option<u64>) -> Bytes {
    let mut data = json!({
        "type": "error",
        "code": error.code,
        "message": error.message,
        "param": error.param,
        "error": error.to_json()["error"],
    });
    if let Some(number) = sequence_number {
        data["sequence_number"] = number.into();
    }
    format!("event: error\ndata: {data}\n\n").into()
}

/// Reads a provider's `error` event, whose words stand beside its type.
pub(in crate::chat) fn read_error_event(text: &str) -> Option<AnswerError> {
    #[derive(Deserialize)]
    struct Wire {
        message: Option<String>,
        code: Option<String>,
        param: Option<String>,
        error: Option<Value>,
    }
    let wire: Wire = serde_json::from_str(text).ok()?;
    let inner = wire
        .error
        .and_then(|error| AnswerError::read(&error.to_string()));
    Some(inner.unwrap_or(AnswerError {
        message: wire.message,
        kind: None,
        code: wire.code,
        param: wire.param,
    }))
}
