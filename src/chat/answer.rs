//! The few places of a provider's answer that the gateway looks at.

use super::envelope::{quoted, span, splice};
use super::{Dialect, Usage};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ops::Range;

/// What an answer, or one event of it, says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerScan {
    /// `usage`, if counted.
    pub usage: Option<Usage>,
    /// `error`, if the answer is one in truth.
    pub error: Option<AnswerError>,
    /// Whether what was asked for is there: `choices` or `data`.
    pub has_content: bool,
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

/// Scans an answer, or an event's data, in a dialect's own words; `None` if it is not one JSON object.
pub fn scan_answer(dialect: Dialect, text: &str) -> Option<AnswerScan> {
    #[derive(Deserialize)]
    struct Wire<'a> {
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
    }
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let wire: Wire<'_> = serde_json::from_str(text).ok()?;
    Some(AnswerScan {
        usage: wire.usage.and_then(|raw| Usage::from_json(raw.get())),
        error: wire.error.and_then(|raw| AnswerError::read(raw.get())),
        has_content: match dialect {
            Dialect::Chat => wire.choices,
            Dialect::Embeddings => wire.data,
        }
        .is_some(),
        model_span: wire.model.map(|raw| span(text, raw.get())),
    })
}

impl AnswerScan {
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
