//! `orloj describe`: everything about one resource.

use crate::cli::{
    client::ServerArgs, columns, commands::get::yaml, error::CliError, exit::Exit,
    session::Session, tables::fields, target::Target,
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
