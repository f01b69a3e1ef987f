//! Streams.

use super::fallback;
use crate::chat::{ApiError, Dialect, Frame, MessageEvents, Usage};
use bytes::Bytes;
use serde_json::{Value, json};

/// What the frames of a chat make, as event name and data.
fn events(frames: Vec<Frame>) -> Result<Vec<(String, Value)>, &'static str> {
    let mut events = MessageEvents::new(fallback());
    let mut out = Vec::new();
    for frame in frames {
        events.take(frame, &mut out)?;
    }
    out.retain(|frame| !frame.bytes.starts_with(b":"));
    Ok(out.iter().map(read).collect())
}

fn read(frame: &Frame) -> (String, Value) {
    let text = std::str::from_utf8(&frame.bytes).unwrap();
    let (name, data) = text.strip_suffix("\n\n").unwrap().split_once('\n').unwrap();
    let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    let name = name.strip_prefix("event: ").unwrap().to_owned();
    assert_eq!(data["type"], name.as_str());
    (name, data)
}

fn frame(text: &str) -> Frame {
    Bytes::from(text.to_owned()).into()
}

fn chunk(choice: &Value) -> Frame {
    let chunk = json!({"id": "chatcmpl-1", "model": "gpt-x", "choices": [choice]});
    frame(&format!("data: {chunk}\n\n"))
}

fn delta(delta: &Value) -> Frame {
    chunk(&json!({"index": 0, "delta": delta, "finish_reason": null}))
}

fn call(index: usize, name: Option<&str>, arguments: &str) -> Frame {
    let id = name.map(|_| format!("call_{index}"));
    delta(
        &json!({"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]}),
    )
}

fn end(reason: &str) -> [Frame; 2] {
    let last = chunk(&json!({"index": 0, "delta": {}, "finish_reason": reason}));
    [last, frame("data: [DONE]\n\n")]
}

fn stream(frames: Vec<Frame>, reason: &str) -> Vec<(String, Value)> {
    events(frames.into_iter().chain(end(reason)).collect()).unwrap()
}

/// Start, pieces and stop of each block, in short.
fn short(events: &[(String, Value)]) -> Vec<String> {
    events
        .iter()
        .filter(|(name, _)| name.starts_with("content_block"))
        .map(|(name, data)| {
            let index = &data["index"];
            let delta = &data["delta"];
            let piece = ["text", "thinking", "partial_json"]
                .iter()
                .find_map(|field| delta[*field].as_str());
            match name.as_str() {
                "content_block_start" => format!(
                    "{index}+{}",
                    data["content_block"]["type"].as_str().unwrap()
                ),
                "content_block_stop" => format!("{index}-"),
                _ => format!("{index}:{}", piece.unwrap()),
            }
        })
        .collect()
}

#[test]
fn blocks_follow_each_other_between_start_and_stop() {
    let said = stream(
        vec![
            delta(&json!({"role": "assistant", "content": ""})),
            delta(&json!({"reasoning_content": "hm"})),
            delta(&json!({"content": "he"})),
            delta(&json!({"content": "y"})),
            call(0, Some("f"), ""),
            call(0, None, "{\"q\""),
            call(0, None, ":1}"),
        ],
        "tool_calls",
    );
    let names: Vec<&str> = said.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        (names[0], &names[names.len() - 2..]),
        ("message_start", &["message_delta", "message_stop"][..])
    );
    assert_eq!(
        short(&said),
        [
            "0+thinking",
            "0:hm",
            "0-",
            "1+text",
            "1:he",
            "1:y",
            "1-",
            "2+tool_use",
            "2:{\"q\"",
            "2::1}",
            "2-"
        ]
    );
    let message = &said[0].1["message"];
    assert_eq!(
        (&message["id"], &message["model"]),
        (&json!("msg_1"), &json!("gpt-x"))
    );
    assert_eq!(said[said.len() - 2].1["delta"]["stop_reason"], "tool_use");
}

#[test]
fn a_call_means_tool_use_even_after_text_and_with_another_reason() {
    let said = stream(
        vec![delta(&json!({"content": "hm"})), call(0, Some("f"), "{}")],
        "stop",
    );
    assert_eq!(said[said.len() - 2].1["delta"]["stop_reason"], "tool_use");
}

#[test]
fn calls_that_run_side_by_side_become_blocks_that_do_not() {
    let said = stream(
        vec![
            call(0, Some("f"), "{\"a\":"),
            call(1, Some("g"), "{\"b\""),
            call(0, None, "1}"),
            call(1, None, ":2}"),
            call(2, Some("h"), ""),
            delta(&json!({"content": "done"})),
        ],
        "tool_calls",
    );
    assert_eq!(
        short(&said),
        [
            "0+tool_use",
            "0:{\"a\":",
            "0:1}",
            "0-",
            "1+tool_use",
            "1:{\"b\"",
            "1::2}",
            "1-",
            "2+tool_use",
            "2-",
            "3+text",
            "3:done",
            "3-"
        ]
    );
    let starts: Vec<_> = said
        .iter()
        .filter(|(name, _)| name == "content_block_start")
        .collect();
    assert_eq!(starts[1].1["content_block"]["id"], "call_1");
    assert_eq!(starts[1].1["content_block"]["name"], "g");
}

#[test]
fn tokens_are_told_at_the_end_and_guessed_not_nought_at_the_start() {
    let usage = Usage {
        prompt_tokens: 50,
        completion_tokens: 3,
        cached_tokens: 20,
        ..Usage::default()
    };
    let told = frame("data: {\"choices\":[],\"usage\":{}}\n\n").with_usage(Some(usage));
    let mut frames = vec![delta(&json!({"content": "a"}))];
    let [last, done] = end("stop");
    frames.extend([last, told, done]);
    let said = events(frames).unwrap();
    assert_eq!(said[0].1["message"]["usage"]["input_tokens"], 100);
    let usage = &said[said.len() - 2].1["usage"];
    assert_eq!(
        (&usage["input_tokens"], &usage["output_tokens"]),
        (&json!(30), &json!(3))
    );
    assert_eq!(
        (&usage["cache_read_input_tokens"], &usage["orloj"]),
        (&json!(20), &Value::Null)
    );
    let guessed = stream(vec![delta(&json!({"content": "four"}))], "stop");
    assert_eq!(
        guessed[guessed.len() - 2].1["usage"]["orloj"]["estimated"],
        true
    );
}

#[test]
fn a_stream_without_a_reason_or_with_garbage_is_no_message() {
    let cut = events(vec![
        delta(&json!({"content": "a"})),
        frame("data: [DONE]\n\n"),
    ]);
    assert_eq!(cut.unwrap_err(), "ended its stream without a reason");
    assert!(events(vec![frame("data: nothing\n\n")]).is_err());
}

#[test]
fn a_failure_is_an_error_event_and_nothing_follows() {
    let error =
        ApiError::new(503, "overloaded", "too much").with_detail("endpoint", "default/here");
    let failed = Frame::failed(Dialect::Chat, error);
    let said = events(vec![delta(&json!({"content": "a"})), failed]).unwrap();
    let (name, data) = said.last().unwrap();
    assert_eq!(name, "error");
    assert_eq!(
        data["error"],
        json!({"type": "overloaded_error", "message": "too much", "orloj": {"endpoint": "default/here"}})
    );
    assert!(!said.iter().any(|(name, _)| name == "message_stop"));
}

#[test]
fn azures_empty_first_chunk_starts_nothing_and_comments_are_pings() {
    let empty =
        frame("data: {\"id\":\"\",\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[]}\n\n");
    let comment = || frame(": ready\n\n");
    let said = stream(
        vec![comment(), empty, delta(&json!({"content": "a"})), comment()],
        "stop",
    );
    let names: Vec<&str> = said.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "ping",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    assert_eq!(said[0].1["message"]["id"], "msg_1");
}

#[test]
fn reasoning_under_the_shorter_name_is_signed_with_it() {
    let frames = vec![
        delta(&json!({"reasoning": "h"})),
        delta(&json!({"reasoning": "m"})),
        delta(&json!({"content": "hey"})),
    ];
    let said = stream(frames, "stop");
    let deltas: Vec<_> = said
        .iter()
        .filter(|(name, data)| name == "content_block_delta" && data["index"] == 0)
        .map(|(_, data)| data["delta"].clone())
        .collect();
    assert_eq!(
        deltas,
        [
            json!({"type": "thinking_delta", "thinking": "h"}),
            json!({"type": "thinking_delta", "thinking": "m"}),
            json!({"type": "signature_delta", "signature": "reasoning"}),
        ]
    );
}

/// Name, id and arguments of each call that the pieces of `tool_calls` make.
fn called(pieces: &[Value]) -> Vec<(String, String, String)> {
    let frames = pieces
        .iter()
        .map(|piece| delta(&json!({"tool_calls": [piece]})));
    let mut calls: Vec<(String, String, String)> = Vec::new();
    for (name, data) in stream(frames.collect(), "tool_calls") {
        let block = &data["content_block"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        if name == "content_block_start" {
            calls.push((text(&block["name"]), text(&block["id"]), String::new()));
        } else if name == "content_block_delta" {
            let piece = data["delta"]["partial_json"].as_str().unwrap();
            calls.last_mut().unwrap().2.push_str(piece);
        }
    }
    calls
}

fn expected(calls: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    let own = |(name, id, arguments): &(&str, &str, &str)| {
        ((*name).into(), (*id).into(), (*arguments).into())
    };
    calls.iter().map(own).collect()
}

#[test]
fn calls_without_numbers_of_their_own_are_told_apart() {
    let function = |name: &str| json!({"name": name, "arguments": "{\"q\":1}"});
    let two = [("f", "a", "{\"q\":1}"), ("f", "b", "{\"q\":1}")];
    for index in [json!(0), Value::Null] {
        let piece = |id: &str| json!({"index": index, "id": id, "function": function("f")});
        assert_eq!(called(&[piece("a"), piece("b")]), expected(&two));
        // Without ids either.
        assert_eq!(
            called(&[piece(""), piece("")]),
            expected(&[("f", "msg_1_0", two[0].2), ("f", "msg_1_1", two[0].2)])
        );
        let more = |id: &str, name: Value, more: &str| json!({"index": index, "id": id, "function": {"name": name, "arguments": more}});
        // The id and name of each piece repeated, and an id that is another one each time.
        for (second, name) in [("a", json!("f")), ("z", Value::Null)] {
            let pieces = [
                more("a", json!("f"), "{\"q\""),
                more(second, name.clone(), ":1}"),
                more("b", json!("f"), ""),
                more("b", Value::Null, "{\"q\":1}"),
            ];
            assert_eq!(called(&pieces), expected(&two), "{second}");
        }
        let trailing = [
            more("a", json!("f"), "{}"),
            more("z", Value::Null, ""),
            more("y", Value::Null, ""),
        ];
        assert_eq!(called(&trailing), expected(&[("f", "a", "{}")]));
    }
}

#[test]
fn arguments_that_are_null_are_none() {
    let null = json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "null"}});
    let begun = json!({"index": 1, "id": "b", "function": {"name": "f", "arguments": "{\"q\":"}});
    let rest = json!({"index": 1, "function": {"arguments": "null"}});
    let end = json!({"index": 1, "function": {"arguments": "}"}});
    assert_eq!(
        called(&[null, begun, rest, end]),
        expected(&[("f", "a", ""), ("f", "b", "{\"q\":null}")])
    );
}

#[test]
fn a_call_begins_when_its_name_has_come() {
    let pieces = [
        json!({"index": 0, "id": "a", "function": {"arguments": ""}}),
        json!({"index": 0, "function": {"arguments": "{\"q\""}}),
        json!({"index": 0, "function": {"name": "f", "arguments": ":"}}),
        json!({"index": 0, "function": {"arguments": "1}"}}),
        json!({"index": 1, "id": "b", "function": {"arguments": "{}"}}),
    ];
    assert_eq!(
        called(&pieces),
        expected(&[("f", "a", "{\"q\":1}"), ("", "b", "{}")])
    );
}

#[test]
fn chunks_that_are_unusual_in_what_decides_nothing_are_read() {
    let odd = frame(
        "data: {\"id\":7,\"created\":1700000000.5,\"model\":null,\"choices\":[{\"index\":0,\"delta\":{\"content\":[\
         {\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"hm\"}]},{\"type\":\"text\",\"text\":\"hey\"}],\
         \"reasoning\":{}},\"finish_reason\":null}]}\n\n",
    );
    let [last, done] = end("stop");
    let usage = frame("data: {\"choices\":null,\"usage\":{}}\n\n");
    let said = events(vec![odd, last, usage, done]).unwrap();
    assert_eq!(
        short(&said),
        ["0+thinking", "0:hm", "0-", "1+text", "1:hey", "1-"]
    );
}
