//! A chat request in Anthropic's words.

use super::names::Names;
use crate::chat::{ChatRequest, OutputFormat, RequestError, Tool, ToolChoice};
use crate::providers::ChatCall;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

mod messages;

/// Tokens an answer may have if neither the request nor the endpoint says.
const DEFAULT_MAX_TOKENS: u64 = 4096;

/// The body for `/messages`.
pub(super) fn translate(
    request: &ChatRequest,
    names: &Names,
    call: &ChatCall,
    endpoint_max_tokens: Option<u64>,
) -> Result<Value, RequestError> {
    request.refuse_rest()?;
    if request
        .reasoning_effort
        .as_deref()
        .is_some_and(|effort| effort != "none")
    {
        return Err(RequestError::unsupported(
            "reasoning_effort",
            "a reasoning effort",
        ));
    }
    let max_tokens = request.max_tokens.or(endpoint_max_tokens);
    let mut body = Map::new();
    body.insert("model".into(), call.model.clone().into());
    body.insert(
        "max_tokens".into(),
        max_tokens.unwrap_or(DEFAULT_MAX_TOKENS).into(),
    );
    body.insert("stream".into(), call.stream.into());
    let (system, messages) = messages::translate(request, names)?;
    if let Some(system) = system {
        body.insert("system".into(), system);
    }
    body.insert("messages".into(), messages);
    sampling(request, &mut body)?;
    tools(request, names, &mut body)?;
    output(request, &mut body)?;
    if let Some(user) = &request.user {
        body.insert("metadata".into(), json!({"user_id": opaque(user)}));
    }
    Ok(body.into())
}

fn sampling(request: &ChatRequest, body: &mut Map<String, Value>) -> Result<(), RequestError> {
    if let Some(temperature) = &request.temperature {
        if temperature.as_f64().is_some_and(|t| t > 1.0) {
            return Err(RequestError::unsupported(
                "temperature",
                "a temperature above 1",
            ));
        }
        body.insert("temperature".into(), temperature.clone().into());
    }
    if let Some(top_p) = &request.top_p {
        body.insert("top_p".into(), top_p.clone().into());
    }
    if request.stop.iter().any(|text| text.trim().is_empty()) {
        return Err(RequestError::unsupported(
            "stop",
            "a stop text of white space",
        ));
    }
    if !request.stop.is_empty() {
        body.insert("stop_sequences".into(), request.stop.clone().into());
    }
    Ok(())
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
            body.insert("output_config".into(), json!({"format": format}));
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
