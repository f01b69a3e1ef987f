//! "Did you mean …?"

/// Longer words are no misspelt names; comparing costs the product of the lengths.
const MAX_WORD_BYTES: usize = 256;

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
        .filter(|candidate| *candidate != word && candidate.len() <= MAX_WORD_BYTES)
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
