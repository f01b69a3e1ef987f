//! `orloj get`: tables of what is there.

use crate::{
    cli::{
        client::{Client, ServerArgs},
        columns::{self, items},
        comparison::pretty,
        error::CliError,
        exit::Exit,
        session::Session,
        tables::table,
        target::{Target, kind_of},
        text::count,
    },
    model::{DEFAULT_NAMESPACE, Kind},
};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How resources are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// Aligned columns
    #[default]
    Table,
    /// One document, lists under `items`
    Json,
    /// The same as YAML
    Yaml,
    /// `kind/name` lines
    Name,
}

/// List resources, or show one
///
/// Asks the daemon for what it serves: from Git and sent by hand alike.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj get agents
  orloj get model-endpoints -A         in every namespace
  orloj get agent writer -o yaml
  orloj get secrets -o name")]
pub(crate) struct GetArgs {
    /// Agents, model-endpoints, secrets, agent-policies, model-aliases, agent-systems, tasks, tools, …
    #[arg(value_name = "KIND")]
    kind: String,
    /// One resource of the kind
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The namespace to look in [default: default]
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,
    /// Look in every namespace
    #[arg(short = 'A', long, conflicts_with_all = ["namespace", "name"])]
    all_namespaces: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and prints.
pub(crate) fn run(args: &GetArgs, session: &mut Session) -> Result<Exit, CliError> {
    let client = args.server.client(session)?;
    if args.name.is_some() || args.kind.contains('/') {
        let namespace = args.namespace.as_deref();
        let target = Target::parse(&args.kind, args.name.as_deref(), namespace)?;
        let resource = target.fetch(&client)?;
        let text = one(target.kind, &resource, args.output);
        session.terminal.data(&text)?;
        return Ok(Exit::Done);
    }
    let kind = kind_of(&args.kind)?;
    let namespace = args.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    let query = [("namespace", namespace)];
    let query = if args.all_namespaces { &[] } else { &query[..] };
    let list = client.get(&["v1", kind.plural()], query)?;
    let items = items(&list);
    if items.is_empty() && matches!(args.output, Format::Table | Format::Name) {
        let place = (!args.all_namespaces).then_some(namespace);
        session.terminal.note(&nothing(&client, kind, place));
        return Ok(Exit::Done);
    }
    let text = match args.output {
        Format::Table => rows(kind, items, args.all_namespaces),
        Format::Json => pretty(&json!({ "items": items })),
        Format::Yaml => yaml(&json!({ "items": items })),
        Format::Name => names(kind, items),
    };
    session.terminal.data(&text)?;
    Ok(Exit::Done)
}

fn one(kind: Kind, resource: &Value, format: Format) -> String {
    let alone = std::slice::from_ref(resource);
    match format {
        Format::Table => rows(kind, alone, false),
        Format::Json => pretty(resource),
        Format::Yaml => yaml(resource),
        Format::Name => names(kind, alone),
    }
}

fn rows(kind: Kind, items: &[Value], namespaces: bool) -> String {
    let mut header = columns::header(kind).to_vec();
    if namespaces {
        header.insert(0, "NAMESPACE");
    }
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            let mut row = columns::row(kind, item);
            if namespaces {
                row.insert(0, columns::text(item, "/metadata/namespace"));
            }
            row
        })
        .collect();
    table(&header, &rows)
}

fn names(kind: Kind, items: &[Value]) -> String {
    let mut out = String::new();
    for item in items {
        let name = columns::text(item, "/metadata/name");
        let _ = writeln!(out, "{}/{name}", kind.singular());
    }
    out
}

/// A document as YAML.
pub(crate) fn yaml(value: &Value) -> String {
    serde_yaml::to_string(value).unwrap_or_default()
}

/// Says that there is nothing, and where there is something.
fn nothing(client: &Client, kind: Kind, namespace: Option<&str>) -> String {
    let plural = kind.plural();
    let Some(namespace) = namespace else {
        return format!("no {plural} in any namespace\n");
    };
    let mut out = format!("no {plural} in namespace `{namespace}`\n");
    let elsewhere = client
        .get(&["v1", plural], &[])
        .map(|list| items(&list).len());
    if let Ok(number @ 1..) = elsewhere {
        let are = if number == 1 { "is" } else { "are" };
        let _ = writeln!(
            out,
            "\nhint: {} {are} in other namespaces: `orloj get {plural} -A`",
            count(number, "resource")
        );
    }
    out
}
