//! Findings filed under what they are about, so that a part can be found anew and replaced.

use super::{Finding, Findings, sorted::SortedMap};
use std::sync::Arc;

/// Findings by key; clones share their structure.
#[derive(Debug, Clone)]
pub struct FindingsBy<K: Ord> {
    by_key: SortedMap<K, Arc<[Arc<Finding>]>>,
    all: Findings,
}

impl<K: Ord + Clone> FindingsBy<K> {
    /// Replaces what is filed under `key`.
    pub fn set(&mut self, key: K, findings: Vec<Finding>) {
        if let Some(before) = self.by_key.get(&key) {
            for finding in before.iter() {
                self.all.take_back(finding);
            }
            if findings.is_empty() {
                self.by_key.remove_mut(&key);
            }
        }
        if findings.is_empty() {
            return;
        }
        let findings: Arc<[_]> = findings.into_iter().map(Arc::new).collect();
        for finding in findings.iter() {
            self.all.insert(finding.clone(), 1);
        }
        self.by_key.insert_mut(key, findings);
    }

    /// Whether anything is filed under `key`.
    pub fn contains(&self, key: &K) -> bool {
        self.by_key.contains_key(key)
    }

    /// What is filed under `key`.
    pub fn of(&self, key: &K) -> impl Iterator<Item = &Finding> {
        let findings = self.by_key.get(key).into_iter();
        findings.flat_map(|findings| findings.iter().map(AsRef::as_ref))
    }

    /// All of them.
    pub fn all(&self) -> &Findings {
        &self.all
    }
}

impl<K: Ord> Default for FindingsBy<K> {
    fn default() -> Self {
        Self {
            by_key: SortedMap::default(),
            all: Findings::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FindingsBy;
    use crate::model::{Finding, Findings, Origin, code};

    fn finding(file: &str) -> Finding {
        Finding::new(code::SOURCE_EMPTY, Origin::file(file), "nothing is there")
    }

    fn files(findings: &Findings) -> Vec<&str> {
        let files = findings.iter().map(|one| &*one.origin.file);
        files.collect()
    }

    #[test]
    fn what_is_filed_twice_stays_until_nobody_says_it_any_more() {
        let mut by = FindingsBy::default();
        by.set(1, vec![finding("b"), finding("a")]);
        by.set(2, vec![finding("b"), finding("c")]);
        assert_eq!(files(by.all()), ["a", "b", "c"]);
        let before = by.clone();
        by.set(1, vec![finding("d")]);
        assert_eq!(files(by.all()), ["b", "c", "d"]);
        by.set(2, Vec::new());
        assert_eq!(files(by.all()), ["d"]);
        assert!(by.contains(&1) && !by.contains(&2));
        assert_eq!(by.of(&1).count(), 1);
        assert_eq!(files(before.all()), ["a", "b", "c"]);
    }

    #[test]
    fn sets_that_are_joined_hold_what_either_held() {
        let all = |names: &str| -> Findings { names.split(' ').map(finding).collect() };
        for (one, other) in [("a b c", "b d"), ("d b", "c b a"), ("a b c d", "a")] {
            let mut joined = all(one).join(all(other));
            assert_eq!(files(&joined), ["a", "b", "c", "d"]);
            assert_eq!(joined, all("d c b a"));
            joined.remove(&finding("b"));
            assert_eq!(files(&joined), ["a", "c", "d"]);
            assert_ne!(joined, all("d c b a"));
        }
    }
}
