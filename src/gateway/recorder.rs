//! Records of what was used, on their way to the store: no request waits for it.

use crate::{
    reconcile::Reconciler,
    store::{MAX_USAGE_RECORDS, USAGE_KEPT_US, UsageRecord},
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

async fn gather(waiting: &mut mpsc::Receiver<UsageRecord>, batch: &mut Vec<UsageRecord>) {
    while batch.len() < BATCH {
        let room = BATCH - batch.len();
        if waiting.recv_many(batch, room).await == 0 {
            return;
        }
    }
}

async fn write(
    reconciler: &Reconciler,
    batch: &[UsageRecord],
) -> Result<(), crate::store::StoreError> {
    reconciler.keep_usage(batch).await
}

async fn forget(reconciler: &Reconciler) {
    let oldest_us = Timestamp::now().as_microsecond() - USAGE_KEPT_US;
    if let Err(error) = reconciler.forget_usage(oldest_us, MAX_USAGE_RECORDS).await {
        tracing::warn!(error = %error, "old records of usage cannot be deleted");
    }
}
