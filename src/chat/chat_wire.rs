//! Answers of Chat Completions, read to be said in other words.

use serde::Deserialize;
use serde_json::Value;

/// One chunk of a stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) created: Option<u64>,
    pub(super) choices: Vec<ChunkChoice>,
}

/// The first choice's news.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChunkChoice {
    pub(super) index: u64,
    pub(super) delta: Option<Delta>,
    pub(super) finish_reason: Option<String>,
}

/// A message, or a piece of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Delta {
    pub(super) content: Option<String>,
    pub(super) refusal: Option<String>,
    /// `DeepSeek`'s, vLLM's and our own name for reasoning that is shown.
    reasoning_content: Option<String>,
    /// `OpenRouter`'s and Ollama's.
    reasoning: Option<String>,
    /// Our own and `LiteLLM`'s name for Anthropic's blocks of thinking, signed.
    pub(super) thinking_blocks: Option<Vec<Value>>,
    pub(super) tool_calls: Option<Vec<CallDelta>>,
}

/// A piece of a tool call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CallDelta {
    pub(super) index: Option<usize>,
    pub(super) id: Option<String>,
    pub(super) function: Option<FunctionDelta>,
}

/// A piece of the function of a tool call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionDelta {
    pub(super) name: Option<String>,
    pub(super) arguments: Option<String>,
}

/// A whole answer.
#[derive(Debug, Deserialize)]
pub(super) struct Whole {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) created: Option<u64>,
    pub(super) choices: Vec<WholeChoice>,
    pub(super) usage: Option<Value>,
}

/// One choice.
#[derive(Debug, Deserialize)]
pub(super) struct WholeChoice {
    pub(super) message: Delta,
    pub(super) finish_reason: Option<String>,
}

impl Delta {
    /// Reasoning that is shown, if there is any here.
    pub(super) fn reasoning(&self) -> Option<&str> {
        said(self.reasoning_content.as_ref()).or_else(|| said(self.reasoning.as_ref()))
    }

    /// Whether the provider calls it by the shorter name.
    pub(super) fn has_short_name(&self) -> bool {
        said(self.reasoning_content.as_ref()).is_none() && said(self.reasoning.as_ref()).is_some()
    }
}

impl CallDelta {
    /// The function's name; empty if it is not here.
    pub(super) fn name(&self) -> &str {
        let name = self.function.as_ref().and_then(|f| f.name.as_deref());
        name.unwrap_or_default()
    }

    /// The arguments, or a piece of them.
    pub(super) fn arguments(&self) -> &str {
        let arguments = self.function.as_ref().and_then(|f| f.arguments.as_deref());
        arguments.unwrap_or_default()
    }
}

/// A text that is not empty.
pub(super) fn said(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}
