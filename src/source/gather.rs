//! Judges the entries of one revision and holds its limits, whichever way the tree is read.

use super::{
    Limits,
    listing::{Held, Totals},
    patterns::Ignored,
    text::{is_unsafe, safe},
};
use crate::model::{Code, Finding, Origin, code};
use std::ops::ControlFlow;

/// Findings listed for one revision; behind that the tree is beyond reading file by file.
const MAX_FINDINGS: usize = 100;

/// Longest path in bytes (`PATH_MAX` of Linux).
const MAX_PATH_BYTES: usize = 4096;

/// Goes on, or stops reading the tree because a limit of the whole revision is passed.
pub(super) type Flow = ControlFlow<()>;

/// What an entry's name says about it.
pub(super) enum Name<'a> {
    /// Hidden, or a name that no manifest has.
    Skipped,
    /// Refused; a finding says so.
    Odd(Flow),
    /// The path of a manifest or of a directory.
    Path(&'a str),
}

/// The findings so far, and what counts towards the limits.
pub(super) struct Gather<'l> {
    limits: &'l Limits,
    ignored: Ignored,
    /// What shown paths begin with, and what stands there in the repository.
    place: (String, String),
    /// Entries that `.orlojignore` left out.
    hidden: usize,
    files: usize,
    findings: Vec<Finding>,
    entries: usize,
    bytes: u64,
}

impl<'l> Gather<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            ignored: Ignored::default(),
            place: Default::default(),
            hidden: 0,
            files: 0,
            findings: Vec::new(),
            entries: 0,
            bytes: 0,
        }
    }

    pub(super) fn limits(&self) -> &'l Limits {
        self.limits
    }

    /// Leaves out what a `.orlojignore` says from here on.
    pub(super) fn ignore(&mut self, mut ignored: Ignored) {
        self.findings.append(&mut ignored.findings);
        self.ignored = ignored;
    }

    /// Says that shown paths begin with `shown`, which is `real` in the repository.
    pub(super) fn stand_at(&mut self, shown: &str, real: &str) {
        self.place = (shown.to_owned(), real.to_owned());
    }

    /// Whether a path is left out, by the tree's own word or by the reader's.
    fn hides(&self, path: &str, directory: bool) -> bool {
        let (shown, real) = &self.place;
        let below = path.strip_prefix(&**shown).unwrap_or(path);
        let below = below.trim_start_matches('/');
        let joined;
        let path = if real.is_empty() {
            below
        } else {
            joined = format!("{real}/{below}");
            &joined
        };
        self.ignored.hides(path, directory) || !self.limits.selection.selects(path, directory)
    }

    /// What was found wrong so far.
    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many entries were left out on purpose so far.
    pub(super) fn hidden(&self) -> usize {
        self.hidden
    }

    /// Takes what an earlier walk found at the same place, by the same rules. Breaks, without a finding,
    /// where only a walk can say whether and where a limit is passed.
    pub(super) fn reuse(&mut self, held: &Held) -> Flow {
        held.each_finding(&mut |finding| self.findings.push(finding.clone()));
        self.count(&held.totals())
    }

    /// The same of what has no findings any more.
    pub(super) fn count(&mut self, totals: &Totals) -> Flow {
        self.entries = self.entries.saturating_add(totals.entries);
        self.files += totals.files;
        self.bytes = self.bytes.saturating_add(totals.bytes);
        self.hidden += totals.hidden;
        let beyond = self.entries > self.limits.max_entries()
            || self.files > self.limits.max_files
            || self.bytes > self.limits.max_total_bytes
            || (totals.findings > 0 && self.findings.len() >= MAX_FINDINGS);
        if beyond {
            Flow::Break(())
        } else {
            Flow::Continue(())
        }
    }

    /// Whether a directory found to hold nothing elsewhere holds nothing at `path` either: deep down,
    /// the same names may be too much.
    pub(super) fn fits(&self, held: &Totals, path: &str, depth: usize) -> bool {
        depth + held.height <= self.limits.max_depth && path.len() + held.reach <= MAX_PATH_BYTES
    }

    /// Counts one entry of a directory, whatever it is.
    pub(super) fn entry(&mut self, directory: &str) -> Flow {
        self.entries += 1;
        let most = self.limits.max_entries();
        if self.entries <= most {
            return Flow::Continue(());
        }
        self.stop(
            code::LIMIT_FILES,
            directory,
            format!("the tree holds more than {most} entries"),
        )
    }

    /// Judges the depth of a directory about to be entered.
    pub(super) fn depth(&mut self, directory: &str, depth: usize) -> Flow {
        let most = self.limits.max_depth;
        if depth <= most {
            return Flow::Continue(());
        }
        self.stop(
            code::LIMIT_TREE_DEPTH,
            directory,
            format!("directories nest deeper than {most}"),
        )
    }

    /// Appends an entry's name to `path` and judges it.
    pub(super) fn name<'p>(
        &mut self,
        path: &'p mut String,
        name: &[u8],
        directory: bool,
    ) -> Name<'p> {
        let dots = matches!(name, b"." | b"..");
        let wanted = directory || is_manifest(name);
        if !wanted || (name.starts_with(b".") && !dots) {
            return Name::Skipped;
        }
        let text = std::str::from_utf8(name).ok();
        if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        match text {
            Some(text) if !dots && !is_odd(text) && path.len() + text.len() <= MAX_PATH_BYTES => {
                path.push_str(text);
                if self.hides(path, directory) {
                    self.hidden += 1;
                    return Name::Skipped;
                }
                Name::Path(path)
            }
            _ => {
                if text.is_some_and(|text| self.hides(&format!("{path}{text}"), directory)) {
                    self.hidden += 1;
                    return Name::Skipped;
                }
                let shown = String::from_utf8_lossy(&name[..name.len().min(80)]);
                path.push_str(&safe(&shown));
                let message = "the name holds a control character, a backslash or invalid UTF-8, or is too long";
                let hint = "rename it, or leave it out of the source's path";
                Name::Odd(self.report(code::LIMIT_FILE_NAME, path, message, hint))
            }
        }
    }

    /// Whether a plain file of that name is read, as far as the name says; finds and counts nothing.
    pub(super) fn may_read(&self, directory: &str, name: &[u8]) -> bool {
        let text = std::str::from_utf8(name).ok();
        is_manifest(name)
            && !name.starts_with(b".")
            && text.is_some_and(|text| !self.hides(&format!("{directory}/{text}"), false))
    }

    pub(super) fn symlink(&mut self, path: &str) -> Flow {
        if self.hides(path, false) {
            self.hidden += 1;
            return Flow::Continue(());
        }
        let hint = "replace it by a copy, or leave it out of the source's path";
        self.report(
            code::LIMIT_SYMLINK,
            path,
            "symbolic links are not read",
            hint,
        )
    }

    pub(super) fn submodule(&mut self, path: &str) -> Flow {
        if self.hides(path, false) {
            self.hidden += 1;
            return Flow::Continue(());
        }
        let hint =
            "copy the manifests in, make it a source of its own, or leave it out of the path";
        self.report(code::LIMIT_SUBMODULE, path, "submodules are not read", hint)
    }

    /// Judges the size of a manifest before its content is read, and takes it: what it counts towards
    /// the bytes of the revision, or `None` if it is left out.
    pub(super) fn file(&mut self, path: &str, bytes: u64) -> ControlFlow<(), Option<u64>> {
        let most = self.limits.max_file_bytes;
        if bytes > most {
            let message = format!("the file has {bytes} bytes; at most {most} are read");
            self.report(code::LIMIT_FILE_SIZE, path, message, "split the file")?;
            return ControlFlow::Continue(None);
        }
        let cost = bytes.saturating_add(path.len() as u64);
        self.bytes = self.bytes.saturating_add(cost);
        if self.bytes > self.limits.max_total_bytes {
            let most = self.limits.max_total_bytes;
            self.stop(
                code::LIMIT_TOTAL_SIZE,
                path,
                format!("the manifests have more than {most} bytes together"),
            )?;
        }
        let most = self.limits.max_files;
        if self.files >= most {
            self.stop(
                code::LIMIT_FILES,
                path,
                format!("the tree holds more than {most} manifests"),
            )?;
        }
        self.files += 1;
        ControlFlow::Continue(Some(cost))
    }

    /// Everything found wrong, sorted by place.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.findings.sort();
        self.findings.dedup();
        self.findings
    }

    fn report(&mut self, code: Code, path: &str, message: impl Into<String>, hint: &str) -> Flow {
        let finding = Finding::new(code, Origin::file(path), message).with_hint(hint);
        self.findings.push(finding);
        if self.findings.len() < MAX_FINDINGS {
            return Flow::Continue(());
        }
        self.stop(
            code,
            path,
            "too many problems of this sort; the rest of the tree was not read".to_owned(),
        )
    }

    fn stop(&mut self, code: Code, path: &str, message: String) -> Flow {
        let shown = if path.is_empty() { "." } else { path };
        let finding = Finding::new(code, Origin::file(shown), message)
            .with_hint("name only the directories that hold manifests with `--path`");
        self.findings.push(finding);
        Flow::Break(())
    }
}

/// Whether a file of this name is read: `.yaml`, `.yml`, `.json` in any case, and `.yaml.age`.
fn is_manifest(name: &[u8]) -> bool {
    const ENDINGS: [&[u8]; 4] = [b".yaml", b".yml", b".json", b".yaml.age"];
    ENDINGS.iter().any(|ending| {
        name.len() > ending.len() && name[name.len() - ending.len()..].eq_ignore_ascii_case(ending)
    })
}

/// Whether a name could mislead a terminal, a page or another file system.
fn is_odd(name: &str) -> bool {
    name.is_empty() || name.contains(|c: char| matches!(c, '\\' | '/') || is_unsafe(c))
}
