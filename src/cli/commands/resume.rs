//! `orloj resume`: the daemon looks at the source again.

use crate::cli::{client::ServerArgs, error::CliError, exit::Exit, outcome, session::Session};
use clap::Args;

/// End `orloj suspend` and the pin of `orloj rollback`, and look at the source
///
/// Exits like `orloj sync`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj resume")]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks the daemon to go on.
pub(crate) fn run(args: &ResumeArgs, session: &mut Session) -> Result<Exit, CliError> {
    let client = args.server.client(session)?;
    session
        .terminal
        .progress("waiting for the daemon to fetch and review ...");
    let answer = client.post(&["api", "v1", "resume"], None)?;
    outcome::tell(&answer, &client, session)
}
