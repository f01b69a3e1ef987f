//! `orloj secret encrypt`.

use super::in_place;
use crate::{
    cli::{
        error::CliError,
        exit::Exit,
        sealing::{
            files::create, recipients::Recipients, value_args::ValueArgs, values::seal_value,
        },
        session::Session,
    },
    model::{DEFAULT_NAMESPACE, Kind, check_name},
    secrets::Binding,
};
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Seal values as a Secret manifest that can be committed
///
/// The values come from flags, files or, without either, standard input (key `value`). Or, with
/// `--in-place`, they stand in clear text in a manifest, and nothing but them is changed there.
///
/// The recipients are those of `--recipient`, else of the nearest `.orloj/recipients` (a public key a line,
/// `#` for comments) or `.sops.yaml` (the `creation_rules` for the path), beside the file that is written
/// or above it, up to the top of the repository; outside of one beside the file or in the working directory.
///
/// A value can be used only as the value of this key, of the secret of this name, in this namespace.
///
/// Values on the command line stay in the shell's history: files and standard input do not.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj secret encrypt openai-api-key < key.txt > secrets/openai-api-key.yaml
  orloj secret encrypt openai --from-file value=key.txt --recipient age1...
  orloj secret encrypt azure --from-literal value=\"$KEY\" -n team-a --out azure.yaml
  orloj secret encrypt openai --allowed-host api.openai.com < key.txt
  orloj secret encrypt --in-place secrets/openai.yaml")]
pub(super) struct EncryptArgs {
    /// The secret's name
    #[arg(value_name = "NAME", required_unless_present = "in_place")]
    name: Option<String>,
    /// A public key that may open the values (can be repeated)
    #[arg(long, value_name = "age1...")]
    recipient: Vec<String>,
    #[command(flatten)]
    values: ValueArgs,
    /// A host that the values may be sent to, such as `api.openai.com` (can be repeated)
    #[arg(long, value_name = "HOST", value_parser = crate::model::allowed_host)]
    allowed_host: Vec<String>,
    /// The namespace [default: default]
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,
    /// Write the manifest here; an existing file is kept [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Seal the clear values in the Secrets of this manifest (can be repeated)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "from_literal", "from_file", "allowed_host", "namespace", "out"])]
    in_place: Vec<PathBuf>,
}

pub(super) fn run(args: &EncryptArgs, session: &mut Session) -> Result<Exit, CliError> {
    let Some(name) = &args.name else {
        return in_place::run(&args.in_place, &args.recipient, session);
    };
    let namespace = args.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    check_name(name)
        .and_then(|()| check_name(namespace))
        .map_err(|error| {
            CliError::usage("the secret's name or namespace cannot be one").because(&error)
        })?;
    let target = args.out.clone();
    // What goes to standard output is most likely kept here, under the secret's name.
    let target = target.unwrap_or_else(|| PathBuf::from(format!("{name}.yaml")));
    let recipients = Recipients::of(&args.recipient, &session.path(&target), session)?;
    let mut sealed = Map::new();
    for (key, value) in args.values.values(session)? {
        let place = Binding::new(namespace, name, &key).with_hosts(&args.allowed_host);
        let armored = seal_value(&place, &value, &recipients.keys)?;
        sealed.insert(key, Value::from(armored));
    }
    let text = manifest(namespace, name, &args.allowed_host, sealed)?;
    recipients.note(session);
    write(args.out.as_deref(), &text, session)?;
    Ok(Exit::Done)
}

fn manifest(
    namespace: &str,
    name: &str,
    hosts: &[String],
    sealed: Map<String, Value>,
) -> Result<String, CliError> {
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), json!(name));
    if namespace != DEFAULT_NAMESPACE {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    let mut spec = Map::new();
    if !hosts.is_empty() {
        spec.insert("allowed_hosts".to_owned(), json!(hosts));
    }
    spec.insert("encryptedData".to_owned(), Value::Object(sealed));
    let manifest = json!({
        "apiVersion": Kind::Secret.api_version(),
        "kind": Kind::Secret.as_str(),
        "metadata": metadata,
        "spec": spec,
    });
    serde_yaml::to_string(&manifest)
        .map_err(|error| CliError::new("failed to write the manifest").because(&error))
}

fn write(out: Option<&Path>, text: &str, session: &mut Session) -> Result<(), CliError> {
    let Some(out) = out else {
        return session.terminal.data(text);
    };
    let hint = "`orloj secret edit FILE` changes the values of a file";
    create(&session.path(out), text.as_bytes(), 0o644, hint)?;
    session
        .terminal
        .note(&format!("sealed the values in `{}`\n", out.display()));
    Ok(())
}
