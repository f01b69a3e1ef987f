//! A whole chat answer as a response.

use super::earlier::Sealed;
use super::items::ItemKind;
use crate::chat::chat_wire::{Whole, said};
use crate::chat::tool_input::says_nothing;
use crate::chat::{Fallback, Usage};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Says a `chat.completion` as a response that repeats `echo`. `usage` is what is known of its tokens besides what stands
/// in it; tokens that nobody counted are guessed and marked.
///
/// # Errors
///
/// What the answer lacks, in words that go behind the provider's name.
pub fn response_of_chat(
    body: &[u8],
    usage: Option<Usage>,
    echo: &Map<String, Value>,
    fallback: &Fallback,
) -> Result<(Bytes, Usage), &'static str> {
    let answer: Whole =
        serde_json::from_slice(body).map_err(|_| "answered with something that is no chat")?;
    let usage = usage.or_else(|| answer.usage());
    let choice = answer.choices.into_iter().next();
    let choice = choice.ok_or("answered with no choice")?;
    let finish = choice
        .finish_reason
        .ok_or("answered without a reason for its end")?;
    let message = choice.message;
    let id = answer_id(answer.id.as_deref(), fallback);
    let mut items: Vec<(ItemKind, String)> = Vec::new();
    let sealed = Sealed::of(&message);
    let empty = sealed.has_blocks().then_some(Cow::Borrowed(""));
    let reasoning = message.reasoning().or(empty);
    items.extend(reasoning.map(|text| (ItemKind::Reasoning, text.into_owned())));
    items.extend(
        message
            .text()
            .map(|text| (ItemKind::Text, text.into_owned())),
    );
    items.extend(said(message.refusal.as_ref()).map(|text| (ItemKind::Refusal, text.to_owned())));
    for (index, call) in message.tool_calls.iter().flatten().enumerate() {
        let kind = ItemKind::Call {
            index,
            call_id: said(call.id.as_ref())
                .map_or_else(|| format!("call_{id}_{index}"), str::to_owned),
            name: call.name().to_owned(),
        };
        let arguments = Some(call.arguments()).filter(|text| !says_nothing(text));
        items.push((kind, arguments.unwrap_or("{}").to_owned()));
    }
    let bytes = items.iter().map(|(_, text)| text.len()).sum();
    let usage = usage.unwrap_or_else(|| fallback.usage(bytes));
    let ended = Ended::of(&finish);
    let output = items.iter().enumerate().map(|(n, (kind, text))| {
        let mut item = kind.item(&kind.item_id(&id, n), Some(text), ended.status);
        if *kind == ItemKind::Reasoning {
            sealed.put(&mut item);
        }
        item
    });
    let mut response = Frame {
        id: &id,
        created_at: answer.created.unwrap_or(fallback.created),
        model: answer.model.as_deref().unwrap_or(&fallback.model),
        echo,
    }
    .response(ended.status, &output.collect::<Vec<_>>());
    response["incomplete_details"] = ended.details();
    response["usage"] = usage_json(&usage);
    Ok((response.to_string().into(), usage))
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    /// `completed` or `incomplete`.
    pub(super) status: &'static str,
    /// Why it is not complete.
    reason: Option<&'static str>,
}

impl Ended {
    /// From a `finish_reason`.
    pub(super) fn of(finish: &str) -> Self {
        let reason = match finish {
            "length" => Some("max_output_tokens"),
            "content_filter" => Some("content_filter"),
            _ => None,
        };
        Self {
            status: reason.map_or("completed", |_| "incomplete"),
            reason,
        }
    }

    /// `incomplete_details`.
    pub(super) fn details(self) -> Value {
        self.reason
            .map_or(Value::Null, |reason| json!({"reason": reason}))
    }
}

/// What is the same in a response from its beginning to its end.
pub(super) struct Frame<'a> {
    pub(super) id: &'a str,
    pub(super) created_at: u64,
    pub(super) model: &'a str,
    pub(super) echo: &'a Map<String, Value>,
}

impl Frame<'_> {
    /// The response object, its tokens not counted yet.
    pub(super) fn response(&self, status: &str, output: &[Value]) -> Value {
        let mut response = json!({
            "id": format!("resp_{}", self.id),
            "object": "response",
            "created_at": self.created_at,
            "status": status,
            "background": false,
            "error": null,
            "incomplete_details": null,
            "model": self.model,
            "output": output,
            "previous_response_id": null,
            "store": false,
            "usage": null,
        });
        if let Some(fields) = response.as_object_mut() {
            fields.extend(self.echo.clone());
        }
        response
    }
}

/// What tells the chat answer from others.
pub(super) fn answer_id(chat_id: Option<&str>, fallback: &Fallback) -> String {
    let id = chat_id.filter(|id| !id.is_empty()).unwrap_or(&fallback.id);
    id.strip_prefix("chatcmpl-").unwrap_or(id).to_owned()
}

/// Tokens in the words of Responses.
pub(super) fn usage_json(usage: &Usage) -> Value {
    let mut json = json!({
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens(),
    });
    if usage.estimated {
        json["orloj"] = json!({"estimated": true});
    }
    json
}
