//! Tags that are versions, perhaps behind a prefix such as `app/`.

use semver::Version;

/// Where tags are.
pub(super) const TAGS: &str = "refs/tags/";

/// Longest prefix in bytes.
const MAX_PREFIX_BYTES: usize = 255;

/// Whether a text can stand at the beginning of a tag's name. <https://git-scm.com/docs/git-check-ref-format>
pub(super) fn begins_a_tag(text: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    let whole = !text.is_empty() && text.len() <= MAX_PREFIX_BYTES;
    whole
        && !text.contains(odd)
        && !text.starts_with(['/', '-', '.'])
        && !["..", "//", "@{", "/."]
            .iter()
            .any(|part| text.contains(part))
}

/// The version that a full reference name tags behind a prefix: `v1.2.3` or `1.2.3`, all three numbers. (`v1`
/// is a tag that people move along.)
pub(super) fn tagged(reference: &str, prefix: &str) -> Option<Version> {
    let tag = reference.strip_prefix(TAGS)?.strip_prefix(prefix)?;
    Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()
}
