//! Anthropic's whole answer in OpenAI's words.

use super::names::Names;
use super::thoughts::Signed;
use crate::chat::{ApiError, Completion, FinishReason, MessageCounts, ToolCall};
use crate::providers::failure::ProviderError;
use crate::providers::transport::Reply;
use crate::providers::{ChatCall, ChatContent, relay};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;

#[derive(Deserialize)]
struct WireMessage {
    id: Option<String>,
    model: Option<String>,
    content: Option<Vec<Box<RawValue>>>,
    stop_reason: Option<String>,
    usage: Option<MessageCounts>,
    error: Option<Value>,
}

/// OpenAI's word for a `stop_reason`.
pub(super) fn finish(stop_reason: Option<&str>, called_tools: bool) -> FinishReason {
    match stop_reason {
        Some("max_tokens" | "model_context_window_exceeded") => FinishReason::Length,
        Some("refusal") => FinishReason::ContentFilter,
        Some("tool_use") => FinishReason::ToolCalls,
        _ if called_tools => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    }
}

pub(super) async fn whole(
    reply: Reply,
    names: &Names,
    call: &ChatCall,
) -> Result<ChatContent, ApiError> {
    let site = Arc::clone(&reply.site);
    let client_named_model = reply.client_named_model;
    let body = reply.whole().await?;
    let message: WireMessage = serde_json::from_slice(&body)
        .map_err(|_| site.broken("answered with something that is not a message"))?;
    if let Some(error) = &message.error {
        let error = ProviderError::from_value(error);
        return Err(Reply::reported(&site, error, client_named_model));
    }
    let Some(content) = message.content else {
        return Err(site.broken("answered with a message without content"));
    };
    let (text, reasoning, tool_calls) = read_blocks(&content, names);
    let thinking_blocks = Signed::by(&call.model).in_content(&content);
    let usage = message.usage.unwrap_or_default().normalised();
    let completion = Completion {
        id: message.id.unwrap_or_else(relay::new_id),
        created: relay::now_seconds(),
        model: call
            .response_model
            .clone()
            .or(message.model)
            .unwrap_or_else(|| call.model.clone()),
        text: text.or_else(|| tool_calls.is_empty().then(String::new)),
        reasoning: reasoning.filter(|text| !text.is_empty()),
        thinking_blocks,
        finish: finish(message.stop_reason.as_deref(), !tool_calls.is_empty()),
        tool_calls,
        usage,
    };
    Ok(ChatContent::Full {
        body: completion.to_bytes(),
        usage: Some(usage),
    })
}

/// Text, reasoning and tool calls; blocks of other types are none of a chat's words.
fn read_blocks(
    content: &[Box<RawValue>],
    names: &Names,
) -> (Option<String>, Option<String>, Vec<ToolCall>) {
    let mut text: Option<String> = None;
    let mut reasoning: Option<String> = None;
    let mut tool_calls = Vec::new();
    for raw in content {
        let block: Value = serde_json::from_str(raw.get()).unwrap_or_default();
        let field = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default();
        match field("type") {
            "text" => text.get_or_insert_default().push_str(field("text")),
            "thinking" => reasoning
                .get_or_insert_default()
                .push_str(field("thinking")),
            "tool_use" => tool_calls.push(ToolCall {
                id: field("id").to_owned(),
                name: names.to_client(field("name")).to_owned(),
                arguments: input(raw).unwrap_or("{}").to_owned(),
            }),
            _ => {}
        }
    }
    (text, reasoning, tool_calls)
}

/// The input of a tool as it is written: a `Value` has no place for numbers that no double holds.
fn input(block: &RawValue) -> Option<&str> {
    #[derive(Deserialize)]
    struct Block<'a> {
        #[serde(borrow)]
        input: Option<&'a RawValue>,
    }
    let block: Block<'_> = serde_json::from_str(block.get()).ok()?;
    block.input.map(RawValue::get)
}
