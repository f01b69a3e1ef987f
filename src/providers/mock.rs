//! A provider that needs no key and no network and says what was chosen.

use super::{ChatAnswer, ChatCall};
use crate::chat::{ApiError, ChatRequest, ChunkWriter, Completion, FinishReason, Role, Usage};
use futures_util::StreamExt;
use futures_util::stream;
use std::time::Duration;

/// Answers deterministically.
pub(super) struct Mock {
    /// `namespace/name`.
    pub(super) endpoint: String,
    /// Pause before each piece of an answer.
    pub(super) delay: Duration,
}

impl Mock {
    pub(super) async fn chat(&self, call: ChatCall) -> Result<ChatAnswer, ApiError> {
        let request = ChatRequest::read(&call.body)?;
        let text = self.text(&call, &request);
        let usage = usage(&request, &text);
        let model = call
            .response_model
            .clone()
            .unwrap_or_else(|| call.model.clone());
        let id = format!("chatcmpl-mock-{}", call.revision);
        if call.stream {
            let writer = ChunkWriter::new(id, 0, model, call.include_usage);
            return Ok(self.stream(&writer, &text, &usage));
        }
        self.pause().await;
        let completion = Completion {
            id,
            created: 0,
            model,
            text: Some(text),
            reasoning: None,
            tool_calls: Vec::new(),
            finish: FinishReason::Stop,
            usage,
        };
        Ok(ChatAnswer::Full {
            body: completion.to_bytes(),
            usage: Some(usage),
        })
    }

    fn stream(&self, writer: &ChunkWriter, text: &str, usage: &Usage) -> ChatAnswer {
        let mut frames = vec![writer.role()];
        frames.extend(text.split_inclusive(' ').map(|word| writer.text(word)));
        frames.extend(writer.finish(FinishReason::Stop, usage));
        let delay = self.delay;
        let frames = stream::iter(frames).then(move |frame| async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            frame
        });
        ChatAnswer::Stream(frames.boxed())
    }

    async fn pause(&self) {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
    }

    fn text(&self, call: &ChatCall, request: &ChatRequest) -> String {
        let agent = match &call.agent {
            Some(agent) => format!(", agent {agent}"),
            None => String::new(),
        };
        let said = request
            .messages
            .iter()
            .rev()
            .find(|message| message.role == Role::User)
            .map(crate::chat::Message::text)
            .unwrap_or_default();
        format!(
            "mock answer from endpoint {}, model {}{agent} (revision {}). You said: {said}",
            self.endpoint, call.model, call.revision
        )
    }
}

/// Counts words.
fn usage(request: &ChatRequest, text: &str) -> Usage {
    let words = |text: &str| text.split_whitespace().count() as u64;
    Usage {
        prompt_tokens: request
            .messages
            .iter()
            .map(|message| words(&message.text()))
            .sum(),
        completion_tokens: words(text),
        ..Usage::default()
    }
}
