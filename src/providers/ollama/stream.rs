//! Ollama's stream of lines in OpenAI's chunks.

use super::answer::{WireAnswer, WireCall};
use crate::chat::{ApiError, ChunkWriter, Frame, FrameTooLarge, LineSplitter};
use crate::providers::failure::ProviderError;
use crate::providers::relay::{self, Decode, MAX_FRAME_BYTES, Progress};
use crate::providers::site::Site;
use crate::providers::transport::Reply;
use crate::providers::{ChatCall, StreamCounts};
use std::collections::VecDeque;
use std::sync::Arc;

/// Reads lines of JSON and writes chunks.
pub(super) struct Lines {
    site: Arc<Site>,
    client_named_model: bool,
    splitter: LineSplitter,
    response_model: Option<String>,
    model: String,
    include_usage: bool,
    prompt_bytes: usize,
    /// Made with the first line.
    writer: Option<ChunkWriter>,
    tools: usize,
}

impl Lines {
    pub(super) fn new(reply: &Reply, call: &ChatCall) -> Self {
        Self {
            site: Arc::clone(&reply.site),
            client_named_model: reply.client_named_model,
            splitter: LineSplitter::new(MAX_FRAME_BYTES),
            response_model: call.response_model.clone(),
            model: call.model.clone(),
            include_usage: call.counts == StreamCounts::Told,
            prompt_bytes: call.body.len(),
            writer: None,
            tools: 0,
        }
    }

    fn line(&mut self, line: &[u8], frames: &mut VecDeque<Frame>) -> Result<Progress, ApiError> {
        let mut answer: WireAnswer = serde_json::from_slice(line)
            .map_err(|_| self.site.broken("sent a line that is not a JSON object"))?;
        if let Some(error) = &answer.error {
            let error = ProviderError::from_value(error);
            return Err(Reply::reported(&self.site, error, self.client_named_model));
        }
        let writer = match &self.writer {
            Some(writer) => writer.clone(),
            None => self.start(&answer, frames),
        };
        if let Some(message) = answer.message.take() {
            if let Some(thinking) = message.thinking.filter(|text| !text.is_empty()) {
                frames.push_back(writer.reasoning(&thinking));
            }
            if let Some(content) = message.content.filter(|text| !text.is_empty()) {
                frames.push_back(writer.text(&content));
            }
            for call in message.tool_calls.unwrap_or_default() {
                self.tool_call(&writer, call, frames);
            }
        }
        if !answer.done {
            return Ok(Progress::More);
        }
        let Some(reason) = answer.finish(self.tools > 0) else {
            return Err(self
                .site
                .broken("loaded or unloaded the model and answered nothing"));
        };
        frames.extend(writer.finish(reason, &answer.usage(self.prompt_bytes)));
        Ok(Progress::Done)
    }

    fn start(&mut self, answer: &WireAnswer, frames: &mut VecDeque<Frame>) -> ChunkWriter {
        let model = self.response_model.as_ref().or(answer.model.as_ref());
        let writer = ChunkWriter::new(
            relay::new_id(),
            relay::now_seconds(),
            model.unwrap_or(&self.model).clone(),
            self.include_usage,
        );
        frames.push_back(writer.role());
        self.writer = Some(writer.clone());
        writer
    }

    fn tool_call(&mut self, writer: &ChunkWriter, call: WireCall, frames: &mut VecDeque<Frame>) {
        let call = call.into_tool_call();
        frames.push_back(writer.tool_start(self.tools, &call.id, &call.name));
        frames.push_back(writer.tool_arguments(self.tools, &call.arguments));
        self.tools += 1;
    }
}

impl Decode for Lines {
    fn piece(&mut self, piece: &[u8], frames: &mut VecDeque<Frame>) -> Result<Progress, ApiError> {
        self.splitter.push(piece);
        loop {
            let line = match self.splitter.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(Progress::More),
                Err(FrameTooLarge(limit)) => {
                    let what = format!("sent a line of more than {limit} bytes");
                    return Err(self.site.broken(&what));
                }
            };
            if self.line(&line, frames)? == Progress::Done {
                return Ok(Progress::Done);
            }
        }
    }

    fn end(&mut self, frames: &mut VecDeque<Frame>) -> Result<Progress, ApiError> {
        match self.splitter.take_rest() {
            Some(last) => self.line(&last, frames),
            None => Ok(Progress::More),
        }
    }
}
