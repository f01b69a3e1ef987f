//! The names of Git references, checked before libgit2 sees them.

use super::text::safe;

/// Longest reference name in bytes; hosts refuse longer ones too.
const MAX_REFERENCE_BYTES: usize = 255;

/// Longest walk back that `~` may ask for, in commits.
const MAX_ANCESTORS: u32 = 100_000;

/// Why a text is not a reference.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{shown}` is not a Git reference: {why}; give a branch, a tag, a full reference (`refs/…`) or a commit id"
)]
pub struct ReferenceError {
    shown: String,
    why: &'static str,
}

impl ReferenceError {
    fn new(text: &str, why: &'static str) -> Self {
        let start: String = text.chars().take(80).collect();
        let shown = safe(&start);
        Self { shown, why }
    }
}

/// Checks a branch, tag or full reference name.
///
/// Rules: <https://git-scm.com/docs/git-check-ref-format>, and no leading `-`.
///
/// # Errors
///
/// - [`ReferenceError`] with the rule that is broken.
pub(super) fn check_reference(text: &str) -> Result<(), ReferenceError> {
    let refuse = |why| Err(ReferenceError::new(text, why));
    if text.is_empty() || text == "@" {
        return refuse("it is empty");
    }
    if text.len() > MAX_REFERENCE_BYTES {
        return refuse("it is longer than 255 bytes");
    }
    if text.starts_with('-') {
        return refuse("it starts with `-`");
    }
    let special = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    if text.contains(special) {
        return refuse("it holds a space, a control character or one of `~^:?*[\\`");
    }
    if text.contains("..") || text.contains("@{") {
        return refuse("it holds `..` or `@{`");
    }
    let bad_part = |part: &str| {
        part.is_empty()
            || part.starts_with('.')
            || part.ends_with('.')
            || part
                .get(part.len().saturating_sub(5)..)
                .is_some_and(|end| end.eq_ignore_ascii_case(".lock"))
    };
    if text.split('/').any(bad_part) {
        return refuse("a part of it is empty, starts or ends with `.` or ends with `.lock`");
    }
    Ok(())
}

/// A reference and how many commits to walk back from it along first parents.
pub(super) struct RevisionText<'a> {
    pub(super) base: &'a str,
    pub(super) ancestors: u32,
}

/// Splits `main~2` or `HEAD^` and checks the name in it.
///
/// # Errors
///
/// - [`ReferenceError`] for anything but a name, `~N` and `^`.
pub(super) fn parse_revision(text: &str) -> Result<RevisionText<'_>, ReferenceError> {
    let cut = text.find(['~', '^']).unwrap_or(text.len());
    let (base, mut rest) = text.split_at(cut);
    check_reference(base).map_err(|error| ReferenceError::new(text, error.why))?;
    let mut ancestors: u32 = 0;
    while !rest.is_empty() {
        let step = if let Some(after) = rest.strip_prefix('^') {
            rest = after;
            1
        } else if let Some(after) = rest.strip_prefix('~') {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let (number, after) = after.split_at(digits);
            rest = after;
            if number.is_empty() {
                1
            } else {
                number.parse().unwrap_or(u32::MAX)
            }
        } else {
            return Err(ReferenceError::new(
                text,
                "only `~N` and `^` may follow a name",
            ));
        };
        ancestors = ancestors.saturating_add(step);
        if ancestors > MAX_ANCESTORS {
            return Err(ReferenceError::new(text, "it walks too far back"));
        }
    }
    Ok(RevisionText { base, ancestors })
}
