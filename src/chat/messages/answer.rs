//! A whole chat answer as a message.

use crate::chat::chat_wire::{CallDelta, Whole, said};
use crate::chat::{Fallback, Usage};
use bytes::Bytes;
use serde_json::{Map, Value, json};
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
    let mut content = Vec::new();
    let mut bytes = 0;
    if let Some(reasoning) = message.reasoning() {
        bytes += reasoning.len();
        content.push(json!({"type": "thinking", "thinking": reasoning, "signature": ""}));
    }
    let refusal = said(message.refusal.as_ref());
    if let Some(text) = message.text().or(refusal.map(Cow::Borrowed)) {
        bytes += text.len();
        content.push(json!({"type": "text", "text": text}));
    }
    let calls = message.tool_calls.as_deref().unwrap_or_default();
    let id = message_id(answer.id.as_deref(), &fallback);
    for (n, call) in calls.iter().enumerate() {
        bytes += call.arguments().len();
        content.push(tool_use(call, &id, n));
    }
    let reason = choice
        .finish_reason
        .ok_or("answered without a reason for its end")?;
    let usage = usage.unwrap_or_else(|| fallback.usage(bytes));
    let message = json!({
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": answer.model.unwrap_or(fallback.model),
        "content": content,
        "stop_reason": stop_reason(&reason, !calls.is_empty(), refusal.is_some()),
        "stop_sequence": null,
        "usage": usage_json(&usage),
    });
    Ok((message.to_string().into(), usage))
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

fn tool_use(call: &CallDelta, message_id: &str, n: usize) -> Value {
    let id = said(call.id.as_ref()).map_or_else(|| format!("{message_id}_{n}"), str::to_owned);
    let arguments = call.arguments();
    let input = if arguments.trim().is_empty() {
        Map::new()
    } else {
        serde_json::from_str(arguments).unwrap_or_else(|_| {
            // Cut off by a limit, say. The words for this are Anthropic's own.
            Map::from_iter([("INVALID_JSON".to_owned(), arguments.into())])
        })
    };
    json!({"type": "tool_use", "id": id, "name": call.name(), "input": input})
}
