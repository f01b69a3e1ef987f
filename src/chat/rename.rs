//! A field of a body under another name.

use super::envelope::{span, splice};
use super::leaving_out::without_fields;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// `body` with its limit of tokens under the name that OpenAI's newer models know alone; `None` if it names no limit, or by
/// the newer name too. Every other byte stays, but for a null under the newer name.
pub fn with_newer_limit(body: &[u8]) -> Option<Bytes> {
    #[derive(Deserialize)]
    struct Limits<'a> {
        #[serde(borrow)]
        max_tokens: Option<&'a RawValue>,
        #[serde(borrow)]
        max_completion_tokens: Option<&'a RawValue>,
    }
    const OLDER: &str = "\"max_tokens\"";
    const NEWER: &str = "max_completion_tokens";
    let text = std::str::from_utf8(body).ok()?;
    let limits: Limits<'_> = serde_json::from_str(text).ok()?;
    if limits.max_completion_tokens.is_some() {
        return None;
    }
    let value = span(text, limits.max_tokens?.get());
    let before = text[..value.start].trim_end().strip_suffix(':')?.trim_end();
    // Written with escapes it is left to the provider.
    let key = before.strip_suffix(OLDER)?.len();
    let newer = format!("\"{NEWER}\"");
    let renamed = splice(body, vec![(key..key + OLDER.len(), newer)]);
    // Of two fields of one name the null could count.
    let without = without_fields(&renamed, |name, value| name == NEWER && value == "null");
    Some(without.unwrap_or(renamed))
}
