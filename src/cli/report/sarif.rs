//! Findings as SARIF, for code scanning.

use super::{
    explained,
    reported::{Level, Reported},
};
use crate::model::code;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Name of our fingerprint; the number grows when the recipe changes.
const FINGERPRINT: &str = "orlojFinding/v1";

/// One run with a result for each finding and a rule for each code that occurs.
///
/// Format: SARIF 2.1.0, <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.
pub(crate) fn to_sarif(findings: &[Reported]) -> Value {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        rules.entry(&finding.code).or_default();
    }
    for (index, place) in rules.values_mut().enumerate() {
        *place = index;
    }
    let mut seen = HashMap::new();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| result(finding, rules[&*finding.code], &mut seen))
        .collect();
    let rules: Vec<Value> = rules.keys().map(|code| rule(code)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "orloj",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(finding: &Reported, rule: usize, seen: &mut HashMap<String, usize>) -> Value {
    let mut text = finding.message.clone();
    if let Some(hint) = &finding.hint {
        let _ = write!(text, "\n{hint}");
    }
    let mut location = Map::new();
    location.insert(
        "artifactLocation".to_owned(),
        json!({ "uri": uri(&finding.file) }),
    );
    if !finding.is_about_file() {
        let region = json!({
            "startLine": finding.line,
            "startColumn": finding.column,
            "endLine": finding.end_line,
            "endColumn": finding.end_column,
        });
        location.insert("region".to_owned(), region);
    }
    json!({
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": text },
        "locations": [{ "physicalLocation": location }],
        "partialFingerprints": { FINGERPRINT: fingerprint(finding, seen) },
    })
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

/// The same for the same problem after lines were added above it: what is wrong and in which file, and
/// which of several alike it is.
fn fingerprint(finding: &Reported, seen: &mut HashMap<String, usize>) -> String {
    let mut hash = Sha256::new();
    for part in [&finding.code, &finding.file, &finding.message] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let alike = hex::encode(&hash.finalize()[..16]);
    let number = seen.entry(alike.clone()).or_default();
    *number += 1;
    format!("{alike}:{number}")
}

fn rule(id: &str) -> Value {
    let known = code::ALL.iter().find(|(code, _)| code.as_str() == id);
    let Some((code, meaning)) = known else {
        return json!({ "id": id });
    };
    let level = if id.starts_with("E-") {
        "error"
    } else {
        "warning"
    };
    let mut rule = json!({
        "id": id,
        "name": name(id),
        "shortDescription": { "text": meaning.trim() },
        "defaultConfiguration": { "level": level },
    });
    if let Some(explanation) = code.explanation() {
        rule["fullDescription"] = json!({ "text": meaning.trim() });
        rule["help"] = json!({
            "text": explained::plain(*code, meaning, explanation),
            "markdown": explained::markdown(meaning, explanation),
        });
    }
    rule
}

/// `E-REF-MISSING` as `RefMissing`.
fn name(code: &str) -> String {
    let words = code.split('-').skip(1);
    words
        .map(|word| match word.split_at_checked(1) {
            Some((first, rest)) => format!("{first}{}", rest.to_lowercase()),
            None => String::new(),
        })
        .collect()
}

/// A path as a URI reference: relative ones stay relative to the top of what was checked.
///
/// Characters: RFC 3986, section 3.3.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        let plain =
            byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'~');
        if plain {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
