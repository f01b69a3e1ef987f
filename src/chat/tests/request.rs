use crate::chat::{ApiError, ChatRequest, Image, OutputFormat, Part, Role, ToolChoice};
use serde_json::{Value, json};

fn read(body: &Value) -> Result<ChatRequest, ApiError> {
    ChatRequest::read(body.to_string().as_bytes()).map_err(ApiError::from)
}

fn with(field: &str, value: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body[field] = value;
    body
}

#[test]
fn conversation_with_tools_and_image_is_read() {
    let request = read(&json!({
        "model": "m", "stream": true,
        "messages": [
            {"role": "developer", "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/PNG;base64,AAAA", "detail": "low"}}]},
            {"role": "assistant", "content": null, "refusal": null, "annotations": [],
             "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c1", "name": "f", "content": "ok"},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "max_tokens": 5, "max_completion_tokens": 7, "stop": "END", "n": 1, "logprobs": false,
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
    }))
    .unwrap();
    assert_eq!(request.messages[0].role, Role::System);
    let inline = Image::Inline {
        media_type: "image/png".into(),
        base64: "AAAA".into(),
    };
    assert_eq!(request.messages[1].parts, [Part::Image(inline)]);
    assert_eq!(request.messages[2].tool_calls[0].name, "f");
    assert_eq!(request.max_tokens, Some(7));
    assert_eq!(request.stop, ["END"]);
    assert_eq!(request.tool_choice, Some(ToolChoice::Named("f".into())));
    assert_eq!(
        request.output,
        Some(OutputFormat::JsonSchema(json!({"type": "object"})))
    );
    assert!(request.rest.is_empty());
}

#[test]
fn wrong_values_are_refused_naming_the_field() {
    for (field, value, param) in [
        ("messages", json!([]), "messages"),
        (
            "messages",
            json!([{"role": "x", "content": ""}]),
            "messages[0].role",
        ),
        (
            "messages",
            json!([{"role": "user", "content": [{"type": "input_audio"}]}]),
            "messages[0].content[0].type",
        ),
        (
            "messages",
            json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png,raw"}}]}]),
            "messages[0].content[0].image_url",
        ),
        (
            "messages",
            json!([{"role": "user", "content": "a", "name": "bob"}]),
            "messages[0].name",
        ),
        (
            "messages",
            json!([{"role": "tool", "content": "a"}]),
            "messages[0].tool_call_id",
        ),
        ("max_tokens", json!(0), "max_tokens"),
        ("max_tokens", json!("9"), "max_tokens"),
        ("temperature", json!(2.1), "temperature"),
        ("stop", json!([1]), "stop"),
        ("tools", json!([{"type": "web_search"}]), "tools[0].type"),
        ("tool_choice", json!("maybe"), "tool_choice"),
        ("response_format", json!({"type": "xml"}), "response_format"),
    ] {
        let error = read(&with(field, value)).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(param)));
    }
}

#[test]
fn unknown_fields_that_say_something_are_refused_by_name() {
    for (field, value) in [
        ("n", json!(2)),
        ("logit_bias", json!({"1": 2})),
        ("audio", json!({"voice": "x"})),
    ] {
        let request = read(&with(field, value)).unwrap();
        let error = ApiError::from(request.refuse_rest().unwrap_err());
        assert_eq!(error.param.as_deref(), Some(field));
        assert_eq!(error.code.as_deref(), Some("unsupported_parameter"));
    }
}

#[test]
fn what_stands_beside_a_schema_or_a_function_is_taken_named_or_refused() {
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "strict": false,
        "description": "d", "schema": {"type": "object"}}});
    let request = read(&with("response_format", format)).unwrap();
    assert_eq!(
        request.adjusted,
        [
            "response_format.json_schema.strict=false as true",
            "response_format.json_schema.description=left out",
        ]
    );
    let mark = json!({"type": "ephemeral"});
    let marked = json!([{"type": "function", "function": {"name": "f"}, "cache_control": mark}]);
    let request = read(&with("tools", marked)).unwrap();
    assert_eq!(request.tools[0].cache_control, Some(mark));
    for (tool, param) in [
        (
            json!({"type": "function", "function": {"name": "f"}, "x": 1}),
            "tools[0].x",
        ),
        (
            json!({"type": "function", "function": {"name": "f", "x": 1}}),
            "tools[0].function.x",
        ),
    ] {
        let error = read(&with("tools", json!([tool]))).unwrap_err();
        assert_eq!(error.param.as_deref(), Some(param));
    }
}
