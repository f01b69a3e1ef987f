//! A new bare repository with one commit.

use super::{CommitId, SourceError};
use git2::{Repository, RepositoryInitOptions, Signature};
use std::path::Path;

/// Makes a bare repository at `path` whose branch `main` holds `files` (path and content) in one commit.
///
/// # Errors
///
/// - [`SourceError::Create`] if the repository or an object cannot be written.
pub fn create_repository(
    path: &Path,
    files: &[(String, Vec<u8>)],
    message: &str,
) -> Result<CommitId, SourceError> {
    create(path, files, message)
        .map_err(|source| SourceError::Create {
            path: path.to_owned(),
            source,
        })
        .map(CommitId::from_oid)
}

fn create(
    path: &Path,
    files: &[(String, Vec<u8>)],
    message: &str,
) -> Result<git2::Oid, git2::Error> {
    let mut options = RepositoryInitOptions::new();
    let repository = Repository::init_opts(path, options.bare(true).initial_head("main"))?;
    let mut index = git2::Index::new()?;
    for (name, content) in files {
        let id = repository.blob(content)?;
        index.add(&entry(name, id))?;
    }
    let tree = repository.find_tree(index.write_tree_to(&repository)?)?;
    let author = Signature::now("orloj demo", "demo@orloj.invalid")?;
    repository.commit(
        Some("refs/heads/main"),
        &author,
        &author,
        message,
        &tree,
        &[],
    )
}

fn entry(name: &str, id: git2::Oid) -> git2::IndexEntry {
    let zero = git2::IndexTime::new(0, 0);
    git2::IndexEntry {
        ctime: zero,
        mtime: zero,
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: name.as_bytes().to_vec(),
    }
}
