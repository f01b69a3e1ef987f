//! A finding as it is shown, wherever it comes from.

use crate::{
    cli::text::count,
    model::{Finding, Findings, Severity},
};
use serde::Deserialize;
use std::collections::BTreeSet;

/// A finding of this process or of the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Reported {
    pub(crate) code: String,
    pub(crate) severity: Level,
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) file: String,
    #[serde(default)]
    pub(crate) line: usize,
    #[serde(default)]
    pub(crate) column: usize,
    #[serde(default)]
    pub(crate) end_line: usize,
    #[serde(default)]
    pub(crate) end_column: usize,
    #[serde(default)]
    pub(crate) hint: Option<String>,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// The revision is refused.
    Error,
    /// It is not.
    Warning,
    /// Worth knowing.
    #[serde(other)]
    Note,
}

impl Reported {
    /// The findings of a review.
    pub(crate) fn all(findings: &Findings) -> Vec<Self> {
        findings.iter().map(Self::from).collect()
    }

    /// The findings under `findings` of an answer of the daemon; what cannot be read is left out.
    pub(crate) fn of_json(body: &serde_json::Value) -> Vec<Self> {
        let list = body.get("findings").and_then(|value| value.as_array());
        list.into_iter()
            .flatten()
            .filter_map(|finding| Self::deserialize(finding).ok())
            .collect()
    }

    /// Whether it concerns the file as a whole.
    pub(crate) fn is_about_file(&self) -> bool {
        let start = (self.line, self.column);
        start <= (1, 1) && (self.end_line, self.end_column) <= (1, 1)
    }
}

impl From<&Finding> for Reported {
    fn from(finding: &Finding) -> Self {
        let span = finding.origin.span;
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            code: finding.code.as_str().to_owned(),
            severity: match finding.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
                Severity::Note => Level::Note,
            },
            message: finding.message.clone(),
            file: finding.origin.file.to_string(),
            line: number(span.start.line),
            column: number(span.start.column),
            end_line: number(span.end.line),
            end_column: number(span.end.column),
            hint: finding.hint.clone(),
        }
    }
}

/// Counts over findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) notes: usize,
    pub(crate) files: usize,
}

impl Tally {
    /// Counts all.
    pub(crate) fn of(findings: &[Reported]) -> Self {
        let level = |level| findings.iter().filter(|one| one.severity == level).count();
        let files: BTreeSet<_> = findings.iter().map(|one| &one.file).collect();
        Self {
            errors: level(Level::Error),
            warnings: level(Level::Warning),
            notes: level(Level::Note),
            files: files.len(),
        }
    }

    /// Counts the errors alone.
    pub(crate) fn of_errors(findings: &[Reported]) -> Self {
        let errors = findings.iter().filter(|one| one.severity == Level::Error);
        Self::of(&errors.cloned().collect::<Vec<_>>())
    }

    /// `2 errors, 1 warning in 2 files`.
    pub(crate) fn sentence(self) -> String {
        let parts = [
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.notes, "note"),
        ];
        let parts: Vec<_> = parts
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| count(number, word))
            .collect();
        if parts.is_empty() {
            return "no findings".to_owned();
        }
        format!("{} in {}", parts.join(", "), count(self.files, "file"))
    }
}
