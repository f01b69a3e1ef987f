//! The format as a whole: tables of manifests, and what a review says of each.
//!
//! Each row carries the words in which the behaviour of the format's own reader is known, so that the tables
//! can be read beside that description.

mod forms;
mod invalid;
mod misread;
mod warned;

use crate::{
    manifest::{ClearTextPolicy, FileEdit, Layer, parse_file},
    model::{Finding, Findings, Spec},
    reconcile::{Desired, ReviewOptions, Snapshot, check},
};
use serde_json::Value;
use std::sync::Arc;

/// Manifests, and what holds of them.
struct Row {
    /// How the behaviour is described.
    says: &'static str,
    /// One file or many; a file is cut at `=== NAME`.
    files: &'static str,
    then: &'static [Then],
}

/// What holds of a row's files.
#[derive(Clone, Copy)]
enum Then {
    /// No error and no warning is about them, but what is told of a catalog as a whole.
    Accepted,
    /// An error with this code whose message or hint holds these words; and no other error.
    Refused(&'static str, &'static str),
    /// A warning with this code whose message or hint holds these words; and no error.
    Warned(&'static str, &'static str),
    /// A finding stands at `LINE:COLUMN` of its file.
    At(&'static str),
    /// The resource `KIND NAME` has at a pointer of its normalised spec this value, as JSON.
    Has(&'static str, &'static str, &'static str),
    /// The secret of this name holds a key with a value.
    Holds(&'static str, &'static str, &'static str),
    /// There are so many resources.
    Count(usize),
    /// Other manifests mean the same, to the digest.
    Means(&'static str),
}

/// Warnings and notes that a table about something else would have everywhere.
const BESIDE: [&str; 5] = [
    "W-KIND-UNSERVED",
    "W-REF-SECRET",
    "W-SECRET-PLAINTEXT",
    "W-SECRET-UNUSED",
    "W-ENDPOINT-KEY",
];

/// A review of some files.
struct Reviewed {
    snapshot: Snapshot,
    findings: Findings,
}

fn review(files: &str) -> Reviewed {
    let mut edits = Vec::new();
    let parts = files.split("=== ").filter(|part| !part.is_empty());
    for (number, part) in parts.enumerate() {
        let (name, text) = match part.split_once('\n') {
            Some((name, text)) if files.starts_with("=== ") => (name.to_owned(), text),
            _ => (format!("{number}.yaml"), part),
        };
        let path: Arc<str> = name.into();
        let parsed = Some(Arc::new(parse_file(&path, text.as_bytes())));
        let layer = Layer::Source;
        edits.push(FileEdit {
            layer,
            path,
            parsed,
        });
    }
    let options = ReviewOptions {
        clear_text: ClearTextPolicy::Warn,
        refuse_empty: true,
    };
    let desired = Desired {
        revision: "table",
        is_empty: edits.is_empty(),
        edits,
        source_findings: &[],
    };
    let mut snapshot = Snapshot::new(options.assemble());
    let (_, findings) = check(&mut snapshot, desired, options);
    Reviewed { snapshot, findings }
}

/// `FILE:LINE:COLUMN CODE message (hint)`.
fn line(finding: &Finding) -> String {
    let (origin, hint) = (&finding.origin, finding.hint.as_deref());
    let hint = hint.unwrap_or_default();
    let column = origin.span.start.column;
    format!(
        "{origin}:{column} {} {} ({hint})",
        finding.code, finding.message
    )
}

impl Reviewed {
    fn lines(&self, starts: &str) -> Vec<String> {
        let of = |finding: &&Finding| finding.code.as_str().starts_with(starts);
        self.findings.iter().filter(of).map(line).collect()
    }

    /// What is wrong with an expectation.
    fn differs(&self, then: Then) -> Option<String> {
        let errors = self.lines("E-");
        let found: Vec<_> = self.findings.iter().map(line).collect();
        let says = |lines: &[String], code: &str, words: &str| {
            let code = format!(" {code} ");
            lines
                .iter()
                .any(|line| line.contains(&code) && line.contains(words))
        };
        let holds = match then {
            Then::Accepted => self
                .findings
                .iter()
                .all(|one| BESIDE.contains(&one.code.as_str())),
            Then::Refused(code, words) => {
                let code_of = |line: &String| line.contains(&format!(" {code} "));
                says(&errors, code, words) && errors.iter().all(code_of)
            }
            Then::Warned(code, words) => errors.is_empty() && says(&found, code, words),
            Then::At(place) => found
                .iter()
                .any(|line| line.contains(&format!(":{place} "))),
            Then::Has(name, pointer, expected) => {
                let expected: Value = serde_json::from_str(expected).unwrap();
                let value = self
                    .spec(name)
                    .map(|spec| spec.pointer(pointer).cloned().unwrap_or_default());
                if value.as_ref() == Some(&expected) {
                    return None;
                }
                return Some(format!("{name} {pointer}: {value:?}; {found:#?}"));
            }
            Then::Holds(name, key, text) => self.clear(name, key).as_deref() == Some(text),
            Then::Count(count) => self.snapshot.catalog().len() == count,
            Then::Means(other) => {
                let other = review(other);
                self.snapshot.catalog().digest() == other.snapshot.catalog().digest()
            }
        };
        (!holds).then(|| format!("{found:#?}"))
    }

    fn spec(&self, name: &str) -> Option<Value> {
        let mut all = self.snapshot.catalog().iter();
        let one = all.find(|one| format!("{} {}", one.id.kind, one.id.name) == name)?;
        Some(one.value())
    }

    fn clear(&self, name: &str, key: &str) -> Option<String> {
        self.snapshot
            .catalog()
            .iter()
            .find_map(|one| match &one.spec {
                Spec::Secret(secret) if &*one.id.name == name => {
                    let bytes = secret.data.get(key)?.expose().to_vec();
                    String::from_utf8(bytes).ok()
                }
                _ => None,
            })
    }
}

/// Holds every row of a table, and tells all that do not hold.
#[track_caller]
fn hold(rows: &[Row]) {
    let mut wrong = Vec::new();
    for row in rows {
        let reviewed = review(row.files);
        let mut differs = row.then.iter().filter_map(|then| reviewed.differs(*then));
        if let Some(found) = differs.next() {
            wrong.push(format!("{}\n{}\n{found}", row.says, row.files));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
