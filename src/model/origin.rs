//! Where something was written: file, line and column.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// A place in a text; both numbers count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// A stretch of text; `end` is the position just behind the last character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First character.
    pub start: Position,
    /// Just behind the last character.
    pub end: Position,
}

impl Span {
    /// The first character of a file, for what concerns the file as a whole.
    pub const FILE: Self = Self {
        start: Position::START,
        end: Position::START,
    };
}

/// A file and the stretch of it that something was read from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Path in the repository with `/` between its parts, or how the input was named (`-`, `api`).
    pub file: Arc<str>,
    /// Where in the file.
    pub span: Span,
}

impl Origin {
    /// The origin of something that concerns the file as a whole.
    pub fn file(file: &str) -> Self {
        Self {
            file: file.into(),
            span: Span::FILE,
        }
    }
}

/// `file:line`, as in logs and route headers.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.span.start.line)
    }
}

/// Appends one reference token to a JSON pointer (RFC 6901 §3).
pub fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    if !token.contains(['~', '/']) {
        return pointer.push_str(token);
    }
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// The JSON pointer of the field `key` of the mapping at `parent`.
pub fn pointer_to(parent: &str, key: &str) -> String {
    let mut pointer = parent.to_owned();
    push_token(&mut pointer, key);
    pointer
}

/// Where each field of one document stands, found by JSON pointer (RFC 6901).
///
/// Kept compact (one text, one table): a catalog holds one per resource.
#[derive(Debug, Clone, Default)]
pub struct Positions {
    pointers: String,
    entries: Vec<PositionEntry>,
    /// Entry numbers sorted by pointer; made when a large document is first searched.
    index: OnceLock<Box<[u32]>>,
}

/// Up to this many fields are searched from end to end, which needs no index.
const LINEAR_FIELDS: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PositionEntry {
    /// Byte range of the pointer in `Positions::pointers`.
    start: u32,
    end: u32,
    key: Span,
    value: Span,
}

impl Positions {
    /// Adds a field: where its key and its value stand (the same span twice for list items).
    pub fn push(&mut self, pointer: &str, key: Span, value: Span) {
        let offset = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        let start = offset(self.pointers.len());
        self.index.take();
        self.pointers.push_str(pointer);
        self.entries.push(PositionEntry {
            start,
            end: offset(self.pointers.len()),
            key,
            value,
        });
    }

    /// Gives back the room that further fields would have taken: a catalog holds one of these per resource.
    pub fn shrink_to_fit(&mut self) {
        self.pointers.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    /// The span of the value at `pointer`, or of its nearest parent that was written.
    pub fn value(&self, pointer: &str) -> Option<Span> {
        self.nearest(pointer).map(|entry| entry.value)
    }

    /// The span of the key at `pointer`, or of its nearest parent that was written.
    pub fn key(&self, pointer: &str) -> Option<Span> {
        self.nearest(pointer).map(|entry| entry.key)
    }

    /// Whether `pointer` itself was written.
    pub fn contains(&self, pointer: &str) -> bool {
        self.exact(pointer).is_some()
    }

    /// Gives every pointer below `from` the prefix `to` instead; others are kept.
    ///
    /// For documents that are another spelling of a kind.
    #[must_use]
    pub fn renamed(&self, prefixes: &[(&str, &str)]) -> Self {
        let mut out = Self::default();
        for entry in &self.entries {
            let pointer = self.text(entry);
            let renamed = prefixes.iter().find_map(|(from, to)| {
                let rest = pointer.strip_prefix(from)?;
                (rest.is_empty() || rest.starts_with('/')).then(|| format!("{to}{rest}"))
            });
            out.push(
                renamed.as_deref().unwrap_or(pointer),
                entry.key,
                entry.value,
            );
        }
        out
    }

    fn nearest(&self, pointer: &str) -> Option<&PositionEntry> {
        let mut pointer = pointer;
        loop {
            if let Some(entry) = self.exact(pointer) {
                return Some(entry);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }

    fn exact(&self, pointer: &str) -> Option<&PositionEntry> {
        if self.entries.len() <= LINEAR_FIELDS {
            return self
                .entries
                .iter()
                .find(|entry| self.text(entry) == pointer);
        }
        let index = self.index.get_or_init(|| self.sorted());
        let text = |number: &u32| {
            let entry = self.entries.get(*number as usize);
            entry.map_or("", |entry| self.text(entry))
        };
        let at = index.partition_point(|number| text(number) < pointer);
        let number = index.get(at).filter(|number| text(number) == pointer)?;
        self.entries.get(*number as usize)
    }

    /// Entry numbers by pointer; of two with the same pointer the first written stands first.
    fn sorted(&self) -> Box<[u32]> {
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let mut numbers: Vec<_> = (0..count).collect();
        numbers.sort_by_key(|number| {
            let entry = self.entries.get(*number as usize);
            entry.map_or("", |entry| self.text(entry))
        });
        numbers.into()
    }

    fn text(&self, entry: &PositionEntry) -> &str {
        self.pointers
            .get(entry.start as usize..entry.end as usize)
            .unwrap_or_default()
    }
}
