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
    /// In a field of its own that is not there yet.
    NewField {
        /// `"name":`.
        key: &'static str,
        /// Just behind the body's `{`.
        first: usize,
    },
    /// In front of a text, whose value is at the span, quotes included.
    Text(Range<usize>, String),
    /// In front of an array of blocks.
    Blocks {
        /// Just behind the `[`.
        first: usize,
        /// Whether any block is there.
        has_blocks: bool,
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

    /// In a field whose value is `value`, if it is there: a text, blocks or null. `None` if it is anything else.
    pub(super) fn in_field(
        key: &'static str,
        value: Option<(&str, Range<usize>)>,
        first: usize,
    ) -> Option<Self> {
        let Some((text, span)) = value else {
            return Some(Self::NewField { key, first });
        };
        if let Some(rest) = text.strip_prefix('[') {
            return Some(Self::Blocks {
                first: span.start + 1,
                has_blocks: !rest.trim_start().starts_with(']'),
            });
        }
        let text: Option<String> = serde_json::from_str(text).ok()?;
        Some(Self::Text(span, text.unwrap_or_default()))
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
            Self::NewField { key, first } => {
                Some((*first..*first, format!("{key}{},", quoted(prompt))))
            }
            Self::Text(span, text) if text.is_empty() => Some((span.clone(), quoted(prompt))),
            Self::Text(span, text) => {
                let both = format!("{prompt}\n\n{text}");
                Some((span.clone(), quoted(&both)))
            }
            Self::Blocks { first, has_blocks } => {
                let comma = if *has_blocks { "," } else { "" };
                let prompt = quoted(prompt);
                let block = format!("{{\"type\":\"text\",\"text\":{prompt}}}{comma}");
                Some((*first..*first, block))
            }
            Self::Nowhere => None,
        }
    }
}
