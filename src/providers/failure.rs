//! What a client is told about a provider's error.

use super::site::Site;
use crate::chat::ApiError;
use hyper::header::HeaderMap;
use serde_json::Value;

/// A client's pause after an overload that came without one, in seconds.
const OVERLOAD_PAUSE_SECONDS: &str = "5";

/// Headers by which providers name a request.
const REQUEST_IDS: [&str; 4] = [
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-ms-request-id",
];

/// The provider's rate limits and the names that OpenAI's clients know.
const RATE_LIMITS: [(&str, &str); 12] = [
    ("x-ratelimit-limit-requests", "x-ratelimit-limit-requests"),
    (
        "x-ratelimit-remaining-requests",
        "x-ratelimit-remaining-requests",
    ),
    ("x-ratelimit-reset-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-limit-tokens", "x-ratelimit-limit-tokens"),
    (
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-remaining-tokens",
    ),
    ("x-ratelimit-reset-tokens", "x-ratelimit-reset-tokens"),
    (
        "anthropic-ratelimit-requests-limit",
        "x-ratelimit-limit-requests",
    ),
    (
        "anthropic-ratelimit-requests-remaining",
        "x-ratelimit-remaining-requests",
    ),
    (
        "anthropic-ratelimit-requests-reset",
        "x-ratelimit-reset-requests",
    ),
    (
        "anthropic-ratelimit-tokens-limit",
        "x-ratelimit-limit-tokens",
    ),
    (
        "anthropic-ratelimit-tokens-remaining",
        "x-ratelimit-remaining-tokens",
    ),
    (
        "anthropic-ratelimit-tokens-reset",
        "x-ratelimit-reset-tokens",
    ),
];

/// A provider's error, whatever its dialect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ProviderError {
    pub(super) message: Option<String>,
    /// `type`, in Anthropic's and OpenAI's words.
    pub(super) kind: Option<String>,
    pub(super) code: Option<String>,
    pub(super) param: Option<String>,
}

impl ProviderError {
    /// Reads `{"error": {…}}` or `{"error": "…"}`, or else `{"message": …}` and `{"detail": …}`, as servers write it that go by
    /// no dialect in their errors; nothing is found in HTML, empty or cut bodies.
    pub(super) fn read(body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        body.get("error")
            .map_or_else(|| Self::bare(&body), Self::from_value)
    }

    /// Reads an error that stands in nothing else.
    fn bare(body: &Value) -> Self {
        let said = body.get("message").or_else(|| body.get("detail"));
        let message = match said {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(list @ (Value::Array(_) | Value::Object(_))) => Some(list.to_string()),
            _ => None,
        };
        Self {
            message,
            ..Self::default()
        }
    }

    /// Reads the value of `error`.
    pub(super) fn from_value(error: &Value) -> Self {
        let field = |name: &str| match error.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        Self {
            message: field("message").or_else(|| error.as_str().map(str::to_owned)),
            kind: field("type"),
            code: field("code"),
            param: field("param"),
        }
    }

    fn is(&self, word: &str) -> bool {
        self.code.as_deref() == Some(word) || self.kind.as_deref() == Some(word)
    }

    fn says(&self, words: &[&str]) -> bool {
        let message = self.message.as_deref().unwrap_or_default().to_lowercase();
        words.iter().any(|word| message.contains(word))
    }

    fn is_context_length(&self) -> bool {
        self.is("context_length_exceeded")
            || self.says(&[
                "prompt is too long",
                "maximum context length",
                "exceeds the context window",
                "exceeds the available context size",
            ])
    }

    /// Whether a 429 means that the month's money is gone.
    fn is_spent(&self) -> bool {
        self.is("enforced_spend_limit_reached") || self.says(&["enforced_spend_limit_reached"])
    }

    fn is_billing(&self) -> bool {
        self.is("insufficient_quota")
            || self.is("billing_error")
            || self.says(&[
                "credit balance",
                "spend limit",
                "spending limit",
                "usage limits",
            ])
    }
}

/// An answer that is an error.
pub(super) struct Failure<'a> {
    pub(super) site: &'a Site,
    /// The provider's status; `None` inside a stream.
    pub(super) status: Option<u16>,
    pub(super) error: ProviderError,
    /// Whether the client itself named the model.
    pub(super) client_named_model: bool,
}

impl Failure<'_> {
    /// The error for the client, with what the answer's headers add.
    pub(super) fn with_headers(self, headers: &HeaderMap) -> ApiError {
        let text = |name: &str| short_header(headers, name);
        let mut error = self.answer();
        let is_spent = self.error.is_spent();
        if let Some(id) = REQUEST_IDS.iter().find_map(|name| text(name)) {
            error = error.with_detail("upstream_request_id", id);
        }
        let may_wait = error.is_retryable() || matches!(error.status, 429 | 503);
        let pause =
            text("retry-after").or_else(|| text("retry-after-ms").and_then(|ms| seconds(&ms)));
        if error.status == 429 && pause.is_none() && is_spent {
            error.kind = "insufficient_quota";
            error = error
                .with_code("insufficient_quota")
                .with_detail("retryable", false);
        }
        if let Some(pause) = pause.filter(|_| may_wait) {
            error = error.with_header("retry-after", pause);
        } else if error.status == 503 {
            error = error.with_header("retry-after", OVERLOAD_PAUSE_SECONDS);
        }
        if matches!(error.status, 429 | 503) {
            for (theirs, ours) in RATE_LIMITS {
                if let Some(value) = text(theirs) {
                    error = error.with_header(ours, value);
                }
            }
        }
        error
    }

    /// The error for the client.
    pub(super) fn answer(&self) -> ApiError {
        let error = match self.status.unwrap_or_else(|| self.status_in_stream()) {
            400 | 422 => self.invalid(),
            401 => self.fixed(
                502,
                "upstream_error",
                "upstream_authentication_failed",
                self.about_key(
                    "did not accept the key that the manifests give it",
                    "wants a key, and the manifests give it none",
                ),
            ),
            402 => self.fixed(
                502,
                "upstream_error",
                "upstream_quota",
                "wants its bill paid",
            ),
            403 => self.fixed(
                502,
                "upstream_error",
                "upstream_permission_denied",
                self.about_key(
                    "denied this to the key that the manifests give it",
                    "denied this, and the manifests give it no key",
                ),
            ),
            404 => self.not_found(),
            408 => self.told(504, "timeout", "timeout", true),
            413 => self.told(413, "request_too_large", "request_too_large", false),
            429 if self.error.is("insufficient_quota") => {
                self.told(429, "insufficient_quota", "insufficient_quota", false)
            }
            429 => self.told(429, "rate_limit_error", "rate_limit_exceeded", true),
            529 => self.told(503, "overloaded", "overloaded", true),
            300..400 => self.fixed(
                502,
                "upstream_error",
                "upstream_error",
                "answered with a redirect, which is not followed",
            ),
            status => self.told(502, "upstream_error", "upstream_error", status >= 500),
        };
        match self.status {
            Some(status) => error.with_detail("upstream_status", status),
            None => error,
        }
    }

    /// The status that goes with an error inside a stream.
    fn status_in_stream(&self) -> u16 {
        match self.error.kind.as_deref().or(self.error.code.as_deref()) {
            Some("overloaded_error") => 529,
            Some("rate_limit_error" | "rate_limit_exceeded") => 429,
            Some("authentication_error" | "invalid_api_key") => 401,
            Some("permission_error") => 403,
            Some("billing_error" | "insufficient_quota") => 402,
            Some("invalid_request_error") => 400,
            _ => 500,
        }
    }

    fn invalid(&self) -> ApiError {
        if self.error.is_billing() {
            return self.fixed(
                502,
                "upstream_error",
                "upstream_quota",
                "wants its bill paid",
            );
        }
        let mut answer = self.told(400, "invalid_request_error", "", false);
        answer.code = if self.error.is_context_length() {
            Some("context_length_exceeded".into())
        } else {
            self.error
                .code
                .as_deref()
                .map(|code| self.site.clean(code).into())
        };
        answer.param = self
            .error
            .param
            .as_deref()
            .map(|param| self.site.clean(param).into());
        answer
    }

    fn not_found(&self) -> ApiError {
        let mut error = if self.client_named_model {
            self.told(404, "invalid_request_error", "model_not_found", false)
        } else {
            self.told(502, "upstream_error", "upstream_model_not_found", false)
        };
        if self.site.provider == "ollama" {
            error.message.push_str(" (`ollama pull` fetches a model)");
        }
        error
    }

    /// An error in the provider's own words, if it has any.
    fn told(
        &self,
        status: u16,
        kind: &'static str,
        code: &'static str,
        retryable: bool,
    ) -> ApiError {
        let site = self.site;
        let message = match (&self.error.message, self.status) {
            (Some(message), _) => site.clean(message),
            (None, Some(status)) => format!(
                "{} of endpoint `{}` answered {status} without a message",
                site.provider, site.endpoint
            ),
            (None, None) => format!(
                "{} of endpoint `{}` reported an error without a message",
                site.provider, site.endpoint
            ),
        };
        site.upstream(status, kind, message)
            .with_code(code)
            .with_detail("retryable", retryable)
    }

    /// What is said of a key, or that there is none.
    fn about_key(&self, given: &'static str, missing: &'static str) -> &'static str {
        match self.site.key {
            Some(_) => given,
            None => missing,
        }
    }

    /// An error in our words: the provider's may hold part of the key or concern only the operator.
    fn fixed(&self, status: u16, kind: &'static str, code: &'static str, what: &str) -> ApiError {
        let site = self.site;
        let message = format!("{} of endpoint `{}` {what}", site.provider, site.endpoint);
        site.upstream(status, kind, message)
            .with_code(code)
            .with_detail("retryable", false)
    }
}

/// A header's value if it is short and plain.
fn short_header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty() && value.len() <= 128).then(|| value.to_owned())
}

/// Whole seconds, rounded up, from milliseconds.
fn seconds(milliseconds: &str) -> Option<String> {
    let milliseconds: u64 = milliseconds.parse().ok()?;
    Some(milliseconds.div_ceil(1000).to_string())
}
