//! One message of a conversation.

use super::ToolCall;
use super::reasoning::{BLOCKS, LONG_NAME, SHORT_NAME};
use super::request::{RequestError, is_blank, text_field};
use serde_json::{Map, Value};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions; `developer` is read as this.
    System,
    /// The person or program.
    User,
    /// The model.
    Assistant,
    /// A tool's result.
    Tool,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said; empty if only tools are called.
    pub parts: Vec<Part>,
    /// Of the assistant: the tools it called.
    pub tool_calls: Vec<ToolCall>,
    /// Of a tool: the call it answers.
    pub tool_call_id: Option<String>,
    /// Of the assistant: reasoning that an earlier answer showed.
    pub reasoning: Option<String>,
    /// Of the assistant: the same as Anthropic signed it.
    pub thinking_blocks: Vec<Value>,
}

/// One part of a message's content.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text.
    Text {
        /// The text.
        text: String,
        /// A cache breakpoint, in Anthropic's words; a hint that changes no answer.
        cache_control: Option<Value>,
    },
    /// A picture.
    Image(Image),
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// Came with the request.
    Inline {
        /// `image/png` and the like.
        media_type: String,
        /// The picture in base64.
        base64: String,
    },
    /// To be fetched by the provider.
    Url(String),
}

impl Message {
    /// Its texts, joined without anything between.
    pub fn text(&self) -> String {
        self.parts.iter().filter_map(Part::as_text).collect()
    }

    /// Reads one of `messages`; `place` names it in errors.
    pub(super) fn read(value: Value, place: &str) -> Result<Self, RequestError> {
        let Value::Object(mut fields) = value else {
            return Err(RequestError::invalid(place, "must be an object"));
        };
        let role = role(fields.remove("role").as_ref(), place)?;
        let parts = content(fields.remove("content"), &format!("{place}.content"))?;
        let tool_calls = match (role, fields.remove("tool_calls")) {
            (Role::Assistant, Some(Value::Array(calls))) => tool_calls(calls, place)?,
            (_, None | Some(Value::Null)) => Vec::new(),
            _ => {
                let place = format!("{place}.tool_calls");
                return Err(RequestError::invalid(
                    &place,
                    "must be an assistant's array",
                ));
            }
        };
        let tool_call_id = text_field(&mut fields, "tool_call_id", place)?;
        if (role == Role::Tool) != tool_call_id.is_some() {
            let place = format!("{place}.tool_call_id");
            return Err(RequestError::invalid(
                &place,
                "belongs to each tool's message and no other",
            ));
        }
        let mut reasoning = None;
        for name in [LONG_NAME, SHORT_NAME] {
            let text = text_field(&mut fields, name, place)?;
            reasoning = reasoning.or(text.filter(|text| !text.is_empty()));
        }
        let thinking_blocks = thinking_blocks(fields.remove(BLOCKS), place)?;
        if role == Role::Tool {
            // The call's id says the same.
            fields.remove("name");
        }
        refuse_rest(&fields, place)?;
        Ok(Self {
            role,
            parts,
            tool_calls,
            tool_call_id,
            reasoning,
            thinking_blocks,
        })
    }
}

impl Part {
    /// Its text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Image(_) => None,
        }
    }
}

fn role(value: Option<&Value>, place: &str) -> Result<Role, RequestError> {
    match value.and_then(Value::as_str) {
        Some("system" | "developer") => Ok(Role::System),
        Some("user") => Ok(Role::User),
        Some("assistant") => Ok(Role::Assistant),
        Some("tool") => Ok(Role::Tool),
        _ => Err(RequestError::invalid(
            &format!("{place}.role"),
            "must be system, developer, user, assistant or tool",
        )),
    }
}

fn content(value: Option<Value>, place: &str) -> Result<Vec<Part>, RequestError> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![Part::Text {
            text,
            cache_control: None,
        }]),
        Some(Value::Array(parts)) => parts
            .into_iter()
            .enumerate()
            .map(|(n, value)| part(value, &format!("{place}[{n}]")))
            .collect(),
        Some(_) => Err(RequestError::invalid(place, "must be a string or an array")),
    }
}

fn part(value: Value, place: &str) -> Result<Part, RequestError> {
    let Value::Object(mut fields) = value else {
        return Err(RequestError::invalid(place, "must be an object"));
    };
    let kind = fields.remove("type");
    let part = match kind.as_ref().and_then(Value::as_str) {
        Some(kind @ ("text" | "refusal")) => Part::Text {
            text: text_field(&mut fields, kind, place)?
                .ok_or_else(|| RequestError::invalid(place, "has no text"))?,
            cache_control: fields.remove("cache_control").filter(|v| !v.is_null()),
        },
        Some("image_url") => Part::Image(image(fields.remove("image_url"), place)?),
        Some(other) => {
            let text = format!("parts of type `{other}`");
            return Err(RequestError::unsupported(&format!("{place}.type"), &text));
        }
        None => return Err(RequestError::invalid(place, "has no type")),
    };
    refuse_rest(&fields, place)?;
    Ok(part)
}

fn image(value: Option<Value>, place: &str) -> Result<Image, RequestError> {
    let place = format!("{place}.image_url");
    // `detail` only chooses how finely OpenAI looks; no other dialect has the choice.
    let url = match value {
        Some(Value::String(url)) => Some(url),
        Some(Value::Object(mut fields)) => text_field(&mut fields, "url", &place)?,
        _ => None,
    };
    let url = url.ok_or_else(|| RequestError::invalid(&place, "has no url"))?;
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(Image::Url(url));
    }
    inline_image(&url).ok_or_else(|| {
        RequestError::invalid(
            &place,
            "must be an http(s) URL or a base64 data URL of an image",
        )
    })
}

/// Reads `data:image/png;base64,…`. Source: RFC 2397.
fn inline_image(url: &str) -> Option<Image> {
    let (head, base64) = url.strip_prefix("data:")?.split_once(',')?;
    let mut words = head.split(';');
    let media_type = words.next()?.trim().to_ascii_lowercase();
    let alphabet = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let good = media_type.starts_with("image/")
        && words.next_back() == Some("base64")
        && !base64.is_empty()
        && base64.bytes().all(alphabet);
    good.then(|| Image::Inline {
        media_type,
        base64: base64.to_owned(),
    })
}

fn thinking_blocks(value: Option<Value>, place: &str) -> Result<Vec<Value>, RequestError> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(blocks)) if blocks.iter().all(Value::is_object) => Ok(blocks),
        Some(_) => {
            let place = format!("{place}.{BLOCKS}");
            Err(RequestError::invalid(&place, "must be an array of blocks"))
        }
    }
}

fn tool_calls(calls: Vec<Value>, place: &str) -> Result<Vec<ToolCall>, RequestError> {
    calls
        .into_iter()
        .enumerate()
        .map(|(n, value)| tool_call(&value, &format!("{place}.tool_calls[{n}]")))
        .collect()
}

fn tool_call(value: &Value, place: &str) -> Result<ToolCall, RequestError> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    if text("/type").is_some_and(|kind| kind != "function") {
        return Err(RequestError::unsupported(
            &format!("{place}.type"),
            "tools other than functions",
        ));
    }
    let (Some(id), Some(name)) = (text("/id"), text("/function/name")) else {
        return Err(RequestError::invalid(
            place,
            "needs an id and a function with a name",
        ));
    };
    Ok(ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: text("/function/arguments").unwrap_or_default().to_owned(),
    })
}

/// Refuses fields nobody took, unless they say nothing.
fn refuse_rest(fields: &Map<String, Value>, place: &str) -> Result<(), RequestError> {
    match fields.iter().find(|(_, value)| !is_blank(value)) {
        None => Ok(()),
        Some((name, _)) => Err(RequestError::unsupported(
            &format!("{place}.{name}"),
            "this field",
        )),
    }
}
