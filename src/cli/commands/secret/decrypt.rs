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
            whole::{Form, SopsOpened, age_file, inside, open_age},
        },
        session::Session,
    },
    manifest::written::{Direction, Replacement, rewrite},
    secrets::{Keyring, Opened},
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

/// Show the values of a sealed manifest, SOPS file or age file
///
/// A file that SOPS sealed (YAML or JSON) is shown as it was before, after its MAC was verified; what `age` sealed
/// as a whole (`*.age`, binary or armored) as it is. With `--key` and `-o json` these show the values of their
/// Secrets.
///
/// Prints to a terminal only, so that no value ends in a file or a log by mistake; `--force` prints anywhere.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj secret decrypt secrets/openai.yaml --age-key-file age.key
  orloj secret decrypt secrets/openai.yaml --key value --force | pbcopy
  orloj secret decrypt secrets/team.yaml.age")]
pub(super) struct DecryptArgs {
    /// The manifest, SOPS file or age file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    identities: IdentityArgs,
    /// Only the value of this key, as it is, byte for byte
    #[arg(long, value_name = "KEY", conflicts_with = "output")]
    key: Option<String>,
    /// Print to what is no terminal too
    #[arg(long)]
    force: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// A clear text, if there is one.
type Text = Option<Zeroizing<Vec<u8>>>;

/// A value with where it belongs.
struct Shown {
    secret: String,
    key: String,
    value: Opened,
}

impl Shown {
    fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.value.expose_bytes()).ok()
    }

    /// The error for a value that is no text.
    fn not_text(&self) -> CliError {
        let Self { secret, key, .. } = self;
        let message = format!("the value `{key}` of {secret} is not text");
        CliError::new(message).with_hint(format!(
            "write its bytes into a file: `orloj secret decrypt FILE --key {key} --force > VALUE`"
        ))
    }
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
    let (text, values) = match Form::of(&shown, &content) {
        Form::Manifest => sealed_values(&shown, &content, &keyring)?,
        Form::Sops => {
            let sops = SopsOpened::open(&shown, &content, &keyring)?;
            let opened = sops.text(&shown, &content)?;
            let text = Zeroizing::new(opened.text().to_vec());
            (Some(text), Vec::new())
        }
        Form::Age => {
            let opened = open_age(&shown, &age_file(&shown, &content)?, &keyring)?;
            let text = Zeroizing::new(opened.expose_bytes().to_vec());
            (Some(text), Vec::new())
        }
    };
    match (&args.key, args.output) {
        (Some(key), _) => one(key, &values_of(&shown, text, values)?, session)?,
        (None, Format::Yaml) => {
            if let Some(value) = values.iter().find(|value| value.text().is_none()) {
                return Err(value.not_text());
            }
            let text = text.unwrap_or_default();
            let text = std::str::from_utf8(&text).map_err(|_| {
                CliError::new(format!("what `{shown}` holds is not text"))
                    .with_hint("`age --decrypt` writes it into a file")
            })?;
            session.terminal.data(text)?;
        }
        (None, Format::Json) => {
            let json = json(&values_of(&shown, text, values)?)?;
            session.terminal.data(&json)?;
        }
    }
    Ok(Exit::Done)
}

/// The values that were opened one by one, else those of the text.
fn values_of(shown: &str, text: Text, values: Vec<Shown>) -> Result<Vec<Shown>, CliError> {
    if values.is_empty() {
        clear_values(inside(shown), &text.unwrap_or_default())
    } else {
        Ok(values)
    }
}

/// The text and the values of a manifest with sealed values; without a text if a value is none.
fn sealed_values(
    shown: &str,
    content: &[u8],
    keyring: &Keyring,
) -> Result<(Text, Vec<Shown>), CliError> {
    let mut values = Vec::new();
    let looked = rewrite(&shown.into(), content, Direction::Open, &mut |value| {
        values.push(Shown {
            secret: format!("{}/{}", value.namespace, value.name),
            key: value.key.to_owned(),
            value: open_value(keyring, value, shown)?.value,
        });
        Ok(Replacement::Keep)
    });
    looked.map_err(|error| refused(shown, error))?;
    if values.is_empty() {
        return Err(CliError::new(format!("`{shown}` holds no sealed value")));
    }
    if values.iter().any(|value| value.text().is_none()) {
        return Ok((None, values));
    }
    // They come in the same order again.
    let mut opened = values.iter();
    let text = rewrite(&shown.into(), content, Direction::Open, &mut |_| {
        Ok(match opened.next() {
            Some(shown) => Replacement::Clear(Opened::new(shown.value.expose_bytes().to_vec())),
            None => Replacement::Keep,
        })
    });
    let text = text.map_err(|error| refused(shown, error))?;
    Ok((text, values))
}

/// The values of the Secrets of a clear text.
fn clear_values(shown: &str, text: &[u8]) -> Result<Vec<Shown>, CliError> {
    let mut values = Vec::new();
    // Looks at the values and replaces none.
    let same = rewrite(&shown.into(), text, Direction::Seal, &mut |value| {
        let Some(clear) = value.clear() else {
            let message = format!("{shown}:{}: `{}` is not base64", value.line, value.key);
            return Err(CliError::new(message));
        };
        values.push(Shown {
            secret: format!("{}/{}", value.namespace, value.name),
            key: value.key.to_owned(),
            value: clear,
        });
        Ok(Replacement::Keep)
    });
    same.map_err(|error| refused(shown, error))?;
    if values.is_empty() {
        return Err(CliError::new(format!(
            "`{shown}` holds no value of a Secret"
        )));
    }
    Ok(values)
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
    let Some(text) = value.text() else {
        // A terminal would take the bytes for orders.
        if session.terminal.out_is_terminal() {
            return Err(value.not_text());
        }
        return session.terminal.bytes(value.value.expose_bytes());
    };
    session.terminal.data(text)?;
    if session.terminal.out_is_terminal() && !text.ends_with('\n') {
        session.terminal.data("\n")?;
    }
    Ok(())
}

fn json(values: &[Shown]) -> Result<Zeroizing<String>, CliError> {
    let mut all = Map::new();
    for shown in values {
        let text = shown.text().ok_or_else(|| shown.not_text())?;
        let secret = all
            .entry(shown.secret.clone())
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(secret) = secret {
            secret.insert(shown.key.clone(), Value::from(text));
        }
    }
    Ok(Zeroizing::new(pretty(&Value::Object(all))))
}
