//! `orloj rollback`: back to a revision that was live before.

use crate::cli::{error::CliError, exit::Exit, order::OrderArgs, outcome, session::Session};
use clap::Args;
use serde_json::json;

/// Go back to a revision that was live before, and stay there
///
/// The daemon switches at once, without Git, and records it. The revision is pinned: the commit that was
/// left does not come again, a newer one goes live by itself only if it touches what was rolled back, and any
/// other is held until `orloj resume`. Manifests sent by hand become what they were then too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj rollback --reason \"fast answers with the wrong model\"
  orloj rollback --to 4b7a0f3 --reason \"the last good one\"
  orloj history                   what can be gone back to")]
pub(crate) struct RollbackArgs {
    /// A revision, its beginning, or a number of `orloj history` [default: the one before]
    #[arg(long, value_name = "REV")]
    to: Option<String>,
    #[command(flatten)]
    order: OrderArgs,
}

/// Asks the daemon to go back.
pub(crate) fn run(args: &RollbackArgs, session: &mut Session) -> Result<Exit, CliError> {
    let fields = json!({ "to": args.to });
    let (client, answer) = args.order.send("rollback", fields, session)?;
    let exit = outcome::tell(&answer, &client, session)?;
    session.terminal.note(
        "pinned: newer commits that do not touch what was rolled back are held until `orloj resume`\n",
    );
    Ok(exit)
}
