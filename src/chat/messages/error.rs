//! Errors as Anthropic's clients understand them.

use crate::chat::ApiError;
use serde_json::{Value, json};

/// `{"type": "error", "error": {type, message, orloj}}`.
///
/// Source: <https://docs.anthropic.com/en/api/errors>.
pub(in crate::chat) fn error_json(error: &ApiError) -> Value {
    let kind = match error.status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | 529 => "overloaded_error",
        504 => "timeout_error",
        status if status < 500 => "invalid_request_error",
        _ => "api_error",
    };
    let mut orloj = error.details.orloj.clone();
    if let Some(code) = &error.code {
        orloj.insert("code".into(), code.as_ref().into());
    }
    if let Some(param) = &error.param {
        orloj.insert("param".into(), param.as_ref().into());
    }
    let mut told = json!({"type": kind, "message": error.message});
    if !orloj.is_empty() {
        told["orloj"] = orloj.into();
    }
    json!({"type": "error", "error": told})
}
