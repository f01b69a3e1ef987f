//! `orloj demo`: a first minute.

use crate::{
    cli::{daemon_process, error::CliError, exit::Exit, session::Session},
    daemon::{self, DemoReady},
};
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
        hide_env_values = true,
        default_value = "127.0.0.1:8080",
        value_name = "HOST:PORT"
    )]
    pub(crate) addr: String,
    /// Keep everything in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Runs until a signal.
pub(crate) fn run(args: &DemoArgs, session: &mut Session) -> Result<Exit, CliError> {
    let data_dir = args.data_dir.as_deref().map(|typed| session.path(typed));
    let program = session.environment().program.clone();
    let program = program.map_or_else(|| "orloj".to_owned(), |path| path.display().to_string());
    let demo = daemon::demo(Some(args.addr.clone()), data_dir, |ready| {
        // A reader that has gone away does not stop the daemon.
        let _ = session.terminal.data(&greeting(ready, &program));
    });
    daemon_process::run(demo)
}

/// `program` is how another terminal starts this program: it may not be on its path.
fn greeting(ready: &DemoReady, program: &str) -> String {
    let DemoReady {
        clone_url,
        base_url,
    } = ready;
    format!(
        "\
A repository of manifests, and a daemon that serves it:

git clone {clone_url}
{base_url}

Try, in another terminal:

  curl -i {base_url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{{\"model\": \"fast\", \"messages\": [{{\"role\": \"user\", \"content\": \"hello\"}}]}}'

  git clone {clone_url} routing && cd routing &&
    sed -i 's/small-v1/small-v2/' aliases/fast.yaml &&
    git commit -qam 'fast: small-v2' && git push -q

  {program} status --server {base_url}

Ctrl-C stops it.
"
    )
}
