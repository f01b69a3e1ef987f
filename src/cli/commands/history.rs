//! `orloj history`: the revisions that were tried.

use crate::cli::{
    client::ServerArgs,
    columns::{items, text},
    comparison::pretty,
    error::CliError,
    exit::Exit,
    manifests::sources_of_commit,
    report::{self, Reported, Sources},
    revision::{number, short},
    secret_changes,
    session::Session,
    tables::{fields, table},
    text::shorten,
};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

/// How the history is printed.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// Newest first, one line each
    #[default]
    Text,
    /// For programs, with findings and digests
    Json,
}

/// Show the revisions that went live or were refused
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  orloj history
  orloj history --limit 100 -o json
  orloj history show 4b7a0f3      everything that is known of one"
)]
pub(crate) struct HistoryArgs {
    #[command(subcommand)]
    what: Option<What>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: u32,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Subcommand)]
enum What {
    Show(ShowArgs),
}

/// Show everything that is known of one revision
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj history show 4b7a0f3
  orloj history show 12 -o json")]
struct ShowArgs {
    /// The revision, its beginning, or its number
    #[arg(value_name = "REV")]
    revision: String,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and prints.
pub(crate) fn run(args: &HistoryArgs, session: &mut Session) -> Result<Exit, CliError> {
    if let Some(What::Show(args)) = &args.what {
        return show(args, session);
    }
    let limit = args.limit.to_string();
    let client = args.server.client(session)?;
    let log = client.get(&["api", "v1", "revisions"], &[("limit", &limit)])?;
    match args.output {
        Format::Json => session.terminal.data(&pretty(&log))?,
        Format::Text if items(&log).is_empty() => session.terminal.note("no revision yet\n"),
        Format::Text => session.terminal.data(&lines(items(&log)))?,
    }
    Ok(Exit::Done)
}

fn show(args: &ShowArgs, session: &mut Session) -> Result<Exit, CliError> {
    let client = args.server.client(session)?;
    let record = client.get(&["api", "v1", "revisions", &args.revision], &[])?;
    let printed = match args.output {
        Format::Json => pretty(&record),
        Format::Text => {
            let color = session.terminal.out_style().color;
            let sources = sources_of_commit(&text(&record, "/commit"), session);
            shown(&record, &sources, session.environment().width(), color)
        }
    };
    session.terminal.data(&printed)?;
    Ok(Exit::Done)
}

fn shown(record: &Value, sources: &Sources, width: usize, color: bool) -> String {
    let part = |pointer: &str| text(record, pointer);
    let took = number(record, "duration_ms");
    let all = [
        ("Number", part("/seq")),
        ("Revision", part("/revision")),
        ("Commit", part("/commit")),
        ("Forced", forced(record)),
        ("Summary", part("/summary")),
        ("Author", part("/author")),
        ("Signer", part("/signer")),
        ("Outcome", part("/outcome")),
        ("Reason", part("/reason")),
        ("Confirmed by", part("/confirmed_by")),
        ("Changes", changes(record)),
        ("Plan", short(&part("/plan_digest"))),
        ("Config", short(&part("/config_digest"))),
        ("Started", part("/started")),
        (
            "Finished",
            format!("{} (after {took} ms)", part("/finished")),
        ),
    ];
    let known = all.into_iter().filter(|(_, value)| !value.is_empty());
    let known = known.chain(of_sources(record));
    let secrets = secret_changes::lines(record, "/secrets").into_iter();
    let known: Vec<_> = known.chain(secrets.map(|line| ("Secret", line))).collect();
    let mut out = fields(&known, width);
    let findings = Reported::of_json(record);
    if !findings.is_empty() {
        out.push('\n');
        out.push_str(&report::to_text(&findings, sources, width, color));
    }
    out
}

/// The commits that references were moved away from by force.
fn forced(record: &Value) -> String {
    let all = record.get("sources").and_then(Value::as_array);
    let from = all
        .into_iter()
        .flatten()
        .map(|one| short(&text(one, "/forced_from")));
    let from: Vec<_> = from.filter(|from| !from.is_empty()).collect();
    if from.is_empty() {
        return String::new();
    }
    format!("away from {}", from.join(", "))
}

/// The commit of each of several sources.
fn of_sources(record: &Value) -> Vec<(&'static str, String)> {
    let all = record.get("sources").and_then(Value::as_array);
    let all = all.filter(|all| all.len() > 1).into_iter().flatten();
    let line = |one: &Value| format!("{}  {}", text(one, "/name"), text(one, "/commit"));
    all.map(|one| ("Source", line(one))).collect()
}

fn lines(entries: &[Value]) -> String {
    let row = |entry: &Value| {
        vec![
            text(entry, "/seq"),
            short(&text(entry, "/revision")),
            text(entry, "/outcome"),
            changes(entry),
            seconds(&text(entry, "/finished")),
            shorten(&summary(entry), 28),
        ]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    table(
        &[
            "SEQ", "REVISION", "OUTCOME", "CHANGES", "FINISHED", "SUMMARY",
        ],
        &rows,
    )
}

/// `+1 ~0 -2`; nothing for a revision that changed nothing because it was refused.
fn changes(entry: &Value) -> String {
    if text(entry, "/outcome") == "rejected" {
        return String::new();
    }
    let count = |field| number(entry, field);
    format!(
        "+{} ~{} -{}",
        count("added"),
        count("changed"),
        count("removed")
    )
}

/// The commit's summary; a revision that is not called as its commit holds resources sent by hand too.
fn summary(entry: &Value) -> String {
    let sources = entry.get("sources").and_then(Value::as_array);
    let is_one = sources.is_none_or(|all| all.len() < 2);
    let by_hand = is_one && text(entry, "/commit") != text(entry, "/revision");
    match text(entry, "/summary") {
        summary if !by_hand => summary,
        summary if summary.is_empty() => "(sent by hand)".to_owned(),
        summary => format!(
            "{} (+ by hand)",
            shorten(&summary, 28 - " (+ by hand)".len())
        ),
    }
}

/// A time without fractions of a second.
pub(crate) fn seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((whole, _)) if time.ends_with('Z') => format!("{whole}Z"),
        _ => time.to_owned(),
    }
}
