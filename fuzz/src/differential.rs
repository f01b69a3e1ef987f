//! What we and libyaml accept, both read as the same values.
//!
//! The second reader is libyaml (through `serde_yaml`), which shares no code with ours.

use orloj::manifest::read_documents;
use serde::Deserialize as _;
use serde_json::Value;
use serde_yaml::Value as Yaml;

/// Reads `bytes` with both readers.
pub fn check(bytes: &[u8]) {
    let ours = read_documents(&"f.yaml".into(), bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    // A file that says nothing is a null or an error to `serde_yaml`.
    let says_nothing = ours.values.iter().all(Value::is_null);
    if says_nothing || !ours.findings.is_empty() {
        return;
    }
    // YAML 1.1, which libyaml reads, ends lines at these too; YAML 1.2 does not (section 5.4).
    if text.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        return;
    }
    // `serde_yaml` takes a byte order mark for content.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A block text that the file's end cuts off has a last line end for us, and none for libyaml.
    let last_line = text.rsplit(['\n', '\r']).next().unwrap_or_default();
    let is_cut_off = !last_line.trim().is_empty();
    let end = if is_cut_off { "\n" } else { "" };
    let text = format!("{text}{end}");
    let mut theirs = Vec::new();
    for document in serde_yaml::Deserializer::from_str(&text) {
        match Yaml::deserialize(document) {
            Ok(value) => theirs.push(value),
            // It reads YAML 1.1, and no number beyond 64 bits: what it refuses cannot be compared.
            Err(_) => return,
        }
    }
    assert_eq!(
        ours.values.len(),
        theirs.len(),
        "{:?} {theirs:?}",
        ours.values
    );
    for (ours, theirs) in ours.values.iter().zip(&theirs) {
        assert!(same(ours, theirs), "\n{ours:?}\n{theirs:?}");
    }
}

fn same(ours: &Value, theirs: &Yaml) -> bool {
    match (ours, theirs) {
        (Value::Array(ours), Yaml::Sequence(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (Value::Object(ours), Yaml::Mapping(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|((name, ours), (key, theirs))| {
                        is_same_key(name, key.as_str()) && same(ours, theirs)
                    })
        }
        (Value::String(ours), Yaml::String(theirs)) => ours == theirs,
        (Value::Bool(ours), Yaml::Bool(theirs)) => ours == theirs,
        // JSON has no number that is not finite.
        (Value::Null, Yaml::Number(theirs)) => theirs.as_f64().is_none_or(|it| !it.is_finite()),
        // `1e400` is a text to libyaml's user, and refused where a manifest is read as a whole.
        (Value::Null, Yaml::String(text)) => text.parse().is_ok_and(f64::is_infinite),
        (Value::Number(ours), Yaml::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        // What is a number and what only looks like one differs: `0777` is one to YAML 1.2, `0b1` to
        // libyaml's user. A field of text keeps the source's text either way.
        (Value::Number(_), Yaml::String(text)) | (Value::String(text), Yaml::Number(_)) => {
            is_like_a_number(text)
        }
        (Value::Null, Yaml::Null) => true,
        _ => false,
    }
}

fn is_like_a_number(text: &str) -> bool {
    text.trim_start_matches(['+', '-', '.'])
        .starts_with(|c: char| c.is_ascii_digit())
}

/// Within `{}`, `?a` is a plain text to YAML 1.2 (section 7.3.3), and the key `a` to libyaml.
fn is_same_key(ours: &str, theirs: Option<&str>) -> bool {
    theirs == Some(ours) || (theirs.is_some() && theirs == ours.strip_prefix('?'))
}
