//! Finds the entries of an earlier listing while the entries of the present one come by.

use super::listing::Child;

/// The children of a directory as they were, with a finger on the one expected next.
pub(super) struct Known<'a> {
    children: &'a [Child],
    next: usize,
}

impl<'a> Known<'a> {
    pub(super) fn new(children: &'a [Child]) -> Self {
        Self { children, next: 0 }
    }

    /// The child of that name; directories and files of a tree are apart. What comes in order is found
    /// at once. Children out of order may not be found, which costs time only.
    pub(super) fn find(&mut self, name: &[u8], tree: bool) -> Option<&'a Child> {
        let expected = self.children.get(self.next);
        if expected.is_some_and(|child| child.is_named(name, tree)) {
            self.next += 1;
            return expected;
        }
        let search = |child: &Child| child.order(name, tree);
        let at = self.children.binary_search_by(search).ok()?;
        self.next = at + 1;
        self.children.get(at)
    }
}
