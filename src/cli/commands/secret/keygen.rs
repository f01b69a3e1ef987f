//! `orloj secret keygen`.

use crate::{
    cli::{error::CliError, exit::Exit, sealing::files::create, session::Session},
    secrets::generate_identity,
};
use clap::Args;
use std::path::PathBuf;

/// Make an age key
///
/// The daemon opens with it what was sealed for its public key. The file has the form of age-keygen's.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj secret keygen --out age.key    then: orloj serve --age-key-file age.key")]
pub(super) struct KeygenArgs {
    /// Write the key here, readable by you alone; an existing file is kept [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &KeygenArgs, session: &mut Session) -> Result<Exit, CliError> {
    let (identity, public) = generate_identity();
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let secret = identity.expose_text().unwrap_or_default();
    let text = zeroize::Zeroizing::new(format!(
        "# created: {now}\n# public key: {public}\n{secret}\n"
    ));
    let Some(out) = &args.out else {
        session.terminal.data(&text)?;
        session.terminal.note(&format!("Public key: {public}\n"));
        return Ok(Exit::Done);
    };
    let hint = "a key that is lost opens nothing any more: choose another name";
    create(&session.path(out), text.as_bytes(), 0o600, hint)?;
    session.terminal.data(&format!("{public}\n"))?;
    session.terminal.note(&format!(
        "saved the key in `{}`; keep it out of Git\n",
        out.display()
    ));
    Ok(Exit::Done)
}
