//! `orloj suspend`: the daemon does not look at the source for a while.

use crate::{
    cli::{
        columns::text, commands::history::seconds, error::CliError, exit::Exit, order::OrderArgs,
        revision::short, session::Session,
    },
    model::parse_go_duration,
};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// Stop looking at the source; what is live stays live
///
/// Commits and webhooks wait until `orloj resume`, or until the given time. Manifests sent by hand still
/// go live. A restart does not end it, and `orloj status` shows it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj suspend --reason \"the provider is migrating\" --until 2h
  orloj suspend --reason \"change freeze\" --until 2026-12-24T08:00:00Z")]
pub(crate) struct SuspendArgs {
    /// When it ends by itself: a time (RFC 3339) or how long, such as `90m`
    #[arg(long, value_name = "TIME", value_parser = parse_until)]
    until: Option<Timestamp>,
    #[command(flatten)]
    order: OrderArgs,
}

/// Asks the daemon to wait.
pub(crate) fn run(args: &SuspendArgs, session: &mut Session) -> Result<Exit, CliError> {
    let fields = json!({ "until": args.until });
    let (_, answer) = args.order.send("suspend", fields, session)?;
    let until = args.until.map_or_else(
        || "`orloj resume`".to_owned(),
        |until| seconds(&until.to_string()),
    );
    let live = short(&text(&answer, "/revision"));
    let told = format!("suspended until {until}; {live} stays live\n");
    session.terminal.data(&told)?;
    Ok(Exit::Done)
}

fn parse_until(text: &str) -> Result<Timestamp, String> {
    let problem = || {
        format!(
            "`{text}` is neither a time such as 2026-12-24T08:00:00Z nor a duration such as 90m"
        )
    };
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let duration = parse_go_duration(text).and_then(|long| SignedDuration::try_from(long).ok());
    let duration = duration.ok_or_else(problem)?;
    Timestamp::now()
        .checked_add(duration)
        .map_err(|_| problem())
}
