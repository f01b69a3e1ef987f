//! A whole chat answer as a message.

use super::message_block::{MessageBlock, ToolUse};
use crate::chat::chat_wire::{CallDelta, Whole, said};
use crate::chat::reasoning::SHORT_NAME;
use crate::chat::{Fallback, ToolInput, Usage};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use std::borrow::Cow;

/// Says a `chat.completion` as a message. `usage` is what is known of its tokens besides what stands in it; tokens that
/// nobody counted are guessed and marked.
///
/// # Errors
///
/// What the answer lacks, in words that go behind the provider's name.
pub fn message_of_chat(
    body: &[u8],
    usage: Option<Usage>,
    fallback: Fallback,
) -> Result<(Bytes, Usage), &'static str> {
    let answer: Whole =
        serde_json::from_slice(body).map_err(|_| "answered with something that is no chat")?;
    let usage = usage.or_else(|| answer.usage());
    let choice = answer.choices.into_iter().next();
    let choice = choice.ok_or("answered with no choice")?;
    let message = choice.message;
    let mut content: Vec<MessageBlock> = Vec::new();
    let mut bytes = 0;
    if let Some(reasoning) = message.reasoning() {
        bytes += reasoning.len();
        let signature = signature(message.has_short_name());
        let thinking = json!({"type": "thinking", "thinking": reasoning, "signature": signature});
        content.push(thinking.into());
    }
    let refusal = said(message.refusal.as_ref());
    if let Some(text) = message.text().or(refusal.map(Cow::Borrowed)) {
        bytes += text.len();
        content.push(json!({"type": "text", "text": text}).into());
    }
    let calls = message.tool_calls.as_deref().unwrap_or_default();
    let id = message_id(answer.id.as_deref(), &fallback);
    for (n, call) in calls.iter().enumerate() {
        bytes += call.arguments().len();
        content.push(MessageBlock::ToolUse(tool_use(call, &id, n)));
    }
    let reason = choice
        .finish_reason
        .ok_or("answered without a reason for its end")?;
    let usage = usage.unwrap_or_else(|| fallback.usage(bytes));
    let message = Message {
        id,
        kind: "message",
        role: "assistant",
        model: answer.model.unwrap_or(fallback.model),
        content,
        stop_reason: stop_reason(&reason, !calls.is_empty(), refusal.is_some()),
        stop_sequence: None,
        usage: usage_json(&usage),
    };
    let message = serde_json::to_vec(&message);
    let message = message.map_err(|_| "answered with what cannot be said in a message")?;
    Ok((message.into(), usage))
}

/// A whole message.
#[derive(Serialize)]
struct Message {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: String,
    content: Vec<MessageBlock>,
    stop_reason: &'static str,
    stop_sequence: Option<String>,
    usage: Value,
}

/// What stands for a signature where the provider signs nothing: how the reasoning is called when it comes back. Nobody
/// at Anthropic takes it for one.
pub(super) fn signature(has_short_name: bool) -> &'static str {
    if has_short_name { SHORT_NAME } else { "" }
}

/// Anthropic's word for a `finish_reason`. Whoever called a tool waits for it, whatever the provider says.
pub(super) fn stop_reason(finish: &str, called_tools: bool, refused: bool) -> &'static str {
    match finish {
        "length" => "max_tokens",
        "content_filter" => "refusal",
        _ if called_tools => "tool_use",
        "tool_calls" | "function_call" => "tool_use",
        _ if refused => "refusal",
        _ => "end_turn",
    }
}

/// `msg_` and what tells the chat answer from others.
pub(super) fn message_id(chat_id: Option<&str>, fallback: &Fallback) -> String {
    let id = chat_id.filter(|id| !id.is_empty()).unwrap_or(&fallback.id);
    format!("msg_{}", id.strip_prefix("chatcmpl-").unwrap_or(id))
}

/// Tokens as Anthropic counts them: cached ones apart.
pub(super) fn usage_json(usage: &Usage) -> Value {
    let cached = usage.cached_tokens.saturating_add(usage.cache_write_tokens);
    let mut json = json!({
        "input_tokens": usage.prompt_tokens.saturating_sub(cached),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.completion_tokens,
    });
    if usage.reasoning_tokens > 0 {
        json["output_tokens_details"] = json!({"thinking_tokens": usage.reasoning_tokens});
    }
    if usage.estimated {
        json["orloj"] = json!({"estimated": true});
    }
    json
}

fn tool_use(call: &CallDelta, message_id: &str, n: usize) -> ToolUse {
    let arguments = call.arguments();
    ToolUse {
        id: said(call.id.as_ref()).map_or_else(|| format!("{message_id}_{n}"), str::to_owned),
        name: call.name().to_owned(),
        input: ToolInput::read(arguments).unwrap_or_else(|_| unread(arguments)),
    }
}

/// Arguments that are no object: cut off by a limit, say. The words for this are Anthropic's own.
fn unread(arguments: &str) -> ToolInput {
    let input = serde_json::value::to_raw_value(&json!({"INVALID_JSON": arguments}));
    input.map(ToolInput::from).unwrap_or_default()
}
