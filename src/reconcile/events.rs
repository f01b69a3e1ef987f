//! What happened, for whoever watches: numbered, and the newest ones kept.

use super::reconciler::now_us;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};
use tokio::sync::watch;

/// How many are kept for those who come back.
const KEPT_EVENTS: usize = 1000;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number: microseconds since 1970 (UTC) when it happened, or the next free number. It grows over
    /// restarts too, as long as the clock does.
    pub id: u64,
    /// When, in microseconds since 1970 (UTC).
    pub at_us: i64,
    /// What.
    pub sort: EventSort,
    /// What is live then.
    pub revision: String,
    /// The commit that it is about, if it is about one.
    pub commit: Option<String>,
    /// A sentence for people.
    pub message: String,
    /// What becomes of secrets that were there, as JSON; empty if nothing does, or if it is about something else.
    pub secrets_json: String,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventSort {
    /// A revision went live.
    Applied,
    /// A revision was refused.
    Rejected,
    /// A revision waits for somebody's yes.
    Held,
    /// Somebody went back to a revision.
    RolledBack,
    /// Nobody looks at the source any more.
    Suspended,
    /// Somebody, or the time, ended that.
    Resumed,
    /// A pin was lifted.
    Unpinned,
    /// A reference was moved by force, or a tag was moved.
    Forced,
    /// The file of a served secret changed, is not there any more, or is there again.
    SecretFile,
    /// The source or the store cannot be reached.
    Failing,
    /// They can again.
    Recovered,
}

impl EventSort {
    /// The word in output, such as `revision.applied`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "revision.applied",
            Self::Rejected => "revision.rejected",
            Self::Held => "revision.held",
            Self::RolledBack => "revision.rolled-back",
            Self::Suspended => "loop.suspended",
            Self::Resumed => "loop.resumed",
            Self::Unpinned => "loop.unpinned",
            Self::Forced => "source.forced",
            Self::SecretFile => "secret.file",
            Self::Failing => "source.failing",
            Self::Recovered => "source.recovered",
        }
    }
}

/// The newest events.
pub struct Events {
    kept: Mutex<VecDeque<Event>>,
    /// The number of the newest one.
    newest: watch::Sender<u64>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            newest: watch::Sender::new(0),
        }
    }
}

/// The events behind a number.
#[derive(Debug, PartialEq, Eq)]
pub struct Since {
    /// Oldest first.
    pub events: Vec<Event>,
    /// Whether there may have been others that are not kept.
    pub is_gap: bool,
}

impl Events {
    pub(super) fn push(
        &self,
        sort: EventSort,
        revision: &str,
        commit: Option<&str>,
        message: impl Into<String>,
    ) {
        self.tell(sort, revision, commit, message, "");
    }

    /// The same of something that goes live, or would: `secrets_json` says what becomes of its secrets.
    pub(super) fn tell(
        &self,
        sort: EventSort,
        revision: &str,
        commit: Option<&str>,
        message: impl Into<String>,
        secrets_json: &str,
    ) {
        let at_us = now_us();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let least = kept.back().map_or(1, |newest| newest.id + 1);
        let id = u64::try_from(at_us).unwrap_or_default().max(least);
        kept.push_back(Event {
            id,
            at_us,
            sort,
            revision: revision.to_owned(),
            commit: commit.map(str::to_owned),
            message: message.into(),
            secrets_json: secrets_json.to_owned(),
        });
        if kept.len() > KEPT_EVENTS {
            kept.pop_front();
        }
        // Under the lock, so that the numbers are told in their order.
        self.newest.send_replace(id);
    }

    /// What happened behind the number `after`. What a number of another process meant is not known any
    /// more, and neither what was dropped: both are a gap.
    pub fn since(&self, after: u64) -> Since {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = kept.iter().any(|event| event.id == after);
        let events = kept.iter().filter(|event| event.id > after);
        Since {
            events: events.cloned().collect(),
            is_gap: after != 0 && !is_known,
        }
    }

    /// The number of the newest one; 0 before the first.
    pub fn newest(&self) -> u64 {
        *self.newest.borrow()
    }

    /// Tells of newer ones by their number.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }
}
