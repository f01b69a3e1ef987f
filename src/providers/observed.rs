//! What the calls of an endpoint have shown of it.

use crate::chat::ApiError;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::{Mutex, PoisonError};

/// Whether the last call reached its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// A word and a sentence for why not; `None` if it did.
    pub trouble: Option<(&'static str, String)>,
    /// Since when it is so, in microseconds since 1970 (UTC).
    pub since_us: i64,
}

/// The newest observation; none before the first call.
#[derive(Debug, Default)]
pub(super) struct Observed(Mutex<Option<Observation>>);

impl Observed {
    pub(super) fn newest(&self) -> Option<Observation> {
        let newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        newest.clone()
    }

    /// Notes how a call ended; what was refused before anything was sent shows nothing.
    pub(super) fn note(&self, error: Option<&ApiError>) {
        let trouble = match error {
            None => None,
            Some(error) if is_of_gateway(error) => return,
            Some(error) => trouble(error),
        };
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reason = |trouble: &Option<(&'static str, String)>| trouble.as_ref().map(|one| one.0);
        match &mut *newest {
            Some(known) if reason(&known.trouble) == reason(&trouble) => known.trouble = trouble,
            _ => {
                *newest = Some(Observation {
                    trouble,
                    since_us: Timestamp::now().as_microsecond(),
                });
            }
        }
    }
}

/// Whether nobody was asked.
pub(super) fn is_of_gateway(error: &ApiError) -> bool {
    error.details.orloj.get("source").and_then(Value::as_str) != Some("upstream")
}

/// A provider that answers is reached, whatever it answers, unless it does not take the key.
fn trouble(error: &ApiError) -> Option<(&'static str, String)> {
    let status = error.details.orloj.get("upstream_status");
    let reason = match status.and_then(Value::as_u64) {
        None => "NoAnswer",
        Some(401 | 403) => "KeyRefused",
        Some(_) => return None,
    };
    Some((reason, error.message.clone()))
}
