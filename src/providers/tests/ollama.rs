use super::fake::{End, Fake, Script, call, chunks, full, hello, hello_stream, streamed, upstream};
use crate::providers::relay::MAX_FRAME_BYTES;
use crate::providers::{ChatContent, Upstream};
use serde_json::{Value, json};

fn text() -> Script {
    Script::json(
        200,
        &json!({"model": "llama3:8b", "message": {"role": "assistant", "content": "hey"},
        "done": true, "done_reason": "stop", "prompt_eval_count": 11, "eval_count": 3}),
    )
}

fn ollama(fake: &Fake) -> Upstream {
    let options = json!({"num_ctx": "8192", "keep_alive": "5m"});
    upstream(
        "ollama",
        &fake.url(),
        &json!({"auth": {}, "options": options}),
    )
}

/// Gives up a silent stream soon.
fn hasty(fake: &Fake) -> Upstream {
    let extra = json!({"auth": {}, "timeouts": {"idle": "500ms"}});
    upstream("ollama", &fake.url(), &extra)
}

fn with(field: &str, value: Value) -> Value {
    let mut body = hello();
    body[field] = value;
    body
}

fn tool_call(id: &str, name: &str, arguments: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

#[tokio::test]
async fn request_goes_out_in_ollamas_words() {
    let fake = Fake::start(text()).await;
    let body = json!({"model": "m", "max_tokens": 5, "temperature": 1.5, "top_p": 0.5, "seed": 7, "stop": "END",
    "frequency_penalty": 0.5, "reasoning_effort": "none", "response_format": {"type": "json_object"},
    "tools": [{"type": "function", "function": {"name": "f", "description": "d"}}],
    "messages": [
        {"role": "developer", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
        {"role": "assistant", "content": null, "tool_calls": [tool_call("c1", "f", "{\"a\":1}")]},
        {"role": "tool", "tool_call_id": "c1", "content": "ok"},
    ]});
    full(&ollama(&fake), call(&body)).await;
    let sent = fake.last();
    assert_eq!(sent.path, "/api/chat");
    assert_eq!(sent.header("authorization"), None);
    assert_eq!(
        sent.json(),
        json!({
            "model": "m", "stream": false, "format": "json", "think": false, "keep_alive": "5m",
            "options": {"num_ctx": 8192, "num_predict": 5, "temperature": 1.5, "top_p": 0.5, "stop": ["END"], "seed": 7, "frequency_penalty": 0.5},
            "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}}],
            "messages": [
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": "see", "images": ["AAAA"]},
                {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
                {"role": "tool", "content": "ok", "tool_name": "f"},
            ],
        })
    );
}

#[tokio::test]
async fn what_ollama_cannot_do_is_refused_naming_the_field() {
    let fake = Fake::start(text()).await;
    let tools = json!([{"type": "function", "function": {"name": "f", "strict": true}}]);
    let picture = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}]}]);
    let stray = json!([{"role": "tool", "tool_call_id": "zz", "content": "x"}]);
    for (field, value, param) in [
        ("n", json!(2), "n"),
        ("logit_bias", json!({"1": 1}), "logit_bias"),
        ("tool_choice", json!("required"), "tool_choice"),
        ("tools", tools, "tools[0].function.strict"),
        ("messages", picture, "messages[0].content[0].image_url"),
        ("messages", stray, "messages[0].tool_call_id"),
        ("reasoning_effort", json!("extreme"), "reasoning_effort"),
    ] {
        let error = ollama(&fake)
            .chat(call(&with(field, value)))
            .await
            .unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(param)));
    }
    assert_eq!(fake.calls(), 0);
}

#[tokio::test]
async fn who_asks_is_left_out_and_said_so() {
    let fake = Fake::start(text()).await;
    let asked = call(&with("user", json!("u")));
    let answer = ollama(&fake).chat(asked).await.unwrap();
    assert_eq!(answer.adjusted, ["user=left out"]);
    assert!(fake.last().json().get("user").is_none());
}

#[tokio::test]
async fn answer_comes_back_in_openais_words() {
    let fake = Fake::start(text()).await;
    let answer = full(&ollama(&fake), call(&hello())).await;
    assert_eq!(answer["model"], "llama3:8b");
    assert_eq!(answer["choices"][0]["message"]["content"], "hey");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer["usage"]["prompt_tokens"], 11);
    assert!(answer["usage"].get("orloj").is_none());
}

#[tokio::test]
async fn prompt_that_was_not_counted_is_estimated_and_says_so() {
    let fake = Fake::start(Script::json(200, &json!({"message": {"content": "a"}, "done": true, "done_reason": "length", "eval_count": 3}))).await;
    let ChatContent::Full { body, usage } =
        ollama(&fake).chat(call(&hello())).await.unwrap().content
    else {
        panic!("a stream");
    };
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert!(usage.unwrap().estimated && usage.unwrap().prompt_tokens > 0);
    assert_eq!(answer["usage"]["orloj"]["estimated"], true);
    assert_eq!(answer["choices"][0]["finish_reason"], "length");
}

#[tokio::test]
async fn tool_calls_get_text_arguments_and_ids_of_their_own() {
    let fake = Fake::start(Script::json(200, &json!({"message": {"content": "", "tool_calls": [
        {"function": {"name": "f", "arguments": {"a": 1}}}, {"function": {"name": "g"}}]}, "done": true, "done_reason": "stop"}))).await;
    let answer = full(&ollama(&fake), call(&hello())).await;
    let choice = &answer["choices"][0];
    let calls = &choice["message"]["tool_calls"];
    assert_eq!(choice["message"]["content"], Value::Null);
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(calls[0]["function"]["arguments"], "{\"a\":1}");
    assert_eq!(calls[1]["function"]["arguments"], "{}");
    assert!(calls[0]["id"].as_str().unwrap().starts_with("call_"));
    assert_ne!(calls[0]["id"], calls[1]["id"]);
}

#[tokio::test]
async fn errors_are_mapped_and_a_missing_model_names_the_remedy() {
    let fake = Fake::start(Script::json(404, &json!({"error": "model 'm' not found"}))).await;
    let mut asked = call(&hello());
    asked.requested = "up-model".into();
    let error = ollama(&fake).chat(asked).await.unwrap_err();
    assert_eq!(
        (error.status, error.code.as_deref()),
        (404, Some("model_not_found"))
    );
    assert!(error.message.contains("ollama pull"), "{}", error.message);
    for body in [
        json!({"error": "boom"}),
        json!({"done": true, "done_reason": "load", "message": {"content": ""}}),
        json!({"message": {"content": "x"}}),
    ] {
        fake.set(Script::json(200, &body));
        assert_eq!(
            ollama(&fake).chat(call(&hello())).await.unwrap_err().status,
            502
        );
    }
}

const LINES: &str = "{\"model\":\"llama3\",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"hm\"},\"done\":false}\n\
{\"model\":\"llama3\",\"message\":{\"content\":\"gr\u{fc}ezi\"},\"done\":false}\r\n\n\
{\"model\":\"llama3\",\"message\":{\"content\":\"\",\"tool_calls\":[{\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}}]},\"done\":false}\n\
{\"model\":\"llama3\",\"message\":{\"content\":\"\",\"tool_calls\":[{\"id\":\"c2\",\"function\":{\"name\":\"g\",\"arguments\":{}}}]},\"done\":false}\n\
{\"model\":\"llama3\",\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":9,\"eval_count\":4}";

#[tokio::test]
async fn a_limit_that_was_reserved_goes_out_where_the_request_says_null() {
    let fake = Fake::start(text()).await;
    let mut call = call(&with("max_tokens", Value::Null));
    call.max_output = Some(77);
    full(&ollama(&fake), call).await;
    assert_eq!(fake.last().json()["options"]["num_predict"], 77);
}

#[tokio::test]
async fn stream_of_lines_becomes_chunks_wherever_it_is_cut() {
    let fake = Fake::start(text()).await;
    let upstream = ollama(&fake);
    let mut body = hello_stream();
    body["stream_options"] = json!({"include_usage": true});
    for cut in 0..LINES.len() {
        let (first, second) = LINES.as_bytes().split_at(cut);
        fake.set(Script {
            pieces: vec![first.to_vec().into(), second.to_vec().into()],
            ..Script::text(200, "application/x-ndjson", "")
        });
        let got = streamed(&upstream, call(&body)).await.unwrap();
        assert!(got.ends_with("data: [DONE]\n\n"), "cut at {cut}: {got}");
        let chunks = chunks(&got);
        let delta = |n: usize| &chunks[n]["choices"][0]["delta"];
        assert_eq!(chunks.len(), 9, "cut at {cut}");
        assert_eq!(delta(1)["reasoning_content"], "hm");
        assert_eq!(delta(2)["content"], "gr\u{fc}ezi");
        assert_eq!(delta(3)["tool_calls"][0]["id"], "c1");
        assert_eq!(
            delta(4)["tool_calls"][0]["function"]["arguments"],
            "{\"a\":1}"
        );
        assert_eq!(delta(5)["tool_calls"][0]["index"], 1);
        assert_eq!(chunks[7]["choices"][0]["finish_reason"], "tool_calls");
        assert_eq!(chunks[8]["usage"]["total_tokens"], 13);
    }
    assert_eq!(fake.last().json()["stream"], true);
}

#[tokio::test]
async fn stream_that_fails_has_an_error_frame_and_no_done() {
    let first = LINES.lines().next().unwrap();
    let fake = Fake::start(text()).await;
    for (text, end, kind) in [
        (
            format!("{first}\n{{\"error\":\"out of memory\"}}\n"),
            End::Close,
            "upstream_error",
        ),
        (format!("{first}\n"), End::Close, "upstream_error"),
        (format!("{first}\n{{\"mess"), End::Close, "upstream_error"),
        (format!("{first}\n"), End::Hang, "timeout"),
        (
            format!("{first}\n{}", "x".repeat(MAX_FRAME_BYTES + 1)),
            End::Close,
            "upstream_error",
        ),
    ] {
        fake.set(Script::text(200, "application/x-ndjson", &text).end(end));
        let got = streamed(&hasty(&fake), call(&hello_stream()))
            .await
            .unwrap();
        assert_eq!(chunks(&got).last().unwrap()["error"]["type"], kind);
        assert!(!got.contains("[DONE]"));
    }
}

#[tokio::test]
async fn results_go_out_in_the_order_of_their_calls() {
    let fake = Fake::start(text()).await;
    let result =
        |id: &str, text: &str| json!({"role": "tool", "tool_call_id": id, "content": text});
    let calls = json!([tool_call("a", "f", "{}"), tool_call("b", "f", "{}")]);
    let turn = json!({"role": "assistant", "tool_calls": calls});
    let messages = json!([turn, result("b", "2"), result("a", "1"), {"role": "user", "content": "again"},
        turn, result("b", "4"), result("a", "3")]);
    full(&ollama(&fake), call(&with("messages", messages))).await;
    let sent = fake.last().json();
    let said = |at: usize| sent["messages"][at]["content"].as_str().unwrap();
    assert_eq!([1, 2, 3, 5, 6].map(said), ["1", "2", "again", "3", "4"]);
}

#[tokio::test]
async fn arguments_keep_every_digit_and_what_was_cut_off_is_named() {
    const EXACT: &str = r#"{"n":123456789012345678901234567890}"#;
    let answer = format!(
        r#"{{"message":{{"tool_calls":[{{"function":{{"name":"f","arguments":{EXACT}}}}}]}},"done":true}}"#
    );
    let fake = Fake::start(Script::text(200, "application/json", &answer)).await;
    let calls = json!([tool_call("a", "f", EXACT), tool_call("b", "f", "{\"q\":")]);
    let body = with(
        "messages",
        json!([{"role": "assistant", "tool_calls": calls}]),
    );
    let answer = ollama(&fake).chat(call(&body)).await.unwrap();
    let sent = fake.last().body;
    let sent = std::str::from_utf8(&sent).unwrap();
    assert!(sent.contains(&format!("\"arguments\":{EXACT}")), "{sent}");
    assert!(sent.contains("\"arguments\":{}"), "{sent}");
    assert_eq!(
        answer.adjusted,
        ["messages[0].tool_calls[1].function.arguments=no JSON as {}"]
    );
    let ChatContent::Full { body, .. } = answer.content else {
        panic!("a stream");
    };
    let answer: Value = serde_json::from_slice(&body).unwrap();
    let called = &answer["choices"][0]["message"]["tool_calls"][0];
    assert_eq!(called["function"]["arguments"], EXACT);
}
