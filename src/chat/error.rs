//! What a client is told when a call fails.

use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::fmt;

/// An error as OpenAI's clients understand it, with the provider's truth beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// OpenAI's `type`.
    pub kind: &'static str,
    /// OpenAI's `code`.
    pub code: Option<Cow<'static, str>>,
    /// What happened, for a person; holds no secret.
    pub message: String,
    /// The request's field that is to blame.
    pub param: Option<Cow<'static, str>>,
    /// What is rarely there; boxed so that results stay small.
    pub details: Box<ErrorDetails>,
}

/// The part of an [`ApiError`] that concerns the upstream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ErrorDetails {
    /// The fields of `error.orloj`.
    pub orloj: Map<String, Value>,
    /// Headers for the client: `retry-after`, `x-ratelimit-…`.
    pub headers: Vec<(&'static str, String)>,
}

impl ApiError {
    /// An error with a status, a type and a message.
    pub fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            code: None,
            message: message.into(),
            param: None,
            details: Box::default(),
        }
    }

    /// 400 `invalid_request_error`.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// The same error with a `code`.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The same error blaming one field of the request.
    #[must_use]
    pub fn with_param(mut self, param: impl Into<Cow<'static, str>>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The same error with one more field under `error.orloj`.
    #[must_use]
    pub fn with_detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.orloj.insert(name.to_owned(), value.into());
        self
    }

    /// The same error with one more header for the client.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.headers.push((name, value.into()));
        self
    }

    /// Whether the same call may succeed later or elsewhere, as the upstream room judged it.
    pub fn is_retryable(&self) -> bool {
        self.details.orloj.get("retryable") == Some(&Value::Bool(true))
    }

    /// The `retry-after` header, as the provider wrote it.
    pub fn retry_after(&self) -> Option<&str> {
        self.details
            .headers
            .iter()
            .find(|(name, _)| *name == "retry-after")
            .map(|(_, value)| value.as_str())
    }

    /// `{"error": {message, type, param, code, orloj}}`.
    pub fn to_json(&self) -> Value {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        });
        if !self.details.orloj.is_empty()
            && let Some(fields) = error.as_object_mut()
        {
            fields.insert("orloj".into(), self.details.orloj.clone().into());
        }
        json!({"error": error})
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.kind, self.message)
    }
}

impl std::error::Error for ApiError {}
