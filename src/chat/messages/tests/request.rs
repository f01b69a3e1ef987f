//! Requests.

use super::{OPENAI, OTHERS};
use crate::chat::{ApiError, ChatForm, chat_of_messages};
use serde_json::{Value, json};

fn with(more: &Value) -> Value {
    let mut body =
        json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn said_to(form: ChatForm, more: &Value) -> (Value, Vec<String>) {
    let body = with(more).to_string();
    let said = chat_of_messages(body.as_bytes(), form).unwrap();
    (said.body, said.adjusted)
}

fn said(more: &Value) -> Value {
    said_to(OPENAI, more).0
}

fn refused(more: &Value) -> (String, String) {
    let body = with(more).to_string();
    let error = chat_of_messages(body.as_bytes(), OPENAI).unwrap_err();
    let error = ApiError::from(error);
    (
        error.code.unwrap().into_owned(),
        error.param.unwrap().into_owned(),
    )
}

#[test]
fn plain_request_is_said_as_a_chat() {
    let (body, adjusted) = said_to(
        OPENAI,
        &json!({"system": "be brief", "temperature": 0.5, "top_p": 0.9, "stop_sequences": ["x"],
            "metadata": {"user_id": "u1"}, "stream": true, "service_tier": "auto"}),
    );
    assert_eq!(
        body,
        json!({"model": "m", "messages": [
                {"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}],
            "max_completion_tokens": 9, "stream": true, "stream_options": {"include_usage": true},
            "temperature": 0.5, "top_p": 0.9, "stop": ["x"], "user": "u1"})
    );
    assert!(adjusted.is_empty(), "{adjusted:?}");
    assert_eq!(said_to(OTHERS, &json!({"top_k": 5})).0["top_k"], 5);
    assert_eq!(said_to(OTHERS, &json!({})).0["max_tokens"], 9);
}

#[test]
fn blocks_become_parts_calls_and_results_in_the_order_a_chat_wants() {
    let body = said(&json!({"messages": [
        {"role": "user", "content": [
            {"type": "text", "text": "look"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
            {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
            {"type": "document", "title": "t.pdf", "source": {"type": "base64", "media_type": "application/pdf", "data": "BBBB"}},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
        ]},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "x"},
            {"type": "text", "text": "I "}, {"type": "text", "text": "look"},
            {"type": "tool_use", "id": "a", "name": "f", "input": {"q": 1}},
            {"type": "tool_use", "id": "b", "name": "g", "input": {}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "b", "content": [{"type": "text", "text": "one"}]},
            {"type": "text", "text": "and?"},
            {"type": "tool_result", "tool_use_id": "a"},
        ]},
    ]}));
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": [
                {"type": "text", "text": "look"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
                {"type": "file", "file": {"filename": "t.pdf", "file_data": "data:application/pdf;base64,BBBB"}},
                {"type": "text", "text": "words"},
            ]},
            {"role": "assistant", "content": "I look", "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"q\":1}"}},
                {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
            ]},
            {"role": "tool", "tool_call_id": "b", "content": "one"},
            {"role": "tool", "tool_call_id": "a", "content": ""},
            {"role": "user", "content": "and?"},
        ])
    );
}

#[test]
fn a_turn_of_calls_alone_has_null_content_and_one_of_thinking_alone_is_left_out() {
    let body = said(&json!({"messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": null}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]},
    ]}));
    assert_eq!(body["messages"].as_array().unwrap().len(), 3);
    assert_eq!(body["messages"][1]["content"], Value::Null);
    assert_eq!(
        body["messages"][1]["tool_calls"][0]["function"]["arguments"],
        "{}"
    );
}

#[test]
fn tools_and_each_choice_of_them() {
    let tools = json!([{"name": "f", "description": "d", "strict": true, "input_schema": {"type": "object"}},
        {"type": "custom", "name": "g"}]);
    let body = said(&json!({"tools": tools}));
    assert_eq!(
        body["tools"],
        json!([
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": true}},
            {"type": "function", "function": {"name": "g"}},
        ])
    );
    for (choice, expected) in [
        (json!({"type": "auto"}), json!("auto")),
        (json!({"type": "any"}), json!("required")),
        (json!({"type": "none"}), json!("none")),
        (
            json!({"type": "tool", "name": "f"}),
            json!({"type": "function", "function": {"name": "f"}}),
        ),
    ] {
        let body = said(&json!({"tools": tools, "tool_choice": choice}));
        assert_eq!(body["tool_choice"], expected);
        assert!(body.get("parallel_tool_calls").is_none());
    }
    let one =
        json!({"tools": tools, "tool_choice": {"type": "auto", "disable_parallel_tool_use": true}});
    assert_eq!(said(&one)["parallel_tool_calls"], false);
}

#[test]
fn thinking_becomes_an_effort_and_says_so() {
    for (more, openai, others) in [
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}),
            json!("low"),
            json!("low"),
        ),
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": 4096}}),
            json!("medium"),
            json!("medium"),
        ),
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": 16384}}),
            json!("high"),
            json!("high"),
        ),
        (
            json!({"thinking": {"type": "disabled"}}),
            Value::Null,
            json!("none"),
        ),
        (
            json!({"thinking": {"type": "adaptive"}}),
            Value::Null,
            Value::Null,
        ),
        (
            json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "medium"}}),
            json!("medium"),
            json!("medium"),
        ),
        (
            json!({"output_config": {"effort": "max"}}),
            json!("xhigh"),
            json!("xhigh"),
        ),
    ] {
        let effort = |form| said_to(form, &more).0["reasoning_effort"].clone();
        assert_eq!((effort(OPENAI), effort(OTHERS)), (openai, others), "{more}");
    }
    let (_, adjusted) = said_to(
        OPENAI,
        &json!({"thinking": {"type": "enabled", "budget_tokens": 2000}}),
    );
    assert_eq!(adjusted, ["thinking.budget_tokens=2000 as effort low"]);
}

#[test]
fn schema_of_the_answer_is_asked_for_by_either_name() {
    let format = json!({"type": "json_schema", "schema": {"type": "object"}});
    let expected = json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": true}});
    assert_eq!(
        said(&json!({"output_config": {"format": format}}))["response_format"],
        expected
    );
    assert_eq!(
        said(&json!({"output_format": format}))["response_format"],
        expected
    );
}

#[test]
fn hints_that_change_no_answer_are_named_once() {
    let mark = json!({"type": "ephemeral"});
    let (body, adjusted) = said_to(
        OPENAI,
        &json!({"system": [{"type": "text", "text": "a", "cache_control": mark}],
        "tools": [{"name": "f", "cache_control": mark}],
        "service_tier": "standard_only",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "b", "cache_control": mark}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "i", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "i", "is_error": true, "content": "no"}]},
        ]}),
    );
    assert!(!body.to_string().contains("ephemeral"));
    assert_eq!(
        adjusted,
        [
            "cache_control=left out",
            "messages[2].content[0].is_error=left out",
            "service_tier=\"standard_only\" left out",
        ]
    );
}

#[test]
fn what_a_chat_cannot_say_is_refused_by_name() {
    let user = |block: Value| json!({"messages": [{"role": "user", "content": [block]}]});
    for (more, param) in [
        (json!({"top_k": 3}), "top_k"),
        (json!({"mcp_servers": [{"url": "x"}]}), "mcp_servers"),
        (json!({"container": "c"}), "container"),
        (
            json!({"output_config": {"task_budget": 5}}),
            "output_config.task_budget",
        ),
        (
            json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
            "tools[0].type",
        ),
        (
            json!({"tools": [{"name": "f", "defer_loading": true}]}),
            "tools[0].defer_loading",
        ),
        (
            user(json!({"type": "container_upload", "file_id": "f"})),
            "messages[0].content[0].type",
        ),
        (
            user(json!({"type": "image", "source": {"type": "file", "file_id": "f"}})),
            "messages[0].content[0].source",
        ),
        (
            user(json!({"type": "document", "source": {"type": "url", "url": "https://x"}})),
            "messages[0].content[0].source",
        ),
        (
            user(
                json!({"type": "tool_result", "tool_use_id": "a", "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A"}}]}),
            ),
            "messages[0].content[0].content",
        ),
        (
            json!({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "I think"}]}),
            "messages[1]",
        ),
    ] {
        let expected = ("unsupported_parameter".to_owned(), param.to_owned());
        assert_eq!(refused(&more), expected, "{more}");
    }
}

#[test]
fn what_is_wrong_in_any_dialect_is_refused_by_name() {
    let user = |block: Value| json!({"messages": [{"role": "user", "content": [block]}]});
    for (more, param) in [
        (json!({"max_tokens": null}), "max_tokens"),
        (json!({"max_tokens": 0}), "max_tokens"),
        (json!({"messages": []}), "messages"),
        (
            json!({"messages": [{"role": "system", "content": "x"}]}),
            "messages[0].role",
        ),
        (json!({"system": 5}), "system"),
        (json!({"tool_choice": {"type": "tool"}}), "tool_choice"),
        (
            json!({"thinking": {"type": "enabled"}}),
            "thinking.budget_tokens",
        ),
        (
            json!({"output_config": {"effort": "much"}}),
            "output_config.effort",
        ),
        (
            json!({"output_config": {"format": {"type": "xml"}}}),
            "output_config.format",
        ),
        (user(json!({"type": "text"})), "messages[0].content[0]"),
        (
            user(json!({"type": "image", "source": {"type": "base64"}})),
            "messages[0].content[0].source",
        ),
        (
            user(json!({"type": "tool_use", "id": "a", "name": "f"})),
            "messages[0]",
        ),
        (
            user(json!({"type": "tool_result"})),
            "messages[0].content[0]",
        ),
        (user(json!(5)), "messages[0].content[0]"),
    ] {
        let expected = ("invalid_value".to_owned(), param.to_owned());
        assert_eq!(refused(&more), expected, "{more}");
    }
}

#[test]
fn shown_reasoning_goes_back_under_the_name_it_came_under() {
    let turn = |signature: &str| {
        json!({"messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "I need ", "signature": signature},
                {"type": "thinking", "thinking": "f", "signature": signature},
                {"type": "tool_use", "id": "a", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]},
        ]})
    };
    for (signature, name, other) in [
        ("", "reasoning_content", "reasoning"),
        ("reasoning", "reasoning", "reasoning_content"),
    ] {
        let (body, adjusted) = said_to(OTHERS, &turn(signature));
        assert_eq!(body["messages"][1][name], "I need f");
        assert_eq!(body["messages"][1].get(other), None);
        assert!(adjusted.is_empty(), "{adjusted:?}");
    }
    // Signed by somebody, or for a provider that takes none.
    for (form, signature) in [(OTHERS, "SIG=="), (OPENAI, "")] {
        let (body, adjusted) = said_to(form, &turn(signature));
        assert!(!body.to_string().contains("I need"), "{body}");
        assert_eq!(adjusted, ["messages.thinking=left out"]);
    }
}

#[test]
fn an_effort_is_named_only_where_it_is_another_one() {
    for (effort, noted) in [("xhigh", 0), ("max", 1)] {
        let more = json!({"output_config": {"effort": effort}});
        let (body, adjusted) = said_to(OPENAI, &more);
        assert_eq!(body["reasoning_effort"], "xhigh");
        assert_eq!(adjusted.len(), noted, "{adjusted:?}");
    }
}

#[test]
fn instructions_between_turns_stay_where_they_are() {
    let body = said(&json!({"messages": [
        {"role": "user", "content": "a"},
        {"role": "system", "content": [{"type": "text", "text": "be brief"}]},
        {"role": "user", "content": "b"},
    ]}));
    assert_eq!(
        body["messages"],
        json!([{"role": "user", "content": "a"}, {"role": "system", "content": "be brief"}, {"role": "user", "content": "b"}])
    );
    let picture = json!([{"type": "image", "source": {"type": "url", "url": "https://x"}}]);
    let refused = refused(
        &json!({"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": picture}]}),
    );
    assert_eq!(refused, ("invalid_value".into(), "messages[1]".into()));
}

#[test]
fn what_is_left_out_of_thinking_metadata_and_results_is_named() {
    for (more, form, noted) in [
        (
            json!({"thinking": {"type": "disabled"}}),
            OPENAI,
            &["thinking.type=disabled left out"][..],
        ),
        (json!({"thinking": {"type": "disabled"}}), OTHERS, &[]),
        (
            json!({"thinking": {"type": "between_tools"}}),
            OTHERS,
            &["thinking.type=between_tools as adaptive"],
        ),
        (
            json!({"thinking": {"type": "adaptive", "display": "summarized"}}),
            OTHERS,
            &["thinking.display=left out"],
        ),
        (
            json!({"metadata": {"user_id": "u", "team": "t"}}),
            OTHERS,
            &["metadata.team=left out"],
        ),
        (
            json!({"messages": [
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [
                    {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]}]}]}),
            OTHERS,
            &["cache_control=left out"],
        ),
    ] {
        let (_, adjusted) = said_to(form, &more);
        assert_eq!(adjusted, noted, "{more}");
    }
}

#[test]
fn inputs_of_tools_keep_their_text() {
    let turn = r#"{"role":"assistant","content":[{"type":"text","text":"a"},
        {"type":"tool_use","id":"a","name":"f","input":{"n": 123456789012345678901234567890}},
        {"type":"tool_use","id":"b","name":"f"},{"type":"tool_use","id":"c","name":"f","input":{"d":0.12345678901234567890123}}]}"#;
    let body = format!(
        r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"hi"}},{turn},{{"role":"user","content":[
        {{"type":"tool_result","tool_use_id":"a"}}]}},{turn},{{"role":"user","content":"go"}}]}}"#
    );
    let said = chat_of_messages(body.as_bytes(), OPENAI).unwrap().body;
    for turn in [1, 3] {
        let calls = &said["messages"][turn]["tool_calls"];
        let arguments = |n: usize| calls[n]["function"]["arguments"].as_str().unwrap();
        assert_eq!(
            [0, 1, 2].map(arguments),
            [
                "{\"n\": 123456789012345678901234567890}",
                "{}",
                "{\"d\":0.12345678901234567890123}"
            ]
        );
    }
}

#[test]
fn choices_that_say_nothing_without_tools_are_left_out() {
    for choice in [
        json!({"type": "none"}),
        json!({"type": "auto", "disable_parallel_tool_use": true}),
    ] {
        for tools in [Value::Null, json!([])] {
            let body = said(&json!({"tools": tools, "tool_choice": choice}));
            assert_eq!(body.get("tool_choice"), None, "{choice}");
            assert_eq!(body.get("parallel_tool_calls"), None, "{choice}");
        }
    }
}
