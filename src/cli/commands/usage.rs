//! `orloj usage`: what was used, and what it cost.

use crate::cli::{
    client::ServerArgs,
    columns::{items, text},
    comparison::pretty,
    error::CliError,
    exit::Exit,
    revision::number,
    session::Session,
    tables::table,
};
use clap::{Args, ValueEnum};
use serde_json::Value;

/// How the usage is printed.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// One line for each
    #[default]
    Table,
    /// For programs
    Json,
}

/// What the usage is summed up by.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum By {
    /// Everything together
    #[default]
    Total,
    /// The agents that calls were made as
    Agent,
    /// The keys that calls were made with
    Key,
    /// The endpoints and models that were called
    Model,
    /// The endpoints that were called
    Endpoint,
    /// The callers' namespaces
    Namespace,
}

impl By {
    fn word(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Agent => "agent",
            Self::Key => "key",
            Self::Model => "model",
            Self::Endpoint => "endpoint",
            Self::Namespace => "namespace",
        }
    }
}

/// Show what was used: calls, tokens and cost
///
/// Costs come from the prices of the model catalogue (`ModelCatalog` manifests over a built-in one). Calls of models
/// whose price is not known are counted apart. Neither prompts nor answers are kept.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj usage
  orloj usage --by key --since 30d
  orloj usage --by model --since 2026-11-01 -o json")]
pub(crate) struct UsageArgs {
    /// What to sum up by
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    by: By,
    /// From when on: a time span (`24h`, `7d`), a date or a moment
    #[arg(long, default_value = "7d", value_name = "WHEN")]
    since: String,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and prints.
pub(crate) fn run(args: &UsageArgs, session: &mut Session) -> Result<Exit, CliError> {
    let client = args.server.client(session)?;
    let query = [("by", args.by.word()), ("since", args.since.as_str())];
    let usage = client.get(&["api", "v1", "usage"], &query)?;
    match args.output {
        Format::Json => session.terminal.data(&pretty(&usage))?,
        Format::Table if items(&usage).is_empty() => {
            session.terminal.note("nothing was used since then\n");
        }
        Format::Table => session.terminal.data(&lines(args.by, items(&usage)))?,
    }
    Ok(Exit::Done)
}

fn lines(by: By, items: &[Value]) -> String {
    let name = by.word().to_uppercase();
    let header = [
        name.as_str(),
        "CALLS",
        "UNFINISHED",
        "PROMPT",
        "CACHED",
        "COMPLETION",
        "COST_USD",
        "UNPRICED",
    ];
    let row = |item: &Value| {
        let part = |field: &str| text(item, &format!("/{field}"));
        vec![
            part("name"),
            part("requests"),
            part("unfinished"),
            part("prompt_tokens"),
            part("cached_tokens"),
            part("completion_tokens"),
            dollars(number(item, "cost_microdollars")),
            part("unpriced"),
        ]
    };
    table(&header, &items.iter().map(row).collect::<Vec<_>>())
}

/// Micro-dollars as dollars, exactly.
fn dollars(microdollars: u64) -> String {
    const DOLLAR: u64 = 1_000_000;
    format!("{}.{:06}", microdollars / DOLLAR, microdollars % DOLLAR)
}

#[cfg(test)]
mod tests {
    use super::{By, dollars, lines};
    use serde_json::json;

    #[test]
    fn micro_dollars_are_written_as_dollars_without_rounding() {
        assert_eq!(dollars(0), "0.000000");
        assert_eq!(dollars(1_234_567), "1.234567");
        assert_eq!(dollars(50_000_000), "50.000000");
    }

    #[test]
    fn table_has_a_line_for_each_and_a_dash_for_nobody() {
        let items = [
            json!({"name": "", "requests": 2, "unfinished": 0, "prompt_tokens": 20, "cached_tokens": 0,
                "completion_tokens": 10, "cost_microdollars": 12, "unpriced": 1}),
            json!({"name": "ci-bot", "requests": 1, "unfinished": 1, "prompt_tokens": 5, "cached_tokens": 2,
                "completion_tokens": 1, "cost_microdollars": 0, "unpriced": 0}),
        ];
        let expected = "\
KEY     CALLS  UNFINISHED  PROMPT  CACHED  COMPLETION  COST_USD  UNPRICED
-       2      0           20      0       10          0.000012  1
ci-bot  1      1           5       2       1           0.000000  0
";
        assert_eq!(lines(By::Key, &items), expected);
    }
}
