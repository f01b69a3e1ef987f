//! Waits for somebody to save a file.

use super::SourceError;
use notify::{
    Config, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind},
};
use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

/// An editor writes, renames and removes within one save; what follows this closely belongs to it.
const SAVE: Duration = Duration::from_millis(20);

/// Where the system tells nothing, it is asked this often.
const POLL: Duration = Duration::from_millis(500);

/// Changed places told apart; beyond that, looking at everything is no slower.
const MAX_PLACES: usize = 10_000;

/// What may be different on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// Nobody knows.
    Everything,
    /// These files and directories, absolute and without links, were made, written, renamed or removed;
    /// of a directory also what is in it.
    Paths(BTreeSet<PathBuf>),
}

impl Changed {
    /// No change at all.
    pub const fn nothing() -> Self {
        Self::Paths(BTreeSet::new())
    }

    /// Joins what else changed.
    pub fn add(&mut self, more: &Self) {
        match (&mut *self, more) {
            (Self::Paths(paths), Self::Paths(more)) if paths.len() + more.len() <= MAX_PLACES => {
                paths.extend(more.iter().cloned());
            }
            _ => *self = Self::Everything,
        }
    }
}

/// A watch over directories and files.
pub struct Watch {
    /// Ends the watch when dropped.
    _watcher: Box<dyn Watcher + Send>,
    changes: Receiver<Changed>,
}

impl Watch {
    /// Starts to watch everything below `paths`. What is hidden does not count, except `.orlojignore`.
    ///
    /// # Errors
    ///
    /// - [`SourceError::Watch`] if a path cannot be watched.
    pub fn start(paths: &[PathBuf]) -> Result<Self, SourceError> {
        let paths = &absolute(paths)?;
        let (tell, changes) = channel();
        let native =
            RecommendedWatcher::new(handler(paths.clone(), tell.clone()), Config::default());
        let started = native.and_then(|watcher| Self::over(paths, watcher));
        let watcher = match started {
            Ok(watcher) => watcher,
            // The system's watches are used up, or it has none: look for changes instead.
            Err(_) => {
                let config = Config::default().with_poll_interval(POLL);
                PollWatcher::new(handler(paths.clone(), tell), config)
                    .and_then(|watcher| Self::over(paths, watcher))
                    .map_err(|source| SourceError::Watch { source })?
            }
        };
        Ok(Self {
            _watcher: watcher,
            changes,
        })
    }

    fn over<W: Watcher + Send + 'static>(
        paths: &[PathBuf],
        mut watcher: W,
    ) -> notify::Result<Box<dyn Watcher + Send>> {
        for path in paths {
            if path.is_dir() {
                watcher.watch(path, RecursiveMode::Recursive)?;
            } else {
                // Editors put a new file in the place of the old one, so its directory is watched.
                watcher.watch(directory_of(path), RecursiveMode::NonRecursive)?;
            }
        }
        Ok(Box::new(watcher))
    }

    /// Waits for the next change, at most `patience` if there is one; `None` if nothing happened.
    pub fn wait(&self, patience: Option<Duration>) -> Option<Changed> {
        let first = match patience {
            Some(patience) => self.changes.recv_timeout(patience).ok(),
            None => self.changes.recv().ok(),
        };
        let mut changed = first?;
        while let Ok(more) = self.changes.recv_timeout(SAVE) {
            changed.add(&more);
        }
        Some(changed)
    }
}

/// The paths as the system names them in what it tells. A file itself may be a link; its directory is
/// looked up.
fn absolute(paths: &[PathBuf]) -> Result<Vec<PathBuf>, SourceError> {
    let one = |path: &PathBuf| {
        let resolved = match path.file_name() {
            Some(name) if !path.is_dir() => {
                directory_of(path).canonicalize().map(|at| at.join(name))
            }
            _ => path.canonicalize(),
        };
        resolved.map_err(|error| SourceError::io("watch", path, error))
    };
    paths.iter().map(one).collect()
}

fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn handler(
    roots: Vec<PathBuf>,
    tell: Sender<Changed>,
) -> impl FnMut(notify::Result<Event>) + Send + 'static {
    move |event| {
        let changed = told(&roots, event);
        if changed != Changed::nothing() {
            // Nobody waits any more: the watch is about to end.
            let _ = tell.send(changed);
        }
    }
}

/// What the system says has changed below `roots`.
pub(super) fn told(roots: &[PathBuf], event: notify::Result<Event>) -> Changed {
    match event {
        // The system dropped what it had no room for.
        Ok(event) if event.need_rescan() => Changed::Everything,
        Ok(event) if is_change(event.kind) => {
            let moves = is_move(event.kind);
            let paths = event.paths.into_iter();
            Changed::Paths(paths.filter(|path| is_seen(roots, path, moves)).collect())
        }
        Ok(_) => Changed::nothing(),
        // Something could not be told, or is not watched any more.
        Err(_) => Changed::Everything,
    }
}

/// Reading is no change; our own reading least of all.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

/// Whether something is there that was not, or the reverse.
fn is_move(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
    )
}

/// Whether a changed path is one of `roots` or below one, and not hidden there. A repository made or
/// removed in a directory (`moves`) counts, what happens in it does not.
fn is_seen(roots: &[PathBuf], path: &Path, moves: bool) -> bool {
    let path = match path.parent() {
        Some(directory) if moves && path.ends_with(".git") => directory,
        _ => path,
    };
    roots.iter().any(|root| {
        path.strip_prefix(root).is_ok_and(|below| {
            below.components().all(|part| match part {
                Component::Normal(name) => {
                    name == super::patterns::IGNORE_FILE
                        || !name.as_encoded_bytes().starts_with(b".")
                }
                _ => true,
            })
        })
    })
}
