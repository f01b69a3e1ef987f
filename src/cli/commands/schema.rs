//! `orloj schema`: the JSON Schemas of the manifests.

use crate::{
    cli::{error::CliError, exit::Exit, session::Session},
    manifest::{did_you_mean, schema},
};
use clap::Args;
use std::fmt::Write as _;

/// Print the JSON Schema of a kind
///
/// The schemas (draft 2020-12) are those that the daemon checks with. Without a kind their names are listed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj schema                         the kinds that have one
  orloj schema ModelEndpoint > model-endpoint.schema.json")]
pub(crate) struct SchemaArgs {
    /// The kind, in any spelling: `Agent`, `agents`, `model-endpoint`
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
        session.terminal.data(&list)?;
        return Ok(Exit::Done);
    };
    let Some(text) = schema::published(kind) else {
        let error = CliError::usage(format!("there is no schema for `{kind}`"));
        return Err(match did_you_mean(kind, schema::names()) {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error.with_hint("`orloj schema` lists the kinds that have one"),
        });
    };
    session.terminal.data(text)?;
    Ok(Exit::Done)
}
