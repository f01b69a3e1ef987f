//! A clear text in an editor, until what comes back can be saved.

use super::{
    editor::Editor,
    private::{PrivateFile, sweep},
};
use crate::cli::{error::CliError, session::Session};
use std::path::Path;
use zeroize::Zeroizing;

/// What a note to whoever edits begins with; such lines are left out.
const NOTE: &str = "#! ";

/// Runs the editor on `clear` until `seal` takes what it left; `None` if it was left as it was. The private file is
/// called like the last part of `name`.
pub(crate) fn until_good<T>(
    name: &Path,
    clear: &[u8],
    session: &mut Session,
    seal: &dyn Fn(&[u8]) -> Result<T, CliError>,
) -> Result<Option<T>, CliError> {
    let editor = session.environment().editor.clone();
    let mut editor = Editor::ready(editor)?;
    sweep();
    let file = PrivateFile::create(name)?;
    let mut last = Zeroizing::new(clear.to_vec());
    let mut notes = String::new();
    loop {
        file.write(&[notes.as_bytes(), &last])?;
        editor.edit(file.path())?;
        let text = without_notes(&file.read()?);
        if is_blank(&text) {
            return Err(CliError::new(
                "the file was left empty; nothing was changed",
            ));
        }
        if *text == *clear {
            return Ok(None);
        }
        let error = match seal(&text) {
            Ok(done) => return Ok(Some(done)),
            Err(error) => error,
        };
        if !notes.is_empty() && *text == *last {
            return Err(error.with_hint(
                "it was left as it was although it cannot be saved; nothing was changed",
            ));
        }
        if !editor.has_terminal() {
            return Err(error.with_hint(
                "nothing was changed: without a terminal nobody can be asked to mend it",
            ));
        }
        let rendered = error.render(session.terminal.err_style(), session.environment().width());
        session.terminal.note(&rendered);
        session.terminal.note("\nedit it again? [Y/n] ");
        if !editor.ask()? {
            return Err(CliError::new("given up; nothing was changed"));
        }
        notes = notes_of(name, &error);
        last = text;
    }
}

/// The error as lines that the editor shows first; JSON has no comments.
fn notes_of(name: &Path, error: &CliError) -> String {
    if name.extension().is_some_and(|end| end == "json") {
        return String::new();
    }
    let mut notes = String::new();
    for line in error.plain().lines().filter(|line| !line.trim().is_empty()) {
        notes.push_str(NOTE);
        notes.push_str(line);
        notes.push('\n');
    }
    notes.push_str(NOTE);
    notes.push_str("mend it and save, or leave the file empty to give up\n");
    notes
}

fn without_notes(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut rest = text;
    while rest.starts_with(NOTE.as_bytes()) {
        let end = rest.iter().position(|byte| *byte == b'\n');
        rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
    }
    Zeroizing::new(rest.to_vec())
}

/// Whether there is nothing but comments.
fn is_blank(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n');
    lines.all(|line| {
        let line = line.trim_ascii();
        line.is_empty() || line.starts_with(b"#")
    })
}
