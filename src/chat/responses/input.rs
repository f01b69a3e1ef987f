//! The items of a request as a chat's messages.

use super::earlier::Earlier;
use super::request::object;
use crate::chat::EarlierReasoning;
use crate::chat::reasoning::note;
use crate::chat::request::{RequestError, is_blank, text_field};
use serde_json::{Map, Value, json};

/// `instructions` and `input` as messages.
pub(super) fn messages(
    instructions: Option<String>,
    input: Option<Value>,
    reasoning: EarlierReasoning,
    adjusted: &mut Vec<String>,
) -> Result<Vec<Value>, RequestError> {
    let mut out = Vec::new();
    let mut earlier = Earlier::new(reasoning);
    if let Some(text) = instructions.filter(|text| !text.is_empty()) {
        out.push(json!({"role": "system", "content": text}));
    }
    match input {
        Some(Value::String(text)) => out.push(json!({"role": "user", "content": text})),
        Some(Value::Array(items)) if !items.is_empty() => {
            for (n, item) in items.into_iter().enumerate() {
                let place = format!("input[{n}]");
                take(item, &place, &mut out, &mut earlier, adjusted)?;
            }
            earlier.leave_out(adjusted);
        }
        _ => {
            let problem = "must be a text or a non-empty array of items";
            return Err(RequestError::invalid("input", problem));
        }
    }
    Ok(out)
}

fn take(
    item: Value,
    place: &str,
    out: &mut Vec<Value>,
    earlier: &mut Earlier,
    adjusted: &mut Vec<String>,
) -> Result<(), RequestError> {
    let mut fields = object(Some(item), place)?;
    let kind = text_field(&mut fields, "type", place)?;
    // What an earlier response called itself.
    for own in ["id", "status", "phase"] {
        fields.remove(own);
    }
    match kind.as_deref() {
        None | Some("message") => add_message(message(&mut fields, place, adjusted)?, out),
        Some("function_call") => {
            let call = function_call(&mut fields, place)?;
            add_call(call, out);
        }
        Some("function_call_output") => out.push(function_output(&mut fields, place, adjusted)?),
        Some("reasoning") => {
            earlier.take(&fields, adjusted);
            return Ok(());
        }
        Some(other) => {
            let what = format!("items of type `{other}`");
            return Err(RequestError::unsupported(&format!("{place}.type"), &what));
        }
    }
    match out.last_mut() {
        Some(last) if last["role"] == "assistant" => earlier.put(last),
        _ => earlier.leave_out(adjusted),
    }
    refuse_rest(&fields, place)
}

fn refuse_rest(fields: &Map<String, Value>, place: &str) -> Result<(), RequestError> {
    match fields.iter().find(|(_, value)| !is_blank(value)) {
        None => Ok(()),
        Some((name, _)) => Err(RequestError::unsupported(
            &format!("{place}.{name}"),
            "this field",
        )),
    }
}

fn message(
    fields: &mut Map<String, Value>,
    place: &str,
    adjusted: &mut Vec<String>,
) -> Result<Value, RequestError> {
    let role = match text_field(fields, "role", place)?.as_deref() {
        Some("user") => "user",
        Some("assistant") => "assistant",
        Some("system" | "developer") => "system",
        _ => {
            let problem = "must be user, assistant, system or developer";
            return Err(RequestError::invalid(&format!("{place}.role"), problem));
        }
    };
    let place = format!("{place}.content");
    let content = content(fields.remove("content"), &place, adjusted)?;
    let is_text = |part: &Value| part["type"] == "text";
    if role != "user"
        && content
            .as_array()
            .is_some_and(|parts| !parts.iter().all(is_text))
    {
        return Err(RequestError::unsupported(&place, "what is no text"));
    }
    // Several texts of an assistant are one.
    let content = match content {
        Value::Array(parts) if role == "assistant" => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect::<String>()
            .into(),
        content => content,
    };
    Ok(json!({"role": role, "content": content}))
}

/// A text, or parts; one text alone is said as such.
fn content(
    value: Option<Value>,
    place: &str,
    adjusted: &mut Vec<String>,
) -> Result<Value, RequestError> {
    let parts = match value {
        Some(Value::String(text)) => return Ok(text.into()),
        Some(Value::Array(parts)) => parts,
        _ => return Err(RequestError::invalid(place, "must be a string or an array")),
    };
    let part = |(n, value)| part(value, &format!("{place}[{n}]"), adjusted);
    let parts: Vec<Value> = parts
        .into_iter()
        .enumerate()
        .map(part)
        .collect::<Result<_, _>>()?;
    Ok(match parts.as_slice() {
        [only] if only["type"] == "text" => only["text"].clone(),
        _ => parts.into(),
    })
}

fn part(value: Value, place: &str, adjusted: &mut Vec<String>) -> Result<Value, RequestError> {
    let mut fields = object(Some(value), place)?;
    let kind = text_field(&mut fields, "type", place)?.unwrap_or_default();
    let part = said(&kind, &mut fields, place)?;
    // What an earlier answer said of its text is none of the conversation.
    for own in ["annotations", "logprobs"] {
        fields.remove(own);
    }
    // Where a cache may begin changes no answer.
    for hint in ["cache_control", "prompt_cache_breakpoint"] {
        if fields.remove(hint).is_some_and(|value| !is_blank(&value)) {
            note(hint, adjusted);
        }
    }
    refuse_rest(&fields, place)?;
    Ok(part)
}

/// A part in a chat's words; what is left in `fields` has none.
fn said(kind: &str, fields: &mut Map<String, Value>, place: &str) -> Result<Value, RequestError> {
    let missing = |what: &str| RequestError::invalid(place, &format!("has no {what}"));
    let file = |place: &str| RequestError::unsupported(place, "a file that is not in the request");
    match kind {
        "input_text" | "output_text" | "text" => {
            let text = text_field(fields, "text", place)?.ok_or_else(|| missing("text"))?;
            Ok(json!({"type": "text", "text": text}))
        }
        "refusal" => {
            let text = text_field(fields, "refusal", place)?;
            Ok(json!({"type": "text", "text": text.ok_or_else(|| missing("refusal"))?}))
        }
        "input_image" => match text_field(fields, "image_url", place)? {
            Some(url) => {
                let mut image = json!({"url": url});
                let detail = fields.remove("detail");
                if let Some(detail) = detail.filter(|detail| !detail.is_null() && detail != "auto")
                {
                    image["detail"] = detail;
                }
                Ok(json!({"type": "image_url", "image_url": image}))
            }
            None => Err(file(place)),
        },
        "input_file" => match text_field(fields, "file_data", place)? {
            Some(data) => {
                let name = text_field(fields, "filename", place)?;
                let name = name.unwrap_or_else(|| "file".to_owned());
                Ok(json!({"type": "file", "file": {"filename": name, "file_data": data}}))
            }
            None => Err(file(place)),
        },
        other => {
            let what = format!("parts of type `{other}`");
            Err(RequestError::unsupported(&format!("{place}.type"), &what))
        }
    }
}

fn function_call(fields: &mut Map<String, Value>, place: &str) -> Result<Value, RequestError> {
    let mut text = |name| text_field(fields, name, place);
    let (id, name, arguments) = (text("call_id")?, text("name")?, text("arguments")?);
    let (Some(id), Some(name)) = (id, name) else {
        return Err(RequestError::invalid(place, "needs a call_id and a name"));
    };
    let function = json!({"name": name, "arguments": arguments.unwrap_or_else(|| "{}".to_owned())});
    Ok(json!({"id": id, "type": "function", "function": function}))
}

/// Calls belong to the assistant's message before them, if there is one, and to each other.
fn add_call(call: Value, out: &mut Vec<Value>) {
    let is_assistants = |message: &Value| message["role"] == "assistant";
    let turn = match waiting_turn(out) {
        Some(at) => Some(at),
        None => out
            .len()
            .checked_sub(1)
            .filter(|at| is_assistants(&out[*at])),
    };
    let Some(turn) = turn.and_then(|at| out.get_mut(at)) else {
        out.push(json!({"role": "assistant", "content": null, "tool_calls": [call]}));
        return;
    };
    match turn["tool_calls"].as_array_mut() {
        Some(calls) => calls.push(call),
        None => turn["tool_calls"] = json!([call]),
    }
}

/// What the assistant says while its calls wait for their results belongs to the turn that called.
fn add_message(message: Value, out: &mut Vec<Value>) {
    let turn = waiting_turn(out).filter(|_| message["role"] == "assistant");
    let Some(turn) = turn.and_then(|at| out.get_mut(at)) else {
        out.push(message);
        return;
    };
    let both = [&turn["content"], &message["content"]];
    let both: String = both.into_iter().filter_map(Value::as_str).collect();
    turn["content"] = both.into();
}

/// Where the last turn is that called tools, if any of its calls has no result yet.
fn waiting_turn(out: &[Value]) -> Option<usize> {
    let at = out.iter().rposition(|message| message["role"] != "tool")?;
    let results = &out[at + 1..];
    let has_result = |call: &Value| results.iter().any(|it| it["tool_call_id"] == call["id"]);
    let calls = out[at]["tool_calls"].as_array()?;
    calls.iter().any(|call| !has_result(call)).then_some(at)
}

fn function_output(
    fields: &mut Map<String, Value>,
    place: &str,
    adjusted: &mut Vec<String>,
) -> Result<Value, RequestError> {
    let Some(id) = text_field(fields, "call_id", place)? else {
        return Err(RequestError::invalid(place, "needs a call_id"));
    };
    let place = format!("{place}.output");
    let output = content(fields.remove("output"), &place, adjusted)?;
    let is_text = |part: &Value| part["type"] == "text";
    if output
        .as_array()
        .is_some_and(|parts| !parts.iter().all(is_text))
    {
        return Err(RequestError::unsupported(
            &place,
            "a tool's result that is no text",
        ));
    }
    Ok(json!({"role": "tool", "tool_call_id": id, "content": output}))
}
