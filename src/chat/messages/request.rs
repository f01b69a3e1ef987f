//! A Messages request in the words of Chat Completions.

use super::inputs::keep_text;
use super::turns::turns;
use crate::chat::EarlierReasoning;
use crate::chat::request::{RequestError, is_blank, text_field};
use serde_json::{Map, Value, json};

/// The budget of thinking tokens from which an effort is called medium.
const MEDIUM_FROM: u64 = 4096;

/// The budget of thinking tokens from which an effort is called high.
const HIGH_FROM: u64 = 16_384;

/// What a provider's chat takes, where providers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatForm {
    /// The name of the limit of an answer's tokens.
    pub max_tokens: &'static str,
    /// Whether `top_k` is known.
    pub top_k: bool,
    /// Whether `reasoning_effort: none` switches off what is otherwise on.
    pub effort_none: bool,
    /// What becomes of the reasoning of earlier answers.
    pub reasoning: EarlierReasoning,
}

/// A request in the words of Chat Completions.
#[derive(Debug, Clone, PartialEq)]
pub struct TranslatedRequest {
    /// The body.
    pub body: Value,
    /// Fields that could not be passed on as they were, with what became of them.
    pub adjusted: Vec<String>,
}

/// Translates a Messages request. A stream is asked to end with its tokens: Messages always tells them.
///
/// # Errors
///
/// [`RequestError`] naming the first field that is wrong or cannot be said in a chat.
pub fn chat_of_messages(body: &[u8], form: ChatForm) -> Result<TranslatedRequest, RequestError> {
    let mut fields: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| RequestError::invalid("body", &format!("is not JSON: {error}")))?;
    fields.retain(|_, value| !value.is_null());
    let mut adjusted = Vec::new();
    let mut chat = Map::new();
    chat.extend(fields.shift_remove_entry("model"));
    let system = fields.remove("system");
    let messages = fields.remove("messages");
    let mut messages = turns(system, messages, form.reasoning, &mut adjusted)?;
    keep_text(body, &mut messages);
    chat.insert("messages".into(), messages.into());
    let limit = fields.remove("max_tokens");
    let limit = limit.filter(|limit| limit.as_u64().is_some_and(|most| most > 0));
    let limit = limit
        .ok_or_else(|| RequestError::invalid("max_tokens", "must be a whole number above 0"))?;
    chat.insert(form.max_tokens.into(), limit);
    if fields.remove("stream") == Some(Value::Bool(true)) {
        chat.insert("stream".into(), true.into());
        chat.insert("stream_options".into(), json!({"include_usage": true}));
    }
    for same in ["temperature", "top_p"] {
        chat.extend(fields.shift_remove_entry(same));
    }
    if form.top_k {
        chat.extend(fields.shift_remove_entry("top_k"));
    }
    if let Some(stop) = fields
        .remove("stop_sequences")
        .filter(|stop| !is_blank(stop))
    {
        chat.insert("stop".into(), stop);
    }
    tools(&mut fields, &mut chat, &mut adjusted)?;
    let output = object(fields.remove("output_config"), "output_config")?;
    let thinking = object(fields.remove("thinking"), "thinking")?;
    let effort = effort(&thinking, output.get("effort"), form, &mut adjusted)?;
    chat.extend(effort.map(|effort| ("reasoning_effort".to_owned(), effort.into())));
    let format = fields.remove("output_format");
    answer_form(output, format, &mut chat)?;
    let mut metadata = object(fields.remove("metadata"), "metadata")?;
    let user = text_field(&mut metadata, "user_id", "metadata")?;
    chat.extend(user.map(|user| ("user".to_owned(), user.into())));
    let others = metadata.iter().filter(|(_, value)| !is_blank(value));
    adjusted.extend(others.map(|(name, _)| format!("metadata.{name}=left out")));
    if let Some(tier) = fields.remove("service_tier").filter(|tier| tier != "auto") {
        adjusted.push(format!("service_tier={tier} left out"));
    }
    if fields.remove("cache_control").is_some() {
        adjusted.push("cache_control=left out".to_owned());
    }
    match fields.iter().find(|(_, value)| !is_blank(value)) {
        None => Ok(TranslatedRequest {
            body: chat.into(),
            adjusted,
        }),
        Some((name, _)) => Err(RequestError::unsupported(name, "this field")),
    }
}

/// An object's fields; none if it is absent.
fn object(value: Option<Value>, place: &str) -> Result<Map<String, Value>, RequestError> {
    match value {
        None => Ok(Map::new()),
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err(RequestError::invalid(place, "must be an object")),
    }
}

fn tools(
    fields: &mut Map<String, Value>,
    chat: &mut Map<String, Value>,
    adjusted: &mut Vec<String>,
) -> Result<(), RequestError> {
    match fields.remove("tools") {
        None => {}
        Some(Value::Array(tools)) if tools.is_empty() => {}
        Some(Value::Array(tools)) => {
            let tool = |(n, value)| tool(value, &format!("tools[{n}]"), adjusted);
            let tools: Result<Vec<_>, _> = tools.into_iter().enumerate().map(tool).collect();
            chat.insert("tools".into(), tools?.into());
        }
        Some(_) => return Err(RequestError::invalid("tools", "must be an array")),
    }
    let choice = object(fields.remove("tool_choice"), "tool_choice")?;
    if choice.is_empty() {
        return Ok(());
    }
    let text = |name: &str| choice.get(name).and_then(Value::as_str);
    let said = match (text("type"), text("name")) {
        (Some("auto"), _) => json!("auto"),
        (Some("any"), _) => json!("required"),
        (Some("none"), _) => json!("none"),
        (Some("tool"), Some(name)) => json!({"type": "function", "function": {"name": name}}),
        _ => {
            let problem = "must be of type auto, any, none, or tool with a name";
            return Err(RequestError::invalid("tool_choice", problem));
        }
    };
    // Without tools these say nothing, and OpenAI refuses them.
    let has_tools = chat.contains_key("tools");
    if has_tools || (said != "auto" && said != "none") {
        chat.insert("tool_choice".into(), said);
    }
    if has_tools && choice.get("disable_parallel_tool_use") == Some(&Value::Bool(true)) {
        chat.insert("parallel_tool_calls".into(), false.into());
    }
    Ok(())
}

fn tool(value: Value, place: &str, adjusted: &mut Vec<String>) -> Result<Value, RequestError> {
    let mut fields = object(Some(value), place)?;
    let kind = text_field(&mut fields, "type", place)?;
    if let Some(kind) = kind.filter(|kind| kind != "custom") {
        let what = format!("the tool `{kind}` that the provider itself runs");
        return Err(RequestError::unsupported(&format!("{place}.type"), &what));
    }
    let Some(name) = text_field(&mut fields, "name", place)? else {
        return Err(RequestError::invalid(
            &format!("{place}.name"),
            "is missing",
        ));
    };
    let mut function = json!({"name": name});
    if let Some(description) = text_field(&mut fields, "description", place)? {
        function["description"] = description.into();
    }
    if let Some(schema) = fields
        .remove("input_schema")
        .filter(|schema| !schema.is_null())
    {
        function["parameters"] = schema;
    }
    if fields.remove("strict") == Some(Value::Bool(true)) {
        function["strict"] = true.into();
    }
    // Hints about caching and pace, which change no answer.
    for hint in ["cache_control", "eager_input_streaming"] {
        note_hint(&mut fields, hint, adjusted);
    }
    match fields.iter().find(|(_, value)| !is_blank(value)) {
        None => Ok(json!({"type": "function", "function": function})),
        Some((name, _)) => Err(RequestError::unsupported(
            &format!("{place}.{name}"),
            "this field",
        )),
    }
}

/// Takes a hint out of `fields` and notes it, once for all places.
pub(super) fn note_hint(fields: &mut Map<String, Value>, hint: &str, adjusted: &mut Vec<String>) {
    let note = format!("{hint}=left out");
    if fields.remove(hint).is_some_and(|value| !is_blank(&value)) && !adjusted.contains(&note) {
        adjusted.push(note);
    }
}

/// How much is to be thought, in OpenAI's words; `None` is as the model likes.
fn effort(
    thinking: &Map<String, Value>,
    said: Option<&Value>,
    form: ChatForm,
    adjusted: &mut Vec<String>,
) -> Result<Option<&'static str>, RequestError> {
    let said = match said.map(|said| said.as_str().unwrap_or_default()) {
        None => None,
        Some("low") => Some("low"),
        Some("medium") => Some("medium"),
        Some("high") => Some("high"),
        Some("xhigh") => Some("xhigh"),
        Some("max") => {
            // Few models elsewhere know so much, and others refuse the word.
            adjusted.push("output_config.effort=max as xhigh".to_owned());
            Some("xhigh")
        }
        Some(_) => {
            let problem = "must be low, medium, high, xhigh or max";
            return Err(RequestError::invalid("output_config.effort", problem));
        }
    };
    let kind = thinking.get("type");
    let kind = kind.map(|kind| kind.as_str().unwrap_or_default());
    // How thinking is shown, say, which is not asked for elsewhere.
    let is_said = |name: &str| name == "type" || name == "budget_tokens" && kind == Some("enabled");
    let others = thinking.iter().filter(|(name, _)| !is_said(name));
    let others = others.filter(|(_, value)| !is_blank(value));
    adjusted.extend(others.map(|(name, _)| format!("thinking.{name}=left out")));
    match kind {
        None | Some("adaptive") => Ok(said),
        Some("between_tools") => {
            adjusted.push("thinking.type=between_tools as adaptive".to_owned());
            Ok(said)
        }
        Some("disabled") if form.effort_none => Ok(Some("none")),
        Some("disabled") => {
            adjusted.push("thinking.type=disabled left out".to_owned());
            Ok(None)
        }
        Some("enabled") => {
            let budget = thinking.get("budget_tokens").and_then(Value::as_u64);
            let Some(budget) = budget else {
                let place = "thinking.budget_tokens";
                return Err(RequestError::invalid(place, "must be a whole number"));
            };
            let effort = said.unwrap_or(match budget {
                HIGH_FROM.. => "high",
                MEDIUM_FROM.. => "medium",
                _ => "low",
            });
            adjusted.push(format!(
                "thinking.budget_tokens={budget} as effort {effort}"
            ));
            Ok(Some(effort))
        }
        Some(_) => Err(RequestError::invalid(
            "thinking.type",
            "must be enabled, adaptive, between_tools or disabled",
        )),
    }
}

/// The form an answer must have, from `output_config.format` or, as it was called before, `output_format`.
fn answer_form(
    mut output: Map<String, Value>,
    older: Option<Value>,
    chat: &mut Map<String, Value>,
) -> Result<(), RequestError> {
    output.remove("effort");
    let format = output.remove("format").or(older);
    if let Some((name, _)) = output.iter().find(|(_, value)| !is_blank(value)) {
        let place = format!("output_config.{name}");
        return Err(RequestError::unsupported(&place, "this field"));
    }
    let Some(format) = format.filter(|format| !format.is_null()) else {
        return Ok(());
    };
    let kind = format.get("type").and_then(Value::as_str);
    match (kind, format.get("schema")) {
        (Some("json_schema"), Some(schema)) => {
            let schema = json!({"name": "answer", "schema": schema, "strict": true});
            let format = json!({"type": "json_schema", "json_schema": schema});
            chat.insert("response_format".into(), format);
            Ok(())
        }
        _ => Err(RequestError::invalid(
            "output_config.format",
            "must be of type json_schema and have a schema",
        )),
    }
}
