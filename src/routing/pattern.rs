//! Names with `*`, which stands for any run of characters, none included.

/// A name with wildcards; every character but `*` means itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    literals: usize,
    /// Bytes in front of the first `*`.
    head: usize,
    /// Where what is behind the last `*` begins, in bytes.
    tail: usize,
}

impl Pattern {
    /// Reads a pattern; `None` if the text holds no `*`.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, last) = (text.find('*')?, text.rfind('*')?);
        Some(Self {
            text: text.to_owned(),
            literals: text.chars().filter(|c| *c != '*').count(),
            head,
            tail: last + 1,
        })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How specific it is: the number of characters that are not `*`.
    pub fn literals(&self) -> usize {
        self.literals
    }

    /// Whether a name fits.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.text.split('*');
        let (Some(first), Some(last)) = (parts.next(), parts.next_back()) else {
            return false;
        };
        let Some(rest) = name.strip_prefix(first) else {
            return false;
        };
        let Some(mut rest) = rest.strip_suffix(last) else {
            return false;
        };
        for part in parts {
            let Some(at) = rest.find(part) else {
                return false;
            };
            rest = &rest[at + part.len()..];
        }
        true
    }

    /// What stands before the first `*` and behind the last.
    pub(super) fn ends(&self) -> (&str, &str) {
        (&self.text[..self.head], &self.text[self.tail..])
    }

    /// Whether some name fits both patterns.
    ///
    /// Only the ends can keep them apart: a name with the longer of both starts, then what each spells out
    /// between its stars, one after the other, then the longer of both ends fits either.
    pub fn overlaps(&self, other: &Self) -> bool {
        let ((a, z), (b, y)) = (self.ends(), other.ends());
        (a.starts_with(b) || b.starts_with(a)) && (z.ends_with(y) || y.ends_with(z))
    }
}
