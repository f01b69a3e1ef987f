//! Findings filed under what they are about, so that a part can be found anew and replaced.

use super::{Finding, sorted::SortedMap};
use std::sync::Arc;

/// Findings by key; clones share their structure.
#[derive(Debug, Clone)]
pub struct FindingsBy<K: Ord>(SortedMap<K, Arc<[Finding]>>);

impl<K: Ord + Clone> FindingsBy<K> {
    /// Replaces what is filed under `key`.
    pub fn set(&mut self, key: K, findings: Vec<Finding>) {
        if !findings.is_empty() {
            self.0.insert_mut(key, findings.into());
        } else if self.0.contains_key(&key) {
            self.0.remove_mut(&key);
        }
    }

    /// Whether anything is filed under `key`.
    pub fn contains(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    /// What is filed under `key`.
    pub fn of(&self, key: &K) -> &[Finding] {
        self.0.get(key).map_or(&[], |findings| findings)
    }

    /// All of them, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.values().flat_map(|findings| findings.iter())
    }
}

impl<K: Ord> Default for FindingsBy<K> {
    fn default() -> Self {
        Self(SortedMap::default())
    }
}
