//! The inputs of tools as a request writes them.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    messages: Vec<Turn<'a>>,
}

/// One turn, its content a text or blocks.
#[derive(Deserialize)]
pub(super) struct Turn<'a> {
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

/// Gives the calls in `messages`, which `body` was translated to, the text of their inputs: what went through a `Value`
/// lost the numbers that no double holds.
pub(super) fn keep_text(body: &[u8], messages: &mut [Value]) {
    let calls = messages
        .iter_mut()
        .filter_map(|message| message.get_mut("tool_calls")?.as_array_mut())
        .flatten();
    let mut calls = calls.peekable();
    if calls.peek().is_none() {
        return;
    }
    // Calls stand in the order of their blocks, each turn's behind those of the turn before.
    for (call, input) in calls.zip(inputs(body)) {
        if let Some(input) = input.filter(|input| input.starts_with('{')) {
            call["function"]["arguments"] = input.into();
        }
    }
}

/// What each `tool_use` block has as its input, in order.
fn inputs(body: &[u8]) -> Vec<Option<&str>> {
    let Ok(body) = serde_json::from_slice::<Body<'_>>(body) else {
        return Vec::new();
    };
    let blocks = body.messages.iter().flat_map(|turn| {
        let blocks = turn.content.map(RawValue::get);
        let blocks = blocks.and_then(|text| serde_json::from_str::<Vec<Block<'_>>>(text).ok());
        blocks.unwrap_or_default()
    });
    blocks
        .filter(|block| block.kind == "tool_use")
        .map(|block| block.input.map(RawValue::get))
        .collect()
}
