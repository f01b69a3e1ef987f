//! `orloj secret encrypt --in-place`.

use crate::{
    cli::{
        error::CliError,
        exit::Exit,
        sealing::{
            files::{read_manifest, replace},
            recipients::Recipients,
            values::{place_of, refused, seal_value},
        },
        session::Session,
        text::count,
    },
    manifest::written::{Direction, Replacement, rewrite},
};
use std::path::{Path, PathBuf};

pub(super) fn run(
    files: &[PathBuf],
    named: &[String],
    session: &mut Session,
) -> Result<Exit, CliError> {
    for file in files {
        one(file, named, session)?;
    }
    Ok(Exit::Done)
}

fn one(file: &Path, named: &[String], session: &mut Session) -> Result<(), CliError> {
    let path = session.path(file);
    let before = read_manifest(&path)?;
    let recipients = Recipients::of(named, &path, session)?;
    let shown = file.display().to_string();
    let mut sealed = 0;
    let after = rewrite(
        &shown.as_str().into(),
        &before,
        Direction::Seal,
        &mut |value| {
            let Some(clear) = value.clear() else {
                let message = format!("{shown}:{}: `{}` is not base64", value.line, value.key);
                return Err(CliError::new(message));
            };
            sealed += 1;
            let armored = seal_value(&place_of(value), &clear, &recipients.keys)?;
            Ok(Replacement::Sealed(armored))
        },
    )
    .map_err(|error| refused(&shown, error))?;
    let Some(after) = after else {
        let text = format!("`{shown}` holds no secret in clear text; nothing was changed\n");
        session.terminal.note(&text);
        return Ok(());
    };
    replace(&path, &before, &after)?;
    recipients.note(session);
    session.terminal.note(&format!(
        "sealed {} in `{shown}`; what was ever committed in clear text is known: replace it at the provider\n",
        count(sealed, "value")
    ));
    Ok(())
}
