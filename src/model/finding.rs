//! What is wrong, or worth knowing, about manifests.

use super::{Code, Origin, ResourceId, SortedMap};
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

/// Every finding of a run: sorted by place, without repeats. Clones share them, and an edit costs what it adds or
/// takes out.
#[derive(Debug, Clone, Default)]
pub struct Findings(SortedMap<Arc<Finding>, usize>);

impl Findings {
    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        self.insert(Arc::new(finding), 1);
    }

    /// Adds many.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            self.push(finding);
        }
    }

    /// Adds all of another set; costs what the smaller of both holds.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let (mut more, fewer) = if self.0.size() < other.0.size() {
            (other, self)
        } else {
            (self, other)
        };
        for (finding, times) in fewer.0.iter() {
            more.insert(finding.clone(), *times);
        }
        more
    }

    /// Takes one out, however often it was added.
    pub fn remove(&mut self, finding: &Finding) {
        self.0.remove_mut(finding);
    }

    /// Adds one that others hold too.
    pub(super) fn insert(&mut self, finding: Arc<Finding>, times: usize) {
        match self.0.get_mut(&*finding) {
            Some(before) => *before += times,
            None => self.0.insert_mut(finding, times),
        }
    }

    /// Takes one back, which stays if it was added more than once.
    pub(super) fn take_back(&mut self, finding: &Finding) {
        match self.0.get_mut(finding) {
            Some(times) if *times > 1 => *times -= 1,
            _ => drop(self.0.remove_mut(finding)),
        }
    }

    /// All, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.keys().map(AsRef::as_ref)
    }

    /// Whether any of them refuses the revision.
    pub fn has_errors(&self) -> bool {
        self.iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of each severity, and in how many files.
    pub fn summary(&self) -> Summary {
        let count = |severity| {
            self.iter()
                .filter(|finding| finding.severity == severity)
                .count()
        };
        let files: BTreeSet<_> = self.iter().map(|finding| &finding.origin.file).collect();
        Summary {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            files: files.len(),
        }
    }
}

impl PartialEq for Findings {
    /// Whether both hold the same, however often it was added.
    fn eq(&self, other: &Self) -> bool {
        self.0.size() == other.0.size() && self.0.keys().eq(other.0.keys())
    }
}

impl Eq for Findings {}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = std::vec::IntoIter<Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter().cloned().collect::<Vec<_>>().into_iter()
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        let mut sorted: Vec<_> = findings.into_iter().map(Arc::new).collect();
        sorted.sort();
        let mut all = Self::default();
        for finding in sorted {
            all.insert(finding, 1);
        }
        all
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
