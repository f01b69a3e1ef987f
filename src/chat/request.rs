//! A chat request read whole, for providers of another dialect.

use super::{ApiError, Message};
use serde_json::{Map, Number, Value};

/// An OpenAI chat request. What no field here names is in [`Self::rest`] and must be taken or refused.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The conversation; never empty.
    pub messages: Vec<Message>,
    /// `max_completion_tokens`, else `max_tokens`.
    pub max_tokens: Option<u64>,
    /// `temperature`, 0 to 2.
    pub temperature: Option<Number>,
    /// `top_p`, 0 to 1.
    pub top_p: Option<Number>,
    /// `stop`, one text or several.
    pub stop: Vec<String>,
    /// `tools`.
    pub tools: Vec<Tool>,
    /// `tool_choice`.
    pub tool_choice: Option<ToolChoice>,
    /// `parallel_tool_calls`.
    pub parallel_tool_calls: Option<bool>,
    /// `response_format`, unless it is plain text.
    pub output: Option<OutputFormat>,
    /// `user`.
    pub user: Option<String>,
    /// `reasoning_effort`.
    pub reasoning_effort: Option<String>,
    /// What of `output` nobody reads, with what becomes of it.
    pub adjusted: Vec<String>,
    /// Everything else that says something.
    pub rest: Map<String, Value>,
}

/// A function the model may ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// JSON Schema of its arguments, if it takes any.
    pub parameters: Option<Value>,
    /// Whether the arguments must fit the schema.
    pub strict: Option<bool>,
    /// A cache breakpoint, in Anthropic's words; a hint that changes no answer.
    pub cache_control: Option<Value>,
}

/// Which tools the model may, must or must not call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// None.
    None,
    /// As it likes.
    Auto,
    /// At least one.
    Required,
    /// This one.
    Named(String),
}

/// The form an answer must have.
#[derive(Debug, Clone, PartialEq)]
pub enum OutputFormat {
    /// Any JSON object.
    JsonObject,
    /// JSON that fits a schema.
    JsonSchema(Value),
}

/// Why a request cannot be sent to a provider of another dialect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A field has a value that no provider would take.
    #[error("`{param}` {problem}")]
    Invalid {
        /// The field.
        param: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A field asks for something this provider cannot do.
    #[error("{what} (`{param}`) cannot be passed on to this provider")]
    Unsupported {
        /// The field.
        param: String,
        /// What it asks for.
        what: String,
    },
}

impl RequestError {
    /// A field has a value that no provider would take.
    pub fn invalid(param: &str, problem: &str) -> Self {
        Self::Invalid {
            param: param.to_owned(),
            problem: problem.to_owned(),
        }
    }

    /// A field asks for something this provider cannot do.
    pub fn unsupported(param: &str, what: &str) -> Self {
        Self::Unsupported {
            param: param.to_owned(),
            what: what.to_owned(),
        }
    }
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        let answer = Self::invalid_request(error.to_string());
        match error {
            RequestError::Invalid { param, .. } => {
                answer.with_code("invalid_value").with_param(param)
            }
            RequestError::Unsupported { param, .. } => {
                answer.with_code("unsupported_parameter").with_param(param)
            }
        }
    }
}

impl ChatRequest {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// [`RequestError`] naming the first field that is wrong or of a kind nobody here knows.
    pub fn read(body: &[u8]) -> Result<Self, RequestError> {
        let mut fields: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|error| RequestError::invalid("body", &format!("is not JSON: {error}")))?;
        for elsewhere in ["model", "stream", "stream_options"] {
            fields.remove(elsewhere);
        }
        fields.retain(|_, value| !value.is_null());
        let limit = whole_number(&mut fields, "max_tokens")?;
        let form = fields.get("response_format");
        let adjusted = form.map(beside_schema).unwrap_or_default();
        let request = Self {
            messages: messages(fields.remove("messages"))?,
            max_tokens: whole_number(&mut fields, "max_completion_tokens")?.or(limit),
            temperature: number(&mut fields, "temperature", 2.0)?,
            top_p: number(&mut fields, "top_p", 1.0)?,
            stop: stop(fields.remove("stop"))?,
            tools: tools(fields.remove("tools"))?,
            tool_choice: fields
                .remove("tool_choice")
                .as_ref()
                .map(tool_choice)
                .transpose()?,
            parallel_tool_calls: flag(&mut fields, "parallel_tool_calls")?,
            output: output(fields.remove("response_format"))?,
            user: text_field(&mut fields, "user", "")?,
            reasoning_effort: text_field(&mut fields, "reasoning_effort", "")?,
            adjusted,
            rest: Map::new(),
        };
        fields.retain(|name, value| !says_nothing(name, value));
        Ok(Self {
            rest: fields,
            ..request
        })
    }

    /// Refuses what is left in [`Self::rest`].
    ///
    /// # Errors
    ///
    /// [`RequestError::Unsupported`] naming the first field.
    pub fn refuse_rest(&self) -> Result<(), RequestError> {
        match self.rest.keys().next() {
            None => Ok(()),
            Some(name) => Err(RequestError::unsupported(name, "this field")),
        }
    }
}

/// Whether a value is what leaving the field out means.
fn says_nothing(name: &str, value: &Value) -> bool {
    let number = value.as_f64();
    match name {
        "n" => number == Some(1.0),
        "frequency_penalty" | "presence_penalty" | "top_logprobs" => number == Some(0.0),
        "service_tier" => value == "auto",
        _ => is_blank(value),
    }
}

/// Null, false, `[]`, `{}` or an empty text.
pub(super) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// Takes a text out of `fields`; null counts as absent.
pub(super) fn text_field(
    fields: &mut Map<String, Value>,
    name: &str,
    place: &str,
) -> Result<Option<String>, RequestError> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => {
            let dot = if place.is_empty() { "" } else { "." };
            let param = format!("{place}{dot}{name}");
            Err(RequestError::invalid(&param, "must be a string"))
        }
    }
}

fn messages(value: Option<Value>) -> Result<Vec<Message>, RequestError> {
    match value {
        Some(Value::Array(messages)) if !messages.is_empty() => messages
            .into_iter()
            .enumerate()
            .map(|(n, value)| Message::read(value, &format!("messages[{n}]")))
            .collect(),
        _ => Err(RequestError::invalid(
            "messages",
            "must be a non-empty array",
        )),
    }
}

fn whole_number(fields: &mut Map<String, Value>, name: &str) -> Result<Option<u64>, RequestError> {
    match fields.remove(name) {
        None => Ok(None),
        Some(value) => match value.as_u64().filter(|number| *number > 0) {
            Some(number) => Ok(Some(number)),
            None => Err(RequestError::invalid(
                name,
                "must be a whole number above 0",
            )),
        },
    }
}

fn number(
    fields: &mut Map<String, Value>,
    name: &str,
    most: f64,
) -> Result<Option<Number>, RequestError> {
    match fields.remove(name) {
        None => Ok(None),
        Some(Value::Number(number))
            if number.as_f64().is_some_and(|n| (0.0..=most).contains(&n)) =>
        {
            Ok(Some(number))
        }
        Some(_) => Err(RequestError::invalid(
            name,
            &format!("must be a number from 0 to {most}"),
        )),
    }
}

fn flag(fields: &mut Map<String, Value>, name: &str) -> Result<Option<bool>, RequestError> {
    match fields.remove(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(flag)),
        Some(_) => Err(RequestError::invalid(name, "must be true or false")),
    }
}

fn stop(value: Option<Value>) -> Result<Vec<String>, RequestError> {
    match value {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text]),
        Some(value) => serde_json::from_value(value)
            .map_err(|_| RequestError::invalid("stop", "must be a string or an array of strings")),
    }
}

fn tools(value: Option<Value>) -> Result<Vec<Tool>, RequestError> {
    match value {
        None => Ok(Vec::new()),
        Some(Value::Array(tools)) => tools
            .iter()
            .enumerate()
            .map(|(n, value)| tool(value, &format!("tools[{n}]")))
            .collect(),
        Some(_) => Err(RequestError::invalid("tools", "must be an array")),
    }
}

fn tool(value: &Value, place: &str) -> Result<Tool, RequestError> {
    if value.get("type").and_then(Value::as_str) != Some("function") {
        return Err(RequestError::unsupported(
            &format!("{place}.type"),
            "tools other than functions",
        ));
    }
    let field = |name: &str| {
        value
            .get("function")
            .and_then(|function| function.get(name))
    };
    let Some(name) = field("name")
        .and_then(Value::as_str)
        .filter(|n| !n.is_empty())
    else {
        return Err(RequestError::invalid(
            &format!("{place}.function.name"),
            "is missing",
        ));
    };
    let parameters = field("parameters").filter(|schema| !schema.is_null());
    if parameters.is_some_and(|schema| !schema.is_object()) {
        let place = format!("{place}.function.parameters");
        return Err(RequestError::invalid(&place, "must be an object"));
    }
    let cache_control = value.get("cache_control").or(field("cache_control"));
    let cache_control = cache_control.filter(|mark| !mark.is_null());
    refuse_others(value, &["type", "function", "cache_control"], place)?;
    let known = [
        "name",
        "description",
        "parameters",
        "strict",
        "cache_control",
    ];
    let function = value.get("function").unwrap_or(&Value::Null);
    refuse_others(function, &known, &format!("{place}.function"))?;
    Ok(Tool {
        name: name.to_owned(),
        description: field("description")
            .and_then(Value::as_str)
            .map(str::to_owned),
        parameters: parameters.cloned(),
        strict: field("strict").and_then(Value::as_bool),
        cache_control: cache_control.cloned(),
    })
}

/// Refuses fields that nobody reads, unless they say nothing.
fn refuse_others(value: &Value, known: &[&str], place: &str) -> Result<(), RequestError> {
    let mut others = value.as_object().into_iter().flatten();
    match others.find(|(name, value)| !known.contains(&name.as_str()) && !is_blank(value)) {
        None => Ok(()),
        Some((name, _)) => Err(RequestError::unsupported(
            &format!("{place}.{name}"),
            "this field",
        )),
    }
}

/// What a schema's frame says beside the schema, to who takes the schema alone and holds every answer to it.
fn beside_schema(output: &Value) -> Vec<String> {
    let field = |name: &str| output.pointer(&format!("/json_schema/{name}"));
    let place = "response_format.json_schema";
    let mut adjusted = Vec::new();
    if field("strict") == Some(&Value::Bool(false)) {
        adjusted.push(format!("{place}.strict=false as true"));
    }
    if field("description").is_some_and(|text| !is_blank(text)) {
        adjusted.push(format!("{place}.description=left out"));
    }
    adjusted
}

fn tool_choice(value: &Value) -> Result<ToolChoice, RequestError> {
    let named = value.pointer("/function/name").and_then(Value::as_str);
    match (value.as_str(), named) {
        (Some("none"), _) => Ok(ToolChoice::None),
        (Some("auto"), _) => Ok(ToolChoice::Auto),
        (Some("required"), _) => Ok(ToolChoice::Required),
        (None, Some(name)) => Ok(ToolChoice::Named(name.to_owned())),
        _ => Err(RequestError::invalid(
            "tool_choice",
            "must be none, auto, required or name a function",
        )),
    }
}

fn output(value: Option<Value>) -> Result<Option<OutputFormat>, RequestError> {
    let Some(value) = value else { return Ok(None) };
    match value.get("type").and_then(Value::as_str) {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(OutputFormat::JsonObject)),
        Some("json_schema") => match value.pointer("/json_schema/schema") {
            Some(schema) => Ok(Some(OutputFormat::JsonSchema(schema.clone()))),
            None => Err(RequestError::invalid("response_format", "has no schema")),
        },
        _ => Err(RequestError::invalid(
            "response_format",
            "must be of type text, json_object or json_schema",
        )),
    }
}
