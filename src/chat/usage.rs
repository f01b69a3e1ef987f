//! Token counts in OpenAI's meaning.

use serde::Deserialize;
use serde_json::{Value, json};

/// Tokens of one call. `prompt_tokens` includes cached ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read, cached ones included.
    pub prompt_tokens: u64,
    /// Tokens written, reasoning included.
    pub completion_tokens: u64,
    /// Of the prompt, tokens read from the provider's cache.
    pub cached_tokens: u64,
    /// Of the prompt, tokens written to the provider's cache.
    pub cache_write_tokens: u64,
    /// Of the completion, tokens spent on reasoning.
    pub reasoning_tokens: u64,
    /// Whether the provider left a count out and it was guessed here.
    pub estimated: bool,
}

impl Usage {
    /// Tokens of a text of this many bytes, if nobody counted them: four bytes a token is usual for English.
    pub fn guess(bytes: usize) -> u64 {
        (bytes as u64).div_ceil(4)
    }

    /// All tokens of the call.
    pub fn total_tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }

    /// The `usage` object of an OpenAI answer.
    pub fn to_json(&self) -> Value {
        let mut usage = json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.total_tokens(),
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": self.reasoning_tokens},
        });
        if self.estimated
            && let Some(fields) = usage.as_object_mut()
        {
            fields.insert("orloj".into(), json!({"estimated": true}));
        }
        usage
    }

    /// Reads an OpenAI `usage` object, a chat's or a response's; `None` if it has no count.
    pub fn from_json(text: &str) -> Option<Self> {
        let wire: WireUsage = serde_json::from_str(text).ok()?;
        if wire.prompt_tokens.is_none() && wire.completion_tokens.is_none() {
            return None;
        }
        Some(Self {
            prompt_tokens: wire.prompt_tokens.unwrap_or_default(),
            completion_tokens: wire.completion_tokens.unwrap_or_default(),
            cached_tokens: wire
                .prompt_tokens_details
                .and_then(|details| details.cached_tokens)
                .unwrap_or_default(),
            cache_write_tokens: 0,
            reasoning_tokens: wire
                .completion_tokens_details
                .and_then(|details| details.reasoning_tokens)
                .unwrap_or_default(),
            estimated: false,
        })
    }
}

#[derive(Deserialize)]
struct WireUsage {
    #[serde(alias = "input_tokens")]
    prompt_tokens: Option<u64>,
    #[serde(alias = "output_tokens")]
    completion_tokens: Option<u64>,
    #[serde(alias = "input_tokens_details")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(alias = "output_tokens_details")]
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}
