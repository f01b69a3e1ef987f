//! `orloj history`: the revisions that were tried.

use crate::cli::{
    client::ServerArgs,
    columns::{items, text},
    comparison::pretty,
    error::CliError,
    exit::Exit,
    revision::{number, short},
    session::Session,
    tables::table,
    text::shorten,
};
use clap::{Args, ValueEnum};
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
#[command(after_help = "\
Examples:
  orloj history
  orloj history --limit 100 -o json")]
pub(crate) struct HistoryArgs {
    /// How many at most
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: u32,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and prints.
pub(crate) fn run(args: &HistoryArgs, session: &mut Session) -> Result<Exit, CliError> {
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
    let by_hand = text(entry, "/commit") != text(entry, "/revision");
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
