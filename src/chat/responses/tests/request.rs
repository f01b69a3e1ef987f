//! Requests.

use super::fallback;
use crate::chat::{
    ApiError, ChatForm, EarlierReasoning, ResponseRequest, chat_of_responses, response_of_chat,
};
use serde_json::{Map, Value, json};

const FORM: ChatForm = ChatForm {
    max_tokens: "max_tokens",
    top_k: true,
    effort_none: true,
    reasoning: EarlierReasoning::Shown,
};

fn with(more: &Value) -> String {
    let mut body = json!({"model": "m", "input": "hi"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.to_string()
}

fn said(more: &Value) -> ResponseRequest {
    chat_of_responses(with(more).as_bytes(), FORM).unwrap()
}

fn refused(more: &Value) -> (String, String) {
    let error = chat_of_responses(with(more).as_bytes(), FORM).unwrap_err();
    let error = ApiError::from(error);
    (
        error.code.unwrap().into_owned(),
        error.param.unwrap().into_owned(),
    )
}

#[test]
fn plain_request_is_said_as_a_chat() {
    let request = said(
        &json!({"instructions": "be brief", "max_output_tokens": 9, "stream": true,
        "temperature": 0.5, "top_p": 0.9, "user": "u", "store": false, "metadata": {"a": "b"},
        "truncation": "disabled", "service_tier": "auto", "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"format": {"type": "text"}, "verbosity": "medium"}}),
    );
    assert_eq!(
        request.body,
        json!({"model": "m", "messages": [
                {"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}],
            "max_tokens": 9, "stream": true, "stream_options": {"include_usage": true},
            "temperature": 0.5, "top_p": 0.9, "user": "u", "reasoning_effort": "low"})
    );
    assert!(request.adjusted.is_empty(), "{:?}", request.adjusted);
    assert_eq!(request.echo["instructions"], "be brief");
    assert_eq!(request.echo["metadata"], json!({"a": "b"}));
    assert_eq!(request.echo["tool_choice"], "auto");
}

#[test]
fn items_become_messages_with_the_calls_where_they_belong() {
    let call = |id: &str| json!({"type": "function_call", "id": "fc", "call_id": id, "name": "f", "arguments": "{\"q\":1}", "status": "completed"});
    let request = said(&json!({"input": [
        {"role": "developer", "content": "brief"},
        {"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "look"},
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,BB"}]},
        {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "x"},
        {"type": "message", "id": "msg", "status": "completed", "role": "assistant", "content": [
            {"type": "output_text", "text": "I ", "annotations": []}, {"type": "output_text", "text": "look"}]},
        call("a"), call("b"),
        {"type": "function_call_output", "call_id": "a", "output": "one"},
        {"type": "function_call_output", "call_id": "b", "output": [{"type": "input_text", "text": "two"}]},
        call("c"),
        {"type": "function_call_output", "call_id": "c", "output": "three"},
    ]}));
    let called = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{\"q\":1}"}});
    assert_eq!(
        request.body["messages"],
        json!([
            {"role": "system", "content": "brief"},
            {"role": "user", "content": [
                {"type": "text", "text": "look"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,BB"}}]},
            {"role": "assistant", "content": "I look", "tool_calls": [called("a"), called("b")]},
            {"role": "tool", "tool_call_id": "a", "content": "one"},
            {"role": "tool", "tool_call_id": "b", "content": "two"},
            {"role": "assistant", "content": null, "tool_calls": [called("c")]},
            {"role": "tool", "tool_call_id": "c", "content": "three"},
        ])
    );
    assert_eq!(request.adjusted, ["input.reasoning=left out"]);
}

#[test]
fn functions_choices_and_forms_are_nested_as_a_chat_has_them() {
    let schema = json!({"type": "object"});
    let tools = json!([{"type": "function", "name": "f", "description": "d", "parameters": schema, "strict": true}]);
    for (choice, expected) in [
        (json!("auto"), json!("auto")),
        (json!("none"), json!("none")),
        (json!("required"), json!("required")),
        (
            json!({"type": "function", "name": "f"}),
            json!({"type": "function", "function": {"name": "f"}}),
        ),
    ] {
        let body =
            said(&json!({"tools": tools, "tool_choice": choice, "parallel_tool_calls": false}))
                .body;
        assert_eq!(
            body["tools"],
            json!([{"type": "function", "function": {"name": "f", "description": "d", "parameters": schema, "strict": true}}])
        );
        assert_eq!(
            (&body["tool_choice"], &body["parallel_tool_calls"]),
            (&expected, &json!(false))
        );
    }
    let form = json!({"type": "json_schema", "name": "n", "schema": schema, "strict": true});
    assert_eq!(
        said(&json!({"text": {"format": form}})).body["response_format"],
        json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": true}})
    );
    let any = said(&json!({"text": {"format": {"type": "json_object"}}}));
    assert_eq!(any.body["response_format"], json!({"type": "json_object"}));
}

#[test]
fn hints_that_change_no_answer_are_named() {
    let request = said(
        &json!({"prompt_cache_key": "k", "safety_identifier": "s", "service_tier": "flex",
        "text": {"verbosity": "low"}, "include": ["reasoning.encrypted_content"], "store": null}),
    );
    assert_eq!(
        request.adjusted,
        [
            "text.verbosity=\"low\" left out",
            "prompt_cache_key=left out",
            "safety_identifier=left out",
            "service_tier=\"flex\" left out",
            "include=reasoning.encrypted_content left out",
        ]
    );
}

#[test]
fn state_and_tools_of_the_provider_are_refused_by_name() {
    for (more, param) in [
        (
            json!({"previous_response_id": "resp_1"}),
            "previous_response_id",
        ),
        (json!({"store": true}), "store"),
        (json!({"background": true}), "background"),
        (json!({"conversation": "c"}), "conversation"),
        (json!({"prompt": {"id": "p"}}), "prompt"),
        (json!({"truncation": "auto"}), "truncation"),
        (json!({"include": ["file_search_call.results"]}), "include"),
        (json!({"max_tool_calls": 3}), "max_tool_calls"),
        (json!({"top_logprobs": 3}), "top_logprobs"),
        (json!({"tools": [{"type": "web_search"}]}), "tools[0].type"),
        (
            json!({"tools": [{"type": "custom", "name": "x"}]}),
            "tools[0].type",
        ),
        (
            json!({"tool_choice": {"type": "mcp", "server_label": "x"}}),
            "tool_choice",
        ),
        (
            json!({"input": [{"type": "item_reference", "id": "x"}]}),
            "input[0].type",
        ),
        (
            json!({"input": [{"type": "computer_call"}]}),
            "input[0].type",
        ),
        (
            json!({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}),
            "input[0].content[0]",
        ),
        (
            json!({"input": [{"role": "user", "content": [{"type": "input_audio"}]}]}),
            "input[0].content[0].type",
        ),
        (
            json!({"input": [{"type": "function_call_output", "call_id": "a", "output": [{"type": "input_image", "image_url": "https://x"}]}]}),
            "input[0].output",
        ),
    ] {
        let expected = ("unsupported_parameter".to_owned(), param.to_owned());
        assert_eq!(refused(&more), expected, "{more}");
    }
}

#[test]
fn what_is_wrong_in_any_dialect_is_refused_by_name() {
    for (more, param) in [
        (json!({"input": []}), "input"),
        (json!({"input": null}), "input"),
        (json!({"input": [5]}), "input[0]"),
        (
            json!({"input": [{"role": "robot", "content": "x"}]}),
            "input[0].role",
        ),
        (json!({"input": [{"role": "user"}]}), "input[0].content"),
        (
            json!({"input": [{"type": "function_call", "name": "f"}]}),
            "input[0]",
        ),
        (json!({"text": {"format": {"type": "xml"}}}), "text.format"),
        (json!({"tool_choice": "maybe"}), "tool_choice"),
        (json!({"reasoning": "much"}), "reasoning"),
    ] {
        let expected = ("invalid_value".to_owned(), param.to_owned());
        assert_eq!(refused(&more), expected, "{more}");
    }
}

fn calling(reasoning: &Value) -> Value {
    json!({"input": [
        {"role": "user", "content": "go"},
        reasoning,
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "one"},
    ]})
}

#[test]
fn shown_reasoning_goes_back_with_the_calls_it_led_to() {
    let item = json!({"type": "reasoning", "id": "rs", "summary": [],
        "content": [{"type": "reasoning_text", "text": "I need f"}]});
    let request = said(&calling(&item));
    assert_eq!(
        request.body["messages"][1],
        json!({"role": "assistant", "content": null, "reasoning_content": "I need f", "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]})
    );
    assert!(request.adjusted.is_empty(), "{:?}", request.adjusted);
    // With nothing of the assistant behind it, and with a summary alone, there is nothing to go back.
    for items in [
        json!([item, {"role": "user", "content": "go"}]),
        json!([{"role": "user", "content": "go"}, item]),
        json!([{"type": "reasoning", "summary": [{"type": "summary_text", "text": "x"}]}, {"role": "assistant", "content": "a"}]),
    ] {
        let request = said(&json!({"input": items}));
        assert!(!request.body.to_string().contains("reasoning"));
        assert_eq!(request.adjusted, ["input.reasoning=left out"]);
    }
}

#[test]
fn what_an_answer_sealed_is_opened_where_it_was_signed_and_left_out_elsewhere() {
    let block = json!({"type": "thinking", "thinking": "hm", "signature": "SIG=="});
    let answered = |message: Value| {
        let chat = json!({"choices": [{"message": message, "finish_reason": "stop"}]});
        let echo = Map::new();
        let (body, _) =
            response_of_chat(chat.to_string().as_bytes(), None, &echo, &fallback()).unwrap();
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        body["output"][0].take()
    };
    let signed =
        answered(json!({"content": "x", "reasoning_content": "hm", "thinking_blocks": [block]}));
    let form = ChatForm {
        reasoning: EarlierReasoning::Signed,
        ..FORM
    };
    let mut body = calling(&signed);
    body["include"] = json!(["reasoning.encrypted_content"]);
    let request = chat_of_responses(with(&body).as_bytes(), form).unwrap();
    let message = &request.body["messages"][1];
    assert_eq!(
        (&message["thinking_blocks"], &message["reasoning_content"]),
        (&json!([block]), &json!("hm"))
    );
    assert!(request.adjusted.is_empty(), "{:?}", request.adjusted);
    let elsewhere = said(&calling(&signed));
    assert!(!elsewhere.body.to_string().contains("hm"));
    assert_eq!(elsewhere.adjusted, ["input.reasoning=left out"]);
    let short = answered(json!({"content": "x", "reasoning": "hm"}));
    let message = &said(&calling(&short)).body["messages"][1];
    assert_eq!(
        (&message["reasoning"], &message["reasoning_content"]),
        (&json!("hm"), &Value::Null)
    );
}

#[test]
fn what_is_said_between_a_call_and_its_result_belongs_to_the_turn_that_calls() {
    let call =
        |id: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"});
    let output = |id: &str| json!({"type": "function_call_output", "call_id": id, "output": id});
    let says = |text: &str| json!({"role": "assistant", "content": text});
    let request = said(&json!({"input": [
        {"role": "user", "content": "hi"},
        call("a"), says("one "), output("a"), says("then"),
        call("b"), call("c"), output("c"), says(" two"), call("d"), output("d"), output("b"),
    ]}));
    let called = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": id});
    assert_eq!(
        request.body["messages"],
        json!([
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "one ", "tool_calls": [called("a")]},
            result("a"),
            {"role": "assistant", "content": "then two", "tool_calls": [called("b"), called("c"), called("d")]},
            result("c"), result("d"), result("b"),
        ])
    );
}

#[test]
fn what_is_left_out_of_parts_and_reasoning_is_named_or_refused() {
    let part = |more: Value| {
        let mut part = json!({"type": "input_text", "text": "x"});
        for (name, value) in more.as_object().unwrap() {
            part[name] = value.clone();
        }
        json!({"input": [{"role": "user", "content": [part]}]})
    };
    let hint = json!({"prompt_cache_breakpoint": {"mode": "explicit"}});
    assert_eq!(
        said(&part(hint)).adjusted,
        ["prompt_cache_breakpoint=left out"]
    );
    assert_eq!(
        refused(&part(json!({"language": "de"}))),
        (
            "unsupported_parameter".into(),
            "input[0].content[0].language".into()
        )
    );
    let request = said(&json!({"reasoning": {"effort": "low", "summary": "detailed"}}));
    assert_eq!(request.adjusted, ["reasoning.summary=detailed left out"]);
}

#[test]
fn one_call_at_a_time_says_nothing_without_tools() {
    let request = said(&json!({"parallel_tool_calls": false}));
    assert_eq!(request.body.get("parallel_tool_calls"), None);
    assert_eq!(request.echo["parallel_tool_calls"], false);
}
