//! Every field of every real payload removed, null, of another type, empty and very long (after the
//! crashes of Argo CD: GHSA-f9gq-prrc-hrhc, GHSA-wp4p-9pxh-cgx2, CVE-2025-59538). `http` does the same
//! with a proof that fits.

use super::{PAYLOADS, watched};
use crate::forge::Delivery;
use axum::http::HeaderMap;
use serde_json::{Value, json};

/// What is put in the place of a field; `None` removes it.
fn replacements() -> Vec<Option<Value>> {
    vec![
        None,
        Some(Value::Null),
        Some(json!(true)),
        Some(json!(-1)),
        Some(json!("")),
        Some(json!("\u{0}\u{202e}://@:/%")),
        Some(json!([])),
        Some(json!({})),
        Some(json!({"href": [], "hash": {}})),
    ]
}

/// The pointer (RFC 6901) of every value below `value`.
pub(crate) fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, it)| (key.clone(), it)).collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(n, it)| (n.to_string(), it))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let key = key.replace('~', "~0").replace('/', "~1");
        let pointer = format!("{at}/{key}");
        found.push(pointer.clone());
        pointers(child, &pointer, found);
    }
}

/// The document with one value replaced.
pub(crate) fn replaced(document: &Value, pointer: &str, by: Option<&Value>) -> Value {
    let mut changed = document.clone();
    if let Some(value) = by {
        *changed.pointer_mut(pointer).unwrap() = value.clone();
        return changed;
    }
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match changed.pointer_mut(parent).unwrap() {
        Value::Object(map) => {
            map.shift_remove(&key.replace("~1", "/").replace("~0", "~"));
        }
        Value::Array(list) => {
            list.remove(key.parse().unwrap());
        }
        _ => {}
    }
    changed
}

#[test]
fn no_field_of_a_payload_is_trusted() {
    let sources = [
        watched("https://github.com/binkkatal/sample_app.git", "master"),
        watched("git@example.com:mike/diaspora.git", "master"),
        watched("/srv/git/routing.git", "main"),
    ];
    let mut read = 0;
    for (provider, _, text) in PAYLOADS {
        let document: Value = serde_json::from_str(text).unwrap();
        let mut places = Vec::new();
        pointers(&document, "", &mut places);
        for place in &places {
            for by in &replacements() {
                let body = replaced(&document, place, by.as_ref()).to_string();
                let delivery = Delivery::read(provider, &HeaderMap::new(), body.as_bytes());
                for source in &sources {
                    delivery.concern(source);
                }
                read += 1;
            }
        }
    }
    assert!(read > 5000, "{read}");
}

#[test]
fn field_of_a_million_characters_is_read_without_harm() {
    let source = watched("https://github.com/binkkatal/sample_app.git", "master");
    let long = "https://github.com/".repeat(1_000_000 / 19);
    let read_fields = [
        "/ref",
        "/after",
        "_url",
        "href",
        "hash",
        "Hash",
        "ObjectId",
        "/refUpdates/0/name",
        "/new/name",
        "/id",
        "remoteUrl",
        "eventType",
        "object_kind",
        "event_name",
    ];
    for (provider, _, text) in PAYLOADS {
        let document: Value = serde_json::from_str(text).unwrap();
        let mut places = Vec::new();
        pointers(&document, "", &mut places);
        places.retain(|place| read_fields.iter().any(|field| place.ends_with(field)));
        for place in places.iter().take(6) {
            let marked = replaced(&document, place, Some(&json!("@LONG@"))).to_string();
            let body = marked.replace("@LONG@", &long);
            Delivery::read(provider, &HeaderMap::new(), body.as_bytes()).concern(&source);
        }
        let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
        let body = format!("{{\"repository\": {open}1{close}}}");
        Delivery::read(provider, &HeaderMap::new(), body.as_bytes()).concern(&source);
    }
}
