//! The environment variables a secret may come from.

use crate::model::DEFAULT_NAMESPACE;

/// Only variables that start so can be a secret's value, so that a manifest cannot send any other
/// variable to a host of its choice.
pub const SECRET_VARIABLE_PREFIX: &str = "ORLOJ_SECRET_";

/// Variables under the prefix that belong to a flag of the daemon.
const RESERVED: [&str; 2] = [
    "ORLOJ_SECRET_ENCRYPTION_KEY",
    "ORLOJ_SECRET_ENCRYPTION_KEY_FILE",
];

/// The variables that may hold the secret `namespace/name`, in the order they are looked up.
///
/// In the default namespace that is `ORLOJ_SECRET_<NAME>` and, where it differs, the documented
/// spelling that keeps the letter case and turns only `-` into `_`; in any other namespace
/// `ORLOJ_SECRET_<NAMESPACE>_<NAME>`. A variable that is [`reserved`] is listed too, so that the caller
/// can say why it is not used.
pub fn environment_names(namespace: &str, name: &str) -> Vec<String> {
    let folded = normalized(name);
    if namespace != DEFAULT_NAMESPACE {
        let namespace = normalized(namespace);
        return vec![format!("{SECRET_VARIABLE_PREFIX}{namespace}_{folded}")];
    }
    let documented = name.replace('-', "_");
    let mut names = vec![format!("{SECRET_VARIABLE_PREFIX}{folded}")];
    if documented != folded {
        names.push(format!("{SECRET_VARIABLE_PREFIX}{documented}"));
    }
    names
}

/// Whether `variable` belongs to a flag and is never a secret's value.
pub fn reserved(variable: &str) -> bool {
    RESERVED.contains(&variable)
}

/// Folds a name into the characters of a variable: `a`–`z` are raised, `A`–`Z` and `0`–`9` stay, every
/// other byte becomes `_`.
pub fn normalized(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte.to_ascii_uppercase()),
            _ => '_',
        })
        .collect()
}
