//! Findings as programs read them.

use super::{Finding, Findings};
use serde_json::{Value, json};

/// Version of the report's format; the minor part grows when fields are added.
const FORMAT_VERSION: &str = "1.0";

impl Finding {
    /// The finding as an object of the report.
    pub fn to_json(&self) -> Value {
        let span = self.origin.span;
        json!({
            "code": self.code.as_str(),
            "severity": self.severity,
            "message": self.message,
            "file": &*self.origin.file,
            "line": span.start.line,
            "column": span.start.column,
            "end_line": span.end.line,
            "end_column": span.end.column,
            "hint": self.hint,
            "resource": self.resource.as_ref().map(|id| json!({
                "kind": id.kind.as_str(),
                "namespace": &*id.namespace,
                "name": &*id.name,
            })),
        })
    }
}

impl Findings {
    /// The findings alone, in order.
    pub fn to_json_list(&self) -> Value {
        Value::Array(self.iter().map(Finding::to_json).collect())
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
