//! A whole answer, as a translating provider understood it.

use super::Usage;
use super::reasoning::BLOCKS;
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// A call of a tool that the model asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// Names the call; its result carries the same id.
    pub id: String,
    /// The tool's name as the client declared it.
    pub name: String,
    /// Arguments as JSON text; `{}` if there are none.
    pub arguments: String,
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// It was done, or met a stop text.
    Stop,
    /// A token limit.
    Length,
    /// It wants tools called.
    ToolCalls,
    /// It, or the provider, refused.
    ContentFilter,
}

impl FinishReason {
    /// OpenAI's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
        }
    }
}

/// A whole answer with one choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The answer's id.
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
    /// The model that answered.
    pub model: String,
    /// Text; `None` when only tools are called.
    pub text: Option<String>,
    /// Reasoning that the provider shows.
    pub reasoning: Option<String>,
    /// The same as the provider signed it, to be sent back unchanged.
    pub thinking_blocks: Vec<Value>,
    /// Calls of tools.
    pub tool_calls: Vec<ToolCall>,
    /// Why it stopped.
    pub finish: FinishReason,
    /// Tokens.
    pub usage: Usage,
}

impl Completion {
    /// The OpenAI `chat.completion` object.
    pub fn to_bytes(&self) -> Bytes {
        let mut message = Map::new();
        message.insert("role".into(), "assistant".into());
        message.insert("content".into(), self.text.clone().into());
        if let Some(reasoning) = &self.reasoning {
            message.insert("reasoning_content".into(), reasoning.clone().into());
        }
        if !self.thinking_blocks.is_empty() {
            message.insert(BLOCKS.into(), self.thinking_blocks.clone().into());
        }
        if !self.tool_calls.is_empty() {
            let calls: Vec<Value> = self.tool_calls.iter().map(tool_call_json).collect();
            message.insert("tool_calls".into(), calls.into());
        }
        message.insert("refusal".into(), Value::Null);
        let completion = json!({
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [{
                "index": 0,
                "message": message,
                "logprobs": null,
                "finish_reason": self.finish.as_str(),
            }],
            "usage": self.usage.to_json(),
        });
        completion.to_string().into()
    }
}

fn tool_call_json(call: &ToolCall) -> Value {
    json!({
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    })
}
