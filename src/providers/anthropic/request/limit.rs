//! How long an answer may be, which Anthropic wants to be told.

use super::thinking::worth;
use crate::chat::ChatRequest;
use crate::providers::ChatCall;

/// Tokens an answer may have if neither the request, nor the endpoint, nor the catalogue says.
const DEFAULT: u64 = 4096;

/// Tokens of an answer, its thinking included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) tokens: u64,
    /// Whether the client asked for it.
    pub(super) is_asked: bool,
}

impl Limit {
    /// The request's; else the endpoint's, the model's by the catalogue, or a usual one with room to think.
    pub(super) fn of(request: &ChatRequest, call: &ChatCall, endpoint: Option<u64>) -> Self {
        let unasked = || {
            let known = endpoint.or(call.known_output);
            known.unwrap_or_else(|| DEFAULT + worth(request))
        };
        Self {
            tokens: request.max_tokens.unwrap_or_else(unasked),
            // What was reserved stands in the body, but nobody asked for it.
            is_asked: request.max_tokens.is_some() && call.max_output.is_none(),
        }
    }
}
