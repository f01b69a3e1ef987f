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

/// What the names of fields end with that hold a credential, in small letters and nothing else.
const CREDENTIALS: [&str; 12] = [
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "password",
    "passwd",
    "passphrase",
    "token",
    "secret",
    "credential",
    "credentials",
    "authorization",
];

/// Whether a field of the line is called as if its value were a credential. One that names a Secret
/// (`secretRef`) is not.
pub(super) fn names_credential(line: &str) -> bool {
    line.split(['{', '}', ',']).any(|field| {
        let Some((name, value)) = field.split_once([':', '=']) else {
            return false;
        };
        let name = name.chars().filter(char::is_ascii_alphanumeric);
        let name = name.collect::<String>().to_ascii_lowercase();
        !value.trim().is_empty() && CREDENTIALS.iter().any(|end| name.ends_with(end))
    })
}

/// Whether a URL in the line carries a user name or password (`https://user:password@host`).
pub(super) fn holds_password(line: &str) -> bool {
    line.split("://").skip(1).any(|rest| {
        // Whoever writes a password may have forgotten to escape a slash in it.
        let url = rest.split_whitespace().next();
        url.is_some_and(|url| url.contains('@'))
    })
}
