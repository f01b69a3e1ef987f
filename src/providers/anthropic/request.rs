//! A chat request in Anthropic's words.

use super::ids::Ids;
use super::names::Names;
use super::thoughts::is_unthought;
use crate::chat::{ChatRequest, OutputFormat, RequestError, Tool, ToolChoice};
use crate::providers::ChatCall;
use crate::providers::body::Body;
use bytes::Bytes;
use limit::Limit;
use messages::Turn;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

mod limit;
mod messages;
mod thinking;

/// Fields that change an answer little, and that Anthropic lacks: left out and said so.
const HINTS: [&str; 5] = [
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "store",
    "service_tier",
];

/// The body for `/messages`. What was adjusted goes into `adjusted`.
pub(super) fn translate(
    request: &mut ChatRequest,
    names: &Names,
    call: &ChatCall,
    endpoint_max_tokens: Option<u64>,
    adjusted: &mut Vec<String>,
) -> Result<Bytes, RequestError> {
    for hint in HINTS {
        let hint = request.rest.shift_remove_entry(hint);
        adjusted.extend(hint.map(|(name, _)| format!("{name}=left out")));
    }
    let request = &*request;
    request.refuse_rest()?;
    let limit = Limit::of(request, call, endpoint_max_tokens);
    let mut body = Map::new();
    body.insert("model".into(), call.model.clone().into());
    body.insert("max_tokens".into(), limit.tokens.into());
    body.insert("stream".into(), call.stream.into());
    let (system, messages) = messages::translate(request, names, call, adjusted)?;
    let is_unthought = is_unthought(messages.iter().map(Turn::kinds));
    if let Some(system) = system {
        body.insert("system".into(), system);
    }
    sampling(request, &mut body, adjusted);
    if is_unthought && thinking::needs_budget(request, &call.refuses) {
        adjusted.push("reasoning_effort=left out".to_owned());
    } else {
        let thinking = thinking::translate(request, &call.refuses, limit, adjusted)?;
        body.extend(thinking);
    }
    tools(request, names, &mut body)?;
    output(request, &mut body)?;
    if let Some(user) = &request.user {
        body.insert("metadata".into(), json!({"user_id": opaque(user)}));
    }
    let body = Body {
        fields: body,
        messages,
    };
    body.to_bytes()
}

fn sampling(request: &ChatRequest, body: &mut Map<String, Value>, adjusted: &mut Vec<String>) {
    if let Some(temperature) = &request.temperature {
        let is_over = temperature.as_f64().is_some_and(|t| t > 1.0);
        if is_over {
            adjusted.push(format!("temperature={temperature} as 1"));
        }
        let temperature = if is_over {
            1.into()
        } else {
            temperature.clone()
        };
        body.insert("temperature".into(), temperature.into());
    }
    if let Some(top_p) = &request.top_p {
        body.insert("top_p".into(), top_p.clone().into());
    }
    // Blank ones are refused there.
    let stop = request.stop.iter().filter(|text| !text.trim().is_empty());
    let stop: Vec<&String> = stop.collect();
    if stop.len() < request.stop.len() {
        adjusted.push("stop=blank texts left out".to_owned());
    }
    if !stop.is_empty() {
        body.insert("stop_sequences".into(), json!(stop));
    }
}

fn tools(
    request: &ChatRequest,
    names: &Names,
    body: &mut Map<String, Value>,
) -> Result<(), RequestError> {
    if request.tools.is_empty() {
        return match &request.tool_choice {
            None | Some(ToolChoice::None | ToolChoice::Auto) => Ok(()),
            Some(_) => Err(RequestError::invalid(
                "tool_choice",
                "asks for a tool but `tools` is empty",
            )),
        };
    }
    let tools: Vec<Value> = request
        .tools
        .iter()
        .map(|tool| tool_json(tool, names))
        .collect();
    body.insert("tools".into(), tools.into());
    let mut choice = match &request.tool_choice {
        None => None,
        Some(ToolChoice::None) => Some(json!({"type": "none"})),
        Some(ToolChoice::Auto) => Some(json!({"type": "auto"})),
        Some(ToolChoice::Required) => Some(json!({"type": "any"})),
        Some(ToolChoice::Named(name)) => {
            if !request.tools.iter().any(|tool| tool.name == *name) {
                return Err(RequestError::invalid(
                    "tool_choice",
                    "names a function that `tools` lacks",
                ));
            }
            Some(json!({"type": "tool", "name": names.to_anthropic(name)}))
        }
    };
    if request.parallel_tool_calls == Some(false) && request.tool_choice != Some(ToolChoice::None) {
        choice.get_or_insert_with(|| json!({"type": "auto"}))["disable_parallel_tool_use"] =
            true.into();
    }
    if let Some(choice) = choice {
        body.insert("tool_choice".into(), choice);
    }
    Ok(())
}

fn tool_json(tool: &Tool, names: &Names) -> Value {
    let mut schema = match &tool.parameters {
        Some(Value::Object(schema)) => schema.clone(),
        _ => Map::new(),
    };
    // A schema without a type, or none at all, is refused.
    schema.entry("type").or_insert_with(|| "object".into());
    if schema.len() == 1 {
        schema.insert("properties".into(), json!({}));
    }
    let mut json = json!({"name": names.to_anthropic(&tool.name), "input_schema": schema});
    if let Some(description) = &tool.description {
        json["description"] = description.clone().into();
    }
    if tool.strict == Some(true) {
        json["strict"] = true.into();
    }
    if let Some(cache_control) = &tool.cache_control {
        json["cache_control"] = cache_control.clone();
    }
    json
}

fn output(request: &ChatRequest, body: &mut Map<String, Value>) -> Result<(), RequestError> {
    match &request.output {
        None => Ok(()),
        Some(OutputFormat::JsonObject) => Err(RequestError::unsupported(
            "response_format",
            "JSON without a schema",
        )),
        Some(OutputFormat::JsonSchema(schema)) => {
            let format = json!({"type": "json_schema", "schema": schema});
            let config = body.entry("output_config");
            config.or_insert_with(|| json!({}))["format"] = format;
            Ok(())
        }
    }
}

/// A user's id that identifies nobody: addresses of people are not passed on.
fn opaque(user: &str) -> String {
    if user.contains('@') {
        format!("user_{}", hex::encode(Sha256::digest(user.as_bytes())))
    } else {
        user.to_owned()
    }
}
