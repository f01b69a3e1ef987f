//! Ollama's answer in OpenAI's words.

use crate::chat::{ApiError, Completion, FinishReason, ToolCall, Usage};
use crate::providers::failure::ProviderError;
use crate::providers::transport::Reply;
use crate::providers::{ChatCall, ChatContent, relay};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;

/// A whole answer, or one line of a stream.
#[derive(Deserialize)]
pub(super) struct WireAnswer {
    pub(super) model: Option<String>,
    pub(super) message: Option<WireMessage>,
    #[serde(default)]
    pub(super) done: bool,
    pub(super) done_reason: Option<String>,
    pub(super) prompt_eval_count: Option<u64>,
    pub(super) eval_count: Option<u64>,
    pub(super) error: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct WireMessage {
    pub(super) content: Option<String>,
    pub(super) thinking: Option<String>,
    pub(super) tool_calls: Option<Vec<WireCall>>,
}

#[derive(Deserialize)]
pub(super) struct WireCall {
    id: Option<String>,
    function: WireFunction,
}

#[derive(Deserialize)]
struct WireFunction {
    name: String,
    /// An object; its text stays as it is, for the sake of numbers that no double holds.
    arguments: Option<Box<RawValue>>,
}

impl WireAnswer {
    /// Tokens. A prompt that was cached is not counted by Ollama: that is a guess, not nought.
    pub(super) fn usage(&self, prompt_bytes: usize) -> Usage {
        let guess = Usage::guess(prompt_bytes);
        Usage {
            prompt_tokens: self.prompt_eval_count.unwrap_or(guess),
            completion_tokens: self.eval_count.unwrap_or_default(),
            estimated: self.prompt_eval_count.is_none() || self.eval_count.is_none(),
            ..Usage::default()
        }
    }

    /// Why the model stopped; `None` if it only was loaded or unloaded.
    pub(super) fn finish(&self, called_tools: bool) -> Option<FinishReason> {
        match self.done_reason.as_deref() {
            Some("load" | "unload") => None,
            Some("length") => Some(FinishReason::Length),
            _ if called_tools => Some(FinishReason::ToolCalls),
            _ => Some(FinishReason::Stop),
        }
    }
}

impl WireCall {
    /// The call with arguments as text, and an id if Ollama gave none.
    pub(super) fn into_tool_call(self) -> ToolCall {
        let raw = self.function.arguments.as_deref().map_or("", RawValue::get);
        let arguments = if raw.starts_with('"') {
            serde_json::from_str(raw).unwrap_or_default()
        } else {
            raw.to_owned()
        };
        let arguments = if arguments.is_empty() {
            "{}".to_owned()
        } else {
            arguments
        };
        let new_id = || format!("call_{}", uuid::Uuid::now_v7().simple());
        ToolCall {
            id: self.id.filter(|id| !id.is_empty()).unwrap_or_else(new_id),
            name: self.function.name,
            arguments,
        }
    }
}

pub(super) async fn whole(reply: Reply, call: &ChatCall) -> Result<ChatContent, ApiError> {
    let site = Arc::clone(&reply.site);
    let client_named_model = reply.client_named_model;
    let body = reply.whole().await?;
    let mut answer: WireAnswer = serde_json::from_slice(&body)
        .map_err(|_| site.broken("answered with something that is not one JSON object"))?;
    if let Some(error) = &answer.error {
        let error = ProviderError::from_value(error);
        return Err(Reply::reported(&site, error, client_named_model));
    }
    let Some(message) = answer.message.take().filter(|_| answer.done) else {
        return Err(site.broken("answered without a complete message"));
    };
    let tool_calls: Vec<ToolCall> = message
        .tool_calls
        .unwrap_or_default()
        .into_iter()
        .map(WireCall::into_tool_call)
        .collect();
    let Some(finish) = answer.finish(!tool_calls.is_empty()) else {
        return Err(site.broken("loaded or unloaded the model and answered nothing"));
    };
    let usage = answer.usage(call.body.len());
    let text = message.content.unwrap_or_default();
    let has_text = !text.is_empty() || tool_calls.is_empty();
    let completion = Completion {
        id: relay::new_id(),
        created: relay::now_seconds(),
        model: call
            .response_model
            .clone()
            .or(answer.model)
            .unwrap_or_else(|| call.model.clone()),
        text: has_text.then_some(text),
        reasoning: message.thinking.filter(|text| !text.is_empty()),
        thinking_blocks: Vec::new(),
        tool_calls,
        finish,
        usage,
    };
    Ok(ChatContent::Full {
        body: completion.to_bytes(),
        usage: Some(usage),
    })
}
