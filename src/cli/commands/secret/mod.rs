//! `orloj secret`: keys, and values sealed for Git.

mod decrypt;
mod edit;
mod edit_whole;
mod encrypt;
mod in_place;
mod keygen;
mod rekey;

use crate::{
    cli::{error::CliError, exit::Exit, session::Session},
    daemon::forbid_core_dumps,
};
use clap::{Args, Subcommand};

/// Make age keys, and seal secrets for Git
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct SecretArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Keygen(keygen::KeygenArgs),
    Encrypt(encrypt::EncryptArgs),
    Edit(edit::EditArgs),
    Decrypt(decrypt::DecryptArgs),
    Rekey(rekey::RekeyArgs),
}

/// Makes a key, or seals or opens values.
pub(crate) fn run(args: &SecretArgs, session: &mut Session) -> Result<Exit, CliError> {
    // What the system refuses here is refused to every program: there is nothing to do about it.
    let _ = forbid_core_dumps();
    match &args.what {
        What::Keygen(args) => keygen::run(args, session),
        What::Encrypt(args) => encrypt::run(args, session),
        What::Edit(args) => edit::run(args, session),
        What::Decrypt(args) => decrypt::run(args, session),
        What::Rekey(args) => rekey::run(args, session),
    }
}
