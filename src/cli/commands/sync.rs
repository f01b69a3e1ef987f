//! `orloj sync`: look at the source now.

use crate::cli::{
    client::{Client, ServerArgs},
    columns,
    comparison::note_findings,
    error::CliError,
    exit::Exit,
    manifests::sources_of_commit,
    report::{Reported, Sources},
    revision,
    session::Session,
};
use clap::Args;
use serde_json::Value;

/// Fetch now, and wait until the newest commit is live or refused
///
/// Exits with 3 if the commit is refused: what was live stays live. Exits with 1 if the source cannot be
/// reached; the daemon keeps trying.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git push && orloj sync")]
pub(crate) struct SyncArgs {
    #[command(flatten)]
    server: ServerArgs,
}

/// Rings the bell and tells what became of it.
pub(crate) fn run(args: &SyncArgs, session: &mut Session) -> Result<Exit, CliError> {
    let client = args.server.client(session)?;
    session
        .terminal
        .progress("waiting for the daemon to fetch and review ...");
    let answer = client.post(&["api", "v1", "sync"], None)?;
    let name = columns::text(&answer, "/revision");
    let shown = revision::short(&name);
    let findings = Reported::of_json(&answer);
    if !findings.is_empty() {
        let sources = sources(&client, session);
        note_findings(&findings, &sources, session);
    }
    match columns::text(&answer, "/outcome").as_str() {
        "applied" => {
            let text = format!("applied: {} is live{}\n", shown, changes(&client, &name));
            session.terminal.data(&text)?;
            Ok(Exit::Done)
        }
        "unchanged" => {
            session.terminal.data(&if name == revision::NONE {
                "unchanged: nothing is live yet\n".to_owned()
            } else {
                format!("unchanged: {shown} is live\n")
            })?;
            Ok(Exit::Done)
        }
        "rejected" => Err(CliError::new(if name == revision::NONE {
            "the newest commit is refused; nothing is live yet".to_owned()
        } else {
            format!("the newest commit is refused; {shown} stays live")
        })
        .with_exit(Exit::Invalid)
        .with_hint("push a commit that mends it; nothing needs a restart")),
        "retry" => Err(failed(&answer)),
        other => Err(CliError::new(format!(
            "the daemon answered with an outcome that is not known here: `{other}`"
        ))),
    }
}

/// The texts of the commit that was looked at, if this clone has it.
fn sources(client: &Client, session: &Session) -> Sources {
    let status = client.get(&["api", "v1", "status"], &[]);
    let commit = status.map(|status| columns::text(&status, "/attempt/commit"));
    commit.map_or_else(
        |_| Sources::default(),
        |commit| sources_of_commit(&commit, session),
    )
}

/// What the revision changed, from the log; nothing if the log does not say.
fn changes(client: &Client, name: &str) -> String {
    let log = client.get(&["api", "v1", "revisions"], &[("limit", "1")]);
    let Ok(log) = log else { return String::new() };
    let newest = columns::items(&log).first();
    let Some(newest) = newest.filter(|entry| columns::text(entry, "/revision") == name) else {
        return String::new();
    };
    let summary = columns::text(newest, "/summary");
    format!(
        "  \"{summary}\"\n  {} added, {} changed, {} removed",
        revision::number(newest, "added"),
        revision::number(newest, "changed"),
        revision::number(newest, "removed"),
    )
}

fn failed(answer: &Value) -> CliError {
    let error = columns::text(answer, "/error");
    let reason = if error.is_empty() {
        "no reason was given".to_owned()
    } else {
        error
    };
    CliError::new(format!("the daemon could not sync: {reason}"))
        .with_hint("it keeps trying; `orloj status` shows how it stands")
}
