//! The few variables that the command line itself reads.

use super::client::Token;
use std::{
    env::VarError,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// Columns of a terminal that says nothing.
const DEFAULT_WIDTH: usize = 80;

/// Wider text is harder to read than wrapped text.
const MAX_WIDTH: usize = 100;

/// What the surroundings say. Commands read nothing else of them; flags read their own through clap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// `COLUMNS`.
    pub(crate) columns: Option<usize>,
    /// `ORLOJCTL_SERVER`.
    pub(crate) ctl_server: Option<String>,
    /// `ORLOJCTL_API_TOKEN`.
    pub(crate) ctl_token: Option<String>,
    /// Where this program lies, if it was started by a path and not by its name.
    pub(crate) program: Option<PathBuf>,
    /// `GIT_INDEX_FILE`: where `git` keeps what a hook has to check.
    pub(crate) git_index_file: Option<PathBuf>,
    /// `VISUAL`, else `EDITOR`.
    pub(crate) editor: Option<String>,
    /// `ORLOJ_AGE_KEY`: identities themselves.
    pub(crate) age_key: Option<Token>,
    /// `SOPS_AGE_KEY`: the same for SOPS.
    pub(crate) sops_age_key: Option<Token>,
    /// `SOPS_AGE_KEY_FILE`: a file of them.
    pub(crate) sops_age_key_file: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, else `.config` in `HOME`.
    pub(crate) config_home: Option<PathBuf>,
}

impl Environment {
    /// Reads the variables of this process.
    pub(crate) fn of_process() -> Self {
        Self {
            columns: variable("COLUMNS").and_then(|text| text.parse().ok()),
            ctl_server: variable("ORLOJCTL_SERVER"),
            ctl_token: variable("ORLOJCTL_API_TOKEN"),
            program: std::env::args_os().next().and_then(|name| located(&name)),
            git_index_file: variable("GIT_INDEX_FILE").map(PathBuf::from),
            editor: variable("VISUAL").or_else(|| variable("EDITOR")),
            age_key: secret("ORLOJ_AGE_KEY"),
            sops_age_key: secret("SOPS_AGE_KEY"),
            sops_age_key_file: variable("SOPS_AGE_KEY_FILE").map(PathBuf::from),
            config_home: config_home(),
        }
    }

    /// How wide text may be, in columns.
    pub(crate) fn width(&self) -> usize {
        self.columns.unwrap_or(DEFAULT_WIDTH).clamp(40, MAX_WIDTH)
    }
}

/// The whole path of a program that was started by one.
fn located(name: &OsStr) -> Option<PathBuf> {
    let by_path = Path::new(name).components().count() > 1;
    by_path.then(|| std::path::absolute(name).ok()).flatten()
}

fn secret(name: &str) -> Option<Token> {
    variable(name)?.parse().ok()
}

/// Where programs keep their settings (XDG Base Directory Specification).
fn config_home() -> Option<PathBuf> {
    let named = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    named.or_else(|| Some(Path::new(&variable("HOME")?).join(".config")))
}

/// A variable that is set to something.
#[expect(
    clippy::disallowed_methods,
    reason = "what clap cannot read: second spellings, and what git tells its hooks"
)]
fn variable(name: &str) -> Option<String> {
    let text = match std::env::var(name) {
        Ok(text) => text,
        Err(VarError::NotPresent | VarError::NotUnicode(_)) => return None,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
