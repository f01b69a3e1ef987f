//! Token counts in OpenAI's meaning.

use super::lenient::or_absent;
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
        if self.cache_write_tokens > 0 {
            usage["prompt_tokens_details"]["cache_write_tokens"] = self.cache_write_tokens.into();
        }
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
        // A server may tell both, one for clients of each kind.
        let prompt_tokens = wire.prompt_tokens.or(wire.input_tokens);
        let completion_tokens = wire.completion_tokens.or(wire.output_tokens);
        if prompt_tokens.is_none() && completion_tokens.is_none() {
            return None;
        }
        let prompt = wire.prompt_tokens_details.or(wire.input_tokens_details);
        let prompt = prompt.unwrap_or_default();
        let completion = wire
            .completion_tokens_details
            .or(wire.output_tokens_details)
            .unwrap_or_default();
        Some(Self {
            prompt_tokens: prompt_tokens.unwrap_or_default(),
            completion_tokens: completion_tokens.unwrap_or_default(),
            cached_tokens: prompt.cached_tokens.unwrap_or_default(),
            cache_write_tokens: prompt.cache_write_tokens.unwrap_or_default(),
            reasoning_tokens: completion.reasoning_tokens.unwrap_or_default(),
            estimated: false,
        })
    }
}

/// A chat's names, and a response's.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WireUsage {
    prompt_tokens: Option<u64>,
    input_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    output_tokens: Option<u64>,
    #[serde(deserialize_with = "or_absent")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(deserialize_with = "or_absent")]
    input_tokens_details: Option<PromptDetails>,
    #[serde(deserialize_with = "or_absent")]
    completion_tokens_details: Option<CompletionDetails>,
    #[serde(deserialize_with = "or_absent")]
    output_tokens_details: Option<CompletionDetails>,
}

#[derive(Default, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}
