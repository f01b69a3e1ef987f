//! The age recipients that a `.sops.yaml` names for a path.
//!
//! Format: `creation_rules` of <https://getsops.io/docs/#using-sops-yaml-conf-to-select-kms-pgp-and-age-for-new-files>.

use super::recipients::parse;
use crate::{cli::error::CliError, manifest::read_documents, secrets::Recipient};
use regex::Regex;
use serde_json::Value;

/// What the first rule that fits says.
pub(super) struct Rule {
    pub(super) keys: Vec<Recipient>,
    /// Its keys that are not age's, by the names of their fields.
    pub(super) others: Option<String>,
}

/// Fields of a rule with keys that are not age's.
const OTHERS: [&str; 6] = [
    "pgp",
    "kms",
    "gcp_kms",
    "azure_keyvault",
    "hc_vault_transit_uri",
    "hckms",
];

/// The recipients for `path`, which is written as from the file's directory.
pub(super) fn recipients(file: &str, bytes: &[u8], path: &str) -> Result<Rule, CliError> {
    let mut documents = read_documents(&file.into(), bytes);
    if let Some(finding) = documents.findings.first() {
        let line = finding.origin.span.start.line;
        return Err(CliError::new(format!("{file}:{line}: {}", finding.message)));
    }
    let config = documents.values.drain(..).next().unwrap_or_default();
    let rules = config.get("creation_rules").and_then(Value::as_array);
    let rules = rules.map(Vec::as_slice).unwrap_or_default();
    for (index, rule) in rules.iter().enumerate() {
        let failed =
            |problem: String| CliError::new(format!("rule {} of `{file}` {problem}", index + 1));
        if fits(rule, path).map_err(failed)? {
            return keys(rule).map_err(failed);
        }
    }
    Err(
        CliError::new(format!("no rule of `{file}` fits `{path}`")).with_hint(
            "add a rule for the path to its `creation_rules`, or give `--recipient age1...`",
        ),
    )
}

/// Whether a rule is for the path: without a pattern it is for all.
fn fits(rule: &Value, path: &str) -> Result<bool, String> {
    let Some(pattern) = rule.get("path_regex").and_then(Value::as_str) else {
        return Ok(true);
    };
    let pattern = Regex::new(pattern)
        .map_err(|_| format!("has a `path_regex` that is no regular expression: `{pattern}`"))?;
    Ok(pattern.is_match(path))
}

fn keys(rule: &Value) -> Result<Rule, String> {
    let groups = rule.get("key_groups").and_then(Value::as_array);
    let group = match groups.map(Vec::as_slice) {
        None | Some([]) => rule,
        Some([group]) => group,
        Some(_) => {
            return Err(
                "has several `key_groups`, which need a key of each; only one is read".into(),
            );
        }
    };
    let others: Vec<_> = OTHERS
        .into_iter()
        .filter(|field| group.get(field).is_some_and(|it| !is_empty(it)))
        .collect();
    let mut keys = Vec::new();
    for text in texts(group.get("age")) {
        keys.push(parse(text).map_err(|problem| format!("has an `age` key that {problem}"))?);
    }
    if keys.is_empty() {
        return Err("names no age recipient".into());
    }
    Ok(Rule {
        keys,
        others: (!others.is_empty()).then(|| others.join(", ")),
    })
}

/// Words of a text with commas, or of a list.
fn texts(value: Option<&Value>) -> Vec<&str> {
    let all: Vec<&str> = match value {
        Some(Value::String(text)) => text.split(',').collect(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let trimmed = all.into_iter().map(str::trim);
    trimmed.filter(|text| !text.is_empty()).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
