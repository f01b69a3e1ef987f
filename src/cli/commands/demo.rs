//! `orloj demo`: a first minute.

use crate::cli::{daemon_door, error::CliError, exit::Exit};
use clap::Args;
use std::path::PathBuf;

/// Try it: a daemon on a repository made on the spot
///
/// Makes a bare Git repository from a sample, an age key and a daemon that follows it, and prints the clone
/// URL and three things to try. No provider key is needed. Stop it with Ctrl-C; nothing is left behind
/// unless `--data-dir` is given.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj demo
  orloj demo --addr 127.0.0.1:0        any free port
  orloj demo --data-dir ./demo         keep the repository and the key")]
pub(crate) struct DemoArgs {
    /// Where to listen
    #[arg(
        long,
        env = "ORLOJ_ADDR",
        default_value = "127.0.0.1:8080",
        value_name = "HOST:PORT"
    )]
    pub(crate) addr: String,
    /// Keep everything in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Runs until a signal.
pub(crate) fn run(args: &DemoArgs) -> Result<Exit, CliError> {
    daemon_door::demo(args)
}
