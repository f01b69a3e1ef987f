//! What webhooks told and the remote has not shown yet: a webhook may be faster than the host's replicas.

use super::bell::MAX_TOLD;
use crate::{forge::MovedTo, source::CommitId};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// How long a remote may take to show what a webhook told.
const PATIENCE: Duration = Duration::from_secs(10);

/// The first pause between two looks; doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The commits that webhooks told of.
#[derive(Default)]
pub(super) struct Awaited {
    /// The newest last.
    told: VecDeque<MovedTo>,
    wanted: Option<Wanted>,
}

/// The newest commit that was told.
struct Wanted {
    commit: CommitId,
    before: Option<CommitId>,
    /// Where the source stood when it was told.
    stood: Option<CommitId>,
    since: Option<Instant>,
    pause: Duration,
}

/// What a look says about what was told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// Nothing is missing.
    Shown,
    /// Look again then.
    NotYet(Instant),
    /// It took too long.
    GivenUp(CommitId),
}

impl Awaited {
    /// Takes in what was told while the source stood at `stood`.
    pub(super) fn hear(&mut self, told: Vec<MovedTo>, stood: Option<CommitId>) {
        for moved in told {
            let Some(commit) = moved.after else { continue };
            let before = moved.before;
            if self.told.len() == MAX_TOLD {
                self.told.pop_front();
            }
            self.told.push_back(moved);
            // Webhooks may overtake each other.
            let is_newer = |wanted: &Wanted| {
                wanted.commit != commit && !self.leads_from(commit, wanted.commit)
            };
            if self.wanted.as_ref().is_none_or(is_newer) {
                self.wanted = Some(Wanted {
                    commit,
                    before,
                    stood,
                    since: None,
                    pause: FIRST_PAUSE,
                });
            }
        }
    }

    /// Whether a webhook told of this commit.
    pub(super) fn was_told(&self, commit: CommitId) -> bool {
        self.told.iter().any(|moved| moved.after == Some(commit))
    }

    /// Forgets what is still missing.
    pub(super) fn give_up(&mut self) {
        self.wanted = None;
    }

    /// Whether a look that found the source at `tip` shows what was told. `contains` says whether the
    /// tip's known history holds a commit.
    pub(super) fn see(
        &mut self,
        tip: CommitId,
        contains: impl FnOnce(&CommitId) -> bool,
        now: Instant,
    ) -> Sight {
        let Some(wanted) = &self.wanted else {
            return Sight::Shown;
        };
        if self.shows(tip, wanted, contains) {
            self.wanted = None;
            return Sight::Shown;
        }
        let Some(wanted) = &mut self.wanted else {
            return Sight::Shown;
        };
        let since = *wanted.since.get_or_insert(now);
        let end = since + PATIENCE;
        if now >= end {
            let commit = wanted.commit;
            self.wanted = None;
            return Sight::GivenUp(commit);
        }
        let next = (now + wanted.pause).min(end);
        wanted.pause = LONGEST_PAUSE.min(wanted.pause * 2);
        Sight::NotYet(next)
    }

    fn shows(
        &self,
        tip: CommitId,
        wanted: &Wanted,
        contains: impl FnOnce(&CommitId) -> bool,
    ) -> bool {
        if tip == wanted.commit {
            return true;
        }
        // Also where somebody forced the reference back to an older commit.
        if Some(tip) == wanted.before {
            return false;
        }
        if self.leads_from(wanted.commit, tip) || contains(&wanted.commit) {
            return true;
        }
        // It moved to where nobody told: somebody pushed again, and the webhook is on its way.
        let is_named = |moved: &MovedTo| moved.after == Some(tip) || moved.before == Some(tip);
        wanted.stood != Some(tip) && !self.told.iter().any(is_named)
    }

    /// Whether what was told leads from one commit to a later one.
    fn leads_from(&self, earlier: CommitId, later: CommitId) -> bool {
        let mut at = later;
        for _ in 0..self.told.len() {
            let step = self.told.iter().rev().find(|moved| moved.after == Some(at));
            match step.and_then(|moved| moved.before) {
                Some(before) if before == earlier => return true,
                Some(before) => at = before,
                None => return false,
            }
        }
        false
    }
}
