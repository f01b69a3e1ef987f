//! A chat request in Ollama's words.

use super::Settings;
use crate::chat::{
    ChatRequest, Image, Message, OutputFormat, Part, RequestError, Role, Tool, ToolChoice,
};
use crate::providers::ChatCall;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Fields that Ollama knows by the same name, among its options.
const SAME_NAMES: [&str; 6] = [
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "top_k",
    "min_p",
    "repeat_penalty",
];

/// The body for `/api/chat`.
pub(super) fn translate(
    mut request: ChatRequest,
    settings: &Settings,
    call: &ChatCall,
) -> Result<Value, RequestError> {
    let options = options(&mut request, settings);
    request.refuse_rest()?;
    let mut body = Map::new();
    body.insert("model".into(), call.model.clone().into());
    body.insert("messages".into(), messages(&request.messages)?);
    // Left out it would mean true.
    body.insert("stream".into(), call.stream.into());
    if !options.is_empty() {
        body.insert("options".into(), options.into());
    }
    if let Some(tools) = tools(&request)? {
        body.insert("tools".into(), tools);
    }
    match request.output {
        None => {}
        Some(OutputFormat::JsonObject) => drop(body.insert("format".into(), "json".into())),
        Some(OutputFormat::JsonSchema(schema)) => drop(body.insert("format".into(), schema)),
    }
    if let Some(effort) = &request.reasoning_effort {
        body.insert("think".into(), think(effort)?);
    }
    if let Some(keep_alive) = &settings.keep_alive {
        body.insert("keep_alive".into(), keep_alive.clone().into());
    }
    Ok(body.into())
}

fn options(request: &mut ChatRequest, settings: &Settings) -> Map<String, Value> {
    let mut options = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    put("num_ctx", settings.num_ctx.map(Value::from));
    put("num_predict", request.max_tokens.map(Value::from));
    put("temperature", request.temperature.take().map(Value::from));
    put("top_p", request.top_p.take().map(Value::from));
    let stop = std::mem::take(&mut request.stop);
    put("stop", (!stop.is_empty()).then(|| stop.into()));
    for name in SAME_NAMES {
        put(name, request.rest.shift_remove(name));
    }
    options
}

fn messages(messages: &[Message]) -> Result<Value, RequestError> {
    let mut tool_names = HashMap::new();
    messages
        .iter()
        .enumerate()
        .map(|(index, message)| {
            for call in &message.tool_calls {
                tool_names.insert(call.id.as_str(), call.name.as_str());
            }
            message_json(message, &tool_names, &format!("messages[{index}]"))
        })
        .collect()
}

fn message_json(
    message: &Message,
    tool_names: &HashMap<&str, &str>,
    place: &str,
) -> Result<Value, RequestError> {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let mut json = json!({"role": role, "content": message.text()});
    let images = images(message, place)?;
    if !images.is_empty() {
        json["images"] = images.into();
    }
    if let Some(reasoning) = &message.reasoning {
        json["thinking"] = reasoning.clone().into();
    }
    if !message.tool_calls.is_empty() {
        json["tool_calls"] = tool_calls(message, place)?;
    }
    if let Some(id) = &message.tool_call_id {
        let Some(name) = tool_names.get(id.as_str()) else {
            let place = format!("{place}.tool_call_id");
            return Err(RequestError::invalid(&place, "names no call made before"));
        };
        json["tool_name"] = (*name).into();
    }
    Ok(json)
}

fn images<'a>(message: &'a Message, place: &str) -> Result<Vec<&'a str>, RequestError> {
    let mut images = Vec::new();
    for (n, part) in message.parts.iter().enumerate() {
        match part {
            // Where a cache may begin changes no answer, and Ollama keeps its own cache.
            Part::Text { .. } => {}
            Part::Image(Image::Inline { base64, .. }) => images.push(base64.as_str()),
            Part::Image(Image::Url(_)) => {
                let place = format!("{place}.content[{n}].image_url");
                return Err(RequestError::unsupported(
                    &place,
                    "a picture by its address",
                ));
            }
        }
    }
    Ok(images)
}

fn tool_calls(message: &Message, place: &str) -> Result<Value, RequestError> {
    let json = |(n, call): (usize, &crate::chat::ToolCall)| {
        let arguments: Map<String, Value> = if call.arguments.trim().is_empty() {
            Map::new()
        } else {
            serde_json::from_str(&call.arguments).map_err(|_| {
                let place = format!("{place}.tool_calls[{n}].function.arguments");
                RequestError::invalid(&place, "must be a JSON object as text")
            })?
        };
        Ok(json!({"function": {"name": call.name, "arguments": arguments}}))
    };
    message.tool_calls.iter().enumerate().map(json).collect()
}

/// Tools, unless the model must not call any.
fn tools(request: &ChatRequest) -> Result<Option<Value>, RequestError> {
    match &request.tool_choice {
        Some(ToolChoice::None) => return Ok(None),
        Some(ToolChoice::Required | ToolChoice::Named(_)) => {
            return Err(RequestError::unsupported(
                "tool_choice",
                "a forced call of a tool",
            ));
        }
        None | Some(ToolChoice::Auto) => {}
    }
    if request.tools.is_empty() {
        return Ok(None);
    }
    if request.parallel_tool_calls == Some(false) {
        return Err(RequestError::unsupported(
            "parallel_tool_calls",
            "one tool call at a time",
        ));
    }
    if let Some(n) = request.tools.iter().position(|t| t.strict == Some(true)) {
        let place = format!("tools[{n}].function.strict");
        return Err(RequestError::unsupported(&place, "strict arguments"));
    }
    Ok(Some(request.tools.iter().map(tool_json).collect()))
}

fn tool_json(tool: &Tool) -> Value {
    let nothing = || json!({"type": "object", "properties": {}});
    json!({"type": "function", "function": {
        "name": tool.name,
        "description": tool.description.as_deref().unwrap_or_default(),
        "parameters": tool.parameters.clone().unwrap_or_else(nothing),
    }})
}

fn think(effort: &str) -> Result<Value, RequestError> {
    match effort {
        "none" => Ok(false.into()),
        "low" | "medium" | "high" => Ok(effort.into()),
        _ => Err(RequestError::unsupported(
            "reasoning_effort",
            "an effort other than none, low, medium and high",
        )),
    }
}
