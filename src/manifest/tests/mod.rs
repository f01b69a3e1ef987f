#![expect(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "tests"
)]

mod committed_schemas;
mod cron;
mod defaults;
mod digests;
mod exact;
mod fast_path;
mod fields;
mod forms;
mod hostile;
mod identity;
mod invalid;
mod known_fields;
mod leaks;
mod misread;
mod moved;
mod packed;
mod properties;
mod schemas;
mod sealed_files;
mod sops_text;
mod straight;
mod stray;
mod tidied;
mod unserved;
mod written;
mod yaml;

use super::{AssembleOptions, ClearTextPolicy, ParsedFile, assemble, parse_file};
use crate::model::{Catalog, Findings, Resource};
use std::sync::Arc;

/// Reads one file called `test.yaml`.
fn parse(text: &str) -> ParsedFile {
    parse_file(&"test.yaml".into(), text.as_bytes())
}

/// Reads files and joins them as a Git source does.
fn join(files: &[(&str, &str)]) -> (Catalog, Findings) {
    join_with(files, ClearTextPolicy::Refuse)
}

fn join_with(files: &[(&str, &str)], clear_text: ClearTextPolicy) -> (Catalog, Findings) {
    let parsed: Vec<_> = files
        .iter()
        .map(|(name, text)| Arc::new(parse_file(&(*name).into(), text.as_bytes())))
        .collect();
    assemble(&parsed, AssembleOptions { clear_text })
}

/// The one resource of a file without findings.
#[track_caller]
fn one(text: &str) -> Arc<Resource> {
    let parsed = parse(text);
    assert_eq!(lines(&parsed), Vec::<String>::new());
    assert_eq!(parsed.resources.len(), 1);
    parsed.resources[0].clone()
}

/// The one resource of a file without findings, unless it has numbers below 0.
#[track_caller]
fn one_however_negative(text: &str) -> Arc<Resource> {
    let parsed = parse(text);
    assert_eq!(lines_but_negative(&parsed), Vec::<String>::new());
    assert_eq!(parsed.resources.len(), 1);
    parsed.resources[0].clone()
}

/// As [`lines`], without those about numbers below 0.
fn lines_but_negative(parsed: &ParsedFile) -> Vec<String> {
    let mut found = lines(parsed);
    found.retain(|line| !line.contains(" W-FIELD-NEGATIVE "));
    found
}

/// `LINE:COLUMN CODE message (hint)` of every finding.
fn lines(parsed: &ParsedFile) -> Vec<String> {
    let line = |finding: &crate::model::Finding| {
        let start = finding.origin.span.start;
        let hint = finding.hint.as_deref().map(|hint| format!(" ({hint})"));
        format!(
            "{}:{} {} {}{}",
            start.line,
            start.column,
            finding.code.as_str(),
            finding.message,
            hint.unwrap_or_default()
        )
    };
    parsed.findings.iter().map(line).collect()
}

/// `LINE:COLUMN CODE` of every finding.
fn places(text: &str) -> Vec<String> {
    let short = |line: &String| {
        let mut words = line.split(' ');
        format!("{} {}", words.next().unwrap(), words.next().unwrap())
    };
    lines(&parse(text)).iter().map(short).collect()
}

/// A `ModelEndpoint` with further lines of `spec`, which begins in line 6.
fn endpoint(lines: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata:\n  name: main\nspec:\n  default_model: gpt-4o\n{lines}"
    )
}

/// An `Agent` with further lines of `spec`, which begins in line 6.
fn agent(lines: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: Agent\nmetadata:\n  name: writer\nspec:\n  model_ref: main\n{lines}"
    )
}

/// The example that the schema of each form gives, as JSON.
fn examples() -> impl Iterator<Item = String> {
    let schemas = super::schema::generate_all();
    schemas.filter_map(|(name, text)| {
        let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
        let [one] = schema["examples"].as_array()?.as_slice() else {
            return None;
        };
        assert!(one["kind"].is_string(), "{name}");
        Some(serde_json::to_string_pretty(one).unwrap())
    })
}
