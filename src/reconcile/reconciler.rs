//! The owner of the desired state.

use super::{
    events::{EventSort, Events},
    gather::{FileCache, SourceFiles, gather},
    head::Head,
    hold::Looked,
    live::Live,
    orders::{Held, Pin, Suspension},
    patience::Patience,
    served::{Inputs, UnmanagedFile},
    settings::ReconcileSettings,
    status::{Outcome, Phase, Status},
    step::{Candidate, Judged},
};
use crate::{
    model::ResourceId,
    secrets::DataKey,
    source::{CommitId, Mirror, SourceError},
    store::{
        DataDir, Journal, RevisionRecord, Store, StoreError, UnmanagedChange, UnmanagedOutcome,
    },
};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OnceCell, watch};

/// Walks every revision through the steps, one at a time.
pub struct Reconciler {
    pub(super) live: Live,
    pub(super) settings: ReconcileSettings,
    /// Held for its lock.
    _data_dir: DataDir,
    pub(super) key: DataKey,
    pub(super) turn: tokio::sync::Mutex<Turn>,
    pub(super) status: watch::Sender<Status>,
    pub(super) events: Events,
    mirror: Option<Arc<Mirror>>,
    database: String,
    store: OnceCell<Store>,
    cache: Arc<Mutex<FileCache>>,
    pub(super) patience: Patience,
}

/// What belongs to whoever's turn it is.
pub(super) struct Turn {
    /// The last revisions on disk; the newest is what is served.
    pub(super) journal: Journal,
    /// The newest record of the served chain; `None` until the store was asked.
    pub(super) head: Option<Head>,
    /// What was refused last: not reviewed again.
    pub(super) refused: Option<Looked>,
    /// What waits for somebody's yes: not reviewed again.
    pub(super) held: Option<(Looked, Held)>,
    /// Why nobody looks at the source, if so.
    pub(super) suspension: Option<Suspension>,
    /// The rollback that is in force.
    pub(super) pin: Option<Pin>,
    /// Whether the store was asked for the two.
    pub(super) orders_known: bool,
    /// Whether what is served was read with today's configuration; what was restored may have been kept
    /// under another `--path`.
    pub(super) current: bool,
}

/// Why a walk ended early. All of these may work next time.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    /// The source cannot be read.
    #[error("failed to read the source")]
    Source(#[from] SourceError),
    /// The store cannot be used.
    #[error("failed to use the store")]
    Store(#[from] StoreError),
    /// The last good revision cannot be written.
    #[error("failed to keep the revision")]
    LastGood(#[from] crate::store::LastGoodError),
    /// A blocking part was stopped, as at the end of the process.
    #[error("the work was stopped")]
    Stopped(#[from] tokio::task::JoinError),
}

impl Reconciler {
    /// Puts the loop together around what [`Live::restore`] gave. Nothing is fetched or opened yet.
    pub fn new(
        (live, journal): (Live, Journal),
        settings: ReconcileSettings,
        data_dir: DataDir,
        key: DataKey,
        mirror: Option<Mirror>,
        database: String,
    ) -> Self {
        Self {
            live,
            settings,
            _data_dir: data_dir,
            key,
            turn: tokio::sync::Mutex::new(Turn {
                journal,
                head: None,
                refused: None,
                held: None,
                suspension: None,
                pin: None,
                orders_known: false,
                current: false,
            }),
            status: watch::Sender::default(),
            events: Events::default(),
            mirror: mirror.map(Arc::new),
            database,
            store: OnceCell::new(),
            patience: Patience::default(),
            cache: Arc::default(),
        }
    }

    /// What is served.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// How the loop stands.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// What happened.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Where manifests come from, without credentials; `None` if only by hand.
    pub fn source(&self) -> Option<String> {
        self.mirror
            .as_ref()
            .map(|mirror| mirror.config().location.to_string())
    }

    /// The branch, tag or commit that is followed.
    pub fn reference(&self) -> Option<&str> {
        self.mirror
            .as_ref()
            .map(|mirror| mirror.config().reference.as_str())
    }

    /// The newest records, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database fails.
    pub async fn history(&self, limit: u32) -> Result<Vec<RevisionRecord>, StoreError> {
        self.store().await?.revisions(limit, None).await
    }

    /// The newest record of a revision: by the beginning of its id, else by its number.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database fails.
    pub async fn record_of(&self, name: &str) -> Result<Option<RevisionRecord>, StoreError> {
        let store = self.store().await?;
        let by_number = match name.parse() {
            Ok(number) if name.len() < 7 => store.revision(number).await?,
            _ => None,
        };
        match by_number {
            Some(record) => Ok(Some(record)),
            None => store.revision_named(name).await,
        }
    }

    /// Looks at the source now and brings what is new live.
    pub async fn sync(&self) -> Outcome {
        let mut turn = self.turn.lock().await;
        let outcome = self.walk(&mut turn).await.unwrap_or_else(|error| {
            self.patience.note(&error);
            let cause = chain(&error);
            tracing::warn!(error = cause, "reconcile failed; it is tried again");
            Outcome::Retry(cause)
        });
        self.note(&outcome);
        outcome
    }

    /// Reads the newest record of the served chain unless it is known.
    pub(super) async fn know_head(&self, turn: &mut Turn) -> Result<(), StoreError> {
        if turn.head.is_none() {
            turn.head = Some(Head::load(self.store().await?).await?);
        }
        Ok(())
    }

    /// Looks at the source and the store, and brings what is new live.
    pub(super) async fn walk(&self, turn: &mut Turn) -> Result<Outcome, StepError> {
        let store = self.store().await?;
        self.know_head(turn).await?;
        self.know_orders(turn).await?;
        if let Some(outcome) = self.finish_rollback(turn).await? {
            return Ok(outcome);
        }
        if self.is_suspended(turn).await? {
            return Ok(Outcome::Suspended);
        }
        let started_us = now_us();
        let fetched = match &self.mirror {
            None => None,
            Some(mirror) => {
                let mirror = mirror.clone();
                Some(tokio::task::spawn_blocking(move || mirror.fetch()).await??)
            }
        };
        let (generation, rows) = store.unmanaged(&self.key).await?;
        let served = self.live.pin();
        let same_commit = served.inputs.source.commit.as_ref().map(|commit| commit.id) == fetched;
        if self.stays_pinned(turn, fetched, &served).await? {
            return Ok(Outcome::Unchanged);
        }
        let same = same_commit
            && served.inputs.unmanaged_generation == generation
            && (served.is_something() || fetched.is_none() && generation == 0);
        if same && turn.current {
            if turn.refused.take().is_some() {
                self.status.send_modify(|status| status.attempt = None);
            }
            turn.held = None;
            self.show_orders(turn);
            return Ok(Outcome::Unchanged);
        }
        let looked = (fetched, generation);
        if turn.refused == Some(looked) {
            return Ok(Outcome::Unchanged);
        }
        if let Some((_, held)) = turn.held.as_ref().filter(|(of, _)| *of == looked) {
            return Ok(Outcome::Held(held.clone()));
        }
        turn.held = None;
        let source = match fetched {
            None => SourceFiles::default(),
            Some(commit) => self.read_source(commit).await?,
        };
        if same && source.same_files(&served.inputs.source) {
            turn.current = true;
            return Ok(Outcome::Unchanged);
        }
        let unmanaged = rows
            .into_iter()
            .map(|row| UnmanagedFile::new(row.id, row.document))
            .collect();
        let mut inputs = Inputs {
            source,
            unmanaged,
            unmanaged_generation: generation,
        };
        let adopted = inputs.release_adopted();
        let candidate = Candidate {
            inputs,
            started_us,
            by_hand: (same_commit && served.is_something())
                .then(|| "resources sent by hand".to_owned()),
        };
        match self.judge(candidate) {
            Judged::Ready(mut ready) => {
                if ready.is_of_git()
                    && let Some(held) = self.held_by(turn, &mut ready).await?
                {
                    return Ok(self.hold(turn, looked, held));
                }
                if !self.forget(adopted, generation).await? {
                    let cause = "somebody else changed what was sent by hand";
                    return Ok(Outcome::Retry(cause.to_owned()));
                }
                let is_of_git = ready.is_of_git();
                let outcome = self.go_live(turn, *ready).await?;
                if is_of_git {
                    self.set_pin(turn, None).await?;
                }
                Ok(outcome)
            }
            Judged::Refused(refused) => {
                let outcome = self.reject(*refused).await?;
                turn.refused = Some(looked);
                Ok(outcome)
            }
        }
    }

    /// Takes what Git has adopted out of the store, or it would come back when Git lets go of it; false
    /// if the set has not this generation any more.
    async fn forget(&self, adopted: Vec<ResourceId>, generation: i64) -> Result<bool, StoreError> {
        if adopted.is_empty() {
            return Ok(true);
        }
        let changes: Vec<_> = adopted.into_iter().map(UnmanagedChange::Delete).collect();
        let store = self.store().await?;
        let outcome = store
            .change_unmanaged(&self.key, Some(generation), &changes, now_us())
            .await?;
        Ok(matches!(outcome, UnmanagedOutcome::Changed(_)))
    }

    async fn read_source(&self, commit: CommitId) -> Result<SourceFiles, StepError> {
        let Some(mirror) = self.mirror.clone() else {
            return Ok(SourceFiles::default());
        };
        let cache = self.cache.clone();
        let read = tokio::task::spawn_blocking(move || {
            let checkout = mirror.checkout(&commit)?;
            let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
            gather(&checkout, &mut cache)
        });
        Ok(read.await??)
    }

    /// What is followed, mirrored.
    pub(super) fn mirror(&self) -> Option<&Arc<Mirror>> {
        self.mirror.as_ref()
    }

    /// The store, opened when it is first needed: serving does not wait for it.
    pub(super) async fn store(&self) -> Result<&Store, StoreError> {
        self.store
            .get_or_try_init(|| Store::open(&self.database))
            .await
    }

    /// Puts what became of a look into the status.
    pub(super) fn note(&self, outcome: &Outcome) {
        let now = now_us();
        self.tell_of_failure(outcome);
        self.status.send_modify(|status| match outcome {
            Outcome::Retry(cause) => {
                status.phase = if self.live.pin().is_something() {
                    Phase::Retrying
                } else {
                    Phase::Starting
                };
                status.error = Some(cause.clone());
            }
            Outcome::Suspended => status.phase = Phase::Suspended,
            Outcome::Held(_) => {
                status.checked_us = Some(now);
                status.error = None;
                status.phase = Phase::Held;
            }
            Outcome::Unchanged | Outcome::Applied(_) | Outcome::Rejected(_) => {
                status.checked_us = Some(now);
                status.error = None;
                let refused = status
                    .attempt
                    .as_ref()
                    .is_some_and(|attempt| attempt.findings.has_errors());
                status.phase = if refused {
                    Phase::Rejected
                } else {
                    Phase::Synced
                };
            }
        });
    }

    /// Tells when looking at the source begins to fail, and when it ceases to.
    fn tell_of_failure(&self, outcome: &Outcome) {
        let was_failing = self.status.borrow().error.is_some();
        let revision = &self.live.pin().revision;
        match outcome {
            Outcome::Retry(cause) if !was_failing => {
                self.events.push(EventSort::Failing, revision, None, cause);
            }
            Outcome::Retry(_) | Outcome::Suspended => {}
            _ if was_failing => {
                let message = "the source can be reached again";
                self.events
                    .push(EventSort::Recovered, revision, None, message);
            }
            _ => {}
        }
    }
}

/// The present in microseconds since 1970 (UTC).
pub(super) fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}

/// An error with its causes on one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
