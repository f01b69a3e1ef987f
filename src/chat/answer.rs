//! The few places of a provider's answer that the gateway looks at.

use super::envelope::{quoted, span, splice};
use super::responses::read_error_event;
use super::{Dialect, MessageCounts, Usage};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ops::Range;

/// What an answer, or one event of it, says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerScan {
    /// `type`, where the dialect has one.
    pub kind: Option<String>,
    /// Tokens, if counted; of a Messages event see [`Self::counts`].
    pub usage: Option<Usage>,
    /// Tokens in Anthropic's words, which in a stream come bit by bit.
    pub counts: Option<MessageCounts>,
    /// `error`, if the answer is one in truth.
    pub error: Option<AnswerError>,
    /// Of an event that ends a response: why it failed.
    pub failure: Option<AnswerError>,
    /// Whether what was asked for is there, [`Dialect::content_field`].
    pub has_content: bool,
    /// Whether `choices` holds any.
    pub has_choices: bool,
    model_span: Option<Range<usize>>,
}

/// A provider's `error` object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnswerError {
    /// `message`, or the error itself where it is a text.
    pub message: Option<String>,
    /// `type`.
    pub kind: Option<String>,
    /// `code`, numbers as text.
    pub code: Option<String>,
    /// `param`.
    pub param: Option<String>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "type")]
    kind: Option<Kind>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    input_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
}

/// A text; anything else is as if it were not there.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kind {
    Text(String),
    Other(serde::de::IgnoredAny),
}

/// Scans an answer, or an event's data, in a dialect's own words; `None` if it is not one JSON object.
pub fn scan_answer(dialect: Dialect, text: &str) -> Option<AnswerScan> {
    let wire = read(text)?;
    // The first event of a message holds the message, and several of a response hold the response.
    let inner = match dialect {
        Dialect::Messages => wire.message,
        Dialect::Responses => wire.response,
        _ => None,
    };
    let inner = inner.and_then(|inner| read(inner.get()));
    let counted = wire.usage.or(inner.as_ref().and_then(|inner| inner.usage));
    let in_anthropics_words = matches!(dialect, Dialect::Messages);
    let counts: Option<MessageCounts> = counted
        .filter(|_| in_anthropics_words)
        .and_then(|raw| serde_json::from_str(raw.get()).ok());
    let usage = match counts {
        Some(counts) => Some(counts.normalised()),
        None => counted.and_then(|raw| Usage::from_json(raw.get())),
    };
    let model = wire.model.or(inner.as_ref().and_then(|inner| inner.model));
    let content = match dialect {
        Dialect::Chat => wire.choices,
        Dialect::Embeddings => wire.data,
        Dialect::Messages => wire.content,
        Dialect::CountTokens => wire.input_tokens,
        Dialect::Responses => wire.output,
    };
    let kind = wire.kind.and_then(|kind| match kind {
        Kind::Text(kind) => Some(kind),
        Kind::Other(_) => None,
    });
    let error = match (dialect, kind.as_deref()) {
        (Dialect::Responses, Some("error")) => read_error_event(text),
        // A response that failed is one all the same, and says so itself.
        (Dialect::Responses, _) if content.is_some() => None,
        _ => wire.error.and_then(|raw| AnswerError::read(raw.get())),
    };
    Some(AnswerScan {
        failure: inner
            .and_then(|inner| inner.error)
            .and_then(|raw| AnswerError::read(raw.get())),
        kind,
        usage,
        counts,
        error,
        has_content: content.is_some(),
        has_choices: wire.choices.is_some_and(|list| !is_empty(list.get())),
        model_span: model.map(|raw| span(text, raw.get())),
    })
}

fn is_empty(list: &str) -> bool {
    let items = list.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    items.is_some_and(|items| items.trim().is_empty())
}

fn read(text: &str) -> Option<Wire<'_>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str(text).ok()
}

impl AnswerScan {
    /// Whether it names a model.
    pub fn has_model(&self) -> bool {
        self.model_span.is_some()
    }

    /// `text`, the one that was scanned, with another `model`; as it is if it names none.
    pub fn with_model(&self, text: &str, model: &str) -> Bytes {
        let edits = self
            .model_span
            .iter()
            .map(|span| (span.clone(), quoted(model)))
            .collect();
        splice(text.as_bytes(), edits)
    }
}

impl AnswerError {
    /// Reads the value of `error`: an object or a text; `None` for null.
    pub fn read(text: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        let field = |name: &str| match value.get(name)? {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        match &value {
            serde_json::Value::Null => None,
            serde_json::Value::String(message) => Some(Self {
                message: Some(message.clone()),
                ..Self::default()
            }),
            _ => Some(Self {
                message: field("message"),
                kind: field("type"),
                code: field("code"),
                param: field("param"),
            }),
        }
    }
}
