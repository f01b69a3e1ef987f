//! Blocks of thinking in a Messages request, taken out where they cannot be valid.

use crate::chat::envelope::{span, splice};
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
struct Turn<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
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
    // Most requests hold no such block, and need not be read for that.
    memchr::memmem::find(body, b"thinking\"")?;
    let text = std::str::from_utf8(body).ok()?;
    let messages = serde_json::from_str::<Body<'_>>(text).ok()?.messages?;
    let turns: Vec<&RawValue> = serde_json::from_str(messages.get()).ok()?;
    let mut is_changed = false;
    let mut kept: Vec<Cow<'_, str>> = Vec::with_capacity(turns.len());
    for turn in turns {
        match without(turn.get(), &is_unwanted) {
            None => kept.push(turn.get().into()),
            Some(rest) => {
                is_changed = true;
                kept.extend(rest.map(Cow::Owned));
            }
        }
    }
    let messages = span(text, messages.get());
    is_changed.then(|| splice(body, vec![(messages, format!("[{}]", kept.join(",")))]))
}

/// One turn without such blocks: `None` if it has none, `Some(None)` if it has nothing else.
fn without(turn: &str, is_unwanted: impl Fn(Option<&str>) -> bool) -> Option<Option<String>> {
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
        return Some(None);
    }
    let place = span(turn, content.get());
    let (before, behind) = (&turn[..place.start], &turn[place.end..]);
    Some(Some(format!("{before}[{}]{behind}", kept.join(","))))
}

#[cfg(test)]
mod tests {
    use super::without_thoughts;

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
