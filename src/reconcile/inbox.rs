//! Which webhooks were received in the last day, so that one that is sent again does not ring again.
//!
//! Asked in memory, so that no answer waits for the database, and kept in the store behind that. What
//! is lost between the two rings once more, which costs a look that finds nothing.

use super::{
    bell::Bells,
    reconciler::{Reconciler, chain, now_us},
};
use crate::{
    forge::Provider,
    store::{MAX_DELIVERIES, ReceivedDelivery, StoreError},
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{HashSet, VecDeque},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time};
use tokio_util::sync::CancellationToken;

/// How long a delivery is known, in microseconds: a day.
const KNOWN_US: i64 = 24 * 60 * 60 * 1_000_000;

/// How many are written at a time: the database's other writers wait meanwhile.
const BATCH: usize = 500;

/// How many wait to be written at most; a store that fails must not fill the memory.
const MAX_UNWRITTEN: usize = 10_000;

/// The pause after a store that failed, and between two batches.
const RETRY: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_millis(50);

/// The webhooks that were received.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    woken: Notify,
    seen: Mutex<Seen>,
}

/// A digest of sender and id: all keys have one size.
type Key = [u8; 16];

#[derive(Default)]
struct Seen {
    keys: HashSet<Key>,
    /// In the order of their coming, with the moment.
    order: VecDeque<(Key, i64)>,
    unwritten: Vec<ReceivedDelivery>,
}

impl Inbox {
    /// Takes a verified delivery in; false if it was received within the last 24 hours.
    ///
    /// `source` is the name of the source that it named, if any.
    pub fn receive(&self, provider: Provider, id: &str, source: Option<&str>) -> bool {
        let received = ReceivedDelivery {
            provider: provider.as_str().to_owned(),
            delivery_id: id.to_owned(),
            source: source.unwrap_or_default().to_owned(),
            received_us: now_us(),
        };
        let mut seen = self.seen();
        if !seen.insert(&received) {
            return false;
        }
        if seen.unwritten.len() < MAX_UNWRITTEN {
            seen.unwritten.push(received);
        }
        drop(seen);
        self.0.woken.notify_one();
        true
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what was received and not yet written; what cannot be written stays.
    async fn write(&self, reconciler: &Reconciler) -> Result<(), StoreError> {
        loop {
            let batch = {
                let mut seen = self.seen();
                let some = seen.unwritten.len().min(BATCH);
                let rest = seen.unwritten.split_off(some);
                mem::replace(&mut seen.unwritten, rest)
            };
            if batch.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.keep(reconciler, &batch).await {
                self.seen().unwritten.splice(0..0, batch);
                return Err(error);
            }
            time::sleep(BETWEEN).await;
        }
    }

    async fn keep(
        &self,
        reconciler: &Reconciler,
        batch: &[ReceivedDelivery],
    ) -> Result<(), StoreError> {
        let store = reconciler.store().await?;
        store.keep_deliveries(batch, now_us() - KNOWN_US).await
    }

    /// Reads what an earlier process received.
    async fn load(&self, reconciler: &Reconciler, bells: &Bells) -> Result<(), StoreError> {
        let store = reconciler.store().await?;
        let kept = store.deliveries(now_us() - KNOWN_US).await?;
        for delivery in &kept {
            bells.prove(&delivery.source);
        }
        let mut seen = self.seen();
        let newer = mem::take(&mut seen.order);
        seen.keys.clear();
        for delivery in &kept {
            seen.insert(delivery);
        }
        for (key, at_us) in newer {
            seen.insert_key(key, at_us);
        }
        Ok(())
    }
}

impl Seen {
    /// False if it is known.
    fn insert(&mut self, delivery: &ReceivedDelivery) -> bool {
        let text = format!("{}/{}", delivery.provider, delivery.delivery_id);
        let mut key = Key::default();
        key.copy_from_slice(&Sha256::digest(text)[..16]);
        self.insert_key(key, delivery.received_us)
    }

    fn insert_key(&mut self, key: Key, at_us: i64) -> bool {
        while let Some((oldest, came_us)) = self.order.front().copied() {
            if came_us >= at_us - KNOWN_US && self.order.len() < MAX_DELIVERIES {
                break;
            }
            self.order.pop_front();
            self.keys.remove(&oldest);
        }
        let is_new = self.keys.insert(key);
        if is_new {
            self.order.push_back((key, at_us));
        }
        is_new
    }
}

/// Keeps what `inbox` receives in the store until `stop`. A store that fails is tried again; no webhook
/// waits for it.
pub async fn keep_deliveries(
    reconciler: Arc<Reconciler>,
    inbox: Inbox,
    bells: impl Into<Bells>,
    stop: CancellationToken,
) {
    let bells = bells.into();
    let mut is_loaded = false;
    loop {
        let mut done = Ok(());
        if !is_loaded {
            done = inbox.load(&reconciler, &bells).await;
            is_loaded = done.is_ok();
        }
        if done.is_ok() {
            done = inbox.write(&reconciler).await;
        }
        if let Err(error) = &done {
            let error = chain(error);
            tracing::warn!(
                error,
                "the ids of webhooks cannot be kept; it is tried again"
            );
        }
        let woken = async {
            match done {
                Ok(()) => inbox.0.woken.notified().await,
                Err(_) => time::sleep(RETRY).await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = woken => {}
        }
    }
    // What came last; without it a webhook that is sent again rings once more.
    let _ = inbox.write(&reconciler).await;
}
