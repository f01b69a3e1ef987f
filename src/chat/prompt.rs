//! Where a body takes an agent's prompt.

use super::envelope::quoted;
use std::ops::Range;

/// Where a body takes an agent's prompt; the spans belong to the body that was scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PromptPlace {
    /// In front of `messages`.
    Messages {
        /// Just behind the `[`.
        first: usize,
        /// Whether any message is there.
        has_messages: bool,
    },
    /// Nowhere: such a request is no conversation.
    Nowhere,
}

impl PromptPlace {
    /// In front of a `messages` array, given its text and where it stands.
    pub(super) fn in_messages(array: &str, span: &Range<usize>) -> Self {
        Self::Messages {
            first: span.start + 1,
            has_messages: !array[1..].trim_start().starts_with(']'),
        }
    }

    /// What to replace by what, so that `prompt` is said first.
    pub(super) fn edit(&self, prompt: &str) -> Option<(Range<usize>, String)> {
        match self {
            Self::Messages {
                first,
                has_messages,
            } => {
                let comma = if *has_messages { "," } else { "" };
                let prompt = quoted(prompt);
                let message = format!("{{\"role\":\"system\",\"content\":{prompt}}}{comma}");
                Some((*first..*first, message))
            }
            Self::Nowhere => None,
        }
    }
}
