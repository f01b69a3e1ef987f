//! The headers that say where an answer came from.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::Write as _;
use uuid::Uuid;

pub(super) const REVISION: HeaderName = HeaderName::from_static("x-orloj-revision");
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-orloj-request-id");
pub(super) const ROUTE: HeaderName = HeaderName::from_static("x-orloj-route");
pub(super) const ATTEMPTS: HeaderName = HeaderName::from_static("x-orloj-attempts");
pub(super) const ADJUSTED: HeaderName = HeaderName::from_static("x-orloj-param-adjusted");

/// How a request's identifier is written.
pub(super) fn request_id(id: Uuid) -> String {
    format!("req-{}", id.simple())
}

/// Sets a header; bytes a header cannot carry are percent-encoded.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    let is_safe = |byte: u8| (b' '..=b'~').contains(&byte);
    let value = if text.bytes().all(is_safe) {
        HeaderValue::from_str(text)
    } else {
        let mut safe = String::with_capacity(2 * text.len());
        for byte in text.bytes() {
            if is_safe(byte) {
                safe.push(char::from(byte));
            } else {
                let _ = write!(safe, "%{byte:02X}");
            }
        }
        HeaderValue::from_str(&safe)
    };
    if let Ok(value) = value {
        headers.insert(name, value);
    }
}
