//! `orloj explain`: where a name leads, and why.

use crate::{
    cli::{
        client::{ServerArgs, Token},
        columns,
        error::CliError,
        exit::Exit,
        manifests::{Version, lenient},
        session::Session,
        tables::{fields, table},
    },
    gateway::{self, Question},
    model::{DEFAULT_NAMESPACE, KEY_PREFIX},
};
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::path::PathBuf;

/// How the explanation is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// Explain where a model name leads, and which manifest line says so
///
/// Of the daemon, or, with a path, of files without a daemon. Nothing is called. Exits with 3 if a request would
/// be refused.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj explain fast
  orloj explain agent/writer -n team-a
  orloj explain gpt-4o --endpoint openai-default
  orloj explain fast --key ci-bot
  orloj explain fast -f .              what the files here would do")]
pub(crate) struct ExplainArgs {
    /// What stands in a request's `model`: an alias, `agent/NAME`, an endpoint, `ENDPOINT/MODEL`
    #[arg(value_name = "MODEL", required_unless_present = "endpoint")]
    model: Option<String>,
    /// The endpoint that the request's path names
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// The caller's namespace [default: default]
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,
    /// The `ApiKey` that is asked with, by its name; its namespace is the caller's
    #[arg(long, value_name = "NAME")]
    key: Option<Token>,
    /// A directory or file instead of the daemon
    #[arg(short, long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and prints.
pub(crate) fn run(args: &ExplainArgs, session: &mut Session) -> Result<Exit, CliError> {
    let explained = match &args.file {
        Some(path) => of_files(args, path.clone(), session)?,
        None => of_daemon(args, session)?,
    };
    let text = match args.output {
        Format::Json => format!("{explained:#}\n"),
        Format::Text => shown(&explained, session.environment().width()),
    };
    session.terminal.data(&text)?;
    Ok(match explained["refused"] {
        Value::Null => Exit::Done,
        _ => Exit::Invalid,
    })
}

fn of_daemon(args: &ExplainArgs, session: &Session) -> Result<Value, CliError> {
    let client = args.server.client(session)?;
    let key = key_name(args)?;
    let query = [
        ("model", args.model.as_deref()),
        ("namespace", args.namespace.as_deref()),
        ("endpoint", args.endpoint.as_deref()),
        ("key", key),
    ];
    let query: Vec<_> = query
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    client.get(&["api", "v1", "explain"], &query)
}

fn of_files(args: &ExplainArgs, path: PathBuf, session: &mut Session) -> Result<Value, CliError> {
    let version = Version::of_typed(&[path], session)?;
    let mut snapshot = lenient();
    if version.check(&mut snapshot, false).has_errors() {
        session
            .terminal
            .note("some manifests have errors and may be missing here: see `orloj validate`\n");
    }
    let namespace = args.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    let key =
        match key_name(args)? {
            None => None,
            Some(name) => Some(snapshot.table().key_named(namespace, name).ok_or_else(|| {
                CliError::new(format!("there is no ApiKey `{name}` in the files"))
            })?),
        };
    let question = Question {
        namespace,
        key: key.map(|key| &**key),
        scope: args.endpoint.as_deref(),
        model: args.model.as_deref(),
    };
    Ok(gateway::explain(snapshot.table(), question, |_| None))
}

/// The name of the key that is asked with. A key itself is neither sent nor printed.
fn key_name(args: &ExplainArgs) -> Result<Option<&str>, CliError> {
    let name = args.key.as_ref().map(Token::expose);
    if name.is_some_and(|name| name.starts_with(KEY_PREFIX)) {
        let error = CliError::usage("`--key` was given a key; write the name of its ApiKey");
        return Err(error.with_hint("`orloj get api-keys` lists them"));
    }
    Ok(name)
}

fn shown(explained: &Value, width: usize) -> String {
    let text = |pointer: &str| columns::text(explained, pointer);
    let key = if explained["key"].is_object() {
        format!("{} ({})", text("/key/name"), text("/key/source"))
    } else {
        String::new()
    };
    let mut head = vec![
        ("Model", text("/model")),
        ("Endpoint", text("/endpoint")),
        ("Namespace", text("/namespace")),
        ("Key", key),
        ("Revision", text("/revision")),
    ];
    let decision = &explained["decision"];
    if decision.is_object() {
        let source = text("/decision/source");
        head.push(("Rule", format!("{} ({source})", text("/decision/rule"))));
        head.push(("Agent", text("/decision/agent")));
        let policies = list(&decision["policies"]).iter().map(|policy| {
            let part = |pointer| columns::text(policy, pointer);
            format!("{} ({})", part("/name"), part("/source"))
        });
        head.push(("Policies", policies.collect::<Vec<_>>().join(", ")));
    }
    let refused = &explained["refused"];
    if refused.is_object() {
        let message = text("/refused/message");
        let refusal = format!("{} {}", text("/refused/status"), text("/refused/code"));
        head.push(("Refused", format!("{refusal}: {message}")));
    }
    head.retain(|(_, value)| !value.is_empty());
    let mut out = fields(&head, width);
    // Files say nothing of what can be called, but keys do.
    let is_live = explained["revision"].is_string() || explained["key"].is_object();
    for part in [targets(decision, is_live), steps(explained)] {
        if !part.is_empty() {
            out.push('\n');
            out.push_str(&part);
        }
    }
    out
}

/// Where it goes: the weighted targets, then the fallbacks in their order.
fn targets(decision: &Value, is_live: bool) -> String {
    let mut fallbacks = 0;
    let rows: Vec<_> = list(&decision["targets"])
        .iter()
        .map(|target| {
            let part = |pointer| columns::text(target, pointer);
            let share = match target["share"].as_f64() {
                Some(share) => format!("{:.4} %", share * 100.0).replace(".0000", ""),
                None => {
                    fallbacks += 1;
                    format!("fallback {fallbacks}")
                }
            };
            let name = format!("{}/{}", part("/endpoint"), part("/model"));
            let mut row = vec![share, name, part("/source")];
            row.extend(is_live.then(|| match part("/condition") {
                condition if condition.is_empty() => "yes".to_owned(),
                condition => condition,
            }));
            row
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let header = ["SHARE", "TARGET", "SOURCE", "READY"];
    let shown = if is_live { &header[..] } else { &header[..3] };
    table(shown, &rows)
}

/// The rules that were tried, in order.
fn steps(explained: &Value) -> String {
    let rows: Vec<_> = list(&explained["steps"])
        .iter()
        .map(|step| {
            let part = |pointer| columns::text(step, pointer);
            vec![
                part("/rule"),
                part("/namespace"),
                part("/outcome"),
                part("/source"),
            ]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    table(&["TRIED", "NAMESPACE", "OUTCOME", "SOURCE"], &rows)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
