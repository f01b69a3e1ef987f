//! The owner of the desired state.

use super::{
    decoded::DecodedFiles,
    events::Events,
    followed::Followed,
    head::Head,
    hold::Looked,
    live::Live,
    orders::{Held, Pin, Suspension},
    settings::ReconcileSettings,
    status::Status,
};
use crate::{
    plan::Windows,
    secrets::{DataKey, PrintKey},
    source::SourceError,
    store::{DataDir, Journal, RevisionRecord, Store, StoreError},
};
use jiff::Timestamp;
use std::sync::Arc;
use tokio::{
    sync::{OnceCell, watch},
    task::JoinError,
};

/// Walks every revision through the steps, one at a time.
pub struct Reconciler {
    pub(super) live: Live,
    pub(super) settings: ReconcileSettings,
    /// Held for its lock, too.
    pub(super) data_dir: DataDir,
    pub(super) key: Arc<DataKey>,
    /// The key of the fingerprints that values are compared by.
    pub(super) prints: PrintKey,
    pub(super) decoded: DecodedFiles,
    /// The key before it, until what it sealed is sealed anew.
    previous: Option<DataKey>,
    pub(super) turn: tokio::sync::Mutex<Turn>,
    pub(super) status: watch::Sender<Status>,
    pub(super) events: Events,
    /// What is followed, in the order of the configuration.
    pub(super) sources: Vec<Arc<Followed>>,
    database: String,
    store: OnceCell<Store>,
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
    /// Whether no mirror was left behind by what is live now.
    pub(super) mirrors_tidied: bool,
}

/// Why a walk ended early. All of these may work next time.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    /// A remote cannot be fetched from.
    #[error("failed to read the source")]
    Fetch(#[source] SourceError),
    /// A mirror cannot be read.
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
    Stopped,
}

impl From<JoinError> for StepError {
    /// What it said is not repeated: a panic may have been about a value that nobody is to see.
    fn from(_: JoinError) -> Self {
        Self::Stopped
    }
}

impl Reconciler {
    /// Puts the loop together around what [`Live::restore`] gave. Nothing is fetched or opened yet.
    pub fn new(
        (live, journal, decoded): (Live, Journal, DecodedFiles),
        settings: ReconcileSettings,
        data_dir: DataDir,
        key: DataKey,
        sources: Vec<Followed>,
        database: String,
    ) -> Self {
        Self {
            live,
            settings,
            data_dir,
            prints: PrintKey::of(&key),
            key: Arc::new(key),
            decoded,
            previous: None,
            turn: tokio::sync::Mutex::new(Turn {
                journal,
                head: None,
                refused: None,
                held: None,
                suspension: None,
                pin: None,
                orders_known: false,
                current: false,
                mirrors_tidied: false,
            }),
            status: watch::Sender::default(),
            events: Events::default(),
            sources: sources.into_iter().map(Arc::new).collect(),
            database,
            store: OnceCell::new(),
        }
    }

    /// Has what the store keeps under `previous` sealed anew when it is first opened.
    #[must_use]
    pub fn resealing(mut self, previous: Option<DataKey>) -> Self {
        self.previous = previous;
        self
    }

    /// What is served.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// How the loop stands.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// When commits may go live.
    pub fn windows(&self) -> &Windows {
        &self.settings.windows
    }

    /// What happened.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// What is followed, in the order of the configuration; nothing if manifests come only by hand.
    pub fn sources(&self) -> &[Arc<Followed>] {
        &self.sources
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

    /// Reads the newest record of the served chain unless it is known.
    pub(super) async fn know_head(&self, turn: &mut Turn) -> Result<(), StoreError> {
        if turn.head.is_none() {
            turn.head = Some(Box::pin(Head::load(self.store().await?)).await?);
        }
        Ok(())
    }

    async fn open_store(&self) -> Result<Store, StoreError> {
        let store = Store::open(&self.database).await?;
        if let Some(previous) = &self.previous {
            let resources = store.reseal_unmanaged(previous, &self.key).await?;
            tracing::info!(
                resources,
                "what was sent by hand is sealed with the new key"
            );
        }
        Ok(store.keeping(self.settings.retention))
    }

    /// The store, opened when it is first needed: serving does not wait for it.
    pub(super) async fn store(&self) -> Result<&Store, StoreError> {
        self.store.get_or_try_init(|| self.open_store()).await
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
