//! Bodies that clients sent compressed.

use crate::chat::ApiError;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use std::io::{self, Read};

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

    /// The body as it was before, at most `most` bytes of it.
    ///
    /// # Errors
    ///
    /// 415 for an encoding that nobody here reads, 400 for a body that is not encoded so, 413 for one that is too large.
    pub(super) fn undo(&self, body: Bytes, most: usize) -> Result<Bytes, ApiError> {
        match self {
            Self::Plain => Ok(body),
            Self::Gzip => read(MultiGzDecoder::new(&body[..]), most),
            Self::Deflate => read(ZlibDecoder::new(&body[..]), most),
            Self::Other(name) => {
                let message = format!(
                    "bodies encoded as `{name}` are not read; send gzip, deflate or plain JSON"
                );
                Err(ApiError::new(415, "invalid_request_error", message)
                    .with_code("unsupported_encoding"))
            }
        }
    }
}

fn read(decoder: impl Read, most: usize) -> Result<Bytes, ApiError> {
    let mut body = Vec::new();
    // One byte more shows that there is more.
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let taken: io::Result<usize> = decoder.take(limit).read_to_end(&mut body);
    taken.map_err(|error| {
        ApiError::invalid_request(format!(
            "the request body is not compressed as it says: {error}"
        ))
        .with_code("invalid_encoding")
    })?;
    if body.len() > most {
        let message = format!(
            "the request body is larger than {most} bytes when uncompressed (`limits.chat_body_size`)"
        );
        return Err(
            ApiError::new(413, "invalid_request_error", message).with_code("request_too_large")
        );
    }
    Ok(body.into())
}
