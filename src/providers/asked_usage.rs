//! Token counts of a stream that its client did not ask for: its account needs them all the same.

use super::ChatCall;
use crate::chat::{ApiError, Dialect, with_field};
use bytes::Bytes;
use memchr::memmem;
use std::sync::atomic::{AtomicBool, Ordering};

/// The field that asks.
const FIELD: &str = "stream_options";

/// What asks, in front of a body that has no such field.
const ASKING: &[u8] = b"\"stream_options\":{\"include_usage\":true},";

/// Whether a server knows the question. Some that speak OpenAI's dialect do not, and answer 400.
#[derive(Default)]
pub(super) struct AskedUsage {
    is_unknown: AtomicBool,
}

impl AskedUsage {
    /// `body` asking for token counts; `None` if nothing is to be asked. Every byte of it stays, but for a null.
    pub(super) fn asking(&self, body: &[u8], call: &ChatCall) -> Option<Bytes> {
        let is_to_ask = call.asks_usage && call.stream && call.dialect == Dialect::Chat;
        if !is_to_ask || self.is_unknown.load(Ordering::Relaxed) {
            return None;
        }
        if memmem::find(body, FIELD.as_bytes()).is_some() {
            return with_field(body, FIELD, "{\"include_usage\":true}");
        }
        let first = body.iter().position(|byte| *byte == b'{')? + 1;
        let (before, rest) = body.split_at(first);
        Some([before, ASKING, rest].concat().into())
    }

    /// Whether an error is about the question, which is not asked again then.
    pub(super) fn is_refused(&self, error: &ApiError) -> bool {
        let names = |text: &str| text.contains(FIELD) || text.contains("include_usage");
        let is_it = error.status == 400
            && (names(&error.message) || error.param.as_deref().is_some_and(names));
        if is_it {
            self.is_unknown.store(true, Ordering::Relaxed);
        }
        is_it
    }
}
