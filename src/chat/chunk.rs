//! A streamed answer, written as OpenAI's server-sent events.

use super::{FinishReason, Frame, Usage};
use bytes::Bytes;
use serde_json::{Value, json};

/// The frame that ends a stream which succeeded, and no other.
pub const DONE_FRAME: Bytes = Bytes::from_static(b"data: [DONE]\n\n");

/// Writes the chunks of one answer; id, time and model are the same in each.
#[derive(Debug, Clone)]
pub struct ChunkWriter {
    id: String,
    created: u64,
    model: String,
    include_usage: bool,
}

impl ChunkWriter {
    /// A writer. `created` is in seconds since 1970; `include_usage` is whether the client asked.
    pub fn new(id: String, created: u64, model: String, include_usage: bool) -> Self {
        Self {
            id,
            created,
            model,
            include_usage,
        }
    }

    /// The first chunk, the only one with the role.
    pub fn role(&self) -> Frame {
        self.delta(&json!({"role": "assistant", "content": ""}))
    }

    /// A piece of text.
    pub fn text(&self, text: &str) -> Frame {
        self.delta(&json!({"content": text}))
    }

    /// A piece of reasoning.
    pub fn reasoning(&self, text: &str) -> Frame {
        self.delta(&json!({"reasoning_content": text}))
    }

    /// A block of thinking, whole and signed; `index` counts those.
    pub fn thinking_block(&self, index: usize, block: &Value) -> Frame {
        let mut block = block.clone();
        block["index"] = index.into();
        self.delta(&json!({"thinking_blocks": [block]}))
    }

    /// The start of a tool call; `index` counts tools.
    pub fn tool_start(&self, index: usize, id: &str, name: &str) -> Frame {
        self.delta(&json!({"tool_calls": [{
            "index": index,
            "id": id,
            "type": "function",
            "function": {"name": name, "arguments": ""},
        }]}))
    }

    /// A piece of a tool call's arguments.
    pub fn tool_arguments(&self, index: usize, fragment: &str) -> Frame {
        self.delta(&json!({"tool_calls": [{
            "index": index,
            "function": {"arguments": fragment},
        }]}))
    }

    /// Why the answer ended, then the tokens if the client asked, then [`DONE_FRAME`].
    pub fn finish(&self, reason: FinishReason, usage: &Usage) -> Vec<Frame> {
        let choices = json!([{
            "index": 0, "delta": {}, "logprobs": null, "finish_reason": reason.as_str(),
        }]);
        let last = self.frame(&choices, self.include_usage.then_some(Value::Null));
        let mut frames = vec![last.with_usage(Some(*usage))];
        if self.include_usage {
            frames.push(self.frame(&json!([]), Some(usage.to_json())));
        }
        frames.push(DONE_FRAME.into());
        frames
    }

    fn delta(&self, delta: &Value) -> Frame {
        let choices = json!([{
            "index": 0, "delta": delta, "logprobs": null, "finish_reason": null,
        }]);
        self.frame(&choices, self.include_usage.then_some(Value::Null))
    }

    fn frame(&self, choices: &Value, usage: Option<Value>) -> Frame {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if let (Some(fields), Some(usage)) = (chunk.as_object_mut(), usage) {
            fields.insert("usage".into(), usage);
        }
        Bytes::from(format!("data: {chunk}\n\n")).into()
    }
}
