//! What the daemon says came of a look at the source.

use super::{
    client::Client,
    columns,
    comparison::note_findings,
    error::CliError,
    exit::Exit,
    manifests::sources_of_commit,
    report::{Reported, Sources},
    revision, secret_changes,
    session::Session,
    text::printable,
};
use serde_json::Value;

/// Tells it, and how the command ends.
pub(crate) fn tell(
    answer: &Value,
    client: &Client,
    session: &mut Session,
) -> Result<Exit, CliError> {
    let name = columns::text(answer, "/revision");
    let shown = revision::short(&name);
    let findings = Reported::of_json(answer);
    if !findings.is_empty() {
        let sources = sources(client, session);
        note_findings(&findings, &sources, session);
    }
    match columns::text(answer, "/outcome").as_str() {
        "applied" => {
            let text = format!("applied: {} is live{}\n", shown, changes(client, &name));
            session.terminal.data(&text)?;
            match refused_sources(answer) {
                Some(refused) => Err(refused_error(format!("{refused}; the others went live"))),
                None => Ok(Exit::Done),
            }
        }
        "unchanged" => {
            session.terminal.data(&if name == revision::NONE {
                "unchanged: nothing is live yet\n".to_owned()
            } else {
                format!("unchanged: {shown} is live\n")
            })?;
            Ok(Exit::Done)
        }
        "rejected" => {
            let refused = refused_sources(answer);
            let refused = refused.unwrap_or_else(|| "the newest commit is refused".to_owned());
            Err(refused_error(if name == revision::NONE {
                format!("{refused}; nothing is live yet")
            } else {
                format!("{refused}; {shown} stays live")
            }))
        }
        "held" => Err(held(answer, &shown)),
        "suspended" => Err(
            CliError::new(format!("reconciling is suspended; {shown} stays live"))
                .with_hint("`orloj status` shows why; `orloj resume` ends it"),
        ),
        "retry" => Err(failed(answer)),
        other => Err(CliError::new(format!(
            "the daemon answered with an outcome that is not known here: `{other}`"
        ))),
    }
}

fn refused_error(message: String) -> CliError {
    CliError::new(message)
        .with_exit(Exit::Invalid)
        .with_hint("push a commit that mends it; nothing needs a restart")
}

/// Which of several sources stay where they are, if any.
fn refused_sources(answer: &Value) -> Option<String> {
    let refused = answer.get("refused").and_then(Value::as_array)?.iter();
    let shown = refused.map(|one| {
        let (name, commit) = (columns::text(one, "/name"), columns::text(one, "/commit"));
        match revision::short(&commit) {
            commit if commit.is_empty() => format!("source `{name}` is refused"),
            commit => format!("source `{name}` is refused at {commit}"),
        }
    });
    let shown: Vec<_> = shown.collect();
    (!shown.is_empty()).then(|| printable(&shown.join("; ")))
}

fn held(answer: &Value, live: &str) -> CliError {
    let commit = revision::short(&columns::text(answer, "/held/commit"));
    let message = printable(&columns::text(answer, "/held/message"));
    let waits = if columns::text(answer, "/held/by") == "window" {
        "waits for its window"
    } else {
        "needs confirmation"
    };
    let error = CliError::new(format!(
        "held: {commit} {waits}; {live} stays live\n  {message}"
    ));
    error.with_exit(Exit::Held).with_hint(next(answer, "/held"))
}

/// What to type about something that is held.
pub(crate) fn next(document: &Value, pointer: &str) -> String {
    let digest = columns::text(document, &format!("{pointer}/plan_digest"));
    let digest = digest.get(..19).unwrap_or(&digest).to_owned();
    let yes = format!("`orloj confirm {digest} --reason ...` lets this plan go live");
    match columns::text(document, &format!("{pointer}/by")).as_str() {
        "window" => format!("`orloj confirm {digest} --reason ...` lets it go live now"),
        "pin" => format!("{yes}; `orloj resume` ends the rollback"),
        _ => format!("{yes}, and no other"),
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
    let mut text = format!(
        "  \"{summary}\"\n  {} added, {} changed, {} removed",
        revision::number(newest, "added"),
        revision::number(newest, "changed"),
        revision::number(newest, "removed"),
    );
    for line in secret_changes::lines(newest, "/secrets") {
        text.push_str("\n  secret ");
        text.push_str(&printable(&line));
    }
    text
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
