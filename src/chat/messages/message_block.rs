//! A block of a message that is written.

use crate::chat::ToolInput;
use serde::Serialize;
use serde_json::Value;

/// A block of a message that is written, to a client or to Anthropic.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum MessageBlock {
    /// A call of a tool.
    ToolUse(ToolUse),
    /// Any other.
    Other(Value),
}

impl MessageBlock {
    /// Its `type`.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::ToolUse(_) => Some("tool_use"),
            Self::Other(block) => block["type"].as_str(),
        }
    }
}

/// A call of a tool.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "tool_use")]
pub struct ToolUse {
    /// Names the call; its result carries the same id.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments.
    pub input: ToolInput,
}

impl From<Value> for MessageBlock {
    fn from(block: Value) -> Self {
        Self::Other(block)
    }
}
