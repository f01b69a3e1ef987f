//! Anthropic's stream of events in OpenAI's chunks.

use super::answer::finish;
use super::names::Names;
use super::thoughts::Signed;
use crate::chat::{ApiError, ChunkWriter, Frame, FrameSplitter, MessageCounts, frame_data};
use crate::providers::failure::ProviderError;
use crate::providers::relay::{self, Decode, MAX_FRAME_BYTES, Progress};
use crate::providers::site::Site;
use crate::providers::transport::Reply;
use crate::providers::{ChatCall, StreamCounts};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;

/// What keeps a connection alive while the model thinks.
const KEEP_ALIVE: Bytes = Bytes::from_static(b": ping\n\n");

/// Reads events and writes chunks.
pub(super) struct Events {
    site: Arc<Site>,
    client_named_model: bool,
    names: Names,
    splitter: FrameSplitter,
    model: String,
    keeps_model: bool,
    include_usage: bool,
    /// Made when the message starts.
    writer: Option<ChunkWriter>,
    usage: MessageCounts,
    stop_reason: Option<String>,
    tools: usize,
    /// The tool whose block is open, by its number, and whether arguments have come.
    open_tool: Option<(usize, bool)>,
    signed: Signed,
    /// Signed blocks so far.
    thoughts: usize,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    message: Option<Started>,
    content_block: Option<Value>,
    delta: Option<Value>,
    usage: Option<MessageCounts>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Started {
    id: Option<String>,
    model: Option<String>,
    usage: Option<MessageCounts>,
}

impl Events {
    pub(super) fn new(reply: &Reply, names: Names, call: &ChatCall) -> Self {
        Self {
            site: Arc::clone(&reply.site),
            client_named_model: reply.client_named_model,
            names,
            splitter: FrameSplitter::new(MAX_FRAME_BYTES),
            model: call
                .response_model
                .clone()
                .unwrap_or_else(|| call.model.clone()),
            keeps_model: call.response_model.is_some(),
            include_usage: call.counts == StreamCounts::Told,
            writer: None,
            usage: MessageCounts::default(),
            stop_reason: None,
            tools: 0,
            open_tool: None,
            signed: Signed::by(&call.model),
            thoughts: 0,
        }
    }

    fn event(&mut self, event: Event, frames: &mut VecDeque<Frame>) -> Result<Progress, ApiError> {
        match event.kind.as_str() {
            "message_start" => self.start(event.message, frames),
            "error" => {
                let error = ProviderError::from_value(&event.error.unwrap_or_default());
                return Err(Reply::reported(&self.site, error, self.client_named_model));
            }
            "ping" if self.writer.is_some() => frames.push_back(KEEP_ALIVE.into()),
            "message_delta" => {
                self.usage.update(event.usage.unwrap_or_default());
                if let Some(reason) = event.delta.as_ref().and_then(|d| d["stop_reason"].as_str()) {
                    self.stop_reason = Some(reason.to_owned());
                }
            }
            "content_block_start" => {
                self.block_start(&event.content_block.unwrap_or_default(), frames)?;
            }
            "content_block_delta" => self.block_delta(&event.delta.unwrap_or_default(), frames)?,
            "content_block_stop" => self.block_stop(frames)?,
            "message_stop" => {
                // Without a reason the answer was cut, whatever the last event says.
                if self.stop_reason.is_none() {
                    return Err(self.site.broken("ended its stream without a stop reason"));
                }
                let reason = finish(self.stop_reason.as_deref(), self.tools > 0);
                let usage = self.usage.normalised();
                frames.extend(self.writer()?.finish(reason, &usage));
                return Ok(Progress::Done);
            }
            // Anthropic adds events; unknown ones are to be skipped.
            _ => {}
        }
        Ok(Progress::More)
    }

    fn start(&mut self, started: Option<Started>, frames: &mut VecDeque<Frame>) {
        let (id, model, usage) = started.map_or((None, None, None), |s| (s.id, s.model, s.usage));
        self.usage.update(usage.unwrap_or_default());
        if let Some(model) = model.filter(|_| !self.keeps_model) {
            self.model = model;
        }
        let writer = ChunkWriter::new(
            id.unwrap_or_else(relay::new_id),
            relay::now_seconds(),
            self.model.clone(),
            self.include_usage,
        );
        frames.push_back(writer.role());
        self.writer = Some(writer);
    }

    fn block_start(&mut self, block: &Value, frames: &mut VecDeque<Frame>) -> Result<(), ApiError> {
        let field = |name: &str| block[name].as_str().unwrap_or_default();
        self.signed.begin(block);
        match field("type") {
            "tool_use" => {
                let name = self.names.to_client(field("name"));
                frames.push_back(self.writer()?.tool_start(self.tools, field("id"), name));
                self.open_tool = Some((self.tools, false));
                self.tools += 1;
            }
            "text" if !field("text").is_empty() => {
                frames.push_back(self.writer()?.text(field("text")));
            }
            _ => {}
        }
        Ok(())
    }

    fn block_delta(&mut self, delta: &Value, frames: &mut VecDeque<Frame>) -> Result<(), ApiError> {
        let field = |name: &str| delta[name].as_str().unwrap_or_default();
        self.signed.add(delta);
        match field("type") {
            "text_delta" => frames.push_back(self.writer()?.text(field("text"))),
            "thinking_delta" => frames.push_back(self.writer()?.reasoning(field("thinking"))),
            "input_json_delta" if !field("partial_json").is_empty() => {
                if let Some((index, _)) = self.open_tool {
                    self.open_tool = Some((index, true));
                    frames.push_back(self.writer()?.tool_arguments(index, field("partial_json")));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn block_stop(&mut self, frames: &mut VecDeque<Frame>) -> Result<(), ApiError> {
        if let Some((index, false)) = self.open_tool.take() {
            frames.push_back(self.writer()?.tool_arguments(index, "{}"));
        }
        if let Some(block) = self.signed.end() {
            frames.push_back(self.writer()?.thinking_block(self.thoughts, &block));
            self.thoughts += 1;
        }
        Ok(())
    }

    fn writer(&self) -> Result<&ChunkWriter, ApiError> {
        self.writer
            .as_ref()
            .ok_or_else(|| self.site.broken("sent content before its message started"))
    }
}

impl Decode for Events {
    fn piece(&mut self, piece: &[u8], frames: &mut VecDeque<Frame>) -> Result<Progress, ApiError> {
        self.splitter.push(piece);
        while let Some(frame) = self
            .splitter
            .next_frame()
            .map_err(|error| self.site.broken(&format!("sent too much: {error}")))?
        {
            let Some(data) = frame_data(&frame) else {
                continue;
            };
            let event = serde_json::from_str(&data)
                .map_err(|_| self.site.broken("sent an event that is not JSON"))?;
            if self.event(event, frames)? == Progress::Done {
                return Ok(Progress::Done);
            }
        }
        Ok(Progress::More)
    }

    fn end(&mut self, frames: &mut VecDeque<Frame>) -> Result<Progress, ApiError> {
        // The blank line behind the last event may be missing.
        self.piece(b"\n\n", frames)
    }
}
