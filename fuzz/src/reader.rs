//! The reader alone, before any schema: limits hold, findings point into the file, and a byte order mark
//! in front changes nothing.

use super::positions::point_into;
use orloj::manifest::{MAX_DEPTH, MAX_NODES, read_documents};
use serde_json::Value;

/// Reads `bytes` as YAML documents.
pub fn check(bytes: &[u8]) {
    let read = read_documents(&"f.yaml".into(), bytes);
    point_into(bytes, &read.findings);
    let nodes: usize = read.values.iter().map(|value| nodes(value, 0)).sum();
    assert!(nodes <= MAX_NODES, "{nodes} nodes");
    if bytes.starts_with("\u{feff}".as_bytes()) {
        return;
    }
    let marked = ["\u{feff}".as_bytes(), bytes].concat();
    let again = read_documents(&"f.yaml".into(), &marked);
    assert_eq!(again.values, read.values);
    assert_eq!(again.findings, read.findings);
}

fn nodes(value: &Value, depth: usize) -> usize {
    assert!(depth <= MAX_DEPTH, "deeper than the limit");
    let below = |values: &mut dyn Iterator<Item = &Value>| -> usize {
        values.map(|value| nodes(value, depth + 1)).sum()
    };
    1 + match value {
        Value::Array(items) => below(&mut items.iter()),
        Value::Object(fields) => below(&mut fields.values()),
        _ => 0,
    }
}
