//! Thinking in the messages of a request, taken out where it cannot be valid.

use super::inputs::Turn;
use crate::chat::envelope::{span, splice};
use crate::chat::reasoning::{BLOCKS, LONG_NAME, SIGNER};
use crate::chat::without_fields;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    signature: Option<Cow<'a, str>>,
}

/// `body` without the blocks of thinking that `is_unwanted`, told by their signature; of a redacted one that is `None`.
/// A turn that was nothing else is gone with them. `None` if there are none; every other byte stays.
pub fn without_thoughts(body: &[u8], is_unwanted: impl Fn(Option<&str>) -> bool) -> Option<Bytes> {
    edited(body, "thinking\"", |turn| without(turn, &is_unwanted))
}

/// The body of a chat without the thinking that this gateway handed out for a model of Anthropic, neither as blocks nor as
/// text: OpenAI refuses fields it does not know. `None` if there is none; every other byte stays.
pub fn without_signed_thinking(body: &[u8]) -> Option<Bytes> {
    edited(body, SIGNER, |message| {
        memchr::memmem::find(message.as_bytes(), SIGNER.as_bytes())?;
        let is_ours = |name: &str, value: &str| match name {
            BLOCKS => value.contains(SIGNER),
            _ => false,
        };
        let rest = without_fields(message.as_bytes(), is_ours)?;
        let rest = without_fields(&rest, |name, _| name == LONG_NAME).unwrap_or(rest);
        String::from_utf8(rest.into()).ok()
    })
}

/// `body` with its `messages` as `edit` makes them: `None` leaves one alone, an empty text takes it out. Most requests hold
/// no `trace` of what is looked for, and need not be read.
fn edited(body: &[u8], trace: &str, edit: impl Fn(&str) -> Option<String>) -> Option<Bytes> {
    memchr::memmem::find(body, trace.as_bytes())?;
    let text = std::str::from_utf8(body).ok()?;
    let messages = serde_json::from_str::<Body<'_>>(text).ok()?.messages?;
    let turns: Vec<&RawValue> = serde_json::from_str(messages.get()).ok()?;
    let mut is_changed = false;
    let mut kept: Vec<Cow<'_, str>> = Vec::with_capacity(turns.len());
    for turn in turns {
        let edited = edit(turn.get());
        is_changed |= edited.is_some();
        kept.push(edited.map_or_else(|| turn.get().into(), Cow::Owned));
    }
    kept.retain(|turn| !turn.is_empty());
    let messages = span(text, messages.get());
    is_changed.then(|| splice(body, vec![(messages, format!("[{}]", kept.join(",")))]))
}

/// One turn without such blocks: `None` if it has none, empty if it has nothing else.
fn without(turn: &str, is_unwanted: impl Fn(Option<&str>) -> bool) -> Option<String> {
    let content = serde_json::from_str::<Turn<'_>>(turn).ok()?.content?;
    let blocks: Vec<&RawValue> = serde_json::from_str(content.get()).ok()?;
    let is_kept = |block: &&&RawValue| {
        let Ok(read) = serde_json::from_str::<Block<'_>>(block.get()) else {
            return true;
        };
        match read.kind.as_deref() {
            Some("thinking") => !is_unwanted(Some(read.signature.as_deref().unwrap_or_default())),
            Some("redacted_thinking") => !is_unwanted(None),
            _ => true,
        }
    };
    let kept: Vec<&str> = blocks.iter().filter(is_kept).map(|it| it.get()).collect();
    if kept.len() == blocks.len() {
        return None;
    }
    if kept.is_empty() {
        return Some(String::new());
    }
    let place = span(turn, content.get());
    let (before, behind) = (&turn[..place.start], &turn[place.end..]);
    Some(format!("{before}[{}]{behind}", kept.join(",")))
}

#[cfg(test)]
mod tests {
    use super::{without_signed_thinking, without_thoughts};

    fn unsigned(body: &str) -> Option<String> {
        let body = without_thoughts(body.as_bytes(), |signature| signature == Some(""));
        body.map(|body| String::from_utf8_lossy(&body).into_owned())
    }

    #[test]
    fn unwanted_thoughts_are_gone_and_the_rest_is_as_it_was() {
        let body = r#"{ "a":1.50, "messages" : [{"role":"user","content":"h\u0069"}, {"role":"assistant", "content":[ {"type":"thinking","thinking":"x","signature":""}, {"type":"thinking","thinking":"y","signature":"s"} ,{"x":1.0,"type":"text"}]},{"role":"assistant","content":[{"type":"thinking","thinking":"z"}]}],"b":2}"#;
        let expected = r#"{ "a":1.50, "messages" : [{"role":"user","content":"h\u0069"},{"role":"assistant", "content":[{"type":"thinking","thinking":"y","signature":"s"},{"x":1.0,"type":"text"}]}],"b":2}"#;
        assert_eq!(unsigned(body).as_deref(), Some(expected));
    }

    #[test]
    fn thinking_that_was_signed_for_somebody_is_gone_from_a_chat() {
        let without = |body: &str| without_signed_thinking(body.as_bytes());
        let body = r#"{"x": 1.0,"messages":[{"role":"user", "content":"signed_for"},{"role":"assistant","content":"a","reasoning_content":"hm", "thinking_blocks":[{"signed_for":"1"}],"y":2.0}]}"#;
        let expected = r#"{"x": 1.0,"messages":[{"role":"user", "content":"signed_for"},{"role":"assistant","content":"a","y":2.0}]}"#;
        assert_eq!(without(body).as_deref(), Some(expected.as_bytes()));
        let others = r#"{"messages":[{"content":"signed_for"},{"reasoning_content":"hm","content":"signed_for"}]}"#;
        assert_eq!(without(others), None);
    }

    #[test]
    fn a_body_without_unwanted_ones_is_left_alone() {
        for body in [
            r#"{"messages":[{"role":"assistant","content":[{"type":"thinking","signature":"s"},{"type":"redacted_thinking","data":"x"}]}]}"#,
            r#"{"thinking":{"type":"enabled"},"messages":[{"role":"user","content":"thinking\""}]}"#,
            r#"{"messages":5,"x":"thinking"}"#,
            "thinking\"",
        ] {
            assert_eq!(unsigned(body), None, "{body}");
        }
    }
}
