//! Bodies that clients sent compressed.

use crate::chat::ApiError;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use std::io::{self, Read};

/// The encodings that are read, for a client that sent another one (RFC 9110, section 15.5.16).
const READ: &str = "gzip, deflate";

/// How many times larger than what was sent a body may become. JSON that people write stays far below; what does not is
/// there to fill memory.
const MOST_RATIO: usize = 100;

/// What a body may become whatever its ratio, in bytes: so little does no harm.
const HARMLESS: usize = 1 << 20;

/// How a body is compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
    Deflate,
    /// One that nobody here reads.
    Other(String),
}

impl Encoding {
    /// What the headers say.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let said = headers.get(header::CONTENT_ENCODING);
        let said = said.map(|value| {
            String::from_utf8_lossy(value.as_bytes())
                .trim()
                .to_lowercase()
        });
        match said.as_deref() {
            None | Some("" | "identity") => Self::Plain,
            Some("gzip" | "x-gzip") => Self::Gzip,
            Some("deflate") => Self::Deflate,
            Some(other) => Self::Other(other.to_owned()),
        }
    }

    /// The body as it was before, at most `most` bytes of it and at most [`MOST_RATIO`] times what was sent.
    ///
    /// Brotli and Zstandard are not read: no official client sends them, and each is a decoder more that strangers feed.
    ///
    /// # Errors
    ///
    /// 415 for an encoding that nobody here reads, with those that are in `accept-encoding`; 400 for a body that is not
    /// encoded so; 413 for one that is too large.
    pub(super) fn undo(&self, body: Bytes, most: usize) -> Result<Bytes, ApiError> {
        match self {
            Self::Plain => Ok(body),
            Self::Gzip => read(MultiGzDecoder::new(&body[..]), body.len(), most),
            Self::Deflate => read(ZlibDecoder::new(&body[..]), body.len(), most),
            Self::Other(name) => {
                let message = format!(
                    "bodies encoded as `{name}` are not read; send gzip, deflate or plain JSON"
                );
                Err(ApiError::new(415, "invalid_request_error", message)
                    .with_code("unsupported_encoding")
                    .with_header("accept-encoding", READ))
            }
        }
    }
}

fn read(decoder: impl Read, sent: usize, most: usize) -> Result<Bytes, ApiError> {
    let by_ratio = sent.saturating_mul(MOST_RATIO).max(HARMLESS);
    let allowed = most.min(by_ratio);
    let mut body = Vec::new();
    // One byte more shows that there is more.
    let limit = u64::try_from(allowed).unwrap_or(u64::MAX).saturating_add(1);
    let taken: io::Result<usize> = decoder.take(limit).read_to_end(&mut body);
    taken.map_err(|error| {
        ApiError::invalid_request(format!(
            "the request body is not compressed as it says: {error}"
        ))
        .with_code("invalid_encoding")
    })?;
    if body.len() > allowed {
        let message = if allowed == most {
            format!(
                "the request body is larger than {most} bytes when uncompressed (`limits.chat_body_size`)"
            )
        } else {
            format!(
                "the request body is more than {MOST_RATIO} times larger when uncompressed; send it plain"
            )
        };
        return Err(
            ApiError::new(413, "invalid_request_error", message).with_code("request_too_large")
        );
    }
    Ok(body.into())
}
