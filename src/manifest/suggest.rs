//! "Did you mean …?"

/// Longer words are no misspelt names; comparing costs the product of the lengths.
const MAX_WORD_BYTES: usize = 256;

/// Separators by which two spellings of a name may differ.
const MAX_SEPARATORS: usize = 4;

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
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        // Cheaper than comparing; a few bytes more or less may be separators.
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= limit + MAX_SEPARATORS)
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
