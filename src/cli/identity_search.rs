//! Age identities in files that are no manifests: on disk, in the index, in a commit.
//!
//! What Git ignores and does not track never gets into a commit, and is left out. Manifests are looked into when
//! they are read.

use super::{error::CliError, scope::ScopeArgs, session::Session};
use crate::{
    manifest::identity_in,
    model::Finding,
    source::{Patterns, Small, tracked_below},
};
use ignore::WalkBuilder;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

/// No file of identities is larger.
const MAX_KEY_FILE_BYTES: u64 = 16 * 1024;

/// Files looked into, at most.
const MAX_FILES: usize = 200_000;

/// What every identity begins with.
const MARK: &[u8] = b"AGE-SECRET-KEY-";

/// Looks into the small files of what a command reads.
pub(crate) fn search(scope: &ScopeArgs, session: &mut Session) -> Result<Vec<Finding>, CliError> {
    let search = Search {
        excluded: scope.excluded()?,
        left: Cell::new(MAX_FILES),
        found: RefCell::default(),
    };
    if scope.reads_disk() {
        search.on_disk(&scope.watched(session));
    } else {
        let mut small = Small {
            max_bytes: MAX_KEY_FILE_BYTES,
            // What a pattern leaves out at one place may be wanted at another.
            once: search.excluded.is_none(),
            wanted: &|path| search.wants(Path::new(path)),
            take: &mut |path, bytes| search.look(path, bytes),
        };
        scope.small_files(session, &mut small)?;
    }
    if search.left.get() == 0 {
        session.terminal.note(&format!(
            "note: only the first {MAX_FILES} files beside the manifests were searched for age identities\n"
        ));
    }
    Ok(search.found.into_inner())
}

/// Whether a file is looked into when it is read as a manifest, by its name.
pub(crate) fn is_manifest(path: &Path) -> bool {
    let end = path.extension().and_then(|end| end.to_str());
    end.is_some_and(|end| ["yaml", "yml", "json"].contains(&end))
}

struct Search {
    excluded: Option<Arc<Patterns>>,
    /// How many more files are looked into.
    left: Cell<usize>,
    found: RefCell<Vec<Finding>>,
}

impl Search {
    /// Whether a path, as from the top, is looked into; it is counted if it is.
    fn wants(&self, path: &Path) -> bool {
        let is_hidden = |path: &Path| {
            let mut parts = path.components();
            parts.any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."))
        };
        let is_read = is_manifest(path) && !is_hidden(path);
        let excluded = self.excluded.as_ref();
        let is_excluded =
            excluded.is_some_and(|patterns| patterns.matches(&path.to_string_lossy(), false));
        if is_read || is_excluded || self.left.get() == 0 {
            return false;
        }
        self.left.set(self.left.get() - 1);
        true
    }

    fn look(&self, shown: &str, bytes: &[u8]) {
        if bytes.windows(MARK.len()).any(|part| part == MARK) {
            let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
            self.found.borrow_mut().extend(identity_in(shown, &text));
        }
    }

    fn on_disk(&self, below: &[PathBuf]) {
        let mut files = BTreeSet::new();
        for root in below.iter().filter(|root| is_in_repository(root)) {
            let mut walk = WalkBuilder::new(root);
            walk.hidden(false)
                .filter_entry(|entry| entry.file_name() != ".git");
            // What cannot be read here is reported by whoever reads the manifests.
            let walked = walk.build().flatten().map(ignore::DirEntry::into_path);
            for path in walked.chain(tracked_below(root)) {
                let inside = path.strip_prefix(root).unwrap_or(&path);
                let is_small = || {
                    fs::symlink_metadata(&path)
                        .is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_KEY_FILE_BYTES)
                };
                let is_new = !files.contains(&path) && is_small();
                if is_new && self.wants(inside) {
                    files.insert(path);
                }
            }
        }
        for path in files {
            if let Ok(bytes) = fs::read(&path).map(Zeroizing::new) {
                let shown = path.strip_prefix("./").unwrap_or(&path);
                self.look(&shown.to_string_lossy(), &bytes);
            }
        }
    }
}

fn is_in_repository(path: &Path) -> bool {
    let whole = fs::canonicalize(path).unwrap_or_default();
    whole.is_dir() && whole.ancestors().any(|it| it.join(".git").exists())
}
