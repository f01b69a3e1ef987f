//! `orloj backup`: what Git does not have, in one file.

use crate::{
    cli::{client::Token, error::CliError, exit::Exit, session::Session},
    daemon::{Flags, Places},
    store,
};
use clap::Args;
use jiff::Timestamp;
use std::path::PathBuf;

/// Write what a data directory holds and Git does not to one file
///
/// That is the database (history, manifests sent by hand, what the loop was told), the last revisions, and
/// the directory's own data key. A daemon may run meanwhile. Secrets in it stay sealed; with the data key
/// in the file, whoever reads it can open those that were sent by hand. A key that was given with
/// `--secret-encryption-key`, age identities and `orloj.yaml` are never in it: keep them yourself.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj backup /backups/orloj-$(date +%F) --data-dir /var/lib/orloj
  orloj backup orloj.backup --without-key
  orloj restore orloj.backup --data-dir /var/lib/orloj")]
pub(crate) struct BackupArgs {
    /// The file to write; one of that name is replaced once the new one is whole
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Leave the data key out; without it the file is of no use to anybody
    #[arg(long)]
    without_key: bool,
    #[command(flatten)]
    places: PlacesArgs,
    /// Where state is recorded: `sqlite:PATH` [default: a file in the data directory]
    #[arg(
        long,
        env = "ORLOJ_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    database: Option<Token>,
}

/// Which daemon's state is meant.
#[derive(Debug, Args)]
pub(crate) struct PlacesArgs {
    /// Where the daemon keeps its state [default: the XDG state directory]
    #[arg(
        long,
        env = "ORLOJ_DATA_DIR",
        hide_env_values = true,
        value_name = "DIR"
    )]
    data_dir: Option<PathBuf>,
    /// The daemon's configuration file, `orloj.yaml`
    #[arg(
        long,
        env = "ORLOJ_CONFIG",
        hide_env_values = true,
        value_name = "FILE"
    )]
    config: Option<PathBuf>,
}

impl PlacesArgs {
    /// The same as flags of the daemon, from the directory the command runs in.
    pub(crate) fn flags(&self, session: &Session) -> Flags {
        Flags {
            data_dir: self.data_dir.as_ref().map(|dir| session.path(dir)),
            config: self.config.as_ref().map(|file| session.path(file)),
            ..Flags::default()
        }
    }
}

/// Writes the file.
pub(crate) fn run(args: &BackupArgs, session: &mut Session) -> Result<Exit, CliError> {
    let database = args.database.as_ref();
    let places = Places::load(Flags {
        database: database.map(|database| database.expose().to_owned()),
        ..args.places.flags(session)
    })?;
    let database = places.database.unwrap_or_else(|| {
        let own = store::database_in(&places.data_dir);
        format!("sqlite:{}", own.display())
    });
    let file = session.path(&args.file);
    let now_us = Timestamp::now().as_microsecond();
    let making = store::back_up(
        &places.data_dir,
        &database,
        &file,
        !args.without_key,
        now_us,
    );
    let made = wait(making)??;
    let shown = args.file.display();
    let mut what = String::from("database");
    if made.has_revision {
        what.push_str(", revisions");
    }
    if made.has_key {
        what.push_str(", data key");
        session.terminal.note(&format!(
            "warning: {shown} holds the data key: whoever reads it can open the secrets in it; keep it like a \
             password, or use --without-key\n"
        ));
    } else {
        session.terminal.note(
            "note: the data key is not in it; nothing in it can be read or served without that key\n",
        );
    }
    let told = format!("backed up to {shown}: {what} ({} bytes)\n", made.bytes);
    session.terminal.data(&told)?;
    Ok(Exit::Done)
}

/// Runs to the end on this thread.
pub(crate) fn wait<T>(work: impl Future<Output = T>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::new("failed to start the runtime").because(&error))?;
    Ok(runtime.block_on(work))
}
