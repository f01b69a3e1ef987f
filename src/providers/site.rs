//! Who is called, for errors.

use super::credential::Key;
use super::timeouts::Limit;
use crate::chat::ApiError;

/// Provider, endpoint and host of a call: what errors name.
pub(super) struct Site {
    pub(super) provider: String,
    /// `namespace/name`.
    pub(super) endpoint: String,
    /// Host, and port if it is not the scheme's.
    pub(super) host: String,
    /// The port, the scheme's if the URL names none; `None` where nothing is called.
    pub(super) port: Option<u16>,
    pub(super) key: Option<Key>,
}

/// The longest message of a provider that is passed on, in characters.
const MAX_MESSAGE_CHARS: usize = 2000;

impl Site {
    /// An error that lies with the provider or the way to it.
    pub(super) fn upstream(&self, status: u16, kind: &'static str, message: String) -> ApiError {
        ApiError::new(status, kind, message)
            .with_detail("source", "upstream")
            .with_detail("provider", self.provider.as_str())
            .with_detail("endpoint", self.endpoint.as_str())
    }

    /// 502: the provider did not answer as it should.
    pub(super) fn broken(&self, what: &str) -> ApiError {
        let message = format!("{} of endpoint `{}` {what}", self.provider, self.endpoint);
        self.upstream(502, "upstream_error", message)
            .with_code("upstream_error")
            .with_detail("retryable", true)
    }

    /// 504: a limit of the endpoint was met.
    pub(super) fn timeout(&self, limit: Limit) -> ApiError {
        let message = format!(
            "`{}` of endpoint `{}` did not answer in time (limit `{}`)",
            self.host,
            self.endpoint,
            limit.as_str()
        );
        self.upstream(504, "timeout", message)
            .with_code("timeout")
            .with_detail("timeout", limit.as_str())
            .with_detail("retryable", limit != Limit::Total)
    }

    /// 400: the request asks for what this provider cannot do.
    pub(super) fn refused(&self, error: impl Into<ApiError>) -> ApiError {
        error
            .into()
            .with_detail("source", "gateway")
            .with_detail("provider", self.provider.as_str())
            .with_detail("endpoint", self.endpoint.as_str())
            .with_detail("retryable", false)
    }

    /// A provider's text as it may be shown: short and without the key.
    pub(super) fn clean(&self, text: &str) -> String {
        let text = match &self.key {
            Some(key) => key.redact(text),
            None => text.to_owned(),
        };
        match text.char_indices().nth(MAX_MESSAGE_CHARS) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}
