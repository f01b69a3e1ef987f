//! Findings as JUnit XML, for the test pages of CI systems.

use super::reported::{Level, Reported, Tally};
use std::{collections::BTreeMap, fmt::Write as _};

/// One suite with a case for each file: an error fails it, warnings and notes are its output.
///
/// `files` are those that were read; a finding about anything else has a case of its own.
///
/// Only what the schema of Jenkins has, which the others read too; it has no `file` of a case, so the name is
/// the path.
///
/// Format: <https://github.com/testmoapp/junitxml>.
pub(crate) fn to_junit<'a>(
    files: impl IntoIterator<Item = &'a str>,
    findings: &'a [Reported],
) -> String {
    let mut cases: BTreeMap<&str, Vec<&Reported>> = BTreeMap::new();
    cases.extend(files.into_iter().map(|file| (file, Vec::new())));
    for finding in findings {
        cases.entry(&finding.file).or_default().push(finding);
    }
    let fails = |found: &&Vec<&Reported>| found.iter().any(|one| one.severity == Level::Error);
    let failures = cases.values().filter(fails).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"0\"",
        cases.len()
    );
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"orloj validate\" {counts}>");
    let _ = writeln!(
        out,
        "  <testsuite name=\"manifests\" {counts} skipped=\"0\">"
    );
    for (file, found) in cases {
        case(&mut out, file, &found);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn case(out: &mut String, file: &str, found: &[&Reported]) {
    let file = escaped(file);
    let _ = write!(out, "    <testcase classname=\"manifests\" name=\"{file}\"");
    if found.is_empty() {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    let (errors, others): (Vec<&Reported>, Vec<&Reported>) =
        found.iter().partition(|one| one.severity == Level::Error);
    if let Some(first) = errors.first() {
        let owned: Vec<Reported> = errors.iter().map(|one| (*one).clone()).collect();
        let message = match errors.len() {
            1 => first.message.clone(),
            _ => Tally::of(&owned).sentence(),
        };
        let _ = writeln!(
            out,
            "      <failure type=\"{}\" message=\"{}\">{}</failure>",
            escaped(&first.code),
            escaped(&message),
            escaped(&lines(&errors))
        );
    }
    if !others.is_empty() {
        let text = escaped(&lines(&others));
        let _ = writeln!(out, "      <system-out>{text}</system-out>");
    }
    out.push_str("    </testcase>\n");
}

/// `FILE:LINE:COLUMN CODE message (hint)`, one a line.
fn lines(findings: &[&Reported]) -> String {
    let mut text = String::new();
    for one in findings {
        let _ = write!(
            text,
            "{}:{}:{} {} {}",
            one.file, one.line, one.column, one.code, one.message
        );
        if let Some(hint) = &one.hint {
            let _ = write!(text, " ({hint})");
        }
        text.push('\n');
    }
    text
}

/// Text for an element or an attribute; what XML 1.0 (section 2.2) cannot hold becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
