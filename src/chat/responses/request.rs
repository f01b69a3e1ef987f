//! A Responses request in the words of Chat Completions.

use super::input::messages;
use crate::chat::request::{RequestError, is_blank, text_field};
use crate::chat::{ChatForm, EarlierReasoning};
use serde_json::{Map, Value, json};

/// A request in the words of Chat Completions.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseRequest {
    /// The body.
    pub body: Value,
    /// What the response repeats of its request.
    pub echo: Map<String, Value>,
    /// Fields that could not be passed on as they were, with what became of them.
    pub adjusted: Vec<String>,
}

/// Translates a Responses request. A stream is asked to end with its tokens: a response always tells them.
///
/// # Errors
///
/// [`RequestError`] naming the first field that is wrong or cannot be said in a chat: state that a provider would have to
/// keep, and tools that it would have to run itself.
pub fn chat_of_responses(body: &[u8], form: ChatForm) -> Result<ResponseRequest, RequestError> {
    let mut fields: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| RequestError::invalid("body", &format!("is not JSON: {error}")))?;
    fields.retain(|_, value| !value.is_null());
    let echo = echo(&fields);
    let mut adjusted = Vec::new();
    let mut chat = Map::new();
    chat.extend(fields.shift_remove_entry("model"));
    let instructions = text_field(&mut fields, "instructions", "")?;
    let input = fields.remove("input");
    let messages = messages(instructions, input, form.reasoning, &mut adjusted)?;
    chat.insert("messages".into(), messages.into());
    let limit = fields.remove("max_output_tokens");
    chat.extend(limit.map(|limit| (form.max_tokens.to_owned(), limit)));
    if fields.remove("stream") == Some(Value::Bool(true)) {
        chat.insert("stream".into(), true.into());
        chat.insert("stream_options".into(), json!({"include_usage": true}));
    }
    // Padding against listeners, which only OpenAI adds.
    fields.remove("stream_options");
    for same in ["temperature", "top_p", "user"] {
        chat.extend(fields.shift_remove_entry(same));
    }
    tools(&mut fields, &mut chat)?;
    let text = object(fields.remove("text"), "text")?;
    answer_form(text, &mut chat, &mut adjusted)?;
    let reasoning = object(fields.remove("reasoning"), "reasoning")?;
    thinking(reasoning, &mut chat, &mut adjusted)?;
    hints(&mut fields, form.reasoning, &mut adjusted)?;
    match fields.iter().find(|(_, value)| !is_blank(value)) {
        None => Ok(ResponseRequest {
            body: chat.into(),
            echo,
            adjusted,
        }),
        Some((name, _)) => Err(RequestError::unsupported(name, "this field")),
    }
}

/// What a response repeats, with what stands for the fields that the request leaves out.
fn echo(fields: &Map<String, Value>) -> Map<String, Value> {
    let given = |name: &str| fields.get(name).cloned();
    let or_null = |name: &str| given(name).unwrap_or_default();
    let mut echo = Map::new();
    for name in ["instructions", "max_output_tokens"] {
        echo.insert(name.to_owned(), or_null(name));
    }
    for (name, default) in [
        ("metadata", json!({})),
        ("parallel_tool_calls", json!(true)),
        ("reasoning", json!({"effort": null, "summary": null})),
        ("temperature", json!(1.0)),
        ("text", json!({"format": {"type": "text"}})),
        ("tool_choice", json!("auto")),
        ("tools", json!([])),
        ("top_p", json!(1.0)),
        ("truncation", json!("disabled")),
    ] {
        echo.insert(name.to_owned(), given(name).unwrap_or(default));
    }
    echo.insert("user".into(), or_null("user"));
    echo
}

/// Takes out what changes no answer; refuses what would.
fn hints(
    fields: &mut Map<String, Value>,
    reasoning: EarlierReasoning,
    adjusted: &mut Vec<String>,
) -> Result<(), RequestError> {
    // Repeated in the response, which is all that is done with it where nothing is kept.
    fields.remove("metadata");
    for hint in [
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
    ] {
        adjusted.extend(fields.remove(hint).map(|_| format!("{hint}=left out")));
    }
    if let Some(tier) = fields.remove("service_tier")
        && tier != "auto"
        && tier != "default"
    {
        adjusted.push(format!("service_tier={tier} left out"));
    }
    if fields
        .get("truncation")
        .is_some_and(|cut| cut == "disabled")
    {
        fields.remove("truncation");
    }
    if let Some(Value::Array(more)) = fields.get_mut("include") {
        let before = more.len();
        more.retain(|one| one != "reasoning.encrypted_content");
        // Where a provider signs its reasoning it is always sealed: nobody keeps it here.
        if more.len() < before && reasoning != EarlierReasoning::Signed {
            adjusted.push("include=reasoning.encrypted_content left out".to_owned());
        }
    }
    if fields.get("top_logprobs").is_some_and(|count| count == 0) {
        fields.remove("top_logprobs");
    }
    let refused = |name: &str, what: &str| match fields.get(name) {
        Some(value) if !is_blank(value) => Err(RequestError::unsupported(name, what)),
        _ => Ok(()),
    };
    refused(
        "previous_response_id",
        "an earlier response, which nobody kept",
    )?;
    refused("conversation", "a conversation, which nobody keeps")?;
    refused("store", "keeping the response")?;
    refused("background", "an answer in the background")?;
    refused("prompt", "a stored prompt")
}

/// An object's fields; none if it is absent.
pub(super) fn object(
    value: Option<Value>,
    place: &str,
) -> Result<Map<String, Value>, RequestError> {
    match value {
        None => Ok(Map::new()),
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err(RequestError::invalid(place, "must be an object")),
    }
}

fn tools(
    fields: &mut Map<String, Value>,
    chat: &mut Map<String, Value>,
) -> Result<(), RequestError> {
    match fields.remove("tools") {
        None => {}
        Some(Value::Array(tools)) if tools.is_empty() => {}
        Some(Value::Array(tools)) => {
            let tool = |(n, value)| tool(value, &format!("tools[{n}]"));
            let tools: Result<Vec<_>, _> = tools.into_iter().enumerate().map(tool).collect();
            chat.insert("tools".into(), tools?.into());
        }
        Some(_) => return Err(RequestError::invalid("tools", "must be an array")),
    }
    let parallel = fields.remove("parallel_tool_calls");
    if let Some(parallel) = parallel.filter(|_| chat.contains_key("tools")) {
        // Without tools it says nothing, and OpenAI refuses it.
        chat.insert("parallel_tool_calls".into(), parallel);
    }
    let Some(choice) = fields.remove("tool_choice") else {
        return Ok(());
    };
    let text = |name: &str| choice.get(name).and_then(Value::as_str);
    let said = match (choice.as_str(), text("type"), text("name")) {
        (Some("none" | "auto" | "required"), ..) => choice,
        (None, Some("function"), Some(name)) => {
            json!({"type": "function", "function": {"name": name}})
        }
        (None, Some(kind), _) if kind != "function" => {
            let what = format!("a choice of type `{kind}`");
            return Err(RequestError::unsupported("tool_choice", &what));
        }
        _ => {
            let problem = "must be none, auto, required or name a function";
            return Err(RequestError::invalid("tool_choice", problem));
        }
    };
    if chat.contains_key("tools") || said == "required" || said.is_object() {
        chat.insert("tool_choice".into(), said);
    }
    Ok(())
}

fn tool(value: Value, place: &str) -> Result<Value, RequestError> {
    let mut fields = object(Some(value), place)?;
    let kind = text_field(&mut fields, "type", place)?.unwrap_or_default();
    if kind != "function" {
        let what = format!("the tool `{kind}`, which OpenAI itself runs or reads,");
        return Err(RequestError::unsupported(&format!("{place}.type"), &what));
    }
    let mut function = Map::new();
    for name in ["name", "description", "parameters"] {
        function.extend(
            fields
                .shift_remove_entry(name)
                .filter(|(_, value)| !value.is_null()),
        );
    }
    if fields.remove("strict") == Some(Value::Bool(true)) {
        function.insert("strict".into(), true.into());
    }
    match fields.iter().find(|(_, value)| !is_blank(value)) {
        None => Ok(json!({"type": "function", "function": function})),
        Some((name, _)) => Err(RequestError::unsupported(
            &format!("{place}.{name}"),
            "this field",
        )),
    }
}

fn answer_form(
    mut text: Map<String, Value>,
    chat: &mut Map<String, Value>,
    adjusted: &mut Vec<String>,
) -> Result<(), RequestError> {
    let wordy = text
        .remove("verbosity")
        .filter(|how| !how.is_null() && how != "medium");
    adjusted.extend(wordy.map(|how| format!("text.verbosity={how} left out")));
    let mut format = object(
        text.remove("format").filter(|f| !f.is_null()),
        "text.format",
    )?;
    if let Some((name, _)) = text.iter().find(|(_, value)| !is_blank(value)) {
        return Err(RequestError::unsupported(
            &format!("text.{name}"),
            "this field",
        ));
    }
    let kind = format.remove("type");
    let said = match kind.as_ref().and_then(Value::as_str) {
        None if format.is_empty() => return Ok(()),
        Some("text") => return Ok(()),
        Some("json_object") => json!({"type": "json_object"}),
        Some("json_schema") => json!({"type": "json_schema", "json_schema": format}),
        _ => {
            let problem = "must be of type text, json_object or json_schema";
            return Err(RequestError::invalid("text.format", problem));
        }
    };
    chat.insert("response_format".into(), said);
    Ok(())
}

fn thinking(
    mut reasoning: Map<String, Value>,
    chat: &mut Map<String, Value>,
    adjusted: &mut Vec<String>,
) -> Result<(), RequestError> {
    if let Some(effort) = text_field(&mut reasoning, "effort", "reasoning")? {
        chat.insert("reasoning_effort".into(), effort.into());
    }
    // Whatever reasoning a provider shows is shown whole, which is as good as a summary of any length.
    for how in ["summary", "generate_summary"] {
        let asked = text_field(&mut reasoning, how, "reasoning")?;
        let asked = asked.filter(|length| length != "auto");
        adjusted.extend(asked.map(|length| format!("reasoning.{how}={length} left out")));
    }
    match reasoning.iter().find(|(_, value)| !is_blank(value)) {
        None => Ok(()),
        Some((name, _)) => Err(RequestError::unsupported(
            &format!("reasoning.{name}"),
            "this field",
        )),
    }
}
