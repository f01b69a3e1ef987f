//! `orloj schema`: the JSON Schemas of the manifests.

use crate::{
    cli::{error::CliError, exit::Exit, session::Session},
    manifest::{did_you_mean, schema},
};
use clap::Args;
use std::fmt::Write as _;

/// The name of the schema of what `orloj validate -o json` prints.
const FINDINGS: &str = "findings";

/// Print the JSON Schema of a kind
///
/// The schemas (draft 2020-12) are those that the daemon checks with. Without a kind their names are
/// listed. `manifest` fits a manifest of any kind: give that one to your editor. `findings` is the schema of
/// what `orloj validate -o json` prints.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj schema                         the kinds that have one
  orloj schema ModelEndpoint > model-endpoint.schema.json
  orloj schema manifest > manifest.schema.json      any kind, for an editor:
      # yaml-language-server: $schema=../manifest.schema.json
  orloj schema findings                what `validate -o json` prints")]
pub(crate) struct SchemaArgs {
    /// The kind, in any spelling: `Agent`, `agents`, `model-endpoint`; `manifest` or `findings`
    #[arg(value_name = "KIND")]
    kind: Option<String>,
}

/// Prints a schema, or the names.
pub(crate) fn run(args: &SchemaArgs, session: &mut Session) -> Result<Exit, CliError> {
    let Some(kind) = &args.kind else {
        let mut list = String::new();
        for name in schema::names() {
            let _ = writeln!(list, "{name}");
        }
        let _ = writeln!(list, "{}\n{FINDINGS}", schema::MANIFEST);
        session.terminal.data(&list)?;
        return Ok(Exit::Done);
    };
    if kind == FINDINGS {
        session
            .terminal
            .data(include_str!("../../../schemas/findings.schema.json"))?;
        return Ok(Exit::Done);
    }
    let Some(text) = schema::published(kind) else {
        let error = CliError::usage(format!("there is no schema for `{kind}`"));
        let names = schema::names().chain([schema::MANIFEST, FINDINGS]);
        return Err(match did_you_mean(kind, names) {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error.with_hint("`orloj schema` lists the kinds that have one"),
        });
    };
    session.terminal.data(text)?;
    Ok(Exit::Done)
}
