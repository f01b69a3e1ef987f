//! Values of a secret that come from files.

use super::{OpenedSecret, Value};
use crate::{
    model::{Finding, Resource, code, pointer_to, spec::SecretSpec},
    reconcile::{reconciler::now_us, secret_files::SecretFiles},
    secrets::Opened,
    store::FileMark,
};
use std::sync::{Arc, OnceLock};

/// The file of a value.
#[derive(Clone)]
pub(super) struct File {
    path: Arc<str>,
    /// How it was found when it was looked at last.
    seen: Option<FileMark>,
    /// Why it gives no value any more.
    stale: Option<Stale>,
}

/// That the value of a file which cannot be read any more goes on.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::reconcile) struct Stale {
    pub(in crate::reconcile) path: Arc<str>,
    pub(in crate::reconcile) problem: String,
    /// In microseconds since 1970 (UTC).
    pub(in crate::reconcile) since_us: i64,
}

/// A file that gives no value yet.
pub(super) struct Absent {
    path: Arc<str>,
    seen: Option<FileMark>,
    /// Why, in a sentence.
    reason: String,
}

impl File {
    fn is_still(&self, files: &SecretFiles) -> bool {
        is_still(self.seen.as_ref(), files.mark(&self.path).as_ref())
    }
}

fn is_still(seen: Option<&FileMark>, now: Option<&FileMark>) -> bool {
    match (seen, now) {
        (Some(seen), Some(now)) => seen.is_still(now),
        (None, None) => true,
        _ => false,
    }
}

impl OpenedSecret {
    /// Reads the values that come from files. One whose file gives none any more stays what it was `before`; one that
    /// never had any is said to be missing.
    pub(super) fn read_files(
        &mut self,
        files: &SecretFiles,
        resource: &Resource,
        spec: &SecretSpec,
        before: Option<&Self>,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (key, path) in &spec.from_file {
            let before = before.and_then(|before| before.values.get(key));
            let before = before.filter(|value| value.is_from(path));
            // Before it is read: what changes in between is seen at the next look.
            let seen = files.mark(path);
            let (problem, path): (_, Arc<str>) = match files.read(path) {
                Ok((opened, mark)) => {
                    let value = Value::of_file(path, opened, mark, before);
                    self.values.insert(key.clone(), value);
                    continue;
                }
                Err(problem) => (problem, path.as_str().into()),
            };
            if let Some(before) = before {
                let value = before.stale(seen, path, problem);
                self.values.insert(key.clone(), value);
                continue;
            }
            findings.push(not_read(resource, key, &path, &problem));
            let absent = Absent {
                reason: format!("the file `{path}` of its value `{key}`: {problem}"),
                path,
                seen,
            };
            self.absent.insert(key.clone(), absent);
        }
        findings
    }

    /// Whether any value comes from a file, or would.
    pub(in crate::reconcile) fn has_files(&self) -> bool {
        let mut values = self.values.values();
        !self.absent.is_empty() || values.any(|value| value.file.is_some())
    }

    /// Whether a file of it may say something else now.
    pub(in crate::reconcile) fn has_moved_files(&self, files: &SecretFiles) -> bool {
        let mut known = self.values.values().filter_map(|value| value.file.as_ref());
        let mut absent = self.absent.values();
        known.any(|file| !file.is_still(files))
            || absent.any(|file| !is_still(file.seen.as_ref(), files.mark(&file.path).as_ref()))
    }

    /// Why the file of the first of `keys` that has none gives no value.
    pub(in crate::reconcile) fn absent(&self, keys: &[&str]) -> Option<&str> {
        let mut absent = keys.iter().filter_map(|key| self.absent.get(*key));
        absent.next().map(|absent| absent.reason.as_str())
    }

    /// That a value goes on although its file gives none any more.
    pub(in crate::reconcile) fn stale(&self, key: &str) -> Option<&Stale> {
        self.values.get(key)?.file.as_ref()?.stale.as_ref()
    }

    /// Whether it has the very values of `other`, and lacks the same.
    pub(in crate::reconcile) fn has_values_of(&self, other: &Self) -> bool {
        let is_same = |(key, value): (&String, &Value)| {
            let other = other.values.get(key);
            other.is_some_and(|other| Arc::ptr_eq(&value.opened, &other.opened))
        };
        let reasons = |secret: &Self| -> Vec<_> {
            let absent = secret.absent.values();
            absent.map(|absent| absent.reason.clone()).collect()
        };
        self.values.len() == other.values.len()
            && self.values.iter().all(is_same)
            && reasons(self) == reasons(other)
    }

    /// What happened to its files since it was as `before`, a sentence without the secret's name for each value.
    pub(in crate::reconcile) fn news(&self, before: &Self) -> Vec<String> {
        let from_files = self.values.iter().filter(|(_, value)| value.file.is_some());
        let news = from_files.filter_map(|(key, value)| {
            let Some(old) = before.values.get(key) else {
                return Some(format!("has its value `{key}` now: its file is there"));
            };
            match (before.stale(key), self.stale(key)) {
                (None, Some(stale)) => Some(format!(
                    "goes on with the value `{key}` that was read before: {}",
                    stale.problem
                )),
                _ if !Arc::ptr_eq(&old.opened, &value.opened) => {
                    Some(format!("has another value `{key}` now: its file changed"))
                }
                (Some(_), None) => Some(format!("has its value `{key}` from its file again")),
                _ => None,
            }
        });
        news.collect()
    }
}

impl Value {
    /// Whether it was read from this path.
    fn is_from(&self, path: &str) -> bool {
        self.file.as_ref().is_some_and(|file| *file.path == *path)
    }

    /// What was read of a file; the value `before` if it is the same.
    fn of_file(path: &str, opened: Opened, mark: FileMark, before: Option<&Self>) -> Self {
        let same = before.filter(|before| before.opened.same_as(&opened));
        let mut value = same.map_or_else(|| Self::clear(opened), Self::again);
        value.file = Some(File {
            path: path.into(),
            seen: Some(mark),
            stale: None,
        });
        value
    }

    /// The same value, of a file that gives none any more.
    fn stale(&self, seen: Option<FileMark>, path: Arc<str>, problem: String) -> Self {
        let since_us = self
            .file
            .as_ref()
            .and_then(|file| Some(file.stale.as_ref()?.since_us));
        let mut value = self.again();
        value.file = Some(File {
            path: path.clone(),
            seen,
            stale: Some(Stale {
                path,
                problem,
                since_us: since_us.unwrap_or_else(now_us),
            }),
        });
        value
    }

    /// A value that was never sealed.
    pub(super) fn clear(opened: Opened) -> Self {
        Self {
            sealed: None,
            opened: Arc::new(opened),
            is_unbound: false,
            hosts: Arc::default(),
            print: OnceLock::new(),
            file: None,
        }
    }
}

fn not_read(resource: &Resource, key: &str, path: &str, problem: &str) -> Finding {
    let origin = resource.origin_of_key(&pointer_to("/spec/fromFile", key));
    let id = &resource.id;
    let message = format!("the file `{path}` gives no value `{key}` of {id}: {problem}");
    let hint = "put it below the directory that the daemon's `--secrets-dir` names; until then endpoints that need it are not ready";
    Finding::new(code::SECRET_FILE, origin, message)
        .with_hint(hint)
        .on(id)
}
