//! Whether a file may hold a secret's value, however badly it is written.

use crate::model::Kind;

/// Whether any document of the file may be a Secret: it says so, has a key that only a Secret has, in any
/// accepted spelling, or is of no kind that is known.
pub(super) fn may_hold_secrets(file: &str) -> bool {
    let mut is_known = false;
    for line in file.lines() {
        let line: String = line
            .chars()
            .filter(|c| !matches!(c, '"' | '\'' | '_' | ' ' | '\t'))
            .collect::<String>()
            .to_lowercase();
        if line.contains("stringdata") {
            return true;
        }
        for field in line.split(['{', '}', ',', '#']) {
            let field = field.trim_start_matches('-');
            let kind = field.strip_prefix("kind:");
            if kind.is_some_and(|kind| !is_harmless(kind)) || is_sensitive(field) {
                return true;
            }
            is_known |= kind.is_some();
        }
    }
    !is_known
}

/// Whether only a Secret has the key, or it is a `kind` whose value stands elsewhere.
fn is_sensitive(field: &str) -> bool {
    field == "data" || field.starts_with("data:") || field == "?data" || field == "?kind"
}

/// Whether it is a kind, and one without secret values.
fn is_harmless(kind: &str) -> bool {
    let kind = kind.trim();
    if kind == "agentgatewaybackend" {
        return true;
    }
    Kind::from_manifest(kind).is_some_and(|kind| kind != Kind::Secret)
}
