//! `orloj completion`: words for the shell's Tab key.

use crate::cli::{error::CliError, exit::Exit, main::command, session::Session};
use clap::{Args, ValueEnum};
use clap_complete::{Shell, generate};

/// Shells that completions are made for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum KnownShell {
    Bash,
    Zsh,
    Fish,
}

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(orloj completion bash)
  orloj completion zsh > ~/.zfunc/_orloj
  orloj completion fish > ~/.config/fish/completions/orloj.fish")]
pub(crate) struct CompletionArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: KnownShell,
}

/// Prints the script.
pub(crate) fn run(args: &CompletionArgs, session: &mut Session) -> Result<Exit, CliError> {
    let shell = match args.shell {
        KnownShell::Bash => Shell::Bash,
        KnownShell::Zsh => Shell::Zsh,
        KnownShell::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    generate(
        shell,
        &mut command(session.environment()),
        "orloj",
        &mut script,
    );
    session.terminal.data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
