//! `orloj secret edit` of files that SOPS or age sealed.

use super::edit::{EditArgs, errors};
use crate::{
    cli::{
        error::CliError,
        exit::Exit,
        sealing::{
            files::replace,
            recipients::Recipients,
            rounds::until_good,
            values::unreadable,
            whole::{SopsOpened, age_file, inside, not_rewritten, open_age},
        },
        session::Session,
        text::count,
    },
    manifest::written::sops::{OpenedText, SealedText, seal},
    secrets::{Keyring, Opened, seal_file},
};
use jiff::Timestamp;
use std::path::Path;

/// Edits a SOPS file: its values keep their key, and those that did not change their ciphertext.
pub(super) fn sops(
    args: &EditArgs,
    (path, before): (&Path, &[u8]),
    keyring: &Keyring,
    session: &mut Session,
) -> Result<Exit, CliError> {
    let shown = args.file.display().to_string();
    if !args.recipient.is_empty() {
        return Err(
            CliError::usage("a SOPS file keeps its recipients when it is edited")
                .with_hint("`orloj secret rekey FILE --recipient age1...` changes them"),
        );
    }
    let sops = SopsOpened::open(&shown, before, keyring)?;
    let opened = sops.text(&shown, before)?;
    let was_good = errors(&shown, before).is_empty();
    let sealed = |text: &[u8]| {
        let sealed = sealed(&shown, (before, text), &sops, &opened)?;
        let errors = errors(&shown, &sealed.text);
        // A file that is no manifest, of another program, stays one.
        if was_good && !errors.is_empty() {
            return Err(unreadable(&shown, errors));
        }
        Ok(sealed)
    };
    let Some(after) = until_good(path, opened.text(), session, &sealed)? else {
        return Ok(unchanged(&shown, session));
    };
    replace(path, before, &after.text)?;
    session.terminal.note(&format!(
        "saved `{shown}`: {} sealed, {} kept as they were\n",
        count(after.sealed, "value"),
        count(after.kept, "value")
    ));
    Ok(Exit::Done)
}

fn sealed(
    shown: &str,
    (before, text): (&[u8], &[u8]),
    sops: &SopsOpened,
    opened: &OpenedText,
) -> Result<SealedText, CliError> {
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let key = (&sops.file, &sops.key);
    let sealed = seal(&shown.into(), text, opened, key, &now)
        .map_err(|error| not_rewritten(shown, error))?;
    match opened.leak(before, &sealed.text) {
        None => Ok(sealed),
        Some(path) => Err(CliError::new(format!(
            "the value of `{path}` would be saved in clear text"
        ))
        .with_hint("`sops.encrypted_regex` and the like say below which keys values are sealed")),
    }
}

/// Edits a file that age sealed as a whole.
pub(super) fn age(
    args: &EditArgs,
    (path, before): (&Path, &[u8]),
    keyring: &Keyring,
    session: &mut Session,
) -> Result<Exit, CliError> {
    let shown = args.file.display().to_string();
    let recipients = Recipients::of(&args.recipient, path, session)?;
    let file = age_file(&shown, before)?;
    let opened = open_age(&shown, &file, keyring)?;
    let name = path.to_string_lossy();
    let name = Path::new(inside(&name));
    let is_manifest = |text: &[u8]| {
        let ends = ["yaml", "yml", "json"];
        let end = name.extension().and_then(|end| end.to_str());
        end.is_some_and(|end| ends.contains(&end)) && syntax(inside(&shown), text).is_ok()
    };
    let was_manifest = is_manifest(opened.expose_bytes());
    let sealed = |text: &[u8]| {
        if was_manifest {
            syntax(inside(&shown), text)?;
        }
        let text = Opened::new(text.to_vec());
        Ok(seal_file(&text, &recipients.keys, file.is_armored())?)
    };
    let Some(after) = until_good(name, opened.expose_bytes(), session, &sealed)? else {
        return Ok(unchanged(&shown, session));
    };
    replace(path, before, &after)?;
    recipients.note(session);
    session
        .terminal
        .note(&format!("saved `{shown}`: sealed anew as a whole\n"));
    Ok(Exit::Done)
}

/// Whether a text is YAML as manifests are.
fn syntax(shown: &str, text: &[u8]) -> Result<(), CliError> {
    let findings = crate::manifest::read_documents(&shown.into(), text).findings;
    if findings.is_empty() {
        Ok(())
    } else {
        Err(unreadable(shown, findings))
    }
}

fn unchanged(shown: &str, session: &mut Session) -> Exit {
    let text = format!("nothing was changed in `{shown}`\n");
    session.terminal.note(&text);
    Exit::Done
}
