//! A conversation's turns in the messages of Chat Completions.

use super::blocks::{Content, content, tool_result};
use super::request::note_hint;
use crate::chat::EarlierReasoning;
use crate::chat::reasoning::{LONG_NAME, SHORT_NAME, note};
use crate::chat::request::RequestError;
use serde_json::{Map, Value, json};

/// `system` and `messages` as chat messages.
pub(super) fn turns(
    system: Option<Value>,
    messages: Option<Value>,
    reasoning: EarlierReasoning,
    adjusted: &mut Vec<String>,
) -> Result<Vec<Value>, RequestError> {
    let mut out = Vec::new();
    if let Some(system) = system {
        let said = content(system, "system", adjusted)?;
        system_text(&said, "system", &mut out)?;
    }
    let Some(Value::Array(messages)) =
        messages.filter(|m| m.as_array().is_some_and(|m| !m.is_empty()))
    else {
        return Err(RequestError::invalid(
            "messages",
            "must be a non-empty array",
        ));
    };
    let last = messages.len() - 1;
    for (n, message) in messages.into_iter().enumerate() {
        let place = format!("messages[{n}]");
        let Value::Object(mut fields) = message else {
            return Err(RequestError::invalid(&place, "must be an object"));
        };
        let role = fields.remove("role");
        let said = fields.remove("content").unwrap_or_default();
        note_hint(&mut fields, "cache_control", adjusted);
        refuse_rest(&fields, &place)?;
        let said = content(said, &format!("{place}.content"), adjusted)?;
        match role.as_ref().and_then(Value::as_str) {
            Some("user") => user(&said, &place, &mut out, adjusted)?,
            // Instructions between turns stay where they are; before them there is `system`.
            Some("system") if n > 0 => system_text(&said, &place, &mut out)?,
            Some("assistant") if n == last => {
                return Err(RequestError::unsupported(
                    &place,
                    "the beginning of the answer",
                ));
            }
            Some("assistant") => {
                let earlier = thoughts(&said, reasoning, adjusted);
                assistant(said, earlier, &place, &mut out)?;
            }
            _ => {
                let place = format!("{place}.role");
                return Err(RequestError::invalid(&place, "must be user or assistant"));
            }
        }
    }
    Ok(out)
}

fn system_text(said: &Content, place: &str, out: &mut Vec<Value>) -> Result<(), RequestError> {
    if !said.results.is_empty() || !said.calls.is_empty() || said.has_media() {
        return Err(RequestError::invalid(place, "must be text"));
    }
    if !said.parts.is_empty() {
        out.push(json!({"role": "system", "content": said.said()}));
    }
    Ok(())
}

fn user(
    said: &Content,
    place: &str,
    out: &mut Vec<Value>,
    adjusted: &mut Vec<String>,
) -> Result<(), RequestError> {
    if !said.calls.is_empty() {
        return Err(RequestError::invalid(
            place,
            "calls a tool, which the assistant does",
        ));
    }
    // Results stand right behind the calls, whatever else is said.
    for (place, result) in &said.results {
        out.push(tool_result(result, place, adjusted)?);
    }
    if !said.parts.is_empty() {
        out.push(json!({"role": "user", "content": said.said()}));
    }
    Ok(())
}

/// What goes back of an earlier answer's thinking: what a chat showed, under the name it had there. What is signed is
/// worth something to its signer alone, and what stands alone to nobody.
fn thoughts(
    said: &Content,
    reasoning: EarlierReasoning,
    adjusted: &mut Vec<String>,
) -> Map<String, Value> {
    let mut fields: Map<String, Value> = Map::new();
    let is_answer = !said.parts.is_empty() || !said.calls.is_empty();
    for thought in &said.thoughts {
        let name = match thought.signature.as_str() {
            "" => LONG_NAME,
            SHORT_NAME => SHORT_NAME,
            _ => "",
        };
        if name.is_empty() || !is_answer || reasoning == EarlierReasoning::LeftOut {
            note("messages.thinking", adjusted);
            continue;
        }
        let before = fields.get(name).and_then(Value::as_str);
        let text = [before.unwrap_or_default(), &thought.text].concat();
        fields.insert(name.to_owned(), text.into());
    }
    fields
}

fn assistant(
    said: Content,
    earlier: Map<String, Value>,
    place: &str,
    out: &mut Vec<Value>,
) -> Result<(), RequestError> {
    if !said.results.is_empty() || said.has_media() {
        let problem = "holds what an assistant does not say";
        return Err(RequestError::invalid(place, problem));
    }
    if said.parts.is_empty() && said.calls.is_empty() {
        return Ok(());
    }
    let mut message = Map::new();
    message.insert("role".into(), "assistant".into());
    let text: String = said
        .parts
        .iter()
        .filter_map(|part| part["text"].as_str())
        .collect();
    let text = if said.parts.is_empty() {
        Value::Null
    } else {
        text.into()
    };
    message.insert("content".into(), text);
    message.extend(earlier);
    if !said.calls.is_empty() {
        message.insert("tool_calls".into(), said.calls.into());
    }
    out.push(message.into());
    Ok(())
}

pub(super) fn refuse_rest(fields: &Map<String, Value>, place: &str) -> Result<(), RequestError> {
    let says = |(_, value): &(&String, &Value)| !crate::chat::request::is_blank(value);
    match fields.iter().find(says) {
        None => Ok(()),
        Some((name, _)) => Err(RequestError::unsupported(
            &format!("{place}.{name}"),
            "this field",
        )),
    }
}
