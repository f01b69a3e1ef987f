//! `orloj apply`: sends manifests by hand.

use crate::{
    cli::{
        client::ServerArgs, columns, comparison::note_findings, error::CliError, exit::Exit,
        manifests::Version, report::Reported, session::Session,
    },
    model::Kind,
};
use clap::Args;
use serde_json::{Value, json};
use std::{fmt::Write as _, path::PathBuf};

/// Send manifests to the daemon as unmanaged resources
///
/// They are kept by the daemon beside what Git says, and no sync removes them. All files go live together
/// or none does. What Git manages is refused: change it in Git.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj apply -f openai_default.yaml
  orloj apply -f manifests/            every manifest below a directory
  cat agent.yaml | orloj apply -f -")]
pub(crate) struct ApplyArgs {
    /// A file, a directory, or `-` for standard input (can be repeated)
    #[arg(short, long = "file", value_name = "PATH", required = true)]
    file: Vec<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Reads, sends and prints what was applied.
pub(crate) fn run(args: &ApplyArgs, session: &mut Session) -> Result<Exit, CliError> {
    let version = Version::of_typed(&args.file, session)?;
    let mut documents = Vec::with_capacity(version.files.size());
    for file in version.files.values() {
        let content = std::str::from_utf8(&file.content).map_err(|error| {
            CliError::new(format!("`{}` is not UTF-8", file.path)).because(&error)
        })?;
        documents.push(json!({ "name": &*file.path, "content": content }));
    }
    if documents.is_empty() {
        return Err(CliError::new(
            "there is no manifest to apply (*.yaml, *.yml, *.json)",
        ));
    }
    let files = documents.len();
    let is_dir = args.file.iter().any(|path| session.path(path).is_dir());
    let client = args.server.client(session)?;
    let body = json!({ "documents": documents });
    let answer = client
        .post(&["api", "v1", "apply"], Some(&body))
        .map_err(|error| error.with_sources(version.sources()))?;
    note_findings(&Reported::of_json(&answer), &version.sources(), session);
    let mut out = applied(&answer);
    if is_dir || files > 1 {
        let _ = writeln!(out, "\n{files} file(s) applied");
    }
    session.terminal.data(&out)?;
    Ok(Exit::Done)
}

/// `applied kind/name`, one line each.
fn applied(answer: &Value) -> String {
    let list = answer.get("applied").and_then(Value::as_array);
    let mut out = String::new();
    for resource in list.into_iter().flatten() {
        let kind = columns::text(resource, "/kind");
        let word = Kind::from_word(&kind)
            .map_or_else(|| kind.to_lowercase(), |kind| kind.singular().to_owned());
        let _ = writeln!(out, "applied {word}/{}", columns::text(resource, "/name"));
    }
    out
}
