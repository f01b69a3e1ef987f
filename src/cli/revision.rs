//! Revisions as people read them.

use serde_json::Value;

/// Digits of a commit that tell it from others.
const DIGITS: usize = 12;

/// What the daemon calls its revision before the first one.
pub(crate) const NONE: &str = "none";

/// A commit id or digest by its first digits; other names whole.
pub(crate) fn short(name: &str) -> String {
    let (prefix, digits) = match name.split_once(':') {
        Some((algorithm, digits)) => (format!("{algorithm}:"), digits),
        None => (String::new(), name),
    };
    let is_id = digits.len() >= 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = if is_id { &digits[..DIGITS] } else { digits };
    format!("{prefix}{digits}")
}

/// A count, whether it comes as a number or as a list.
pub(crate) fn number(entry: &Value, field: &str) -> u64 {
    match entry.get(field) {
        Some(Value::Array(list)) => u64::try_from(list.len()).unwrap_or(u64::MAX),
        Some(value) => value.as_u64().unwrap_or_default(),
        None => 0,
    }
}
