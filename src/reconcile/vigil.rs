//! Whether webhooks still come: a poll that finds what one should have told is noticed.

use super::pace::Cause;
use crate::{forge::MovedTo, source::CommitId};
use std::time::{Duration, Instant};

/// A webhook may come this much later than the poll that found its commit.
const GRACE: Duration = Duration::from_secs(10);

/// The commit that a poll found and no webhook told yet.
pub(super) struct Vigil {
    grace: Duration,
    suspect: Option<(CommitId, Instant)>,
}

impl Vigil {
    /// With polls this far apart.
    pub(super) fn new(poll: Duration) -> Self {
        Self {
            grace: GRACE.min(poll),
            suspect: None,
        }
    }

    /// Webhooks came. One that names no commit may be about any.
    pub(super) fn hear(&mut self, proven: bool, told: &[MovedTo]) {
        let Some((commit, _)) = self.suspect else {
            return;
        };
        let about = |moved: &MovedTo| moved.after == Some(commit);
        if proven && (told.is_empty() || told.iter().any(about)) {
            self.suspect = None;
        }
    }

    /// A look found that the source moved, untold.
    pub(super) fn found(&mut self, commit: CommitId, cause: Cause, now: Instant) {
        if cause == Cause::Poll {
            self.suspect = Some((commit, now + self.grace));
        }
    }

    /// When the webhook is too late.
    pub(super) fn due(&self) -> Option<Instant> {
        self.suspect.map(|(_, end)| end)
    }

    /// The commit whose webhook is too late.
    pub(super) fn missed(&mut self, now: Instant) -> Option<CommitId> {
        let (commit, end) = self.suspect?;
        if now < end {
            return None;
        }
        self.suspect = None;
        Some(commit)
    }
}
