//! What the daemon says became of secrets that were there, as lines.

use super::columns::text;
use serde_json::Value;
use std::fmt::Write as _;

/// One line for each value or recipient of `document.secrets`, and one for those that are not named.
pub(crate) fn lines(document: &Value, pointer: &str) -> Vec<String> {
    let told = document.pointer(pointer);
    let changes = told.and_then(|told| told.get("changes")?.as_array());
    let mut lines: Vec<_> = changes.into_iter().flatten().map(line).collect();
    let more = told.and_then(|told| told.get("more")?.as_u64());
    if let Some(more) = more.filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// `default/openai value: changed`.
fn line(change: &Value) -> String {
    let path = text(change, "/path");
    let unescaped = |token: &str| token.replace("~1", "/").replace("~0", "~");
    let what = if let Some(key) = path.strip_prefix("/spec/recipients/") {
        let sign = if text(change, "/op") == "remove" {
            '-'
        } else {
            '+'
        };
        format!("recipient: {sign} {key}")
    } else {
        let state = text(change, "/value_state");
        match path.strip_prefix("/spec/values/") {
            Some(key) => format!("{}: {state}{}", unescaped(key), recipients(change)),
            None => format!("(the file): {state}"),
        }
    };
    let (namespace, name) = (text(change, "/namespace"), text(change, "/name"));
    format!("{namespace}/{name} {what}")
}

/// `; recipients 1 -> 2, + age1…`, if they differ.
fn recipients(change: &Value) -> String {
    let Some(recipients) = change.get("recipients") else {
        return String::new();
    };
    let (before, after) = (text(recipients, "/before"), text(recipients, "/after"));
    let mut out = format!("; recipients {before} -> {after}");
    for (field, sign) in [("added", '+'), ("removed", '-')] {
        let keys = recipients.get(field).and_then(Value::as_array);
        for key in keys.into_iter().flatten().filter_map(Value::as_str) {
            let _ = write!(out, ", {sign} {key}");
        }
    }
    out
}
