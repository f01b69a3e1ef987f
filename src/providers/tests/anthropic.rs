use super::fake::{
    End, Fake, KEY, Script, call, chunks, full, hello, hello_stream, streamed, upstream,
};
use crate::providers::{ChatContent, Upstream};
use serde_json::{Value, json};

fn message(content: &Value, stop_reason: &str) -> Script {
    Script::json(
        200,
        &json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x-2025",
            "content": content, "stop_reason": stop_reason, "stop_sequence": null,
            "usage": {"input_tokens": 10, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 100, "output_tokens": 7},
        }),
    )
}

fn text() -> Script {
    message(&json!([{"type": "text", "text": "hey"}]), "end_turn")
}

fn anthropic(fake: &Fake) -> Upstream {
    let options = json!({"max_tokens": "1024", "anthropic_version": "2023-06-01"});
    let extra = json!({"options": options, "timeouts": {"idle": "10s"}});
    upstream("anthropic", &format!("{}/v1", fake.url()), &extra)
}

/// Gives up a silent stream soon.
fn hasty(fake: &Fake) -> Upstream {
    upstream(
        "anthropic",
        &fake.url(),
        &json!({"timeouts": {"idle": "500ms"}}),
    )
}

/// What the provider receives for `body`.
async fn sent(body: Value) -> Value {
    let fake = Fake::start(text()).await;
    full(&anthropic(&fake), call(&body)).await;
    fake.last().json()
}

/// The status and `param` with which `body` is refused before anything is sent.
async fn refused(body: Value) -> String {
    let fake = Fake::start(text()).await;
    let error = anthropic(&fake).chat(call(&body)).await.unwrap_err();
    assert_eq!((error.status, fake.calls()), (400, 0), "{error}");
    error.param.unwrap().into_owned()
}

fn with(field: &str, value: Value) -> Value {
    let mut body = hello();
    body[field] = value;
    body
}

fn tool(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name}})
}

fn tool_call(id: &str, name: &str, arguments: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

#[tokio::test]
async fn al_15_request_goes_out_in_anthropics_words() {
    let fake = Fake::start(text()).await;
    full(&anthropic(&fake), call(&hello())).await;
    let sent = fake.last();
    assert_eq!(sent.path, "/v1/messages");
    assert_eq!(sent.header("x-api-key"), Some(KEY));
    assert_eq!(sent.header("authorization"), None);
    assert_eq!(sent.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(
        sent.json(),
        json!({"model": "up-model", "max_tokens": 1024, "stream": false,
               "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]})
    );
}

#[tokio::test]
async fn max_tokens_come_from_the_request_then_the_endpoint_then_the_default() {
    assert_eq!(sent(with("max_tokens", json!(9))).await["max_tokens"], 9);
    let mut both = with("max_tokens", json!(9));
    both["max_completion_tokens"] = 8.into();
    assert_eq!(sent(both).await["max_tokens"], 8);
    assert_eq!(sent(hello()).await["max_tokens"], 1024);
    let fake = Fake::start(text()).await;
    full(
        &upstream("anthropic", &fake.url(), &json!({})),
        call(&hello()),
    )
    .await;
    assert_eq!(fake.last().json()["max_tokens"], 4096);
}

#[tokio::test]
async fn system_messages_are_gathered_and_keep_their_cache_marks() {
    let sent = sent(json!({"model": "m", "messages": [
        {"role": "system", "content": "one"},
        {"role": "user", "content": "hi"},
        {"role": "developer", "content": [{"type": "text", "text": "two", "cache_control": {"type": "ephemeral"}}]},
    ]})).await;
    assert_eq!(
        sent["system"],
        json!([
            {"type": "text", "text": "one"},
            {"type": "text", "text": "two", "cache_control": {"type": "ephemeral"}},
        ])
    );
    assert_eq!(sent["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn tool_conversation_becomes_alternating_turns_with_results_together() {
    let sent = sent(json!({"model": "m",
    "tools": [{"type": "function", "function": {"name": "web.search", "description": "d",
               "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}},
              tool("web_search"), tool("now")],
    "messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": null, "tool_calls": [
            tool_call("a", "web.search", "{\"q\":\"x\"}"), tool_call("b", "now", "")]},
        {"role": "tool", "tool_call_id": "b", "content": "noon"},
        {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "found"}]},
        {"role": "user", "content": "and?"},
    ]}))
    .await;
    assert_eq!(
        sent["tools"],
        json!([
            {"name": "web_search_2", "description": "d", "input_schema": {"type": "object", "properties": {"q": {"type": "string"}}}},
            {"name": "web_search", "input_schema": {"type": "object", "properties": {}}},
            {"name": "now", "input_schema": {"type": "object", "properties": {}}},
        ])
    );
    assert_eq!(
        sent["messages"],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "go"}]},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "a", "name": "web_search_2", "input": {"q": "x"}},
                {"type": "tool_use", "id": "b", "name": "now", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "b", "content": [{"type": "text", "text": "noon"}]},
                {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "found"}]},
                {"type": "text", "text": "and?"}]},
        ])
    );
}

#[tokio::test]
async fn tool_choice_and_parallel_calls_are_mapped() {
    for (choice, parallel, theirs) in [
        (json!(null), json!(null), json!(null)),
        (json!("none"), json!(false), json!({"type": "none"})),
        (json!("auto"), json!(true), json!({"type": "auto"})),
        (json!("required"), json!(null), json!({"type": "any"})),
        (tool("f"), json!(null), json!({"type": "tool", "name": "f"})),
        (
            json!(null),
            json!(false),
            json!({"type": "auto", "disable_parallel_tool_use": true}),
        ),
        (
            json!("required"),
            json!(false),
            json!({"type": "any", "disable_parallel_tool_use": true}),
        ),
    ] {
        let mut body = with("tools", json!([tool("f")]));
        body["tool_choice"] = choice;
        body["parallel_tool_calls"] = parallel;
        assert_eq!(sent(body).await["tool_choice"], theirs);
    }
    assert_eq!(
        sent(with("parallel_tool_calls", json!(false))).await["tool_choice"],
        json!(null)
    );
}

#[tokio::test]
async fn pictures_sampling_and_schema_are_mapped() {
    let sent = sent(json!({"model": "m", "temperature": 0.5, "top_p": 0.9, "stop": ["A", "B"], "user": "u@example.com",
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
        "messages": [{"role": "user", "content": [
            {"type": "text", "text": " "},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
        ]}]})).await;
    assert_eq!(
        sent["messages"][0]["content"],
        json!([
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
            {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}},
        ])
    );
    assert_eq!(
        (&sent["temperature"], &sent["top_p"]),
        (&json!(0.5), &json!(0.9))
    );
    assert_eq!(sent["stop_sequences"], json!(["A", "B"]));
    assert_eq!(
        sent["output_config"]["format"],
        json!({"type": "json_schema", "schema": {"type": "object"}})
    );
    let user = sent["metadata"]["user_id"].as_str().unwrap();
    assert!(user.starts_with("user_") && !user.contains("example"));
}

#[tokio::test]
async fn what_anthropic_cannot_do_is_refused_naming_the_field() {
    let dangling = json!([{"role": "assistant", "tool_calls": [tool_call("a", "f", "{}")]}, {"role": "user", "content": "x"}]);
    let open_end = json!([{"role": "assistant", "tool_calls": [tool_call("a", "f", "{}")]}]);
    let stray = json!([{"role": "tool", "tool_call_id": "zz", "content": "x"}]);
    let no_object = json!([{"role": "assistant", "tool_calls": [tool_call("a", "f", "[1]")]}]);
    let tiff = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/tiff;base64,AAAA"}}]}]);
    for (field, value, param) in [
        ("n", json!(2), "n"),
        ("logprobs", json!(true), "logprobs"),
        ("logit_bias", json!({"1": 1}), "logit_bias"),
        ("reasoning_effort", json!("extreme"), "reasoning_effort"),
        (
            "response_format",
            json!({"type": "json_object"}),
            "response_format",
        ),
        ("tool_choice", json!("required"), "tool_choice"),
        ("messages", dangling, "messages[1]"),
        ("messages", open_end, "messages"),
        ("messages", stray, "messages[0].tool_call_id"),
        (
            "messages",
            no_object,
            "messages[0].tool_calls[0].function.arguments",
        ),
        ("messages", tiff, "messages[0].content[0].image_url"),
        (
            "messages",
            json!([{"role": "system", "content": "x"}]),
            "messages",
        ),
    ] {
        assert_eq!(refused(with(field, value)).await, param);
    }
}

#[tokio::test]
async fn answer_comes_back_in_openais_words_with_cached_tokens_in_the_prompt() {
    let fake = Fake::start(message(&json!([
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": "a"}, {"type": "future_block", "x": 1}, {"type": "text", "text": "b"},
    ]), "end_turn")).await;
    let ChatContent::Full { body, usage } =
        anthropic(&fake).chat(call(&hello())).await.unwrap().content
    else {
        panic!("a stream");
    };
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(answer["id"], "msg_1");
    assert_eq!(answer["model"], "claude-x-2025");
    assert_eq!(answer["choices"][0]["message"]["content"], "ab");
    assert_eq!(answer["choices"][0]["message"]["reasoning_content"], "hm");
    assert_eq!(answer["usage"]["prompt_tokens"], 115);
    assert_eq!(
        answer["usage"]["prompt_tokens_details"]["cached_tokens"],
        100
    );
    assert_eq!(answer["usage"]["total_tokens"], 122);
    assert!(answer["created"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!(usage.unwrap().cache_write_tokens, 5);
}

#[tokio::test]
async fn tool_calls_come_back_under_the_clients_names_and_without_text() {
    let fake = Fake::start(message(
        &json!([
            {"type": "tool_use", "id": "t1", "name": "web_search", "input": {"q": "x"}},
            {"type": "tool_use", "id": "t2", "name": "now", "input": {}},
        ]),
        "tool_use",
    ))
    .await;
    let body = with("tools", json!([tool("web.search"), tool("now")]));
    let choice = full(&anthropic(&fake), call(&body)).await["choices"][0].clone();
    assert_eq!(choice["message"]["content"], Value::Null);
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(
        choice["message"]["tool_calls"],
        json!([
            tool_call("t1", "web.search", "{\"q\":\"x\"}"),
            tool_call("t2", "now", "{}"),
        ])
    );
}

#[tokio::test]
async fn each_stop_reason_has_its_word() {
    let fake = Fake::start(text()).await;
    for (theirs, ours) in [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
    ] {
        fake.set(message(&json!([{"type": "text", "text": ""}]), theirs));
        let mut asked = call(&hello());
        asked.response_model = Some("fast".into());
        let answer = full(&anthropic(&fake), asked).await;
        assert_eq!(answer["choices"][0]["finish_reason"], ours);
        assert_eq!(answer["model"], "fast");
    }
}

const STREAM: &str = "event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_2\",\"model\":\"claude-x-2025\",\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":4,\"output_tokens\":1}}}\r\n\r\n\
event: ping\ndata: {\"type\":\"ping\"}\n\n\
event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"gr\u{fc}ezi\"}}\n\n\
data: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"web_search\",\"input\":{}}}\n\n\
data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\"}}\n\n\
data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"q\\\":\"}}\n\n\
data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"1}\"}}\n\n\
data: {\"type\":\"content_block_stop\",\"index\":1}\n\n\
data: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"now\",\"input\":{}}}\n\n\
data: {\"type\":\"content_block_stop\",\"index\":2}\n\n\
data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":20}}\n\n\
data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":21}}\n\n\
data: {\"type\":\"future_event\"}\n\n\
data: {\"type\":\"message_stop\"}\n\n";

fn stream_body() -> Value {
    let mut body = hello_stream();
    body["tools"] = json!([tool("web.search"), tool("now")]);
    body["stream_options"] = json!({"include_usage": true});
    body
}

/// What comes of [`STREAM`] when it is cut at each of `cuts`; times are left out.
async fn cut_streams(cuts: impl Iterator<Item = usize>) -> Vec<(usize, Vec<Value>)> {
    let fake = Fake::start(Script::sse(STREAM)).await;
    let upstream = anthropic(&fake);
    let mut seen = Vec::new();
    for cut in cuts {
        let (first, second) = STREAM.as_bytes().split_at(cut);
        let pieces = vec![first.to_vec().into(), second.to_vec().into()];
        fake.set(Script {
            pieces,
            ..Script::sse("")
        });
        let got = streamed(&upstream, call(&stream_body())).await.unwrap();
        assert!(got.contains(": ping\n\n"), "cut at {cut}");
        assert!(got.ends_with("data: [DONE]\n\n"), "cut at {cut}");
        let mut chunks = chunks(&got);
        for chunk in &mut chunks {
            assert!(chunk["created"].take().is_u64());
        }
        seen.push((cut, chunks));
    }
    seen
}

#[tokio::test]
async fn stream_becomes_openais_chunks_wherever_it_is_cut() {
    let lanes = (0..8).map(|lane| cut_streams((lane..STREAM.len()).step_by(8)));
    let seen = futures_util::future::join_all(lanes).await.concat();
    assert_eq!(seen.len(), STREAM.len());
    let chunks = &seen[0].1;
    for (cut, others) in &seen {
        assert_eq!(others, chunks, "cut at {cut}");
    }
    let deltas: Vec<&Value> = chunks
        .iter()
        .map(|chunk| &chunk["choices"][0]["delta"])
        .collect();
    let start = |index, id: &str, name: &str| json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}]});
    let more = |index, text: &str| json!({"tool_calls": [{"index": index, "function": {"arguments": text}}]});
    assert_eq!(
        deltas,
        [
            &json!({"role": "assistant", "content": ""}),
            &json!({"content": "gr\u{fc}ezi"}),
            &start(0, "t1", "web.search"),
            &more(0, "{\"q\":"),
            &more(0, "1}"),
            &start(1, "t2", "now"),
            &more(1, "{}"),
            &json!({}),
            &Value::Null,
        ]
    );
    assert_eq!(chunks[7]["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(chunks[8]["choices"], json!([]));
    assert_eq!(chunks[8]["usage"]["prompt_tokens"], 14);
    assert_eq!(chunks[8]["usage"]["completion_tokens"], 21);
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["id"] == "msg_2" && chunk["model"] == "claude-x-2025")
    );
}

#[tokio::test]
async fn usage_is_streamed_only_on_request() {
    let fake = Fake::start(Script::sse(STREAM)).await;
    let mut asked = call(&hello_stream());
    asked.response_model = Some("fast".into());
    let got = streamed(&anthropic(&fake), asked).await.unwrap();
    assert!(!got.contains("usage"));
    assert!(chunks(&got).iter().all(|chunk| chunk["model"] == "fast"));
    assert_eq!(fake.last().json()["stream"], true);
}

#[tokio::test]
async fn stream_that_fails_or_ends_early_has_an_error_frame_and_no_done() {
    let started = &STREAM[..STREAM.find("event: ping").unwrap()];
    let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let fake = Fake::start(Script::sse("")).await;
    let upstream = hasty(&fake);
    for (text, end, kind) in [
        (format!("{started}{error}"), End::Close, "overloaded"),
        (started.to_owned(), End::Close, "upstream_error"),
        (started.to_owned(), End::Hang, "timeout"),
        (
            format!("{started}data: {{\"type\":\"message_stop\"}}\n\n"),
            End::Close,
            "upstream_error",
        ),
        (
            format!("{started}data: nonsense\n\n"),
            End::Close,
            "upstream_error",
        ),
    ] {
        fake.set(Script::sse(&text).end(end));
        let got = streamed(&upstream, call(&hello_stream())).await.unwrap();
        let last = chunks(&got).pop().unwrap();
        assert_eq!(last["error"]["type"], kind, "{got}");
        assert!(
            !got.contains("[DONE]") && !got.contains("\"stop\""),
            "{got}"
        );
    }
    fake.set(Script::sse(error));
    let error = streamed(&upstream, call(&hello_stream()))
        .await
        .unwrap_err();
    assert_eq!(error.status, 503);
}

#[tokio::test]
async fn cache_marks_of_tools_travel_and_a_later_system_message_is_named() {
    let fake = Fake::start(text()).await;
    let mark = json!({"type": "ephemeral"});
    let mut body = with("tools", json!([tool("f")]));
    body["tools"][0]["cache_control"] = mark.clone();
    body["messages"] =
        json!([{"role": "system", "content": "a"}, {"role": "user", "content": "hi"}]);
    let answer = anthropic(&fake).chat(call(&body)).await.unwrap();
    assert_eq!(fake.last().json()["tools"][0]["cache_control"], mark);
    assert!(answer.adjusted.is_empty());
    body["messages"] =
        json!([{"role": "user", "content": "hi"}, {"role": "system", "content": "a"}]);
    let answer = anthropic(&fake).chat(call(&body)).await.unwrap();
    assert_eq!(answer.adjusted, ["messages.system=moved to the front"]);
}

/// Numbers that no double holds.
const EXACT: &str = r#"{"n":123456789012345678901234567890,"d":0.12345678901234567890123}"#;

#[tokio::test]
async fn arguments_keep_every_digit_there_and_back() {
    let called = tool_call("a", "f", EXACT);
    let body = with(
        "messages",
        json!([{"role": "assistant", "tool_calls": [called]},
            {"role": "tool", "tool_call_id": "a", "content": "r"}]),
    );
    let answer = format!(
        r#"{{"content":[{{"type":"tool_use","id":"b","name":"f","input":{EXACT}}}],"stop_reason":"tool_use"}}"#
    );
    let fake = Fake::start(Script::text(200, "application/json", &answer)).await;
    let answer = full(&anthropic(&fake), call(&body)).await;
    let sent = fake.last().body;
    let sent = std::str::from_utf8(&sent).unwrap();
    assert!(sent.contains(&format!("\"input\":{EXACT}")), "{sent}");
    assert_eq!(
        answer["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"],
        EXACT
    );
}

#[tokio::test]
async fn arguments_that_were_cut_off_are_an_empty_object_and_named() {
    let fake = Fake::start(text()).await;
    let called = |id: &str, arguments: &str| tool_call(id, "f", arguments);
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "r"});
    let calls = json!([called("a", "{\"q\":"), called("b", ""), called("c", "null")]);
    let messages =
        json!([{"role": "assistant", "tool_calls": calls}, result("a"), result("b"), result("c")]);
    let asked = call(&with("messages", messages));
    let answer = anthropic(&fake).chat(asked).await.unwrap();
    let sent = fake.last().json();
    for n in 0..3 {
        assert_eq!(sent["messages"][0]["content"][n]["input"], json!({}));
    }
    assert_eq!(
        answer.adjusted,
        ["messages[0].tool_calls[0].function.arguments=no JSON as {}"]
    );
}

#[tokio::test]
async fn ids_of_calls_are_put_in_letters_that_anthropic_takes_and_used_once() {
    let called = |id: &str| tool_call(id, "f", "{}");
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": id});
    let turn = || {
        let calls = json!([called("functions.f:0"), called("ok")]);
        json!({"role": "assistant", "tool_calls": calls})
    };
    let sent = sent(with(
        "messages",
        json!([turn(), result("ok"), result("functions.f:0"), turn(), result("functions.f:0"), result("ok"),
            {"role": "assistant", "tool_calls": [called("functions_f_0"), called(""), called("")]},
            result(""), result(""), result("functions_f_0")]),
    ))
    .await;
    let ids = |turn: usize, name: &str| -> Vec<String> {
        let blocks = sent["messages"][turn]["content"].as_array().unwrap();
        let id = |block: &Value| block[name].as_str().unwrap().to_owned();
        blocks.iter().map(id).collect()
    };
    assert_eq!(ids(0, "id"), ["functions_f_0_2", "ok"]);
    assert_eq!(ids(1, "tool_use_id"), ["ok", "functions_f_0_2"]);
    assert_eq!(ids(2, "id"), ["functions_f_0_3", "ok_2"]);
    assert_eq!(ids(3, "tool_use_id"), ["functions_f_0_3", "ok_2"]);
    assert_eq!(ids(4, "id"), ["functions_f_0", "call", "call_2"]);
    assert_eq!(ids(5, "tool_use_id"), ["call", "call_2", "functions_f_0"]);
}
