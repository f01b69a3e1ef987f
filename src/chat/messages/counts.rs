//! Tokens as Anthropic counts them.

use crate::chat::Usage;
use crate::chat::lenient::or_absent;
use serde::Deserialize;

/// Tokens as Anthropic counts them: cached ones apart.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct MessageCounts {
    #[serde(rename = "input_tokens")]
    input: Option<u64>,
    #[serde(rename = "output_tokens")]
    output: Option<u64>,
    #[serde(rename = "cache_creation_input_tokens")]
    cache_written: Option<u64>,
    #[serde(rename = "cache_read_input_tokens")]
    cache_read: Option<u64>,
    #[serde(
        rename = "output_tokens_details",
        default,
        deserialize_with = "or_absent"
    )]
    output_details: OutputDetails,
}

/// What the tokens of an answer are for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
struct OutputDetails {
    thinking_tokens: Option<u64>,
}

impl MessageCounts {
    /// Takes over the counts that a later event of the stream has; they are totals, not additions.
    pub fn update(&mut self, later: Self) {
        self.input = later.input.or(self.input);
        self.output = later.output.or(self.output);
        self.cache_written = later.cache_written.or(self.cache_written);
        self.cache_read = later.cache_read.or(self.cache_read);
        let thinking = later.output_details.thinking_tokens;
        self.output_details.thinking_tokens = thinking.or(self.output_details.thinking_tokens);
    }

    /// OpenAI's meaning: the prompt includes what was cached.
    pub fn normalised(self) -> Usage {
        let written = self.cache_written.unwrap_or_default();
        let read = self.cache_read.unwrap_or_default();
        Usage {
            prompt_tokens: self
                .input
                .unwrap_or_default()
                .saturating_add(written)
                .saturating_add(read),
            completion_tokens: self.output.unwrap_or_default(),
            cached_tokens: read,
            cache_write_tokens: written,
            reasoning_tokens: self.output_details.thinking_tokens.unwrap_or_default(),
            estimated: self.input.is_none() || self.output.is_none(),
        }
    }
}
