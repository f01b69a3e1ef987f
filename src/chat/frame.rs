//! One step of a streamed answer.

use super::{ApiError, Dialect, Usage};
use bytes::Bytes;

/// Bytes of a streamed answer, ready to be sent, and what they mean to whoever counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    /// Whole server-sent events; empty if there is something to tell and nothing to send.
    pub bytes: Bytes,
    /// Tokens of the whole call so far, if the provider told them here; a later frame's replace them.
    pub usage: Option<Usage>,
    /// Why the stream failed. No frame follows; one that ends without it was complete.
    pub error: Option<Box<ApiError>>,
}

impl Frame {
    /// The frame that ends a stream which failed, in the client's dialect.
    pub fn failed(dialect: Dialect, error: ApiError) -> Self {
        Self {
            bytes: dialect.error_frame(&error),
            usage: None,
            error: Some(Box::new(error)),
        }
    }

    /// The same frame telling tokens.
    #[must_use]
    pub fn with_usage(mut self, usage: Option<Usage>) -> Self {
        self.usage = usage;
        self
    }
}

impl From<Bytes> for Frame {
    fn from(bytes: Bytes) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }
}
