//! Streams.

use super::fallback;
use crate::chat::{ApiError, Dialect, Frame, ResponseEvents, Usage};
use bytes::Bytes;
use serde_json::{Map, Value, json};

fn events(frames: Vec<Frame>) -> Result<Vec<Value>, &'static str> {
    let mut events = ResponseEvents::new(fallback(), Map::new());
    let mut out = Vec::new();
    for frame in frames {
        events.take(frame, &mut out)?;
    }
    Ok(out.iter().map(read).collect())
}

fn read(frame: &Frame) -> Value {
    let text = std::str::from_utf8(&frame.bytes).unwrap();
    let (name, data) = text.strip_suffix("\n\n").unwrap().split_once('\n').unwrap();
    let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(
        Some(name),
        data["type"]
            .as_str()
            .map(|kind| format!("event: {kind}"))
            .as_deref()
    );
    data
}

fn frame(text: &str) -> Frame {
    Bytes::from(text.to_owned()).into()
}

fn delta(delta: &Value) -> Frame {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": null});
    let chunk = json!({"id": "chatcmpl-1", "created": 5, "model": "gpt-x", "choices": [choice]});
    frame(&format!("data: {chunk}\n\n"))
}

fn call(index: usize, name: Option<&str>, arguments: &str) -> Frame {
    let id = name.map(|_| format!("call_{index}"));
    delta(
        &json!({"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]}),
    )
}

fn stream(mut frames: Vec<Frame>, reason: &str) -> Vec<Value> {
    let usage = Usage {
        prompt_tokens: 50,
        completion_tokens: 3,
        ..Usage::default()
    };
    let last = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]});
    frames.push(frame(&format!("data: {last}\n\n")).with_usage(Some(usage)));
    frames.push(frame("data: [DONE]\n\n"));
    events(frames).unwrap()
}

fn kinds(events: &[Value]) -> Vec<String> {
    let kind = |event: &Value| {
        let kind = event["type"]
            .as_str()
            .unwrap()
            .trim_start_matches("response.");
        event["output_index"]
            .as_u64()
            .map_or(kind.to_owned(), |at| format!("{at} {kind}"))
    };
    events.iter().map(kind).collect()
}

#[test]
fn items_are_added_said_and_done_with_numbers_in_sequence() {
    let said = stream(
        vec![
            delta(&json!({"role": "assistant", "content": ""})),
            delta(&json!({"reasoning_content": "hm"})),
            delta(&json!({"content": "he"})),
            delta(&json!({"content": "y"})),
            call(0, Some("f"), ""),
            call(0, None, "{\"q\":1}"),
        ],
        "tool_calls",
    );
    assert_eq!(
        kinds(&said),
        [
            "created",
            "in_progress",
            "0 output_item.added",
            "0 content_part.added",
            "0 reasoning_text.delta",
            "0 reasoning_text.done",
            "0 content_part.done",
            "0 output_item.done",
            "1 output_item.added",
            "1 content_part.added",
            "1 output_text.delta",
            "1 output_text.delta",
            "1 output_text.done",
            "1 content_part.done",
            "1 output_item.done",
            "2 output_item.added",
            "2 function_call_arguments.delta",
            "2 function_call_arguments.done",
            "2 output_item.done",
            "completed",
        ]
    );
    let numbers: Vec<_> = said
        .iter()
        .map(|event| event["sequence_number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..20).collect::<Vec<_>>());
    assert_eq!(said[12]["text"], "hey");
    assert_eq!(said[12]["item_id"], said[8]["item"]["id"]);
    assert_eq!(
        (&said[17]["name"], &said[17]["arguments"]),
        (&json!("f"), &json!("{\"q\":1}"))
    );
    let whole = &said[19]["response"];
    assert_eq!(whole["output"].as_array().unwrap().len(), 3);
    assert_eq!(whole["output"][2], said[18]["item"]);
    assert_eq!(
        (
            &whole["id"],
            &whole["created_at"],
            &whole["usage"]["total_tokens"]
        ),
        (&json!("resp_1"), &json!(5), &json!(53))
    );
    assert_eq!(said[0]["response"]["status"], "in_progress");
}

#[test]
fn calls_that_run_side_by_side_keep_their_numbers() {
    let said = stream(
        vec![
            call(0, Some("f"), "{\"a\":"),
            call(1, Some("g"), "{\"b\":2}"),
            call(0, None, "1}"),
            call(2, Some("h"), ""),
        ],
        "tool_calls",
    );
    let done: Vec<_> = said
        .iter()
        .filter(|event| event["type"] == "response.output_item.done")
        .map(|event| {
            (
                event["output_index"].as_u64().unwrap(),
                event["item"]["arguments"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(done, [(0, "{\"a\":1}"), (1, "{\"b\":2}"), (2, "{}")]);
}

#[test]
fn a_cut_answer_ends_incomplete() {
    let said = stream(vec![delta(&json!({"content": "a"}))], "length");
    let last = said.last().unwrap();
    assert_eq!(last["type"], "response.incomplete");
    assert_eq!(
        last["response"]["incomplete_details"]["reason"],
        "max_output_tokens"
    );
    assert_eq!(last["response"]["output"][0]["status"], "incomplete");
}

#[test]
fn a_failure_is_an_error_event_and_nothing_follows() {
    let error = ApiError::new(502, "upstream_error", "it broke").with_code("upstream_error");
    let said = events(vec![
        delta(&json!({"content": "a"})),
        Frame::failed(Dialect::Chat, error),
    ])
    .unwrap();
    let last = said.last().unwrap();
    assert_eq!(
        (&last["type"], &last["message"]),
        (&json!("error"), &json!("it broke"))
    );
    assert_eq!(
        (&last["error"]["code"], &last["sequence_number"]),
        (&json!("upstream_error"), &json!(5))
    );
    let cut = events(vec![
        delta(&json!({"content": "a"})),
        frame("data: [DONE]\n\n"),
    ]);
    assert_eq!(cut.unwrap_err(), "ended its stream without a reason");
    assert!(events(vec![frame("data: nothing\n\n")]).is_err());
}

#[test]
fn calls_without_numbers_of_their_own_are_told_apart() {
    let piece = |id: &str, name: Value| {
        delta(
            &json!({"tool_calls": [{"index": 0, "id": id, "function": {"name": name, "arguments": "{}"}}]}),
        )
    };
    let said = stream(
        vec![
            piece("a", json!("f")),
            piece("b", json!("g")),
            piece("c", Value::Null),
        ],
        "tool_calls",
    );
    let done: Vec<_> = said
        .iter()
        .filter(|event| event["type"] == "response.output_item.done")
        .map(|event| {
            let item = &event["item"];
            (
                item["call_id"].as_str().unwrap(),
                item["name"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(done, [("a", "f"), ("b", "g"), ("c", "")]);
}

#[test]
fn chunks_that_are_unusual_in_what_decides_nothing_are_read() {
    let odd = frame(
        "data: {\"id\":7,\"created\":1700000000.5,\"choices\":[{\"index\":0,\"delta\":{\"content\":[\
         {\"type\":\"thinking\",\"thinking\":\"hm\"},{\"type\":\"text\",\"text\":\"hey\"}]}}]}\n\n",
    );
    let said = stream(
        vec![odd, frame("data: {\"choices\":null,\"usage\":{}}\n\n")],
        "stop",
    );
    let output = &said.last().unwrap()["response"]["output"];
    assert_eq!(output[0]["content"][0]["text"], "hm");
    assert_eq!(output[1]["content"][0]["text"], "hey");
    assert_eq!(said[0]["response"]["created_at"], 7);
}
