//! Records of what was used, on their way to the store: no request waits for it.

use super::{
    ledger::{Amount, Scope},
    window::Windows,
};
use crate::{
    model::{DEFAULT_NAMESPACE, Kind, ResourceId, spec::LimitWindow},
    reconcile::Reconciler,
    store::{MAX_USAGE_RECORDS, StoreError, USAGE_KEPT_US, UsageGroup, UsageRecord},
};
use jiff::Timestamp;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Notify, time};
use tokio_util::sync::CancellationToken;

/// How many records may wait for the store. Beyond that they are lost, and counted: at 1,000 calls a second, a store
/// may fail for 16 seconds.
const QUEUE: usize = 16_384;

/// How many are written in one transaction: the database's other writers wait meanwhile.
const BATCH: usize = 500;

/// How long records are gathered before they are written.
const GATHER: Duration = Duration::from_millis(200);

/// The pause after a store that failed.
const RETRY: Duration = Duration::from_secs(5);

/// How long the last records may take when the daemon ends.
const LAST: Duration = Duration::from_secs(5);

/// Old records are looked for once in so many new ones.
const RECORDS_PER_LOOK: usize = 20_000;

/// Where records go in.
#[derive(Debug)]
pub struct Recorder {
    waiting: Mutex<Vec<UsageRecord>>,
    room: usize,
    lost: AtomicU64,
    /// Rings for the first record that waits and for the one that fills a batch, and not for each: waking the writer costs
    /// more than a record.
    bell: Notify,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::with_room(QUEUE)
    }
}

impl Recorder {
    /// A recorder in which so many records may wait.
    pub(super) fn with_room(room: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            room,
            lost: AtomicU64::new(0),
            bell: Notify::new(),
        }
    }

    /// Takes a record; never waits for the store. One that finds no room is lost and counted.
    pub(super) fn record(&self, record: UsageRecord) {
        let mut waiting = self.lock();
        if waiting.len() >= self.room {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.push(record);
        let count = waiting.len();
        drop(waiting);
        if count == 1 || count == BATCH {
            self.bell.notify_one();
        }
    }

    /// Records that found no room.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// The oldest records, a batch at most.
    pub(super) fn take(&self) -> Vec<UsageRecord> {
        let mut waiting = self.lock();
        if waiting.len() <= BATCH {
            return std::mem::take(&mut *waiting);
        }
        waiting.drain(..BATCH).collect()
    }

    /// Waits for the first record, and then for a batch or as long as records are gathered.
    async fn gathered(&self) {
        while self.lock().is_empty() {
            self.bell.notified().await;
        }
        let filled = async {
            while self.lock().len() < BATCH {
                self.bell.notified().await;
            }
        };
        // Whatever came until then is written.
        let _ = time::timeout(GATHER, filled).await;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<UsageRecord>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes records until `stop`, and then those that are left.
pub async fn keep_usage(
    reconciler: Arc<Reconciler>,
    books: Arc<super::Books>,
    stop: CancellationToken,
) {
    let recorder = books.recorder();
    // Before anything is written, so that nothing counts twice.
    if let Err(error) = recall(&reconciler, &books).await {
        tracing::warn!(error = %error, "what was used before the start cannot be read; limits count from now on");
    }
    let mut batch = Vec::new();
    let mut since_look = RECORDS_PER_LOOK;
    'writing: loop {
        tokio::select! {
            biased;
            () = recorder.gathered() => {}
            () = stop.cancelled() => break 'writing,
        }
        batch = recorder.take();
        // Here and not before an answer ends: nobody waits for a metric either.
        for record in &batch {
            books.genai().observe(record);
        }
        while let Err(error) = write(&reconciler, &batch).await {
            tracing::warn!(error = %error, "what was used cannot be written; it is tried again");
            tokio::select! {
                () = time::sleep(RETRY) => {}
                () = stop.cancelled() => break 'writing,
            }
        }
        since_look += batch.len();
        batch.clear();
        if since_look >= RECORDS_PER_LOOK {
            since_look = 0;
            forget(&reconciler).await;
        }
    }
    let last = async {
        if batch.is_empty() {
            batch = recorder.take();
        }
        while !batch.is_empty() {
            if let Err(error) = write(&reconciler, &batch).await {
                tracing::warn!(error = %error, "what was used last could not be written");
                return;
            }
            batch = recorder.take();
        }
    };
    if time::timeout(LAST, last).await.is_err() {
        tracing::warn!("what was used last could not be written in time");
    }
}

/// Counts what earlier processes used in the windows that are not over.
async fn recall(reconciler: &Reconciler, books: &super::Books) -> Result<(), StoreError> {
    let now_us = Timestamp::now().as_microsecond();
    let windows = Windows::at(now_us);
    for window in LimitWindow::ALL {
        for group in [
            UsageGroup::Key,
            UsageGroup::Agent,
            UsageGroup::Namespace,
            UsageGroup::Endpoint,
        ] {
            let sums = reconciler.usage(group, windows.start_us(window)).await?;
            for sum in sums.iter().filter(|sum| !sum.name.is_empty()) {
                let count = |number: i64| u64::try_from(number).unwrap_or_default();
                let used = Amount {
                    tokens: count(sum.prompt_tokens) + count(sum.completion_tokens),
                    cost_microdollars: Some(count(sum.cost_microdollars)),
                };
                let requests = count(sum.requests);
                let scope = scope(group, &sum.name);
                books
                    .ledger()
                    .recall(&scope, window, requests, used, now_us);
            }
        }
    }
    Ok(())
}

fn scope(group: UsageGroup, name: &str) -> Scope {
    let id = |kind| ResourceId::from_reference(kind, DEFAULT_NAMESPACE, name);
    match group {
        UsageGroup::Agent => Scope::Agent(id(Kind::Agent)),
        UsageGroup::Endpoint | UsageGroup::Model => Scope::Endpoint(id(Kind::ModelEndpoint)),
        UsageGroup::Namespace | UsageGroup::Total => Scope::Namespace(name.into()),
        UsageGroup::Key => Scope::Key(id(Kind::ApiKey)),
    }
}

async fn write(reconciler: &Reconciler, batch: &[UsageRecord]) -> Result<(), StoreError> {
    reconciler.keep_usage(batch).await
}

async fn forget(reconciler: &Reconciler) {
    let oldest_us = Timestamp::now().as_microsecond() - USAGE_KEPT_US;
    if let Err(error) = reconciler.forget_usage(oldest_us, MAX_USAGE_RECORDS).await {
        tracing::warn!(error = %error, "old records of usage cannot be deleted");
    }
}
