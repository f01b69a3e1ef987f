//! `orloj confirm`: yes to a plan that is held.

use crate::cli::{error::CliError, exit::Exit, order::OrderArgs, outcome, session::Session};
use clap::Args;
use serde_json::json;

/// Say yes to the plan that is held
///
/// A commit is held if it prunes more than `guards` in `orloj.yaml` allow, if it would send a secret to another
/// host (`egress: confirm`), if a reference was moved by force, if a rollback is pinned, or outside of its
/// `windows`, which then needs a reason. The yes is for the plan with this
/// digest, at this commit and for the reasons that are shown, and for nothing else: another commit that would do
/// the same is asked about again. Exits like `orloj sync`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj status                    shows what is held, and its digest
  orloj confirm sha256:a90b11c2 --reason \"teams/eu has moved out\"")]
pub(crate) struct ConfirmArgs {
    /// The plan's digest, or its beginning
    #[arg(value_name = "DIGEST")]
    digest: String,
    #[command(flatten)]
    order: OrderArgs,
}

/// Tells the daemon.
pub(crate) fn run(args: &ConfirmArgs, session: &mut Session) -> Result<Exit, CliError> {
    let fields = json!({ "digest": args.digest });
    let (client, answer) = args.order.send("confirm", fields, session)?;
    outcome::tell(&answer, &client, session)
}
