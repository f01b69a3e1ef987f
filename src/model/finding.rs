//! What is wrong, or worth knowing, about manifests.

use super::{Code, Origin, ResourceId};
use serde::Serialize;
use std::{collections::BTreeSet, sync::Arc};

/// How much a finding matters; an error refuses the revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The revision is refused.
    Error,
    /// Served, and probably not what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One problem at one place, in the user's words.
///
/// The field order is the sort order: by file and position first. No text in it may carry a secret's
/// value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where to look.
    pub origin: Origin,
    /// Stable identifier of the problem.
    pub code: Code,
    /// What is wrong: one sentence, no full stop.
    pub message: String,
    /// How much it matters.
    pub severity: Severity,
    /// What to do about it.
    pub hint: Option<String>,
    /// The resource it belongs to, if the document came far enough to have one.
    pub resource: Option<ResourceId>,
}

impl Finding {
    /// A finding whose severity follows from its code (`E-…` error, `W-…` warning or note).
    pub fn new(code: Code, origin: Origin, message: impl Into<String>) -> Self {
        Self {
            origin,
            code,
            message: one_line(message.into()),
            severity: code.severity(),
            hint: None,
            resource: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(one_line(hint.into()));
        self
    }

    /// Adds a hint if there is one.
    #[must_use]
    pub fn with_hint_if(mut self, hint: Option<String>) -> Self {
        self.hint = hint.map(one_line).or(self.hint);
        self
    }

    /// Names the resource.
    #[must_use]
    pub fn on(mut self, resource: &ResourceId) -> Self {
        self.resource = Some(resource.clone());
        self
    }
}

/// Longest message or hint in bytes; what is quoted from a file may be longer.
const MAX_TEXT_BYTES: usize = 1_000;

/// The text on one line: what could move a cursor or turn the reading direction is escaped, and the
/// middle of a very long text is left out.
fn one_line(text: String) -> String {
    let misleading = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
    };
    if text.len() <= MAX_TEXT_BYTES && !text.contains(misleading) {
        return text;
    }
    let half = MAX_TEXT_BYTES / 2;
    let text = if text.len() > MAX_TEXT_BYTES {
        let head = &text[..text.floor_char_boundary(half)];
        let tail = &text[text.ceil_char_boundary(text.len() - half)..];
        format!("{head} … {tail}")
    } else {
        text
    };
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if misleading(character) {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

/// Every finding of a run: sorted by place, without repeats. Clones share them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(Arc<BTreeSet<Finding>>);

impl Findings {
    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        Arc::make_mut(&mut self.0).insert(finding);
    }

    /// Adds many.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        let mut findings = findings.into_iter().peekable();
        // What is shared is copied for something, and not for nothing.
        if findings.peek().is_some() {
            Arc::make_mut(&mut self.0).extend(findings);
        }
    }

    /// All, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    /// Whether any of them refuses the revision.
    pub fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of each severity, and in how many files.
    pub fn summary(&self) -> Summary {
        let count = |severity| {
            self.0
                .iter()
                .filter(|finding| finding.severity == severity)
                .count()
        };
        let files: BTreeSet<_> = self.0.iter().map(|finding| &finding.origin.file).collect();
        Summary {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            files: files.len(),
        }
    }
}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = std::collections::btree_set::IntoIter<Finding>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        Self(Arc::new(findings.into_iter().collect()))
    }
}

/// Counts over [`Findings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Findings that refuse the revision.
    pub errors: usize,
    /// Findings that do not.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
    /// Files with a finding.
    pub files: usize,
}
