//! The owner of the desired state.

use super::{
    gather::{FileCache, SourceFiles, gather},
    live::Live,
    served::{Inputs, UnmanagedFile},
    settings::ReconcileSettings,
    status::{Outcome, Phase, Status},
    step::Candidate,
};
use crate::{
    manifest::parse_file,
    secrets::DataKey,
    source::{CommitId, Mirror, SourceError},
    store::{DataDir, RevisionRecord, Store, StoreError},
};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OnceCell, watch};

/// Walks every revision through the steps, one at a time.
pub struct Reconciler {
    pub(super) live: Live,
    pub(super) settings: ReconcileSettings,
    pub(super) data_dir: DataDir,
    pub(super) key: DataKey,
    pub(super) turn: tokio::sync::Mutex<Turn>,
    pub(super) status: watch::Sender<Status>,
    mirror: Option<Arc<Mirror>>,
    database: String,
    store: OnceCell<Store>,
    cache: Arc<Mutex<FileCache>>,
}

/// What belongs to whoever's turn it is.
#[derive(Default)]
pub(super) struct Turn {
    /// The newest record of the served chain; `None` until the store was asked.
    pub(super) parent: Option<i64>,
    /// The commit and the generation that were refused last: not reviewed again.
    pub(super) refused: Option<(Option<CommitId>, i64)>,
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
    /// Puts the loop together. Nothing is fetched or opened yet.
    pub fn new(
        live: Live,
        settings: ReconcileSettings,
        data_dir: DataDir,
        key: DataKey,
        mirror: Option<Mirror>,
        database: String,
    ) -> Self {
        Self {
            live,
            settings,
            data_dir,
            key,
            turn: tokio::sync::Mutex::default(),
            status: watch::Sender::default(),
            mirror: mirror.map(Arc::new),
            database,
            store: OnceCell::new(),
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

    /// Looks at the source now and brings what is new live.
    pub async fn sync(&self) -> Outcome {
        let mut turn = self.turn.lock().await;
        let outcome = self.walk(&mut turn).await.unwrap_or_else(|error| {
            let cause = chain(&error);
            tracing::warn!(error = cause, "reconcile failed; it is tried again");
            Outcome::Retry(cause)
        });
        self.note(&outcome);
        outcome
    }

    async fn walk(&self, turn: &mut Turn) -> Result<Outcome, StepError> {
        let store = self.store().await?;
        if turn.parent.is_none() {
            turn.parent = Some(
                store
                    .latest_revision()
                    .await?
                    .map_or(0, |record| record.seq),
            );
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
        let same = served.inputs.source.commit.as_ref().map(|commit| commit.id) == fetched
            && served.inputs.unmanaged_generation == generation
            && (served.is_something() || fetched.is_none() && generation == 0);
        if same && turn.current {
            if turn.refused.take().is_some() {
                self.status.send_modify(|status| status.attempt = None);
            }
            return Ok(Outcome::Unchanged);
        }
        if turn.refused == Some((fetched, generation)) {
            return Ok(Outcome::Unchanged);
        }
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
        let inputs = Inputs {
            source,
            unmanaged,
            unmanaged_generation: generation,
        };
        let outcome = self
            .bring_live(turn, Candidate { inputs, started_us })
            .await?;
        if matches!(outcome, Outcome::Rejected(_)) {
            turn.refused = Some((fetched, generation));
        }
        Ok(outcome)
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

    /// The store, opened when it is first needed: serving does not wait for it.
    pub(super) async fn store(&self) -> Result<&Store, StoreError> {
        self.store
            .get_or_try_init(|| Store::open(&self.database))
            .await
    }

    fn note(&self, outcome: &Outcome) {
        let now = now_us();
        self.status.send_modify(|status| match outcome {
            Outcome::Retry(cause) => {
                status.phase = if self.live.pin().is_something() {
                    Phase::Retrying
                } else {
                    Phase::Starting
                };
                status.error = Some(cause.clone());
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
}

impl UnmanagedFile {
    /// Parses a kept manifest; its origin names the resource instead of a file.
    pub(super) fn new(id: crate::model::ResourceId, document: crate::secrets::Opened) -> Self {
        let name: Arc<str> =
            format!("unmanaged:{}/{}", id.kind.singular(), id.qualified_name()).into();
        let parsed = Arc::new(parse_file(&name, document.expose_bytes()));
        Self {
            id,
            document: Arc::new(document),
            parsed,
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
