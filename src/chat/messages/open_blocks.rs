//! Blocks of a streamed message, one open at a time.

use crate::chat::Frame;
use bytes::Bytes;
use serde_json::{Value, json};

/// What a block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BlockKind {
    Text,
    Thinking {
        /// See [`super::answer::signature`].
        signature: &'static str,
    },
    Tool {
        /// How many calls began before it.
        index: usize,
        id: String,
        name: String,
    },
}

/// Blocks in the order in which they began. The blocks of a message may not overlap, while the tool calls of a chat may:
/// what belongs to a later block waits until the one before it is whole.
#[derive(Debug, Default)]
pub(super) struct OpenBlocks {
    list: Vec<Block>,
    /// The one that is open; `list.len()` if none is.
    open: usize,
}

#[derive(Debug)]
struct Block {
    kind: BlockKind,
    /// Of a tool: all its arguments. Of another: what waits.
    text: String,
    /// How much of `text` is out.
    sent: usize,
}

impl OpenBlocks {
    /// Whether any tool was called.
    pub(super) fn has_tools(&self) -> bool {
        let is_tool = |block: &Block| matches!(block.kind, BlockKind::Tool { .. });
        self.list.iter().any(is_tool)
    }

    /// A piece of text or thinking; it goes on in the last block if that is one of the kind.
    pub(super) fn say(&mut self, kind: BlockKind, text: &str, out: &mut Vec<Frame>) {
        if self.list.last().is_none_or(|last| last.kind != kind) {
            self.begin(kind, out);
        }
        self.add(self.list.len() - 1, text, out);
    }

    /// A tool begins.
    pub(super) fn begin_tool(
        &mut self,
        index: usize,
        id: String,
        name: String,
        out: &mut Vec<Frame>,
    ) {
        self.begin(BlockKind::Tool { index, id, name }, out);
    }

    /// A piece of a tool's arguments.
    pub(super) fn arguments(&mut self, index: usize, piece: &str, out: &mut Vec<Frame>) {
        if let Some(at) = self.tool(index) {
            self.add(at, piece, out);
        }
    }

    /// Sends what waits and closes all.
    pub(super) fn finish(&mut self, out: &mut Vec<Frame>) {
        while self.open < self.list.len() {
            self.close(out);
        }
    }

    fn tool(&self, number: usize) -> Option<usize> {
        let is_it =
            |block: &Block| matches!(block.kind, BlockKind::Tool { index, .. } if index == number);
        self.list.iter().rposition(is_it)
    }

    fn begin(&mut self, kind: BlockKind, out: &mut Vec<Frame>) {
        self.list.push(Block {
            kind,
            text: String::new(),
            sent: 0,
        });
        if self.open + 1 == self.list.len() {
            self.start(out);
        }
        self.advance(out);
    }

    fn add(&mut self, at: usize, piece: &str, out: &mut Vec<Frame>) {
        self.list[at].text.push_str(piece);
        if at == self.open {
            self.flush(out);
        }
        self.advance(out);
    }

    /// Goes on to the next block as long as the open one is whole and there is a next.
    fn advance(&mut self, out: &mut Vec<Frame>) {
        while self.open + 1 < self.list.len() && self.list[self.open].is_whole() {
            self.close(out);
        }
    }

    /// Closes the open block and opens the next.
    fn close(&mut self, out: &mut Vec<Frame>) {
        if let BlockKind::Thinking { signature } = self.list[self.open].kind
            && !signature.is_empty()
        {
            let delta = json!({"type": "signature_delta", "signature": signature});
            let delta = json!({"type": "content_block_delta", "index": self.open, "delta": delta});
            out.push(event("content_block_delta", &delta));
        }
        out.push(event(
            "content_block_stop",
            &json!({"type": "content_block_stop", "index": self.open}),
        ));
        self.open += 1;
        if self.open < self.list.len() {
            self.start(out);
            self.flush(out);
        }
    }

    fn start(&self, out: &mut Vec<Frame>) {
        let block = match &self.list[self.open].kind {
            BlockKind::Text => json!({"type": "text", "text": ""}),
            BlockKind::Thinking { .. } => {
                json!({"type": "thinking", "thinking": "", "signature": ""})
            }
            BlockKind::Tool { id, name, .. } => {
                json!({"type": "tool_use", "id": id, "name": name, "input": {}})
            }
        };
        let start =
            json!({"type": "content_block_start", "index": self.open, "content_block": block});
        out.push(event("content_block_start", &start));
    }

    /// Sends what the open block has not sent.
    fn flush(&mut self, out: &mut Vec<Frame>) {
        let index = self.open;
        let block = &mut self.list[index];
        let piece = &block.text[block.sent..];
        if piece.is_empty() {
            return;
        }
        let delta = match block.kind {
            BlockKind::Text => json!({"type": "text_delta", "text": piece}),
            BlockKind::Thinking { .. } => json!({"type": "thinking_delta", "thinking": piece}),
            BlockKind::Tool { .. } => json!({"type": "input_json_delta", "partial_json": piece}),
        };
        let delta = json!({"type": "content_block_delta", "index": index, "delta": delta});
        out.push(event("content_block_delta", &delta));
        if matches!(block.kind, BlockKind::Tool { .. }) {
            block.sent = block.text.len();
        } else {
            block.text.clear();
        }
    }
}

impl Block {
    /// Whether nothing more is to come once another block has begun.
    fn is_whole(&self) -> bool {
        match self.kind {
            BlockKind::Text | BlockKind::Thinking { .. } => true,
            BlockKind::Tool { .. } => {
                serde_json::from_str::<serde::de::IgnoredAny>(&self.text).is_ok()
            }
        }
    }
}

/// An event with its name, as Anthropic sends them.
pub(super) fn event(name: &str, data: &Value) -> Frame {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n")).into()
}
