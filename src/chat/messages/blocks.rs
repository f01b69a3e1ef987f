//! The blocks of one turn.

use super::request::note_hint;
use super::turns::refuse_rest;
use crate::chat::request::{RequestError, text_field};
use serde_json::{Map, Value, json};

/// What one turn holds, sorted by where a chat has it.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Text, pictures and files, as a chat's parts.
    pub(super) parts: Vec<Value>,
    /// Calls of tools, as a chat's.
    pub(super) calls: Vec<Value>,
    /// Results of tools as they came, each with its place.
    pub(super) results: Vec<(String, Map<String, Value>)>,
    /// Thinking, each with its signature; without text where that is redacted.
    pub(super) thoughts: Vec<Thought>,
}

/// What an earlier answer was thought.
#[derive(Debug)]
pub(super) struct Thought {
    pub(super) text: String,
    pub(super) signature: String,
}

impl Content {
    /// The parts; one text alone is said as such.
    pub(super) fn said(&self) -> Value {
        match self.parts.as_slice() {
            [only] if only["type"] == "text" => only["text"].clone(),
            parts => parts.into(),
        }
    }

    /// Whether anything but text is among the parts.
    pub(super) fn has_media(&self) -> bool {
        self.parts.iter().any(|part| part["type"] != "text")
    }
}

/// Reads a text or an array of blocks.
pub(super) fn content(
    value: Value,
    place: &str,
    adjusted: &mut Vec<String>,
) -> Result<Content, RequestError> {
    let mut content = Content::default();
    let blocks = match value {
        Value::Null => return Ok(content),
        Value::String(text) => vec![json!({"type": "text", "text": text})],
        Value::Array(blocks) => blocks,
        _ => return Err(RequestError::invalid(place, "must be a string or an array")),
    };
    for (n, block) in blocks.into_iter().enumerate() {
        content.take(block, &format!("{place}[{n}]"), adjusted)?;
    }
    Ok(content)
}

impl Content {
    fn take(
        &mut self,
        block: Value,
        place: &str,
        adjusted: &mut Vec<String>,
    ) -> Result<(), RequestError> {
        let Value::Object(mut fields) = block else {
            return Err(RequestError::invalid(place, "must be an object"));
        };
        // Where a cache may begin changes no answer, nor does where an earlier answer was quoted from.
        for hint in ["cache_control", "citations"] {
            note_hint(&mut fields, hint, adjusted);
        }
        let Some(kind) = text_field(&mut fields, "type", place)? else {
            return Err(RequestError::invalid(place, "has no type"));
        };
        match kind.as_str() {
            "text" => {
                let text = text_field(&mut fields, "text", place)?
                    .ok_or_else(|| RequestError::invalid(place, "has no text"))?;
                if !text.is_empty() {
                    self.parts.push(json!({"type": "text", "text": text}));
                }
            }
            "image" => {
                let url = source_url(fields.remove("source"), place)?;
                self.parts
                    .push(json!({"type": "image_url", "image_url": {"url": url}}));
            }
            "document" => self.parts.push(document(&mut fields, place)?),
            "tool_use" => self.calls.push(tool_use(&mut fields, place)?),
            "tool_result" => {
                if fields.remove("is_error") == Some(Value::Bool(true)) {
                    adjusted.push(format!("{place}.is_error=left out"));
                }
                let result = std::mem::take(&mut fields);
                self.results.push((place.to_owned(), result));
            }
            "thinking" | "redacted_thinking" => {
                let mut text = |name| text_field(&mut fields, name, place);
                let (text, signature) = (text("thinking")?, text("signature")?);
                // What is redacted says nothing to anybody but its signer.
                let signature = signature.or_else(|| text.is_none().then(|| kind.clone()));
                self.thoughts.push(Thought {
                    text: text.unwrap_or_default(),
                    signature: signature.unwrap_or_default(),
                });
                fields.clear();
            }
            other => {
                let what = format!("blocks of type `{other}`");
                return Err(RequestError::unsupported(&format!("{place}.type"), &what));
            }
        }
        refuse_rest(&fields, place)
    }
}

/// The URL of a picture or document; what came with the request becomes a data URL.
fn source_url(source: Option<Value>, place: &str) -> Result<String, RequestError> {
    let place = format!("{place}.source");
    let source = source.unwrap_or_default();
    let text = |name: &str| source.get(name).and_then(Value::as_str);
    match (text("type"), text("url"), text("media_type"), text("data")) {
        (Some("url"), Some(url), _, _) => Ok(url.to_owned()),
        (Some("base64"), _, Some(media_type), Some(data)) => {
            Ok(format!("data:{media_type};base64,{data}"))
        }
        (Some(other @ ("file" | "content")), ..) => {
            let what = format!("a source of type `{other}`");
            Err(RequestError::unsupported(&place, &what))
        }
        _ => Err(RequestError::invalid(
            &place,
            "must be of type base64 with media_type and data, or url",
        )),
    }
}

/// A document: text stays text, a file that came with the request stays a file.
fn document(fields: &mut Map<String, Value>, place: &str) -> Result<Value, RequestError> {
    let source = fields.remove("source").unwrap_or_default();
    let title = text_field(fields, "title", place)?;
    let context = text_field(fields, "context", place)?;
    if context.is_some() {
        let place = format!("{place}.context");
        return Err(RequestError::unsupported(
            &place,
            "what a document is about",
        ));
    }
    if source["type"] == "text" {
        let text = source["data"].as_str().unwrap_or_default();
        let text = title.map_or(text.to_owned(), |title| format!("{title}\n\n{text}"));
        return Ok(json!({"type": "text", "text": text}));
    }
    let is_inline = source["type"] == "base64";
    let url = source_url(Some(source), place)?;
    if !is_inline {
        let place = format!("{place}.source");
        return Err(RequestError::unsupported(
            &place,
            "a document by its address",
        ));
    }
    let name = title.unwrap_or_else(|| "document.pdf".to_owned());
    Ok(json!({"type": "file", "file": {"filename": name, "file_data": url}}))
}

fn tool_use(fields: &mut Map<String, Value>, place: &str) -> Result<Value, RequestError> {
    let (id, name) = (
        text_field(fields, "id", place)?,
        text_field(fields, "name", place)?,
    );
    let (Some(id), Some(name)) = (id, name) else {
        return Err(RequestError::invalid(place, "needs an id and a name"));
    };
    let arguments = match fields.remove("input") {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(input @ Value::Object(_)) => input.to_string(),
        Some(_) => {
            let place = format!("{place}.input");
            return Err(RequestError::invalid(&place, "must be an object"));
        }
    };
    // Who called says nothing where only the model can.
    fields.remove("caller");
    let function = json!({"name": name, "arguments": arguments});
    Ok(json!({"id": id, "type": "function", "function": function}))
}

/// A tool's result as a chat's message.
pub(super) fn tool_result(
    fields: &Map<String, Value>,
    place: &str,
    adjusted: &mut Vec<String>,
) -> Result<Value, RequestError> {
    let Some(id) = fields.get("tool_use_id").and_then(Value::as_str) else {
        return Err(RequestError::invalid(place, "needs a tool_use_id"));
    };
    let known = |name: &&String| !matches!(name.as_str(), "tool_use_id" | "content");
    if let Some(name) = fields.keys().find(known) {
        return Err(RequestError::unsupported(
            &format!("{place}.{name}"),
            "this field",
        ));
    }
    let said = fields.get("content").cloned().unwrap_or_default();
    let place = format!("{place}.content");
    let said = content(said, &place, adjusted)?;
    if said.has_media() {
        return Err(RequestError::unsupported(
            &place,
            "a tool's result that is no text",
        ));
    }
    if !said.calls.is_empty() || !said.results.is_empty() {
        return Err(RequestError::invalid(&place, "must be text"));
    }
    let text = if said.parts.is_empty() {
        "".into()
    } else {
        said.said()
    };
    Ok(json!({"role": "tool", "tool_call_id": id, "content": text}))
}
