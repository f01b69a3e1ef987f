//! One step of a streamed answer.

use super::{ApiError, Dialect, Usage};
use bytes::Bytes;
use memchr::memmem;

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

    /// Whether it brings a part of the answer: no comment or `ping`, which keep a connection alive, and no failure.
    pub fn is_content(&self) -> bool {
        let bytes = self.bytes.trim_ascii_start();
        let has_line = |line: &[u8]| memmem::find(bytes, line).is_some();
        let has_data = bytes.starts_with(b"data") || has_line(b"\ndata") || has_line(b"\rdata");
        let event = bytes.strip_prefix(b"event:").map(<[u8]>::trim_ascii_start);
        let is_ping = event.is_some_and(|event| event.starts_with(b"ping"));
        has_data && !is_ping && self.error.is_none()
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

#[cfg(test)]
mod tests {
    use super::Frame;
    use crate::chat::{ApiError, Dialect};
    use bytes::Bytes;

    #[test]
    fn comments_pings_and_failures_are_no_part_of_an_answer() {
        let is_content =
            |text: &'static str| Frame::from(Bytes::from_static(text.as_bytes())).is_content();
        for text in [
            "data: {}\n\n",
            "\ndata:{}\n\n",
            ": soon\ndata: {}\n\n",
            "event: message_start\ndata: {}\n\n",
            "event: a\rdata: {}\r\r",
        ] {
            assert!(is_content(text), "{text}");
        }
        for text in [
            "",
            ": OPENROUTER PROCESSING\n\n",
            "\r\n:\r\n\r\n",
            "retry: 3000\n\n",
            "event: ping\ndata: {\"type\": \"ping\"}\n\n",
            "event:ping\ndata:{}\n\n",
        ] {
            assert!(!is_content(text), "{text}");
        }
        let error = ApiError::new(502, "upstream_error", "down");
        assert!(!Frame::failed(Dialect::Chat, error).is_content());
    }
}
