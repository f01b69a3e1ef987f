//! The directories and files of a repository that a source reads.

use super::{SourceError, text::safe};

/// Brings configured paths into the form `a/b`, without repeats; the empty list is the whole tree.
///
/// # Errors
///
/// - [`SourceError::Path`] for a path that is absolute, leaves the repository or cannot be shown.
pub(super) fn normalise(paths: &[String]) -> Result<Vec<String>, SourceError> {
    let mut scope = Vec::with_capacity(paths.len());
    for path in paths {
        scope.push(normalise_one(path)?);
    }
    if scope.iter().any(String::is_empty) {
        return Ok(Vec::new());
    }
    scope.sort();
    scope.dedup();
    Ok(scope)
}

fn normalise_one(path: &str) -> Result<String, SourceError> {
    let refuse = |why| {
        Err(SourceError::Path {
            path: safe(path),
            why,
        })
    };
    if path.starts_with('/') {
        return refuse("it must be relative to the top of the repository");
    }
    if path.contains(|c: char| c.is_control() || c == '\\') {
        return refuse("it holds a control character or a backslash");
    }
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if parts.contains(&"..") {
        return refuse("it leaves the repository");
    }
    Ok(parts.join("/"))
}
