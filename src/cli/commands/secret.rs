//! `orloj secret`: keys, and values sealed for Git.

use crate::{
    cli::{error::CliError, exit::Exit, literal::Literal, recipients, session::Session},
    model::{DEFAULT_NAMESPACE, Kind, check_name},
    secrets::{Binding, Envelope, Opened, Recipient, generate_identity, seal},
};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Most bytes of a value that are read, a little more than can be sealed, so that sealing says the limit.
const MAX_VALUE_BYTES: u64 = 64 * 1024 + 1;

/// Make age keys, and seal secrets for Git
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct SecretArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Keygen(KeygenArgs),
    Encrypt(EncryptArgs),
}

/// Make an age key
///
/// The daemon opens with it what was sealed for its public key. The file has the form of age-keygen's.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj secret keygen --out age.key    then: orloj serve --age-key-file age.key")]
struct KeygenArgs {
    /// Write the key here, readable by you alone; an existing file is kept [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Seal values as a Secret manifest that can be committed
///
/// The values come from flags, files or, without either, standard input (key `value`). The recipients are
/// those of `--recipient`, else of the file `.orloj/recipients` (one per line, `#` for comments) in this
/// directory or one above it. Values on the command line stay in the shell's history: files and standard
/// input do not.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj secret encrypt openai-api-key < key.txt > secrets/openai-api-key.yaml
  orloj secret encrypt openai --from-file value=key.txt --recipient age1...
  orloj secret encrypt azure --from-literal value=\"$KEY\" -n team-a")]
struct EncryptArgs {
    /// The secret's name
    #[arg(value_name = "NAME")]
    name: String,
    /// A public key that may open the values (can be repeated)
    #[arg(long, value_name = "age1...")]
    recipient: Vec<String>,
    /// A key and its value (can be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    from_literal: Vec<Literal>,
    /// A key and a file that holds its value (can be repeated)
    #[arg(long, value_name = "KEY=PATH")]
    from_file: Vec<FileOf>,
    /// The namespace [default: default]
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,
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

/// Makes a key or seals values.
pub(crate) fn run(args: &SecretArgs, session: &mut Session) -> Result<Exit, CliError> {
    match &args.what {
        What::Keygen(args) => keygen(args, session),
        What::Encrypt(args) => encrypt(args, session),
    }
}

fn keygen(args: &KeygenArgs, session: &mut Session) -> Result<Exit, CliError> {
    let (identity, public) = generate_identity();
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let secret = identity.expose_text().unwrap_or_default();
    let text = zeroize::Zeroizing::new(format!(
        "# created: {now}\n# public key: {public}\n{secret}\n"
    ));
    let Some(out) = &args.out else {
        session.terminal.data(&text)?;
        session.terminal.note(&format!("Public key: {public}\n"));
        return Ok(Exit::Done);
    };
    write_new(&session.path(out), text.as_bytes())?;
    session.terminal.data(&format!("{public}\n"))?;
    session.terminal.note(&format!(
        "saved the key in `{}`; keep it out of Git\n",
        out.display()
    ));
    Ok(Exit::Done)
}

/// Creates a file that only its owner may read.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        let exists = error.kind() == std::io::ErrorKind::AlreadyExists;
        let failed =
            CliError::new(format!("failed to create `{}`", path.display())).because(&error);
        if exists {
            return failed
                .with_hint("a key that is lost opens nothing any more: choose another name");
        }
        failed
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed)
}

fn encrypt(args: &EncryptArgs, session: &mut Session) -> Result<Exit, CliError> {
    let namespace = args.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    check_name(&args.name)
        .and_then(|()| check_name(namespace))
        .map_err(|error| {
            CliError::usage("the secret's name or namespace cannot be one").because(&error)
        })?;
    let recipients = recipients::of(&args.recipient, session)?;
    let mut sealed = Map::new();
    for (key, value) in values(args, session)? {
        if sealed.contains_key(&key) {
            return Err(CliError::usage(format!("the key `{key}` is given twice")));
        }
        let place = Binding::new(namespace, &args.name, &key);
        let armored = seal_one(&place, &value, &recipients)?;
        sealed.insert(key, Value::from(armored));
    }
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), json!(args.name));
    if namespace != DEFAULT_NAMESPACE {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    let manifest = json!({
        "apiVersion": Kind::Secret.api_version(),
        "kind": Kind::Secret.as_str(),
        "metadata": metadata,
        "spec": { "encryptedData": sealed },
    });
    let text = serde_yaml::to_string(&manifest)
        .map_err(|error| CliError::new("failed to write the manifest").because(&error))?;
    session.terminal.data(&text)?;
    Ok(Exit::Done)
}

/// Seals a value so that it opens in its place alone.
fn seal_one(place: &Binding, value: &Opened, recipients: &[Recipient]) -> Result<String, CliError> {
    if value.expose_text().is_none() {
        let message = format!("the value of `{}` is blank or not text", place.key);
        return Err(CliError::new(message).with_hint("a credential is one line of text"));
    }
    Ok(seal(&Envelope::seal(place, value), recipients)?)
}

/// The values by key, from wherever they are asked for.
fn values(args: &EncryptArgs, session: &mut Session) -> Result<Vec<(String, Opened)>, CliError> {
    let literals = args.from_literal.iter().map(|literal| {
        let value = Opened::new(literal.expose().as_bytes().to_vec());
        (literal.key.clone(), value)
    });
    let mut values: Vec<_> = literals.collect();
    for file in &args.from_file {
        values.push((file.key.clone(), read_value(&session.path(&file.path))?));
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

fn read_value(path: &Path) -> Result<Opened, CliError> {
    use std::io::Read as _;
    let failed = |error: std::io::Error| {
        CliError::new(format!("failed to read `{}`", path.display())).because(&error)
    };
    let mut bytes = Vec::with_capacity(4096);
    let file = fs::File::open(path).map_err(failed)?;
    file.take(MAX_VALUE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Ok(Opened::new(bytes))
}
