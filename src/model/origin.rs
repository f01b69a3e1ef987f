//! Where something was written: file, line and column.

use std::{fmt, sync::Arc};

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
