//! "Did you mean …?"

use std::{collections::HashMap, hash::Hash};

/// Longer words are no misspelt names; comparing costs the product of the lengths.
const MAX_WORD_BYTES: usize = 256;

/// Separators by which two spellings of a name may differ.
const MAX_SEPARATORS: usize = 4;

/// Suggestions already made: comparing with every name is dear, one mistake is often repeated, and nobody
/// mends many different ones at once.
#[derive(Debug)]
pub struct Suggestions<K> {
    made: HashMap<K, Option<String>>,
    most: usize,
}

impl<K: Eq + Hash> Suggestions<K> {
    /// Makes suggestions for so many different mistakes, and none for others.
    pub fn at_most(most: usize) -> Self {
        Self {
            made: HashMap::new(),
            most,
        }
    }

    /// The suggestion for a mistake, made the first time that it is asked for.
    pub fn find(&mut self, mistake: K, make: impl FnOnce() -> Option<String>) -> Option<String> {
        if self.made.len() >= self.most && !self.made.contains_key(&mistake) {
            return None;
        }
        self.made.entry(mistake).or_insert_with(make).clone()
    }
}

/// The candidate nearest to `word`, if it is near enough to be what was meant.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.len() > MAX_WORD_BYTES {
        return None;
    }
    let squash = |text: &str| text.replace(['-', '_', '.'], "").to_lowercase();
    let squashed = squash(word);
    let limit = (word.chars().count() / 3).clamp(1, 4);
    let letters = Letters::of(word);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        // Cheaper than comparing; a few bytes more or less may be separators.
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= limit + MAX_SEPARATORS)
        .filter(|candidate| letters.differences(candidate) <= 2 * limit)
        .map(|candidate| {
            let spelled_apart = squash(candidate) == squashed;
            let distance = if spelled_apart {
                0
            } else {
                strsim::osa_distance(word, candidate)
            };
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How often each letter and digit of a word is used, letter case and separators apart.
struct Letters([i16; 64]);

impl Letters {
    fn of(word: &str) -> Self {
        let mut counts = [0; 64];
        for slot in word.bytes().filter_map(slot) {
            counts[slot] += 1;
        }
        Self(counts)
    }

    /// How many letters one of the words has more than the other; an edit makes at most two.
    fn differences(&self, other: &str) -> usize {
        let mut counts = self.0;
        for slot in other.bytes().filter_map(slot) {
            counts[slot] -= 1;
        }
        counts
            .iter()
            .map(|count| usize::from(count.unsigned_abs()))
            .sum()
    }
}

/// Where a byte is counted; separators and what is beyond ASCII are not.
fn slot(byte: u8) -> Option<usize> {
    match byte {
        b'-' | b'_' | b'.' | 128.. => None,
        byte => Some(usize::from(byte.to_ascii_lowercase() % 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Letters, Suggestions};
    use proptest::{prop_assert, proptest};

    #[test]
    fn suggestions_are_made_once_and_for_so_many_mistakes() {
        let (mut suggestions, mut made) = (Suggestions::at_most(2), 0);
        let mut find = |mistake: &'static str| {
            suggestions.find(mistake, || {
                made += 1;
                Some(mistake.to_uppercase())
            })
        };
        let found = ["a", "a", "b", "c", "b"].map(&mut find);
        let found = found.map(Option::unwrap_or_default);
        assert_eq!(found, ["A", "A", "B", "", "B"]);
        assert_eq!(made, 2);
    }

    proptest! {
        #[test]
        fn an_edit_makes_at_most_two_differences(a in "[a-fA-F0-3é._-]{0,9}", b in "[a-fA-F0-3é._-]{0,9}") {
            let edits = strsim::osa_distance(&a, &b);
            prop_assert!(Letters::of(&a).differences(&b) <= 2 * edits);
        }
    }
}
