//! `orloj create`: a secret or a key from the command line.

mod api_key;

use crate::{
    cli::{
        client::ServerArgs,
        columns,
        comparison::note_findings,
        error::CliError,
        exit::Exit,
        report::{Reported, Sources},
        sealing::{value_args::ValueArgs, values::check_text},
        session::Session,
    },
    model::{DEFAULT_NAMESPACE, Kind, check_name},
};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

/// Create a resource from the command line
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct CreateArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Secret(SecretArgs),
    #[command(name = "api-key")]
    ApiKey(api_key::ApiKeyArgs),
}

/// Create a secret, or replace one that was sent by hand
///
/// The daemon keeps it sealed on disk, outside Git. To keep a secret in Git use `orloj secret encrypt`.
///
/// The values come from flags, files or, without either, standard input (key `value`). Values on the command line
/// stay in the shell's history, and others of this machine see them while the command runs: files and standard
/// input do neither.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj create secret openai-api-key < key.txt
  orloj create secret openai --from-file value=key.txt
  orloj create secret azure -n team-a --from-literal value=\"$AZURE_KEY\"")]
struct SecretArgs {
    /// The secret's name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    values: ValueArgs,
    /// The namespace [default: default]
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Does what was asked for.
pub(crate) fn run(args: &CreateArgs, session: &mut Session) -> Result<Exit, CliError> {
    match &args.what {
        What::Secret(args) => secret(args, session),
        What::ApiKey(args) => api_key::run(args, session),
    }
}

/// Sends the secret as a manifest.
fn secret(args: &SecretArgs, session: &mut Session) -> Result<Exit, CliError> {
    let namespace = args.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    check_name(&args.name)
        .and_then(|()| check_name(namespace))
        .map_err(|error| {
            CliError::usage("the secret's name or namespace cannot be one").because(&error)
        })?;
    let mut values = Map::new();
    for (key, value) in args.values.values(session)? {
        check_text(&key, &value)?;
        let text = std::str::from_utf8(value.expose_bytes()).unwrap_or_default();
        values.insert(key, Value::from(text));
    }
    let manifest = json!({
        "apiVersion": Kind::Secret.api_version(),
        "kind": Kind::Secret.as_str(),
        "metadata": { "name": args.name, "namespace": namespace },
        "spec": { "stringData": values },
    });
    let document = json!({ "name": "create secret", "content": manifest.to_string() });
    let body = json!({ "documents": [document] });
    let client = args.server.client(session)?;
    let answer = client.post(&["api", "v1", "apply"], Some(&body))?;
    note_findings(&Reported::of_json(&answer), &Sources::default(), session);
    let action = columns::text(&answer, "/applied/0/action");
    let word = if action == "configured" {
        "updated"
    } else {
        "created"
    };
    let done = format!("{word} secret/{}\n", args.name);
    session.terminal.data(&done)?;
    Ok(Exit::Done)
}
