//! `orloj status`: how the daemon stands.

use crate::{
    cli::{
        client::ServerArgs,
        columns::text,
        commands::history::seconds,
        comparison::pretty,
        error::CliError,
        exit::Exit,
        manifests::sources_of_commit,
        outcome,
        report::{self, Reported, Sources, Tally},
        revision::short,
        secret_changes,
        session::Session,
        tables::fields,
        text::{printable, wrap},
        watching::{Event, watch},
    },
    model::Kind,
};
use clap::{Args, ValueEnum};
use serde_json::Value;

/// How the status is printed.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// Show what is live, and what is wrong with what is not
///
/// Phases: `Synced` (the newest commit is live), `Rejected` (it was refused, and the one before stays
/// live), `Held` (it waits for `orloj confirm`), `Suspended` (nobody looks until `orloj resume`), `Retrying`
/// (the source cannot be reached), `Starting`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj status
  orloj status -o json | jq -r .phase
  orloj status --watch               and then a line for everything that happens")]
pub(crate) struct StatusArgs {
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    /// Go on with a line for everything that happens, until interrupted
    #[arg(short, long)]
    watch: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and prints.
pub(crate) fn run(args: &StatusArgs, session: &mut Session) -> Result<Exit, CliError> {
    let client = args.server.client(session)?;
    let status = client.get(&["api", "v1", "status"], &[])?;
    let printed = match args.output {
        Format::Json => pretty(&status),
        Format::Text => {
            let color = session.terminal.out_style().color;
            let commit = text(&status, "/attempt/commit");
            let sources = sources_of_commit(&commit, session);
            described(&status, &sources, session.environment().width(), color)
        }
    };
    session.terminal.data(&printed)?;
    if args.watch {
        session.terminal.data("\n")?;
        watch(&client, session, |session, event| {
            let line = match args.output {
                Format::Json => format!("{}\n", event.data),
                Format::Text => happened(event),
            };
            session.terminal.data(&line)
        })?;
    }
    Ok(Exit::Done)
}

/// One event on one line.
fn happened(event: &Event) -> String {
    if event.sort == "gap" {
        return "(something happened between that is not kept: `orloj status`)\n".to_owned();
    }
    let part = |pointer| printable(&text(&event.data, pointer)).replace('\n', " ");
    let commit = match part("/commit") {
        commit if commit.is_empty() => commit,
        commit => format!("  {}", short(&commit)),
    };
    format!(
        "{}  {:<20}{commit}  {}\n",
        seconds(&part("/at")),
        event.sort,
        part("/message")
    )
}

fn described(status: &Value, sources: &Sources, width: usize, color: bool) -> String {
    let all = [
        ("Phase", text(status, "/phase")),
        ("Revision", text(status, "/revision")),
        ("Commit", commit(status)),
        ("Source", source(status)),
        ("Live since", seconds(&text(status, "/since"))),
        ("Last check", seconds(&text(status, "/checked"))),
        ("Resources", resources(status)),
        ("Error", text(status, "/error")),
        ("Refused", refused(status)),
        ("Held", held(status)),
        ("Pinned", pinned(status)),
        ("Suspended", suspended(status)),
        ("Version", text(status, "/version")),
    ];
    let mut known: Vec<_> = all
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let secrets = secret_changes::lines(status, "/held/secrets").into_iter();
    known.extend(secrets.map(|line| ("Held secret", line)));
    let several: Vec<_> = list(status, "sources").map(one_source).collect();
    if several.len() > 1 {
        let at = known.len().min(2);
        known.splice(at..at, several);
    }
    let mut out = fields(&known, width);
    let conditions: Vec<_> = list(status, "conditions").collect();
    if !conditions.is_empty() {
        out.push_str("\nNot ready:\n");
        out.extend(conditions.into_iter().map(|one| condition(one, width)));
    }
    let findings = Reported::of_json(status);
    if !findings.is_empty() {
        out.push('\n');
        out.push_str(&report::to_text(&findings, sources, width, color));
        out.push_str(&Tally::of(&findings).sentence());
        out.push('\n');
    }
    out
}

fn list<'a>(status: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    let list = status.get(field).and_then(Value::as_array);
    list.into_iter().flatten()
}

fn commit(status: &Value) -> String {
    let (summary, author) = (
        text(status, "/commit/summary"),
        text(status, "/commit/author"),
    );
    let id = short(&text(status, "/commit/id"));
    if id.is_empty() {
        return id;
    }
    format!("{id}  \"{summary}\" ({author})")
}

fn source(status: &Value) -> String {
    let (location, reference) = (
        text(status, "/source/location"),
        text(status, "/source/ref"),
    );
    if location.is_empty() || reference.is_empty() {
        return location;
    }
    format!("{location} ({reference})")
}

/// One of several sources: where it is, what of it is live, and what is wrong with it.
fn one_source(source: &Value) -> (&'static str, String) {
    let part = |pointer| text(source, pointer);
    let live = match short(&part("/commit/id")) {
        commit if commit.is_empty() => "nothing of it is live".to_owned(),
        commit => format!("{commit}  \"{}\"", part("/commit/summary")),
    };
    let fails = if part("/error").is_empty() {
        ""
    } else {
        "  (fails)"
    };
    let refused = match short(&part("/refused/commit")) {
        commit if commit.is_empty() && part("/refused/at").is_empty() => String::new(),
        commit if commit.is_empty() => "  (refused)".to_owned(),
        commit => format!("  ({commit} is refused: \"{}\")", part("/refused/summary")),
    };
    let (name, location, reference) = (part("/name"), part("/location"), part("/ref"));
    let shown = format!("{name}  {location} ({reference})  {live}{fails}{refused}");
    ("Source", shown)
}

/// `1 agent, 3 model-endpoints`.
fn resources(status: &Value) -> String {
    let counts = status.get("resources").and_then(Value::as_object);
    let counts = counts.into_iter().flatten();
    let counts = counts.filter_map(|(plural, number)| match number.as_u64()? {
        0 => None,
        1 => {
            let word = Kind::from_word(plural).map(Kind::singular);
            Some(format!("1 {}", word.unwrap_or(plural)))
        }
        many => Some(format!("{many} {plural}")),
    });
    counts.collect::<Vec<_>>().join(", ")
}

/// The newest attempt, if it is not what is live.
fn refused(status: &Value) -> String {
    // Of several sources, each one's line says so.
    let several = list(status, "sources").count() > 1;
    let mut sources = list(status, "sources");
    let is_told = several && sources.any(|one| !text(one, "/refused/at").is_empty());
    if text(status, "/phase") != "Rejected" || is_told {
        return String::new();
    }
    let commit = short(&text(status, "/attempt/commit"));
    let (summary, at) = (
        text(status, "/attempt/summary"),
        text(status, "/attempt/at"),
    );
    format!("{commit}  \"{summary}\" at {}", seconds(&at))
}

/// What waits for a yes, why, and what to type.
fn held(status: &Value) -> String {
    let message = text(status, "/held/message");
    if message.is_empty() {
        return message;
    }
    let commit = short(&text(status, "/held/commit"));
    let summary = text(status, "/held/summary");
    let next = outcome::next(status, "/held");
    format!("{commit}  \"{summary}\": {message}; {next}")
}

fn pinned(status: &Value) -> String {
    let revision = short(&text(status, "/pinned/revision"));
    said(status, "/pinned", &revision)
}

fn suspended(status: &Value) -> String {
    let until = seconds(&text(status, "/suspended/until"));
    let until = if until.is_empty() {
        "until `orloj resume`".to_owned()
    } else {
        format!("until {until}")
    };
    said(status, "/suspended", &until)
}

/// Why, what, by whom and since when; nothing if nobody said so.
fn said(status: &Value, pointer: &str, what: &str) -> String {
    let part = |name: &str| text(status, &format!("{pointer}/{name}"));
    let (reason, by, since) = (part("reason"), part("by"), part("since"));
    if since.is_empty() {
        return since;
    }
    let reason = if reason.is_empty() {
        "no reason was given".to_owned()
    } else {
        reason
    };
    let by = if by.is_empty() {
        by
    } else {
        format!(" by {by}")
    };
    format!("{reason} ({what}{by}, since {})", seconds(&since))
}

/// The resource and the reason on a line, what is wrong below it.
fn condition(condition: &Value, width: usize) -> String {
    const INDENT: &str = "\n    ";
    let kind = text(condition, "/resource/kind");
    let namespace = text(condition, "/resource/namespace");
    let name = text(condition, "/resource/name");
    let reason = text(condition, "/reason");
    let room = width.saturating_sub(INDENT.len()).max(20);
    let message = wrap(&printable(&text(condition, "/message")), room, room);
    let message = message.replace('\n', INDENT);
    printable(&format!("  {kind} {namespace}/{name}: {reason}")) + INDENT + &message + "\n"
}
