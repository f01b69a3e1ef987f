//! Patterns over paths in the syntax of `.gitignore`, and the file `.orlojignore` that holds some.

use crate::model::{Finding, Origin, Position, Span, code};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::sync::Arc;

/// The file at the top of a tree that says what of it is not read.
pub(super) const IGNORE_FILE: &str = ".orlojignore";

/// Largest `.orlojignore` in bytes (16 KiB): patterns are compiled, and that costs more than reading.
pub(super) const MAX_IGNORE_BYTES: u64 = 16 << 10;

/// Why a text is not a pattern.
#[derive(Debug, thiserror::Error)]
#[error("`{pattern}` is not a path pattern")]
pub struct PatternError {
    /// The pattern.
    pattern: String,
    /// The cause.
    #[source]
    source: ignore::Error,
}

/// Patterns as in `.gitignore`: the last one that matches decides, `!` turns it round.
///
/// Syntax: <https://git-scm.com/docs/gitignore#_pattern_format>. Matching takes time linear in the path.
#[derive(Debug)]
pub struct Patterns(Gitignore);

impl Patterns {
    /// Compiles patterns, one each.
    ///
    /// # Errors
    ///
    /// - [`PatternError`] for the first that is none.
    pub fn parse<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self, PatternError> {
        let mut builder = GitignoreBuilder::new("");
        let mut last = "";
        for pattern in patterns {
            let added = builder.add_line(None, pattern);
            added.map_err(|source| PatternError::of(pattern, source))?;
            last = pattern;
        }
        let built = builder.build();
        built.map_or_else(
            |source| Err(PatternError::of(last, source)),
            |it| Ok(Self(it)),
        )
    }

    /// Whether no path can be matched: there are comments and empty lines only, or nothing but `!`.
    pub fn match_nothing(&self) -> bool {
        self.0.num_ignores() == 0
    }

    /// Whether a path, relative and with `/` between its parts, is matched, itself or a directory that it
    /// is in.
    pub fn matches(&self, path: &str, directory: bool) -> bool {
        let path = path.trim_start_matches('/');
        let matched = self.0.matched_path_or_any_parents(path, directory);
        matched.is_ignore()
    }
}

impl PatternError {
    fn of(pattern: &str, source: ignore::Error) -> Self {
        Self {
            pattern: super::text::safe(pattern),
            source,
        }
    }
}

/// What of a tree the reader wants to see. The default is all of it.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// If there, only what matches.
    pub include: Option<Arc<Patterns>>,
    /// If there, nothing that matches.
    pub exclude: Option<Arc<Patterns>>,
}

impl Selection {
    /// Whether a path of the repository is looked at. A directory may hold what is included.
    pub(super) fn selects(&self, path: &str, directory: bool) -> bool {
        let excluded = self.exclude.as_ref();
        let included = self.include.as_ref();
        !excluded.is_some_and(|patterns| patterns.matches(path, directory))
            && (directory || included.is_none_or(|patterns| patterns.matches(path, false)))
    }
}

/// What of one tree is not read, by the tree's own `.orlojignore`.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    patterns: Option<Patterns>,
    /// What is wrong with the file.
    pub(super) findings: Vec<Finding>,
}

impl Ignored {
    /// Reads the content of a `.orlojignore`. A line that is no pattern is a finding, not a guess.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Self::refused("the file is not UTF-8 text");
        };
        let mut findings = Vec::new();
        let mut good = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            match Patterns::parse([line]) {
                Ok(_) => good.push(line),
                Err(error) => findings.push(bad_line(number, line, &error)),
            }
        }
        match Patterns::parse(good) {
            Ok(patterns) => Self {
                patterns: Some(patterns),
                findings,
            },
            Err(_) => Self::refused("the patterns are too many or too large together"),
        }
    }

    /// A `.orlojignore` that cannot be used.
    pub(super) fn refused(why: impl Into<String>) -> Self {
        let finding = Finding::new(code::LIMIT_IGNORE, Origin::file(IGNORE_FILE), why)
            .with_hint("make it a plain text file with one pattern a line");
        Self {
            findings: vec![finding],
            ..Self::default()
        }
    }

    /// A `.orlojignore` of more than [`MAX_IGNORE_BYTES`].
    pub(super) fn too_large(bytes: u64) -> Self {
        Self::refused(format!(
            "the file has {bytes} bytes; at most {MAX_IGNORE_BYTES} are read"
        ))
    }

    /// Whether a path of the repository is not read.
    pub(super) fn hides(&self, path: &str, directory: bool) -> bool {
        let patterns = self.patterns.as_ref();
        patterns.is_some_and(|patterns| patterns.matches(path, directory))
    }
}

fn bad_line(number: u32, line: &str, error: &PatternError) -> Finding {
    let at = |column| Position {
        line: number,
        column,
    };
    let width = u32::try_from(line.chars().count()).unwrap_or(u32::MAX);
    let origin = Origin {
        file: IGNORE_FILE.into(),
        span: Span {
            start: at(1),
            end: at(width.saturating_add(1)),
        },
    };
    Finding::new(code::LIMIT_IGNORE, origin, error.to_string())
        .with_hint("write a pattern as in `.gitignore`, or put a `#` before it")
}
