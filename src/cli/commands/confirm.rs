//! `orloj confirm`: yes to a plan that is held.

use crate::cli::{client::ServerArgs, error::CliError, exit::Exit, outcome, session::Session};
use clap::Args;
use serde_json::json;

/// Say yes to the plan that is held
///
/// A commit is held if it prunes more than `guards` in `orloj.yaml` allow, or if a rollback is pinned. The yes
/// is for the plan with this digest and for no other: when the commit or what is live changes, so does the
/// digest. Exits like `orloj sync`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj status                    shows what is held, and its digest
  orloj confirm sha256:a90b11c2 --reason \"teams/eu has moved out\"")]
pub(crate) struct ConfirmArgs {
    /// The plan's digest, or its beginning
    #[arg(value_name = "DIGEST")]
    digest: String,
    /// Why; the history keeps it
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who says so [default: the user's name]
    #[arg(
        long,
        env = "USER",
        value_name = "NAME",
        hide_env = true,
        default_value = "",
        hide_default_value = true
    )]
    by: String,
    #[command(flatten)]
    server: ServerArgs,
}

/// Tells the daemon.
pub(crate) fn run(args: &ConfirmArgs, session: &mut Session) -> Result<Exit, CliError> {
    let body = json!({ "digest": args.digest, "reason": args.reason, "by": args.by });
    let client = args.server.client(session)?;
    let answer = client.post(&["api", "v1", "confirm"], Some(&body))?;
    outcome::tell(&answer, &client, session)
}
