//! The tree of a SOPS file, as far as SOPS tells its values apart.

use super::SopsError;

/// A value of a document.
pub(super) enum Node {
    Leaf(Leaf),
    List(Vec<Node>),
    /// In the order of the file.
    Map(Vec<(String, Node)>),
}

/// A scalar as it is written.
pub(super) struct Leaf {
    pub(super) text: String,
    /// Whether it stands without quotes and tag, so that it may be another thing than text.
    pub(super) is_plain: bool,
    /// Whether it is tagged `!!binary`.
    pub(super) is_binary: bool,
    /// Counted from 1.
    pub(super) line: u32,
}

impl Node {
    /// The value of a field.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => {
                let entry = entries.iter().find(|(name, _)| name == key);
                entry.map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The text of a field that is a scalar; a field without a value has none.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Self::Leaf(leaf) if !(leaf.is_plain && super::scalar::is_null(&leaf.text)) => {
                Some(&leaf.text)
            }
            _ => None,
        }
    }

    /// Takes a field away.
    pub(super) fn remove(&mut self, key: &str) {
        if let Self::Map(entries) = self {
            entries.retain(|(name, _)| name != key);
        }
    }

    /// Every scalar but nulls with the keys that lead to it, in the order of the file.
    pub(super) fn visit<'n>(
        &'n self,
        path: &mut Vec<&'n str>,
        visit: &mut impl FnMut(&[&'n str], &Leaf) -> Result<(), SopsError>,
    ) -> Result<(), SopsError> {
        match self {
            Self::Leaf(leaf) if leaf.is_plain && super::scalar::is_null(&leaf.text) => Ok(()),
            Self::Leaf(leaf) => visit(path, leaf),
            Self::List(items) => items.iter().try_for_each(|item| item.visit(path, visit)),
            Self::Map(entries) => entries.iter().try_for_each(|(key, value)| {
                path.push(key);
                let done = value.visit(path, visit);
                path.pop();
                done
            }),
        }
    }
}
