//! Whom secrets of a repository are sealed for.

use super::{error::CliError, session::Session};
use crate::secrets::Recipient;
use std::{fs, path::Path};

/// Where a repository keeps its recipients, one per line.
const FILE: &str = ".orloj/recipients";

/// The recipients that were named, else those of the nearest file.
pub(crate) fn of(named: &[String], session: &Session) -> Result<Vec<Recipient>, CliError> {
    if named.is_empty() {
        return of_file(&session.directory());
    }
    let parse = |text: &String| {
        // The text is not repeated: it may be the secret key by mistake.
        Recipient::parse(text).map_err(|error| {
            CliError::usage(format!("a `--recipient` {error}"))
                .with_hint("`orloj secret keygen` prints the public key")
        })
    };
    named.iter().map(parse).collect()
}

fn of_file(directory: &Path) -> Result<Vec<Recipient>, CliError> {
    let directory = fs::canonicalize(directory)?;
    let mut candidates = directory.ancestors().map(|above| above.join(FILE));
    let Some(file) = candidates.find(|file| file.is_file()) else {
        return Err(CliError::usage("nobody is named who may open the values").with_hint(format!(
            "give `--recipient age1...`, or list public keys in `{FILE}`; `orloj secret keygen` makes one"
        )));
    };
    let text = fs::read_to_string(&file).map_err(|error| {
        CliError::new(format!("failed to read `{}`", file.display())).because(&error)
    })?;
    let mut recipients = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let recipient = Recipient::parse(line).map_err(|error| {
            CliError::new(format!(
                "line {} of `{}` {error}",
                index + 1,
                file.display()
            ))
        })?;
        recipients.push(recipient);
    }
    if recipients.is_empty() {
        return Err(CliError::new(format!(
            "`{}` lists no public key",
            file.display()
        )));
    }
    Ok(recipients)
}
