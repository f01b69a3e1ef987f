//! What a command reads: which files, and as they are where.

use super::{
    error::CliError,
    manifests::{Version, needed_repository},
    reading::Reading,
    session::Session,
};
use crate::source::{
    Changed, Limits, Patterns, Selection, Small, path_in_repository, small_of_revision,
    small_staged,
};
use clap::Args;
use std::{
    path::{Component, Path, PathBuf},
    sync::Arc,
};

/// Flags that say what is read.
#[derive(Debug, Args)]
pub(crate) struct ScopeArgs {
    /// Directories or files; `-` is standard input [default: .]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// A directory or file (can be repeated)
    #[arg(short, long = "file", value_name = "PATH")]
    file: Vec<PathBuf>,
    /// As they are in a commit: a branch, a tag or a commit id
    #[arg(long, value_name = "REV", conflicts_with = "staged")]
    rev: Option<String>,
    /// As they are staged for the next commit, for a pre-commit hook
    #[arg(long)]
    staged: bool,
    /// Only what matches, as in `.gitignore` (can be repeated)
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// Nothing that matches, as in `.gitignore` (can be repeated)
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
}

impl ScopeArgs {
    /// Reads the files; `reading` holds what was read before, and `changed` is what happened on disk since.
    pub(crate) fn read(
        &self,
        session: &mut Session,
        reading: &mut Reading,
        changed: &Changed,
    ) -> Result<Version, CliError> {
        let limits = Limits {
            selection: self.selection()?,
            ..Limits::default()
        };
        let paths = self.typed();
        if self.rev.is_none() && !self.staged {
            return Version::of_typed_within(&paths, session, &limits, reading, changed);
        }
        let root = needed_repository(session)?;
        let paths = in_repository(&root, &paths, session)?;
        if let Some(revision) = &self.rev {
            return Version::of_revision_within(&root, revision, &paths, &limits);
        }
        Version::of_staged(&root, index(session).as_deref(), &paths, &limits)
    }

    /// Hands over the small files, manifests or not, of the commit or the index that is read.
    pub(crate) fn small_files(
        &self,
        session: &Session,
        small: &mut Small<'_>,
    ) -> Result<(), CliError> {
        let root = needed_repository(session)?;
        let paths = in_repository(&root, &self.typed(), session)?;
        match &self.rev {
            Some(revision) => small_of_revision(&root, revision, &paths, small)?,
            None => small_staged(&root, index(session).as_deref(), &paths, small)?,
        }
        Ok(())
    }

    /// What `--exclude` says.
    pub(crate) fn excluded(&self) -> Result<Option<Arc<Patterns>>, CliError> {
        Ok(self.selection()?.exclude)
    }

    /// The directories and files on disk that are read, for a watch over them.
    pub(crate) fn watched(&self, session: &Session) -> Vec<PathBuf> {
        let typed = self.typed();
        if typed.is_empty() {
            return vec![session.directory()];
        }
        typed.iter().map(|path| session.path(path)).collect()
    }

    /// Whether files are read as they are on disk.
    pub(crate) fn reads_disk(&self) -> bool {
        self.rev.is_none() && !self.staged
    }

    /// Whether standard input is one of the files.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.typed().iter().any(|path| path.as_os_str() == "-")
    }

    fn typed(&self) -> Vec<PathBuf> {
        self.paths.iter().chain(&self.file).cloned().collect()
    }

    fn selection(&self) -> Result<Selection, CliError> {
        let patterns = |flag: &str, globs: &[String]| {
            if globs.is_empty() {
                return Ok(None);
            }
            match Patterns::parse(globs.iter().map(String::as_str)) {
                Ok(patterns) => Ok(Some(Arc::new(patterns))),
                Err(error) => {
                    let message = format!("the value of `{flag}` cannot be used");
                    Err(CliError::usage(message).because(&error))
                }
            }
        };
        Ok(Selection {
            include: patterns("--include", &self.include)?,
            exclude: patterns("--exclude", &self.exclude)?,
        })
    }
}

/// The index file that `git` gives a hook, if it is not the repository's own.
fn index(session: &Session) -> Option<PathBuf> {
    let index = session.environment().git_index_file.as_ref();
    index.map(|index| session.path(index))
}

/// Typed paths as the repository names them. They need not exist on disk.
fn in_repository(
    root: &Path,
    typed: &[PathBuf],
    session: &Session,
) -> Result<Vec<String>, CliError> {
    let here = session.directory();
    let here = path_in_repository(root, &here).unwrap_or_default();
    let one = |typed: &PathBuf| {
        if typed.as_os_str() == "-" {
            return Err(CliError::usage(
                "standard input is not in the repository; leave out `-`",
            ));
        }
        let outside = || {
            CliError::usage(format!(
                "`{}` is not a path in the repository",
                typed.display()
            ))
        };
        if typed.is_absolute() {
            return path_in_repository(root, typed).ok_or_else(outside);
        }
        below(&here, typed).ok_or_else(outside)
    };
    typed.iter().map(one).collect()
}

/// `typed` from the directory `here`, both with `..` worked off; `None` if that leaves the top.
fn below(here: &str, typed: &Path) -> Option<String> {
    let mut parts: Vec<&str> = here.split('/').filter(|part| !part.is_empty()).collect();
    for part in typed.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::ParentDir => drop(parts.pop()?),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}
