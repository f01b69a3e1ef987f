//! Where in a resource a reference stands.

use std::fmt;

/// A field that refers to something; shown, it is its JSON pointer (RFC 6901).
///
/// It is kept in parts, since a graph may have millions: the text of an entry of a list is made where it is read.
/// Entries of a list are sorted by their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    before: &'static str,
    entry: Option<u32>,
    after: &'static str,
}

impl Field {
    /// A field that stands once in a resource.
    pub(super) const fn only(pointer: &'static str) -> Self {
        Self {
            before: pointer,
            entry: None,
            after: "",
        }
    }

    /// A field of the entry of a list; `after` is empty if the entry itself refers.
    pub(super) fn of_entry(list: &'static str, index: usize, after: &'static str) -> Self {
        Self {
            before: list,
            // A manifest has at most a mebibyte.
            entry: Some(u32::try_from(index).unwrap_or(u32::MAX)),
            after,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.before)?;
        if let Some(entry) = self.entry {
            write!(f, "/{entry}")?;
        }
        f.write_str(self.after)
    }
}
