//! The bell: who asks for a look at the source, and what they say.

use crate::{forge::MovedTo, source::DEFAULT_SOURCE};
use std::{
    fmt, mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::Notify;

/// How many pushes are told from one another between two looks; the newest count.
pub(super) const MAX_TOLD: usize = 32;

/// The bell of each source, by its name.
#[derive(Clone)]
pub struct Bells(Arc<[(Arc<str>, Bell)]>);

impl Bells {
    /// A bell for each source. Without sources there is one too: it rings for what was sent by hand.
    pub fn of(sources: impl IntoIterator<Item = Arc<str>>) -> Self {
        let mut bells: Vec<_> = sources
            .into_iter()
            .map(|name| (name, Bell::default()))
            .collect();
        if bells.is_empty() {
            bells.push((DEFAULT_SOURCE.into(), Bell::default()));
        }
        Self(bells.into())
    }

    /// Asks for a look at every source.
    pub fn ring(&self) {
        self.0.iter().for_each(|(_, bell)| bell.ring());
    }

    /// Asks for a look at every source for somebody who did not prove to know the secret.
    pub fn ring_unproven(&self) {
        self.0.iter().for_each(|(_, bell)| bell.ring_unproven());
    }

    /// Asks for a look at a source because it is said to have moved. Only a hint.
    pub fn moved(&self, source: &str, to: MovedTo) {
        if let Some(bell) = self.get(source) {
            bell.moved(to);
        }
    }

    /// Notes that a webhook has told of a source before.
    pub fn prove(&self, source: &str) {
        if let Some(bell) = self.get(source) {
            bell.prove();
        }
    }

    /// How many commits polls found that a webhook should have told of.
    pub fn missed(&self) -> u64 {
        self.0.iter().map(|(_, bell)| bell.missed()).sum()
    }

    pub(super) fn get(&self, source: &str) -> Option<&Bell> {
        let mut bells = self.0.iter();
        bells.find_map(|(name, bell)| (**name == *source).then_some(bell))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Arc<str>, Bell)> {
        self.0.iter()
    }
}

/// The bell of the only source.
impl From<Bell> for Bells {
    fn from(bell: Bell) -> Self {
        Self(Arc::new([(DEFAULT_SOURCE.into(), bell)]))
    }
}

/// Rings for a look at one source. Rings while the loop is busy count once.
#[derive(Clone, Default)]
pub struct Bell(Arc<Shared>);

#[derive(Default)]
struct Shared {
    woken: Notify,
    rings: Mutex<Rings>,
    is_proven: AtomicBool,
    missed: AtomicU64,
}

/// Who rang since the last look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rings {
    /// Somebody who proved it.
    pub(super) proven: bool,
    /// Somebody who did not.
    pub(super) unproven: bool,
    /// Where the source is said to stand, the newest last.
    pub(super) told: Vec<MovedTo>,
}

impl Bell {
    /// Asks for a look at the source, now or as soon as the present one ends.
    pub fn ring(&self) {
        self.rings().proven = true;
        self.0.woken.notify_one();
    }

    /// Asks for a look at the source because it is said to have moved. Only a hint.
    pub fn moved(&self, to: MovedTo) {
        if to.is_named {
            self.prove();
        }
        let mut rings = self.rings();
        rings.proven = true;
        if to.after.is_some() {
            if rings.told.len() == MAX_TOLD {
                rings.told.remove(0);
            }
            rings.told.push(to);
        }
        drop(rings);
        self.0.woken.notify_one();
    }

    /// Asks for a look at the source for somebody who did not prove to know the secret: now and then.
    pub fn ring_unproven(&self) {
        self.rings().unproven = true;
        self.0.woken.notify_one();
    }

    /// Notes that a webhook has told of this source before.
    pub fn prove(&self) {
        self.0.is_proven.store(true, Ordering::Relaxed);
    }

    /// How many commits a poll found that a webhook should have told of.
    pub fn missed(&self) -> u64 {
        self.0.missed.load(Ordering::Relaxed)
    }

    pub(super) fn is_proven(&self) -> bool {
        self.0.is_proven.load(Ordering::Relaxed)
    }

    pub(super) fn note_missed(&self) {
        self.0.missed.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends at the next ring, or at once if there was one.
    pub(super) async fn rung(&self) {
        self.0.woken.notified().await;
    }

    /// Who rang, without answering them.
    pub(super) fn pending(&self) -> Rings {
        self.rings().clone()
    }

    /// Answers everybody who rang.
    pub(super) fn take(&self) -> Rings {
        mem::take(&mut *self.rings())
    }

    fn rings(&self) -> MutexGuard<'_, Rings> {
        self.0.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bell").field(&self.pending()).finish()
    }
}
