//! Where the database is.

use super::StoreError;
use std::path::PathBuf;

/// Reads what `--database` was given: `sqlite:PATH`, `sqlite://PATH` or a path.
pub(super) fn sqlite_path(database: &str) -> Result<PathBuf, StoreError> {
    let database = database.trim();
    let path = match database.split_once(':') {
        Some(("sqlite", rest)) => rest.strip_prefix("//").unwrap_or(rest),
        Some(("postgres" | "postgresql", _)) => return Err(StoreError::PostgresNotYet),
        Some((scheme, rest)) if rest.starts_with("//") => {
            return Err(StoreError::UnknownDatabase {
                scheme: scheme.to_owned(),
            });
        }
        _ => database,
    };
    if path.is_empty() || path == ":memory:" {
        return Err(StoreError::InMemory);
    }
    Ok(PathBuf::from(path))
}
