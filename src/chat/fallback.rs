//! What stands in for what a provider leaves out of an answer.

use super::Usage;

/// What stands in for what a provider leaves out of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// An id that no other answer has.
    pub id: String,
    /// The model that was asked.
    pub model: String,
    /// Seconds since 1970.
    pub created: u64,
    /// Bytes of the request's body, to guess its tokens by.
    pub prompt_bytes: usize,
}

impl Fallback {
    /// A guess, marked as one, for a provider that counted nothing.
    pub(super) fn usage(&self, answer_bytes: usize) -> Usage {
        Usage {
            prompt_tokens: Usage::guess(self.prompt_bytes),
            completion_tokens: Usage::guess(answer_bytes),
            estimated: true,
            ..Usage::default()
        }
    }
}
