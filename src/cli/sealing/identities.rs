//! The identities that a command opens values with.

use crate::{
    cli::{client::Token, error::CliError, session::Session},
    secrets::{Keyring, Opened},
};
use clap::Args;
use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// More than any file of identities has.
const MAX_BYTES: u64 = 256 * 1024;

/// Flags that name identities.
#[derive(Debug, Args)]
pub(crate) struct IdentityArgs {
    /// An age identity (can be repeated); those of `ORLOJ_AGE_KEY`, `SOPS_AGE_KEY`,
    /// `SOPS_AGE_KEY_FILE` and SOPS's own file (`sops/age/keys.txt`) are tried too
    #[arg(
        long,
        env = "ORLOJ_AGE_KEY_FILE",
        hide_env_values = true,
        value_name = "FILE",
        value_delimiter = ','
    )]
    age_key_file: Vec<PathBuf>,
}

impl IdentityArgs {
    /// Every identity at hand, those named by flags first.
    pub(crate) fn keyring(&self, session: &mut Session) -> Result<Keyring, CliError> {
        let mut keyring = Keyring::default();
        for file in &self.age_key_file {
            add_file(&mut keyring, &session.path(file), session)?;
        }
        let environment = session.environment().clone();
        let texts = [
            ("ORLOJ_AGE_KEY", &environment.age_key),
            ("SOPS_AGE_KEY", &environment.sops_age_key),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                keyring.parse_identity_file(name, Token::expose(text))?;
            }
        }
        if let Some(file) = &environment.sops_age_key_file {
            add_file(&mut keyring, &session.path(file), session)?;
        }
        let default = environment.config_home.as_ref();
        let default = default.map(|home| home.join("sops/age/keys.txt"));
        if let Some(file) = default.filter(|file| file.is_file())
            // Nobody named it: what it holds beside age keys is no reason to stop.
            && let Err(error) = add_file(&mut keyring, &file, session)
        {
            let text = error.render(session.terminal.err_style(), session.environment().width());
            session
                .terminal
                .note(&text.replacen("error:", "warning:", 1));
        }
        Ok(keyring)
    }
}

fn add_file(keyring: &mut Keyring, path: &Path, session: &mut Session) -> Result<(), CliError> {
    let failed = |error: io::Error| {
        CliError::new(format!("failed to read `{}`", path.display())).because(&error)
    };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode() & 0o777;
    if let Some(warning) = exposed(path, mode) {
        session.terminal.note(&warning);
    }
    let mut bytes = Vec::with_capacity(4096);
    file.take(MAX_BYTES)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let text = Opened::new(bytes);
    let text = text.expose_text().unwrap_or_default();
    keyring.parse_identity_file(&path.to_string_lossy(), text)?;
    Ok(())
}

/// What to say about a key file that others can read or change.
pub(crate) fn exposed(path: &Path, mode: u32) -> Option<String> {
    (mode & 0o077 != 0).then(|| {
        format!(
            "warning: the key file `{0}` is open to others (mode {mode:03o}); make it yours alone: chmod 600 {0}\n",
            path.display()
        )
    })
}
