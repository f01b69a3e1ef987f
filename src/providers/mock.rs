//! A provider that needs no key and no network and says what was chosen.

use super::site::Site;
use super::{ChatAnswer, ChatCall, ChatContent, StreamCounts};
use crate::chat::{
    ApiError, ChunkWriter, Completion, Embeddings, EmbeddingsRequest, FinishReason, Usage,
};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// The length of a vector, if the request does not say: short, to be read by people.
const DIMENSIONS: u64 = 8;

/// The most answers that are given at once, as many as OpenAI gives.
const MOST_ANSWERS: u64 = 128;

/// Answers deterministically.
pub(super) struct Mock {
    /// Named in errors; nobody is called.
    pub(super) site: Arc<Site>,
    /// Pause before each piece of an answer.
    pub(super) delay: Duration,
}

impl Mock {
    pub(super) async fn chat(&self, call: ChatCall) -> Result<ChatAnswer, ApiError> {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let said = Conversation::read(&body);
        let text = self.text(&call, &said);
        let text = until_stop(&body, &text).to_owned();
        let answers = body["n"]
            .as_u64()
            .filter(|_| !call.stream)
            .unwrap_or(1)
            .clamp(1, MOST_ANSWERS);
        let usage = usage(&said, &text, answers);
        let adjusted = left_out(&body, &text, answers);
        let model = call
            .response_model
            .clone()
            .unwrap_or_else(|| call.model.clone());
        let id = format!("chatcmpl-mock-{}", fingerprint(&call));
        if call.stream {
            let writer = ChunkWriter::new(id, 0, model, call.counts == StreamCounts::Told);
            let content = self.stream(&writer, &text, &usage);
            return Ok(ChatAnswer { content, adjusted });
        }
        self.pause().await;
        let completion = Completion {
            id,
            created: 0,
            model,
            text: Some(text),
            reasoning: None,
            thinking_blocks: Vec::new(),
            tool_calls: Vec::new(),
            finish: FinishReason::Stop,
            usage,
        };
        let content = ChatContent::Full {
            body: repeated(completion.to_bytes(), answers),
            usage: Some(usage),
        };
        Ok(ChatAnswer { content, adjusted })
    }

    /// Vectors that are the same for the same text and model, and of length 1.
    pub(super) async fn embed(&self, call: ChatCall) -> Result<ChatContent, ApiError> {
        let request = EmbeddingsRequest::read(&call.body)?;
        let length = request.dimensions.unwrap_or(DIMENSIONS);
        let vector = |text: &String| vector(&call.model, text, length);
        let usage = Usage {
            prompt_tokens: request.texts.iter().map(|text| words(text)).sum(),
            ..Usage::default()
        };
        let embeddings = Embeddings {
            vectors: request.texts.iter().map(vector).collect(),
            model: call.response_model.unwrap_or(call.model),
            usage,
        };
        self.pause().await;
        Ok(ChatContent::Full {
            body: embeddings.to_bytes(request.as_base64),
            usage: Some(usage),
        })
    }

    fn stream(&self, writer: &ChunkWriter, text: &str, usage: &Usage) -> ChatContent {
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
        ChatContent::Stream(frames.boxed())
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
            self.site.endpoint, call.model, call.revision, said.last
        )
    }
}

/// `length` numbers drawn from the digest of a text, scaled so that their squares add up to 1.
fn vector(model: &str, text: &str, length: u64) -> Vec<f32> {
    let numbers: Vec<f32> = (0..length)
        .map(|index| {
            let mut hash = Sha256::new();
            hash.update(index.to_le_bytes());
            hash.update(model.as_bytes());
            hash.update([0]);
            hash.update(text.as_bytes());
            f32::from(hash.finalize()[0]) - 127.5
        })
        .collect();
    let norm = numbers.iter().map(|n| n * n).sum::<f32>().sqrt();
    numbers.into_iter().map(|n| n / norm).collect()
}

/// Counts words.
fn usage(said: &Conversation, text: &str, answers: u64) -> Usage {
    Usage {
        prompt_tokens: said.words,
        completion_tokens: words(text) * answers,
        ..Usage::default()
    }
}

/// The text up to the first of the request's stop texts.
fn until_stop<'a>(body: &Value, text: &'a str) -> &'a str {
    let stop = &body["stop"];
    let all = stop
        .as_array()
        .map_or(std::slice::from_ref(stop), Vec::as_slice);
    let all = all.iter().filter_map(Value::as_str);
    let ends = all.filter(|stop| !stop.is_empty());
    let end = ends.filter_map(|stop| text.find(stop)).min();
    &text[..end.unwrap_or(text.len())]
}

/// The same answer as often as it was asked for.
fn repeated(body: Bytes, answers: u64) -> Bytes {
    let mut answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    let choices = answer.get_mut("choices").and_then(Value::as_array_mut);
    let Some(choices) = choices.filter(|choices| answers > 1 && !choices.is_empty()) else {
        return body;
    };
    let number = |index: u64| {
        let mut choice = choices[0].clone();
        choice["index"] = index.into();
        choice
    };
    *choices = (0..answers).map(number).collect();
    answer.to_string().into()
}

/// What would make another answer of it, and does not. Everything else a mock takes as it likes.
fn left_out(body: &Value, text: &str, answers: u64) -> Vec<String> {
    let mut adjusted = Vec::new();
    for name in ["max_tokens", "max_completion_tokens"] {
        let most = body[name].as_u64().filter(|most| *most < words(text));
        adjusted.extend(most.map(|most| format!("{name}={most} left out")));
    }
    let number = body["n"].as_u64().filter(|number| *number > answers);
    adjusted.extend(number.map(|number| format!("n={number} as {answers}")));
    let form = &body["response_format"]["type"];
    let choice = &body["tool_choice"];
    for (name, is_asked) in [
        ("logprobs", body["logprobs"] == true),
        ("response_format", form.is_string() && form != "text"),
        ("tool_choice", choice == "required" || choice.is_object()),
    ] {
        adjusted.extend(is_asked.then(|| format!("{name}=left out")));
    }
    adjusted
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
    fn read(body: &Value) -> Self {
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
