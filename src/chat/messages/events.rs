//! A chat's stream as the events of a message.

use super::answer::{message_id, signature, stop_reason, usage_json};
use super::open_blocks::{BlockKind, OpenBlocks, event};
use crate::chat::calls::{CallPiece, Calls};
use crate::chat::chat_wire::{Chunk, Delta, said};
use crate::chat::{Dialect, Fallback, Frame, Usage, frame_data};
use bytes::Bytes;
use serde_json::json;
use std::borrow::Cow;

/// What keeps a connection alive while the model thinks.
const PING: Bytes = Bytes::from_static(b"event: ping\ndata: {\"type\": \"ping\"}\n\n");

/// Turns the frames of a chat, one after the other, into events.
#[derive(Debug)]
pub struct MessageEvents {
    fallback: Fallback,
    /// Made with the first chunk.
    id: Option<String>,
    blocks: OpenBlocks,
    calls: Calls,
    bytes: usize,
    refused: bool,
    finish_reason: Option<String>,
    usage: Option<Usage>,
}

impl MessageEvents {
    /// For one answer.
    pub fn new(fallback: Fallback) -> Self {
        Self {
            fallback,
            id: None,
            blocks: OpenBlocks::default(),
            calls: Calls::default(),
            bytes: 0,
            refused: false,
            finish_reason: None,
            usage: None,
        }
    }

    /// Takes one frame and adds the events it makes.
    ///
    /// # Errors
    ///
    /// What is wrong with the stream, in words that go behind the provider's name; no event follows.
    pub fn take(&mut self, frame: Frame, out: &mut Vec<Frame>) -> Result<(), &'static str> {
        if let Some(error) = frame.error {
            out.push(Frame::failed(Dialect::Messages, *error));
            return Ok(());
        }
        self.usage = frame.usage.or(self.usage);
        let Some(data) = frame_data(&frame.bytes) else {
            // A comment keeps the connection alive, as a comment until the message has started.
            let alive = match self.id {
                Some(_) => PING,
                None => frame.bytes,
            };
            out.push(alive.into());
            return Ok(());
        };
        if data.trim() == "[DONE]" {
            return self.finish(out);
        }
        let chunk: Chunk =
            serde_json::from_str(&data).map_err(|_| "sent a chunk that is no chat's")?;
        self.start(&chunk, out);
        let Some(choice) = chunk.into_first_choice() else {
            return Ok(());
        };
        if let Some(delta) = choice.delta {
            self.delta(&delta, out);
        }
        self.finish_reason = choice.finish_reason.or(self.finish_reason.take());
        Ok(())
    }

    fn start(&mut self, chunk: &Chunk, out: &mut Vec<Frame>) {
        // Azure's first chunk may be empty of everything.
        let is_empty = |text: &Option<String>| text.as_ref().is_none_or(String::is_empty);
        if self.id.is_some() || (chunk.has_no_choice() && is_empty(&chunk.id)) {
            return;
        }
        let id = message_id(chunk.id.as_deref(), &self.fallback);
        // What the prompt cost is known at the end alone; a guess is nearer than nought.
        let usage = Usage {
            completion_tokens: 1,
            ..self.fallback.usage(0)
        };
        let message = json!({
            "id": id,
            "type": "message",
            "role": "assistant",
            "model": said(chunk.model.as_ref()).unwrap_or(&self.fallback.model),
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            "usage": usage_json(&usage),
        });
        out.push(event(
            "message_start",
            &json!({"type": "message_start", "message": message}),
        ));
        self.id = Some(id);
    }

    fn delta(&mut self, delta: &Delta, out: &mut Vec<Frame>) {
        if let Some(reasoning) = delta.reasoning() {
            self.bytes += reasoning.len();
            let signature = signature(delta.has_short_name());
            let kind = BlockKind::Thinking { signature };
            self.blocks.say(kind, &reasoning, out);
        }
        let refusal = said(delta.refusal.as_ref());
        self.refused |= refusal.is_some();
        if let Some(text) = delta.text().or(refusal.map(Cow::Borrowed)) {
            self.bytes += text.len();
            self.blocks.say(BlockKind::Text, &text, out);
        }
        for call in delta.tool_calls.iter().flatten() {
            if let Some(piece) = self.calls.take(call) {
                self.tool_call(piece, out);
            }
        }
    }

    fn tool_call(&mut self, piece: CallPiece, out: &mut Vec<Frame>) {
        let number = piece.number;
        if let Some((id, name)) = piece.begins {
            let message = self.id.as_deref().unwrap_or_default();
            let id = id.unwrap_or_else(|| format!("{message}_{number}"));
            self.blocks.begin_tool(number, id, name, out);
        }
        self.bytes += piece.arguments.len();
        self.blocks.arguments(number, &piece.arguments, out);
    }

    fn finish(&mut self, out: &mut Vec<Frame>) -> Result<(), &'static str> {
        let Some(finish) = self.finish_reason.take().filter(|_| self.id.is_some()) else {
            return Err("ended its stream without a reason");
        };
        for piece in self.calls.nameless() {
            self.tool_call(piece, out);
        }
        self.blocks.finish(out);
        let usage = self
            .usage
            .unwrap_or_else(|| self.fallback.usage(self.bytes));
        let reason = stop_reason(&finish, self.blocks.has_tools(), self.refused);
        let delta = json!({
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": null},
            "usage": usage_json(&usage),
        });
        out.push(event("message_delta", &delta).with_usage(Some(usage)));
        out.push(event("message_stop", &json!({"type": "message_stop"})));
        Ok(())
    }
}
