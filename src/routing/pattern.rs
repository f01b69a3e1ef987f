//! Names with `*`, which stands for any run of characters, none included.

/// A name with wildcards; every character but `*` means itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    literals: usize,
}

impl Pattern {
    /// Reads a pattern; `None` if the text holds no `*`.
    pub fn parse(text: &str) -> Option<Self> {
        let literals = text.chars().filter(|c| *c != '*').count();
        text.contains('*').then(|| Self {
            text: text.to_owned(),
            literals,
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
    fn ends(&self) -> (&str, &str) {
        let first = self.text.find('*').unwrap_or_default();
        let behind = self.text.rfind('*').map_or(0, |at| at + 1);
        (&self.text[..first], &self.text[behind..])
    }

    /// Whether some name fits both patterns.
    pub fn overlaps(&self, other: &Self) -> bool {
        // Most pairs already differ at an end, which costs little to see.
        let ((a, z), (b, y)) = (self.ends(), other.ends());
        if !(a.starts_with(b) || b.starts_with(a)) || !(z.ends_with(y) || y.ends_with(z)) {
            return false;
        }
        let a: Vec<char> = self.text.chars().collect();
        let b: Vec<char> = other.text.chars().collect();
        // `reachable[j]`: some text fits both the first i characters of a and the first j of b.
        let mut reachable = vec![false; b.len() + 1];
        for i in 0..=a.len() {
            let mut next = vec![false; b.len() + 1];
            for j in 0..=b.len() {
                let star_a = i > 0 && a[i - 1] == '*';
                let star_b = j > 0 && b[j - 1] == '*';
                let skip_a = i > 0 && reachable[j] && (star_a || star_b);
                let skip_b = j > 0 && next[j - 1] && (star_a || star_b);
                let both = i > 0
                    && j > 0
                    && reachable[j - 1]
                    && (a[i - 1] == b[j - 1] || star_a || star_b);
                next[j] = (i, j) == (0, 0) || skip_a || skip_b || both;
            }
            reachable = next;
        }
        reachable[b.len()]
    }
}
