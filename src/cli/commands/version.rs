//! `orloj version`: which program is this?

use crate::cli::{comparison::pretty, error::CliError, exit::Exit, session::Session};
use clap::{Args, ValueEnum};
use serde_json::json;

/// How the version is printed.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// One line
    #[default]
    Text,
    /// For programs
    Json,
}

/// Print the version of this program
#[derive(Debug, Args)]
#[command(after_help = "The daemon's version is in `orloj status`.")]
pub(crate) struct VersionArgs {
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// Prints it.
pub(crate) fn run(args: &VersionArgs, session: &mut Session) -> Result<Exit, CliError> {
    let version = env!("CARGO_PKG_VERSION");
    let text = match args.output {
        Format::Text => format!("orloj {version}\n"),
        Format::Json => pretty(&json!({
            "name": "orloj",
            "version": version,
            "os": std::env::consts::OS,
            "arch": std::env::consts::ARCH,
        })),
    };
    session.terminal.data(&text)?;
    Ok(Exit::Done)
}
