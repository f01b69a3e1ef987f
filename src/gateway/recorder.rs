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
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::mpsc, time};
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
    queue: mpsc::Sender<UsageRecord>,
    /// Taken by the one who writes.
    waiting: Mutex<Option<mpsc::Receiver<UsageRecord>>>,
    lost: AtomicU64,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::with_room(QUEUE)
    }
}

impl Recorder {
    /// A recorder in which so many records may wait.
    pub(super) fn with_room(room: usize) -> Self {
        let (queue, waiting) = mpsc::channel(room);
        Self {
            queue,
            waiting: Mutex::new(Some(waiting)),
            lost: AtomicU64::new(0),
        }
    }

    /// Takes a record; never waits. One that finds no room is lost and counted.
    pub(super) fn record(&self, record: UsageRecord) {
        if self.queue.try_send(record).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Records that found no room.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn take_waiting(&self) -> Option<mpsc::Receiver<UsageRecord>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }
}

/// Writes records until `stop`, and then those that are left.
pub async fn keep_usage(
    reconciler: Arc<Reconciler>,
    books: Arc<super::Books>,
    stop: CancellationToken,
) {
    let Some(mut waiting) = books.recorder().take_waiting() else {
        return;
    };
    // Before anything is written, so that nothing counts twice.
    if let Err(error) = recall(&reconciler, &books).await {
        tracing::warn!(error = %error, "what was used before the start cannot be read; limits count from now on");
    }
    let mut batch = Vec::with_capacity(BATCH);
    let mut since_look = RECORDS_PER_LOOK;
    'writing: loop {
        let got = tokio::select! {
            biased;
            got = waiting.recv_many(&mut batch, BATCH) => got,
            () = stop.cancelled() => break 'writing,
        };
        if got == 0 {
            return;
        }
        if batch.len() < BATCH {
            let gathered = time::timeout(GATHER, gather(&mut waiting, &mut batch));
            // Whatever came until then is written.
            let _ = gathered.await;
        }
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
        while waiting.try_recv().is_ok_and(|record| {
            batch.push(record);
            true
        }) {}
        for part in batch.chunks(BATCH) {
            if let Err(error) = write(&reconciler, part).await {
                tracing::warn!(error = %error, "what was used last could not be written");
                return;
            }
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

async fn gather(waiting: &mut mpsc::Receiver<UsageRecord>, batch: &mut Vec<UsageRecord>) {
    while batch.len() < BATCH {
        let room = BATCH - batch.len();
        if waiting.recv_many(batch, room).await == 0 {
            return;
        }
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
