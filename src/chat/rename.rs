//! A field of a body under another name.

use super::envelope::{span, splice};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// `body` with its limit of tokens under the name that OpenAI's newer models know alone; `None` if it names no limit, or by
/// the newer name too. Every other byte stays.
pub fn with_newer_limit(body: &[u8]) -> Option<Bytes> {
    #[derive(Deserialize)]
    struct Limits<'a> {
        #[serde(borrow)]
        max_tokens: Option<&'a RawValue>,
        #[serde(borrow)]
        max_completion_tokens: Option<&'a RawValue>,
    }
    const OLDER: &str = "\"max_tokens\"";
    let text = std::str::from_utf8(body).ok()?;
    let limits: Limits<'_> = serde_json::from_str(text).ok()?;
    if limits.max_completion_tokens.is_some() {
        return None;
    }
    let value = span(text, limits.max_tokens?.get());
    let before = text[..value.start].trim_end().strip_suffix(':')?.trim_end();
    // Written with escapes it is left to the provider.
    let key = before.strip_suffix(OLDER)?.len();
    let newer = "\"max_completion_tokens\"".to_owned();
    Some(splice(body, vec![(key..key + OLDER.len(), newer)]))
}
