//! Findings as programs read them.

use super::{Finding, Findings, Severity};
use serde::Serialize;
use serde_json::{Value, json};

/// Version of the report's format; the minor part grows when fields are added.
const FORMAT_VERSION: &str = "1.0";

impl Finding {
    /// The finding as an object of the report.
    pub fn to_json(&self) -> Value {
        json!(self.entry())
    }

    fn entry(&self) -> Entry<'_> {
        let span = self.origin.span;
        Entry {
            code: self.code.as_str(),
            severity: self.severity,
            message: &self.message,
            file: &self.origin.file,
            line: span.start.line,
            column: span.start.column,
            end_line: span.end.line,
            end_column: span.end.column,
            hint: self.hint.as_deref(),
            resource: self.resource.as_ref().map(|id| EntryResource {
                kind: id.kind.as_str(),
                namespace: &id.namespace,
                name: &id.name,
            }),
        }
    }
}

/// A finding of the report.
#[derive(Serialize)]
struct Entry<'a> {
    code: &'a str,
    severity: Severity,
    message: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    hint: Option<&'a str>,
    resource: Option<EntryResource<'a>>,
}

/// The resource that a finding of the report is about.
#[derive(Serialize)]
struct EntryResource<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

impl Findings {
    /// The findings alone, in order.
    pub fn to_json_list(&self) -> Value {
        Value::Array(self.iter().map(Finding::to_json).collect())
    }

    /// The text of [`Findings::to_json_list`], without building all of that first: a repository may have thousands.
    pub fn to_json_text(&self) -> String {
        let entries: Vec<_> = self.iter().map(Finding::entry).collect();
        // Texts and numbers can always be written.
        serde_json::to_string(&entries).unwrap_or_default()
    }

    /// The whole report: format version, findings and summary.
    pub fn to_json_report(&self) -> Value {
        json!({
            "format_version": FORMAT_VERSION,
            "findings": self.to_json_list(),
            "summary": self.summary(),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Finding, Findings, Kind, Origin, ResourceId, code};

    #[test]
    fn text_is_that_of_the_list() {
        let named = ResourceId::new(Kind::Secret, "team \"a\"", "key");
        let findings = [
            Finding::new(code::SOURCE_EMPTY, Origin::file("."), "nothing\nis there"),
            Finding::new(code::SECRET_OPEN, Origin::file("a.yaml"), "ü")
                .with_hint("use another")
                .on(&named),
        ];
        for count in 0..=findings.len() {
            let some: Findings = findings.iter().take(count).cloned().collect();
            assert_eq!(some.to_json_text(), some.to_json_list().to_string());
        }
    }
}
