//! The few places of a request that the gateway decides on.

use super::bounds::Bounds;
use super::depth::is_too_deep;
use super::json_key::Key;
use super::media::Media;
use super::prompt::PromptPlace;
use super::{ApiError, Dialect};
use bytes::Bytes;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

/// Where a request body says what the gateway needs to know; the body itself stays bytes.
///
/// The spans belong to the body that was scanned and to no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// How the body is to be understood.
    pub dialect: Dialect,
    /// `model`, if the body names one; never blank.
    pub model: Option<String>,
    /// `stream`; false if absent.
    pub stream: bool,
    /// `stream_options.include_usage`, if the body says it.
    pub include_usage: Option<bool>,
    /// Whether the body has `stream_options`; null says nothing.
    pub has_stream_options: bool,
    /// The value of `model`, quotes included.
    model_span: Option<Range<usize>>,
    /// Just behind the body's `{`.
    first_field: usize,
    /// Where an agent's prompt goes.
    prompt: PromptPlace,
    /// See [`Envelope::max_output`].
    max_output: Option<u64>,
    /// Answers that are asked for at once (`n`); at least 1.
    pub answers: u64,
    /// What of the body is no text.
    pub media: Media,
}

/// Why a body is not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not one JSON object in UTF-8.
    #[error("the request body is not one JSON object: {0}")]
    NotJson(String),
    /// Objects and arrays inside one another, further than anybody means it.
    #[error("the request body is nested more than 128 deep")]
    Depth,
    /// A field that decides where the request goes is there twice.
    #[error("the request body has the field `{0}` twice")]
    Duplicate(&'static str),
    /// A field that another reader could take for `model`.
    #[error("the request body has the field `{0}`, which differs from `model` in letter case only")]
    ModelCase(String),
    /// `model` is no text, or a blank one.
    #[error("`model` must be a non-empty string")]
    Model,
    /// `stream` is neither true, false nor null.
    #[error("`stream` must be true or false")]
    Stream,
    /// `stream_options` is no object, or its `include_usage` no boolean.
    #[error("`stream_options` must be an object whose `include_usage` is true or false")]
    StreamOptions,
    /// `messages` is missing or no array.
    #[error("`messages` must be an array")]
    Messages,
    /// `system` is neither text nor blocks.
    #[error("`system` must be a text or an array of blocks")]
    System,
    /// `instructions` is no text.
    #[error("`instructions` must be a text")]
    Instructions,
    /// `input` is missing or null.
    #[error("`input` must be there")]
    Input,
    /// What bounds the answer is neither a whole number of at least 0 nor null.
    #[error("`{0}` must be a whole number of at least 0")]
    Number(&'static str),
    /// An agent is asked for what is no conversation.
    #[error("agents hold conversations; name a model, an alias or an endpoint")]
    NoConversation,
}

/// Scans a Chat Completions body; see [`scan_as`].
///
/// # Errors
///
/// As [`scan_as`].
pub fn scan(body: &[u8]) -> Result<Envelope, BodyError> {
    scan_as(Dialect::Chat, body)
}

/// Scans a body in one pass, without building a tree.
///
/// `model` may be absent. Fields that decide where a request goes are refused when they are there
/// twice, because two readers could disagree about which one counts.
///
/// # Errors
///
/// One [`BodyError`] per way a body can be wrong; the first that is met.
pub fn scan_as(dialect: Dialect, body: &[u8]) -> Result<Envelope, BodyError> {
    let text = std::str::from_utf8(body).map_err(|error| BodyError::NotJson(error.to_string()))?;
    if is_too_deep(text) {
        return Err(BodyError::Depth);
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let not_json = |error: serde_json::Error| BodyError::NotJson(error.to_string());
    let fields = FieldsOf(dialect).deserialize(&mut json).map_err(not_json)?;
    json.end().map_err(not_json)?;
    if let Some(refusal) = fields.refusal {
        return Err(refusal);
    }
    let first_field = text.find('{').unwrap_or_default() + 1;
    let prompt = fields.prompt_place(dialect, text, first_field)?;
    Ok(Envelope {
        dialect,
        model: fields.model.map(model_text).transpose()?,
        stream: fields.stream.map_or(Ok(false), flag)?,
        has_stream_options: fields.stream_options.is_some_and(|it| it.get() != "null"),
        include_usage: fields.stream_options.map_or(Ok(None), include_usage)?,
        model_span: fields.model.map(|raw| span(text, raw.get())),
        first_field,
        prompt,
        max_output: fields.bounds.max_output(dialect)?,
        answers: fields.bounds.answers()?,
        media: Media::find(dialect, text),
    })
}

impl Envelope {
    /// `body` with another `model`; every other byte stays. Put first if the body names none.
    pub fn with_model(&self, body: &[u8], model: &str) -> Bytes {
        self.edited(body, Some(model), None)
    }

    /// `body` with a prompt in front of its messages; every other byte stays.
    pub fn with_system_prompt(&self, body: &[u8], prompt: &str) -> Bytes {
        self.edited(body, None, Some(prompt))
    }

    /// Tokens that all answers together may have at most, if the body says so.
    pub fn max_output(&self) -> Option<u64> {
        self.max_output
    }

    /// Whether the body is a conversation, which an agent's prompt can be put in front of.
    pub fn is_conversation(&self) -> bool {
        self.prompt != PromptPlace::Nowhere
    }

    /// `body` with another `model` and a prompt in front, each if given, in one splice.
    pub fn edited(&self, body: &[u8], model: Option<&str>, prompt: Option<&str>) -> Bytes {
        let mut edits: Vec<(Range<usize>, String)> = Vec::with_capacity(2);
        if let Some(model) = model {
            let value = quoted(model);
            edits.push(match &self.model_span {
                Some(span) => (span.clone(), value),
                None => {
                    let rest = body.get(self.first_field..).unwrap_or_default();
                    let is_empty = rest.trim_ascii_start().starts_with(b"}");
                    let comma = if is_empty { "" } else { "," };
                    (
                        self.first_field..self.first_field,
                        format!("\"model\":{value}{comma}"),
                    )
                }
            });
        }
        edits.extend(prompt.and_then(|prompt| self.prompt.edit(prompt)));
        splice(body, edits)
    }
}

impl BodyError {
    /// OpenAI's `code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotJson(_) => "not_json",
            Self::Depth => "too_deep",
            Self::Duplicate(_) | Self::ModelCase(_) => "duplicate_field",
            Self::Model | Self::NoConversation => "invalid_model",
            Self::Stream
            | Self::StreamOptions
            | Self::System
            | Self::Instructions
            | Self::Number(_) => "invalid_type",
            Self::Messages => "invalid_messages",
            Self::Input => "invalid_input",
        }
    }

    /// The field to blame.
    pub fn param(&self) -> Option<&'static str> {
        match self {
            Self::NotJson(_) | Self::Depth => None,
            Self::Duplicate(field) | Self::Number(field) => Some(field),
            Self::ModelCase(_) | Self::Model | Self::NoConversation => Some("model"),
            Self::Stream => Some("stream"),
            Self::StreamOptions => Some("stream_options"),
            Self::Messages => Some("messages"),
            Self::System => Some("system"),
            Self::Instructions => Some("instructions"),
            Self::Input => Some("input"),
        }
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        let answer = Self::invalid_request(error.to_string()).with_code(error.code());
        match error.param() {
            Some(param) => answer.with_param(param),
            None => answer,
        }
    }
}

/// Replaces ranges of `body`; they may come in any order and do not overlap.
pub(super) fn splice(body: &[u8], mut edits: Vec<(Range<usize>, String)>) -> Bytes {
    edits.sort_by_key(|(range, _)| range.start);
    let added: usize = edits.iter().map(|(_, text)| text.len()).sum();
    let mut out = Vec::with_capacity(body.len() + added);
    let mut copied = 0;
    for (range, text) in edits {
        out.extend_from_slice(&body[copied..range.start]);
        out.extend_from_slice(text.as_bytes());
        copied = range.end;
    }
    out.extend_from_slice(&body[copied..]);
    out.into()
}

/// A JSON string literal.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Where `part`, a slice of `whole`, lies in it.
pub(super) fn span(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

fn model_text(raw: &RawValue) -> Result<String, BodyError> {
    serde_json::from_str::<String>(raw.get())
        .ok()
        .filter(|model| !model.trim().is_empty())
        .ok_or(BodyError::Model)
}

fn flag(raw: &RawValue) -> Result<bool, BodyError> {
    serde_json::from_str::<Option<bool>>(raw.get())
        .map(Option::unwrap_or_default)
        .map_err(|_| BodyError::Stream)
}

fn include_usage(raw: &RawValue) -> Result<Option<bool>, BodyError> {
    #[derive(Deserialize)]
    struct StreamOptions {
        include_usage: Option<bool>,
    }
    serde_json::from_str::<Option<StreamOptions>>(raw.get())
        .map(|options| options.and_then(|options| options.include_usage))
        .map_err(|_| BodyError::StreamOptions)
}

/// The values of the fields that count.
#[derive(Default)]
struct Fields<'a> {
    model: Option<&'a RawValue>,
    messages: Option<&'a RawValue>,
    system: Option<&'a RawValue>,
    instructions: Option<&'a RawValue>,
    input: Option<&'a RawValue>,
    stream: Option<&'a RawValue>,
    stream_options: Option<&'a RawValue>,
    bounds: Bounds<'a>,
    refusal: Option<BodyError>,
}

impl<'a> Fields<'a> {
    fn take(&mut self, dialect: Dialect, key: &str, value: &'a RawValue) {
        let (name, place) = match (key, dialect) {
            ("model", _) => ("model", &mut self.model),
            ("messages", Dialect::Chat | Dialect::Messages | Dialect::CountTokens) => {
                ("messages", &mut self.messages)
            }
            ("system", Dialect::Messages | Dialect::CountTokens) => ("system", &mut self.system),
            ("input", Dialect::Embeddings | Dialect::Responses) => ("input", &mut self.input),
            ("instructions", Dialect::Responses) => ("instructions", &mut self.instructions),
            ("stream", _) if dialect.streams() => ("stream", &mut self.stream),
            ("stream_options", Dialect::Chat) => ("stream_options", &mut self.stream_options),
            _ if key.eq_ignore_ascii_case("model") => {
                self.refusal
                    .get_or_insert_with(|| BodyError::ModelCase(key.to_owned()));
                return;
            }
            _ => match self.bounds.place(dialect, key) {
                Some(bound) => bound,
                None => return,
            },
        };
        if place.replace(value).is_some() {
            self.refusal.get_or_insert(BodyError::Duplicate(name));
        }
    }

    /// Where an agent's prompt goes; refuses a body that lacks what the dialect is about.
    fn prompt_place(
        &self,
        dialect: Dialect,
        text: &str,
        first_field: usize,
    ) -> Result<PromptPlace, BodyError> {
        match dialect {
            Dialect::Chat => {
                let messages = self.messages()?;
                Ok(PromptPlace::in_messages(messages, &span(text, messages)))
            }
            Dialect::Messages | Dialect::CountTokens => {
                self.messages()?;
                let system = self.system.map(|raw| (raw.get(), span(text, raw.get())));
                PromptPlace::in_field("\"system\":", system, first_field).ok_or(BodyError::System)
            }
            Dialect::Responses => {
                let said = self
                    .instructions
                    .map(|raw| (raw.get(), span(text, raw.get())));
                PromptPlace::in_field("\"instructions\":", said, first_field)
                    .filter(|place| !matches!(place, PromptPlace::Blocks { .. }))
                    .ok_or(BodyError::Instructions)
            }
            Dialect::Embeddings => self
                .input
                .filter(|input| input.get() != "null")
                .map(|_| PromptPlace::Nowhere)
                .ok_or(BodyError::Input),
        }
    }

    fn messages(&self) -> Result<&'a str, BodyError> {
        self.messages
            .map(RawValue::get)
            .filter(|raw| raw.starts_with('['))
            .ok_or(BodyError::Messages)
    }
}

/// Reads the fields that count in a dialect.
struct FieldsOf(Dialect);

impl<'de> DeserializeSeed<'de> for FieldsOf {
    type Value = Fields<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FieldsOf {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(Key(key)) = map.next_key()? {
            let value = map.next_value::<&RawValue>().map_err(A::Error::custom)?;
            fields.take(self.0, &key, value);
        }
        Ok(fields)
    }
}
