//! Files that are sealed by others: by SOPS value by value, by age as a whole.

use super::values::unreadable;
use crate::{
    cli::error::CliError,
    manifest::{
        is_sealed_file,
        written::{
            RewriteError,
            sops::{self, OpenedText},
        },
    },
    secrets::{AgeFile, Keyring, Opened, SopsError, SopsFile, SopsFormat, SopsKey},
};
use std::path::Path;

/// How the secrets of a file are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Value by value, in `encryptedData`, or not at all.
    Manifest,
    /// By SOPS.
    Sops,
    /// By age, as a whole.
    Age,
}

impl Form {
    /// The form of a file called `shown`.
    pub(crate) fn of(shown: &str, bytes: &[u8]) -> Self {
        if is_sealed_file(shown) || AgeFile::is_one(bytes) {
            return Self::Age;
        }
        let mark = b"sops";
        let has_mark = bytes.windows(mark.len()).any(|part| part == mark);
        if has_mark && sops::is_sealed(&shown.into(), bytes) {
            Self::Sops
        } else {
            Self::Manifest
        }
    }
}

/// A SOPS file with the key of its values.
pub(crate) struct SopsOpened {
    pub(crate) file: SopsFile,
    pub(crate) key: SopsKey,
}

impl SopsOpened {
    /// Opens a file; that its MAC fits is known then.
    pub(crate) fn open(shown: &str, bytes: &[u8], keyring: &Keyring) -> Result<Self, CliError> {
        let file = sops_file(shown, bytes)?;
        let key = file.key(keyring).map_err(|error| {
            let refused = sops_refused(shown, &error);
            if keyring.is_empty() {
                refused.with_hint(super::values::NO_KEY)
            } else {
                refused
            }
        })?;
        file.open_with(&key)
            .map_err(|error| sops_refused(shown, &error))?;
        Ok(Self { file, key })
    }

    /// The text with its values in clear.
    pub(crate) fn text(&self, shown: &str, bytes: &[u8]) -> Result<OpenedText, CliError> {
        let opened = sops::open(&shown.into(), bytes, &self.file, &self.key);
        opened.map_err(|error| not_rewritten(shown, error))
    }
}

/// Reads a SOPS file without a key.
pub(crate) fn sops_file(shown: &str, bytes: &[u8]) -> Result<SopsFile, CliError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|_| CliError::new(format!("`{shown}` is not UTF-8 text")))?;
    let is_json = Path::new(shown)
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let format = if is_json {
        SopsFormat::Json
    } else {
        SopsFormat::Yaml
    };
    SopsFile::parse(text, format).map_err(|error| sops_refused(shown, &error))
}

fn sops_refused(shown: &str, error: &SopsError) -> CliError {
    let message = match error.line() {
        None => format!("failed to open `{shown}`"),
        Some(line) => format!("{shown}:{line}: failed to open the file"),
    };
    CliError::new(message).because(error)
}

/// Why the text of a SOPS file was not rewritten.
pub(crate) fn not_rewritten(shown: &str, error: RewriteError<SopsError>) -> CliError {
    match error {
        RewriteError::Value(error) => sops_refused(shown, &error),
        RewriteError::Place { line, problem } => {
            CliError::new(format!("{shown}:{line}: this {problem}"))
        }
        RewriteError::Text(findings) => unreadable(shown, findings),
    }
}

/// Reads an age file without a key.
pub(crate) fn age_file(shown: &str, bytes: &[u8]) -> Result<AgeFile, CliError> {
    AgeFile::parse(bytes)
        .map_err(|error| CliError::new(format!("failed to open `{shown}`: it {error}")))
}

/// Opens an age file.
pub(crate) fn open_age(shown: &str, file: &AgeFile, keyring: &Keyring) -> Result<Opened, CliError> {
    keyring.open_file(file).map_err(|error| {
        let failed = CliError::new(format!("failed to open `{shown}`")).because(&error);
        if keyring.is_empty() {
            failed.with_hint(super::values::NO_KEY)
        } else {
            failed
        }
    })
}

/// What is inside of an age file is called so.
pub(crate) fn inside(shown: &str) -> &str {
    let at = shown.len().saturating_sub(".age".len());
    match shown.get(at..) {
        Some(ending) if ending.eq_ignore_ascii_case(".age") => shown.get(..at).unwrap_or(shown),
        _ => shown,
    }
}
