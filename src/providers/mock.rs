//! A provider that needs no key and no network and says what was chosen.

use super::{ChatAnswer, ChatCall};
use crate::chat::{ApiError, ChunkWriter, Completion, FinishReason, Usage};
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
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
        let said = Conversation::read(&call.body);
        let text = self.text(&call, &said);
        let usage = usage(&said, &text);
        let model = call
            .response_model
            .clone()
            .unwrap_or_else(|| call.model.clone());
        let id = format!("chatcmpl-mock-{}", fingerprint(&call));
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

    fn text(&self, call: &ChatCall, said: &Conversation) -> String {
        let agent = match &call.agent {
            Some(agent) => format!(", agent {agent}"),
            None => String::new(),
        };
        format!(
            "mock answer from endpoint {}, model {}{agent} (revision {}). You said: {}",
            self.endpoint, call.model, call.revision, said.last
        )
    }
}

/// Counts words.
fn usage(said: &Conversation, text: &str) -> Usage {
    Usage {
        prompt_tokens: said.words,
        completion_tokens: words(text),
        ..Usage::default()
    }
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

/// What a mock takes in of a request; it accepts every field and looks at few.
#[derive(Default)]
struct Conversation {
    words: u64,
    /// The last message of a user.
    last: String,
}

impl Conversation {
    fn read(body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut conversation = Self::default();
        for message in body["messages"].as_array().into_iter().flatten() {
            let text = match &message["content"] {
                Value::String(text) => text.clone(),
                Value::Array(parts) => parts
                    .iter()
                    .filter_map(|part| part["text"].as_str())
                    .collect(),
                _ => String::new(),
            };
            conversation.words += words(&text);
            if message["role"] == "user" {
                conversation.last = text;
            }
        }
        conversation
    }
}

/// The same for the same call.
fn fingerprint(call: &ChatCall) -> String {
    let mut hash = Sha256::new();
    hash.update(call.revision.as_bytes());
    hash.update(&call.body);
    hex::encode(&hash.finalize()[..12])
}
