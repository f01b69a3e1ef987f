//! `orloj graph`: what refers to what.

use crate::{
    cli::{
        client::ServerArgs,
        columns,
        error::CliError,
        exit::Exit,
        manifests::{Version, lenient},
        session::Session,
        text::printable,
    },
    model::ResourceId,
};
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::PathBuf,
};

/// How the graph is printed.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// Each resource with what it refers to
    #[default]
    Text,
    /// For Graphviz
    Dot,
}

/// Show what refers to what
///
/// Of the daemon, or, with a path, of files without a daemon.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj graph
  orloj graph . -o dot | dot -Tsvg > graph.svg")]
pub(crate) struct GraphArgs {
    /// A directory or file instead of the daemon
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    #[command(flatten)]
    server: ServerArgs,
}

/// Nodes and, per node, its edges as field and target.
#[derive(Debug, Default)]
struct Drawn {
    nodes: BTreeSet<String>,
    edges: BTreeMap<String, BTreeSet<(String, String)>>,
}

/// Draws the graph.
pub(crate) fn run(args: &GraphArgs, session: &mut Session) -> Result<Exit, CliError> {
    let drawn = if let Some(path) = &args.path {
        of_files(path.clone(), session)?
    } else {
        let client = args.server.client(session)?;
        of_json(&client.get(&["api", "v1", "graph"], &[])?)
    };
    if drawn.nodes.is_empty() {
        session.terminal.note("no resources\n");
        return Ok(Exit::Done);
    }
    let text = match args.output {
        Format::Text => drawn.to_text(),
        Format::Dot => drawn.to_dot(),
    };
    session.terminal.data(&text)?;
    Ok(Exit::Done)
}

fn of_files(path: PathBuf, session: &mut Session) -> Result<Drawn, CliError> {
    let version = Version::of_typed(&[path], session)?;
    let mut snapshot = lenient();
    if version.check(&mut snapshot, false).has_errors() {
        session
            .terminal
            .note("some manifests have errors and may be missing here: see `orloj validate`\n");
    }
    let mut drawn = Drawn::default();
    for id in snapshot.graph().nodes() {
        drawn.nodes.insert(called(id));
        for (field, to) in snapshot.graph().dependencies(id) {
            drawn.add(called(id), &field.to_string(), called(to));
        }
    }
    Ok(drawn)
}

fn called(id: &ResourceId) -> String {
    format!("{} {}", id.kind, id.qualified_name())
}

fn of_json(graph: &Value) -> Drawn {
    let list = |field: &str| {
        let list = graph.get(field).and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    };
    let name = |node: &Value| {
        let part = |pointer| columns::text(node, pointer);
        let (kind, namespace, name) = (part("/kind"), part("/namespace"), part("/name"));
        if namespace == crate::model::DEFAULT_NAMESPACE {
            format!("{kind} {name}")
        } else {
            format!("{kind} {namespace}/{name}")
        }
    };
    let mut drawn = Drawn::default();
    for node in list("nodes") {
        drawn.nodes.insert(name(&node));
    }
    for edge in list("edges") {
        let (from, to) = (name(&edge["from"]), name(&edge["to"]));
        drawn.add(from, &columns::text(&edge, "/field"), to);
    }
    drawn
}

impl Drawn {
    fn add(&mut self, from: String, field: &str, to: String) {
        let field = field.trim_start_matches("/spec/").replace('/', ".");
        self.edges.entry(from).or_default().insert((field, to));
    }

    fn to_text(&self) -> String {
        let mut out = String::new();
        for node in &self.nodes {
            let _ = writeln!(out, "{}", printable(node));
            for (field, to) in self.edges.get(node).into_iter().flatten() {
                let _ = writeln!(out, "  {} -> {}", printable(field), printable(to));
            }
        }
        out
    }

    /// Format: <https://graphviz.org/doc/info/lang.html>.
    fn to_dot(&self) -> String {
        let mut out = String::from("digraph orloj {\n  rankdir=LR;\n  node [shape=box];\n");
        for node in &self.nodes {
            let _ = writeln!(out, "  {};", quoted(node));
        }
        for (from, edges) in &self.edges {
            for (field, to) in edges {
                let (from, to, field) = (quoted(from), quoted(to), quoted(field));
                let _ = writeln!(out, "  {from} -> {to} [label={field}];");
            }
        }
        out.push_str("}\n");
        out
    }
}

fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        printable(text).replace('\\', "\\\\").replace('"', "\\\"")
    )
}
