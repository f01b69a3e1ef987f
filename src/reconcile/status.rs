//! What the loop is doing, for people and programs.

use super::orders::{Held, Pin, Suspension};
use crate::model::Findings;
use std::{collections::BTreeMap, sync::Arc};

/// In one word, how things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Nothing is served yet.
    #[default]
    Starting,
    /// The newest revision is served.
    Synced,
    /// The newest commit was refused; the one before it is served.
    Rejected,
    /// The newest commit is good and waits for somebody's yes; the one before it is served.
    Held,
    /// Nobody looks at the source until it is resumed.
    Suspended,
    /// The source or the store cannot be reached; what was live is served, and it is tried again.
    Retrying,
}

impl Phase {
    /// The word in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::Synced => "Synced",
            Self::Rejected => "Rejected",
            Self::Held => "Held",
            Self::Suspended => "Suspended",
            Self::Retrying => "Retrying",
        }
    }
}

/// What became of one walk through the steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing new.
    Unchanged,
    /// This revision went live.
    Applied(String),
    /// The revision is refused until a new commit; the findings say why.
    Rejected(Findings),
    /// The revision is good and waits for somebody's yes.
    Held(Held),
    /// Nobody looked: reconciling is suspended.
    Suspended,
    /// Nothing is served yet, and these sources were not read yet: what they deny must not be open meanwhile.
    Waiting(String),
    /// Something failed that may work next time.
    Retry(String),
}

/// The newest walk that did not end with "nothing new".
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// The commit, if it came that far.
    pub commit: Option<String>,
    /// The first line of its message.
    pub summary: String,
    /// Every finding: why it was refused, or the warnings it went live with.
    pub findings: Findings,
    /// When it ended, in microseconds since 1970 (UTC).
    pub at_us: i64,
}

impl Attempt {
    /// Whether both are of the same commit and found the same.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.commit == other.commit
            && self.summary == other.summary
            && self.findings == other.findings
    }
}

/// How the loop stands.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// In one word.
    pub phase: Phase,
    /// What failed, if something is being retried.
    pub error: Option<String>,
    /// What fails at each source, by name; under no name what fails of the loop itself.
    pub failing: BTreeMap<Arc<str>, String>,
    /// The newest attempt.
    pub attempt: Option<Attempt>,
    /// What is refused of each source, by name; what was live of it before still is.
    pub refused: BTreeMap<Arc<str>, Attempt>,
    /// When the source was last looked at with success, in microseconds since 1970 (UTC).
    pub checked_us: Option<i64>,
    /// Why nobody looks at the source, if so.
    pub suspension: Option<Suspension>,
    /// The rollback that is in force.
    pub pin: Option<Pin>,
    /// What waits for somebody's yes.
    pub held: Option<Held>,
}
