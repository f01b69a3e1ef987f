//! `orloj restore`: a backup back into a data directory.

use super::backup::{PlacesArgs, wait};
use crate::{
    cli::{client::Token, error::CliError, exit::Exit, revision::short, session::Session},
    daemon::{Flags, Places},
    secrets::Opened,
    store,
};
use clap::Args;
use std::path::PathBuf;

/// Put a backup into a data directory, whole or not at all
///
/// No daemon may be running on it. The backup is verified before anything is replaced: its checksum, the
/// database, and that the data key opens what is sealed. The daemon then serves from it at once, with Git
/// down too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj restore orloj.backup --data-dir /var/lib/orloj
  orloj restore orloj.backup --data-dir /var/lib/orloj --force")]
pub(crate) struct RestoreArgs {
    /// A file that `orloj backup` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace what the directory holds
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    places: PlacesArgs,
    /// The data key, if the daemon is given one [default: the backup's, or the file in the data directory]
    #[arg(
        long,
        env = "ORLOJ_SECRET_ENCRYPTION_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    secret_encryption_key: Option<Token>,
}

/// Puts it back.
pub(crate) fn run(args: &RestoreArgs, session: &mut Session) -> Result<Exit, CliError> {
    let key = args.secret_encryption_key.as_ref();
    let places = Places::load(Flags {
        secret_encryption_key: key.map(|key| key.expose().to_owned()),
        ..args.places.flags(session)
    })?;
    let configured = places.secret_encryption_key.as_ref();
    let configured = configured.and_then(Opened::expose_text);
    let file = session.path(&args.file);
    let restored = wait(store::restore(
        &file,
        &places.data_dir,
        configured,
        args.force,
    ))?
    .map_err(|error| {
        let in_use = matches!(
            &error,
            store::BackupError::DataDir(store::DataDirError::InUse { .. })
        );
        let failed = CliError::from(error);
        if in_use {
            failed.with_hint("stop the daemon first: no process may use the directory")
        } else {
            failed
        }
    })?;
    if places.database.is_some() {
        let own = store::database_in(&places.data_dir);
        session.terminal.note(&format!(
            "note: the database was put to {}; the configuration names another one\n",
            own.display()
        ));
    }
    let dir = places.data_dir.display();
    let revision = restored.revision.as_deref().map(short);
    let told = match revision {
        Some(revision) => format!("restored {revision} to {dir}\n"),
        None => format!("restored to {dir}; nothing was served yet\n"),
    };
    session.terminal.data(&told)?;
    Ok(Exit::Done)
}
