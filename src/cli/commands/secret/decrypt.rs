//! `orloj secret decrypt`.

use crate::{
    cli::{
        comparison::pretty,
        error::CliError,
        exit::Exit,
        sealing::{
            files::read_manifest,
            identities::IdentityArgs,
            values::{open_value, refused},
        },
        session::Session,
    },
    manifest::written::{Direction, Replacement, rewrite},
    secrets::Opened,
};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// How the values are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// The file with its values in clear text
    #[default]
    Yaml,
    /// The values alone, by secret (`NAMESPACE/NAME`) and key
    Json,
}

/// Show the values of a sealed manifest
///
/// Prints to a terminal only, so that no value ends in a file or a log by mistake; `--force` prints anywhere.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj secret decrypt secrets/openai.yaml --age-key-file age.key
  orloj secret decrypt secrets/openai.yaml --key value --force | pbcopy")]
pub(super) struct DecryptArgs {
    /// The manifest
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    identities: IdentityArgs,
    /// Only the value of this key, as it is
    #[arg(long, value_name = "KEY", conflicts_with = "output")]
    key: Option<String>,
    /// Print to what is no terminal too
    #[arg(long)]
    force: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// A value with where it belongs.
struct Shown {
    secret: String,
    key: String,
    value: Opened,
}

pub(super) fn run(args: &DecryptArgs, session: &mut Session) -> Result<Exit, CliError> {
    if !args.force && !session.terminal.out_is_terminal() {
        return Err(CliError::usage("standard output is no terminal").with_hint(
            "secrets are shown to a person; `--force` prints them into a file or a pipe",
        ));
    }
    let shown = args.file.display().to_string();
    let content = read_manifest(&session.path(&args.file))?;
    let keyring = args.identities.keyring(session)?;
    let mut values = Vec::new();
    let opened = rewrite(
        &shown.as_str().into(),
        &content,
        Direction::Open,
        &mut |value| {
            let opened = open_value(&keyring, value, &shown)?.value;
            values.push(Shown {
                secret: format!("{}/{}", value.namespace, value.name),
                key: value.key.to_owned(),
                value: Opened::new(opened.expose_bytes().to_vec()),
            });
            Ok(Replacement::Clear(opened))
        },
    )
    .map_err(|error| refused(&shown, error))?;
    let Some(opened) = opened else {
        return Err(CliError::new(format!("`{shown}` holds no sealed value")));
    };
    match (&args.key, args.output) {
        (Some(key), _) => one(key, &values, session)?,
        (None, Format::Yaml) => {
            let text = std::str::from_utf8(&opened).unwrap_or_default();
            session.terminal.data(text)?;
        }
        (None, Format::Json) => session.terminal.data(&json(&values)?)?,
    }
    Ok(Exit::Done)
}

fn one(key: &str, values: &[Shown], session: &mut Session) -> Result<(), CliError> {
    let found: Vec<_> = values.iter().filter(|it| it.key == key).collect();
    let [value] = found.as_slice() else {
        let mut keys: Vec<_> = values
            .iter()
            .map(|it| format!("{} of {}", it.key, it.secret))
            .collect();
        keys.sort();
        let message = if found.is_empty() {
            format!("there is no value `{key}`")
        } else {
            format!("several secrets have a value `{key}`")
        };
        return Err(CliError::new(message).with_hint(format!("there is {}", keys.join(", "))));
    };
    let text = std::str::from_utf8(value.value.expose_bytes()).unwrap_or_default();
    session.terminal.data(text)?;
    if session.terminal.out_is_terminal() && !text.ends_with('\n') {
        session.terminal.data("\n")?;
    }
    Ok(())
}

fn json(values: &[Shown]) -> Result<Zeroizing<String>, CliError> {
    let mut all = Map::new();
    for shown in values {
        let text = std::str::from_utf8(shown.value.expose_bytes()).map_err(|_| {
            CliError::new(format!(
                "the value `{}` of {} is not text",
                shown.key, shown.secret
            ))
        })?;
        let secret = all
            .entry(shown.secret.clone())
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(secret) = secret {
            secret.insert(shown.key.clone(), Value::from(text));
        }
    }
    Ok(Zeroizing::new(pretty(&Value::Object(all))))
}
