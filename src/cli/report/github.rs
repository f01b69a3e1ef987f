//! Findings as annotations of GitHub's workflow log.

use super::reported::{Level, Reported};
use std::fmt::Write as _;

/// One workflow command per finding.
///
/// Format: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.
pub(crate) fn to_github(findings: &[Reported]) -> String {
    let mut out = String::new();
    for finding in findings {
        let command = match finding.severity {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let mut message = finding.message.clone();
        if let Some(hint) = &finding.hint {
            let _ = write!(message, "\n{hint}");
        }
        let _ = writeln!(
            out,
            "::{command} file={},line={},col={},endLine={},endColumn={},title={}::{}",
            property(&finding.file),
            finding.line,
            finding.column,
            finding.end_line,
            finding.end_column,
            property(&finding.code),
            data(&message),
        );
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
