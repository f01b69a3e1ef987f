//! `orloj delete`: takes a resource that was sent by hand away.

use crate::cli::{
    client::ServerArgs, error::CliError, exit::Exit, session::Session, target::Target,
};
use clap::Args;

/// Delete a resource that was sent by hand
///
/// What Git manages is deleted by deleting its file and pushing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj delete secret openai-api-key
  orloj delete agents/writer -n team-a")]
pub(crate) struct DeleteArgs {
    /// The kind, as in `orloj get`, or `KIND/NAME`
    #[arg(value_name = "KIND")]
    kind: String,
    /// The resource
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Its namespace [default: default]
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks the daemon to delete it.
pub(crate) fn run(args: &DeleteArgs, session: &mut Session) -> Result<Exit, CliError> {
    let target = Target::parse(&args.kind, args.name.as_deref(), args.namespace.as_deref())?;
    args.server.client(session)?.delete(
        &["v1", target.kind.plural(), &target.name],
        &[("namespace", &target.namespace)],
    )?;
    let done = format!("deleted {}/{}\n", target.kind.plural(), target.name);
    session.terminal.data(&done)?;
    Ok(Exit::Done)
}
