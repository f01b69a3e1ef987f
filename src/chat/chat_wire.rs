//! Answers of Chat Completions, read to be said in other words.

use super::Usage;
use super::lenient::or_absent;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One chunk of a stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    #[serde(deserialize_with = "or_absent")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "or_absent")]
    pub(super) model: Option<String>,
    #[serde(deserialize_with = "or_absent")]
    pub(super) created: Option<u64>,
    /// `None` on the usage chunk of some servers.
    pub(super) choices: Option<Vec<ChunkChoice>>,
}

/// The first choice's news.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChunkChoice {
    #[serde(deserialize_with = "or_absent")]
    index: u64,
    pub(super) delta: Option<Delta>,
    #[serde(deserialize_with = "or_absent")]
    pub(super) finish_reason: Option<String>,
}

/// A message, or a piece of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Delta {
    /// A text, or parts.
    content: Value,
    #[serde(deserialize_with = "or_absent")]
    pub(super) refusal: Option<String>,
    /// `DeepSeek`'s, vLLM's and our own name for reasoning that is shown.
    #[serde(deserialize_with = "or_absent")]
    reasoning_content: Option<String>,
    /// `OpenRouter`'s and Ollama's.
    #[serde(deserialize_with = "or_absent")]
    reasoning: Option<String>,
    /// Our own and `LiteLLM`'s name for Anthropic's blocks of thinking, signed.
    pub(super) thinking_blocks: Option<Vec<Value>>,
    pub(super) tool_calls: Option<Vec<CallDelta>>,
}

/// A piece of a tool call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CallDelta {
    #[serde(deserialize_with = "or_absent")]
    pub(super) index: Option<usize>,
    #[serde(deserialize_with = "or_absent")]
    pub(super) id: Option<String>,
    pub(super) function: Option<FunctionDelta>,
}

/// A piece of the function of a tool call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionDelta {
    #[serde(deserialize_with = "or_absent")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "as_text")]
    pub(super) arguments: Option<String>,
}

/// A whole answer.
#[derive(Debug, Deserialize)]
pub(super) struct Whole {
    #[serde(default, deserialize_with = "or_absent")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "or_absent")]
    pub(super) model: Option<String>,
    #[serde(default, deserialize_with = "or_absent")]
    pub(super) created: Option<u64>,
    pub(super) choices: Vec<WholeChoice>,
    usage: Option<Box<RawValue>>,
}

/// One choice.
#[derive(Debug, Deserialize)]
pub(super) struct WholeChoice {
    pub(super) message: Delta,
    #[serde(default, deserialize_with = "or_absent")]
    pub(super) finish_reason: Option<String>,
}

impl Chunk {
    /// Whether no choice has news.
    pub(super) fn has_no_choice(&self) -> bool {
        self.choices.as_ref().is_none_or(Vec::is_empty)
    }

    /// The first choice's news, if there are any.
    pub(super) fn into_first_choice(self) -> Option<ChunkChoice> {
        let mut choices = self.choices.into_iter().flatten();
        choices.find(|choice| choice.index == 0)
    }
}

impl Whole {
    /// Tokens, as the answer itself tells them.
    pub(super) fn usage(&self) -> Option<Usage> {
        Usage::from_json(self.usage.as_ref()?.get())
    }
}

impl Delta {
    /// Text, if there is any here.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        let text = match &self.content {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            Value::Array(parts) => parts
                .iter()
                .filter_map(|part| part["text"].as_str())
                .collect(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// Reasoning that is shown, if there is any here.
    pub(super) fn reasoning(&self) -> Option<Cow<'_, str>> {
        let own = said(self.reasoning_content.as_ref()).or_else(|| said(self.reasoning.as_ref()));
        own.map(Cow::Borrowed).or_else(|| self.thinking_parts())
    }

    /// What Mistral's models think: a part whose thought is a text, or again parts.
    fn thinking_parts(&self) -> Option<Cow<'_, str>> {
        let parts = self.content.as_array()?;
        let mut thought = String::new();
        for part in parts {
            match &part["thinking"] {
                Value::String(text) => thought.push_str(text),
                Value::Array(parts) => {
                    thought.extend(parts.iter().filter_map(|part| part["text"].as_str()));
                }
                _ => {}
            }
        }
        (!thought.is_empty()).then_some(Cow::Owned(thought))
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

/// Arguments as text. Some servers send the object itself, whose text stays as it is.
fn as_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(match raw.get() {
        "null" => None,
        text if text.starts_with('"') => serde_json::from_str(text).ok(),
        object => Some(object.to_owned()),
    })
}
