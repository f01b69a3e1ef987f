//! `orloj help`: the manual of a command, and the table of exit codes.

use crate::cli::{
    error::CliError,
    exit::{self, Exit},
    main::command,
    session::Session,
};
use clap::Args;

/// Explain a command, or the exit codes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj help plan
  orloj help secret encrypt
  orloj help exit-codes")]
pub(crate) struct HelpArgs {
    /// A command, or `exit-codes`
    #[arg(value_name = "COMMAND")]
    topic: Vec<String>,
}

/// Prints it.
pub(crate) fn run(args: &HelpArgs, session: &mut Session) -> Result<Exit, CliError> {
    if args.topic == ["exit-codes"] {
        session.terminal.data(&exit::table())?;
        return Ok(Exit::Done);
    }
    let mut root = command(session.environment());
    root.build();
    let mut found = &mut root;
    for word in &args.topic {
        found = found.find_subcommand_mut(word).ok_or_else(|| {
            CliError::usage(format!("there is no command `{}`", args.topic.join(" "))).with_hint(
                "`orloj help` lists the commands; `orloj help exit-codes` the exit codes",
            )
        })?;
    }
    let help = found.render_long_help();
    let text = if session.terminal.out_style().color {
        help.ansi().to_string()
    } else {
        help.to_string()
    };
    session.terminal.data(&text)?;
    Ok(Exit::Done)
}
