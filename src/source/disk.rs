//! Walks directories on disk; what is known and not marked is taken as it was.

use super::{
    Limits, SourceError, TreeFile,
    ahead::{Ahead, read_file},
    files::Content,
    gather::{Flow, Gather, Name},
    known::Known,
    listing::{Child, Directory, Held},
    marks::{Mark, Marks, Young},
};
use std::{
    ffi::OsString,
    fs,
    io::{self, ErrorKind},
    ops::ControlFlow::{Break, Continue},
    os::unix::ffi::OsStrExt as _,
    path::Path,
};

/// What was found, and whether to go on.
pub(super) type Step = (Option<Held>, Flow);

/// A directory as it was at the last reading, and where it is looked at again.
pub(super) type Before<'k> = (&'k Directory, &'k Marks);

/// What an entry of such a directory was, and where it is looked at again.
type Seen<'k> = (Option<&'k Held>, Option<&'k Marks>);

/// One walk.
pub(super) struct Walk<'l> {
    pub(super) gather: Gather<'l>,
    /// Directories that appeared or changed since the last reading, by their path on disk.
    pub(super) young: Young,
}

impl<'l> Walk<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            gather: Gather::new(limits),
            young: Young::new(),
        }
    }

    /// Goes down to one path of a scope and collects what is there.
    pub(super) fn scoped(&mut self, root: &Path, path: &str) -> Result<Step, SourceError> {
        let mut on_disk = root.to_owned();
        for part in path.split('/') {
            on_disk.push(part);
            let meta = match fs::symlink_metadata(&on_disk) {
                Ok(meta) => meta,
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
                {
                    return Err(SourceError::PathNotFound {
                        path: path.to_owned(),
                    });
                }
                Err(error) => return Err(SourceError::io("read", &on_disk, error)),
            };
            if meta.is_symlink() {
                let before = self.gather.findings().len();
                let flow = self.gather.symlink(path);
                return Ok((self.refused(before), flow));
            }
        }
        if on_disk.is_dir() {
            self.directory(&on_disk, path, path.split('/').count(), None)
        } else {
            self.file(&on_disk, path)
        }
    }

    /// Recurses at most `Limits::max_depth` deep.
    pub(super) fn directory(
        &mut self,
        on_disk: &Path,
        path: &str,
        depth: usize,
        before: Option<Before<'_>>,
    ) -> Result<Step, SourceError> {
        if let Some(before) = before
            && !must_be_listed(before)
        {
            return self.only_below(on_disk, path, depth, before);
        }
        if self.gather.depth(path, depth).is_break() {
            return Ok((None, Break(())));
        }
        let failed = |error| SourceError::io("list", on_disk, error);
        let mut names = Vec::new();
        for entry in fs::read_dir(on_disk).map_err(failed)? {
            if self.gather.entry(path).is_break() {
                return Ok((None, Break(())));
            }
            let entry = entry.map_err(failed)?;
            names.push((entry.file_name(), entry.file_type().map_err(failed)?));
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        let hidden = self.gather.hidden();
        let entries = names.len();
        let mut known = Known::new(before.map_or(&[], |(directory, _)| &directory.children));
        let mut children = Vec::with_capacity(entries);
        let mut flow = Continue(());
        let mut ahead = Ahead::default();
        for (number, (name, kind)) in names.iter().enumerate() {
            // What is known may not be needed; where nothing is, everything will be.
            if before.is_none() && number % Ahead::ENTRIES == 0 {
                let next = names.iter().skip(number).take(Ahead::ENTRIES);
                ahead = Ahead::read(on_disk, &self.manifests(path, next), self.gather.limits());
            }
            let child = known.find(name.as_bytes(), false);
            let marks = before.and_then(|(_, marks)| marks.at(name.as_bytes()));
            let (held, then) = match child {
                Some(child) if marks.is_none() && is_still(&child.held, *kind) => {
                    (Some(child.held.clone()), self.gather.reuse(&child.held))
                }
                _ => {
                    let child = child.map(|child| &child.held);
                    let seen = before.map(|_| (child, marks));
                    self.entry(on_disk, name, *kind, (path, depth), (seen, &mut ahead))?
                }
            };
            children.extend(held.map(|held| Child {
                name: name.as_bytes().into(),
                stamp: None,
                held,
            }));
            flow = then;
            if flow.is_break() {
                break;
            }
        }
        let hidden = self.gather.hidden() - hidden;
        let directory = Directory::new(None, children, entries, hidden);
        Ok((Some(Held::Directory(directory)), flow))
    }

    /// The names among entries of a directory whose files are going to be read.
    fn manifests<'n>(
        &self,
        path: &str,
        entries: impl Iterator<Item = &'n (OsString, fs::FileType)>,
    ) -> Vec<&'n OsString> {
        let files = entries.filter(|(_, kind)| kind.is_file());
        let names = files.map(|(name, _)| name);
        names
            .filter(|name| self.gather.may_read(path, name.as_bytes()))
            .collect()
    }

    /// A directory of which only directories in it changed.
    fn only_below(
        &mut self,
        on_disk: &Path,
        path: &str,
        depth: usize,
        (directory, marks): Before<'_>,
    ) -> Result<Step, SourceError> {
        let own = directory.own();
        let hidden = self.gather.hidden();
        let mut flow = self.gather.count(&own);
        let mut children = directory.children.clone();
        for child in &mut children {
            if flow.is_break() {
                break;
            }
            let below = marks.at(&child.name).and_then(|marks| match &child.held {
                Held::Directory(directory) => Some((directory.clone(), marks)),
                _ => None,
            });
            let Some((directory, marks)) = below else {
                flow = self.gather.reuse(&child.held);
                continue;
            };
            let name = String::from_utf8_lossy(&child.name);
            let on_disk = on_disk.join(&*name);
            let path = joined(path, &name);
            let before = Some((&*directory, marks));
            let (held, then) = self.directory(&on_disk, &path, depth + 1, before)?;
            flow = then;
            if let Some(held) = held {
                child.held = held;
            }
        }
        let hidden = self.gather.hidden() - hidden;
        let directory = Directory::new(None, children, own.entries, hidden);
        Ok((Some(Held::Directory(directory)), flow))
    }

    fn entry(
        &mut self,
        parent: &Path,
        name: &OsString,
        kind: fs::FileType,
        (parent_path, depth): (&str, usize),
        (seen, ahead): (Option<Seen<'_>>, &mut Ahead<'_>),
    ) -> Result<Step, SourceError> {
        let found = self.gather.findings().len();
        let mut path = parent_path.to_owned();
        let descend = kind.is_dir() || kind.is_symlink();
        let path = match self.gather.name(&mut path, name.as_bytes(), descend) {
            Name::Skipped => return Ok((None, Continue(()))),
            Name::Odd(flow) => return Ok((self.refused(found), flow)),
            Name::Path(path) => path,
        };
        let on_disk = parent.join(name);
        let flow = if kind.is_symlink() {
            self.gather.symlink(path)
        } else if kind.is_dir() {
            // A submodule's or another repository's work tree: a commit would not hold its files.
            if !on_disk.join(".git").exists() {
                let before = seen.and_then(|seen| self.known_directory(&on_disk, seen));
                return self.directory(&on_disk, path, depth + 1, before);
            }
            self.gather.submodule(path)
        } else if kind.is_file() {
            let most = self.gather.limits().max_file_bytes;
            let read = ahead.take(name);
            return self.read(
                &on_disk,
                path,
                read.unwrap_or_else(|| read_file(&on_disk, most)),
            );
        } else {
            Continue(())
        };
        Ok((self.refused(found), flow))
    }

    /// What is known of a directory, unless it is to be looked at as if it had never been seen.
    fn known_directory<'k>(&mut self, on_disk: &Path, seen: Seen<'k>) -> Option<Before<'k>> {
        let mark = seen.1.and_then(Marks::own);
        match seen {
            (Some(Held::Directory(directory)), Some(marks)) if mark.is_none() => {
                return Some((directory, marks));
            }
            _ if mark == Some(Mark::Young) => {}
            _ => self.young.push(on_disk.to_owned()),
        }
        None
    }

    /// Reads one file.
    pub(super) fn file(&mut self, on_disk: &Path, path: &str) -> Result<Step, SourceError> {
        let most = self.gather.limits().max_file_bytes;
        self.read(on_disk, path, read_file(on_disk, most))
    }

    /// Takes what was read of a file.
    fn read(
        &mut self,
        on_disk: &Path,
        path: &str,
        read: io::Result<(u64, Vec<u8>)>,
    ) -> Result<Step, SourceError> {
        let (size, bytes) = read.map_err(|error| SourceError::io("read", on_disk, error))?;
        let before = self.gather.findings().len();
        let cost = match self.gather.file(path, size) {
            Continue(Some(cost)) => cost,
            Continue(None) => return Ok((self.refused(before), Continue(()))),
            Break(()) => return Ok((self.refused(before), Break(()))),
        };
        let file = TreeFile {
            path: path.into(),
            content: Content::Bytes(bytes.into()),
        };
        Ok((Some(Held::File(file, cost)), Continue(())))
    }

    /// The finding that was made last, if any was since there were `before`.
    fn refused(&self, before: usize) -> Option<Held> {
        let finding = self.gather.findings().get(before)?;
        Some(Held::Refused(Box::new(finding.clone())))
    }
}

/// Whether something happened to an entry of the directory, and not only inside directories in it.
fn must_be_listed((directory, marks): Before<'_>) -> bool {
    marks.children().any(|(name, marks)| {
        let child = Known::new(&directory.children).find(name.as_bytes(), false);
        let held = child.map(|child| &child.held);
        marks.own().is_some() || !matches!(held, Some(Held::Directory(_)))
    })
}

/// Whether an entry is of the sort that it was.
fn is_still(held: &Held, kind: fs::FileType) -> bool {
    match held {
        Held::Directory(_) => kind.is_dir(),
        Held::File(..) => kind.is_file(),
        Held::Refused(_) => true,
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() || path.ends_with('/') {
        format!("{path}{name}")
    } else {
        format!("{path}/{name}")
    }
}
