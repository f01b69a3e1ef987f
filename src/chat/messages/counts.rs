//! Tokens as Anthropic counts them.

use crate::chat::Usage;
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
}

impl MessageCounts {
    /// Takes over the counts that a later event of the stream has; they are totals, not additions.
    pub fn update(&mut self, later: Self) {
        self.input = later.input.or(self.input);
        self.output = later.output.or(self.output);
        self.cache_written = later.cache_written.or(self.cache_written);
        self.cache_read = later.cache_read.or(self.cache_read);
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
            reasoning_tokens: 0,
            estimated: self.input.is_none() || self.output.is_none(),
        }
    }
}
