//! `orloj sync`: look at the source now.

use crate::cli::{client::ServerArgs, error::CliError, exit::Exit, outcome, session::Session};
use clap::Args;

/// Fetch now, and wait until the newest commit is live or refused
///
/// Exits with 3 if the commit, or that of one of several sources, is refused, and with 5 if it is held: what was
/// live stays live. Exits with 1 if the source cannot be reached; the daemon keeps trying.
///
/// A commit that its `windows` hold goes live by itself when one opens. `orloj confirm DIGEST --reason TEXT` lets
/// it go live now; the digest is in what `orloj sync` and `orloj status` print.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git push && orloj sync
  orloj confirm sha256:a90b11c2 --reason \"outage\"    now, although no window is open")]
pub(crate) struct SyncArgs {
    #[command(flatten)]
    server: ServerArgs,
}

/// Rings the bell and tells what became of it.
pub(crate) fn run(args: &SyncArgs, session: &mut Session) -> Result<Exit, CliError> {
    let client = args.server.client(session)?;
    session
        .terminal
        .progress("waiting for the daemon to fetch and review ...");
    let answer = client.post(&["api", "v1", "sync"], None)?;
    outcome::tell(&answer, &client, session)
}
