//! `orloj secret encrypt`.

use super::in_place;
use crate::{
    cli::{
        error::CliError,
        exit::Exit,
        literal::Literal,
        sealing::{
            files::{create, read_value},
            recipients::Recipients,
            values::seal_value,
        },
        session::Session,
    },
    model::{DEFAULT_NAMESPACE, Kind, check_name},
    secrets::{Binding, Opened},
};
use clap::Args;
use serde_json::{Map, Value, json};
use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

/// Most bytes of a value that are read, a little more than can be sealed, so that sealing says the limit.
const MAX_VALUE_BYTES: u64 = 64 * 1024 + 1;

/// Seal values as a Secret manifest that can be committed
///
/// The values come from flags, files or, without either, standard input (key `value`). Or, with
/// `--in-place`, they stand in clear text in a manifest, and nothing but them is changed there.
///
/// The recipients are those of `--recipient`, else of the nearest `.orloj/recipients` (a public key a line,
/// `#` for comments) or `.sops.yaml` (the `creation_rules` for the path), beside the file that is written
/// or above it, up to the top of the repository.
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
    /// A key and its value (can be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    from_literal: Vec<Literal>,
    /// A key and a file that holds its value (can be repeated)
    #[arg(long, value_name = "KEY=PATH")]
    from_file: Vec<FileOf>,
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

/// `KEY=PATH`.
#[derive(Debug, Clone)]
struct FileOf {
    key: String,
    path: PathBuf,
}

impl FromStr for FileOf {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, path)) if !key.trim().is_empty() && !path.is_empty() => Ok(Self {
                key: key.trim().to_owned(),
                path: path.into(),
            }),
            _ => Err("expected KEY=PATH"),
        }
    }
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
    for (key, value) in values(args, session)? {
        if sealed.contains_key(&key) {
            return Err(CliError::usage(format!("the key `{key}` is given twice")));
        }
        let place = Binding::new(namespace, name, &key).with_hosts(&args.allowed_host);
        let armored = seal_value(&place, &value, &recipients.keys)?;
        sealed.insert(key, Value::from(armored));
    }
    let text = manifest(namespace, name, &args.allowed_host, sealed)?;
    recipients.note_a_single_one(session);
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

/// The values by key, from wherever they are asked for.
fn values(args: &EncryptArgs, session: &mut Session) -> Result<Vec<(String, Opened)>, CliError> {
    let literals = args.from_literal.iter().map(|literal| {
        let value = Opened::new(literal.expose().as_bytes().to_vec());
        (literal.key.clone(), value)
    });
    let mut values: Vec<_> = literals.collect();
    for file in &args.from_file {
        let value = read_value(&session.path(&file.path), MAX_VALUE_BYTES)?;
        values.push((file.key.clone(), value));
    }
    if values.is_empty() {
        let limit = usize::try_from(MAX_VALUE_BYTES).unwrap_or(usize::MAX);
        session
            .terminal
            .progress("reading the value from standard input ...");
        let value = Opened::new(session.read_stdin(limit)?);
        values.push(("value".to_owned(), value));
    }
    Ok(values)
}
