//! A chat request in Ollama's words.

use super::Settings;
use crate::chat::{
    ChatRequest, Image, Message, OutputFormat, Part, RequestError, Role, Tool, ToolCall,
    ToolChoice, ToolInput,
};
use crate::providers::ChatCall;
use crate::providers::body::Body;
use bytes::Bytes;
use serde::Serialize;
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
    adjusted: &mut Vec<String>,
) -> Result<Bytes, RequestError> {
    let options = options(&mut request, settings);
    request.refuse_rest()?;
    let mut body = Map::new();
    body.insert("model".into(), call.model.clone().into());
    let messages = messages(&request.messages, adjusted)?;
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
    let body = Body {
        fields: body,
        messages,
    };
    body.to_bytes()
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

/// A message that is sent.
#[derive(Serialize)]
struct OllamaMessage {
    #[serde(flatten)]
    fields: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Called>,
}

#[derive(Serialize)]
struct Called {
    function: CalledFunction,
}

#[derive(Serialize)]
struct CalledFunction {
    name: String,
    arguments: ToolInput,
}

fn messages(
    messages: &[Message],
    adjusted: &mut Vec<String>,
) -> Result<Vec<OllamaMessage>, RequestError> {
    let mut tool_names = HashMap::new();
    in_order_of_calls(messages)
        .into_iter()
        .map(|(index, message)| {
            for call in &message.tool_calls {
                tool_names.insert(call.id.as_str(), call.name.as_str());
            }
            let place = format!("messages[{index}]");
            Ok(OllamaMessage {
                fields: fields(message, &tool_names, &place)?,
                tool_calls: tool_calls(&message.tool_calls, &place, adjusted)?,
            })
        })
        .collect()
}

/// Messages and where the client has them, results in the order of their calls: they go out without ids, so that the order
/// is all that tells results of one tool apart.
fn in_order_of_calls(messages: &[Message]) -> Vec<(usize, &Message)> {
    let mut ordered: Vec<_> = messages.iter().enumerate().collect();
    let mut calls: &[ToolCall] = &[];
    let are_results = |(_, a): &(usize, &Message), (_, b): &(usize, &Message)| {
        (a.role, b.role) == (Role::Tool, Role::Tool)
    };
    for run in ordered.chunk_by_mut(are_results) {
        match run.first() {
            Some((_, first)) if first.role == Role::Tool => run.sort_by_key(|(_, result)| {
                let id = result.tool_call_id.as_deref();
                calls.iter().position(|call| Some(call.id.as_str()) == id)
            }),
            Some((_, first)) => calls = &first.tool_calls,
            None => {}
        }
    }
    ordered
}

/// All of a message but its calls.
fn fields(
    message: &Message,
    tool_names: &HashMap<&str, &str>,
    place: &str,
) -> Result<Map<String, Value>, RequestError> {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let mut fields = Map::new();
    fields.insert("role".into(), role.into());
    fields.insert("content".into(), message.text().into());
    let images = images(message, place)?;
    if !images.is_empty() {
        fields.insert("images".into(), images.into());
    }
    if let Some(reasoning) = &message.reasoning {
        fields.insert("thinking".into(), reasoning.clone().into());
    }
    if let Some(id) = &message.tool_call_id {
        let Some(name) = tool_names.get(id.as_str()) else {
            let place = format!("{place}.tool_call_id");
            return Err(RequestError::invalid(&place, "names no call made before"));
        };
        fields.insert("tool_name".into(), (*name).into());
    }
    Ok(fields)
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

fn tool_calls(
    calls: &[ToolCall],
    place: &str,
    adjusted: &mut Vec<String>,
) -> Result<Vec<Called>, RequestError> {
    let mut called = |(n, call): (usize, &ToolCall)| {
        let place = format!("{place}.tool_calls[{n}].function.arguments");
        let arguments = ToolInput::of_history(&call.arguments, &place, adjusted)?;
        let name = call.name.clone();
        Ok(Called {
            function: CalledFunction { name, arguments },
        })
    };
    calls.iter().enumerate().map(&mut called).collect()
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
