//! `orloj describe`: everything about one resource.

use crate::cli::{
    client::ServerArgs,
    columns,
    commands::{get::yaml, history::seconds},
    error::CliError,
    exit::Exit,
    session::Session,
    tables::{fields, table},
    target::Target,
};
use clap::Args;
use serde_json::{Value, json};

/// Show everything about one resource
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj describe agent writer
  orloj describe model-endpoints/openai-default -n team-a")]
pub(crate) struct DescribeArgs {
    /// The kind, as in `orloj get`, or `KIND/NAME`
    #[arg(value_name = "KIND")]
    kind: String,
    /// The resource
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Its namespace [default: default]
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and prints.
pub(crate) fn run(args: &DescribeArgs, session: &mut Session) -> Result<Exit, CliError> {
    let target = Target::parse(&args.kind, args.name.as_deref(), args.namespace.as_deref())?;
    let resource = target.fetch(&args.server.client(session)?)?;
    let text = description(&resource, session.environment().width());
    session.terminal.data(&text)?;
    Ok(Exit::Done)
}

fn description(resource: &Value, width: usize) -> String {
    let text = |pointer: &str| columns::text(resource, pointer);
    let all = [
        ("Name", text("/metadata/name")),
        ("Namespace", text("/metadata/namespace")),
        ("Kind", text("/kind")),
        ("Status", text("/status/phase")),
        ("Reason", text("/status/reason")),
        ("Message", text("/status/message")),
        ("Managed by", text("/status/managedBy")),
        ("Source", text("/status/source")),
    ];
    let known: Vec<_> = all
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let mut out = fields(&known, width);
    out.push_str(&conditions(resource));
    for (title, pointer) in [
        ("labels", "/metadata/labels"),
        ("annotations", "/metadata/annotations"),
        ("spec", "/spec"),
    ] {
        let value = resource.pointer(pointer);
        let Some(value) = value.filter(|value| value.as_object().is_none_or(|map| !map.is_empty()))
        else {
            continue;
        };
        out.push('\n');
        out.push_str(&yaml(&json!({ title: value })));
    }
    out
}

/// A table of what the resource depends on outside Git; nothing if that is nothing.
fn conditions(resource: &Value) -> String {
    let all = resource.pointer("/status/conditions");
    let all = all.and_then(Value::as_array).map(Vec::as_slice);
    let rows: Vec<_> = all
        .unwrap_or_default()
        .iter()
        .map(|condition| {
            let part = |pointer| columns::text(condition, pointer);
            vec![
                part("/type"),
                part("/status"),
                part("/reason"),
                seconds(&part("/since")),
            ]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let table = table(&["CONDITION", "STATUS", "REASON", "SINCE"], &rows);
    format!("\n{table}")
}
