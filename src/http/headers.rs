//! The headers that say where an answer came from.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::Write as _;
use uuid::Uuid;

pub(super) const REVISION: HeaderName = HeaderName::from_static("x-orloj-revision");
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-orloj-request-id");
pub(super) const ROUTE: HeaderName = HeaderName::from_static("x-orloj-route");
pub(super) const ATTEMPTS: HeaderName = HeaderName::from_static("x-orloj-attempts");
pub(super) const ADJUSTED: HeaderName = HeaderName::from_static("x-orloj-param-adjusted");

/// A fresh identifier for a request; sorts by time.
pub(super) fn new_request_id() -> String {
    format!("req-{}", Uuid::now_v7().simple())
}

/// Sets a header; bytes a header cannot carry are percent-encoded.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if (b' '..=b'~').contains(&byte) {
            safe.push(char::from(byte));
        } else {
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    if let Ok(value) = HeaderValue::from_str(&safe) {
        headers.insert(name, value);
    }
}
