//! What gateways get wrong in requests, line by line; `tests/checklist.rs` holds the list.

use super::fake::{Fake, Script, call, full, hello, hello_stream, streamed, upstream};
use crate::providers::Upstream;
use serde_json::{Value, json};

fn answer() -> Script {
    Script::json(
        200,
        &json!({"id": "msg_1", "type": "message", "model": "c", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "hey"}], "usage": {"input_tokens": 1, "output_tokens": 1}}),
    )
}

fn anthropic(fake: &Fake) -> Upstream {
    upstream(
        "anthropic",
        &fake.url(),
        &json!({"options": {"max_tokens": "1024"}}),
    )
}

/// What Anthropic receives for `body`, and what is said to have been adjusted.
async fn adjusted(body: &Value) -> (Value, Vec<String>) {
    let fake = Fake::start(answer()).await;
    let answer = anthropic(&fake).chat(call(body)).await.unwrap();
    (fake.last().json(), answer.adjusted)
}

async fn sent(body: &Value) -> Value {
    adjusted(body).await.0
}

/// The `param` with which `body` is refused before anything is sent.
async fn refused(body: &Value) -> String {
    let fake = Fake::start(answer()).await;
    let error = anthropic(&fake).chat(call(body)).await.unwrap_err();
    assert_eq!((error.status, fake.calls()), (400, 0), "{error}");
    error.param.unwrap().into_owned()
}

fn with(field: &str, value: Value) -> Value {
    let mut body = hello();
    body[field] = value;
    body
}

fn saying(messages: Value) -> Value {
    with("messages", messages)
}

fn tool(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name}})
}

fn called(id: &str, name: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}})
}

#[tokio::test]
async fn line_05_empty_content_is_left_out_and_turns_still_alternate() {
    let sent = sent(&saying(json!([
        {"role": "user", "content": "a"}, {"role": "assistant", "content": ""},
        {"role": "user", "content": [{"type": "text", "text": " "}, {"type": "text", "text": "b"}]},
    ])))
    .await;
    let text = |text: &str| json!({"type": "text", "text": text});
    assert_eq!(
        sent["messages"],
        json!([{"role": "user", "content": [text("a"), text("b")]}])
    );
}

#[tokio::test]
async fn line_06_null_content_with_calls_is_a_turn_of_calls_alone() {
    let sent = sent(&saying(json!([
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": null, "tool_calls": [called("i", "f")]},
        {"role": "tool", "tool_call_id": "i", "content": "r"},
    ])))
    .await;
    assert_eq!(
        sent["messages"][1]["content"],
        json!([{"type": "tool_use", "id": "i", "name": "f", "input": {}}])
    );
}

#[tokio::test]
async fn line_07_developer_is_system() {
    let body =
        saying(json!([{"role": "developer", "content": "d"}, {"role": "user", "content": "a"}]));
    assert_eq!(sent(&body).await["system"], "d");
}

#[tokio::test]
async fn line_08_several_system_messages_are_blocks_in_order() {
    let body = saying(
        json!([{"role": "system", "content": "one"}, {"role": "user", "content": "a"},
        {"role": "system", "content": "two"}]),
    );
    let text = |text: &str| json!({"type": "text", "text": text});
    assert_eq!(
        sent(&body).await["system"],
        json!([text("one"), text("two")])
    );
}

fn pictured(url: &str) -> Value {
    saying(json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]))
}

#[tokio::test]
async fn line_09_picture_in_a_data_url_is_sent_in_base64() {
    let sent = sent(&pictured("data:image/PNG;charset=x;base64,AAAA")).await;
    let source = &sent["messages"][0]["content"][0]["source"];
    assert_eq!(
        source,
        &json!({"type": "base64", "media_type": "image/png", "data": "AAAA"})
    );
}

#[tokio::test]
async fn line_10_picture_by_its_address_is_sent_by_its_address() {
    let sent = sent(&pictured("https://x.test/a.png")).await;
    let source = &sent["messages"][0]["content"][0]["source"];
    assert_eq!(
        source,
        &json!({"type": "url", "url": "https://x.test/a.png"})
    );
}

#[tokio::test]
async fn line_11_what_is_no_picture_is_refused() {
    for url in [
        "data:image/png,raw",
        "data:text/plain;base64,AAAA",
        "data:image/tiff;base64,AAAA",
        "file:///etc/passwd",
        "data:image/png;base64,",
    ] {
        assert_eq!(
            refused(&pictured(url)).await,
            "messages[0].content[0].image_url"
        );
    }
}

fn two_calls(results: &[&str]) -> Value {
    let mut messages = vec![
        json!({"role": "user", "content": "go"}),
        json!({"role": "assistant", "content": null, "tool_calls": [called("a", "f"), called("b", "g")]}),
    ];
    let result = |id: &&str| json!({"role": "tool", "tool_call_id": id, "content": *id});
    messages.extend(results.iter().map(result));
    saying(messages.into())
}

#[tokio::test]
async fn line_12_results_of_parallel_calls_are_one_turn() {
    let sent = sent(&two_calls(&["b", "a"])).await;
    let turns = sent["messages"].as_array().unwrap();
    let ids: Vec<_> = turns[2]["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| &block["tool_use_id"])
        .collect();
    assert_eq!((turns.len(), ids), (3, vec![&json!("b"), &json!("a")]));
}

#[tokio::test]
async fn line_13_result_of_a_call_that_nobody_made_is_refused() {
    assert_eq!(
        refused(&two_calls(&["a", "b", "c"])).await,
        "messages[4].tool_call_id"
    );
    assert_eq!(refused(&two_calls(&["a"])).await, "messages");
}

#[tokio::test]
async fn line_14_tool_without_a_schema_takes_nothing() {
    let sent = sent(&with(
        "tools",
        json!([tool("f"), {"type": "function", "function": {"name": "g", "parameters": null}}]),
    ))
    .await;
    for n in 0..2 {
        assert_eq!(
            sent["tools"][n]["input_schema"],
            json!({"type": "object", "properties": {}})
        );
    }
}

#[tokio::test]
async fn line_15_name_over_the_limit_is_cut_and_comes_back_whole() {
    let long = "n".repeat(200);
    let short = "n".repeat(128);
    let fake = Fake::start(Script::json(
        200,
        &json!({"content": [{"type": "tool_use", "id": "i", "name": short, "input": {}}], "stop_reason": "tool_use"}),
    ))
    .await;
    let answer = full(
        &anthropic(&fake),
        call(&with("tools", json!([tool(&long)]))),
    )
    .await;
    assert_eq!(fake.last().json()["tools"][0]["name"], short);
    assert_eq!(
        answer["choices"][0]["message"]["tool_calls"][0]["function"]["name"],
        long
    );
}

#[tokio::test]
async fn line_16_each_choice_of_a_tool_has_its_word() {
    for (ours, theirs) in [
        (json!("none"), json!({"type": "none"})),
        (json!("auto"), json!({"type": "auto"})),
        (json!("required"), json!({"type": "any"})),
        (tool("f"), json!({"type": "tool", "name": "f"})),
    ] {
        let mut body = with("tools", json!([tool("f")]));
        body["tool_choice"] = ours;
        assert_eq!(sent(&body).await["tool_choice"], theirs);
    }
}

#[tokio::test]
async fn line_17_one_call_at_a_time_is_said_within_the_choice_if_there_are_tools() {
    let mut body = with("tools", json!([tool("f")]));
    body["parallel_tool_calls"] = false.into();
    let one = json!({"type": "auto", "disable_parallel_tool_use": true});
    assert_eq!(sent(&body).await["tool_choice"], one);
    let none = with("parallel_tool_calls", json!(false));
    assert_eq!(sent(&none).await["tool_choice"], Value::Null);
}

#[tokio::test]
async fn line_18_limit_of_tokens_is_the_requests_then_the_endpoints_then_the_usual() {
    let mut body = with("max_tokens", json!(9));
    assert_eq!(sent(&body).await["max_tokens"], 9);
    body["max_completion_tokens"] = 8.into();
    assert_eq!(sent(&body).await["max_tokens"], 8);
    assert_eq!(sent(&hello()).await["max_tokens"], 1024);
    let fake = Fake::start(answer()).await;
    full(
        &upstream("anthropic", &fake.url(), &json!({})),
        call(&hello()),
    )
    .await;
    assert_eq!(fake.last().json()["max_tokens"], 4096);
}

#[tokio::test]
async fn line_19_temperature_above_1_is_clamped_and_said_so() {
    for (asked, clamped) in [(json!(1.7), json!(1)), (json!(2), json!(1))] {
        let (sent, adjusted) = adjusted(&with("temperature", asked.clone())).await;
        assert_eq!(sent["temperature"], clamped);
        assert_eq!(adjusted, [format!("temperature={asked} as 1")]);
    }
    let (sent, adjusted) = adjusted(&with("temperature", json!(0.50))).await;
    assert_eq!((&sent["temperature"], adjusted.len()), (&json!(0.5), 0));
    assert!(self::sent(&hello()).await.get("temperature").is_none());
}

#[tokio::test]
async fn line_20_stop_is_one_text_or_several_and_blank_ones_are_left_out_and_said_so() {
    assert_eq!(
        sent(&with("stop", json!("A"))).await["stop_sequences"],
        json!(["A"])
    );
    assert_eq!(
        sent(&with("stop", json!(["A", "B"]))).await["stop_sequences"],
        json!(["A", "B"])
    );
    assert_eq!(
        sent(&with("stop", Value::Null)).await["stop_sequences"],
        Value::Null
    );
    let (sent, adjusted) = adjusted(&with("stop", json!(["A", "\n"]))).await;
    assert_eq!(sent["stop_sequences"], json!(["A"]));
    assert_eq!(adjusted, ["stop=blank texts left out"]);
}

#[tokio::test]
async fn line_21_schema_of_the_answer_is_passed_on_strictly() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": true}});
    let sent = sent(&with("response_format", format)).await;
    assert_eq!(
        sent["output_config"],
        json!({"format": {"type": "json_schema", "schema": schema}})
    );
}

#[tokio::test]
async fn line_22_json_without_a_schema_is_refused_where_it_cannot_be_asked_for() {
    let body = with("response_format", json!({"type": "json_object"}));
    assert_eq!(refused(&body).await, "response_format");
}

#[tokio::test]
async fn line_23_several_answers_are_refused_where_one_is_all() {
    assert_eq!(refused(&with("n", json!(2))).await, "n");
    assert!(sent(&with("n", json!(1))).await.get("n").is_none());
}

#[tokio::test]
async fn line_24_likelihoods_are_refused_where_they_are_not_told() {
    assert_eq!(refused(&with("logprobs", json!(true))).await, "logprobs");
    assert_eq!(
        refused(&with("top_logprobs", json!(3))).await,
        "top_logprobs"
    );
    assert!(
        sent(&with("logprobs", json!(false)))
            .await
            .get("logprobs")
            .is_none()
    );
}

#[tokio::test]
async fn line_25_effort_is_a_budget_between_the_least_and_the_answers_limit() {
    for (effort, most, budget) in [
        ("minimal", 9000, 1024),
        ("low", 9000, 2048),
        ("medium", 9000, 8192),
        ("high", 9000, 8999),
        ("high", 40_000, 16_384),
        ("xhigh", 40_000, 32_768),
    ] {
        let mut body = with("reasoning_effort", json!(effort));
        body["max_tokens"] = most.into();
        let (sent, adjusted) = adjusted(&body).await;
        assert_eq!(
            sent["thinking"],
            json!({"type": "enabled", "budget_tokens": budget}),
            "{effort}"
        );
        assert_eq!(
            adjusted,
            [format!("reasoning_effort={effort} as a budget of {budget}")]
        );
    }
    // 1,024 are the least, and as many would leave nothing for the answer.
    let mut body = with("reasoning_effort", json!("low"));
    body["max_tokens"] = 1024.into();
    assert_eq!(refused(&body).await, "reasoning_effort");
    assert!(
        sent(&with("reasoning_effort", json!("none")))
            .await
            .get("thinking")
            .is_none()
    );
    assert_eq!(
        refused(&with("reasoning_effort", json!("extreme"))).await,
        "reasoning_effort"
    );
}

#[tokio::test]
async fn effort_and_what_thinking_forbids_are_refused_together() {
    let mut body = with("reasoning_effort", json!("low"));
    body["max_tokens"] = 9000.into();
    for (field, value) in [
        ("temperature", json!(0.5)),
        ("tool_choice", json!("required")),
    ] {
        let mut both = body.clone();
        both["tools"] = json!([tool("f")]);
        both[field] = value;
        assert_eq!(refused(&both).await, field);
    }
}

#[tokio::test]
async fn what_changes_little_is_left_out_and_said_so() {
    for (field, value) in [
        ("seed", json!(7)),
        ("frequency_penalty", json!(0.5)),
        ("presence_penalty", json!(0.5)),
        ("store", json!(true)),
        ("service_tier", json!("flex")),
    ] {
        let (sent, adjusted) = adjusted(&with(field, value)).await;
        assert!(sent.get(field).is_none());
        assert_eq!(adjusted, [format!("{field}=left out")]);
    }
}

async fn to_openai(body: &Value) -> String {
    let fake = Fake::start(Script::sse("data: {\"choices\":[]}\n\ndata: [DONE]\n\n")).await;
    let upstream = upstream("openai", &fake.url(), &json!({}));
    streamed(&upstream, call(body)).await.unwrap();
    String::from_utf8(fake.last().body.to_vec()).unwrap()
}

#[tokio::test]
async fn line_26_stream_options_that_the_client_set_are_not_touched() {
    let mut body = hello_stream();
    body["stream_options"] = json!({"include_usage": true, "include_obfuscation": false});
    assert_eq!(to_openai(&body).await, body.to_string());
}

#[tokio::test]
async fn line_27_no_tokens_are_told_where_the_client_wants_none() {
    let mut body = hello_stream();
    body["stream_options"] = json!({"include_usage": false});
    assert_eq!(to_openai(&body).await, body.to_string());
    let told = "{\"message\":{\"content\":\"a\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":1,\"eval_count\":1}\n";
    let fake = Fake::start(Script::text(200, "application/x-ndjson", told)).await;
    let ollama = upstream("ollama", &fake.url(), &json!({}));
    let got = streamed(&ollama, call(&body)).await.unwrap();
    assert!(!got.contains("usage"), "{got}");
}
