//! Typed paths, read once or again and again.

use super::{error::CliError, session::Session};
use crate::{
    manifest::{MAX_FILE_BYTES, parse_file},
    reconcile::{FileCache, SourceFile, SourceFileMap, SourceFiles, gather},
    source::{Changed, Limits, SourceError, WorkTree},
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What was read of typed paths, so that reading them again costs what changed.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    places: Vec<Place>,
    /// The files of all places; of two with the same path the one typed first.
    files: SourceFileMap,
    /// Paths that changed in some place and not yet in `files`.
    touched: BTreeSet<Arc<str>>,
}

/// One typed path.
#[derive(Debug)]
struct Place {
    /// `None` for standard input.
    tree: Option<WorkTree>,
    cache: FileCache,
    last: SourceFiles,
}

impl Reading {
    /// Reads `paths`, the same ones every time; `-` is standard input. `changed` is what happened on disk
    /// since the last time.
    pub(crate) fn read(
        &mut self,
        paths: &[PathBuf],
        session: &mut Session,
        limits: &Limits,
        changed: &Changed,
    ) -> Result<SourceFiles, CliError> {
        if self.places.is_empty() {
            self.places = paths.iter().map(|path| Place::of(path, session)).collect();
        }
        let mut failed = None;
        for place in &mut self.places {
            match place.read(session, limits, changed) {
                Ok(()) => self.touched.extend(place.last.changed.iter().cloned()),
                // The others are told what changed all the same.
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(self.join()),
        }
    }

    fn join(&mut self) -> SourceFiles {
        let changed: Vec<_> = std::mem::take(&mut self.touched).into_iter().collect();
        if let [place] = &*self.places {
            return place.last.clone();
        }
        for path in &changed {
            let mut places = self.places.iter();
            match places.find_map(|place| place.last.files.get(path)) {
                Some(file) => self.files.insert_mut(path.clone(), file.clone()),
                None => drop(self.files.remove_mut(path)),
            }
        }
        let findings = self.places.iter().flat_map(|place| &place.last.findings);
        SourceFiles {
            files: self.files.clone(),
            changed,
            findings: findings.cloned().collect(),
            ..SourceFiles::default()
        }
    }
}

impl Place {
    fn of(path: &Path, session: &Session) -> Self {
        let is_file = path.as_os_str() != "-";
        Self {
            tree: is_file.then(|| WorkTree::new(session.path(path))),
            cache: FileCache::default(),
            last: SourceFiles::default(),
        }
    }

    fn read(
        &mut self,
        session: &mut Session,
        limits: &Limits,
        changed: &Changed,
    ) -> Result<(), CliError> {
        self.last = match &mut self.tree {
            None => of_stdin(session)?,
            Some(tree) => {
                let checkout = tree.read(changed, limits);
                let gathered = checkout.and_then(|checkout| gather(&checkout, &mut self.cache));
                gathered.map_err(|error: SourceError| CliError::from(error))?
            }
        };
        Ok(())
    }
}

fn of_stdin(session: &mut Session) -> Result<SourceFiles, CliError> {
    let content = session.read_stdin(MAX_FILE_BYTES)?;
    let path: Arc<str> = "-".into();
    let parsed = Arc::new(parse_file(&path, &content));
    let file = SourceFile {
        path,
        content: content.into(),
        parsed,
    };
    Ok(SourceFiles::of(None, [file], Vec::new()))
}
